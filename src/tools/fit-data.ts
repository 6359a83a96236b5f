// Any diffusion image that a reader brings: from dropped files to maps, tables and files to keep.
import {InputError} from "../domain/errors.js";
import {foregroundMask, meanVolume} from "../domain/quality/foreground-mask.js";
import {mean, quantile, standardDeviation} from "../domain/statistics/summaries.js";
import {fitVoxels, outsideMask, type Fit} from "../compute/fit.js";
import type {EstimatorInfo, ModelInfo, StatusInfo} from "../compute/core.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {zipSync} from "../generated/vendor/fflate.js";
import {version} from "../generated/version.js";
import {readText, type Folder} from "../io/folder.js";
import {checkGradients, readBval, readBvec} from "../io/gradients.js";
import {
  readNifti,
  readNiftiHeader,
  sameGrid,
  writeNifti,
  type Nifti,
  type NiftiArray,
  type NiftiHeader
} from "../io/nifti.js";
import {parseTable, writeCsv, type Tsv} from "../io/tsv.js";

/** What the dropped files turned out to be. */
export interface FitInput {
  image: Nifti;
  /** Sample-major values of the image. */
  samples: Float32Array | Float64Array;
  voxels: number;
  /** Columns by name, one value a volume: b in s/mm2, TE in s. */
  protocol: Record<string, number[]>;
  /** Images on the grid of the first that can say where to fit. */
  masks: Nifti[];
  /** Names of a mask's labels, where a table with `index` and `name` came along. */
  labelNames: Map<number, string>;
  /** What the JSON sidecars of the series say, the more specific one winning. */
  sidecar: Record<string, unknown>;
  /** How each file was taken, for the reader to check. */
  roles: {file: string; role: string}[];
  /** Files that the fit rests on. */
  sources: string[];
}

/** How a reading can be watched and stopped. */
export interface ReadOptions {
  signal?: AbortSignal;
  /** Awaited before each step that takes a while: what is done next, and the share done. */
  onStep?: (label: string, share: number) => void | Promise<void>;
}

/** Where to fit. */
export type RegionChoice =
  {kind: "everywhere"} | {kind: "foreground"; fraction: number} | {kind: "mask"; file: string; label: number | null};

/** Codes of the faults that a further file can mend. */
export const incompleteCodes: readonly string[] = ["missing-series", "missing-protocol"];

type Kind = "image" | "bval" | "bvec" | "table" | "sidecar" | "ignored";

/** What a file is by its name; whatever has no known name is tried as an image and then says what is wrong with it. */
export function kindOf(path: string): Kind {
  const name = path.split("/").at(-1)!;
  if (/^\.|^(readme|changes|licen[cs]e|citation)(\.\w+)?$/i.test(name)) return "ignored";
  if (/^(dataset_description|participants|manifest)\.json$|^participants\.tsv$|_(scans|sessions)\.tsv$/i.test(name))
    return "ignored";
  if (/(^|[._-])bvals?(\.txt)?$/i.test(name)) return "bval";
  if (/(^|[._-])bvecs?(\.txt)?$/i.test(name)) return "bvec";
  if (/\.json$/i.test(name)) return "sidecar";
  if (/\.(tsv|csv|txt)$/i.test(name)) return "table";
  return "image";
}

/**
 * Reads what a reader dropped: one series (NIfTI, several volumes), its b values (`.bval`, or a table with a column `b`
 * and perhaps `TE`, one row a volume), and if there are any gradient directions, JSON sidecars, masks or labels on the
 * same grid, and a table that names the labels. Headers and tables are checked before any voxel is decompressed.
 *
 * @throws InputError that names the file, the field, the value and what was expected; its code is one of
 *   `incompleteCodes` where only a file is missing
 * @throws DOMException AbortError when the signal says so
 */
