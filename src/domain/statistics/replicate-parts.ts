// What is shared by methods that read several measurements of each subject by two methods.
import {checkSameLength, checkVector, type Numbers} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import type {Estimate} from "./estimate.js";
import type {LimitIntervals} from "./limits-approximate.js";
import {limitsMoverOfTerms, type MoverSummary} from "./limits-mover.js";
import {sum, sumOfSquares} from "./summaries.js";
import {varianceSumInterval} from "./variance-sum-interval.js";

/** Within-subject variance of one method. */
export interface WithinVariance {
  variance: number;
  /** Number of measurements minus number of subjects. */
  df: number;
  /** Mean of 1/m over the subjects, m their replicates: the variance of a mean is this times `variance`. */
  inverseCount: number;
}

/** Bias and limits of agreement where the variance of a difference is a sum of mean squares. */
export interface LimitsOfTerms {
  /** Number of subjects. */
  n: number;
  /** Mean difference, with its t interval on n - 1 degrees of freedom. */
  bias: Estimate;
  /** Standard error of the bias. */
  se: number;
  /** SD of the difference between single measurements, with the modified large-sample interval. */
  sd: Estimate;
  limits: {lower: number; upper: number};
  /** MOVER intervals of the limits. */
  mover: LimitIntervals;
  multiplier: number;
  level: number;
}

/** Limits of agreement from a bias with its standard error and the terms of a difference's variance. */
export function limitsOfTerms(n: number, summary: MoverSummary): LimitsOfTerms {
  const {bias, se, terms, multiplier, level} = summary;
  const half = studentTQuantile((1 + level) / 2, n - 1) * se;
  const total = varianceSumInterval(terms, level);
  const sd = Math.sqrt(total.value);
  return {
    n,
    bias: {value: bias, lower: bias - half, upper: bias + half, level},
    se,
    sd: {value: sd, lower: Math.sqrt(total.lower), upper: Math.sqrt(total.upper), level},
    limits: {lower: bias - multiplier * sd, upper: bias + multiplier * sd},
    mover: limitsMoverOfTerms(summary),
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

/**
 * Rejects what is not two subjects at least, the same by both methods, each with at least one finite value by either.
 *
 * @param names what the two are called in the message
 */
export function checkReplicates(
  first: readonly Numbers[], second: readonly Numbers[], names: readonly [string, string] = ["first", "second"]
): void {
  checkRows(first, names[0]);
  checkRows(second, names[1]);
  checkSameLength(first.map(({length}) => length), second.map(({length}) => length), ...names);
}

function checkRows(rows: readonly Numbers[], field: string): void {
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
