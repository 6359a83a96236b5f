import {asin, exp, ln} from "../../generated/vendor/special.js";
import {checkVaries, checkVector, type Numbers} from "../check.js";
import {normalQuantile, normalSurvival} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {sum} from "./summaries.js";

/** Shapiro-Wilk test. */
export interface ShapiroWilk {
  n: number;
  /** The statistic W in (0, 1]; small values speak against normality. */
  w: number;
  p: number;
}

/**
 * Shapiro-Wilk test of normality with Royston's approximation to weights and p value.
 *
 * n = 3 is exact. Polynomials in 1/sqrt(n) give the two outer weights; ln(1 - W), or -ln(gamma - ln(1 - W)) for
 * n <= 11, is near normal with mean and SD from polynomials in n or ln n.
 * Source: Royston 1995, Algorithm AS R94, doi:10.2307/2986146.
 *
 * @param values 3 to 5000 values, in any order
 * @throws InputError on another number of values, a value that is not finite, values that are all the same
 */
export function shapiroWilk(values: Numbers): ShapiroWilk {
  checkVector(values, "values", 3);
  const n = values.length;
  if (n > 5000) {
    throw new InputError({code: "too-many-values", field: "length of values", value: n, expected: "at most 5000"});
  }
  checkVaries(values, "values");
  const sorted = Float64Array.from(values).sort();
  const weights = outerWeights(n);
  // Scaled by the range first: W does not depend on it, and squares then neither overflow nor vanish.
  const range = sorted[n - 1] - sorted[0];
  const scaled = sorted.map((x) => (x - sorted[0]) / range);
  const centre = sum(scaled) / n;
  const deviations = scaled.map((x) => x - centre);
  const squares = sum(deviations.map((d) => d * d));
  let contrast = 0;
  let weightSquares = 0;
  for (let i = 0; i < weights.length; i++) {
    contrast += weights[i] * (scaled[n - 1 - i] - scaled[i]);
    weightSquares += 2 * weights[i] * weights[i];
  }
  // 1 - W as a product, lest it vanish when W is near 1.
  const whole = Math.sqrt(weightSquares * squares);
  const rest = Math.max(0, (whole - contrast) * (whole + contrast) / (weightSquares * squares));
  return {n, w: 1 - rest, p: rest === 0 ? 1 : significance(rest, n)};
}

/** Weights of the differences between the largest and smallest, the next ones, and so on inwards. */
function outerWeights(n: number): Float64Array {
  const half = Math.floor(n / 2);
  if (n === 3) return Float64Array.of(Math.SQRT1_2);
  // Blom's scores of the upper half, largest first.
  const scores = Float64Array.from({length: half}, (_, i) => -normalQuantile((i + 1 - 0.375) / (n + 0.25)));
  const scoreSquares = 2 * sum(scores.map((m) => m * m));
  const x = 1 / Math.sqrt(n);
  const length = Math.sqrt(scoreSquares);
  const first = polynomial([scores[0] / length, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056], x);
  const outer = [first];
  if (n > 5) outer.push(polynomial([scores[1] / length, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633], x));
  const scoreRest = scoreSquares - 2 * sum(outer.map((_, i) => scores[i] * scores[i]));
  const weightRest = 1 - 2 * sum(outer.map((a) => a * a));
  const factor = Math.sqrt(scoreRest / weightRest);
  return scores.map((m, i) => outer[i] ?? m / factor);
}

function significance(rest: number, n: number): number {
  if (n === 3) {
    return Math.max(0, 6 / Math.PI * (asin(Math.sqrt(1 - rest)) - asin(Math.sqrt(0.75))));
  }
  const logRest = ln(rest);
  if (n <= 11) {
    const gamma = -2.273 + 0.459 * n;
    // Beyond gamma the transformation has no value; W is then so small that p is below every level.
    if (logRest >= gamma) return 0;
    const mean = polynomial([0.544, -0.39978, 0.025054, -6.714e-4], n);
    const sd = exp(polynomial([1.3822, -0.77857, 0.062767, -0.0020322], n));
    return normalSurvival((-ln(gamma - logRest) - mean) / sd);
  }
  const logN = ln(n);
  const mean = polynomial([-1.5861, -0.31082, -0.083751, 0.0038915], logN);
  const sd = exp(polynomial([-0.4803, -0.082676, 0.0030302], logN));
  return normalSurvival((logRest - mean) / sd);
}

/** Value of a polynomial whose coefficients rise with the power. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0);
}
