import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {describe, test} from "node:test";
import fc from "fast-check";
import {normalQuantile} from "../../../src/domain/distributions/normal.js";
import type {Table} from "../../../src/domain/statistics/method.js";
import {
  areaUnderCurve, compareAreas, operatingPoint, rocCurve, youdenPoint
} from "../../../src/domain/statistics/roc.js";
import {rocCompareMethod, rocMethod} from "../../../src/domain/statistics/roc-method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, assertRelative, reference} from "../../helpers/reference.js";

const file = new URL("../../../../shared/reference/agreement/aSAH.csv", import.meta.url);
const skip = !existsSync(file) && "../shared/reference is not there";

function asah(): Table {
  const [header, ...rows] = readFileSync(file, "utf8").trim().split(/\r?\n/).map((line) => line.split(","));
  return {file: "aSAH.csv", columns: header, rows};
}

describe("aSAH, every digit printed", {skip}, () => {
  const printed = reference("asah-roc");

  test("areas and DeLong's intervals", () => {
    const columns = {x: ["s100b", "ndka", "wfns"], outcome: ["outcome"]};
    const report = rocMethod.run({table: asah(), columns, variant: "delong", options: {positive: "Poor"}});
    assert.equal(report.n, printed.n);
    for (const [marker, {auc, delong}] of Object.entries<any>(printed.areas)) {
      const area = report.estimates.find(({name}) => name === `AUC (${marker})`)!;
      assertPrinted(area.value, auc, marker);
      assertPrintedInterval({lower: area.lower!, upper: area.upper!}, delong, marker);
      assert.match(area.note!, new RegExp(`^${printed.poor} Poor`));
    }
  });

  test("wfns against s100b", () => {
    const columns = {x: ["wfns"], y: ["s100b"], outcome: ["outcome"]};
    const report = rocCompareMethod.run({table: asah(), columns, options: {positive: "Poor"}});
    const value = (wanted: string) => report.estimates.find(({name}) => name === wanted)!.value;
    assertPrinted(value("Z"), printed.wfnsAgainstS100b.z);
    assertPrinted(value("p"), printed.wfnsAgainstS100b.p);
    assertRelative(value("difference of the AUCs"), value("AUC (wfns)") - value("AUC (s100b)"), 1e-12);
  });

  test("the threshold of the user stands in the report, Youden's comes with a warning", () => {
    const columns = {x: ["s100b"], outcome: ["outcome"]};
    const chosen = rocMethod.run({table: asah(), columns, options: {positive: "Poor", threshold: "0.205"}});
    const sensitivity = chosen.estimates.find(({name}) => name === "sensitivity")!;
    const specificity = chosen.estimates.find(({name}) => name === "specificity")!;
    // pROC's coordinates at the threshold .205: specificity 58/72, sensitivity 26/41.
    assert.equal(specificity.value, 58 / 72);
    assert.equal(sensitivity.value, 26 / 41);
    assert.ok(!chosen.warnings.some((warning) => /optimistic/.test(warning)));
    const searched = rocMethod.run({table: asah(), columns, options: {positive: "Poor"}});
    assert.ok(searched.warnings.some((warning) => /optimistic/.test(warning)));
    assert.ok(searched.estimates.find(({name}) => name === "Youden's index")!.value
      >= sensitivity.value + specificity.value - 1);
  });
});

describe("a case by hand with ties", () => {
  // Positives 3 2 2, negatives 2 1 0: pairs won 3 + 2.5 + 2.5 = 8 of 9.
  const marker = [3, 2, 2, 2, 1, 0];
  const positive = [true, true, true, false, false, false];

  test("curve: one point for each distinct value", () => {
    const {points} = rocCurve(marker, positive);
    assert.deepEqual(points.map(({threshold}) => threshold), [Infinity, 3, 2, 1, 0]);
    assert.deepEqual(points.map(({truePositives}) => truePositives), [0, 1, 3, 3, 3]);
    assert.deepEqual(points.map(({falsePositives}) => falsePositives), [0, 0, 1, 2, 3]);
  });

  test("area and DeLong's variance", () => {
    const area = areaUnderCurve(marker, positive);
    assertRelative(area.value, 8 / 9, 1e-15);
    // Placements of positives 1, 5/6, 5/6, of negatives 2/3, 1, 1: variances 1/108 and 1/27.
    assertRelative(area.standardError, Math.sqrt((1 / 108 + 1 / 27) / 3), 1e-13);
  });

  test("rates at a threshold, and Youden's", () => {
    const point = operatingPoint(marker, positive, 2);
    assert.equal(point.sensitivity, 1);
    assert.equal(point.specificity, 2 / 3);
    assert.equal(point.positivePredictiveValue!.value, 3 / 4);
    assert.equal(point.negativePredictiveValue!.value, 1);
    assert.equal(operatingPoint(marker, positive, 9).positivePredictiveValue, null);
    const best = youdenPoint(rocCurve(marker, positive));
    assert.equal(best.threshold, 2);
    assertRelative(best.index, 2 / 3, 1e-15);
  });

  test("lower values may be the positive ones", () => {
    const mirrored = marker.map((value) => -value);
    const area = areaUnderCurve(mirrored, positive, {direction: "lower"});
    assert.equal(area.value, areaUnderCurve(marker, positive).value);
    assert.equal(operatingPoint(mirrored, positive, -2, {direction: "lower"}).sensitivity, 1);
    assert.equal(rocCurve(mirrored, positive, {direction: "lower"}).points[0].threshold, -Infinity);
  });
});

