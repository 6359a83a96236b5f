import {color} from "../theme.js";
import {head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface PiledInterval {
  /** Number of the sample. */
  sample: number;
  lower: number;
  upper: number;
  /** Whether it holds the truth; for a p value, whether the test rejects. */
  hit: boolean;
}

export interface IntervalPileOptions extends ChartOptions {
  quantity: string;
  /** The true value, or the level of a test; null where no one number is true. */
  truth: number | null;
  /** How the line at `truth` is called. */
  truthName: string;
  /** Words for hits and misses, in this order. */
  words: readonly [string, string];
  /** Which of the two is drawn as the exception. */
  exception: "hit" | "miss";
}

/** Intervals (or p values, as points) of samples drawn one after the other, piled up; exceptions stand out. */
export function intervalPile(rows: readonly PiledInterval[], options: IntervalPileOptions): VegaLiteSpec {
  const {quantity, truth, truthName, words, exception, height = 320} = options;
  const description = options.description ?? `${quantity} of ${rows.length} samples.`;
  if (rows.length === 0) return noData("No sample yet.", {description, height});
  const ends = rows.flatMap(({lower, upper}) => [lower, upper]).filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number) => ends[Math.min(ends.length - 1, Math.floor(share * ends.length))] ?? 0;
  // A few very wide intervals would make all others invisible: they run out of the frame.
  const all = [at(0.01), at(0.99), ...(truth === null ? [] : [truth])];
  const margin = 0.05 * (Math.max(...all) - Math.min(...all) || 1);
  const domain = [Math.min(...all) - margin, Math.max(...all) + margin];
  const first = rows[0].sample;
  const last = Math.max(rows[rows.length - 1].sample, first + 49);
  const x = {type: "quantitative", title: quantity, scale: {domain, nice: false, zero: false}} as const;
  const y = {
    field: "sample", type: "quantitative", title: "Sample",
    scale: {domain: [first - 1, last + 1], nice: false, zero: false},
    axis: {format: "d", tickCount: 5, grid: false}
  } as const;
  const colors = exception === "miss" ? [color.series[0], color.series[1]] : [color.series[1], color.series[0]];
  const kind = {field: "kind", type: "nominal", title: null, legend: {orient: "top"}} as const;
  const own = (field: string) => ({field, type: "quantitative", scale: null, legend: null}) as const;
  const points = rows.every(({lower, upper}) => lower === upper);
  const inside = (value: number) => Math.max(domain[0], Math.min(domain[1], value));
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      rows: rows.map(({sample, lower, upper, hit}) => {
        const stands = hit === (exception === "hit");
        return {
          sample, lower: inside(lower), upper: inside(upper), kind: hit ? words[0] : words[1],
          opacity: stands ? 1 : 0.55, thick: stands ? 2.6 : 1.4
        };
      }),
      truth: truth === null ? [] : [{truth, name: truthName}]
    },
    layer: [
      {
        data: {name: "rows"},
        mark: points ? {type: "point", filled: true, size: 34} : {type: "rule", tooltip: null},
        encoding: {
          y, x: {...x, field: "lower"}, ...(points ? {} : {x2: {field: "upper"}, strokeWidth: own("thick")}),
          color: {...kind, scale: {domain: [...words], range: colors}}, opacity: own("opacity")
        }
      },
      {
        data: {name: "truth"},
        mark: {type: "rule", color: color.ink, strokeWidth: 1.4, tooltip: null},
        encoding: {x: {...x, field: "truth"}}
      },
      {
        data: {name: "truth"},
        mark: {
          type: "text", align: "left", baseline: "top", dx: 5, dy: 4, color: color.ink, fontWeight: 600, tooltip: null
        },
        encoding: {x: {...x, field: "truth"}, y: {value: 0}, text: {field: "name"}}
      }
    ]
  } as unknown as VegaLiteSpec;
}
