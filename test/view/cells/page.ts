// A page of the fixture as Framework itself parses and transpiles it: what the editor's own compiler is held against.
import {readFile} from "node:fs/promises";
import type MarkdownIt from "markdown-it";
import {exposeCellSources} from "../../../scripts/markdown-cells.js";

export interface BuiltPage {
  html: string;
  cells: BuiltCell[];
}

export interface BuiltCell {
  id: string;
  attributes: Record<string, string>;
  source: string;
  inputs: string[];
  outputs: string[];
  body: (...values: unknown[]) => unknown;
  /** The body's text. */
  text: string;
}

/** Module URLs look as a build leaves them. */
export function resolveImport(specifier: string): string {
  return specifier.replace(/^(?:\.\.\/\.\.)?\/lib\/(.*)\.js$/, "../../_import/lib/$1.0123abcd.js");
}

export async function buildPage(path: string): Promise<BuiltPage> {
  const dist = new URL("../../../node_modules/@observablehq/framework/dist/", import.meta.url);
  const {createMarkdownIt, parseMarkdown} = await import(new URL("markdown.js", dist).href);
  const {transpileJavaScript} = await import(new URL("javascript/transpile.js", dist).href);
  const {JSDOM} = await import("jsdom" as string);
  const md = createMarkdownIt({markdownIt: (made: MarkdownIt) => exposeCellSources(made)});
  const input = await readFile(new URL("../../fixtures/cells/index.md", import.meta.url), "utf8");
  const page = parseMarkdown(input, {md, path});
  const wrappers = new Map<string, HTMLElement>();
  for (const wrapper of new JSDOM(page.body).window.document.querySelectorAll("[data-cell]")) {
    wrappers.set(wrapper.dataset.cell, wrapper);
  }
  const cells: BuiltCell[] = [];
  for (const {id, node, mode} of page.code) {
    const wrapper = wrappers.get(id);
    if (!wrapper) continue;
    const program: string = transpileJavaScript(node, {id, path, mode, resolveImport, resolveFile: resolveImport});
    let made: any;
    new Function("define", program)((cell: any) => (made = cell));
    cells.push({
      id,
      attributes: {...wrapper.dataset} as Record<string, string>,
      source: wrapper.dataset.cellSource ?? "",
      inputs: made.inputs ?? [],
      outputs: made.outputs ?? [],
      body: made.body,
      text: String(made.body)
    });
  }
  return {html: page.body, cells};
}
