// What the lesson "How good are these intervals?" reads, picks and draws, without the page.
import type {Pool, RunOptions} from "../compute/pool.js";
import {LEVEL, type Trial} from "../domain/simulation/coverage-cell.js";
import type {CoverageRow} from "../domain/simulation/coverage-table.js";
import {distributions, type DistributionId} from "../domain/simulation/distributions.js";
import type {Procedure, Study} from "../domain/simulation/procedure.js";
import {procedures} from "../domain/simulation/procedures.js";
import {trustedFrom} from "../domain/statistics/coverage.js";
import {methods} from "../domain/statistics/methods.js";
import {readCoverage} from "../io/coverage-table.js";
import {readText, type Folder} from "../io/folder.js";

/** The published table. */
export async function readTable(folder: Folder): Promise<CoverageRow[]> {
  return readCoverage(await readText(folder, "coverage.tsv"), `${folder.name}/coverage.tsv`);
}

/** A procedure with all its cells. */
export interface JudgedProcedure {
  procedure: Procedure;
  study: Study;
  methodName: string;
  cells: readonly CoverageRow[];
  /** Smallest simulated n at which it can be trusted where its assumption holds; null where none is large enough. */
  trusted: number | null;
}

/** Exact ones stand first, then those that never cover less than they say. */
const order = {exact: 0, conservative: 1, approximate: 2};

/** Every procedure of the table, method by method, exact ones first. */
export function judgedProcedures(table: readonly CoverageRow[]): JudgedProcedure[] {
  const rank = (id: string) => methods.findIndex((method) => method.id === id);
  return procedures
    .map(({procedure, study}): JudgedProcedure => {
      const cells = table.filter(({id}) => id === procedure.id);
      const own = cells.filter(({distribution}) => distribution === procedure.under[0]);
      const trusted = trustedFrom(own, procedure.kind);
      return {procedure, study, methodName: methodName(procedure.method), cells, trusted};
    })
    .filter(({cells}) => cells.length > 0)
    .map((one, i) => ({one, i}))
    .sort((a, b) => rank(a.one.procedure.method) - rank(b.one.procedure.method)
      || order[a.one.procedure.promise] - order[b.one.procedure.promise] || a.i - b.i)
    .map(({one}) => one);
}

function methodName(id: string): string {
  return methods.find((method) => method.id === id)!.name;
}

/** What the reader looks for. */
export interface Wanted {
  /** Id of a method, or "all". */
  method: string;
  kind: "interval" | "test";
  /** Words that all have to occur in the name of the procedure or its method. */
  words: string;
}

/** The procedures that the reader looks for. */
export function wanted(judged: readonly JudgedProcedure[], {method, kind, words}: Wanted): JudgedProcedure[] {
  const parts = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return judged.filter(({procedure, methodName}) => {
    const text = `${procedure.name} ${methodName} ${procedure.promise}`.toLowerCase();
    return (method === "all" || procedure.method === method) && procedure.kind === kind
      && parts.every((word) => text.includes(word));
  });
}

/** The tests for proportional bias where there is none: the difference on the mean, and errors in variables. */
export function falseAlarms(judged: readonly JudgedProcedure[]): JudgedProcedure[] {
  const of = (start: string) => judged.filter(({procedure}) =>
    procedure.kind === "test" && procedure.id.startsWith(start) && /-\d-\d$/.test(procedure.id)
    && !procedure.id.includes("given"));
  return [...of("proportional-bias-"), ...of("errors-in-variables-")];
}

/** A share of the table as a fraction; null where the cell is not there. */
export function shareOf(
  judged: readonly JudgedProcedure[], id: string, n: number, distribution: DistributionId = "normal"
): number | null {
  return judged.find(({procedure}) => procedure.id === id)?.cells
    .find((cell) => cell.n === n && cell.distribution === distribution)?.share ?? null;
}

/** Samples that the live simulation draws. */
export const liveSamples = 2000;

/** Samples drawn between two looks. */
const STEP = 40;

/** What is drawn live. */
export interface LiveSettings {
  id: string;
  n: number;
  distribution: DistributionId;
  seed: number;
}

/** The live simulation as far as it has come. */
export interface LiveState extends LiveSettings {
  procedure: Procedure;
  study: Study;
  /** The true value; null for tests, and where no one number is true. */
  truth: number | null;
  samples: number;
  hits: number;
  without: number;
  /** The latest samples with an answer. */
  latest: {sample: number; lower: number; upper: number; hit: boolean}[];
  /** Share of hits after each step. */
  curve: {samples: number; share: number}[];
  done: boolean;
}

const LATEST = 80;

/** Nothing drawn yet. */
export function liveStart(settings: LiveSettings): LiveState {
  const {procedure, study} = procedures.find((one) => one.procedure.id === settings.id)!;
  const truth = procedure.truth?.(settings.distribution, settings.n) ?? NaN;
  return {
    ...settings, procedure, study, truth: Number.isFinite(truth) ? truth : null, samples: 0, hits: 0, without: 0,
    latest: [], curve: [], done: false
  };
}

/** The state after more samples. */
export function liveNext(state: LiveState, trials: readonly Trial[][]): LiveState {
  const k = state.study.procedures.findIndex(({id}) => id === state.id);
  let {samples, hits, without} = state;
  const latest = [...state.latest];
  for (const trial of trials) {
    const {answer, hit} = trial[k];
    samples += 1;
    if (hit === null || answer === null) {
      without += 1;
      continue;
    }
    if (hit) hits += 1;
    const [lower, upper] = typeof answer === "number" ? [answer, answer] : [answer.lower, answer.upper];
    latest.push({sample: samples, lower, upper, hit});
  }
  const answered = samples - without;
  const curve = answered === 0 ? state.curve : [...state.curve, {samples, share: hits / answered}];
  return {...state, samples, hits, without, latest: latest.slice(-LATEST), curve, done: samples >= liveSamples};
}

/**
 * Draws samples on the pool's workers until there are enough, telling the state after each step.
 *
 * The samples do not depend on the number of workers. Rejects with an `AbortError` when the signal says so.
 */
export async function simulateLive(
  pool: Pool, settings: LiveSettings, tell: (state: LiveState) => Promise<void> | void,
  {signal, onProgress}: RunOptions = {}
): Promise<LiveState> {
  let state = liveStart(settings);
  const {n, distribution, seed} = settings;
  for (let block = 0; !state.done;) {
    const left = Math.ceil((liveSamples - state.samples) / STEP);
    const blocks = Array.from({length: Math.min(pool.size, left)}, () => block++);
    const parts = await pool.run("coverage", blocks.map((one) => ({
      make: () => ({request: {study: state.study.id, n, distribution, block: one, count: STEP, seed}})
    })), {signal});
    state = liveNext(state, parts.flat());
    onProgress?.(state.samples, liveSamples);
    await tell(state);
    signal?.throwIfAborted();
  }
  return state;
}

/** What the live simulation counts, and what was asked for. */
export function nominalOf({kind}: Procedure): number {
  return kind === "interval" ? LEVEL : 1 - LEVEL;
}

/** Distributions that a procedure is tried under. */
export function distributionsOf(
  {study}: Pick<JudgedProcedure, "study">
): readonly {id: DistributionId; name: string}[] {
  return distributions.filter(({id}) => study.leftOut[id] === undefined);
}
