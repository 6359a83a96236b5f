import {stat} from "node:fs/promises";
import {basename} from "node:path";
import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
import {formatBytes} from "../domain/units.js";
import {readDataset, readScan} from "../io/bids.js";
import {readText, type Folder} from "../io/folder.js";
import {openFolder, readFileBytes} from "../io/folder.node.js";
import {readBval, readBvec} from "../io/gradients.js";
import {readManifest, sha256, verifyManifest} from "../io/manifest.js";
import {niftiDatatypes, readNifti} from "../io/nifti.js";
import type {Nifti, NiftiComponent} from "../io/nifti.js";
import {decodeText, parseJsonObject} from "../io/text.js";
import {parseTable, parseTsv} from "../io/tsv.js";
import type {Tsv} from "../io/tsv.js";
import type {Command} from "./command.js";
import {alignColumns, count, formatNumber} from "./format.js";
import type {Terminal} from "./terminal.js";

/** What the scaled values of an image are, or of one component of its voxels. */
export interface ValueSummary {
  /** Empty for plain numbers, else e.g. "real" or "red". */
  component: string;
  count: number;
  /** Of the finite values; null when there is none. */
  min: number | null;
  max: number | null;
  mean: number | null;
  nonFinite: number;
}

export interface ImageReport {
  kind: "nifti";
  version: 1 | 2;
  datatype: string;
  littleEndian: boolean;
  shape: number[];
  /** mm */
  voxelSize: number[];
  /** s, null where the header states none */
  timeStep: number | null;
  spaceUnit: string;
  timeUnit: string;
  /** Row-major 4 x 4, voxel indices to mm. */
  affine: number[];
  affineSource: string;
  slope: number;
  intercept: number;
  description: string;
  values: ValueSummary[];
}

export interface TableReport {
  kind: "table";
  rows: number;
  columns: {name: string; nulls: number; numeric: boolean}[];
}

export interface GradientReport {
  kind: "bval" | "bvec";
  volumes: number;
  /** Distinct b values in s/mm2 and how often each stands there; for directions empty. */
  shells: {b: number; volumes: number}[];
}

export interface JsonReport {
  kind: "json";
  fields: string[];
}

export interface FolderReport {
  kind: "folder";
  name: string;
  /** Whether it is laid out as a BIDS dataset; of any other folder each file is read that a reader exists for. */
  bids: boolean;
  files: number;
  subjects: string[];
  /** Null is the name of the session of a subject without session folders. */
  sessions: {subject: string; session: string | null}[];
  participants: number | null;
  scans: {path: string; subject: string; session: string | null; shape: number[] | null; datatype: string | null}[];
  /** Files that were read, with paths below the folder; empty for a BIDS dataset. */
  contents: FileReport[];
  /** What the folder's manifest.json says of its files; null without one. */
  manifest: {files: number; differing: string[]} | null;
  problems: Fault[];
}

type FileReport = {path: string; size: number; sha256: string} & (
  ImageReport | TableReport | GradientReport | JsonReport
);
export type Report = FileReport | ({path: string} & FolderReport) | {path: string; kind: "error"; error: Fault};

export const inspect: Command = {
  name: "inspect",
  summary: "what the readers understand of files and folders",
  usage: "FILE|FOLDER...",
  description: `
Tells what the readers understand.
  NIfTI (.nii, .nii.gz)  version, datatype, shape, voxel size (mm), affine, scaling, range of the scaled values, SHA-256
  tables (.tsv, .csv)    columns, rows, missing values
  .bval, .bvec, .json    b values (s/mm2), directions, fields
  a BIDS folder          subjects, sessions, scans, every problem found
A bad file yields its error and the rest goes on; the exit code is then 2.`,
  options: {},
  minimum: 1,
  async run({positionals}, terminal) {
    const reports: Report[] = [];
    for (const path of positionals) {
      const report = await inspectPath(path, terminal);
      reports.push(report);
      show(report, terminal);
    }
    terminal.progress("");
    terminal.document({files: reports.map(jsonReport)});
    return reports.some(isBad) ? 2 : 0;
  }
};

/** A fault found in a path is that path's report; anything else is thrown on. */
export async function inspectPath(path: string, terminal?: Terminal): Promise<Report> {
  try {
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory()) return {path, ...(await inspectFolder(path, terminal))};
    const bytes = await readFileBytes(path);
    return {path, size: bytes.length, sha256: sha256(bytes), ...inspectFile(path, bytes)};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {path, kind: "error", error: faultOf(error)};
  }
}

