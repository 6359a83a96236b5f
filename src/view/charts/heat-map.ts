import {contour, roundLevels} from "./contours.js";
import type {Grid} from "./contours.js";
import {axisTitle, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface HeatMapData {
  /** The fitted surface on a regular grid; isolines are drawn through it. */
  surface: Grid;
  /** What the surface was fitted to. */
  points?: readonly {x: number; y: number; value: number}[];
  /** The point that the reader has chosen, e.g. by sliders. */
  marker?: {x: number; y: number; label?: string};
}

export interface HeatMapOptions extends ChartOptions {
  xTitle: string;
  xUnit?: string;
  yTitle: string;
  yUnit?: string;
  valueTitle: string;
  /** Ends of the colour scale; those of the surface unless told. Fix them where charts are compared or dragged. */
  domain?: readonly [number, number];
  /** Levels of the isolines; round ones unless told. */
  levels?: readonly number[];
}

/** A surface over two variables as colour with isolines, and the points it was fitted to. */
export function heatMap(data: HeatMapData, options: HeatMapOptions): VegaLiteSpec {
  const {xTitle, yTitle, valueTitle, height = 380} = options;
  const {xs, ys, values} = data.surface;
  const description = options.description
    ?? `${valueTitle} over ${xTitle} and ${yTitle}: colour, isolines and ${data.points?.length ?? 0} points.`;
  const finite = Array.from(values).filter(Number.isFinite);
  if (finite.length === 0 || xs.length < 2 || ys.length < 2) return noData("No surface.", {description, height});
  const [low, high] = options.domain ?? [Math.min(...finite), Math.max(...finite)];
  const half = {x: (xs[1]! - xs[0]!) / 2, y: (ys[1]! - ys[0]!) / 2};
  const clip = (value: number, ends: readonly number[]): number =>
    Math.max(ends[0]!, Math.min(ends.at(-1)!, value));
  const raster = ys.flatMap((y, j) => xs.flatMap((x, i) => {
    const value = values[j * xs.length + i]!;
    if (!Number.isFinite(value)) return [];
    // The outermost cells end at the border, so that the colour fills just the plotting area; each lies a little over
    // the next, for anti-aliasing would leave hairlines between them.
    return [{
      x: clip(x - half.x, xs), x2: clip(x + 1.1 * half.x, xs),
      y: clip(y - half.y, ys), y2: clip(y + 1.1 * half.y, ys), value
    }];
  }));
  const levels = options.levels ?? roundLevels(low, high);
  const isolines: {line: string; level: number; order: number; x: number; y: number}[] = [];
  const labels: {x: number; y: number; text: string; level: number}[] = [];
  for (const level of levels) {
    contour(data.surface, level).forEach((line, k) => {
      line.forEach(({x, y}, order) => isolines.push({line: `${level}/${k}`, level, order, x, y}));
      const middle = line[Math.floor(line.length / 2)]!;
      if (line.length > 8) labels.push({...middle, level, text: String(level).replace("-", "−")});
    });
  }
  const points = (data.points ?? []).filter(({value}) => Number.isFinite(value)).map(({x, y, value}) => ({x, y, value}));
  const middle = (low + high) / 2;
  const x = {
    type: "quantitative", title: axisTitle(xTitle, options.xUnit),
    scale: {domain: [xs[0]!, xs.at(-1)!] as number[], nice: false, zero: false}
  } as const;
  const y = {
    type: "quantitative", title: axisTitle(yTitle, options.yUnit),
    scale: {domain: [ys[0]!, ys.at(-1)!] as number[], nice: false, zero: false}, axis: {grid: false}
  } as const;
  const paint = {
    field: "value", type: "quantitative", title: valueTitle,
    scale: {domain: [low, high] as number[], clamp: true},
    legend: {
      type: "gradient", orient: "right", direction: "vertical", offset: 14, format: ".3~g",
      gradientLength: Math.min(200, height - 60), gradientThickness: 12
    }
  } as const;
  const tooltip = [
    {field: "x", type: "quantitative", title: axisTitle(xTitle, options.xUnit), format: ".5~g"},
    {field: "y", type: "quantitative", title: axisTitle(yTitle, options.yUnit), format: ".5~g"},
    {field: "value", type: "quantitative", title: valueTitle, format: ".4~f"}
  ] as const;
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      raster, isolines, labels,
      ...(points.length === 0 ? {} : {points}),
      ...(data.marker === undefined ? {} : {marker: [{label: "", ...data.marker}]})
    },
    layer: [
      {
        data: {name: "raster"},
        mark: {type: "rect", clip: true},
        encoding: {
          x: {...x, field: "x"}, x2: {field: "x2"}, y: {...y, field: "y"}, y2: {field: "y2"},
          fill: paint
        }
      },
      {
        data: {name: "isolines"},
        mark: {type: "line", strokeWidth: 1, clip: true},
        encoding: {
          x: {...x, field: "x"}, y: {...y, field: "y"},
          detail: {field: "line", type: "nominal"}, order: {field: "order", type: "quantitative"},
          stroke: {condition: {test: `datum.level > ${middle}`, value: "#ffffff"}, value: "#1c2126"},
          opacity: {value: 0.75}
        }
      },
      ...when(points.length > 0, {
        data: {name: "points"},
        mark: {type: "point", size: 42, strokeWidth: 1.2, filled: true, stroke: "#1c2126", opacity: 1},
        encoding: {x: {...x, field: "x"}, y: {...y, field: "y"}, fill: paint, tooltip: [...tooltip]}
      }),
      {
        data: {name: "labels"},
        mark: {type: "text", fontSize: 11, fontWeight: 600, dy: -6},
        encoding: {
          x: {...x, field: "x"}, y: {...y, field: "y"}, text: {field: "text", type: "nominal"},
          fill: {condition: {test: `datum.level > ${middle}`, value: "#ffffff"}, value: "#1c2126"}
        }
      },
      ...when(data.marker !== undefined, {
        data: {name: "marker"},
        mark: {type: "point", shape: "cross", size: 190, filled: true, fill: "#ffffff", stroke: "#1c2126", strokeWidth: 1.5, opacity: 1},
        encoding: {x: {...x, field: "x"}, y: {...y, field: "y"}}
      })
    ]
  };
}
