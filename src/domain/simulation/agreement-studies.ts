import {exp} from "../../generated/vendor/special.js";
import {multiplierOf, type Interval} from "../statistics/estimate.js";
import {limitsOfDifferences, type LimitsOfDifferences} from "../statistics/bias-and-limits.js";
import {limitsOfRatios} from "../statistics/limits-ratio.js";
import {limitsOfRegression} from "../statistics/limits-regression.js";
import {limitsOfReplicates} from "../statistics/limits-replicates.js";
import {limitsOfVaryingValues} from "../statistics/limits-varying-true-value.js";
import {linCcc} from "../statistics/lin-ccc.js";
import {rowsOf} from "../statistics/resampling.js";
import {distributionOf, logMoments, type DistributionId} from "./distributions.js";
import {interval, rows, study, vector, type SampledInterval, type Study} from "./procedure.js";

const method = "bland-altman";
const z = multiplierOf({});
const BIAS = 2;
const SD = 5;
const RATIO = 1.05;
const RATIO_SD = 0.1;
const normalDifferences = {assumption: "normal differences"} as const;
const logNormalRatios = {assumption: "log-normal ratios", under: ["log-normal"]} as const;

const kinds = ["exact", "mover", "approximate"] as const;
const kindNames = {exact: "exact (noncentral t)", mover: "MOVER", approximate: "1999"};

/** The upper limit three ways, for one kind of differences. */
function limitProcedures(
  prefix: string, name: string, common: {assumption: string; under?: readonly DistributionId[]},
  truth: (id: DistributionId) => number
) {
  return kinds.map((kind) => interval(kind === "exact" ? "exact" : "approximate",
    {id: `${prefix}-${kind}`, method, name: `${name}: ${kindNames[kind]}`, ...common}, truth));
}

/**
 * The exact pair holds its promise when the inner limits hold at most 95 % of the population's differences and the
 * outer limits at least that many.
 */
function pairAnswer(found: LimitsOfDifferences, cdf: (difference: number) => number): SampledInterval {
  const {lower, upper, content} = found.pair;
  const share = (from: number, to: number) => cdf(to) - cdf(from);
  return {
    lower: upper.lower, upper: upper.upper,
    covers: share(lower.upper, upper.lower) <= content && content <= share(lower.lower, upper.upper)
  };
}

/** Mean and SD of the logarithms of the ratios drawn by {@link drawRatio}. */
const logRatio: Record<DistributionId, {mean: number; sd: number}> = {
  normal: logMoments(RATIO_SD), "log-normal": {mean: 0, sd: RATIO_SD}, "heavy-tailed": {mean: 0, sd: RATIO_SD}
};

const REFERENCE = {least: 50, most: 150};
const line = {intercept: 1, slope: 0.02, sdIntercept: 1, sdSlope: 0.03};
/** What sqrt(pi/2) times the mean absolute residual estimates is the SD of normal residuals alone. */
const spreadFactor = (id: DistributionId) => Math.sqrt(Math.PI / 2) * distributionOf(id).meanAbsolute;
const upperAt = (x: number) => (id: DistributionId) => line.intercept + line.slope * x
  + z * spreadFactor(id) * (line.sdIntercept + line.sdSlope * x);
const centre = 0.5 * (REFERENCE.least + REFERENCE.most);
const lineName = (what: string) => `Regression-based limits, ${what}`;
const normalResiduals = {assumption: "normal differences about a line, their SD on a line too"} as const;

/** Concordance of the pairs drawn below: 2 s12 / (s1^2 + s2^2 + shift^2). */
const ccc = {truth: 1, error: 0.5, shift: 0.25};

