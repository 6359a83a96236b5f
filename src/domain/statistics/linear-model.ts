import {checkSameLength, checkVector, type Numbers} from "../check.js";
import {fSurvival} from "../distributions/f.js";
import {studentTQuantile, studentTSurvival} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {sum, sumOfSquares} from "./summaries.js";

/** One column of a design matrix. */
export interface Column {
  name: string;
  values: Numbers;
}

/** A coefficient with its standard error, t interval and two-sided test against zero. */
export interface Coefficient extends Estimate {
  name: string;
  standardError: number;
  t: number;
  /** Two-sided p value. */
  p: number;
}

/** A fitted linear model. */
export interface LinearModel {
  n: number;
  coefficients: Coefficient[];
  /** Covariance matrix of the coefficients, in their order. */
  covariance: number[][];
  fitted: number[];
  residuals: number[];
  residualSquares: number;
  /** Residual degrees of freedom, n minus the number of coefficients. */
  df: number;
  /** Residual standard deviation. */
  residualSd: number;
  /** 1 - residual over total sum of squares, the total about the mean; null when the response is constant. */
  r2: number | null;
  adjustedR2: number | null;
  /** Test of all coefficients but the intercept; null when there are none or the response is constant. */
  f: {value: number; df1: number; df2: number; p: number} | null;
  level: number;
}

/** Smallest relative length of a column, after those before it are projected out, that counts as independent. */
const INDEPENDENT = 1e-11;

/**
 * Ordinary least squares by Householder's QR factorisation of the design with columns scaled to unit length.
 *
 * Intervals and tests suppose independent normal errors of one variance.
 * Source: Golub and Van Loan 2013, Matrix Computations, section 5.2; Draper and Smith 1998, Applied Regression
 * Analysis, chapter 5.
 *
 * @param columns the design without its intercept, all of one length n; may be empty
 * @param response n values
 * @param options.intercept whether a column of ones named "intercept" comes first; default true
 * @throws InputError on unequal lengths, a value that is not finite, no residual degree of freedom, a column that is
 *   zero or depends on those before it (named), a level outside (0, 1)
 */
