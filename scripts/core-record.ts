/**
 * The record of a built core: SHA-256 of the sources it was built from and of the files that came out, and the tools.
 * wasm/pkg is committed, so that nobody needs Rust; the record tells when it no longer belongs to the sources.
 */
import {createHash} from "node:crypto";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";

/** What stands in wasm/pkg/record.json. */
export interface CoreRecord {
  /** Path below wasm/ to SHA-256 of its text with LF line ends. */
  sources: Record<string, string>;
  /** File of wasm/pkg to SHA-256 of its bytes. */
  built: Record<string, string>;
  /** Tool to version. */
  toolchain: Record<string, string>;
}

/** The files that wasm/pkg consists of, besides record.json. */
export const BUILT = [
  "measurand_core.d.ts",
  "measurand_core.js",
  "measurand_core_bg.wasm",
  "measurand_core_bg.wasm.d.ts",
];

const SOURCES = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

/** SHA-256 of every file that the module is built from, by path below `crate` (the folder wasm/). */
export function hashSources(crate: string): Record<string, string> {
  const modules = readdirSync(join(crate, "src"), {recursive: true, encoding: "utf8"})
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".rs"));
  // Git may check text out with CRLF: the same sources all the same.
  const text = (path: string) => readFileSync(join(crate, path), "utf8").replaceAll("\r\n", "\n");
  return Object.fromEntries([...SOURCES, ...modules].sort().map((path) => [path, sha256(text(path))]));
}

/** SHA-256 of every file of a built package. */
export function hashBuilt(pkg: string): Record<string, string> {
  return Object.fromEntries(BUILT.map((name) => [name, sha256(readFileSync(join(pkg, name)))]));
}

/** The record of a built package. */
export function readRecord(pkg: string): CoreRecord {
  return JSON.parse(readFileSync(join(pkg, "record.json"), "utf8")) as CoreRecord;
}

/** One line for each file that was added, removed or changed since `recorded`. */
export function differences(recorded: Record<string, string>, found: Record<string, string>): string[] {
  const paths = [...new Set([...Object.keys(recorded), ...Object.keys(found)])].sort();
  return paths.flatMap((path) => {
    if (recorded[path] === found[path]) return [];
    const what = path in recorded ? (path in found ? "changed" : "removed") : "added";
    return [`${path} ${what}`];
  });
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
