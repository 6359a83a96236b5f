import assert from "node:assert/strict";
import {test} from "node:test";
import {outliers} from "../../../src/domain/statistics/outliers.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative, reference} from "../../helpers/reference.js";

test("Rosner's example: statistics and critical values as printed, 3 outliers", () => {
  const {values, statistics, critical, outliers: count} = reference("rosner");
  const result = outliers(values, {maximum: 10});
  // The handbook cuts some of its third decimals and rounds others.
  result.steps.forEach((step, i) => {
    assert.ok(Math.abs(step.statistic - Number(statistics[i])) < 1.01e-3, `R ${i + 1}: ${step.statistic}`);
    assert.ok(Math.abs(step.critical - Number(critical[i])) < 1.01e-3, `lambda ${i + 1}: ${step.critical}`);
  });
  assert.equal(result.outliers.length, count);
  assert.deepEqual(result.outliers.map(({value}) => value), [6.01, 5.42, 5.34]);
  assert.deepEqual(result.outliers.map(({index}) => index), [53, 52, 51]);
});

test("shift, scale, mirror and order leave statistics", () => {
  const random = seeded(2);
  const values = Array.from({length: 30}, () => random.normal());
  const base = outliers(values).steps;
  for (const other of [values.map((x) => x + 9), values.map((x) => -3 * x), [...values].reverse()]) {
    outliers(other).steps.forEach((step, i) => assertRelative(step.statistic, base[i].statistic, 1e-11));
  }
});

test("normal samples have outliers at the level, two that mask each other are both found", () => {
  const random = seeded(44);
  for (const n of [15, 40]) {
    let found = 0;
    for (let run = 0; run < 3000; run++) {
      if (outliers(Array.from({length: n}, () => random.normal())).outliers.length > 0) found++;
    }
    // A little above 5 % at 15.
    assert.ok(found / 3000 > 0.035 && found / 3000 < (n === 15 ? 0.085 : 0.066), `n = ${n}: ${found / 3000}`);
  }
  const values = [...Array.from({length: 28}, (_, i) => Math.sin(i)), 8, 8.2];
  assert.deepEqual(outliers(values).outliers.map(({index}) => index).sort(), [28, 29]);
});

test("bad input", () => {
  assertRejects(() => outliers([1, 2, 3, 4]), "too-few-values", "length of values");
  assertRejects(() => outliers([1, 1, 1, 1, 1]), "constant", "values");
  assertRejects(() => outliers([1, 2, 3, 4, 5], {maximum: 3}), "not-a-count", "maximum");
  assertRejects(() => outliers([1, 2, 3, 4, 5], {alpha: 0}), "level-out-of-range", "alpha");
});
