// npm run build: writes dist/, the site that any static server can host under any path.
import {pathToFileURL} from "node:url";
import {readdir, readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {spawn} from "node:child_process";
import {root, say} from "./paths.js";
import {prepare} from "./prepare.js";

export async function buildSite(): Promise<void> {
  // What an earlier build left in Framework's cache would enter the hashes of this one.
  await rm(join(root, "src", ".observablehq", "cache"), {recursive: true, force: true});
  await prepare();
  say("building the site into dist/");
  await rm(join(root, "dist"), {recursive: true, force: true});
  await observable("build");
  await finishPages(join(root, "dist"));
}

async function observable(command: string): Promise<void> {
  const bin = join(root, "node_modules/@observablehq/framework/dist/bin/observable.js");
  const child = spawn(process.execPath, ["--import", "tsx", bin, command], {
    cwd: root,
    env: {...process.env, OBSERVABLE_TELEMETRY_DISABLE: "true"}
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const text = Buffer.concat(output).toString();
  // Framework warns of what it could not resolve and still exits 0: the page would be broken.
  const faults = text.split("\n").filter((line) => /^(Warning:|\w*Error:|.*could not|.*unable to)/i.test(line.trim()));
  if (code !== 0 || faults.length > 0) {
    console.error(text);
    throw new Error(`observable ${command} ${code === 0 ? `warned: ${faults[0].trim()}` : `exited with ${code}`}`);
  }
}

/** What Framework's page frame lacks for readers who use a screen reader or magnify. */
async function finishPages(dist: string): Promise<void> {
  for (const file of await readdir(dist, {recursive: true})) {
    if (!file.endsWith(".html")) continue;
    const path = join(dist, file);
    let html = await readFile(path, "utf8");
    for (const [from, to] of pageFixes) {
      if (!html.includes(from)) throw new Error(`${file}: Framework's page frame lacks ${from}; expected it as in 1.13.4`);
      html = html.replace(from, to);
    }
    // When a file was last touched is no part of what it says, and would make two builds differ.
    await writeFile(path, html.replaceAll(/,"lastModified":[\d.]+/g, ""));
  }
}

const pageFixes: [from: string, to: string][] = [
  ["<html>", '<html lang="en">'],
  ["<body>", '<body>\n<a class="m-skip" href="#observablehq-main">Skip to the content</a>'],
  ['<main id="observablehq-main"', '<main id="observablehq-main" tabindex="-1"'],
  [", maximum-scale=1", ""],
  ['type="checkbox" title="Toggle sidebar"', 'type="checkbox" title="Toggle sidebar" aria-hidden="true" tabindex="-1"'],
  ['<label id="observablehq-sidebar-backdrop"', '<label aria-hidden="true" id="observablehq-sidebar-backdrop"'],
  [
    '<label id="observablehq-sidebar-close" for="observablehq-sidebar-toggle"></label>',
    '<li class="sidebar-close"><label aria-hidden="true" id="observablehq-sidebar-close" for="observablehq-sidebar-toggle"></label></li>'
  ],
  ['<nav id="observablehq-sidebar">', '<nav id="observablehq-sidebar" aria-label="Pages">'],
  ['<input type="search" placeholder="Search">', '<input type="search" placeholder="Search" aria-label="Search the site">']
];

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) await buildSite();
