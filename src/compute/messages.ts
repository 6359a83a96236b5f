import type {Fault} from "../domain/errors.js";
import type {PlannerReport} from "../domain/planning/planner.js";
import type {OptionValues} from "../domain/statistics/option-values.js";
import type {Trial} from "../domain/simulation/coverage-cell.js";
import type {
  CoreFit,
  CramerRaoBounds,
  CramerRaoRequest,
  FitRequest,
  FlairSlice,
  FlairTask,
  LesionScores,
  OptimisedProtocol,
  OptimiseRequest,
  ProfileInterval,
  ProfileRequest,
  Registry,
  Resampling,
  ResamplingRequest,
  Samples
} from "./core.js";
import type {CoverageRequest} from "./coverage.js";

/** A chunk of voxels to fit: `samples[s * voxels + v]`. */
export interface FitTask extends FitRequest {
  samples: Samples;
  voxels: number;
}

/** One voxel whose profile likelihood is wanted. */
export interface ProfileTask extends ProfileRequest {
  samples: Float64Array;
}

/** Consecutive units of a resampling. */
export interface ResamplingUnits extends ResamplingRequest {
  data: Float64Array;
  first: number;
  count: number;
}

/** A study to plan: the planner and its options by their ids. */
export interface PlanTask {
  planner: string;
  options: OptionValues;
  /** The planner's first one unless told. */
  variant?: string;
}

/**
 * Every task a worker knows: what it is asked and what it answers. A new task is one entry here and one in `serve.ts`.
 */
export interface Tasks {
  /** The core's registry of models and outcomes. */
  models: {request: null; response: Registry};
  /** Fit one chunk of voxels. */
  fit: {request: FitTask; response: CoreFit};
  /** Cramér-Rao bounds at one protocol. */
  "cramer-rao": {request: CramerRaoRequest; response: CramerRaoBounds};
  /** A protocol with smaller bounds. */
  "optimise-protocol": {request: OptimiseRequest; response: OptimisedProtocol};
  /** The profile-likelihood interval of one parameter in one voxel. */
  profile: {request: ProfileTask; response: ProfileInterval};
  /** A statistic in some of the units of a resampling. */
  "resample-units": {request: ResamplingUnits; response: Float64Array};
  /** BCa intervals from the values of all units. */
  "resample-intervals": {request: ResamplingRequest & {values: Float64Array}; response: Resampling};
  /** Subjects, repeats or runs of a study, simulated as often as the options say. */
  plan: {request: PlanTask; response: PlannerReport};
  /** Intervals and tests tried on a block of simulated samples. */
  coverage: {request: CoverageRequest; response: Trial[][]};
  /** Simulate, segment and score one pair of TE and TI. */
  "flair-point": {request: FlairTask; response: LesionScores[]};
  /** The same, with a slice to look at. */
  "flair-slice": {request: FlairTask; response: FlairSlice};
}

export type TaskKind = keyof Tasks;
export type Request<K extends TaskKind> = Tasks[K]["request"];
export type Response<K extends TaskKind> = Tasks[K]["response"];

/** What a pool says to a worker: first the compiled core, once; then tasks, one at a time. */
export type ToWorker =
  | {type: "core"; module: WebAssembly.Module}
  | {[K in TaskKind]: {type: "task"; id: number; kind: K; request: Request<K>}}[TaskKind];

/**
 * What a worker answers; `progress` is a share, 0 to 1, that it may tell before. `lost` says that its core trapped, so
 * that it can do nothing any more.
 */
export type FromWorker =
  | {type: "progress"; id: number; share: number}
  | {type: "done"; id: number; response: Response<TaskKind>}
  | {type: "fault"; id: number; fault: Fault}
  | {type: "failed"; id: number; reason: string}
  | {type: "lost"; reason: string};
