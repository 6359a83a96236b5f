import {checkSameLength} from "../check.js";
import {checkRepeats, type Repeats} from "./one-way-layout.js";
import {sum, sumOfSquares} from "./summaries.js";

/** The two-way analysis of variance of subjects by repeats (or raters), one value a cell. */
export interface TwoWayLayout {
  /** Number of rows (subjects), n. */
  subjects: number;
  /** Number of columns (repeats, raters), K. */
  repeats: number;
  mean: number;
  columnMeans: number[];
  /** Mean square between rows, MSR, on n - 1 degrees of freedom. */
  rowMeanSquare: number;
  rowDf: number;
  /** Mean square between columns, MSC, on K - 1 degrees of freedom. */
  columnMeanSquare: number;
  columnDf: number;
  /** Residual mean square, MSE, on (n - 1)(K - 1) degrees of freedom. */
  errorMeanSquare: number;
  errorDf: number;
}

/**
 * Two-way layout with one value a cell: rows are subjects, columns repeats or raters.
 *
 * Source: Snedecor and Cochran 1989, Statistical Methods, chapter 14.
 *
 * @param values n x K, at least 2 x 2, every row of one length
 * @throws InputError on fewer than 2 subjects or repeats, rows of unequal lengths, a value that is not finite
 */
export function twoWayLayout(values: Repeats, field = "values"): TwoWayLayout {
  checkRepeats(values, field, (row, i) => {
    checkSameLength(values[0], row, `${field}[0]`, `${field}[${i}]`);
  });
  const n = values.length;
  const k = values[0].length;
  const rowMeans = values.map((row) => sum(row) / k);
  const mean = sum(rowMeans) / n;
  const columnMeans = Array.from({length: k}, (_, j) => mean + sum(values.map((row) => row[j] - mean)) / n);
  const residuals = values.flatMap((row: Repeats[number], i) => Array.from(row, (value, j) =>
    (value - rowMeans[i]) - (columnMeans[j] - mean)));
  const errorDf = (n - 1) * (k - 1);
  return {
    subjects: n,
    repeats: k,
    mean,
    columnMeans,
    rowMeanSquare: k * sumOfSquares(rowMeans) / (n - 1),
    rowDf: n - 1,
    columnMeanSquare: n * sumOfSquares(columnMeans) / (k - 1),
    columnDf: k - 1,
    errorMeanSquare: sum(residuals.map((residual) => residual * residual)) / errorDf,
    errorDf
  };
}
