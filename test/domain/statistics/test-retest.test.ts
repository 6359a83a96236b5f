import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {iccOneWay} from "../../../src/domain/statistics/icc-one-way.js";
import {oneWayLayout} from "../../../src/domain/statistics/one-way-layout.js";
import {percentRepeatabilityCoefficient} from "../../../src/domain/statistics/percent-repeatability-coefficient.js";
import {repeatabilityCoefficient} from "../../../src/domain/statistics/repeatability-coefficient.js";
import {testRetest} from "../../../src/domain/statistics/test-retest.js";
import {withinSubjectCv} from "../../../src/domain/statistics/within-subject-cv.js";
import {withinSubjectSd} from "../../../src/domain/statistics/within-subject-sd.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, assertRelative, reference} from "../../helpers/reference.js";

const pefr = reference("peak-flow");
const wright: number[][] = pefr.wright1.map((value: number, i: number) => [value, pefr.wright2[i]]);
const mini: number[][] = pefr.mini1.map((value: number, i: number) => [value, pefr.mini2[i]]);

describe("peak flow, every digit printed", () => {
  for (const [name, values] of [["wright", wright], ["mini", mini]] as const) {
    const printed = pefr[name];
    test(`${name}: wSD, RC with 1.96 and wCV`, () => {
      const wsd = withinSubjectSd(values);
      assertPrinted(wsd.value, printed.wsd);
      assertPrintedInterval(wsd, printed.wsdInterval);
      assert.equal(wsd.df, 17);
      assertPrinted(repeatabilityCoefficient(values, {multiplier: "1.96"}).value, printed.rc196);
      assertPrinted(withinSubjectCv(values).value, printed.wcv);
    });
  }

  test("wright: RC's interval with 1.96, and RC with z", () => {
    const rounded = repeatabilityCoefficient(wright, {multiplier: "1.96"});
    assertPrintedInterval(rounded, pefr.wright.rc196Interval);
    assert.equal(rounded.multiplier, 1.96);
    const rc = repeatabilityCoefficient(wright);
    assertPrinted(rc.value, pefr.wright.rc);
    assert.notEqual(rc.value.toFixed(5), rounded.value.toFixed(5));
  });

  test("wright: ICC(1,1)", () => {
    const icc = iccOneWay(wright);
    assertPrinted(icc.value, pefr.wright.icc);
    assertPrintedInterval(icc, pefr.wright.iccInterval);
  });

  test("a row of the table joins the methods", () => {
    const row = testRetest(wright, {unit: "L/min", multiplier: "1.96"});
    assert.equal(row.subjects, 17);
    assert.equal(row.repeats, 2);
    assert.equal(row.df, 17);
    assert.equal(row.unit, "L/min");
    assertRelative(row.mean, 447.88235294117646, 1e-15);
    assertPrinted(row.wsd.value, pefr.wright.wsd);
    assertPrinted(row.rc.value, pefr.wright.rc196);
    assertPrinted(row.wcv!.value, pefr.wright.wcv);
    assertRelative(row.percentRc!.value, 100 * 1.96 * Math.SQRT2 * row.wcv!.value, 1e-14);
    assertRelative(row.percentRc!.upper / row.percentRc!.value, row.wsd.upper / row.wsd.value, 1e-14);
  });
});

test("ICC(1,1) of Shrout and Fleiss, every digit printed", () => {
  const printed = reference("shrout-fleiss");
  const icc = iccOneWay(printed.ratings);
  assertPrinted(icc.betweenMeanSquare, printed.betweenMeanSquare);
  assertPrinted(icc.withinMeanSquare, printed.withinMeanSquare);
  assertPrinted(icc.value, printed.icc11);
  assertPrintedInterval(icc, printed.interval);
});

test("the two wCV variants differ and each is what its name says", () => {
  const values = [[9, 11], [95, 105]];
  assertRelative(withinSubjectCv(values).value, Math.sqrt((2 / 100 + 50 / 10000) / 2), 1e-14);
  const other = withinSubjectCv(values, {variant: "wsd-over-mean"});
  assertRelative(other.value, Math.sqrt(26) / 55, 1e-14);
  assert.equal(other.variant, "wsd-over-mean");
  const percent = percentRepeatabilityCoefficient(values, {variant: "wsd-over-mean", multiplier: "1.96"});
  assertRelative(percent.value, 196 * Math.SQRT2 * Math.sqrt(26) / 55, 1e-14);
});

