import {checkSameLength, checkVector, type Numbers} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {levelOf, multiplierOf, type CoverageOptions, type Estimate} from "./estimate.js";
import type {LimitIntervals} from "./limits-approximate.js";
import {limitsMoverOfTerms} from "./limits-mover.js";
import {sum, sumOfSquares, variance} from "./summaries.js";
import {varianceSumInterval, type VarianceTerm} from "./variance-sum-interval.js";

/** Bias and limits of agreement for single measurements, from replicates by both methods. */
export interface LimitsOfReplicates {
  /** Number of subjects. */
  n: number;
  /** Means of each subject's two method means, for the abscissa of a plot. */
  means: number[];
  /** Mean by the first method minus mean by the second, one a subject. */
  differences: number[];
  /** Mean of `differences`, with its t interval on n - 1 degrees of freedom. */
  bias: Estimate;
  /** Standard error of the bias. */
  se: number;
  /** Variance of the differences of means. */
  meanDifferenceVariance: number;
  /** Within-subject variance of each method, one value each, null where that method has no replicates. */
  within: {first: WithinVariance | null; second: WithinVariance | null};
  /** SD of the difference between single measurements, with the modified large-sample interval. */
  sd: Estimate;
  limits: {lower: number; upper: number};
  /** MOVER intervals of the limits. */
  mover: LimitIntervals;
  multiplier: number;
  level: number;
}

/** Within-subject variance of one method. */
export interface WithinVariance {
  variance: number;
  /** Number of measurements minus number of subjects. */
  df: number;
  /** Mean of 1/m over the subjects, m their replicates: the variance of a mean is this times `variance`. */
  inverseCount: number;
}

/**
 * Limits of agreement from replicates, where each subject's true value stays the same, by the method means.
 *
 * The variance of a difference between single measurements is that of the means' differences plus
 * (1 - mean(1/m)) times each method's within-subject variance; m need not be equal, nor be the same for both methods.
 * Intervals: MOVER with the modified large-sample interval of that sum, which supposes normal errors and is exact in
 * no case, but covers close to its level from 10 subjects on; the approximate standard error of 1999 ignores how the
 * within-subject variances were estimated, so it is not offered.
 * Source: Bland and Altman 1999, section 5.1, doi:10.1177/096228029900800204; Zou 2013,
 * doi:10.1177/0962280211402548.
 *
 * @param first subjects x replicates by the first method; rows may differ in length, 1 at least
 * @param second the same by the second method, same subjects in the same order
 * @throws InputError on fewer than 2 subjects, unequal numbers of subjects, an empty row, a value that is not finite,
 *   no subject with replicates by either method, no variation at all, a level or coverage outside (0, 1)
 */
export function limitsOfReplicates(
  first: readonly Numbers[], second: readonly Numbers[], options: CoverageOptions = {}
): LimitsOfReplicates {
  const level = levelOf(options);
  const multiplier = multiplierOf(options);
  checkReplicates(first, "first");
  checkReplicates(second, "second");
  checkSameLength(first.map(lengthOf), second.map(lengthOf), "first", "second");
  const n = first.length;
  const a = first.map(meanOf);
  const b = second.map(meanOf);
  const differences = a.map((value, i) => value - b[i]);
  const within = {first: withinVariance(first), second: withinVariance(second)};
  if (within.first === null && within.second === null) {
    throw new InputError({
      code: "too-few-repeats", field: "replicates in first and second", value: 1,
      expected: "at least 2 replicates of one subject by one method"
    });
  }
  const meanDifferenceVariance = variance(differences, "differences of means");
  const terms: VarianceTerm[] = [{value: meanDifferenceVariance, df: n - 1}];
  for (const one of [within.first, within.second]) {
    if (one !== null) terms.push({value: (1 - one.inverseCount) * one.variance, df: one.df});
  }
  const total = varianceSumInterval(terms, level);
  const bias = sum(differences) / n;
  const se = Math.sqrt(meanDifferenceVariance / n);
  const half = studentTQuantile((1 + level) / 2, n - 1) * se;
  const sd = Math.sqrt(total.value);
  return {
    n,
    means: a.map((value, i) => 0.5 * value + 0.5 * b[i]),
    differences,
    bias: {value: bias, lower: bias - half, upper: bias + half, level},
    se,
    meanDifferenceVariance,
    within,
    sd: {value: sd, lower: Math.sqrt(total.lower), upper: Math.sqrt(total.upper), level},
    limits: {lower: bias - multiplier * sd, upper: bias + multiplier * sd},
    mover: limitsMoverOfTerms({bias, se, terms, multiplier, level}),
    multiplier,
    level
  };
}

/** Pooled within-subject variance of one method; null when no subject has replicates. */
export function withinVariance(rows: readonly Numbers[]): WithinVariance | null {
  const df = sum(rows.map((row) => row.length - 1));
  if (df === 0) return null;
  return {
    variance: sum(rows.map((row) => sumOfSquares(row))) / df,
    df,
    inverseCount: sum(rows.map((row) => 1 / row.length)) / rows.length
  };
}

/** Rejects what is not at least two subjects' rows of at least one finite value. */
export function checkReplicates(rows: readonly Numbers[], field: string): void {
  if (!Array.isArray(rows)) {
    throw new InputError({code: "not-a-table", field, value: rows, expected: "an array of subjects' replicates"});
  }
  if (rows.length < 2) {
    throw new InputError({
      code: "too-few-subjects", field: `subjects in ${field}`, value: rows.length, expected: "at least 2 subjects"
    });
  }
  rows.forEach((row, i) => checkVector(row, `${field}[${i}]`, 1));
}

function meanOf(row: Numbers): number {
  return sum(row) / row.length;
}

/** Number of a row's values. */
export function lengthOf(row: Numbers): number {
  return row.length;
}
