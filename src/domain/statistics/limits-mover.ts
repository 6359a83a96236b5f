import {normalQuantile} from "../distributions/normal.js";
import type {LimitIntervals, LimitsSummary} from "./limits-approximate.js";
import {varianceSumInterval, type VarianceTerm} from "./variance-sum-interval.js";

/** What the MOVER intervals of limits are computed from when the variance of a difference is a sum of terms. */
export interface MoverSummary {
  /** Mean difference. */
  bias: number;
  /** Standard error of the mean difference. */
  se: number;
  /** Independent terms whose sum is the variance of a single difference. */
  terms: readonly VarianceTerm[];
  multiplier: number;
  level: number;
}

/**
 * Confidence intervals of limits of agreement by the method of variance estimates recovery (MOVER).
 *
 * Joins the interval of the mean difference, which here takes z and not t, with the chi-square interval of the SD.
 * Source: Zou 2013, doi:10.1177/0962280211402548.
 */
export function limitsMover({n, bias, sd, multiplier, level}: LimitsSummary): LimitIntervals {
  return limitsMoverOfTerms({
    bias, se: sd / Math.sqrt(n), terms: [{value: sd * sd, df: n - 1}], multiplier, level
  });
}

/**
 * The same where the variance of a difference is a sum, as with replicates: its interval is the modified large-sample
 * one.
 */
export function limitsMoverOfTerms({bias, se, terms, multiplier, level}: MoverSummary): LimitIntervals {
  const mean = normalQuantile((1 + level) / 2) * se;
  const variance = varianceSumInterval(terms, level);
  const sd = Math.sqrt(variance.value);
  const outer = Math.sqrt(mean * mean + square(multiplier * (Math.sqrt(variance.upper) - sd)));
  const inner = Math.sqrt(mean * mean + square(multiplier * (sd - Math.sqrt(variance.lower))));
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
