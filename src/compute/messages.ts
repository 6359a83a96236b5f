import type {Fault} from "../domain/errors.js";
import type {CoreFit, FitRequest, FlairSlice, FlairTask, LesionScores, Registry, Samples} from "./core.js";

/** A chunk of voxels to fit: `samples[s * voxels + v]`. */
export interface FitTask extends FitRequest {
  samples: Samples;
  voxels: number;
}

/**
 * Every task a worker knows: what it is asked and what it answers. A new task is one entry here and one in `serve.ts`.
 */
export interface Tasks {
  /** The core's registry of models and outcomes. */
  models: {request: null; response: Registry};
  /** Fit one chunk of voxels. */
  fit: {request: FitTask; response: CoreFit};
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

/** What a worker answers. `lost` says that its core trapped, so that it can do nothing any more. */
export type FromWorker =
  | {type: "done"; id: number; response: Response<TaskKind>}
  | {type: "fault"; id: number; fault: Fault}
  | {type: "failed"; id: number; reason: string}
  | {type: "lost"; reason: string};
