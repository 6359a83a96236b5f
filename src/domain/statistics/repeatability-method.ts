import {InputError} from "../errors.js";
import {asymmetricRepeatability} from "./asymmetric-repeatability.js";
import {covers, rejects, type CoverageId} from "./coverage.js";
import {drift} from "./drift.js";
import type {CoverageOptions, Estimate, Multiplier} from "./estimate.js";
import {linearModel} from "./linear-model.js";
import type {Check, Method, MethodRequest, OptionNeed, ReportedEstimate, Variant} from "./method.js";
import {
  minimalDetectableChange, standardErrorFromRepeats, standardErrorOfMeasurement
} from "./minimal-detectable-change.js";
import {oneWayLayout, type Repeats} from "./one-way-layout.js";
import {optionReader} from "./option-values.js";
import {percentRepeatabilityCoefficient} from "./percent-repeatability-coefficient.js";
import {repeatabilityCoefficient} from "./repeatability-coefficient.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask, rowsOf} from "./resampling.js";
import {normalityCheck} from "./sample-checks.js";
import {checkPositiveCells, repeats, type RepeatsTable} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";
import {
  logarithms, withinSubjectCv, type WithinSubjectCvInterval, type WithinSubjectCvVariant
} from "./within-subject-cv.js";
import {withinSubjectSd} from "./within-subject-sd.js";

const RAUNIG = "Raunig et al. 2015, doi:10.1177/0962280214537344";
const QUAN_SHIH = "Quan and Shih 1996, Biometrics 52, 1195";

const variants: readonly (Variant & {
  wcv: WithinSubjectCvVariant;
  interval: WithinSubjectCvInterval;
  /** What the interval of the wCV is worth, and that by bootstrap. */
  worth: string;
  bootstrap: CoverageId;
})[] = [
  {
    id: "root-mean-square", wcv: "root-mean-square", interval: "chi-square",
    worth: `chi-square interval (approximate; ${covers("wcv-root-mean-square")} with a wCV of .1)`,
    bootstrap: "wcv-root-mean-square-bootstrap",
    name: "wCV by root mean square, chi-square interval (approximate: takes means as known, good while wCV < .2; "
      + `${covers("wcv-root-mean-square")})`,
    citation: RAUNIG
  },
  {
    id: "wsd-over-mean", wcv: "wsd-over-mean", interval: "mover", bootstrap: "wcv-bootstrap",
    worth: `MOVER interval (approximate; ${covers("wcv-mover")})`,
    name: `wCV as wSD over mean, MOVER interval (approximate: ${covers("wcv-mover")})`,
    citation: `${QUAN_SHIH}; Donner and Zou 2012, doi:10.1177/0962280210383082`
  },
  {
    id: "wsd-over-mean-variance-stabilised", wcv: "wsd-over-mean", interval: "variance-stabilised",
    bootstrap: "wcv-bootstrap",
    worth: `variance-stabilised interval (approximate; ${covers("wcv-variance-stabilised")})`,
    name: "wCV as wSD over mean, variance-stabilised interval (approximate: "
      + `${covers("wcv-variance-stabilised")})`,
    citation: "Shoukri, Elkum and Walter 2006, doi:10.1186/1471-2288-6-24"
  },
  {
    id: "wsd-over-mean-delta", wcv: "wsd-over-mean", interval: "delta", bootstrap: "wcv-bootstrap",
    worth: `delta interval (approximate; ${covers("wcv-delta")})`,
    name: `wCV as wSD over mean, delta interval (approximate: ${covers("wcv-delta")})`,
    citation: QUAN_SHIH
  },
  {
    id: "logs", wcv: "logs", interval: "chi-square", bootstrap: "wcv-logs-bootstrap",
    worth: "chi-square interval, exact for log-normal errors",
    name: "wCV and asymmetric %RC from logarithms, chi-square interval (exact for log-normal errors)",
    citation: "Bland and Altman 1996, doi:10.1136/bmj.313.7049.106; Lodge 2017, Journal of Nuclear Medicine 58, 523"
  }
];

