// Runs a script of scripts/ after making sure that what it needs is installed: the one entry of every npm command.
// Plain JavaScript, because it runs before anything is installed.
import {spawnSync} from "node:child_process";
import {createHash} from "node:crypto";
import {existsSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {fileURLToPath} from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [task, ...args] = process.argv.slice(2);

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`measurand: Node is ${process.versions.node}; expected 20 or later`);
  process.exit(2);
}

// npm ci only when the lock file is not the one that was installed.
const lock = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
const stamp = join(root, "node_modules", ".measurand-lock");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.log("measurand: installing the dependencies (npm ci)");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const {status} = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: !npm && process.platform === "win32"
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, lock);
}

const {status, signal} = spawnSync(process.execPath, ["--import", "tsx", join("scripts", `${task}.ts`), ...args], {
  cwd: root,
  stdio: "inherit"
});
process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
