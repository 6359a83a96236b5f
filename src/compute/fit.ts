import {InputError} from "../domain/errors.js";
import type {FitOptions, ModelInfo, ParameterInfo, Protocol, Registry, Samples} from "./core.js";
import type {FitTask} from "./messages.js";
import type {Chunk, Pool, RunOptions} from "./pool.js";

/** Status code of voxels that the mask leaves out; the core never sees them. */
export const outsideMask = 255;
/** Name under which they are counted. */
export const outsideMaskName = "outside-mask";

/** Voxels per chunk. A constant, so that neither the cut nor the bits depend on the number of workers. */
export const defaultChunk = 4096;

/**
 * Precision of a fit and of its results. Double is the one that is certified; single is for what has to be fast and may
 * be wrong in the seventh digit. It does not depend on how the samples are stored.
 */
export type Precision = "f64" | "f32";

/** Every voxel to fit, with the model to fit. */
export interface FitInput extends FitOptions {
  /** Sample-major, as a 4D volume lies: `samples[s * voxels + v]`. They are copied, never taken away. */
  samples: Samples;
  /** Parameters that are not estimated and differ from voxel to voxel, such as B1: one value per voxel, by name. */
  maps?: Record<string, ArrayLike<number>>;
  /** `f64` if left out. */
  precision?: Precision;
  /** Number of voxels, a positive integer. */
  voxels: number;
  /** One entry per voxel; those that are 0 (or false) are left out. */
  mask?: ArrayLike<number | boolean>;
  /** Voxels per chunk. */
  chunk?: number;
}

/** A quantity with one value per voxel. */
export interface FitMap {
  name: string;
  unit: string;
  /** One value per voxel, NaN where the status says that there is none. */
  values: Samples;
}

/** Correlation of two parameters' estimates. */
export interface CorrelationMap {
  /** Names of the two parameters. */
  between: readonly [string, string];
  /** One value per voxel: 0 with a parameter that is held or on a bound, NaN where nothing was estimated. */
  values: Samples;
}

/** A fitted volume. All arrays have one entry per voxel of the input, masked or not. */
export interface Fit {
  model: string;
  estimator: string;
  precision: Precision;
  voxels: number;
  /** In the order of the registry. */
  parameters: FitMap[];
  /** Standard deviation of each parameter, in the same order and units. */
  standardDeviations: FitMap[];
  /** Residual sum of squares, NaN where nothing was fitted. */
  residual: Samples;
  /** Outcome of each voxel: a code of the registry, or `outsideMask`. */
  status: Uint8Array;
  /** Iterations spent on each voxel, 0 outside the mask. */
  iterations: Uint32Array;
  /** Largest cosine between the residual and a free parameter's column of the Jacobian; 0 for closed forms. */
  gradient: Samples;
  /** Bit j: parameter j lies on its lower bound; bit 16 + j: on its upper one. */
  active: Uint32Array;
  /** Condition number of J'J of the free parameters off their bounds, scaled to unit diagonal; 0 for closed forms. */
  condition: Samples;
  /** Each pair of parameters; empty unless correlations were asked for. */
  correlations: CorrelationMap[];
  /** Number of voxels by outcome, every outcome of the registry and `outside-mask` included. */
  counts: Record<string, number>;
}

const registries = new WeakMap<Pool, Promise<Registry>>();

/** The core's registry of models and outcomes, asked of a worker once per pool. */
export function readRegistry(pool: Pool, signal?: AbortSignal): Promise<Registry> {
  const known = registries.get(pool);
  if (known !== undefined) return known;
  const asked = pool.run("models", [{make: () => ({request: null})}], {signal}).then(([registry]) => registry);
  // Only a registry that arrived is kept: a stopped or failed question can be asked again.
  asked.then(
    () => registries.set(pool, asked),
    () => {}
  );
  return asked;
}

/**
 * Fits every voxel inside the mask on the pool's workers.
 *
 * @param pool workers from `createPool`
 * @param input model, estimator, protocol, samples (sample-major), mask, and what else the fit is to keep to
 * @param options signal to stop it (rejects with an `AbortError`) and progress in voxels
 * @throws InputError when shapes disagree, the mask is empty, or the core refuses a part of the request
 * @throws WorkerError when a worker died twice on one chunk
 */
