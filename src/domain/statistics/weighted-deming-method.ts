import {errorRatioMeaning} from "./deming.js";
import type {Method, MethodRequest} from "./method.js";
import {optionReader} from "./option-values.js";
import {errorRatioOption, lineChecks, pairColumns} from "./regression-parts.js";
import {alone, citationsOf, withInterval} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "./resampling.js";
import {checkPositiveCells, pairs, type Pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";
import {weightedDeming, type WeightedDemingStop} from "./weighted-deming.js";

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
    const options = optionReader(this.options, request.options);
    return resamplingTask(options, () => {
      const {x, y} = positivePairs(request);
      return {statistic: "weighted-deming", ...rowsOf(x, y), settings: {errorRatio: options.needed("error-ratio")}};
    });
  },
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const asked = options.text("interval")!;
    const data = positivePairs(request);
    const errorRatio = options.needed("error-ratio");
    const result = weightedDeming(data.x, data.y, {
      level: request.level, errorRatio, stop: variant.id as WeightedDemingStop
    });
    const meaning = errorRatioMeaning(errorRatio);
    const names = ["slope", "intercept"] as const;
    const drawn = names.map((name) => drawnInterval(request.draws, name, asked));
    const jackknife = `jackknife, t on n - 2 df (approximate; covers .93 to .97 from n = 10 on); ${meaning}`;
    const bootstrap = `BCa bootstrap (approximate); ${meaning}`;
    const unit = (name: string) => name === "slope" ? "" : undefined;
    return {
      method: this.id,
      variant: variant.id,
      n: result.n,
      dropped: data.dropped,
      estimates: [
        ...names.map((name, k) => asked === "bootstrap"
          ? withInterval(name, result[name].value, drawn[k]!, bootstrap, unit(name))
          : withInterval(name, result[name].value, result[name], jackknife, unit(name))),
        ...names.flatMap((name, k) => [
          withInterval(`${name}, jackknife interval`, result[name].value, result[name], jackknife, unit(name)),
          ...(drawn[k] === null ? []
            : [withInterval(`${name}, bootstrap interval`, result[name].value, drawn[k], bootstrap, unit(name))])
        ]),
        alone("error ratio", errorRatio, meaning, "")
      ],
      checks: lineChecks(data, {slope: result.slope.value, intercept: result.intercept.value}, errorRatio,
        "the errors are not in proportion to the size: take Deming or Passing-Bablok regression.", Math.abs),
      warnings: [...data.warnings, meaning],
      citations: citationsOf(...this.citations, variant.citation, ...(drawn[0] === null ? [] : [BCA_CITATION]))
    };
  }
};

function positivePairs(request: MethodRequest): Pairs {
  const data = pairs(request);
  checkPositiveCells(request.table, data.x, data.cells.x, "errors in proportion to the size");
  checkPositiveCells(request.table, data.y, data.cells.y, "errors in proportion to the size");
  return data;
}