const options: readonly OptionNeed[] = [
  {
    id: "multiplier", kind: "choice", choices: ["z", "1.96"], default: "z",
    description: "multiplier of RC: the normal quantile, or rounded as many papers have it"
  },
  {id: "coverage", kind: "number", default: 0.95, description: "share of differences that RC covers"},
  {
    id: "scale", kind: "choice", choices: ["ratio", "interval"], default: "ratio",
    description: "interval for values that may be zero or negative: then there is no wCV and no %RC"
  },
  {
    id: "interval", kind: "choice", choices: ["analytic", "bootstrap"], default: "analytic",
    description: "analytic intervals of the variant, or BCa bootstrap of subjects (of wSD it "
      + `${covers("wsd-bootstrap")})`
  },
  ...resamplingOptions
];

/** Setting `wcv` of the core's statistic "repeatability": 0 none, 1 root-mean-square, 2 wsd-over-mean, 3 logs. */
const wcvCodes: Readonly<Record<WithinSubjectCvVariant, number>> = {"root-mean-square": 1, "wsd-over-mean": 2, logs: 3};

/** Repeatability of one measurement: wSD, wCV, RC, %RC, MDC and SEM, with drift between repeats apart. */
export const repeatabilityMethod: Method = {
  id: "repeatability",
  name: "Repeatability (test-retest)",
  summary: "Within-subject SD and CV, repeatability coefficient, minimal detectable change, drift between repeats",
  variants,
  columns: [
    {
      role: "subject", required: false,
      description: "who was measured; needed for a long table (a row for each repeat)"
    },
    {role: "value", required: true, many: true, description: "the values: one column, or one for each repeat"},
    {role: "repeat", required: false, description: "label of the repeat in a long table; else the order of rows"}
  ],
  options,
  citations: [
    "Bland and Altman 1996, doi:10.1136/bmj.312.7047.1654", RAUNIG, "Weir 2005, doi:10.1519/15184.1"
  ],
  resampling(request) {
    const asked = optionReader(options, request.options);
    const ratio = asked.text("scale") === "ratio";
    return resamplingTask(asked, () => {
      const {wcv} = variantOf(request, variants);
      const found = repeats(request);
      if (ratio) checkRatioScale(request, found, wcv);
      return repeatabilityRows(found.values, ratio ? wcv : null);
    });
  },
  run(request) {
    const asked = optionReader(options, request.options);
    const variant = variantOf(request, variants);
    const ratio = asked.text("scale") === "ratio";
    const found = repeats(request);
    const {values} = found;
    if (ratio) checkRatioScale(request, found, variant.wcv);
    else if (variant.wcv === "logs") {
      throw new InputError({
        code: "unknown-choice", field: "scale", value: "interval", expected: "ratio, since logarithms need values > 0"
      });
    }
    const coverage: CoverageOptions = {
      level: request.level, coverage: asked.needed("coverage"), multiplier: asked.text("multiplier") as Multiplier
    };
    const cvOptions = {...coverage, variant: variant.wcv, interval: variant.interval};
    const layout = oneWayLayout(values);
    const wsd = withinSubjectSd(values, coverage);
    const rc = repeatabilityCoefficient(values, coverage);
    const wcv = ratio ? withinSubjectCv(values, cvOptions) : null;
    const percentRc = ratio && variant.wcv !== "logs" ? percentRepeatabilityCoefficient(values, cvOptions) : null;
    const logRc = variant.wcv === "logs" ? asymmetricRepeatability(values, coverage) : null;
    const {draws} = request;
    const interval = asked.text("interval");
    // RC, %RC and SEM are multiples of wSD and wCV, so their bootstrap intervals are the same multiples.
    const bootstrap = (name: "wSD" | "wCV", one: Estimate, base: Estimate): Estimate => {
      const drawn = drawnInterval(draws, name, interval);
      if (drawn === null) return one;
      const factor = one.value / base.value;
      return {value: one.value, lower: factor * drawn.lower, upper: factor * drawn.upper, level: drawn.level};
    };
    const bootstrapNote = (id: CoverageId) => `BCa bootstrap of subjects (approximate; ${covers(id)})`;
    const note = draws === undefined ? "chi-square interval, exact for normal errors of one SD"
      : bootstrapNote("wsd-bootstrap");
    const cvNote = draws === undefined ? variant.worth : bootstrapNote(variant.bootstrap);
    const percentOf = (one: Estimate): Estimate => scaled(one, 100);
    const estimates: ReportedEstimate[] = [
      alone("mean", layout.mean, "mean of the subjects' means; describes these subjects, so without interval"),
      reported("wSD", bootstrap("wSD", wsd, wsd), note)
    ];
    if (wcv !== null) estimates.push(reported("wCV", percentOf(bootstrap("wCV", wcv, wcv)), cvNote, "%"));
    estimates.push(reported("RC", bootstrap("wSD", rc, wsd), note));
    if (percentRc !== null) estimates.push(reported("%RC", bootstrap("wCV", percentRc, wcv!), cvNote, "%"));
    if (logRc !== null) {
      const text = "of the first value; exact for log-normal errors, from the analytic interval of the log SD";
      estimates.push(reported("%RC decrease", logRc.decrease, text, "%"));
      estimates.push(reported("%RC increase", logRc.increase, text, "%"));
    }
    estimates.push(
      reported("MDC", bootstrap("wSD", minimalDetectableChange(values, coverage), wsd),
        `the same number as RC, under the name of clinimetrics; ${note}`),
      reported("SEM from wSD", bootstrap("wSD", standardErrorOfMeasurement(values, coverage), wsd), note),
      alone("SEM from ICC", standardErrorFromRepeats(values),
        "SD of all measurements times sqrt(1 - ICC(1,1)); without interval")
    );
    const checks: Check[] = [];
    const complete = found.grid.filter((row) => row.every((value) => value !== null)) as number[][];
    if (complete.length >= 2) {
      const between = drift(complete, coverage);
      between.steps.forEach((step, k) => {
        const name = `drift ${found.labels[k + 1]} - ${found.labels[0]}`;
        estimates.push(reported(name, step, "mean difference; paired t, exact for normal differences"));
      });
      estimates.push(reported("wSD without drift", between.wsdWithoutDrift,
        `on ${between.df2} degrees of freedom, ${between.subjects} subjects with all repeats; exact for normal `
          + "errors"));
      checks.push({
        id: "drift", name: "no drift between repeats", statistic: between.f, p: between.p, passed: between.p >= 0.05,
        advice: "If it fails, repeats differ on average (practice, contrast left over, scanner warming up): say so, "
          + "and report wSD with and without the drift; a user meets the one with it. Few subjects hide a drift; with "
          + "more than two repeats the F test supposes equal correlations between them. Without a repeat column the "
          + "order of rows is taken as the order of measurement."
      });
    }
    checks.push(normality(found, variant.wcv === "logs"), ...spread(layout.subjectMeans, layout.subjectVariances,
      variant.wcv === "wsd-over-mean" || !ratio));
    const warnings = [...found.warnings];
    if (layout.withinDf < 10) {
      warnings.push(`${layout.withinDf} degrees of freedom only: the upper end of RC is `
        + `${(rc.upper / rc.value).toFixed(2)} times its value`);
    }
    if (wcv !== null && variant.wcv === "root-mean-square" && wcv.value > 0.2) {
      warnings.push("wCV is above 20 %: the root-mean-square interval takes the subjects' means as known and is too "
        + "narrow here; use the variant logs");
    }
    return {
      method: this.id, variant: variant.id, n: layout.subjects, dropped: found.dropped, estimates, checks, warnings,
      citations: citationsOf(variant.citation, ...this.citations, ...(draws === undefined ? [] : [BCA_CITATION]))
    };
  }
};