export async function readFitInput(folder: Folder, {signal, onStep}: ReadOptions = {}): Promise<FitInput> {
  const step = async (label: string, share: number): Promise<void> => {
    signal?.throwIfAborted();
    await onStep?.(label, share);
    signal?.throwIfAborted();
  };
  const roles: FitInput["roles"] = [];
  const kinds = new Map<Kind, string[]>();
  for (const path of folder.paths) kinds.set(kindOf(path), [...(kinds.get(kindOf(path)) ?? []), path]);
  const named = (kind: Kind): string[] => kinds.get(kind) ?? [];
  const text = (path: string): Promise<string> => readText(folder, path);

  await step("Reading headers", 0);
  const bytes = new Map<string, Uint8Array>();
  const headers: NiftiHeader[] = [];
  for (const path of named("image")) {
    bytes.set(path, await folder.read(path));
    headers.push(readNiftiHeader(bytes.get(path)!, path));
  }
  const series = headers.filter((header) => volumesOf(header) > 1);
  if (series.length > 1) {
    const expected = "one series of volumes at a time";
    const value = series.map(({file}) => file).join(", ");
    throw new InputError({code: "several-series", file: folder.name, field: "series", value, expected});
  }
  if (series.length === 0) {
    throw new InputError({
      code: "missing-series",
      file: folder.name,
      field: "series",
      value:
        headers.length === 0 ? "missing" : headers.map(({file, shape}) => `${file} of ${shape.join(" x ")}`).join(", "),
      expected: "a NIfTI file (.nii, .nii.gz) with several volumes, one for each b value"
    });
  }
  const [header] = series;
  const volumes = volumesOf(header);
  roles.push({file: header.file, role: `series of ${volumes} volumes`});
  const maskHeaders = headers.filter((other) => other !== header);
  for (const mask of maskHeaders) {
    sameGrid(header, mask);
    roles.push({file: mask.file, role: "mask or labels: can say where to fit"});
  }

  const tables: Tsv[] = [];
  const labelNames = new Map<number, string>();
  for (const path of named("table")) {
    const table = parseTable(await text(path), path);
    if (!table.columns.includes("b") && table.columns.includes("index") && table.columns.includes("name")) {
      table.rows.forEach((_, row) => labelNames.set(table.requiredNumber(row, "index"), table.text(row, "name")));
      roles.push({file: path, role: "names of the labels"});
    } else tables.push(table);
  }
  const protocols = [...named("bval"), ...tables.map(({file}) => file)];
  if (protocols.length !== 1) {
    throw new InputError({
      code: protocols.length === 0 ? "missing-protocol" : "several-protocols",
      file: folder.name,
      field: "protocol",
      value: protocols.join(", ") || "missing",
      expected: "either one .bval file or one table (.tsv, .csv) with a column b and perhaps TE, one row a volume"
    });
  }
  const protocol: Record<string, number[]> = {};
  const [bval] = named("bval");
  if (bval === undefined) {
    Object.assign(protocol, readProtocolTable(tables[0], header.file, volumes));
    roles.push({file: tables[0].file, role: `protocol: ${Object.keys(protocol).join(", ")} of each volume`});
  } else {
    protocol.b = readBval(await text(bval), bval);
    roles.push({file: bval, role: `${protocol.b.length} b values`});
  }
  const bvecs = named("bvec");
  if (bvecs.length > 1) {
    const value = bvecs.join(", ");
    throw new InputError({
      code: "several-bvec",
      file: folder.name,
      field: "gradient directions",
      value,
      expected: "at most one file"
    });
  }
  const bvec = bvecs.length === 0 ? undefined : {file: bvecs[0], values: readBvec(await text(bvecs[0]), bvecs[0])};
  if (bvec) roles.push({file: bvec.file, role: "gradient directions: checked, but the models know none"});
  checkGradients({
    image: {file: header.file, volumes},
    bval: bval === undefined ? undefined : {file: bval, values: protocol.b},
    bvec
  });

  const sidecar: Record<string, unknown> = {};
  const sidecars: string[] = [];
  const stems = maskHeaders.map(({file}) => stemOf(file));
  for (const path of named("sidecar").sort((a, b) => entitiesOf(a).size - entitiesOf(b).size)) {
    const content = parseSidecar(await text(path), path);
    const own = appliesTo(path, header.file);
    if (own || (!stems.includes(stemOf(path)) && named("sidecar").length === 1)) {
      Object.assign(sidecar, content);
      sidecars.push(path);
      roles.push({file: path, role: "sidecar of the series"});
    } else
      roles.push({
        file: path,
        role: stems.includes(stemOf(path)) ? "sidecar of a mask: not used" : "not used: not a sidecar of the series"
      });
  }
  if (protocol.TE === undefined && sidecar.EchoTime !== undefined) {
    const file = sidecars.at(-1)!;
    protocol.TE = echoTimes(sidecar.EchoTime, volumes, file);
    roles.find((role) => role.file === file)!.role += `: TE of ${protocol.TE[0] * 1000} ms`;
  }
  for (const path of named("ignored")) roles.push({file: path, role: "not used"});

  const read = async (path: string, share: number): Promise<Nifti> => {
    await step(`Reading ${path.split("/").at(-1)}`, share);
    const {shape, datatype} = headers.find(({file}) => file === path)!;
    return inMemory(() => readNifti(bytes.get(path)!, path), path, shape, datatype);
  };
  const image = await read(header.file, 0.05);
  const masks: Nifti[] = [];
  for (const {file} of maskHeaders) masks.push(await read(file, 0.7));
  await step("Scaling the values", 0.8);
  const samples = inMemory(() => image.values(), image.file, image.shape, image.datatype);
  signal?.throwIfAborted();
  const sources = [header.file, ...protocols, ...sidecars];
  const voxels = image.shape[0] * image.shape[1] * image.shape[2];
  return {image, samples, voxels, protocol, masks, labelNames, sidecar, roles, sources};
}

