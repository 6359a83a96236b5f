import {exp, gammainc, gammaincinv} from "../../generated/vendor/special.js";
import {checkPositive, checkProbability} from "../check.js";
import {InputError} from "../errors.js";
import {logGammaPrefactor} from "../numerics/log-gamma-density.js";
import {remembered} from "../numerics/remembered.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {normalQuantile} from "./normal.js";

// The chi-square distribution by the incomplete gamma function (Abramowitz and Stegun 1964, 26.4.19). Above LARGE
// degrees of freedom the library's incomplete gamma function loses digits (near x = a its expansion for large a is off
// by up to 16 %), so there the series and the continued fraction are summed here.
const LARGE = 200;

/**
 * P(X <= x) of the chi-square distribution.
 *
 * @param x any number; negative ones give 0
 * @param df degrees of freedom, > 0, whole or not
 * @throws InputError on df <= 0 or an x that is no number
 */
export function chiSquareCdf(x: number, df: number): number {
  check(x, df);
  if (x <= 0) return 0;
  if (x === Infinity) return 1;
  if (df <= LARGE) return gammainc(0.5 * x, 0.5 * df);
  return x <= df ? lowerSeries(0.5 * x, 0.5 * df) : 1 - upperFraction(0.5 * x, 0.5 * df);
}

/** P(X > x) of the chi-square distribution, as its own tail; arguments and errors as {@link chiSquareCdf}. */
export function chiSquareSurvival(x: number, df: number): number {
  check(x, df);
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  if (df <= LARGE) return gammainc(0.5 * x, 0.5 * df, true, true);
  return x <= df ? 1 - lowerSeries(0.5 * x, 0.5 * df) : upperFraction(0.5 * x, 0.5 * df);
}

/**
 * The x with P(X <= x) = p.
 *
 * @param p probability in [0, 1]; 0 and 1 give 0 and Infinity
 * @param df degrees of freedom, > 0
 * @throws InputError when p is no probability or df <= 0
 */
export function chiSquareQuantile(p: number, df: number): number {
  checkProbability(p, "p");
  checkPositive(df, "df");
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  return quantileOf(p, df);
}

const quantileOf = remembered((p: number, df: number): number => {
  if (df <= LARGE) return 2 * gammaincinv(p, 0.5 * df);
  // Start: Wilson and Hilferty 1931, doi:10.1073/pnas.17.12.684.
  const root = 1 - 2 / (9 * df) + normalQuantile(p) * Math.sqrt(2 / (9 * df));
  const guess = Math.max(df * root * root * root, 1e-300);
  const excess = p < 0.5
    ? (x: number) => chiSquareCdf(x, df) - p
    : (x: number) => 1 - p - chiSquareSurvival(x, df);
  const [lower, upper] = bracketIncreasing(excess, guess, 1e-3 * Math.sqrt(df), 0);
  return findRoot(excess, lower, upper);
});

/** Lower regularised incomplete gamma function, by the series of Abramowitz and Stegun 6.5.29; for x <= a. */
function lowerSeries(x: number, a: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum * exp(logGammaPrefactor(x, a));
}

/** Upper regularised incomplete gamma function, by Legendre's continued fraction (6.5.31, even part), x >= a. */
function upperFraction(x: number, a: number): number {
  // Lentz's forward evaluation; no term vanishes for x >= a > 1.
  let b = x + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let value = d;
  for (let k = 1; ; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return value * exp(logGammaPrefactor(x, a));
}

function check(x: number, df: number): void {
  checkPositive(df, "df");
  if (Number.isNaN(x)) throw new InputError({code: "not-a-number", field: "x", value: x, expected: "a number"});
}
