// What the model explorer shows, without the page: its settings and their link, the simulated samples, their fits.
import type {
  Core, CramerRaoBounds, EstimatorInfo, ModelInfo, NoiseModel, ProfileInterval, Protocol, Settings, SimulateRequest
} from "../compute/core.js";
import {fitVoxels, isGeneralFit, readRegistry, type Fit, type Precision} from "../compute/fit.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {normalDensity} from "../domain/distributions/normal.js";
import {closest} from "../domain/closest.js";
import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import {confidenceEllipse} from "../domain/statistics/confidence-ellipse.js";
import {
  estimatorPerformance, intervalFactor, type EstimatorPerformance
} from "../domain/statistics/estimator-performance.js";
import {quantile} from "../domain/statistics/summaries.js";
import {modelExamples} from "./model-examples.js";

/** Level of every interval and of the ellipse. */
export const level = 0.95;
/** Simulated repeats of the acquisition. */
export const repeats = 2000;
/** Repeats to a chunk: several workers share the fits of one drag. */
const chunk = 500;
/** Beyond this relative bound the curvature at the estimate describes its error badly. */
export const trustedRelativeBound = 0.1;

export type NoiseKind = "gaussian" | "rician" | "noncentral-chi";
export type Likelihood = NoiseModel["kind"];

export const noiseNames: Readonly<Record<NoiseKind, string>> = {
  gaussian: "Gaussian",
  rician: "Rician (one coil)",
  "noncentral-chi": "Noncentral chi (several coils)"
};
export const likelihoodNames: Readonly<Record<Likelihood, string>> = {
  gaussian: "Gaussian: least squares",
  "offset-gaussian": "Gaussian about the noise floor",
  rician: "Rician likelihood"
};

/** Everything that the reader sets. */
export interface ExplorerState {
  model: string;
  /** True value of each parameter. */
  parameters: Record<string, number>;
  /** Parameters that the fit knows, beside those that the model holds. */
  known: string[];
  protocol: Record<string, number[]>;
  settings: Settings;
  /** Strongest noise-free sample over the standard deviation of the noise. */
  snr: number;
  noise: NoiseKind;
  /** Channels of noncentral-chi noise. */
  coils: number;
  seed: number;
  estimator: string;
  likelihood: Likelihood;
}

/** The range of signal-to-noise ratios, of channels and of seeds. */
export const limits = {snr: [3, 300], coils: [2, 32], seed: [0, 999_999]} as const;

/** Models that predict a signal: those that the explorer offers. */
export function explorable(models: readonly ModelInfo[]): ModelInfo[] {
  return models.filter(({predicts}) => predicts);
}

/** A model's example. @throws InputError unknown-model where there is none */
export function exampleOf(id: string): (typeof modelExamples)[string] {
  const example = Object.hasOwn(modelExamples, id) ? modelExamples[id] : undefined;
  if (example === undefined) {
    const expected = `one of ${Object.keys(modelExamples).join(", ")}`;
    throw new InputError({code: "unknown-model", field: "model", value: id, expected});
  }
  return example;
}

/** Where the explorer starts with a model. */
export function exampleState(model: ModelInfo): ExplorerState {
  const {parameters, protocol, settings = {}} = exampleOf(model.id);
  return {
    model: model.id,
    parameters: {...parameters},
    known: [],
    protocol: Object.fromEntries(Object.entries(protocol).map(([name, values]) => [name, [...values]])),
    settings: {...settings},
    snr: 50,
    noise: "gaussian",
    coils: 8,
    seed: 1,
    // The one that can be told what is known and which noise there is.
    estimator: (model.estimators.find(({id}) => id === "nlls") ?? model.estimators[0]).id,
    likelihood: "gaussian"
  };
}

/** The kinds of noise that a model's samples can have. */
export function noiseKinds({magnitude}: ModelInfo): NoiseKind[] {
  return magnitude ? ["gaussian", "rician", "noncentral-chi"] : ["gaussian"];
}

