import {color, shapes} from "../theme.js";
import {head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, ChartSpec, VegaLiteSpec} from "./spec.js";

export interface CoverageDot {
  /** The procedure, written above its line. */
  name: string;
  n: number;
  /** Share of intervals that cover, or of tests that reject. */
  share: number;
  /** Its Monte Carlo standard error. */
  se: number;
}

export interface CoverageDotsOptions extends ChartOptions {
  quantity: string;
  /** What was asked for, as .95. */
  nominal: number;
  /** Between these a procedure counts as meeting it. */
  band: readonly [number, number];
}

const ROW = 38;
/** Below this width a name takes two lines. */
const NARROW = 520;

/** Coverage, or error, of several procedures: one line each, a mark for each n, and the band they should lie in. */
export function coverageDots(rows: readonly CoverageDot[], options: CoverageDotsOptions): ChartSpec {
  return (width) => dotsOf(rows, options, width < NARROW);
}

function dotsOf(rows: readonly CoverageDot[], options: CoverageDotsOptions, narrow: boolean): VegaLiteSpec {
  const {quantity, nominal, band} = options;
  const names = [...new Set(rows.map(({name}) => name))];
  const description = options.description ?? `${quantity} of ${names.length} procedures by n.`;
  if (rows.length === 0) return noData("Nothing of this kind is in the table.", {description});
  const sizes = [...new Set(rows.map(({n}) => n))].sort((a, b) => a - b).map((n) => `n = ${n}`);
  const shares = rows.flatMap(({share, se}) => [share - 2 * se, share + 2 * se]);
  const domain = [
    Math.max(0, Math.floor(20 * Math.min(band[0] - 0.02, ...shares)) / 20),
    Math.min(1, Math.ceil(20 * Math.max(band[1] + 0.02, ...shares)) / 20)
  ];
  const y = {
    field: "name", type: "nominal", sort: null, title: null, axis: null, scale: {domain: names, padding: 0}
  } as const;
  const x = {
    type: "quantitative", title: quantity, scale: {domain, nice: false, zero: false},
    axis: {format: ".0%", tickCount: 6, orient: "top"}
  } as const;
  const by = <T>(values: readonly T[]) => ({
    field: "size", type: "nominal", title: null, scale: {domain: sizes, range: values.slice(0, sizes.length)},
    legend: {orient: "top", direction: "horizontal"}
  }) as const;
  const data = rows.map(({n, ...row}) => ({
    ...row, n, size: `n = ${n}`,
    low: Math.max(0, row.share - 1.96 * row.se), high: Math.min(1, row.share + 1.96 * row.se)
  }));
  return {
    ...head(description),
    width: "container",
    height: (narrow ? ROW + 14 : ROW) * names.length,
    params: [highlightParameter()],
    datasets: {
      rows: data, band: [{low: band[0], high: band[1]}],
      names: names.map((name) => ({name, lines: narrow ? twoLines(name) : [name], at: domain[0]})),
      nominal: [{nominal}]
    },
    layer: [
      {
        data: {name: "band"},
        mark: {type: "rect", color: color.pass, opacity: 0.14, tooltip: null},
        encoding: {x: {...x, field: "low"}, x2: {field: "high"}}
      },
      {
        data: {name: "nominal"},
        mark: {type: "rule", color: color.pass, strokeWidth: 1, tooltip: null},
        encoding: {x: {...x, field: "nominal"}}
      },
      {
        data: {name: "names"},
        mark: {
          type: "text", align: "left", dx: 2, dy: narrow ? -15 : -8, lineHeight: 14, fontSize: 12, color: color.ink,
          limit: {expr: "width - 4"}, tooltip: null
        },
        encoding: {y, x: {...x, field: "at"}, text: {field: "lines"}}
      },
      {
        data: {name: "rows"},
        mark: {type: "rule", strokeWidth: 1.6, yOffset: narrow ? 16 : 9, tooltip: null},
        encoding: {y, x: {...x, field: "low"}, x2: {field: "high"}, color: by(color.series)}
      },
      {
        data: {name: "rows"},
        mark: {type: "point", filled: true, size: 64, opacity: 1, yOffset: narrow ? 16 : 9},
        encoding: {
          y, x: {...x, field: "share"}, color: by(color.series), shape: by(shapes),
          tooltip: [
            {field: "name", type: "nominal", title: " "},
            {field: "size", type: "nominal", title: "Size"},
            {field: "share", type: "quantitative", title: quantity, format: ".1%"}
          ]
        }
      }
    ]
  } as unknown as VegaLiteSpec;
}

/** A name cut after its first part, "Upper limit:" and "exact". */
function twoLines(name: string): string[] {
  const at = name.search(/[:,] /);
  return at < 0 ? [name] : [name.slice(0, at + 1), name.slice(at + 2)];
}
