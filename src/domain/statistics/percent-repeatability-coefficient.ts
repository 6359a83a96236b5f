import {multiplierOf, type CoverageOptions} from "./estimate.js";
import type {Repeats} from "./one-way-layout.js";
import type {RepeatabilityCoefficient} from "./repeatability-coefficient.js";
import {withinSubjectCv, type WithinSubjectCvOptions, type WithinSubjectCvVariant} from "./within-subject-cv.js";

/** %RC with its interval and the variant of the wCV under it. */
export interface PercentRepeatabilityCoefficient extends RepeatabilityCoefficient {
  variant: WithinSubjectCvVariant;
}

/**
 * Percent repeatability coefficient, %RC = 100 z sqrt(2) wCV.
 *
 * Interval: that of wCV, times the same factor; approximate as it is.
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344.
 *
 * @param values subjects x repeats on a ratio scale
 * @returns in percent
 * @throws InputError as within-subject-cv and repeatability-coefficient
 */
export function percentRepeatabilityCoefficient(
  values: Repeats, options: CoverageOptions & WithinSubjectCvOptions = {}
): PercentRepeatabilityCoefficient {
  const multiplier = multiplierOf(options);
  const wcv = withinSubjectCv(values, options);
  const factor = 100 * multiplier * Math.SQRT2;
  return {
    value: factor * wcv.value, lower: factor * wcv.lower, upper: factor * wcv.upper, level: wcv.level, df: wcv.df,
    multiplier, variant: wcv.variant
  };
}
