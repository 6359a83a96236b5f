import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {clopperPearson, wilson} from "../../../src/domain/statistics/proportion.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrintedInterval, assertRelative} from "../../helpers/reference.js";

/** P(X <= k) of the binomial distribution, by its sum. */
function binomialCdf(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let total = 0;
  for (let i = 0; i <= k; i++) {
    total += term;
    term *= (n - i) / (i + 1) * p / (1 - p);
  }
  return total;
}

test("Newcombe 1998, table I: score and exact intervals, every digit printed", () => {
  // doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
  const rows: [number, number, string[], string[]][] = [
    [81, 263, ["0.2553", "0.3662"], ["0.2527", "0.3676"]],
    [15, 148, ["0.0624", "0.1605"], ["0.0578", "0.1617"]],
    [0, 20, ["0.0000", "0.1611"], ["0.0000", "0.1684"]],
    [1, 29, ["0.0061", "0.1718"], ["0.0009", "0.1776"]]
  ];
  for (const [count, total, score, exact] of rows) {
    assertPrintedInterval(wilson(count, total), score, `Wilson ${count}/${total}`);
    assertPrintedInterval(clopperPearson(count, total), exact, `exact ${count}/${total}`);
  }
});

test("the exact ends leave alpha/2 of the binomial distribution", () => {
  for (const [count, total, level] of [[1, 7, 0.95], [12, 40, 0.9], [39, 40, 0.99]] as const) {
    const {lower, upper} = clopperPearson(count, total, {level});
    assertRelative(binomialCdf(count, total, upper), (1 - level) / 2, 1e-9);
    assertRelative(1 - binomialCdf(count - 1, total, lower), (1 - level) / 2, 1e-9);
  }
});

test("the exact interval covers at least its level at every proportion, the score interval nearly on average", () => {
  const n = 15;
  const pairs = Array.from({length: n + 1}, (_, k) => [clopperPearson(k, n), wilson(k, n)]);
  let average = 0;
  for (let i = 1; i < 200; i++) {
    const p = i / 200;
    const cover = [0, 1].map((m) => pairs.reduce((total, intervals, k) => {
      const {lower, upper} = intervals[m];
      const chance = binomialCdf(k, n, p) - (k === 0 ? 0 : binomialCdf(k - 1, n, p));
      return total + (lower <= p && p <= upper ? chance : 0);
    }, 0));
    assert.ok(cover[0] >= 0.95 - 1e-12, `p = ${p}: ${cover[0]}`);
    average += cover[1] / 199;
  }
  assert.ok(Math.abs(average - 0.95) < 0.01, String(average));
});

test("property: successes and failures are mirror images, and the estimate lies inside", () => {
  fc.assert(fc.property(fc.integer({min: 1, max: 300}), fc.nat(), (total, draw) => {
    const count = draw % (total + 1);
    for (const method of [clopperPearson, wilson]) {
      const one = method(count, total);
      const other = method(total - count, total);
      assert.ok(Math.abs(one.lower - (1 - other.upper)) < 1e-11);
      assert.ok(one.lower <= one.value && one.value <= one.upper);
      assert.ok(one.lower >= 0 && one.upper <= 1);
    }
  }), {seed: 11, numRuns: 200});
});

test("bad input", () => {
  assertRejects(() => wilson(3, 2), "count-out-of-range", "count");
  assertRejects(() => clopperPearson(1.5, 2), "not-a-count", "count");
  assertRejects(() => clopperPearson(0, 0), "not-a-count", "total");
  assertRejects(() => wilson(1, 2, {level: 1}), "level-out-of-range", "level");
});
