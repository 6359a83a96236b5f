import {expm1, ln} from "../../generated/vendor/special.js";
import {checkOneOf} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, type Estimate, type Interval, type LevelOptions} from "./estimate.js";
import {oneWayLayout, type OneWayLayout, type Repeats} from "./one-way-layout.js";
import {sum} from "./summaries.js";

/**
 * Which wCV: "root-mean-square", the root of the mean of the subjects' squared coefficients of variation;
 * "wsd-over-mean", wSD divided by the mean of the subjects' means; or "logs", from the wSD of natural logarithms.
 */
export type WithinSubjectCvVariant = "root-mean-square" | "wsd-over-mean" | "logs";

/**
 * Interval of the wCV: "chi-square" for "root-mean-square" and "logs"; for "wsd-over-mean" "mover",
 * "variance-stabilised" or "delta".
 */
export type WithinSubjectCvInterval = "chi-square" | "mover" | "variance-stabilised" | "delta";

/** Options of the wCV and of what is built on it. */
export interface WithinSubjectCvOptions extends LevelOptions {
  /** Default "root-mean-square". */
  variant?: WithinSubjectCvVariant;
  /** Default "chi-square", and "mover" with variant "wsd-over-mean". */
  interval?: WithinSubjectCvInterval;
}

/** wCV as a fraction, with its interval, degrees of freedom and variant. */
export interface WithinSubjectCv extends Estimate {
  df: number;
  variant: WithinSubjectCvVariant;
  interval: WithinSubjectCvInterval;
}

/**
 * Within-subject coefficient of variation, wCV, as a fraction.
 *
 * "root-mean-square" supposes a within-subject SD in proportion to the subject's mean; subjects with more repeats
 * weigh by their degrees of freedom. Its chi-square interval on n(K - 1) degrees of freedom takes the subjects' means
 * as known, so it is approximate: good while wCV is below about 0.2.
 *
 * "logs" is sqrt(exp(s^2) - 1), s the wSD of natural logarithms; its chi-square interval is exact when the errors are
 * log-normal with one s.
 *
 * "wsd-over-mean" supposes a constant SD. Intervals: "mover" joins the exact intervals of wSD (chi-square) and of the
 * mean (t on n - 1 degrees of freedom) into one of their ratio; its upper end is Infinity when the mean's interval
 * reaches zero. "variance-stabilised" and "delta" use the large-sample variance wCV^2 / (2 n (K - 1)) + wCV^2 var(mean) /
 * mean^2, the first on a scale where it is constant, and cover less: coverage-figures.ts has the coverage of each.
 *
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; "wsd-over-mean" and "delta": Quan and Shih 1996, Biometrics
 * 52, 1195; "variance-stabilised": Shoukri, Elkum and Walter 2006, doi:10.1186/1471-2288-6-24; "mover": Donner and Zou
 * 2012, doi:10.1177/0962280210383082, equation 9.
 *
 * @param values subjects x repeats on a ratio scale: every subject's mean above zero, under "logs" every value
 * @returns a fraction (0.05 for 5 %)
 * @throws InputError as one-way-layout, a subject's mean <= 0, a value <= 0 under "logs", an unknown variant, an
 *   interval that does not go with the variant, a level outside (0, 1)
 */
