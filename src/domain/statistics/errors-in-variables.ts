import {checkPositive, checkVaries, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {deming, demingWithout, errorRatioMeaning} from "./deming.js";
import {levelOf, type Interval, type LevelOptions} from "./estimate.js";
import {jackknifeInterval, type JackknifeEstimate} from "./jackknife.js";
import {linearModel} from "./linear-model.js";
import {checkReplicates, withinVariance} from "./replicate-parts.js";
import {sum, sumOfSquares} from "./summaries.js";

/** Test for proportional bias that allows for the errors of both methods. */
export interface ErrorsInVariables {
  n: number;
  /** Deming's slope of y on x with jackknife interval: 1 without proportional bias. */
  slope: JackknifeEstimate;
  intercept: JackknifeEstimate;
  /** Exact interval of the slope for normal errors and the right ratio; null when every slope is compatible. */
  exactSlope: Interval | null;
  /** Error SD of one measurement by each method; null when the ratio was given. */
  errorSd: {x: number; y: number} | null;
  /** var(errors of x) / var(errors of y), of the means that the line was fitted to. */
  errorRatio: number;
  errorRatioMeaning: string;
  /** t statistic of the hypothesis that the slope is 1, its degrees of freedom n - 2 and two-sided p value. */
  t: number;
  df: number;
  p: number;
  level: number;
}

/** Settings of the test for proportional bias with errors in both methods. */
export interface ErrorsInVariablesOptions extends LevelOptions {
  /** var(errors of x) / var(errors of y) of single measurements; left out, replicates must tell it. */
  errorRatio?: number;
}

/**
 * Proportional bias when both methods have errors: the slope of Deming's line tested against 1, the error variances
 * taken from replicates.
 *
 * The line is fitted to the subjects' means. The test: without proportional bias the difference y - x is not correlated
 * with x + r y, r = var(x error)/var(y error), whatever the true values; so it is regressed on that and the slope has a
 * t test on n - 2 degrees of freedom. That is exact for normal errors when r is known and all subjects have as many
 * replicates, and near that when replicates tell r, where the difference on the plain mean rejects falsely as soon as
 * r is not 1. The exact interval of the slope takes the estimated r for the true one.
 * Source: Creasy 1956, Journal of the Royal Statistical Society B 18, 65 (test and interval); Linnet 1993,
 * doi:10.1093/clinchem/39.3.424 (jackknife).
 *
 * @param x subjects x replicates by the first method; rows may differ in length, 1 at least
 * @param y by the second method, same subjects in the same order
 * @throws InputError on fewer than 4 subjects, unequal numbers of subjects, a value that is not finite, a method
 *   without replicates when no error ratio is given, replicates without any spread, methods that do not correlate
 */
export function errorsInVariables(
  x: readonly Numbers[], y: readonly Numbers[], options: ErrorsInVariablesOptions = {}
): ErrorsInVariables {
  const level = levelOf(options);
  checkReplicates(x, y, ["x", "y"]);
  const mx = x.map((row) => sum(row) / row.length);
  const my = y.map((row) => sum(row) / row.length);
  checkVaries(mx, "means of x");
  checkVaries(my, "means of y");
  const n = x.length;
  const {errorRatio: given} = options;
  const errorRatio = ratioOf(x, y, given);
  const fit = deming(mx, my, {errorRatio, level});
  let {slope, intercept} = fit;
  if (given === undefined) {
    // The ratio is estimated anew without each subject, so that the interval knows of its uncertainty.
    const [withoutX, withoutY] = [varianceOfMeanWithout(x), varianceOfMeanWithout(y)];
    const without = demingWithout(mx, my, (i) => withoutX[i] / withoutY[i]);
    slope = jackknifeInterval(slope.value, without.map((one) => one.slope), n - 2, level);
    intercept = jackknifeInterval(intercept.value, without.map((one) => one.intercept), n - 2, level);
  }
  const differences = my.map((value, i) => value - mx[i]);
  const weighted = mx.map((value, i) => (value + errorRatio * my[i]) / (1 + errorRatio));
  checkVaries(differences, "differences of means");
  checkVaries(weighted, "weighted means");
  const {t, p} = linearModel([{name: "weighted mean", values: weighted}], differences).coefficients[1];
  return {
    n, slope, intercept, exactSlope: fit.exactSlope, errorSd: given === undefined ? errorSds(x, y) : null, errorRatio,
    errorRatioMeaning: errorRatioMeaning(errorRatio), t, df: n - 2, p, level
  };
}

/** Error SDs of single measurements. */
function errorSds(x: readonly Numbers[], y: readonly Numbers[]): {x: number; y: number} {
  const sd = (rows: readonly Numbers[], field: string): number => {
    const within = withinVariance(rows);
    if (within === null || within.variance === 0) {
      throw new InputError({
        code: within === null ? "too-few-repeats" : "constant", field: `replicates in ${field}`,
        value: within === null ? 1 : 0,
        expected: "replicates that differ in at least one subject, or an error ratio that is given"
      });
    }
    return Math.sqrt(within.variance);
  };
  return {x: sd(x, "x"), y: sd(y, "y")};
}

/** Ratio of the error variances of the subjects' means. */
function ratioOf(x: readonly Numbers[], y: readonly Numbers[], given?: number): number {
  const inverse = (rows: readonly Numbers[]): number => sum(rows.map((row) => 1 / row.length)) / rows.length;
  if (given !== undefined) checkPositive(given, "errorRatio");
  const sds = given === undefined ? errorSds(x, y) : null;
  return (sds === null ? given! : sds.x * sds.x / (sds.y * sds.y)) * inverse(x) / inverse(y);
}

/** Error variance of a mean of replicates, from all subjects but one each time. */
function varianceOfMeanWithout(rows: readonly Numbers[]): number[] {
  const squares = rows.map((row) => sumOfSquares(row));
  const whole = {
    squares: sum(squares), df: sum(rows.map((row) => row.length - 1)), inverse: sum(rows.map((row) => 1 / row.length))
  };
  return rows.map((row, i) => {
    const df = whole.df - row.length + 1;
    const variance = (whole.squares - squares[i]) / df;
    if (df === 0 || !(variance > 1e-12 * whole.squares)) {
      throw new InputError({
        code: "too-few-repeats", field: `replicates of subjects other than number ${i + 1}`, value: df,
        expected: "replicates that differ in at least 2 subjects, or an error ratio that is given"
      });
    }
    return variance * (whole.inverse - 1 / row.length) / (rows.length - 1);
  });
}
