import {InputError} from "../domain/errors.js";
import {bytesToHex, sha256 as digest} from "../generated/vendor/hashes.js";
import type {Folder} from "./folder.js";
import {parseJsonObject} from "./text.js";

export interface ManifestFile {
  /** Relative to the manifest's folder, with `/`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
}

/** The files of a data set and what they have to be. */
export interface Manifest {
  files: ManifestFile[];
}

export interface Verification {
  path: string;
  expected: string;
  /** null: the file is missing. */
  actual: string | null;
  ok: boolean;
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return bytesToHex(digest(bytes));
}

/** A manifest.json. @throws InputError naming the entry and its field */
export function readManifest(text: string, file: string): Manifest {
  const {files} = parseJsonObject(text, file);
  const fail = (field: string, value: unknown, expected: string): never => {
    throw new InputError({code: "manifest", file, field, value, expected});
  };
  if (!Array.isArray(files)) return fail("files", files, "a list of {path, size, sha256}");
  const seen = new Set<string>();
  return {
    files: files.map((entry: unknown, index): ManifestFile => {
      const {
        path,
        size,
        sha256: hash
      } = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>;
      if (typeof path !== "string" || path === "" || path.split("/").some((part) => ["", ".", ".."].includes(part))) {
        return fail(`files[${index}].path`, path, "a path below the manifest's folder");
      }
      if (seen.has(path)) fail(`files[${index}].path`, path, "each path once");
      seen.add(path);
      if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
        return fail(`files[${index}].size (${path})`, size, "a number of bytes");
      }
      if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) {
        return fail(`files[${index}].sha256 (${path})`, hash, "64 lower-case hexadecimal digits");
      }
      return {path, size, sha256: hash};
    })
  };
}

/** A manifest.json for files, in order of their paths: the same files give the same text. */
export function writeManifest(files: {path: string; bytes: Uint8Array}[]): string {
  const entries = files
    .map(({path, bytes}): ManifestFile => ({path, size: bytes.length, sha256: sha256(bytes)}))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`);
  return `{\n  "files": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Compares each file of a manifest with what the folder holds; a file that cannot be read counts as missing. */
export async function verifyManifest(
  folder: Folder,
  manifest: Manifest,
  onProgress?: (done: number, total: number) => void
): Promise<Verification[]> {
  const results: Verification[] = [];
  for (const {path, sha256: expected} of manifest.files) {
    const actual = await folder.read(path).then(sha256, () => null);
    results.push({path, expected, actual, ok: actual === expected});
    onProgress?.(results.length, manifest.files.length);
  }
  return results;
}
