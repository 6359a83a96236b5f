import {checkVector, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {sum, sumOfSquares} from "./summaries.js";

/** Repeated measurements: one row per subject, its repeats in it; rows may differ in length. */
export type Repeats = readonly Numbers[];

/** The one-way analysis of variance of repeated measurements: within subjects and between them. */
export interface OneWayLayout {
  /** Number of subjects, n. */
  subjects: number;
  /** Number of repeats K when all subjects have the same, else null. */
  repeats: number | null;
  /** Number of measurements. */
  total: number;
  /** Mean of the subjects' means, so that each subject counts once. */
  mean: number;
  subjectMeans: number[];
  subjectVariances: number[];
  /** Degrees of freedom of each subject's variance, K_i - 1. */
  subjectDf: number[];
  /** Sum of squares within subjects. */
  withinSquares: number;
  /** Degrees of freedom within subjects, the sum of K_i - 1: n(K - 1) in a balanced layout. */
  withinDf: number;
  /** Mean square within subjects, MSW. */
  withinMeanSquare: number;
  betweenSquares: number;
  /** n - 1. */
  betweenDf: number;
  /** Mean square between subjects, MSB. */
  betweenMeanSquare: number;
}

/**
 * One-way layout of repeated measurements, subjects as groups.
 *
 * Source: Snedecor and Cochran 1989, Statistical Methods, chapter 12.
 *
 * @param values subjects x repeats; at least 2 subjects, each with at least 2 repeats
 * @throws InputError on fewer than 2 subjects, a subject with one repeat, a value that is not finite (named by subject
 *   and repeat), or repeats that all agree exactly
 */
export function oneWayLayout(values: Repeats, field = "values"): OneWayLayout {
  checkRepeats(values, field);
  const subjects = values.length;
  const counts = values.map((row) => row.length);
  const total = sum(counts);
  const subjectMeans = values.map((row) => sum(row) / row.length);
  const squares = values.map((row) => sumOfSquares(row));
  const subjectDf = counts.map((count) => count - 1);
  const withinSquares = sum(squares);
  const withinDf = total - subjects;
  if (withinSquares === 0) {
    throw new InputError({
      code: "constant", field: `repeats in ${field}`, value: 0, expected: "repeats that differ in at least one subject"
    });
  }
  const centre = sum(subjectMeans) / subjects;
  const grand = centre + sum(subjectMeans.map((m, i) => counts[i] * (m - centre))) / total;
  const betweenSquares = sum(subjectMeans.map((m, i) => counts[i] * (m - grand) * (m - grand)));
  return {
    subjects,
    repeats: counts.every((count) => count === counts[0]) ? counts[0] : null,
    total,
    mean: centre,
    subjectMeans,
    subjectVariances: squares.map((square, i) => square / subjectDf[i]),
    subjectDf,
    withinSquares,
    withinDf,
    withinMeanSquare: withinSquares / withinDf,
    betweenSquares,
    betweenDf: subjects - 1,
    betweenMeanSquare: betweenSquares / (subjects - 1)
  };
}

/** Rejects fewer than 2 subjects and, subject by subject, fewer than 2 repeats or whatever else `checkRow` rejects. */
export function checkRepeats(
  values: Repeats, field: string, checkRow: (row: Numbers, i: number) => void = () => {}
): void {
  if (!Array.isArray(values)) {
    throw new InputError({code: "not-a-table", field, value: values, expected: "an array of subjects' repeats"});
  }
  if (values.length < 2) {
    throw new InputError({
      code: "too-few-subjects", field: `subjects in ${field}`, value: values.length, expected: "at least 2 subjects"
    });
  }
  values.forEach((row, i) => {
    checkVector(row, `${field}[${i}]`, 1);
    if (row.length < 2) {
      throw new InputError({
        code: "too-few-repeats", field: `repeats in ${field}[${i}]`, value: row.length,
        expected: "at least 2 repeats of each subject"
      });
    }
    checkRow(row, i);
  });
}
