// Any series that a reader brings: from dropped files to maps, tables and files to keep.
import {InputError} from "../domain/errors.js";
import {foregroundMask, meanVolume} from "../domain/quality/foreground-mask.js";
import {rowNumber} from "../domain/row-number.js";
import {mean, quantile, standardDeviation} from "../domain/statistics/summaries.js";
import {estimatedParameters, fitVoxels, outsideMask, type Fit, type Precision} from "../compute/fit.js";
import type {EstimatorInfo, FitOptions as CoreOptions, ModelInfo, Settings, StatusInfo} from "../compute/core.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import models from "../generated/models.js";
import {zipSync} from "../generated/vendor/fflate.js";
import {version} from "../generated/version.js";
import type {Scan} from "../io/bids.js";
import {bidsUnit, fitMapName, mapFolder, parameterMapName} from "../io/derivatives.js";
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
import {readProtocol, suffixOf, type Series} from "../io/series.js";
import {parseTable, writeCsv, type Tsv} from "../io/tsv.js";
import {commandLine} from "./command-line.js";

/** What the dropped files turned out to be. */
export interface FitInput {
  /** First image of the series, on whose grid everything lies. */
  image: Nifti;
  /** The series as its names and sidecars describe it, and its images in the same order. */
  series: Series;
  images: Nifti[];
  /** Sample-major magnitudes (of real images the values as they stand), one row an acquisition. */
  samples: Float32Array | Float64Array;
  voxels: number;
  /** Number of acquisitions: volumes, each counted once however many parts of a complex number came. */
  acquisitions: number;
  /** Whether real and imaginary parts can be had. */
  complex: boolean;
  /** Whether `samples` are magnitudes, not parts of complex numbers. */
  magnitudes: boolean;
  /** What is known of each acquisition, by protocol column: b in s/mm2, times in s, angles in degrees, MT 0 or 1. */
  protocol: Record<string, number[]>;
  /** Images on the grid of the first that can say where to fit. */
  masks: Nifti[];
  /** Ratio of true to nominal flip angle, one value a voxel, and the file it comes from. */
  b1: {file: string; values: Float64Array} | null;
  /** Names of a mask's labels, where a table with `index` and `name` came along. */
  labelNames: Map<number, string>;
  /** What the JSON sidecars of the first image say, the more specific one winning. */
  sidecar: Record<string, unknown>;
  /** How each file was taken, for the reader to check. */
  roles: {file: string; role: string}[];
  /** Files that the fit rests on. */
  sources: string[];
}

/** The columns that protocols of the registry have, but for the one that numbers the parts of complex samples. */
export const knownColumns: readonly {name: string; unit: string; description?: string}[] = [
  ...new Map(models.models.flatMap(({protocol}) => protocol).map((column) => [column.name, column])).values()
].filter(({name}) => name !== "imaginary");

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
export const incompleteCodes: readonly string[] = ["missing-series"];

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

/** Suffixes of images that say where to fit, and of maps of B1, in BIDS and as they are often called. */
const maskName = /(^|[_.-])(mask|dseg|seg|labels?|roi)\d*$/i;
const b1Name = /(^|[_.-])(TB1map|B1map|B1)$/i;

/** Entities that number what a protocol varies, and those that tell apart what one image consists of. */
const varied = ["echo", "inv", "flip", "mt", "part", "acq"];

