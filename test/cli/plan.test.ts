import assert from "node:assert/strict";
import {test} from "node:test";
import type {PlannerReport} from "../../src/domain/planning/planner.js";
import {planners} from "../../src/domain/planning/planners.js";
import {call} from "./capture.js";

async function json(...argv: string[]): Promise<PlannerReport> {
  const {code, stdout, stderr} = await call("plan", ...argv, "--json");
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as PlannerReport;
}

const subjects = ({estimates}: PlannerReport) => estimates.find(({name}) => name === "subjects")!.value;

test("Jan and Shieh: pairs for an expected half-width, and with assurance", async () => {
  for (const [width, n] of [["2.5", 52], ["2.4", 74], ["2.3", 116]] as const) {
    const report = await json("limits-width", "--half-width", width, "--simulations", "0");
    assert.deepEqual([report.planner, report.variant, subjects(report)], ["limits-width", "expected", n]);
  }
  const assured = await json("limits-width", "--half-width", "2.5", "--variant", "assurance", "--simulations", "0");
  assert.equal(subjects(assured), 115);
});

test("what is achieved is printed, computed and simulated", async () => {
  const argv = ["repeatability", "--subjects", "35", "--simulations", "2000", "--seed", "3"];
  const {achieved} = await json(...argv);
  const coverage = achieved.find(({name}) => name === "coverage")!;
  assert.equal(coverage.simulated!.trials, 2000);
  assert.ok(Math.abs(coverage.simulated!.value - coverage.value) < 4 * coverage.simulated!.standardError);
  const {code, stdout} = await call("plan", ...argv);
  assert.equal(code, 0);
  assert.match(stdout, /coverage 0\.95 \(.*simulated 0\.9\d+ \+- .* in 2000 studies, seed 3\)/);
});

test("a design comes with its runs", async () => {
  const argv = ["box-behnken", "--factors", "TE,TR,FA", "--run-order", "standard"];
  const {runs} = await json(...argv);
  assert.ok(runs!.rows.length >= 13);
  const {stdout} = await call("plan", ...argv);
  assert.match(stdout, /^Runs:$/m);
  for (const column of runs!.columns) assert.ok(stdout.includes(column), column);
});

test("alone it lists planners with variants and citations; with a planner, its options", async () => {
  const {code, stdout} = await call("plan");
  assert.equal(code, 0);
  const {planners: listed} = JSON.parse((await call("plan", "--json")).stdout);
  assert.deepEqual(listed.map(({id}: {id: string}) => id), planners.map(({id}) => id));
  for (const planner of planners) {
    for (const {name, citation} of planner.variants) {
      assert.ok(stdout.includes(name) && stdout.includes(citation), planner.id);
    }
    const one = await call("plan", planner.id);
    assert.equal(one.code, 0);
    for (const {id} of planner.options) assert.ok(one.stdout.includes(`--${id} `), `${planner.id} ${id}`);
  }
});

test("bad input", async () => {
  const cases: [string[], RegExp][] = [
    [["limits-widht"], /method is "limits-widht".*did you mean limits-width/],
    [["limits-width", "--half-width", "wide"], /half-width is "wide"; expected a finite number/],
    [["limits-width", "--level", ".9"], /half-width is "none"; expected a number/],
    [["limits-width", "--auc", ".9"], /option is "auc"; expected one of/],
    [["repeatability", "--factor", "1.2", "--variant", "both"], /variant is "both"/],
    [["--factor", "1.2"], /--factor is "1.2"; expected a planner/],
    [["limits-width", "table.csv"], /argument is "table.csv"; expected one planner/]
  ];
  for (const [argv, message] of cases) {
    const {code, stderr} = await call("plan", ...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(stderr, message);
  }
});
