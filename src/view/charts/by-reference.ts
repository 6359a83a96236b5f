import {color, shapes} from "../theme.js";
import {
  anyHighlighted, axisTitle, drawable, head, highlightParameter, isHighlighted, leftOut, noData, when
} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

/** One value at a reference level. */
export interface ReferencePoint {
  subject: string;
  /** The level's name, such as the number of a sphere. */
  level: string;
  /** The level's reference, above 0. */
  reference: number;
  value: number;
  /** Drawn in a colour and a shape of its own. */
  group: string;
}

/** What is estimated at a level. */
export interface ReferenceEstimate {
  level: string;
  reference: number;
  value: number;
  lower: number;
  upper: number;
}

export interface ByReferenceOptions extends ChartOptions {
  /** The abscissa, on a logarithmic scale. */
  reference: string;
  referenceUnit?: string;
  quantity: string;
  unit?: string;
  /** What the bars are, for the tooltip. */
  estimate: string;
  groupTitle?: string;
  /** Half-width of a band around 0. */
  band?: number;
  /** Beyond this value the ordinate is logarithmic, on both sides of 0; linear throughout unless told. */
  linearWithin?: number;
  highlight?: readonly string[];
}

/** Values and their estimate at each of some reference levels: errors that grow or shrink with the size measured. */
export function byReference(
  data: readonly ReferencePoint[], estimates: readonly ReferenceEstimate[], options: ByReferenceOptions
): VegaLiteSpec {
  const {quantity, unit, band, linearWithin, height = 340} = options;
  const {rows: points, left} = drawable(data, ["reference", "value"]);
  const bars = drawable(estimates, ["reference", "value", "lower", "upper"]).rows;
  const description = options.description ?? `${quantity} at each reference level.`;
  if (points.length === 0) return noData("No values.", {description, height});
  const groups = [...new Set(points.map(({group}) => group))].sort();
  const levels = [...new Map(points.map(({level, reference}) => [level, {level, reference}])).values()];
  const known = levels.map(({reference}) => reference);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const margin = most > least ? (most / least) ** 0.05 : 2;
  const domain = [least / margin, most * margin];
  // Two lines: the reference, and the level's name under it.
  const [titles, values] = [levels.map(({level}) => level), known].map((each) => JSON.stringify(each));
  const names = `[format(datum.value, '.0f'), ${titles}[indexof(${values}, datum.value)]]`;
  const x = {
    field: "reference", type: "quantitative", title: axisTitle(options.reference, options.referenceUnit),
    scale: {type: "log", nice: false, domain},
    axis: {values: known, labelExpr: names, labelFlush: false, labelOverlap: "greedy"}
  } as const;
  const scale = linearWithin === undefined ? {zero: true, nice: true} as const
    : {type: "symlog", constant: linearWithin, nice: false} as const;
  const farthest = Math.max(...points.map(({value}) => Math.abs(value)));
  const ticks = [1, 10, 100, 1000, 10000].filter((each) => each >= (linearWithin ?? 1) && each / 3 <= farthest);
  const y = {
    type: "quantitative", title: axisTitle(quantity, unit), scale,
    axis: linearWithin === undefined ? {} : {values: [...ticks.map((each) => -each), 0, ...ticks], format: "d"}
  } as const;
  const group = <T>(values: readonly T[], legend: object = {}) => ({
    field: "group", type: "nominal", title: options.groupTitle ?? null, legend,
    scale: {domain: groups, range: values.slice(0, groups.length)}
  }) as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    params: [highlightParameter(options.highlight)],
    datasets: {
      points: points.map((point) => ({...point})),
      estimates: bars.map((bar) => ({...bar})),
      band: band === undefined ? [] : [{lower: -band, upper: band}], zero: [{value: 0}]
    },
    layer: [
      ...when(band !== undefined, {
        data: {name: "band"},
        mark: {type: "rect", color: color.pass, opacity: 0.1},
        encoding: {y: {...y, field: "lower"}, y2: {field: "upper"}}
      }),
      {
        data: {name: "zero"},
        mark: {type: "rule", color: color.muted, strokeWidth: 1},
        encoding: {y: {...y, field: "value"}}
      },
      {
        data: {name: "points"},
        mark: {type: "point", filled: true, xOffset: -5},
        encoding: {
          x, y: {...y, field: "value"}, color: group(color.series), shape: group(shapes),
          opacity: {condition: {test: `${anyHighlighted} && !(${isHighlighted})`, value: 0.15}, value: 0.75},
          size: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: 90}, value: 40},
          tooltip: [
            {field: "subject", type: "nominal", title: "Map"},
            {field: "group", type: "nominal", title: options.groupTitle ?? "Group"},
            {field: "level", type: "nominal", title: "Level"},
            {field: "value", type: "quantitative", title: axisTitle(quantity, unit), format: ".4~g"}
          ]
        }
      },
      ...when(bars.length > 0,
        {
          data: {name: "estimates"},
          mark: {type: "rule", strokeWidth: 2.5, strokeCap: "round", color: color.ink, xOffset: 6},
          encoding: {x, y: {...y, field: "lower"}, y2: {field: "upper"}}
        },
        {
          data: {name: "estimates"},
          mark: {type: "point", shape: "diamond", filled: true, size: 70, opacity: 1, color: color.ink, xOffset: 6},
          encoding: {
            x, y: {...y, field: "value"},
            tooltip: [
              {field: "level", type: "nominal", title: "Level"},
              {field: "value", type: "quantitative", title: options.estimate, format: ".4~g"},
              {field: "lower", type: "quantitative", title: "from", format: ".4~g"},
              {field: "upper", type: "quantitative", title: "to", format: ".4~g"}
            ]
          }
        }
      )
    ]
  } as VegaLiteSpec;
}
