import {erfc, erfcinv, exp, ln} from "../../generated/vendor/special.js";
import {checkProbability} from "../check.js";
import {InputError} from "../errors.js";
import {excessOverLog} from "../numerics/log-gamma-density.js";

// The standard normal distribution by the complementary error function (Abramowitz and Stegun 1964, 26.2.29).

/** Density of the standard normal distribution at z. */
export function normalDensity(z: number): number {
  return exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** P(Z <= z) of the standard normal distribution; accurate relative to itself down to the smallest double. */
export function normalCdf(z: number): number {
  return 0.5 * erfc(-number(z) / Math.SQRT2);
}

/** P(Z > z) of the standard normal distribution, as its own tail and not as one minus the other. */
export function normalSurvival(z: number): number {
  return 0.5 * erfc(number(z) / Math.SQRT2);
}

/**
 * ln P(Z <= z), also where the probability itself underflows.
 *
 * Below -30 by the asymptotic series of Mills' ratio (Abramowitz and Stegun 1964, 26.2.12).
 */
export function logNormalCdf(z: number): number {
  if (number(z) > 0) {
    const q = normalSurvival(z);
    return -q - excessOverLog(-q);
  }
  if (z > -30) return ln(normalCdf(z));
  const r = 1 / (z * z);
  const mills = 1 - r * (1 - r * (3 - r * (15 - r * (105 - r * 945))));
  return -0.5 * z * z - 0.5 * ln(2 * Math.PI) - ln(-z) + ln(mills);
}

/**
 * The z with P(Z <= z) = p.
 *
 * @param p probability in [0, 1]; 0 and 1 give -Infinity and Infinity
 * @throws InputError when p is no probability
 */
export function normalQuantile(p: number): number {
  checkProbability(p, "p");
  return -Math.SQRT2 * erfcinv(2 * p);
}

function number(z: number): number {
  if (Number.isNaN(z)) throw new InputError({code: "not-a-number", field: "z", value: z, expected: "a number"});
  return z;
}
