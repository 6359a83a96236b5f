import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, leftOut, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface TruthEstimateRow {
  /** E.g. "ADC, muscle". */
  label: string;
  estimate: number;
  lower: number;
  upper: number;
  /** The value the simulation put in; null where there is none. */
  truth: number | null;
}

export interface TruthEstimateOptions extends ChartOptions {
  quantity: string;
  unit?: string;
}

/** Estimates with intervals beside the true values that a simulation put in. */
export function truthEstimate(data: readonly TruthEstimateRow[], options: TruthEstimateOptions): VegaLiteSpec {
  const {quantity, unit} = options;
  const {rows, left} = drawable(data, ["estimate", "lower", "upper"]);
  const description = options.description
    ?? `Estimated ${quantity} with its interval beside the true value, ${rows.length} rows.`;
  if (rows.length === 0) return noData("No estimates.", {description, height: options.height});
  const labels = [...new Set(rows.map(({label}) => label))];
  const estimates = rows.map(({label, estimate, lower, upper}) => ({label, kind: "Estimate", value: estimate, lower, upper}));
  const truths = rows.flatMap(({label, truth}) =>
    truth === null || !Number.isFinite(truth) ? [] : [{label, kind: "Truth", value: truth}]);
  const x = {
    type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: true, nice: true}, axis: {grid: true}
  } as const;
  const y = {
    field: "label", type: "nominal", sort: labels, title: null, axis: {labelLimit: 170, labelColor: color.ink}
  } as const;
  const kinds: string[] = ["Estimate", "Truth"];
  const encoding = {
    color: {field: "kind", type: "nominal", title: null, legend: {offset: 10}, scale: {domain: kinds, range: [color.series[0]!, color.accent2] as string[]}},
    shape: {field: "kind", type: "nominal", title: null, legend: {offset: 10}, scale: {domain: kinds, range: ["circle", "diamond"] as string[]}}
  } as const;
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height: options.height ?? Math.max(60, labels.length * 30),
    params: [highlightParameter()],
    datasets: {estimates, ...(truths.length === 0 ? {} : {truths})},
    layer: [
      {
        data: {name: "estimates"},
        mark: {type: "rule", strokeWidth: 2, strokeCap: "round", color: color.series[0]},
        encoding: {x: {...x, field: "lower"}, x2: {field: "upper"}, y}
      },
      {
        data: {name: "estimates"},
        mark: {type: "point", filled: true, size: 66, opacity: 1},
        encoding: {
          x: {...x, field: "value"}, y, ...encoding,
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            {field: "value", type: "quantitative", title: "Estimate", format: ".4~g"},
            {field: "lower", type: "quantitative", title: "from", format: ".4~g"},
            {field: "upper", type: "quantitative", title: "to", format: ".4~g"}
          ]
        }
      },
      ...when(truths.length > 0, {
        data: {name: "truths"},
        mark: {type: "point", filled: false, size: 110, strokeWidth: 2, opacity: 1},
        encoding: {
          x: {...x, field: "value"}, y, ...encoding,
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            {field: "value", type: "quantitative", title: "Truth", format: ".4~g"}
          ]
        }
      })
    ]
  };
}
