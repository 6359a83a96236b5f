import {ln} from "../../generated/vendor/special.js";
import {rowNumber} from "../row-number.js";
import {abscissaOf, type Abscissa} from "./bias-and-limits.js";
import {blandAltmanMethod} from "./bland-altman-method.js";
import type {Interval, Multiplier} from "./estimate.js";
import {readLevels} from "./linearity-method.js";
import {limitsOfRegression} from "./limits-regression.js";
import type {MethodReport, MethodRequest} from "./method.js";
import {normalQuantiles} from "./normal-quantiles.js";
import {oneWayLayout} from "./one-way-layout.js";
import {optionReader} from "./option-values.js";
import {lineResiduals} from "./regression-parts.js";
import {repeatErrors} from "./repeatability-method.js";
import {predictSurface, type ResponseSurface} from "./response-surface.js";
import {fitSurface} from "./response-surface-method.js";
import {rocCurve, type MarkerDirection} from "./roc.js";
import {readMarkers} from "./roc-method.js";
import {mean, standardDeviation} from "./summaries.js";
import {columnsFor, observations, pairs, repeats, replicates} from "./table-layouts.js";

/** A value with its interval. */
export type Ends = Omit<Interval, "level"> & {value: number};

/** Differences (or ratios) of two methods against their size, with bias and limits. */
export interface DifferenceFigure {
  kind: "differences";
  names: readonly [string, string];
  scale: "difference" | "ratio";
  abscissa: Abscissa;
  points: {subject: string; at: number; difference: number}[];
  /** Horizontal limits by kind of interval, the one in the first place first; empty where they are sloped. */
  limits: Record<string, {bias: Ends; lower: Ends; upper: Ends}>;
  /** Bias and limits as straight lines over the data's range; empty where they are horizontal. */
  lines: {line: string; points: {at: number; value: number}[]}[];
}

/** One variable against another, perhaps with a line. */
export interface PairsFigure {
  kind: "pairs";
  names: readonly [string, string];
  points: {subject: string; x: number; y: number}[];
  line: {intercept: number; slope: number} | null;
  /** Whether both are the same quantity, so that x = y means something. */
  identity: boolean;
}

/** Every subject from repeat to repeat. */
export interface RepeatsFigure {
  kind: "repeats";
  labels: readonly string[];
  rows: {subject: string; repeat: string; value: number}[];
}

/** Values by the levels of a factor. */
export interface LevelsFigure {
  kind: "levels";
  value: string;
  factor: string;
  /** Factor told by colour, where there is a second one. */
  inner: string | null;
  rows: {level: string; inner: string; value: number; row: number}[];
}

/** Sensitivity against 1 - specificity. */
export interface RocFigure {
  kind: "roc";
  curves: {marker: string; points: {threshold: number; sensitivity: number; falsePositiveRate: number}[]}[];
}

/** Ordered values against normal quantiles. */
export interface QuantileFigure {
  kind: "quantiles";
  what: string;
  points: {subject: string; theoretical: number; sample: number}[];
  /** Mean and SD of the values. */
  line: {intercept: number; slope: number};
}

/** What a fit leaves, against a size. */
export interface ResidualFigure {
  kind: "residuals";
  against: string;
  /** Empty where residuals are relative to the size. */
  what: string;
  points: {subject: string; x: number; residual: number}[];
}

/** Estimates with their intervals under one another. */
export interface IntervalFigure {
  kind: "intervals";
  title: string;
  quantity: string;
  unit: string;
  reference: {value: number; label: string} | null;
  rows: ({label: string; group: string} & Ends)[];
}

