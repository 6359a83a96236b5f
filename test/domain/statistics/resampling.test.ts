import assert from "node:assert/strict";
import {test} from "node:test";
import type {OptionNeed} from "../../../src/domain/statistics/method.js";
import {optionReader} from "../../../src/domain/statistics/option-values.js";
import {drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "../../../src/domain/statistics/resampling.js";
import {assertRejects} from "../../helpers/bad-input.js";

const needs: OptionNeed[] = [
  {id: "interval", kind: "choice", choices: ["exact", "bootstrap"], description: "which"}, ...resamplingOptions
];
const base = () => ({statistic: "mean", ...rowsOf([1, 2], [3, 4]), settings: {}});
const task = (given: Record<string, string | number>) => resamplingTask(optionReader(needs, given), base);

test("columns side by side are rows", () => {
  assert.deepEqual(rowsOf([1, 2, 3], [4, 5, 6]), {data: Float64Array.of(1, 4, 2, 5, 3, 6), width: 2});
});

test("wanted by the interval, or by a number of resamples", () => {
  assert.equal(task({}), null);
  assert.equal(task({interval: "exact", seed: 3}), null);
  assert.deepEqual([task({interval: "bootstrap"})!.resamples, task({interval: "bootstrap"})!.seed], [10000, 1]);
  assert.deepEqual([task({resamples: 500, seed: 7})!.resamples, task({resamples: 500, seed: 7})!.seed], [500, 7]);
  assertRejects(() => task({resamples: 199}), "not-a-count", "resamples");
  assertRejects(() => task({resamples: 500, seed: -1}), "not-a-count", "seed");
});

test("intervals by component", () => {
  const interval = {lower: 1, upper: 2, level: 0.95};
  const draws = {names: ["slope"], values: [1], intervals: [interval], resamples: 500, seed: 1};
  assert.equal(drawnInterval(draws, "slope", "exact"), interval);
  assert.equal(drawnInterval(undefined, "slope", "exact"), null);
  assertRejects(() => drawnInterval(undefined, "slope", "bootstrap"), "missing-draws", "interval");
  assertRejects(() => drawnInterval(draws, "intercept", null), "missing-draws", "components of the resampling");
});
