// What a model takes of the data, and whether they will do.
import {InputError} from "../domain/errors.js";
import {fitVoxels} from "../compute/fit.js";
import type {ModelInfo, Settings} from "../compute/core.js";
import type {Pool} from "../compute/pool.js";
import type {Nifti} from "../io/nifti.js";
import {readProtocol} from "../io/series.js";
import type {FitInput} from "./fit-input.js";

/** The column that tells real parts (0) from imaginary ones (1). */
const imaginary = "imaginary";

/** The samples that a model is fitted to, with the columns of the protocol that it knows. */
export interface ModelRows {
  protocol: Record<string, number[]>;
  samples: Float32Array | Float64Array;
}

function protocolOf(model: ModelInfo, {protocol}: Pick<FitInput, "protocol">): Record<string, number[]> {
  const names = model.protocol.map(({name}) => name).filter((name) => protocol[name] !== undefined);
  const columns = Object.fromEntries(names.map((name) => [name, protocol[name]]));
  if (!isComplex(model)) return columns;
  const count = Object.values(columns)[0]?.length ?? 0;
  const twice = Object.entries(columns).map(([name, values]) => [name, [...values, ...values]]);
  const parts = [...new Array<number>(count).fill(0), ...new Array<number>(count).fill(1)];
  return {...Object.fromEntries(twice), [imaginary]: parts};
}

/** Whether a model is fitted to real and imaginary parts. */
export function isComplex({protocol}: ModelInfo): boolean {
  return protocol.some(({name}) => name === imaginary);
}

/** @throws InputError missing-part where a complex model finds no second part */
export function rowsOf(model: ModelInfo, input: FitInput): ModelRows {
  return {protocol: protocolOf(model, input), samples: isComplex(model) ? complexSamples(input) : input.samples};
}

const complexRows = new WeakMap<readonly Nifti[], Float64Array>();

/** Real parts of every acquisition, then the imaginary ones. @throws InputError missing-part, bad-field */
function complexSamples({series, images, voxels}: FitInput): Float64Array {
  const known = complexRows.get(images);
  if (known !== undefined) return known;
  const shapes = images.map(({volumes, components}) => ({volumes, complex: components === 2}));
  const protocol = [{name: "imaginary", unit: "", required: true}];
  const {rows} = readProtocol(series, {id: "series", protocol, parameters: []}, shapes);
  const cut = (scan: number, volume: number, component?: "real" | "imaginary"): ArrayLike<number> =>
    images[scan].volume(volume, component);
  const samples = new Float64Array(rows.length * voxels);
  rows.forEach(({scan, volume, part, phase}, s) => {
    if (shapes[scan].complex) samples.set(cut(scan, volume, part === "imaginary" ? "imaginary" : "real"), s * voxels);
    else if (phase === undefined) samples.set(cut(scan, volume), s * voxels);
    else {
      const [size, angle] = [cut(scan, volume), cut(phase, volume)];
      const turn = part === "real" ? Math.cos : Math.sin;
      for (let v = 0; v < voxels; v++) samples[s * voxels + v] = size[v] * turn(angle[v]);
    }
  });
  complexRows.set(images, samples);
  return samples;
}

/**
 * The settings of a model: the field strength that the sidecars state; a number or name that the core does not ask for
 * stays away.
 */
export function statedSettings(model: ModelInfo, {sidecar}: Pick<FitInput, "sidecar">): Settings {
  const value = sidecar.MagneticFieldStrength;
  const asked = model.settings.some(({name}) => name === "field_strength");
  return asked && typeof value === "number" ? {field_strength: value} : {};
}

/**
 * Which models these data can be fitted with: null, or why not. The core itself is asked, with one voxel, so that no
 * rule of a model stands here too.
 */
export async function suitability(
  pool: Pool,
  models: readonly ModelInfo[],
  input: Pick<FitInput, "protocol" | "acquisitions" | "sidecar" | "complex" | "magnitudes">
): Promise<Record<string, string | null>> {
  const reasons: Record<string, string | null> = {};
  for (const model of models) {
    const needed = model.protocol.filter(({name, required}) => required && name !== imaginary);
    const lacking = needed.filter(({name}) => input.protocol[name] === undefined);
    const named = lacking.map(({name, unit}) => (unit === "" ? name : `${name} (${unit})`));
    if (model.estimators.length === 0) reasons[model.id] = "it can be simulated, but not fitted yet";
    else if (lacking.length > 0) reasons[model.id] = `it needs ${named.join(" and ")} of each volume`;
    else if (isComplex(model) && !input.complex) {
      reasons[model.id] = "it needs complex images: real and imaginary, or magnitude and phase";
    } else if (!isComplex(model) && !input.magnitudes) reasons[model.id] = "it needs magnitudes (part-mag)";
    else {
      const protocol = protocolOf(model, input);
      const samples = new Float32Array(Object.values(protocol)[0]?.length ?? input.acquisitions).fill(1);
      const [{id: estimator}] = model.estimators;
      const settings = {...placeholders(model), ...statedSettings(model, input)};
      const request = {model: model.id, estimator, settings, protocol, samples, voxels: 1};
      reasons[model.id] = await fitVoxels(pool, request).then(
        () => null,
        (error: unknown) => {
          if (error instanceof InputError) return `${error.field} is ${show(error.value)}; it needs ${error.expected}`;
          throw error;
        }
      );
    }
  }
  return reasons;
}

/** Settings that the reader is still to be asked for. */
function placeholders({settings}: ModelInfo): Settings {
  const asked = settings.filter(({required}) => required);
  return Object.fromEntries(asked.map(({name, choices}) => [name, choices[0] ?? 1]));
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}
