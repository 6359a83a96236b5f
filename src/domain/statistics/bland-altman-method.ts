import {exp, ln} from "../../generated/vendor/special.js";
import {checkFinite, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {
  abscissaOf, limitsOfDifferences, type Abscissa, type LimitsOfDifferences, type LimitsOptions
} from "./bias-and-limits.js";
import {covers, type CoverageId} from "./coverage.js";
import {errorRatioMeaning} from "./deming.js";
import {errorsInVariables, type ErrorsInVariables} from "./errors-in-variables.js";
import type {CoverageOptions, Interval, Multiplier} from "./estimate.js";
import {limitsOfRegression} from "./limits-regression.js";
import {limitsOfReplicates} from "./limits-replicates.js";
import {limitsOfVaryingValues} from "./limits-varying-true-value.js";
import type {Check, Method, MethodReport, MethodRequest, ReportedEstimate} from "./method.js";
import {optionReader, type OptionReader} from "./option-values.js";
import {alone, citationsOf, reported, withInterval} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "./resampling.js";
import {
  errorsInVariablesCheck, normalityCheck, outlierCheck, proportionalBiasCheck, quantileCheck, spreadCheck
} from "./sample-checks.js";
import {median} from "./summaries.js";
import {checkPositiveCells, pairs, replicates, type Pairs, type Replicates} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const BA_1986 = "Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8";
const BA_1999 = "Bland and Altman 1999, doi:10.1177/096228029900800204";
const CARKEET = "Carkeet 2015, doi:10.1097/OPX.0000000000000513";
const ZOU = "Zou 2013, doi:10.1177/0962280211402548";

/** Kinds of interval of a limit, the better covering ones first, each with what it is. */
const intervals = {
  exact: {name: "exact, each limit alone (noncentral t)", citation: CARKEET},
  pair: {name: "exact, both limits as a pair", citation: CARKEET},
  mover: {name: `MOVER (approximate; ${covers("limit-mover")})`, citation: ZOU},
  approximate: {
    name: `1999 (approximate; ${covers("limit-approximate")}, and misses mostly outwards)`, citation: BA_1999
  },
  bootstrap: {name: `BCa bootstrap (approximate; ${covers("limit-bootstrap")})`, citation: BCA_CITATION}
} as const;

type IntervalKind = keyof typeof intervals;
const kinds = Object.keys(intervals) as IntervalKind[];

const variants = [
  {id: "pairs", name: "one pair of measurements a subject", citation: BA_1986},
  {
    id: "replicates", name: "replicates by both methods, true value constant, by the method means (1999, section 5.1)",
    citation: BA_1999
  },
  {
    id: "varying", name: "several pairs a subject, true value varying (2007)",
    citation: "Bland and Altman 2007, doi:10.1080/10543400701329422"
  },
  {id: "regression", name: "regression-based limits for a bias and a spread that change (1999)", citation: BA_1999},
  {id: "log", name: "ratios by way of logarithms", citation: BA_1999},
  {id: "ratio", name: "ratios as they stand", citation: BA_1999}
] as const;

type VariantId = (typeof variants)[number]["id"];

/** Bland-Altman analysis of the agreement of two methods. */
export const blandAltmanMethod: Method = {
  id: "bland-altman",
  name: "Bland-Altman limits of agreement",
  summary: "Bias and limits of agreement of two methods, difference x - y, with intervals side by side",
  variants,
  columns: [
    {role: "x", required: false, many: true, description: "first method; several columns are replicates"},
    {role: "y", required: false, many: true, description: "second method (the reference, where there is one)"},
    {role: "subject", required: false, description: "label of each subject"},
    {role: "method", required: false, description: "long table: which method measured"},
    {role: "value", required: false, description: "long table: the measurement"},
    {role: "repeat", required: false, description: "long table: label of the replicate"}
  ],
  options: [
    {
      id: "interval", kind: "choice", choices: kinds,
      description: "interval of each limit in the first place: exact by default; variants replicates and varying "
        + "have mover, regression has approximate"
    },
    {
      id: "abscissa", kind: "choice", choices: ["mean", "reference"], default: "mean",
      description: "what differences are set against: the mean of both methods, or y as a reference without error"
    },
    {id: "coverage", kind: "number", default: 0.95, description: "share of the differences that the limits hold"},
    {id: "multiplier", kind: "choice", choices: ["z", "1.96"], default: "z", description: "normal quantile, or 1.96"},
    {id: "at", kind: "number", description: "variant regression: size at which bias and limits are also wanted"},
    {
      id: "error-ratio", kind: "number",
      description: "var(errors of x) / var(errors of y), for the check of proportional bias with errors in both "
        + "methods; variant replicates takes it from the data"
    },
    ...resamplingOptions
  ],
  citations: [BA_1986, BA_1999],
  resampling(request) {
    const options = optionReader(this.options, request.options);
    const {id} = variantOf(request, variants);
    return resamplingTask(options, () => {
      if (id !== "pairs" && id !== "log" && id !== "ratio") throw onlyInterval(id, "bootstrap");
      const {x, y} = scaledPairs(request, id, pairs(request));
      return {
        statistic: "limits-of-agreement", ...rowsOf(x, y), settings: {multiplier: limitsMultiplier(options, request)}
      };
    });
  },
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const report = run(request, options, variant.id);
    return {
      method: this.id,
      variant: variant.id,
      ...report,
      citations: citationsOf(...this.citations, variant.citation, ...report.citations)
    };
  }
};

