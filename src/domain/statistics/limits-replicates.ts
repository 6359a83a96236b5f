import type {Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {levelOf, multiplierOf, type CoverageOptions} from "./estimate.js";
import {
  checkReplicates, limitsOfTerms, withinVariance, type LimitsOfTerms, type WithinVariance
} from "./replicate-parts.js";
import {sum, variance} from "./summaries.js";
import type {VarianceTerm} from "./variance-sum-interval.js";

/** Bias and limits of agreement for single measurements, from replicates by both methods. */
export interface LimitsOfReplicates extends LimitsOfTerms {
  /** Means of each subject's two method means, for the abscissa of a plot. */
  means: number[];
  /** Mean by the first method minus mean by the second, one a subject. */
  differences: number[];
  /** Variance of the differences of means. */
  meanDifferenceVariance: number;
  /** Within-subject variance of each method, one value each, null where that method has no replicates. */
  within: {first: WithinVariance | null; second: WithinVariance | null};
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
  checkReplicates(first, second);
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
  const bias = sum(differences) / n;
  return {
    ...limitsOfTerms(n, {bias, se: Math.sqrt(meanDifferenceVariance / n), terms, multiplier, level}),
    means: a.map((value, i) => 0.5 * value + 0.5 * b[i]),
    differences,
    meanDifferenceVariance,
    within
  };
}

function meanOf(row: Numbers): number {
  return sum(row) / row.length;
}
