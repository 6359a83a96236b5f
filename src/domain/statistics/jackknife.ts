import {checkVector} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import type {Estimate} from "./estimate.js";
import {standardDeviation} from "./summaries.js";

/** An estimate with its jackknife standard error and interval. */
export interface JackknifeEstimate extends Estimate {
  standardError: number;
}

/**
 * Jackknife interval of a statistic: estimate -+ t(df) SE, from its values with one unit left out each time.
 *
 * SE is the standard error of the mean of the pseudo-values n value - (n - 1) value without i.
 * Source: Tukey 1958, Annals of Mathematical Statistics 29, 614; with t on n - 2 for regression lines: Linnet 1990,
 * doi:10.1002/sim.4780091210.
 *
 * @param value the statistic of all n units
 * @param without the statistic without unit 1, 2, ..., n
 * @param df degrees of freedom of t
 * @throws InputError on fewer than 2 units or a value that is not finite
 */
export function jackknifeInterval(
  value: number, without: readonly number[], df: number, level: number
): JackknifeEstimate {
  checkVector(without, "without", 2);
  const n = without.length;
  const standardError = (n - 1) * standardDeviation(without) / Math.sqrt(n);
  const half = studentTQuantile((1 + level) / 2, df) * standardError;
  return {value, lower: value - half, upper: value + half, level, standardError};
}
