import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {fSurvival} from "../../../src/domain/distributions/f.js";
import {icc, iccForms} from "../../../src/domain/statistics/icc.js";
import {iccOneWay} from "../../../src/domain/statistics/icc-one-way.js";
import {twoWayLayout} from "../../../src/domain/statistics/two-way-layout.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, assertRelative, reference} from "../../helpers/reference.js";

const published = reference("shrout-fleiss");

describe("Shrout and Fleiss, every digit printed", () => {
  test("mean squares", () => {
    const layout = twoWayLayout(published.ratings);
    assertPrinted(layout.rowMeanSquare, published.betweenMeanSquare);
    assertPrinted(layout.columnMeanSquare, published.raterMeanSquare);
    assertPrinted(layout.errorMeanSquare, published.errorMeanSquare);
  });

  for (const form of iccForms) {
    test(`ICC(${form})`, () => {
      const found = icc(published.ratings, {form});
      assertPrinted(found.value, published.forms[form].value);
      assertPrintedInterval(found, published.forms[form].interval);
    });
  }
});

test("the forms differ as their definitions say when one rater is offset", () => {
  const values = [[1, 11], [2, 12.5], [3, 12.5], [4, 14], [5, 15]];
  assert.ok(icc(values, {form: "3,1"}).value > 0.9);
  assert.ok(icc(values, {form: "2,1"}).value < 0.1);
  assert.ok(icc(values, {form: "1,1"}).value < 0);
});

describe("unequal numbers of repeats", () => {
  // Recomputed by hand: MSW 10/6, MSB 70, N 9, k0 = (9 - 29/9)/2.
  const values = [[1, 3], [10, 12, 14], [5, 5, 5, 5]];
  const found = iccOneWay(values);

  test("k0 and the estimate", () => {
    assertRelative(found.repeats, (9 - 29 / 9) / 2, 1e-14);
    assertRelative(found.value, (70 - 10 / 6) / (70 + (found.repeats - 1) * 10 / 6), 1e-13);
  });

  test("Wald's weighted F has its tail probability at each end", () => {
    for (const [end, tail] of [[found.lower, 0.025], [found.upper, 0.975]]) {
      const theta = end / (1 - end);
      const weights = values.map((row) => row.length / (1 + theta * row.length));
      const means = [2, 12, 5];
      const all = weights.reduce((a, b) => a + b);
      const mean = means.reduce((a, m, i) => a + weights[i] * m, 0) / all;
      const f = means.reduce((a, m, i) => a + weights[i] * (m - mean) ** 2, 0) / 2 / (10 / 6);
      assertRelative(fSurvival(f, 2, 6), tail, 1e-9);
    }
  });

  test("the closed form and Wald's agree as one number of repeats becomes equal to the others", () => {
    const random = seeded(9);
    const rows = Array.from({length: 12}, () => {
      const truth = 3 * random.normal();
      return [0, 1, 2].map(() => truth + random.normal());
    });
    const balanced = iccOneWay(rows);
    // A fourth repeat at the mean of its subject changes little; a search over all three columns must stay near.
    const almost = iccOneWay([[...rows[0], (rows[0][0] + rows[0][1] + rows[0][2]) / 3], ...rows.slice(1)]);
    assert.ok(Math.abs(almost.lower - balanced.lower) < 0.02 && Math.abs(almost.upper - balanced.upper) < 0.02);
  });

  test("no effect of subjects: the lower end stops at -1/(K - 1)", () => {
    const flat = iccOneWay([[1, 3.5], [0, 2, 4.5], [5, 2, 1, 3.4], [1, 2, 3]]);
    assertRelative(flat.lower, -1 / 3, 1e-12);
    assert.ok(flat.upper > flat.lower && flat.upper < 1);
  });

  test("covers 95 %", () => {
    const random = seeded(31);
    const runs = 2000;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const rows = Array.from({length: 12}, (_, i) => {
        const truth = random.normal();
        return Array.from({length: 2 + i % 3 * 3}, () => truth + random.normal());
      });
      const {lower, upper} = iccOneWay(rows);
      if (lower <= 0.5 && 0.5 <= upper) covered++;
    }
    assert.ok(Math.abs(covered / runs - 0.95) < 4 * Math.sqrt(0.95 * 0.05 / runs), `covered ${covered / runs}`);
  });
});

