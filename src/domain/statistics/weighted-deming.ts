import {checkPositive, checkVaries, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {checkPairs} from "./bias-and-limits.js";
import {demingLine, demingSlope, errorRatioMeaning, type DemingOptions, type Line} from "./deming.js";
import {levelOf} from "./estimate.js";
import {jackknifeInterval, type JackknifeEstimate} from "./jackknife.js";
import {checkAllPositive} from "./limits-ratio.js";

/** When the iteration ends: at machine precision, or where R's mcr ends it (both changes below 1e-6). */
export type WeightedDemingStop = "converged" | "mcr";

/** Settings of weighted Deming regression. */
export interface WeightedDemingOptions extends DemingOptions {
  /** Default "converged". */
  stop?: WeightedDemingStop;
}

/** A weighted Deming regression with its intervals. */
export interface WeightedDeming {
  n: number;
  intercept: JackknifeEstimate;
  slope: JackknifeEstimate;
  errorRatio: number;
  errorRatioMeaning: string;
  stop: WeightedDemingStop;
  /** Iterations that the estimate took. */
  iterations: number;
  level: number;
}

/**
 * Weighted Deming regression, for errors whose SDs grow in proportion to the size measured.
 *
 * Starts from Deming's line; each pair is projected on the line, weighted by the inverse square of the weighted mean
 * (X + r Y)/(1 + r) of its projection, r = var(x error)/var(y error), and the line is fitted again, until neither
 * coefficient changes by more than 1e-13 of the data's size ("converged") or by 1e-6 ("mcr", the stop of R's mcr,
 * 30 iterations at most). Intervals: jackknife, t on n - 2 degrees of freedom.
 * Source: Linnet 1990, doi:10.1002/sim.4780091210; Linnet 1993, doi:10.1093/clinchem/39.3.424.
 *
 * @param x measurements by the first method, at least 4, all above zero
 * @param y by the second method, in the same order, all above zero
 * @throws InputError on fewer than 4 pairs, unequal lengths, a value that is not above zero, a constant column, methods
 *   that do not correlate, an error ratio not above 0, an iteration that does not converge, a level outside (0, 1)
 */
export function weightedDeming(x: Numbers, y: Numbers, options: WeightedDemingOptions = {}): WeightedDeming {
  const level = levelOf(options);
  const errorRatio = options.errorRatio ?? 1;
  const stop = options.stop ?? "converged";
  checkPairs(x, y, 4, ["x", "y"]);
  const line = weightedDemingLine(x, y, errorRatio, stop);
  const n = x.length;
  const a = Array.from(x);
  const b = Array.from(y);
  const without = a.map((_, i) =>
    weightedDemingLine(a.filter((_, j) => j !== i), b.filter((_, j) => j !== i), errorRatio, stop));
  return {
    n,
    intercept: jackknifeInterval(line.intercept, without.map((one) => one.intercept), n - 2, level),
    slope: jackknifeInterval(line.slope, without.map((one) => one.slope), n - 2, level),
    errorRatio,
    errorRatioMeaning: errorRatioMeaning(errorRatio),
    stop,
    iterations: line.iterations,
    level
  };
}

/** Intercept and slope of weighted Deming regression alone; errors as {@link weightedDeming}, from 3 pairs on. */
export function weightedDemingLine(
  x: Numbers, y: Numbers, errorRatio: number, stop: WeightedDemingStop = "converged"
): Line & {iterations: number} {
  checkPairs(x, y, 3, ["x", "y"]);
  checkPositive(errorRatio, "errorRatio");
  checkAllPositive(x, "x");
  checkAllPositive(y, "y");
  checkVaries(x, "x");
  checkVaries(y, "y");
  const n = x.length;
  const most = stop === "mcr" ? 30 : 1000;
  let line = demingLine(x, y, errorRatio);
  const weights = new Float64Array(n);
  let size = 0;
  for (let i = 0; i < n; i++) size = Math.max(size, y[i]);
  for (let iterations = 1; iterations <= most; iterations++) {
    let [whole, wx, wy] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const d = y[i] - (line.intercept + line.slope * x[i]);
      const share = 1 + errorRatio * line.slope * line.slope;
      const onX = x[i] + errorRatio * line.slope * d / share;
      const onY = y[i] - d / share;
      const size = (onX + errorRatio * onY) / (1 + errorRatio);
      if (size === 0) throw notConverged(iterations);
      const weight = 1 / (size * size);
      weights[i] = weight;
      whole += weight;
      wx += weight * x[i];
      wy += weight * y[i];
    }
    const [mx, my] = [wx / whole, wy / whole];
    let [sxx, sxy, syy] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const [a, b] = [x[i] - mx, y[i] - my];
      sxx += weights[i] * a * a;
      sxy += weights[i] * a * b;
      syy += weights[i] * b * b;
    }
    const slope = demingSlope(sxx, sxy, syy, errorRatio);
    const next = {slope, intercept: my - slope * mx};
    const slopeChange = Math.abs(next.slope - line.slope);
    const interceptChange = Math.abs(next.intercept - line.intercept);
    line = next;
    const done = stop === "mcr"
      ? slopeChange < 1e-6 && interceptChange < 1e-6
      : slopeChange <= 1e-13 * Math.abs(slope) && interceptChange <= 1e-13 * size;
    if (done) return {...line, iterations};
  }
  if (stop === "mcr") return {...line, iterations: most};
  throw notConverged(most);
}

function notConverged(iterations: number): InputError {
  return new InputError({
    code: "not-converged", field: "iterations of weighted Deming regression", value: iterations,
    expected: "values whose errors are in proportion to their size; take Deming or Passing-Bablok regression"
  });
}
