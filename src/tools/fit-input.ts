// From dropped files to a series that can be fitted, whatever it is of.
import {InputError} from "../domain/errors.js";
import {rowNumber} from "../domain/row-number.js";
import models from "../generated/models.js";
import type {Scan} from "../io/bids.js";
import {readText, type Folder} from "../io/folder.js";
import {checkGradients, readBval, readBvec} from "../io/gradients.js";
import {readNifti, readNiftiHeader, sameGrid, type Nifti, type NiftiHeader} from "../io/nifti.js";
import {readProtocol, type Series} from "../io/series.js";
import {parseTable, type Tsv} from "../io/tsv.js";

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
export function stemOf(path: string): string {
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
