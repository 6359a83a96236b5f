import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {
  withinSubjectCv, type WithinSubjectCvInterval, type WithinSubjectCvVariant
} from "../../../src/domain/statistics/within-subject-cv.js";
import {withinSubjectSd} from "../../../src/domain/statistics/within-subject-sd.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

// Means 10, 20, 30; wSD^2 = (2 + 8 + 18) / 3.
const values = [[9, 11], [18, 22], [27, 33]];

describe("logs", () => {
  test("sqrt(exp(s^2) - 1), and the chi-square interval of s carried over", () => {
    const logs = values.map((row) => row.map(Math.log));
    const s = withinSubjectSd(logs);
    const found = withinSubjectCv(values, {variant: "logs"});
    for (const end of ["value", "lower", "upper"] as const) {
      assertRelative(found[end], Math.sqrt(Math.exp(s[end] * s[end]) - 1), 1e-12);
    }
    assert.equal(found.df, 3);
    assert.equal(found.interval, "chi-square");
  });

  test("a tiny spread keeps its digits", () => {
    const tiny = withinSubjectCv([[1, 1 + 1e-9], [2, 2 - 2e-9]], {variant: "logs"});
    assertRelative(tiny.value, 1e-9 / Math.SQRT2, 1e-6);
  });
});

describe("wSD over mean", () => {
  const of = (interval: WithinSubjectCvInterval) => withinSubjectCv(values, {variant: "wsd-over-mean", interval});

  test("one estimate under every interval; mover is the default", () => {
    for (const interval of ["mover", "variance-stabilised", "delta"] as const) {
      assertRelative(of(interval).value, Math.sqrt(28 / 3) / 20, 1e-14);
    }
    assert.deepEqual(withinSubjectCv(values, {variant: "wsd-over-mean"}), of("mover"));
  });

  test("delta: variance wCV^2 / (2 df) + wCV^2 var(mean) / mean^2", () => {
    const cv = Math.sqrt(28 / 3) / 20;
    const se = cv * Math.sqrt(1 / 6 + 100 / 3 / 400);
    assertRelative(of("delta").upper, cv + 1.959963984540054 * se, 1e-13);
    assert.equal(of("delta").lower, Math.max(0, cv - 1.959963984540054 * se));
  });

  test("variance-stabilised: its ends lie one multiplier apart on the stabilising scale", () => {
    const rows = Array.from({length: 20}, (_, i) => [80 + 2 * i, 84 + 2 * i - i % 3]);
    const {value, lower, upper} = withinSubjectCv(rows, {variant: "wsd-over-mean", interval: "variance-stabilised"});
    const means = rows.map(([a, b]) => (a + b) / 2);
    const mean = means.reduce((a, b) => a + b) / 20;
    const ofMean = means.reduce((a, m) => a + (m - mean) ** 2, 0) / 19 / 20 / mean ** 2 / value ** 2;
    const scale = (cv: number) => -Math.asinh(Math.sqrt(1 / 40 / ofMean) / cv) / Math.sqrt(1 / 40);
    assertRelative(scale(upper) - scale(value), 1.959963984540054, 1e-9);
    assertRelative(scale(value) - scale(lower), 1.959963984540054, 1e-9);
  });

  test("mover: the hypothesis at each end, with wSD and mean at their joined limits", () => {
    // Fieller-like identity of Donner and Zou: (wSD - end mean)^2 is the sum of the squared recovered distances.
    const rows = Array.from({length: 12}, (_, i) => [100 + 3 * i, 104 + 3 * i - i % 4]);
    const found = withinSubjectCv(rows, {variant: "wsd-over-mean"});
    const sd = withinSubjectSd(rows);
    const means = rows.map(([a, b]) => (a + b) / 2);
    const mean = means.reduce((a, b) => a + b) / 12;
    const half = 2.200985160082949 * Math.sqrt(means.reduce((a, m) => a + (m - mean) ** 2, 0) / 11 / 12);
    for (const [end, wsd] of [[found.lower, sd.lower], [found.upper, sd.upper]]) {
      assertRelative((sd.value - end * mean) ** 2, (sd.value - wsd) ** 2 + (end * half) ** 2, 1e-9);
    }
  });

  test("no upper end when the mean's interval reaches zero", () => {
    const wide = [[0.01, 0.012], [0.02, 0.019], [100, 101]];
    assert.equal(withinSubjectCv(wide, {variant: "wsd-over-mean"}).upper, Infinity);
    assert.ok(withinSubjectCv(wide, {variant: "wsd-over-mean"}).lower > 0);
  });
});

