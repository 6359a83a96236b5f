import {checkFinite} from "../check.js";
import {InputError} from "../errors.js";

/** Eigenvalues, ascending, with their eigenvectors. */
export interface SymmetricEigen {
  values: number[];
  /** `vectors[k]` is the unit eigenvector of `values[k]`, its largest component (the first of equals) positive. */
  vectors: number[][];
}

/** Two triangles that differ by less than this share of the largest entry differ by rounding. */
const SYMMETRIC = 1e-10;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by cyclic Jacobi rotations.
 *
 * Source: Golub and Van Loan 2013, Matrix Computations, section 8.5.
 *
 * @param matrix n x n, symmetric up to rounding (its two triangles are averaged)
 * @throws InputError not-square, not-finite or not-symmetric
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): SymmetricEigen {
  const a = checkedSymmetric(matrix);
  const n = a.length;
  const v = Array.from({length: n}, (_, i) => Array.from({length: n}, (_, j) => i === j ? 1 : 0));
  for (let sweep = 0; sweep < 100; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        // An entry that no longer moves its diagonal neighbours is zero.
        if (Math.abs(a[p][q]) <= 1e-17 * Math.sqrt(Math.abs(a[p][p]) * Math.abs(a[q][q]))) continue;
        if (Math.abs(a[p][q]) < 1e-300) continue;
        rotated = true;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(1 + theta * theta));
        const c = 1 / Math.sqrt(1 + t * t);
        const s = t * c;
        for (let k = 0; k < n; k++) rotate(a[k], p, q, c, s);
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[p][k], a[q][k]];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
        }
        a[p][q] = 0;
        a[q][p] = 0;
        for (let k = 0; k < n; k++) rotate(v[k], p, q, c, s);
      }
    }
    if (!rotated) break;
  }
  const order = Array.from({length: n}, (_, k) => k).sort((i, j) => a[i][i] - a[j][j]);
  return {
    values: order.map((k) => a[k][k]),
    vectors: order.map((k) => {
      const vector = v.map((row) => row[k]);
      const largest = Math.max(...vector.map(Math.abs));
      const lead = vector.find((x) => Math.abs(x) > largest * (1 - 1e-12))!;
      return lead < 0 ? vector.map((x) => -x) : vector;
    })
  };
}

/**
 * The lower triangle L with L L' = matrix.
 *
 * Source: Golub and Van Loan 2013, Matrix Computations, section 4.2.
 *
 * @param matrix n x n, symmetric and positive definite
 * @throws InputError not-square, not-finite, not-symmetric, or not-positive-definite naming the first pivot at fault
 */
export function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const a = checkedSymmetric(matrix);
  const n = a.length;
  const lower = Array.from({length: n}, () => new Array<number>(n).fill(0));
  for (let j = 0; j < n; j++) {
    let pivot = a[j][j];
    for (let k = 0; k < j; k++) pivot -= lower[j][k] * lower[j][k];
    // A pivot that has lost all but rounding of its diagonal depends on the columns before it.
    if (!(pivot > 1e-14 * Math.abs(a[j][j]))) {
      throw new InputError({
        code: "not-positive-definite", field: `pivot ${j} of the matrix`, value: pivot,
        expected: "a positive definite matrix"
      });
    }
    lower[j][j] = Math.sqrt(pivot);
    for (let i = j + 1; i < n; i++) {
      let dot = a[i][j];
      for (let k = 0; k < j; k++) dot -= lower[i][k] * lower[j][k];
      lower[i][j] = dot / lower[j][j];
    }
  }
  return lower;
}

/**
 * The x with matrix x = right, by Cholesky's factorisation.
 *
 * @param matrix n x n, symmetric and positive definite
 * @param right n values
 * @throws InputError as {@link cholesky}, or unequal-lengths
 */
export function choleskySolve(matrix: readonly (readonly number[])[], right: ArrayLike<number>): number[] {
  const lower = cholesky(matrix);
  const n = lower.length;
  if (right.length !== n) {
    throw new InputError({
      code: "unequal-lengths", field: "length of right", value: right.length, expected: `${n}, the matrix's rows`
    });
  }
  const x = Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= lower[i][k] * x[k];
    x[i] /= lower[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= lower[k][i] * x[k];
    x[i] /= lower[i][i];
  }
  return x;
}

function rotate(row: number[], p: number, q: number, c: number, s: number): void {
  const [x, y] = [row[p], row[q]];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
}

/** A symmetric copy, checked. */
function checkedSymmetric(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  if (n === 0 || matrix.some((row) => row.length !== n)) {
    throw new InputError({
      code: "not-square", field: "matrix", value: `${n} rows of ${matrix.map((row) => row.length).join(", ")}`,
      expected: "as many columns as rows, at least 1"
    });
  }
  let largest = 0;
  matrix.forEach((row, i) => row.forEach((value, j) => {
    checkFinite(value, `matrix[${i}][${j}]`);
    largest = Math.max(largest, Math.abs(value));
  }));
  return matrix.map((row, i) => row.map((value, j) => {
    if (Math.abs(value - matrix[j][i]) > SYMMETRIC * largest) {
      throw new InputError({
        code: "not-symmetric", field: `matrix[${i}][${j}]`, value, expected: `${matrix[j][i]}, as matrix[${j}][${i}]`
      });
    }
    return 0.5 * (value + matrix[j][i]);
  }));
}
