/** What the chart functions share: the type of a spec, titles with units, the highlight parameter, a chart without data. */
import type {TopLevelSpec} from "../../generated/vendor/vega.js";
import {formatUnit} from "../format.js";
import {color} from "../theme.js";

/** A Vega-Lite specification, complete with its data under `datasets`. */
export type VegaLiteSpec = TopLevelSpec;

/** What a page draws: a spec as wide as its container, or one made for a width in pixels (facets cannot stretch). */
export type ChartSpec = VegaLiteSpec | ((width: number) => VegaLiteSpec);

/** A row of a dataset. */
export type Row = Record<string, unknown>;

/** An estimate with its interval. */
export interface Interval {
  value: number;
  lower: number;
  upper: number;
}

/** What every chart function takes. */
export interface ChartOptions {
  /** One sentence for screen readers: what is drawn against what. */
  description?: string;
  /** Height of the plotting area in pixels. */
  height?: number;
}

/** Name of the parameter that holds the highlighted subjects. */
export const HIGHLIGHT = "highlight";

/**
 * Name of the interval selection that readers draw by dragging. Vega-Lite keeps its pixels in the signals brush_x and
 * brush_y, so no brushed field may be called x or y.
 */
export const BRUSH = "brush";

/** Where a brush looks up what it covers; render.ts reads it from the spec's `usermeta`. */
export interface BrushMeta {
  data: string;
  key: string;
  facet?: string;
}

export const highlightParameter = (subjects: readonly string[] = []) => ({name: HIGHLIGHT, value: [...subjects]});

/** The selection of a layer whose points readers brush, along both axes unless told. */
export function brushParameter(encodings: ("x" | "y")[] = ["x", "y"]) {
  const mark = {fill: color.accent, fillOpacity: 0.08, stroke: color.accent};
  return {name: BRUSH, select: {type: "interval" as const, encodings, mark}};
}

/** Vega expressions over a row's `subject`. */
export const anyHighlighted = `length(${HIGHLIGHT}) > 0`;
export const isHighlighted = `indexof(${HIGHLIGHT}, datum.subject) >= 0`;
export const inFocus = `length(${HIGHLIGHT}) == 0 || indexof(${HIGHLIGHT}, datum.subject) >= 0`;

/** `quantity (unit)`, the unit with its superscripts. */
export function axisTitle(quantity: string, unit?: string): string {
  return unit === undefined || unit === "" || unit === "1" ? quantity : `${quantity} (${formatUnit(unit)})`;
}

/** Rows whose named fields are all finite, and how many were left out: a value that is missing is said, not drawn. */
export function drawable<T extends object>(rows: readonly T[], fields: readonly (keyof T)[]): {rows: T[]; left: number} {
  const kept = rows.filter((row) =>
    fields.every((field) => typeof row[field] === "number" && Number.isFinite(row[field]))
  );
  return {rows: kept, left: rows.length - kept.length};
}

/** A title that says what was left out, or none. */
export function leftOut(left: number, total: number): {title?: {text: string; fontWeight: "normal"; color: string}} {
  if (left === 0) return {};
  return {title: {text: `${left} of ${total} not drawn: no value`, fontWeight: "normal", color: color.muted}};
}

/** What stands in a chart's place when there is nothing to draw. */
export function noData(message = "No data to draw.", options: ChartOptions = {}): VegaLiteSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: options.description ?? message,
    width: "container",
    height: options.height ?? 120,
    datasets: {empty: [{message}]},
    data: {name: "empty"},
    params: [highlightParameter()],
    mark: {type: "text", color: color.muted, fontSize: 13},
    encoding: {text: {field: "message", type: "nominal"}}
  };
}

/** Head that every spec begins with. */
export function head(description: string) {
  return {$schema: "https://vega.github.io/schema/vega-lite/v6.json", description} as const;
}

/** A layer of a layered spec. */
export type Layer = Extract<VegaLiteSpec, {layer: unknown}>["layer"][number];

/** The encoding of a layer. */
export type Encoding = NonNullable<Extract<Layer, {mark: unknown}>["encoding"]>;

/** The layers when the condition holds, none otherwise. */
export function when(condition: boolean, ...layers: Layer[]): Layer[] {
  return condition ? layers : [];
}
