import {color, shapes} from "../theme.js";
import {drawable, head, highlightParameter, leftOut, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface CertificationRow {
  /** Model and parameter. */
  label: string;
  /** Cramér-Rao standard deviation as a share of the truth; not drawn without one. */
  relativeBound: number | null;
  /** What was measured. */
  value: number | null;
  verdict: string;
}

export interface CertificationOptions extends ChartOptions {
  quantity: string;
  /** d3-format of the axis. */
  format: string;
  scale: "log" | "linear";
  /** Below this relative bound something is promised ... */
  promisedBelow: number;
  /** ... namely a value from here to there. */
  promised: readonly [number, number];
  /** The verdicts in the legend's order, each with its colour token and shape. */
  verdicts: readonly {name: string; color: string; shape: (typeof shapes)[number]}[];
}

/** What was measured of each parameter against how well its samples determine it, with the region that is promised. */
export function certification(data: readonly CertificationRow[], options: CertificationOptions): VegaLiteSpec {
  const {quantity, format, scale, promisedBelow, promised, verdicts, height = 320} = options;
  const {rows, left} = drawable(data, ["relativeBound", "value"]);
  const description = options.description ?? `${quantity} of each parameter against its relative Cramér-Rao bound.`;
  if (rows.length === 0) return noData("Nothing was measured.", {description, height});
  const lowest = Math.min(promisedBelow, ...rows.map(({relativeBound}) => relativeBound!)) / 1.2;
  const highest = 1.2 * Math.max(promisedBelow, ...rows.map(({relativeBound}) => relativeBound!));
  const values = [...promised, ...rows.map(({value}) => value!)];
  const x = {
    type: "quantitative", title: "Cramér-Rao bound (share of the truth)",
    scale: {type: "log", nice: false, domain: [lowest, highest]}, axis: {format: ".3~%"}
  } as const;
  const y = {
    type: "quantitative", title: quantity, axis: {format},
    scale: scale === "log"
      ? ({type: "log", nice: false, domain: [Math.min(...values) / 1.15, Math.max(...values) * 1.15]} as const)
      : ({zero: false, nice: true} as const)
  } as const;
  const names = verdicts.map(({name}) => name);
  return {
    ...head(description),
    ...leftOut(left, data.length),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      rows: rows.map((row) => ({...row})),
      promised: [{from: lowest, to: promisedBelow, low: promised[0], high: promised[1]}]
    },
    layer: [
      {
        data: {name: "promised"},
        mark: {type: "rect", color: color.pass, opacity: 0.14, tooltip: null},
        encoding: {x: {...x, field: "from"}, x2: {field: "to"}, y: {...y, field: "low"}, y2: {field: "high"}}
      },
      {
        data: {name: "rows"},
        mark: {type: "point", filled: true, size: 62, opacity: 0.9},
        encoding: {
          x: {...x, field: "relativeBound"},
          y: {...y, field: "value"},
          color: {field: "verdict", type: "nominal", title: null, scale: {domain: names, range: verdicts.map((each) => each.color)}},
          shape: {field: "verdict", type: "nominal", title: null, scale: {domain: names, range: verdicts.map(({shape}) => shape)}},
          tooltip: [
            {field: "label", type: "nominal", title: " "},
            {field: "verdict", type: "nominal", title: "Verdict"},
            {field: "relativeBound", type: "quantitative", title: "Bound", format: ".3~%"},
            {field: "value", type: "quantitative", title: quantity, format}
          ]
        }
      }
    ]
  } as unknown as VegaLiteSpec;
}
