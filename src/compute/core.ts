import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
import type {Interval} from "../domain/statistics/estimate.js";
import type {ResampledStatistics, ResamplingTask} from "../domain/statistics/method.js";
import * as glue from "../generated/core/measurand_core.js";

/** Samples in single or double precision; the core answers in the precision it was asked in. */
export type Samples = Float32Array | Float64Array;

/** A named number with its unit, as the registry lists parameters and protocol columns. */
export interface Quantity {
  name: string;
  unit: string;
  description?: string;
}

/** One parameter of a signal model. */
export interface ParameterInfo extends Quantity {
  /** Bounds that a bounded fit keeps by default; null where there is none. */
  lower: number | null;
  upper: number | null;
  /** The value at which it is held unless a request fixes it elsewhere or maps it; null where it is estimated. */
  held: number | null;
}

/** One column of a protocol. */
export interface ProtocolColumn extends Quantity {
  required: boolean;
}

/** A number or name that holds for the whole acquisition, such as the field strength. */
export interface SettingInfo extends Quantity {
  required: boolean;
  /** The names to choose from; empty for a number. */
  choices: string[];
}

/** One way to fit a model. */
export interface EstimatorInfo {
  id: string;
  name: string;
  description: string;
  citation: string | null;
  doi: string | null;
  /** Whether it keeps to bounds. */
  bounds: boolean;
  maximum_iterations: number;
  /** Unit of the residual sum of squares; empty for a sum over ln S. */
  residual_unit: string;
}

/** One signal model as its one Rust file states it. */
export interface ModelInfo {
  id: string;
  name: string;
  parameters: ParameterInfo[];
  /** TeX. */
  equation: string;
  citation: string;
  doi: string | null;
  description: string;
  protocol: ProtocolColumn[];
  settings: SettingInfo[];
  /** Whether its samples are magnitudes, which noise makes Rician; else they are real or complex parts. */
  magnitude: boolean;
  /** The default first; empty for a model that only predicts. */
  estimators: EstimatorInfo[];
  minimum_samples: number;
  /** Whether signals can be simulated from its parameters. */
  predicts: boolean;
}

/** One outcome of a voxel. */
export interface StatusInfo {
  code: number;
  name: string;
  meaning: string;
}

/** Everything the core knows of models and outcomes. */
export interface Registry {
  statuses: StatusInfo[];
  models: ModelInfo[];
}

/** One number per sample and column, in the units of the registry, e.g. `{b: [0, 100], TE: [0.093, 0.093]}`. */
export type Protocol = Record<string, readonly number[]>;

/** Values of a model's settings by name: numbers, or one of the names that the registry lists. */
export type Settings = Record<string, number | string>;

/**
 * The distribution of the samples whose likelihood the nonlinear fit maximises; sigma, in the samples' unit, is the
 * standard deviation of each channel.
 * - gaussian: normal errors of one unknown variance, least squares
 * - offset-gaussian: normal errors about sqrt(signal^2 + sigma^2), the noise floor of magnitudes
 * - rician: magnitudes of one channel
 */
export type NoiseModel = {kind: "gaussian"} | {kind: "offset-gaussian" | "rician"; sigma: number};

/** What to fit, and how; the samples travel beside it. */
export interface FitOptions {
  model: string;
  estimator: string;
  protocol: Protocol;
  settings?: Settings;
  /** Bounds that replace the model's own, by parameter name; null or an infinity where unbounded. */
  bounds?: Record<string, readonly [number | null, number | null]>;
  /** Parameters that are not estimated, with their values. */
  fix?: Record<string, number>;
  /** Parameters that the model holds and that are to be estimated. */
  free?: readonly string[];
  /** Parameters estimated with one value for all voxels. */
  shared?: readonly string[];
  /** Where the iteration starts; parameters that are not named start at the model's guess. */
  start?: Record<string, number>;
  /** Starts tried for each voxel, the best minimum kept; as many as the model holds necessary if left out. */
  starts?: number;
  noise?: NoiseModel;
  /** Whether correlations of the estimates are wanted. */
  correlation?: boolean;
}

/** One call of the core. */
export interface FitRequest extends FitOptions {
  /** Parameters whose values per voxel stand as further rows after the samples, in this order. */
  maps?: readonly string[];
}

/** Signals to make of known parameters. */
export interface SimulateRequest {
  model: string;
  protocol: Protocol;
  settings?: Settings;
  /** Sigma in the signal's unit; the same seed gives the same noise. */
  noise?:
    | {kind: "none"}
    | {kind: "gaussian" | "rician"; sigma: number; seed: number}
    | {kind: "noncentral-chi"; sigma: number; seed: number; coils: number};
}