/**
 * Reads what a reader dropped: one series (NIfTI; one image of several volumes, or several images), what is known of
 * each volume (`.bval`, JSON sidecars, or a table with the columns of a protocol, one row a volume), and if there are
 * any gradient directions, masks or labels and a map of B1 on the same grid, and a table that names the labels. Headers
 * and tables are checked before any voxel is decompressed. A column of the table wins over what the other files state.
 *
 * Images belong to one series when their BIDS names agree but for echo, inv, flip, mt, part and acq.
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
  const {members, maskHeaders, b1Headers} = chooseSeries(headers, folder.name);
  const [header] = members;
  for (const other of [...members.slice(1), ...maskHeaders, ...b1Headers]) sameGrid(header, other);
  for (const {file, ...member} of members) {
    const volumes = volumesOf({file, ...member});
    roles.push({file, role: volumes > 1 ? `series of ${volumes} volumes` : "volume of the series"});
  }
  for (const {file} of maskHeaders) roles.push({file, role: "mask or labels: can say where to fit"});
  for (const {file} of b1Headers) roles.push({file, role: "map of B1, for models that hold B1"});

  const tables: Tsv[] = [];
  const labelNames = new Map<number, string>();
  for (const path of named("table")) {
    const table = parseTable(await text(path), path);
    if (!table.columns.includes("b") && table.columns.includes("index") && table.columns.includes("name")) {
      table.rows.forEach((_, row) => labelNames.set(table.requiredNumber(row, "index"), table.text(row, "name")));
      roles.push({file: path, role: "names of the labels"});
    } else tables.push(table);
  }
  const bvals = named("bval");
  const matched = bvals.filter((path) => members.some(({file}) => appliesTo(path, file)));
  if (
    tables.length > 1 ||
    (bvals.length > 1 && matched.length < bvals.length) ||
    (bvals.length > 0 && tables.some(({columns}) => columns.includes("b")))
  ) {
    throw new InputError({
      code: "several-protocols",
      file: folder.name,
      field: "protocol",
      value: [...bvals, ...tables.map(({file}) => file)].join(", "),
      expected: "at most one table, one row a volume, and b from it or from the .bval file of each image"
    });
  }
  const bvecs = named("bvec");
  if (bvecs.length > members.length) {
    const value = bvecs.join(", ");
    const expected = "at most one file for each image of the series";
    throw new InputError({code: "several-bvec", file: folder.name, field: "gradient directions", value, expected});
  }

  const sidecars = new Map<string, Record<string, unknown>>();
  for (const path of named("sidecar").sort((a, b) => entitiesOf(a).size - entitiesOf(b).size)) {
    sidecars.set(path, parseSidecar(await text(path), path));
  }
  const companions = [...maskHeaders, ...b1Headers];
  const stems = companions.map(({file}) => stemOf(file));
  const scans: Scan[] = [];
  for (const member of members) {
    const volumes = volumesOf(member);
    const own = [...sidecars.keys()].filter(
      (path) => appliesTo(path, member.file) || (sidecars.size === 1 && !stems.includes(stemOf(path)))
    );
    const scan = scanOf(member.file, own, sidecars);
    const nearest = (paths: string[]): string | undefined =>
      paths.filter((path) => appliesTo(path, member.file)).sort((a, b) => entitiesOf(b).size - entitiesOf(a).size)[0] ??
      (paths.length === 1 ? paths[0] : undefined);
    const bval = nearest(bvals);
    const bvec = nearest(bvecs);
    if (bval !== undefined) Object.assign(scan, {bval: readBval(await text(bval), bval), bvalFile: bval});
    const directions = bvec === undefined ? undefined : {file: bvec, values: readBvec(await text(bvec), bvec)};
    checkGradients({
      image: {file: member.file, volumes},
      bval: bval === undefined ? undefined : {file: bval, values: scan.bval!},
      bvec: directions
    });
    scans.push(scan);
  }
  for (const path of bvals) {
    const scan = scans.find(({bvalFile}) => bvalFile === path);
    roles.push({file: path, role: scan ? `${scan.bval!.length} b values` : "not used: of no image of the series"});
  }
  for (const path of bvecs) roles.push({file: path, role: "gradient directions: checked, but the models know none"});
  const used = [...sidecars.keys()].filter((path) => scans.some((scan) => scan.sidecars.includes(path)));
  for (const path of sidecars.keys()) {
    const stem = stemOf(path);
    const companion = b1Headers.some(({file}) => stemOf(file) === stem)
      ? "sidecar of a mask or map"
      : "sidecar of a mask: not used";
    const other = stems.includes(stem) ? companion : "not used: not a sidecar of the series";
    roles.push({file: path, role: used.includes(path) ? sidecarRole(path, scans, sidecars) : other});
  }

  const series: Series = {
    subject: scans[0].subject,
    session: scans[0].session,
    datatype: scans[0].datatype,
    suffix: scans[0].suffix,
    stem: commonStem(scans),
    scans
  };
  const shapes = members.map((member) => ({volumes: volumesOf(member), complex: member.components === 2}));
  const plain = plainScans(series);
  const complex = shapes.some(({complex: whole}) => whole) || scans.some(({entities}) => entities.part !== undefined);
  const acquisitions = plain.reduce((sum, index) => sum + shapes[index].volumes, 0);
  const protocol = statedColumns(series, plain, shapes);
  for (const table of tables) {
    const given = readProtocolTable(table, header.file, acquisitions);
    Object.assign(protocol, given);
    roles.push({file: table.file, role: `protocol: ${Object.keys(given).join(", ")} of each volume`});
  }
  for (const path of named("ignored")) roles.push({file: path, role: "not used"});

  const read = async (path: string, share: number): Promise<Nifti> => {
    await step(`Reading ${path.split("/").at(-1)}`, share);
    const {shape, datatype} = headers.find(({file}) => file === path)!;
    return inMemory(() => readNifti(bytes.get(path)!, path), path, shape, datatype);
  };
  const images: Nifti[] = [];
  for (const [index, {file}] of members.entries()) images.push(await read(file, 0.05 + (0.6 * index) / members.length));
  const masks: Nifti[] = [];
  for (const {file} of maskHeaders) masks.push(await read(file, 0.7));
  const b1 = b1Headers.length === 0 ? null : ratioMap(await read(b1Headers[0].file, 0.75), sidecars);
  await step("Scaling the values", 0.8);
  const [image] = images;
  const voxels = image.shape[0] * image.shape[1] * image.shape[2];
  const rows = plain.map((index) =>
    inMemory(
      () => images[index].values(shapes[index].complex ? "magnitude" : undefined),
      images[index].file,
      images[index].shape,
      images[index].datatype
    )
  );
  const samples =
    rows.length === 1 ? rows[0] : inMemory(() => joinedRows(rows), image.file, image.shape, image.datatype);
  signal?.throwIfAborted();
  const tableFiles = tables.map(({file}) => file);
  const b1File = b1 === null ? [] : [b1.file];
  const sources = [...members.map(({file}) => file), ...bvals, ...tableFiles, ...used, ...b1File];
  const sidecar = scans[0].metadata;
  return {
    image,
    series,
    images,
    samples,
    voxels,
    acquisitions,
    complex,
    magnitudes: plain.every((index) => ["mag", undefined].includes(scans[index].entities.part)),
    protocol,
    masks,
    b1,
    labelNames,
    sidecar,
    roles,
    sources
  };
}

/** Which images form the series, which say where to fit, and which map B1. */
function chooseSeries(
  headers: readonly NiftiHeader[],
  folder: string
): {members: NiftiHeader[]; maskHeaders: NiftiHeader[]; b1Headers: NiftiHeader[]} {
  const b1Headers = headers.filter(({file}) => b1Name.test(stemOf(file)));
  const others = headers.filter((header) => !b1Headers.includes(header));
  const candidates = others.filter((header) => !(maskName.test(stemOf(header.file)) && volumesOf(header) === 1));
  const long = candidates.filter((header) => volumesOf(header) > 1);
  const kin = (header: NiftiHeader): boolean =>
    long.length === 0 ||
    (entitiesOf(header.file).size > 0 && long.some(({file}) => kinOf(file) === kinOf(header.file)));
  const members = candidates.filter((header) => long.includes(header) || kin(header));
  const alone = members.length === 1 && long.length === 0 && members[0].components === 1;
  if (members.length === 0 || alone) {
    throw new InputError({
      code: "missing-series",
      file: folder,
      field: "series",
      value:
        headers.length === 0 ? "missing" : headers.map(({file, shape}) => `${file} of ${shape.join(" x ")}`).join(", "),
      expected: "a NIfTI file (.nii, .nii.gz) with several volumes, or several files, one for each volume"
    });
  }
  if (new Set(members.map(({file}) => kinOf(file))).size > 1 || b1Headers.length > 1) {
    const several = b1Headers.length > 1 ? b1Headers : members;
    const expected =
      b1Headers.length > 1
        ? "one map of B1"
        : "one series at a time: names that agree but for echo, inv, flip, mt, part and acq";
    const value = several.map(({file}) => file).join(", ");
    throw new InputError({code: "several-series", file: folder, field: "series", value, expected});
  }
  const order = new Intl.Collator("en", {numeric: true}).compare;
  members.sort((a, b) => order(a.file, b.file));
  return {members, maskHeaders: others.filter((header) => !members.includes(header)), b1Headers};
}

