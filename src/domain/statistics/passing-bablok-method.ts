import {covers, rejects} from "./coverage.js";
import {cusumLinearity} from "./cusum-linearity.js";
import {kendallTau} from "./kendall-tau.js";
import type {Check, Method} from "./method.js";
import {optionReader} from "./option-values.js";
import {passingBablok, type PassingBablokVariant} from "./passing-bablok.js";
import {pairColumns} from "./regression-parts.js";
import {alone, citationsOf, withInterval} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "./resampling.js";
import {check, CHECK_LEVEL} from "./sample-checks.js";
import {pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const PB_1983 = "Passing and Bablok 1983, doi:10.1515/cclm.1983.21.11.709";
const variants = [
  {id: "1983", name: "original algorithm: slopes of -1 left out, places of the interval rounded", citation: PB_1983},
  {
    id: "mcr", name: "as R mcr 1.2: slopes of -1 count half, middle slopes averaged as angles",
    citation: "R package mcr 1.2, function mc.paba"
  }
] as const;

/** Passing-Bablok regression of y on x. */
export const passingBablokMethod: Method = {
  id: "passing-bablok",
  name: "Passing-Bablok regression",
  summary: "Straight line between two methods from the shifted median of all pairwise slopes, robust to outliers",
  variants,
  columns: pairColumns,
  options: [
    {
      id: "interval", kind: "choice", choices: ["rank", "bootstrap"], default: "rank",
      description: "interval in the first place: by ranks of the slopes as published, or BCa"
    },
    ...resamplingOptions
  ],
  citations: [PB_1983],
  resampling(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    return resamplingTask(options, () => {
      const {x, y} = pairs(request);
      return {statistic: "passing-bablok", ...rowsOf(x, y), settings: {mcr: variant.id === "mcr" ? 1 : 0}};
    });
  },
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const asked = options.text("interval")!;
    const data = pairs(request);
    const result = passingBablok(data.x, data.y, {level: request.level, variant: variant.id as PassingBablokVariant});
    const names = ["slope", "intercept"] as const;
    const drawn = names.map((name) => drawnInterval(request.draws, name, asked));
    const kind = variant.id === "mcr" ? "mcr" : "rank";
    const rank = (name: (typeof names)[number]) =>
      `by ranks of the slopes (approximate; ${covers(`passing-bablok-${name}-${kind}`)})`;
    const bootstrap = (name: (typeof names)[number]) =>
      `BCa bootstrap (approximate; ${covers(`passing-bablok-${name}-bootstrap`)})`;
    const unit = (name: string) => name === "slope" ? "" : undefined;
    return {
      method: this.id,
      variant: variant.id,
      n: result.n,
      dropped: data.dropped,
      estimates: [
        ...names.map((name, k) => asked === "bootstrap"
          ? withInterval(name, result[name].value, drawn[k]!, bootstrap(name), unit(name))
          : withInterval(name, result[name].value, result[name], rank(name), unit(name))),
        ...names.flatMap((name, k) => [
          withInterval(`${name}, rank interval`, result[name].value, result[name], rank(name), unit(name)),
          ...(drawn[k] === null ? [] : [withInterval(
            `${name}, bootstrap interval`, result[name].value, drawn[k], bootstrap(name), unit(name)
          )])
        ]),
        alone("slopes used", result.slopes, "a count", ""),
        alone("shift of the median", result.shift, "a count", "")
      ],
      checks: [
        check(
          "cusum-linearity", "linearity (Cusum test)",
          "If it fails: the methods are not linearly related, and slope and intercept describe nothing: look at the "
            + "plot, narrow the range. Misleads: at a level of 5 % it rejects straight lines in "
            + `${rejects("cusum-test")}, and`
            + " it has little power below 50.",
          () => cusumLinearity(data.x, data.y, {slope: result.slope.value, intercept: result.intercept.value})
        ),
        association(data.x, data.y)
      ],
      warnings: [
        ...data.warnings,
        ...(result.n < 30 ? [`Passing and Bablok ask for at least 30 subjects; there are ${result.n}`] : [])
      ],
      citations: citationsOf(...this.citations, variant.citation, ...(drawn[0] === null ? [] : [BCA_CITATION]))
    };
  }
};

/** Without an association the shifted median still gives a slope, near 1 by construction: it has to be shown first. */
function association(x: Float64Array, y: Float64Array): Check {
  const {tau, p} = kendallTau(x, y);
  return {
    id: "association", name: "positive association (Kendall's tau, one-sided)", statistic: tau, p,
    passed: p < CHECK_LEVEL,
    advice: "If it fails: no positive association is shown and the slope means nothing, though the method always "
      + "gives one. Misleads: it passes for any rising curve, linear or not, and for methods that have nothing to do with "
      + `each other in ${rejects("kendall-test")}.`
  };
}
