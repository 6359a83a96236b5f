import {checkProbability, checkVector, type Numbers} from "../check.js";

/** Sum of a vector with Neumaier's correction, so that its order hardly matters (Neumaier 1974). No checks. */
export function sum(values: Numbers): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? (total - next) + value : (value - next) + total;
    total = next;
  }
  return total + lost;
}

/**
 * Arithmetic mean.
 *
 * @throws InputError on an empty vector or a value that is not finite
 */
export function mean(values: Numbers, field = "values"): number {
  checkVector(values, field, 1);
  return sum(values) / values.length;
}

/** Sum of squared deviations from the mean: two passes, corrected for the mean's rounding. */
export function sumOfSquares(values: Numbers, field = "values"): number {
  const centre = mean(values, field);
  const deviations = Float64Array.from(values, (value) => value - centre);
  const rest = sum(deviations);
  return Math.max(0, sum(deviations.map((d) => d * d)) - rest * rest / values.length);
}

/**
 * Sample variance, divisor n - 1.
 *
 * @throws InputError on fewer than 2 values or a value that is not finite
 */
export function variance(values: Numbers, field = "values"): number {
  checkVector(values, field, 2);
  return sumOfSquares(values, field) / (values.length - 1);
}

/** Sample standard deviation, the root of {@link variance}; same errors. */
export function standardDeviation(values: Numbers, field = "values"): number {
  return Math.sqrt(variance(values, field));
}

/**
 * Sample quantile of type 7: linear between order statistics, the p quantile at rank 1 + (n - 1) p.
 *
 * The default of R's quantile(). Source: Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, definition 7.
 *
 * @param p probability in [0, 1]
 * @throws InputError on an empty vector, a value that is not finite, or p outside [0, 1]
 */
export function quantile(values: Numbers, p: number, field = "values"): number {
  checkVector(values, field, 1);
  checkProbability(p, "p");
  const sorted = Float64Array.from(values).sort();
  const rank = (sorted.length - 1) * p;
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}

/** Median: the {@link quantile} at one half. */
export function median(values: Numbers, field = "values"): number {
  return quantile(values, 0.5, field);
}
