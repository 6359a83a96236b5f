import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {biasAndLimits} from "../../../src/domain/statistics/bias-and-limits.js";
import {blandAltmanMethod} from "../../../src/domain/statistics/bland-altman-method.js";
import type {MethodReport, MethodRequest, ResampledStatistics, Table} from "../../../src/domain/statistics/method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertPrintedInterval, reference, sharedColumns} from "../../helpers/reference.js";

const pefr = reference("peak-flow");
const meters = ["wright1", "wright2", "mini1", "mini2"];
const table: Table = {
  file: "pefr.csv", columns: ["subject", ...meters],
  rows: pefr.wright1.map((_: number, i: number) => [`S${i + 1}`, ...meters.map((one) => String(pefr[one][i]))])
};
const columns = {x: ["wright1"], y: ["mini1"], subject: ["subject"]};
const absent = "../shared/reference is not there";

function run(request: Partial<MethodRequest> = {}): MethodReport {
  return blandAltmanMethod.run({table, columns, ...request});
}

function of(report: MethodReport, name: string) {
  const found = report.estimates.find((one) => one.name === name);
  assert.ok(found !== undefined, `${name} among ${report.estimates.map((one) => one.name).join("; ")}`);
  return found;
}

/** An estimate's interval, which is there. */
function ends(report: MethodReport, name: string) {
  const {lower, upper} = of(report, name);
  return {lower: lower!, upper: upper!};
}

describe("peak flow", () => {
  const printed = pefr.agreement;

  test("exact by default, every digit printed, the others side by side", () => {
    const report = run();
    assert.equal(report.variant, "pairs");
    assert.equal(report.n, 17);
    assertPrinted(of(report, "bias").value, printed.bias);
    assertPrintedInterval(ends(report, "bias"), printed.biasInterval);
    assertPrinted(of(report, "lower limit").value, printed.limits[0]);
    assertPrintedInterval(ends(report, "lower limit"), printed.lower.exact);
    for (const kind of ["approximate", "mover", "exact"]) {
      assertPrintedInterval(ends(report, `lower limit, ${kind} interval`), printed.lower[kind]);
      assertPrintedInterval(ends(report, `upper limit, ${kind} interval`), printed.upper[kind]);
    }
    assert.ok(report.estimates.every((one) => one.lower !== null || one.note !== undefined));
    assert.ok(!report.estimates.some((one) => one.name.includes("bootstrap")));
    assert.ok(report.checks.every((check) => check.passed === true && /Misleads/.test(check.advice)));
    assert.deepEqual(report.checks.map(({id}) => id),
      ["shapiro-wilk", "q-q", "proportional-bias", "breusch-pagan", "outliers"]);
  });

  test("the interval asked for stands first", () => {
    const report = run({options: {interval: "pair", multiplier: "1.96"}});
    const {pair} = biasAndLimits(pefr.wright1, pefr.mini1, {multiplier: "1.96"});
    assert.equal(of(report, "upper limit").upper, pair.upper.upper);
    assertPrinted(of(report, "lower limit").value, printed.lowerLimit196);
    assert.match(of(run({options: {interval: "approximate"}}), "lower limit").note!, /approximate; covers 9\d, 9\d and 9\d % at n = 10, 20 and 50/);
  });

  test("level and coverage", () => {
    const report = run({level: 0.9, options: {coverage: 0.9}});
    const whole = biasAndLimits(pefr.wright1, pefr.mini1, {level: 0.9, coverage: 0.9});
    assert.equal(of(report, "upper limit").value, whole.limits.upper);
    assert.equal(of(report, "upper limit").lower, whole.exact.upper.lower);
    assert.equal(of(report, "upper limit").level, 0.9);
  });

  test("a long table gives what the wide one gives", () => {
    const long: Table = {
      file: "long.csv", columns: ["id", "meter", "flow"],
      rows: pefr.wright1.flatMap((_: number, i: number) => [
        [`S${i + 1}`, "Wright", String(pefr.wright1[i])], [`S${i + 1}`, "mini", String(pefr.mini1[i])]
      ])
    };
    const report = run({table: long, columns: {subject: ["id"], method: ["meter"], value: ["flow"]}});
    assert.deepEqual(report.estimates.map(({value}) => value), run().estimates.map(({value}) => value));
    assert.match(of(report, "bias").note!, /Wright - mini/);
  });

  test("a known error ratio adds the errors-in-variables check and is written out", () => {
    const report = run({options: {"error-ratio": 0.5}});
    assert.ok(report.checks.some((check) => check.id === "errors-in-variables" && check.p !== null));
    assert.ok(report.warnings.includes("error ratio 0.5 = var(errors of x) / var(errors of y)"));
  });

  test("replicates tell the error SDs, so the check needs no ratio; MOVER is their interval", () => {
    const report = run({columns: {x: ["wright1", "wright2"], y: ["mini1", "mini2"]}, variant: "replicates"});
    assert.ok(Math.abs(of(report, "within-subject variance of x").value - 15.30667 ** 2) < 1e-2);
    assert.ok(report.checks.some((check) => check.id === "errors-in-variables" && check.passed === true));
    assert.match(of(report, "upper limit").note!, /MOVER/);
    assertRejects(() => run({columns: {x: ["wright1", "wright2"], y: ["mini1", "mini2"]}, variant: "replicates",
      options: {interval: "exact"}}), "unknown-choice", "interval");
  });

  test("regression-based limits at the sizes asked for", () => {
    const report = run({variant: "regression", options: {at: 400, abscissa: "reference"}});
    const bias = of(report, "bias line, intercept").value + 400 * of(report, "bias line, slope").value;
    assert.ok(Math.abs(of(report, "bias at 400 size").value - bias) < 1e-10);
    assert.match(of(report, "lower limit at the smallest size").note!, /^reference 259;/);
    assertRejects(() => run({variant: "regression", options: {at: 4000}}), "out-of-range", "at");
  });
});