/** What the core found, parameter-major: `parameters[p * voxels + v]`. */
export interface CoreFit {
  parameters: Samples;
  standardDeviations: Samples;
  /** Residual sum of squares of each voxel. */
  residual: Samples;
  status: Uint8Array;
  iterations: Uint32Array;
  /** Largest cosine between the residual and a free parameter's column of the Jacobian; 0 for closed forms. */
  gradient: Samples;
  /** Bit j: parameter j lies on its lower bound; bit 16 + j: on its upper one. */
  active: Uint32Array;
  /** Condition number of J'J of the free parameters off their bounds, scaled to unit diagonal; 0 for closed forms. */
  condition: Samples;
  /** `[pair * voxels + v]`, pairs (1, 0), (2, 0), (2, 1), ... of parameters; empty unless it was asked for. */
  correlation: Samples;
}

/** A model at stated parameters in stated noise. */
export interface Situation {
  model: string;
  settings?: Settings;
  /** The value of each parameter; those that the model holds may be left out. */
  parameters: Record<string, number>;
  /** Parameters that are known, beside those that the model holds. */
  fix?: readonly string[];
  /** Sigma of each channel, in the signal's unit. */
  noise: {kind: "gaussian" | "rician"; sigma: number} | {kind: "noncentral-chi"; sigma: number; coils: number};
}

/** Whose Cramér-Rao bounds are wanted. */
export interface CramerRaoRequest {
  situation: Situation;
  protocol: Protocol;
}

/** The bound of one parameter; null stands for infinite. */
export interface CramerRaoBound {
  name: string;
  unit: string;
  value: number;
  /** Least standard deviation of an unbiased estimator. */
  sd: number | null;
  /** sd / |value|. */
  relative: number | null;
  identifiable: boolean;
}

/** Cramér-Rao bounds of the parameters that are estimated, in the model's order. */
export interface CramerRaoBounds {
  parameters: CramerRaoBound[];
  /** Row after row; 0 with a parameter that is not identifiable. */
  correlation: number[][];
  /** Fisher information, row after row, in the parameters' units. */
  information: number[][];
  not_identifiable: string[];
  /** Condition number of the information scaled to unit diagonal; null where it is singular. */
  condition: number | null;
}

/** What a protocol is to be improved for, and how it may change. */
export interface OptimiseRequest {
  situation: Situation;
  /** Where the search starts. */
  protocol: Protocol;
  /** Values that each column may take; one that is left out keeps the values of the protocol. */
  candidates?: Protocol;
  /** Number of acquisitions; as many as the protocol has if left out. A complex sample is one acquisition. */
  acquisitions?: number;
  /** Weight of each parameter whose bound matters: the sum of weight (bound / value)^2 is minimised. */
  minimise: Record<string, number>;
}

/** One acquisition: the value of each column. */
export type Acquisition = Record<string, number>;

/** An improved protocol; null stands for infinite. */
export interface OptimisedProtocol {
  protocol: Record<string, number[]>;
  /** How often each different acquisition is made. */
  allocation: {at: Acquisition; count: number}[];
  before: CramerRaoBounds;
  after: CramerRaoBounds;
  /** Root of the criterion before and after: a weighted relative standard deviation. */
  criterion: [number | null, number | null];
  /** Each replacement that was made, with the criterion's root afterwards. */
  exchanges: {removed: Acquisition | null; added: Acquisition | null; criterion: number | null}[];
}

/** Whose profile likelihood is wanted, of one voxel. */
export interface ProfileRequest {
  /** As for a fit, with the estimator nlls; a parameter that is mapped is fixed at its value in this voxel. */
  fit: FitOptions;
  parameter: string;
  /** 0.95 if left out. */
  level?: number;
  /** Standard deviation of Gaussian noise where it is known. */
  sigma?: number;
}

/** One end of a profile-likelihood interval. */
export interface IntervalEnd {
  /** Null where there is no end on this side. */
  value: number | null;
  /** Where the deviance reaches its limit; at the parameter's bound before that; or nowhere. */
  kind: "crossing" | "bound" | "open";
}

/** A profile-likelihood interval of one parameter. */
export interface ProfileInterval {
  parameter: string;
  unit: string;
  value: number;
  /** From the curvature; null where there is none. */
  sd: number | null;
  /** Name of the fit's outcome. */
  status: string;
  level: number;
  lower: IntervalEnd;
  upper: IntervalEnd;
  /** The deviance at the ends, and the distribution whose quantile that is. */
  threshold: number;
  distribution: string;
  curve: {values: number[]; deviance: (number | null)[]};
}

/** A brain with lesions; what is left out takes the core's default. */
export interface FlairPhantomSpec {
  seed: number;
  lesions: number;
}

