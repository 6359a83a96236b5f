import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";
import {B, VOXELS, bytes, decays} from "./conformance-results.js";
import {fit, loadCore} from "./core.js";

/**
 * test/fixtures/core-bits.json holds a checksum of every result; wasm/tests/suite/same_bits.rs requires the same ones of
 * the crate compiled for the machine itself. After a change that is meant to change results, both print the new values.
 */
const expected = JSON.parse(readFileSync(new URL("../fixtures/core-bits.json", import.meta.url), "utf8"));

/** FNV-1a, 32 bits. */
function checksum(arrays: ArrayBufferView[]): string {
  let hash = 0x811c9dc5;
  for (const array of arrays) for (const byte of bytes(array)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

test("WebAssembly and the native crate give the same bits", async () => {
  const core = await loadCore();
  const found: Record<string, string> = {};
  for (const model of ["mono-exponential", "clinical-adc"]) {
    for (const estimator of ["ols", "iwls", "nlls"]) {
      for (const [name, precision] of [["f64", Float64Array], ["f32", Float32Array]] as const) {
        const result = fit(core, {model, estimator, protocol: {b: B}}, precision.from(decays(B)), VOXELS);
        found[`${model} ${estimator} ${name}`] = checksum(Object.values(result));
      }
    }
  }
  assert.deepEqual(found, expected.checksums);
});
