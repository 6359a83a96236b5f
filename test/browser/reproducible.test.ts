import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {root} from "../../scripts/paths.js";

test("a build in another folder, time zone and with other file times has the same bytes", () => {
  const copy = mkdtempSync(join(tmpdir(), "measurand-build-"));
  try {
    const skipped = ["node_modules", "dist", ".git", ".cache"].map((name) => join(root, name));
    const made = [join(root, "src", "generated"), join(root, "src", ".observablehq"), join(root, "wasm", "target")];
    cpSync(root, copy, {recursive: true, filter: (source) => !skipped.includes(source) && !made.includes(source)});
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const past = new Date("2011-03-04T05:06:07Z");
    for (const file of listFiles(copy)) utimesSync(join(copy, file), past, past);
    execFileSync(process.execPath, ["--import", "tsx", "scripts/build.ts"], {
      cwd: copy,
      env: {...process.env, TZ: "Pacific/Auckland", LANG: "tr_TR.UTF-8"},
      stdio: "pipe"
    });
    assert.deepEqual(hashes(join(copy, "dist")), hashes(join(root, "dist")));
  } finally {
    rmSync(copy, {recursive: true, force: true});
  }
});

function hashes(folder: string): Record<string, string> {
  const entries = listFiles(folder).map((file) => {
    return [file, createHash("sha256").update(readFileSync(join(folder, file))).digest("hex")];
  });
  return Object.fromEntries(entries);
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: "utf8"})
    .filter((file) => !file.startsWith("node_modules") && statSync(join(folder, file)).isFile())
    .sort();
}
