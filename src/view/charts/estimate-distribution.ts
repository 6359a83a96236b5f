import {color} from "../theme.js";
import {histogramBins} from "./histogram.js";
import {axisTitle, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface EstimateDistributionData {
  /** One estimate for each repeat; those that are not finite have none. */
  values: ArrayLike<number>;
  domain: readonly [number, number];
  truth: number;
  /** Density of the curve to compare with, by value; empty for none. */
  density: readonly {value: number; density: number}[];
}

export interface EstimateDistributionOptions extends ChartOptions {
  quantity: string;
  unit?: string;
}

/** Number of classes. */
const bins = 48;

/** The classes of an estimate's distribution, as the chart and its table hold them. */
export function estimateBins({values, domain}: Pick<EstimateDistributionData, "values" | "domain">) {
  return histogramBins([{label: "Estimates", values}], {bins, domain});
}

/**
 * Histogram of an estimate over repeats, with the truth and a density drawn on the scale of the bars. As long as there
 * is a density, only the rows change with the numbers, so that it moves in place while a slider is dragged.
 */
export function estimateDistribution(
  data: EstimateDistributionData, options: EstimateDistributionOptions
): VegaLiteSpec {
  const {quantity, unit, height = 300} = options;
  const description = options.description ?? `Distribution of ${quantity} over repeated fits.`;
  const found = estimateBins(data);
  const width = (data.domain[1] - data.domain[0]) / bins;
  if (found.bins.length === 0) return noData("No estimates.", {description, height});
  const curve = data.density.map(({value, density}) => ({value, share: density * width}));
  const x = {type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: false}} as const;
  const y = {type: "quantitative", title: "Share of repeats", axis: {format: ".0%", tickCount: 4}} as const;
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      bins: found.bins.map((bin) => ({...bin})),
      truth: [{value: data.truth}],
      ...(curve.length === 0 ? {} : {curve})
    },
    layer: [
      {
        data: {name: "bins"},
        mark: {type: "bar", color: color.series[0], opacity: 0.6, binSpacing: 0},
        encoding: {
          x: {...x, field: "from", bin: {binned: true}},
          x2: {field: "to"},
          y: {...y, field: "share"},
          tooltip: [
            {field: "from", type: "quantitative", title: "from", format: ".4~g"},
            {field: "to", type: "quantitative", title: "to", format: ".4~g"},
            {field: "count", type: "quantitative", title: "Repeats", format: ",d"}
          ]
        }
      },
      ...when(curve.length > 0, {
        data: {name: "curve"},
        mark: {type: "line", color: color.accent2, strokeWidth: 1.8, clip: true, tooltip: null},
        encoding: {x: {...x, field: "value"}, y: {...y, field: "share"}}
      }),
      {
        data: {name: "truth"},
        mark: {type: "rule", color: color.ink, strokeWidth: 1.2, strokeDash: [4, 3]},
        encoding: {
          x: {...x, field: "value"},
          tooltip: [{field: "value", type: "quantitative", title: `True ${quantity}`, format: ".4~g"}]
        }
      }
    ]
  } as VegaLiteSpec;
}
