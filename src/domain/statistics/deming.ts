import {asin} from "../../generated/vendor/special.js";
import {checkPositive, checkVaries, type Numbers} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {checkPairs} from "./bias-and-limits.js";
import {levelOf, type Estimate, type Interval, type LevelOptions} from "./estimate.js";
import {jackknifeInterval, type JackknifeEstimate} from "./jackknife.js";
import {linearModel, type LinearModel} from "./linear-model.js";
import {mean, sum} from "./summaries.js";

/** A straight line y = intercept + slope x. */
export interface Line {
  intercept: number;
  slope: number;
}

/** Settings of Deming regression. */
export interface DemingOptions extends LevelOptions {
  /** var(errors of x) / var(errors of y), > 0; default 1. */
  errorRatio?: number;
}

/** A Deming regression with its intervals. */
export interface Deming {
  n: number;
  intercept: JackknifeEstimate;
  slope: JackknifeEstimate;
  /** Exact interval of the slope for normal errors of constant SD; null when every slope is compatible. */
  exactSlope: Interval | null;
  /** var(errors of x) / var(errors of y). */
  errorRatio: number;
  /** What the ratio means, to stand beside the result. */
  errorRatioMeaning: string;
  level: number;
}

/** Words that say in which direction an error ratio is taken. */
export function errorRatioMeaning(ratio: number): string {
  return `error ratio ${ratio} = var(errors of x) / var(errors of y)`;
}

/**
 * Deming regression: the straight line between two methods that both have errors, the ratio of whose variances is
 * known.
 *
 * slope = (r Syy - Sxx + sqrt((Sxx - r Syy)^2 + 4 r Sxy^2)) / (2 r Sxy), r = var(x error)/var(y error). Intercept and
 * slope have jackknife intervals with t on n - 2 degrees of freedom; these also hold up for errors of changing SD. The
 * slope's exact interval (for normal errors of constant SD and the right ratio) joins all slopes b for which y - b x
 * and x + r b y are not correlated at the level.
 * Source: Deming 1943, Statistical Adjustment of Data; Linnet 1993, doi:10.1093/clinchem/39.3.424 (jackknife); Creasy
 * 1956, Journal of the Royal Statistical Society B 18, 65 (exact interval).
 *
 * @param x measurements by the first method, at least 4
 * @param y by the second method, in the same order
 * @throws InputError on fewer than 4 pairs, unequal lengths, a value that is not finite, a constant column, methods
 *   that do not correlate at all, an error ratio that is not above 0, a level outside (0, 1)
 */
export function deming(x: Numbers, y: Numbers, options: DemingOptions = {}): Deming {
  const level = levelOf(options);
  const errorRatio = options.errorRatio ?? 1;
  checkPairs(x, y, 4, ["x", "y"]);
  const line = demingLine(x, y, errorRatio);
  const n = x.length;
  const {sxx, sxy, syy} = products(x, y);
  const without = demingWithout(x, y, () => errorRatio);
  return {
    n,
    intercept: jackknifeInterval(line.intercept, without.map((one) => one.intercept), n - 2, level),
    slope: jackknifeInterval(line.slope, without.map((one) => one.slope), n - 2, level),
    exactSlope: exactSlope(sxx, sxy, syy, errorRatio, n, level),
    errorRatio,
    errorRatioMeaning: errorRatioMeaning(errorRatio),
    level
  };
}

/** Intercept and slope of Deming regression alone; errors as {@link deming}, from 2 pairs on. */
export function demingLine(x: Numbers, y: Numbers, errorRatio: number): Line {
  checkPairs(x, y, 2, ["x", "y"]);
  checkPositive(errorRatio, "errorRatio");
  checkVaries(x, "x");
  checkVaries(y, "y");
  const {mx, my, sxx, sxy, syy} = products(x, y);
  const slope = demingSlope(sxx, sxy, syy, errorRatio);
  return {slope, intercept: my - slope * mx};
}

