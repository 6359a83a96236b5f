import {InputError} from "../domain/errors.js";
import type {FromWorker, Request, Response, TaskKind, ToWorker} from "./messages.js";
import {WorkerError} from "./worker-error.js";

/** What a pool needs of a worker; browsers and Node give one each, and a test can write one as a literal. */
export interface WorkerPort {
  postMessage(message: ToWorker, transfer?: Transferable[]): void;
  onmessage: ((event: {data: unknown}) => void) | null;
  /** The worker died, or never came up: nothing more is to be expected of it. */
  onerror: ((event: {message?: string}) => void) | null;
  terminate(): void;
}

/** One piece of a run. */
export interface Chunk<K extends TaskKind> {
  /** Its share of the work, e.g. voxels; 1 if left out. */
  weight?: number;
  /**
   * Makes the request just before it is sent. Called once more if the worker dies with it, because what was transferred
   * is gone; so whatever is listed in `transfer` must be a fresh copy each time.
   */
  make(): {request: Request<K>; transfer?: Transferable[]};
}

/** How a run can be watched and stopped. */
export interface RunOptions {
  signal?: AbortSignal;
  /**
   * Called after each finished chunk, and while those tasks run that tell their progress, with the weight done so far,
   * which only grows, and the total.
   */
  onProgress?: (done: number, total: number) => void;
  /** Whether the signal also ends the workers amid their chunks, where one takes long; others take their places. */
  interrupt?: boolean;
}

/** A set of workers that share one compiled core. */
export interface Pool {
  /** The most workers that run at a time. */
  readonly size: number;
  /**
   * Runs every chunk and returns the responses in the order of the chunks, whichever worker did which and when.
   *
   * Rejects with an `InputError` when a chunk's input is at fault, with a `WorkerError` when a worker died twice on the
   * same chunk or failed for another reason, and with an `AbortError` at once when the signal says so: queued chunks
   * are dropped, the running ones finish unheard or are interrupted, and the pool stays usable. When several chunks
   * fail, the error is that of the lowest index, so that it does not depend on the scheduling either.
   */
  run<K extends TaskKind>(kind: K, chunks: readonly Chunk<K>[], options?: RunOptions): Promise<Response<K>[]>;
  /** Stops all workers; what still runs is rejected. */
  close(): void;
}

export interface PoolOptions {
  /** Number of workers, a positive integer; they start when there is work for them. */
  size: number;
  spawn: () => WorkerPort;
  /** The compiled core, posted once to each worker. */
  module: WebAssembly.Module;
}

/** A chunk is repeated once. */
const attemptsAllowed = 2;

/** One call of `run`. */
interface Run {
  kind: TaskKind;
  /** Settled runs take no more results. */
  settled: boolean;
  /** Chunks not yet answered. */
  remaining: number;
  /** Chunks that a worker has now. */
  active: Set<number>;
  /** The error of the lowest chunk that failed so far. */
  failure: {chunk: number; error: Error} | null;
  complete(chunk: number, response: Response<TaskKind>): void;
  /** A chunk is done by this share. */
  advance(chunk: number, share: number): void;
  settle(error: Error | null): void;
}

interface Job {
  run: Run;
  chunk: number;
  attempts: number;
  make: Chunk<TaskKind>["make"];
}

interface Member {
  port: WorkerPort;
  job: Job | null;
  id: number;
}

/**
 * Makes a pool. It spawns no worker before there is work, and never more than `size`.
 *
 * @throws InputError when `size` is not a positive integer
 */
