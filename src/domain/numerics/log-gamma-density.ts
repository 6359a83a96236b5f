import {gammaln, ln} from "../../generated/vendor/special.js";

/**
 * The Stirling remainder lnGamma(a) - [(a - 1/2) ln a - a + ln(2 pi)/2].
 *
 * Densities need a ln a - a - lnGamma(a), a small difference of large terms: for a = 50000 the plain difference keeps
 * eleven digits only, the remainder keeps them all.
 * Source: Abramowitz and Stegun 1964, 6.1.41.
 */
export function stirlingRemainder(a: number): number {
  if (a < 12) return gammaln(a) - ((a - 0.5) * ln(a) - a + 0.5 * ln(2 * Math.PI));
  const r = 1 / (a * a);
  return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360)))))) / a;
}

/** m - ln(1 + m), accurate also where m is small and the two nearly cancel; m > -1. */
export function excessOverLog(m: number): number {
  if (Math.abs(m) > 0.15) return m - ln(1 + m);
  let term = m * m;
  let sum = 0.5 * term;
  for (let k = 3; k < 40; k++) {
    term *= -m;
    const next = sum + term / k;
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** ln of x^a e^-x / Gamma(a), for a > 0 and x > 0, without the cancellation of its three large terms. */
export function logGammaPrefactor(x: number, a: number): number {
  return 0.5 * ln(a / (2 * Math.PI)) - stirlingRemainder(a) - a * excessOverLog((x - a) / a);
}
