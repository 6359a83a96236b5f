import {exp, expm1, ln} from "../../generated/vendor/special.js";
import {checkFinite, checkPositive, checkProbability} from "../check.js";
import {integrate} from "../numerics/quadrature.js";
import {stirlingRemainder} from "../numerics/log-gamma-density.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {logNormalCdf, normalCdf, normalQuantile, normalSurvival} from "./normal.js";

/**
 * P(T <= t) of the noncentral t distribution: T = (Z + ncp) / S with Z standard normal and df S^2 chi-square.
 *
 * Integrates P(Z <= t s - ncp) over the density of u = ln S by adaptive quadrature, in logarithms until the last step
 * and only where the integrand matters, so that it holds for any df and ncp (the common series in incomplete beta
 * functions, AS 243, breaks down when exp(-ncp^2/2) underflows: at n near 368 for limits of agreement).
 * Source: Johnson, Kotz, Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 31.
 *
 * @param t any finite number
 * @param df degrees of freedom, > 0, whole or not
 * @param ncp noncentrality, any finite number
 * @returns the probability; one below the smallest double is 0
 * @throws InputError on df <= 0 or on numbers that are not finite
 */
export function noncentralTCdf(t: number, df: number, ncp: number): number {
  check(t, df, ncp);
  if (t === 0) return normalCdf(-ncp);
  if (t < 0) return tail(-t, df, -ncp, -1);
  return tail(t, df, ncp, 1);
}

/** P(T > t) of the noncentral t distribution, as its own tail; arguments and errors as {@link noncentralTCdf}. */
export function noncentralTSurvival(t: number, df: number, ncp: number): number {
  check(t, df, ncp);
  if (t === 0) return normalSurvival(-ncp);
  if (t < 0) return tail(-t, df, -ncp, 1);
  return tail(t, df, ncp, -1);
}

/**
 * The t with P(T <= t) = p of the noncentral t distribution, by root finding on the nearer tail.
 *
 * @param p probability in [0, 1]; 0 and 1 give -Infinity and Infinity
 * @param df degrees of freedom, > 0
 * @param ncp noncentrality, any finite number
 * @throws InputError when p is no probability, df <= 0 or ncp is not finite
 */
export function noncentralTQuantile(p: number, df: number, ncp: number): number {
  checkProbability(p, "p");
  check(0, df, ncp);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const excess = p < 0.5
    ? (t: number) => noncentralTCdf(t, df, ncp) - p
    : (t: number) => 1 - p - noncentralTSurvival(t, df, ncp);
  const spread = Math.sqrt(1 + ncp * ncp / (2 * df));
  const guess = ncp + normalQuantile(p) * spread;
  const [lower, upper] = bracketIncreasing(excess, guess, 0.1 * spread);
  return findRoot(excess, lower, upper, 1e-13);
}

/** Largest drop of the logarithm below its peak that can still matter in the sixteenth digit of the integral. */
const NEGLIGIBLE = 45;

/** Integral of P(sign Z <= sign (t s - ncp)) over the density of ln S; t > 0. */
function tail(t: number, df: number, ncp: number, sign: 1 | -1): number {
  const a = 0.5 * df;
  const constant = ln(2) + 0.5 * ln(a / (2 * Math.PI)) - stirlingRemainder(a);
  const log = (u: number) => constant - a * excess(2 * u) + logNormalCdf(sign * (t * exp(u) - ncp));
  // Outside these ends the density of ln S alone is below the smallest double.
  const least = -(800 / df) - 2;
  const most = 0.5 * ln(1 + 800 / a) + 1;
  const peak = maximum(log, least, most);
  const top = log(peak);
  const from = edge(log, peak, least, top - NEGLIGIBLE);
  const to = edge(log, peak, most, top - NEGLIGIBLE);
  // The normal factor turns from 0 to 1 where t s = ncp: a panel ends there, lest a steep turn be missed.
  const turn = ncp > 0 ? ln(ncp / t) : Infinity;
  const ends = turn > from && turn < to ? [from, peak, turn, to].sort((x, y) => x - y) : [from, peak, to];
  const points: number[] = [from];
  for (let i = 0; i + 1 < ends.length; i++) {
    for (let k = 1; k <= 4; k++) points.push(ends[i] + (ends[i + 1] - ends[i]) * k / 4);
  }
  // The peak is taken out, so that no panel underflows however small the result.
  return Math.min(1, exp(top) * integrate((u) => exp(log(u) - top), points));
}

/** e^y - 1 - y without cancellation near 0. */
function excess(y: number): number {
  if (Math.abs(y) > 0.3) return expm1(y) - y;
  let term = 0.5 * y * y;
  let sum = term;
  for (let k = 3; k < 30; k++) {
    term *= y / k;
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** Place of the maximum of a function with one peak, by golden sections. */
function maximum(f: (u: number) => number, least: number, most: number): number {
  const golden = 0.6180339887498949;
  let a = least;
  let b = most;
  let x = b - golden * (b - a);
  let y = a + golden * (b - a);
  let fx = f(x);
  let fy = f(y);
  while (b - a > 1e-7 * (1 + Math.abs(a))) {
    if (fx >= fy) {
      b = y;
      y = x;
      fy = fx;
      x = b - golden * (b - a);
      fx = f(x);
    } else {
      a = x;
      x = y;
      fx = fy;
      y = a + golden * (b - a);
      fy = f(y);
    }
  }
  return 0.5 * (a + b);
}

/** Where the function, falling from its peak towards `end`, passes the level; `end` itself when it never does. */
function edge(f: (u: number) => number, peak: number, end: number, level: number): number {
  if (f(end) > level) return end;
  let inside = peak;
  let outside = end;
  for (let i = 0; i < 60 && Math.abs(outside - inside) > 0.02 * Math.abs(outside - peak); i++) {
    const middle = 0.5 * (inside + outside);
    if (f(middle) > level) inside = middle;
    else outside = middle;
  }
  return outside;
}

function check(t: number, df: number, ncp: number): void {
  checkFinite(t, "t");
  checkPositive(df, "df");
  checkFinite(ncp, "ncp");
}