type Body = Omit<MethodReport, "method" | "variant">;

function run(request: MethodRequest, options: OptionReader, id: VariantId): Body {
  if (id === "replicates") return runReplicates(request, options);
  if (id === "varying") return runVarying(request, options);
  if (id === "regression") return runRegression(request, options);
  return runPairs(request, options, id);
}

/** Coverage, multiplier, level and abscissa as asked for. */
function settings(request: MethodRequest, options: OptionReader): CoverageOptions & LimitsOptions {
  return {
    level: request.level,
    coverage: options.needed("coverage"),
    multiplier: options.text("multiplier") as Multiplier,
    abscissa: options.text("abscissa") as Abscissa
  };
}

function limitsMultiplier(options: OptionReader, request: MethodRequest): number {
  return limitsOfDifferences([0, 1], settings(request, options)).multiplier;
}

/** The interval asked for, or the only one that the variant has. */
function onlyKind(options: OptionReader, variant: VariantId, only: IntervalKind): IntervalKind {
  const asked = options.text("interval") ?? only;
  if (asked !== only) throw onlyInterval(variant, asked);
  return only;
}

function onlyInterval(variant: VariantId, asked: string): InputError {
  const only = variant === "regression" ? "approximate" : "mover";
  return new InputError({
    code: "unknown-choice", field: "interval", value: asked, expected: `${only}, the interval of variant ${variant}`
  });
}

/** The two columns whose difference is analysed. */
function scaledPairs(request: MethodRequest, id: "pairs" | "log" | "ratio", data: Pairs): {x: Numbers; y: Numbers} {
  if (id === "pairs") return data;
  const reason = id === "log" ? "logarithms" : "ratios";
  checkPositiveCells(request.table, data.x, data.cells.x, reason);
  checkPositiveCells(request.table, data.y, data.cells.y, reason);
  return id === "log"
    ? {x: data.x.map(ln), y: data.y.map(ln)}
    : {x: data.x.map((value, i) => value / data.y[i]), y: new Float64Array(data.x.length)};
}

function runPairs(request: MethodRequest, options: OptionReader, id: "pairs" | "log" | "ratio"): Body {
  const data = pairs(request);
  const set = settings(request, options);
  const scaled = scaledPairs(request, id, data);
  const differences = Array.from(scaled.x, (value, i) => value - scaled.y[i]);
  const whole: LimitsOfDifferences = limitsOfDifferences(differences, set);
  const asked = (options.text("interval") ?? "exact") as IntervalKind;
  const {draws} = request;
  const lowerDrawn = drawnInterval(draws, "lower limit", asked);
  const upperDrawn = drawnInterval(draws, "upper limit", asked);
  const back = id === "log" ? exp : (value: number) => value;
  const taken = ({lower, upper, level}: Interval): Interval => ({lower: back(lower), upper: back(upper), level});
  const what = id === "pairs" ? "differences" : id === "log" ? "differences of logarithms" : "ratios";
  const unit = id === "pairs" ? undefined : "";
  const available = kinds.filter((kind) => kind !== "bootstrap" || lowerDrawn !== null);
  const limit = (side: "lower" | "upper", kind: IntervalKind): Interval =>
    kind === "bootstrap" ? (side === "lower" ? lowerDrawn! : upperDrawn!) : whole[kind][side];
  const sides = ["lower", "upper"] as const;
  const centre = id === "pairs" ? `${data.names[0]} - ${data.names[1]}` : `${data.names[0]} / ${data.names[1]}`;
  const estimates: ReportedEstimate[] = [
    withInterval("bias", back(whole.bias.value), taken(whole.bias),
      `${id === "log" ? "geometric mean" : "mean"} of ${centre}; t interval on n - 1 df, exact for normal ${what}`,
      unit),
    reported(`SD of the ${what}`, whole.sd, `chi-square interval, exact for normal ${what}`, unit),
    ...sides.map((side) => withInterval(
      `${side} limit`, back(whole.limits[side]), taken(limit(side, asked)), intervals[asked].name, unit
    )),
    ...available.flatMap((kind) => sides.map((side) => withInterval(
      `${side} limit, ${kind} interval`, back(whole.limits[side]), taken(limit(side, kind)), intervals[kind].name, unit
    )))
  ];
  const labels = labelsOf(data);
  const abscissa = set.abscissa!;
  const first = id === "ratio" ? data.x : scaled.x;
  const second = id === "ratio" ? data.y : scaled.y;
  const along = abscissaOf(first, second, abscissa);
  const ratio = options.number("error-ratio");
  const checks: Check[] = [
    normalityCheck(differences, what), quantileCheck(differences, what),
    // The slope of a ratio on the mean is no proportional bias: the slope of the difference is.
    proportionalBiasCheck(first, second, abscissa),
    ...(ratio === null ? [] : [errorsInVariablesCheck(() => rowsTest(first, second, ratio))]),
    spreadCheck(along, differences, what, abscissa, id === "log"
      ? "logarithms do not even the spread out: take variant regression."
      : "take logarithms (variant log), or variant regression."),
    outlierCheck(differences, labels, what)
  ];
  return {
    n: whole.n, dropped: data.dropped, estimates, checks,
    warnings: [
      ...data.warnings,
      ...(id === "ratio" ? ["ratios are not symmetric in the methods: swapped, they give other limits"] : []),
      ...(ratio === null ? [] : [errorRatioMeaning(ratio)])
    ],
    citations: kinds.filter((kind) => available.includes(kind)).map((kind) => intervals[kind].citation)
  };
}

