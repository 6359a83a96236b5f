import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {cholesky, choleskySolve, symmetricEigen} from "../../../src/domain/numerics/symmetric.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative} from "../../helpers/reference.js";

const entry = fc.integer({min: -100, max: 100});
const square = fc.integer({min: 1, max: 7}).chain((n) => fc.array(fc.array(entry, {minLength: n, maxLength: n}), {
  minLength: n, maxLength: n
}));
const symmetric = square.map((m) => m.map((row, i) => row.map((value, j) => value + m[j][i])));

function times(a: number[][], x: readonly number[]): number[] {
  return a.map((row) => row.reduce((total, value, j) => total + value * x[j], 0));
}

describe("symmetricEigen", () => {
  test("the second difference matrix: 2 - 2 cos(k pi / (n + 1))", () => {
    const n = 9;
    const matrix = Array.from({length: n}, (_, i) => Array.from({length: n}, (_, j) =>
      i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
    const {values} = symmetricEigen(matrix);
    values.forEach((value, k) => assertRelative(value, 2 - 2 * Math.cos((k + 1) * Math.PI / (n + 1)), 1e-13));
  });

  test("a diagonal matrix keeps its entries, a singular one has a zero", () => {
    assert.deepEqual(symmetricEigen([[3, 0], [0, -1]]), {values: [-1, 3], vectors: [[0, 1], [1, 0]]});
    const {values, vectors} = symmetricEigen([[1, 1], [1, 1]]);
    assert.ok(Math.abs(values[0]) < 1e-15);
    assertRelative(values[1], 2, 1e-15);
    assertRelative(vectors[1][0], Math.SQRT1_2, 1e-15);
    assert.deepEqual(symmetricEigen([[0, 0], [0, 0]]).values, [0, 0]);
  });

  test("vectors are unit, orthogonal, and satisfy the definition; values ascend and sum to the trace", () => {
    fc.assert(fc.property(symmetric, (matrix) => {
      const {values, vectors} = symmetricEigen(matrix);
      const size = 1 + Math.max(...matrix.flat().map(Math.abs));
      vectors.forEach((vector, k) => {
        times(matrix, vector).forEach((x, i) => assert.ok(Math.abs(x - values[k] * vector[i]) < 1e-12 * size));
        vectors.forEach((other, l) => {
          const dot = vector.reduce((total, x, i) => total + x * other[i], 0);
          assert.ok(Math.abs(dot - (k === l ? 1 : 0)) < 1e-13);
        });
        if (k > 0) assert.ok(values[k] >= values[k - 1]);
      });
      const trace = matrix.reduce((total, row, i) => total + row[i], 0);
      assert.ok(Math.abs(values.reduce((a, b) => a + b) - trace) < 1e-12 * size);
    }), {seed: 11, numRuns: 150});
  });

  test("bad input", () => {
    assertRejects(() => symmetricEigen([]), "not-square", "matrix");
    assertRejects(() => symmetricEigen([[1, 2]]), "not-square", "matrix");
    assertRejects(() => symmetricEigen([[1, NaN], [NaN, 1]]), "not-finite", "matrix[0][1]");
    assertRejects(() => symmetricEigen([[1, 2], [3, 1]]), "not-symmetric", "matrix[0][1]");
  });
});

describe("Cholesky", () => {
  test("the factor of a known matrix", () => {
    assert.deepEqual(cholesky([[4, 12, -16], [12, 37, -43], [-16, -43, 98]]), [[2, 0, 0], [6, 1, 0], [-8, 5, 3]]);
  });

  test("solves what it was built from", () => {
    fc.assert(fc.property(square, fc.array(entry, {minLength: 7, maxLength: 7}), (m, seven) => {
      const n = m.length;
      const matrix = m.map((row, i) => m.map((other, j) =>
        row.reduce((total, value, k) => total + value * other[k], 0) + (i === j ? 50 : 0)));
      const truth = seven.slice(0, n);
      const found = choleskySolve(matrix, times(matrix, truth));
      found.forEach((value, i) => assert.ok(Math.abs(value - truth[i]) < 1e-8));
    }), {seed: 12, numRuns: 100});
  });

  test("bad input", () => {
    assertRejects(() => cholesky([[1, 2], [2, 1]]), "not-positive-definite", "pivot 1 of the matrix");
    assertRejects(() => cholesky([[1, 1], [1, 1]]), "not-positive-definite", "pivot 1 of the matrix");
    assertRejects(() => choleskySolve([[1]], [1, 2]), "unequal-lengths", "length of right");
  });
});
