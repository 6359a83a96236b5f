import {exp, expm1, ln} from "../../generated/vendor/special.js";
import {checkPositive} from "../check.js";
import {InputError} from "../errors.js";
import {multiplierOf, type CoverageOptions, type Estimate} from "./estimate.js";
import type {Repeats} from "./one-way-layout.js";
import {logarithms} from "./within-subject-cv.js";
import {withinSubjectSd, type WithinSubjectSd} from "./within-subject-sd.js";

/** Asymmetric %RC: the two ends between which a change in percent of the first value is no real one. */
export interface AsymmetricRepeatability {
  /** Largest decrease, in percent of the first value: negative, above -100. */
  decrease: Estimate;
  /** Largest increase, in percent of the first value. */
  increase: Estimate;
  /** wSD of natural logarithms. */
  logSd: WithinSubjectSd;
  multiplier: number;
}

/**
 * Asymmetric percent repeatability coefficient from logarithms: 100 (exp(-+ z sqrt(2) s) - 1), s the wSD of ln.
 *
 * Two measurements of one subject have a ratio between these ends in 95 % of pairs. Intervals: those of s
 * (chi-square on n(K - 1) degrees of freedom), transformed; exact when the errors are log-normal with one s.
 * Source: Lodge 2017, Journal of Nuclear Medicine 58, 523; Bland and Altman 1999, doi:10.1177/096228029900800204,
 * section 3 for ratios from logarithms.
 *
 * @param values subjects x repeats, all > 0
 * @throws InputError as within-subject-sd, not-positive, or as repeatability-coefficient
 */
export function asymmetricRepeatability(values: Repeats, options: CoverageOptions = {}): AsymmetricRepeatability {
  const multiplier = multiplierOf(options);
  const logSd = withinSubjectSd(logarithms(values), options);
  const [at, near, far] = [logSd.value, logSd.lower, logSd.upper].map((s) => changeEnds(s, multiplier));
  const {level} = logSd;
  return {
    decrease: {value: at.decrease, lower: far.decrease, upper: near.decrease, level},
    increase: {value: at.increase, lower: near.increase, upper: far.increase, level},
    logSd,
    multiplier
  };
}

/**
 * The asymmetric ends of change, in percent, for a known within-subject SD of ln(value): -28.3 and +39.5 for 0.12.
 *
 * @param logSd SD of natural logarithms, > 0
 * @throws InputError not-positive, or as repeatability-coefficient
 */
export function changeLimits(logSd: number, options: CoverageOptions = {}): {decrease: number; increase: number} {
  checkPositive(logSd, "logSd");
  return changeEnds(logSd, multiplierOf(options));
}

/**
 * SD of natural logarithms for a coefficient of variation on the original scale, log-normal errors:
 * sqrt(ln(1 + cv^2)). A wCV of 0.12 then gives -28.2 and +39.3 %, not the -28.3 and +39.5 % of an SD of ln of 0.12.
 *
 * @param cv a fraction, > 0
 * @throws InputError not-positive
 */
export function logSdOfCv(cv: number): number {
  checkPositive(cv, "cv");
  if (!Number.isFinite(cv * cv)) {
    throw new InputError({code: "too-large", field: "cv", value: cv, expected: "a fraction, as 0.12 for 12 %"});
  }
  return Math.sqrt(ln(1 + cv * cv));
}

function changeEnds(logSd: number, multiplier: number): {decrease: number; increase: number} {
  const half = multiplier * Math.SQRT2 * logSd;
  return {decrease: 100 * expm1(-half), increase: half > 700 ? 100 * exp(half) : 100 * expm1(half)};
}