/** The likelihoods that an estimator can maximise. */
export function likelihoods({magnitude}: ModelInfo, estimator: string): Likelihood[] {
  return magnitude && estimator === "nlls" ? ["gaussian", "offset-gaussian", "rician"] : ["gaussian"];
}

/** The places of the parameters that are estimated. */
export function estimated(model: ModelInfo, {known}: Pick<ExplorerState, "known">): number[] {
  return model.parameters.flatMap(({name, held}, j) => (held === null && !known.includes(name) ? [j] : []));
}

/** The step of a slider: a hundredth of its range, rounded down to a power of ten. */
export function stepOf([low, high]: readonly [number, number]): number {
  return Number(`1e${Math.floor(Math.log10((high - low) / 100) + 1e-9)}`);
}

/**
 * A column of a protocol as a reader types it: numbers between commas or spaces, `3*0.1` for 0.1 three times.
 *
 * @throws InputError naming the column and what is no number
 */
export function parseColumn(name: string, text: string): number[] {
  const field = `protocol.${name}`;
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length === 0) {
    throw new InputError({code: "empty-column", field, value: "", expected: "numbers between commas"});
  }
  return words.flatMap((word) => {
    const [, count, number] = /^(\d{1,3})\*(.*)$/.exec(word) ?? [null, "1", word];
    const value = parseNumber(number);
    if (value === null || Number(count) === 0) {
      const expected = "numbers between commas, 3*0.1 for three alike";
      throw new InputError({code: "not-a-number", field, value: word, expected});
    }
    return new Array<number>(Number(count)).fill(value);
  });
}

/** The text that {@link parseColumn} reads back, runs of one value written as `3*0.1`. */
export function formatColumn(values: readonly number[], separator = ", "): string {
  const parts: string[] = [];
  for (let i = 0; i < values.length;) {
    let end = i + 1;
    while (end < values.length && values[end] === values[i]) end += 1;
    if (end - i > 2) parts.push(`${end - i}*${values[i]}`);
    else for (let k = i; k < end; k++) parts.push(String(values[k]));
    i = end;
  }
  return parts.join(separator);
}

/**
 * The protocol of typed columns; a single value stands for every sample.
 *
 * @throws InputError on what is no number, and on columns of unequal length
 */
export function parseProtocol(texts: Readonly<Record<string, string>>): Record<string, number[]> {
  const columns = Object.entries(texts).map(([name, text]) => [name, parseColumn(name, text)] as const);
  const count = Math.max(...columns.map(([, {length}]) => length));
  return Object.fromEntries(columns.map(([name, values]) => {
    if (values.length !== 1 && values.length !== count) {
      const expected = `${count} values, one for each sample, or a single one for all`;
      const value = `${values.length} values`;
      throw new InputError({code: "column-length", field: `protocol.${name}`, value, expected});
    }
    return [name, values.length === count ? values : new Array<number>(count).fill(values[0])];
  }));
}

/** What the reader looks at; it changes no number. */
export interface ExplorerView {
  /** The pair of parameters in the cloud. */
  pair: readonly [string, string];
  /** The parameter in the histogram and the profile. */
  shown: string;
}

/** Settings of a link; what it does not say is null. */
export interface ExplorerLink {
  state: ExplorerState;
  pair: readonly [string, string] | null;
  shown: string | null;
}

/** Settings and view as the part of an address behind #. */
export function toHash(state: ExplorerState, view: ExplorerView): string {
  const query = new URLSearchParams({model: state.model});
  for (const [name, value] of Object.entries(state.parameters)) query.set(`p.${name}`, String(value));
  if (state.known.length > 0) query.set("known", state.known.join(","));
  for (const [name, values] of Object.entries(state.protocol)) query.set(`c.${name}`, formatColumn(values, ","));
  for (const [name, value] of Object.entries(state.settings)) query.set(`s.${name}`, String(value));
  query.set("snr", String(state.snr));
  query.set("noise", state.noise);
  if (state.noise === "noncentral-chi") query.set("coils", String(state.coils));
  query.set("seed", String(state.seed));
  query.set("estimator", state.estimator);
  if (state.likelihood !== "gaussian") query.set("likelihood", state.likelihood);
  query.set("pair", view.pair.join(","));
  query.set("shown", view.shown);
  return `#${query.toString().replaceAll("%2C", ",").replaceAll("%2A", "*")}`;
}

