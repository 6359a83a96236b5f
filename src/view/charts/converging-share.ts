import {color} from "../theme.js";
import {head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface ConvergingShareOptions extends ChartOptions {
  quantity: string;
  /** What was asked for, and how far chance alone takes the share of so many samples from it. */
  nominal: number;
  margin: (samples: number) => number;
  /** The share in the published table, null without one. */
  published: number | null;
  /** Samples that will be drawn. */
  total: number;
}

/** A share as samples come in, within what chance allows about the nominal one. */
export function convergingShare(
  rows: readonly {samples: number; share: number}[], options: ConvergingShareOptions
): VegaLiteSpec {
  const {quantity, nominal, margin, published, total, height = 320} = options;
  const description = options.description ?? `${quantity} after each number of samples.`;
  if (rows.length === 0) return noData("No sample yet.", {description, height});
  const start = 20;
  const grid = Array.from({length: 60}, (_, i) => Math.round(start * (total / start) ** (i / 59)));
  const band = grid.map((samples) => ({
    samples, low: Math.max(0, nominal - margin(samples)), high: Math.min(1, nominal + margin(samples))
  }));
  const late = rows.filter(({samples}) => samples >= 100).map(({share}) => share);
  const shown = [nominal - margin(100), nominal + margin(100), ...late, ...(published === null ? [] : [published])];
  const domain = [Math.max(0, Math.min(...shown) - 0.02), Math.min(1, Math.max(...shown) + 0.02)];
  const x = {
    field: "samples", type: "quantitative", title: "Samples drawn", axis: {format: "~s", tickCount: 5},
    scale: {type: "log", domain: [start, total], nice: false, clamp: true}
  } as const;
  const y = {
    type: "quantitative", title: quantity, axis: {format: ".0%"}, scale: {domain, nice: false, zero: false, clamp: true}
  } as const;
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      rows: rows.filter(({samples}) => samples >= start).map((row) => ({...row})),
      band, nominal: [{nominal, name: `${Math.round(100 * nominal)} % asked for`}],
      published: published === null ? [] : [{published, name: `table: ${(100 * published).toFixed(1)} %`}]
    },
    layer: [
      {
        data: {name: "band"},
        mark: {type: "area", color: color.pass, opacity: 0.14, tooltip: null},
        encoding: {x, y: {...y, field: "low"}, y2: {field: "high"}}
      },
      {
        data: {name: "nominal"},
        mark: {type: "rule", color: color.pass, strokeWidth: 1.2, tooltip: null},
        encoding: {y: {...y, field: "nominal"}}
      },
      {
        data: {name: "published"},
        mark: {type: "rule", color: color.series[1], strokeWidth: 1.2, strokeDash: [5, 3], tooltip: null},
        encoding: {y: {...y, field: "published"}}
      },
      {
        data: {name: "rows"},
        mark: {type: "line", color: color.series[0], strokeWidth: 2, tooltip: null},
        encoding: {x, y: {...y, field: "share"}}
      },
      {
        data: {name: "nominal"},
        mark: {
          type: "text", align: "left", baseline: "bottom", dx: 4, dy: -2, color: color.pass, fontWeight: 600, tooltip: null
        },
        encoding: {x: {value: 0}, y: {...y, field: "nominal"}, text: {field: "name"}}
      },
      {
        data: {name: "published"},
        mark: {
          type: "text", align: "left", baseline: "top", dx: 4, dy: 3, color: color.series[1], fontWeight: 600, tooltip: null
        },
        encoding: {x: {value: 0}, y: {...y, field: "published"}, text: {field: "name"}}
      }
    ]
  } as unknown as VegaLiteSpec;
}