export async function fitVoxels(pool: Pool, input: FitInput, options: RunOptions = {}): Promise<Fit> {
  const {samples, voxels, mask, maps = {}, precision = "f64", chunk: wanted = defaultChunk, ...asked} = input;
  // A parameter that all voxels share can only be found with all of them at hand.
  const together = asked.shared !== undefined && asked.shared.length > 0;
  const chunk = together ? voxels : wanted;
  const {model, estimator, protocol} = asked;
  const count = checkShapes(input, chunk);
  const selected = mask === undefined ? null : select(mask, voxels);
  const size = selected === null ? voxels : selected.length;
  checkProtocol(protocol, count);
  const registry = await readRegistry(pool, options.signal);
  const {parameters} = findModel(registry, model);
  const names = Object.keys(maps);
  const measured = Array.from({length: count}, (_, s) => samples.subarray(s * voxels, (s + 1) * voxels));
  const rows = [...measured, ...Object.values(maps)];
  const make = (length: number): Samples => (precision === "f32" ? new Float32Array(length) : new Float64Array(length));

  const starts: number[] = [];
  for (let start = 0; start < size; start += chunk) starts.push(start);
  const chunks: Chunk<"fit">[] = starts.map((start) => {
    const end = Math.min(start + chunk, size);
    return {
      weight: end - start,
      make() {
        const part = make(rows.length * (end - start));
        rows.forEach((row, index) => gather(row, selected, start, end, part, index * (end - start)));
        const request: FitTask = {...asked, maps: names, samples: part, voxels: end - start};
        return {request, transfer: [part.buffer as ArrayBuffer]};
      }
    };
  });
  const parts = await pool.run("fit", chunks, {...options, interrupt: together});

  const empty = () => make(voxels).fill(NaN);
  const named = (): FitMap[] => parameters.map(({name, unit}) => ({name, unit, values: empty()}));
  const pairs = parameters.flatMap(({name}, j) => parameters.slice(0, j).map((other) => [name, other.name] as const));
  const fit: Fit = {
    model,
    estimator,
    precision,
    voxels,
    parameters: named(),
    standardDeviations: named(),
    residual: empty(),
    status: new Uint8Array(voxels).fill(outsideMask),
    iterations: new Uint32Array(voxels),
    gradient: empty(),
    active: new Uint32Array(voxels),
    condition: empty(),
    correlations: asked.correlation ? pairs.map((between) => ({between, values: empty()})) : [],
    counts: {}
  };
  parts.forEach((part, index) => {
    const start = starts[index];
    const length = part.status.length;
    const put = (from: ArrayLike<number>, maps: {values: Samples}[]) =>
      maps.forEach(({values}, p) => scatter(from, p * length, values, selected, start, length));
    put(part.parameters, fit.parameters);
    put(part.standardDeviations, fit.standardDeviations);
    put(part.correlation, fit.correlations);
    for (const key of ["residual", "status", "iterations", "gradient", "active", "condition"] as const) {
      scatter(part[key], 0, fit[key], selected, start, length);
    }
  });
  fit.counts = countStatuses(fit.status, registry);
  return fit;
}

/**
 * Whether an estimator is the nonlinear fit of a model's one signal equation. It alone takes a start, a number of
 * starts, and parameters that are fixed, set free or shared at will, and gives correlations.
 */
export function isGeneralFit({predicts}: Pick<ModelInfo, "predicts">, estimator: string): boolean {
  return predicts && estimator === "nlls";
}

/** The most starts that can be asked for. */
export const mostStarts = 1000;

/**
 * The parameters that a fit estimates, with their places among all: those that neither the model holds nor the request
 * fixes, and those that it sets free or shares.
 */
export function estimatedParameters(
  {parameters}: Pick<ModelInfo, "parameters">,
  {fix = {}, free = [], shared = []}: Pick<FitOptions, "fix" | "free" | "shared">
): (ParameterInfo & {index: number})[] {
  const freed = new Set([...free, ...shared]);
  return parameters
    .map((parameter, index) => ({...parameter, index}))
    .filter(({name, held}) => freed.has(name) || (held === null && !Object.hasOwn(fix, name)));
}