/**
 * The settings of an address; what it leaves out is the example's. Null where it holds no settings, as in a link to a
 * figure.
 *
 * @throws InputError naming the part that cannot be used
 */
export function fromHash(hash: string, models: readonly ModelInfo[]): ExplorerLink | null {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const id = query.get("model");
  if (id === null) return null;
  const offered = explorable(models);
  const model = offered.find((each) => each.id === id);
  if (model === undefined) {
    const near = closest(id, offered.map((each) => each.id));
    const expected = near === null ? `one of ${offered.map((each) => each.id).join(", ")}` : `${near}, perhaps`;
    throw new InputError({code: "unknown-model", field: "model", value: id, expected});
  }
  const state = exampleState(model);
  const link: ExplorerLink = {state, pair: null, shown: null};
  const {ranges} = exampleOf(id);
  const free = model.parameters.filter(({held}) => held === null).map(({name}) => name);
  const number = (field: string, text: string, [low, high]: readonly [number, number]): number => {
    const value = parseNumber(text);
    if (value === null || value < low || value > high) {
      throw new InputError({code: "out-of-range", field, value: text, expected: `a number from ${low} to ${high}`});
    }
    return value;
  };
  const oneOf = <T extends string>(field: string, text: string, options: readonly T[]): T => {
    if (!(options as readonly string[]).includes(text)) {
      throw new InputError({code: "unknown-choice", field, value: text, expected: `one of ${options.join(", ")}`});
    }
    return text as T;
  };
  const columns: Record<string, string> = {};
  for (const [key, text] of query) {
    const [kind, name = ""] = [key.slice(0, 2), key.slice(2)];
    if (kind === "p.") {
      oneOf(key, name, model.parameters.map((parameter) => parameter.name));
      state.parameters[name] = number(key, text, ranges[name]);
    } else if (kind === "c.") {
      oneOf(key, name, model.protocol.map((column) => column.name));
      columns[name] = text;
    } else if (kind === "s.") {
      oneOf(key, name, model.settings.map((each) => each.name));
      const setting = model.settings.find((each) => each.name === name)!;
      state.settings[name] = setting.choices.length > 0
        ? oneOf(key, text, setting.choices)
        : number(key, text, [0, Number.MAX_VALUE]);
    } else if (key === "known") {
      state.known = text.split(",").map((each) => oneOf(key, each, free));
    } else if (key === "snr" || key === "coils" || key === "seed") {
      state[key] = number(key, text, limits[key]);
      if (key !== "snr" && !Number.isInteger(state[key])) {
        throw new InputError({code: "not-a-count", field: key, value: text, expected: "a whole number"});
      }
    } else if (key === "noise") {
      state.noise = oneOf(key, text, noiseKinds(model));
    } else if (key === "estimator") {
      state.estimator = oneOf(key, text, model.estimators.map((each) => each.id));
    } else if (key === "pair") {
      const pair = text.split(",").map((each) => oneOf(key, each, free));
      if (pair.length !== 2) {
        throw new InputError({code: "unknown-choice", field: key, value: text, expected: "two parameters"});
      }
      link.pair = [pair[0], pair[1]];
    } else if (key === "shown") {
      link.shown = oneOf(key, text, free);
    } else if (key !== "model" && key !== "likelihood") {
      throw new InputError({code: "unknown-key", field: key, value: text, expected: "a link that this page has made"});
    }
  }
  const likelihood = query.get("likelihood");
  if (likelihood !== null) state.likelihood = oneOf("likelihood", likelihood, likelihoods(model, state.estimator));
  if (!isGeneralFit(model, state.estimator) && state.known.length > 0) {
    const expected = `nothing: ${state.estimator} estimates every parameter`;
    throw new InputError({code: "unknown-choice", field: "known", value: state.known.join(","), expected});
  }
  if (estimated(model, state).length === 0) {
    const expected = "at least one parameter left to estimate";
    throw new InputError({code: "unknown-choice", field: "known", value: state.known.join(","), expected});
  }
  if (Object.keys(columns).length > 0) state.protocol = parseProtocol(columns);
  return link;
}