function volumesOf({shape}: NiftiHeader): number {
  return shape.slice(3).reduce((product, size) => product * size, 1);
}

/** A browser that cannot hold an array says so in a RangeError that names nothing. */
function inMemory<T>(make: () => T, file: string, shape: number[], datatype: string): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const expected = `an image that fits into the memory of this browser (${error.message})`;
    throw new InputError({
      code: "out-of-memory",
      file,
      field: "voxels",
      value: `${shape.join(" x ")} of ${datatype}`,
      expected
    });
  }
}

/** The name without folder and extensions. */
function stemOf(path: string): string {
  return path
    .split("/")
    .at(-1)!
    .replace(/\.(nii(\.gz)?|json|bval|bvec)$/i, "");
}

/** The `key-value` parts of a BIDS name. */
function entitiesOf(path: string): Set<string> {
  return new Set(
    stemOf(path)
      .split("_")
      .filter((part) => part.includes("-"))
  );
}

/** BIDS inheritance: the same suffix, and no entity that the image lacks. */
function appliesTo(sidecar: string, image: string): boolean {
  const suffix = (path: string): string => stemOf(path).split("_").at(-1)!;
  const entities = entitiesOf(image);
  return (
    stemOf(sidecar) === stemOf(image) ||
    (suffix(sidecar) === suffix(image) && [...entitiesOf(sidecar)].every((part) => entities.has(part)))
  );
}

/** The longest echo time that is taken for seconds. */
const longestEcho = 10;

function checkEchoTime(value: number | null, file: string, field: string): number {
  if (value !== null && value > 0 && value <= longestEcho) return value;
  const expected = `seconds, above 0 and at most ${longestEcho}${value !== null && value > longestEcho ? "; this looks like ms" : ""}`;
  throw new InputError({code: "echo-time", file, field, value, expected});
}

