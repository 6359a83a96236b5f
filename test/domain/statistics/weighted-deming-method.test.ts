import assert from "node:assert/strict";
import {test} from "node:test";
import {weightedDeming} from "../../../src/domain/statistics/weighted-deming.js";
import {weightedDemingMethod} from "../../../src/domain/statistics/weighted-deming-method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {reference} from "../../helpers/reference.js";

const {wright1, mini1} = reference("peak-flow");
const table = {
  file: "pefr.csv", columns: ["wright", "mini"],
  rows: wright1.map((value: number, i: number) => [String(value), String(mini1[i])])
};
const columns = {x: ["wright"], y: ["mini"]};

test("variants, jackknife interval, error ratio in words", () => {
  for (const stop of ["converged", "mcr"] as const) {
    const {estimates, variant} = weightedDemingMethod.run({table, columns, variant: stop,
      options: {"error-ratio": 0.5}});
    const line = weightedDeming(wright1, mini1, {stop, errorRatio: 0.5});
    assert.equal(variant, stop);
    assert.deepEqual([estimates[0].value, estimates[0].lower, estimates[0].upper],
      [line.slope.value, line.slope.lower, line.slope.upper]);
    assert.equal(estimates[1].value, line.intercept.value);
    for (const one of estimates) assert.match(one.note!, /error ratio 0\.5 = var\(errors of x\) \/ var\(errors of y\)/);
  }
});

test("resampling, and values that are not above zero by row and column", () => {
  const task = weightedDemingMethod.resampling!({table, columns, options: {resamples: 400, seed: 2}})!;
  assert.deepEqual([task.statistic, task.resamples, task.seed, task.settings.errorRatio],
    ["weighted-deming", 400, 2, 1]);
  const mcr = weightedDemingMethod.resampling!({table, columns, variant: "mcr", options: {resamples: 400}})!;
  assert.deepEqual([task.settings.mcr, mcr.settings.mcr], [0, 1]);
  const draws = {
    names: ["intercept", "slope"], values: [0, 1], resamples: 400, seed: 2,
    intervals: [{lower: -9, upper: 9, level: 0.95}, {lower: 0.8, upper: 1.2, level: 0.95}]
  };
  const report = weightedDemingMethod.run({table, columns, options: {interval: "bootstrap"}, draws});
  assert.equal(report.estimates[0].upper, 1.2);
  const negative = {...table, rows: table.rows.map((row: string[], i: number) => i === 4 ? [row[0], "-1"] : row)};
  assertRejects(() => weightedDemingMethod.run({table: negative, columns}), "not-positive", "row 6, column mini");
});
