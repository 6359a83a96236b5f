import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, leftOut, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface LevelRow {
  level: string;
  /** Level of a second factor, told by colour and shape. */
  inner?: string;
  value: number;
  label?: string;
}

export interface LevelsOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  factor: string;
  innerFactor?: string;
}

/** Colours that can be told apart; more levels than these are drawn alike. */
const tellable = 6;

/** Values by the levels of a factor, with the mean of each level. */
export function levels(data: readonly LevelRow[], options: LevelsOptions): VegaLiteSpec {
  const {quantity, unit, factor, height = 300} = options;
  const {rows, left} = drawable(data, ["value"]);
  const description = options.description ?? `${quantity} by ${factor}, with the mean of each.`;
  if (rows.length === 0) return noData("No values.", {description, height});
  const points = rows.map(({level, inner, value, label}) => ({level, inner: inner ?? "", value, label: label ?? ""}));
  const inner = [...new Set(points.map((row) => row.inner))];
  const coloured = inner.length > 1 && inner.length <= tellable;
  const x = {
    field: "level", type: "nominal", title: factor, sort: [...new Set(points.map(({level}) => level))],
    axis: {labelAngle: 0}
  } as const;
  const y = {type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: true}} as const;
  const title = options.innerFactor ?? null;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {points},
    data: {name: "points"},
    layer: [
      {
        mark: {type: "tick", color: color.accent2, thickness: 2, size: 34},
        encoding: {x, y: {...y, field: "value", aggregate: "mean"}}
      },
      {
        mark: {type: "point", filled: true},
        encoding: {
          x,
          y: {...y, field: "value"},
          ...(coloured
            ? {
              xOffset: {field: "inner", type: "nominal", sort: inner},
              color: {field: "inner", type: "nominal", title, scale: {domain: inner}},
              shape: {field: "inner", type: "nominal", title, scale: {domain: inner}}
            } as const
            : {color: {value: color.ink}}),
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            {field: "level", type: "nominal", title: factor},
            ...(inner.length > 1
              ? [{field: "inner", type: "nominal", title: options.innerFactor ?? "Inner level"} as const] : []),
            {field: "value", type: "quantitative", title: axisTitle(quantity, unit), format: ".5~g"}
          ]
        }
      }
    ]
  };
}