export function createPool({size, spawn, module}: PoolOptions): Pool {
  if (!Number.isInteger(size) || size < 1) {
    throw new InputError({code: "bad-pool-size", field: "size", value: size, expected: "a positive integer"});
  }
  const members = new Set<Member>();
  const runs = new Set<Run>();
  let queue: Job[] = [];
  let nextId = 1;
  let closed = false;

  /** Hands queued jobs to idle workers, and starts workers while jobs are left and the pool is not full. */
  function schedule(): void {
    while (queue.length > 0) {
      let member = idle();
      if (member === null) {
        if (members.size >= size) return;
        try {
          member = start();
        } catch (error) {
          const job = queue.shift()!;
          job.attempts += 1;
          job.run.active.add(job.chunk);
          lose(job, describe(error));
          continue;
        }
      }
      assign(member, queue.shift()!);
    }
  }

  function idle(): Member | null {
    for (const member of members) if (member.job === null) return member;
    return null;
  }

  function start(): Member {
    const port = spawn();
    const member: Member = {port, job: null, id: 0};
    port.onmessage = ({data}) => receive(member, data as FromWorker);
    port.onerror = ({message}) => bury(member, message ?? "no reason given");
    members.add(member);
    try {
      port.postMessage({type: "core", module});
    } catch (error) {
      discard(member);
      throw error;
    }
    return member;
  }

  function assign(member: Member, job: Job): void {
    job.run.active.add(job.chunk);
    job.attempts += 1;
    member.job = job;
    member.id = nextId++;
    try {
      const {request, transfer} = job.make();
      const task = {type: "task", id: member.id, kind: job.run.kind, request} as ToWorker;
      member.port.postMessage(task, transfer);
    } catch (error) {
      // The request could not be made or cloned; the worker has seen nothing of it and stays good.
      member.job = null;
      fail(job, toError(error));
    }
  }

  function receive(member: Member, answer: FromWorker): void {
    if (!members.has(member)) return;
    if (answer.type === "lost") return bury(member, answer.reason);
    const {job} = member;
    if (job === null || answer.id !== member.id) return;
    if (answer.type === "progress") {
      if (!job.run.settled && job.run.failure === null) job.run.advance(job.chunk, answer.share);
      return;
    }
    member.job = null;
    switch (answer.type) {
      case "done":
        succeed(job, answer.response);
        break;
      case "fault":
        fail(job, new InputError(answer.fault));
        break;
      case "failed":
        fail(job, lossOf("task-failed", job, answer.reason));
        break;
    }
    schedule();
  }

  /** Removes a dead worker; its chunk is tried once more by another. */
  function bury(member: Member, reason: string): void {
    if (!members.has(member)) return;
    const {job} = member;
    discard(member);
    if (job !== null) lose(job, reason);
    schedule();
  }

  function discard(member: Member): void {
    members.delete(member);
    member.job = null;
    member.port.onmessage = null;
    member.port.onerror = null;
    member.port.terminate();
  }

  /** A worker died with the job, or could not be started for it. */
  function lose(job: Job, reason: string): void {
    if (job.run.settled) return;
    const {failure: earlier} = job.run;
    if (job.attempts < attemptsAllowed && (earlier === null || job.chunk < earlier.chunk)) {
      job.run.active.delete(job.chunk);
      queue.unshift(job);
    } else {
      fail(job, lossOf("worker-died", job, reason));
    }
  }

  function succeed(job: Job, response: Response<TaskKind>): void {
    const {run} = job;
    run.active.delete(job.chunk);
    if (run.settled) return;
    run.remaining -= 1;
    if (run.failure === null) run.complete(job.chunk, response);
    conclude(run);
  }

  function fail(job: Job, error: Error): void {
    const {run} = job;
    run.active.delete(job.chunk);
    if (run.settled) return;
    run.remaining -= 1;
    if (run.failure === null || job.chunk < run.failure.chunk) run.failure = {chunk: job.chunk, error};
    // Only chunks below the failed one could still change which error is told; those in the queue are repeats of such.
    const {chunk} = run.failure;
    queue = queue.filter((other) => other.run !== run || other.chunk < chunk);
    conclude(run);
  }

  function conclude(run: Run): void {
    if (run.settled) return;
    if (run.failure === null) {
      if (run.remaining === 0) run.settle(null);
      return;
    }
    const {chunk, error} = run.failure;
    const below = [...run.active].some((active) => active < chunk) || queue.some((job) => job.run === run);
    if (!below) run.settle(error);
  }

  return {
    size,
    run<K extends TaskKind>(kind: K, chunks: readonly Chunk<K>[], options: RunOptions = {}) {
      const {signal, onProgress, interrupt = false} = options;
      return new Promise<Response<K>[]>((resolve, reject) => {
        if (closed) {
          throw new WorkerError({code: "pool-closed", kind, chunk: -1, attempts: 0, reason: "the pool is closed"});
        }
        if (signal?.aborted) throw abortError(kind);
        const responses = new Array<Response<K>>(chunks.length);
        const weights = chunks.map(({weight = 1}) => weight);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const shares = weights.map(() => 0);
        const run: Run = {
          kind,
          settled: false,
          remaining: chunks.length,
          active: new Set(),
          failure: null,
          complete(chunk, response) {
            responses[chunk] = response as Response<K>;
            run.advance(chunk, 1);
          },
          advance(chunk, share) {
            // A chunk that is repeated after its worker died begins anew.
            shares[chunk] = Math.max(shares[chunk], share);
            if (onProgress === undefined) return;
            const done = shares.reduce((sum, one, k) => sum + one * weights[k], 0);
            try {
              onProgress(done, total);
            } catch (error) {
              run.settle(toError(error));
            }
          },
          settle(error) {
            if (run.settled) return;
            run.settled = true;
            runs.delete(run);
            queue = queue.filter((job) => job.run !== run);
            signal?.removeEventListener("abort", abort);
            if (error === null) resolve(responses);
            else reject(error);
          }
        };
        const abort = () => {
          run.settle(abortError(kind));
          if (!interrupt) return;
          for (const member of [...members]) if (member.job?.run === run) discard(member);
          schedule();
        };
        signal?.addEventListener("abort", abort, {once: true});
        runs.add(run);
        chunks.forEach(({make}, chunk) => queue.push({run, chunk, attempts: 0, make: make as Job["make"]}));
        conclude(run);
        schedule();
      });
    },
    close() {
      closed = true;
      for (const member of [...members]) discard(member);
      for (const run of [...runs]) {
        run.settle(
          new WorkerError({code: "pool-closed", kind: run.kind, chunk: -1, attempts: 0, reason: "the pool was closed"})
        );
      }
    }
  };
}

function lossOf(code: "worker-died" | "task-failed", {run, chunk, attempts}: Job, reason: string): WorkerError {
  return new WorkerError({code, kind: run.kind, chunk, attempts, reason});
}

function abortError(kind: TaskKind): DOMException {
  return new DOMException(`task "${kind}" was stopped`, "AbortError");
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
