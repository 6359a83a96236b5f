import {readdirSync, readFileSync} from "node:fs";
import {tex} from "@mdit/plugin-tex";
import temml from "temml";
import {exposeCellSources} from "./scripts/markdown-cells.js";

/** Pages of a folder under src/, titled by their first heading and ordered by the front matter's `order`. */
function pagesIn(folder: string, pathOf: (name: string) => string | null): {name: string; path: string}[] {
  return readdirSync(`src/${folder}`, {withFileTypes: true})
    .map((entry) => pathOf(entry.name))
    .filter((path) => path !== null)
    .map((path) => {
      const text = readFileSync(`src${path}.md`, "utf8");
      const name = /^title: *(.+)$/m.exec(text)?.[1] ?? /^# +(.+)$/m.exec(text)?.[1] ?? path;
      return {name, path, order: Number(/^order: *(\d+)$/m.exec(text)?.[1] ?? 1e6)};
    })
    .sort((a, b) => a.order - b.order || a.name.localeCompare(b.name))
    .map(({name, path}) => ({name, path}));
}

// The page can ask nobody else for anything, even from an edited cell.
const policy = [
  "default-src 'self' data: blob:",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'self'"
].join("; ");

export default {
  root: "src",
  output: "dist",
  title: "Measurand",
  home: "Measurand",
  style: "style.css",
  globalStylesheets: [],
  pages: [
    {name: "Studies", pages: pagesIn("studies", (name) => (name.includes(".") ? null : `/studies/${name}/index`))},
    {name: "Tools", pages: pagesIn("tools", (name) => (name.endsWith(".md") ? `/tools/${name.slice(0, -3)}` : null))},
    {name: "Learn", pages: pagesIn("learn", (name) => (name.endsWith(".md") ? `/learn/${name.slice(0, -3)}` : null))}
  ],
  pager: false,
  search: true,
  preserveIndex: true,
  preserveExtension: true,
  typographer: true,
  head: `<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<script type="module" src="/view/menu.js"></script>
<script type="module" src="/view/cells/page.js"></script>`,
  header: `<button type="button" class="m-menu" aria-controls="observablehq-sidebar">Pages</button>`,
  footer: `<p>Every number marked <span aria-hidden="true">✓</span> was recomputed in this tab from the data listed on its page.
Nothing was sent anywhere. <a href="/generated/licences.txt" download>Licences of the libraries</a>.</p>`,
  markdownIt: (md: any) =>
    exposeCellSources(md).use(tex, {
      delimiters: "brackets",
      render: (content: string, displayMode: boolean) => temml.renderToString(content, {displayMode, throwOnError: true})
    })
};
