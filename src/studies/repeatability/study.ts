// From the diffusion images of two sessions to the repeatability of each metric in each tissue.
import {InputError} from "../../domain/errors.js";
import {testRetest, type TestRetest} from "../../domain/statistics/test-retest.js";
import type {Unit} from "../../domain/units.js";
import {fitVoxels, type Fit} from "../../compute/fit.js";
import type {Pool, RunOptions} from "../../compute/pool.js";
import {metadataNumber, readDataset, readScan, type Scan} from "../../io/bids.js";
import type {Database} from "../../io/database.js";
import {readText, type Folder} from "../../io/folder.js";
import {readNifti, sameGrid, type Nifti} from "../../io/nifti.js";
import {parseTsv} from "../../io/tsv.js";
import type {Study, StudyResult} from "../study-contract.js";

export const dataset = "simulated-cohort";
export const model = "clinical-adc";
/** The metrics that the study reports, as the model names its parameters. */
export const metrics = ["ADC", "ADC_fast", "ADC_slow", "F"] as const;

export type Metric = (typeof metrics)[number];
export type Estimator = "ols" | "iwls" | "nlls";

/** A tissue, as the labels' `dseg.tsv` names it. */
export interface Region {
  index: number;
  name: string;
}

/** One scan's images at the shortest echo time, and the tissue of each voxel. */
export interface LabelledScan {
  subject: string;
  session: string;
  scan: Scan;
  image: Nifti;
  labels: Uint8Array;
}

/** A scan with its maps on the grid of its image. */
export interface FittedScan extends LabelledScan {
  fit: Fit;
}

/** Mean of one metric over one tissue of one scan. */
export interface Measurement {
  subject: string;
  session: string;
  region: string;
  parameter: Metric;
  unit: Unit;
  value: number;
  /** Voxels in the mean. */
  n: number;
  /** Voxels of the tissue without a value: their fit failed. */
  failed: number;
}

/** What the simulation put in, of one metric in one tissue; both wCV are fractions. */
export interface Truth {
  region: string;
  metric: Metric;
  /** Of the population that the subjects are drawn from, without noise. */
  mean: number;
  wcv: number;
  /** Of the subjects that were drawn, without noise. */
  wcvDrawn: number;
}

/** Repeatability of one metric in one tissue. */
export interface Row extends TestRetest {
  region: string;
  metric: Metric;
}

/** The tissues, in the order of their labels. */
export async function readRegions(folder: Folder): Promise<Region[]> {
  const file = "derivatives/labels/dseg.tsv";
  const table = parseTsv(await readText(folder, file), file, {required: ["index", "name"]});
  return table.rows.map((_, row) => ({index: table.requiredNumber(row, "index"), name: table.text(row, "name")}));
}

/**
 * The scans that the clinical metrics use, one a session: those at the shortest echo time, with their labels.
 * @throws InputError for the first thing that is wrong with the data set
 */
export async function readScans(folder: Folder, onProgress?: RunOptions["onProgress"]): Promise<LabelledScan[]> {
  const {scans, problems} = await readDataset(folder);
  if (problems.length > 0) throw new InputError(problems[0]);
  const chosen = new Map<string, Scan>();
  for (const scan of scans.filter(({suffix}) => suffix === "dwi")) {
    const key = `${scan.subject} ${scan.session}`;
    const best = chosen.get(key);
    if (best === undefined || echoTime(scan) < echoTime(best)) chosen.set(key, scan);
  }
  const labelled: LabelledScan[] = [];
  for (const scan of chosen.values()) {
    labelled.push(await readLabelled(folder, scan));
    onProgress?.(labelled.length, chosen.size);
  }
  return labelled;
}

const echoTime = (scan: Scan): number => metadataNumber(scan, "EchoTime", "s");

async function readLabelled(folder: Folder, scan: Scan): Promise<LabelledScan> {
  const {subject, session, path} = scan;
  if (session === null) throw new InputError({code: "missing-session", file: path, field: "session", value: null, expected: "a folder ses-..."});
  const image = await readScan(folder, scan);
  const labelPath = `derivatives/labels/${subject}/${session}/dwi/${subject}_${session}_dseg.nii.gz`;
  const labels = readNifti(await folder.read(labelPath), labelPath);
  sameGrid(image, labels);
  return {subject, session, scan, image, labels: Uint8Array.from(labels.values())};
}