function isBad(report: Report): boolean {
  if (report.kind === "folder") return report.problems.length > 0;
  return report.kind === "error";
}

function faultOf({code, file, field, value, expected}: InputError): Fault {
  return {code, file, field, value, expected};
}

function inspectFile(path: string, bytes: Uint8Array): ImageReport | TableReport | GradientReport | JsonReport {
  const name = basename(path).toLowerCase();
  const text = () => decodeText(bytes, path);
  if (name.endsWith(".tsv")) return tableReport(parseTsv(text(), path));
  if (name.endsWith(".csv")) return tableReport(parseTable(text(), path));
  if (name.endsWith(".bval")) return bvalReport(readBval(text(), path));
  if (name.endsWith(".bvec")) return {kind: "bvec", volumes: readBvec(text(), path)[0].length, shells: []};
  if (name.endsWith(".json")) return {kind: "json", fields: Object.keys(parseJsonObject(text(), path))};
  // Whatever it is called, an image is told by its content.
  return imageReport(readNifti(bytes, path));
}

function tableReport({columns, rows}: Tsv): TableReport {
  const numeric = (name: string) => {
    const cells = rows.map((row) => row[name]).filter((cell) => cell !== null);
    return cells.length > 0 && cells.every((cell) => cell.trim() !== "" && Number.isFinite(Number(cell)));
  };
  return {
    kind: "table",
    rows: rows.length,
    columns: columns.map((name) => ({
      name,
      nulls: rows.filter((row) => row[name] === null).length,
      numeric: numeric(name)
    }))
  };
}

function bvalReport(values: readonly number[]): GradientReport {
  const shells = new Map<number, number>();
  for (const b of values) shells.set(b, (shells.get(b) ?? 0) + 1);
  const sorted = [...shells].sort(([a], [b]) => a - b).map(([b, volumes]) => ({b, volumes}));
  return {kind: "bval", volumes: values.length, shells: sorted};
}

function imageReport(image: Nifti): ImageReport {
  const {version, datatype, littleEndian, shape, voxelSize, timeStep, spaceUnit, timeUnit} = image;
  const {affine, affineSource, slope, intercept, description} = image;
  const components = niftiDatatypes[image.datatype].components;
  return {
    kind: "nifti",
    version,
    datatype,
    littleEndian,
    shape,
    voxelSize,
    timeStep,
    spaceUnit,
    timeUnit,
    affine: [...affine],
    affineSource,
    slope,
    intercept,
    description,
    values: components.map((name) => summarise(name, image.values(name === "" ? undefined : (name as NiftiComponent))))
  };
}

/**
 * Range and mean of the finite values; the sum is compensated (Neumaier 1974), so that it does not drift over millions.
 */
export function summarise(component: string, values: ArrayLike<number>): ValueSummary {
  let [min, max, finite, sum, lost] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    finite++;
    if (value < min) min = value;
    if (value > max) max = value;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  const none = finite === 0;
  return {
    component,
    count: values.length,
    min: none ? null : min,
    max: none ? null : max,
    mean: none ? null : (sum + lost) / finite,
    nonFinite: values.length - finite
  };
}

async function inspectFolder(path: string, terminal?: Terminal): Promise<FolderReport> {
  const folder = await openFolder(path);
  if (!folder.paths.some((file) => /^(sub-[^/]+\/|dataset_description\.json$)/.test(file))) {
    return inspectPlainFolder(path, folder, terminal);
  }
  const dataset = await readDataset(folder);
  const problems = [...dataset.problems];
  const scans: FolderReport["scans"] = [];
  for (const [index, scan] of dataset.scans.entries()) {
    terminal?.progress(`${path}: image ${index + 1} of ${dataset.scans.length}`);
    const {path: file, subject, session} = scan;
    const image = await attempt(problems, () => readScan(folder, scan));
    scans.push({path: file, subject, session, shape: image?.shape ?? null, datatype: image?.datatype ?? null});
  }
  const manifest = await inspectManifest(folder, problems);
  terminal?.progress("");
  return {
    kind: "folder",
    name: folder.name,
    bids: true,
    files: folder.paths.length,
    subjects: dataset.subjects.map(({subject}) => subject),
    sessions: dataset.sessions.map(({subject, session}) => ({subject, session})),
    participants: dataset.participants?.rows.length ?? null,
    scans,
    contents: [],
    manifest,
    problems: unique(problems)
  };
}

