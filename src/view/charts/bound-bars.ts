import {color} from "../theme.js";
import {axisTitle, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface BoundBar {
  label: string;
  /** Relative standard deviation in %; null where the samples do not determine the parameter. */
  percent: number | null;
  /** Bars of one label stand side by side: the protocol before and after a change. */
  group?: string;
}

/** Where a relative bound counts as good, and where it says nothing. */
const limits = [10, 100];
/** Ends of the axis in %, wide enough for most; beyond them bars end at the border. */
const span: readonly [number, number] = [0.1, 10_000];

/**
 * Relative Cramér-Rao bounds as bars over a logarithmic axis of fixed ends, so that they move in place; what is not
 * identifiable is said in words, for it has no length.
 */
export function boundBars(rows: readonly BoundBar[], options: ChartOptions = {}): VegaLiteSpec {
  const description = options.description ?? "Relative Cramér-Rao bound of each parameter.";
  if (rows.length === 0) return noData("No parameter.", {description, height: options.height});
  const labels = [...new Set(rows.map(({label}) => label))];
  const groups = [...new Set(rows.map(({group}) => group ?? ""))];
  const grouped = groups.length > 1;
  const clip = (value: number): number => Math.max(span[0], Math.min(span[1], value));
  const bars = rows.flatMap(({label, percent, group = ""}) =>
    percent === null ? [] : [{label, group, from: span[0], to: clip(percent), percent}]
  );
  const open = rows.flatMap(({label, percent, group = ""}) =>
    percent === null ? [{label, group, from: span[0], text: "not identifiable"}] : []
  );
  const x = {
    type: "quantitative",
    title: axisTitle("Relative bound of the standard deviation", "%"),
    scale: {type: "log", domain: [...span] as number[], nice: false},
    axis: {grid: true, values: [0.1, 1, 10, 100, 1000, 10_000] as number[], format: "~g"}
  } as const;
  const y = {field: "label", type: "nominal", sort: labels, title: null, axis: {labelColor: color.ink}} as const;
  const offset = grouped ? ({yOffset: {field: "group", type: "nominal", sort: groups}} as const) : {};
  const paint = grouped
    ? ({fill: {field: "group", type: "nominal", scale: {domain: groups, range: [...color.series]}, title: null}} as const)
    : ({fill: {value: color.series[0]}} as const);
  return {
    ...head(description),
    width: "container",
    height: options.height ?? Math.max(120, labels.length * (grouped ? 34 : 26)),
    params: [highlightParameter()],
    datasets: {bars, open, limits: limits.map((value) => ({value}))},
    layer: [
      {
        data: {name: "bars"},
        mark: {type: "bar", opacity: 0.85},
        encoding: {
          x: {...x, field: "from"},
          x2: {field: "to"},
          y,
          ...offset,
          ...paint,
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            ...(grouped ? [{field: "group", type: "nominal", title: "Protocol"} as const] : []),
            {field: "percent", type: "quantitative", title: "Relative bound (%)", format: ".3~g"}
          ]
        }
      },
      {
        data: {name: "limits"},
        mark: {type: "rule", color: color.accent2, strokeDash: [5, 3], strokeWidth: 1.2},
        encoding: {x: {...x, field: "value"}}
      },
      ...when(open.length > 0, {
        data: {name: "open"},
        mark: {type: "text", align: "left", baseline: "middle", dx: 6, fontStyle: "italic", color: color.fail},
        encoding: {x: {...x, field: "from"}, y, ...offset, text: {field: "text", type: "nominal"}}
      })
    ]
  } as VegaLiteSpec;
}
