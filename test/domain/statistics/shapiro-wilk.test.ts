import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {shapiroWilk} from "../../../src/domain/statistics/shapiro-wilk.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

test("W and p of another implementation, n from 3 to 120", () => {
  for (const {values, w, p} of reference("shapiro-wilk").sets) {
    const result = shapiroWilk(values);
    assertRelative(result.w, w, 2e-9, `W of ${values.length}`);
    assertRelative(result.p, p, 3e-8, `p of ${values.length}`);
  }
});

test("the example of 1965: W = .79, and p as R prints it", () => {
  const {w, p} = shapiroWilk([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]);
  assertPrinted(w, ".79");
  assertPrinted(w, ".78881");
  assertPrinted(p, ".006704");
});

test("n = 3 is exact: W is at least 3/4, and evenly spaced values have W = 1", () => {
  assertRelative(shapiroWilk([1, 2, 3]).w, 1, 1e-14);
  assertRelative(shapiroWilk([1, 2, 3]).p, 1, 1e-6);
  const {w, p} = shapiroWilk([1, 1, 2]);
  assertRelative(w, 0.75, 1e-14);
  assert.ok(p >= 0 && p < 1e-7);
});

test("shift, scale, mirror and order leave W", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({min: -300, max: 300}), {minLength: 4, maxLength: 60}).filter((v) => new Set(v).size > 1),
    (values) => {
      const {w, p} = shapiroWilk(values);
      assert.ok(w > 0 && w <= 1 && p >= 0 && p <= 1);
      for (const other of [
        values.map((x) => x + 1000), values.map((x) => 1e-3 * x), values.map((x) => -x), [...values].reverse()
      ]) {
        assertRelative(shapiroWilk(other).w, w, 1e-10);
      }
    }
  ), {seed: 7, numRuns: 100});
});

for (const n of [5, 10, 12, 17, 50, 200]) {
  test(`type I error at n = ${n}: 5 and 1 % within Monte Carlo error and the approximation's own`, () => {
    const random = seeded(300 + n);
    const runs = 5000;
    let five = 0;
    let one = 0;
    for (let run = 0; run < runs; run++) {
      const {p} = shapiroWilk(Array.from({length: n}, () => random.normal()));
      if (p < 0.05) five++;
      if (p < 0.01) one++;
    }
    assert.ok(Math.abs(five / runs - 0.05) < 0.0125, `5 %: ${five / runs}`);
    assert.ok(Math.abs(one / runs - 0.01) < 0.006, `1 %: ${one / runs}`);
  });
}

test("power: exponential values at n = 50 are nearly always found out", () => {
  const random = seeded(31);
  let found = 0;
  for (let run = 0; run < 300; run++) {
    if (shapiroWilk(Array.from({length: 50}, () => -Math.log(1 - random.uniform()))).p < 0.05) found++;
  }
  assert.ok(found > 290);
});

test("5000 values are taken, 5001 are not", () => {
  const random = seeded(32);
  const values = Array.from({length: 5000}, () => random.normal());
  assert.ok(shapiroWilk(values).p > 1e-4);
  assertRejects(() => shapiroWilk([...values, 0]), "too-many-values", "length of values");
});

test("bad input", () => {
  assertRejects(() => shapiroWilk([1, 2]), "too-few-values", "length of values");
  assertRejects(() => shapiroWilk([2, 2, 2, 2]), "constant", "values");
  assertRejects(() => shapiroWilk([2, 2, NaN, 2]), "not-finite", "values[2]");
});