test("unequal repeats weigh by their degrees of freedom", () => {
  const layout = oneWayLayout([[1, 3], [10, 12, 14], [5, 5, 5, 5]]);
  assert.equal(layout.withinDf, 6);
  assert.equal(layout.repeats, null);
  assertRelative(layout.withinMeanSquare, (2 + 8) / 6, 1e-15);
  // Group sums 4, 36, 20 over 9 values: 8 + 432 + 100 - 400.
  assertRelative(layout.betweenSquares, 140, 1e-14);
  assertRelative(withinSubjectSd([[1, 3], [10, 12, 14], [5, 5, 5, 5]]).value, Math.sqrt(10 / 6), 1e-15);
  // Variances 2, 4, 0 on 1, 2, 3 degrees of freedom, means 2, 12, 5.
  const wcv = withinSubjectCv([[1, 3], [10, 12, 14], [5, 5, 5, 5]]);
  assertRelative(wcv.value, Math.sqrt((2 / 4 + 8 / 144) / 6), 1e-14);
  assert.equal(wcv.df, 6);
});

test("values that may be negative have no wCV, and say so", () => {
  const values = [[-0.1, 0.1], [0.2, 0.3], [-0.4, -0.2]];
  const row = testRetest(values, {unit: "1", scale: "interval"});
  assert.equal(row.wcv, null);
  assert.equal(row.percentRc, null);
  assert.ok(row.wsd.value > 0);
  assertRejects(() => testRetest(values, {unit: "1"}), "not-ratio-scale", "mean of values[0]");
});

describe("properties", () => {
  // Whole numbers, so that shifts and orders are exact and only the methods are tested.
  const table = fc.array(fc.array(fc.integer({min: 1, max: 1000}), {minLength: 3, maxLength: 3}), {
    minLength: 2, maxLength: 12
  }).filter((rows) => rows.some((row) => new Set(row).size > 1));

  test("a shift leaves wSD and RC, a scale multiplies them and leaves wCV and ICC", () => {
    const shifts = fc.integer({min: 1, max: 5000});
    fc.assert(fc.property(table, shifts, fc.constantFrom(0.001, 0.5, 3, 1e4), (rows, by, k) => {
      const wsd = withinSubjectSd(rows);
      const shifted = withinSubjectSd(rows.map((row) => row.map((value) => value + by)));
      const scaled = rows.map((row) => row.map((value) => value * k));
      assertRelative(shifted.value, wsd.value, 1e-10);
      assertRelative(shifted.upper, wsd.upper, 1e-10);
      assertRelative(withinSubjectSd(scaled).value, k * wsd.value, 1e-10);
      assertRelative(repeatabilityCoefficient(scaled).lower, k * repeatabilityCoefficient(rows).lower, 1e-10);
      assertRelative(withinSubjectCv(scaled).value, withinSubjectCv(rows).value, 1e-10);
      assert.ok(Math.abs(iccOneWay(scaled).value - iccOneWay(rows).value) < 1e-10);
    }), {seed: 1, numRuns: 60});
  });

  test("the order of subjects and of repeats does not matter", () => {
    fc.assert(fc.property(table, (rows) => {
      const turned = [...rows].reverse().map((row) => [...row].reverse());
      assertRelative(withinSubjectSd(turned).value, withinSubjectSd(rows).value, 1e-13);
      assertRelative(withinSubjectCv(turned).value, withinSubjectCv(rows).value, 1e-13);
      assert.ok(Math.abs(iccOneWay(turned).value - iccOneWay(rows).value) < 1e-12);
    }), {seed: 2, numRuns: 60});
  });

  test("a higher level or coverage widens", () => {
    fc.assert(fc.property(table, (rows) => {
      const narrow = withinSubjectSd(rows, {level: 0.8});
      const wide = withinSubjectSd(rows, {level: 0.99});
      assert.ok(wide.lower < narrow.lower && narrow.lower < narrow.upper && narrow.upper < wide.upper);
      const more = repeatabilityCoefficient(rows, {coverage: 0.99}).value;
      assert.ok(more > repeatabilityCoefficient(rows).value);
    }), {seed: 3, numRuns: 30});
  });
});

