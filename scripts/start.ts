// npm start: prepares what is missing and opens the site's preview, which follows every edit.
import {spawn} from "node:child_process";
import {watch} from "node:fs";
import {join} from "node:path";
import {root, say} from "./paths.js";
import {prepare} from "./prepare.js";

await prepare();
const headless = Boolean(process.env.CI) || !process.stdout.isTTY;
const options = process.argv.slice(2);
if (headless && !options.some((option) => option.startsWith("--open") || option === "--no-open")) options.push("--no-open");
say("starting the preview (stop it with Ctrl+C)");
const preview = spawn(process.execPath, ["--import", "tsx", join(root, "node_modules/@observablehq/framework/dist/bin/observable.js"), "preview", ...options], {
  cwd: root,
  stdio: "inherit",
  env: {...process.env, OBSERVABLE_TELEMETRY_DISABLE: "true"}
});
preview.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));

// The preview follows src/ by itself; what is made from data/, vendor/ and wasm/pkg/ is made again here.
let pending: NodeJS.Timeout | undefined;
for (const folder of ["data", "vendor", "wasm/pkg"]) {
  watch(join(root, folder), {recursive: true}, () => {
    clearTimeout(pending);
    pending = setTimeout(() => prepare().catch((error: Error) => say(error.message)), 200);
  });
}
