import assert from "node:assert/strict";
import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {fileURLToPath} from "node:url";
import {BUILT, differences, hashBuilt, hashSources, readRecord} from "../../scripts/core-record.js";
import {committed} from "./core.js";

const crate = fileURLToPath(new URL("../../wasm", import.meta.url));
const record = readRecord(committed);

test("wasm/pkg was built from the sources that stand beside it", () => {
  const found = differences(record.sources, hashSources(crate));
  assert.deepEqual(found, [], "run `npm run build:wasm`");
});

test("the files of wasm/pkg are those that the build wrote", () => {
  assert.deepEqual(differences(record.built, hashBuilt(committed)), []);
  assert.deepEqual(readdirSync(committed).sort(), [...BUILT, "record.json"].sort());
});

test("the record names its tools, and the crate's lock names the same wasm-bindgen", () => {
  for (const tool of ["rustc", "wasm-pack", "wasm-bindgen", "binaryen"]) assert.ok(record.toolchain[tool], tool);
  const lock = readFileSync(join(crate, "Cargo.lock"), "utf8");
  assert.ok(lock.includes(`name = "wasm-bindgen"\nversion = "${record.toolchain["wasm-bindgen"]}"`));
});

test("a changed, an added and a removed source are all noticed", () => {
  const found = differences({a: "1", b: "2", c: "3"}, {a: "1", b: "x", d: "4"});
  assert.deepEqual(found, ["b changed", "c removed", "d added"]);
});

test("the module has no relaxed SIMD, no threads and no folder of the machine that built it", () => {
  const bytes = readFileSync(join(committed, "measurand_core_bg.wasm"));
  const module = new WebAssembly.Module(bytes);
  assert.deepEqual(WebAssembly.Module.customSections(module, "name"), []);
  const memory = WebAssembly.Module.exports(module).find(({name}) => name === "memory");
  assert.equal(memory?.kind, "memory");
  assert.ok(WebAssembly.Module.imports(module).every(({kind}) => kind === "function"), "memory is its own");
  assert.doesNotMatch(bytes.toString("latin1"), /\/(?:home|Users|root|work|tmp)\/|[A-Z]:\\/);
});
