import {color} from "../theme.js";
import {drawable, head, highlightParameter, leftOut, noData} from "./spec.js";
import type {ChartOptions, ChartSpec, VegaLiteSpec} from "./spec.js";

export interface RocRow {
  marker: string;
  /** The threshold that gives the point; infinite at the ends. */
  threshold: number;
  sensitivity: number;
  falsePositiveRate: number;
}

/** Sensitivity against 1 - specificity as steps, one curve a marker, with the diagonal of chance. */
export function roc(data: readonly RocRow[], options: ChartOptions = {}): ChartSpec {
  const {rows, left} = drawable(data, ["sensitivity", "falsePositiveRate"]);
  const markers = [...new Set(rows.map(({marker}) => marker))];
  const description = options.description ?? `ROC curve of ${markers.join(", ")}: sensitivity against 1 - specificity.`;
  if (rows.length === 0) return noData("No curve.", {description, height: options.height});
  const curve = rows.map(({marker, threshold, sensitivity, falsePositiveRate}, order) => ({
    marker, sensitivity, falsePositiveRate, order,
    threshold: Number.isFinite(threshold) ? String(Number(threshold.toPrecision(6))) : "none"
  }));
  const scale = {domain: [0, 1]};
  const x = {
    field: "falsePositiveRate", type: "quantitative", title: "1 − specificity", scale, axis: {grid: true}
  } as const;
  const y = {field: "sensitivity", type: "quantitative", title: "Sensitivity", scale} as const;
  const several = markers.length > 1;
  const paint = several
    ? {
      color: {field: "marker", type: "nominal", title: null, scale: {domain: markers}},
      strokeDash: {field: "marker", type: "nominal", title: null, scale: {domain: markers}}
    } as const
    : {color: {value: color.series[0]}};
  return (width) => ({
    ...head(description),
    ...leftOut(left, data.length),
    width: Math.min(width, 430),
    height: options.height ?? Math.min(width, 430) - 50,
    autosize: {type: "fit-x", contains: "padding"},
    params: [highlightParameter()],
    datasets: {curve, chance: [{falsePositiveRate: 0, sensitivity: 0}, {falsePositiveRate: 1, sensitivity: 1}]},
    layer: [
      {
        data: {name: "chance"},
        mark: {type: "line", color: color.muted, strokeWidth: 1, strokeDash: [2, 3]},
        encoding: {x, y}
      },
      {
        data: {name: "curve"},
        mark: {type: "line", strokeWidth: 1.8},
        encoding: {x, y, order: {field: "order", type: "quantitative"}, ...paint}
      },
      {
        data: {name: "curve"},
        mark: {type: "point", filled: true, size: 34},
        encoding: {
          x,
          y,
          ...(several ? {color: paint.color} : paint),
          tooltip: [
            {field: "marker", type: "nominal", title: "Marker"},
            {field: "threshold", type: "nominal", title: "Threshold"},
            {field: "sensitivity", type: "quantitative", title: "Sensitivity", format: ".3f"},
            {field: "falsePositiveRate", type: "quantitative", title: "1 − specificity", format: ".3f"}
          ]
        }
      }
    ]
  }) as VegaLiteSpec;
}
