import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, leftOut, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface IntervalRow {
  label: string;
  value: number;
  lower: number;
  upper: number;
  /** Rows of one label stand side by side, told apart by colour and shape: two methods, two metrics. */
  group?: string;
}

export interface IntervalOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** A vertical line: no bias, a published value. */
  reference?: {value: number; label: string};
  groupTitle?: string;
  /** Starts the axis at zero. */
  zero?: boolean;
}

/** Estimates with their intervals, one under the other: interval methods or tissues compared. */
export function intervals(data: readonly IntervalRow[], options: IntervalOptions): VegaLiteSpec {
  const {quantity, unit, reference, zero = false, groupTitle} = options;
  const {rows, left} = drawable(data, ["value", "lower", "upper"]);
  const description = options.description ?? `${quantity} with intervals, ${rows.length} estimates.`;
  if (rows.length === 0) return noData("No estimates.", {description, height: options.height});
  const estimates = rows.map(({label, value, lower, upper, group}) => ({label, value, lower, upper, group: group ?? ""}));
  const labels = [...new Set(estimates.map(({label}) => label))];
  const groups = [...new Set(estimates.map(({group}) => group))];
  const grouped = groups.length > 1;
  const y = {
    field: "label", type: "nominal", sort: labels, title: null,
    axis: {labelLimit: 170, labelColor: color.ink}
  } as const;
  const offset = grouped ? {yOffset: {field: "group", type: "nominal", sort: groups}} as const : {};
  const legend = {offset: reference === undefined ? 10 : 24, symbolStrokeWidth: 0};
  const paint = grouped
    ? {color: {field: "group", type: "nominal", scale: {domain: groups}, title: groupTitle ?? null, legend}} as const
    : {color: {value: color.series[0]}};
  const x = {
    type: "quantitative", title: axisTitle(quantity, unit), scale: {zero, nice: true}, axis: {grid: true}
  } as const;
  const tooltip = [
    {field: "label", type: "nominal", title: " "},
    ...(grouped ? [{field: "group", type: "nominal", title: groupTitle ?? "Group"} as const] : []),
    {field: "value", type: "quantitative", title: "Estimate", format: ".5~g"},
    {field: "lower", type: "quantitative", title: "from", format: ".5~g"},
    {field: "upper", type: "quantitative", title: "to", format: ".5~g"}
  ] as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height: options.height ?? labels.length * (grouped ? 16 + 16 * groups.length : 34),
    params: [highlightParameter()],
    datasets: {estimates, ...(reference === undefined ? {} : {reference: [{x: reference.value, label: reference.label}]})},
    data: {name: "estimates"},
    layer: [
      ...when(reference !== undefined,
        {
          data: {name: "reference"},
          mark: {type: "rule", color: color.accent2, strokeDash: [5, 3], strokeWidth: 1.2},
          encoding: {x: {...x, field: "x"}}
        },
        {
          data: {name: "reference"},
          mark: {type: "text", color: color.accent2, align: "left", baseline: "bottom", dx: 4, dy: -2},
          encoding: {x: {...x, field: "x"}, y: {value: 0}, text: {field: "label", type: "nominal"}}
        }
      ),
      {
        mark: {type: "rule", strokeWidth: 2, strokeCap: "round"},
        encoding: {x: {...x, field: "lower"}, x2: {field: "upper"}, y, ...offset, ...paint, tooltip: [...tooltip]}
      },
      {
        mark: {type: "point", filled: true, size: 70, opacity: 1},
        encoding: {
          x: {...x, field: "value"}, y, ...offset, ...paint,
          ...(grouped ? {shape: {field: "group", type: "nominal", scale: {domain: groups}, title: groupTitle ?? null, legend}} as const : {}),
          tooltip: [...tooltip]
        }
      }
    ]
  } as VegaLiteSpec;
}
