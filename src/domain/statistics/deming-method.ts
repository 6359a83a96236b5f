import {covers} from "./coverage.js";
import {deming} from "./deming.js";
import {demingReport, demingResampling} from "./deming-parts.js";
import type {Method} from "./method.js";
import {optionReader} from "./option-values.js";
import {errorRatioOption, lineChecks, pairColumns} from "./regression-parts.js";
import {resamplingOptions} from "./resampling.js";
import {pairs} from "./table-layouts.js";

const LINNET = "Linnet 1993, doi:10.1093/clinchem/39.3.424";

/** Deming regression of y on x. */
export const demingMethod: Method = {
  id: "deming",
  name: "Deming regression",
  summary: "Straight line between two methods that both have errors of constant SD",
  variants: [{id: "deming", name: "error variances in a known ratio", citation: LINNET}],
  columns: pairColumns,
  options: [
    errorRatioOption,
    {
      id: "interval", kind: "choice", choices: ["exact", "jackknife", "bootstrap"], default: "exact",
      description: "interval in the first place; exact is that of the slope, the intercept then has the jackknife"
    },
    ...resamplingOptions
  ],
  citations: [LINNET],
  resampling(request) {
    return demingResampling(this, request, "deming", () => pairs(request));
  },
  run(request) {
    const data = pairs(request);
    const errorRatio = optionReader(this.options, request.options).needed("error-ratio");
    const line = deming(data.x, data.y, {level: request.level, errorRatio});
    return demingReport(this, request, {
      data, line, covers: (part, kind) => covers(`deming-${part}-${kind}`),
      exactSlope: {
        interval: line.exactSlope, note: "exact for normal errors of constant SD and the right ratio (Creasy)"
      },
      checks: lineChecks(data, {slope: line.slope.value, intercept: line.intercept.value}, errorRatio,
        "take weighted Deming regression (deming's exact interval no longer holds; the jackknife one does)."),
      citations: ["Creasy 1956, Journal of the Royal Statistical Society B 18, 65"]
    });
  }
};