/** A folder that is no BIDS dataset: each of its files by itself. */
async function inspectPlainFolder(path: string, folder: Folder, terminal?: Terminal): Promise<FolderReport> {
  const problems: Fault[] = [];
  const contents: FileReport[] = [];
  const readable = folder.paths.filter((file) => /\.(nii|nii\.gz|tsv|csv|bval|bvec|json)$/i.test(file));
  for (const [index, file] of readable.entries()) {
    terminal?.progress(`${path}: file ${index + 1} of ${readable.length}`);
    const report = await attempt(problems, async () => {
      const bytes = await folder.read(file);
      return {path: file, size: bytes.length, sha256: sha256(bytes), ...inspectFile(file, bytes)};
    });
    if (report !== null) contents.push(report);
  }
  const manifest = await inspectManifest(folder, problems);
  terminal?.progress("");
  return {
    kind: "folder",
    name: folder.name,
    bids: false,
    files: folder.paths.length,
    subjects: [],
    sessions: [],
    participants: null,
    scans: [],
    contents,
    manifest,
    problems: unique(problems)
  };
}

/** Compares a folder that has a manifest.json with it. */
async function inspectManifest(folder: Folder, problems: Fault[]): Promise<FolderReport["manifest"]> {
  if (!folder.paths.includes("manifest.json")) return null;
  return attempt(problems, async () => {
    const manifest = readManifest(await readText(folder, "manifest.json"), "manifest.json");
    const checks = (await verifyManifest(folder, manifest)).filter(({ok}) => !ok);
    for (const {path: file, actual, expected} of checks) {
      problems.push({code: "sha256", file, field: "SHA-256", value: actual ?? "no such file", expected});
    }
    return {files: manifest.files.length, differing: checks.map(({path}) => path)};
  });
}

/** The outcome of a step, or null and its fault among the problems. */
async function attempt<T>(problems: Fault[], step: () => Promise<T>): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(faultOf(error));
    return null;
  }
}

/** The reader of the folder and the look at each image may both have found the same. */
function unique(problems: Fault[]): Fault[] {
  return [...new Map(problems.map((problem) => [new InputError(problem).message, problem])).values()];
}

function jsonReport(report: Report): unknown {
  if (report.kind === "error")
    return {...report, error: {...report.error, message: new InputError(report.error).message}};
  if (report.kind !== "folder") return report;
  return {
    ...report,
    problems: report.problems.map((problem) => ({...problem, message: new InputError(problem).message}))
  };
}

function show(report: Report, terminal: Terminal): void {
  if (report.kind === "error") {
    terminal.note(`measurand: ${new InputError(report.error).message}`);
    return;
  }
  const rows: [string, string][] = [];
  if ("sha256" in report) {
    rows.push(["Size", formatBytes(report.size)], ["SHA-256", report.sha256]);
  }
  switch (report.kind) {
    case "nifti":
      rows.unshift(...imageRows(report));
      break;
    case "table":
      rows.unshift(
        ["Format", "table"],
        ["Rows", String(report.rows)],
        ...report.columns.map(({name, nulls, numeric}, index): [string, string] => [
          index === 0 ? "Columns" : "",
          `${name} (${numeric ? "numbers" : "text"}${nulls > 0 ? `, ${nulls} missing` : ""})`
        ])
      );
      break;
    case "bval":
      rows.unshift(
        ["Format", "b values"],
        ["Volumes", String(report.volumes)],
        ["b (s/mm2)", report.shells.map(({b, volumes}) => `${formatNumber(b)} x ${volumes}`).join(", ")]
      );
      break;
    case "bvec":
      rows.unshift(["Format", "directions"], ["Volumes", String(report.volumes)]);
      break;
    case "json":
      rows.unshift(["Format", "JSON"], ["Fields", report.fields.join(", ")]);
      break;
    case "folder":
      rows.push(
        ["Format", report.bids ? "BIDS dataset" : "folder (no BIDS dataset)"],
        ["Files", String(report.files)],
        ...(report.bids ? datasetRows(report) : report.contents.map(contentRow)),
        ["Manifest", manifestText(report)],
        ["Problems", report.problems.length === 0 ? "none" : String(report.problems.length)]
      );
      break;
  }
  terminal.line(terminal.bold(report.path));
  for (const line of alignColumns(rows)) terminal.line(`  ${line}`);
  if (report.kind === "folder") {
    for (const problem of report.problems) terminal.line(`    ${terminal.red("-")} ${new InputError(problem).message}`);
  }
  terminal.line();
}

