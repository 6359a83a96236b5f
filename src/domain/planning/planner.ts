import type {OptionNeed, ReportedEstimate, Variant} from "../statistics/method.js";
import type {OptionValues} from "../statistics/option-values.js";
import {alone} from "../statistics/report-parts.js";
import type {Simulated, SimulationWatch} from "./simulate.js";

/** What a plan achieves, computed and, where asked for, simulated. */
export interface Achieved {
  name: string;
  value: number;
  /** What was asked for; null where the number of subjects was given instead. */
  wanted: number | null;
  /** The same by Monte Carlo simulation of the study; null where none was asked for or none is needed. */
  simulated: Simulated | null;
}

/** What is achieved over the size of the study. */
export interface PlanLine {
  /** What sets it apart from the others of a curve: "2 repeats". */
  name: string;
  points: readonly {x: number; y: number}[];
}

/** A curve of what is achieved over the size of the study. */
export interface PlanCurve extends PlanLine {
  x: string;
  y: string;
  /** The same study with other choices. */
  others: readonly PlanLine[];
  /** The level of y that was asked for. */
  wanted: number | null;
}

/** Runs of a design: one row a run. */
export interface RunTable {
  columns: readonly string[];
  rows: readonly (readonly (number | string)[])[];
}

/** What a planner answers; the command line prints it as JSON. */
export interface PlannerReport {
  planner: string;
  variant: string;
  estimates: readonly ReportedEstimate[];
  achieved: readonly Achieved[];
  curve: PlanCurve | null;
  /** Only of designs. */
  runs: RunTable | null;
  warnings: readonly string[];
  citations: readonly string[];
}

/** A planner of studies as command line and page see it: like a method, but without a table. */
export interface Planner {
  id: string;
  name: string;
  summary: string;
  /** The first one is the default. */
  variants: readonly Variant[];
  options: readonly OptionNeed[];
  citations: readonly string[];
  /**
   * @param watch told how far the simulation is
   * @throws InputError naming option, value and expectation
   */
  run(options: OptionValues, variant?: string, watch?: SimulationWatch): PlannerReport;
}

/** A number of a plan: it has no interval. */
export function plain(name: string, value: number, note = "planned, not estimated"): ReportedEstimate {
  return alone(name, value, note);
}

/** Lines of one curve, over the same counts of subjects, by the number of repeats. */
export function repeatLines(counts: readonly number[], reached: (n: number, repeats: number) => number) {
  return (repeats: number): PlanLine => ({
    name: `${repeats} ${repeats === 1 ? "repeat" : "repeats"}`,
    points: counts.map((n) => ({x: n, y: reached(n, repeats)}))
  });
}

/** The level of confidence, for the planners that have one. */
export const levelNeed: OptionNeed = {
  id: "level", kind: "number", default: 0.95, description: "confidence level, two-sided unless said otherwise"
};

/** The power wanted. */
export const powerNeed: OptionNeed = {id: "power", kind: "number", default: 0.8, description: "power wanted"};

/** How much is simulated. */
export const simulationNeeds: readonly OptionNeed[] = [
  {id: "simulations", kind: "number", default: 10000, description: "studies simulated to check the result; 0 for none"},
  {id: "seed", kind: "number", default: 1, description: "seed of the simulation"}
];
