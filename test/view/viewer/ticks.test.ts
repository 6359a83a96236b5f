import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {
  formatMeasured,
  formatScaled,
  niceTicks,
  numberScale,
  tickLabels,
  unitLabel
} from "../../../src/view/viewer/ticks.js";

test("ticks are round and are the doubles that a reader would type", () => {
  assert.deepEqual(niceTicks(0, 0.003, 5), [0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003]);
  assert.deepEqual(niceTicks(84, 150, 5), [90, 100, 110, 120, 130, 140, 150]);
  assert.deepEqual(niceTicks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(niceTicks(2, 2), [2]);
  assert.deepEqual(niceTicks(NaN, 1), []);
});

test("ticks lie inside, ascend evenly, and are neither few nor many", () => {
  fc.assert(
    fc.property(
      fc.double({min: -1e6, max: 1e6, noNaN: true}),
      fc.double({min: 1e-6, max: 1e6, noNaN: true}),
      fc.integer({min: 2, max: 10}),
      (low, width, count) => {
        const high = low + width;
        fc.pre((high - low) / Math.max(Math.abs(low), Math.abs(high)) > 1e-6);
        const ticks = niceTicks(low, high, count);
        const slack = 1e-6 * (high - low);
        assert.ok(ticks.length >= 1 && ticks.length <= 2 * count + 2, `${ticks.length} ticks`);
        ticks.forEach((tick, i) => {
          assert.ok(tick >= low - slack && tick <= high + slack);
          if (i > 1) assert.ok(Math.abs(tick - 2 * ticks[i - 1] + ticks[i - 2]) < slack);
        });
      }
    ),
    {seed: 1, numRuns: 500}
  );
});

test("small and large numbers take a power of ten that is a multiple of three", () => {
  const adc = numberScale(0, 0.003);
  assert.deepEqual(adc, {exponent: -3, digits: 3});
  assert.equal(unitLabel("mm2/s", adc), "10⁻³ mm²/s");
  assert.equal(formatMeasured(0.0011345, "mm2/s", adc), "1.135 × 10⁻³\u00a0mm²/s");
  assert.deepEqual(tickLabels([0, 0.0005, 0.001], adc), ["0.0", "0.5", "1.0"]);
  assert.deepEqual(numberScale(0, 0.25), {exponent: 0, digits: 4});
  assert.equal(unitLabel("1", numberScale(0, 0.25)), "");
  assert.equal(formatMeasured(0.2442, "1", numberScale(0, 0.25)), "0.2442");
  assert.equal(numberScale(0, 2e6).exponent, 6);
});

test("minus is a minus, and nothing reads as negative zero", () => {
  assert.equal(formatScaled(-1.5, {exponent: 0, digits: 1}), "−1.5");
  assert.equal(formatScaled(-0.01, {exponent: 0, digits: 1}), "0.0");
});
