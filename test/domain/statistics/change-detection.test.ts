import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {changeDetection, changePosterior} from "../../../src/domain/statistics/change-detection.js";
import {changeMethod} from "../../../src/domain/statistics/change-detection-method.js";
import type {Table} from "../../../src/domain/statistics/method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

const z = 1.959963984540054;

describe("confidence of a change", () => {
  test("a change of RC has 95 %, one of no size none", () => {
    const rc = z * Math.SQRT2 * 3;
    const result = changeDetection(-rc, 3);
    assertRelative(result.repeatabilityCoefficient, rc, 1e-14);
    assertRelative(result.confidence, 0.95, 1e-12);
    assert.ok(Math.abs(result.change.upper) < 1e-12);
    assert.equal(changeDetection(0, 3).confidence, 0);
    assert.equal(changeDetection(0, 3, {df: 10}).exceedsTrueCoefficient, 0);
    assert.equal(changeDetection(9, 3).exceedsTrueCoefficient, null);
    assert.equal(changeDetection(9, 3).exceeds, true);
    assert.equal(changeDetection(8, 3).exceeds, false);
  });

  test("with wSD estimated it takes Student's t, which holds its level in simulation", () => {
    const random = seeded(8);
    const df = 6;
    let beyond = 0;
    let covered = 0;
    let exceeded = 0;
    const repeats = 4000;
    for (let i = 0; i < repeats; i++) {
      let squares = 0;
      for (let k = 0; k < df; k++) squares += random.normal() ** 2;
      const estimated = Math.sqrt(squares / df);
      const change = Math.SQRT2 * random.normal() + 5;
      if (changeDetection(change - 5, estimated, {df}).p < 0.05) beyond++;
      const {lower, upper} = changeDetection(change, estimated, {df}).change;
      if (lower <= 5 && 5 <= upper) covered++;
      // A change that equals the true RC is judged to exceed it with 95 % confidence in 5 % of estimates.
      if (changeDetection(z * Math.SQRT2, estimated, {df}).exceedsTrueCoefficient! > 0.95) exceeded++;
    }
    for (const [rate, expected] of [[beyond / repeats, 0.05], [covered / repeats, 0.95], [exceeded / repeats, 0.05]]) {
      assert.ok(Math.abs(rate - expected) < 4 * Math.sqrt(0.05 * 0.95 / repeats), `${rate}, expected ${expected}`);
    }
  });

  test("property: sign and scale", () => {
    fc.assert(fc.property(fc.double({min: -50, max: 50, noNaN: true}), fc.double({min: 0.1, max: 20, noNaN: true}),
      fc.double({min: 0.01, max: 100, noNaN: true}), (change, sd, scale) => {
        const one = changeDetection(change, sd, {df: 12});
        const other = changeDetection(-scale * change, scale * sd, {df: 12});
        assert.ok(Math.abs(one.confidence - other.confidence) < 1e-10);
        assert.ok(Math.abs(one.exceedsTrueCoefficient! - other.exceedsTrueCoefficient!) < 1e-10);
      }), {seed: 3, numRuns: 100});
  });
});

describe("posterior of the change", () => {
  test("equal variances of prior and error: half way, by hand", () => {
    // Error variance 2 * 2 = 4, prior SD 2: posterior mean 3, variance 2.
    const {change, sd, probability, beyondMargin} = changePosterior(6, Math.SQRT2, {sd: 2});
    assertRelative(change.value, 3, 1e-14);
    assertRelative(sd, Math.SQRT2, 1e-14);
    assert.equal(probability, 1);
    // Phi(3 / sqrt 2)
    assertRelative(beyondMargin, 0.9830526, 1e-6);
  });

  test("an even chance of no change: the ratio of two normal densities, by hand", () => {
    // N(6; 0, 4) / N(6; 0, 8) = sqrt 2 exp(-36/8 + 36/16)
    const ratio = Math.SQRT2 * Math.exp(-2.25);
    const {probability} = changePosterior(6, Math.SQRT2, {sd: 2, probability: 0.5});
    assertRelative(probability, 1 / (1 + ratio), 1e-13);
    assert.ok(changePosterior(0, Math.SQRT2, {sd: 2, probability: 0.5}).probability < 0.5);
  });

  test("a margin lowers the probability, the direction is the measured one, huge changes do not overflow", () => {
    const sure = changePosterior(-6, 1, {sd: 5}).beyondMargin;
    const careful = changePosterior(-6, 1, {sd: 5}, {margin: 4}).beyondMargin;
    assert.ok(careful < sure && sure > 0.99);
    assertRelative(changePosterior(6, 1, {sd: 5}).beyondMargin, sure, 1e-14);
    assert.equal(changePosterior(1e6, 1, {sd: 5, probability: 0.5}).probability, 1);
  });

  test("it is calibrated: of changes drawn from the prior, the stated share is real", () => {
    const random = seeded(77);
    let expected = 0;
    let found = 0;
    let variance = 0;
    for (let i = 0; i < 20000; i++) {
      const real = random.uniform() < 0.3;
      const truth = real ? 1 + 2 * random.normal() : 0;
      const measured = truth + Math.SQRT2 * random.normal();
      const {probability} = changePosterior(measured, 1, {mean: 1, sd: 2, probability: 0.3});
      if (probability < 0.5) continue;
      expected += probability;
      variance += probability * (1 - probability);
      if (real) found++;
    }
    assert.ok(Math.abs(found - expected) < 4 * Math.sqrt(variance), `${found}, expected ${expected}`);
  });
});

