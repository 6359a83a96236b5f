import {InputError, type Fault} from "../domain/errors.js";
import {rowNumber} from "../domain/row-number.js";
import type {Folder} from "./folder.js";
import {checkGradients, readBval, readBvec} from "./gradients.js";
import {readNifti, readNiftiHeader, type Nifti} from "./nifti.js";
import {decodeText, parseJsonObject} from "./text.js";
import {parseTsv, type Row, type Tsv} from "./tsv.js";

/** A subject: its folder, its row of participants.tsv and its sessions. */
export interface Subject {
  /** As the folder is named: `sub-01`. */
  subject: string;
  /** Columns of participants.tsv; empty where it has no row. */
  columns: Row;
  sessions: Session[];
}

export interface Session {
  subject: string;
  /** As the folder is named: `ses-1`; null where the subject has no session folders. */
  session: string | null;
  /** Columns of the subject's sessions.tsv. */
  columns: Row;
}

/** One image and what its sidecars say of it. */
export interface Scan {
  /** Below the dataset's folder. */
  path: string;
  subject: string;
  session: string | null;
  /** Entities of the name without their prefix: {sub: "01", ses: "1", acq: "te93"}. */
  entities: Record<string, string>;
  suffix: string;
  /** anat, dwi, func, ... */
  datatype: string;
  /** Fields of all JSON files that apply; of two, the nearer one's value. Times in s, as BIDS has them. */
  metadata: Record<string, unknown>;
  /** The JSON files that apply, nearest last. */
  sidecars: string[];
  /** s/mm2, one for each volume. */
  bval?: number[];
  bvalFile?: string;
  /** Three rows (x, y, z), one column for each volume. */
  bvec?: number[][];
  bvecFile?: string;
  /** Columns of scans.tsv. */
  columns: Row;
}

/** A BIDS dataset as far as it could be understood, and each thing that was wrong with it. */
export interface Dataset {
  name: string;
  /** dataset_description.json; empty where that is missing. */
  description: Record<string, unknown>;
  participants: Tsv | null;
  subjects: Subject[];
  sessions: Session[];
  scans: Scan[];
  problems: Fault[];
}

export interface ReadDatasetOptions {
  /** Also reads every image's header and compares its volumes with the b values and directions. */
  images?: boolean;
}

const datatypes = [
  "anat",
  "beh",
  "dwi",
  "eeg",
  "fmap",
  "func",
  "ieeg",
  "meg",
  "micr",
  "motion",
  "mrs",
  "nirs",
  "perf",
  "pet"
];

/** Fields that BIDS asks for where a name or a folder says that they vary. */
const requiredFields: {field: string; unit: string; applies(scan: Scan): boolean}[] = [
  {field: "EchoTime", unit: "s", applies: ({entities}) => "echo" in entities},
  {field: "InversionTime", unit: "s", applies: ({entities}) => "inv" in entities},
  {field: "FlipAngle", unit: "degrees", applies: ({entities}) => "flip" in entities},
  {field: "RepetitionTime", unit: "s", applies: ({suffix}) => suffix === "bold"}
];

interface Name {
  folder: string;
  entities: Record<string, string>;
  suffix: string;
  extension: string;
}

/**
 * Reads a BIDS dataset (https://bids-specification.readthedocs.io): participants.tsv, *_sessions.tsv, *_scans.tsv, and
 * for each image below a subject its JSON sidecars and b values by the inheritance principle. What is wrong with one
 * part becomes a problem in the result, and the others are read on.
 */
