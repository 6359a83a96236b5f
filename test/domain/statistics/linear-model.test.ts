import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {linearModel, type Column} from "../../../src/domain/statistics/linear-model.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative, reference} from "../../helpers/reference.js";

test("Longley, NIST's certified values: nearly dependent columns", () => {
  const certified = reference("longley");
  const table: Record<string, number[]> = certified.columns;
  const columns = Object.entries(table).map(([name, values]) => ({name, values}));
  const model = linearModel(columns, certified.response);
  certified.coefficients.forEach(([value, error]: [string, string], i: number) => {
    assertRelative(model.coefficients[i].value, Number(value), 1e-8, model.coefficients[i].name);
    assertRelative(model.coefficients[i].standardError, Number(error), 1e-8, model.coefficients[i].name);
  });
  assertRelative(model.residualSd, certified.residualSd, 1e-9);
  assertRelative(model.residualSquares, certified.residualSquares, 1e-9);
  assertRelative(model.r2!, certified.r2, 1e-12);
  assertRelative(model.f!.value, certified.f, 1e-9);
  assert.deepEqual([model.f!.df1, model.f!.df2], [6, 9]);
  assertRelative(model.adjustedR2!, 1 - (1 - certified.r2) * 15 / 9, 1e-12);
});

test("a line by hand", () => {
  // x 1 2 3 4, y 2 3 5 8: slope 2, intercept -0.5, residuals .5 -.5 -.5 .5.
  const model = linearModel([{name: "x", values: [1, 2, 3, 4]}], [2, 3, 5, 8]);
  assertRelative(model.coefficients[0].value, -0.5, 1e-13);
  assertRelative(model.coefficients[1].value, 2, 1e-14);
  assertRelative(model.residualSquares, 1, 1e-13);
  [0.5, -0.5, -0.5, 0.5].forEach((r, i) => assertRelative(model.residuals[i], r, 1e-13));
  [1.5, 3.5, 5.5, 7.5].forEach((y, i) => assertRelative(model.fitted[i], y, 1e-13));
  assertRelative(model.coefficients[1].standardError, Math.sqrt(0.5 / 5), 1e-13);
  // In simple regression F is t^2, with one p.
  assertRelative(model.f!.value, model.coefficients[1].t ** 2, 1e-12);
  assertRelative(model.f!.p, model.coefficients[1].p, 1e-11);
  // With 2 degrees of freedom t has a closed form: (2p - 1) / sqrt(2p(1 - p)).
  const t = 0.95 / Math.sqrt(2 * 0.975 * 0.025);
  assertRelative(model.coefficients[1].upper, 2 + t * Math.sqrt(0.1), 1e-13);
});

test("covariance of the coefficients: of a straight line in closed form, standard errors on the diagonal", () => {
  const x = [1, 2, 3, 4, 7];
  const {covariance, coefficients, residualSd} = linearModel([{name: "x", values: x}], [2, 3, 5, 8, 9]);
  const [mean, squares] = [3.4, 21.2];
  const variance = residualSd * residualSd;
  assertRelative(covariance[0][0], variance * (1 / 5 + mean * mean / squares), 1e-13);
  assertRelative(covariance[0][1], -variance * mean / squares, 1e-13);
  assert.equal(covariance[1][0], covariance[0][1]);
  coefficients.forEach(({standardError}, i) => assertRelative(Math.sqrt(covariance[i][i]), standardError, 1e-13));
});

test("without an intercept, sums of squares are about zero", () => {
  const model = linearModel([{name: "x", values: [1, 2, 3]}], [2, 4, 7], {intercept: false});
  assert.equal(model.coefficients.length, 1);
  assertRelative(model.coefficients[0].value, 31 / 14, 1e-14);
  assertRelative(model.r2!, (31 * 31 / 14) / 69, 1e-14);
});

test("an intercept alone is the mean; a constant response has no R2", () => {
  const model = linearModel([], [1, 2, 6]);
  assertRelative(model.coefficients[0].value, 3, 1e-15);
  assert.equal(model.f, null);
  const flat = linearModel([{name: "x", values: [1, 2, 3]}], [5, 5, 5]);
  assert.equal(flat.r2, null);
  assert.equal(flat.f, null);
});