/** What the names of one series have in common: without BIDS entities any single volumes may go together. */
function kinOf(path: string): string {
  const entities = [...entitiesOf(path)];
  if (entities.length === 0) return "";
  const kept = entities.filter((part) => !varied.includes(part.split("-", 1)[0]));
  return [...kept, suffixIn(path)].join("_");
}

function suffixIn(path: string): string {
  const last = stemOf(path).split("_").at(-1)!;
  return last.includes("-") ? "" : last;
}

/** A dropped image as a scan: entities of its name, fields of its sidecars. */
function scanOf(path: string, own: string[], sidecars: ReadonlyMap<string, Record<string, unknown>>): Scan {
  const entities = Object.fromEntries([...entitiesOf(path)].map((part) => part.split(/-(.*)/s, 2) as [string, string]));
  const suffix = suffixIn(path);
  return {
    path,
    subject: entities.sub === undefined ? "" : `sub-${entities.sub}`,
    session: entities.ses === undefined ? null : `ses-${entities.ses}`,
    entities,
    suffix: entitiesOf(path).size === 0 ? "" : suffix,
    datatype: suffix === "dwi" ? "dwi" : "anat",
    metadata: Object.assign({}, ...own.map((each) => sidecars.get(each)!)),
    sidecars: own,
    columns: {}
  };
}

