import assert from "node:assert/strict";
import {describe, test} from "node:test";
import type {MethodReport, MethodRequest, Table} from "../../../src/domain/statistics/method.js";
import {repeatabilityMethod} from "../../../src/domain/statistics/repeatability-method.js";
import {withinSubjectCv} from "../../../src/domain/statistics/within-subject-cv.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

const pefr = reference("peak-flow");
const wright: number[][] = pefr.wright1.map((value: number, i: number) => [value, pefr.wright2[i]]);
const table = tableOf(wright);
const columns = {subject: ["id"], value: ["r1", "r2"]};

function tableOf(rows: (number | string | null)[][]): Table {
  return {
    file: "pefr.csv", columns: ["id", ...rows[0].map((_, k) => `r${k + 1}`)],
    rows: rows.map((row, i) => [`s${i}`, ...row.map((value) => value === null ? null : String(value))])
  };
}

function run(more: Partial<MethodRequest> = {}): MethodReport {
  return repeatabilityMethod.run({table, columns, ...more});
}

function find(report: MethodReport, name: string) {
  const found = report.estimates.find((one) => one.name === name);
  assert.ok(found !== undefined, `${name} among ${report.estimates.map((one) => one.name).join(", ")}`);
  return found;
}

describe("peak flow, every digit printed", () => {
  test("wSD, wCV by root mean square, RC, MDC and SEM with 1.96", () => {
    const report = run({options: {multiplier: "1.96"}});
    assert.equal(report.variant, "root-mean-square");
    assertPrinted(find(report, "wSD").value, pefr.wright.wsd);
    assertPrinted(find(report, "wSD").lower!, pefr.wright.wsdInterval[0]);
    assertPrinted(find(report, "wCV").value / 100, pefr.wright.wcv);
    for (const name of ["RC", "MDC"]) {
      assertPrinted(find(report, name).value, pefr.wright.rc196);
      assertPrinted(find(report, name).upper!, pefr.wright.rc196Interval[1]);
    }
    assertPrinted(find(report, "SEM from wSD").value, pefr.wright.wsd);
    assertPrinted(find(run(), "RC").value, pefr.wright.rc);
    assert.equal(report.n, 17);
    assert.deepEqual(report.checks.map(({id}) => id), ["drift", "shapiro-wilk", "spread"]);
  });

  test("a long table gives the same", () => {
    const long: Table = {
      file: "long.csv", columns: ["id", "k", "v"],
      rows: wright.flatMap((row, i) => row.map((value, k) => [`s${i}`, `${k + 1}`, `${value}`]))
    };
    const report = repeatabilityMethod.run({table: long, columns: {subject: ["id"], repeat: ["k"], value: ["v"]}});
    assert.equal(find(report, "RC").value, find(run(), "RC").value);
    assert.equal(find(report, "drift 2 - 1").value, find(run(), "drift r2 - r1").value);
  });
});

test("each variant reports its own wCV; logs reports the asymmetric %RC in place of the symmetric", () => {
  const of = {
    "root-mean-square": withinSubjectCv(wright),
    "wsd-over-mean": withinSubjectCv(wright, {variant: "wsd-over-mean"}),
    "wsd-over-mean-variance-stabilised":
      withinSubjectCv(wright, {variant: "wsd-over-mean", interval: "variance-stabilised"}),
    "wsd-over-mean-delta": withinSubjectCv(wright, {variant: "wsd-over-mean", interval: "delta"}),
    logs: withinSubjectCv(wright, {variant: "logs"})
  };
  assert.deepEqual(repeatabilityMethod.variants.map(({id}) => id), Object.keys(of));
  for (const [variant, expected] of Object.entries(of)) {
    const wcv = find(run({variant}), "wCV");
    assertRelative(wcv.value, 100 * expected.value, 1e-14);
    assertRelative(wcv.upper!, 100 * expected.upper, 1e-14);
  }
  const logs = run({variant: "logs"});
  const [down, up] = [find(logs, "%RC decrease").value, find(logs, "%RC increase").value];
  assertRelative((1 + up / 100) * (1 + down / 100), 1, 1e-12);
  assert.ok(!logs.estimates.some(({name}) => name === "%RC"));
});

test("missing cells are counted; unequal repeats are used; drift takes the complete subjects", () => {
  const rows = [[1, 2, 2], [4, null, 5], [7, 8, 9], [3, null, null], [5, 5, 6]];
  const report = repeatabilityMethod.run({
    table: tableOf(rows), columns: {subject: ["id"], value: ["r1", "r2", "r3"]}
  });
  assert.equal(report.n, 4);
  assert.deepEqual(report.dropped.map(({row, column, reason}) => `${row} ${column} ${reason}`), [
    "3 r2 missing", "5 r2 missing", "5 r3 missing", "5 r1 the subject's only value"
  ]);
  assert.match(find(report, "wSD without drift").note!, /^on 4 degrees of freedom, 3 subjects/);
  assert.match(report.warnings.join("\n"), /1 of 5 subjects have one value only/);
});

