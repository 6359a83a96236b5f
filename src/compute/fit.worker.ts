// The one worker script: a browser runs it as a module worker, Node runs it through fit.worker.node.ts.
import {serve} from "./serve.js";
import type {WorkerScope} from "./serve.js";

serve(globalThis as unknown as WorkerScope);
