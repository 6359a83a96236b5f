import assert from "node:assert/strict";
import {test} from "node:test";
import {cusumLinearity, kolmogorovSurvival} from "../../../src/domain/statistics/cusum-linearity.js";
import {passingBablok} from "../../../src/domain/statistics/passing-bablok.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted} from "../../helpers/reference.js";

test("Kolmogorov's distribution: the tabled critical values, and both series where they meet", () => {
  for (const [h, p] of [[1.2238, ".100"], [1.3581, ".050"], [1.6276, ".010"]] as const) {
    assertPrinted(kolmogorovSurvival(h), p);
  }
  assert.ok(Math.abs(kolmogorovSurvival(1 - 1e-12) - kolmogorovSurvival(1)) < 1e-11);
  assert.equal(kolmogorovSurvival(0), 1);
  assert.ok(kolmogorovSurvival(0.2) > 1 - 1e-10);
});

test("points by hand: the sum's largest distance from 0", () => {
  // Residuals about y = x: +, +, -, -, +, -: scores 1, so sums 1, 2, 1, 0, 1, 0.
  const {above, below, statistic} = cusumLinearity([1, 2, 3, 4, 5, 6], [1.1, 2.1, 2.9, 3.9, 5.1, 5.9],
    {intercept: 0, slope: 1});
  assert.deepEqual([above, below], [3, 3]);
  assert.ok(Math.abs(statistic - 2 / 2) < 1e-15);
});

test("unequal sides are weighted so that the sum ends at 0", () => {
  const {statistic} = cusumLinearity([1, 2, 3, 4, 5], [1.5, 1, 2, 3, 4], {intercept: 0, slope: 1});
  // One above first, four below: sqrt(4/1) = 2, over sqrt(4 + 1).
  assert.ok(Math.abs(statistic - 2 / Math.sqrt(5)) < 1e-15);
});

test("a perfect fit has nothing to reject", () => {
  assert.equal(cusumLinearity([1, 2, 3], [1, 2, 3], {intercept: 0, slope: 1}).p, 1);
});

test("type I error as documented, power against a curve", () => {
  const random = seeded(23);
  let straight = 0;
  let curved = 0;
  for (let run = 0; run < 1000; run++) {
    const truth = Array.from({length: 50}, () => 5 + 10 * random.uniform());
    const x = truth.map((v) => v + 0.3 * random.normal());
    const y = truth.map((v) => v + 0.3 * random.normal());
    const bent = y.map((v, i) => v + 0.05 * (truth[i] - 10) ** 2);
    for (const [values, add] of [[y, "straight"], [bent, "curved"]] as const) {
      const {slope, intercept} = passingBablok(x, values);
      if (cusumLinearity(x, values, {slope: slope.value, intercept: intercept.value}).p < 0.05) {
        if (add === "straight") straight++;
        else curved++;
      }
    }
  }
  assert.ok(straight / 1000 > 0.045 && straight / 1000 < 0.13, `${straight}`);
  assert.ok(curved > 700, `${curved}`);
});

test("bad input", () => {
  assertRejects(() => cusumLinearity([1, 2], [1, 2], {intercept: NaN, slope: 1}), "not-finite", "intercept");
  assertRejects(() => cusumLinearity([1], [1], {intercept: 0, slope: 1}), "too-few-values", "length of x");
});
