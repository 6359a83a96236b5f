import {betaincinv, exp} from "../../generated/vendor/special.js";
import {checkPositive, checkProbability} from "../check.js";
import {InputError} from "../errors.js";
import {incompleteBeta, logBetaPrefactor} from "../numerics/incomplete-beta.js";
import {remembered} from "../numerics/remembered.js";

// The F distribution by the incomplete beta function (Abramowitz and Stegun 1964, 26.6.2).

/**
 * P(F <= f) of the F distribution.
 *
 * @param f any number; negative ones give 0
 * @param df1 degrees of freedom of the numerator, > 0
 * @param df2 degrees of freedom of the denominator, > 0
 * @throws InputError on degrees of freedom <= 0 or an f that is no number
 */
export function fCdf(f: number, df1: number, df2: number): number {
  check(f, df1, df2);
  if (f <= 0) return 0;
  if (f === Infinity) return 1;
  const [x, y] = shares(f, df1, df2);
  return incompleteBeta(x, y, 0.5 * df1, 0.5 * df2);
}

/** P(F > f) of the F distribution, as its own tail; arguments and errors as {@link fCdf}. */
export function fSurvival(f: number, df1: number, df2: number): number {
  check(f, df1, df2);
  if (f <= 0) return 1;
  if (f === Infinity) return 0;
  const [x, y] = shares(f, df1, df2);
  return incompleteBeta(y, x, 0.5 * df2, 0.5 * df1);
}

/**
 * The f with P(F <= f) = p.
 *
 * @param p probability in [0, 1]; 0 and 1 give 0 and Infinity
 * @param df1 degrees of freedom of the numerator, > 0
 * @param df2 degrees of freedom of the denominator, > 0
 * @throws InputError when p is no probability or degrees of freedom are <= 0
 */
export function fQuantile(p: number, df1: number, df2: number): number {
  checkProbability(p, "p");
  checkPositive(df1, "df1");
  checkPositive(df2, "df2");
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  return quantileOf(p, df1, df2);
}

const quantileOf = remembered((p: number, df1: number, df2: number): number => {
  // Both shares are inverted on their own, since 1 - x has no digits left when x is near 1.
  const share = betaincinv(p, 0.5 * df1, 0.5 * df2);
  const rest = betaincinv(p, 0.5 * df2, 0.5 * df1, true);
  let f = (df2 * share) / (df1 * rest);
  // The library's inverse is good to nine digits; two Newton steps on our own tails give the others.
  for (let i = 0; i < 2; i++) {
    const [x, y] = shares(f, df1, df2);
    const density = exp(logBetaPrefactor(x, y, 0.5 * df1, 0.5 * df2)) / f;
    const excess = p < 0.5 ? fCdf(f, df1, df2) - p : 1 - p - fSurvival(f, df1, df2);
    const next = f - excess / density;
    if (!(next > 0.5 * f && next < 2 * f)) break;
    f = next;
  }
  return f;
});

function shares(f: number, df1: number, df2: number): [number, number] {
  const a = df1 * f;
  return [a / (a + df2), df2 / (a + df2)];
}

function check(f: number, df1: number, df2: number): void {
  checkPositive(df1, "df1");
  checkPositive(df2, "df2");
  if (Number.isNaN(f)) throw new InputError({code: "not-a-number", field: "f", value: f, expected: "a number"});
}