describe("properties", () => {
  const design = fc.array(
    fc.tuple(fc.integer({min: -50, max: 50}), fc.integer({min: -50, max: 50}), fc.integer({min: -99, max: 99})),
    {minLength: 6, maxLength: 25}
  );
  const columnsOf = (rows: [number, number, number][]): [Column[], number[]] => [
    [
      {name: "u", values: rows.map(([u], i) => u + (i % 3) * 0.25)},
      {name: "v", values: rows.map(([, v], i) => v + ((i * i) % 5) * 0.5)}
    ],
    rows.map(([, , y]) => y)
  ];
  const fit = (columns: Column[], y: number[]) => {
    try {
      return linearModel(columns, y);
    } catch {
      return null;
    }
  };

  test("residuals are orthogonal to the columns; order does not matter; a scaled column scales its coefficient", () => {
    let fitted = 0;
    fc.assert(fc.property(design, (rows) => {
      const [columns, y] = columnsOf(rows);
      const model = fit(columns, y);
      if (model === null) return;
      fitted++;
      for (const {values} of [...columns, {values: y.map(() => 1)}]) {
        const dot = model.residuals.reduce((sum, r, i) => sum + r * values[i], 0);
        assert.ok(Math.abs(dot) < 1e-8, `${dot}`);
      }
      const squares = model.residuals.reduce((sum, r) => sum + r * r, 0);
      assert.ok(Math.abs(squares - model.residualSquares) < 1e-9 * (1 + squares));
      const [back, yBack] = columnsOf(rows);
      const turned = linearModel(
        back.map(({name, values}) => ({name, values: Array.from(values).reverse()})), yBack.reverse()
      );
      const scaled = linearModel([{name: "u", values: Array.from(columns[0].values, (x) => 1e6 * x)}, columns[1]], y);
      model.coefficients.forEach(({value, standardError}, i) => {
        const size = 1e-9 * (Math.abs(value) + standardError);
        assert.ok(Math.abs(turned.coefficients[i].value - value) <= size);
        assert.ok(Math.abs(scaled.coefficients[i].value * (i === 1 ? 1e6 : 1) - value) <= size);
      });
    }), {seed: 8, numRuns: 80});
    assert.ok(fitted > 70, "nearly all designs are of full rank");
  });
});

test("coefficient intervals cover 95 % in simulated data", () => {
  const random = seeded(55);
  const x = Array.from({length: 12}, (_, i) => i);
  const runs = 4000;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const {lower, upper} = linearModel(
      [{name: "x", values: x}], x.map((value) => 3 + 0.5 * value + 2 * random.normal())
    ).coefficients[1];
    if (lower <= 0.5 && 0.5 <= upper) covered++;
  }
  assert.ok(Math.abs(covered / runs - 0.95) < 0.0138, `covered ${covered / runs}`);
});

describe("bad input", () => {
  const x = {name: "x", values: [1, 2, 3, 4]};
  const y = [1, 3, 2, 5];
  test("faults are named", () => {
    assertRejects(() => linearModel([x], [1, 2, 3]), "unequal-lengths", "length of x");
    assertRejects(() => linearModel([x], [1, 2, NaN, 3]), "not-finite", "response[2]");
    assertRejects(() => linearModel([{name: "b", values: [1, 2, Infinity, 3]}], y), "not-finite", "b[2]");
    assertRejects(() => linearModel([x], y, {level: 0}), "level-out-of-range", "level");
    assertRejects(() => linearModel([], y, {intercept: false}), "no-columns", "columns");
    assertRejects(() => linearModel([{name: "x", values: [1, 2]}], [1, 2]), "too-few-values", "length of response");
  });
  for (const [what, values] of [
    ["constant", [7, 7, 7, 7]], ["zero", [0, 0, 0, 0]], ["a multiple", [2, 4, 6, 8]], ["a sum", [0.1, 1.1, 2.1, 3.1]]
  ] as const) {
    test(`a column that is ${what} is named`, () => {
      const fault = assertRejects(() => linearModel([x, {name: "z", values}], y), "rank-deficient", "column");
      assert.equal(fault.value, "z");
    });
  }
});
