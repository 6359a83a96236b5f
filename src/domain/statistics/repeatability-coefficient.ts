import {multiplierOf, type CoverageOptions, type Estimate} from "./estimate.js";
import type {Repeats} from "./one-way-layout.js";
import {withinSubjectSd} from "./within-subject-sd.js";

/** RC with its interval, degrees of freedom and multiplier. */
export interface RepeatabilityCoefficient extends Estimate {
  df: number;
  /** The normal multiplier used, 1.9599... or 1.96. */
  multiplier: number;
}

/**
 * Repeatability coefficient, RC = z sqrt(2) wSD: two measurements of one subject differ by less in 95 % of pairs.
 *
 * Interval: that of wSD (chi-square on n(K - 1) degrees of freedom), times the same factor.
 * Source: Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8; Raunig et al. 2015, doi:10.1177/0962280214537344.
 *
 * @param values subjects x repeats, in the measurement's unit
 * @returns in the measurement's unit
 * @throws InputError as within-subject-sd, a coverage outside (0, 1), or multiplier "1.96" with another coverage
 */
export function repeatabilityCoefficient(values: Repeats, options: CoverageOptions = {}): RepeatabilityCoefficient {
  const multiplier = multiplierOf(options);
  const wsd = withinSubjectSd(values, options);
  const factor = multiplier * Math.SQRT2;
  return {
    value: factor * wsd.value, lower: factor * wsd.lower, upper: factor * wsd.upper, level: wsd.level, df: wsd.df,
    multiplier
  };
}