describe("coverage in simulated studies, 15 subjects x 3 raters", () => {
  const runs = 2000;
  for (const form of iccForms) {
    test(`ICC(${form})`, () => {
      const random = seeded(77);
      // Subjects 4, raters .5 (models 2 and 3 alone), error 1.
      const raterSd = form[0] === "1" ? 0 : Math.sqrt(0.5);
      const single = form[0] === "2" ? 4 / 5.5 : 4 / 5;
      const truth = form[2] === "k" ? 3 * single / (1 + 2 * single) : single;
      let covered = 0;
      for (let run = 0; run < runs; run++) {
        const raters = [0, 1, 2].map(() => raterSd * random.normal());
        const rows = Array.from({length: 15}, () => {
          const subject = 2 * random.normal();
          return raters.map((rater) => subject + rater + random.normal());
        });
        const {lower, upper} = icc(rows, {form});
        if (lower <= truth && truth <= upper) covered++;
      }
      // Model 2 is approximate: it may lie two points off.
      const slack = 4 * Math.sqrt(0.95 * 0.05 / runs) + (form[0] === "2" ? 0.02 : 0);
      assert.ok(Math.abs(covered / runs - 0.95) < slack, `covered ${covered / runs}`);
    });
  }
});

describe("properties", () => {
  const table = fc.array(fc.array(fc.integer({min: 1, max: 100}), {minLength: 3, maxLength: 3}), {
    minLength: 3, maxLength: 9
  }).filter((rows) => twoWayLayout(rows).errorMeanSquare > 1e-6);

  test("shift, scale and order of subjects and raters change nothing", () => {
    fc.assert(fc.property(table, fc.constantFrom(...iccForms), fc.integer({min: -50, max: 50}), (rows, form, by) => {
      const base = icc(rows, {form});
      for (const other of [
        rows.map((row) => row.map((value) => value + by)), rows.map((row) => row.map((value) => value * 8)),
        [...rows].reverse(), rows.map((row) => [row[2], row[0], row[1]])
      ]) {
        for (const what of ["value", "lower", "upper"] as const) {
          const [a, b] = [icc(other, {form})[what], base[what]];
          assert.ok(a === b || Math.abs(a - b) < 1e-7 * Math.max(1, b * b), `${what}: ${a}, ${b}`);
        }
      }
    }), {seed: 21, numRuns: 60});
  });

  test("an offset of one rater leaves model 3", () => {
    fc.assert(fc.property(table, fc.integer({min: -50, max: 50}), (rows, by) => {
      const moved = rows.map(([a, b, c]) => [a, b + by, c]);
      assert.ok(Math.abs(icc(moved, {form: "3,1"}).value - icc(rows, {form: "3,1"}).value) < 1e-10);
    }), {seed: 22, numRuns: 40});
  });
});

test("an end of ICC(2,1) below -1/(k-1) is no positive end of ICC(2,k)", () => {
  const table = [[-0.2, 0.1, 0.1], [1.4, 1.4, -2.6], [0.3, 0.1, 1.3], [0.5, -0.9, 0]];
  assert.ok(icc(table, {form: "2,1"}).lower < -0.5);
  const {lower, upper} = icc(table, {form: "2,k"});
  assert.equal(lower, -Infinity);
  assert.ok(upper > 0 && upper < 1);
});

test("bad input", () => {
  assertRejects(() => icc([[1, 2], [3, 4, 6]], {form: "1,k"}), "unequal-repeats", "repeats in values");
  assertRejects(() => icc([[1, 2], [3, 4, 6]], {form: "2,1"}), "unequal-lengths", "length of values[1]");
  assertRejects(() => icc([[1, 2], [2, 3]], {form: "3,1"}), "constant", "residuals of values");
  assertRejects(() => icc([[1, 2]], {form: "2,1"}), "too-few-subjects", "subjects in values");
  assertRejects(() => icc([[1], [2]], {form: "2,1"}), "too-few-repeats", "repeats in values[0]");
  assertRejects(() => icc([[1, 2], [2, NaN]], {form: "2,1"}), "not-finite", "values[1][1]");
  assertRejects(() => icc(5 as never, {form: "2,1"}), "not-a-table", "values");
  assertRejects(() => icc([[1, 2], [2, 4]], {form: "4,1" as never}), "unknown-choice", "form");
  assertRejects(() => icc([[1, 2], [2, 4]], {level: 2}), "level-out-of-range", "level");
});
