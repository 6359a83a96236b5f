import {color} from "../theme.js";
import {head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

/** A criterion that a search lowers step by step; steps without a finite value are not drawn. */
export function descent(
  steps: readonly {step: number; value: number | null}[],
  {title, description = `${title} after each step.`, height = 220}: ChartOptions & {title: string}
): VegaLiteSpec {
  const rows = steps.filter(({value}) => value !== null && Number.isFinite(value));
  if (rows.length === 0) return noData("No step has a finite value.", {description, height});
  const axis = {tickMinStep: 1, format: "d"};
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {steps: rows.map((row) => ({...row}))},
    data: {name: "steps"},
    mark: {type: "line", interpolate: "step-after", point: {size: 26}, color: color.series[0]},
    encoding: {
      x: {field: "step", type: "quantitative", title: "Replacements", axis, scale: {nice: false}},
      y: {field: "value", type: "quantitative", title, scale: {type: "log", nice: true}, axis: {format: "~g"}},
      tooltip: [
        {field: "step", type: "quantitative", title: "Replacements"},
        {field: "value", type: "quantitative", title, format: ".4~g"}
      ]
    }
  } as VegaLiteSpec;
}
