import {color} from "../theme.js";
import {axisTitle, drawable, head, highlightParameter, noData, when} from "./spec.js";
import type {ChartOptions, VegaLiteSpec} from "./spec.js";

export interface ProfileLikelihoodData {
  /** Deviance along the parameter; null where no fit came to an end. */
  curve: readonly {value: number; deviance: number | null}[];
  /** The same where the curvature at the estimate were all; empty where it says nothing. */
  parabola: readonly {value: number; deviance: number}[];
  /** The deviance at the ends of the interval. */
  threshold: number;
  /** Where the profile reaches it; null for an end that it has not. */
  ends: readonly (number | null)[];
  truth: number | null;
}

export interface ProfileLikelihoodOptions extends ChartOptions {
  quantity: string;
  unit?: string;
}

/** Deviance above this multiple of the threshold is beyond the chart. */
const reach = 2.2;

/** The profile of a likelihood with its interval, and the parabola that a standard deviation stands for. */
export function profileLikelihood(data: ProfileLikelihoodData, options: ProfileLikelihoodOptions): VegaLiteSpec {
  const {quantity, unit, height = 280} = options;
  const description = options.description ?? `Profile likelihood of ${quantity}.`;
  const below = <T extends {deviance: number | null}>(rows: readonly T[]): T[] =>
    drawable(rows, ["deviance"]).rows.filter(({deviance}) => deviance! <= reach * data.threshold);
  const curve = below(data.curve);
  if (curve.length === 0) return noData("No profile to draw.", {description, height});
  const [low, high] = [Math.min(...curve.map(({value}) => value)), Math.max(...curve.map(({value}) => value))];
  const parabola = below(data.parabola).filter(({value}) => value >= low && value <= high);
  const x = {type: "quantitative", title: axisTitle(quantity, unit), scale: {zero: false, nice: false}} as const;
  const y = {type: "quantitative", title: "Deviance", scale: {zero: true, nice: true}} as const;
  const ends = data.ends.flatMap((value) => (value === null ? [] : [{value, deviance: data.threshold}]));
  const truth = data.truth !== null && data.truth >= low && data.truth <= high ? [{value: data.truth}] : [];
  return {
    ...head(description),
    width: "container",
    height,
    params: [highlightParameter()],
    datasets: {
      curve: curve.map((row) => ({...row})),
      threshold: [{deviance: data.threshold}],
      ...(parabola.length === 0 ? {} : {parabola: parabola.map((row) => ({...row}))}),
      ...(ends.length === 0 ? {} : {ends}),
      ...(truth.length === 0 ? {} : {truth})
    },
    layer: [
      {
        data: {name: "threshold"},
        mark: {type: "rule", color: color.muted, strokeWidth: 1},
        encoding: {y: {...y, field: "deviance"}}
      },
      ...when(truth.length > 0, {
        data: {name: "truth"},
        mark: {type: "rule", color: color.ink, strokeWidth: 1.2, strokeDash: [4, 3]},
        encoding: {x: {...x, field: "value"}}
      }),
      ...when(parabola.length > 0, {
        data: {name: "parabola"},
        mark: {type: "line", color: color.series[1], strokeWidth: 1.6, strokeDash: [6, 3], tooltip: null},
        encoding: {x: {...x, field: "value"}, y: {...y, field: "deviance"}}
      }),
      {
        data: {name: "curve"},
        mark: {type: "line", color: color.series[0], strokeWidth: 2, tooltip: null},
        encoding: {x: {...x, field: "value"}, y: {...y, field: "deviance"}}
      },
      ...when(ends.length > 0, {
        data: {name: "ends"},
        mark: {type: "point", filled: true, size: 70, color: color.series[0], opacity: 1},
        encoding: {
          x: {...x, field: "value"},
          y: {...y, field: "deviance"},
          tooltip: [{field: "value", type: "quantitative", title: "End of the interval", format: ".4~g"}]
        }
      })
    ]
  } as VegaLiteSpec;
}
