import {color} from "../theme.js";
import {axisTitle, head, highlightParameter, when} from "./spec.js";
import type {ChartOptions, Encoding, VegaLiteSpec} from "./spec.js";

type Pair = readonly [number, number];

export interface EstimateCloudData {
  /** Estimates of many repeats, inside the axes. */
  points: readonly Pair[];
  /** Closed line; null where there is none to draw. */
  ellipse: readonly Pair[] | null;
  truth: Pair;
  /** The estimate of the repeat that is shown elsewhere. */
  estimate: Pair | null;
  /** Ends of the axes. */
  x: Pair;
  y: Pair;
}

export interface EstimateCloudOptions extends ChartOptions {
  xTitle: string;
  yTitle: string;
  xUnit?: string;
  yUnit?: string;
}

/**
 * Estimates of two parameters with the ellipse of their bound. As long as all are there, only the rows change with the
 * numbers, so that it moves in place while a slider is dragged; the ends of its axes are data too.
 */
export function estimateCloud(data: EstimateCloudData, options: EstimateCloudOptions): VegaLiteSpec {
  const {xTitle, yTitle, xUnit, yUnit, height = 300} = options;
  const axis = {type: "quantitative", scale: {zero: false, nice: false}} as const;
  const x = {...axis, field: "first", title: axisTitle(xTitle, xUnit)} as const;
  const y = {...axis, field: "second", title: axisTitle(yTitle, yUnit)} as const;
  const {points, ellipse, truth, estimate} = data;
  const at = ([first, second]: Pair) => ({first, second});
  const marked: Encoding = {
    x,
    y,
    tooltip: [
      {field: "name", type: "nominal", title: " "},
      {field: "first", type: "quantitative", title: xTitle, format: ".4~g"},
      {field: "second", type: "quantitative", title: yTitle, format: ".4~g"}
    ]
  };
  return {
    ...head(options.description ?? `${yTitle} against ${xTitle} in repeated fits, with the ellipse of their bound.`),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      ends: [at([data.x[0], data.y[0]]), at([data.x[1], data.y[1]])],
      truth: [{...at(truth), name: "Truth"}],
      ...(points.length === 0 ? {} : {cloud: points.map(at)}),
      ...(ellipse === null ? {} : {ellipse: ellipse.map((point, order) => ({...at(point), order}))}),
      ...(estimate === null ? {} : {estimate: [{...at(estimate), name: "This fit"}]})
    },
    layer: [
      {data: {name: "ends"}, mark: {type: "point", opacity: 0, tooltip: null}, encoding: {x, y}},
      ...when(points.length > 0, {
        data: {name: "cloud"},
        mark: {type: "circle", size: 7, opacity: 0.45, color: color.series[0], tooltip: null},
        encoding: {x, y}
      }),
      ...when(ellipse !== null, {
        data: {name: "ellipse"},
        mark: {type: "line", color: color.accent2, strokeWidth: 1.8, clip: true, tooltip: null},
        encoding: {x, y, order: {field: "order", type: "quantitative"}}
      }),
      {
        data: {name: "truth"},
        mark: {type: "point", shape: "cross", filled: true, size: 140, color: color.accent2, opacity: 1},
        encoding: marked
      },
      ...when(estimate !== null, {
        data: {name: "estimate"},
        mark: {type: "point", shape: "circle", filled: false, size: 90, stroke: color.ink, strokeWidth: 2, opacity: 1},
        encoding: marked
      })
    ]
  } as VegaLiteSpec;
}
