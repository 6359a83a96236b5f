// What the page "Study planner" knows without a page: where its settings start and end, links, commands, faults.
import {byId} from "../domain/by-id.js";
import type {InputError} from "../domain/errors.js";
import type {Achieved, Planner, PlannerReport} from "../domain/planning/planner.js";
import {planners} from "../domain/planning/planners.js";
import type {OptionNeed, ReportedEstimate} from "../domain/statistics/method.js";
import type {PlanTask} from "../compute/messages.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {commandLine} from "./command-line.js";

/** What a reader chose. */
export interface PlanSettings {
  planner: string;
  variant: string;
  /** Options that were given, as typed; an empty one is not given. */
  options: Readonly<Record<string, string>>;
}

/** Where a slider goes; what is typed may lie beyond. */
export interface Range {
  min: number;
  max: number;
  step: number;
}

const share: Range = {min: 0.5, max: 0.99, step: 0.01};
const subjects: Range = {min: 2, max: 300, step: 1};
const difference: Record<string, Range> = {
  limit: {min: 0.5, max: 50, step: 0.1}, mean: {min: -5, max: 5, step: 0.1}, sd: {min: 0.1, max: 10, step: 0.1}
};
const common: Record<string, Range> = {level: share, power: share, coverage: share, subjects};

/** Each planner's sliders besides the common ones, and its options at the start: an example that a reader may know. */
const examples: Readonly<Record<string, {ranges: Readonly<Record<string, Range>>; start: Record<string, string>}>> = {
  repeatability: {
    ranges: {factor: {min: 1.05, max: 2, step: 0.01}, repeats: {min: 2, max: 6, step: 1}}, start: {factor: "1.25"}
  },
  "repeatability-claim": {
    ranges: {
      claimed: {min: 1, max: 20, step: 0.1}, expected: {min: 0.5, max: 20, step: 0.1},
      repeats: {min: 2, max: 6, step: 1}
    },
    start: {claimed: "5", expected: "3.5"}
  },
  "limits-exact-test": {ranges: difference, start: {limit: "10", mean: "0.5", sd: "4"}},
  "limits-width": {
    ranges: {
      "half-width": {min: 1, max: 50, step: 0.1}, sd: difference.sd, assurance: {min: 0.5, max: 0.99, step: 0.01}
    },
    start: {"half-width": "10", sd: "4"}
  },
  "limits-lu": {ranges: difference, start: {limit: "10", mean: "0.5", sd: "4"}},
  "treatment-effect": {
    ranges: {
      effect: {min: 0.1, max: 3, step: 0.05}, "between-sd": {min: 0.1, max: 3, step: 0.05},
      "within-sd": {min: 0.05, max: 2, step: 0.05}, "change-sd": {min: 0, max: 2, step: 0.05},
      repeats: {min: 1, max: 6, step: 1}
    },
    start: {effect: "0.5", "between-sd": "1", "within-sd": "0.5"}
  },
  auc: {
    ranges: {
      auc: {min: 0.5, max: 0.99, step: 0.01}, "half-width": {min: 0.02, max: 0.3, step: 0.005},
      ratio: {min: 0.2, max: 5, step: 0.1}
    },
    start: {auc: "0.85", "half-width": "0.1"}
  },
  sensitivity: {
    ranges: {
      sensitivity: {min: 0.5, max: 0.99, step: 0.01}, specificity: {min: 0.5, max: 0.99, step: 0.01},
      prevalence: {min: 0.02, max: 0.9, step: 0.01}, "half-width": {min: 0.03, max: 0.3, step: 0.005}
    },
    start: {sensitivity: "0.9", specificity: "0.85", prevalence: "0.3", "half-width": "0.1"}
  },
  factorial: {
    ranges: {centre: {min: 0, max: 8, step: 1}},
    start: {factors: "TE,TI", low: "84,2200", high: "150,2900", centre: "3"}
  },
  "central-composite": {
    ranges: {centre: {min: 0, max: 10, step: 1}}, start: {factors: "TE,TI", low: "84,2200", high: "150,2900"}
  },
  "box-behnken": {
    ranges: {centre: {min: 0, max: 10, step: 1}},
    start: {factors: "TE,TI,TR", low: "84,2200,8000", high: "150,2900,11000"}
  },
  "d-optimal": {
    ranges: {runs: {min: 3, max: 40, step: 1}, levels: {min: 2, max: 5, step: 1}, starts: {min: 1, max: 50, step: 1}},
    start: {factors: "TE,TI", low: "84,2200", high: "150,2900"}
  }
};

/** Settings that a planner starts with. */
export function startSettings(planner: Planner): PlanSettings {
  return {planner: planner.id, variant: planner.variants[0].id, options: examples[planner.id].start};
}

/** The slider of an option; null where it has none. */
export function rangeOf(planner: Planner, option: OptionNeed): Range | null {
  return examples[planner.id].ranges[option.id] ?? common[option.id] ?? null;
}

/** Whether a planner's answer is a table of runs. */
export function isDesign(planner: Planner): boolean {
  return planner.options.some(({id}) => id === "factors");
}

