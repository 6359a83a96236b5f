import assert from "node:assert/strict";
import {test} from "node:test";
import type {MethodReport} from "../../../src/domain/statistics/method.js";
import {passingBablokMethod} from "../../../src/domain/statistics/passing-bablok-method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, reference, sharedColumns} from "../../helpers/reference.js";

const of = (report: MethodReport, name: string) => report.estimates.find((one) => one.name === name)!;
const columns = {x: ["x"], y: ["y"]};
const tableOf = (x: number[], y: number[]) =>
  ({file: "pairs.csv", columns: ["x", "y"], rows: x.map((value, i) => [String(value), String(y[i])])});

test("creatinine, both variants, every digit printed", {
  skip: sharedColumns("mcr_creatinine.csv") === null && "../shared/reference is not there"
}, () => {
  const data = sharedColumns("mcr_creatinine.csv")!;
  const rows = data["serum.crea"].map((v, i) => [v, data["plasma.crea"][i]]).filter((row) => row.every((v) => v > 0));
  const table = tableOf(rows.map(([v]) => v), rows.map(([, v]) => v));
  const printed = reference("creatinine").passingBablok;
  const mcr = passingBablokMethod.run({table, columns, variant: "mcr"});
  assertPrinted(of(mcr, "slope").value, printed.mcr.slope);
  const {lower, upper} = of(mcr, "intercept");
  assertPrintedInterval({lower: lower!, upper: upper!}, printed.mcr.interceptInterval);
  assertPrinted(of(passingBablokMethod.run({table, columns}), "slope").value, printed["1983"].slope);
  assert.ok(mcr.checks.every(({passed}) => passed === true));
});

test("methods without association get their check failed: the slope would be near 1 by construction", () => {
  const random = seeded(4);
  const draw = () => Array.from({length: 60}, () => 10 + random.normal());
  const report = passingBablokMethod.run({table: tableOf(draw(), draw()), columns});
  assert.equal(report.checks.find(({id}) => id === "association")!.passed, false);
});

test("few subjects are warned of, and an end that ranks do not bound is null", () => {
  const report = passingBablokMethod.run({table: tableOf([1, 2, 3, 4], [1.1, 2.3, 2.9, 4.2]), columns});
  assert.ok(report.warnings.some((warning) => /at least 30/.test(warning)));
  assert.equal(of(report, "slope").lower, null);
  assert.match(of(report, "slope").note!, /no lower bound/);
});

test("resampling", () => {
  const table = tableOf([1, 2, 3, 4, 5], [1, 2, 5, 5.5, 6]);
  const task = passingBablokMethod.resampling!({table, columns, variant: "mcr", options: {interval: "bootstrap"}})!;
  assert.deepEqual([task.statistic, task.settings.mcr, [...task.data.slice(0, 4)]],
    ["passing-bablok", 1, [1, 1, 2, 2]]);
  assertRejects(() => passingBablokMethod.run({table, columns, options: {interval: "bootstrap"}}), "missing-draws",
    "interval");
});
