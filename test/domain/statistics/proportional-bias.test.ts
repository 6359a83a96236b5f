import assert from "node:assert/strict";
import {test} from "node:test";
import {proportionalBias} from "../../../src/domain/statistics/proportional-bias.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

test("the slope is the least-squares slope of difference on mean", () => {
  const {wright1, mini1} = reference("peak-flow");
  const {slope, intercept, df} = proportionalBias(wright1, mini1);
  const d: number[] = wright1.map((x: number, i: number) => x - mini1[i]);
  const m: number[] = wright1.map((x: number, i: number) => (x + mini1[i]) / 2);
  const average = (v: number[]) => v.reduce((a, b) => a + b) / v.length;
  const [dm, mm] = [average(d), average(m)];
  const sxx = m.reduce((s, x) => s + (x - mm) ** 2, 0);
  const b = m.reduce((s, x, i) => s + (x - mm) * (d[i] - dm), 0) / sxx;
  assertRelative(slope.value, b, 1e-11);
  assertRelative(intercept.value, dm - b * mm, 1e-10);
  assert.equal(df, 15);
  const rest = d.reduce((s, y, i) => s + (y - dm - b * (m[i] - mm)) ** 2, 0);
  assertRelative(slope.t, b / Math.sqrt(rest / 15 / sxx), 1e-10);
  assert.ok(slope.p > 0.7 && slope.p < 0.8);
});

test("plasma volume: the raw slope, every digit printed", {
  skip: sharedColumns("ba1999_plvol.csv") === null && "../shared/reference is not there"
}, () => {
  const {Nadler, Hurley} = sharedColumns("ba1999_plvol.csv")!;
  assertPrinted(proportionalBias(Nadler, Hurley).slope.value, ".088998");
});

test("swapped methods turn the slope's sign", () => {
  const a = [10, 22, 31, 38, 52];
  const b = [11, 20, 33, 41, 49];
  const forth = proportionalBias(a, b).slope;
  const back = proportionalBias(b, a).slope;
  assertRelative(back.value, -forth.value, 1e-12);
  assertRelative(back.p, forth.p, 1e-12);
});

test("it rejects 5 % without proportional bias and equal errors, and far more with unequal errors alone", () => {
  const random = seeded(9);
  const rejected = (error1: number, error2: number) => {
    let count = 0;
    for (let run = 0; run < 4000; run++) {
      const truth = Array.from({length: 30}, () => 10 * random.normal());
      const {slope} = proportionalBias(
        truth.map((x) => x + error1 * random.normal()), truth.map((x) => x + error2 * random.normal())
      );
      if (slope.p < 0.05) count++;
    }
    return count / 4000;
  };
  const size = rejected(2, 2);
  assert.ok(Math.abs(size - 0.05) < 0.0138, `size ${size}`);
  assert.ok(rejected(5, 1) > 0.15, "the caution in the docstring holds");
});

test("with error SDs of .2 and .4 to .1 and .5 it rejects falsely in 14 to 37 % of samples of 50", () => {
  const random = seeded(19);
  for (const [first, second, expected] of [[0.2, 0.4, 0.145], [0.1, 0.5, 0.37]]) {
    let count = 0;
    for (let run = 0; run < 2000; run++) {
      const truth = Array.from({length: 50}, () => random.normal());
      const {slope} = proportionalBias(
        truth.map((x) => x + first * random.normal()), truth.map((x) => x + second * random.normal())
      );
      if (slope.p < 0.05) count++;
    }
    // Three and a half standard errors.
    assert.ok(Math.abs(count / 2000 - expected) < 0.038, `${first}, ${second}: ${count / 2000}`);
  }
});

test("on the second method as a reference", () => {
  const reference = [1, 2, 3, 4, 5, 6];
  const measured = reference.map((x, i) => 1 + 1.2 * x + (i % 2 === 0 ? 0.01 : -0.01));
  const {slope, warnings} = proportionalBias(measured, reference, {abscissa: "reference"});
  assert.ok(Math.abs(slope.value - 0.2) < 0.01);
  assert.match(warnings[0], /reference/);
});

test("bad input", () => {
  assertRejects(() => proportionalBias([1, 2], [2, 2]), "too-few-values", "length of first");
  assertRejects(() => proportionalBias([1, 2, 3], [2, 3, 4]), "constant", "differences");
  assertRejects(() => proportionalBias([1, 2, 3], [3, 2, 1]), "constant", "means");
  assertRejects(() => proportionalBias([1, 2, 3, 4], [3, 2, 1]), "unequal-lengths", "length of second");
  assertRejects(() => proportionalBias([1, 2, NaN], [3, 2, 1]), "not-finite", "first[2]");
});
