import {color, dashes, shapes} from "../theme.js";
import {drawable, head, highlightParameter, leftOut, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface PerformanceRow {
  snr: number;
  /** Bias or error as a share of the truth. */
  value: number | null;
  estimator: string;
}

export interface PerformanceCurvesOptions extends ChartOptions {
  quantity: string;
  /** On a logarithmic axis what falls as 1/SNR is a straight line; a bias, which may be negative, needs a linear one. */
  scale: "log" | "linear";
  /** Least error of an unbiased estimator. */
  bound?: readonly {snr: number; value: number | null}[];
  /** The SNR that is looked at. */
  marked?: number;
}

/** Bias or error of several estimators against the SNR. */
export function performanceCurves(data: readonly PerformanceRow[], options: PerformanceCurvesOptions): VegaLiteSpec {
  const {quantity, scale, bound = [], marked, height = 280} = options;
  const {rows, left} = drawable(data, ["value"]);
  const description = options.description ?? `${quantity} of each estimator against the SNR.`;
  if (rows.length === 0) return noData("No estimates.", {description, height});
  const names = [...new Set(data.map(({estimator}) => estimator))];
  const limits = drawable(bound, ["value"]).rows;
  const ticks = [...new Set(data.map(({snr}) => snr))];
  const x = {
    field: "snr", type: "quantitative", title: "SNR at b = 0", scale: {type: "log", nice: false},
    axis: {values: ticks, format: "d"}
  } as const;
  const y = {
    type: "quantitative", title: `${quantity} (share of the truth)`, axis: {format: ".3~%"},
    scale: scale === "log" ? ({type: "log", nice: true} as const) : ({zero: true, nice: true} as const)
  } as const;
  const by = <T>(values: readonly T[]) => ({
    field: "estimator", type: "nominal", title: null, scale: {domain: names, range: values.slice(0, names.length)}
  }) as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      rows: rows.map((row) => ({...row})),
      bound: limits.map((row) => ({...row})),
      marked: marked === undefined ? [] : [{snr: marked}],
      zero: [{value: 0}]
    },
    layer: [
      ...when(scale === "linear", {
        data: {name: "zero"},
        mark: {type: "rule", color: color.muted, strokeWidth: 1},
        encoding: {y: {...y, field: "value"}}
      }),
      {
        data: {name: "marked"},
        mark: {type: "rule", color: color.muted, strokeWidth: 1, strokeDash: [2, 3]},
        encoding: {x}
      },
      ...when(scale === "log", {
        data: {name: "bound"},
        mark: {type: "line", color: color.ink, strokeWidth: 1.4, strokeDash: [4, 3], tooltip: null},
        encoding: {x, y: {...y, field: "value"}}
      }),
      {
        data: {name: "rows"},
        mark: {type: "line", strokeWidth: 1.8, tooltip: null},
        encoding: {
          x, y: {...y, field: "value"}, color: by(color.series), strokeDash: by(dashes)
        }
      },
      {
        data: {name: "rows"},
        mark: {type: "point", filled: true, size: 54, opacity: 1},
        encoding: {
          x, y: {...y, field: "value"}, color: by(color.series), shape: by(shapes),
          tooltip: [
            {field: "estimator", type: "nominal", title: " "},
            {field: "snr", type: "quantitative", title: "SNR"},
            {field: "value", type: "quantitative", title: quantity, format: ".3~%"}
          ]
        }
      }
    ]
  } as VegaLiteSpec;
}
