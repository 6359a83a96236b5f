// The layers of the design, held by a machine: who may import whom, and what the pure layers must not touch.
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {isBuiltin} from "node:module";
import {join, posix} from "node:path";
import {test} from "node:test";
import {fileURLToPath} from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Text of each file by its path from the repository's root, with forward slashes. */
type Files = ReadonlyMap<string, string>;

interface Import {
  specifier: string;
  /** Nothing of it is left when the code runs. */
  typeOnly: boolean;
}

type Layer = "domain" | "io" | "compute" | "view" | "study" | "cli" | "page";

/** What each layer may import: other layers, and the bundles of `generated/` that are its own. */
const rules: Record<Layer, {layers: Layer[]; generated: RegExp}> = {
  domain: {layers: ["domain"], generated: /^vendor\/special$/},
  io: {layers: ["io", "domain"], generated: /^vendor\/(arquero|nifti|pako|flechette|duckdb|hashes)$/},
  compute: {layers: ["compute", "domain"], generated: /^(core\/measurand_core|vendor\/hashes)$/},
  view: {layers: ["view", "domain"], generated: /^vendor\/(niivue|three|codemirror|notebook-kit|tex|arquero)$/},
  study: {layers: ["study", "domain", "io", "compute"], generated: /^vendor\/arquero$/},
  cli: {layers: ["cli", "study", "domain", "io", "compute"], generated: /^models$/},
  page: {layers: ["page", "study", "domain", "io", "compute", "view"], generated: /^(?!vendor\/vega$)/}
};

/** The one file that knows vega-embed. */
const renderer = "src/view/render.ts";
/** The one file that runs what a reader wrote, as a module of its own that no build can know. */
const cellRunner = "src/view/cells/workbench.ts";
/** Scripts that run in a worker: what they reach is checked too. */
const workers = ["src/compute/fit.worker.ts", "src/compute/fit.worker.node.ts"];

/** Every breach of the import rules, as one line each. */
function breaches(files: Files): string[] {
  const found: string[] = [];
  const imports = new Map<string, Import[]>();
  for (const [path, text] of files) {
    if (isScript(path))
      imports.set(
        path,
        parseImports(path, text, (message) => found.push(`${path}: ${message}`))
      );
    if (path.endsWith(".md")) {
      const blocks = codeBlocks(text).flatMap((code) =>
        parseImports(path, code, (message) => found.push(`${path}: ${message}`))
      );
      imports.set(path, blocks);
    }
  }
  const studies = reach(
    [...imports.keys()].filter((path) => /^src\/studies\/([^/]+\/study|[^/]+)\.ts$/.test(path)),
    imports,
    (path) => path.startsWith("src/studies/")
  );
  const layer = (path: string): Layer => layerOf(path, studies);

  for (const [path, list] of imports) {
    const from = layer(path);
    const node = path.endsWith(".node.ts") || from === "cli";
    for (const {specifier, typeOnly} of list) {
      const breach = (why: string) => found.push(`${path}: imports ${JSON.stringify(specifier)}: ${why}`);
      if (isBuiltin(specifier)) {
        if (!node) breach("Node's own modules belong to *.node.ts and src/cli");
        else if (from === "domain") breach("domain imports only domain");
        else if (!specifier.startsWith("node:")) breach("Node's own modules are named node:...");
        continue;
      }
      if (specifier.startsWith("observablehq:")) {
        if (from !== "page" && from !== "view") breach("only pages and view know Framework");
        continue;
      }
      if (!specifier.startsWith(".")) {
        if (/^[a-z]+:/.test(specifier) || specifier.startsWith("/")) breach("imports have no scheme and no root");
        else if (!node) breach("npm packages come through generated/vendor");
        continue;
      }
      if (!/\.js$/.test(specifier)) breach("relative imports end in .js");
      const target = resolve(path, specifier);
      if (!target.startsWith("src/")) {
        breach("sources import nothing from outside src");
        continue;
      }
      if (target.startsWith("src/generated/")) {
        const name = target.slice("src/generated/".length).replace(/\.js$/, "");
        // The type of a chart specification may be named anywhere in view.
        const vega = name === "vendor/vega" && (path === renderer || (from === "view" && typeOnly));
        const own = rules[from].generated.test(name) || vega;
        if (!own)
          breach(name === "vendor/vega" ? "only view/render.ts calls vega-embed" : `${from} does not own this bundle`);
        continue;
      }
      const file = existing(target, files);
      if (file === null) {
        breach("there is no such file");
        continue;
      }
      const to = layer(file);
      if (!rules[from].layers.includes(to)) breach(`${from} imports only ${rules[from].layers.join(", ")}`);
      if (from === "view" && to === "domain" && !typeOnly && !/^src\/domain\/(errors|units)\.ts$/.test(file)) {
        breach("view gets plain data: of domain it imports types, errors and units");
      }
      if (file.endsWith(".node.ts") && !node && !typeOnly) breach("only *.node.ts and src/cli import *.node.ts");
    }
  }

  const inWorkers = reach(
    workers.filter((path) => imports.has(path)),
    imports,
    () => true
  );
  for (const path of inWorkers) {
    if (!["compute", "domain"].includes(layer(path)))
      found.push(`${path}: a worker reaches it; a worker imports neither io nor view`);
  }
  for (const cycle of cycles(imports)) found.push(`${cycle.join(" -> ")}: an import cycle`);
  for (const [path, text] of files) {
    if (path.startsWith("src/domain/") && isScript(path)) found.push(...impurities(path, text));
    if (path.startsWith("wasm/src/") && path.endsWith(".rs")) found.push(...rustBreaches(path, text));
  }
  return found;
}