test("the score interval solves its equation and exists at areas of 0 and 1", () => {
  const separated = areaUnderCurve([1, 2, 3, 4, 5, 6, 7], [false, false, false, true, true, true, true]);
  assert.equal(separated.value, 1);
  assert.equal(separated.score.upper, 1);
  assert.ok(separated.score.lower > 0.4 && separated.score.lower < 0.8);
  assert.equal(separated.logit, null);
  assert.deepEqual([separated.delong.lower, separated.delong.upper], [1, 1]);
  const reversed = areaUnderCurve([7, 6, 5, 4, 3, 2, 1], [false, false, false, true, true, true, true]);
  assertRelative(reversed.score.upper, 1 - separated.score.lower, 1e-9);
  const {value, score} = areaUnderCurve([3, 2, 2, 2, 1, 0], [true, true, true, false, false, false]);
  for (const end of [score.lower, score.upper]) {
    const variance = end * (1 - end) * (1 + 2 * (1 - end) / (2 - end) + 2 * end / (1 + end)) / 9;
    assertRelative((value - end) ** 2, 3.841458820694124 * variance, 1e-8);
  }
});

describe("properties", () => {
  const sample = fc.array(fc.tuple(fc.integer({min: -20, max: 20}), fc.integer({min: -20, max: 20}), fc.boolean()),
    {minLength: 6, maxLength: 40}).filter((rows) => {
    const count = rows.filter(([, , positive]) => positive).length;
    return count >= 2 && rows.length - count >= 2;
  });
  const columns = (rows: [number, number, boolean][]) =>
    [rows.map(([a]) => a), rows.map(([, b]) => b), rows.map(([, , c]) => c)] as const;

  test("increasing transformations, permutations and exchanged outcomes", () => {
    fc.assert(fc.property(sample, fc.integer(), (rows, turn) => {
      const [marker, , positive] = columns(rows);
      const area = areaUnderCurve(marker, positive);
      assert.deepEqual(areaUnderCurve(marker.map((x) => 3 * x + 7), positive), area);
      assert.deepEqual(areaUnderCurve(marker.map((x) => x ** 3), positive), area);
      const k = ((turn % rows.length) + rows.length) % rows.length;
      const turned = columns([...rows.slice(k), ...rows.slice(0, k)]);
      const permuted = areaUnderCurve(turned[0], turned[2]);
      assert.equal(permuted.value, area.value);
      assert.ok(Math.abs(permuted.standardError - area.standardError) < 1e-13);
      const exchanged = areaUnderCurve(marker, positive.map((one) => !one));
      assert.ok(Math.abs(exchanged.value - (1 - area.value)) < 1e-14);
      assert.ok(Math.abs(exchanged.score.lower - (1 - area.score.upper)) < 1e-9);
      assert.ok(area.score.lower <= area.value && area.value <= area.score.upper);
    }), {seed: 5, numRuns: 150});
  });

  test("the area is that under the curve's trapezoids", () => {
    fc.assert(fc.property(sample, (rows) => {
      const [marker, , positive] = columns(rows);
      const {points} = rocCurve(marker, positive);
      let trapezoids = 0;
      for (let i = 1; i < points.length; i++) {
        trapezoids += (points[i - 1].specificity - points[i].specificity)
          * (points[i].sensitivity + points[i - 1].sensitivity) / 2;
      }
      assert.ok(Math.abs(trapezoids - areaUnderCurve(marker, positive).value) < 1e-12);
    }), {seed: 6, numRuns: 150});
  });

  test("exchanged markers change the sign of Z alone", () => {
    fc.assert(fc.property(sample, (rows) => {
      const [a, b, positive] = columns(rows);
      let one;
      try {
        one = compareAreas(a, b, positive);
      } catch {
        return;
      }
      const other = compareAreas(b, a, positive);
      assert.ok(Math.abs(one.z + other.z) < 1e-9 * (1 + Math.abs(one.z)));
      assert.ok(Math.abs(one.p - other.p) < 1e-12);
    }), {seed: 7, numRuns: 150});
  });
});

