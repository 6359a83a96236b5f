import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
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
  lower: number | null;
  upper: number | null;
}

/** One column of a protocol. */
export interface ProtocolColumn extends Quantity {
  required: boolean;
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

/** What to fit; the samples travel beside it. */
export interface FitRequest {
  model: string;
  estimator: string;
  /** One number per sample and column, in the units of the registry, e.g. `{b: [0, 100], TE: [0.093, 0.093]}`. */
  protocol: Record<string, readonly number[]>;
  /** Bounds that replace the model's own, by parameter name. */
  bounds?: Record<string, readonly [number, number]>;
}

/** Signals to make of known parameters. */
export interface SimulateRequest {
  model: string;
  protocol: Record<string, readonly number[]>;
  /** Sigma in the signal's unit; the same seed gives the same noise. */
  noise?: {kind: "none"} | {kind: "gaussian" | "rician"; sigma: number; seed: number};
}

/** What the core found, parameter-major: `parameters[p * voxels + v]`. */
export interface CoreFit {
  parameters: Samples;
  standardDeviations: Samples;
  /** Residual sum of squares of each voxel. */
  residual: Samples;
  status: Uint8Array;
  iterations: Uint32Array;
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

/** The core's functions with their errors typed. */
export interface Core {
  models(): Registry;
  /**
   * Fits every voxel.
   *
   * @param samples sample-major, `samples[s * voxels + v]`
   * @throws InputError when model, estimator, protocol, bounds or shapes do not fit together
   */
  fit(request: FitRequest, samples: Samples, voxels: number): CoreFit;
  /**
   * Signals, sample-major, of `parameters[p * voxels + v]`.
   *
   * @throws InputError when the model predicts no signal, or shapes or noise are at fault
   */
  simulate(request: SimulateRequest, parameters: Float64Array, voxels: number): Float64Array;
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
        const text = JSON.stringify(request);
        const output =
          samples instanceof Float32Array ? glue.fit_f32(text, samples, voxels) : glue.fit_f64(text, samples, voxels);
        try {
          return {
            parameters: output.take_parameters(),
            standardDeviations: output.take_standard_deviations(),
            residual: output.take_residual(),
            status: output.take_status(),
            iterations: output.take_iterations()
          };
        } finally {
          output.free();
        }
      }),
    simulate: (request, parameters, voxels) => typed(() => glue.simulate(JSON.stringify(request), parameters, voxels)),
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