function isScript(path: string): boolean {
  return path.startsWith("src/") && /\.(ts|js)$/.test(path) && !path.endsWith(".d.ts");
}

/** Pages' helpers are pages, unless a study reaches them. */
function layerOf(path: string, studies: ReadonlySet<string>): Layer {
  const [, folder] = path.split("/");
  if (folder === "domain" || folder === "io" || folder === "compute" || folder === "view" || folder === "cli")
    return folder;
  return studies.has(path) ? "study" : "page";
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/** The source that a `.js` specifier stands for, or null. */
function existing(target: string, files: Files): string | null {
  for (const candidate of [target.replace(/\.js$/, ".ts"), target]) if (files.has(candidate)) return candidate;
  return null;
}

/** What the starts import, and what that imports in turn, as long as `within` says so; types apart. */
function reach(
  starts: string[],
  imports: ReadonlyMap<string, Import[]>,
  within: (path: string) => boolean
): Set<string> {
  const seen = new Set<string>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const target of targets(path, imports)) if (within(target)) open.push(target);
  }
  return seen;
}

/** The sources that a source imports when it runs. */
function targets(path: string, imports: ReadonlyMap<string, Import[]>): string[] {
  return (imports.get(path) ?? [])
    .filter(({specifier, typeOnly}) => specifier.startsWith(".") && !typeOnly)
    .map(({specifier}) => resolve(path, specifier))
    .flatMap((target) =>
      [target.replace(/\.js$/, ".ts"), target].filter((candidate) => imports.has(candidate)).slice(0, 1)
    );
}

function cycles(imports: ReadonlyMap<string, Import[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path]);
    if (at >= 0 || done.has(path)) return;
    for (const target of targets(path, imports)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

/** The blocks of a page that Framework runs as JavaScript. */
function codeBlocks(text: string): string[] {
  const blocks: string[] = [];
  for (const [, , attributes, code] of text.matchAll(/^(`{3,}|~{3,})[jt]s\b([^\n]*)\n([\s\S]*?)^\1/gm)) {
    if (!/\brun=("?)false\1/.test(attributes)) blocks.push(code);
  }
  return blocks;
}

function parseImports(path: string, text: string, report: (message: string) => void): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push({specifier: specifier.text, typeOnly});
    else if (path !== cellRunner && !path.endsWith(".node.ts") && !path.startsWith("src/cli/")) {
      report(`an import of ${specifier?.getText() ?? "nothing"}; expected a literal that Framework can resolve`);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, typesOnly(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const resolves = ts.isPropertyAccessExpression(callee) && callee.getText() === "import.meta.resolve";
      if (callee.kind === ts.SyntaxKind.ImportKeyword || resolves) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function typesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const {name, namedBindings} = clause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

/** Globals that make a function's result depend on anything but its arguments, or that only a browser or Node has. */
const impureGlobals = new Set(
  `Date performance crypto fetch setTimeout setInterval setImmediate queueMicrotask requestAnimationFrame document
  window self globalThis navigator location localStorage sessionStorage indexedDB Worker process Buffer console require
  XMLHttpRequest WebSocket`.split(/\s+/)
);

/** What domain must not touch: clock, global randomness, asynchrony, browser, Node. */
function impurities(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const local = new Set<string>();
  const collect = (node: ts.Node): void => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node);
    if (declares && node.name && ts.isIdentifier(node.name)) local.add(node.name.text);
    ts.forEachChild(node, collect);
  };
  collect(source);
  const report = (node: ts.Node, what: string) => {
    const {line} = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${path}:${line + 1}: ${what}; domain is pure`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.getText() === "Math.random") report(node, "Math.random");
    if (ts.isElementAccessExpression(node) && /^Math\[.random.\]$/.test(node.getText())) report(node, "Math.random");
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) report(node, "asynchrony");
    if (ts.isIdentifier(node) && impureGlobals.has(node.text) && !local.has(node.text) && isValue(node))
      report(node, node.text);
    if (ts.isIdentifier(node) && node.text === "Promise" && isValue(node)) report(node, "asynchrony");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether an identifier is read as a variable, not named as a property, a member or a type. */
function isValue(node: ts.Identifier): boolean {
  const {parent} = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isTypeReferenceNode(parent) || ts.isTypeElement(parent) || ts.isQualifiedName(parent)) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isLiteralTypeNode(parent)) return false;
  return !ts.isInterfaceDeclaration(parent) && !ts.isTypeAliasDeclaration(parent) && !ts.isMethodDeclaration(parent);
}

/** What Rust sources must not do: see the design's rule 6. */
function rustBreaches(path: string, text: string): string[] {
  const found: string[] = [];
  const code = stripRust(text);
  if (path !== "wasm/src/lib.rs" && /\b(wasm_bindgen|js_sys|web_sys)\b/.test(code)) {
    found.push(`${path}: only lib.rs knows wasm-bindgen`);
  }
  const paths = [
    ...usePaths(code),
    ...[...code.matchAll(/\b(?:crate|super)(?:\s*::\s*\w+)+/g)].map(([match]) => match.replace(/\s/g, ""))
  ];
  if (/^wasm\/src\/models(\/|\.rs)/.test(path) && paths.some((used) => /^(crate|super(::super)*)::fit\b/.test(used))) {
    found.push(`${path}: models never import fit`);
  }
  const impure =
    /\b(SystemTime|Instant|thread_rng|from_os_rng|from_entropy|OsRng|getrandom|static\s+mut|thread_local|rand::random)\b/;
  const match = impure.exec(code);
  if (match !== null) found.push(`${path}: ${match[0]}; the core has no clock, no global seed and no global state`);
  return found;
}

/** Rust without comments and the contents of its strings. */
function stripRust(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"/g, (match) =>
    match.startsWith("/") ? " " : '""'
  );
}

