import {checkVaries, type Numbers} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {abscissaOf, checkPairs, type LimitsOptions} from "./bias-and-limits.js";
import {multiplierOf, type Estimate} from "./estimate.js";
import {linearModel, type Coefficient} from "./linear-model.js";
import {sum} from "./summaries.js";

/** Limits of agreement as straight lines over the size measured. */
export interface LimitsOfRegression {
  n: number;
  /** Abscissa of each pair: its mean, or the second method. */
  abscissa: number[];
  differences: number[];
  /** Bias at x: intercept + slope x. */
  bias: {intercept: Coefficient; slope: Coefficient};
  /** SD of the differences at x: intercept + slope x, from |residual| times sqrt(pi/2); tests of the slope included. */
  sd: {intercept: Coefficient; slope: Coefficient};
  /** Range of the abscissa, outside which no limit is to be read. */
  range: {lower: number; upper: number};
  /** Bias, SD and limits at a value of the abscissa, with approximate intervals. */
  at(x: number): LimitsAt;
  multiplier: number;
  level: number;
}

/** Bias and limits at one value of the abscissa. */
export interface LimitsAt {
  x: number;
  bias: Estimate;
  sd: number;
  lower: Estimate;
  upper: Estimate;
}

/**
 * Regression-based limits of agreement, for a bias and a spread that change with the size measured.
 *
 * The difference is regressed on the abscissa, then the absolute residuals; these times sqrt(pi/2) estimate the SD if
 * the residuals are normal. Limits at x: b0 + b1 x -+ multiplier (c0 + c1 x).
 * The intervals of a limit are approximate: t on n - 2 degrees of freedom, the variances of the bias line and of the SD
 * line (both with the spread that the SD line gives) added as independent. They cover less than their level at small n:
 * see "regression-limit-end" in coverage-figures.ts.
 * Source: Bland and Altman 1999, section 3.2, doi:10.1177/096228029900800204; the factor sqrt(pi/2): Altman 1993,
 * Statistics in Medicine 12, 917.
 *
 * @param first measurements by the first method, at least 4
 * @param second by the second method, in the same order and unit
 * @param options.abscissa "mean" of both methods, or "reference", the second method
 * @throws InputError on fewer than 4 pairs, unequal lengths, a value that is not finite, a constant abscissa, pairs on
 *   one straight line, an SD line that is not positive over the data's range, a level or coverage outside (0, 1)
 */
export function limitsOfRegression(first: Numbers, second: Numbers, options: LimitsOptions = {}): LimitsOfRegression {
  const multiplier = multiplierOf(options);
  checkPairs(first, second, 4);
  const differences = Array.from(first, (value, i) => value - second[i]);
  const abscissa = abscissaOf(first, second, options.abscissa);
  checkVaries(abscissa, "abscissa");
  const columns = [{name: "abscissa", values: abscissa}];
  const line = linearModel(columns, differences, {level: options.level});
  const magnitudes = line.residuals.map((r) => Math.sqrt(Math.PI / 2) * Math.abs(r));
  const size = Math.max(...differences.map(Math.abs));
  if (!(line.residualSd > 1e-12 * size)) {
    throw new InputError({
      code: "constant", field: "residuals", value: line.residualSd, expected: "differences that scatter about the line"
    });
  }
  const spread = linearModel(columns, magnitudes, {level: options.level});
  const level = line.level;
  const [b0, b1] = line.coefficients;
  const [c0, c1] = spread.coefficients;
  const range = {lower: minimum(abscissa), upper: -minimum(abscissa.map((x) => -x))};
  const sdAt = (x: number) => c0.value + c1.value * x;
  for (const x of [range.lower, range.upper]) {
    if (!(sdAt(x) > 0)) {
      throw new InputError({
        code: "negative-sd", field: `line of the SD at ${x}`, value: sdAt(x),
        expected: "an SD > 0 over the data's range: take logarithms, or limits of constant width"
      });
    }
  }
  const centre = sum(abscissa) / abscissa.length;
  const squares = sum(abscissa.map((x) => (x - centre) * (x - centre)));
  const t = studentTQuantile((1 + level) / 2, line.df);
  const at = (x: number): LimitsAt => {
    // Each line's value is a weighted sum of its responses; their variances follow the SD line.
    let lineVariance = 0;
    let spreadVariance = 0;
    abscissa.forEach((u) => {
      const weight = 1 / abscissa.length + (x - centre) * (u - centre) / squares;
      const variance = sdAt(u) * sdAt(u);
      lineVariance += weight * weight * variance;
      // Var(sqrt(pi/2) |r|) is (pi/2 - 1) sigma^2 for a normal residual.
      spreadVariance += weight * weight * (Math.PI / 2 - 1) * variance;
    });
    const bias = b0.value + b1.value * x;
    const sd = sdAt(x);
    const around = (value: number, error: number): Estimate =>
      ({value, lower: value - t * error, upper: value + t * error, level});
    const limitError = Math.sqrt(lineVariance + multiplier * multiplier * spreadVariance);
    return {
      x, bias: around(bias, Math.sqrt(lineVariance)), sd,
      lower: around(bias - multiplier * sd, limitError), upper: around(bias + multiplier * sd, limitError)
    };
  };
  return {
    n: line.n, abscissa, differences, bias: {intercept: b0, slope: b1}, sd: {intercept: c0, slope: c1}, range, at,
    multiplier, level
  };
}

function minimum(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}
