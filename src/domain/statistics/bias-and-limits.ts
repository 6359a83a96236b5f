import {checkOneOf, checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {normalCdf} from "../distributions/normal.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, multiplierOf, type CoverageOptions, type Estimate, type Interval} from "./estimate.js";
import {limitsApproximate, limitStandardError, type LimitIntervals, type LimitsSummary} from "./limits-approximate.js";
import {limitsExact, type ExactLimitFactors} from "./limits-exact.js";
import {exactPairFactors} from "./limits-exact-pair.js";
import {limitsMover} from "./limits-mover.js";
import {mean, standardDeviation} from "./summaries.js";

/** What stands on the abscissa: the mean of both methods, or the second method, taken as the reference. */
export type Abscissa = "mean" | "reference";

/** Bias and limits of agreement of one sample of differences, in the differences' unit. */
export interface LimitsOfDifferences {
  /** Number of differences. */
  n: number;
  /** Mean difference, with its t interval on n - 1 degrees of freedom. */
  bias: Estimate;
  /** SD of the differences, with its chi-square interval. */
  sd: Estimate;
  /** Standard error of the bias. */
  se: number;
  /** Limits of agreement, bias -+ multiplier SD. */
  limits: {lower: number; upper: number};
  /** Approximate standard error of either limit (1999). */
  limitSe: number;
  /** Intervals of each limit alone, three ways. */
  approximate: LimitIntervals;
  mover: LimitIntervals;
  exact: LimitIntervals;
  /** Exact interval of both limits as a pair: factors, and bias -+ factor SD. */
  pair: {factors: Readonly<ExactLimitFactors>; content: number; lower: Interval; upper: Interval};
  multiplier: number;
  level: number;
}

/** Bias and limits of agreement between two methods; everything in the measurements' unit. */
export interface BiasAndLimits extends LimitsOfDifferences {
  /** Means of the pairs, for the abscissa of a Bland-Altman plot. */
  means: number[];
  /** First method minus second. */
  differences: number[];
}

/** Settings of every kind of limits of agreement. */
export interface LimitsOptions extends CoverageOptions {
  /** Default "mean". */
  abscissa?: Abscissa;
}

/**
 * Bias and 95 % limits of agreement of two methods that measured the same subjects once each.
 *
 * Supposes independent subjects and normal differences whose mean and spread do not depend on the size measured.
 * Source: Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8; intervals of the limits: Bland and Altman 1999
 * (approximate), Zou 2013 (MOVER), Carkeet 2015 (exact, single and pair), each in its own file.
 *
 * @param first measurements by the first method, one a subject
 * @param second by the second method, in the same order and unit
 * @throws InputError on fewer than 2 pairs, unequal lengths, a value that is not finite, differences that are all the
 *   same, a level or coverage outside (0, 1)
 */
export function biasAndLimits(first: Numbers, second: Numbers, options: CoverageOptions = {}): BiasAndLimits {
  checkPairs(first, second, 2);
  const differences = Array.from(first, (value, i) => value - second[i]);
  return {means: abscissaOf(first, second, "mean"), differences, ...limitsOfDifferences(differences, options)};
}

/**
 * Bias and limits of agreement of differences that are there already: of pairs, of logarithms, of ratios.
 *
 * @param differences one a subject
 * @throws InputError on fewer than 2, a value that is not finite, differences that are all the same, a level or
 *   coverage outside (0, 1)
 */
export function limitsOfDifferences(differences: Numbers, options: CoverageOptions = {}): LimitsOfDifferences {
  const level = levelOf(options);
  const multiplier = multiplierOf(options);
  checkVector(differences, "differences", 2);
  checkVaries(differences, "differences");
  const n = differences.length;
  const bias = mean(differences);
  const sd = standardDeviation(differences);
  const se = sd / Math.sqrt(n);
  const half = studentTQuantile((1 + level) / 2, n - 1) * se;
  const summary: LimitsSummary = {n, bias, sd, multiplier, level};
  const content = options.multiplier === "1.96" ? 1 - 2 * normalCdf(-1.96) : options.coverage ?? 0.95;
  const factors = exactPairFactors(n, content, level);
  return {
    n,
    bias: {value: bias, lower: bias - half, upper: bias + half, level},
    sd: chiSquareInterval(sd, n - 1, level),
    se,
    limits: {lower: bias - multiplier * sd, upper: bias + multiplier * sd},
    limitSe: limitStandardError(summary),
    approximate: limitsApproximate(summary),
    mover: limitsMover(summary),
    exact: limitsExact(summary),
    pair: {
      factors,
      content,
      lower: {lower: bias - factors.outer * sd, upper: bias - factors.inner * sd, level},
      upper: {lower: bias + factors.inner * sd, upper: bias + factors.outer * sd, level}
    },
    multiplier,
    level
  };
}

/**
 * Values for the abscissa of a Bland-Altman plot.
 *
 * The mean is the default: a difference plotted against either method alone slopes wherever that method has errors
 * (Bland and Altman 1995, doi:10.1016/S0140-6736(95)91748-9). A reference without error of its own, as a phantom's
 * known value, belongs on the abscissa itself.
 */
export function abscissaOf(first: Numbers, second: Numbers, abscissa: Abscissa = "mean"): number[] {
  checkOneOf(abscissa, "abscissa", ["mean", "reference"]);
  return Array.from(first, (value, i) => abscissa === "reference" ? second[i] : 0.5 * value + 0.5 * second[i]);
}

/** Rejects what are not two columns of at least `minimum` finite measurements of the same subjects. */
export function checkPairs(
  first: Numbers, second: Numbers, minimum: number, names: readonly [string, string] = ["first", "second"]
): void {
  checkVector(first, names[0], minimum);
  checkVector(second, names[1], minimum);
  checkSameLength(first, second, ...names);
}
