import {formatNumber} from "../format.js";
import {color} from "../theme.js";
import {
  anyHighlighted, axisTitle, brushParameter, drawable, head, highlightParameter, inFocus, isHighlighted, leftOut, noData,
  when
} from "./spec.js";
import type {ChartOptions, Interval, VegaLiteSpec} from "./spec.js";

export interface BlandAltmanPoint {
  subject: string;
  /** Mean of the two values, in the unit of the quantity. */
  mean: number;
  /** Value of the reference method; needed when the abscissa is the reference. */
  reference?: number;
  /** First method minus second, in the same unit. */
  difference: number;
}

export interface BlandAltmanLimits {
  bias: Interval;
  lower: Interval;
  upper: Interval;
}

export interface BlandAltmanData {
  points: readonly BlandAltmanPoint[];
  /** The limits by the name of their interval method, e.g. {approximate, exact}. */
  limits: Readonly<Record<string, BlandAltmanLimits>>;
  /** Regression of the difference on the abscissa, drawn where proportional bias is discussed. */
  trend?: {intercept: number; slope: number};
  /** Bias and limits that change with the abscissa, drawn in place of `limits`. */
  sloped?: readonly {line: string; points: readonly {at: number; value: number}[]}[];
}

export interface BlandAltmanOptions extends ChartOptions {
  quantity: string;
  unit?: string;
  /** E.g. "Wright − Mini"; said in the title of the ordinate. */
  difference?: string;
  /** Which limits are drawn; the first unless told. */
  interval?: string;
  abscissa?: "mean" | "reference";
  highlight?: readonly string[];
  /** Significant digits of the numbers written at the lines. */
  digits?: number;
  /** The difference that means agreement: 0, or 1 where ratios are drawn. */
  equality?: number;
}

/**
 * Difference against mean (Bland and Altman, Lancet 1986;1:307-310) or against the reference (Krouwer, Stat Med
 * 2008;27:778-780), with bias, limits of agreement and the band of each one's interval.
 */
