import type {OptionNeed, ReportedEstimate, Variant} from "../statistics/method.js";
import type {OptionValues} from "../statistics/option-values.js";
import {alone} from "../statistics/report-parts.js";
import type {Simulated} from "./simulate.js";

/** What a plan achieves, computed and, where asked for, simulated. */
export interface Achieved {
  name: string;
  value: number;
  /** What was asked for; null where the number of subjects was given instead. */
  wanted: number | null;
  /** The same by Monte Carlo simulation of the study; null where none was asked for or none is needed. */
  simulated: Simulated | null;
}

/** A curve of what is achieved over the size of the study. */
export interface PlanCurve {
  x: string;
  y: string;
  points: readonly {x: number; y: number}[];
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
  /** @throws InputError naming option, value and expectation */
  run(options: OptionValues, variant?: string): PlannerReport;
}

/** A number of a plan: it has no interval. */
export function plain(name: string, value: number, note = "planned, not estimated"): ReportedEstimate {
  return alone(name, value, note);
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
