import assert from "node:assert/strict";
import {test} from "node:test";
import {deming} from "../../../src/domain/statistics/deming.js";
import {demingMethod} from "../../../src/domain/statistics/deming-method.js";
import {olsMethod} from "../../../src/domain/statistics/ols-method.js";
import type {MethodReport} from "../../../src/domain/statistics/method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, reference, sharedColumns} from "../../helpers/reference.js";

const {wright1, mini1} = reference("peak-flow");
const table = {
  file: "pefr.csv", columns: ["wright", "mini"],
  rows: wright1.map((value: number, i: number) => [String(value), String(mini1[i])])
};
const columns = {x: ["wright"], y: ["mini"]};
const of = (report: MethodReport, name: string) => report.estimates.find((one) => one.name === name)!;

test("creatinine through a table with missing cells, every digit printed", {
  skip: sharedColumns("mcr_creatinine.csv") === null && "../shared/reference is not there"
}, () => {
  const data = sharedColumns("mcr_creatinine.csv")!;
  const text = (value: number) => Number.isFinite(value) && value > 0 ? String(value) : null;
  const creatinine = {
    file: "creatinine.csv", columns: ["serum", "plasma"],
    rows: data["serum.crea"].map((value, i) => [text(value), text(data["plasma.crea"][i])])
  };
  const roles = {x: ["serum"], y: ["plasma"]};
  const printed = reference("creatinine");
  const report = demingMethod.run({table: creatinine, columns: roles});
  assert.equal(report.n, 108);
  assert.equal(new Set(report.dropped.map(({row}) => row)).size, 2);
  assertPrinted(of(report, "slope").value, printed.deming.slope);
  assertPrinted(of(report, "intercept").value, printed.deming.intercept);
  const ols = olsMethod.run({table: creatinine, columns: roles});
  assertPrinted(of(ols, "slope").value, printed.ols.slope);
  assertPrinted(of(ols, "intercept").value, printed.ols.intercept);
});

test("the exact interval first, the jackknife beside it, the ratio's direction beside each", () => {
  const report = demingMethod.run({table, columns, options: {"error-ratio": 2}});
  const line = deming(wright1, mini1, {errorRatio: 2});
  assert.equal(of(report, "slope").lower, line.exactSlope!.lower);
  assert.equal(of(report, "slope, jackknife interval").lower, line.slope.lower);
  assert.equal(of(report, "intercept").upper, line.intercept.upper);
  for (const one of report.estimates) assert.match(one.note!,
    /error ratio 2 = var\(errors of x\) \/ var\(errors of y\)/);
  assert.equal(of(demingMethod.run({table, columns, options: {interval: "jackknife"}}), "slope").lower,
    deming(wright1, mini1).slope.lower);
});

test("resampling", () => {
  const task = demingMethod.resampling!({table, columns, options: {interval: "bootstrap", "error-ratio": 2}})!;
  assert.deepEqual([task.statistic, task.width, task.data.length, task.settings.errorRatio], ["deming", 2, 34, 2]);
  const draws = {
    names: ["intercept", "slope"], values: [0, 1], resamples: 500, seed: 1,
    intervals: [{lower: -9, upper: 9, level: 0.95}, {lower: 0.8, upper: 1.2, level: 0.95}]
  };
  const report = demingMethod.run({table, columns, options: {interval: "bootstrap"}, draws});
  assert.equal(of(report, "slope").upper, 1.2);
  assert.equal(of(report, "intercept").upper, 9);
  assert.match(of(report, "slope, exact interval").note!, /Creasy/);
  assertRejects(() => demingMethod.run({table, columns, options: {interval: "bootstrap"}}), "missing-draws",
    "interval");
  const other = {...draws, names: ["a", "b"]};
  assertRejects(() => demingMethod.run({table, columns, draws: other}), "missing-draws",
    "components of the resampling");
});

test("bad input", () => {
  assertRejects(() => demingMethod.run({table, columns, options: {"error-ratio": -1}}), "not-positive", "errorRatio");
  assertRejects(() => demingMethod.run({table: {...table, rows: table.rows.slice(0, 3)}, columns}), "too-few-values",
    "length of x");
  assertRejects(() => olsMethod.run({table, columns: {x: ["wright"], y: ["maxi"]}}), "missing-column", /y/);
});