/** The paths that `use` declarations name, with their braces written out. */
function usePaths(code: string): string[] {
  return [...code.matchAll(/\buse\s+([^;]+);/g)].flatMap(([, tree]) => expand(tree.replace(/\s+as\s+\w+|\s+/g, "")));
}

function expand(tree: string): string[] {
  const open = tree.indexOf("{");
  if (open < 0) return [tree];
  let depth = 0;
  let start = open + 1;
  const parts: string[] = [];
  for (let i = open; i < tree.length; i++) {
    if (tree[i] === "{") depth++;
    else if (tree[i] === "}") depth--;
    if ((tree[i] === "," && depth === 1) || depth === 0) {
      parts.push(tree.slice(start, i));
      start = i + 1;
    }
    if (depth === 0) break;
  }
  return parts.filter(Boolean).flatMap((part) => expand(part).map((rest) => tree.slice(0, open) + rest));
}

function readSources(): Files {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), {withFileTypes: true})) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!["src/generated", "src/.observablehq"].includes(path)) walk(path);
      } else if (/\.(ts|js|md|rs)$/.test(entry.name)) files.set(path, readFileSync(join(root, path), "utf8"));
    }
  };
  walk("src");
  walk("wasm/src");
  return files;
}

test("every import keeps the design's rules", () => {
  const files = readSources();
  assert.ok([...files.keys()].filter((path) => path.startsWith("src/compute/")).length > 5, "the sources were found");
  assert.deepEqual(breaches(files), []);
});

const clean: [string, string][] = [
  ["src/domain/errors.ts", "export class InputError extends Error {}"],
  ["src/domain/a.ts", 'import {gamma} from "../generated/vendor/special.js"; import {InputError} from "./errors.js";'],
  [
    "src/io/nifti.ts",
    'import {inflate} from "../generated/vendor/pako.js"; import {InputError} from "../domain/errors.js";'
  ],
  ["src/io/folder.node.ts", 'import {readFile} from "node:fs/promises"; import {readNifti} from "./nifti.js";'],
  ["src/compute/core.ts", 'import * as glue from "../generated/core/measurand_core.js";'],
  ["src/compute/fit.worker.ts", 'import {x} from "./core.js";'],
  ["src/view/render.ts", 'import embed from "../generated/vendor/vega.js"; import type {A} from "../domain/a.js";'],
  ["src/studies/contract.ts", 'import type {Pool} from "../compute/core.js";'],
  ["src/studies/one/study.ts", 'import type {S} from "../contract.js"; import {readNifti} from "../../io/nifti.js";'],
  ["src/studies/one/figures.ts", 'import {render} from "../../view/render.js"; import {study} from "./study.js";'],
  [
    "src/cli/main.ts",
    'import {parseArgs} from "node:util"; import {x} from "../io/folder.node.js"; const m = import(name);'
  ],
  [
    "src/index.md",
    '# Hi\n\n```js\nimport {render} from "./view/render.js";\nimport {define} from "observablehq:client";\n```\n'
  ],
  ["wasm/src/lib.rs", "use wasm_bindgen::prelude::*;"],
  ["wasm/src/models/mono.rs", "// crate::fit says so\nuse crate::{error::Error, lane};"]
];

