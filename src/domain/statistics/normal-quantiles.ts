import {ln} from "../../generated/vendor/special.js";
import {checkVaries, checkVector, type Numbers} from "../check.js";
import {normalQuantile, normalSurvival} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {sum} from "./summaries.js";

/** One point of a normal quantile plot. */
export interface QuantilePair {
  /** Position of the value in the sample as given. */
  index: number;
  /** Quantile of the standard normal distribution at the value's rank. */
  theoretical: number;
  sample: number;
}

/**
 * Ordered values against normal quantiles, for a Q-Q plot.
 *
 * Plotting positions (i - 3/8) / (n + 1/4). Source: Blom 1958, Statistical Estimates and Transformed Beta-Variables.
 *
 * @param values n >= 2 values in any order and unit
 * @throws InputError on fewer than 2 values or one that is not finite
 */
export function normalQuantiles(values: Numbers): QuantilePair[] {
  checkVector(values, "values", 2);
  const order = Array.from(values, (sample, index) => ({index, sample}))
    .sort((a, b) => a.sample - b.sample || a.index - b.index);
  return order.map(({index, sample}, rank) => ({
    index,
    sample,
    theoretical: normalQuantile((rank + 1 - 0.375) / (values.length + 0.25))
  }));
}

/** How straight a normal quantile plot is. */
export interface QuantileCorrelation {
  n: number;
  /** Correlation of the ordered values with their normal quantiles. */
  r: number;
  /** P value of its square, the statistic W' of Shapiro and Francia. */
  p: number;
}

/**
 * Straightness of the normal quantile plot: correlation of its points, tested as Shapiro-Francia statistic W' = r^2.
 *
 * ln(1 - W') is near normal, with mean and SD from polynomials in ln n. Heavy tails show here before they do in W.
 * Source: Shapiro and Francia 1972, Journal of the American Statistical Association 67, 215; p value: Royston 1993, A
 * toolkit for testing for non-normality, The Statistician 42, 37.
 *
 * @param values 5 to 5000 values, in any order
 * @throws InputError on another number of values, a value that is not finite, values that are all the same
 */
export function quantileCorrelation(values: Numbers): QuantileCorrelation {
  checkVector(values, "values", 5);
  const n = values.length;
  if (n > 5000) {
    throw new InputError({code: "too-many-values", field: "length of values", value: n, expected: "at most 5000"});
  }
  checkVaries(values, "values");
  const points = normalQuantiles(values);
  // Scaled by the range first, so that squares neither overflow nor vanish.
  const least = points[0].sample;
  const range = points[n - 1].sample - least;
  const scaled = points.map(({sample}) => (sample - least) / range);
  const centre = sum(scaled) / n;
  const along = points.map(({theoretical}) => theoretical);
  const products = sum(along.map((m, i) => m * (scaled[i] - centre)));
  const squares = sum(along.map((m) => m * m)) * sum(scaled.map((x) => (x - centre) * (x - centre)));
  const rest = Math.max(0, (Math.sqrt(squares) - products) * (Math.sqrt(squares) + products) / squares);
  if (rest === 0) return {n, r: 1, p: 1};
  const u = ln(n);
  const v = ln(u);
  const z = (ln(rest) - (-1.2725 + 1.0521 * (v - u))) / (1.0308 - 0.26758 * (v + 2 / u));
  return {n, r: Math.sqrt(1 - rest), p: normalSurvival(z)};
}
