import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {
  coverageMargin, estimatorPerformance, intervalFactor
} from "../../../src/domain/statistics/estimator-performance.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

test("factors of intervals are the printed quantiles", () => {
  // Two-sided 95 % points of t and of the normal distribution: Abramowitz and Stegun 1964, tables 26.10 and 26.1.
  assert.equal(intervalFactor(1).toFixed(3), "12.706");
  assert.equal(intervalFactor(4).toFixed(3), "2.776");
  assert.equal(intervalFactor(120).toFixed(3), "1.980");
  assert.equal(intervalFactor(null).toFixed(6), "1.959964");
  assert.equal(intervalFactor(10, {level: 0.99}).toFixed(3), "3.169");
  assertRejects(() => intervalFactor(0), "not-positive", "df");
});

test("coverage strays by a binomial margin", () => {
  // 1.959964 sqrt(.95 * .05 / 2000)
  assert.equal(coverageMargin(2000).toFixed(5), "0.00955");
  assertRejects(() => coverageMargin(0), "not-a-count", "repeats");
});

test("a few repeats by hand", () => {
  const found = estimatorPerformance({
    truth: 10, estimates: [9, 11, 14, NaN], standardDeviations: [1, 0.4, Infinity, 1], factor: 2
  });
  assert.equal(found.repeats, 4);
  assert.equal(found.estimated, 3);
  assertRelative(found.bias!, 4 / 3, 1e-15);
  assertRelative(found.mean!, 34 / 3, 1e-15);
  assertRelative(found.sd!, Math.sqrt(19 / 3), 1e-15);
  assertRelative(found.rmse!, Math.sqrt(6), 1e-15);
  assertRelative(found.biasStandardError!, Math.sqrt(19) / 3, 1e-15);
  // Two have an interval: 9 +- 2 holds 10, 11 +- 0.8 does not.
  assert.equal(found.intervals, 2);
  assert.equal(found.coverage, 0.5);
});

test("repeats that say nothing give nothing", () => {
  const none = estimatorPerformance({truth: 1, estimates: [NaN, Infinity], standardDeviations: [1, 1], factor: 2});
  assert.deepEqual(none, {
    repeats: 2, estimated: 0, mean: null, bias: null, biasStandardError: null, sd: null, rmse: null, intervals: 0,
    coverage: null
  });
  const one = estimatorPerformance({truth: 1, estimates: [2], standardDeviations: [0], factor: 2});
  assert.equal(one.sd, null);
  assert.equal(one.rmse, 1);
  assert.equal(one.coverage, null);
});

test("mean and t interval of a normal sample: no bias, nominal coverage", () => {
  const {normal} = seeded(7);
  const [n, repeats] = [5, 4000];
  const estimates: number[] = [];
  const standardDeviations: number[] = [];
  for (let r = 0; r < repeats; r++) {
    const sample = Array.from({length: n}, () => 3 + 2 * normal());
    const mean = sample.reduce((a, b) => a + b) / n;
    estimates.push(mean);
    standardDeviations.push(Math.sqrt(sample.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1) / n));
  }
  const found = estimatorPerformance({truth: 3, estimates, standardDeviations, factor: intervalFactor(n - 1)});
  assert.ok(Math.abs(found.bias!) < 4 * found.biasStandardError!);
  assert.ok(Math.abs(found.rmse! / (2 / Math.sqrt(n)) - 1) < 0.04, `RMSE ${found.rmse}`);
  assert.ok(Math.abs(found.coverage! - 0.95) < 4 * Math.sqrt((0.95 * 0.05) / repeats), `coverage ${found.coverage}`);
});

test("RMSE is bias and spread together; a shift of truth and estimates changes neither", () => {
  const samples = fc.array(fc.integer({min: -50, max: 50}), {minLength: 2, maxLength: 30});
  fc.assert(
    fc.property(samples, fc.integer({min: -20, max: 20}), (estimates, shift) => {
      const standardDeviations = estimates.map(() => 10);
      const found = estimatorPerformance({truth: 1, estimates, standardDeviations, factor: 2});
      const n = estimates.length;
      const parts = found.bias! ** 2 + (found.sd! ** 2 * (n - 1)) / n;
      assert.ok(Math.abs(found.rmse! ** 2 - parts) <= 1e-9 * (1 + parts));
      const moved = estimatorPerformance({
        truth: 1 + shift, estimates: estimates.map((value) => value + shift), standardDeviations, factor: 2
      });
      assert.equal(moved.rmse, found.rmse);
      assert.equal(moved.coverage, found.coverage);
    }),
    {seed: 4, numRuns: 100}
  );
});

test("bad input is named", () => {
  const good = {truth: 1, estimates: [1], standardDeviations: [1], factor: 2};
  assertRejects(() => estimatorPerformance({...good, truth: NaN}), "not-finite", "truth");
  assertRejects(() => estimatorPerformance({...good, standardDeviations: []}), "unequal-lengths", /standardDeviations/);
  assertRejects(() => estimatorPerformance({...good, factor: 0}), "not-positive", "factor");
});