test("systolic pressure and cardiac output through tables, every digit printed", {
  skip: sharedColumns("ba1999_sbp.csv") === null && absent
}, () => {
  const sbp = sharedColumns("ba1999_sbp.csv")!;
  const names = ["J1", "J2", "J3", "S1", "S2", "S3"];
  const wide: Table = {
    file: "sbp.csv", columns: names, rows: sbp.J1.map((_, i) => names.map((name) => String(sbp[name][i])))
  };
  const printed = reference("systolic-pressure");
  const single = run({table: wide, columns: {x: ["J1"], y: ["S1"]}});
  assertPrinted(of(single, "bias").value, printed.bias);
  assertPrintedInterval(ends(single, "lower limit"), printed.exactLower);
  const replicated = run({
    table: wide, columns: {x: ["J1", "J2", "J3"], y: ["S1", "S2", "S3"]}, variant: "replicates",
    options: {multiplier: "1.96"}
  });
  assertPrinted(of(replicated, "bias").value, printed.replicates.mean);
  assertPrinted(of(replicated, "lower limit").value, printed.replicates.limits196[0]);
  assertPrinted(of(replicated, "SD of a difference of single measurements").value, printed.replicates.sd);

  const cardiac = sharedColumns("ba1999_cardiac.csv")!;
  const rows: Table = {
    file: "cardiac.csv", columns: ["item", "RV", "IC"],
    rows: cardiac.item.map((item, i) => [String(item), String(cardiac.RV[i]), String(cardiac.IC[i])])
  };
  const both = reference("cardiac-output");
  const roles = {subject: ["item"], x: ["RV"], y: ["IC"]};
  const means = run({table: rows, columns: roles, variant: "replicates"});
  assertPrinted(of(means, "upper limit").value, both.means.upperLimit);
  const varying = run({table: rows, columns: roles, variant: "varying", options: {multiplier: "1.96"}});
  assertPrinted(of(varying, "bias").value, both.varying.bias);
  assertPrinted(of(varying, "mean square between subjects").value, both.varying.betweenMeanSquare);
  assertPrinted(of(varying, "upper limit").value, both.varying.limits[1]);
});

