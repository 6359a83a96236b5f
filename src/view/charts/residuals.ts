import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, leftOut, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface ResidualRow {
  /** Protocol variable or fitted value. */
  x: number;
  /** Measured minus fitted. */
  residual: number;
  label?: string;
  group?: string;
}

export interface ResidualOptions extends ChartOptions {
  xTitle: string;
  xUnit?: string;
  residualTitle?: string;
  unit?: string;
  /** Standard deviation of the residuals; a band of ± 1.96 of it is drawn. */
  sd?: number;
  groupTitle?: string;
}

/** Residuals against a protocol variable or the fitted value: a pattern here is a model that does not hold. */
export function residuals(data: readonly ResidualRow[], options: ResidualOptions): VegaLiteSpec {
  const {xTitle, xUnit, residualTitle = "Residual", unit, sd, groupTitle, height = 220} = options;
  const {rows, left} = drawable(data, ["x", "residual"]);
  const description = options.description ?? `${residualTitle} against ${xTitle}.`;
  if (rows.length === 0) return noData("No residuals.", {description, height});
  const points = rows.map(({x, residual, label, group}) => ({x, residual, label: label ?? "", group: group ?? ""}));
  const grouped = new Set(points.map(({group}) => group)).size > 1;
  const band = sd !== undefined && Number.isFinite(sd) && sd > 0 ? [{low: -1.959964 * sd, high: 1.959964 * sd}] : [];
  const x = {
    field: "x", type: "quantitative", title: axisTitle(xTitle, xUnit), scale: {zero: false, nice: true, padding: 8}
  } as const;
  const y = {type: "quantitative", title: axisTitle(residualTitle, unit), scale: {zero: true, nice: true}} as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {points, ...(band.length === 0 ? {} : {band})},
    layer: [
      ...when(band.length > 0, {
        data: {name: "band"},
        mark: {type: "rect", color: color.series[0], opacity: 0.1},
        encoding: {y: {...y, field: "low"}, y2: {field: "high"}}
      }),
      {mark: {type: "rule", color: color.muted}, encoding: {y: {...y, datum: 0}}},
      {
        data: {name: "points"},
        mark: {type: "point", filled: true},
        encoding: {
          x,
          y: {...y, field: "residual"},
          ...(grouped
            ? {
              color: {field: "group", type: "nominal", title: groupTitle ?? null},
              shape: {field: "group", type: "nominal", title: groupTitle ?? null}
            } as const
            : {color: {value: color.series[0]}}),
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            {field: "x", type: "quantitative", title: xTitle, format: ".5~g"},
            {field: "residual", type: "quantitative", title: residualTitle, format: ".4~g"}
          ]
        }
      }
    ]
  };
}
