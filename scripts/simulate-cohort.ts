// Writes data/simulated-cohort/: two sessions of sixteen simulated people, drawn by the core from the specification below.
import {mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {pathToFileURL} from "node:url";
import {initSync, simulate_cohort, type SimulatedCohort} from "../wasm/pkg/measurand_core.js";
import {writeManifest} from "../src/io/manifest.js";
import {writeNifti} from "../src/io/nifti.js";
import {writeTsv} from "../src/io/tsv.js";
import {root, say} from "./paths.js";

/**
 * Upper abdomen at 3 T. Sources of the means, where a tissue says no more:
 * - T2t: de Bazelaire CMJ, Duhamel GD, Rofsky NM, Alsop DC. Radiology 2004;230:652-659 (T2 at 3 T)
 * - Dt, Dv: van Baalen S et al. Is there evidence for more than two diffusion components in abdominal organs? NMR Biomed
 *   2017 (D; D* or, where they find three components, the middle one: b = 50 no longer sees the fastest)
 * - f of the kidney, f and diffusion of muscle: abdominal phantom of the OSIPI task force 2.4 (IVIM)
 * - S0, T2v, K, f of liver and spleen: chosen, within what studies report; f is the fraction at TE = 0, which lies below
 *   the fractions that a fit at one TE gives where blood has the longer T2
 * The spreads are chosen so that the metrics' wCV differ between tissues.
 */
const sources = {
  liver: "T2t: de Bazelaire 2004; Dt, Dv (the middle of three components): van Baalen 2017; S0, f, T2v, K: chosen",
  spleen: "T2t: de Bazelaire 2004; Dt, Dv: van Baalen 2017; S0, f, T2v, K: chosen",
  cortex: "T2t: de Bazelaire 2004; Dt, Dv (the middle of three components): van Baalen 2017; f: OSIPI TF2.4; S0, T2v, K: chosen",
  medulla: "T2t: de Bazelaire 2004; Dt: van Baalen 2017; f, Dv: OSIPI TF2.4; S0, T2v, K: chosen",
  muscle: "T2t: de Bazelaire 2004; f, Dv, Dt: OSIPI TF2.4; S0, T2v, K: chosen"
};

/** Times in s, b in s/mm2, diffusion coefficients in mm2/s, lengths in mm; coefficients of variation as fractions. */
export const specification = {
  seed: 20251,
  subjects: 16,
  sessions: 2,
  shape: [32, 32, 6],
  voxel_size: [10, 10, 12],
  protocol: {b: [0, 50, 100, 400, 900, 1200, 1600], TE: [0.093, 0.105, 0.12]},
  noise: {kind: "rician", snr: 40, tissue: "liver", b: 0, TE: 0.093},
  tissues: [
    {
      name: "liver",
      mean: {S0: 900, f: 0.11, Dv: 0.0438, T2v: 0.08, Dt: 0.00126, K: 0.8, T2t: 0.034},
      between: {S0: 0.1, f: 0.15, Dv: 0.15, T2v: 0.05, Dt: 0.08, K: 0.1, T2t: 0.06},
      within: {S0: 0.03, f: 0.05, Dv: 0.1, T2v: 0.02, Dt: 0.06, K: 0.04, T2t: 0.015},
      parts: [{centre: [62, 14, 6], radii: [68, 70, 78]}],
      source: sources.liver
    },
    {
      name: "spleen",
      mean: {S0: 1000, f: 0.08, Dv: 0.0698, T2v: 0.1, Dt: 0.00091, K: 0.9, T2t: 0.061},
      between: {S0: 0.1, f: 0.15, Dv: 0.15, T2v: 0.05, Dt: 0.08, K: 0.1, T2t: 0.06},
      within: {S0: 0.03, f: 0.06, Dv: 0.1, T2v: 0.02, Dt: 0.03, K: 0.03, T2t: 0.01},
      parts: [{centre: [-103, -22, 6], radii: [30, 46, 52]}],
      source: sources.spleen
    },
    {
      name: "renal cortex",
      mean: {S0: 1000, f: 0.097, Dv: 0.0238, T2v: 0.1, Dt: 0.00226, K: 0.5, T2t: 0.076},
      between: {S0: 0.1, f: 0.15, Dv: 0.15, T2v: 0.05, Dt: 0.06, K: 0.1, T2t: 0.06},
      within: {S0: 0.03, f: 0.04, Dv: 0.08, T2v: 0.02, Dt: 0.02, K: 0.03, T2t: 0.01},
      parts: [
        {centre: [60, -54, -6], radii: [37, 42, 60]},
        {centre: [-58, -54, -2], radii: [37, 42, 60]}
      ],
      source: sources.cortex
    },
    {
      // Drawn after the cortex, so it fills the middle of each kidney.
      name: "renal medulla",
      mean: {S0: 1000, f: 0.158, Dv: 0.019, T2v: 0.1, Dt: 0.00157, K: 0.4, T2t: 0.081},
      between: {S0: 0.1, f: 0.15, Dv: 0.15, T2v: 0.05, Dt: 0.08, K: 0.1, T2t: 0.06},
      within: {S0: 0.03, f: 0.07, Dv: 0.12, T2v: 0.02, Dt: 0.045, K: 0.05, T2t: 0.01},
      parts: [
        {centre: [60, -54, -6], radii: [21, 25, 40]},
        {centre: [-58, -54, -2], radii: [21, 25, 40]}
      ],
      source: sources.medulla
    }
  ],
  remainder: {
    name: "muscle",
    mean: {S0: 800, f: 0.1, Dv: 0.0263, T2v: 0.08, Dt: 0.00137, K: 0.7, T2t: 0.029},
    between: {S0: 0.1},
    within: {S0: 0.03},
    source: sources.muscle
  },
  geometry: {body: [142, 108], size_cv: 0.03, radius_cv: 0.05, position_sd: 2, shift_sd: 3}
};

/** Subjects of the population from which its repeatability is taken. */
const populationSize = 100_000;

export function openCohort(): SimulatedCohort {
  initSync({module: readFileSync(join(root, "wasm/pkg/measurand_core_bg.wasm"))});
  return simulate_cohort(JSON.stringify(specification));
}

const two = (index: number): string => String(index + 1).padStart(2, "0");
const acquisition = (te: number): string => `acq-TE${Math.round(1000 * te)}`;
const [dx, dy, dz] = specification.voxel_size;
const grid = {
  voxelSize: [dx, dy, dz] as [number, number, number],
  // The origin lies in the middle of the grid.
  affine: [
    [dx, 0, 0, -(specification.shape[0] - 1) * dx / 2],
    [0, dy, 0, -(specification.shape[1] - 1) * dy / 2],
    [0, 0, dz, -(specification.shape[2] - 1) * dz / 2],
    [0, 0, 0, 1]
  ].flat()
};

/** The step of the stored integers: the power of two (exact as the header's float32) at or below half of the noise. */
export function stepOf(cohort: SimulatedCohort): number {
  return 2 ** Math.floor(Math.log2(cohort.sigma() / 2));
}

/** The images of one scan at one echo time as 16-bit integers; subject, session and te count from 0. */
export function imageOf(cohort: SimulatedCohort, subject: number, session: number, te: number): Uint8Array<ArrayBuffer> {
  const slope = stepOf(cohort);
  const data = Int16Array.from(cohort.samples(subject, session, te), (value) => Math.round(value / slope));
  const shape = [...specification.shape, specification.protocol.b.length];
  return writeNifti({...grid, shape, data, slope, description: "simulated by Measurand"}, {gzip: true});
}

/** The tissue of each voxel of one scan: 0 none, else its index in dseg.tsv. */
export function labelsOf(cohort: SimulatedCohort, subject: number, session: number): Uint8Array<ArrayBuffer> {
  const data = Uint8Array.from(cohort.labels(subject, session));
  return writeNifti({...grid, shape: specification.shape, data, description: "simulated by Measurand"}, {gzip: true});
}

/** Every file of the data set but its README and manifest. */
export function* filesOf(cohort: SimulatedCohort): Generator<{path: string; bytes: Uint8Array}> {
  const text = (path: string, content: string) => ({path, bytes: new TextEncoder().encode(content)});
  const json = (path: string, content: object) => text(path, `${JSON.stringify(content, null, 2)}\n`);
  const {b, TE} = specification.protocol;
  const description = (name: string, extra: object = {}): object => ({Name: name, BIDSVersion: "1.9.0", License: "CC0", ...extra});
  const generatedBy = [{Name: "Measurand", Description: "scripts/simulate-cohort.ts"}];
  const people = Array.from({length: specification.subjects}, (_, subject) => `sub-${two(subject)}`);

  yield json("dataset_description.json", description("Simulated test-retest diffusion-relaxation cohort", {DatasetType: "raw", GeneratedBy: generatedBy}));
  yield text("participants.tsv", writeTsv(["participant_id", "origin"], people.map((id) => ({participant_id: id, origin: "simulated"}))));
  yield json("participants.json", {origin: {Description: "Where the participant comes from", Levels: {simulated: "drawn by the core from the specification"}}});
  yield text("dwi.bval", `${b.join(" ")}\n`);
  // Trace-weighted images have no direction: a zero vector for each.
  yield text("dwi.bvec", `${b.map(() => 0).join(" ")}\n`.repeat(3));
  for (const te of TE) yield json(`${acquisition(te)}_dwi.json`, {EchoTime: te});

  yield json("derivatives/labels/dataset_description.json", description("True tissue of each voxel", {DatasetType: "derivative", GeneratedBy: generatedBy}));
  yield text("derivatives/labels/dseg.tsv", writeTsv(["index", "name"], specification.tissues.map(({name}, index) => ({index: index + 1, name}))));

  for (const [subject, person] of people.entries()) {
    const sessions = Array.from({length: specification.sessions}, (_, session) => `ses-${session + 1}`);
    yield text(`${person}/${person}_sessions.tsv`, writeTsv(["session_id"], sessions.map((id) => ({session_id: id}))));
    for (const [session, visit] of sessions.entries()) {
      const stem = `${person}_${visit}`;
      const images = TE.map((te) => `dwi/${stem}_${acquisition(te)}_dwi.nii.gz`);
      yield text(`${person}/${visit}/${stem}_scans.tsv`, writeTsv(["filename"], images.map((filename) => ({filename}))));
      for (const [te, image] of images.entries()) {
        yield {path: `${person}/${visit}/${image}`, bytes: imageOf(cohort, subject, session, te)};
      }
      yield {path: `derivatives/labels/${person}/${visit}/dwi/${stem}_dseg.nii.gz`, bytes: labelsOf(cohort, subject, session)};
    }
  }
  yield* truthFiles(cohort, text, json, description, generatedBy);
}

interface Repeatability {
  tissue: string;
  metric: string;
  unit: string;
  mean: number;
  within_sd: number;
  wcv: number;
  wcv_rms: number;
  between_cv: number;
}

interface Truth {
  sigma: number;
  rows: {subject: number; session: number; tissue: string; parameters: Record<string, number>; metrics: Record<string, number>}[];
  spreads: {tissue: string; parameter: string; unit: string; mean: number; between_cv: number; within_cv: number}[];
  drawn: Repeatability[];
}

/** What is true of the cohort: specification, spreads, each scan's parameters and noise-free metrics, their repeatability. */
function* truthFiles(
  cohort: SimulatedCohort,
  text: (path: string, content: string) => {path: string; bytes: Uint8Array},
  json: (path: string, content: object) => {path: string; bytes: Uint8Array},
  description: (name: string, extra?: object) => object,
  generatedBy: object[]
): Generator<{path: string; bytes: Uint8Array}> {
  const folder = "derivatives/truth";
  const {sigma, rows, spreads, drawn} = JSON.parse(cohort.truth()) as Truth;
  const population = (JSON.parse(cohort.population(populationSize)) as {rows: Repeatability[]}).rows;
  const reported = ["ADC", "ADC_fast", "ADC_slow", "F"];
  yield json(`${folder}/dataset_description.json`, description("What the simulation put in", {DatasetType: "derivative", GeneratedBy: generatedBy}));
  yield json(`${folder}/specification.json`, {...specification, sigma, population: populationSize});
  const spreadColumns = ["region", "parameter", "unit", "mean", "between_cv", "within_cv"];
  yield text(`${folder}/spreads.tsv`, writeTsv(spreadColumns, spreads.map(({tissue, ...spread}) => ({region: tissue, ...spread}))));
  const parameters = Object.keys(rows[0].parameters);
  const scanColumns = ["participant_id", "session_id", "region", ...parameters, ...reported];
  yield text(`${folder}/scans.tsv`, writeTsv(scanColumns, rows.map((row) => ({
    participant_id: `sub-${two(row.subject)}`,
    session_id: `ses-${row.session + 1}`,
    region: row.tissue,
    ...row.parameters,
    ...Object.fromEntries(reported.map((metric) => [metric, row.metrics[metric]]))
  }))));
  const unitOf = (unit: string): string => (unit === "" ? "1" : unit);
  const columns = ["region", "metric", "unit", "mean", "within_sd", "wcv", "wcv_of_mean", "between_cv", "mean_drawn", "wcv_drawn"];
  const shown = population.filter(({metric}) => reported.includes(metric));
  yield text(`${folder}/population.tsv`, writeTsv(columns, shown.map(({tissue, metric, unit, mean, within_sd, wcv, wcv_rms, between_cv}) => {
    const own = drawn.find((each) => each.tissue === tissue && each.metric === metric)!;
    return {
      region: tissue,
      metric,
      unit: unitOf(unit),
      mean,
      within_sd,
      wcv: wcv_rms,
      wcv_of_mean: wcv,
      between_cv,
      mean_drawn: own.mean,
      wcv_drawn: own.wcv_rms
    };
  })));
  yield json(`${folder}/population.json`, {
    mean: {Description: "Mean of the noise-free metric over subjects and sessions of the population"},
    within_sd: {Description: "Square root of the mean of d^2 / 2, d the difference of a subject's two sessions"},
    wcv: {Description: "Root mean square within-subject coefficient of variation: square root of the mean of (d / m)^2 / 2, m the mean of a subject's two sessions"},
    wcv_of_mean: {Description: "within_sd / mean"},
    between_cv: {Description: "Standard deviation between subjects / mean, that of the sessions taken off"},
    mean_drawn: {Description: "mean, of the subjects of this data set"},
    wcv_drawn: {Description: "wcv, of the subjects of this data set"}
  });
}

function write(): void {
  const target = join(root, "data/simulated-cohort");
  for (const name of readdirSync(target).filter((entry) => entry !== "README.md")) rmSync(join(target, name), {recursive: true});
  const files = [...filesOf(openCohort())];
  for (const {path, bytes} of files) {
    mkdirSync(dirname(join(target, path)), {recursive: true});
    writeFileSync(join(target, path), bytes);
  }
  writeFileSync(join(target, "manifest.json"), writeManifest(files));
  const size = files.reduce((sum, {bytes}) => sum + bytes.length, 0);
  say(`${files.length} files, ${(size / 1e6).toFixed(2)} MB in ${target}`);
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) write();
