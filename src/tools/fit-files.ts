// What a reader keeps of a fit: maps as BIDS derivatives, all of them in a .zip, and a table of the voxels.
import {outsideMask} from "../compute/fit.js";
import type {StatusInfo} from "../compute/core.js";
import {zipSync} from "../generated/vendor/fflate.js";
import {version} from "../generated/version.js";
import {bidsUnit, choiceFields, fitMapName, mapFolder, modelField, parameterMapName} from "../io/derivatives.js";
import {writeNifti, type NiftiArray} from "../io/nifti.js";
import {writeCsv} from "../io/tsv.js";
import {stemOf} from "./fit-input.js";
import type {FitResult} from "./fit-run.js";

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
    Model: modelField(model),
    Estimator: {Name: estimator.name, Identifier: estimator.id, Precision: fit.precision},
    ...choiceFields(choices),
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
