import assert from "node:assert/strict";
import {test} from "node:test";
import {fQuantile} from "../../../src/domain/distributions/f.js";
import {chiSquareInterval} from "../../../src/domain/statistics/chi-square-interval.js";
import {modifiedLargeSample} from "../../../src/domain/statistics/modified-large-sample.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

test("one term: its exact chi-square interval", () => {
  const found = modifiedLargeSample([{weight: 2, meanSquare: 3, df: 7}], 0.9);
  const exact = chiSquareInterval(Math.sqrt(6), 7, 0.9);
  assertRelative(found.value, 6, 1e-15);
  assertRelative(found.lower, exact.lower ** 2, 1e-13);
  assertRelative(found.upper, exact.upper ** 2, 1e-13);
});

test("a difference ends at zero exactly where the F test rejects", () => {
  for (const [df1, df2] of [[2, 12], [5, 60], [1, 3]]) {
    const critical = fQuantile(0.975, df1, df2);
    const at = (ratio: number) => modifiedLargeSample(
      [{weight: 0.2, meanSquare: ratio, df: df1}, {weight: -0.2, meanSquare: 1, df: df2}], 0.95
    );
    assert.ok(Math.abs(at(critical).lower) < 1e-8, `${at(critical).lower}`);
    assert.ok(at(critical * 1.01).lower > 0 && at(critical * 0.99).lower < 0);
    const small = 1 / fQuantile(0.975, df2, df1);
    assert.ok(Math.abs(at(small).upper) < 1e-8, `${at(small).upper}`);
  }
});

test("covers 95 % for a component that is a difference, and scales", () => {
  const random = seeded(8);
  const chi = (df: number) => Array.from({length: df}, () => random.normal() ** 2).reduce((a, b) => a + b) / df;
  const runs = 2000;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const {lower, upper} = modifiedLargeSample(
      [{weight: 0.25, meanSquare: 5 * chi(4), df: 4}, {weight: -0.25, meanSquare: chi(20), df: 20}], 0.95
    );
    if (lower <= 1 && 1 <= upper) covered++;
  }
  assert.ok(Math.abs(covered / runs - 0.95) < 4 * Math.sqrt(0.95 * 0.05 / runs), `covered ${covered / runs}`);
  const terms = [{weight: 1, meanSquare: 3, df: 4}, {weight: -1, meanSquare: 2, df: 9}];
  const ten = modifiedLargeSample(terms.map((term) => ({...term, weight: 10 * term.weight})), 0.95);
  assertRelative(ten.lower, 10 * modifiedLargeSample(terms, 0.95).lower, 1e-12);
});

test("bad input", () => {
  assertRejects(() => modifiedLargeSample([], 0.95), "no-term", "terms");
  assertRejects(() => modifiedLargeSample([{weight: -1, meanSquare: 1, df: 2}], 0.95), "no-term", "terms");
  assertRejects(() => modifiedLargeSample([{weight: 1, meanSquare: -1, df: 2}], 0.95), "negative-variance",
    "terms[0].meanSquare");
  assertRejects(() => modifiedLargeSample([{weight: 1, meanSquare: 1, df: 0}], 0.95), "not-positive", "terms[0].df");
  assertRejects(() => modifiedLargeSample([{weight: NaN, meanSquare: 1, df: 1}], 0.95), "not-finite",
    "terms[0].weight");
});
