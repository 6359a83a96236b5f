import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {coefficientOfVariation, relativeSpread} from "../../../src/domain/statistics/coefficient-of-variation.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative, reference} from "../../helpers/reference.js";

test("values and exact intervals as scipy solves its noncentral t", () => {
  for (const {values, level, cv, populationCv, lower, upper} of reference("t1-phantom").intervals) {
    const found = coefficientOfVariation(values, {level});
    assertRelative(found.value, cv, 1e-13, "CoV");
    assertRelative(relativeSpread(values).populationCv, populationCv, 1e-13, "CoV with divisor n");
    assertRelative(found.lower, lower, 1e-8, "lower end");
    assertRelative(found.upper, upper, 1e-8, "upper end");
  }
});

test("the interval covers at its level", () => {
  for (const [n, cv] of [[5, 0.05], [9, 0.3]] as const) {
    const random = seeded(31 + n);
    const repeats = 500;
    let covered = 0;
    for (let i = 0; i < repeats; i++) {
      const {lower, upper} = coefficientOfVariation(Array.from({length: n}, () => 100 * (1 + cv * random.normal())));
      if (lower <= cv && cv <= upper) covered++;
    }
    const error = 3.5 * Math.sqrt(0.95 * 0.05 / repeats);
    assert.ok(Math.abs(covered / repeats - 0.95) < error, `n ${n}, CoV ${cv}: covered ${covered / repeats}`);
  }
});

test("order and scale leave it; a shift away from 0 lowers it", () => {
  const sample = fc.array(fc.integer({min: 100, max: 900}), {minLength: 3, maxLength: 12})
    .filter((values) => new Set(values).size > 1);
  fc.assert(fc.property(sample, (values) => {
    const {value, lower, upper} = coefficientOfVariation(values);
    for (const other of [[...values].reverse(), values.map((x) => 8 * x)]) {
      const found = coefficientOfVariation(other);
      assertRelative(found.value, value, 1e-12);
      assertRelative(found.lower, lower, 1e-7);
      if (Number.isFinite(upper)) assertRelative(found.upper, upper, 1e-7);
    }
    assert.ok(lower < value && value < upper);
    assert.ok(coefficientOfVariation(values.map((x) => x + 500)).value < value);
  }), {seed: 32, numRuns: 15});
});

test("a mean that may be 0 has no upper end", () => {
  assert.equal(coefficientOfVariation([1, -1, 3, 5, -2]).upper, Infinity);
});

test("bad input is told", () => {
  assertRejects(() => coefficientOfVariation([1]), "too-few-values", "length of values");
  assertRejects(() => coefficientOfVariation([3, 3, 3]), "constant", "values");
  assertRejects(() => coefficientOfVariation([1, NaN]), "not-finite", "values[1]");
  assertRejects(() => relativeSpread([-1, -3]), "not-ratio-scale", "mean of values");
  assertRejects(() => coefficientOfVariation([1, 2], {level: 1}), "level-out-of-range", "level");
});