describe("values that may be negative", () => {
  const negative = tableOf([[-1, 1], [2, 3], [-4, -2], [0, 1]]);

  test("scale interval leaves wCV and %RC out", () => {
    const report = repeatabilityMethod.run({table: negative, columns, options: {scale: "interval"}});
    assert.ok(report.estimates.every(({name}) => !/wCV|%RC/.test(name)));
    assert.ok(find(report, "RC").value > 0);
  });

  test("scale ratio names subject, row and column; logs the cell", () => {
    const fault = assertRejects(() => repeatabilityMethod.run({table: negative, columns}), "not-ratio-scale",
      "mean of subject s0 (row 2, column r1)");
    assert.equal(fault.file, "pefr.csv");
    assertRejects(() => repeatabilityMethod.run({table: negative, columns, variant: "logs"}), "not-positive",
      "row 2, column r1");
    assertRejects(
      () => repeatabilityMethod.run({table: negative, columns, variant: "logs", options: {scale: "interval"}}),
      "unknown-choice", "scale"
    );
  });
});

describe("bootstrap", () => {
  const options = {interval: "bootstrap", resamples: 200, seed: 5};

  test("the task's sums give mean, wSD and wCV", () => {
    for (const [variant, code] of [["root-mean-square", 1], ["wsd-over-mean", 2], ["logs", 3]] as const) {
      const task = repeatabilityMethod.resampling!({table, columns, variant, options})!;
      assert.deepEqual([task.statistic, task.width, task.settings.wcv, task.resamples, task.seed],
        ["repeatability", 4, code, 200, 5]);
      const total = (k: number) => wright.reduce((a, _, i) => a + task.data[4 * i + k], 0);
      assertRelative(Math.sqrt(total(1) / total(0)), find(run(), "wSD").value, 1e-12);
      assertRelative(total(2) / 17, find(run(), "mean").value, 1e-12);
      const terms = total(3) / total(0);
      const wcv = code === 1 ? Math.sqrt(terms) : code === 2 ? Math.sqrt(total(1) / total(0)) / (total(2) / 17)
        : Math.sqrt(Math.exp(terms) - 1);
      assertRelative(wcv, withinSubjectCv(wright, {variant}).value, 1e-12);
    }
    const none = repeatabilityMethod.resampling!({table, columns, options: {...options, scale: "interval"}})!;
    assert.equal(none.settings.wcv, 0);
    assert.equal(repeatabilityMethod.resampling!({table, columns}), null);
  });

  test("its intervals are carried to RC, %RC, MDC and SEM", () => {
    const draws = {
      names: ["mean", "wSD", "wCV"], values: [], resamples: 200, seed: 5,
      intervals: [[440, 450], [10, 20], [0.02, 0.05]].map(([lower, upper]) => ({lower, upper, level: 0.95}))
    };
    const report = run({options, draws});
    const factor = 1.959963984540054 * Math.SQRT2;
    assert.equal(find(report, "wSD").upper, 20);
    assertRelative(find(report, "RC").lower!, 10 * factor, 1e-12);
    assertRelative(find(report, "MDC").upper!, 20 * factor, 1e-12);
    assertRelative(find(report, "%RC").upper!, 5 * factor, 1e-12);
    assertRelative(find(report, "wCV").lower!, 2, 1e-12);
    assertRejects(() => run({options}), "missing-draws", "interval");
  });
});

test("a tenfold offset between repeats, few degrees of freedom and a wide wCV are pointed out", () => {
  const report = repeatabilityMethod.run({table: tableOf([[1, 10], [2, 21], [3, 29]]), columns});
  assert.match(report.warnings.join("\n"), /r2 is about 10 times r1/);
  assert.match(report.warnings.join("\n"), /3 degrees of freedom only/);
  assert.match(report.warnings.join("\n"), /use the variant logs/);
});

test("bad input", () => {
  assertRejects(() => run({variant: "rms"}), "unknown-choice", "variant");
  assertRejects(() => run({options: {multiplier: "2"}}), "unknown-choice", "multiplier");
  assertRejects(() => run({options: {multiplier: "1.96", coverage: 0.9}}), "multiplier-without-coverage", "coverage");
  assertRejects(() => run({level: 1}), "level-out-of-range", "level");
  assertRejects(() => run({columns: {value: ["r1"]}}), "one-repeat", "columns for value");
  assertRejects(() => repeatabilityMethod.run({table: tableOf([[1, 1], [2, 2]]), columns}), "constant",
    "repeats in column r1, r2");
});
