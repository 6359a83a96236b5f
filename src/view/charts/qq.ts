import {color} from "../theme.js";
import {
  anyHighlighted, axisTitle, brushParameter, drawable, head, highlightParameter, inFocus, isHighlighted, leftOut, noData,
  when
} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface QqRow {
  subject?: string;
  /** Quantile of the standard normal distribution. */
  theoretical: number;
  /** Ordered value, in the unit of the quantity. */
  sample: number;
  /** Envelope of the quantile under normality, where it was computed. */
  lower?: number;
  upper?: number;
}

export interface QqOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** The line that normal values would follow: mean and SD, or through the quartiles. */
  line: {intercept: number; slope: number};
  highlight?: readonly string[];
}

/** Normal quantile plot of the values, e.g. of the differences whose limits assume normality. */
export function qq(data: readonly QqRow[], options: QqOptions): VegaLiteSpec {
  const {quantity, unit, line, height = 300} = options;
  const {rows, left} = drawable(data, ["theoretical", "sample"]);
  const description = options.description ?? `${quantity}: ordered values against normal quantiles.`;
  if (rows.length === 0) return noData("No values.", {description, height});
  const points = rows.map((row) => ({...row, subject: row.subject ?? ""}));
  const quantiles = points.map(({theoretical}) => theoretical);
  const ends = [Math.min(...quantiles), Math.max(...quantiles)]
    .map((theoretical) => ({theoretical, sample: line.intercept + line.slope * theoretical}));
  const envelope = drawable(points, ["lower", "upper"]).rows.length === points.length;
  const x = {
    field: "theoretical", type: "quantitative", title: "Normal quantile", scale: {zero: false, nice: true}
  } as const;
  const y = {type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: true}} as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    usermeta: {brush: {data: "points", key: "subject"}},
    params: [highlightParameter(options.highlight)],
    datasets: {points, ends},
    layer: [
      ...when(envelope, {
        data: {name: "points"},
        mark: {type: "area", color: color.series[0], opacity: 0.12, aria: false},
        encoding: {x, y: {...y, field: "lower"}, y2: {field: "upper"}}
      }),
      {
        data: {name: "ends"},
        mark: {type: "line", color: color.series[0], strokeWidth: 1.3},
        encoding: {x, y: {...y, field: "sample"}}
      },
      {
        data: {name: "points"},
        params: [brushParameter()],
        mark: {type: "point", filled: true},
        encoding: {
          x,
          y: {...y, field: "sample"},
          color: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: color.accent2}, value: color.ink},
          opacity: {condition: {test: inFocus, value: 0.85}, value: 0.18},
          tooltip: [
            {field: "subject", type: "nominal", title: "Subject"},
            {field: "theoretical", type: "quantitative", title: "Normal quantile", format: ".3f"},
            {field: "sample", type: "quantitative", title: axisTitle(quantity, unit), format: ".5~g"}
          ]
        }
      }
    ]
  };
}