/** Agreement of two methods. */
export const agreementStudies: readonly Study[] = [
  study({
    id: "limits", unit: "pairs", data: "differences with bias 2 and SD 5",
    draw: (n, id, random) => {
      const {draw} = distributionOf(id);
      return vector(n, () => BIAS + SD * draw(random));
    },
    procedures: [
      interval("exact", {id: "bias", method, name: "Bias: t", ...normalDifferences}, BIAS),
      interval("exact", {
        id: "sd-differences", method, name: "SD of the differences: chi-square", ...normalDifferences
      }, SD),
      ...limitProcedures("limit", "Upper limit of agreement", normalDifferences, () => BIAS + z * SD),
      interval("exact", {
        id: "limit-pair", method, name: "Both limits of agreement as a pair: exact", ...normalDifferences
      }, NaN)
    ],
    analyse(differences, _, id) {
      const {cdf} = distributionOf(id);
      const found = limitsOfDifferences(differences);
      return {
        bias: found.bias, "sd-differences": found.sd, "limit-exact": found.exact.upper,
        "limit-mover": found.mover.upper, "limit-approximate": found.approximate.upper,
        "limit-pair": pairAnswer(found, (d) => cdf((d - BIAS) / SD))
      };
    }
  }),
  study({
    id: "limits-bootstrap", unit: "pairs", data: "differences with bias 2 and SD 5", resamples: 2000,
    draw: (n, id, random) => {
      const {draw} = distributionOf(id);
      return vector(n, () => BIAS + SD * draw(random));
    },
    procedures: [interval("approximate", {
      id: "limit-bootstrap", method, name: "Upper limit of agreement: BCa bootstrap",
      assumption: "none (figures: normal differences)"
    }, BIAS + z * SD)],
    analyse(differences, resample) {
      const {names, intervals} = resample({
        statistic: "limits-of-agreement", ...rowsOf(differences, new Float64Array(differences.length)),
        settings: {multiplier: z}
      });
      return {"limit-bootstrap": intervals[names.indexOf("upper limit")]};
    }
  }),
  study({
    id: "limits-log", unit: "pairs", 
    data: "ratios about 1.05 with errors of a tenth; log-normal ones have an SD of the logarithm of .1, heavy "
      + " tails are those of the logarithm",
    draw(n, id, random) {
      const {draw} = distributionOf(id === "log-normal" ? "normal" : id);
      const y = vector(n, () => 50 + 100 * random.uniform());
      const error = () => id === "normal" ? 1 + RATIO_SD * draw(random) : exp(RATIO_SD * draw(random));
      return {x: y.map((value) => value * RATIO * error()), y};
    },
    procedures: [
      interval("exact", {id: "bias-log", method, name: "Bias of ratios by logarithms: t", ...logNormalRatios},
        (id) => RATIO * exp(logRatio[id].mean)),
      ...limitProcedures("limit-log", "Upper limit of ratios by logarithms", logNormalRatios,
        (id) => RATIO * exp(logRatio[id].mean + z * logRatio[id].sd))
    ],
    analyse({x, y}) {
      const {bias, exact, mover, approximate} = limitsOfRatios(x, y);
      return {
        "bias-log": bias, "limit-log-exact": exact.upper, "limit-log-mover": mover.upper,
        "limit-log-approximate": approximate.upper
      };
    }
  }),
  study({
    id: "limits-ratio", unit: "pairs", data: "ratios about 1.05 with errors of a tenth",
    leftOut: {"heavy-tailed": "such ratios fall below zero now and then, where no ratio is defined"},
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const y = vector(n, () => 50 + 100 * random.uniform());
      return {x: y.map((value) => value * RATIO * (1 + RATIO_SD * draw(random))), y};
    },
    procedures: limitProcedures("limit-ratio", "Upper limit of ratios as they stand", {assumption: "normal ratios"},
      () => RATIO * (1 + z * RATIO_SD)),
    analyse({x, y}) {
      const {exact, mover, approximate} = limitsOfRatios(x, y, {scale: "ratio"});
      return {
        "limit-ratio-exact": exact.upper, "limit-ratio-mover": mover.upper, "limit-ratio-approximate": approximate.upper
      };
    }
  }),
  study({
    id: "limits-replicates", data: "2 replicates by both methods; SD of the means' true differences 4, errors 2 and 3",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const values = vector(n, () => 100 + 20 * draw(random));
      const shifts = vector(n, () => BIAS + 4 * draw(random));
      return {
        x: rows(n, () => 2, (i) => values[i] + shifts[i] + 2 * draw(random)),
        y: rows(n, () => 2, (i) => values[i] + 3 * draw(random))
      };
    },
    procedures: [
      interval("exact", {id: "bias-replicates", method, name: "Bias from replicates: t"}, BIAS),
      interval("approximate", {
        id: "sd-replicates", method, name: "SD of single differences from replicates: modified large sample"
      }, Math.sqrt(29)),
      interval("approximate", {
        id: "limit-replicates", method, name: "Upper limit from replicates: MOVER"
      }, BIAS + z * Math.sqrt(29))
    ],
    analyse({x, y}) {
      const {bias, sd, mover} = limitsOfReplicates(x, y);
      return {"bias-replicates": bias, "sd-replicates": sd, "limit-replicates": mover.upper};
    }
  }),
  study({
    id: "limits-varying", data: "3 pairs a subject; SD of the differences 3 between subjects and 4 within",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const shifts = vector(n, () => BIAS + 3 * draw(random));
      const y = rows(n, () => 3, () => 100 + 20 * draw(random));
      return {x: y.map((row, i) => row.map((value) => value + shifts[i] + 4 * draw(random))), y};
    },
    procedures: [
      interval("approximate", {id: "bias-varying", method, name: "Bias, true value varying: t"}, BIAS),
      interval("approximate", {
        id: "sd-varying", method, name: "SD of the differences, true value varying: modified large sample"
      }, 5),
      interval("approximate", {
        id: "limit-varying", method, name: "Upper limit, true value varying: MOVER"
      }, BIAS + z * 5)
    ],
    analyse({x, y}) {
      const {bias, sd, mover} = limitsOfVaryingValues(x, y);
      return {"bias-varying": bias, "sd-varying": sd, "limit-varying": mover.upper};
    }
  }),
  study({
    id: "limits-regression", unit: "pairs",
    data: "reference values in even steps from 50 to 150; bias 1 + .02 x, SD 1 + .03 x",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const y = vector(n, (i) => REFERENCE.least + (REFERENCE.most - REFERENCE.least) * i / (n - 1));
      return {
        x: y.map((value) => value + line.intercept + line.slope * value
          + (line.sdIntercept + line.sdSlope * value) * draw(random)),
        y
      };
    },
    procedures: [
      interval("approximate", {
        id: "regression-slope", method, name: lineName("slope of the bias line: t"), ...normalResiduals
      }, line.slope),
      interval("approximate", {
        id: "regression-intercept", method, name: lineName("intercept of the bias line: t"), ...normalResiduals
      }, line.intercept),
      interval("approximate", {
        id: "regression-sd-slope", method, name: lineName("slope of the SD line: t"), ...normalResiduals
      }, (id) => line.sdSlope * spreadFactor(id)),
      interval("approximate", {
        id: "regression-sd-intercept", method, name: lineName("intercept of the SD line: t"), ...normalResiduals
      }, (id) => line.sdIntercept * spreadFactor(id)),
      interval("approximate", {
        id: "regression-bias", method, name: lineName("bias at the largest size: t"), ...normalResiduals
      }, line.intercept + line.slope * REFERENCE.most),
      interval("approximate", {
        id: "regression-limit-middle", method, name: lineName("upper limit at the middle"), ...normalResiduals
      }, upperAt(centre)),
      interval("approximate", {
        id: "regression-limit-end", method, name: lineName("upper limit at the largest size"), ...normalResiduals
      }, upperAt(REFERENCE.most))
    ],
    analyse({x, y}) {
      const found = limitsOfRegression(x, y, {abscissa: "reference"});
      const end = found.at(REFERENCE.most);
      return {
        "regression-slope": found.bias.slope, "regression-intercept": found.bias.intercept,
        "regression-sd-slope": found.sd.slope, "regression-sd-intercept": found.sd.intercept,
        "regression-bias": end.bias, "regression-limit-middle": found.at(centre).upper,
        "regression-limit-end": end.upper
      };
    }
  }),
  study({
    id: "ccc", unit: "pairs", data: "true values of variance 1, both errors of variance .25, a shift of .25",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const values = vector(n, () => ccc.truth * draw(random));
      return {
        x: values.map((value) => value + ccc.shift + ccc.error * draw(random)),
        y: values.map((value) => value + ccc.error * draw(random))
      };
    },
    procedures: (["1989", "unbiased"] as const).map((moments) => interval("approximate", {
      id: `ccc-${moments}`, method: "ccc",
      name: `Concordance correlation, moments on ${moments === "1989" ? "n" : "n - 1"}: Fisher z`,
      assumption: "normal pairs"
    }, 2 / (2 * 1.25 + ccc.shift * ccc.shift))),
    analyse({x, y}) {
      const of = (moments: "1989" | "unbiased"): Interval => linCcc(x, y, {moments});
      return {"ccc-1989": of("1989"), "ccc-unbiased": of("unbiased")};
    }
  })
];
