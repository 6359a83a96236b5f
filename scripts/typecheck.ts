import {spawnSync} from "node:child_process";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {root, say} from "./paths.js";
import {prepare} from "./prepare.js";

export async function typecheck(): Promise<void> {
  await prepare();
  say("checking the types");
  const {status} = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", root], {stdio: "inherit"});
  if (status !== 0) throw new Error("the types do not check");
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) await typecheck();
