import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {passingBablok} from "../../../src/domain/statistics/passing-bablok.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {
  assertPrinted, assertPrintedInterval, assertRelative, reference, sharedColumns
} from "../../helpers/reference.js";

test("creatinine: 1983 and as R's mcr, every digit printed", {
  skip: sharedColumns("mcr_creatinine.csv") === null && "../shared/reference is not there"
}, () => {
  const columns = sharedColumns("mcr_creatinine.csv")!;
  const rows = columns["serum.crea"].map((v, i) => [v, columns["plasma.crea"][i]]).filter((row) =>
    row.every((v) => v > 0));
  const [x, y] = [rows.map(([v]) => v), rows.map(([, v]) => v)];
  const printed = reference("creatinine").passingBablok;
  const mcr = passingBablok(x, y, {variant: "mcr"});
  assertPrinted(mcr.slope.value, printed.mcr.slope);
  assertPrintedInterval(mcr.slope, printed.mcr.slopeInterval);
  assertPrinted(mcr.intercept.value, printed.mcr.intercept);
  assertPrintedInterval(mcr.intercept, printed.mcr.interceptInterval);
  const original = passingBablok(x, y);
  assertPrinted(original.slope.value, printed["1983"].slope);
  assertPrinted(original.intercept.value, printed["1983"].intercept);
});

test("five points by hand", () => {
  // Slopes: 1, 2, 1.5, 1.25, 3, 1.75, 1.3333, .5, .5, .5; ascending, the median is (1.25 + 1.3333) / 2.
  const {slope, intercept, slopes, shift} = passingBablok([1, 2, 3, 4, 5], [1, 2, 5, 5.5, 6]);
  assert.equal(slopes, 10);
  assert.equal(shift, 0);
  assertRelative(slope.value, (1.25 + 4 / 3) / 2, 1e-14);
  // C = 1.96 sqrt(5 * 4 * 15 / 18) = 8.0016: the first of (10 - 8.0016) / 2 = 1 and the last slope.
  assert.equal(slope.lower, 0.5);
  assert.equal(slope.upper, 3);
  const residuals = [1, 2, 5, 5.5, 6].map((v, i) => v - slope.value * (i + 1)).sort((a, b) => a - b);
  assertRelative(intercept.value, residuals[2], 1e-13);
});

test("slopes below -1 shift the median; those of -1 are left out, or count half as in mcr", () => {
  const x = [1, 2, 3, 4, 5, 6, 7];
  const y = [1, 3, 2, 4, 6, 5, 8];
  const original = passingBablok(x, y);
  assert.equal(original.slopes, 19);
  assert.equal(original.shift, 0);
  const mcr = passingBablok(x, y, {variant: "mcr"});
  assert.equal(mcr.slopes, 21);
  assert.equal(mcr.shift, 1);
  assert.equal(passingBablok(x, [1, 4, 2, 4, 6, 5, 8]).shift, 1);
});

test("swapped methods give the inverse slope; shift, common scale and order carry over", () => {
  const pairs = fc.array(fc.tuple(fc.integer({min: 0, max: 60}), fc.integer({min: 0, max: 60})),
    {minLength: 6, maxLength: 15});
  fc.assert(fc.property(pairs, (rows) => {
    const a = rows.map(([one], i) => one + 31 * i + 0.013 * i * i);
    const b = rows.map(([, one], i) => one + 28 * i + 0.017 * i * i);
    for (const variant of ["1983", "mcr"] as const) {
      const {slope, slopes} = passingBablok(a, b, {variant});
      const back = passingBablok(b, a, {variant}).slope;
      // Means of two middle slopes (1983) are not inverses of each other; single ones, and mean angles, are.
      if (variant === "mcr" || slopes % 2 === 1) assertRelative(back.value, 1 / slope.value, 1e-9);
      const other = passingBablok(a.map((v) => 4 * v - 8), b.map((v) => 4 * v + 16), {variant});
      assertRelative(other.slope.value, slope.value, 1e-9);
      assertRelative(passingBablok([...a].reverse(), [...b].reverse(), {variant}).slope.value, slope.value, 1e-12);
    }
  }), {seed: 13, numRuns: 60});
});

for (const n of [10, 30]) {
  test(`coverage of the slope's interval at n = ${n}, both variants`, () => {
    const random = seeded(7 + n);
    let [original, mcr] = [0, 0];
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const truth = Array.from({length: n}, () => 5 + 10 * random.uniform());
      const x = truth.map((v) => v + 0.5 * random.normal());
      const y = truth.map((v) => v + 0.5 * random.normal());
      const a = passingBablok(x, y).slope;
      const b = passingBablok(x, y, {variant: "mcr"}).slope;
      if (a.lower <= 1 && 1 <= a.upper) original++;
      if (b.lower <= 1 && 1 <= b.upper) mcr++;
    }
    for (const share of [original / runs, mcr / runs]) assert.ok(share > 0.935 && share < 0.975, `${share}`);
  });
}

test("an outlier does not move it", () => {
  const x = Array.from({length: 21}, (_, i) => i + 1);
  const y = x.map((v) => 2 + 1.5 * v);
  assertRelative(passingBablok(x, y.map((v, i) => i === 20 ? 500 : v)).slope.value, 1.5, 1e-12);
});

test("bad input", () => {
  assertRejects(() => passingBablok([1, 2, 3], [1, 2, 3]), "too-few-values", "length of x");
  assertRejects(() => passingBablok([1, 1, 1, 1], [1, 2, 3, 4]), "constant", "x");
  assertRejects(() => passingBablok([1, 2, 3, 4], [1, 2, 3]), "too-few-values", "length of y");
  assertRejects(() => passingBablok([1, 2, 3, 4], [9, 6, 3, 0]), "no-slope", "association of x and y");
  assertRejects(() => passingBablok([1, 2, 3, 4], [1, 2, 3, 5], {variant: "1985" as never}), "unknown-choice",
    "variant");
});
