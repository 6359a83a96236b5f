import {checkVaries, type Numbers} from "../check.js";
import {chiSquareQuantile} from "../distributions/chi-square.js";
import {noncentralTCdf, noncentralTSurvival} from "../distributions/noncentral-t.js";
import {InputError} from "../errors.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {mean, standardDeviation} from "./summaries.js";

/** Spread of one sample relative to its mean. */
export interface RelativeSpread {
  n: number;
  mean: number;
  /** Sample SD, divisor n - 1. */
  sd: number;
  /** SD with divisor n, as numpy.std has it. */
  populationSd: number;
  /** SD / mean as a fraction. */
  cv: number;
  /** SD with divisor n, over the mean: smaller by sqrt(1 - 1/n). */
  populationCv: number;
}

/**
 * Mean, SD and coefficient of variation of one sample, with both divisors.
 *
 * @param values at least 2, of a ratio scale
 * @throws InputError on fewer than 2 values, one that is not finite, a mean that is not above 0
 */
export function relativeSpread(values: Numbers): RelativeSpread {
  const sd = standardDeviation(values);
  const n = values.length;
  const centre = mean(values);
  if (!(centre > 0)) {
    throw new InputError({
      code: "not-ratio-scale", field: "mean of values", value: centre,
      expected: "a mean > 0, since a coefficient of variation divides by it"
    });
  }
  const shrink = Math.sqrt(1 - 1 / n);
  return {n, mean: centre, sd, populationSd: sd * shrink, cv: sd / centre, populationCv: sd / centre * shrink};
}

/**
 * Coefficient of variation of one sample, with the sample SD (divisor n - 1), as a fraction.
 *
 * Interval: exact for independent normal values, from the noncentral t distribution of sqrt(n) mean / SD with
 * noncentrality sqrt(n) / CV; its upper end is Infinity where the mean may be 0.
 * Source: Johnson and Welch 1940, doi:10.1093/biomet/31.3-4.362.
 *
 * @param values at least 2, of a ratio scale
 * @throws InputError as relativeSpread, on values that are all the same, a level outside (0, 1)
 */
export function coefficientOfVariation(values: Numbers, options: LevelOptions = {}): Estimate {
  const level = levelOf(options);
  const {n, cv: value} = relativeSpread(values);
  checkVaries(values, "values");
  const root = Math.sqrt(n);
  const t = root / value;
  const tail = (1 - level) / 2;
  // P(T <= t) falls as the noncentrality grows, so each end is a root in it; chi-square alone comes close to it.
  const noncentrality = (excess: (ncp: number) => number, p: number) => {
    const guess = t * Math.sqrt(chiSquareQuantile(p, n - 1) / (n - 1));
    const [low, high] = bracketIncreasing(excess, guess, 1, 0);
    return findRoot(excess, low, high, 1e-10);
  };
  const most = noncentrality((ncp) => tail - noncentralTCdf(t, n - 1, ncp), 1 - tail);
  const reachesZero = noncentralTSurvival(t, n - 1, 0) >= tail;
  const least = reachesZero ? 0 : noncentrality((ncp) => noncentralTSurvival(t, n - 1, ncp) - tail, tail);
  return {value, lower: root / most, upper: least === 0 ? Infinity : root / least, level};
}
