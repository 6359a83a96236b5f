import {exp, ln} from "../../generated/vendor/special.js";
import {checkCount, checkFinite, checkPositive, checkProbability} from "../check.js";
import {chiSquareSurvival} from "../distributions/chi-square.js";
import {normalCdf, normalQuantile, normalSurvival} from "../distributions/normal.js";
import {studentTQuantile, studentTSurvival} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {levelOf, multiplierOf, type CoverageOptions, type Estimate} from "./estimate.js";

/** Options of {@link changeDetection}. */
export interface ChangeOptions extends CoverageOptions {
  /** Degrees of freedom behind the within-subject SD, n(K - 1); null or absent when it is taken as known. */
  df?: number | null;
}

/** How far a measured change is from what error alone makes. */
export interface ChangeDetection {
  /** The true change: measured change -+ quantile SD of a difference. */
  change: Estimate;
  /** SD of a difference of two measurements without any true change, sqrt(2) wSD. */
  differenceSd: number;
  /** z sqrt(2) wSD at the coverage asked for. */
  repeatabilityCoefficient: number;
  /** Share of pairs without a true change that differ by less than this one. */
  confidence: number;
  /** Its complement as its own tail: the two-sided p value of no change. */
  p: number;
  /**
   * Confidence that this change exceeds the true RC, of which the one used is an estimate; null where wSD is taken as
   * known. */
  exceedsTrueCoefficient: number | null;
  /** Whether the change is beyond RC. */
  exceeds: boolean;
}

/**
 * The confidence with which a measured change exceeds measurement error: the level at which RC would equal it.
 *
 * With wSD known, 2 Phi(|d| / (sqrt 2 wSD)) - 1; with wSD estimated on df degrees of freedom, the same with Student's
 * t, which is exact for normal errors. RC itself takes the normal multiplier, as published ones do. Whether |d| exceeds
 * the true RC is judged by the chi-square distribution of wSD.
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; Bland and Altman 1999, doi:10.1177/096228029900800204.
 *
 * @param change second measurement minus first (or the difference of their logarithms)
 * @param withinSd within-subject SD of one measurement in the same unit, > 0
 * @throws InputError on numbers that are not finite, wSD <= 0, df that is no whole number >= 1, a level or coverage
 *   outside (0, 1)
 */
export function changeDetection(change: number, withinSd: number, options: ChangeOptions = {}): ChangeDetection {
  checkFinite(change, "change");
  checkPositive(withinSd, "withinSd");
  const df = options.df ?? null;
  if (df !== null) checkCount(df, "df", 1);
  const level = levelOf(options);
  const multiplier = multiplierOf(options);
  const differenceSd = Math.SQRT2 * withinSd;
  const repeatabilityCoefficient = multiplier * differenceSd;
  const ratio = Math.abs(change) / differenceSd;
  const p = 2 * (df === null ? normalSurvival(ratio) : studentTSurvival(ratio, df));
  const tail = (1 - level) / 2;
  const half = differenceSd * -(df === null ? normalQuantile(tail) : studentTQuantile(tail, df));
  return {
    change: {value: change, lower: change - half, upper: change + half, level},
    differenceSd,
    repeatabilityCoefficient,
    confidence: 1 - p,
    p,
    exceedsTrueCoefficient: df === null ? null
      : change === 0 ? 0 : chiSquareSurvival(df * (multiplier / ratio) * (multiplier / ratio), df),
    exceeds: Math.abs(change) > repeatabilityCoefficient
  };
}

/** What the user believes of the true change before it is measured. */
export interface ChangePrior {
  /** Mean of the true change where there is one; default 0. */
  mean?: number;
  /** SD of the true change where there is one, > 0. */
  sd: number;
  /** Probability that there is a true change at all, in (0, 1]; default 1. */
  probability?: number;
}

/** The true change after it was measured. */
export interface ChangePosterior {
  /** Probability that there is a true change at all; 1 where the prior says so. */
  probability: number;
  /** Probability of a true change in the direction measured and by more than the margin. */
  beyondMargin: number;
  /** Mean and interval of the true change where there is one. */
  change: Estimate;
  sd: number;
}

/**
 * Posterior of the true change, with a normal prior that the user states.
 *
 * The measured change is normal about the true one with variance 2 wSD^2. The prior may give part of its mass to no
 * change at all; then its posterior share follows from the two marginal densities of the measured change.
 * Source: Gelman et al. 2013, Bayesian Data Analysis, section 2.5; with a point at zero: Berger and Sellke 1987,
 * doi:10.1080/01621459.1987.10478397.
 *
 * @param change second measurement minus first
 * @param withinSd within-subject SD of one measurement in the same unit, taken as known, > 0
 * @param options.margin smallest true change that matters, >= 0; default 0
 * @throws InputError on numbers that are not finite, wSD or prior SD <= 0, a probability outside (0, 1], a margin < 0,
 *   a
 *   level outside (0, 1)
 */
export function changePosterior(
  change: number, withinSd: number, prior: ChangePrior, options: {level?: number; margin?: number} = {}
): ChangePosterior {
  checkFinite(change, "change");
  checkPositive(withinSd, "withinSd");
  checkPositive(prior.sd, "prior.sd");
  const {mean = 0, probability = 1} = prior;
  const {margin = 0} = options;
  checkFinite(mean, "prior.mean");
  checkProbability(probability, "prior.probability");
  if (probability === 0) {
    throw new InputError({
      code: "probability-out-of-range", field: "prior.probability", value: 0, expected: "a number in (0, 1]"
    });
  }
  checkFinite(margin, "margin");
  if (margin < 0) throw new InputError({code: "negative", field: "margin", value: margin, expected: "a number >= 0"});
  const level = levelOf(options);
  const error = 2 * withinSd * withinSd;
  const spread = prior.sd * prior.sd;
  const weight = spread / (spread + error);
  const centre = mean + weight * (change - mean);
  const sd = Math.sqrt(weight * error);
  const half = -normalQuantile((1 - level) / 2) * sd;
  // ln of the density of the measured change without a true change over that with one.
  const logRatio = 0.5 * ln((error + spread) / error) - 0.5 * change * change / error
    + 0.5 * (change - mean) * (change - mean) / (error + spread);
  const real = 1 / (1 + (1 - probability) / probability * exp(logRatio));
  const beyond = change >= 0 ? normalCdf((centre - margin) / sd) : normalCdf((-centre - margin) / sd);
  return {
    probability: real,
    beyondMargin: real * beyond,
    change: {value: centre, lower: centre - half, upper: centre + half, level},
    sd
  };
}