describe("coverage of the intervals in simulated studies", () => {
  const random = seeded(20240501);
  const study = (subjects: number, repeats: number, between: number, within: number) =>
    Array.from({length: subjects}, () => {
      const truth = 100 + between * random.normal();
      return Array.from({length: repeats}, () => truth + within * random.normal());
    });

  for (const [subjects, repeats] of [[5, 2], [16, 2], [8, 4]]) {
    test(`wSD, ${subjects} subjects x ${repeats} repeats: 95 % within Monte Carlo error`, () => {
      const runs = 6000;
      let covered = 0;
      for (let run = 0; run < runs; run++) {
        const {lower, upper} = withinSubjectSd(study(subjects, repeats, 10, 3));
        if (lower <= 3 && 3 <= upper) covered++;
      }
      // Four standard errors of a proportion of 0.95 among 6000.
      assert.ok(Math.abs(covered / runs - 0.95) < 0.0113, `covered ${covered / runs}`);
    });
  }

  test("ICC(1,1), 20 subjects x 2 repeats", () => {
    const truth = 100 / (100 + 25);
    let covered = 0;
    for (let run = 0; run < 4000; run++) {
      const {lower, upper} = iccOneWay(study(20, 2, 10, 5));
      if (lower <= truth && truth <= upper) covered++;
    }
    assert.ok(Math.abs(covered / 4000 - 0.95) < 0.0138, `covered ${covered / 4000}`);
  });
});

describe("bad input", () => {
  const cases: [string, unknown, string, string | RegExp][] = [
    ["no table", 5, "not-a-table", "values"],
    ["one subject", [[1, 2]], "too-few-subjects", "subjects in values"],
    ["no subject", [], "too-few-subjects", "subjects in values"],
    ["a subject with one repeat", [[1, 2], [3]], "too-few-repeats", "repeats in values[1]"],
    ["a subject with none", [[1, 2], []], "too-few-values", "length of values[1]"],
    ["a value that is NaN", [[1, 2], [3, NaN]], "not-finite", "values[1][1]"],
    ["a value that is null", [[1, 2], [null, 3]], "not-finite", "values[1][0]"],
    ["a value that is a text", [["1", 2], [2, 3]], "not-finite", "values[0][0]"],
    ["repeats that all agree", [[1, 1], [2, 2]], "constant", "repeats in values"]
  ];
  for (const [what, values, code, field] of cases) {
    test(what, () => {
      for (const method of [withinSubjectSd, withinSubjectCv, repeatabilityCoefficient, iccOneWay]) {
        assertRejects(() => method(values as never), code, field);
      }
      assertRejects(() => testRetest(values as never, {unit: "mm2/s"}), code, field);
    });
  }

  test("options", () => {
    const values = [[1, 2], [3, 5]];
    for (const level of [0, 1, -1, 95, NaN]) {
      assertRejects(() => withinSubjectSd(values, {level}), "level-out-of-range", "level");
    }
    assertRejects(() => repeatabilityCoefficient(values, {coverage: 1}), "level-out-of-range", "coverage");
    assertRejects(
      () => repeatabilityCoefficient(values, {coverage: 0.9, multiplier: "1.96"}),
      "multiplier-without-coverage", "coverage"
    );
    assertRejects(() => repeatabilityCoefficient(values, {multiplier: "2" as never}), "unknown-choice", "multiplier");
    assertRejects(() => withinSubjectCv(values, {variant: "rms" as never}), "unknown-choice", "variant");
    assertRejects(() => testRetest(values, {unit: "1", scale: "log" as never}), "unknown-choice", "scale");
    assertRejects(() => withinSubjectCv([[0, 0.5], [-1, 1]]), "not-ratio-scale", "mean of values[1]");
  });
});