test("the checker lets good sources pass", () => assert.deepEqual(breaches(new Map(clean)), []));

const bad: [string, string, RegExp][] = [
  ["src/domain/b.ts", 'import {x} from "../io/nifti.js";', /domain imports only domain/],
  ["src/domain/b.ts", 'import type {X} from "../compute/core.js";', /domain imports only domain/],
  ["src/domain/b.ts", 'export * from "../generated/vendor/pako.js";', /does not own/],
  ["src/domain/b.ts", 'import {readFileSync} from "node:fs";', /Node's own/],
  ["src/domain/b.ts", "export const now = () => Date.now();", /b\.ts:1: Date/],
  ["src/domain/b.ts", "export const now = new Date();", /Date; domain is pure/],
  ["src/domain/b.ts", "\nexport const r = Math.random();", /b\.ts:2: Math\.random/],
  ["src/domain/b.ts", "export async function f() {}", /asynchrony/],
  ["src/domain/b.ts", "export const f = () => Promise.resolve(1);", /asynchrony/],
  ["src/domain/b.ts", "export const w = document.body;", /document/],
  ["src/io/b.ts", 'import {createPool} from "../compute/core.js";', /io imports only/],
  ["src/io/b.ts", 'import "node:fs";', /Node's own/],
  ["src/io/b.ts", 'import fs from "fs";', /Node's own/],
  ["src/io/b.ts", 'import {table} from "arquero";', /generated\/vendor/],
  ["src/io/b.ts", 'import {table} from "npm:arquero";', /no scheme/],
  ["src/io/b.ts", 'const x = await import("https://example.org/x.js");', /no scheme/],
  ["src/io/b.ts", 'import {x} from "./folder.node.js";', /only \*\.node\.ts/],
  ["src/io/b.ts", 'import {x} from "./nifti";', /end in \.js/],
  ["src/io/b.ts", 'import {x} from "./nowhere.js";', /no such file/],
  ["src/io/b.ts", 'import {x} from "../../test/x.js";', /outside src/],
  ["src/io/b.ts", "const x = import(name);", /literal/],
  ["src/compute/b.ts", 'import {readNifti} from "../io/nifti.js";', /compute imports only/],
  ["src/compute/b.ts", 'import {FileAttachment} from "observablehq:stdlib";', /only pages and view/],
  ["src/compute/b.ts", 'new Worker(import.meta.resolve("../io/nifti.js"));', /compute imports only/],
  ["src/compute/fit.worker.ts", 'import {x} from "../io/nifti.js";', /a worker reaches it/],
  ["src/compute/core.ts", 'import {x} from "./fit.worker.js";', /import cycle/],
  ["src/view/b.ts", 'import embed from "../generated/vendor/vega.js";', /only view\/render\.ts/],
  ["src/view/b.ts", 'import {mean} from "../domain/a.js";', /plain data/],
  ["src/view/b.ts", 'import {readNifti} from "../io/nifti.js";', /view imports only/],
  ["src/studies/one/study.ts", 'import {render} from "../../view/render.js";', /study imports only/],
  ["src/studies/one/study.ts", 'import {x} from "./figures.js";', /study imports only/],
  ["src/cli/b.ts", 'import {render} from "../view/render.js";', /cli imports only/],
  ["src/other.md", '```js\nimport * as d3 from "d3";\n```', /generated\/vendor/],
  ["src/other.md", '```js echo\nimport embed from "./generated/vendor/vega.js";\n```', /only view\/render\.ts/],
  ["wasm/src/fit/b.rs", "use wasm_bindgen::JsValue;", /only lib\.rs/],
  ["wasm/src/models/b.rs", "use crate::{error::Error, fit::{ols, nlls}};", /models never import fit/],
  ["wasm/src/models/b.rs", "fn f() { crate::fit::ols(); }", /models never import fit/],
  ["wasm/src/models/b.rs", "use super::super::fit;", /models never import fit/],
  ["wasm/src/fit/b.rs", "let t = std::time::Instant::now();", /no clock/]
];

for (const [path, text, expected] of bad) {
  test(`the checker finds ${text.replace(/\s+/g, " ")} in ${path}`, () => {
    const found = breaches(new Map([...clean, [path, text]]));
    assert.ok(
      found.some((line) => expected.test(line)),
      `expected ${expected}; found ${JSON.stringify(found)}`
    );
  });
}