test("coverage at an area of .9, 2000 repeats: the score interval holds its level where DeLong's does not", () => {
  const random = seeded(41);
  const shift = Math.SQRT2 * normalQuantile(0.9);
  for (const [each, least, most] of [[5, 0.63, 0.75], [10, 0.76, 0.86]] as const) {
    const hits = {score: 0, delong: 0};
    for (let i = 0; i < 2000; i++) {
      const positive = Array.from({length: 2 * each}, (_, k) => k < each);
      const area = areaUnderCurve(positive.map((one) => random.normal() + (one ? shift : 0)), positive);
      for (const method of ["score", "delong"] as const) {
        if (area[method].lower <= 0.9 && 0.9 <= area[method].upper) hits[method]++;
      }
    }
    assert.ok(hits.score / 2000 > 0.93 && hits.score / 2000 < 0.98, `score, ${each} a group: ${hits.score}`);
    assert.ok(hits.delong / 2000 > least && hits.delong / 2000 < most, `DeLong, ${each} a group: ${hits.delong}`);
  }
});

test("the paired test rejects equal markers at its level, 2000 repeats", () => {
  const random = seeded(43);
  let rejected = 0;
  for (let i = 0; i < 2000; i++) {
    const positive = Array.from({length: 80}, (_, k) => k < 40);
    const common = positive.map((one) => random.normal() + (one ? 1 : 0));
    const a = common.map((x) => x + 0.7 * random.normal());
    const b = common.map((x) => x + 0.7 * random.normal());
    if (compareAreas(a, b, positive).p < 0.05) rejected++;
  }
  assert.ok(Math.abs(rejected / 2000 - 0.05) < 0.02, String(rejected));
});

describe("bad input", () => {
  const table = (rows: (string | null)[][]): Table => ({file: "m.csv", columns: ["m", "k", "truth"], rows});
  const columns = {x: ["m"], outcome: ["truth"]};
  const good = [["1", "2", "0"], ["2", "1", "0"], ["3", "5", "1"], ["5", "4", "1"]];

  test("pure functions", () => {
    assertRejects(() => areaUnderCurve([1, 2, 3], [true, false, false]), "too-few-values", "positive outcomes");
    assertRejects(() => areaUnderCurve([1, NaN, 3], [true, false, false]), "not-finite", "marker[1]");
    assertRejects(() => rocCurve([1, 2], [true, true]), "too-few-values", "negative outcomes");
    assertRejects(() => rocCurve([1, 2], [true]), "unequal-lengths", "length of outcome");
    assertRejects(() => operatingPoint([1, 2], [true, false], NaN), "not-finite", "threshold");
    assertRejects(() => compareAreas([1, 2, 3, 4], [2, 4, 6, 8], [false, true, false, true]), "constant", /placements/);
  });

  test("tables", () => {
    const run = (rows: (string | null)[][], options = {}) =>
      () => rocMethod.run({table: table(rows), columns, options});
    assertRejects(run([["1", "2", "a"], ["2", "1", "a"]]), "outcome-count", "column truth");
    assertRejects(run(good.map(([m, k, t]) => [m, k, t === "1" ? "ill" : "well"])), "positive-label", "positive");
    assertRejects(run(good, {positive: "2"}), "positive-label", "positive");
    assertRejects(run([...good, ["x", "1", "0"]]), "not-a-number", "row 6, column m");
    assertRejects(run(good.slice(1)), "too-few-subjects", "column truth, outcome 0");
    assertRejects(run(good.map(([, k, t]) => ["4", k, t])), "constant", "column m");
    assertRejects(run(good, {treshold: 2}), "unknown-option", "option");
    assertRejects(run(good, {direction: "up"}), "unknown-choice", "direction");
    assertRejects(run(good, {threshold: "high"}), "not-a-number", "threshold");
    assertRejects(() => rocMethod.run({table: table(good), columns, variant: "wald"}), "unknown-choice", "variant");
  });

  test("missing cells are counted by row", () => {
    const report = rocMethod.run({table: table([...good, [null, "1", "0"], ["4", "2", null]]), columns});
    assert.equal(report.n, 4);
    assert.deepEqual(report.dropped.map(({row, column}) => [row, column]), [[6, "m"], [7, "truth"]]);
  });
});
