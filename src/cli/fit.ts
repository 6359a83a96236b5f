import {existsSync} from "node:fs";
import {mkdir, readdir, readFile} from "node:fs/promises";
import {join, relative, resolve, sep} from "node:path";
import {findModel, readRegistry} from "../compute/fit.js";
import {createPool} from "../compute/pool.js";
import {coreFile, defaultSize, loadModule, spawn} from "../compute/spawn.node.js";
import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
import {readDataset} from "../io/bids.js";
import {readCompanions} from "../io/companions.js";
import {bidsLabel} from "../io/derivatives.js";
import {openFolder} from "../io/folder.node.js";
import {hashFile} from "../io/image.node.js";
import {findSeries, suffixOf} from "../io/series.js";
import {parseTsv, writeTsv} from "../io/tsv.js";
import {hint} from "../domain/closest.js";
import type {Command, ExitCode} from "./command.js";
import type {Measurement} from "./fit-measure.js";
import {fitOptions, readFitting, readModel} from "./fit-options.js";
import {fitSeries, writeWhole} from "./fit-series.js";
import type {FitContext, SeriesOutcome} from "./fit-series.js";
import {count} from "./format.js";
import {readBytes, readText, readWorkers} from "./options.js";
import type {Terminal} from "./terminal.js";
import {version} from "./version.js";

const levels = ["participant", "group"];
const defaultMemory = 1e9;

export const fit: Command = {
  name: "fit",
  summary: "fit a model to a BIDS dataset (a BIDS App)",
  usage: "BIDS_DIR OUT_DIR participant|group --model ID",
  description: `
participant  fits each series that the model needs and writes BIDS derivatives: a map of each parameter
             and of its standard deviation, residual and outcome, with sidecars; a table of measurements
             for each participant. b comes from .bval, TE TI TR FA MT from the sidecars. Finished series
             are skipped when files and options are the same, so an interrupted run can be repeated.
group        puts the tables of the participants into one, with counts.
Where to fit: inside the one mask of the session in derivatives/ that lies on the series' grid, else
inside the labels of its one dseg, else everywhere; labels are the regions of the tables. A TB1map, in
derivatives/ or fmap/, is used by models that hold B1.
A series that is larger than --memory allows is fitted slab by slab, with the same result.
A faulty series yields its error and the rest goes on; the exit code is then 2.`,
  options: {
    ...fitOptions,
    "participant-label": {
      type: "string",
      multiple: true,
      placeholder: "LABEL",
      description: "only these, with or without sub-; several may follow one another"
    },
    mask: {type: "string", placeholder: "LABEL", description: "desc label of the mask or labels, or none"},
    memory: {
      type: "string",
      placeholder: "SIZE",
      description: "most bytes of voxels, samples and maps held at a time (default 1G)"
    }
  },
  minimum: 3,
  async run(args, terminal) {
    const {values, lists, positionals} = args;
    const [bids, out, level, ...more] = positionals;
    if (!levels.includes(level)) {
      const expected = `${levels.join(" or ")}${hint(level, levels)}`;
      throw new InputError({code: "bad-level", field: "level", value: level, expected});
    }
    const labels = readLabels(lists["participant-label"] ?? [], more);
    const id = readModel(values);
    const folder = await openFolder(bids);
    const dataset = await readDataset(folder);
    const subjects = selectSubjects(
      dataset.subjects.map(({subject}) => subject),
      labels
    );
    if (level === "group") return group(out, id, subjects, terminal);

    const pool = createPool({size: readWorkers(values) ?? defaultSize(), spawn, module: await loadModule()});
    try {
      const registry = await readRegistry(pool);
      const model = findModel(registry, id);
      const context: FitContext = {
        folder,
        root: resolve(bids),
        out: resolve(out),
        pool,
        registry,
        model,
        fitting: readFitting(args, model),
        companions: await readCompanions(folder, dataset),
        mask: readText(values, "mask"),
        memory: readBytes(values, "memory") ?? defaultMemory,
        software: {Version: version(), Core: await hashFile(coreFile, "measurand_core_bg.wasm")},
        onProgress: (text) => terminal.progress(text)
      };
      suffixOf(model); // refused at once, not once a participant
      await describe(context);
      return await participants(context, subjects, labels.length > 0, dataset, terminal);
    } finally {
      pool.close();
    }
  }
};

