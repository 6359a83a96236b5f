/** Why a task could not be done although its input was not at fault. */
export type WorkerErrorCode = "worker-died" | "task-failed" | "pool-closed";

/** A task lost to its worker: which kind of task, which chunk of it, and what the worker said last. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
  readonly code: WorkerErrorCode;
  /** Task kind, e.g. "fit". */
  readonly kind: string;
  /** Index of the chunk, from 0; -1 when no single chunk is to blame. */
  readonly chunk: number;
  /** How many times the chunk was tried. */
  readonly attempts: number;
  /** What the worker said, if it could say anything. */
  readonly reason: string;

  constructor(fault: {code: WorkerErrorCode; kind: string; chunk: number; attempts: number; reason: string}) {
    super(describe(fault));
    this.code = fault.code;
    this.kind = fault.kind;
    this.chunk = fault.chunk;
    this.attempts = fault.attempts;
    this.reason = fault.reason;
  }
}

function describe({
  code,
  kind,
  chunk,
  attempts,
  reason
}: {
  code: WorkerErrorCode;
  kind: string;
  chunk: number;
  attempts: number;
  reason: string;
}): string {
  const task = chunk < 0 ? `task "${kind}"` : `chunk ${chunk} of task "${kind}"`;
  switch (code) {
    case "worker-died":
      return `the worker died ${attempts} times on ${task}: ${reason}`;
    case "task-failed":
      return `${task} failed: ${reason}`;
    case "pool-closed":
      return `${task} was not done: ${reason}`;
  }
}