export function linearModel(
  columns: readonly Column[], response: Numbers, options: LevelOptions & {intercept?: boolean} = {}
): LinearModel {
  const level = levelOf(options);
  const intercept = options.intercept ?? true;
  checkVector(response, "response", 1);
  const n = response.length;
  const design: Column[] = intercept ? [{name: "intercept", values: new Float64Array(n).fill(1)}] : [];
  for (const column of columns) {
    checkVector(column.values, column.name, 1);
    checkSameLength(response, column.values, "response", column.name);
    design.push(column);
  }
  const p = design.length;
  if (p === 0) throw new InputError({code: "no-columns", field: "columns", value: 0, expected: "at least 1 column"});
  if (n <= p) {
    throw new InputError({
      code: "too-few-values", field: "length of response", value: n, expected: `more than the ${p} coefficients`
    });
  }

  const scales = design.map(({name, values}) => {
    let largest = 0;
    for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(values[i]));
    if (largest === 0) throw dependent(name);
    return largest * Math.sqrt(sum(Array.from(values, (x) => (x / largest) * (x / largest))));
  });
  const q = design.map(({values}, j) => Float64Array.from(values, (x) => x / scales[j]));
  const y = Float64Array.from(response);
  const diagonal = new Float64Array(p);
  // Column j turns into Householder's vector from row j down; above it stays the triangle R.
  for (let j = 0; j < p; j++) {
    let square = 0;
    for (let i = j; i < n; i++) square += q[j][i] * q[j][i];
    const length = Math.sqrt(square);
    if (!(length > INDEPENDENT)) throw dependent(design[j].name);
    const head = q[j][j];
    diagonal[j] = head > 0 ? -length : length;
    q[j][j] = head - diagonal[j];
    const norm = length * (length + Math.abs(head));
    for (let k = j + 1; k < p; k++) reflect(q[j], q[k], j, n, norm);
    reflect(q[j], y, j, n, norm);
  }

  // Rows of the inverse triangle give both the coefficients' covariance and, with y, the coefficients.
  const inverse = invertTriangle(q, diagonal);
  const coefficients = inverse.map((row, j) => {
    let value = 0;
    let square = 0;
    for (let k = j; k < p; k++) {
      value += row[k] * y[k];
      square += row[k] * row[k];
    }
    return {value: value / scales[j], unscaled: Math.sqrt(square) / scales[j]};
  });
  let residualSquares = 0;
  for (let i = p; i < n; i++) residualSquares += y[i] * y[i];

  const residuals = residualsOf(q, diagonal, y, n, p);
  const fitted = Array.from(response, (value, i) => value - residuals[i]);
  const df = n - p;
  const residualSd = Math.sqrt(residualSquares / df);
  const t = studentTQuantile((1 + level) / 2, df);
  const total = intercept ? sumOfSquares(response) : sum(Array.from(response, (value) => value * value));
  const totalDf = intercept ? n - 1 : n;
  const df1 = totalDf - df;
  const varies = total > 0;
  return {
    n,
    coefficients: coefficients.map(({value, unscaled}, j) => {
      const standardError = residualSd * unscaled;
      const ratio = standardError > 0 ? value / standardError : value === 0 ? 0 : Math.sign(value) * Infinity;
      return {
        name: design[j].name, value, standardError, lower: value - t * standardError, upper: value + t * standardError,
        level, t: ratio, p: 2 * studentTSurvival(Math.abs(ratio), df)
      };
    }),
    covariance: inverse.map((row, i) => inverse.map((other, j) => {
      let product = 0;
      for (let k = Math.max(i, j); k < p; k++) product += row[k] * other[k];
      return product * ((residualSd / scales[i]) * (residualSd / scales[j]));
    })),
    fitted,
    residuals,
    residualSquares,
    df,
    residualSd,
    r2: varies ? 1 - residualSquares / total : null,
    adjustedR2: varies ? 1 - (residualSquares / df) / (total / totalDf) : null,
    f: varies && df1 > 0 ? fTest((total - residualSquares) / df1, residualSquares / df, df1, df) : null,
    level
  };
}

function fTest(explained: number, residual: number, df1: number, df2: number) {
  const value = residual > 0 ? Math.max(0, explained) / residual : Infinity;
  return {value, df1, df2, p: fSurvival(value, df1, df2)};
}

function dependent(name: string): InputError {
  return new InputError({
    code: "rank-deficient", field: "column", value: name, expected: "a column that does not depend on those before it"
  });
}

/** Applies I - v v'/norm, v the column from row j down, to another vector. */
function reflect(v: Float64Array, target: Float64Array, j: number, n: number, norm: number): void {
  let dot = 0;
  for (let i = j; i < n; i++) dot += v[i] * target[i];
  const factor = dot / norm;
  for (let i = j; i < n; i++) target[i] -= factor * v[i];
}

function invertTriangle(q: readonly Float64Array[], diagonal: Float64Array): Float64Array[] {
  const p = diagonal.length;
  const inverse = Array.from({length: p}, () => new Float64Array(p));
  for (let j = 0; j < p; j++) {
    inverse[j][j] = 1 / diagonal[j];
    for (let i = j - 1; i >= 0; i--) {
      let dot = 0;
      for (let k = i + 1; k <= j; k++) dot += q[k][i] * inverse[k][j];
      inverse[i][j] = -dot / diagonal[i];
    }
  }
  return inverse;
}

/** Residuals: the part of y below the triangle, carried back through the reflections. */
function residualsOf(
  q: readonly Float64Array[], diagonal: Float64Array, y: Float64Array, n: number, p: number
): number[] {
  const rest = Float64Array.from(y);
  rest.fill(0, 0, p);
  for (let j = p - 1; j >= 0; j--) {
    const norm = Math.abs(diagonal[j] * q[j][j]);
    reflect(q[j], rest, j, n, norm);
  }
  return Array.from(rest);
}
