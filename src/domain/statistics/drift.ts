import {fSurvival} from "../distributions/f.js";
import {studentTQuantile, studentTSurvival} from "../distributions/student-t.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import type {Repeats} from "./one-way-layout.js";
import {mean, standardDeviation} from "./summaries.js";
import {twoWayLayout} from "./two-way-layout.js";
import {withinSubjectSd, type WithinSubjectSd} from "./within-subject-sd.js";

/** A repeat's mean difference from the first repeat. */
export interface DriftStep extends Estimate {
  standardError: number;
  /** Two-sided p value of the paired t test. */
  p: number;
}

/** Drift between repeats, apart from their scatter. */
export interface Drift {
  /** Subjects, n. */
  subjects: number;
  /** Repeats, K. */
  repeats: number;
  /** Mean of each repeat. */
  means: number[];
  /** Each later repeat minus the first, with paired t intervals that are not adjusted for their number. */
  steps: DriftStep[];
  /** Repeated-measures F test that the K means are one; with two repeats the square of the paired t. */
  f: number;
  df1: number;
  df2: number;
  p: number;
  /** wSD with the drift in it, on n(K - 1) degrees of freedom. */
  wsd: WithinSubjectSd;
  /** wSD with the drift taken out: the root of the residual mean square, on (n - 1)(K - 1) degrees of freedom. */
  wsdWithoutDrift: WithinSubjectSd;
}

/**
 * Drift: whether later repeats are on average higher or lower than the first, and wSD with and without it.
 *
 * The F test supposes normal errors with one variance and, for K > 2, equal correlations between repeats (sphericity).
 * A drift makes wSD larger; without it wSD says what scatter is left, not what a user of the measurement will meet.
 * Source: Winer 1971, Statistical Principles in Experimental Design, chapter 4.
 *
 * @param values n subjects x K repeats in the order in which they were measured, none missing
 * @throws InputError as two-way-layout and within-subject-sd, a level outside (0, 1)
 */
export function drift(values: Repeats, options: LevelOptions = {}): Drift {
  const level = levelOf(options);
  const layout = twoWayLayout(values);
  const {subjects, repeats, columnMeans, columnMeanSquare, errorMeanSquare, columnDf, errorDf} = layout;
  const t = studentTQuantile((1 + level) / 2, subjects - 1);
  const steps = columnMeans.slice(1).map((_, j): DriftStep => {
    const differences = values.map((row) => row[j + 1] - row[0]);
    const value = mean(differences);
    const standardError = standardDeviation(differences) / Math.sqrt(subjects);
    const ratio = value === 0 ? 0 : Math.abs(value) / standardError;
    const p = 2 * studentTSurvival(ratio, subjects - 1);
    return {value, lower: value - t * standardError, upper: value + t * standardError, level, standardError, p};
  });
  const f = columnMeanSquare === 0 ? 0 : columnMeanSquare / errorMeanSquare;
  return {
    subjects, repeats, means: columnMeans, steps, f, df1: columnDf, df2: errorDf, p: fSurvival(f, columnDf, errorDf),
    wsd: withinSubjectSd(values, options),
    wsdWithoutDrift: {...chiSquareInterval(Math.sqrt(errorMeanSquare), errorDf, level), df: errorDf}
  };
}
