#!/usr/bin/env node
// Plain JavaScript, as it runs before TypeScript can be read: checks what is there, prepares what is missing, starts
// the CLI.
import {spawnSync} from "node:child_process";
import {existsSync, readFileSync} from "node:fs";
import {fileURLToPath} from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`measurand: Node is ${process.versions.node}; expected 20 or later`);
  process.exit(2);
}
if (!existsSync(path("node_modules/tsx"))) {
  console.error(`measurand: the dependencies are not installed; expected npm ci to have run in ${path("")}`);
  process.exit(2);
}
if (!prepared()) {
  // Whatever it prints goes to standard error: standard output belongs to the command.
  const {status} = spawnSync(process.execPath, ["--import", "tsx", path("scripts/prepare.ts")], {
    cwd: path(""),
    stdio: ["ignore", 2, "inherit"]
  });
  if (status !== 0 || !prepared()) {
    console.error("measurand: src/generated is not complete; expected scripts/prepare.ts to make it");
    process.exit(2);
  }
}

const {register} = await import("tsx/esm/api");
register();
const {main} = await import("../src/cli/main.ts");
// Not process.exit(): a pipe that is read slowly still gets everything.
process.exitCode = await main(process.argv.slice(2));

/** Whether the generated files stand there, with the very core that the repository has. */
function prepared() {
  const [made, core] = [path("src/generated/core/measurand_core_bg.wasm"), path("wasm/pkg/measurand_core_bg.wasm")];
  if (!existsSync(made) || !existsSync(path("src/generated/duckdb/duckdb-eh.wasm"))) return false;
  return !existsSync(core) || readFileSync(made).equals(readFileSync(core));
}