/** What the names of a series have in common, without its suffix. */
function commonStem(scans: readonly Scan[]): string {
  const [first] = scans;
  if (Object.keys(first.entities).length === 0) return stemOf(first.path);
  const shared = Object.entries(first.entities).filter(([key, value]) =>
    scans.every(({entities}) => entities[key] === value)
  );
  return shared.map(([key, value]) => `${key}-${value}`).join("_");
}

/** The scans whose values are magnitudes; all, where there is none. */
function plainScans({scans}: Series): number[] {
  const all = scans.map((_, index) => index);
  const whole = all.filter((index) => ["mag", undefined].includes(scans[index].entities.part));
  if (whole.length > 0) return whole;
  return all.filter((index) => scans[index].entities.part === scans[0].entities.part);
}

/** The columns that .bval files and sidecars state of every volume. */
function statedColumns(
  series: Series,
  plain: readonly number[],
  shapes: readonly {volumes: number; complex: boolean}[]
): Record<string, number[]> {
  const part = {...series, scans: plain.map((index) => series.scans[index])};
  const own = plain.map((index) => ({...shapes[index], complex: false}));
  const read = (names: readonly string[]): Record<string, number[]> => {
    const columns = knownColumns.filter(({name}) => names.includes(name));
    const protocol = columns.map((column) => ({...column, required: false}));
    return readProtocol(part, {id: "series", protocol, parameters: []}, own).protocol;
  };
  const names = knownColumns.map(({name}) => name);
  // Whether TR is that of the excitation or of the inversion depends on there being a TI.
  return read(read(["TI"]).TI === undefined ? names.filter((name) => name !== "TI") : names);
}

/** What a sidecar says of the series, where none that is nearer says otherwise. */
function sidecarRole(
  path: string,
  scans: readonly Scan[],
  sidecars: ReadonlyMap<string, Record<string, unknown>>
): string {
  const ms = (value: number): string => `${+(value * 1000).toFixed(3)} ms`;
  const fields: Record<string, [string, (value: number) => string]> = {
    EchoTime: ["TE", ms],
    InversionTime: ["TI", ms],
    RepetitionTimeExcitation: ["TR", ms],
    RepetitionTime: ["TR", ms],
    FlipAngle: ["FA", (value) => `${value}°`],
    MagneticFieldStrength: ["field strength", (value) => `${value} T`]
  };
  const content = sidecars.get(path)!;
  const said = Object.entries(fields).flatMap(([field, [name, format]]) => {
    const value = content[field];
    const states = (each: string): boolean => sidecars.get(each)![field] !== undefined;
    const wins = scans.some((scan) => scan.sidecars.findLast(states) === path);
    if (!wins || value === undefined) return [];
    if (Array.isArray(value)) return [`${value.length} values of ${name}`];
    return typeof value === "number" ? [`${name} of ${format(value)}`] : [];
  });
  return `sidecar of the series${said.length === 0 ? "" : `: ${[...new Set(said)].join(", ")}`}`;
}

