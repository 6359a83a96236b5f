import assert from "node:assert/strict";
import {existsSync, readdirSync, readFileSync} from "node:fs";
import {extname, join, relative} from "node:path";
import {test} from "node:test";
import {init, parse} from "es-module-lexer";
import {root} from "../../scripts/paths.js";

const dist = join(root, "dist");
const files = readdirSync(dist, {recursive: true, encoding: "utf8"});
const pages = files.filter((file) => extname(file) === ".html");

test("the site has its pages", () => {
  for (const page of [
    "index.html",
    "studies/repeatability/index.html",
    "studies/agreement/index.html",
    "studies/f1-surface/index.html",
    "tools/fit-your-own-data.html"
  ]) {
    assert.ok(pages.includes(page), page);
  }
});

test("no module imports by a bare name or from another origin", async () => {
  await init;
  const modules = files.filter((file) => extname(file) === ".js").map((file) => [file, read(file)]);
  for (const page of pages) {
    for (const [, script] of read(page).matchAll(/<script type="module">([\s\S]*?)<\/script>/g)) modules.push([page, script]);
  }
  assert.ok(modules.length > 20);
  for (const [file, source] of modules) {
    if (/duckdb-browser-eh\.worker/.test(file)) continue; // a classic worker script
    for (const {n: name} of parse(source)[0]) {
      if (name === undefined) continue; // computed, or import.meta
      assert.match(name, /^(\.{0,2}\/|data:|blob:)/, `${file} imports ${name}`);
    }
  }
});

test("no page has an error in it or loads from another origin", () => {
  for (const page of pages) {
    const html = read(page);
    assert.doesNotMatch(html, /observablehq--error/, page);
    assert.doesNotMatch(html, /(src|<link[^>]*href)="https?:/, page);
    assert.match(html, /<html lang="en">/, page);
  }
});

test("every link and asset of every page exists, with its extension", () => {
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/(?:href|src)="([^"#?]+)[^"]*"/g)) {
      if (/^\w+:/.test(target)) continue;
      const path = join(dist, page, "..", decodeURIComponent(target));
      assert.ok(existsSync(path), `${page} points to ${target} (${relative(dist, path)})`);
    }
  }
});

function read(file: string): string {
  return readFileSync(join(dist, file), "utf8");
}
