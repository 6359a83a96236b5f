import assert from "node:assert/strict";
import {test} from "node:test";
import {
  check, normalityCheck, outlierCheck, proportionalBiasCheck, quantileCheck, spreadCheck
} from "../../../src/domain/statistics/sample-checks.js";
import {shapiroWilk} from "../../../src/domain/statistics/shapiro-wilk.js";

const values = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236];
const labels = values.map((_, i) => `row ${i + 2}`);

test("a check passes from p = .05 on, and every advice says what to do and where it misleads", () => {
  assert.equal(check("a", "b", "c", () => ({statistic: 1, p: 0.05})).passed, true);
  assert.equal(check("a", "b", "c", () => ({statistic: 1, p: 0.0499})).passed, false);
  const x = values.map((_, i) => i);
  const y = values.map((value, i) => value + (i % 3));
  for (const one of [
    normalityCheck(values, "values"), quantileCheck(values, "values"), proportionalBiasCheck(values, y, "mean"),
    proportionalBiasCheck(values, y, "reference"), spreadCheck(x, values, "values", "order", "take logarithms."),
    outlierCheck(values, labels, "values")
  ]) {
    assert.match(one.advice, /If it fails|Look for a cause/, one.id);
    assert.match(one.advice, /Misleads/, one.id);
    assert.notEqual(one.passed, null, one.id);
  }
});

test("normality carries the test's W and p; outliers are named by their labels", () => {
  const {w, p} = shapiroWilk(values);
  const one = normalityCheck(values, "values");
  assert.deepEqual([one.statistic, one.p, one.passed], [w, p, false]);
  assert.match(outlierCheck(values, labels, "values").advice, /^Found: row 12\. /);
});

test("what the values do not allow is not made, and says why", () => {
  const none = normalityCheck([1, 2], "values");
  assert.deepEqual([none.statistic, none.p, none.passed], [null, null, null]);
  assert.match(none.advice, /^Not made: length of values is 2/);
  assert.equal(normalityCheck(new Float64Array(5001).map((_, i) => i), "values").passed, null);
});

test("an error that is none of the input's is not swallowed", () => {
  assert.throws(() => check("a", "b", "c", () => {
    throw new TypeError("no input error");
  }), TypeError);
});