describe("the method on a table", () => {
  const table: Table = {
    file: "visits.csv", columns: ["id", "before", "after"],
    rows: [["A", "100", "130"], ["B", "100", "101"], ["C", null, "90"]]
  };
  const columns = {x: ["before"], y: ["after"], subject: ["id"]};
  const value = (report: ReturnType<typeof changeMethod.run>, name: string) =>
    report.estimates.find((one) => one.name === name)!.value;

  test("differences", () => {
    const report = changeMethod.run({table, columns, options: {"within-sd": 5, df: "20", "prior-sd": 10}});
    assert.equal(report.n, 2);
    assert.deepEqual(report.dropped.map(({row, column}) => [row, column]), [[4, "before"]]);
    assertRelative(value(report, "RC"), z * Math.SQRT2 * 5, 1e-14);
    assert.equal(value(report, "change (A)"), 30);
    assertRelative(value(report, "confidence of a change (A)"), changeDetection(30, 5, {df: 20}).confidence, 1e-15);
    assertRelative(value(report, "probability that the change is real (B)"),
      changePosterior(1, 5, {sd: 10}).beyondMargin, 1e-15);
  });

  test("a tenfold offset between the visits is pointed out", () => {
    const rows = [["A", "100", "1010"], ["B", "90", "880"]];
    const report = changeMethod.run({table: {...table, rows}, columns, options: {"within-sd": 5}});
    assert.ok(report.warnings.some((warning) => /about 10 times before/.test(warning)), report.warnings.join());
  });

  test("ratios: 12 % as the SD of ln SUV gives RC +39.5 and -28.3 %", () => {
    const report = changeMethod.run({table, columns, variant: "log", options: {"within-sd": 0.12}});
    assert.equal(value(report, "RC, increase").toFixed(1), "39.5");
    assert.equal(value(report, "RC, decrease").toFixed(1), "-28.3");
    assertRelative(value(report, "change (A)"), 30, 1e-12);
  });

  test("bad input", () => {
    assertRejects(() => changeMethod.run({table, columns}), "missing-option", "within-sd");
    assertRejects(() => changeMethod.run({table, columns, options: {"within-sd": 0}}), "not-positive", "withinSd");
    assertRejects(() => changeMethod.run({table, columns, options: {"within-sd": 5, "prior-probability": 0.5}}),
      "missing-option", "prior-sd");
    const twice = {...table, rows: [["A", "1", "2"], ["A", "2", "3"]]};
    assertRejects(() => changeMethod.run({table: twice, columns, options: {"within-sd": 1}}),
      "duplicate-key", "row 3, column id");
    const negative = {...table, rows: [["A", "-1", "2"], ["B", "2", "3"]]};
    assertRejects(() => changeMethod.run({table: negative, columns, variant: "log", options: {"within-sd": 1}}),
      "not-positive", "row 2, column before");
    assertRejects(() => changePosterior(1, 1, {sd: 1, probability: 0}),
      "probability-out-of-range", "prior.probability");
    assertRejects(() => changePosterior(1, 1, {sd: 0}), "not-positive", "prior.sd");
    assertRejects(() => changePosterior(1, 1, {sd: 1}, {margin: -1}), "negative", "margin");
    assertRejects(() => changeDetection(1, 1, {df: 0}), "not-a-count", "df");
  });
});