/** Deming's lines without pair 1, 2, ..., n, each with the error ratio given for it: for jackknifes. */
export function demingWithout(x: Numbers, y: Numbers, errorRatio: (pair: number) => number): Line[] {
  const {mx, my, u, v, sxx, sxy, syy} = products(x, y);
  const n = u.length;
  // Without pair i a sum of squares about the mean falls by n / (n - 1) times the pair's own.
  const share = n / (n - 1);
  return u.map((a, i) => {
    const b = v[i];
    const slope = demingSlope(sxx - share * a * a, sxy - share * a * b, syy - share * b * b, errorRatio(i));
    return {slope, intercept: my - b / (n - 1) - slope * (mx - a / (n - 1))};
  });
}

/** Deming's slope from sums of squares and products about the means. @throws InputError when sxy is 0 */
export function demingSlope(sxx: number, sxy: number, syy: number, errorRatio: number): number {
  if (sxy === 0) {
    throw new InputError({
      code: "no-association", field: "correlation of x and y", value: 0, expected: "methods that correlate"
    });
  }
  const excess = errorRatio * syy - sxx;
  const root = Math.sqrt(excess * excess + 4 * errorRatio * sxy * sxy);
  // The form without cancellation, whichever sign the excess has.
  return excess > 0 ? (excess + root) / (2 * errorRatio * sxy) : 2 * sxy / (root - excess);
}

/**
 * Ordinary least squares of y on x, which supposes that x has no errors.
 *
 * Errors in x draw its slope towards 0; for two methods that both have errors take {@link deming}. Intervals: t on
 * n - 2 degrees of freedom, exact for normal errors of constant SD.
 * Source: Draper and Smith 1998, Applied Regression Analysis, chapter 1.
 *
 * @throws InputError on fewer than 3 pairs, unequal lengths, a value that is not finite, a constant x
 */
export function ordinaryLeastSquares(
  x: Numbers, y: Numbers, options: LevelOptions = {}
): {intercept: Estimate; slope: Estimate; model: LinearModel} {
  checkPairs(x, y, 3, ["x", "y"]);
  checkVaries(x, "x");
  const model = linearModel([{name: "slope", values: x}], y, options);
  return {intercept: model.coefficients[0], slope: model.coefficients[1], model};
}

/** Means, deviations from them, and sums of their squares and products. */
function products(x: Numbers, y: Numbers) {
  const mx = mean(x);
  const my = mean(y);
  const u = Array.from(x, (value) => value - mx);
  const v = Array.from(y, (value) => value - my);
  return {
    mx, my, u, v, sxx: sum(u.map((a) => a * a)), sxy: sum(u.map((a, i) => a * v[i])), syy: sum(v.map((b) => b * b))
  };
}

/**
 * Slopes b at which the correlation of y - b x with x + r b y stays below the t test's bound, joined about the
 * estimate. With y scaled by sqrt(r) both errors have one variance, and the angle of the line moves by half the arc
 * sine of 2 t sqrt((Sxx Syy - Sxy^2) / ((n - 2) ((Sxx - Syy)^2 + 4 Sxy^2))).
 */
function exactSlope(
  sxx: number, sxy: number, syy: number, ratio: number, n: number, level: number
): Interval | null {
  const a = sxx;
  const b = ratio * syy;
  const c = Math.sqrt(ratio) * sxy;
  const t = studentTQuantile((1 + level) / 2, n - 2);
  const sine = 2 * t * Math.sqrt(Math.max(0, a * b - c * c) / ((n - 2) * ((a - b) * (a - b) + 4 * c * c)));
  if (!(sine < 1)) return null;
  const half = 0.5 * asin(sine);
  const slope = demingSlope(a, c, b, 1);
  // Tangent of the half-width, then of the sum of angles; an end that passes the vertical has no finite slope.
  const tan = sine / (1 + Math.sqrt(1 - sine * sine));
  if (!(half < Math.PI / 4) || !(Math.abs(slope) * tan < 1)) return null;
  const turned = (d: number): number => (slope + d) / (1 - slope * d) / Math.sqrt(ratio);
  return {lower: turned(-tan), upper: turned(tan), level};
}
