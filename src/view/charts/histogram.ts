import {color} from "../theme.js";
import {axisTitle, head, highlightParameter, noData} from "./spec.js";
import type {ChartOptions, ChartSpec, VegaLiteSpec} from "./spec.js";

export interface HistogramSeries {
  /** Region or session. */
  label: string;
  /** Values of the voxels; those that are not finite are left out and counted in the subtitle. */
  values: ArrayLike<number>;
}

export interface HistogramOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** Number of equal classes; 40 unless told. */
  bins?: number;
  /** Values outside it are counted, not drawn; the range of the values unless told. */
  domain?: readonly [number, number];
  /** A vertical line a series, e.g. the true value. */
  marks?: readonly {label: string; value: number; text?: string}[];
}

export interface HistogramBin {
  label: string;
  from: number;
  to: number;
  count: number;
  /** Share of the series' finite values. */
  share: number;
}

/**
 * Counts of values in equal classes [from, to), the last one closed. Values outside the domain count towards the
 * series' total, so that shares stay shares of all finite values.
 */
export function histogramBins(
  series: readonly HistogramSeries[],
  {bins = 40, domain}: {bins?: number; domain?: readonly [number, number]} = {}
): {bins: HistogramBin[]; omitted: number; outside: number} {
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`bins is ${bins}; expected an integer of at least 1`);
  let [low, high] = domain ?? [Infinity, -Infinity];
  if (domain === undefined) {
    for (const {values} of series) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        if (!Number.isFinite(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (!(low <= high)) {
    let omitted = 0;
    for (const {values} of series) omitted += values.length;
    return {bins: [], omitted, outside: 0};
  }
  // One value only: a class around it, wide enough to be seen.
  if (low === high) [low, high] = low === 0 ? [-0.5, 0.5] : [low - Math.abs(low) / 20, high + Math.abs(high) / 20];
  const width = (high - low) / bins;
  const found: HistogramBin[] = [];
  let omitted = 0;
  let outside = 0;
  for (const {label, values} of series) {
    const counts = new Array<number>(bins).fill(0);
    let finite = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) {
        omitted += 1;
        continue;
      }
      finite += 1;
      if (value < low || value > high) outside += 1;
      else counts[Math.min(bins - 1, Math.floor((value - low) / width))]! += 1;
    }
    counts.forEach((count, i) => found.push({
      label, from: low + i * width, to: i === bins - 1 ? high : low + (i + 1) * width, count,
      share: finite === 0 ? 0 : count / finite
    }));
  }
  return {bins: found, omitted, outside};
}

/** Distribution of a parameter in each region, one under the other on a common axis. */
export function histogram(series: readonly HistogramSeries[], options: HistogramOptions): ChartSpec {
  const {quantity, unit} = options;
  const {bins, omitted, outside} = histogramBins(series, options);
  const description = options.description ?? `Distribution of ${quantity} in ${series.map(({label}) => label).join(", ")}.`;
  if (bins.length === 0) return noData("No values.", {description, height: options.height});
  const labels = series.map(({label}) => label);
  const marks = (options.marks ?? []).map(({label, value, text}) => ({label, value, text: text ?? ""}));
  const words = [
    omitted > 0 ? `${omitted} without a value` : "",
    outside > 0 ? `${outside} beyond the axis` : ""
  ].filter((text) => text !== "");
  const title = words.length === 0 ? {} : {
    title: {text: `Not drawn: ${words.join(", ")}`, fontWeight: "normal", color: color.muted}
  } as const;
  const x = {type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: false}} as const;
  const y = {
    field: "share", type: "quantitative", title: labels.length > 1 ? null : "Share of voxels",
    axis: {format: ".0%", tickCount: 3}
  } as const;
  const layer = [
    {
      transform: [{filter: "!datum.mark"}],
      mark: {type: "bar", color: color.series[0], opacity: 0.85, binSpacing: 0.5},
      encoding: {
        x: {...x, field: "from", bin: {binned: true}}, x2: {field: "to"}, y,
        tooltip: [
          {field: "label", type: "nominal", title: " "},
          {field: "from", type: "quantitative", title: "from", format: ".4~g"},
          {field: "to", type: "quantitative", title: "to", format: ".4~g"},
          {field: "count", type: "quantitative", title: "Voxels", format: ",d"},
          {field: "share", type: "quantitative", title: "Share", format: ".1%"}
        ]
      }
    },
    ...(marks.length === 0 ? [] : [{
      transform: [{filter: "datum.mark"}],
      mark: {type: "rule", color: color.accent2, strokeWidth: 1.6, strokeDash: [4, 3]},
      encoding: {
        x: {...x, field: "value"},
        tooltip: [
          {field: "text", type: "nominal", title: " "},
          {field: "value", type: "quantitative", title: axisTitle(quantity, unit), format: ".4~g"}
        ]
      }
    }])
  ];
  const rows: Record<string, unknown>[] = [...bins.map((bin) => ({...bin})), ...marks.map((mark) => ({...mark, mark: true}))];
  const common = {
    ...head(description), ...title, params: [highlightParameter()], datasets: {bins: rows}, data: {name: "bins"}
  };
  if (labels.length === 1) {
    return {...common, width: "container", height: options.height ?? 220, layer} as VegaLiteSpec;
  }
  return (width) => ({
    ...common,
    facet: {row: {
      field: "label", type: "nominal", title: null, sort: labels,
      header: {labelOrient: "top", labelAnchor: "start", labelPadding: 4}
    }},
    spacing: 12,
    spec: {width: Math.max(120, width - 52), height: options.height ?? 84, layer}
  } as VegaLiteSpec);
}