/** One row a volume: `b` (s/mm2), and `TE` (s) where it is known. */
function readProtocolTable(table: Tsv, image: string, volumes: number): Record<string, number[]> {
  const {file} = table;
  if (!table.columns.includes("b")) {
    const expected = "a column b (s/mm2), and perhaps TE (s), one row a volume";
    throw new InputError({code: "missing-column", file, field: "columns", value: table.columns, expected});
  }
  if (table.rows.length !== volumes) {
    const expected = `${volumes}, one for each volume of ${image}`;
    throw new InputError({code: "protocol-rows", file, field: "rows", value: table.rows.length, expected});
  }
  const protocol: Record<string, number[]> = {};
  protocol.b = table.rows.map((_, row) => {
    const value = table.number(row, "b");
    if (value !== null && value >= 0) return value;
    const expected = "a number of s/mm2, 0 or more";
    throw new InputError({code: "protocol-value", file, field: `row ${row + 1}, column b`, value, expected});
  });
  if (table.columns.includes("TE")) {
    protocol.TE = table.rows.map((_, row) => checkEchoTime(table.number(row, "TE"), file, `row ${row + 1}, column TE`));
  }
  return protocol;
}

function parseSidecar(text: string, file: string): Record<string, unknown> {
  const expected = "a JSON object";
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new InputError({code: "bad-json", file, field: "content", value: (error as Error).message, expected});
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new InputError({code: "bad-json", file, field: "content", value: JSON.stringify(content), expected});
  }
  return content as Record<string, unknown>;
}

function echoTimes(value: unknown, volumes: number, file: string): number[] {
  if (typeof value === "number") return new Array<number>(volumes).fill(checkEchoTime(value, file, "EchoTime"));
  if (Array.isArray(value) && value.length === volumes && value.every((each) => typeof each === "number")) {
    return value.map((each: number) => checkEchoTime(each, file, "EchoTime"));
  }
  const expected = `a number of seconds, or a list of ${volumes}`;
  throw new InputError({code: "echo-time", file, field: "EchoTime", value: JSON.stringify(value), expected});
}

/** The columns of the protocol that a model knows. */
function protocolOf(model: ModelInfo, {protocol}: Pick<FitInput, "protocol">): Record<string, number[]> {
  const names = model.protocol.map(({name}) => name).filter((name) => protocol[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, protocol[name]]));
}

/**
 * Which models these data can be fitted with: null, or why not. The core itself is asked, with one voxel, so that no rule
 * of a model stands here too.
 */
