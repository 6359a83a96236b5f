import {rename, writeFile} from "node:fs/promises";
import {findModel, fitVoxels, isGeneralFit, readRegistry} from "../compute/fit.js";
import type {Fit} from "../compute/fit.js";
import {createPool} from "../compute/pool.js";
import type {Pool} from "../compute/pool.js";
import {defaultSize, loadModule, spawn} from "../compute/spawn.node.js";
import {InputError} from "../domain/errors.js";
import {readFileBytes} from "../io/folder.node.js";
import {readSampleTable} from "../io/sample-table.js";
import type {SampleGroup} from "../io/sample-table.js";
import {decodeText} from "../io/text.js";
import {parseTable, writeCsv, writeTsv} from "../io/tsv.js";
import type {Command} from "./command.js";
import {fitOptions, readFitting, readModel} from "./fit-options.js";
import type {Fitting} from "./fit-options.js";
import {count} from "./format.js";
import {readText, readWorkers} from "./options.js";

type Cell = string | number | null;

/** What became of one id. */
interface Outcome {
  status: string;
  reason: string;
  cells: Record<string, Cell>;
}

export const fitTable: Command = {
  name: "fit-table",
  summary: "fit a model to a table of samples",
  usage: "SAMPLES --model ID [--out PARAMETERS]",
  description: `
Fits each id of a long table (CSV or TSV), one sample a row, and writes one row an id, in the order
of their first appearance.
  in    id, the columns of the model's protocol (b s/mm2, TE TI TR s, FA degrees, MT 0 or 1, ...), signal;
        signal_imaginary for complex models; a parameter that the model holds, such as B1, by its name
  out   id, status (converged, at-bound, not-identifiable, failed), each parameter and its <name>_sd,
        rss, iterations, and the reason where it failed; a cell without a number is empty
Ids may differ in their protocols. An id with a sample that is missing or not finite, or whose
protocol the model cannot be fitted to, comes out as failed; nothing is dropped.`,
  options: {
    ...fitOptions,
    out: {type: "string", placeholder: "FILE", description: "where to write (.csv or .tsv; default: standard output)"},
    details: {
      type: "boolean",
      description: "also gradient, condition, parameters on bounds, and correlations where nlls gives them"
    }
  },
  minimum: 1,
  async run(args, terminal) {
    const {values, positionals} = args;
    if (positionals.length > 1) {
      const expected = "one table";
      throw new InputError({code: "extra-argument", field: "SAMPLES", value: positionals.join(" "), expected});
    }
    const [path] = positionals;
    const id = readModel(values);
    const pool = createPool({size: readWorkers(values) ?? defaultSize(), spawn, module: await loadModule()});
    try {
      const registry = await readRegistry(pool);
      const model = findModel(registry, id);
      const fitting = readFitting(args, model);
      const details = values.details === true;
      const table = parseTable(decodeText(await readFileBytes(path), path), path);
      const samples = readSampleTable(table, model);
      const unused = samples.unused.join(", ");
      if (unused !== "") terminal.note(`measurand: ${path}: columns not used: ${unused}`);

      if (fitting.options.shared !== undefined && samples.groups.length > 1) {
        const expected = "one protocol for all ids, which alone can share a parameter";
        const value = `${samples.groups.length} protocols`;
        throw new InputError({code: "shared-protocols", file: path, field: "--share", value, expected});
      }

      // Those of one signal equation's nonlinear fit; voxels that share a parameter have none of their own.
      const {estimator, shared} = fitting.options;
      const correlated = details && isGeneralFit(model, estimator) && shared === undefined;

      const statuses = new Map(registry.statuses.map(({code, name}) => [code, name]));
      const outcomes = new Map<string, Outcome>();
      let done = 0;
      const fits = await Promise.allSettled(
        samples.groups.map(async (group) => {
          const fit = await fitGroup(pool, group, fitting, correlated);
          terminal.progress(`fitted ${(done += group.ids.length)} of ${samples.ids.length}`);
          return fit;
        })
      );
      terminal.progress("");
      const refusals: InputError[] = [];
      for (const [index, result] of fits.entries()) {
        const {ids} = samples.groups[index];
        if (result.status === "fulfilled") {
          ids.forEach((id, v) => outcomes.set(id, outcomeOf(result.value, v, statuses.get(result.value.status[v])!)));
          continue;
        }
        if (!(result.reason instanceof InputError)) throw result.reason;
        refusals.push(result.reason);
        for (const id of ids) outcomes.set(id, {status: "failed", reason: result.reason.code, cells: {}});
      }
      // What no group could be fitted with is a fault of the request; what one could not, is that group's outcome.
      if (refusals.length === samples.groups.length) throw refusals[0].in(path);
      fits.forEach((result, index) => {
        if (result.status === "fulfilled") return;
        const {ids} = samples.groups[index];
        const named = `${ids.slice(0, 3).join(", ")}${ids.length > 3 ? `, and ${ids.length - 3} more` : ""}`;
        terminal.note(`measurand: ${path}: ${count(ids.length, "id")} (${named}): ${(result.reason as Error).message}`);
      });

      const names = model.parameters.map(({name}) => name);
      const columns = ["id", "status", ...names.flatMap((name) => [name, `${name}_sd`]), "rss", "iterations", "reason"];
      if (details) columns.push("gradient", "condition", "on_bound");
      if (correlated) columns.push(...pairsOf(names));
      const rows = samples.ids.map((id): Record<string, Cell> => {
        const {status, reason, cells} = outcomes.get(id)!;
        return {id, status, ...cells, reason: reason === "" ? null : reason};
      });
      const out = readText(values, "out");
      const text = (out ?? path).toLowerCase().endsWith(".tsv") ? writeTsv(columns, rows) : writeCsv(columns, rows);
      if (out !== undefined) await writeWhole(out, text);
      const counts: Record<string, number> = {};
      for (const {status} of outcomes.values()) counts[status] = (counts[status] ?? 0) + 1;
      const tally = Object.entries(counts).map(([status, n]) => `${n} ${status}`);
      if (out === undefined) text.trimEnd().split("\n").forEach((line) => terminal.line(line));
      else terminal.line(`${out}: ${count(rows.length, "id")}: ${tally.join(", ")}`);
      terminal.document({
        model: model.id,
        estimator: fitting.options.estimator,
        precision: fitting.precision,
        ids: rows.length,
        counts,
        out: out ?? null,
        rows
      });
      return 0;
    } finally {
      pool.close();
    }
  }
};

