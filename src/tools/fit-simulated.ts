// A simulated series of any model that predicts a signal, as files that a reader could drop.
import type {Core, ModelInfo} from "../compute/core.js";
import {InputError} from "../domain/errors.js";
import {folderOfBytes, type Folder} from "../io/folder.js";
import {writeNifti} from "../io/nifti.js";
import {suffixOf} from "../io/series.js";
import {exampleOf, sigmaAt} from "./model-explorer.js";

const shape = [18, 12, 2];
const voxelSize: [number, number, number] = [2, 2, 4];
const affine = [2, 0, 0, -18, 0, 2, 0, -12, 0, 0, 4, -4, 0, 0, 0, 1];
const voxels = shape[0] * shape[1] * shape[2];
/** Of the strongest noise-free sample. */
const snr = 50;
const seed = 1;
/** Three tissues side by side: what each parameter of the example is multiplied by, and B1. */
const tissues = [
  {name: "low", factor: 0.8, B1: 0.9},
  {name: "middle", factor: 1, B1: 1},
  {name: "high", factor: 1.25, B1: 1.1}
];
const tissueOf = (v: number): number => Math.floor((v % shape[0]) / (shape[0] / tissues.length));

/** Fields of a sidecar by column. */
const fields: Record<string, string> = {
  TE: "EchoTime",
  TI: "InversionTime",
  TR: "RepetitionTimeExcitation",
  FA: "FlipAngle"
};
/** Entities that number the values of a column. */
const entities: Record<string, string> = {TE: "echo", TI: "inv", FA: "flip"};

/** Models for which a series can be simulated. */
export function simulable(models: readonly ModelInfo[]): ModelInfo[] {
  return models.filter(({predicts, estimators}) => predicts && estimators.length > 0);
}

/**
 * The model's example, simulated with an SNR of 50 (Rician magnitudes, or Gaussian parts of complex numbers; fixed
 * seed) in three tissues, with labels and for models that hold B1 a map of it. Where BIDS has names and fields for all
 * of the protocol the files are a BIDS series; else one image with a table.
 */
