import {normalQuantile} from "../distributions/normal.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import type {LimitIntervals, LimitsSummary} from "./limits-approximate.js";

/**
 * Confidence intervals of limits of agreement by the method of variance estimates recovery (MOVER).
 *
 * Joins the interval of the mean difference, which here takes z and not t, with the chi-square interval of the SD.
 * Source: Zou 2013, doi:10.1177/0962280211402548.
 */
export function limitsMover({n, bias, sd, multiplier, level}: LimitsSummary): LimitIntervals {
  const mean = normalQuantile((1 + level) / 2) * sd / Math.sqrt(n);
  const spread = chiSquareInterval(sd, n - 1, level);
  const outer = Math.sqrt(mean * mean + square(multiplier * (spread.upper - sd)));
  const inner = Math.sqrt(mean * mean + square(multiplier * (sd - spread.lower)));
  const lower = bias - multiplier * sd;
  const upper = bias + multiplier * sd;
  return {
    lower: {lower: lower - outer, upper: lower + inner, level},
    upper: {lower: upper - inner, upper: upper + outer, level}
  };
}

function square(x: number): number {
  return x * x;
}