/** Units that a map of B1 states, with what makes a ratio to the nominal angle of its values. */
const ratios: Record<string, number> = {arbitrary: 1, "1": 1, percent: 0.01, "%": 0.01};
/** The largest B1 that is believed to be a ratio. */
const mostRatio = 10;

/** The map of B1 as ratios to the nominal angle. */
function ratioMap(image: Nifti, sidecars: ReadonlyMap<string, Record<string, unknown>>): NonNullable<FitInput["b1"]> {
  const {file} = image;
  const own = [...sidecars.keys()].find((path) => stemOf(path) === stemOf(file));
  const unit = String((own === undefined ? undefined : sidecars.get(own)!.Units) ?? "arbitrary");
  if (!Object.hasOwn(ratios, unit)) {
    const expected = "arbitrary or 1 (1 is the nominal angle), or percent";
    throw new InputError({code: "bad-field", file: own ?? file, field: "Units", value: unit, expected});
  }
  const values = Float64Array.from(image.values(), (value) => value * ratios[unit]);
  const voxel = values.findIndex((value) => value > mostRatio);
  if (voxel === -1) return {file, values};
  const expected = `at most ${mostRatio}, a ratio to the nominal angle; if these are percent, state Units "percent"`;
  throw new InputError({code: "bad-map", file, field: `voxel ${voxel}`, value: values[voxel], expected});
}