/** One FLAIR acquisition, times in s; sigma relative to the signal of fully relaxed water. */
export interface FlairSettings {
  TE: number;
  TI: number;
  TR: number;
  noise: {kind: "none" | "gaussian" | "rician"; sigma: number; seed: number};
}

/** One FLAIR image of one phantom, and the segmenters to score on it. */
export interface FlairTask {
  phantom: FlairPhantomSpec;
  settings: FlairSettings;
  methods: readonly string[];
}

/** Lesions that touch at a corner are one. */
const connectivity = 26;

/** How one segmenter did on one image; a ratio without a denominator is null. */
export interface LesionScores {
  method: string;
  lesions: number;
  detected: number;
  missed: number;
  predicted: number;
  false_positives: number;
  f1: number | null;
  dice: number | null;
}

/** An axial slice of an image, first axis fastest, with truth and segmentations. */
export interface FlairSlice {
  width: number;
  height: number;
  image: Float32Array;
  truth: Uint8Array;
  found: Record<string, Uint8Array>;
  scores: LesionScores[];
}

/** What to resample, and the two-sided level of the intervals; the rows travel beside it. */
export interface ResamplingRequest extends Omit<ResamplingTask, "data"> {
  level: number;
}

/** A BCa interval with the two numbers that moved its ends. */
export interface BcaInterval extends Interval {
  /** Normal quantile of the share of resamples below the estimate, z0. */
  biasCorrection: number;
  acceleration: number;
  /** Whether an end lies beyond the outermost resample, which then stands in its place. */
  extreme: boolean;
}

/** A resampling with what the core has to tell of it. */
export interface Resampling extends ResampledStatistics {
  intervals: readonly BcaInterval[];
  /** Resamples in which the statistic has no value; they are left out. */
  degenerate: number;
}

/** The core's functions with their errors typed. */
export interface Core {
  models(): Registry;
  /**
   * Fits every voxel.
   *
   * @param samples sample-major, `samples[s * voxels + v]`, the rows of `request.maps` behind them; their precision is
   *   that of the computation and of the results
   * @throws InputError when anything in the request, or its shapes, do not fit together
   */
  fit(request: FitRequest, samples: Samples, voxels: number): CoreFit;
  /**
   * Signals, sample-major, of `parameters[p * voxels + v]`.
   *
   * @throws InputError when the model predicts no signal, or shapes or noise are at fault
   */
  simulate(request: SimulateRequest, parameters: Float64Array, voxels: number): Float64Array;
  /**
   * Cramér-Rao bounds of a model's parameters.
   *
   * @throws InputError when model, parameters, noise or protocol are at fault
   */
  cramerRao(request: CramerRaoRequest): CramerRaoBounds;
  /**
   * A protocol with smaller bounds, from the one given.
   *
   * @throws InputError as `cramerRao` does, or when candidates or weights are at fault
   */
  optimiseProtocol(request: OptimiseRequest): OptimisedProtocol;
  /**
   * The profile-likelihood interval of one parameter from the samples of one voxel.
   *
   * @throws InputError as `fit` does, or when parameter, level or sigma are at fault, or the samples cannot be fitted
   */
  profileInterval(request: ProfileRequest, samples: Float64Array): ProfileInterval;
  /**
   * Components of a statistic, `[unit * components + component]`, NaN where it has no value. Unit 0 has all n rows,
   * units 1 to n leave one out, and the resamples follow.
   *
   * @throws InputError when the statistic does not take its settings or these rows
   */
  resampleUnits(request: ResamplingRequest, data: Float64Array, first: number, count: number): Float64Array;
  /**
   * BCa intervals from the values of all units.
   *
   * @throws InputError when there is no interval: too many resamples without a value, or all of them the same
   */
  resampleIntervals(request: ResamplingRequest, values: Float64Array): Resampling;
  /** Simulates one image, segments it with each of the methods and scores them. */
  flairPoint(task: FlairTask): LesionScores[];
  /** The same, with the axial slice in the middle of the phantom to look at. */
  flairSlice(task: FlairTask): FlairSlice;
}

/**
 * The core of one JavaScript realm. The glue keeps a single instance per realm, so a second call gives the same one;
 * every worker is a realm of its own.
 *
 * @param module the compiled `measurand_core_bg.wasm`
 */
