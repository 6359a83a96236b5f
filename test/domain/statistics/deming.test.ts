import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {deming, demingLine, ordinaryLeastSquares} from "../../../src/domain/statistics/deming.js";
import {studentTQuantile} from "../../../src/domain/distributions/student-t.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

const absent = "../shared/reference is not there";

test("creatinine: OLS and Deming, every digit printed",
  {skip: sharedColumns("mcr_creatinine.csv") === null && absent}, () => {
  const {x, y} = creatinine();
  const printed = reference("creatinine");
  assert.equal(x.length, printed.pairs);
  const ols = ordinaryLeastSquares(x, y);
  assertPrinted(ols.intercept.value, printed.ols.intercept);
  assertPrinted(ols.slope.value, printed.ols.slope);
  const {intercept, slope, errorRatioMeaning} = deming(x, y);
  assertPrinted(intercept.value, printed.deming.intercept);
  assertPrinted(slope.value, printed.deming.slope);
  assert.equal(errorRatioMeaning, "error ratio 1 = var(errors of x) / var(errors of y)");
});

test("NIST's Norris data: least squares, certified values", () => {
  const {x, y, ...certified} = reference("nist-norris");
  const {slope, intercept, model} = ordinaryLeastSquares(x, y);
  assertRelative(slope.value, certified.slope, 1e-13);
  assertRelative(intercept.value, certified.intercept, 1e-11);
  assertRelative(model.coefficients[1].standardError, certified.slopeSe, 1e-11);
  assertRelative(model.coefficients[0].standardError, certified.interceptSe, 1e-11);
  assertRelative(model.residualSd, certified.residualSd, 1e-11);
  assertRelative(model.r2!, certified.r2, 1e-13);
});

const x = [2.1, 3.9, 5.2, 7.7, 8.1, 10.4, 12.2, 13.8];
const y = [2.9, 3.6, 6.4, 7.2, 9.9, 10.1, 13.5, 13.1];

test("the jackknife is that of the line fitted again without each pair", () => {
  const ratio = 0.5;
  const {slope, intercept} = deming(x, y, {errorRatio: ratio});
  const without = x.map((_, i) => demingLine(x.filter((_, j) => j !== i), y.filter((_, j) => j !== i), ratio));
  for (const [name, estimate] of [["slope", slope], ["intercept", intercept]] as const) {
    const pseudo = without.map((line) => x.length * estimate.value - (x.length - 1) * line[name]);
    const mean = pseudo.reduce((a, b) => a + b) / pseudo.length;
    const variance = pseudo.reduce((s, v) => s + (v - mean) ** 2, 0) / (pseudo.length - 1);
    assertRelative(estimate.standardError, Math.sqrt(variance / pseudo.length), 1e-10);
    assertRelative(estimate.upper - estimate.value, studentTQuantile(0.975, 6) * estimate.standardError, 1e-12);
  }
});

test("the ends of the exact interval are the slopes at which the test just does not reject", () => {
  for (const ratio of [0.25, 1, 3]) {
    const {exactSlope} = deming(x, y, {errorRatio: ratio});
    for (const slope of [exactSlope!.lower, exactSlope!.upper]) {
      const r = correlation(x.map((v, i) => y[i] - slope * v), x.map((v, i) => v + ratio * slope * y[i]));
      assertRelative(Math.abs(r) * Math.sqrt(6 / (1 - r * r)), studentTQuantile(0.975, 6), 1e-9);
    }
  }
});

test("an interval that would hold every slope is null", () => {
  assert.equal(deming([1, 2, 3, 4, 5], [3, 1, 5, 0, 4]).exactSlope, null);
});

test("error ratios: 0 nearly gives least squares of y on x, a large one that of x on y", () => {
  assertRelative(deming(x, y, {errorRatio: 1e-9}).slope.value, ordinaryLeastSquares(x, y).slope.value, 1e-7);
  assertRelative(deming(x, y, {errorRatio: 1e9}).slope.value, 1 / ordinaryLeastSquares(y, x).slope.value, 1e-7);
});

