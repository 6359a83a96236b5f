import {checkFinite, checkVector} from "../check.js";
import {chiSquareQuantile} from "../distributions/chi-square.js";
import {InputError} from "../errors.js";
import type {Estimate} from "./estimate.js";
import {sum} from "./summaries.js";

/** One term of a sum of variances: a multiple >= 0 of an independent mean square, with its degrees of freedom. */
export interface VarianceTerm {
  /** Multiple times mean square, >= 0. */
  value: number;
  /** Degrees of freedom of the mean square, >= 1. */
  df: number;
}

/**
 * Confidence interval of a sum of variances by the modified large-sample method.
 *
 * Each term's own chi-square interval gives its distance to either end; the distances are joined as a root of the sum
 * of squares. With one term it is that term's exact chi-square interval; with several it covers close to its level
 * where Satterthwaite's falls short.
 * Source: Graybill and Wang 1980, Journal of the American Statistical Association 75, 869.
 *
 * @param terms mean squares times their multiples, at least one above 0
 * @param level two-sided confidence level
 * @returns the sum and its interval, on the scale of variances
 * @throws InputError on no term, a negative or infinite value, degrees of freedom that are not above 0, all values 0
 */
export function varianceSumInterval(terms: readonly VarianceTerm[], level: number): Estimate {
  checkVector(terms.map((term) => term.value), "terms", 1);
  const tail = (1 - level) / 2;
  const total = sum(terms.map((term) => term.value));
  let below = 0;
  let above = 0;
  terms.forEach(({value, df}, i) => {
    checkFinite(df, `terms[${i}].df`);
    if (value < 0) {
      throw new InputError({code: "negative-variance", field: `terms[${i}]`, value, expected: "a number >= 0"});
    }
    if (value === 0) return;
    const down = value * (1 - df / chiSquareQuantile(1 - tail, df));
    const up = value * (df / chiSquareQuantile(tail, df) - 1);
    below += down * down;
    above += up * up;
  });
  if (total === 0) {
    throw new InputError({code: "constant", field: "terms", value: 0, expected: "at least one variance above 0"});
  }
  return {value: total, lower: Math.max(0, total - Math.sqrt(below)), upper: total + Math.sqrt(above), level};
}