export function instantiate(module: WebAssembly.Module): Core {
  glue.initSync({module});
  // The last phantom is kept: a run over TE and TI asks for many images of one brain.
  let kept: {spec: string; phantom: glue.FlairPhantom} | undefined;
  const phantomOf = (spec: FlairPhantomSpec): glue.FlairPhantom => {
    const text = JSON.stringify(spec);
    if (kept?.spec !== text) {
      const phantom = glue.flair_phantom(text);
      kept?.phantom.free();
      kept = {spec: text, phantom};
    }
    return kept.phantom;
  };
  return {
    models: () => typed(() => JSON.parse(glue.models()) as Registry),
    fit: (request, samples, voxels) =>
      typed(() => {
        const text = JSON.stringify(checked(request));
        const output =
          samples instanceof Float32Array ? glue.fit_f32(text, samples, voxels) : glue.fit_f64(text, samples, voxels);
        try {
          return {
            parameters: output.take_parameters(),
            standardDeviations: output.take_standard_deviations(),
            residual: output.take_residual(),
            status: output.take_status(),
            iterations: output.take_iterations(),
            gradient: output.take_gradient(),
            active: output.take_active(),
            condition: output.take_condition(),
            correlation: output.take_correlation()
          };
        } finally {
          output.free();
        }
      }),
    simulate: (request, parameters, voxels) => typed(() => glue.simulate(JSON.stringify(request), parameters, voxels)),
    cramerRao: (request) => typed(() => JSON.parse(glue.cramer_rao(JSON.stringify(request))) as CramerRaoBounds),
    optimiseProtocol: (request) =>
      typed(() => JSON.parse(glue.optimise_protocol(JSON.stringify(request))) as OptimisedProtocol),
    profileInterval: (request, samples) =>
      typed(() => {
        const text = JSON.stringify({...request, fit: checked(request.fit)});
        return JSON.parse(glue.profile_interval(text, samples)) as ProfileInterval;
      }),
    resampleUnits: (request, data, first, count) =>
      typed(() => glue.resample_units(JSON.stringify(request), data, first, count)),
    resampleIntervals: (request, values) =>
      typed(() => JSON.parse(glue.resample_intervals(JSON.stringify(request), values)) as Resampling),
    flairPoint: ({phantom, settings, methods}) =>
      typed(() => {
        const request = {...settings, methods: methods.map((method) => ({method})), connectivity};
        return (JSON.parse(phantomOf(phantom).point(JSON.stringify(request))) as {results: LesionScores[]}).results;
      }),
    flairSlice: ({phantom: spec, settings, methods}) =>
      typed(() => {
        const phantom = phantomOf(spec);
        const shape = phantom.shape();
        const image = phantom.image(JSON.stringify(settings));
        const [tissues, truth] = [phantom.tissues(), phantom.lesions()];
        const [width, height, depth] = shape;
        const start = Math.floor(depth / 2) * width * height;
        const cut = <T extends Float32Array | Uint8Array>(volume: T): T => volume.slice(start, start + width * height) as T;
        const found: FlairSlice["found"] = {};
        const scores = methods.map((method): LesionScores => {
          const lesions = glue.segment(JSON.stringify({method}), image, tissues, shape);
          found[method] = cut(lesions);
          return {...JSON.parse(glue.lesion_overlap(truth, lesions, shape, connectivity)), method};
        });
        return {width, height, image: cut(image), truth: cut(truth), found, scores};
      })
  };
}

/** JSON makes null of an infinity, which is an open bound, but of NaN too, which is none: that stops here. */
function checked<T extends FitOptions>(request: T): T {
  const fits = (bound: number | null, infinity: number) =>
    bound === null || Number.isFinite(bound) || bound === infinity;
  for (const [name, [lower, upper]] of Object.entries(request.bounds ?? {})) {
    if (fits(lower, -Infinity) && fits(upper, Infinity)) continue;
    const expected = "[lower, upper], null where unbounded";
    throw new InputError({code: "bad-bounds", field: `bounds.${name}`, value: [lower, upper], expected});
  }
  return request;
}

/**
 * Runs one call into the core and turns the faults it states as JSON into `InputError`s. Anything else passes
 * unchanged: a trap (`WebAssembly.RuntimeError`) must stay recognisable, as the instance is lost with it.
 */
export function typed<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const fault = error instanceof WebAssembly.RuntimeError ? null : parseFault(error);
    if (fault === null) throw error;
    throw new InputError(fault);
  }
}

/** The fault that an error of the core states as JSON, or null when it states none. */
export function parseFault(error: unknown): Fault | null {
  const message = error instanceof Error ? error.message : typeof error === "string" ? error : null;
  if (message === null || !message.startsWith("{")) return null;
  let fault: unknown;
  try {
    fault = JSON.parse(message);
  } catch {
    return null;
  }
  return isFault(fault) ? fault : null;
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== "object" || value === null) return false;
  const {code, field, expected} = value as Record<string, unknown>;
  return typeof code === "string" && typeof field === "string" && typeof expected === "string";
}