/** A fitted response over two of its factors, the others held. */
export interface SurfaceSlice {
  names: readonly [string, string];
  /** Where the other factors are held: at the stationary point where it lies within the data, else in their middle. */
  held: {name: string; value: number}[];
  /** `values[j * xs.length + i]` is the fitted response at `xs[i]`, `ys[j]`, in the first block. */
  xs: number[];
  ys: number[];
  values: number[];
  /** The runs, each at the slice's response plus its own residual. */
  points: {subject: string; x: number; y: number; value: number}[];
  /** Where it lies within the data of both factors. */
  stationary: {x: number; y: number} | null;
}

/** A fitted second-order surface: a slice for each two of its factors. */
export interface SurfaceFigure {
  kind: "surface";
  response: string;
  /** What the stationary point is; null where there is none. */
  stationary: "maximum" | "minimum" | "saddle" | null;
  slices: SurfaceSlice[];
}

export type MethodFigure = DifferenceFigure | PairsFigure | RepeatsFigure | LevelsFigure | RocFigure | QuantileFigure
  | ResidualFigure | IntervalFigure | SurfaceFigure;

type Draw = (request: MethodRequest, report: MethodReport) => MethodFigure[];

/** What is worth seeing of each method, by its id. */
const figures: Readonly<Record<string, Draw>> = {
  repeatability: repeatabilityFigures,
  reproducibility: (request) => [levelsFigure(request)],
  "bland-altman": agreementFigures,
  icc: (request) => [repeatsFigure(request)],
  ccc: (request) => {
    const data = pairs(request);
    const differences = Array.from(data.x, (value, i) => value - data.y[i]);
    return [
      pairsFigure(data, null, true),
      quantileFigure(`${data.names[0]} - ${data.names[1]}`, differences, data.subjects)
    ];
  },
  ols: (request, report) => lineFigures(request, report, 0),
  deming: (request, report) => lineFigures(request, report, valueOf(report, "error ratio")),
  "weighted-deming": (request, report) => lineFigures(request, report, valueOf(report, "error ratio"), Math.abs),
  "passing-bablok": (request, report) => lineFigures(request, report, 1),
  linearity: linearityFigures,
  roc: (request) => [rocFigure(request, columnsFor(request, "x"), [direction(request, "direction")])],
  "roc-compare": (request) => [rocFigure(request, [...columnsFor(request, "x"), ...columnsFor(request, "y")],
    [direction(request, "direction"), direction(request, "second-direction")])],
  "change-detection": changeFigures,
  "response-surface": surfaceFigures
};

/**
 * The data of the figures that show what a method did, for whatever draws them.
 *
 * @param request what the method was asked
 * @param report what it answered
 * @throws InputError as the method itself does
 */
export function methodFigures(request: MethodRequest, report: MethodReport): MethodFigure[] {
  return figures[report.method]?.(request, report) ?? [];
}

function find(report: MethodReport, name: string) {
  return report.estimates.find((one) => one.name === name) ?? null;
}

function valueOf(report: MethodReport, name: string): number {
  return find(report, name)!.value;
}

/** An estimate with both ends, or null. */
function endsOf(report: MethodReport, name: string): Ends | null {
  const one = find(report, name);
  return one === null || one.lower === null || one.upper === null ? null
    : {value: one.value, lower: one.lower, upper: one.upper};
}

