import {ordinaryLeastSquares} from "./deming.js";
import type {Method} from "./method.js";
import {optionReader} from "./option-values.js";
import {lineChecks, pairColumns} from "./regression-parts.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const DRAPER = "Draper and Smith 1998, Applied Regression Analysis, chapter 1";
const variants = [{id: "ols", name: "y on x, x without errors", citation: DRAPER}] as const;

/** Ordinary least squares of y on x. */
export const olsMethod: Method = {
  id: "ols",
  name: "Ordinary least squares",
  summary: "Straight line of y on an x that has no errors of its own",
  variants,
  columns: pairColumns,
  options: [],
  citations: [DRAPER],
  run(request) {
    optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const data = pairs(request);
    const {slope, intercept, model} = ordinaryLeastSquares(data.x, data.y, {level: request.level});
    const note = "t interval on n - 2 df, exact for normal errors of constant SD";
    return {
      method: this.id,
      variant: variant.id,
      n: model.n,
      dropped: data.dropped,
      estimates: [
        reported("slope", slope, note, ""),
        reported("intercept", intercept, note),
        alone("R2", model.r2!, "it grows with the range of x", ""),
        alone("residual SD", model.residualSd, `on ${model.df} df`)
      ],
      checks: lineChecks(data, {slope: slope.value, intercept: intercept.value}, 0,
        "weight the points, or take logarithms."),
      warnings: [...data.warnings,
        "errors in x draw the slope towards 0: for two methods take Deming or Passing-Bablok"],
      citations: citationsOf(...this.citations)
    };
  }
};