describe("coverage in simulated studies of two repeats", () => {
  const cover = (
    subjects: number, variant: WithinSubjectCvVariant, interval: WithinSubjectCvInterval, runs: number,
    measure: (truth: number, error: number) => number, truth: number, between: number
  ): number => {
    const random = seeded(404);
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const rows = Array.from({length: subjects}, () => {
        const subject = Math.max(0.45, 1 + between * random.normal());
        return [measure(subject, random.normal()), measure(subject, random.normal())];
      });
      const {lower, upper} = withinSubjectCv(rows, {variant, interval});
      if (lower <= truth && truth <= upper) covered++;
    }
    return covered / runs;
  };
  const slack = 4 * Math.sqrt(0.95 * 0.05 / 2000);
  const constant = (truth: number, error: number) => truth + 0.1 * error;

  for (const [n, interval, share] of [
    [10, "mover", 0.955], [20, "mover", 0.952], [50, "mover", 0.95],
    [10, "variance-stabilised", 0.94], [10, "delta", 0.90], [20, "delta", 0.93], [50, "delta", 0.94]
  ] as const) {
    test(`wsd-over-mean, ${interval}, ${n} subjects: near ${share}`, () => {
      const found = cover(n, "wsd-over-mean", interval, 2000, constant, 0.1, 0.3);
      assert.ok(Math.abs(found - share) < slack, `covered ${found}`);
    });
  }

  test("logs, exact for log-normal errors", () => {
    const s = 0.3;
    const found = cover(10, "logs", "chi-square", 2000, (truth, error) => truth * Math.exp(s * error),
      Math.sqrt(Math.exp(s * s) - 1), 0.3);
    assert.ok(Math.abs(found - 0.95) < slack, `covered ${found}`);
  });

  test("root mean square, wCV .1 in proportion to the subject", () => {
    const proportional = (truth: number, error: number) => truth * (1 + 0.1 * error);
    const found = cover(20, "root-mean-square", "chi-square", 2000, proportional, 0.1, 0.3);
    assert.ok(Math.abs(found - 0.95) < slack + 0.01, `covered ${found}`);
  });
});

test("scale and order of subjects change no variant; a power changes logs as it should", () => {
  const table = fc.array(fc.array(fc.integer({min: 1, max: 1000}), {minLength: 2, maxLength: 4}), {
    minLength: 2, maxLength: 10
  }).filter((rows) => rows.some((row) => new Set(row).size > 1));
  const choices = fc.constantFrom<[WithinSubjectCvVariant, WithinSubjectCvInterval]>(
    ["root-mean-square", "chi-square"], ["logs", "chi-square"], ["wsd-over-mean", "mover"],
    ["wsd-over-mean", "variance-stabilised"], ["wsd-over-mean", "delta"]
  );
  fc.assert(fc.property(table, choices, (rows, [variant, interval]) => {
    const means = rows.map((row) => row.reduce((a, b) => a + b) / row.length);
    fc.pre(new Set(means).size > 1);
    const base = withinSubjectCv(rows, {variant, interval});
    for (const other of [rows.map((row) => row.map((value) => value * 4)), [...rows].reverse()]) {
      const found = withinSubjectCv(other, {variant, interval});
      assertRelative(found.value, base.value, 1e-9);
      if (base.upper < 1e6) assertRelative(found.upper, base.upper, 1e-6);
      assert.ok(Math.abs(found.lower - base.lower) < 1e-9 * base.value);
    }
    if (variant === "logs") {
      const squared = withinSubjectCv(rows.map((row) => row.map((value) => value * value)), {variant});
      assertRelative(Math.log(1 + squared.value ** 2), 4 * Math.log(1 + base.value ** 2), 1e-9);
    }
  }), {seed: 8, numRuns: 120});
});

test("bad input", () => {
  assertRejects(() => withinSubjectCv([[1, 2], [0, 3]], {variant: "logs"}), "not-positive", "values[1][0]");
  assertRejects(() => withinSubjectCv([[1, 2], [3, -1]], {variant: "logs"}), "not-positive", "values[1][1]");
  assertRejects(() => withinSubjectCv([[1, 2], [3, NaN]], {variant: "logs"}), "not-finite", "values[1][1]");
  assertRejects(() => withinSubjectCv(values, {interval: "delta"}), "unknown-choice", "interval");
  assertRejects(() => withinSubjectCv(values, {variant: "wsd-over-mean", interval: "chi-square"}), "unknown-choice",
    "interval");
});