export async function readDataset(folder: Folder, {images = false}: ReadDatasetOptions = {}): Promise<Dataset> {
  const problems: Fault[] = [];
  const report = (error: unknown): void => {
    if (!(error instanceof InputError)) throw error;
    problems.push(toFault(error));
  };
  const note = (code: string, file: string, field: string, value: unknown, expected: string): void => {
    problems.push({code, file, field, value, expected});
  };
  const attempt = async <T>(path: string, parse: (text: string, path: string) => T): Promise<T | null> => {
    try {
      return parse(decodeText(await folder.read(path), path), path);
    } catch (error) {
      report(error);
      return null;
    }
  };
  const has = new Set(folder.paths);
  const attemptTsv = (path: string, required: string): Promise<Tsv | null> =>
    has.has(path) ? attempt(path, (text) => parseTsv(text, path, {required: [required]})) : Promise.resolve(null);

  const description = has.has("dataset_description.json")
    ? ((await attempt("dataset_description.json", parseJsonObject)) ?? {})
    : {};
  if (!has.has("dataset_description.json")) {
    note("missing-file", "dataset_description.json", "path", "nothing", "a description with Name and BIDSVersion");
  } else {
    for (const field of ["Name", "BIDSVersion"]) {
      if (typeof description[field] !== "string") {
        note("missing-field", "dataset_description.json", field, description[field], "text");
      }
    }
  }

  const participants = await attemptTsv("participants.tsv", "participant_id");
  const subjects = await readSubjects();
  const scans: Scan[] = [];
  await readScans();
  checkMetadata();
  if (scans.length === 0) note("no-scans", folder.name, "images", 0, "at least one image at sub-*/[ses-*/]<datatype>/");
  compareSessions(subjects, scans, note);
  if (images) await checkImages();

  return {
    name: folder.name,
    description,
    participants,
    subjects,
    sessions: subjects.flatMap(({sessions}) => sessions),
    scans,
    problems
  };

  async function readSubjects(): Promise<Subject[]> {
    const found = new Map<string, Set<string>>();
    for (const path of folder.paths) {
      const parts = path.split("/");
      if (parts.length < 2 || !/^sub-/.test(parts[0])) continue;
      const sessions = found.get(parts[0]) ?? new Set();
      if (parts.length > 2 && /^ses-/.test(parts[1])) sessions.add(parts[1]);
      found.set(parts[0], sessions);
    }
    const rows = rowsByKey(participants, "participant_id", note);
    if (participants) {
      for (const id of rows.keys()) {
        if (!found.has(id))
          note("missing-subject", participants.file, "participant_id", id, "the name of a subject's folder");
      }
      for (const id of found.keys()) {
        if (!rows.has(id)) note("missing-row", participants.file, "participant_id", "no row", `a row for ${id}`);
      }
    }
    const result: Subject[] = [];
    for (const [subject, names] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const table = await attemptTsv(`${subject}/${subject}_sessions.tsv`, "session_id");
      const columns = rowsByKey(table, "session_id", note);
      if (table) {
        for (const id of columns.keys()) {
          if (!names.has(id)) note("missing-session", table.file, "session_id", id, `a folder ${subject}/${id}`);
        }
        for (const id of names) {
          if (!columns.has(id)) note("missing-row", table.file, "session_id", "no row", `a row for ${id}`);
        }
      }
      const sessions: Session[] =
        names.size === 0
          ? [{subject, session: null, columns: {}}]
          : [...names].sort().map((session) => ({subject, session, columns: columns.get(session) ?? {}}));
      result.push({subject, columns: rows.get(subject) ?? {}, sessions});
    }
    return result;
  }

  async function readScans(): Promise<void> {
    const sidecars: (Name & {path: string})[] = [];
    for (const path of folder.paths) {
      const parts = path.split("/");
      const imageFolder = parts.length > 1 && parts[0].startsWith("sub-");
      const extension = /\.(json|bval|bvec|nii|nii\.gz)$/.exec(parts[parts.length - 1])?.[1];
      // Other top-level folders (code, derivatives, sourcedata) are datasets of their own, or none.
      if (extension === undefined || (parts.length > 1 && !imageFolder)) continue;
      const name = parseName(path);
      const image = extension.startsWith("nii");
      if (!name) {
        if (imageFolder) note("bids-name", path, "name", parts[parts.length - 1], "key-value pairs, then a suffix");
        continue;
      }
      if (!image) {
        sidecars.push({...name, path});
        continue;
      }
      const scan = placeScan(path, parts, name);
      if (!scan) continue;
      if (extension === "nii" && has.has(`${path}.gz`)) {
        note("duplicate-file", path, "path", path, `this image or ${path}.gz, not both`);
        continue;
      }
      scans.push(scan);
    }

    const contents = new Map<string, unknown>();
    const parsers = {json: parseJsonObject, bval: readBval, bvec: readBvec} as const;
    const used = sidecars.filter(({suffix}) => scans.some((scan) => scan.suffix === suffix));
    const texts = await readAhead(
      folder,
      used.map(({path}) => path)
    );
    for (const {path, extension} of used) {
      try {
        contents.set(path, parsers[extension as keyof typeof parsers](decodeText(await texts(path), path), path));
      } catch (error) {
        report(error);
      }
    }
    for (const scan of scans) {
      for (const extension of ["json", "bval", "bvec"]) {
        const applicable = applying(
          scan,
          sidecars.filter((sidecar) => sidecar.extension === extension)
        );
        if (extension === "json") {
          for (const {path} of applicable) {
            const fields = contents.get(path);
            if (fields) Object.assign(scan.metadata, fields);
            if (fields) scan.sidecars.push(path);
          }
          continue;
        }
        const nearest = applicable[applicable.length - 1]?.path;
        if (nearest === undefined) {
          if (scan.datatype === "dwi" && scan.suffix === "dwi") {
            note(
              `missing-${extension}`,
              scan.path,
              extension,
              "no file",
              `a .${extension} file that applies to this image`
            );
          }
          continue;
        }
        const values = contents.get(nearest);
        if (!values) continue;
        if (extension === "bval") Object.assign(scan, {bval: values, bvalFile: nearest});
        else Object.assign(scan, {bvec: values, bvecFile: nearest});
      }
      if (scan.bval && scan.bvec && scan.bval.length !== scan.bvec[0].length) {
        note(
          "bvec-count",
          scan.bvecFile!,
          "directions",
          scan.bvec[0].length,
          `${scan.bval.length}, as in ${scan.bvalFile}`
        );
      }
    }
    await readScanTables();
  }

  function placeScan(path: string, parts: string[], {entities, suffix}: Name): Scan | null {
    const subject = parts[0];
    const session = parts[1]?.startsWith("ses-") ? parts[1] : null;
    const datatype = parts[session ? 2 : 1];
    if (parts.length !== (session ? 4 : 3)) {
      note("bids-place", path, "path", path, "sub-<label>/[ses-<label>/]<datatype>/<file>");
      return null;
    }
    for (const [key, folderName] of [
      ["sub", subject],
      ["ses", session]
    ] as const) {
      const stated = entities[key] === undefined ? null : `${key}-${entities[key]}`;
      if (stated !== folderName) {
        note(
          "bids-name",
          path,
          key,
          stated ?? "none",
          folderName === null ? "none: there is no such folder" : folderName
        );
        return null;
      }
    }
    if (!datatypes.includes(datatype))
      note("bids-datatype", path, "datatype", datatype, `one of ${datatypes.join(", ")}`);
    return {path, subject, session, entities, suffix, datatype, metadata: {}, sidecars: [], columns: {}};
  }

  /** The sidecars that apply to an image: farthest first, and at one level the one with fewer entities first. */
  function applying(scan: Scan, sidecars: (Name & {path: string})[]): (Name & {path: string})[] {
    const applicable = sidecars.filter(
      ({folder: place, suffix, entities}) =>
        suffix === scan.suffix &&
        scan.path.startsWith(place) &&
        Object.entries(entities).every(([key, value]) => scan.entities[key] === value)
    );
    const size = ({entities}: Name): number => Object.keys(entities).length;
    applicable.sort((a, b) => a.folder.length - b.folder.length || size(a) - size(b) || (a.path < b.path ? -1 : 1));
    for (let index = 1; index < applicable.length; index++) {
      const [first, second] = [applicable[index - 1], applicable[index]];
      if (first.folder === second.folder && size(first) === size(second)) {
        note("ambiguous-sidecar", scan.path, second.extension, [first.path, second.path], "one file of each level");
      }
    }
    return applicable;
  }

  async function readScanTables(): Promise<void> {
    const byPath = new Map(scans.map((scan) => [scan.path, scan]));
    for (const {subject, session} of subjects.flatMap(({sessions}) => sessions)) {
      const base = session ? `${subject}/${session}/` : `${subject}/`;
      const path = `${base}${session ? `${subject}_${session}` : subject}_scans.tsv`;
      const table = await attemptTsv(path, "filename");
      if (!table) continue;
      for (const [filename, columns] of rowsByKey(table, "filename", note)) {
        const scan = byPath.get(base + filename);
        if (scan) scan.columns = columns;
        else if (!has.has(base + filename)) note("missing-file", path, "filename", filename, `a file in ${base}`);
      }
      for (const scan of scans) {
        if (scan.subject === subject && scan.session === session && Object.keys(scan.columns).length === 0) {
          note("missing-row", path, "filename", "no row", `a row for ${scan.path.slice(base.length)}`);
        }
      }
    }
  }

  function checkMetadata(): void {
    for (const scan of scans) {
      for (const {field, unit, applies} of requiredFields) {
        if (!applies(scan)) continue;
        try {
          metadataNumber(scan, field, unit);
        } catch (error) {
          report(error);
        }
      }
    }
  }

  async function checkImages(): Promise<void> {
    for (const scan of scans) {
      try {
        const header = readNiftiHeader(await folder.read(scan.path), scan.path);
        checkScanGradients(
          scan,
          header.shape.slice(3).reduce((product, size) => product * size, 1)
        );
      } catch (error) {
        report(error);
      }
    }
  }
}

