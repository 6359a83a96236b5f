// npm test [FILE...]: types, site and every test, or only the test files named.
import {spawnSync} from "node:child_process";
import {readdirSync} from "node:fs";
import {join} from "node:path";
import {buildSite} from "./build.js";
import {findChromium} from "./chromium.js";
import {root, say} from "./paths.js";
import {typecheck} from "./typecheck.js";

const named = process.argv.slice(2);
const files = named.length > 0 ? named : testFiles(join(root, "test"));
const env = {...process.env};
if (named.length === 0) await typecheck();
if (files.some((file) => file.includes("browser"))) {
  env.CHROMIUM_PATH = findChromium();
  await buildSite();
}
say(`running ${files.length} test files`);
const {status} = spawnSync(
  process.execPath,
  ["--import", "tsx", "--test", "--test-reporter=spec", "--test-concurrency=2", ...files],
  {cwd: root, stdio: "inherit", env}
);
process.exit(status ?? 1);

function testFiles(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: "utf8"})
    .filter((path) => path.endsWith(".test.ts"))
    .sort()
    .map((path) => join(folder, path));
}
