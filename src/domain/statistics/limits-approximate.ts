import {studentTQuantile} from "../distributions/student-t.js";
import type {Interval} from "./estimate.js";

/** What the intervals of limits of agreement are computed from. */
export interface LimitsSummary {
  /** Number of differences, n >= 2. */
  n: number;
  /** Mean difference. */
  bias: number;
  /** Standard deviation of the differences, > 0. */
  sd: number;
  /** Multiplier of the limits: bias +- multiplier sd. */
  multiplier: number;
  /** Two-sided confidence level. */
  level: number;
}

/** Confidence intervals of the lower and of the upper limit of agreement. */
export interface LimitIntervals {
  lower: Interval;
  upper: Interval;
}

/**
 * Approximate standard error of a limit of agreement: sd sqrt(1/n + z^2 / (2(n - 1))).
 *
 * Source: Bland and Altman 1999, doi:10.1177/096228029900800204.
 */
export function limitStandardError({n, sd, multiplier}: Omit<LimitsSummary, "bias" | "level">): number {
  return sd * Math.sqrt(1 / n + multiplier * multiplier / (2 * (n - 1)));
}

/**
 * Approximate confidence intervals of limits of agreement: limit +- t(n - 1) standard errors.
 *
 * Symmetric about the limit, so too short on the outer side when n is small.
 * Source: Bland and Altman 1999, doi:10.1177/096228029900800204.
 */
export function limitsApproximate(summary: LimitsSummary): LimitIntervals {
  const {n, bias, sd, multiplier, level} = summary;
  const half = studentTQuantile((1 + level) / 2, n - 1) * limitStandardError(summary);
  const lower = bias - multiplier * sd;
  const upper = bias + multiplier * sd;
  return {
    lower: {lower: lower - half, upper: lower + half, level},
    upper: {lower: upper - half, upper: upper + half, level}
  };
}
