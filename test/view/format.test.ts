import assert from "node:assert/strict";
import {test} from "node:test";
import {formatNumber, formatQuantity, formatUnit, publishedDecimals} from "../../src/view/format.js";

test("numbers keep their significant digits", () => {
  const cases: [number | null, {digits?: number; decimals?: number} | undefined, string][] = [
    [0, undefined, "0"], [-0, undefined, "0"], [1234.5, undefined, "1235"], [0.00083, {digits: 2}, "0.00083"],
    [-2.117647, {digits: 3}, "−2.12"], [9.9996, undefined, "10.00"], [99.996, {digits: 4}, "100.0"],
    [1.2e-5, {digits: 2}, "1.2 × 10⁻⁵"], [-3e9, {digits: 1}, "−3 × 10⁹"], [0.5, {decimals: 2}, "0.50"],
    [-0.001, {decimals: 2}, "0.00"], [NaN, undefined, "—"], [Infinity, undefined, "—"], [null, undefined, "—"]
  ];
  for (const [value, format, text] of cases) assert.equal(formatNumber(value, format), text);
});

test("units carry their powers", () => {
  assert.equal(formatUnit("mm2/s"), "mm²/s");
  assert.equal(formatUnit("10^-3 mm2/s"), "10⁻³ mm²/s");
  assert.equal(formatQuantity(3.2, "%", {digits: 2}), "3.2\u00a0%");
  assert.equal(formatQuantity(3.2, "1", {digits: 2}), "3.2");
  assert.equal(formatQuantity(3.2, "L/min", {digits: 2}), "3.2\u00a0L/min");
});

test("a published number shows the digits that its tolerance implies", () => {
  assert.equal(publishedDecimals(-2.12, 0.005), 2);
  assert.equal(publishedDecimals(0.1, 0.005), 2);
  assert.equal(publishedDecimals(38.76513, 0.0001), 5);
  assert.equal(publishedDecimals(42, 0.5), 0);
  assert.equal(publishedDecimals(3, 0), 0);
});