/** Rows of several images in one array, in double precision where one of them has it. */
function joinedRows(rows: readonly (Float32Array | Float64Array)[]): Float32Array | Float64Array {
  const length = rows.reduce((sum, row) => sum + row.length, 0);
  const joined = rows.every((row) => row instanceof Float32Array) ? new Float32Array(length) : new Float64Array(length);
  let at = 0;
  for (const row of rows) {
    joined.set(row, at);
    at += row.length;
  }
  return joined;
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

/** The longest time that is taken for seconds: of TE, and of the others. */
const longest = {TE: 10, other: 120};

/** Checks one value of a column, in the column's unit. @throws InputError protocol-value */
export function checkSetting(name: string, value: number | null, file: string, field: string): number {
  const {unit} = knownColumns.find((column) => column.name === name)!;
  const most = unit === "s" ? (name.startsWith("TE") ? longest.TE : longest.other) : name === "MT" ? 1 : Infinity;
  const least = name === "b" || name === "MT";
  if (value !== null && (least ? value >= 0 : value > 0) && value <= most) return value;
  const limit = Number.isFinite(most) ? ` and at most ${most}` : "";
  const what = unit === "" ? "a number" : unit === "s" ? "seconds" : `a number of ${unit}`;
  const advice = unit === "s" && value !== null && value > most ? "; this looks like ms" : "";
  const expected = `${what}, ${least ? "0 or more" : "above 0"}${limit}${advice}`;
  throw new InputError({code: "protocol-value", file, field, value, expected});
}

/** One row a volume: any columns of a protocol, such as `b` (s/mm2) and `TE` (s). */
function readProtocolTable(table: Tsv, image: string, acquisitions: number): Record<string, number[]> {
  const {file} = table;
  const names = knownColumns.map(({name}) => name).filter((name) => table.columns.includes(name));
  if (names.length === 0) {
    const known = knownColumns.map(({name, unit}) => (unit === "" ? name : `${name} (${unit})`)).join(", ");
    const expected = `columns of a protocol, one row a volume: ${known}`;
    throw new InputError({code: "missing-column", file, field: "columns", value: table.columns, expected});
  }
  if (table.rows.length !== acquisitions) {
    const expected = `${acquisitions}, one for each volume of ${image}`;
    throw new InputError({code: "protocol-rows", file, field: "rows", value: table.rows.length, expected});
  }
  const checked = (name: string, row: number): number =>
    checkSetting(name, table.number(row, name), file, `row ${rowNumber(row)}, column ${name}`);
  return Object.fromEntries(names.map((name) => [name, table.rows.map((_, row) => checked(name, row))]));
}

/**
 * The input with columns that a reader typed in place of what the files state; a single value stands for all.
 * @throws InputError naming the column
 */
export function withColumns(input: FitInput, typed: Readonly<Record<string, readonly number[]>>): FitInput {
  const {acquisitions, image} = input;
  const protocol = {...input.protocol};
  for (const [name, values] of Object.entries(typed)) {
    if (values.length !== 1 && values.length !== acquisitions) {
      const expected = `${acquisitions} values, one for each volume, or a single one for all`;
      const value = `${values.length} values`;
      throw new InputError({code: "column-length", file: image.file, field: name, value, expected});
    }
    const checked = values.map((value) => checkSetting(name, value, image.file, name));
    protocol[name] = checked.length === acquisitions ? checked : new Array<number>(acquisitions).fill(checked[0]);
  }
  return {...input, protocol};
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

/** What a reader may set beside model and estimator; what is left out is the model's own. */
export interface FitChoices
  extends Pick<CoreOptions, "settings" | "bounds" | "fix" | "free" | "shared" | "start" | "starts" | "noise"> {
  /** `f64` if left out. */
  precision?: Precision;
}

/** What to fit where, and how. */
export interface FitSettings extends FitChoices {
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
  /** What the reader set. */
  choices: FitChoices;
  /** File of the map of B1 that was used, or null. */
  b1: string | null;
  /** The parameters that were estimated, with their places among the model's; those held or fixed are inputs. */
  estimated: ReturnType<typeof estimatedParameters>;
  /** Parameters that have one value in all voxels. */
  shared: SharedValue[];
  /** The series, named for its maps. */
  series: Series;
  /** The samples that were fitted, and their protocol. */
  samples: Float32Array | Float64Array;
  protocol: Record<string, number[]>;
  region: string;
  mask: Uint8Array;
  groups: Group[];
  fit: Fit;
  /** Of the parameters that were estimated voxel by voxel. */
  summaries: Summary[];
  /** Ends of an axis for each parameter over the whole region, as `displayRange` gives them. */
  ranges: ([number, number] | null)[];
}

export interface FitOptions extends RunOptions {
  /** Awaited between the summaries of large regions, so that a page can draw and listen. */
  pause?: () => Promise<void>;
}

/** A parameter with one value in all voxels. */
export interface SharedValue {
  name: string;
  unit: string;
  /** Null where no voxel has a value. */
  value: number | null;
  /** Its standard deviation; null where the data give none. */
  sd: number | null;
}

/** The values of shared parameters: those of any voxel that has one. */
function sharedValues({parameters, standardDeviations}: Fit, names: readonly string[]): SharedValue[] {
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  return parameters.flatMap(({name, unit, values}, p) => {
    if (!names.includes(name)) return [];
    const v = values.findIndex(Number.isFinite);
    return [{name, unit, value: finite(values[v]), sd: finite(standardDeviations[p].values[v])}];
  });
}

/** Whether a model holds B1, so that it takes a map of it. */
export function holdsB1({parameters}: ModelInfo): boolean {
  return parameters.some(({name, held}) => name === "B1" && held !== null);
}

/** The B1 map goes to models that hold B1, unless the reader fixes B1 or has it estimated. */
function b1Of(model: ModelInfo, {b1}: FitInput, {fix = {}, free = [], shared = []}: FitChoices): FitInput["b1"] {
  return holdsB1(model) && ![...Object.keys(fix), ...free, ...shared].includes("B1") ? b1 : null;
}

/** Fits and summarises the region; only protocol columns that the model knows are passed on. @throws as `fitVoxels` */
export async function fitRegion(pool: Pool, asked: FitSettings, options: FitOptions = {}): Promise<FitResult> {
  const {input, model, region, bounds, fix, free, shared, start, starts, noise, precision} = asked;
  const estimator = model.estimators.find(({id}) => id === asked.estimator);
  if (estimator === undefined) {
    const expected = `one of ${model.estimators.map(({id}) => id).join(", ")}`;
    throw new InputError({code: "unknown-estimator", field: "estimator", value: asked.estimator, expected});
  }
  const mask = regionMask(input, region);
  const {protocol, samples} = rowsOf(model, input);
  const {voxels} = input;
  const settings = {...statedSettings(model, input), ...asked.settings};
  const b1 = b1Of(model, input, asked);
  const choices: FitChoices = {settings, bounds, fix, free, shared, start, starts, noise, precision};
  const fit = await fitVoxels(
    pool,
    {
      ...choices,
      model: model.id,
      estimator: estimator.id,
      protocol,
      maps: b1 === null ? {} : {B1: b1.values},
      samples,
      voxels,
      mask
    },
    options
  );
  const groups = groupsOf(input, region, mask);
  const summaries: Summary[] = [];
  const ranges: FitResult["ranges"] = [];
  const whole = groups.length === 1 ? groups[0].voxels : everyVoxel(groups);
  const estimated = estimatedParameters(model, choices);
  const own = new Set(estimated.map(({name}) => name).filter((name) => !shared?.includes(name)));
  for (const {name, unit, values} of fit.parameters) {
    ranges.push(displayRange(values, whole));
    for (const {label, voxels: part} of own.has(name) ? groups : []) {
      await options.pause?.();
      options.signal?.throwIfAborted();
      summaries.push({group: label, parameter: name, unit, ...summarise(values, part)});
    }
  }
  return {
    input,
    model,
    estimator,
    choices,
    b1: b1?.file ?? null,
    estimated,
    shared: sharedValues(fit, shared ?? []),
    series: namedFor(model, input.series),
    samples,
    protocol,
    region: describeRegion(input, region),
    mask,
    groups,
    fit,
    summaries,
    ranges
  };
}

/** The series with the suffix that BIDS has for a model's images, where its own name says none. */
function namedFor(model: ModelInfo, series: Series): Series {
  if (series.suffix !== "") return series;
  try {
    return {...series, suffix: suffixOf(model)};
  } catch (error) {
    if (error instanceof InputError) return series; // BIDS has none: the maps' names go without
    throw error;
  }
}

/** The commands that fit the same in a terminal: a BIDS dataset with such series, and a table of samples. */
export function commandLines({model, estimator, choices}: Pick<FitResult, "model" | "estimator" | "choices">): {
  images: string;
  table: string;
} {
  const {settings = {}, bounds = {}, fix = {}, free = [], shared = [], start = {}} = choices;
  const {starts, noise, precision = "f64"} = choices;
  const options: [string, string][] = [["model", model.id], ["estimator", estimator.id]];
  const add = (name: string, values: readonly string[]): void => {
    for (const value of values) options.push([name, value]);
  };
  const pairs = (values: object): string[] => Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const side = (value: number | null): string => (value === null || !Number.isFinite(value) ? "" : String(value));
  const ends = ([lower, upper]: readonly [number | null, number | null]): string => `${side(lower)}:${side(upper)}`;

  if (precision !== "f64") add("precision", [precision]);
  const {field_strength: strength, spectrum, ...others} = settings;
  if (strength !== undefined) add("field-strength", [String(strength)]);
  if (spectrum !== undefined) add("spectrum", [String(spectrum)]);
  add("setting", pairs(others));
  add("bounds", Object.entries(bounds).map(([name, range]) => `${name}=${ends(range)}`));
  add("fix", pairs(fix));
  add("free", free);
  add("share", shared);
  add("start", pairs(start));
  if (starts !== undefined) add("starts", [String(starts)]);
  if (noise !== undefined && noise.kind !== "gaussian") {
    add("noise", [noise.kind]);
    add("sigma", [String(noise.sigma)]);
  }
  return {
    images: commandLine(["fit", "BIDS_DIR", "OUT_DIR", "participant"], options),
    table: commandLine(["fit-table", "SAMPLES.csv"], [...options, ["out", "PARAMETERS.csv"]])
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
 * Maps of a fit as BIDS derivatives, named as BIDS names parametric maps and, where it has no name, as the proposal for
 * diffusion derivatives (BEP 16) has it: each estimated parameter and its standard deviation, the residual sum of
 * squares and the outcome, each a NIfTI in the fit's own precision with a sidecar. NaN stands where the outcome says
 * that there is no value.
 */
export function derivedMaps(
  {input, fit, model, estimator, choices, b1, estimated, series, protocol, region}: FitResult,
  statuses: readonly StatusInfo[]
): DerivedMap[] {
  const {image} = input;
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
    Estimator: {Name: estimator.name, Identifier: estimator.id, Precision: fit.precision},
    Settings: choices.settings,
    Bounds: choices.bounds,
    Fixed: choices.fix,
    Free: choices.free,
    Shared: choices.shared,
    Start: choices.start,
    Starts: choices.starts,
    NoiseModel: choices.noise,
    B1Map: b1 ?? undefined,
    Protocol: Object.fromEntries(
      Object.entries(protocol).map(([name, values]) => {
        const {unit = ""} = model.protocol.find((column) => column.name === name) ?? {};
        return [name, {Units: bidsUnit(unit), Values: values}];
      })
    ),
    Region: region,
    Voxels: fit.counts
  };
  const map = (label: string, unit: string, name: string, data: NiftiArray, sidecar: object): DerivedMap => ({
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
  });
  const maps = estimated.flatMap(({name, unit, description = name, index}) => {
    const units = {Units: bidsUnit(unit)};
    const values = fit.parameters[index].values as NiftiArray;
    const spread = fit.standardDeviations[index].values as NiftiArray;
    return [
      map(name, unit, parameterMapName(series, model.id, name), values, {
        Description: `${name}: ${description}`,
        ...units
      }),
      map(`SD of ${name}`, unit, parameterMapName(series, model.id, name, "sd"), spread, {
        Description: `Standard deviation of ${name}; infinite where the data give none`,
        ...units
      })
    ];
  });
  const levels = Object.fromEntries(statuses.map(({code, name, meaning}) => [code, `${name}: ${meaning}`]));
  levels[outsideMask] = "outside-mask: not fitted";
  return [
    ...maps,
    map(
      "Residual sum of squares",
      estimator.residual_unit,
      fitMapName(series, model.id, "residual"),
      fit.residual as NiftiArray,
      {Description: "What the estimator minimises, a sum of squares", Units: bidsUnit(estimator.residual_unit)}
    ),
    map("Outcome", "", fitMapName(series, model.id, "status"), fit.status as Uint8Array<ArrayBuffer>, {
      Description: "Outcome of the fit",
      Levels: levels
    })
  ];
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
  const {series} = result;
  const folder = series.subject === "" ? "" : `${mapFolder(series)}/`;
  const files: Record<string, Uint8Array> = {[description.name]: description.bytes};
  for (const [done, map] of maps.entries()) {
    await onProgress?.(done, maps.length);
    signal?.throwIfAborted();
    for (const {name, bytes} of [map.image(), map.sidecar()]) files[`${folder}${name}`] = bytes;
  }
  // The maps are compressed already. A fixed time (zip's earliest) keeps the bytes the same on every day.
  const bytes = zipSync(files, {level: 0, mtime: new Date(1980, 0, 1)}) as Uint8Array<ArrayBuffer>;
  await onProgress?.(maps.length, maps.length);
  return {name: `${stemOf(result.input.image.file)}_maps.zip`, type: "application/zip", bytes};
}

/** Rows that are written at a time; in between the page can breathe. */
const rowsAtOnce = 20_000;

/**
 * One row for each voxel of the region as CSV: its indices (from 0), the part of the region, how its fit ended, each
 * parameter and its `<name>_sd`, the residual sum of squares and the iterations. A cell without a finite value is
 * empty.
 */
export async function voxelTable(
  {input, fit, groups, estimated}: FitResult,
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
    ...estimated.flatMap(({name}) => [name, `${name}_sd`]),
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
    estimated.forEach(({name, index}) => {
      row[name] = finite(fit.parameters[index].values[v]);
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