function runReplicates(request: MethodRequest, options: OptionReader): Body {
  const kind = onlyKind(options, "replicates", "mover");
  const data = replicates(request);
  const set = settings(request, options);
  const result = limitsOfReplicates(data.x, data.y, set);
  const x = data.x.map(meanOf);
  const y = data.y.map(meanOf);
  const ratio = options.number("error-ratio") ?? undefined;
  const {within} = result;
  const noDf = (side: "first" | "second") => within[side] === null ? "no replicates" : `on ${within[side].df} df`;
  const estimates = [
    reported("bias", result.bias,
      `mean of ${data.names[0]} - ${data.names[1]}, subjects' means; t interval on n - 1 df, exact for normal `
        + "differences"),
    reported("SD of a difference of single measurements", result.sd,
      `modified large-sample interval (approximate; ${covers("sd-replicates")})`),
    ...limitEstimates(result, kind, covers("limit-replicates")),
    alone("variance of the differences of means", result.meanDifferenceVariance, "a component: no interval"),
    alone("within-subject variance of x", within.first?.variance ?? 0, `${data.names[0]}, ${noDf("first")}`),
    alone("within-subject variance of y", within.second?.variance ?? 0, `${data.names[1]}, ${noDf("second")}`)
  ];
  return {
    n: result.n, dropped: data.dropped, estimates,
    checks: [
      ...meansChecks(x, y, result.differences, set.abscissa!, data),
      errorsInVariablesCheck(() => errorsInVariables(data.x, data.y, {errorRatio: ratio, level: set.level}))
    ],
    warnings: [
      ...data.warnings,
      ...(within.first === null || within.second === null
        ? ["one method has no replicates: its within-subject variance is part of the means' differences"] : [])
    ],
    citations: [ZOU, "Graybill and Wang 1980, Journal of the American Statistical Association 75, 869"]
  };
}

function runVarying(request: MethodRequest, options: OptionReader): Body {
  const kind = onlyKind(options, "varying", "mover");
  const data = replicates(request, {linked: true});
  const set = settings(request, options);
  const result = limitsOfVaryingValues(data.x, data.y, set);
  const x = data.x.map(meanOf);
  const y = data.y.map(meanOf);
  const negative = result.betweenVariance < 0;
  const estimates = [
    reported("bias", result.bias,
      `mean of all ${data.names[0]} - ${data.names[1]}; t interval on n - 1 df (approximate; `
        + `${covers("bias-varying")})`),
    reported("SD of the differences", result.sd,
      `modified large-sample interval (approximate; ${covers("sd-varying")})`),
    ...limitEstimates(result, kind, covers("limit-varying")),
    alone("mean square within subjects", result.withinMeanSquare, "of the differences"),
    alone("mean square between subjects", result.betweenMeanSquare, "of the differences"),
    alone("variance between subjects", result.betweenVariance,
      negative ? "negative, and shown so" : "of the differences")
  ];
  return {
    n: result.n, dropped: data.dropped, estimates,
    checks: meansChecks(x, y, x.map((value, i) => value - y[i]), set.abscissa!, data),
    warnings: [
      ...data.warnings,
      ...(negative ? ["the variance between subjects is estimated below 0: the SD is then that much smaller"] : [])
    ],
    citations: [ZOU, "Graybill and Wang 1980, Journal of the American Statistical Association 75, 869"]
  };
}