/**
 * Reads a scan's image and checks its volumes against the scan's b values and directions.
 * @throws InputError of readNifti or checkGradients
 */
export async function readScan(folder: Folder, scan: Scan): Promise<Nifti> {
  const image = readNifti(await folder.read(scan.path), scan.path);
  checkScanGradients(scan, image.volumes);
  return image;
}

/**
 * A positive number of a scan's sidecars.
 * @param unit for the message: "s" for EchoTime, RepetitionTime and InversionTime
 * @throws InputError missing-field or bad-field, naming the sidecar (or the image where it has none)
 */
export function metadataNumber(scan: Scan, field: string, unit: string): number {
  const value = scan.metadata[field];
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new InputError({
    code: value === undefined ? "missing-field" : "bad-field",
    file: scan.sidecars[scan.sidecars.length - 1] ?? scan.path,
    field,
    value,
    expected: `a positive number (${unit}) for ${scan.path}`
  });
}

function checkScanGradients(scan: Scan, volumes: number): void {
  checkGradients({
    image: {file: scan.path, volumes},
    bval: scan.bval && {file: scan.bvalFile!, values: scan.bval},
    bvec: scan.bvec && {file: scan.bvecFile!, values: scan.bvec}
  });
}

/** A path's entities, suffix and extension; null where its name is not made of them. */
function parseName(path: string): Name | null {
  const slash = path.lastIndexOf("/") + 1;
  const dot = path.indexOf(".", slash);
  const parts = path.slice(slash, dot).split("_");
  const suffix = parts.pop() ?? "";
  if (!/^[a-zA-Z0-9]+$/.test(suffix)) return null;
  const entities: Record<string, string> = {};
  for (const part of parts) {
    const match = /^([a-z]+)-([a-zA-Z0-9+]+)$/.exec(part);
    if (!match || match[1] in entities) return null;
    entities[match[1]] = match[2];
  }
  return {folder: path.slice(0, slash), entities, suffix, extension: path.slice(dot + 1)};
}