/** One call for all ids of one protocol. */
function fitGroup(pool: Pool, group: SampleGroup, {options, precision}: Fitting, correlation: boolean): Promise<Fit> {
  const {protocol, samples, maps, ids} = group;
  return fitVoxels(pool, {...options, protocol, samples, maps, voxels: ids.length, precision, correlation});
}

function outcomeOf(fit: Fit, v: number, name: string): Outcome {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const [, reason = ""] = /^failed-(.+)$/.exec(name) ?? [];
  const cells: Record<string, Cell> = {rss: finite(fit.residual[v]), iterations: fit.iterations[v]};
  fit.parameters.forEach(({name: parameter, values}, p) => {
    cells[parameter] = finite(values[v]);
    cells[`${parameter}_sd`] = finite(fit.standardDeviations[p].values[v]);
  });
  cells.gradient = finite(fit.gradient[v]);
  cells.condition = finite(fit.condition[v]);
  const active = fit.active[v];
  cells.on_bound =
    fit.parameters
      .filter((_, p) => (active & ((1 << p) | (1 << (16 + p)))) !== 0)
      .map(({name: parameter}) => parameter)
      .join(" ") || null;
  for (const {between, values} of fit.correlations) cells[`correlation_${between.join("_")}`] = finite(values[v]);
  return {status: reason === "" ? name : "failed", reason, cells};
}

/** Columns of correlations, in the order of `Fit.correlations`. */
function pairsOf(names: readonly string[]): string[] {
  return names.flatMap((name, j) => names.slice(0, j).map((other) => `correlation_${name}_${other}`));
}

/** A file is there whole, or as it was before. */
async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
  } catch (error) {
    const value = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new InputError({code: "not-writable", file: path, field: "--out", value, expected: "a file to write to"});
  }
}