describe("resampling", () => {
  const draws: ResampledStatistics = {
    names: ["bias", "sd", "lower limit", "upper limit"], values: [0, 1, -2, 2], resamples: 500, seed: 1,
    intervals: [-1, 0, -3, 1].map((lower) => ({lower, upper: lower + 2, level: 0.95}))
  };

  test("is asked for by the interval or by a number of resamples, and by nothing else", () => {
    const task = (options: Record<string, string | number>, variant?: string) =>
      blandAltmanMethod.resampling!({table, columns, options, variant});
    assert.equal(task({}), null);
    const pairs = task({interval: "bootstrap", seed: 9})!;
    assert.deepEqual([pairs.statistic, pairs.width, pairs.resamples, pairs.seed], ["limits-of-agreement", 2, 10000, 9]);
    assert.deepEqual([...pairs.data.slice(0, 4)], [494, 512, 395, 430]);
    assert.deepEqual(pairs.settings, {multiplier: 1.9599639845400538});
    const logs = task({resamples: 500}, "log")!;
    assert.ok(Math.abs(logs.data[0] - Math.log(494)) < 1e-14);
    assert.deepEqual([...task({resamples: 500}, "ratio")!.data.slice(0, 2)], [494 / 512, 0]);
    assertRejects(() => task({interval: "bootstrap"}, "regression"), "unknown-choice", "interval");
  });

  test("its intervals stand beside the others, and first when asked for; logarithms go back to ratios", () => {
    const beside = run({draws, options: {resamples: 500}});
    assert.equal(of(beside, "upper limit, bootstrap interval").lower, 1);
    assert.match(of(beside, "upper limit").note!, /noncentral/);
    const first = run({draws, options: {interval: "bootstrap"}});
    assert.equal(of(first, "lower limit").upper, -1);
    assert.ok(Math.abs(of(run({draws, variant: "log", options: {interval: "bootstrap"}}),
      "upper limit").upper! - Math.exp(3)) < 1e-12);
  });

  test("missing draws are said", () => {
    assertRejects(() => run({options: {interval: "bootstrap"}}), "missing-draws", "interval");
  });
});

describe("bad input", () => {
  const replace = (row: number, at: number, value: string | null): Table => ({
    ...table, rows: table.rows.map((cells, i) => i === row ? cells.map((cell, j) => j === at ? value : cell) : cells)
  });

  test("missing cells are counted, others named by row and column", () => {
    const report = run({table: replace(3, 3, null)});
    assert.equal(report.n, 16);
    assert.ok(report.dropped.some(({row, column}) => row === 5 && column === "mini1"));
    assertRejects(() => run({table: replace(3, 3, "4o0")}), "not-a-number", "row 5, column mini1");
    assertRejects(() => run({table: replace(3, 3, "-428"), variant: "log"}), "not-positive", "row 5, column mini1");
    assertRejects(() => run({table: replace(3, 0, "S1")}), "duplicate-key", /row 5/);
  });

  test("a tenfold offset is pointed out", () => {
    const tenfold = {...table, rows: table.rows.map((cells) => cells.map((cell, j) => j === 3 ? `${cell}0` : cell))};
    assert.ok(run({table: tenfold}).warnings.some((warning) => /10 times/.test(warning)));
  });

  test("an outlier fails its check and is named by subject and row, the report stays", () => {
    const report = run({table: replace(0, 3, "1500")});
    const check = report.checks.find(({id}) => id === "outliers")!;
    assert.equal(check.passed, false);
    assert.match(check.advice, /subject S1 \(row 2\)/);
    assert.equal(report.checks.find(({id}) => id === "shapiro-wilk")!.passed, false);
  });

  test("unknown variant, option, choice", () => {
    assertRejects(() => run({variant: "pair"}), "unknown-choice", "variant");
    assertRejects(() => run({options: {intervall: "exact"}}), "unknown-option", "option");
    assertRejects(() => run({options: {interval: "wald"}}), "unknown-choice", "interval");
    assertRejects(() => run({options: {interval: "bootstrap", resamples: 10}, draws: undefined}), "missing-draws",
      "interval");
    assertRejects(() => blandAltmanMethod.resampling!({table, columns, options: {resamples: 10}}), "not-a-count",
      "resamples");
  });

  test("with three pairs the checks that need more say so", () => {
    const report = run({table: {...table, rows: table.rows.slice(0, 3)}});
    const spread = report.checks.find(({id}) => id === "breusch-pagan")!;
    assert.equal(spread.passed, null);
    assert.match(spread.advice, /^Not made/);
  });
});