function runRegression(request: MethodRequest, options: OptionReader): Body {
  onlyKind(options, "regression", "approximate");
  const data = pairs(request);
  const set = settings(request, options);
  const result = limitsOfRegression(data.x, data.y, set);
  const note = (id: CoverageId) =>
    `least squares, t interval on n - 2 df (approximate; where the spread changes ${covers(id)})`;
  const sdNote = (id: CoverageId) => `from |residual| sqrt(pi/2) (approximate; ${covers(id)})`;
  const wanted = options.number("at");
  const places: [string, number][] = [
    ["the smallest", result.range.lower], ["the median", median(result.abscissa)], ["the largest", result.range.upper]
  ];
  if (wanted !== null) {
    checkFinite(wanted, "at");
    if (wanted < result.range.lower || wanted > result.range.upper) {
      throw new InputError({
        code: "out-of-range", field: "at", value: wanted,
        expected: `a size within the data, ${result.range.lower} to ${result.range.upper}`
      });
    }
    places.push([`${wanted}`, wanted]);
  }
  const estimates = [
    reported("bias line, intercept", result.bias.intercept, note("regression-intercept")),
    reported("bias line, slope", result.bias.slope, note("regression-slope")),
    reported("SD line, intercept", result.sd.intercept, sdNote("regression-sd-intercept")),
    reported("SD line, slope", result.sd.slope, sdNote("regression-sd-slope")),
    ...places.flatMap(([label, x]) => {
      const at = result.at(x);
      const what = (id: CoverageId) => `${set.abscissa} ${x}; approximate, ${covers(id)}`;
      const limit = what(label === "the median" ? "regression-limit-middle" : "regression-limit-end");
      return [
        reported(`bias at ${label} size`, at.bias, what("regression-bias")),
        reported(`lower limit at ${label} size`, at.lower, limit),
        reported(`upper limit at ${label} size`, at.upper, limit)
      ];
    })
  ];
  const standardized = result.differences.map((d, i) => {
    const at = result.abscissa[i];
    const bias = result.bias.intercept.value + result.bias.slope.value * at;
    return (d - bias) / (result.sd.intercept.value + result.sd.slope.value * at);
  });
  const what = "standardized residuals";
  return {
    n: result.n, dropped: data.dropped, estimates,
    checks: [
      normalityCheck(standardized, what), quantileCheck(standardized, what),
      proportionalBiasCheck(data.x, data.y, set.abscissa!),
      spreadCheck(result.abscissa, standardized, what, set.abscissa!,
        "the spread does not change in proportion: take logarithms."),
      outlierCheck(standardized, labelsOf(data), what)
    ],
    warnings: [...data.warnings, "no exact interval is known for these limits"],
    citations: []
  };
}

function limitEstimates(
  result: {limits: {lower: number; upper: number}; mover: {lower: Interval; upper: Interval}}, kind: IntervalKind,
  figure: string
): ReportedEstimate[] {
  return (["lower", "upper"] as const).map((side) => withInterval(
    `${side} limit`, result.limits[side], result.mover[side], `${kind}: MOVER (approximate; ${figure})`
  ));
}

/** Checks of designs with replicates, on the subjects' means, which are independent. */
function meansChecks(x: number[], y: number[], differences: number[], abscissa: Abscissa, data: Replicates): Check[] {
  const what = "differences of subjects' means";
  return [
    normalityCheck(differences, what), quantileCheck(differences, what), proportionalBiasCheck(x, y, abscissa),
    spreadCheck(abscissaOf(x, y, abscissa), differences, what, abscissa, "take logarithms of the measurements."),
    outlierCheck(differences, data.subjects.map((subject) => `subject ${subject}`), what)
  ];
}

/** The test on single measurements, whose error ratio is known from elsewhere. */
function rowsTest(x: Numbers, y: Numbers, errorRatio: number): ErrorsInVariables {
  return errorsInVariables(Array.from(x, (value) => [value]), Array.from(y, (value) => [value]), {errorRatio});
}

function labelsOf(data: Pairs): string[] {
  return data.subjects.map((subject, i) => `subject ${subject} (row ${data.cells.x[i].row})`);
}

function meanOf(row: readonly number[]): number {
  return row.reduce((a, b) => a + b) / row.length;
}
