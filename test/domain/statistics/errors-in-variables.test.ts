import assert from "node:assert/strict";
import {test} from "node:test";
import {deming, demingLine} from "../../../src/domain/statistics/deming.js";
import {errorsInVariables} from "../../../src/domain/statistics/errors-in-variables.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative, reference} from "../../helpers/reference.js";

const pefr = reference("peak-flow");
const rows = (a: number[], b: number[]) => a.map((v, i) => [v, b[i]]);
const wright = rows(pefr.wright1, pefr.wright2);
const mini = rows(pefr.mini1, pefr.mini2);

test("peak flow: the error SDs are the within-subject SDs printed, the line Deming's of the means", () => {
  const result = errorsInVariables(wright, mini);
  assertRelative(result.errorSd!.x, 15.30667, 1e-6);
  assertRelative(result.errorSd!.y, 19.91083, 1e-6);
  assertRelative(result.errorRatio, (15.30667 / 19.91083) ** 2, 1e-6);
  const mean = (row: number[]) => (row[0] + row[1]) / 2;
  const line = deming(wright.map(mean), mini.map(mean), {errorRatio: result.errorRatio});
  assertRelative(result.slope.value, line.slope.value, 1e-14);
  assert.deepEqual(result.exactSlope, line.exactSlope);
  assert.ok(result.p > 0.05 && result.slope.lower < 1 && 1 < result.slope.upper);
});

test("the exact interval leaves 1 out just when the test rejects", () => {
  const random = seeded(31);
  for (let run = 0; run < 200; run++) {
    const truth = Array.from({length: 12}, () => 10 + 3 * random.normal());
    const x = truth.map((v) => [v + 0.7 * random.normal()]);
    const y = truth.map((v) => [1.15 * v + 0.7 * random.normal()]);
    const {exactSlope, p} = errorsInVariables(x, y, {errorRatio: 1});
    assert.equal(p < 0.05, exactSlope!.lower > 1 || exactSlope!.upper < 1);
  }
});

test("the jackknife estimates the ratio anew without each subject", () => {
  const mean = (row: number[]) => (row[0] + row[1]) / 2;
  const without = wright.map((_, i) => {
    const others = <T>(all: T[]) => all.filter((_, j) => j !== i);
    const within = (all: number[][]) => others(all).reduce((s, [a, b]) => s + (a - b) ** 2 / 2, 0) / 16;
    return demingLine(others(wright.map(mean)), others(mini.map(mean)), within(wright) / within(mini)).slope;
  });
  const centre = without.reduce((a, b) => a + b) / 17;
  const squares = without.reduce((s, v) => s + (v - centre) ** 2, 0);
  assertRelative(errorsInVariables(wright, mini).slope.standardError, Math.sqrt(16 / 17 * squares), 1e-10);
});

test("replicates' numbers set the ratio of the means", () => {
  const x = [[1, 2, 3], [4, 5, 7], [8, 9, 9], [2, 2, 4]];
  const y = [[2], [5], [9], [1]];
  assertRelative(errorsInVariables(x, y, {errorRatio: 3}).errorRatio, 1, 1e-14);
});

test("swap, scale and order", () => {
  const base = errorsInVariables(wright, mini);
  const back = errorsInVariables(mini, wright);
  assertRelative(back.slope.value, 1 / base.slope.value, 1e-11);
  assertRelative(back.p, base.p, 1e-9);
  const tenfold = (all: number[][]) => all.map((row) => row.map((v) => 10 * v));
  assertRelative(errorsInVariables(tenfold(wright), tenfold(mini)).t, base.t, 1e-9);
  assertRelative(errorsInVariables([...wright].reverse(), [...mini].reverse()).t, base.t, 1e-9);
});

for (const [seed, first, second] of [[1, 0.2, 0.4], [2, 0.1, 0.5], [3, 0.3, 0.3]]) {
  test(`type I error near 5 % at n = 50 with error SDs ${first} and ${second}, where the difference on the mean `
    + `fails`, () => {
    const random = seeded(seed);
    let estimated = 0;
    let known = 0;
    for (let run = 0; run < 800; run++) {
      const truth = Array.from({length: 50}, () => random.normal());
      const x = truth.map((v) => [v + first * random.normal(), v + first * random.normal()]);
      const y = truth.map((v) => [v + second * random.normal(), v + second * random.normal()]);
      if (errorsInVariables(x, y).p < 0.05) estimated++;
      if (errorsInVariables(x, y, {errorRatio: (first / second) ** 2}).p < 0.05) known++;
    }
    // Three and a half standard errors.
    assert.ok(Math.abs(known / 800 - 0.05) < 0.027, `known ${known / 800}`);
    assert.ok(Math.abs(estimated / 800 - 0.05) < 0.027, `estimated ${estimated / 800}`);
  });
}

test("power: a proportional bias of 20 % is found", () => {
  const random = seeded(6);
  let found = 0;
  for (let run = 0; run < 200; run++) {
    const truth = Array.from({length: 50}, () => random.normal());
    const x = truth.map((v) => [v + 0.1 * random.normal(), v + 0.1 * random.normal()]);
    const y = truth.map((v) => [1.2 * v + 0.3 * random.normal(), 1.2 * v + 0.3 * random.normal()]);
    if (errorsInVariables(x, y).p < 0.05) found++;
  }
  assert.ok(found > 180, `${found}`);
});

test("bad input", () => {
  const single = [[1], [2], [3], [5]];
  const twice = [[1, 2], [2, 2], [3, 4], [5, 5]];
  assertRejects(() => errorsInVariables(single, twice), "too-few-repeats", "replicates in x");
  assertRejects(() => errorsInVariables(twice, single.map(([v]) => [v, v])), "constant", "replicates in y");
  const one = [[1, 2], [2, 2], [3, 3], [5, 5]];
  assertRejects(() => errorsInVariables(one, twice), "too-few-repeats", "replicates of subjects other than number 1");
  assertRejects(() => errorsInVariables(twice, twice.slice(1)), "unequal-lengths", "length of y");
  assertRejects(() => errorsInVariables(single, [[1], [2], [3], [6]], {errorRatio: 0}), "not-positive", "errorRatio");
});
