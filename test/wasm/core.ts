import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join, resolve} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";
import {parseFault} from "../../src/compute/core.js";

/** The glue of a built package, as wasm-pack types it. */
export type Glue = typeof import("../../wasm/pkg/measurand_core.js");

/** The committed package. */
export const committed = fileURLToPath(new URL("../../wasm/pkg", import.meta.url));

/** Loads the core of a package folder; each folder has its own instance. */
export async function loadCore(pkg: string = committed): Promise<Glue> {
  const glue = (await import(pathToFileURL(join(resolve(pkg), "measurand_core.js")).href)) as Glue;
  glue.initSync({module: readFileSync(join(pkg, "measurand_core_bg.wasm"))});
  return glue;
}

/** What a fit returns, taken out of the core. */
export interface Taken {
  parameters: Float64Array | Float32Array;
  standardDeviations: Float64Array | Float32Array;
  residual: Float64Array | Float32Array;
  status: Uint8Array;
  iterations: Uint32Array;
}

/** One fit; the samples' type chooses the precision. */
export function fit(core: Glue, request: object, samples: Float64Array | Float32Array, voxels: number): Taken {
  const text = JSON.stringify(request);
  const output =
    samples instanceof Float32Array ? core.fit_f32(text, samples, voxels) : core.fit_f64(text, samples, voxels);
  const taken = {
    parameters: output.take_parameters(),
    standardDeviations: output.take_standard_deviations(),
    residual: output.take_residual(),
    status: output.take_status(),
    iterations: output.take_iterations(),
  };
  output.free();
  return taken;
}

/** The fault that the core states in what a call throws. */
export function faultOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    const fault = parseFault(error);
    assert.ok(fault, String(error));
    return fault;
  }
  return assert.fail("nothing was refused");
}