function agreementFigures(request: MethodRequest, report: MethodReport): MethodFigure[] {
  const options = optionReader(blandAltmanMethod.options, request.options);
  const abscissa = options.text("abscissa") as Abscissa;
  const {variant} = report;
  const grouped = variant === "replicates" || variant === "varying";
  const whole = grouped ? replicates(request, {linked: variant === "varying"}) : pairs(request);
  const means = (rows: readonly (readonly number[])[]) => rows.map((row) => mean(row));
  const [x, y] = grouped ? [means(whole.x as number[][]), means(whole.y as number[][])]
    : [Array.from(whole.x as Float64Array), Array.from(whole.y as Float64Array)];
  const scale = variant === "log" || variant === "ratio" ? "ratio" : "difference";
  const difference = (i: number) => scale === "ratio" ? x[i] / y[i] : x[i] - y[i];
  // The mean of two logarithms is the logarithm of their geometric mean.
  const at = variant === "log" && abscissa === "mean" ? x.map((value, i) => Math.sqrt(value * y[i]))
    : abscissaOf(x, y, abscissa);
  const points = whole.subjects.map((subject, i) => ({subject, at: at[i], difference: difference(i)}));
  const bias = endsOf(report, "bias");
  const limits: DifferenceFigure["limits"] = {};
  const take = (kind: string, suffix: string) => {
    const [lower, upper] = [endsOf(report, `lower limit${suffix}`), endsOf(report, `upper limit${suffix}`)];
    if (bias !== null && lower !== null && upper !== null) limits[kind] = {bias, lower, upper};
  };
  const kinds = report.estimates.map(({name}) => /^lower limit, (\S+) interval$/.exec(name)?.[1])
    .filter((kind) => kind !== undefined);
  const asked = options.text("interval") ?? (kinds.length === 0 ? "mover" : kinds[0]);
  take(asked, "");
  for (const kind of kinds) if (kind !== asked) take(kind, `, ${kind} interval`);
  const lines: DifferenceFigure["lines"] = [];
  let tested = variant === "log" ? x.map((value, i) => ln(value) - ln(y[i])) : points.map((point) => point.difference);
  let what = variant === "log" ? "differences of logarithms" : scale === "ratio" ? "ratios" : "differences";
  if (variant === "regression") {
    const fit = limitsOfRegression(x, y, {
      level: request.level, abscissa, coverage: options.needed("coverage"),
      multiplier: options.text("multiplier") as Multiplier
    });
    const ends = [fit.range.lower, fit.range.upper].map((size) => ({size, ...fit.at(size)}));
    for (const [line, key] of [["Upper limit", "upper"], ["Bias", "bias"], ["Lower limit", "lower"]] as const) {
      lines.push({line, points: ends.map((end) => ({at: end.size, value: end[key].value}))});
    }
    tested = points.map((point) => {
      const {bias: centre, upper, lower} = fit.at(point.at);
      return (point.difference - centre.value) / (upper.value - lower.value);
    });
    what = "differences over the width of the limits";
  }
  const quantity = scale === "ratio" ? "ratio" : "difference";
  const sides = Object.entries(limits).flatMap(([kind, one]) => (["lower", "upper"] as const).map((side) =>
    ({label: kind, group: `${side === "lower" ? "Lower" : "Upper"} limit`, ...one[side]})));
  return [
    {kind: "differences", names: whole.names, scale, abscissa, points, limits, lines},
    ...(sides.length <= 2 ? [] : [{
      kind: "intervals" as const, title: "Intervals of the limits, side by side", quantity: `Limit of the ${quantity}`,
      unit: "", rows: sides,
      reference: scale === "ratio" ? {value: 1, label: "equal"} : {value: 0, label: "no difference"}
    }]),
    ...(grouped ? [] : [pairsFigure(whole as ReturnType<typeof pairs>, null, true)]),
    quantileFigure(what, tested, whole.subjects)
  ];
}

function pairsFigure(data: ReturnType<typeof pairs>, line: PairsFigure["line"], identity: boolean): PairsFigure {
  const points = data.subjects.map((subject, i) => ({subject, x: data.x[i], y: data.y[i]}));
  return {kind: "pairs", names: data.names, points, line, identity};
}

function lineOf(report: MethodReport) {
  return {intercept: valueOf(report, "intercept"), slope: valueOf(report, "slope")};
}

function lineFigures(
  request: MethodRequest, report: MethodReport, errorRatio: number, residualScale?: (size: number) => number
): MethodFigure[] {
  const data = pairs(request);
  const line = lineOf(report);
  const residuals = lineResiduals(data, line, errorRatio, residualScale);
  const what = residualScale === undefined ? "Residual" : "Residual over size";
  return [
    pairsFigure(data, line, true),
    residualFigure(what, `${data.names[0]} at the line`, data.subjects, residuals.map(({size}) => size),
      residuals.map(({residual}) => residual)),
    quantileFigure("residuals", residuals.map(({residual}) => residual), data.subjects)
  ];
}

