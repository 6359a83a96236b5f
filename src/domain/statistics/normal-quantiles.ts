import {checkVector, type Numbers} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";

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
  const order = Array.from(values, (sample, index) => ({index, sample})).sort((a, b) => a.sample - b.sample || a.index - b.index);
  return order.map(({index, sample}, rank) => ({
    index,
    sample,
    theoretical: normalQuantile((rank + 1 - 0.375) / (values.length + 0.25))
  }));
}
