import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, Encoding, VegaLiteSpec} from "./spec.js";

/** A sample or a point of a line; groups are the samples that differ on the axis alone. */
export interface SignalRow {
  x: number;
  signal: number;
  group: string;
}

export interface SignalFitData {
  /** Noisy samples. */
  samples: readonly SignalRow[];
  /** The signal without noise. */
  truth: readonly SignalRow[];
  /** The fitted signal; none where the fit has no parameters. */
  fitted: readonly SignalRow[];
}

export interface SignalFitOptions extends ChartOptions {
  xTitle: string;
  xUnit?: string;
}

/**
 * Samples, the signal they were drawn from and the one fitted to them. As long as there is a fit, only the rows change
 * with the numbers, so that it moves in place while a slider is dragged.
 */
export function signalFit({samples, truth, fitted}: SignalFitData, options: SignalFitOptions): VegaLiteSpec {
  const {xTitle, xUnit, height = 320} = options;
  const description = options.description ?? `Signal against ${xTitle}: samples, truth and fit.`;
  const points = drawable(samples, ["x", "signal"]).rows;
  if (points.length === 0) return noData("No samples to draw.", {description, height});
  const groups = [...new Set(points.map(({group}) => group))];
  const by = {field: "group", type: "nominal", scale: {domain: groups}, title: null} as const;
  const paint = groups.length > 1 ? {color: by} as const : {color: {value: color.series[0]}};
  const line = drawable(fitted, ["x", "signal"]).rows.map((row) => ({...row}));
  const scale = {zero: true, nice: true} as const;
  const x = {field: "x", type: "quantitative", title: axisTitle(xTitle, xUnit), scale} as const;
  const y = {field: "signal", type: "quantitative", title: "Signal", scale} as const;
  const drawn: Encoding = {x, y, detail: {field: "group", type: "nominal"}, ...paint};
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      points: points.map((row) => ({...row})),
      truth: drawable(truth, ["x", "signal"]).rows.map((row) => ({...row})),
      ...(line.length === 0 ? {} : {fitted: line})
    },
    layer: [
      {
        data: {name: "truth"},
        mark: {type: "line", strokeWidth: 1.4, strokeDash: [5, 4], opacity: 0.75},
        encoding: drawn
      },
      ...when(line.length > 0, {data: {name: "fitted"}, mark: {type: "line", strokeWidth: 1.8}, encoding: drawn}),
      {
        data: {name: "points"},
        mark: {type: "point", filled: true, size: 52, opacity: 1},
        encoding: {
          x,
          y,
          ...paint,
          ...(groups.length > 1 ? {shape: by} : {}),
          tooltip: [
            ...(groups.length > 1 ? [{field: "group", type: "nominal", title: " "} as const] : []),
            {field: "x", type: "quantitative", title: axisTitle(xTitle, xUnit), format: ".5~g"},
            {field: "signal", type: "quantitative", title: "Signal", format: ".5~g"}
          ]
        }
      }
    ]
  } as VegaLiteSpec;
}