function residualFigure(
  what: string, against: string, subjects: readonly string[], x: readonly number[], values: readonly number[]
): ResidualFigure {
  return {
    kind: "residuals", what, against,
    points: values.map((residual, i) => ({subject: subjects[i], x: x[i], residual}))
  };
}

/** Values that are all the same have no line. */
function quantileFigure(what: string, values: readonly number[], subjects: readonly string[]): QuantileFigure {
  const points = normalQuantiles(values).map(({index, theoretical, sample}) =>
    ({subject: subjects[index], theoretical, sample}));
  return {kind: "quantiles", what, points, line: {intercept: mean(values), slope: standardDeviation(values)}};
}

function repeatsFigure(request: MethodRequest): RepeatsFigure {
  const {subjects, labels, grid} = repeats(request);
  return {
    kind: "repeats", labels,
    rows: grid.flatMap((row, i) => row.flatMap((value, k) =>
      value === null ? [] : [{subject: subjects[i], repeat: labels[k], value}]))
  };
}

function repeatabilityFigures(request: MethodRequest, report: MethodReport): MethodFigure[] {
  const {values, subjects} = repeats(request);
  const {subjectMeans, subjectVariances} = oneWayLayout(values);
  const {what, values: errors, independent} = repeatErrors(values, report.variant === "logs");
  const labels = independent ? subjects : values.flatMap((row, i) => row.map(() => subjects[i]));
  return [
    repeatsFigure(request),
    {
      kind: "pairs", names: ["mean of the subject", "SD within the subject"], line: null, identity: false,
      points: subjects.map((subject, i) => ({subject, x: subjectMeans[i], y: Math.sqrt(subjectVariances[i])}))
    },
    quantileFigure(what, errors, labels)
  ];
}

function levelsFigure(request: MethodRequest): LevelsFigure {
  const {values, factors, levels, cells} = observations(request);
  return {
    kind: "levels", value: columnsFor(request, "value", 1, 1)[0], factor: factors[0], inner: factors[1] ?? null,
    rows: levels.map((level, i) => ({level: level[0], inner: level[1] ?? "", value: values[i], row: cells[i].row}))
  };
}

function linearityFigures(request: MethodRequest, report: MethodReport): MethodFigure[] {
  const {x, y, labels} = readLevels(request);
  const line = lineOf(report);
  const residuals = lineResiduals({x: Float64Array.from(x), y: Float64Array.from(y)}, line, 0);
  const [xName, yName] = [columnsFor(request, "x")[0], columnsFor(request, "y")[0]];
  const biases = report.estimates.flatMap(({name, value, lower, upper}) =>
    name.startsWith("bias at ") && lower !== null && upper !== null
      ? [{label: name.slice("bias at ".length), group: "", value, lower, upper}] : []);
  return [
    {
      kind: "pairs", names: [xName, yName], line, identity: true,
      points: x.map((value, i) => ({subject: labels[i], x: value, y: y[i]}))
    },
    ...(biases.length === 0 ? [] : [{
      kind: "intervals" as const, title: "Bias at each level", quantity: `${yName} - ${xName}`, unit: "",
      reference: {value: 0, label: "no bias"}, rows: biases
    }]),
    residualFigure("Residual", xName, labels, x, residuals.map(({residual}) => residual)),
    quantileFigure("residuals", residuals.map(({residual}) => residual), labels)
  ];
}

function direction(request: MethodRequest, id: string): MarkerDirection {
  return (request.options?.[id] ?? request.options?.direction ?? "higher") as MarkerDirection;
}