export function simulatedExample(core: Core, model: ModelInfo): Folder {
  const example = exampleOf(model.id);
  const {settings = {}} = example;
  const protocol = unique(example.protocol);
  const rows = Object.values(protocol)[0].length;
  const holdsB1 = model.parameters.some(({name, held}) => name === "B1" && held !== null);
  const truth = new Float64Array(model.parameters.length * voxels);
  model.parameters.forEach(({name, held}, p) => {
    const [low, high] = example.ranges[name];
    for (let v = 0; v < voxels; v++) {
      const {factor, B1} = tissues[tissueOf(v)];
      const scaled = Math.min(high, Math.max(low, example.parameters[name] * factor));
      truth[p * voxels + v] = name === "B1" && held !== null ? B1 : held === null ? scaled : held;
    }
  });
  const clean = core.simulate({model: model.id, protocol, settings}, truth, voxels);
  const noise = {kind: model.magnitude ? "rician" : "gaussian", sigma: sigmaAt(clean, snr), seed} as const;
  const samples = Float32Array.from(core.simulate({model: model.id, protocol, settings, noise}, truth, voxels));
  const row = (s: number): Float32Array<ArrayBuffer> => samples.slice(s * voxels, (s + 1) * voxels);
  const image = (data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>, volumes = 1): Uint8Array =>
    writeNifti({shape: volumes > 1 ? [...shape, volumes] : shape, voxelSize, affine, data}, {gzip: true});

  const files: Record<string, Uint8Array | string> = {};
  const put = (name: string, data: Uint8Array, sidecar: object): void => {
    files[`${name}.nii.gz`] = data;
    files[`${name}.json`] = JSON.stringify(sidecar);
  };
  const common = settings.field_strength === undefined ? {} : {MagneticFieldStrength: settings.field_strength};
  const fieldOf = (column: string): string =>
    column === "TR" && protocol.TI ? "RepetitionTimePreparation" : fields[column];
  const stated = (s: number): object => ({
    ...common,
    ...Object.fromEntries(
      Object.keys(fields).flatMap((column) => (protocol[column] ? [[fieldOf(column), protocol[column][s]]] : []))
    ),
    ...(protocol.MT ? {MTState: protocol.MT[s] === 1} : {})
  });
  const suffix = bidsSuffix(model, Object.keys(protocol));
  if (suffix === null) {
    const columns = Object.keys(protocol);
    const lines = Array.from({length: rows}, (_, s) => columns.map((name) => protocol[name][s]).join("\t"));
    files["sub-simulated_series.nii.gz"] = image(samples, rows);
    files["protocol.tsv"] = `${[columns.join("\t"), ...lines].join("\n")}\n`;
  } else if (suffix === "dwi") {
    const times = protocol.TE === undefined ? [null] : [...new Set(protocol.TE)];
    for (const TE of times) {
      const own = Array.from({length: rows}, (_, s) => s).filter((s) => TE === null || protocol.TE[s] === TE);
      const data = new Float32Array(own.length * voxels);
      own.forEach((s, i) => data.set(row(s), i * voxels));
      const name = `sub-simulated${times.length > 1 ? `_acq-TE${Math.round(TE! * 1000)}` : ""}_dwi`;
      put(name, image(data, own.length), stated(own[0]));
      files[`${name}.bval`] = `${own.map((s) => protocol.b[s]).join(" ")}\n`;
    }
  } else {
    for (let s = 0; s < rows; s++) {
      const part = protocol.imaginary === undefined ? "" : `_part-${protocol.imaginary[s] === 1 ? "imag" : "real"}`;
      put(`sub-simulated${nameParts(protocol, s, suffix)}${part}_${suffix}`, image(row(s)), stated(s));
    }
  }
  files["sub-simulated_dseg.nii.gz"] = image(Uint8Array.from({length: voxels}, (_, v) => tissueOf(v) + 1));
  files["dseg.tsv"] = `index\tname\n${tissues.map(({name}, i) => `${i + 1}\t${name}`).join("\n")}\n`;
  if (holdsB1) {
    const map = Float32Array.from({length: voxels}, (_, v) => tissues[tissueOf(v)].B1);
    put("sub-simulated_TB1map", image(map), {Units: "arbitrary"});
  }
  return folderOfBytes("simulated example", files);
}

/** Each different acquisition once: names of files number values, not repetitions. Diffusion keeps its repeats. */
function unique(protocol: Readonly<Record<string, readonly number[]>>): Record<string, number[]> {
  const columns = Object.keys(protocol);
  const seen = new Set<string>();
  const kept = protocol[columns[0]].flatMap((_, s) => {
    const key = columns.map((name) => protocol[name][s]).join();
    if (seen.has(key) && protocol.b === undefined) return [];
    seen.add(key);
    return [s];
  });
  return Object.fromEntries(columns.map((name) => [name, kept.map((s) => protocol[name][s])]));
}

/** The suffix of a model's images, or null where BIDS lacks it or a field for one of the columns. */
function bidsSuffix(model: ModelInfo, columns: readonly string[]): string | null {
  const known = [...Object.keys(fields), "b", "MT", "imaginary"];
  if (!columns.every((name) => known.includes(name))) return null;
  try {
    return suffixOf(model);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The entities that number what differs between the acquisitions. */
function nameParts(protocol: Readonly<Record<string, readonly number[]>>, s: number, suffix: string): string {
  // BIDS numbers none of the times of FLAIR.
  if (suffix === "FLAIR") return `_acq-${s + 1}`;
  const parts = Object.entries(entities).flatMap(([column, entity]) => {
    const values = [...new Set(protocol[column] ?? [])];
    return values.length > 1 ? [`_${entity}-${values.indexOf(protocol[column][s]) + 1}`] : [];
  });
  if (protocol.MT) parts.push(`_mt-${protocol.MT[s] === 1 ? "on" : "off"}`);
  return parts.join("");
}
