// Makes src/generated/: library bundles, the core, the data sets and the model registry, as pages load them.
import {createHash} from "node:crypto";
import {copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile} from "node:fs/promises";
import {dirname, join} from "node:path";
import {pathToFileURL} from "node:url";
import {build} from "esbuild";
import subsetFont from "subset-font";
import temml from "temml";
import {patchFrameworkClient} from "./framework-client.js";
import {root, say} from "./paths.js";

const generated = join(root, "src", "generated");
// Made here and then moved, so that a preview never sees half of it.
const staging = join(root, ".cache", "generated");

export async function prepare(): Promise<void> {
  const inputs = await hashInputs();
  const stamp = join(generated, "inputs.sha256");
  await patchFrameworkClient(root);
  await pinFrameworkLibraries();
  if ((await readFile(stamp, "utf8").catch(() => "")) === inputs) return;
  say("preparing libraries, core and data for the pages");
  await rm(staging, {recursive: true, force: true});
  await mkdir(staging, {recursive: true});
  await Promise.all([bundleLibraries(), copyCore(), copyDuckDB(), copyData(), makeMathFont()]);
  await writeModels();
  await writeVersion();
  await writeFile(join(staging, "inputs.sha256"), inputs);
  await rm(generated, {recursive: true, force: true});
  await rename(staging, generated);
}

/** What src/generated/ is made from, as one hash. */
async function hashInputs(): Promise<string> {
  const hash = createHash("sha256");
  const sources = ["package.json", "package-lock.json", "scripts/prepare.ts"];
  for (const folder of ["vendor", "wasm/pkg", "data"]) sources.push(...(await listFiles(join(root, folder), folder)));
  for (const source of sources) hash.update(source).update("\0").update(await readFile(join(root, source))).update("\0");
  return hash.digest("hex");
}

