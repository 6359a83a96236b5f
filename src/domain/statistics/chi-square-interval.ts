import {checkFinite, checkPositive} from "../check.js";
import {chiSquareQuantile} from "../distributions/chi-square.js";
import type {Estimate} from "./estimate.js";

/**
 * Confidence interval of a standard deviation, or of anything proportional to one, by the chi-square distribution.
 *
 * s sqrt(df / chi2(1 - alpha/2)) to s sqrt(df / chi2(alpha/2)), equal tails.
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; exact for normal errors.
 *
 * @param value the estimate, on the scale of a standard deviation
 * @param df degrees of freedom of its variance, > 0; not whole where Satterthwaite gives them
 * @param level two-sided confidence level
 */
export function chiSquareInterval(value: number, df: number, level: number): Estimate {
  checkFinite(value, "value");
  checkPositive(df, "df");
  const tail = (1 - level) / 2;
  return {
    value,
    lower: value * Math.sqrt(df / chiSquareQuantile(1 - tail, df)),
    upper: value * Math.sqrt(df / chiSquareQuantile(tail, df)),
    level
  };
}
