import {InputError} from "../domain/errors.js";
import type {Dataset, Scan} from "./bids.js";

/** What has to be known of a model to find and read its images; the core's description of a model has it all. */
export interface SeriesNeeds {
  id: string;
  protocol: readonly {name: string; unit: string; required: boolean}[];
  parameters: readonly {name: string; held: number | null}[];
}

/** Images that are fitted together: those of a session that differ only in what the model's protocol varies. */
export interface Series {
  subject: string;
  session: string | null;
  datatype: string;
  suffix: string;
  /** Name of what they have in common, without suffix: `sub-01_ses-1_acq-x`. */
  stem: string;
  scans: Scan[];
}

/** One row of samples: where it comes from. */
export interface SampleRow {
  /** Index of the scan in its series. */
  scan: number;
  volume: number;
  /** What is taken of its voxels: the plain number (of complex images the magnitude), or a part. */
  part: "plain" | "real" | "imaginary";
  /** Index of the scan that has the phase (rad), where real and imaginary parts come from magnitude and phase. */
  phase?: number;
}

/** A series as a fit takes it. */
export interface SeriesProtocol {
  /** One value a row, by column. */
  protocol: Record<string, number[]>;
  rows: SampleRow[];
}

/** The column of a protocol that tells real parts (0) from imaginary ones (1). */
const imaginary = "imaginary";

/** Entities that number what a protocol varies; `part` tells apart what one image consists of. */
const varied = ["echo", "inv", "flip", "mt", "part"];

const has = ({protocol}: SeriesNeeds, name: string): boolean => protocol.some((column) => column.name === name);
const asks = ({protocol}: SeriesNeeds, name: string): boolean =>
  protocol.some((column) => column.name === name && column.required);

/**
 * The BIDS suffix of the images that a model is fitted to, by the columns that its protocol asks for: `dwi` (b), `MTS`
 * (MT, FA), `MTR` (MT), `FLAIR` (TE, TI), `IRT1` (TI), `VFA` (FA), `MESE` (TE, for T2) or else `MEGRE` (TE).
 * @throws InputError no-suffix where BIDS has none
 */
export function suffixOf(model: SeriesNeeds): string {
  if (asks(model, "b")) return "dwi";
  if (asks(model, "MT")) return asks(model, "FA") ? "MTS" : "MTR";
  if (asks(model, "TI")) return asks(model, "TE") ? "FLAIR" : "IRT1";
  if (asks(model, "FA")) return "VFA";
  if (asks(model, "TE")) return model.parameters.some(({name}) => name === "T2") ? "MESE" : "MEGRE";
  const columns = model.protocol.map(({name}) => name).join(", ");
  const expected = `a model whose images BIDS names; fit-table takes ${columns} from a table`;
  throw new InputError({code: "no-suffix", field: "--model", value: model.id, expected});
}

/**
 * The series of a subject that a model is fitted to, in the order of their names. Images of one session form one series
 * when their names agree but for echo, inv, flip, mt and part; for models of b and TE, and FLAIR, also but for acq,
 * as BIDS numbers none of their times.
 */
export function findSeries({scans}: Dataset, subject: string, model: SeriesNeeds): Series[] {
  const suffix = suffixOf(model);
  const free = suffix === "FLAIR" || (asks(model, "b") && asks(model, "TE")) ? [...varied, "acq"] : varied;
  const complex = has(model, imaginary);
  const found = new Map<string, Series>();
  for (const scan of scans) {
    if (scan.subject !== subject || scan.suffix !== suffix) continue;
    // Models of magnitudes have no use for the other parts of an image.
    if (!complex && !["mag", undefined].includes(scan.entities.part)) continue;
    const kept = Object.entries(scan.entities).filter(([key]) => !free.includes(key));
    const stem = kept.map(([key, value]) => `${key}-${value}`).join("_");
    const {session, datatype} = scan;
    const series = found.get(`${datatype}/${stem}`) ?? {subject, session, datatype, suffix, stem, scans: []};
    series.scans.push(scan);
    found.set(`${datatype}/${stem}`, series);
  }
  const order = new Intl.Collator("en", {numeric: true}).compare;
  for (const {scans: members} of found.values()) members.sort((a, b) => order(a.path, b.path));
  return [...found.values()].sort((a, b) => order(a.stem, b.stem));
}