async function bundleLibraries(): Promise<void> {
  const entries = (await readdir(join(root, "vendor"))).filter((name) => name.endsWith(".ts")).sort();
  const result = await build({
    absWorkingDir: root,
    // Paths enter the names of chunks: they must not depend on where the packages really lie.
    preserveSymlinks: true,
    entryPoints: entries.map((name) => join("vendor", name)),
    outdir: join(staging, "vendor"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    define: {"process.env.NODE_ENV": '"production"'},
    metafile: true,
    logLevel: "warning",
    // notebook-kit reaches for the compiler (3 MB) to strip types from cells; ours are JavaScript.
    alias: {typescript: "./vendor/stubs/typescript.ts"}
  });
  for (const name of entries) {
    await copyFile(join(root, "vendor", name), join(staging, "vendor", name.replace(/\.ts$/, ".d.ts")));
  }
  await writeLicences(Object.keys(result.metafile.inputs));
}

/** The licence of every package whose code the site ships. */
async function writeLicences(inputs: string[]): Promise<void> {
  const folders = new Set<string>();
  for (const input of inputs) {
    const match = /^(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  for (const name of ["@observablehq/framework", "@fontsource/stix-two-math"]) folders.add(`node_modules/${name}`);
  // Hundreds of small packages share a few texts: each text once, under the packages that it licenses.
  const packages = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const {name, version, license} = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const names = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
    const parts: string[] = [];
    for (const file of names) {
      const path = join(root, folder, file);
      if ((await stat(path)).isFile()) parts.push((await readFile(path, "utf8")).trim());
    }
    const text = parts.join("\n\n");
    packages.set(text, [...(packages.get(text) ?? []), `${name} ${version} (${license ?? "see below"})`]);
  }
  const sections = [...packages].map(([text, names]) => `${names.join("\n")}\n\n${text}`.trim());
  await writeFile(join(staging, "licences.txt"), sections.join(`\n\n${"-".repeat(80)}\n\n`) + "\n");
}

async function copyCore(): Promise<void> {
  await mkdir(join(staging, "core"), {recursive: true});
  for (const name of ["measurand_core.js", "measurand_core.d.ts", "measurand_core_bg.wasm"]) {
    await copyTo(join(root, "wasm", "pkg", name), join(staging, "core", name));
  }
}

async function copyDuckDB(): Promise<void> {
  await mkdir(join(staging, "duckdb"), {recursive: true});
  for (const name of ["duckdb-eh.wasm", "duckdb-browser-eh.worker.js"]) {
    await copyTo(join(root, "node_modules", "@duckdb", "duckdb-wasm", "dist", name), join(staging, "duckdb", name));
  }
}

/** Browsers set subscripts and fractions only with a font that has a table for mathematics; this one with what we use. */
async function makeMathFont(): Promise<void> {
  const ranges = [
    [0x20, 0x7e], [0xa0, 0xff], [0x300, 0x308], [0x391, 0x3c9], [0x2010, 0x2026], [0x2032, 0x2034], [0x2061, 0x2064],
    [0x210e, 0x210f], [0x2190, 0x2194], [0x21d2, 0x21d4], [0x2200, 0x2265], [0x22c5, 0x22ef], [0x1d434, 0x1d467], [0x1d6fc, 0x1d71b]
  ];
  const text = ranges.flatMap(([first, last]) => Array.from({length: last - first + 1}, (_, i) => String.fromCodePoint(first + i)));
  const file = "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2";
  const font = await readFile(join(root, "node_modules", file));
  await mkdir(join(staging, "fonts"), {recursive: true});
  const subset = await subsetFont(font, text.join(""), {targetFormat: "woff2"});
  // Within the style sheet, because Framework's bundler of styles takes no files.
  const source = `url(data:font/woff2;base64,${subset.toString("base64")}) format("woff2")`;
  const face = `@font-face {\n  font-family: "Measurand Math";\n  src: local("STIX Two Math"), ${source};\n}\n`;
  await writeFile(join(staging, "fonts", "math.css"), face);
}

/**
 * Each data set, and a module that attaches its files to the page by their path in the set; and a module with the
 * tables of all sets, without the lists that BIDS keeps of each subject.
 */
async function copyData(): Promise<void> {
  const tables: string[] = [];
  for (const entry of await readdir(join(root, "data"), {withFileTypes: true})) {
    if (!entry.isDirectory()) continue;
    const dataset = entry.name;
    // Framework takes every Markdown file under src/ for a page.
    const paths = (await listFiles(join(root, "data", dataset), "")).filter((path) => !path.endsWith(".md"));
    const target = join(staging, "data", dataset);
    for (const path of paths) await copyTo(join(root, "data", dataset, path), join(target, path));
    const lines = paths.map((path) => `  ${JSON.stringify(path)}: FileAttachment(${JSON.stringify(`./${dataset}/${path}`)})`);
    await writeFile(
      join(staging, "data", `${dataset}.js`),
      `import {FileAttachment} from "observablehq:stdlib";\n\nexport const files = {\n${lines.join(",\n")}\n};\n`
    );
    await writeFile(
      join(staging, "data", `${dataset}.d.ts`),
      `export declare const files: Record<string, {name: string; href: string; arrayBuffer(): Promise<ArrayBuffer>}>;\n`
    );
    tables.push(...paths.filter((path) => /\.(tsv|csv)$/.test(path) && !path.startsWith("sub-"))
      .map((path) => `${dataset}/${path}`));
  }
  const lines = tables.map((path) =>
    `  {file: ${JSON.stringify(`data/${path}`)}, attachment: FileAttachment(${JSON.stringify(`./${path}`)})}`);
  await writeFile(
    join(staging, "data", "tables.js"),
    `import {FileAttachment} from "observablehq:stdlib";\n\nexport const tables = [\n${lines.join(",\n")}\n];\n`
  );
  await writeFile(
    join(staging, "data", "tables.d.ts"),
    "export declare const tables: readonly {file: string; attachment: {text(): Promise<string>}}[];\n"
  );
}

/** The core's registry of models with each equation rendered, so that no page renders mathematics while it is read. */
async function writeModels(): Promise<void> {
  const core = await import(pathToFileURL(join(staging, "core", "measurand_core.js")).href);
  core.initSync({module: await readFile(join(staging, "core", "measurand_core_bg.wasm"))});
  const registry = JSON.parse(core.models());
  for (const model of registry.models) {
    model.equation_mathml = temml.renderToString(model.equation, {displayMode: true, throwOnError: true});
  }
  await writeFile(join(staging, "models.json"), JSON.stringify(registry, null, 2) + "\n");
  await writeFile(join(staging, "models.js"), `export default ${JSON.stringify(registry)};\n`);
  await writeFile(
    join(staging, "models.d.ts"),
    `import type {Registry} from "../compute/core.js";\ndeclare const registry: Registry;\nexport default registry;\n`
  );
}

async function writeVersion(): Promise<void> {
  const {version} = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await writeFile(join(staging, "version.js"), `export const version = ${JSON.stringify(version)};\n`);
  await writeFile(join(staging, "version.d.ts"), "export declare const version: string;\n");
}

/**
 * Framework asks a registry for the newest version of each library it could use, even of those that no page uses.
 * A folder of that name in its cache answers instead, so that a build needs no network and does not change by itself.
 * Those that its inputs and attachments really load stand there as they were installed.
 */
async function pinFrameworkLibraries(): Promise<void> {
  const cache = join(root, "src", ".observablehq", "cache", "_npm");
  for (const name of neverLoaded) await mkdir(join(cache, `${name}@0.0.0`), {recursive: true});
  for (const name of ["d3-dsv", "htl", "isoformat"]) {
    const {version} = JSON.parse(await readFile(join(root, "node_modules", name, "package.json"), "utf8"));
    await build({
      stdin: {contents: `export * from ${JSON.stringify(name)};`, resolveDir: root},
      outfile: join(cache, `${name}@${version}`, "_esm.js"),
      bundle: true,
      format: "esm",
      minify: true
    });
  }
}

const neverLoaded = [
  "@observablehq/plot",
  "@observablehq/sample-datasets",
  "apache-arrow",
  "arquero",
  "d3",
  "echarts",
  "leaflet",
  "lodash",
  "mapbox-gl",
  "parquet-wasm",
  "react",
  "react-dom",
  "topojson-client"
];

async function copyTo(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), {recursive: true});
  await copyFile(from, to);
  // Framework writes into modules when their attachments were last touched: one time keeps builds identical.
  const touched = new Date("2000-01-01T00:00:00Z");
  await utimes(to, touched, touched);
}

async function listFiles(folder: string, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, {withFileTypes: true})) {
    if (entry.name.startsWith(".")) continue;
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (entry.isDirectory()) paths.push(...(await listFiles(join(folder, entry.name), path)));
    else paths.push(path);
  }
  return paths.sort();
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) await prepare();
