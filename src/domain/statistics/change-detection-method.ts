import {exp, ln} from "../../generated/vendor/special.js";
import {InputError} from "../errors.js";
import {rowNumber} from "../row-number.js";
import {changeDetection, changePosterior, type ChangePrior} from "./change-detection.js";
import {covers} from "./coverage.js";
import type {Estimate} from "./estimate.js";
import type {Method, MethodRequest} from "./method.js";
import {optionReader, type OptionReader, type OptionValues} from "./option-values.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {
  checkPositiveCells, columnsFor, hasColumn, numericColumn, swappedUnits, textColumn, type Dropped
} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const RAUNIG = "Raunig et al. 2015, doi:10.1177/0962280214537344";

/** Whether measured changes are real, subject by subject, given the repeatability of the measurement. */
export const changeMethod: Method = {
  id: "change-detection",
  name: "Detection of change",
  summary: "The confidence with which each subject's change exceeds measurement error, and with a prior the "
    + "probability that it is real",
  variants: [
    {id: "difference", name: "difference of the two measurements, wSD in their unit", citation: RAUNIG},
    {
      id: "log", name: "ratio of the two measurements, wSD of their logarithms",
      citation: "Bland and Altman 1996, doi:10.1136/bmj.313.7049.106"
    }
  ],
  columns: [
    {role: "x", required: true, description: "first measurement"},
    {role: "y", required: true, description: "second measurement, in the same unit"},
    {role: "subject", required: false, description: "label of each subject"}
  ],
  options: [
    {
      id: "within-sd", kind: "number",
      description: "within-subject SD of one measurement (variant log: of its natural logarithm)"
    },
    {id: "df", kind: "number", description: "degrees of freedom behind within-sd, n(K - 1); left out: taken as known"},
    {id: "coverage", kind: "number", default: 0.95, description: "share of differences that RC covers"},
    {
      id: "prior-sd", kind: "number",
      description: "prior SD of the true change (variant log: of its logarithm); left out: no probability"
    },
    {id: "prior-mean", kind: "number", default: 0, description: "prior mean of the true change"},
    {
      id: "prior-probability", kind: "number", default: 1,
      description: "prior probability that there is a change at all"
    },
    {
      id: "margin", kind: "number", default: 0,
      description: "smallest true change that matters, in the direction measured"
    }
  ],
  citations: [RAUNIG, "Bland and Altman 1999, doi:10.1177/096228029900800204"],
  run(request) {
    const {table} = request;
    const options = optionReader(this.options, request.options);
    const {id: variant, citation} = variantOf(request, this.variants);
    const withinSd = options.needed("within-sd");
    const df = options.number("df");
    const prior = priorOf(options, request.options);
    const margin = options.needed("margin");
    const level = request.level ?? 0.95;
    const coverage = options.needed("coverage");
    const [x, y] = (["x", "y"] as const).map((role) => {
      const column = columnsFor(request, role, 1, 1)[0];
      return {column, ...numericColumn(table, column, role)};
    });
    const labels = subjectsOf(request);
    if (variant === "log") {
      for (const {column, values, rows} of [x, y]) {
        checkPositiveCells(table, values, rows.map((row) => ({row: rowNumber(row), column})), "logarithms");
      }
    }
    const dropped: Dropped[] = [...x.dropped, ...y.dropped];
    const second = new Map(y.rows.map((row, i) => [row, y.values[i]]));
    const rows = x.rows.map((row, i) => ({row, before: x.values[i], after: second.get(row)}))
      .filter((one): one is {row: number; before: number; after: number} => one.after !== undefined);
    if (rows.length === 0) {
      throw new InputError({
        code: "too-few-subjects", file: table.file, field: "complete pairs", value: 0, expected: "at least 1 subject"
      });
    }
    // Changes of logarithms are shown in percent.
    const show = (value: number) => variant === "log" ? 100 * (exp(value) - 1) : value;
    const shown = ({value, lower, upper, level}: Estimate): Estimate =>
      ({value: show(value), lower: show(lower), upper: show(upper), level});
    const unit = variant === "log" ? "%" : undefined;
    const intervalNote = df !== null ? "t interval on df, exact for normal errors"
      : "exact for normal errors if within-sd is the true one; with one estimated from n subjects measured twice it "
        + `${covers("change-known")}: give df`;
    const estimates = rows.flatMap(({row, before, after}) => {
      const named = (what: string) => `${what} (${labels?.[row] ?? `row ${rowNumber(row)}`})`;
      const change = variant === "log" ? ln(after / before) : after - before;
      const result = changeDetection(change, withinSd, {level, df, coverage});
      const list = [
        reported(named("change"), shown(result.change), `${y.column} minus ${x.column}; ${intervalNote}`, unit),
        alone(named("confidence of a change"), result.confidence, "share of unchanged pairs that differ by less")
      ];
      if (result.exceedsTrueCoefficient !== null) {
        list.push(alone(named("confidence that the change exceeds RC"), result.exceedsTrueCoefficient,
          "RC being estimated on df degrees of freedom"));
      }
      if (prior === null) return list;
      const posterior = changePosterior(change, withinSd, prior, {level, margin});
      if (prior.probability < 1) {
        list.push(
          alone(named("probability of a true change"), posterior.probability, "posterior, by the prior stated")
        );
      }
      list.push(
        alone(named("probability that the change is real"), posterior.beyondMargin,
          "posterior: a true change in the direction measured, beyond the margin"),
        reported(named("true change"), shown(posterior.change),
          `posterior ${variant === "log" ? "median" : "mean"} and interval, given a true change`, unit)
      );
      return list;
    });
    const coefficient = changeDetection(0, withinSd, {level, df, coverage}).repeatabilityCoefficient;
    const units = swappedUnits(rows.map(({before}) => before), rows.map(({after}) => after), [x.column, y.column]);
    return {
      method: this.id,
      variant,
      n: rows.length,
      dropped,
      estimates: [
        ...(variant === "log" ? [
          alone("RC, increase", show(coefficient), "of within-sd as given", "%"),
          alone("RC, decrease", show(-coefficient), "of within-sd as given", "%")
        ] : [alone("RC", coefficient, "of within-sd as given")]),
        ...estimates
      ],
      checks: [],
      warnings: [
        ...(units === null ? [] : [units]),
        ...(df === null ? ["within-sd is taken as known: give df to allow for its own uncertainty"] : []),
        ...(prior !== null && df !== null ? ["the posterior takes within-sd as known"] : []),
        ...(rows.length > 1 ? [`${rows.length} changes are judged one by one: some exceed RC by chance alone`] : [])
      ],
      citations: citationsOf(...this.citations, citation)
    };
  }
};

/** The prior that the options state; null without its SD. @throws InputError when part of a prior comes without SD */
function priorOf(options: OptionReader, given: OptionValues = {}): Required<ChangePrior> | null {
  const sd = options.number("prior-sd");
  if (sd !== null) return {sd, mean: options.needed("prior-mean"), probability: options.needed("prior-probability")};
  if (["prior-mean", "prior-probability", "margin"].some((id) => id in given)) options.needed("prior-sd");
  return null;
}

/** Labels of the subjects by row, each once; null without such a column. */
function subjectsOf(request: MethodRequest): (string | null)[] | null {
  if (!hasColumn(request, "subject")) return null;
  const column = columnsFor(request, "subject", 1, 1)[0];
  const labels = textColumn(request.table, column, "subject");
  labels.forEach((label, i) => {
    if (label === null || labels.indexOf(label) === i) return;
    throw new InputError({
      code: "duplicate-key", file: request.table.file, field: `row ${rowNumber(i)}, column ${column}`, value: label,
      expected: `one pair of each subject; row ${labels.indexOf(label) + 2} has it already`
    });
  });
  return labels;
}
