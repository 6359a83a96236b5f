import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {color, darkPalette, fontSans, lightPalette, ramp, resolveColors, vegaConfig} from "../../src/view/theme.js";
import type {Palette} from "../../src/view/theme.js";

const css = readFileSync(new URL("../../src/style.css", import.meta.url), "utf8");

/** The tokens of the first :root block after a marker. */
function tokens(marker: string): Map<string, string> {
  const from = css.indexOf(marker);
  assert.ok(from >= 0, `style.css has no ${marker}`);
  const block = css.slice(css.indexOf(":root", from), css.indexOf("}", css.indexOf(":root", from)));
  return new Map([...block.matchAll(/(--m-[a-z0-9-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!.trim()]));
}

const schemes: [string, Palette, Map<string, string>][] = [
  ["light", lightPalette, tokens("/* ---------- tokens")],
  ["dark", darkPalette, tokens("@media screen and (prefers-color-scheme: dark)")]
];

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

for (const [name, palette, css] of schemes) {
  test(`${name}: charts and pages have the same colours`, () => {
    for (const key of ["ink", "paper", "muted", "rule", "accent", "pass", "fail"] as const) {
      assert.equal(css.get(`--m-${key}`), palette[key], key);
    }
    assert.equal(css.get("--m-accent-2"), palette.accent2);
    palette.series.forEach((value, i) => assert.equal(css.get(`--m-series-${i + 1}`), value));
  });

  test(`${name}: text has a contrast of 4.5 and series of 3 against both grounds`, () => {
    for (const ground of [palette.paper, css.get("--m-paper-2")!]) {
      for (const key of ["ink", "muted", "accent", "accent2", "pass", "fail"] as const) {
        assert.ok(contrast(palette[key], ground) >= 4.5, `${key} on ${ground}: ${contrast(palette[key], ground)}`);
      }
      for (const series of palette.series) {
        assert.ok(contrast(series, ground) >= 3, `${series} on ${ground}: ${contrast(series, ground)}`);
      }
      assert.ok(contrast(css.get("--m-rule-strong")!, ground) >= 3, "borders of controls");
    }
  });
}

test("the font of the charts is that of the page", () => {
  const stack = /--m-font-sans:([^;]+);/.exec(css)![1]!.replace(/\s+/g, " ").trim();
  assert.equal(fontSans, stack);
});

test("the ramp darkens in even steps", () => {
  const lightness = ramp.map((hex) => 116 * Math.cbrt(luminance(hex)) - 16);
  const steps = lightness.slice(1).map((value, i) => lightness[i]! - value);
  for (const step of steps) assert.ok(step > 6 && step < 17, `steps of lightness: ${steps.map((s) => s.toFixed(1)).join(" ")}`);
});

test("resolving leaves no token and refuses an unknown one", () => {
  assert.doesNotMatch(JSON.stringify(resolveColors(vegaConfig())), /var\(/);
  assert.equal(resolveColors({a: [color.ink]}, darkPalette).a[0], darkPalette.ink);
  assert.throws(() => resolveColors("var(--m-nothing)"), /unknown colour token/);
});
