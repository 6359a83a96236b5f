import {covers} from "./coverage.js";
import {demingReport, demingResampling} from "./deming-parts.js";
import type {Method, MethodRequest} from "./method.js";
import {optionReader} from "./option-values.js";
import {errorRatioOption, lineChecks, pairColumns} from "./regression-parts.js";
import {resamplingOptions} from "./resampling.js";
import {checkPositiveCells, pairs, type Pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";
import {weightedDeming} from "./weighted-deming.js";

const LINNET_1990 = "Linnet 1990, doi:10.1002/sim.4780091210";
const LINNET_1993 = "Linnet 1993, doi:10.1093/clinchem/39.3.424";
const variants = [
  {id: "converged", name: "iterated to convergence", citation: LINNET_1990},
  {id: "mcr", name: "stopped as R mcr 1.2 does, when both coefficients change by less than 1e-6", citation: LINNET_1993}
] as const;

/** Weighted Deming regression of y on x. */
export const weightedDemingMethod: Method = {
  id: "weighted-deming",
  name: "Weighted Deming regression",
  summary: "Straight line between two methods whose errors grow in proportion to the size measured",
  variants,
  columns: pairColumns,
  options: [
    errorRatioOption,
    {
      id: "interval", kind: "choice", choices: ["jackknife", "bootstrap"], default: "jackknife",
      description: "interval in the first place"
    },
    ...resamplingOptions
  ],
  citations: [LINNET_1990, LINNET_1993],
  resampling(request) {
    const mcr = variantOf(request, variants).id === "mcr" ? 1 : 0;
    return demingResampling(this, request, "weighted-deming", () => positivePairs(request), {mcr});
  },
  run(request) {
    const data = positivePairs(request);
    const mcr = variantOf(request, variants).id === "mcr";
    const errorRatio = optionReader(this.options, request.options).needed("error-ratio");
    const line = weightedDeming(data.x, data.y, {
      level: request.level, errorRatio, stop: variantOf(request, variants).id
    });
    return demingReport(this, request, {
      data, line,
      covers: (part, kind) => covers(`weighted-deming-${part}-${kind === "jackknife" && mcr ? "mcr" : kind}`),
      checks: lineChecks(data, {slope: line.slope.value, intercept: line.intercept.value}, errorRatio,
        "the errors are not in proportion to the size: take Deming or Passing-Bablok regression.", Math.abs)
    });
  }
};

function positivePairs(request: MethodRequest): Pairs {
  const data = pairs(request);
  checkPositiveCells(request.table, data.x, data.cells.x, "errors in proportion to the size");
  checkPositiveCells(request.table, data.y, data.cells.y, "errors in proportion to the size");
  return data;
}
