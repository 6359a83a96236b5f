import assert from "node:assert/strict";
import {test} from "node:test";
import {biasAndLimits} from "../../../src/domain/statistics/bias-and-limits.js";
import {limitsOfRatios} from "../../../src/domain/statistics/limits-ratio.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

test("plasma volume: mean and SD of the logarithms and ratio limits, every digit printed", {
  skip: sharedColumns("ba1999_plvol.csv") === null && "../shared/reference is not there"
}, () => {
  const {Nadler, Hurley} = sharedColumns("ba1999_plvol.csv")!;
  const result = limitsOfRatios(Nadler, Hurley);
  assert.equal(result.n, 99);
  assertPrinted(result.scaled.bias.value, ".098900");
  assertPrinted(result.scaled.sd.value, ".021701");
  assertPrinted(result.limits.lower, "1.058");
  assertPrinted(result.limits.upper, "1.152");
});

test("by logarithms, swapped methods give reciprocals and a common scale nothing", () => {
  const {wright1, mini1} = reference("peak-flow");
  const forth = limitsOfRatios(wright1, mini1);
  const back = limitsOfRatios(mini1, wright1);
  assertRelative(back.limits.upper, 1 / forth.limits.lower, 1e-12);
  assertRelative(back.exact.upper.upper, 1 / forth.exact.lower.lower, 1e-12);
  assertRelative(back.pair.lower.lower, 1 / forth.pair.upper.upper, 1e-12);
  const scaled = limitsOfRatios(wright1.map((x: number) => 7 * x), mini1.map((x: number) => 7 * x));
  assertRelative(scaled.mover.upper.upper, forth.mover.upper.upper, 1e-12);
  const twice = limitsOfRatios(wright1.map((x: number) => 2 * x), mini1);
  assertRelative(twice.bias.upper, 2 * forth.bias.upper, 1e-12);
  assertRelative(twice.approximate.lower.lower, 2 * forth.approximate.lower.lower, 1e-12);
  assertRelative(forth.means[0], Math.sqrt(494 * 512), 1e-14);
});

test("ratios as they stand are their own Bland-Altman analysis", () => {
  const {wright1, mini1} = reference("peak-flow");
  const result = limitsOfRatios(wright1, mini1, {scale: "ratio"});
  const ratios = wright1.map((x: number, i: number) => x / mini1[i]);
  const whole = biasAndLimits(ratios, ratios.map(() => 0));
  assert.deepEqual(result.limits, whole.limits);
  assert.deepEqual(result.exact, whole.exact);
  assert.equal(result.means[0], (494 + 512) / 2);
});

test("every end by logarithms is the exponential of the end of the differences of logarithms", () => {
  const {wright1, mini1} = reference("peak-flow");
  const logs = biasAndLimits(wright1.map(Math.log), mini1.map(Math.log));
  const ratios = limitsOfRatios(wright1, mini1);
  for (const kind of ["approximate", "mover", "exact", "pair"] as const) {
    for (const side of ["lower", "upper"] as const) {
      assertRelative(ratios[kind][side].lower, Math.exp(logs[kind][side].lower), 1e-12);
      assertRelative(ratios[kind][side].upper, Math.exp(logs[kind][side].upper), 1e-12);
    }
  }
});

test("bad input", () => {
  assertRejects(() => limitsOfRatios([1, 2, -3], [1, 2, 3]), "not-positive", "first[2]");
  assertRejects(() => limitsOfRatios([1, 2, 3], [1, 0, 3]), "not-positive", "second[1]");
  assertRejects(() => limitsOfRatios([1, 2, 3], [2, 4, 6]), "constant", "ratios");
  assertRejects(() => limitsOfRatios([1, 2], [1, 2, 3]), "unequal-lengths", "length of second");
  assertRejects(() => limitsOfRatios([1, 2], [1, 3], {scale: "percent" as never}), "unknown-choice", "scale");
});
