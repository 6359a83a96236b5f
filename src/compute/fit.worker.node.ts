// Gives a Node worker thread the two members of a browser's worker scope that fit.worker.ts needs, then runs it.
import {parentPort} from "node:worker_threads";
import type {FromWorker, ToWorker} from "./messages.js";
import type {WorkerScope} from "./serve.js";

if (parentPort === null) throw new Error("fit.worker.node.ts runs in a worker thread only");
const port = parentPort;
const scope = globalThis as unknown as WorkerScope;
scope.postMessage = (message: FromWorker, transfer: Transferable[] = []) =>
  port.postMessage(message, transfer as ArrayBuffer[]);
await import("./fit.worker.js");
port.on("message", (data: ToWorker) => scope.onmessage?.({data}));
