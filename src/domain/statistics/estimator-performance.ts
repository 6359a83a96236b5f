import {checkCount, checkFinite, checkPositive, checkSameLength, type Numbers} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {levelOf, type LevelOptions} from "./estimate.js";
import {sum} from "./summaries.js";

/** What an estimator gave of one quantity in repeats of the same experiment. */
export interface RepeatedEstimates {
  truth: number;
  /** One for each repeat; one that is not finite is no estimate. */
  estimates: Numbers;
  /** The standard deviation that each repeat reports; one that is not finite and above 0 makes no interval. */
  standardDeviations: Numbers;
  /** Half width of an interval over its standard deviation, as {@link intervalFactor} gives it. */
  factor: number;
}

/** How an estimator did; null where no repeat says anything. */
export interface EstimatorPerformance {
  repeats: number;
  /** Repeats with an estimate: what mean, bias, SD and RMSE are of. */
  estimated: number;
  mean: number | null;
  /** Mean of the estimates less the truth. */
  bias: number | null;
  /** Of the bias, by the spread of the estimates. */
  biasStandardError: number | null;
  /** Sample standard deviation of the estimates, divisor n - 1. */
  sd: number | null;
  /** Root of the mean squared difference from the truth. */
  rmse: number | null;
  /** Repeats with an interval. */
  intervals: number;
  /** Share of the intervals that hold the truth. */
  coverage: number | null;
}

/**
 * Half width of a two-sided interval in standard deviations of the estimate.
 *
 * @param df degrees of freedom on which the noise was estimated; null where its standard deviation is known
 * @throws InputError on df <= 0 or a level outside (0, 1)
 */
export function intervalFactor(df: number | null, options: LevelOptions = {}): number {
  const tail = (1 - levelOf(options)) / 2;
  return df === null ? -normalQuantile(tail) : -studentTQuantile(tail, df);
}

/**
 * By how much the coverage of exact intervals strays from their level by chance: the half width of the interval, of that
 * level itself, of the share of so many repeats (normal approximation of the binomial distribution).
 *
 * @throws InputError on fewer than 1 repeat or a level outside (0, 1)
 */
export function coverageMargin(repeats: number, options: LevelOptions = {}): number {
  checkCount(repeats, "repeats", 1);
  const level = levelOf(options);
  return intervalFactor(null, {level}) * Math.sqrt((level * (1 - level)) / repeats);
}

/**
 * Bias, spread, root-mean-square error and interval coverage of an estimator over repeats with a known truth.
 *
 * Source: the definitions in Morris, White and Crowther 2019, Using simulation studies to evaluate statistical methods,
 * doi:10.1002/sim.8086, table 6.
 *
 * @throws InputError on unequal lengths, a truth that is not finite, or a factor that is not above 0
 */
export function estimatorPerformance(repeated: RepeatedEstimates): EstimatorPerformance {
  const {truth, estimates, standardDeviations, factor} = repeated;
  checkFinite(truth, "truth");
  checkSameLength(estimates, standardDeviations, "estimates", "standardDeviations");
  checkPositive(factor, "factor");
  const errors: number[] = [];
  let intervals = 0;
  let covering = 0;
  for (let i = 0; i < estimates.length; i++) {
    const error = estimates[i] - truth;
    if (!Number.isFinite(error)) continue;
    errors.push(error);
    const sd = standardDeviations[i];
    if (!(Number.isFinite(sd) && sd > 0)) continue;
    intervals += 1;
    if (Math.abs(error) <= factor * sd) covering += 1;
  }
  const n = errors.length;
  const bias = n === 0 ? null : sum(errors) / n;
  const spread = n < 2 ? null : Math.sqrt(sum(errors.map((error) => (error - bias!) ** 2)) / (n - 1));
  return {
    repeats: estimates.length,
    estimated: n,
    mean: bias === null ? null : truth + bias,
    bias,
    biasStandardError: spread === null ? null : spread / Math.sqrt(n),
    sd: spread,
    rmse: n === 0 ? null : Math.sqrt(sum(errors.map((error) => error * error)) / n),
    intervals,
    coverage: intervals === 0 ? null : covering / intervals
  };
}
