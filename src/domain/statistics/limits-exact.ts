import {checkCount, checkLevel, checkPositive} from "../check.js";
import {noncentralTQuantile} from "../distributions/noncentral-t.js";
import {remembered} from "../numerics/remembered.js";
import type {LimitIntervals, LimitsSummary} from "./limits-approximate.js";

/** Distances of an exact interval's ends from the bias, in standard deviations of the differences. */
export interface ExactLimitFactors {
  inner: number;
  outer: number;
}

/**
 * Exact factors of the interval of one limit of agreement: quantiles of the noncentral t distribution with n - 1
 * degrees of freedom and noncentrality multiplier sqrt(n), divided by sqrt(n).
 *
 * They depend on n alone, not on the data.
 * Source: Carkeet 2015, doi:10.1097/OPX.0000000000000513; Shieh 2018, doi:10.1186/s12874-018-0505-y.
 *
 * @param n number of differences, >= 2
 * @throws InputError on n < 2, multiplier <= 0 or a level outside (0, 1)
 */
export function exactLimitFactors(n: number, multiplier: number, level: number): Readonly<ExactLimitFactors> {
  checkCount(n, "n", 2);
  checkPositive(multiplier, "multiplier");
  checkLevel(level, "level");
  return factorsOf(n, multiplier, level);
}

const factorsOf = remembered((n: number, multiplier: number, level: number): Readonly<ExactLimitFactors> => {
  const root = Math.sqrt(n);
  const tail = (1 - level) / 2;
  return {
    inner: noncentralTQuantile(tail, n - 1, multiplier * root) / root,
    outer: noncentralTQuantile(1 - tail, n - 1, multiplier * root) / root
  };
});

/** Exact confidence intervals of each limit alone, by {@link exactLimitFactors}, for normal differences. */
export function limitsExact({n, bias, sd, multiplier, level}: LimitsSummary): LimitIntervals {
  const {inner, outer} = exactLimitFactors(n, multiplier, level);
  return {
    lower: {lower: bias - outer * sd, upper: bias - inner * sd, level},
    upper: {lower: bias + inner * sd, upper: bias + outer * sd, level}
  };
}
