import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
import {instantiate} from "./core.js";
import type {Core} from "./core.js";
import type {FromWorker, Request, Response, TaskKind, ToWorker} from "./messages.js";

/** A worker's side of the channel. */
export interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: {data: ToWorker}) => void | Promise<void>) | null;
}

/** Told by long tasks: the share done so far, 0 to 1. */
type Tell = (share: number) => void;

interface Answer<K extends TaskKind> {
  response: Response<K>;
  transfer?: Transferable[];
}

/** How each task is done, and which buffers of the answer are handed over instead of copied. */
const handlers: {
  [K in TaskKind]: (core: Core, request: Request<K>, tell: Tell) => Answer<K> | Promise<Answer<K>>;
} = {
  models: (core) => ({response: core.models()}),
  fit: (core, {samples, voxels, ...request}) => {
    const response = core.fit(request, samples, voxels);
    return {response, transfer: Object.values(response).map((array: {buffer: ArrayBuffer}) => array.buffer)};
  },
  "cramer-rao": (core, request) => ({response: core.cramerRao(request)}),
  "optimise-protocol": (core, request) => ({response: core.optimiseProtocol(request)}),
  profile: (core, {samples, ...request}) => ({response: core.profileInterval(request, samples)}),
  "resample-units": (core, {data, first, count, ...request}) => {
    const response = core.resampleUnits(request, data, first, count);
    return {response, transfer: [response.buffer as ArrayBuffer]};
  },
  "resample-intervals": (core, {values, ...request}) => ({response: core.resampleIntervals(request, values)}),
  plan: async (_, {planner, options, variant}, tell) => {
    // Few pages plan: their workers alone load what it takes.
    const {planners} = await import("../domain/planning/planners.js");
    return {response: byId(planners, planner).run(options, variant, (done, total) => tell(done / total))};
  },
  // So do few try intervals.
  coverage: async (core, request) => ({response: (await import("./coverage.js")).coverageTrials(core, request)}),
  "flair-point": (core, task) => ({response: core.flairPoint(task)}),
  "flair-slice": (core, task) => ({response: core.flairSlice(task)})
};

/** Answers a pool's tasks, one after another, for as long as the worker lives. */
export function serve(scope: WorkerScope): void {
  let core: Core | undefined;
  scope.onmessage = ({data: message}) => {
    if (message.type === "core") {
      try {
        core = instantiate(message.module);
      } catch (error) {
        scope.postMessage({type: "lost", reason: text(error)});
      }
      return;
    }
    const {id} = message;
    const finish = ({response, transfer}: Answer<TaskKind>) =>
      scope.postMessage({type: "done", id, response}, transfer);
    const fail = (error: unknown) => {
      // After a trap the instance's memory is in no known state: the whole worker has to go.
      if (error instanceof WebAssembly.RuntimeError) scope.postMessage({type: "lost", reason: text(error)});
      else if (error instanceof InputError) scope.postMessage({type: "fault", id, fault: plain(error)});
      else scope.postMessage({type: "failed", id, reason: text(error)});
    };
    const tell = (share: number) => scope.postMessage({type: "progress", id, share});
    try {
      if (core === undefined) throw new Error("the core was not loaded before the first task");
      const answer = handle(core, message.kind, message.request, tell);
      if (answer instanceof Promise) return answer.then(finish).catch(fail);
      finish(answer);
    } catch (error) {
      fail(error);
    }
  };
}

function handle<K extends TaskKind>(
  core: Core,
  kind: K,
  request: Request<K>,
  tell: Tell
): Answer<K> | Promise<Answer<K>> {
  if (!Object.hasOwn(handlers, kind)) throw new Error(`no worker knows the task ${JSON.stringify(kind)}`);
  return handlers[kind](core, request, tell);
}

/** A structured clone drops an error's own fields, so a fault crosses as a plain object. */
function plain({code, file, field, value, expected}: InputError): Fault {
  return {code, file, field, value, expected};
}

function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
