import {color, dashes} from "../theme.js";
import {drawable, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface PlanCurveRow {
  /** What sets the line apart; one empty name where there is but one. */
  line: string;
  size: number;
  achieved: number;
}

export interface PlanCurveData {
  rows: readonly PlanCurveRow[];
  /** The line that was chosen. */
  chosen: string;
  /** The study as it is planned. */
  plan: {size: number; achieved: number};
  /** What was asked for. */
  wanted: number | null;
  /** What simulated studies of that size achieve, with a 95 % interval of the Monte Carlo error. */
  simulated: {value: number; lower: number; upper: number} | null;
}

export interface PlanCurveOptions extends ChartOptions {
  xTitle: string;
  yTitle: string;
  /** Power and other probabilities: the axis goes from 0 to 1. */
  probability: boolean;
}

/** What a study achieves against its size, a line for each choice, with the plan and the requirement marked. */
export function planCurve(data: PlanCurveData, options: PlanCurveOptions): VegaLiteSpec {
  const {xTitle, yTitle, probability, height = 300} = options;
  const {rows} = drawable(data.rows, ["size", "achieved"]);
  const description = options.description ?? `${yTitle} against ${xTitle}.`;
  if (rows.length === 0) return noData("No curve.", {description, height});
  const names = [...new Set(rows.map(({line}) => line))].sort((a, b) => a.localeCompare(b, "en", {numeric: true}));
  const several = names.length > 1;
  const {plan, wanted, simulated} = data;
  const right = Math.max(...rows.map(({size}) => size));
  const x = {
    type: "quantitative", title: xTitle, scale: {zero: true, nice: false}, axis: {grid: false, tickMinStep: 1}
  } as const;
  const y = {
    type: "quantitative", title: yTitle,
    scale: probability ? {domain: [0, 1] as number[]} : {zero: false, nice: true}
  } as const;
  const by = <T>(values: readonly T[]) => ({
    field: "line", type: "nominal", title: null, scale: {domain: names, range: values.slice(0, names.length)},
    legend: several ? {orient: "top", symbolType: "stroke", symbolStrokeWidth: 2} : null
  }) as const;
  const tooltip = [
    ...(several ? [{field: "line", type: "nominal", title: " "} as const] : []),
    {field: "size", type: "quantitative", title: xTitle} as const,
    {field: "achieved", type: "quantitative", title: yTitle, format: ".4~g"} as const
  ];
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      lines: rows.map(({line, size, achieved}) => ({line, size, achieved, chosen: line === data.chosen})),
      plan: [{...plan, label: `n = ${plan.size}`, align: plan.size > 0.75 * right ? "right" : "left"}],
      ...(wanted === null ? {} : {
        wanted: [{level: wanted, size: right, label: `wanted: ${String(wanted).replace("-", "−")}`}]
      }),
      // Without a simulation the bar has no length, and stands ready for one.
      simulated: [simulated === null ? {...plan, lower: plan.achieved, upper: plan.achieved} : {...plan, ...simulated}]
    },
    layer: [
      ...when(wanted !== null, {
        data: {name: "wanted"},
        mark: {type: "rule", color: color.accent2, strokeWidth: 1.2, strokeDash: [5, 3]},
        encoding: {y: {...y, field: "level"}}
      },
      {
        data: {name: "wanted"},
        mark: {type: "text", color: color.accent2, align: "right", baseline: "bottom", dy: -3},
        encoding: {x: {...x, field: "size"}, y: {...y, field: "level"}, text: {field: "label", type: "nominal"}}
      }),
      {
        data: {name: "plan"},
        mark: {type: "rule", color: color.muted, strokeWidth: 1, strokeDash: [2, 3]},
        encoding: {x: {...x, field: "size"}}
      },
      {
        data: {name: "lines"},
        mark: {type: "line", interpolate: "monotone", tooltip: null},
        encoding: {
          x: {...x, field: "size"}, y: {...y, field: "achieved"}, color: by(color.series),
          ...(several ? {strokeDash: by(dashes)} : {}),
          size: {condition: {test: "datum.chosen", value: 3}, value: 1.4},
          opacity: {condition: {test: "datum.chosen", value: 1}, value: 0.75}
        }
      },
      {
        data: {name: "lines"},
        mark: {type: "point", filled: true, size: 80, opacity: 0},
        encoding: {x: {...x, field: "size"}, y: {...y, field: "achieved"}, tooltip}
      },
      {
        data: {name: "simulated"},
        mark: {type: "rule", color: color.ink, strokeWidth: 2},
        encoding: {x: {...x, field: "size"}, y: {...y, field: "lower"}, y2: {field: "upper"}}
      },
      {
        data: {name: "plan"},
        mark: {type: "point", filled: true, size: 90, color: color.ink, opacity: 1},
        encoding: {x: {...x, field: "size"}, y: {...y, field: "achieved"}}
      },
      {
        data: {name: "plan"},
        mark: {
          type: "text", color: color.ink, fontWeight: 600, baseline: probability ? "top" : "bottom",
          align: {expr: "datum.align"}, dx: {expr: "datum.align === 'left' ? 9 : -9"}, dy: probability ? 8 : -8
        },
        encoding: {x: {...x, field: "size"}, y: {...y, field: "achieved"}, text: {field: "label", type: "nominal"}}
      }
    ]
  } as VegaLiteSpec;
}
