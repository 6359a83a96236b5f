import {checkSameLength, checkVector, type Numbers} from "../check.js";
import {InputError} from "../errors.js";

/**
 * The quadratic spline through points: a parabola between each two breaks, with a continuous slope.
 *
 * The breaks lie halfway between neighbouring abscissae, but for the first and the last of those halves, which are left
 * out: then as many conditions as coefficients remain. This is what scipy's `interp1d(kind="quadratic")` draws; it is
 * one parabola for 3 points and reproduces parabolas through any number of them.
 * Source: de Boor 2001, A Practical Guide to Splines, chapter XIII.
 *
 * @param x at least 3 abscissae, increasing
 * @param y as many ordinates
 * @returns the ordinate at an abscissa within the first and the last; it throws an InputError beyond them
 * @throws InputError on fewer than 3 points, unequal lengths, a value that is not finite, abscissae that do not
 *   increase
 */
export function quadraticSpline(x: Numbers, y: Numbers): (at: number) => number {
  checkVector(x, "x", 3);
  checkVector(y, "y", 3);
  checkSameLength(x, y, "x", "y");
  const n = x.length;
  for (let i = 1; i < n; i++) {
    if (!(x[i] > x[i - 1])) {
      throw new InputError({code: "not-increasing", field: `x[${i}]`, value: x[i], expected: `more than ${x[i - 1]}`});
    }
  }
  const [first, last] = [x[0], x[n - 1]];
  const breaks = Array.from({length: n - 3}, (_, i) => 0.5 * (x[i + 1] + x[i + 2]));
  // Truncated powers on [0, 1]: 1, u, u^2 and (u - b)^2 beyond each break b.
  const scale = (at: number) => (at - first) / (last - first);
  const knots = breaks.map(scale);
  const terms = (u: number) => [1, u, u * u, ...knots.map((b) => u > b ? (u - b) * (u - b) : 0)];
  const coefficients = solve(Array.from(x, (at) => terms(scale(at))), Array.from(y));
  return (at) => {
    if (!(at >= first && at <= last)) {
      const expected = `a number from ${first} to ${last}`;
      throw new InputError({code: "out-of-range", field: "x", value: at, expected});
    }
    return terms(scale(at)).reduce((total, term, i) => total + term * coefficients[i], 0);
  };
}

/** Gaussian elimination with partial pivoting; the few points of a calibration table make it small and regular. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const solution = new Array<number>(n);
  for (let k = n - 1; k >= 0; k--) {
    let rest = rows[k][n];
    for (let j = k + 1; j < n; j++) rest -= rows[k][j] * solution[j];
    solution[k] = rest / rows[k][k];
  }
  return solution;
}
