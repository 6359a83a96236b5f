import {existsSync} from "node:fs";
import {mkdir, readFile, rename, rm, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import type {ModelInfo, Registry} from "../compute/core.js";
import {estimatedParameters, fitVoxels, outsideMask, outsideMaskName} from "../compute/fit.js";
import type {Fit} from "../compute/fit.js";
import type {Pool} from "../compute/pool.js";
import {InputError} from "../domain/errors.js";
import {readLabelNames} from "../io/companions.js";
import type {Companion} from "../io/companions.js";
import {bidsUnit, choiceFields, fitMapName, mapFolder, modelField, parameterMapName} from "../io/derivatives.js";
import type {Folder} from "../io/folder.js";
import {createImage, hashFile, openImage, readImageHeader, volumesOf} from "../io/image.node.js";
import type {ImageFile} from "../io/image.node.js";
import {sameGrid} from "../io/nifti.js";
import type {NiftiArray, NiftiHeader} from "../io/nifti.js";
import {readProtocol} from "../io/series.js";
import type {SampleRow, Series, SeriesProtocol} from "../io/series.js";
import {measure} from "./fit-measure.js";
import type {Measurement} from "./fit-measure.js";
import type {Fitting} from "./fit-options.js";
import {findPlaces} from "./fit-places.js";
import type {Places} from "./fit-places.js";

/** What the fits of a run have in common. */
export interface FitContext {
  /** The dataset; its folder on disk is `root`. */
  folder: Folder;
  root: string;
  /** Folder of the derivatives. */
  out: string;
  pool: Pool;
  registry: Registry;
  model: ModelInfo;
  fitting: Fitting;
  companions: readonly Companion[];
  /** `none`, or the desc label of the mask or labels; undefined: by the rule. */
  mask: string | undefined;
  /** Most bytes of voxels, samples and maps that are held at a time. */
  memory: number;
  /** What made the numbers: version and SHA-256 of the core. */
  software: {Version: string; Core: string};
  onProgress(text: string): void;
}

/** What became of a series. */
export interface SeriesOutcome {
  series: string;
  /** Whether the maps were there already, made of the same files with the same options. */
  skipped: boolean;
  slabs: number;
  /** Voxels by outcome. */
  counts: Record<string, number>;
  /** Images below the derivatives' folder. */
  maps: string[];
  mask: string;
  notes: string[];
  measurements: Measurement[];
}

/** What is kept of a finished series, so that it need not be fitted again. */
interface FitRecord {
  key: string;
  outputs: {path: string; sha256: string}[];
  outcome: SeriesOutcome;
}

/** A map that is to be written: its values in a fit, and what its sidecar says. */
interface MapPlan {
  /** Path below the derivatives' folder, without extension. */
  path: string;
  datatype: "float64" | "float32" | "uint8";
  values(fit: Fit): NiftiArray;
  /** What stands where nothing was fitted. */
  outside: number;
  sidecar: object;
}

/**
 * Fits one series and writes its maps, slab by slab where it is larger than the budget. Every file is written under
 * another name and renamed when all are whole; a record is written last, and a series whose record fits is skipped.
 *
 * @throws InputError when images, sidecars, grids or options are at fault
 */
export async function fitSeries(series: Series, context: FitContext): Promise<SeriesOutcome> {
  const {folder, root, out, model, fitting} = context;
  const place = (path: string): string => join(root, path);
  const headers: NiftiHeader[] = [];
  for (const {path} of series.scans) {
    const header = await readImageHeader(place(path), path);
    if (headers.length > 0) sameGrid(headers[0], header);
    headers.push(header);
  }
  const shapes = headers.map((header) => ({volumes: volumesOf(header), complex: header.components === 2}));
  const plan = readProtocol(series, model, shapes);
  const {fix = {}, free = [], shared = []} = fitting.options;
  const unmapped = [...Object.keys(fix), ...free, ...shared];
  const places = await findPlaces(series, headers[0], {...context, unmapped});
  const settings = {...fieldStrength(series, model), ...fitting.options.settings};
  const labelNames =
    places.labels?.table == null ? new Map<number, string>() : await readLabelNames(folder, places.labels.table);

  const inputs = await hashInputs(series, places, context);
  const options = {...fitting.options, settings, precision: fitting.precision};
  const key = JSON.stringify({inputs, options, mask: context.mask ?? null, software: context.software});
  const name = `${series.stem}_${model.id}_${series.suffix}`;
  const recordPath = join(out, ".measurand", `${name}.json`);
  const known = await readRecord(recordPath);
  if (known?.key === key && (await outputsStand(known, out))) return {...known.outcome, skipped: true};

  const common = {
    Model: modelField(model),
    EstimationReference: model.doi === null ? model.citation : `doi:${model.doi}`,
    EstimationAlgorithm: model.estimators.find(({id}) => id === options.estimator)!.name,
    Estimator: {Identifier: options.estimator, Precision: options.precision},
    ...choiceFields(options),
    Protocol: Object.fromEntries(
      model.protocol
        .filter((column) => plan.protocol[column.name] !== undefined)
        .map(({name: column, unit}) => [column, {Units: bidsUnit(unit), Values: plan.protocol[column]}])
    ),
    Mask: places.rule,
    Sources: inputs.map(({path}) => `bids:raw:${path}`)
  };
  const maps = planMaps(series, context);
  for (const {path} of maps) await refuseForeign(join(out, path), `${path}.nii.gz`, model.id);

  const work = join(out, ".measurand", `${name}.part`);
  await rm(work, {recursive: true, force: true});
  await mkdir(work, {recursive: true});
  const partial = (path: string, extension: string): string => join(work, path.replaceAll("/", "+") + extension);
  try {
    const done = await fitSlabs({series, headers, plan, places, settings, maps, work, partial}, context);
    const readMap = ({path}: MapPlan) => readVolume(partial(path, ".nii.gz"), `${path}.nii.gz`);
    const labels = places.labels?.scan.path;
    const measurements = await measure({
      series,
      model,
      statuses: context.registry.statuses,
      status: await readMap(maps[maps.length - 1]),
      labels: labels === undefined ? null : await readVolume(place(labels), labels),
      labelNames,
      parameters: estimatedParameters(model, options),
      read: (index) => readMap(maps[2 * index])
    });
    const outcome: SeriesOutcome = {
      series: series.stem,
      skipped: false,
      ...done,
      maps: maps.map(({path}) => `${path}.nii.gz`),
      mask: places.rule,
      notes: places.notes,
      measurements
    };
    const outputs: FitRecord["outputs"] = [];
    for (const {path, sidecar} of maps) {
      const text = `${JSON.stringify({...sidecar, ...common, Voxels: done.counts}, null, 2)}\n`;
      await writeFile(partial(path, ".json"), text);
      for (const extension of [".nii.gz", ".json"]) {
        outputs.push({path: path + extension, sha256: await hashFile(partial(path, extension), path + extension)});
      }
    }
    // Without a record, what stands there is not taken for finished: so it goes first and comes last.
    await rm(recordPath, {force: true});
    for (const {path} of maps) {
      await mkdir(dirname(join(out, path)), {recursive: true});
      for (const extension of [".nii.gz", ".json"]) await rename(partial(path, extension), join(out, path + extension));
    }
    await writeWhole(recordPath, JSON.stringify({key, outputs, outcome} satisfies FitRecord));
    return outcome;
  } finally {
    await rm(work, {recursive: true, force: true});
  }
}

/** A file is there whole, or as it was before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** The first volume of an image. */
async function readVolume(path: string, file: string): Promise<Float32Array | Float64Array> {
  const image = await openImage(path, file);
  try {
    return await image.slab(0, 0, image.header.shape[2]);
  } finally {
    await image.close();
  }
}

/** The field strength, where the model has it for a setting and the sidecars state it. */
function fieldStrength({scans}: Series, {settings}: ModelInfo): Record<string, number> {
  const value = scans[0].metadata.MagneticFieldStrength;
  const asked = settings.some(({name}) => name === "field_strength");
  return asked && typeof value === "number" ? {field_strength: value} : {};
}

async function hashInputs(
  series: Series,
  {mask, labels, held}: Places,
  {root}: FitContext
): Promise<{path: string; sha256: string}[]> {
  const companions = [mask, labels, ...held.map(({companion}) => companion)].filter((each) => each !== null);
  const paths = new Set<string>();
  for (const {path, sidecars, bvalFile} of [...series.scans, ...companions.map(({scan}) => scan)]) {
    for (const each of [path, ...sidecars, bvalFile]) if (each !== undefined) paths.add(each);
  }
  for (const {table} of companions) if (table !== null) paths.add(table);
  const inputs: {path: string; sha256: string}[] = [];
  for (const path of paths) inputs.push({path, sha256: await hashFile(join(root, path), path)});
  return inputs;
}

/** Each estimated parameter and its standard deviation, the residual and the outcome. */
function planMaps(series: Series, {model, registry, fitting}: FitContext): MapPlan[] {
  const at = (name: string): string => `${mapFolder(series)}/${name}`;
  const datatype = fitting.precision === "f64" ? "float64" : "float32";
  const residualUnit = model.estimators.find(({id}) => id === fitting.options.estimator)!.residual_unit;
  const levels = Object.fromEntries(registry.statuses.map(({code, name, meaning}) => [code, `${name}: ${meaning}`]));
  levels[outsideMask] = `${outsideMaskName}: not fitted`;
  const estimated = estimatedParameters(model, fitting.options);
  const parameters = estimated.flatMap(({name, unit, description = name, index: p}): MapPlan[] => [
    {
      path: at(parameterMapName(series, model.id, name)),
      datatype,
      values: (fit) => fit.parameters[p].values as NiftiArray,
      outside: NaN,
      sidecar: {Description: `${name}: ${description}`, Units: bidsUnit(unit)}
    },
    {
      path: at(parameterMapName(series, model.id, name, "sd")),
      datatype,
      values: (fit) => fit.standardDeviations[p].values as NiftiArray,
      outside: NaN,
      sidecar: {
        Description: `Standard deviation of ${name}; infinite where the data give none`,
        Units: bidsUnit(unit)
      }
    }
  ]);
  return [
    ...parameters,
    {
      path: at(fitMapName(series, model.id, "residual")),
      datatype,
      values: (fit) => fit.residual as NiftiArray,
      outside: NaN,
      sidecar: {Description: "What the estimator minimises, a sum of squares", Units: bidsUnit(residualUnit)}
    },
    {
      path: at(fitMapName(series, model.id, "status")),
      datatype: "uint8",
      values: (fit) => fit.status as Uint8Array<ArrayBuffer>,
      outside: outsideMask,
      sidecar: {Description: "Outcome of the fit", Levels: levels}
    }
  ];
}

/** A map that another model or another program made is not overwritten. */
async function refuseForeign(path: string, file: string, model: string): Promise<void> {
  if (!existsSync(`${path}.nii.gz`)) return;
  const text = await readFile(`${path}.json`, "utf8").catch(() => "{}");
  let owner: unknown;
  try {
    owner = (JSON.parse(text) as {Model?: {Identifier?: string}}).Model?.Identifier;
  } catch {
    owner = undefined;
  }
  if (owner === model) return;
  const value = owner === undefined ? "a map of unknown origin" : `a map of ${String(owner)}`;
  const expected = `another OUT_DIR, or no such file: ${model} writes a map of this name`;
  throw new InputError({code: "foreign-map", file, field: "OUT_DIR", value, expected});
}

interface SlabJob {
  series: Series;
  headers: NiftiHeader[];
  plan: SeriesProtocol;
  places: Places;
  settings: Fitting["options"]["settings"];
  maps: readonly MapPlan[];
  work: string;
  partial(path: string, extension: string): string;
}

/** Reads, fits and writes slab after slab. */
async function fitSlabs(job: SlabJob, context: FitContext): Promise<{slabs: number; counts: Record<string, number>}> {
  const {series, headers, plan, places, settings, maps, work, partial} = job;
  const {root, fitting, pool, memory} = context;
  const [{shape, voxelSize, affine}] = headers;
  const [nx, ny, nz] = shape;
  const slice = nx * ny;
  // Doubles: the samples and the row being read; each map twice, in the workers' answers and put together.
  const perVoxel = 8 * (plan.rows.length + 2 + places.held.length + 2 * (maps.length + 2));
  const stored = headers.reduce((sum, {dataBytes}) => sum + dataBytes, 0);
  const whole = stored + slice * nz * perVoxel <= memory;
  if (!whole && fitting.options.shared !== undefined) {
    const expected = "a larger --memory: voxels that share a parameter are fitted together";
    throw new InputError({code: "too-large-to-share", file: series.stem, field: "--share", value: memory, expected});
  }
  const thickness = whole ? nz : Math.max(1, Math.min(nz, Math.floor(memory / (slice * perVoxel))));
  const slabs = Math.ceil(nz / thickness);

  const images = new Map<string, ImageFile>();
  const writers = maps.map(({path, datatype}) =>
    createImage(partial(path, ".nii.gz"), {shape: [nx, ny, nz], voxelSize, affine, datatype, file: `${path}.nii.gz`})
  );
  const counts: Record<string, number> = {};
  try {
    const paths = [
      ...series.scans.map(({path}) => path),
      ...[places.mask, ...places.held.map(({companion}) => companion)].flatMap((each) => (each ? [each.scan.path] : []))
    ];
    for (const [index, path] of paths.entries()) {
      context.onProgress(`${series.stem}: opening image ${index + 1} of ${paths.length}`);
      const scratch = whole ? undefined : join(work, `${index}.raw`);
      if (!images.has(path)) images.set(path, await openImage(join(root, path), path, scratch));
    }
    for (let slab = 0; slab < slabs; slab++) {
      const [first, last] = [slab * thickness, Math.min(nz, (slab + 1) * thickness)];
      const voxels = (last - first) * slice;
      const mask = places.mask === null ? undefined : await readMask(images.get(places.mask.scan.path)!, first, last);
      const inside = mask === undefined ? voxels : mask.reduce((sum, value) => sum + value, 0);
      let fit: Fit | null = null;
      if (inside > 0) {
        const samples = new Float64Array(plan.rows.length * voxels);
        for (const [s, row] of plan.rows.entries()) {
          samples.set(await readRow(series, images, row, first, last), s * voxels);
        }
        const held: Record<string, Float64Array> = {};
        for (const {parameter, companion, scale} of places.held) {
          held[parameter] = await readHeld(images.get(companion.scan.path)!, companion, scale, first, last);
        }
        fit = await fitVoxels(
          pool,
          {
            ...fitting.options,
            settings,
            precision: fitting.precision,
            protocol: plan.protocol,
            samples,
            voxels,
            mask,
            maps: held
          },
          {
            onProgress: (done, total) =>
              context.onProgress(
                `${series.stem}: slab ${slab + 1} of ${slabs}, ${Math.floor((100 * done) / total)} % of ${total} voxels`
              )
          }
        );
      }
      const tally = fit?.counts ?? {[outsideMaskName]: voxels};
      for (const [status, n] of Object.entries(tally)) counts[status] = (counts[status] ?? 0) + n;
      maps.forEach(({values, datatype, outside}, index) => {
        const empty = {float64: Float64Array, float32: Float32Array, uint8: Uint8Array}[datatype];
        writers[index].write(fit === null ? (new empty(voxels).fill(outside) as NiftiArray) : values(fit));
      });
    }
    if (counts[outsideMaskName] === slice * nz) {
      const file = places.mask!.scan.path;
      throw new InputError({code: "empty-mask", file, field: "mask", value: "empty", expected: "a voxel above 0"});
    }
    writers.forEach((writer) => writer.close());
    return {slabs, counts};
  } catch (error) {
    writers.forEach((writer) => writer.abandon());
    throw error;
  } finally {
    for (const image of images.values()) await image.close();
  }
}

/** The values of one row of samples. */
async function readRow(
  {scans}: Series,
  images: ReadonlyMap<string, ImageFile>,
  {scan, volume, part, phase}: SampleRow,
  first: number,
  last: number
): Promise<Float32Array | Float64Array> {
  const image = images.get(scans[scan].path)!;
  if (image.header.components === 2) {
    return image.slab(volume, first, last, part === "plain" ? "magnitude" : part);
  }
  const values = await image.slab(volume, first, last);
  if (phase === undefined) return values;
  const angles = await images.get(scans[phase].path)!.slab(volume, first, last);
  const turn = part === "real" ? Math.cos : Math.sin;
  return Float64Array.from(values, (value, v) => value * turn(angles[v]));
}

async function readMask(image: ImageFile, first: number, last: number): Promise<Uint8Array> {
  return Uint8Array.from(await image.slab(0, first, last), (value) => Number(value > 0));
}

/** The largest B1 that is believed to be a ratio. */
const mostRatio = 10;

async function readHeld(
  image: ImageFile,
  {scan}: Companion,
  scale: number,
  first: number,
  last: number
): Promise<Float64Array> {
  const values = Float64Array.from(await image.slab(0, first, last), (value) => value * scale);
  const voxel = values.findIndex((value) => value > mostRatio);
  if (voxel === -1) return values;
  const expected = `at most ${mostRatio}, a ratio to the nominal angle; if these are percent, state Units "percent"`;
  const field = `voxel ${first * image.header.shape[0] * image.header.shape[1] + voxel}`;
  throw new InputError({code: "bad-map", file: scan.path, field, value: values[voxel], expected});
}

async function readRecord(path: string): Promise<FitRecord | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as FitRecord;
  } catch {
    return null; // none yet, or cut off: the series is fitted again
  }
}

/** Whether every file of a record is still what was written. */
async function outputsStand({outputs}: FitRecord, out: string): Promise<boolean> {
  for (const {path, sha256} of outputs) {
    if ((await hashFile(join(out, path), path).catch(() => null)) !== sha256) return false;
  }
  return true;
}
