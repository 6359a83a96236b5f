import assert from "node:assert/strict";
import {test} from "node:test";
import {deming} from "../../../src/domain/statistics/deming.js";
import {weightedDeming, weightedDemingLine} from "../../../src/domain/statistics/weighted-deming.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

test("creatinine: where R's mcr stops, and converged, every digit printed", {
  skip: sharedColumns("mcr_creatinine.csv") === null && "../shared/reference is not there"
}, () => {
  const columns = sharedColumns("mcr_creatinine.csv")!;
  const rows = columns["serum.crea"].map((v, i) => [v, columns["plasma.crea"][i]]).filter((row) =>
    row.every((v) => v > 0));
  const {mcr, converged} = reference("creatinine").weightedDeming;
  for (const [stop, printed] of [["mcr", mcr], ["converged", converged]] as const) {
    const {intercept, slope} = weightedDeming(rows.map(([v]) => v), rows.map(([, v]) => v), {stop});
    assertPrinted(intercept.value, printed.intercept);
    assertPrinted(slope.value, printed.slope);
  }
});

const x = [2.1, 3.9, 5.2, 7.7, 8.1, 10.4, 12.2, 13.8];
const y = [2.9, 3.6, 6.4, 7.2, 9.9, 10.1, 13.5, 13.1];

test("at convergence the line is Deming's of the weights that it gives", () => {
  const ratio = 2;
  const {slope, intercept} = weightedDemingLine(x, y, ratio);
  const weights = x.map((v, i) => {
    const d = y[i] - intercept - slope * v;
    const share = 1 + ratio * slope * slope;
    return ((v + ratio * slope * d / share + ratio * (y[i] - d / share)) / (1 + ratio)) ** -2;
  });
  const whole = weights.reduce((a, b) => a + b);
  const mean = (v: number[]) => v.reduce((s, one, i) => s + weights[i] * one, 0) / whole;
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: number[], ma: number, b: number[], mb: number) =>
    a.reduce((s, one, i) => s + weights[i] * (one - ma) * (b[i] - mb), 0);
  const [sxx, sxy, syy] = [product(x, mx, x, mx), product(x, mx, y, my), product(y, my, y, my)];
  // The slope is a root of r b^2 sxy + b (sxx - r syy) - sxy.
  assert.ok(Math.abs(ratio * slope * slope * sxy + slope * (sxx - ratio * syy) - sxy) < 1e-11 * syy);
  assertRelative(intercept, my - slope * mx, 1e-10);
});

test("swap under the inverse ratio, scale and order", () => {
  const base = weightedDeming(x, y, {errorRatio: 2});
  assertRelative(weightedDeming(y, x, {errorRatio: 0.5}).slope.value, 1 / base.slope.value, 1e-7);
  const scaled = weightedDeming(x.map((v) => 10 * v), y.map((v) => 10 * v), {errorRatio: 2});
  assertRelative(scaled.slope.upper, base.slope.upper, 1e-9);
  assertRelative(scaled.intercept.upper, 10 * base.intercept.upper, 1e-8);
  assertRelative(weightedDeming([...x].reverse(), [...y].reverse(), {errorRatio: 2}).slope.standardError,
    base.slope.standardError, 1e-9);
});

test("under proportional errors it spreads less than Deming's line, and its interval covers", () => {
  const random = seeded(17);
  let covered = 0;
  let weighted = 0;
  let plain = 0;
  const runs = 600;
  for (let run = 0; run < runs; run++) {
    const truth = Array.from({length: 30}, () => 1 + 19 * random.uniform());
    const a = truth.map((v) => v * (1 + 0.1 * random.normal()));
    const b = truth.map((v) => v * (1 + 0.1 * random.normal()));
    const {slope} = weightedDeming(a, b);
    if (slope.lower <= 1 && 1 <= slope.upper) covered++;
    weighted += (slope.value - 1) ** 2;
    plain += (deming(a, b).slope.value - 1) ** 2;
  }
  assert.ok(covered / runs > 0.91 && covered / runs < 0.98, `${covered / runs}`);
  assert.ok(weighted < 0.7 * plain, `${weighted / plain}`);
});

test("bad input", () => {
  assertRejects(() => weightedDeming([1, 2, -3, 4], [1, 2, 3, 4]), "not-positive", "x[2]");
  assertRejects(() => weightedDeming([1, 2, 3, 4], [1, 0, 3, 4]), "not-positive", "y[1]");
  assertRejects(() => weightedDeming([1, 2, 3], [1, 2, 4]), "too-few-values", "length of x");
  assertRejects(() => weightedDeming(x, y, {errorRatio: -1}), "not-positive", "errorRatio");
});