/** Reads many small files, some at once but not more than a system allows; errors wait until a file is asked for. */
async function readAhead(folder: Folder, paths: string[]): Promise<(path: string) => Promise<Uint8Array>> {
  const results = new Map<string, Promise<Uint8Array>>();
  const queue = [...paths];
  const lane = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const result = folder.read(path);
      results.set(path, result);
      await result.catch(() => {});
    }
  };
  await Promise.all(Array.from({length: 16}, lane));
  return (path) => results.get(path)!;
}

type Note = (code: string, file: string, field: string, value: unknown, expected: string) => void;

/** A table's rows by their key column; a row without key, or with one that was there, is a problem. */
function rowsByKey(table: Tsv | null, column: string, note: Note): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const [index, row] of (table?.rows ?? []).entries()) {
    const id = row[column];
    if (id === null) note("missing-value", table!.file, `row ${rowNumber(index)}, column ${column}`, "n/a", "a value");
    else if (rows.has(id))
      note("duplicate-row", table!.file, `row ${rowNumber(index)}, column ${column}`, id, "each value once");
    else rows.set(id, row);
  }
  return rows;
}

/** Subjects that lack a session, and sessions that lack an image, which others have. */
function compareSessions(subjects: Subject[], scans: Scan[], note: Note): void {
  const all = [
    ...new Set(subjects.flatMap(({sessions}) => sessions.map(({session}) => session ?? "no session")))
  ].sort();
  for (const {subject, sessions} of subjects) {
    const own = sessions.map(({session}) => session ?? "no session");
    if (own.length < all.length)
      note("missing-session", subject, "sessions", own, `${all.join(", ")}, as other subjects have`);
  }
  const kind = ({entities, datatype, suffix}: Scan): string => {
    const rest = Object.entries(entities).filter(([key]) => key !== "sub" && key !== "ses");
    return `${datatype}/${[...rest.map(([key, value]) => `${key}-${value}`), suffix].join("_")}`;
  };
  const kinds = [...new Set(scans.map(kind))].sort();
  for (const {subject, session} of subjects.flatMap(({sessions}) => sessions)) {
    const own = new Set(scans.filter((scan) => scan.subject === subject && scan.session === session).map(kind));
    const lacking = kinds.filter((each) => !own.has(each));
    if (lacking.length > 0) {
      const place = session ? `${subject}/${session}` : subject;
      note(
        "missing-scan",
        place,
        "images",
        `${own.size} of ${kinds.length}`,
        `${lacking.join(", ")}, as other sessions have`
      );
    }
  }
}

function toFault({code, file, field, value, expected}: InputError): Fault {
  return {code, file, field, value, expected};
}