/**
 * The rows of samples of a series with their protocol, as .bval files and sidecars state it: b from the .bval file, TE
 * from EchoTime, TI from InversionTime, FA from FlipAngle, MT from MTState or else mt-on and mt-off, TR from
 * RepetitionTimeExcitation or else RepetitionTime (of models with TI from RepetitionTimePreparation or else
 * RepetitionTime). A field is one number, or a list of one a volume. Optional columns are there where every image has
 * them.
 *
 * Complex models take real and imaginary images (part-real, part-imag), magnitude and phase (part-mag, part-phase with
 * Units rad), or images of complex numbers.
 * @param shapes volumes and numbers a voxel of each scan
 * @throws InputError naming the sidecar, or the image where it has none
 */
export function readProtocol(
  series: Series,
  model: SeriesNeeds,
  shapes: readonly {volumes: number; complex: boolean}[]
): SeriesProtocol {
  const rows = has(model, imaginary) ? complexRows(series, shapes) : plainRows(shapes);
  const protocol: Record<string, number[]> = {};
  for (const column of model.protocol) {
    if (column.name === imaginary) {
      protocol[imaginary] = rows.map(({part}) => (part === "imaginary" ? 1 : 0));
      continue;
    }
    const values = rows.map(({scan, volume}) =>
      settingOf(series.scans[scan], column.name, volume, shapes[scan].volumes, model)
    );
    const missing = values.findIndex((value) => value === null);
    if (missing === -1) protocol[column.name] = values as number[];
    else if (column.required) throw unstated(series.scans[rows[missing].scan], column.name, column.unit, model);
  }
  return {protocol, rows};
}

function plainRows(shapes: readonly {volumes: number}[]): SampleRow[] {
  return shapes.flatMap(({volumes}, scan) =>
    Array.from({length: volumes}, (_, volume): SampleRow => ({scan, volume, part: "plain"}))
  );
}

/** Real parts of everything first, then the imaginary ones. */
function complexRows(
  {scans, stem, suffix}: Series,
  shapes: readonly {volumes: number; complex: boolean}[]
): SampleRow[] {
  const places = new Map<string, Map<string, number>>();
  scans.forEach((scan, index) => {
    const rest = Object.entries(scan.entities).filter(([key]) => key !== "part");
    const place = rest.map((entry) => entry.join("-")).join("_");
    const parts = places.get(place) ?? new Map<string, number>();
    parts.set(shapes[index].complex ? "complex" : (scan.entities.part ?? "mag"), index);
    places.set(place, parts);
  });
  const sides: Record<"real" | "imaginary", SampleRow[]> = {real: [], imaginary: []};
  for (const [place, parts] of places) {
    const [whole, real, imag, mag, phase] = ["complex", "real", "imag", "mag", "phase"].map((part) => parts.get(part));
    const add = (first: number, rowsOf: (volume: number) => [SampleRow, SampleRow]): void => {
      for (let volume = 0; volume < shapes[first].volumes; volume++) {
        const [re, im] = rowsOf(volume);
        sides.real.push(re);
        sides.imaginary.push(im);
      }
    };
    if (whole !== undefined) {
      add(whole, (volume) => [
        {scan: whole, volume, part: "real"},
        {scan: whole, volume, part: "imaginary"}
      ]);
    } else if (real !== undefined && imag !== undefined) {
      add(real, (volume) => [
        {scan: real, volume, part: "plain"},
        {scan: imag, volume, part: "imaginary"}
      ]);
    } else if (mag !== undefined && phase !== undefined) {
      checkRadians(scans[phase]);
      add(mag, (volume) => [
        {scan: mag, volume, part: "real", phase},
        {scan: mag, volume, part: "imaginary", phase}
      ]);
    } else {
      const value = [...parts.keys()].map((part) => `part-${part}`).join(", ");
      const expected = "part-real and part-imag, part-mag and part-phase, or an image of complex numbers";
      throw new InputError({code: "missing-part", file: `${place}_${suffix}`, field: "part", value, expected});
    }
    const [first, ...others] = [...parts.values()].map((index) => ({scan: scans[index], ...shapes[index]}));
    const differs = others.find(({volumes}) => volumes !== first.volumes);
    if (differs) {
      const expected = `${first.volumes}, as in ${first.scan.path}`;
      throw new InputError({
        code: "part-volumes",
        file: differs.scan.path,
        field: "volumes",
        value: differs.volumes,
        expected
      });
    }
  }
  if (sides.real.length === 0) throw new Error(`${stem} has no images`);
  return [...sides.real, ...sides.imaginary];
}