/** Fits the clinical metrics in every labelled voxel of every scan. */
export async function fitScans(
  pool: Pool,
  scans: readonly LabelledScan[],
  estimator: Estimator,
  {signal, onProgress}: RunOptions = {}
): Promise<FittedScan[]> {
  const voxels = scans.map(({labels}) => labels.reduce((count, label) => count + (label > 0 ? 1 : 0), 0));
  const total = voxels.reduce((sum, count) => sum + count, 0);
  const done = new Array<number>(scans.length).fill(0);
  return Promise.all(
    scans.map(async (labelled, index) => {
      const {image, labels, scan} = labelled;
      const [nx, ny, nz] = image.shape;
      const fit = await fitVoxels(
        pool,
        {
          model,
          estimator,
          protocol: {b: scan.bval!, TE: new Array<number>(image.volumes).fill(echoTime(scan))},
          samples: image.values(),
          voxels: nx * ny * nz,
          mask: labels
        },
        {
          signal,
          onProgress: (count) => {
            done[index] = count;
            onProgress?.(done.reduce((sum, each) => sum + each, 0), total);
          }
        }
      );
      return {...labelled, fit};
    })
  );
}

/** Regional means: the voxels of a tissue whose fit gave a value, and how many did not. */
export function measure(fitted: readonly FittedScan[], regions: readonly Region[]): Measurement[] {
  return fitted.flatMap(({subject, session, labels, fit}) =>
    regions.flatMap(({index, name}) =>
      metrics.map((metric): Measurement => {
        const {values, unit} = fit.parameters.find((map) => map.name === metric)!;
        let sum = 0;
        let n = 0;
        let failed = 0;
        for (let v = 0; v < labels.length; v++) {
          if (labels[v] !== index) continue;
          if (Number.isFinite(values[v])) {
            sum += values[v];
            n++;
          } else failed++;
        }
        if (n === 0) {
          const expected = "at least one voxel with a fit";
          throw new InputError({code: "empty-region", file: `${subject} ${session}`, field: name, value: "no value", expected});
        }
        return {subject, session, region: name, parameter: metric, unit: (unit === "" ? "1" : unit) as Unit, value: sum / n, n, failed};
      })
    )
  );
}

/** The measurements of one metric in one tissue, subjects x sessions. @throws InputError when a session is missing */
export function pairsOf(measurements: readonly Measurement[], metric: Metric, region: string): {subjects: string[]; values: number[][]} {
  const bySubject = new Map<string, number[]>();
  const sessions = [...new Set(measurements.map(({session}) => session))];
  for (const {subject, session, value} of measurements.filter((each) => each.parameter === metric && each.region === region)) {
    const values = bySubject.get(subject) ?? new Array<number>(sessions.length).fill(NaN);
    values[sessions.indexOf(session)] = value;
    bySubject.set(subject, values);
  }
  for (const [subject, values] of bySubject) {
    const missing = values.findIndex(Number.isNaN);
    if (missing < 0) continue;
    throw new InputError({
      code: "missing-session",
      field: `${subject}, ${metric}, ${region}`,
      value: `no ${sessions[missing]}`,
      expected: `each of ${sessions.join(", ")}`
    });
  }
  return {subjects: [...bySubject.keys()], values: [...bySubject.values()]};
}

/** Test-retest repeatability of each metric in each tissue. */
export function repeatability(measurements: readonly Measurement[], level = 0.95): Row[] {
  const regions = [...new Set(measurements.map(({region}) => region))];
  return metrics.flatMap((metric) =>
    regions.map((region) => {
      const {unit} = measurements.find(({parameter}) => parameter === metric)!;
      return {region, metric, ...testRetest(pairsOf(measurements, metric, region).values, {unit, level})};
    })
  );
}

/** What the simulation put in, from `derivatives/truth`. */
export async function readTruth(folder: Folder): Promise<Truth[]> {
  const file = "derivatives/truth/population.tsv";
  const table = parseTsv(await readText(folder, file), file, {required: ["region", "metric", "mean", "wcv", "wcv_drawn"]});
  return table.rows.map((_, row) => ({
    region: table.text(row, "region"),
    metric: table.text(row, "metric") as Metric,
    mean: table.requiredNumber(row, "mean"),
    wcv: table.requiredNumber(row, "wcv"),
    wcvDrawn: table.requiredNumber(row, "wcv_drawn")
  }));
}

