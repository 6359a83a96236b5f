/**
 * Builds wasm/pkg from the crate: wasm-pack, then binaryen's wasm-opt, then the record that ties the two together.
 * Needs Rust with the target wasm32-unknown-unknown; everything else in this repository works without.
 *
 *   node --import tsx scripts/build-wasm.ts [OUT]      OUT: the folder to write, default wasm/pkg
 */
import {execFileSync, spawnSync} from "node:child_process";
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {homedir, tmpdir} from "node:os";
import {delimiter, join, resolve} from "node:path";
import {BUILT, differences, hashBuilt, hashSources} from "./core-record.js";
import type {CoreRecord} from "./core-record.js";
import {root} from "./paths.js";

const crate = join(root, "wasm");
const bin = join(root, "node_modules", ".bin");
const TARGET = "wasm32-unknown-unknown";

// What the compiler emits; wasm-opt refuses what it is not told of. Nothing here relaxes arithmetic.
const FEATURES = [
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "multivalue",
  "reference-types",
].map((feature) => `--enable-${feature}`);

const out = resolve(process.argv[2] ?? join(crate, "pkg"));
const work = mkdtempSync(join(tmpdir(), "measurand-core-"));
try {
  build();
} finally {
  rmSync(work, {recursive: true, force: true});
}

function build(): void {
  const rustc = process.env.RUSTC ?? "rustc";
  const cargo = process.env.CARGO ?? "cargo";
  need(cargo, ["--version"], "cargo is missing: install Rust from https://rustup.rs");
  const library = need(rustc, ["--print", "target-libdir", "--target", TARGET], "rustc is missing: install Rust");
  if (!existsSync(library)) fail(`Rust has no ${TARGET}: run "rustup target add ${TARGET}"`);
  const advice = "wasm-pack is missing: run \"npm install --include=optional\" or \"cargo install wasm-pack\"";
  const pack = need("wasm-pack", ["--version"], advice);

  const sources = hashSources(crate);
  run("wasm-pack", [
    "build", crate, "--target", "web", "--release", "--no-pack", "--out-dir", work,
    // Added to the flags of .cargo/config.toml; the paths of this machine stay out of panic messages.
    "--", "--locked", "--config", `target.${TARGET}.rustflags=${JSON.stringify(remap())}`,
  ]);
  const module = join(work, "measurand_core_bg.wasm");
  const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  run(join(bin, "wasm-opt"), ["-O3", ...FEATURES, ...strip, module, "-o", module]);
  refuseHostPaths(module);

  // Who edits meanwhile would get a record of sources that were not built.
  const edited = differences(sources, hashSources(crate));
  if (edited.length > 0) fail(`sources changed during the build, run it again: ${edited.join(", ")}`);
  mkdirSync(out, {recursive: true});
  for (const name of BUILT) cpSync(join(work, name), join(out, name));
  const record: CoreRecord = {
    sources,
    built: hashBuilt(out),
    toolchain: {
      rustc: need(rustc, ["--version"], ""),
      "wasm-pack": pack.split(" ")[1],
      "wasm-bindgen": locked("wasm-bindgen"),
      binaryen: need(join(bin, "wasm-opt"), ["--version"], "").replace(/^wasm-opt version /, ""),
    },
  };
  writeFileSync(join(out, "record.json"), `${JSON.stringify(record, null, 2)}\n`);
  console.error(`build-wasm: ${out}: ${readFileSync(join(out, "measurand_core_bg.wasm")).length} bytes`);
}

/** Flags that replace the folders of this machine in what the compiler writes down. */
function remap(): string[] {
  const home = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const sysroot = need(process.env.RUSTC ?? "rustc", ["--print", "sysroot"], "rustc is missing: install Rust");
  const folders: [string, string][] = [[sysroot, "rust"], [home, "cargo"], [crate, "measurand-core"]];
  return folders.map(([from, to]) => `--remap-path-prefix=${from.replace(/[/\\]$/, "")}=${to}`);
}

/** Version of a crate in Cargo.lock. */
function locked(name: string): string {
  const lock = readFileSync(join(crate, "Cargo.lock"), "utf8");
  return new RegExp(`name = "${name}"\\r?\\nversion = "([^"]+)"`).exec(lock)?.[1] ?? fail(`${name} is not locked`);
}

/** A module that names a folder of the machine that built it is not the same module elsewhere. */
function refuseHostPaths(module: string): void {
  const bytes = readFileSync(module).toString("latin1");
  for (const folder of [homedir(), crate, process.env.CARGO_HOME].filter((folder) => folder && folder.length > 1)) {
    const at = bytes.indexOf(folder as string);
    if (at >= 0) fail(`the module names a folder of this machine: ${bytes.slice(at, at + 120).split("\0")[0]}`);
  }
}

function environment(): NodeJS.ProcessEnv {
  // RUSTFLAGS would replace the flags of .cargo/config.toml, SIMD among them.
  const {RUSTFLAGS: _flags, CARGO_ENCODED_RUSTFLAGS: _encoded, ...rest} = process.env;
  return {...rest, PATH: `${rest.PATH}${delimiter}${bin}`};
}

/** Output of a command that must exist. */
function need(command: string, args: string[], advice: string): string {
  try {
    const env = environment();
    return execFileSync(command, args, {encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"]}).trim();
  } catch {
    return fail(advice || `${command} failed`);
  }
}

function run(command: string, args: string[]): void {
  const {status, error} = spawnSync(command, args, {stdio: ["ignore", "inherit", "inherit"], env: environment()});
  if (error || status !== 0) fail(`${command} failed${error ? `: ${error.message}` : ""}`);
}

function fail(message: string): never {
  console.error(`build-wasm: ${message}`);
  rmSync(work, {recursive: true, force: true});
  process.exit(1);
}
