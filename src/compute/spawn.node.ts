import {readFile} from "node:fs/promises";
import {availableParallelism} from "node:os";
import {Worker} from "node:worker_threads";
import type {ResourceLimits} from "node:worker_threads";
import type {WorkerPort} from "./pool.js";

/**
 * A worker thread. tsx is registered inside the thread, by its own API: `--import tsx` does nothing in a worker thread
 * of Node 20, as the loader registers itself in the main thread only.
 *
 * @param entry the worker's script
 * @param resourceLimits limits of the thread's memory; Node's own if left out
 */
export function spawn(
  entry: URL = new URL("./fit.worker.node.ts", import.meta.url),
  resourceLimits: ResourceLimits = {}
): WorkerPort {
  const worker = new Worker(
    `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))})
      .then(({register}) => (register(), import(${JSON.stringify(entry.href)})))
      .catch((error) => setImmediate(() => { throw error; }));`,
    {eval: true, execArgv: [], resourceLimits}
  );
  let stopped = false;
  const port: WorkerPort = {
    postMessage: (message, transfer = []) => worker.postMessage(message, transfer as ArrayBuffer[]),
    onmessage: null,
    onerror: null,
    terminate: () => {
      stopped = true;
      void worker.terminate();
    }
  };
  worker.on("message", (data: unknown) => port.onmessage?.({data}));
  worker.on("messageerror", (error) => port.onerror?.({message: error.message}));
  worker.on("error", (error) => port.onerror?.({message: error.message}));
  worker.on("exit", (code) => {
    if (!stopped) port.onerror?.({message: `the worker thread ended with code ${code}`});
  });
  return port;
}

/** As many workers as the process may use cores, but no more than 8. */
export function defaultSize(): number {
  return Math.max(1, Math.min(8, availableParallelism()));
}

/** Where the core stands. */
export const coreFile = new URL("../generated/core/measurand_core_bg.wasm", import.meta.url);

/** Compiles the core, once for all workers. */
export async function loadModule(file: URL = coreFile): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(file));
}