/** Curves of the subjects that each marker alone (ROC) or all markers (comparison) were analysed on. */
function rocFigure(
  request: MethodRequest, markers: readonly string[], directions: readonly MarkerDirection[]
): RocFigure {
  const positive = request.options?.positive === undefined ? null : String(request.options.positive);
  const paired = directions.length > 1;
  return {
    kind: "roc",
    curves: markers.map((marker, k) => {
      const data = readMarkers(request, paired ? markers : [marker], positive);
      const curve = rocCurve(data.markers[paired ? k : 0], data.positive, {direction: directions[k] ?? directions[0]});
      return {
        marker,
        points: curve.points.map(({threshold, sensitivity, specificity}) =>
          ({threshold, sensitivity, falsePositiveRate: 1 - specificity}))
      };
    })
  };
}

function changeFigures(_request: MethodRequest, report: MethodReport): MethodFigure[] {
  const changes = report.estimates.flatMap(({name, value, lower, upper, unit}) => {
    const label = /^change \((.*)\)$/.exec(name)?.[1];
    return label === undefined || lower === null || upper === null ? []
      : [{label, group: "", value, lower, upper, unit: unit ?? ""}];
  });
  return [{
    kind: "intervals", title: "Change of each subject", quantity: "Change", unit: changes[0]?.unit ?? "",
    reference: {value: 0, label: "no change"}, rows: changes.map(({unit: _unit, ...row}) => row)
  }];
}

function surfaceFigures(request: MethodRequest): MethodFigure[] {
  const {surface, values, names, kept} = fitSurface(request);
  const {model} = surface;
  const labels = kept.map((i) => `row ${rowNumber(i)}`);
  return [
    ...(names.length < 2 ? [] : [surfaceFigure(surface, columnsFor(request, "response")[0], values, labels)]),
    residualFigure("Residual", "fitted response", labels, model.fitted, model.residuals),
    quantileFigure("residuals", model.residuals, labels)
  ];
}

/** Points of a slice along each factor, and the share of the range that it shows beyond the data at each end. */
const SLICE = 41;
const MARGIN = 0.04;

/** @param values of each factor, then of the response */
function surfaceFigure(
  surface: ResponseSurface, response: string, values: readonly (readonly number[])[], labels: readonly string[]
): SurfaceFigure {
  const {factors, model, stationary} = surface;
  const ranges = factors.map((_, f) => [Math.min(...values[f]), Math.max(...values[f])] as const);
  const within = (f: number) =>
    stationary !== null && stationary.natural[f] >= ranges[f][0] && stationary.natural[f] <= ranges[f][1];
  const centre = factors.map((_, f) => within(f) ? stationary!.natural[f] : 0.5 * (ranges[f][0] + ranges[f][1]));
  const grid = ([least, most]: readonly [number, number]) =>
    Array.from({length: SLICE}, (_, i) => least + (most - least) * ((1 + 2 * MARGIN) * i / (SLICE - 1) - MARGIN));
  const slices = factors.flatMap((_, b) => factors.slice(0, b).map((_, a): SurfaceSlice => {
    const at = (x: number, y: number) =>
      predictSurface(surface, ...centre.map((value, f) => f === a ? x : f === b ? y : value));
    const [xs, ys] = [grid(ranges[a]), grid(ranges[b])];
    return {
      names: [factors[a].name, factors[b].name],
      held: factors.flatMap(({name}, f) => f === a || f === b ? [] : [{name, value: centre[f]}]),
      xs, ys,
      values: ys.flatMap((y) => xs.map((x) => at(x, y))),
      points: labels.map((subject, i) => {
        const [x, y] = [values[a][i], values[b][i]];
        return {subject, x, y, value: at(x, y) + model.residuals[i]};
      }),
      stationary: within(a) && within(b) ? {x: centre[a], y: centre[b]} : null
    };
  }));
  return {kind: "surface", response, stationary: stationary?.kind ?? null, slices};
}