/** Labels without `sub-`: those of the option, and what follows the level, as BIDS Apps take them. */
function readLabels(given: readonly string[], more: readonly string[]): string[] {
  if (given.length === 0 && more.length > 0) {
    const expected = "nothing behind the level but labels of --participant-label";
    throw new InputError({code: "extra-argument", field: "arguments", value: more.join(" "), expected});
  }
  return [...given, ...more].flatMap((text) => text.split(/[\s,]+/)).map((label) => label.replace(/^sub-/, ""));
}

function selectSubjects(known: readonly string[], labels: readonly string[]): string[] {
  if (known.length === 0) {
    const expected = "a BIDS dataset with folders sub-<label>";
    throw new InputError({code: "no-participants", field: "BIDS_DIR", value: "no participant", expected});
  }
  for (const label of labels) {
    if (known.includes(`sub-${label}`)) continue;
    const names = known.map((subject) => subject.slice(4));
    const expected = `one of ${names.join(", ")}${hint(label, names)}`;
    throw new InputError({code: "unknown-participant", field: "--participant-label", value: label, expected});
  }
  return labels.length === 0 ? [...known] : known.filter((subject) => labels.includes(subject.slice(4)));
}

/** The description of the derivatives. */
async function describe({root, out, folder}: FitContext): Promise<void> {
  const path = join(out, "dataset_description.json");
  if (existsSync(path)) {
    const text = await readFile(path, "utf8");
    if (!/"Name": "Measurand"/.test(text)) {
      const expected = "a folder that does not exist, or holds derivatives of measurand fit";
      const value = "another program";
      throw new InputError({code: "foreign-folder", file: path, field: "GeneratedBy", value, expected});
    }
  }
  const description = {
    Name: `Parametric maps of ${folder.name}`,
    BIDSVersion: "1.10.0",
    DatasetType: "derivative",
    GeneratedBy: [{Name: "Measurand", Version: version(), Description: "measurand fit"}],
    DatasetLinks: {raw: relative(out, root).split(sep).join("/") || "."}
  };
  await mkdir(out, {recursive: true});
  await writeWhole(path, `${JSON.stringify(description, null, 2)}\n`);
  await writeWhole(join(out, "measurements.json"), `${JSON.stringify(measurementColumns, null, 2)}\n`);
}

const measurementColumns = {
  subject: {Description: "Participant"},
  session: {Description: "Session; n/a where there is none"},
  series: {Description: "What the images of the series have in common in their names"},
  region: {Description: "all: every fitted voxel; else the name of a label"},
  model: {Description: "Identifier of the signal model"},
  parameter: {Description: "Parameter of the model; status: how the fits of the voxels ended"},
  unit: {Description: "Unit of value"},
  statistic: {Description: "mean, sd (n - 1), q1, median, q3 (type 7) of voxels with a value; of status, an outcome"},
  value: {Description: "Value of the statistic; of status, voxels"},
  n: {Description: "Voxels with a value; of status, voxels of the region"}
};
const columns = Object.keys(measurementColumns);

interface Failure {
  subject: string;
  series: string | null;
  error: Fault & {message: string};
}