/** Fills `participants`, `scans`, `measurements` and `voxels`, and shuts the database off from the world. */
export async function fillTables(
  database: Database,
  folder: Folder,
  fitted: readonly FittedScan[],
  measurements: readonly Measurement[],
  regions: readonly Region[]
): Promise<void> {
  const file = "participants.tsv";
  const participants = parseTsv(await readText(folder, file), file, {required: ["participant_id"]});
  const extra = participants.columns.filter((name) => name !== "participant_id");
  await database.addColumns("participants", Object.fromEntries(extra.map((name) => [name, "VARCHAR"])));
  await database.insert("participants", {
    subject: participants.rows.map((_, row) => participants.text(row, "participant_id")),
    ...Object.fromEntries(extra.map((name) => [name, participants.rows.map((columns) => columns[name])]))
  });
  await database.insert("scans", {
    subject: fitted.map(({subject}) => subject),
    session: fitted.map(({session}) => session),
    path: fitted.map(({scan}) => scan.path),
    datatype: "dwi",
    suffix: "dwi",
    volumes: Int32Array.from(fitted, ({image}) => image.volumes),
    echo_time: Float64Array.from(fitted, ({scan}) => echoTime(scan))
  });
  await database.insert("measurements", {
    subject: measurements.map(({subject}) => subject),
    session: measurements.map(({session}) => session),
    region: measurements.map(({region}) => region),
    model,
    parameter: measurements.map(({parameter}) => parameter),
    unit: measurements.map(({unit}) => unit),
    statistic: "mean",
    value: Float64Array.from(measurements, ({value}) => value),
    n: Int32Array.from(measurements, ({n}) => n)
  });
  await database.addColumns("voxels", Object.fromEntries(metrics.map((name) => [name, "DOUBLE"])));
  const names = new Map(regions.map(({index, name}) => [index, name]));
  for (const {subject, session, labels, fit, image} of fitted) {
    const inside = Int32Array.from([...labels.keys()].filter((v) => labels[v] > 0));
    const [nx, ny] = image.shape;
    await database.insert("voxels", {
      subject,
      session,
      region: Array.from(inside, (v) => names.get(labels[v])!),
      voxel: inside,
      x: inside.map((v) => v % nx),
      y: inside.map((v) => Math.floor(v / nx) % ny),
      z: inside.map((v) => Math.floor(v / (nx * ny))),
      ...Object.fromEntries(
        metrics.map((metric) => {
          const {values} = fit.parameters.find(({name}) => name === metric)!;
          return [metric, Float64Array.from(inside, (v) => values[v])];
        })
      )
    });
  }
  await database.lock();
}

/** wSD of ADC in one tissue by SQL alone: the root of half the mean squared difference of the two sessions. */
export const wsdQuery = `SELECT sqrt(avg((a.value - b.value) ** 2) / 2) AS wsd
FROM measurements AS a JOIN measurements AS b USING (subject, region, parameter)
WHERE a.session < b.session AND parameter = 'ADC' AND region = ?`;

/** The recomputed value of each claim, `<metric>-<region>-<statistic>`. */
export function claimsOf(rows: readonly Row[], truth: readonly Truth[]): Record<string, number> {
  const claims: Record<string, number> = {};
  let covered = 0;
  for (const {metric, region, mean, wsd, wcv, rc, percentRc} of rows) {
    const id = `${metric.toLowerCase().replace("_", "-")}-${region.toLowerCase().replaceAll(" ", "-")}`;
    const {wcv: put} = truth.find((each) => each.metric === metric && each.region === region)!;
    claims[`${id}-mean`] = mean;
    claims[`${id}-wsd`] = wsd.value;
    claims[`${id}-wcv`] = wcv!.value;
    claims[`${id}-rc`] = rc.value;
    claims[`${id}-percent-rc`] = percentRc!.value;
    if (wcv!.lower <= put && put <= wcv!.upper) covered++;
  }
  claims["truth-covered"] = covered;
  return claims;
}

export interface RepeatabilityResult extends StudyResult {
  rows: Row[];
  truth: Truth[];
}

export const study: Study<RepeatabilityResult> = {
  slug: "repeatability",
  title: "How repeatable are diffusion metrics?",
  datasets: [dataset],
  async run({folders, pool, openDatabase, signal, onProgress}) {
    const folder = folders[dataset];
    const regions = await readRegions(folder);
    const scans = await readScans(folder, (done, total) => onProgress?.(done, total, "reading the images"));
    const fitted = await fitScans(pool, scans, "ols", {
      signal,
      onProgress: (done, total) => onProgress?.(done, total, "fitting the voxels")
    });
    const measurements = measure(fitted, regions);
    const rows = repeatability(measurements);
    const truth = await readTruth(folder);
    const database = await openDatabase();
    await fillTables(database, folder, fitted, measurements, regions);
    const [{wsd}] = await database.query(wsdQuery, [regions[0].name]);
    return {rows, truth, claims: {...claimsOf(rows, truth), "adc-wsd-sql": wsd as number}};
  }
};