/**
 * Rows for the core's statistic "repeatability": subjects as rows of K_i - 1, the subject's sum of squares, its mean,
 * and its term of the wCV (root-mean-square: sum of squares over squared mean; logs: sum of squares of logarithms; else
 * 0).
 * It gives "mean", "wSD" and "wCV": the mean of the means, sqrt(sum of squares / sum of K_i - 1), and with setting
 * `wcv` 1 the root of the terms' sum over the sum of K_i - 1, with 2 wSD over mean, with 3 sqrt(exp(r) - 1) of the
 * ratio r whose root 1 takes, with 0 none.
 *
 * @param variant of the wCV; null for none
 */
export function repeatabilityRows(values: Repeats, variant: WithinSubjectCvVariant | null) {
  const {subjectDf, subjectVariances, subjectMeans} = oneWayLayout(values);
  const logs = variant === "logs" ? oneWayLayout(logarithms(values)) : null;
  const squares = subjectDf.map((df, i) => df * subjectVariances[i]);
  const terms = squares.map((square, i) => {
    if (logs !== null) return logs.subjectDf[i] * logs.subjectVariances[i];
    return variant === "root-mean-square" ? square / (subjectMeans[i] * subjectMeans[i]) : 0;
  });
  return {
    statistic: "repeatability", ...rowsOf(subjectDf, squares, subjectMeans, terms),
    settings: {wcv: variant === null ? 0 : wcvCodes[variant]}
  };
}

