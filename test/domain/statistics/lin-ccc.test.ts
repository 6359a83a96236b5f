import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {linCcc} from "../../../src/domain/statistics/lin-ccc.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, assertRelative, reference} from "../../helpers/reference.js";

test("peak flow, Wright 1 against Mini 1, every digit printed, moments on 1/n", () => {
  const {wright1, mini1, ccc} = reference("peak-flow");
  const result = linCcc(wright1, mini1);
  assertPrinted(result.value, ccc.value);
  assertPrintedInterval(result, ccc.interval);
  assertPrinted(result.biasCorrection, ccc.biasCorrection);
  assertPrinted(linCcc(wright1, mini1, {moments: "unbiased"}).value, ccc.withDivisorNMinus1);
  assert.equal(linCcc(wright1, mini1, {moments: "unbiased"}).pearson.toFixed(12), result.pearson.toFixed(12));
  assertRelative(result.value, result.pearson * result.biasCorrection, 1e-15);
});

test("Cb follows from the two shifts", () => {
  const {value, pearson, biasCorrection, scaleShift: v, locationShift: u} = linCcc([1, 4, 5, 9, 12], [3, 5, 5, 8, 15]);
  assertRelative(biasCorrection, 2 / (v + 1 / v + u * u), 1e-13);
  assert.ok(value < pearson);
});

test("swap, shift and scale of both leave it; a shift of one lowers it", () => {
  const pairs = fc.array(fc.tuple(fc.integer({min: 0, max: 400}), fc.integer({min: 0, max: 400})), {
    minLength: 5, maxLength: 20
  });
  fc.assert(fc.property(pairs, (rows) => {
    const a = rows.map(([x], i) => x + 20 * i);
    const b = rows.map(([, y], i) => y + 20 * i);
    let base;
    try {
      base = linCcc(a, b);
    } catch {
      return;
    }
    const close = (other: typeof base) => {
      assert.ok(Math.abs(other.value - base.value) < 1e-11);
      assert.ok(Math.abs(other.lower - base.lower) < 1e-9);
    };
    close(linCcc(b, a));
    close(linCcc(a.map((x) => 3 * x + 7), b.map((y) => 3 * y + 7)));
    close(linCcc([...a].reverse(), [...b].reverse()));
    assert.ok(base.lower < base.value && base.value < base.upper);
    const far = linCcc(a.map((x) => x + 10000), b);
    assert.ok(Math.abs(far.value) < Math.abs(base.pearson));
  }), {seed: 6, numRuns: 60});
});

test("coverage of the interval in simulated studies (asymptotic: 93.5 to 96 % at n = 60)", () => {
  const random = seeded(77);
  // Means 0 and 1, variances 4 + 1 and 4 + 1.
  const truth = 2 * 4 / (5 + 5 + 1);
  const runs = 4000;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const t = Array.from({length: 60}, () => 2 * random.normal());
    const {lower, upper} = linCcc(t.map((x) => x + random.normal()), t.map((x) => x + 1 + random.normal()));
    if (lower <= truth && truth <= upper) covered++;
  }
  assert.ok(covered / runs > 0.935 && covered / runs < 0.96, `covered ${covered / runs}`);
});

test("bad input", () => {
  assertRejects(() => linCcc([1, 2], [1, 3]), "too-few-values", "length of first");
  assertRejects(() => linCcc([1, 2, 3], [1, 2]), "too-few-values", "length of second");
  assertRejects(() => linCcc([1, 2, 3, 4], [1, 2, 4]), "unequal-lengths", "length of second");
  assertRejects(() => linCcc([1, 1, 1], [1, 2, 3]), "constant", "first");
  assertRejects(() => linCcc([1, 2, 3], [4, 4, 4]), "constant", "second");
  assertRejects(() => linCcc([1, 2, 3], [1, 2, NaN]), "not-finite", "second[2]");
  assertRejects(() => linCcc([1, 2, 4], [1, 2, 4]), "no-interval", "correlation of first and second");
  assertRejects(() => linCcc([-1, 0, 1], [1, -2, 1]), "no-interval", "correlation of first and second");
  assertRejects(() => linCcc([1, 2, 3], [1, 2, 4], {moments: "n" as never}), "unknown-choice", "moments");
  assertRejects(() => linCcc([1, 2, 3], [1, 2, 4], {level: 1}), "level-out-of-range", "level");
});