export async function suitability(
  pool: Pool,
  models: readonly ModelInfo[],
  input: Pick<FitInput, "protocol" | "image">
): Promise<Record<string, string | null>> {
  const reasons: Record<string, string | null> = {};
  for (const model of models) {
    const lacking = model.protocol.filter(({name, required}) => required && input.protocol[name] === undefined);
    if (model.estimators.length === 0) reasons[model.id] = "it can be simulated, but not fitted yet";
    else if (lacking.length > 0) {
      reasons[model.id] = `it needs ${lacking.map(({name, unit}) => `${name} (${unit})`).join(" and ")} of each volume`;
    } else {
      const samples = new Float32Array(input.image.volumes).fill(1);
      const [{id: estimator}] = model.estimators;
      const request = {model: model.id, estimator, protocol: protocolOf(model, input), samples, voxels: 1};
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

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Mean of the volumes with the lowest b: the image on which a region is chosen. */
export function baseline({samples, voxels, protocol}: Pick<FitInput, "samples" | "voxels" | "protocol">): Float64Array {
  const lowest = protocol.b.reduce((low, b) => Math.min(low, b), Infinity);
  return meanVolume(
    samples,
    voxels,
    protocol.b.flatMap((b, index) => (b === lowest ? [index] : []))
  );
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

/** The labels (whole numbers above 0) of a mask image, in order; empty when it holds other numbers, or over 256 labels. */
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
    return `foreground: mean signal at the lowest b above ${choice.fraction} of its 98th percentile`;
  }
  return choice.label === null
    ? choice.file
    : `${choice.file}, ${input.labelNames.get(choice.label) ?? `label ${choice.label}`}`;
}

/** What to fit where, and how. */
export interface FitSettings {
  input: FitInput;
  model: ModelInfo;
  /** Id of one of the model's estimators. */
  estimator: string;
  region: RegionChoice;
}

/** A fit with all that went into it, and what it comes to. */
export interface FitResult {
  input: FitInput;
  model: ModelInfo;
  estimator: EstimatorInfo;
  protocol: Record<string, number[]>;
  region: string;
  mask: Uint8Array;
  groups: Group[];
  fit: Fit;
  summaries: Summary[];
  /** Ends of an axis for each parameter over the whole region, as `displayRange` gives them. */
  ranges: ([number, number] | null)[];
}

export interface FitOptions extends RunOptions {
  /** Awaited between the summaries of large regions, so that a page can draw and listen. */
  pause?: () => Promise<void>;
}

/** Fits and summarises the region; only the protocol columns that the model knows are passed on. @throws as `fitVoxels` */
export async function fitRegion(pool: Pool, settings: FitSettings, options: FitOptions = {}): Promise<FitResult> {
  const {input, model, region} = settings;
  const estimator = model.estimators.find(({id}) => id === settings.estimator);
  if (estimator === undefined) {
    const expected = `one of ${model.estimators.map(({id}) => id).join(", ")}`;
    throw new InputError({code: "unknown-estimator", field: "estimator", value: settings.estimator, expected});
  }
  const mask = regionMask(input, region);
  const protocol = protocolOf(model, input);
  const {samples, voxels} = input;
  const fit = await fitVoxels(
    pool,
    {model: model.id, estimator: estimator.id, protocol, samples, voxels, mask},
    options
  );
  const groups = groupsOf(input, region, mask);
  const summaries: Summary[] = [];
  const ranges: FitResult["ranges"] = [];
  const whole = groups.length === 1 ? groups[0].voxels : everyVoxel(groups);
  for (const {name, unit, values} of fit.parameters) {
    ranges.push(displayRange(values, whole));
    for (const {label, voxels: part} of groups) {
      await options.pause?.();
      options.signal?.throwIfAborted();
      summaries.push({group: label, parameter: name, unit, ...summarise(values, part)});
    }
  }
  return {
    input,
    model,
    estimator,
    protocol,
    region: describeRegion(input, region),
    mask,
    groups,
    fit,
    summaries,
    ranges
  };
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

/** Finite values of a map at some voxels. */
export function valuesAt(values: ArrayLike<number>, voxels: Uint32Array): Float64Array {
  const found = new Float64Array(voxels.length);
  let count = 0;
  for (const v of voxels) if (Number.isFinite(values[v])) found[count++] = values[v];
  return found.slice(0, count);
}

/** Location and spread of some voxels; null without a value, `sd` also with one alone. Quartiles of type 7. */
export interface Spread {
  /** Voxels with a value. */
  n: number;
  /** Voxels without. */
  missing: number;
  median: number | null;
  q1: number | null;
  q3: number | null;
  mean: number | null;
  sd: number | null;
}

/** One parameter in one part of the region. */
export interface Summary extends Spread {
  group: string;
  parameter: string;
  unit: string;
}

/** Summary of a map over the voxels that have a value. */
export function summarise(map: ArrayLike<number>, voxels: Uint32Array): Spread {
  const sorted = valuesAt(map, voxels).sort();
  const n = sorted.length;
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => (n > 0 ? quantile(sorted, p) : null));
  return {
    n,
    missing: voxels.length - n,
    median,
    q1,
    q3,
    mean: n > 0 ? mean(sorted) : null,
    sd: n > 1 ? standardDeviation(sorted) : null
  };
}

/** Ends of a colour bar or axis that holds 98 % of the finite values; null when there are none. */
export function displayRange(values: ArrayLike<number>, voxels: Uint32Array): [number, number] | null {
  const sorted = valuesAt(values, voxels).sort();
  if (sorted.length === 0) return null;
  const [low, high] = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  if (low < high) return [low, high];
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (first < last) return [first, last];
  const margin = first === 0 ? 1 : Math.abs(first) / 10;
  return [first - margin, first + margin];
}

/** A file for the reader to keep. */
export interface OutputFile {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A map that can be kept; its files are made when they are asked for. */
export interface DerivedMap {
  /** What the reader sees. */
  label: string;
  unit: string;
  /** Stem of both files. */
  name: string;
  image(): OutputFile;
  sidecar(): OutputFile;
}

/**
 * Maps of a fit as BIDS derivatives, named as the proposal for diffusion derivatives (BEP 16) has it: each parameter and
 * its standard deviation, the residual sum of squares and the outcome, each a NIfTI in the fit's own precision with a
 * sidecar. NaN stands where the outcome says that there is no value.
 */
export function derivedMaps(
  {input, fit, model, estimator, protocol, region}: FitResult,
  statuses: readonly StatusInfo[]
): DerivedMap[] {
  const {image} = input;
  const stem = `${stemOf(image.file).replace(/_(dwi|magn?itude|bold|T2w|T1w)$/, "")}_model-${plain(model.id)}`;
  const common = {
    GeneratedBy: [{Name: "Measurand", Version: version}],
    Sources: input.sources,
    Model: {
      Name: model.name,
      Identifier: model.id,
      Equation: model.equation,
      Citation: model.citation,
      DOI: model.doi ?? undefined
    },
    Estimator: {Name: estimator.name, Identifier: estimator.id},
    Protocol: Object.fromEntries(
      Object.entries(protocol).map(([name, values]) => {
        const {unit = ""} = model.protocol.find((column) => column.name === name) ?? {};
        return [name, {Units: bidsUnit(unit), Values: values}];
      })
    ),
    Region: region,
    Voxels: fit.counts
  };
  const map = (label: string, unit: string, entities: string, data: NiftiArray, sidecar: object): DerivedMap => {
    const name = `${stem}${entities}_dwimap`;
    return {
      label,
      unit,
      name,
      image() {
        const content = {
          shape: image.shape.slice(0, 3),
          voxelSize: image.voxelSize,
          affine: image.affine,
          data,
          file: `${name}.nii.gz`
        };
        return {name: `${name}.nii.gz`, type: "application/gzip", bytes: writeNifti(content, {gzip: true})};
      },
      sidecar: () => jsonFile(`${name}.json`, {...sidecar, ...common})
    };
  };
  const maps = fit.parameters.flatMap(({name, unit, values}, index) => {
    const {description = name} = model.parameters[index];
    const {values: spread} = fit.standardDeviations[index];
    const units = {Units: bidsUnit(unit)};
    return [
      map(name, unit, `_param-${plain(name)}`, values as NiftiArray, {
        Description: `${name}: ${description}`,
        ...units
      }),
      map(`SD of ${name}`, unit, `_param-${plain(name)}_desc-sd`, spread as NiftiArray, {
        Description: `Standard deviation of ${name}; infinite where the data give none`,
        ...units
      })
    ];
  });
  const levels = Object.fromEntries(statuses.map(({code, name, meaning}) => [code, `${name}: ${meaning}`]));
  levels[outsideMask] = "outside-mask: not fitted";
  return [
    ...maps,
    map("Residual sum of squares", estimator.residual_unit, "_desc-residual", fit.residual as NiftiArray, {
      Description: "Sum of squares that the estimator minimises",
      Units: bidsUnit(estimator.residual_unit)
    }),
    map("Outcome", "", "_desc-status", fit.status as Uint8Array<ArrayBuffer>, {
      Description: "Outcome of the fit",
      Levels: levels
    })
  ];
}

/** BIDS values are of letters and digits only. */
function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, "");
}

/** `mm2/s` as `mm^2/s`, the form that BIDS asks for. */
export function bidsUnit(unit: string): string {
  if (unit === "") return "1";
  return unit.replace(/signal/g, "arbitrary").replace(/([A-Za-z])(\d)/g, "$1^$2");
}

function jsonFile(name: string, content: object): OutputFile {
  return {name, type: "application/json", bytes: new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`)};
}

/** How the making of files can be watched and stopped; a promise that comes back is awaited. */
export interface MakeOptions {
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void | Promise<void>;
}

/** All maps with their sidecars and the description of the derivative data set, as one .zip in BIDS' folders. */
export async function archive(
  result: FitResult,
  maps: readonly DerivedMap[],
  {signal, onProgress}: MakeOptions = {}
): Promise<OutputFile> {
  const description = jsonFile("dataset_description.json", {
    Name: `${result.model.name} of ${stemOf(result.input.image.file)}`,
    BIDSVersion: "1.10.0",
    DatasetType: "derivative",
    GeneratedBy: [{Name: "Measurand", Version: version, Description: `${result.model.name}, ${result.estimator.name}`}]
  });
  const files: Record<string, Uint8Array> = {[description.name]: description.bytes};
  for (const [done, map] of maps.entries()) {
    await onProgress?.(done, maps.length);
    signal?.throwIfAborted();
    for (const {name, bytes} of [map.image(), map.sidecar()]) files[`${bidsFolder(name)}${name}`] = bytes;
  }
  // The maps are compressed already. A fixed time (zip's earliest) keeps the bytes the same on every day.
  const bytes = zipSync(files, {level: 0, mtime: new Date(1980, 0, 1)}) as Uint8Array<ArrayBuffer>;
  await onProgress?.(maps.length, maps.length);
  return {name: `${stemOf(result.input.image.file)}_maps.zip`, type: "application/zip", bytes};
}

function bidsFolder(name: string): string {
  const [subject, session] = ["sub", "ses"].map(
    (key) => new RegExp(`(?:^|_)(${key}-[A-Za-z0-9]+)(?=_)`).exec(name)?.[1]
  );
  return subject === undefined ? "" : `${subject}/${session === undefined ? "" : `${session}/`}dwi/`;
}

/** Rows that are written at a time; in between the page can breathe. */
const rowsAtOnce = 20_000;

/**
 * One row for each voxel of the region as CSV: its indices (from 0), the part of the region, how its fit ended, each
 * parameter and its `<name>_sd`, the residual sum of squares and the iterations. A cell without a finite value is empty.
 */
export async function voxelTable(
  {input, fit, groups}: FitResult,
  statuses: readonly StatusInfo[],
  {signal, onProgress}: MakeOptions = {}
): Promise<OutputFile> {
  const [nx, ny] = input.image.shape;
  const names = new Map(statuses.map(({code, name}) => [code, name]));
  const columns = [
    "x",
    "y",
    "z",
    "region",
    "status",
    ...fit.parameters.flatMap(({name}) => [name, `${name}_sd`]),
    "rss",
    "iterations"
  ];
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const rowOf = (v: number, region: string): Record<string, string | number | null> => {
    const row: Record<string, string | number | null> = {
      x: v % nx,
      y: Math.floor(v / nx) % ny,
      z: Math.floor(v / (nx * ny)),
      region,
      status: names.get(fit.status[v]) ?? null,
      rss: finite(fit.residual[v]),
      iterations: fit.iterations[v]
    };
    fit.parameters.forEach(({name, values}, index) => {
      row[name] = finite(values[v]);
      row[`${name}_sd`] = finite(fit.standardDeviations[index].values[v]);
    });
    return row;
  };
  const header = writeCsv(columns, []);
  const parts = [header];
  const total = groups.reduce((sum, {voxels}) => sum + voxels.length, 0);
  let done = 0;
  for (const {label, voxels} of groups) {
    for (let start = 0; start < voxels.length; start += rowsAtOnce) {
      await onProgress?.(done, total);
      signal?.throwIfAborted();
      const rows = Array.from(voxels.subarray(start, start + rowsAtOnce), (v) => rowOf(v, label));
      parts.push(writeCsv(columns, rows).slice(header.length));
      done += rows.length;
    }
  }
  return {
    name: `${stemOf(input.image.file)}_voxels.csv`,
    type: "text/csv",
    bytes: new TextEncoder().encode(parts.join(""))
  };
}

/** Samples of one voxel, by volume. */
export function samplesAt({samples, voxels, image}: FitInput, voxel: number): Float64Array {
  return Float64Array.from({length: image.volumes}, (_, s) => samples[s * voxels + voxel]);
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
