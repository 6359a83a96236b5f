import {InputError} from "../domain/errors.js";
import type {FitRequest, ModelInfo, Registry, Samples} from "./core.js";
import type {FitTask} from "./messages.js";
import type {Chunk, Pool, RunOptions} from "./pool.js";

/** Status code of voxels that the mask leaves out; the core never sees them. */
export const outsideMask = 255;
/** Name under which they are counted. */
export const outsideMaskName = "outside-mask";

/** Voxels per chunk. A constant, so that neither the cut nor the bits depend on the number of workers. */
export const defaultChunk = 4096;

/** Every voxel to fit, with the model to fit. */
export interface FitInput extends FitRequest {
  /** Sample-major, as a 4D volume lies: `samples[s * voxels + v]`. They are copied, never taken away. */
  samples: Samples;
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

/** A fitted volume. All arrays have one entry per voxel of the input, masked or not. */
export interface Fit {
  model: string;
  estimator: string;
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
 * @param input model, estimator, protocol, samples (sample-major) and mask
 * @param options signal to stop it (rejects with an `AbortError`) and progress in voxels
 * @throws InputError when shapes disagree, the mask is empty, or the core refuses model, estimator, protocol or bounds
 * @throws WorkerError when a worker died twice on one chunk
 */
export async function fitVoxels(pool: Pool, input: FitInput, options: RunOptions = {}): Promise<Fit> {
  const {model, estimator, protocol, bounds, samples, voxels, mask, chunk = defaultChunk} = input;
  const count = checkShapes(input, chunk);
  const selected = mask === undefined ? null : select(mask, voxels);
  const size = selected === null ? voxels : selected.length;
  checkProtocol(protocol, count);
  const registry = await readRegistry(pool, options.signal);
  const info = findModel(registry, model);

  const starts: number[] = [];
  for (let start = 0; start < size; start += chunk) starts.push(start);
  const chunks: Chunk<"fit">[] = starts.map((start) => {
    const end = Math.min(start + chunk, size);
    return {
      weight: end - start,
      make() {
        const request: FitTask = {
          model,
          estimator,
          protocol,
          bounds,
          samples: gather(samples, voxels, count, selected, start, end),
          voxels: end - start
        };
        return {request, transfer: [request.samples.buffer as ArrayBuffer]};
      }
    };
  });
  const parts = await pool.run("fit", chunks, options);

  const make = () => (samples instanceof Float32Array ? new Float32Array(voxels) : new Float64Array(voxels)).fill(NaN);
  const maps = (): FitMap[] => info.parameters.map(({name, unit}) => ({name, unit, values: make()}));
  const fit: Fit = {
    model,
    estimator,
    voxels,
    parameters: maps(),
    standardDeviations: maps(),
    residual: make(),
    status: new Uint8Array(voxels).fill(outsideMask),
    iterations: new Uint32Array(voxels),
    counts: {}
  };
  parts.forEach((part, index) => {
    const start = starts[index];
    const length = part.status.length;
    fit.parameters.forEach(({values}, p) => scatter(part.parameters, p * length, values, selected, start, length));
    fit.standardDeviations.forEach(({values}, p) =>
      scatter(part.standardDeviations, p * length, values, selected, start, length)
    );
    scatter(part.residual, 0, fit.residual, selected, start, length);
    scatter(part.status, 0, fit.status, selected, start, length);
    scatter(part.iterations, 0, fit.iterations, selected, start, length);
  });
  fit.counts = countStatuses(fit.status, registry);
  return fit;
}

/** Checks the shapes that the arrays have here, and gives the number of samples per voxel. */
function checkShapes({samples, voxels, mask}: FitInput, chunk: number): number {
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
  return samples.length / voxels;
}

function checkProtocol(protocol: FitRequest["protocol"], count: number): void {
  for (const [name, values] of Object.entries(protocol)) {
    if (values.length !== count) {
      const expected = `${count}, one per sample`;
      throw new InputError({code: "shape-mismatch", field: `protocol.${name}.length`, value: values.length, expected});
    }
  }
}

function findModel({models}: Registry, id: string): ModelInfo {
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

/** A copy of one chunk of voxels, sample-major like the whole; always fresh, as it is transferred. */
function gather(
  samples: Samples,
  voxels: number,
  count: number,
  selected: Uint32Array | null,
  start: number,
  end: number
): Samples {
  const length = end - start;
  const chunk = samples instanceof Float32Array ? new Float32Array(count * length) : new Float64Array(count * length);
  for (let s = 0; s < count; s++) {
    const source = s * voxels;
    const target = s * length;
    if (selected === null) chunk.set(samples.subarray(source + start, source + end), target);
    else for (let i = 0; i < length; i++) chunk[target + i] = samples[source + selected[start + i]];
  }
  return chunk;
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
