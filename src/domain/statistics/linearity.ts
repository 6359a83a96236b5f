import {checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {fSurvival} from "../distributions/f.js";
import {studentTQuantile, studentTSurvival} from "../distributions/student-t.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {linearModel, type Coefficient, type LinearModel} from "./linear-model.js";
import {mean, standardDeviation, sum, sumOfSquares} from "./summaries.js";

/** Measured minus reference at one level: the measurements of one reference value. */
export interface LevelBias {
  reference: number;
  n: number;
  /** Mean of measured - reference; an interval (t on n - 1) needs at least 2 values that differ. */
  bias: Estimate | null;
  value: number;
  /** Bias in percent of the level's reference; null where that is 0. */
  percent: {value: number; lower: number | null; upper: number | null} | null;
  /** SD of the measurements minus reference, null with 1 value. */
  sd: number | null;
  /** Deviation of the quadratic from the straight line at the level; null when there is no quadratic. */
  deviation: number | null;
}

/** Linearity and bias of measurements against reference levels. */
export interface Linearity {
  n: number;
  slope: Coefficient;
  intercept: Coefficient;
  /** Test of slope = 1: t on n - 2 degrees of freedom, two-sided. */
  slopeIsOne: {t: number; df: number; p: number};
  r2: number;
  residualSd: number;
  /** Coefficient of (x - mean x)^2 added to the line, with its t test; null with fewer than 3 levels or 4 values. */
  quadratic: Coefficient | null;
  /** F test of the straight line against free level means; null without replicates or with fewer than 3 levels. */
  lackOfFit: {f: number; df1: number; df2: number; p: number} | null;
  levels: LevelBias[];
  level: number;
}

/**
 * Linearity and bias against reference levels: straight line by least squares, quadratic term, lack of fit, and bias at
 * each level.
 *
 * Supposes reference values without error, independent normal errors of one SD (for line and tests; the bias of a level
 * needs only that level's values), and t intervals. R2 says little about linearity: it grows with the range.
 * Source: Emancipator and Kroll 1993, doi:10.1093/clinchem/39.5.766 (polynomial method); Draper and Smith 1998, Applied
 * Regression Analysis, chapters 1 and 2 (lack of fit); Raunig et al. 2015, doi:10.1177/0962280214537344 (slope, R2 and
 * bias of imaging biomarkers).
 *
 * @param reference known values, at least 3
 * @param measured as many, in the same order and unit
 * @throws InputError on fewer than 3 values, unequal lengths, a value that is not finite, reference values that are all
 *   the same, a level outside (0, 1)
 */
export function linearity(reference: Numbers, measured: Numbers, options: LevelOptions = {}): Linearity {
  const level = levelOf(options);
  checkVector(reference, "reference", 3);
  checkVector(measured, "measured", 3);
  checkSameLength(reference, measured, "reference", "measured");
  checkVaries(reference, "reference");
  checkVaries(measured, "measured");
  const n = reference.length;
  const line = linearModel([{name: "slope", values: reference}], measured, {level});
  const [intercept, slope] = line.coefficients;
  const distinct = new Set(Array.from(reference)).size;
  const centre = mean(reference);
  const quadraticModel = distinct >= 3 && n >= 4
    ? linearModel([
      {name: "slope", values: reference},
      {name: "quadratic", values: Array.from(reference, (x) => (x - centre) * (x - centre))}
    ], measured, {level})
    : null;
  const t = (slope.value - 1) / slope.standardError;
  const rows = new Map<number, number[]>();
  Array.from(reference).forEach((at, i) => rows.set(at, [...rows.get(at) ?? [], i]));
  return {
    n,
    slope,
    intercept,
    slopeIsOne: {t, df: line.df, p: 2 * studentTSurvival(Math.abs(t), line.df)},
    r2: line.r2!,
    residualSd: line.residualSd,
    quadratic: quadraticModel === null ? null : quadraticModel.coefficients[2],
    lackOfFit: lackOfFit(reference, measured, line),
    levels: [...rows].map(([at, indices]) => {
      const [first] = indices;
      const deviation = quadraticModel === null ? null : quadraticModel.fitted[first] - line.fitted[first];
      return {...levelBias(indices.map((i) => measured[i] - at), at, level), deviation};
    }).sort((a, b) => a.reference - b.reference),
    level
  };
}

function levelBias(
  differences: readonly number[], reference: number, level: number
): Omit<LevelBias, "deviation"> {
  const n = differences.length;
  const value = mean(differences);
  const sd = n > 1 ? standardDeviation(differences) : null;
  const half = sd === null || sd === 0 ? null : studentTQuantile((1 + level) / 2, n - 1) * sd / Math.sqrt(n);
  const bias = half === null ? null : {value, lower: value - half, upper: value + half, level};
  const share = 100 / Math.abs(reference);
  return {
    reference, n, value, bias, sd,
    percent: reference === 0 ? null : {
      value: share * value,
      lower: bias === null ? null : share * bias.lower,
      upper: bias === null ? null : share * bias.upper
    }
  };
}

/** Pure error is that of values with the same reference value. */
function lackOfFit(reference: Numbers, measured: Numbers, line: LinearModel): Linearity["lackOfFit"] {
  const groups = new Map<number, number[]>();
  Array.from(reference).forEach((x, i) => groups.set(x, [...groups.get(x) ?? [], measured[i]]));
  const df1 = groups.size - 2;
  const df2 = reference.length - groups.size;
  const pure = sum([...groups.values()].map((values) => sumOfSquares(values)));
  if (df1 < 1 || df2 < 1 || pure === 0) return null;
  const f = Math.max(0, line.residualSquares - pure) / df1 / (pure / df2);
  return {f, df1, df2, p: fSurvival(f, df1, df2)};
}