/** A link's settings, or why they cannot be used. */
export function readLink(hash: string, models: readonly ModelInfo[]): Partial<ExplorerLink> & {error?: InputError} {
  try {
    return fromHash(hash, models) ?? {};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {error};
  }
}

/** What is worth looking at first: the pair whose errors are most alike, and the parameter that is hardest to tell. */
export function firstView(core: Core, model: ModelInfo, state: ExplorerState): ExplorerView {
  const values = Float64Array.from(model.parameters, ({name}) => state.parameters[name]);
  const {protocol, settings} = state;
  const sigma = sigmaAt(core.simulate({model: model.id, protocol, settings}, values, 1), state.snr);
  const noise = {kind: "gaussian", sigma} as const;
  const situation = {model: model.id, settings, parameters: state.parameters, noise};
  const {parameters, correlation} = core.cramerRao({situation, protocol});
  const pairs = parameters.flatMap((_, j) => parameters.slice(0, j).map((__, k) => [k, j] as const));
  const strength = ([k, j]: readonly [number, number]): number => Math.abs(correlation[j][k]);
  const [k, j] = pairs.reduce((best, pair) => (strength(pair) > strength(best) ? pair : best));
  const size = ({relative}: (typeof parameters)[number]): number => relative ?? Infinity;
  const hardest = parameters.reduce((most, each) => (size(each) > size(most) ? each : most));
  return {pair: [parameters[k].name, parameters[j].name], shown: hardest.name};
}

/** A drawn line, or samples, of one group of the protocol. */
export interface SignalPoint {
  x: number;
  signal: number;
  group: string;
}

/** One parameter in one fit and over the repeats. */
export interface ParameterResult {
  name: string;
  unit: string;
  truth: number;
  /** Held by the model or known to the fit. */
  held: boolean;
  /** Of the fit that is shown; null where there is none. */
  estimate: number | null;
  sd: number | null;
  lower: number | null;
  upper: number | null;
  /** Cramér-Rao standard deviation, and its share of the truth; null where the samples do not determine it. */
  bound: number | null;
  relativeBound: number | null;
  performance: EstimatorPerformance;
  /** RMSE over the Cramér-Rao standard deviation. */
  efficiency: number | null;
  /** Share of the repeats that end on a bound of the parameter. */
  atBound: number;
}

/** Everything the page draws. */
export interface Exploration {
  state: ExplorerState;
  model: ModelInfo;
  precision: Precision;
  /** Standard deviation of the noise of each channel. */
  sigma: number;
  /** The first of the repeats. */
  samples: SignalPoint[];
  /** Noise-free, at the samples. */
  clean: SignalPoint[];
  /** The fitted signal at the samples; empty without estimates. */
  fitted: SignalPoint[];
  signals: Float64Array;
  truthCurve: SignalPoint[];
  fittedCurve: SignalPoint[];
  /** Fits of all repeats; the first is the one that is shown. */
  fit: Fit;
  status: string;
  bounds: CramerRaoBounds;
  parameters: ParameterResult[];
  /** Samples less estimated parameters. */
  freedom: number;
  /** Half width of an interval in standard deviations; null without degrees of freedom. */
  factor: number | null;
}

