import {color, dashes, shapes} from "../theme.js";
import {axisTitle, head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

/** A quantity at one temperature, degrees Celsius. */
export interface AtTemperature {
  temperature: number;
  value: number;
}

/** One curve over temperature. */
export interface TemperatureSeries {
  name: string;
  curve: readonly AtTemperature[];
  /** The same with each cut to an integer; drawn as steps. */
  cut: readonly AtTemperature[];
  /** What is published. */
  published: readonly AtTemperature[];
}

export interface TemperatureCurveOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** A temperature that is marked. */
  marked?: number;
  /** Temperatures of measurements, drawn as ticks at the foot. */
  measured?: readonly {subject: string; temperature: number}[];
}

/** A quantity over temperature: curve, published values, and the steps that integers make of it. */
export function temperatureCurve(series: readonly TemperatureSeries[], options: TemperatureCurveOptions): VegaLiteSpec {
  const {quantity, unit, marked, measured = [], height = 300} = options;
  const description = options.description ?? `${quantity} over temperature.`;
  const names = series.map(({name}) => name);
  const lines = series.flatMap(({name, curve, cut}) => [
    ...curve.map((point) => ({...point, name, line: "interpolated", key: `${name} curve`})),
    ...cut.map((point) => ({...point, name, line: "cut to an integer", key: `${name} cut`}))
  ]);
  if (lines.length === 0) return noData("No curve.", {description, height});
  const points = series.flatMap(({name, published}) => published.map((point) => ({...point, name})));
  const ends = series.flatMap(({name, curve}) => curve.slice(-1).map((point) => ({...point, name})));
  const x = {
    field: "temperature", type: "quantitative", title: "Temperature (°C)", scale: {zero: false, nice: false, padding: 6}
  } as const;
  const y = {
    field: "value", type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: true}
  } as const;
  const paint = {
    field: "name", type: "nominal", legend: null, scale: {domain: names, range: color.series.slice(0, names.length)}
  } as const;
  const kinds = ["interpolated", "cut to an integer"];
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      lines, points, ends,
      marked: marked === undefined ? [] : [{temperature: marked}],
      measured: measured.map((each) => ({...each}))
    },
    layer: [
      {
        data: {name: "marked"},
        mark: {type: "rule", color: color.muted, strokeDash: [2, 3]},
        encoding: {x}
      },
      {
        data: {name: "measured"},
        mark: {type: "tick", color: color.ink, thickness: 1.5, size: 10, opacity: 0.6, yOffset: -5},
        encoding: {
          x, y: {value: height},
          tooltip: [
            {field: "subject", type: "nominal", title: "Map"},
            {field: "temperature", type: "quantitative", title: "Temperature (°C)"}
          ]
        }
      },
      {
        data: {name: "lines"},
        mark: {type: "line", strokeWidth: 1.6, tooltip: null},
        encoding: {
          x, y, color: paint,
          detail: {field: "key", type: "nominal"},
          opacity: {condition: {test: "datum.line === 'interpolated'", value: 1}, value: 0.7},
          strokeDash: {
            field: "line", type: "nominal", title: null, scale: {domain: kinds, range: [dashes[0], dashes[2]]},
            legend: {symbolType: "stroke", symbolSize: 300, symbolStrokeWidth: 1.6}
          }
        }
      },
      {
        data: {name: "points"},
        mark: {type: "point", filled: true, size: 52, opacity: 1},
        encoding: {
          x, y, color: paint,
          shape: {
            field: "name", type: "nominal", legend: null, scale: {domain: names, range: shapes.slice(0, names.length)}
          },
          tooltip: [
            {field: "name", type: "nominal", title: " "},
            {field: "temperature", type: "quantitative", title: "Temperature (°C)"},
            {field: "value", type: "quantitative", title: axisTitle(quantity, unit), format: ".5~g"}
          ]
        }
      },
      {
        data: {name: "ends"},
        mark: {type: "text", align: "right", baseline: "bottom", dx: 0, dy: -9, fontWeight: 600},
        encoding: {x, y, color: paint, text: {field: "name", type: "nominal"}}
      }
    ]
  } as VegaLiteSpec;
}
