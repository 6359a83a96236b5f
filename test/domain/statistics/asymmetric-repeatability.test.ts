import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {
  asymmetricRepeatability, changeLimits, logSdOfCv
} from "../../../src/domain/statistics/asymmetric-repeatability.js";
import {percentRepeatabilityCoefficient} from "../../../src/domain/statistics/percent-repeatability-coefficient.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertRelative} from "../../helpers/reference.js";

test("SUVmax of 12 %, both readings, every digit printed", () => {
  // QIBA's FDG-PET profile: 12 % taken as the SD of ln SUV, or as a CV that ln(1 + cv^2) turns into one.
  const asLogSd = changeLimits(0.12);
  assertPrinted(asLogSd.increase, "39.5");
  assertPrinted(asLogSd.decrease, "-28.3");
  const asCv = changeLimits(logSdOfCv(0.12));
  assertPrinted(asCv.increase, "39.3");
  assertPrinted(asCv.decrease, "-28.2");
});

test("repeats: both ends are one ratio and its inverse, and hold the share of ratios they say", () => {
  const rows = [[10, 12], [20, 19], [31, 28], [44, 45.5], [52, 50]];
  const found = asymmetricRepeatability(rows);
  assertRelative((1 + found.increase.value / 100) * (1 + found.decrease.value / 100), 1, 1e-13);
  assertRelative((1 + found.increase.upper / 100) * (1 + found.decrease.lower / 100), 1, 1e-13);
  assert.ok(found.decrease.lower < found.decrease.value && found.decrease.value < found.decrease.upper);
  assert.ok(found.increase.lower < found.increase.value && found.increase.value < found.increase.upper);
  assert.ok(found.decrease.lower > -100);
  assertRelative(changeLimits(found.logSd.value).increase, found.increase.value, 1e-14);
});

test("for a small spread both ends come near the symmetric %RC", () => {
  const rows = [[1000, 1001], [2000, 1999], [3000, 3002]];
  const found = asymmetricRepeatability(rows);
  const symmetric = percentRepeatabilityCoefficient(rows).value;
  assertRelative(found.increase.value, symmetric, 2e-3);
  assertRelative(-found.decrease.value, symmetric, 2e-3);
});

test("properties: scale and order of repeats change nothing, a higher coverage widens", () => {
  const table = fc.array(fc.array(fc.integer({min: 1, max: 500}), {minLength: 2, maxLength: 2}), {
    minLength: 2, maxLength: 8
  }).filter((rows) => rows.some(([a, b]) => a !== b));
  fc.assert(fc.property(table, (rows) => {
    const base = asymmetricRepeatability(rows);
    for (const other of [rows.map((row) => row.map((v) => v * 16)), rows.map(([a, b]) => [b, a])]) {
      assertRelative(asymmetricRepeatability(other).increase.value, base.increase.value, 1e-8);
    }
    assert.ok(asymmetricRepeatability(rows, {coverage: 0.99}).decrease.value < base.decrease.value);
  }), {seed: 5, numRuns: 60});
});

test("bad input", () => {
  assertRejects(() => asymmetricRepeatability([[1, 2], [0, 3]]), "not-positive", "values[1][0]");
  assertRejects(() => changeLimits(0), "not-positive", "logSd");
  assertRejects(() => logSdOfCv(-1), "not-positive", "cv");
  assertRejects(
    () => changeLimits(0.1, {coverage: 0.9, multiplier: "1.96"}), "multiplier-without-coverage", "coverage"
  );
});
