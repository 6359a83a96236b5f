import {color} from "../theme.js";
import {
  anyHighlighted, axisTitle, brushParameter, drawable, head, highlightParameter, inFocus, isHighlighted, leftOut, noData,
  when
} from "./spec.js";
import type {ChartOptions, ChartSpec, VegaLiteSpec} from "./spec.js";

export interface ScatterRow {
  subject: string;
  x: number;
  y: number;
  /** Drawn in a colour and a shape of its own. */
  group?: string;
}

export interface ScatterOptions extends ChartOptions {
  xTitle: string;
  yTitle: string;
  /** Of both axes, when both have the same. */
  unit?: string;
  xUnit?: string;
  yUnit?: string;
  /** Draws y = x and gives both axes one domain: for two methods that measure the same quantity. */
  identity?: boolean;
  /** A fitted line, drawn over the range of x. */
  line?: {intercept: number; slope: number; name?: string};
  groupTitle?: string;
  highlight?: readonly string[];
}

/** One method against another, with the line of identity and, if given, the fitted one. */
export function scatter(data: readonly ScatterRow[], options: ScatterOptions): ChartSpec {
  const {xTitle, yTitle, unit, identity = false, line} = options;
  const {rows, left} = drawable(data, ["x", "y"]);
  const description = options.description
    ?? `${yTitle} against ${xTitle}${identity ? ", with the line of identity" : ""}.`;
  if (rows.length === 0) return noData("No pairs to draw.", {description, height: options.height});
  const points = rows.map(({subject, x, y, group}) => ({subject, first: x, second: y, group: group ?? ""}));
  const grouped = new Set(points.map(({group}) => group)).size > 1;
  const all = identity ? points.flatMap(({first, second}) => [first, second]) : points.map(({first}) => first);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  // The ends of identity are data of both axes, so one domain follows for both and stays so when the data move.
  const diagonal = [{first: low, second: low}, {first: high, second: high}];
  const fitted = line === undefined ? [] : [low, high].map((end) => ({first: end, second: line.intercept + line.slope * end}));
  const x = {
    field: "first", type: "quantitative", title: axisTitle(xTitle, options.xUnit ?? unit),
    scale: {zero: false, nice: true}, axis: {grid: identity}
  } as const;
  const y = {
    field: "second", type: "quantitative", title: axisTitle(yTitle, options.yUnit ?? unit), scale: {zero: false, nice: true}
  } as const;
  const spec: VegaLiteSpec = {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height: options.height ?? 320,
    usermeta: {brush: {data: "points", key: "subject"}},
    params: [highlightParameter(options.highlight)],
    datasets: {points, ...(identity ? {diagonal} : {}), ...(line === undefined ? {} : {fitted})},
    layer: [
      ...when(identity, {
        data: {name: "diagonal"},
        mark: {type: "line", color: color.muted, strokeWidth: 1},
        encoding: {x, y}
      }),
      ...when(line !== undefined, {
        data: {name: "fitted"},
        mark: {type: "line", color: color.accent2, strokeDash: [6, 3], strokeWidth: 1.5},
        encoding: {x, y}
      }),
      {
        data: {name: "points"},
        params: [brushParameter()],
        mark: {type: "point", filled: true},
        encoding: {
          x,
          y,
          ...(grouped
            ? {
              color: {field: "group", type: "nominal", title: options.groupTitle ?? null},
              shape: {field: "group", type: "nominal", title: options.groupTitle ?? null}
            } as const
            : {color: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: color.accent2}, value: color.ink}}),
          opacity: {condition: {test: inFocus, value: 0.85}, value: 0.18},
          size: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: 96}, value: 52},
          tooltip: [
            {field: "subject", type: "nominal", title: "Subject"},
            ...(grouped ? [{field: "group", type: "nominal", title: options.groupTitle ?? "Group"} as const] : []),
            {field: "first", type: "quantitative", title: xTitle, format: ".5~g"},
            {field: "second", type: "quantitative", title: yTitle, format: ".5~g"}
          ]
        }
      }
    ]
  };
  if (!identity) return spec;
  // Nearly square, so that identity rises by 45 degrees: axis labels take about 50 px of the width.
  return (width) => ({
    ...spec,
    width: Math.min(width, 470),
    height: options.height ?? Math.min(width, 470) - 50,
    autosize: {type: "fit-x", contains: "padding"}
  } as VegaLiteSpec);
}