function datasetRows(report: FolderReport): [string, string][] {
  return [
    ["Participants", report.participants === null ? "no participants.tsv" : count(report.participants, "row")],
    ["Subjects", list(report.subjects)],
    ["Sessions", sessionText(report)],
    ["Scans", String(report.scans.length)],
    ...groupScans(report).map((text): [string, string] => ["", text])
  ];
}

function contentRow(report: FileReport, index: number): [string, string] {
  const what = (): string => {
    switch (report.kind) {
      case "nifti":
        return `NIfTI-${report.version}, ${report.shape.join(" x ")} ${report.datatype}`;
      case "table":
        return `table, ${count(report.rows, "row")} x ${count(report.columns.length, "column")}`;
      case "json":
        return `JSON, ${count(report.fields.length, "field")}`;
      default:
        return `${report.kind}, ${count(report.volumes, "volume")}`;
    }
  };
  return [index === 0 ? "Contents" : "", `${report.path}: ${what()}`];
}

function imageRows(report: ImageReport): [string, string][] {
  const {version, datatype, littleEndian, shape, voxelSize, timeStep, affine, affineSource} = report;
  const cells = [0, 1, 2, 3].map((row) => affine.slice(4 * row, 4 * row + 4).map((value) => formatNumber(value)));
  const affineLines = alignColumns(cells, [0, 1, 2, 3]);
  const plain = report.slope === 1 && report.intercept === 0;
  const step = timeStep === null ? "" : `, ${formatNumber(timeStep)} s between volumes`;
  const unit = report.spaceUnit === "unknown" ? " (no unit stated; taken for mm)" : "";
  return [
    ["Format", `NIfTI-${version}, ${littleEndian ? "little" : "big"}-endian`],
    ["Datatype", datatype],
    ["Shape", shape.join(" x ")],
    ["Voxel size", `${voxelSize.map((size) => formatNumber(size)).join(" x ")} mm${unit}${step}`],
    ["Affine", `${affineLines[0]}   from ${affineSource}, to mm`],
    ...affineLines.slice(1).map((line): [string, string] => ["", line]),
    ["Scaling", plain ? "none" : `${formatNumber(report.slope, 9)} x stored + ${formatNumber(report.intercept, 9)}`],
    ...report.values.map(({component, min, max, mean, nonFinite}): [string, string] => {
      const range =
        min === null || max === null || mean === null
          ? "no finite value"
          : `min ${formatNumber(min)}, max ${formatNumber(max)}, mean ${formatNumber(mean)}`;
      return [component === "" ? "Values" : `Values (${component})`, `${range}, ${nonFinite} not finite`];
    }),
    ...(report.description === "" ? [] : [["Description", report.description] as [string, string]])
  ];
}

/** Scans of the same kind on the same grid, in one line. */
function groupScans({scans}: FolderReport): string[] {
  const groups = new Map<string, number>();
  for (const {path, shape, datatype} of scans) {
    const suffix = /_([A-Za-z0-9]+)\.nii(\.gz)?$/.exec(path)?.[1] ?? "image";
    const key = `${suffix}: ${shape === null ? "not readable" : `${shape.join(" x ")} ${datatype}`}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups].map(([key, number]) => `${number} x ${key}`);
}

function manifestText({manifest}: FolderReport): string {
  if (manifest === null) return "none";
  const {files, differing} = manifest;
  return differing.length === 0
    ? `all ${count(files, "file")} as stated`
    : `${differing.length} of ${count(files, "file")} differ`;
}

/** How many subjects have each session. */
function sessionText({sessions}: FolderReport): string {
  const tally = new Map<string, number>();
  for (const {session} of sessions) {
    const name = session ?? "without session folder";
    tally.set(name, (tally.get(name) ?? 0) + 1);
  }
  const parts = [...tally].map(([name, number]) => `${name} x ${number}`);
  return parts.length === 0 ? "none" : `${sessions.length} (${parts.join(", ")})`;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.length > 12 ? [...names.slice(0, 10), "...", names[names.length - 1]] : names;
  return `${names.length} (${shown.join(", ")})`;
}
