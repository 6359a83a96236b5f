import assert from "node:assert/strict";
import {test} from "node:test";
import {breuschPagan} from "../../../src/domain/statistics/breusch-pagan.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

const x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const y = [1.2, 1.9, 3.4, 3.5, 5.6, 5.1, 7.9, 7.0, 10.4, 8.3, 13.1, 9.8];

test("both variants agree with their formulas computed by numpy and scipy", () => {
  const studentized = breuschPagan(x, y);
  assertRelative(studentized.statistic, 8.313856490670727, 1e-10);
  assertRelative(studentized.p, 0.00393437656309157, 1e-9);
  assert.equal(studentized.direction, "grows");
  const original = breuschPagan(x, y, {variant: "original"});
  assertRelative(original.statistic, 5.742260025347044, 1e-10);
  assertRelative(original.p, 0.016561469235892797, 1e-9);
});

test("units, shifts and order do not matter; a mirrored covariate turns the direction", () => {
  const {statistic} = breuschPagan(x, y);
  assertRelative(breuschPagan(x.map((v) => 5 * v + 3), y.map((v) => 1e6 * v)).statistic, statistic, 1e-9);
  assertRelative(breuschPagan([...x].reverse(), [...y].reverse()).statistic, statistic, 1e-9);
  const mirrored = breuschPagan(x.map((v) => -v), y);
  assertRelative(mirrored.statistic, statistic, 1e-9);
  assert.equal(mirrored.direction, "shrinks");
});

test("type I error near 5 %, also for heavy tails when studentized; power against a growing spread", () => {
  const random = seeded(8);
  const counts = {normal: 0, heavy: 0, heavyOriginal: 0, growing: 0};
  for (let run = 0; run < 2000; run++) {
    const u = Array.from({length: 50}, () => 5 + 10 * random.uniform());
    const heavy = u.map(() => random.normal() / Math.sqrt(0.1 + random.uniform()));
    if (breuschPagan(u, u.map(() => random.normal())).p < 0.05) counts.normal++;
    if (breuschPagan(u, heavy).p < 0.05) counts.heavy++;
    if (breuschPagan(u, heavy, {variant: "original"}).p < 0.05) counts.heavyOriginal++;
    if (breuschPagan(u, u.map((v) => v * random.normal())).p < 0.05) counts.growing++;
  }
  assert.ok(Math.abs(counts.normal / 2000 - 0.05) < 0.02, `${counts.normal}`);
  assert.ok(Math.abs(counts.heavy / 2000 - 0.05) < 0.025, `${counts.heavy}`);
  assert.ok(counts.heavyOriginal > 1.5 * counts.heavy, `${counts.heavyOriginal}`);
  assert.ok(counts.growing > 1000, `${counts.growing}`);
});

test("bad input", () => {
  assertRejects(() => breuschPagan([1, 2, 3], [1, 2, 3]), "too-few-values", "length of x");
  assertRejects(() => breuschPagan([1, 1, 1, 1], [1, 2, 3, 5]), "constant", "x");
  assertRejects(() => breuschPagan([1, 2, 3, 4], [2, 4, 6, 8]), "constant", "residuals");
  assertRejects(() => breuschPagan(x, [2, 4, 6, 1]), "unequal-lengths", "length of y");
  assertRejects(() => breuschPagan(x, y, {variant: "white" as never}), "unknown-choice", "variant");
});