async function participants(
  context: FitContext,
  subjects: readonly string[],
  asked: boolean,
  dataset: Parameters<typeof findSeries>[0],
  terminal: Terminal
): Promise<ExitCode> {
  const {model} = context;
  const outcomes: SeriesOutcome[] = [];
  const failures: Failure[] = [];
  const without: string[] = [];
  const fail = (subject: string, series: string | null, error: unknown): void => {
    if (!(error instanceof InputError)) throw error;
    const {code, file, field, value, expected, message} = error;
    failures.push({subject, series, error: {code, file, field, value, expected, message}});
    terminal.note(`measurand: ${series ?? subject}: ${message}`);
  };
  for (const subject of subjects) {
    const series = findSeries(dataset, subject, model);
    if (series.length === 0) {
      without.push(subject);
      terminal.note(`measurand: ${subject}: no _${suffixOf(model)} images; nothing to fit`);
      continue;
    }
    const rows: Measurement[] = [];
    for (const each of series) {
      try {
        const outcome = await fitSeries(each, context);
        terminal.progress("");
        for (const note of outcome.notes) terminal.note(`measurand: ${each.stem}: ${note}`);
        terminal.line(`${each.stem}: ${tell(outcome)}`);
        outcomes.push(outcome);
        rows.push(...outcome.measurements);
      } catch (error) {
        fail(subject, each.stem, error);
      }
    }
    if (rows.length === 0) continue;
    await writeWhole(tablePath(context.out, subject, model.id), writeTsv(columns, rows.map(cells)));
  }
  terminal.progress("");
  if (without.length === subjects.length || (asked && without.length > 0)) {
    const expected = `_${suffixOf(model)} images, which ${model.id} is fitted to`;
    fail(without[0], null, new InputError({code: "no-series", field: "images", value: without.join(", "), expected}));
  }
  const skipped = outcomes.filter((outcome) => outcome.skipped).length;
  const parts = [`${outcomes.length - skipped} fitted`, `${skipped} skipped`, `${failures.length} failed`];
  terminal.line(`${count(subjects.length, "participant")}, series: ${parts.join(", ")}`);
  terminal.document({
    model: model.id,
    estimator: context.fitting.options.estimator,
    precision: context.fitting.precision,
    participants: subjects,
    series: outcomes.map(({measurements: _measurements, ...outcome}) => outcome),
    withoutSeries: without,
    failures
  });
  return failures.length > 0 ? 2 : 0;
}

function tell({skipped, counts, maps, slabs}: SeriesOutcome): string {
  const tally = Object.entries(counts).filter(([, n]) => n > 0);
  const voxels = tally.map(([status, n]) => `${n} ${status}`).join(", ");
  if (skipped) return `skipped: the same files and options gave its ${count(maps.length, "map")} before (${voxels})`;
  return `${count(maps.length, "map")}${slabs > 1 ? ` in ${slabs} slabs` : ""}; voxels: ${voxels}`;
}

function cells({session, ...row}: Measurement): Record<string, string | number | null> {
  return {...row, session};
}

function tablePath(out: string, subject: string, model: string): string {
  return join(out, subject, `${subject}_model-${bidsLabel(model)}_measurements.tsv`);
}

/** Puts the tables of the participants into one. */
async function group(out: string, model: string, subjects: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const rows: Record<string, string | null>[] = [];
  const missing: string[] = [];
  const present: string[] = [];
  for (const subject of subjects) {
    const path = tablePath(out, subject, model);
    if (!existsSync(path)) {
      missing.push(subject);
      continue;
    }
    present.push(subject);
    rows.push(...parseTsv(await readFile(path, "utf8"), path, {required: columns}).rows);
  }
  if (present.length === 0) {
    const known = existsSync(out) ? (await readdir(out)).length : 0;
    const expected = `tables of ${model}: run the participant level first`;
    const value = known === 0 ? "empty or missing" : "no such table";
    throw new InputError({code: "no-tables", file: out, field: "OUT_DIR", value, expected});
  }
  for (const subject of missing) terminal.note(`measurand: ${subject}: no table of ${model}; left out`);
  const distinct = (...names: string[]): number =>
    new Set(rows.map((row) => names.map((name) => row[name]).join("\t"))).size;
  const outcomes: Record<string, number> = {};
  for (const {parameter, region, statistic, value} of rows) {
    if (parameter !== "status" || region !== "all") continue;
    outcomes[statistic!] = (outcomes[statistic!] ?? 0) + Number(value);
  }
  const counts = {
    Participants: present.length,
    Sessions: distinct("subject", "session"),
    Series: distinct("series"),
    Rows: rows.length,
    Voxels: outcomes,
    MissingParticipants: missing
  };
  const name = `group_model-${bidsLabel(model)}_measurements`;
  await writeWhole(join(out, `${name}.tsv`), writeTsv(columns, rows));
  const sidecar = {...measurementColumns, Counts: counts};
  await writeWhole(join(out, `${name}.json`), `${JSON.stringify(sidecar, null, 2)}\n`);
  const {Participants, Sessions, Series} = counts;
  terminal.line(
    `${join(out, `${name}.tsv`)}: ${count(Participants, "participant")}, ${count(Sessions, "session")}, ` +
      `${Series} series, ${count(rows.length, "row")}`
  );
  terminal.document({model, out: join(out, `${name}.tsv`), counts});
  return 0;
}
