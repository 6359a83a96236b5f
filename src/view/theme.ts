/**
 * The colours and type of the charts. Specs name colours by token, `var(--m-...)`: an SVG on the page takes them from
 * src/style.css, so light, dark and print need no drawing anew; what leaves the page has them replaced by values.
 */
import type {VegaLiteConfig} from "../generated/vendor/vega.js";

/** Values of the tokens in one colour scheme, as `#rrggbb`. */
export interface Palette {
  ink: string;
  paper: string;
  muted: string;
  rule: string;
  accent: string;
  accent2: string;
  pass: string;
  fail: string;
  series: readonly string[];
}

/** The light scheme, which print and every download use as well; src/style.css holds the same values. */
export const lightPalette: Palette = {
  ink: "#1c2126",
  paper: "#fcfbf8",
  muted: "#575e66",
  rule: "#dcd8cf",
  accent: "#155a7a",
  accent2: "#9c4221",
  pass: "#1d6b3e",
  fail: "#a8262b",
  series: ["#0b6aa2", "#b84a0e", "#0f7a5a", "#9a3f82", "#85650a", "#4a5663"]
};

/** The dark scheme; src/style.css holds the same values. */
export const darkPalette: Palette = {
  ink: "#e4e2dc",
  paper: "#14171a",
  muted: "#a3a9af",
  rule: "#353b41",
  accent: "#7cc0e4",
  accent2: "#f0a07a",
  pass: "#7fcf9c",
  fail: "#f79a94",
  series: ["#68b1e6", "#f0925a", "#4cc39a", "#dd97cb", "#d8b64c", "#a9b5c2"]
};

/** The tokens as CSS values: what specs and the config below write. */
export const color = {
  ink: "var(--m-ink)",
  paper: "var(--m-paper)",
  muted: "var(--m-muted)",
  rule: "var(--m-rule)",
  accent: "var(--m-accent)",
  accent2: "var(--m-accent-2)",
  pass: "var(--m-pass)",
  fail: "var(--m-fail)",
  series: [1, 2, 3, 4, 5, 6].map((i) => `var(--m-series-${i})`)
} as const;

/** Shapes that say the series a second time, in the order of the colours. */
export const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"] as const;

/** Dashes that say the series a second time where it is a line. */
export const dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3]] as const;

/** Sequential ramp of maps, light to dark in even steps of lightness; values, since a scale interpolates between them. */
export const ramp = ["#f3eedd", "#d3ddcb", "#a3c6c0", "#6ba6b5", "#3e80a3", "#285a88", "#1d3562"] as const;

/** Font of everything drawn; the same stack as --m-font-sans. */
export const fontSans =
  "system-ui, -apple-system, \"Segoe UI\", Roboto, \"Helvetica Neue\", \"Noto Sans\", \"Liberation Sans\", Arial, sans-serif";

/** Vega-Lite config of every chart. Pure: colours stay tokens. */
export function vegaConfig(): VegaLiteConfig {
  const label = {labelFont: fontSans, labelFontSize: 12, labelColor: color.muted} as const;
  const title = {titleFont: fontSans, titleFontSize: 12, titleFontWeight: 600, titleColor: color.ink} as const;
  return {
    aria: false, // the drawing is one image with a name and a description; its numbers stand in the figure's table
    background: "transparent",
    padding: {left: 2, top: 4, right: 6, bottom: 2},
    font: fontSans,
    // Digits are not grouped: 2900 ms, as the field writes it.
    locale: {number: {decimal: ".", thousands: "", grouping: [3], currency: ["", ""]}},
    view: {stroke: null, continuousHeight: 300},
    axis: {
      ...label,
      ...title,
      domainColor: color.muted,
      domainWidth: 1,
      gridColor: color.rule,
      gridOpacity: 0.75,
      tickColor: color.muted,
      tickSize: 4,
      labelPadding: 5,
      titlePadding: 9,
      labelOverlap: true
    },
    axisX: {grid: false, tickCount: {expr: "max(3, floor(width / 90))"} as never},
    axisY: {
      domain: false,
      ticks: false,
      titleAngle: 0,
      titleAlign: "left",
      titleAnchor: "end",
      titleBaseline: "bottom",
      titleX: -2,
      titleY: -10,
      tickCount: 6
    },
    legend: {
      ...label,
      ...title,
      orient: "top",
      direction: "horizontal",
      symbolSize: 70,
      symbolStrokeWidth: 1.5,
      columnPadding: 14,
      rowPadding: 4,
      padding: 0,
      offset: 30,
      columns: {expr: "max(1, floor(width / 130))"} as never
    },
    header: {
      labelFont: fontSans,
      labelFontSize: 12,
      labelFontWeight: 600,
      labelColor: color.ink,
      labelAnchor: "start",
      labelPadding: 8,
      ...title
    },
    title: {font: fontSans, fontSize: 12, fontWeight: 600, color: color.ink, anchor: "start", subtitleColor: color.muted},
    text: {font: fontSans, fontSize: 11.5, color: color.ink},
    point: {size: 46, filled: true, opacity: 0.9},
    line: {strokeWidth: 1.6, strokeCap: "round", strokeJoin: "round"},
    rule: {color: color.muted},
    bar: {color: color.series[0]},
    mark: {color: color.series[0]},
    range: {category: [...color.series], symbol: [...shapes], ramp: [...ramp], heatmap: [...ramp]}
  };
}

/** A copy of a spec or config with every token replaced by the palette's value: what stands alone outside the page. */
export function resolveColors<T>(value: T, palette: Palette = lightPalette): T {
  const values = new Map<string, string>();
  for (const key of ["ink", "paper", "muted", "rule", "accent", "accent2", "pass", "fail"] as const) {
    values.set(color[key], palette[key]);
  }
  color.series.forEach((token, i) => values.set(token, palette.series[i]!));
  const visit = (item: unknown): unknown => {
    if (typeof item === "string") return item.includes("var(") ? item.replace(/var\(--m-[a-z0-9-]+\)/g, one) : item;
    if (Array.isArray(item)) return item.map(visit);
    if (item !== null && typeof item === "object") {
      return Object.fromEntries(Object.entries(item).map(([key, entry]) => [key, visit(entry)]));
    }
    return item;
  };
  const one = (token: string): string => {
    const found = values.get(token);
    if (found === undefined) throw new RangeError(`unknown colour token: ${token}`);
    return found;
  };
  return visit(value) as T;
}