test("swapped methods give the inverse line under the inverse ratio; shifts, scales and order carry over", () => {
  const pairs = fc.array(fc.tuple(fc.integer({min: 0, max: 60}), fc.integer({min: 0, max: 60})),
    {minLength: 6, maxLength: 20});
  fc.assert(fc.property(pairs, fc.integer({min: 1, max: 9}), (rows, third) => {
    const a = rows.map(([one], i) => one + 30 * i);
    const b = rows.map(([, one], i) => one + 25 * i);
    const ratio = third / 3;
    const forth = deming(a, b, {errorRatio: ratio});
    const back = deming(b, a, {errorRatio: 1 / ratio});
    assertRelative(back.slope.value, 1 / forth.slope.value, 1e-11);
    assertRelative(back.exactSlope!.upper, 1 / forth.exactSlope!.lower, 1e-10);
    const scaled = deming(a.map((v) => 2 * v), b.map((v) => 2 * v), {errorRatio: ratio});
    assertRelative(scaled.slope.upper, forth.slope.upper, 1e-10);
    const shifted = deming(a.map((v) => v + 100), b.map((v) => v + 50), {errorRatio: ratio});
    assertRelative(shifted.slope.lower, forth.slope.lower, 1e-10);
    const order = deming([...a].reverse(), [...b].reverse(), {errorRatio: ratio});
    assertRelative(order.slope.standardError, forth.slope.standardError, 1e-9);
  }), {seed: 11, numRuns: 60});
});

for (const n of [10, 20, 50]) {
  test(`coverage at n = ${n}: exact within 94 to 96 %, jackknife 93 to 97 %`, () => {
    const random = seeded(100 + n);
    const runs = 6000;
    let exact = 0;
    let jackknife = 0;
    for (let run = 0; run < runs; run++) {
      const truth = Array.from({length: n}, () => 10 + 3 * random.normal());
      const {exactSlope, slope} = deming(
        truth.map((v) => v + 0.6 * random.normal()), truth.map((v) => 1 + 1.2 * v + 0.9 * random.normal()),
        {errorRatio: (0.6 / 0.9) ** 2}
      );
      if (exactSlope === null || (exactSlope.lower <= 1.2 && 1.2 <= exactSlope.upper)) exact++;
      if (slope.lower <= 1.2 && 1.2 <= slope.upper) jackknife++;
    }
    assert.ok(exact / runs > 0.94 && exact / runs < 0.96, `exact ${exact / runs}`);
    assert.ok(jackknife / runs > 0.93 && jackknife / runs < 0.97, `jackknife ${jackknife / runs}`);
  });
}

test("bad input", () => {
  assertRejects(() => deming([1, 2, 3], [1, 2, 4]), "too-few-values", "length of x");
  assertRejects(() => deming(x, [...y, 1]), "unequal-lengths", "length of y");
  assertRejects(() => deming([1, 1, 1, 1], [1, 2, 3, 4]), "constant", "x");
  assertRejects(() => deming([1, 2, 3, 4], [2, 2, 2, 2]), "constant", "y");
  assertRejects(() => deming(x, y, {errorRatio: 0}), "not-positive", "errorRatio");
  assertRejects(() => deming([-1, 0, 1, 0], [0, 1, 0, -1]), "no-association", "correlation of x and y");
  assertRejects(() => ordinaryLeastSquares([1, 2], [1, 2]), "too-few-values", "length of x");
  assertRejects(() => ordinaryLeastSquares([1, 1, 1], [1, 2, 3]), "constant", "x");
});

function creatinine(): {x: number[]; y: number[]} {
  const columns = sharedColumns("mcr_creatinine.csv")!;
  const complete = columns["serum.crea"].map((v, i) => [v, columns["plasma.crea"][i]]).filter((row) =>
    row.every((v) => v > 0));
  return {x: complete.map(([one]) => one), y: complete.map(([, one]) => one)};
}

function correlation(a: number[], b: number[]): number {
  const mean = (v: number[]) => v.reduce((s, one) => s + one) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (u: number[], mu: number, v: number[], mv: number) =>
    u.reduce((s, one, i) => s + (one - mu) * (v[i] - mv), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
}
