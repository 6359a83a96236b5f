import {spawnSync} from "node:child_process";
import {existsSync} from "node:fs";
import {chromium} from "playwright-core";
import {say} from "./paths.js";

const systemNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const systemPaths = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe"
];

/**
 * Path of a Chromium for the browser tests: CHROMIUM_PATH, the system's, Playwright's own, or one installed now.
 * @throws Error that says what was tried and how to name a browser.
 */
export function findChromium(): string {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined) {
    if (!existsSync(named)) throw new Error(`CHROMIUM_PATH is ${JSON.stringify(named)}; expected the path of a browser`);
    return named;
  }
  const found = onSystem() ?? playwrights();
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    say("installing Chromium from the distribution (apt-get)");
    const env = {...process.env, DEBIAN_FRONTEND: "noninteractive"};
    spawnSync("apt-get", ["update", "-qq"], {stdio: "inherit"});
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], {stdio: ["ignore", "ignore", "inherit"], env});
  } else {
    say("installing Playwright's Chromium");
    spawnSync(process.execPath, ["node_modules/playwright-core/cli.js", "install", "chromium"], {stdio: "inherit"});
  }
  const installed = onSystem() ?? playwrights();
  if (installed) return installed;
  throw new Error("no Chromium found or installed; install one, or name it in the environment variable CHROMIUM_PATH");
}

function onSystem(): string | undefined {
  for (const name of systemNames) {
    const {stdout, status} = spawnSync(process.platform === "win32" ? "where" : "which", [name], {encoding: "utf8"});
    if (status === 0) return stdout.split("\n")[0].trim();
  }
  return systemPaths.find((path) => existsSync(path));
}

function playwrights(): string | undefined {
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : undefined;
}