export function withinSubjectCv(values: Repeats, options: WithinSubjectCvOptions = {}): WithinSubjectCv {
  const level = levelOf(options);
  const variant = options.variant ?? "root-mean-square";
  checkOneOf(variant, "variant", ["root-mean-square", "wsd-over-mean", "logs"]);
  const interval = options.interval ?? (variant === "wsd-over-mean" ? "mover" : "chi-square");
  checkOneOf(interval, "interval", variant === "wsd-over-mean" ? ["mover", "variance-stabilised", "delta"]
    : ["chi-square"]);
  if (variant === "logs") {
    const {withinMeanSquare, withinDf} = oneWayLayout(logarithms(values));
    const {value, lower, upper} = chiSquareInterval(Math.sqrt(withinMeanSquare), withinDf, level);
    const cv = (s: number) => Math.sqrt(expm1(s * s));
    return {value: cv(value), lower: cv(lower), upper: cv(upper), level, df: withinDf, variant, interval};
  }
  const layout = oneWayLayout(values);
  layout.subjectMeans.forEach((mean, i) => {
    if (!(mean > 0)) {
      throw new InputError({
        code: "not-ratio-scale", field: `mean of values[${i}]`, value: mean,
        expected: "a mean > 0, since a coefficient of variation divides by it"
      });
    }
  });
  if (variant === "root-mean-square") {
    const squares = layout.subjectMeans.map((mean, i) =>
      layout.subjectDf[i] * layout.subjectVariances[i] / (mean * mean));
    const value = Math.sqrt(sum(squares) / layout.withinDf);
    return {...chiSquareInterval(value, layout.withinDf, level), df: layout.withinDf, variant, interval};
  }
  const value = Math.sqrt(layout.withinMeanSquare) / layout.mean;
  const ends = interval === "mover" ? ratioByMover(layout, level) : largeSample(layout, level, interval);
  return {value, ...ends, level, df: layout.withinDf, variant, interval};
}

/**
 * Natural logarithms of repeats.
 *
 * @param values subjects x repeats, all > 0
 * @throws InputError not-positive, naming subject and repeat; values that are not finite are left to one-way-layout
 */
export function logarithms(values: Repeats): number[][] {
  return values.map((row, i) => Array.from(row, (value, k) => {
    if (typeof value === "number" && value <= 0) {
      throw new InputError({
        code: "not-positive", field: `values[${i}][${k}]`, value, expected: "a value > 0 for logarithms"
      });
    }
    return typeof value === "number" ? ln(value) : value;
  }));
}

/** Variance of the mean of the subjects' means, from their own scatter. */
function meanVariance({subjectMeans, mean, subjects}: OneWayLayout): number {
  return sum(subjectMeans.map((m) => (m - mean) * (m - mean))) / ((subjects - 1) * subjects);
}

function ratioByMover(layout: OneWayLayout, level: number): Interval {
  const wsd = chiSquareInterval(Math.sqrt(layout.withinMeanSquare), layout.withinDf, level);
  const half = studentTQuantile((1 + level) / 2, layout.subjects - 1) * Math.sqrt(meanVariance(layout));
  const {mean} = layout;
  const product = wsd.value * mean;
  const end = (s: number, m: number, sign: number) => {
    const root = Math.sqrt(product * product - s * m * (2 * wsd.value - s) * (2 * mean - m));
    return (product + sign * root) / (m * (2 * mean - m));
  };
  // At m = 2 mean the ratio's limit: the root and the product then agree.
  const lower = half === mean ? wsd.lower * (2 * wsd.value - wsd.lower) / (2 * product)
    : end(wsd.lower, mean + half, -1);
  return {lower, upper: half < mean ? end(wsd.upper, mean - half, 1) : Infinity, level};
}

function largeSample(layout: OneWayLayout, level: number, interval: WithinSubjectCvInterval): Interval {
  const z = -normalQuantile((1 - level) / 2);
  const value = Math.sqrt(layout.withinMeanSquare) / layout.mean;
  const fromSd = 1 / (2 * layout.withinDf);
  const fromMean = meanVariance(layout) / (layout.mean * layout.mean);
  if (interval === "delta") {
    const half = z * value * Math.sqrt(fromSd + fromMean);
    return {lower: Math.max(0, value - half), upper: value + half, level};
  }
  // The scale asinh(c / wCV), on which the variance is fromSd: c = sqrt(fromSd / fromMean) wCV at the estimate.
  const c = Math.sqrt(fromSd / fromMean) * value;
  const centre = asinh(c / value);
  const half = z * Math.sqrt(fromSd);
  return {lower: c / sinh(centre + half), upper: half < centre ? c / sinh(centre - half) : Infinity, level};
}

function asinh(x: number): number {
  return ln(x + Math.sqrt(x * x + 1));
}

function sinh(x: number): number {
  const e = expm1(x);
  return (e + e / (e + 1)) / 2;
}
