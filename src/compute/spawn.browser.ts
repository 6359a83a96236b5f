import type {WorkerPort} from "./pool.js";

/** A module worker of the page. */
export function spawn(): WorkerPort {
  const worker = new Worker(import.meta.resolve("./fit.worker.js"), {type: "module"});
  const port: WorkerPort = {
    postMessage: (message, transfer = []) => worker.postMessage(message, transfer),
    onmessage: null,
    onerror: null,
    terminate: () => worker.terminate()
  };
  worker.onmessage = ({data}) => port.onmessage?.({data});
  worker.onmessageerror = () => port.onerror?.({message: "a message could not be read"});
  worker.onerror = (event) => {
    event.preventDefault(); // it is reported through the pool, not as an uncaught error of the page
    port.onerror?.({message: event.message || "the worker script could not be loaded"});
  };
  return port;
}

/** As many workers as the machine has cores, but no more than 8: beyond that memory grows faster than speed. */
export function defaultSize(): number {
  return Math.max(1, Math.min(8, navigator.hardwareConcurrency || 2));
}

/** Compiles the core from where the site serves it, once for all workers. */
export async function loadModule(href: string): Promise<WebAssembly.Module> {
  const response = await fetch(href);
  if (!response.ok) throw new Error(`${href} could not be loaded: ${response.status} ${response.statusText}`);
  // Not compileStreaming: it demands application/wasm, which not every static host sends.
  return WebAssembly.compile(await response.arrayBuffer());
}
