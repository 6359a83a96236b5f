import {checkSameLength, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {levelOf, multiplierOf, type CoverageOptions} from "./estimate.js";
import {checkReplicates, limitsOfTerms, withinVariance, type LimitsOfTerms} from "./replicate-parts.js";
import {sum} from "./summaries.js";

/** Bias and limits of agreement from pairs within subjects whose true value varies; the bias counts each pair once. */
export interface LimitsOfVaryingValues extends LimitsOfTerms {
  /** Number of pairs. */
  pairs: number;
  /** Mean of each pair, subjects in order: the abscissa of a plot. */
  means: number[];
  /** First method minus second of each pair, in the same order. */
  differences: number[];
  /** Mean squares of the differences within and between subjects. */
  withinMeanSquare: number;
  betweenMeanSquare: number;
  /** (N^2 - sum m^2) / ((n - 1) N), the divisor of the between-subject component; m if all subjects have m pairs. */
  effectiveCount: number;
  /** Between-subject variance of the differences; may be negative, and is then shown so. */
  betweenVariance: number;
}

/**
 * Limits of agreement from several pairs of each subject, where the true value varies between the pairs.
 *
 * One-way analysis of variance of the pairs' differences; total variance = MSW + (MSB - MSW)/m0
 * = MSB/m0 + (1 - 1/m0) MSW. Intervals: MOVER with the modified large-sample interval of that sum: close to its level
 * for balanced normal data, approximate otherwise, since MSB is then only near a multiple of chi-square.
 * Source: Bland and Altman 2007, doi:10.1080/10543400701329422; intervals: Zou 2013, doi:10.1177/0962280211402548.
 *
 * @param first subjects x pairs, measurements by the first method; rows may differ in length, 1 at least
 * @param second by the second method: `second[i][j]` was measured together with `first[i][j]`
 * @throws InputError on fewer than 2 subjects, rows of unequal lengths, a value that is not finite, no subject with 2
 *   pairs, differences that are the same within every subject, a level or coverage outside (0, 1)
 */
export function limitsOfVaryingValues(
  first: readonly Numbers[], second: readonly Numbers[], options: CoverageOptions = {}
): LimitsOfVaryingValues {
  const level = levelOf(options);
  const multiplier = multiplierOf(options);
  checkReplicates(first, second);
  first.forEach((row, i) => checkSameLength(row, second[i], `first[${i}]`, `second[${i}]`));
  const rows = first.map((row, i) => Array.from(row, (value, j) => value - second[i][j]));
  const within = withinVariance(rows);
  if (within === null) {
    throw new InputError({
      code: "too-few-repeats", field: "pairs of each subject", value: 1, expected: "at least 2 pairs of one subject"
    });
  }
  if (within.variance === 0) {
    throw new InputError({
      code: "constant", field: "differences within subjects", value: 0,
      expected: "differences that vary within at least one subject"
    });
  }
  const n = rows.length;
  const differences = rows.flat();
  const pairs = differences.length;
  const bias = sum(differences) / pairs;
  const squares = sum(rows.map((row) => row.length * row.length));
  const effectiveCount = (pairs * pairs - squares) / ((n - 1) * pairs);
  const withinMeanSquare = within.variance;
  const betweenMeanSquare = sum(rows.map((row) => {
    const distance = sum(row) / row.length - bias;
    return row.length * distance * distance;
  })) / (n - 1);
  const betweenVariance = (betweenMeanSquare - withinMeanSquare) / effectiveCount;
  // A negative component counts as none in the standard error, which then is that of independent pairs.
  const se = Math.sqrt(Math.max(0, betweenVariance) * squares / (pairs * pairs) + withinMeanSquare / pairs);
  const terms = [
    {value: betweenMeanSquare / effectiveCount, df: n - 1},
    {value: (1 - 1 / effectiveCount) * withinMeanSquare, df: within.df}
  ];
  return {
    ...limitsOfTerms(n, {bias, se, terms, multiplier, level}),
    pairs,
    means: first.flatMap((row, i) => Array.from(row, (value, j) => 0.5 * value + 0.5 * second[i][j])),
    differences,
    withinMeanSquare,
    betweenMeanSquare,
    effectiveCount,
    betweenVariance
  };
}
