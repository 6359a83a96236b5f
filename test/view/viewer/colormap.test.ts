import assert from "node:assert/strict";
import {test} from "node:test";
import {InputError} from "../../../src/domain/errors.js";
import {
  colorAt,
  colorOf,
  COLORMAPS,
  gradientStops,
  lookupIndex,
  lookupTable
} from "../../../src/view/viewer/colormap.js";

/** CIE lightness L* of an sRGB colour (IEC 61966-2-1, CIE 1976). */
function lightness(table: Uint8Array, i: number): number {
  const [r, g, b] = [0, 1, 2].map((c) => {
    const v = table[i * 4 + c] / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

test("ends and middle are those of the published maps", () => {
  // matplotlib's listed data: viridis 0, 127, 255 and cividis 0, 255, rounded to bytes.
  assert.equal(colorAt("viridis", 0), "#440154");
  assert.equal(colorAt("viridis", 255), "#fde725");
  assert.equal(colorAt("cividis", 0), "#002051");
  assert.equal(colorAt("gray", 0), "#000000");
  assert.equal(colorAt("gray", 255), "#ffffff");
  const middle = lookupTable("viridis").slice(127 * 4, 127 * 4 + 3);
  // (0.128729, 0.563265, 0.551229) of matplotlib, entry 127.
  [0.128729, 0.563265, 0.551229].forEach((c, i) => assert.ok(Math.abs(middle[i] - c * 255) < 2, `${middle[i]}`));
});

test("lightness rises or falls all the way, in even steps", () => {
  for (const name of COLORMAPS) {
    const table = lookupTable(name);
    assert.equal(table.length, 1024);
    const l = Array.from({length: 256}, (_, i) => lightness(table, i));
    const sign = Math.sign(l[255] - l[0]);
    const mean = (l[255] - l[0]) / 16;
    for (let i = 0; i + 16 < 256; i += 15) {
      const step = l[i + 15] - l[i];
      assert.equal(Math.sign(step), sign, `${name} at ${i}`);
      assert.ok(Math.abs(step - mean) < 0.75 * Math.abs(mean), `${name} at ${i}: step ${step}, mean ${mean}`);
    }
    for (let i = 0; i < 256; i++) assert.equal(table[i * 4 + 3], 255);
  }
});

test("values find their entry; what is not finite finds none", () => {
  assert.equal(lookupIndex(0, [0, 1]), 0);
  assert.equal(lookupIndex(1, [0, 1]), 255);
  assert.equal(lookupIndex(0.5, [0, 1]), 128);
  assert.equal(lookupIndex(-3, [0, 1]), 0);
  assert.equal(lookupIndex(3, [0, 1]), 255);
  for (const value of [NaN, Infinity, -Infinity]) assert.equal(lookupIndex(value, [0, 1]), -1);
  assert.equal(colorOf("viridis", NaN, [0, 1]), undefined);
  assert.equal(colorOf("viridis", 2, [0, 1]), "#fde725");
});

test("the colour bar's gradient runs through the same table", () => {
  const stops = gradientStops("viridis", 256).split(", ");
  stops.forEach((stop, i) => assert.equal(stop, colorAt("viridis", i)));
});

test("an unknown name is refused", () => {
  assert.throws(() => lookupTable("jet" as never), (error) => error instanceof InputError && error.value === "jet");
});
