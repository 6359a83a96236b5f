import assert from "node:assert/strict";
import {test} from "node:test";
import {
  mean, median, quantile, standardDeviation, sum, sumOfSquares, variance
} from "../../../src/domain/statistics/summaries.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative} from "../../helpers/reference.js";

test("the sum does not lose small terms between large ones", () => {
  assert.equal(sum([1, 1e100, 1, -1e100]), 2);
  assert.equal(sum([]), 0);
});

test("mean, variance and SD, also far from zero", () => {
  assert.equal(mean([1, 2, 4]), 7 / 3);
  assertRelative(variance([1, 2, 4]), 7 / 3, 1e-15);
  assertRelative(variance([1e9 + 1, 1e9 + 2, 1e9 + 4]), 7 / 3, 1e-12);
  assertRelative(standardDeviation(Float32Array.of(1, 2, 4)), Math.sqrt(7 / 3), 1e-15);
  assert.equal(sumOfSquares([0.1, 0.1, 0.1]), 0);
});

test("quantiles are R's type 7", () => {
  // quantile(c(7, 1, 3, 12), c(0, .1, .25, .5, .9, 1)) by the definition: linear at rank 1 + (n - 1) p.
  const values = [7, 1, 3, 12];
  const expected = [[0, 1], [0.1, 1.6], [0.25, 2.5], [0.5, 5], [0.9, 10.5], [1, 12]];
  for (const [p, q] of expected) assertRelative(quantile(values, p), q, 1e-14, `p = ${p}`);
  assert.equal(median([5, 1, 100]), 5);
  assert.equal(median([4]), 4);
  assert.deepEqual(values, [7, 1, 3, 12], "the input stays as it was");
  assert.equal(quantile([10, 9, 2], 0.5), 9, "numbers are not sorted as texts");
});

test("bad input", () => {
  assertRejects(() => mean([]), "too-few-values", "length of values");
  assertRejects(() => variance([1]), "too-few-values", "length of values");
  assertRejects(() => mean([1, NaN]), "not-finite", "values[1]");
  assertRejects(() => median([1, 2, Infinity], "ADC"), "not-finite", "ADC[2]");
  assertRejects(() => quantile([1], 1.5), "probability-out-of-range", "p");
  assertRejects(() => mean(null as never), "not-a-vector", "values");
});
