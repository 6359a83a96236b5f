// What Deming regression and its weighted form share as methods: intervals by kind, resampling, report.
import {errorRatioMeaning} from "./deming.js";
import type {Estimate, Interval} from "./estimate.js";
import type {Check, Method, MethodReport, MethodRequest, ReportedEstimate, ResamplingTask} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, citationsOf, withInterval} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingTask, rowsOf} from "./resampling.js";
import type {Pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

type Kind = "exact" | "jackknife" | "bootstrap";
type Part = "slope" | "intercept";

/** A fitted line with what its report tells of it. */
export interface DemingFit {
  data: Pairs;
  /** Slope and intercept with their jackknife intervals. */
  line: {n: number; slope: Estimate; intercept: Estimate};
  /** What its intervals cover, in words. */
  covers: (part: Part, kind: "jackknife" | "bootstrap") => string;
  /** Exact interval of the slope, where the method has one; null: every slope is compatible with the data. */
  exactSlope?: {interval: Interval | null; note: string};
  checks: readonly Check[];
  citations?: readonly string[];
}

/** The resampling of a statistic of pairs that takes the error ratio, and perhaps further settings. */
export function demingResampling(
  method: Method, request: MethodRequest, statistic: string, read: () => Pairs,
  settings: Readonly<Record<string, number>> = {}
): ResamplingTask | null {
  const options = optionReader(method.options, request.options);
  return resamplingTask(options, () => {
    const {x, y} = read();
    return {statistic, ...rowsOf(x, y), settings: {errorRatio: options.needed("error-ratio"), ...settings}};
  });
}

/** The report of a line: the interval asked for first, then each kind; the intercept has no exact one. */
export function demingReport(
  method: Method, request: MethodRequest,
  {data, line, covers, exactSlope, checks, citations = []}: DemingFit
): MethodReport {
  const options = optionReader(method.options, request.options);
  const variant = variantOf(request, method.variants);
  const asked = options.text("interval") as Kind;
  const errorRatio = options.needed("error-ratio");
  const meaning = errorRatioMeaning(errorRatio);
  const drawn = {
    slope: drawnInterval(request.draws, "slope", asked), intercept: drawnInterval(request.draws, "intercept", asked)
  };
  const notes: Record<Kind, (part: Part) => string> = {
    exact: () => `${exactSlope?.note}; ${meaning}`,
    jackknife: (part) => `jackknife, t on n - 2 df (approximate; ${covers(part, "jackknife")}); ${meaning}`,
    bootstrap: (part) => `BCa bootstrap (approximate; ${covers(part, "bootstrap")}); ${meaning}`
  };
  const estimate = (name: Part, kind: Kind, suffix = ""): ReportedEstimate => {
    const {value} = line[name];
    const unit = name === "slope" ? "" : undefined;
    const interval = kind === "exact" ? exactSlope!.interval : kind === "jackknife" ? line[name] : drawn[name];
    return interval === null
      ? alone(`${name}${suffix}`, value, "every slope is compatible with these data at this level", unit)
      : withInterval(`${name}${suffix}`, value, interval, notes[kind](name), unit);
  };
  const kinds: Kind[] = ["jackknife", ...(drawn.slope === null ? [] : ["bootstrap" as const])];
  return {
    method: method.id,
    variant: variant.id,
    n: line.n,
    dropped: data.dropped,
    estimates: [
      estimate("slope", asked),
      estimate("intercept", asked === "exact" ? "jackknife" : asked),
      ...[...(exactSlope === undefined ? [] : ["exact" as const]), ...kinds]
        .map((kind) => estimate("slope", kind, `, ${kind} interval`)),
      ...kinds.map((kind) => estimate("intercept", kind, `, ${kind} interval`)),
      alone("error ratio", errorRatio, meaning, "")
    ],
    checks,
    warnings: [...data.warnings, meaning],
    citations: citationsOf(
      ...method.citations, variant.citation, ...citations, ...(drawn.slope === null ? [] : [BCA_CITATION])
    )
  };
}
