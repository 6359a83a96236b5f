import {color, dashes} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, leftOut, noData, when} from "./spec.js";
import type {ChartOptions, Encoding, VegaLiteSpec} from "./spec.js";

export interface DecaySample {
  /** b (s/mm2), or another protocol variable. */
  x: number;
  signal: number;
  /** E.g. the TE, the session or the region. */
  group?: string;
  /** False for samples that the fit does not use; drawn hollow. */
  used?: boolean;
}

export interface DecayCurvePoint {
  x: number;
  signal: number;
  group?: string;
}

export interface DecayOptions extends ChartOptions {
  xTitle?: string;
  xUnit?: string;
  signalUnit?: string;
  groupTitle?: string;
  /** Logarithmic ordinate, on which a mono-exponential decay is a straight line; true unless told. */
  log?: boolean;
}

/** Measured signal against b with the fitted decay. On a log axis samples of 0 and below cannot stand; they are counted. */
export function decay(
  samples: readonly DecaySample[],
  curve: readonly DecayCurvePoint[],
  options: DecayOptions = {}
): VegaLiteSpec {
  const {xTitle = "b", xUnit = "s/mm2", log = true, height = 300, groupTitle} = options;
  const finite = drawable(samples, ["x", "signal"]).rows.filter(({signal}) => !log || signal > 0);
  const description = options.description ?? `Signal against ${xTitle}, measured and fitted.`;
  if (finite.length === 0) return noData("No signal to draw.", {description, height});
  const points = finite.map(({x, signal, group, used}) => ({x, signal, group: group ?? "", used: used ?? true}));
  const fitted = drawable(curve, ["x", "signal"]).rows.filter(({signal}) => !log || signal > 0)
    .map(({x, signal, group}) => ({x, signal, group: group ?? ""}));
  const groups = [...new Set(points.map(({group}) => group))];
  const grouped = groups.length > 1;
  const by = {field: "group", type: "nominal", scale: {domain: groups}, title: groupTitle ?? null} as const;
  const paint = grouped ? {color: by} as const : {color: {value: color.series[0]}};
  const x = {
    field: "x", type: "quantitative", title: axisTitle(xTitle, xUnit), scale: {zero: true, nice: true}
  } as const;
  const y = {
    field: "signal", type: "quantitative", title: axisTitle("Signal", options.signalUnit),
    scale: log ? {type: "log", nice: true} as const : {zero: true, nice: true}
  } as const;
  const dots: Encoding = {
    x,
    y,
    ...paint,
    ...(grouped ? {shape: by} : {}),
    tooltip: [
      ...(grouped ? [{field: "group", type: "nominal", title: groupTitle ?? "Group"} as const] : []),
      {field: "x", type: "quantitative", title: axisTitle(xTitle, xUnit), format: ".5~g"},
      {field: "signal", type: "quantitative", title: "Signal", format: ".5~g"}
    ]
  };
  return {
    ...head(description),
    ...leftOut(samples.length - finite.length, samples.length),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {points, ...(fitted.length === 0 ? {} : {fitted})},
    layer: [
      ...when(fitted.length > 0, {
        data: {name: "fitted"},
        mark: {type: "line", strokeWidth: 1.6},
        encoding: {
          x, y, ...paint,
          ...(grouped ? {strokeDash: {...by, scale: {domain: groups, range: dashes.map((dash) => [...dash])}}} as const : {})
        }
      }),
      {
        data: {name: "points"},
        transform: [{filter: "datum.used"}],
        mark: {type: "point", filled: true, size: 58, opacity: 1},
        encoding: dots
      },
      ...when(points.some(({used}) => !used), {
        data: {name: "points"},
        transform: [{filter: "!datum.used"}],
        mark: {type: "point", filled: false, fill: color.paper, size: 52, strokeWidth: 1.6, opacity: 1},
        encoding: dots
      })
    ]
  } as VegaLiteSpec;
}
