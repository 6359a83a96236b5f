// The cell editor on a small site of its own that holds a cell of each kind, built by Framework, served under a path.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {cp, mkdir, mkdtemp, rm, symlink, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, test} from "node:test";
import axe from "axe-core";
import type {Browser, Page} from "playwright-core";
import {patchFrameworkClient} from "../../scripts/framework-client.js";
import {root} from "../../scripts/paths.js";
import {serve} from "../../scripts/serve.js";
import {launch, openPage} from "./browser.js";
import {exerciseCell, findCell, readAll, type} from "./cells.js";

const config = `import {exposeCellSources} from ${JSON.stringify(join(root, "scripts", "markdown-cells.js"))};
export default {
  root: "src",
  output: "dist",
  title: "Cells",
  style: "style.css",
  globalStylesheets: [],
  search: false,
  sidebar: false,
  preserveExtension: true,
  preserveIndex: true,
  head: \`<meta http-equiv="Content-Security-Policy" content="default-src 'self' data: blob:;
  script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'">
<link rel="icon" href="data:,">
<script type="module" src="/view/cells/page.js"></script>\`,
  markdownIt: (md) => exposeCellSources(md)
};
`;

let folder: string;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;

before(async () => {
  await patchFrameworkClient(root);
  folder = await mkdtemp(join(tmpdir(), "cells-"));
  const src = join(folder, "src");
  const fixture = join(root, "test", "fixtures", "cells");
  await mkdir(join(src, "studies", "demo"), {recursive: true});
  await mkdir(join(src, "generated"));
  await mkdir(join(src, "view"));
  await mkdir(join(src, ".observablehq", "cache"), {recursive: true});
  await cp(join(fixture, "index.md"), join(src, "studies", "demo", "index.md"));
  await cp(join(fixture, "table.csv"), join(src, "studies", "demo", "table.csv"));
  for (const name of ["tools.ts", "late.ts", "some.worker.js", "rooted.txt"]) {
    await mkdir(join(src, "lib"), {recursive: true});
    await cp(join(fixture, name), join(src, "lib", name));
  }
  const style = '@import url("observablehq:default.css");\n@import "./view/cells/cells.css";\n';
  await writeFile(join(src, "style.css"), style);
  await cp(join(root, "src", "view", "cells"), join(src, "view", "cells"), {recursive: true});
  await symlink(join(root, "src", "generated", "vendor"), join(src, "generated", "vendor"));
  await symlink(join(root, "src", ".observablehq", "cache", "_npm"), join(src, ".observablehq", "cache", "_npm"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  await cp(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
  await writeFile(join(folder, "observablehq.config.ts"), config);
  await build();
  server = await serve(join(folder, "dist"), "/sub/path/");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
  if (folder) await rm(folder, {recursive: true});
});

async function build(): Promise<void> {
  const bin = join(root, "node_modules/@observablehq/framework/dist/bin/observable.js");
  const child = spawn(process.execPath, [bin, "build"], {
    cwd: folder,
    env: {...process.env, OBSERVABLE_TELEMETRY_DISABLE: "true"},
    stdio: ["ignore", "pipe", "pipe"]
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(code, 0, Buffer.concat(output).toString());
}

const published = {
  "#out-a": "a is 2",
  "#out-c": "c is 23",
  "#out-imports": "10 the default",
  "#out-expression .observablehq--string": '`c is 23 & <b>"quoted"</b>`',
  "#out-knob": "knob 4",
  "#out-displays .observablehq--block": "first 46;second 23",
  "#out-ticker": "ticker 6",
  "#out-rows": `[{"text":"SELECT * FROM t WHERE x > ? AND name = 'it''s'","values":[2]}]`,
  "#out-shown .observablehq--block": '[{"text":"SELECT ?","values":[23]}] | [{"text":"SELECT 2","values":[]}]',
  "#out-shown-rows": "1 SELECT ? 23",
  "#out-files": "a,b 1,2 root",
  "#out-late": "lazy some",
  "#out-counter": "counter 0"
};

async function open(): Promise<{page: Page; faults: string[]; context: {close(): Promise<void>}}> {
  const {page, faults} = await openPage(browser, server.origin);
  page.setDefaultTimeout(15_000);
  await page.goto(`${server.url}studies/demo/index.html`);
  await page.waitForFunction(() => document.documentElement.dataset.cells === "ready");
  await shows(page, published);
  return {page, faults, context: page.context()};
}

/** Waits until each selector's text is what is given. */
async function shows(page: Page, expected: Record<string, string>): Promise<void> {
  const selectors = Object.keys(expected);
  const read = async () => {
    const texts = await readAll(page, selectors);
    return Object.fromEntries(selectors.map((selector, i) => [selector, texts[i]]));
  };
  const end = Date.now() + 10_000;
  while (Date.now() < end && JSON.stringify(await read()) !== JSON.stringify(expected)) await page.waitForTimeout(50);
  assert.deepEqual(await read(), expected);
}

async function edit(page: Page, source: string, change: (text: string) => string) {
  const cell = await findCell(page, {source});
  if (!(await cell.locator(".cell-panel").isVisible())) await cell.locator(".cell-toggle").click();
  const content = cell.locator(".cm-content");
  await content.waitFor();
  await type(page, content, change((await cell.getAttribute("data-cell-source")) ?? ""));
  await cell.locator(".cell-run").click();
  return cell;
}

test("a page loads neither editor nor compiler until a cell is opened", async () => {
  const {page, faults, context} = await open();
  const loaded = () =>
    page.evaluate(() => performance.getEntriesByType("resource").map(({name}) => name).join("\n"));
  assert.doesNotMatch(await loaded(), /codemirror|notebook-kit|workbench/);
  await (await findCell(page, {source: "const a = 2"})).locator(".cell-toggle").click();
  await page.locator(".cm-content").waitFor();
  assert.match(await loaded(), /codemirror/);
  assert.match(await loaded(), /notebook-kit/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("every kind of cell, compiled again from its own source, gives what was published", async () => {
  const {page, faults, context} = await open();
  const count = await page.locator("[data-cell] .cell-toggle").count();
  assert.equal(count, 17);
  for (let index = 0; index < count; ++index) {
    const cell = page.locator("[data-cell]").nth(index);
    const comment = (await cell.getAttribute("data-cell-mode")) === "sql" ? "-- same" : "// same";
    await cell.locator(".cell-toggle").click();
    const content = cell.locator(".cm-content");
    await content.waitFor();
    // A comment: other text, same cell.
    const published = (await cell.getAttribute("data-cell-source")) ?? "";
    await type(page, content, `${published}\n${comment}`);
    await cell.locator(".cell-run").click();
    await page.waitForFunction((n) => document.documentElement.dataset.modified === String(n), index + 1);
    assert.equal(await cell.locator(".cell-error").textContent(), "");
    await cell.locator(".cell-close").click();
  }
  const commented = Object.fromEntries(
    Object.entries(published).map(([selector, text]) => [
      selector,
      text.replaceAll(/(it''s'|SELECT 2|SELECT \?)(?=")/g, "$1\\n-- same").replace("SELECT ? 23", "SELECT ? -- same 23")
    ])
  );
  await shows(page, commented);
  await page.locator(".cells-reset-all").click();
  await shows(page, published);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.modified), undefined);
  assert.equal(await page.locator("[data-modified]").count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test("declarations, an expression, an import, a view, a query and a file are exercised as a reader would", async () => {
  const {page, faults, context} = await open();
  await exerciseCell(page, {
    source: "const a = 2",
    edit: (text) => text.replace("a = 2", "a = 5"),
    expectChanged: [
      "#out-a",
      "#out-c",
      "#out-expression .observablehq--string",
      "#out-displays .observablehq--block",
      "#out-ticker",
      "#out-rows",
      "#out-shown-rows"
    ]
  });
  await exerciseCell(page, {
    source: "`c is ${c}",
    edit: "c * 2",
    expectChanged: ["#out-expression .observablehq--block"]
  });
  await exerciseCell(page, {
    source: "import {scale",
    edit: 'import {scale, sql} from "/lib/tools.js";\nconst factor = 7, theDefault = "mine";',
    expectChanged: ["#out-imports"]
  });
  await exerciseCell(page, {source: "const knob", edit: "const knob = view(input(9));", expectChanged: ["#out-knob"]});
  await exerciseCell(page, {source: "WHERE x >", edit: "SELECT ${b} + ${a}", expectChanged: ["#out-rows"]});
  await exerciseCell(page, {
    source: "const text",
    edit: (text) => text.replace("./table.csv", "/lib/rooted.txt"),
    expectChanged: ["#out-files"]
  });
  await exerciseCell(page, {
    source: "const {late}",
    edit:
      'const late = (await import("./../../lib/tools.js")).default;\n' +
      'const worker = import.meta.resolve("/lib/some.worker.js").toUpperCase();',
    expectChanged: ["#out-late"]
  });
  await shows(page, published);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the exercise fails for a result that does not depend on the cell, and for a cell that does not run", async () => {
  const {page, context} = await open();
  const exercise = {source: "const knob", edit: "const knob = view(input(9));", timeout: 1500};
  await assert.rejects(exerciseCell(page, {...exercise, expectChanged: ["#out-knob", "#out-c"]}), /change with the edit/);
  await page.reload();
  await shows(page, published);
  const refused = exerciseCell(page, {...exercise, edit: "const knob = ;", expectChanged: ["#out-knob"]});
  await assert.rejects(refused, /the cell says "Not run: Unexpected token/);
  await context.close();
});

test("an expression may become a program and a program an expression", async () => {
  const {page, faults, context} = await open();
  await edit(page, "const c = ", () => "const c = (await Promise.resolve(a)) + 0.5;");
  await shows(page, {
    ...published,
    "#out-c": "c is 2.5",
    "#out-expression .observablehq--string": '`c is 2.5 & <b>"quoted"</b>`',
    "#out-displays .observablehq--block": "first 5;second 2.5",
    "#out-shown .observablehq--block": published["#out-shown .observablehq--block"].replace("23", "2.5"),
    "#out-shown-rows": "1 SELECT ? 2.5"
  });
  await edit(page, "`c is", () => "display(1); display(c);");
  await shows(page, {"#out-expression .observablehq--block": "12.5"});
  await edit(page, "`c is", () => "(() => { throw new Error('not now'); }) && c");
  await shows(page, {"#out-expression .observablehq--block": "2.5"});
  await page.locator(".cells-reset-all").click();
  await shows(page, published);
  assert.deepEqual(faults, []);
  await context.close();
});

test("what cannot run is refused at the cell, and nothing else changes", async () => {
  const {page, faults, context} = await open();
  const refusals: [source: string, text: string, message: RegExp][] = [
    ["const c = ", "const c = ;", /^Not run: Unexpected token \(line 1, column 11\)/],
    [
      "const c = ",
      'const c = (await import("npm:d3")).max([1]);',
      /does not carry the module "npm:d3"; it carries \/lib\/late\.js.*\(line 1, column 25\)/
    ],
    ["const c = ", "const c = 1, knob = 2;", /knob is already defined by cell 5: knob/],
    ["const c = ", "const c = Plot.plot();", /does not carry the library Plot/],
    ["const c = ", "export const c = 1;", /Unexpected token 'export'/],
    ["WHERE x >", "SELECT ${a", /line 1/]
  ];
  for (const [source, text, message] of refusals) {
    const cell = await edit(page, source, () => text);
    const error = cell.locator(".cell-error");
    await error.waitFor();
    assert.equal(await error.getAttribute("role"), "alert");
    assert.match((await error.textContent()) ?? "", message);
    await shows(page, published);
    assert.equal(await page.locator("[data-modified]").count(), 0);
    await cell.locator(".cell-reset").click();
    await error.waitFor({state: "hidden"});
    await cell.locator(".cell-close").click();
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test("a failure while it runs stands at the cell and ends with the reset or the next edit", async () => {
  const {page, context} = await open();
  const failing: [text: string, message: RegExp][] = [
    ["const c = null.x;", /TypeError: Cannot read properties of null/],
    ["const c = absent + 1;", /absent is not defined/],
    ["const c = await FileAttachment('absent.csv').text();", /File not found: \.\/absent\.csv/],
    ['import {nothing} from "../../lib/tools.js";\nconst c = nothing;', /export 'nothing' not found/]
  ];
  for (const [text, message] of failing) {
    const cell = await edit(page, "const c = ", () => text);
    const error = cell.locator(".cell-error");
    // The alert of the run before stands until this run ends.
    await error.filter({hasText: message}).waitFor();
    const said = (await error.textContent()) ?? "";
    assert.match(said, message);
    assert.match(said, /^The modified cell failed: .* Reset brings the published one back\.$/s);
    assert.ok(await cell.evaluate((node) => node.hasAttribute("data-modified")));
    // What does not depend on it goes on.
    await shows(page, {"#out-a": "a is 2", "#out-knob": "knob 4", "#out-ticker": "ticker 6"});
  }
  const cell = await edit(page, "const c = ", () => "const c = 1;");
  await shows(page, {"#out-c": "c is 1"});
  assert.equal(await cell.locator(".cell-error").isVisible(), false);
  await edit(page, "const c = ", () => "const c = null.x;");
  await cell.locator(".cell-error").waitFor();
  await cell.locator(".cell-reset").click();
  await shows(page, published);
  assert.equal(await cell.locator(".cell-error").isVisible(), false);
  assert.equal(await page.locator(".observablehq--error").count(), 0);
  await context.close();
});

test("two cells that come to need each other fail where they stand, and a reset ends it", async () => {
  const {page, context} = await open();
  const cell = await edit(page, "const a = 2", () => "const a = c; const b = 1; const twice = (x) => x;");
  await cell.locator(".cell-error").waitFor();
  assert.match((await cell.locator(".cell-error").textContent()) ?? "", /circular/);
  await shows(page, {"#out-knob": "knob 4", "#out-imports": "10 the default"});
  await cell.locator(".cell-reset").click();
  await shows(page, published);
  await context.close();
});

test("a name that a cell drops is told, and comes back with the reset", async () => {
  const {page, context} = await open();
  const cell = await edit(page, "const a = 2", () => "const a = 2; const b = 3;");
  await cell.locator(".cell-notice").waitFor();
  const said = await cell.locator(".cell-notice").textContent();
  assert.equal(said, "This cell no longer defines twice, which the page uses.");
  await cell.locator(".cell-reset").click();
  await shows(page, published);
  assert.equal(await cell.locator(".cell-notice").isVisible(), false);
  await context.close();
});

test("edits are gone when the page is loaded again, and the published text run again is no modification", async () => {
  const {page, faults, context} = await open();
  await edit(page, "const a = 2", (text) => text.replace("a = 2", "a = 4"));
  await shows(page, {"#out-a": "a is 4", "#out-c": "c is 45", "#out-ticker": "ticker 12"});
  assert.match((await page.locator(".cells-note p").textContent()) ?? "", /^1 cell is modified:/);
  await edit(page, "const knob", () => "const knob = view(input(1));");
  await shows(page, {"#out-knob": "knob 1"});
  assert.match((await page.locator(".cells-note p").textContent()) ?? "", /^2 cells are modified:/);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.modified), "2");
  await edit(page, "const knob", (text) => text);
  await shows(page, {"#out-knob": "knob 4"});
  assert.equal(await page.evaluate(() => document.documentElement.dataset.modified), "1");
  await page.reload();
  await shows(page, published);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.modified), undefined);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the keyboard reaches, uses and leaves the editor; Tab indents and does not trap", async () => {
  const {page, context} = await open();
  const cell = await findCell(page, {source: "const c = "});
  const toggle = cell.locator(".cell-toggle");
  assert.equal(await toggle.getAttribute("aria-label"), "Source of cell 3: c");
  assert.equal(await toggle.getAttribute("aria-expanded"), "false");
  await toggle.focus();
  await page.keyboard.press("Enter");
  const content = cell.locator(".cm-content");
  await content.waitFor();
  await page.waitForFunction(() => document.activeElement?.classList.contains("cm-content"));
  assert.match((await content.getAttribute("aria-label")) ?? "", /^Source of cell 3/);
  const hint = await cell.locator(`#${await content.getAttribute("aria-describedby")}`).textContent();
  assert.match(hint ?? "", /Escape, then Tab, moves on/);
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Tab");
  assert.equal(await content.locator(".cm-line").first().textContent(), "  const c = scale(a) + b;");
  await page.keyboard.press("Escape");
  assert.equal(await toggle.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("Tab");
  const next = () => document.activeElement?.closest("[data-cell]")?.getAttribute("data-cell-source")?.slice(0, 5);
  assert.equal(await page.evaluate(next), "`c is");
  // What was typed waits for the reader's return.
  await toggle.click();
  assert.equal(await content.locator(".cm-line").first().textContent(), "  const c = scale(a) + b;");
  await context.close();
});

for (const [colorScheme, width] of [["light", 1280], ["dark", 380]] as const) {
  test(`axe passes and nothing overflows with cells open, modified and refused (${colorScheme}, ${width} px)`, async () => {
    const {page} = await openPage(browser, server.origin, {colorScheme, viewport: {width, height: 800}});
    await page.goto(`${server.url}studies/demo/index.html`);
    await shows(page, published);
    await edit(page, "const a = 2", (text) => `${text}\n// ${"a long comment ".repeat(20)}${"x".repeat(200)}`);
    await edit(page, "const c = ", () => "const c = ;");
    await edit(page, "WHERE x >", () => "SELECT 5");
    await page.locator(".cell-error:visible").waitFor();
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      // The rest of Framework's bare page is the site's matter.
      const include = [...document.querySelectorAll(".cell-bar, .cell-panel, .cell-error, .cell-notice, .cells-note")];
      const result = await (window as any).axe.run({include}, {rules: {"target-size": {enabled: true}}});
      return {
        violations: result.violations.map(({id, nodes}: any) => [id, ...nodes.map((node: any) => node.failureSummary)]),
        passes: result.passes.length
      };
    });
    assert.deepEqual(found.violations, []);
    assert.ok(found.passes > 10);
    const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    assert.equal(await page.evaluate(overflow), 0);
    await page.context().close();
  });
}