/** Phase in other units than rad has a scale that no field states. */
function checkRadians(scan: Scan): void {
  const units = scan.metadata.Units;
  if (units === "rad") return;
  throw new InputError({
    code: units === undefined ? "missing-field" : "bad-field",
    file: nearest(scan),
    field: "Units",
    value: units,
    expected: `"rad" for ${scan.path}: scale the phase to rad and say so`
  });
}

/** Fields that state each column, the first that is there; times in s, `most` the largest that is believed. */
const fields: Record<string, {names: string[]; most: number}> = {
  TE: {names: ["EchoTime"], most: 10},
  TI: {names: ["InversionTime"], most: 60},
  TR: {names: ["RepetitionTimeExcitation", "RepetitionTime"], most: 120},
  FA: {names: ["FlipAngle"], most: 360}
};
const repetitionOfInversions = {names: ["RepetitionTimePreparation", "RepetitionTime"], most: 120};

/** The value of a column for one volume, or null where nothing states it. */
function settingOf(scan: Scan, column: string, volume: number, volumes: number, model: SeriesNeeds): number | null {
  if (column === "b") {
    if (scan.bval === undefined) return null;
    if (scan.bval.length === volumes) return scan.bval[volume];
    throw new InputError({
      code: "bval-count",
      file: scan.bvalFile,
      field: "b values",
      value: scan.bval.length,
      expected: `${volumes}, one for each volume of ${scan.path}`
    });
  }
  if (column === "MT") {
    const state = scan.metadata.MTState;
    if (typeof state === "boolean") return Number(state);
    if (state === undefined) return scan.entities.mt === undefined ? null : Number(scan.entities.mt === "on");
    throw badField(scan, "MTState", state, "true or false");
  }
  const source = column === "TR" && has(model, "TI") ? repetitionOfInversions : fields[column];
  const field = source?.names.find((name) => scan.metadata[name] !== undefined);
  if (field === undefined) return null;
  const stated = scan.metadata[field];
  const unit = column === "FA" ? "degrees" : "s";
  if (Array.isArray(stated) && stated.length !== volumes) {
    throw badField(scan, field, `${stated.length} values`, `one number (${unit}), or ${volumes}, one for each volume`);
  }
  const value: unknown = Array.isArray(stated) ? stated[volume] : stated;
  if (typeof value !== "number" || !(value > 0)) throw badField(scan, field, value, `a positive number (${unit})`);
  if (value <= source.most) return value;
  const advice = column === "FA" ? "" : "; this looks like ms";
  throw badField(scan, field, value, `at most ${source.most} ${unit}${advice}`);
}

function badField(scan: Scan, field: string, value: unknown, expected: string): InputError {
  return new InputError({
    code: "bad-field",
    file: nearest(scan),
    field,
    value,
    expected: `${expected} for ${scan.path}`
  });
}

function unstated(scan: Scan, column: string, unit: string, model: SeriesNeeds): InputError {
  const field =
    column === "b"
      ? ".bval"
      : column === "MT"
        ? "MTState"
        : ((column === "TR" && has(model, "TI") ? repetitionOfInversions : fields[column])?.names.join(" or ") ?? null);
  const what = `${column}${unit === "" ? "" : ` (${unit})`}, which ${model.id} needs for ${scan.path}`;
  return new InputError({
    code: "missing-field",
    file: nearest(scan),
    field: field ?? column,
    value: undefined,
    expected: field === null ? `a model without ${what}: BIDS has no field for it` : what
  });
}

function nearest(scan: Scan): string {
  return scan.sidecars[scan.sidecars.length - 1] ?? scan.path;
}