export function blandAltman(data: BlandAltmanData, options: BlandAltmanOptions): VegaLiteSpec {
  const {quantity, unit, abscissa = "mean", digits = 3, height = 320, equality = 0} = options;
  const interval = options.interval ?? Object.keys(data.limits)[0];
  const limits = interval === undefined ? undefined : data.limits[interval];
  if (interval !== undefined && limits === undefined) throw new RangeError(`no limits named ${interval}`);
  const all = data.points.map((point) => ({
    subject: point.subject,
    abscissa: abscissa === "mean" ? point.mean : point.reference,
    difference: point.difference
  }));
  const {rows: points, left} = drawable(all as {subject: string; abscissa: number; difference: number}[], ["abscissa", "difference"]);
  const name = options.difference ?? "first − second";
  const description = options.description
    ?? `Differences in ${quantity} (${name}) against the ${abscissa}, with bias and limits of agreement.`;
  const sloped = (data.sloped ?? []).flatMap(({line, points: ends}) =>
    ends.map(({at, value}) => ({line, kind: line === "Bias" ? "bias" : "limit", abscissa: at, difference: value})));
  // Each line is named at its right end.
  const lastRows = (data.sloped ?? []).map(({line}) => sloped.filter((row) => row.line === line).at(-1));
  if (points.length === 0 || (limits === undefined && sloped.length === 0)) {
    return noData("No pairs to compare.", {description, height});
  }
  const lines = (limits === undefined ? [] : [
    {line: "Upper limit", kind: "limit", ...limits.upper},
    {line: "Bias", kind: "bias", ...limits.bias},
    {line: "Lower limit", kind: "limit", ...limits.lower}
  ]).map((line) => ({...line, label: `${line.line} ${formatNumber(line.value, {digits})}`}));
  const xs = points.map((point) => point.abscissa);
  const ends = [Math.min(...xs), Math.max(...xs)];
  const trend = data.trend === undefined
    ? []
    : ends.map((end) => ({abscissa: end, difference: data.trend!.intercept + data.trend!.slope * end}));
  const yTitle = axisTitle(`${equality === 1 ? "Ratio" : "Difference"}, ${name}`, unit);
  const xTitle = axisTitle(abscissa === "mean" ? `Mean ${quantity} of the two` : `Reference ${quantity}`, unit);
  const y = {type: "quantitative", title: yTitle, scale: {zero: false, nice: true}} as const;
  const x = {
    field: "abscissa", type: "quantitative", title: xTitle, scale: {zero: false, nice: true, padding: 10}
  } as const;
  return {
    ...head(description),
    ...leftOut(left, all.length),
    width: "container",
    height,
    usermeta: {brush: {data: "points", key: "subject"}},
    params: [highlightParameter(options.highlight)],
    datasets: {
      points, lines, ...(trend.length > 0 ? {trend} : {}), ...(sloped.length > 0 ? {sloped, ends: lastRows} : {})
    },
    layer: [
      ...when(lines.length > 0, {
        data: {name: "lines"},
        mark: {type: "rect", opacity: 0.13, aria: false},
        encoding: {
          y: {...y, field: "lower"},
          y2: {field: "upper"},
          color: {condition: {test: "datum.kind === 'bias'", value: color.series[0]}, value: color.accent2}
        }
      }),
      {mark: {type: "rule", strokeWidth: 1, opacity: 0.8, color: color.muted}, encoding: {y: {datum: equality, ...y}}},
      ...when(lines.length > 0, {
        data: {name: "lines"},
        mark: {type: "rule", strokeWidth: 1.5},
        encoding: {
          y: {...y, field: "value"},
          color: {condition: {test: "datum.kind === 'bias'", value: color.series[0]}, value: color.accent2},
          strokeDash: {condition: {test: "datum.kind === 'bias'", value: [1, 0]}, value: [6, 4]},
          tooltip: [
            {field: "line", type: "nominal", title: "Line"},
            {field: "value", type: "quantitative", title: "Value", format: ".5~g"},
            {field: "lower", type: "quantitative", title: "Interval from", format: ".5~g"},
            {field: "upper", type: "quantitative", title: "to", format: ".5~g"}
          ]
        }
      }),
      ...when(sloped.length > 0, {
        data: {name: "sloped"},
        mark: {type: "line", strokeWidth: 1.5},
        encoding: {
          x,
          y: {...y, field: "difference"},
          detail: {field: "line", type: "nominal"},
          color: {condition: {test: "datum.kind === 'bias'", value: color.series[0]}, value: color.accent2},
          strokeDash: {condition: {test: "datum.kind === 'bias'", value: [1, 0]}, value: [6, 4]}
        }
      }, {
        data: {name: "ends"},
        mark: {type: "text", align: "right", baseline: "bottom", dy: -4, dx: -2, fontSize: 11.5, fontWeight: 600},
        encoding: {
          x: {value: "width"},
          y: {...y, field: "difference"},
          text: {field: "line", type: "nominal"},
          color: {condition: {test: "datum.kind === 'bias'", value: color.series[0]}, value: color.accent2}
        }
      }),
      ...when(trend.length > 0, {
        data: {name: "trend"},
        mark: {type: "line", color: color.ink, strokeDash: [2, 3], strokeWidth: 1.2},
        encoding: {x, y: {...y, field: "difference"}}
      }),
      {
        data: {name: "points"},
        params: [brushParameter()],
        mark: {type: "point", filled: true, size: 52},
        encoding: {
          x,
          y: {...y, field: "difference"},
          color: {
            condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: color.accent2},
            value: color.ink
          },
          opacity: {condition: {test: inFocus, value: 0.85}, value: 0.18},
          size: {condition: {test: `${anyHighlighted} && ${isHighlighted}`, value: 96}, value: 52},
          tooltip: [
            {field: "subject", type: "nominal", title: "Subject"},
            {field: "abscissa", type: "quantitative", title: abscissa === "mean" ? "Mean" : "Reference", format: ".5~g"},
            {field: "difference", type: "quantitative", title: "Difference", format: ".5~g"}
          ]
        }
      },
      ...when(lines.length > 0, {
        data: {name: "lines"},
        mark: {type: "text", align: "right", baseline: "bottom", dy: -4, dx: -2, fontSize: 11.5, fontWeight: 600},
        encoding: {
          x: {value: "width"},
          y: {...y, field: "value"},
          text: {field: "label", type: "nominal"},
          color: {condition: {test: "datum.kind === 'bias'", value: color.series[0]}, value: color.accent2}
        }
      })
    ]
  };
}
