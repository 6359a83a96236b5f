import {betainc, betaincinv} from "../../generated/vendor/special.js";
import {checkPositive, checkProbability} from "../check.js";
import {InputError} from "../errors.js";
import {remembered} from "../numerics/remembered.js";

// Student's t distribution by the incomplete beta function (Abramowitz and Stegun 1964, 26.7.1).

/**
 * P(T <= t) of Student's t distribution.
 *
 * @param t any number, infinities included
 * @param df degrees of freedom, > 0, whole or not
 * @throws InputError on df <= 0 or a t that is no number
 */
export function studentTCdf(t: number, df: number): number {
  return studentTSurvival(-t, df);
}

/** P(T > t) of Student's t distribution, as its own tail; arguments and errors as {@link studentTCdf}. */
export function studentTSurvival(t: number, df: number): number {
  checkPositive(df, "df");
  if (Number.isNaN(t)) throw new InputError({code: "not-a-number", field: "t", value: t, expected: "a number"});
  if (!Number.isFinite(t)) return t > 0 ? 0 : 1;
  const square = t * t;
  // The argument is formed from the smaller share, so that it never loses digits as 1 - x.
  const tail = square < df
    ? 0.5 * betainc(square / (df + square), 0.5, 0.5 * df, true, true)
    : 0.5 * betainc(df / (df + square), 0.5 * df, 0.5);
  if (t >= 0) return tail;
  return 1 - tail;
}

/**
 * The t with P(T <= t) = p.
 *
 * @param p probability in [0, 1]; 0 and 1 give -Infinity and Infinity
 * @param df degrees of freedom, > 0
 * @throws InputError when p is no probability or df <= 0
 */
export function studentTQuantile(p: number, df: number): number {
  checkProbability(p, "p");
  checkPositive(df, "df");
  if (p === 0.5) return 0;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  return quantileOf(p, df);
}

const quantileOf = remembered((p: number, df: number): number => {
  const tails = 2 * (p < 0.5 ? p : 1 - p);
  const share = betaincinv(tails, 0.5 * df, 0.5);
  const rest = betaincinv(tails, 0.5, 0.5 * df, true);
  const t = Math.sqrt(df * rest / share);
  return p < 0.5 ? -t : t;
});
