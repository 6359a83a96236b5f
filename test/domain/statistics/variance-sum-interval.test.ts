import assert from "node:assert/strict";
import {test} from "node:test";
import {chiSquareInterval} from "../../../src/domain/statistics/chi-square-interval.js";
import {varianceSumInterval} from "../../../src/domain/statistics/variance-sum-interval.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

test("one term has its chi-square interval", () => {
  const {lower, upper} = varianceSumInterval([{value: 9, df: 7}], 0.95);
  const exact = chiSquareInterval(3, 7, 0.95);
  assertRelative(lower, exact.lower ** 2, 1e-13);
  assertRelative(upper, exact.upper ** 2, 1e-13);
});

test("terms in any order, terms of 0, scale", () => {
  const terms = [{value: 4, df: 5}, {value: 2, df: 30}];
  const base = varianceSumInterval(terms, 0.95);
  assert.equal(base.value, 6);
  assert.deepEqual(varianceSumInterval([terms[1], {value: 0, df: 3}, terms[0]], 0.95), base);
  assertRelative(varianceSumInterval(terms.map(({value, df}) => ({value: 10 * value, df})), 0.95).upper,
    10 * base.upper, 1e-14);
});

test("coverage of a sum of two close to 95 %", () => {
  const random = seeded(51);
  const square = (df: number) => Array.from({length: df}, () => random.normal() ** 2).reduce((a, b) => a + b) / df;
  for (const [a, b] of [[1, 1], [5, 1], [1, 5]]) {
    let covered = 0;
    for (let run = 0; run < 3000; run++) {
      const {lower, upper} = varianceSumInterval([{value: a * square(4), df: 4}, {value: b * square(20), df: 20}],
        0.95);
      if (lower <= a + b && a + b <= upper) covered++;
    }
    assert.ok(covered / 3000 > 0.938 && covered / 3000 < 0.975, `${a}, ${b}: ${covered / 3000}`);
  }
});

test("bad input", () => {
  assertRejects(() => varianceSumInterval([], 0.95), "too-few-values", "length of terms");
  assertRejects(() => varianceSumInterval([{value: -1, df: 3}], 0.95), "negative-variance", "terms[0]");
  assertRejects(() => varianceSumInterval([{value: 1, df: 0}], 0.95), "not-positive", "df");
  assertRejects(() => varianceSumInterval([{value: 0, df: 3}], 0.95), "constant", "terms");
});
