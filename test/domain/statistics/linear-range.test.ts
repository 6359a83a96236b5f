import assert from "node:assert/strict";
import {test} from "node:test";
import {linearRange} from "../../../src/domain/statistics/linear-range.js";
import {linearity} from "../../../src/domain/statistics/linearity.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";

const levels = [2000, 1400, 1000, 700, 500, 350, 240, 170, 120, 85];
const measure = (truth: (level: number) => number, noise: number, repeats = 8) => {
  const random = seeded(41);
  const reference = levels.flatMap((level) => new Array<number>(repeats).fill(level));
  return {reference, measured: reference.map((level) => truth(level) * (1 + noise * random.normal()))};
};

test("a straight line holds throughout, also with a slope and an offset", () => {
  const {reference, measured} = measure((level) => 5 + 0.97 * level, 0.001);
  const range = linearRange(reference, measured, {tolerance: 5});
  assert.deepEqual(range.map((each) => each.reference), levels.slice(3));
  assert.ok(range.every(({fails}) => !fails));
});

test("levels that a floor lifts fail; those above it hold", () => {
  const {reference, measured} = measure((level) => Math.max(level, 300), 0.002);
  const range = linearRange(reference, measured, {tolerance: 5});
  assert.deepEqual(range.filter(({fails}) => fails).map((each) => each.reference), [240, 170, 120, 85]);
  for (const {fails, p, deviation} of range) if (fails) assert.ok(p! < 0.05 && deviation! > 5);
});

test("a level that failed does not take part in the later fits", () => {
  const {reference, measured} = measure((level) => level === 500 ? 700 : level, 0.002);
  const [first, failed, ...later] = linearRange(reference, measured, {tolerance: 5});
  assert.deepEqual([first.fails, failed.fails], [false, true]);
  assert.ok(later.every(({fails, fit}) => !fails && fit.levels.every((level) => level.reference !== 500)));
});

test("significant and too small, or large and uncertain, is no failure", () => {
  const bent = measure((level) => level + 1e-6 * level * level, 0.00001);
  const range = linearRange(bent.reference, bent.measured, {tolerance: 5});
  assert.ok(range.some(({p}) => p! < 0.05) && range.every(({fails}) => !fails));
  const noisy = measure((level) => level, 0.5, 2);
  const [first] = linearRange(noisy.reference, noisy.measured, {tolerance: 0.001});
  assert.ok(first.p! > 0.05 && Math.abs(first.deviation!) > 0.001 && !first.fails);
});

test("the deviation is that of linearity, in percent of the level", () => {
  const {reference, measured} = measure((level) => Math.max(level, 300), 0.002);
  const [first] = linearRange(reference, measured, {tolerance: 5});
  const kept = reference.map((level, i) => [level, measured[i]]).filter(([level]) => level >= 700);
  const fit = linearity(kept.map(([x]) => x), kept.map(([, y]) => y));
  assert.equal(first.deviation, 100 * fit.levels[0].deviation! / 700);
  assert.equal(first.p, fit.quadratic!.p);
});

test("order and units leave the verdicts", () => {
  const {reference, measured} = measure((level) => Math.max(level, 300), 0.002);
  const verdicts = (x: number[], y: number[]) => linearRange(x, y, {tolerance: 5}).map(({fails}) => fails);
  const expected = verdicts(reference, measured);
  assert.deepEqual(verdicts([...reference].reverse(), [...measured].reverse()), expected);
  assert.deepEqual(verdicts(reference.map((x) => x / 1000), measured.map((y) => y / 1000)), expected);
});

test("bad input is told", () => {
  assertRejects(() => linearRange([1, 2, 3], [1, 2], {tolerance: 5}), "unequal-lengths", "length of measured");
  assertRejects(() => linearRange([0, 2, 3, 4], [1, 2, 3, 4], {tolerance: 5}), "not-positive", "reference");
  assertRejects(() => linearRange([1, 2, 3], [1, 2, 3], {tolerance: 0}), "not-positive", "tolerance");
});
