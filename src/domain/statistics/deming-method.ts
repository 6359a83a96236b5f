import {deming, errorRatioMeaning} from "./deming.js";
import type {Interval} from "./estimate.js";
import type {Method, ReportedEstimate} from "./method.js";
import {optionReader} from "./option-values.js";
import {lineChecks, pairColumns, errorRatioOption} from "./regression-parts.js";
import {alone, citationsOf, withInterval} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "./resampling.js";
import {pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const LINNET = "Linnet 1993, doi:10.1093/clinchem/39.3.424";
const variants = [{id: "deming", name: "error variances in a known ratio", citation: LINNET}] as const;

/** Deming regression of y on x. */
export const demingMethod: Method = {
  id: "deming",
  name: "Deming regression",
  summary: "Straight line between two methods that both have errors of constant SD",
  variants,
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
    const options = optionReader(this.options, request.options);
    return resamplingTask(options, () => {
      const {x, y} = pairs(request);
      return {statistic: "deming", ...rowsOf(x, y), settings: {errorRatio: options.needed("error-ratio")}};
    });
  },
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const asked = options.text("interval")!;
    const data = pairs(request);
    const errorRatio = options.needed("error-ratio");
    const result = deming(data.x, data.y, {level: request.level, errorRatio});
    const drawn = {
      slope: drawnInterval(request.draws, "slope", asked), intercept: drawnInterval(request.draws, "intercept", asked)
    };
    const meaning = errorRatioMeaning(errorRatio);
    const notes = {
      exact: `exact for normal errors of constant SD and the right ratio (Creasy); ${meaning}`,
      jackknife: `jackknife, t on n - 2 df (approximate; covers .94 to .96 from n = 10 on); ${meaning}`,
      bootstrap: `BCa bootstrap (approximate); ${meaning}`
    };
    const line = (name: "slope" | "intercept", kind: keyof typeof notes, suffix: string): ReportedEstimate => {
      const {value} = result[name];
      const unit = name === "slope" ? "" : undefined;
      const interval: Interval | null = kind === "exact" ? result.exactSlope : kind === "jackknife" ? result[name]
        : drawn[name];
      return interval === null
        ? alone(`${name}${suffix}`, value, "every slope is compatible with these data at this level", unit)
        : withInterval(`${name}${suffix}`, value, interval, notes[kind], unit);
    };
    const first = asked as keyof typeof notes;
    const kinds = (["exact", "jackknife", "bootstrap"] as const).filter((kind) =>
      kind !== "bootstrap" || drawn.slope !== null);
    return {
      method: this.id,
      variant: variant.id,
      n: result.n,
      dropped: data.dropped,
      estimates: [
        line("slope", first, ""),
        line("intercept", first === "exact" ? "jackknife" : first, ""),
        ...kinds.map((kind) => line("slope", kind, `, ${kind} interval`)),
        ...kinds.filter((kind) => kind !== "exact").map((kind) => line("intercept", kind, `, ${kind} interval`)),
        alone("error ratio", errorRatio, meaning, "")
      ],
      checks: lineChecks(data, {slope: result.slope.value, intercept: result.intercept.value}, errorRatio,
        "take weighted Deming regression (deming's exact interval no longer holds; the jackknife one does)."),
      warnings: [...data.warnings, meaning],
      citations: citationsOf(
        ...this.citations, "Creasy 1956, Journal of the Royal Statistical Society B 18, 65",
        ...(drawn.slope === null ? [] : [BCA_CITATION])
      )
    };
  }
};