/** The options of the simulation, which stand apart. */
export const simulationOptions: readonly string[] = ["simulations", "seed"];

/** Whether a planner's answer can be checked by simulated studies. */
export function isSimulated(planner: Planner): boolean {
  return planner.options.some(({id}) => id === "simulations");
}

// ---------- answers ----------

function taskOf({planner, variant, options}: PlanSettings): PlanTask {
  return {planner, variant, options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ""))};
}

/** What a planner answers without simulation, by one of the page's workers. */
export async function answer(pool: Pool, settings: PlanSettings, options: RunOptions = {}): Promise<PlannerReport> {
  const task = taskOf(settings);
  const request = isSimulated(byId(planners, settings.planner))
    ? {...task, options: {...task.options, simulations: 0}} : task;
  const [report] = await pool.run("plan", [{make: () => ({request})}], options);
  return report;
}

/**
 * What a planner answers with its simulation, by a worker of its own: a simulation that is stopped ends at once.
 *
 * @param open makes a pool of one worker, which is closed in the end
 */
export async function simulate(
  open: () => Promise<Pool>, settings: PlanSettings, options: RunOptions = {}
): Promise<PlannerReport> {
  const pool = await open();
  try {
    const [report] = await pool.run("plan", [{make: () => ({request: taskOf(settings)})}], options);
    return report;
  } finally {
    pool.close();
  }
}

/** The estimate that says how large the study is. */
export function sizeOf({estimates}: PlannerReport): ReportedEstimate {
  return estimates.find(({name}) => name === "subjects") ?? estimates[0];
}

/** What the simulation says of the computed value: the difference in standard errors, and whether that is chance. */
export function agreementOf({value, simulated}: Achieved): {errors: number; agrees: boolean} | null {
  if (simulated === null) return null;
  const off = Math.abs(simulated.value - value);
  const errors = off === 0 ? 0 : off / simulated.standardError;
  return {errors, agrees: errors <= 3};
}

/** The highest value worth drawing of a falling curve, which begins far above what matters; null for a rising one. */
export function ceilingOf({curve, achieved}: PlannerReport): number | null {
  const points = curve?.points ?? [];
  if (points.length < 2 || points[points.length - 1].y >= points[0].y) return null;
  return 2.5 * Math.max(curve!.wanted ?? 0, achieved[0].value);
}

// ---------- link and command ----------

/** The settings as the fragment of an address. */
export function toHash({planner, variant, options}: PlanSettings): string {
  const parameters = new URLSearchParams({plan: planner, variant});
  for (const [id, value] of Object.entries(options)) if (value !== "") parameters.set(`o.${id}`, value);
  return `#${parameters}`;
}

/**
 * The settings of a fragment; null when it holds none.
 *
 * @throws InputError when the planner or the variant is unknown
 */
export function fromHash(hash: string): PlanSettings | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const id = parameters.get("plan");
  if (id === null) return null;
  const planner = byId(planners, id);
  const options: Record<string, string> = {};
  for (const need of planner.options) {
    const value = parameters.get(`o.${need.id}`);
    if (value !== null) options[need.id] = value;
  }
  const variant = byId(planner.variants, parameters.get("variant") ?? planner.variants[0].id).id;
  return {planner: planner.id, variant, options};
}

/** The command that gives the same numbers. */
export function planCommand({planner: id, variant, options}: PlanSettings): string {
  const planner = byId(planners, id);
  const given = planner.options.flatMap((need): [string, string][] => {
    const value = options[need.id] ?? "";
    return value === "" || value === String(need.default) ? [] : [[need.id, value]];
  });
  return commandLine(["plan", id], variant === planner.variants[0].id ? given : [["variant", variant], ...given]);
}

/** The option that a fault belongs to, "variant", or "" for the plan as a whole. */
export function placeOf({field}: Pick<InputError, "field">, planner: Planner): string {
  if (field === "variant") return field;
  const own = (id: string) => planner.options.some((option) => option.id === id);
  if (/^(low|high) of /.test(field) && own("factors")) return "factors";
  // A quantity that a formula names in its own way: "between sd", "betweenSd".
  return [field, field.replaceAll(" ", "-"), field.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`)].find(own) ?? "";
}

// ---------- factors of a design ----------

/** A factor as typed. */
export interface TypedFactor {
  name: string;
  low: string;
  high: string;
}

/** The factors of the options, one for each name. */
export function factorsOf(options: PlanSettings["options"]): TypedFactor[] {
  const parts = (id: string) => (options[id] ?? "").split(",").map((part) => part.trim());
  const [names, low, high] = [parts("factors"), parts("low"), parts("high")];
  return names.map((name, i) => ({name, low: low[i] ?? "", high: high[i] ?? ""}));
}

/** The options that hold these factors; an end that is not given is coded -1 or +1. */
export function factorOptions(factors: readonly TypedFactor[]): Record<"factors" | "low" | "high", string> {
  const ends = (key: "low" | "high", coded: string) =>
    factors.every((factor) => factor[key] === "") ? "" : factors.map((factor) => factor[key] || coded).join(",");
  return {factors: factors.map(({name}) => name).join(","), low: ends("low", "-1"), high: ends("high", "1")};
}