function checkRatioScale(request: MethodRequest, found: RepeatsTable, variant: WithinSubjectCvVariant): void {
  if (variant === "logs") {
    checkPositiveCells(request.table, found.values.flat(), found.cells.flat(), "logarithms");
    return;
  }
  found.values.forEach((row, i) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    if (mean > 0) return;
    const {row: at, column} = found.cells[i][0];
    throw new InputError({
      code: "not-ratio-scale", file: request.table.file,
      field: `mean of subject ${found.subjects[i]} (row ${at}, column ${column})`, value: mean,
      expected: "a mean > 0, since wCV divides by it (scale interval leaves wCV out)"
    });
  });
}

/** Normality of what repeats differ by. */
function normality(found: RepeatsTable, logs: boolean): Check {
  const {what, values, independent} = repeatErrors(found.values, logs);
  const check = normalityCheck(values, what);
  if (independent) return check;
  return {...check, advice: `${check.advice} Deviations of one subject are correlated, so p is approximate.`};
}

/**
 * What repeats differ by: differences (two repeats of all), or deviations from the subjects' means (more), scaled so
 * that every deviation has the variance of the errors.
 */
export function repeatErrors(
  repeated: readonly (readonly number[])[], logs: boolean
): {what: string; values: number[]; independent: boolean} {
  const values = logs ? logarithms(repeated) : repeated;
  const scale = logs ? " of logarithms" : "";
  if (values.every((row) => row.length === 2)) {
    return {what: `differences${scale}`, values: values.map((row) => row[1] - row[0]), independent: true};
  }
  const deviations = values.flatMap((row) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    return row.map((value) => (value - mean) / Math.sqrt(1 - 1 / row.length));
  });
  return {what: `deviations${scale} from the subjects' means`, values: deviations, independent: false};
}

/** Whether the subjects' SD depends on their mean: regression of SD (constant wanted) or CV on the mean. */
function spread(means: readonly number[], variances: readonly number[], constantSd: boolean): Check[] {
  if (means.length < 4) return [];
  const response = variances.map((variance, i) => constantSd ? Math.sqrt(variance) : Math.sqrt(variance) / means[i]);
  const varies = (values: readonly number[]) => values.some((value) => value !== values[0]);
  if (!varies(means) || !varies(response)) return [];
  const slope = linearModel([{name: "mean", values: means}], response).coefficients[1];
  return [{
    id: "spread", name: `${constantSd ? "wSD" : "wCV"} does not depend on the mean (regression on the subjects' means)`,
    statistic: slope.t, p: slope.p, passed: slope.p >= 0.05,
    advice: constantSd
      ? "If it fails, wSD and RC are too large for some subjects and too small for others: use wCV and %RC (variants "
        + "root-mean-square or logs). A narrow range of means tells nothing; one extreme subject can decide it. A wSD "
        + `that is constant fails it in ${rejects("wsd-spread-test")}.`
      : "If it fails, wCV and %RC are too large for some subjects and too small for others: use wSD and RC (variant "
        + "wsd-over-mean). A narrow range of means tells nothing; one extreme subject can decide it. A wCV that is "
        + `constant fails it in ${rejects("wcv-spread-test")}.`
  }];
}

function scaled({value, lower, upper, level}: Estimate, factor: number): Estimate {
  return {value: factor * value, lower: factor * lower, upper: factor * upper, level};
}
