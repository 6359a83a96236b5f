// Where to fit: regions, their parts and their voxels.
import {InputError} from "../domain/errors.js";
import {foregroundMask, meanVolume} from "../domain/quality/foreground-mask.js";
import type {Nifti} from "../io/nifti.js";
import type {FitInput} from "./fit-input.js";

/** Where to fit. */
export type RegionChoice =
  {kind: "everywhere"} | {kind: "foreground"; fraction: number} | {kind: "mask"; file: string; label: number | null};

/** The image on which a region is chosen: the mean of the volumes at the lowest b, or of all volumes without b. */
export function baseline({samples, voxels, protocol}: Pick<FitInput, "samples" | "voxels" | "protocol">): Float64Array {
  const {b} = protocol;
  const count = samples.length / voxels;
  const all = Array.from({length: count}, (_, s) => s);
  if (b === undefined) return meanVolume(samples, voxels, all);
  const lowest = b.reduce((low, value) => Math.min(low, value), Infinity);
  return meanVolume(
    samples,
    voxels,
    all.filter((s) => b[s] === lowest)
  );
}

/** What `baseline` shows, in words. */
export function describeBaseline({protocol}: Pick<FitInput, "protocol">): string {
  return protocol.b === undefined ? "mean signal of all volumes" : "mean signal at the lowest b";
}

/**
 * The voxels that a choice of region names, a byte each.
 * @param base what `baseline` gives, for callers that have it already
 * @throws InputError when there are none
 */
export function regionMask(input: FitInput, choice: RegionChoice, base?: ArrayLike<number>): Uint8Array {
  if (choice.kind === "everywhere") return new Uint8Array(input.voxels).fill(1);
  if (choice.kind === "foreground") {
    try {
      return foregroundMask(base ?? baseline(input), choice.fraction);
    } catch (error) {
      throw error instanceof InputError ? error.in(input.image.file) : error;
    }
  }
  const values = maskNamed(input, choice.file).values();
  const {label} = choice;
  const mask = new Uint8Array(input.voxels);
  let count = 0;
  for (let v = 0; v < mask.length; v++) {
    if (label === null ? values[v] > 0 : values[v] === label) {
      mask[v] = 1;
      count++;
    }
  }
  if (count === 0) {
    const expected = label === null ? "at least one voxel above 0" : `at least one voxel of label ${label}`;
    throw new InputError({code: "empty-mask", file: choice.file, field: "region", value: "empty", expected});
  }
  return mask;
}

function maskNamed(input: FitInput, file: string): Nifti {
  const image = input.masks.find((mask) => mask.file === file);
  if (image !== undefined) return image;
  const expected = input.masks.map((mask) => mask.file).join(", ") || "a mask among the files";
  throw new InputError({code: "unknown-mask", field: "region", value: file, expected});
}

/** The labels (whole numbers above 0) of a mask image, in order; none when it holds other numbers, or over 256. */
export function labelsOf(mask: Nifti): number[] {
  const labels = new Set<number>();
  let last = 0;
  for (const value of mask.values()) {
    if (value === last) continue;
    last = value;
    if (!Number.isInteger(value) || value < 0) return [];
    if (value > 0) labels.add(value);
    if (labels.size > 256) return [];
  }
  return [...labels].sort((a, b) => a - b);
}

/** A part of the region that is summarised on its own. */
export interface Group {
  label: string;
  /** Indices of its voxels. */
  voxels: Uint32Array;
}

/** More parts than this are shown as one: the reader can choose a label instead. */
const mostGroups = 8;

/** The region as a whole, or the labels of its mask one by one. */
export function groupsOf(input: FitInput, choice: RegionChoice, mask: Uint8Array): Group[] {
  const all = indices(mask.length, (v) => mask[v] !== 0);
  if (choice.kind !== "mask") return [{label: choice.kind === "everywhere" ? "Everywhere" : "Foreground", voxels: all}];
  const image = maskNamed(input, choice.file);
  const name = (label: number): string => input.labelNames.get(label) ?? `Label ${label}`;
  if (choice.label !== null) return [{label: name(choice.label), voxels: all}];
  const labels = labelsOf(image);
  if (labels.length < 2 || labels.length > mostGroups) return [{label: "Mask", voxels: all}];
  const values = image.values();
  return labels.map((label) => ({label: name(label), voxels: indices(mask.length, (v) => values[v] === label)}));
}

function indices(length: number, inside: (v: number) => boolean): Uint32Array {
  const found = new Uint32Array(length);
  let count = 0;
  for (let v = 0; v < length; v++) if (inside(v)) found[count++] = v;
  return found.slice(0, count);
}

/** A choice of region in words. */
export function describeRegion(input: FitInput, choice: RegionChoice): string {
  if (choice.kind === "everywhere") return "all voxels";
  if (choice.kind === "foreground") {
    return `foreground: ${describeBaseline(input)} above ${choice.fraction} of its 98th percentile`;
  }
  return choice.label === null
    ? choice.file
    : `${choice.file}, ${input.labelNames.get(choice.label) ?? `label ${choice.label}`}`;
}

/** The voxels of all parts. */
export function everyVoxel(groups: readonly Group[]): Uint32Array {
  const all = new Uint32Array(groups.reduce((sum, {voxels}) => sum + voxels.length, 0));
  let at = 0;
  for (const {voxels} of groups) {
    all.set(voxels, at);
    at += voxels.length;
  }
  return all;
}

/** Samples of one voxel, by row. */
export function samplesAt({samples, voxels}: Pick<FitInput, "samples" | "voxels">, voxel: number): Float64Array {
  return Float64Array.from({length: samples.length / voxels}, (_, s) => samples[s * voxels + voxel]);
}

/** Index of a voxel from its three indices. */
export function voxelAt({image: {shape}}: FitInput, [i, j, k]: readonly number[]): number {
  return i + shape[0] * (j + shape[1] * k);
}

/** Three indices of the voxel of the first part that lies nearest its centre of gravity. */
export function middleVoxel({image: {shape}}: FitInput, groups: readonly Group[]): [number, number, number] {
  const [{voxels}] = groups;
  const place = (v: number): [number, number, number] => [
    v % shape[0],
    Math.floor(v / shape[0]) % shape[1],
    Math.floor(v / (shape[0] * shape[1]))
  ];
  const centre = [0, 0, 0];
  for (const v of voxels) place(v).forEach((n, axis) => (centre[axis] += n / voxels.length));
  let best = voxels[0];
  let least = Infinity;
  for (const v of voxels) {
    const distance = place(v).reduce((sum, n, axis) => sum + (n - centre[axis]) ** 2, 0);
    if (distance < least) [best, least] = [v, distance];
  }
  return place(best);
}
