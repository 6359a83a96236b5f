import {checkFinite, checkPositive} from "../check.js";
import {chiSquareQuantile} from "../distributions/chi-square.js";
import {fQuantile} from "../distributions/f.js";
import {InputError} from "../errors.js";
import type {Estimate} from "./estimate.js";
import {sum} from "./summaries.js";
import {varianceSumInterval} from "./variance-sum-interval.js";

/** One term of a combination of mean squares. */
export interface MeanSquareTerm {
  /** Multiple of the mean square, of either sign. */
  weight: number;
  meanSquare: number;
  /** Degrees of freedom, > 0. */
  df: number;
}

/**
 * Confidence interval of a combination of independent mean squares with weights of either sign, as a variance component
 * is, by the modified large-sample method.
 *
 * Without a negative weight it is Graybill and Wang's interval (variance-sum-interval.ts). A pair of a positive and a
 * negative term adds the product that makes the end of their difference zero exactly where the F test of the two
 * rejects; the ends may be negative.
 * Source: Ting, Burdick, Graybill, Jeyaratnam and Lu 1990, Journal of Statistical Computation and Simulation 35, 135;
 * Graybill and Wang 1980, Journal of the American Statistical Association 75, 869.
 *
 * @param level two-sided confidence level
 * @returns the combination and its interval, on the scale of variances
 * @throws InputError on no term of positive weight, a value that is not finite, a negative mean square, degrees of
 *   freedom that are not above 0
 */
export function modifiedLargeSample(terms: readonly MeanSquareTerm[], level: number): Estimate {
  terms.forEach(({weight, meanSquare, df}, i) => {
    checkFinite(weight, `terms[${i}].weight`);
    checkFinite(meanSquare, `terms[${i}].meanSquare`);
    checkPositive(df, `terms[${i}].df`);
    if (meanSquare < 0) {
      throw new InputError({
        code: "negative-variance", field: `terms[${i}].meanSquare`, value: meanSquare, expected: "a number >= 0"
      });
    }
  });
  const plus = terms.filter(({weight}) => weight > 0).map((term) => arms(term, level));
  const minus = terms.filter(({weight}) => weight < 0).map((term) => arms(term, level));
  if (plus.length === 0) {
    throw new InputError({code: "no-term", field: "terms", value: 0, expected: "at least 1 term of positive weight"});
  }
  if (minus.length === 0) {
    return varianceSumInterval(plus.map(({size, df}) => ({value: size, df})), level);
  }
  const tail = (1 - level) / 2;
  const below = [...plus.map(({size, down}) => size * down), ...minus.map(({size, up}) => size * up)];
  const above = [...plus.map(({size, up}) => size * up), ...minus.map(({size, down}) => size * down)];
  let belowSquare = sum(below.map((d) => d * d));
  let aboveSquare = sum(above.map((d) => d * d));
  for (const p of plus) {
    for (const m of minus) {
      const high = fQuantile(1 - tail, p.df, m.df);
      const low = 1 / fQuantile(1 - tail, m.df, p.df);
      const product = p.size * m.size;
      belowSquare += product * ((high - 1) * (high - 1) - p.down * p.down * high * high - m.up * m.up) / high;
      aboveSquare += product * ((1 - low) * (1 - low) - p.up * p.up * low * low - m.down * m.down) / low;
    }
  }
  const value = sum(terms.map(({weight, meanSquare}) => weight * meanSquare));
  return {
    value, lower: value - Math.sqrt(Math.max(0, belowSquare)), upper: value + Math.sqrt(Math.max(0, aboveSquare)), level
  };
}

/** A term's size, and the shares of it that its chi-square interval reaches down and up. */
function arms({weight, meanSquare, df}: MeanSquareTerm, level: number) {
  const tail = (1 - level) / 2;
  return {
    size: Math.abs(weight) * meanSquare, df, down: 1 - df / chiSquareQuantile(1 - tail, df),
    up: df / chiSquareQuantile(tail, df) - 1
  };
}