/** Checks the shapes that the arrays have here, and gives the number of samples per voxel. */
function checkShapes({samples, voxels, mask, maps = {}, precision = "f64"}: FitInput, chunk: number): number {
  if (precision !== "f64" && precision !== "f32") {
    throw new InputError({code: "bad-precision", field: "precision", value: precision, expected: "f64 or f32"});
  }
  if (!(samples instanceof Float32Array || samples instanceof Float64Array)) {
    const value = Object.prototype.toString.call(samples).slice(8, -1);
    throw new InputError({code: "bad-samples", field: "samples", value, expected: "a Float32Array or Float64Array"});
  }
  for (const [field, value] of Object.entries({voxels, chunk})) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError({code: "bad-count", field, value, expected: "a positive integer"});
    }
  }
  if (samples.length === 0 || samples.length % voxels !== 0) {
    const expected = `a positive multiple of ${voxels} voxels`;
    throw new InputError({code: "shape-mismatch", field: "samples.length", value: samples.length, expected});
  }
  if (mask !== undefined && mask.length !== voxels) {
    const expected = `${voxels}, one entry per voxel`;
    throw new InputError({code: "shape-mismatch", field: "mask.length", value: mask.length, expected});
  }
  for (const [name, {length}] of Object.entries(maps)) {
    if (length === voxels) continue;
    const expected = `${voxels}, one value per voxel`;
    throw new InputError({code: "shape-mismatch", field: `maps.${name}.length`, value: length, expected});
  }
  return samples.length / voxels;
}

function checkProtocol(protocol: Protocol, count: number): void {
  for (const [name, values] of Object.entries(protocol)) {
    if (values.length !== count) {
      const expected = `${count}, one per sample`;
      throw new InputError({code: "shape-mismatch", field: `protocol.${name}.length`, value: values.length, expected});
    }
  }
}

/** The model of that id. @throws InputError unknown-model */
export function findModel({models}: Registry, id: string): ModelInfo {
  const info = models.find((model) => model.id === id);
  if (info === undefined) {
    const expected = `one of ${models.map((model) => model.id).join(", ")}`;
    throw new InputError({code: "unknown-model", field: "model", value: id, expected});
  }
  return info;
}

/** Indices of the voxels inside the mask. */
function select(mask: ArrayLike<number | boolean>, voxels: number): Uint32Array {
  const indices = new Uint32Array(voxels);
  let count = 0;
  for (let v = 0; v < voxels; v++) if (mask[v]) indices[count++] = v;
  if (count === 0) {
    const expected = `at least 1 of its ${voxels} voxels inside`;
    throw new InputError({code: "empty-mask", field: "mask", value: "empty", expected});
  }
  return indices.slice(0, count);
}

/** Copies one row's values of a chunk of voxels. */
function gather(
  row: ArrayLike<number>,
  selected: Uint32Array | null,
  start: number,
  end: number,
  target: Samples,
  offset: number
): void {
  if (selected === null && ArrayBuffer.isView(row)) target.set((row as Samples).subarray(start, end), offset);
  else for (let i = start; i < end; i++) target[offset + i - start] = row[selected === null ? i : selected[i]];
}

function scatter(
  part: ArrayLike<number>,
  offset: number,
  values: {[index: number]: number},
  selected: Uint32Array | null,
  start: number,
  length: number
): void {
  for (let i = 0; i < length; i++) values[selected === null ? start + i : selected[start + i]] = part[offset + i];
}

function countStatuses(status: Uint8Array, {statuses}: Registry): Record<string, number> {
  const tally = new Array<number>(256).fill(0);
  for (const code of status) tally[code] += 1;
  const counts: Record<string, number> = {};
  for (const {code, name} of statuses) counts[name] = tally[code];
  counts[outsideMaskName] = tally[outsideMask];
  const named = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (named !== status.length)
    throw new Error(`${status.length - named} voxels have a status that the core does not name`);
  return counts;
}
