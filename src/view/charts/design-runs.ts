import {color} from "../theme.js";
import {drawable, head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface DesignRunsOptions extends ChartOptions {
  xTitle: string;
  yTitle: string;
}

/** Runs of a design over two of its factors: each setting once, with the number of its runs. */
export function designRuns(data: readonly {x: number; y: number}[], options: DesignRunsOptions): VegaLiteSpec {
  const {xTitle, yTitle, height = 300} = options;
  const {rows} = drawable(data, ["x", "y"]);
  const description = options.description ?? `Runs of the design over ${xTitle} and ${yTitle}.`;
  if (rows.length === 0) return noData("No runs.", {description, height});
  const settings = new Map<string, {x: number; y: number; runs: number}>();
  for (const {x, y} of rows) {
    const key = `${x}, ${y}`;
    const found = settings.get(key);
    if (found === undefined) settings.set(key, {x, y, runs: 1});
    else found.runs += 1;
  }
  const axis = (field: "x" | "y", title: string) =>
    ({field, type: "quantitative", title, scale: {zero: false, nice: true, padding: 24}}) as const;
  const [x, y] = [axis("x", xTitle), axis("y", yTitle)];
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {settings: [...settings.values()].map((one) => ({...one, label: one.runs === 1 ? "" : `×${one.runs}`}))},
    data: {name: "settings"},
    layer: [
      {
        mark: {type: "point", filled: true, opacity: 1, color: color.series[0], size: 110},
        encoding: {
          x, y,
          tooltip: [
            {field: "x", type: "quantitative", title: xTitle, format: ".5~g"},
            {field: "y", type: "quantitative", title: yTitle, format: ".5~g"},
            {field: "runs", type: "quantitative", title: "runs"}
          ]
        }
      },
      {
        mark: {type: "text", align: "left", dx: 9, dy: -8, color: color.ink},
        encoding: {x, y, text: {field: "label", type: "nominal"}}
      }
    ]
  };
}