/** The sigma at which the strongest of noise-free signals has a signal-to-noise ratio. */
export function sigmaAt(signals: ArrayLike<number>, snr: number): number {
  let strongest = 0;
  for (let i = 0; i < signals.length; i++) strongest = Math.max(strongest, Math.abs(signals[i]));
  if (!(strongest > 0)) {
    const expected = "parameters that give a signal above 0 somewhere";
    throw new InputError({code: "no-signal", field: "signal", value: strongest, expected});
  }
  return strongest / snr;
}

/**
 * Simulates the acquisition `repeats` times, fits each and compares with the truth and the Cramér-Rao bounds.
 *
 * @param core of this thread: prediction and bounds cost less than a worker's round trip
 * @throws InputError where the core refuses the protocol, the settings or the fit
 */
export async function explore(
  pool: Pool,
  core: Core,
  model: ModelInfo,
  state: ExplorerState,
  {precision = "f64", ...options}: RunOptions & {precision?: Precision} = {}
): Promise<Exploration> {
  const {protocol, settings, snr, seed, estimator, parameters: truth} = state;
  const request = {model: model.id, protocol, settings};
  const values = model.parameters.map(({name}) => truth[name]);
  const clean = core.simulate(request, Float64Array.from(values), 1);
  const sigma = sigmaAt(clean, snr);
  const channel = state.noise === "noncentral-chi"
    ? ({kind: state.noise, sigma, coils: state.coils} as const)
    : ({kind: state.noise, sigma} as const);
  const signals = core.simulate(
    {...request, noise: {...channel, seed} as SimulateRequest["noise"]},
    Float64Array.from({length: values.length * repeats}, (_, i) => values[Math.floor(i / repeats)]),
    repeats
  );
  const bounds = core.cramerRao({
    situation: {model: model.id, settings, parameters: truth, fix: state.known, noise: channel},
    protocol
  });
  const held = model.parameters.filter((parameter) => parameter.held !== null || state.known.includes(parameter.name));
  const fit = await fitVoxels(pool, {
    ...request,
    estimator,
    fix: Object.fromEntries(held.map(({name}) => [name, truth[name]])),
    noise: likelihoodOf(state, sigma),
    samples: signals,
    voxels: repeats,
    precision,
    chunk
  }, options);

  const {statuses} = await readRegistry(pool, options.signal);
  const {places} = samplePlaces(model, state.protocol);
  const first = Float64Array.from(clean, (_, s) => signals[s * repeats]);
  const fitted = fit.parameters.map(({values: all}) => all[0]);
  const found = fitted.every(Number.isFinite);
  const freedom = clean.length - (model.parameters.length - held.length);
  // A Rician likelihood is told its sigma; the others estimate the variance from the residuals.
  const factor = state.likelihood === "rician"
    ? intervalFactor(null, {level})
    : freedom > 0 ? intervalFactor(freedom, {level}) : null;
  const at = (signal: ArrayLike<number>): SignalPoint[] => places.map((place, s) => ({...place, signal: signal[s]}));
  return {
    state,
    model,
    precision,
    sigma,
    samples: at(first),
    clean: at(clean),
    fitted: found ? at(core.simulate(request, Float64Array.from(fitted), 1)) : [],
    signals: first,
    truthCurve: curve(core, model, state, values),
    fittedCurve: found ? curve(core, model, state, fitted) : [],
    fit,
    status: statuses.find(({code}) => code === fit.status[0])!.name,
    bounds,
    parameters: model.parameters.map((info, j) => parameterResult(info, j, state, fit, bounds, factor)),
    freedom,
    factor
  };
}

function likelihoodOf({likelihood}: ExplorerState, sigma: number): NoiseModel {
  return likelihood === "gaussian" ? {kind: likelihood} : {kind: likelihood, sigma};
}

function parameterResult(
  {name, unit, held}: ModelInfo["parameters"][number],
  j: number,
  state: ExplorerState,
  fit: Fit,
  bounds: CramerRaoBounds,
  factor: number | null
): ParameterResult {
  const truth = state.parameters[name];
  const [estimates, standardDeviations] = [fit.parameters[j].values, fit.standardDeviations[j].values];
  const bound = bounds.parameters.find((each) => each.name === name);
  // Without degrees of freedom every standard deviation is infinite, and any factor leaves no interval.
  const performance = estimatorPerformance({truth, estimates, standardDeviations, factor: factor ?? 1});
  const mask = (1 << j) | (1 << (16 + j));
  const onBound = fit.active.reduce((sum, active) => sum + ((active & mask) === 0 ? 0 : 1), 0);
  const [estimate, sd] = [finite(estimates[0]), finite(standardDeviations[0])];
  const known = held !== null || state.known.includes(name);
  const half = known || sd === null || factor === null ? null : factor * sd;
  const deviation = bound?.identifiable ? bound.sd : null;
  return {
    name,
    unit,
    truth,
    held: known,
    estimate,
    sd: known ? null : sd,
    lower: estimate === null || half === null ? null : estimate - half,
    upper: estimate === null || half === null ? null : estimate + half,
    bound: deviation,
    relativeBound: deviation === null ? null : finite(bound!.relative),
    performance,
    efficiency: deviation === null || performance.rmse === null ? null : performance.rmse / deviation,
    atBound: known ? 0 : onBound / estimates.length
  };
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Where each sample stands: its value on the axis, and the group of samples that differ in nothing else. */
interface SamplePlace {
  x: number;
  group: string;
}

/** The groups of a protocol, each with the values of its other columns. */
interface SamplePlaces {
  places: SamplePlace[];
  groups: {label: string; others: Record<string, number>; from: number; to: number}[];
}

/** A value of a column in words; times below a second in ms. */
function columnText({name, unit}: {name: string; unit: string}, value: number): string {
  if (name === "imaginary") return value === 0 ? "real part" : "imaginary part";
  if (name === "MT") return value === 0 ? "without MT pulse" : "with MT pulse";
  if (unit === "s" && value < 1) return `${name} ${+(value * 1000).toPrecision(6)} ms`;
  return `${name} ${value}${unit === "" ? "" : ` ${formatted(unit)}`}`;
}

function formatted(unit: string): string {
  return unit === "degree" ? "°" : unit.replace("mm2", "mm²");
}

/** The column along which the signal is drawn. */
export function axisOf(model: ModelInfo): ModelInfo["protocol"][number] {
  const {axis} = exampleOf(model.id);
  return model.protocol.find(({name}) => name === axis)!;
}

/** Where each sample stands on the axis, and the groups that the other columns make. */
export function samplePlaces(model: ModelInfo, protocol: Protocol): SamplePlaces {
  const axis = axisOf(model).name;
  const others = model.protocol.filter(({name}) => name !== axis && protocol[name] !== undefined);
  const told = others.filter(({name}) => new Set(protocol[name]).size > 1);
  const groups = new Map<string, SamplePlaces["groups"][number]>();
  const places = protocol[axis].map((x, s) => {
    const label = told.map((column) => columnText(column, protocol[column.name][s])).join(", ");
    const group = groups.get(label) ?? {
      label,
      others: Object.fromEntries(others.map(({name}) => [name, protocol[name][s]])),
      from: x,
      to: x
    };
    [group.from, group.to] = [Math.min(group.from, x), Math.max(group.to, x)];
    groups.set(label, group);
    return {x, group: label};
  });
  return {places, groups: [...groups.values()]};
}

/** Points of a drawn line. */
const curvePoints = 121;

/** The signal of parameters along the axis, one line for each group. */
export function curve(
  core: Core, model: ModelInfo, {protocol, settings}: Pick<ExplorerState, "protocol" | "settings">,
  parameters: readonly number[]
): SignalPoint[] {
  const axis = axisOf(model).name;
  const {groups} = samplePlaces(model, protocol);
  const end = Math.max(...protocol[axis]);
  // MT has no values between its two; the line from one to the other is straight.
  const count = axis === "MT" ? 2 : curvePoints;
  const lines = (rangeOf: (group: SamplePlaces["groups"][number]) => readonly [number, number]): SignalPoint[] => {
    const points = groups.flatMap((group) => {
      const [from, to] = rangeOf(group);
      return Array.from({length: count}, (_, i) => ({x: from + ((to - from) * i) / (count - 1), group}));
    });
    const columns = Object.fromEntries(
      Object.keys(groups[0].others).map((name) => [name, points.map(({group}) => group.others[name])])
    );
    // All groups at once: the parts of a complex signal only go together.
    const request = {model: model.id, protocol: {[axis]: points.map(({x}) => x), ...columns}, settings};
    const signal = core.simulate(request, Float64Array.from(parameters), 1);
    return points.map(({x, group}, i) => ({x, signal: signal[i], group: group.label}));
  };
  const begin = axis === "MT" || protocol[axis].includes(0) ? 0 : end / (2 * curvePoints);
  try {
    return lines(() => [begin, end]);
  } catch (error) {
    // Not every value of the axis goes with each group's other settings: a TI may not reach beyond its TR.
    if (!(error instanceof InputError)) throw error;
    return lines(({from, to}) => [from, to]);
  }
}

/** Estimates of two parameters, with the ellipse that an efficient estimator would fill. */
export interface Cloud {
  /** Inside the axes. */
  points: [number, number][];
  /** Estimates beyond the axes, and repeats without both estimates. */
  beyond: number;
  missing: number;
  /** Null where the samples do not determine both parameters. */
  ellipse: [number, number][] | null;
  truth: [number, number];
  /** The fit that is shown. */
  estimate: [number, number] | null;
  /** Of the estimators' errors at the bound. */
  correlation: number | null;
  x: [number, number];
  y: [number, number];
}

/** The share of estimates that an axis holds at least, as far as they are not strewn. */
const shown = 0.98;

/** An axis that holds the middle of the estimates and whatever else has to be seen. */
function axisRange(estimates: readonly number[], others: readonly number[]): [number, number] {
  const tail = (1 - shown) / 2;
  const ends = estimates.length === 0 ? [] : [quantile(estimates, tail), quantile(estimates, 1 - tail)];
  const all = [...ends, ...others];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const margin = high > low ? 0.06 * (high - low) : Math.abs(high) / 20 || 0.5;
  return [low - margin, high + margin];
}

/** The cloud of a pair of parameters. */
export function cloudOf(exploration: Exploration, [first, second]: readonly [string, string]): Cloud {
  const {parameters, fit, bounds} = exploration;
  const [j, k] = [first, second].map((name) => parameters.findIndex((each) => each.name === name));
  const [a, b] = [parameters[j], parameters[k]];
  const places = [first, second].map((name) => bounds.parameters.findIndex((each) => each.name === name));
  const correlation = places.includes(-1) ? null : bounds.correlation[places[0]][places[1]];
  const ellipse = a.bound === null || b.bound === null || correlation === null
    ? null
    : confidenceEllipse({centre: [a.truth, b.truth], sd: [a.bound, b.bound], correlation}, {level});
  const pairs: [number, number][] = [];
  for (let v = 0; v < fit.voxels; v++) {
    const pair: [number, number] = [fit.parameters[j].values[v], fit.parameters[k].values[v]];
    if (pair.every(Number.isFinite)) pairs.push(pair);
  }
  const estimate = a.estimate === null || b.estimate === null ? null : ([a.estimate, b.estimate] as [number, number]);
  const range = (i: 0 | 1, truth: number): [number, number] =>
    axisRange(pairs.map((pair) => pair[i]), [
      truth, ...(estimate === null ? [] : [estimate[i]]), ...(ellipse ?? []).map((point) => point[i])
    ]);
  const [x, y] = [range(0, a.truth), range(1, b.truth)];
  const points = pairs.filter(([u, v]) => u >= x[0] && u <= x[1] && v >= y[0] && v <= y[1]);
  return {
    points,
    beyond: pairs.length - points.length,
    missing: fit.voxels - pairs.length,
    ellipse,
    truth: [a.truth, b.truth],
    estimate,
    correlation: ellipse === null ? null : correlation,
    x,
    y
  };
}

/** The estimates of one parameter, and the axis on which they are drawn. */
export interface Distribution {
  values: Float32Array | Float64Array;
  domain: [number, number];
  truth: number;
  /** Standard deviation of the normal curve; null where the samples do not determine the parameter. */
  bound: number | null;
}

/** The density that an efficient estimator's distribution would have, along the axis; empty without a bound. */
export function densityOf({domain: [low, high], truth, bound}: Distribution): {value: number; density: number}[] {
  if (bound === null) return [];
  return Array.from({length: curvePoints}, (_, i) => {
    const value = low + ((high - low) * i) / (curvePoints - 1);
    return {value, density: normalDensity((value - truth) / bound) / bound};
  });
}

/** The distribution of one parameter over the repeats. */
export function distributionOf({parameters, fit}: Exploration, name: string): Distribution {
  const j = parameters.findIndex((each) => each.name === name);
  const {truth, bound} = parameters[j];
  const {values} = fit.parameters[j];
  const known = Array.from(values).filter(Number.isFinite);
  const others = [truth, ...(bound === null ? [] : [truth - 3 * bound, truth + 3 * bound])];
  // A bound far beyond the estimates' spread, as next to a parameter's limits, would leave them a single bar.
  return {values, domain: axisRange(known, known.length === 0 ? others : others.slice(0, 1)), truth, bound};
}

/** The profile likelihood of one parameter in the samples that are shown, or why there is none. */
export async function profileOf(
  pool: Pool, {state, model, sigma, signals, parameters, factor}: Exploration, name: string, options: RunOptions = {}
): Promise<ProfileInterval | string> {
  const free = parameters.filter(({held}) => !held);
  if (!free.some((each) => each.name === name)) return `${name} is known, so that nothing is estimated.`;
  if (!model.estimators.some(({id}) => id === "nlls")) {
    return "This model has a closed form and no likelihood to follow.";
  }
  if (free.length < 2) return "A single parameter has no others over which its likelihood could be profiled.";
  if (factor === null) return "With as many parameters as samples there is no residual to judge other values by.";
  const held = parameters.filter((each) => each.held);
  const request = {
    fit: {
      model: model.id,
      estimator: "nlls",
      protocol: state.protocol,
      settings: state.settings,
      fix: Object.fromEntries(held.map(({name: known, truth}) => [known, truth])),
      noise: likelihoodOf(state, sigma)
    },
    parameter: name,
    level,
    samples: signals
  };
  try {
    const [interval] = await pool.run("profile", [{make: () => ({request})}], options);
    return interval;
  } catch (error) {
    // Samples that cannot be fitted have no likelihood to follow: a finding, not a fault of the settings.
    if (error instanceof InputError && error.field === "samples") return `There is none: expected ${error.expected}.`;
    throw error;
  }
}

/** Why the interval from the curvature misleads for a parameter, or null where it serves. */
export function misleading({held, sd, estimate, relativeBound, bound, atBound}: ParameterResult): string | null {
  if (held) return null;
  if (bound === null) return "not determined by these samples";
  if (estimate === null) return "without an estimate in this fit";
  if (sd === null) return "on a bound, without a standard deviation";
  if (relativeBound === null || relativeBound > trustedRelativeBound) return "Cramér-Rao SD above 10 % of the value";
  if (atBound > 0.01) return "more than 1 % of the repeats on a bound";
  return null;
}

/** The estimator of an exploration. */
export function estimatorOf({model, state}: Exploration): EstimatorInfo {
  return model.estimators.find(({id}) => id === state.estimator)!;
}
