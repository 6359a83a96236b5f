import assert from "node:assert/strict";
import {test} from "node:test";
import * as kit from "../../../src/generated/vendor/notebook-kit.js";
import {CellError, compileCell, type CellKind} from "../../../src/view/cells/compile.js";
import {collectModules, findSpecifiers, moduleKey, relativeToPage} from "../../../src/view/cells/modules.js";
import {buildPage, type BuiltCell} from "./page.js";

const path = "/studies/demo/index";
const {cells} = await buildPage(path);
const modules = collectModules(
  kit.parseJavaScript,
  cells.filter((cell) => cell.attributes.cellMode === "js").map(({source, text}) => ({source, page: path, body: text}))
);

function kindOf({attributes}: BuiltCell): CellKind {
  return {
    mode: attributes.cellMode as "js" | "sql",
    page: path,
    name: attributes.cellName,
    display: attributes.cellDisplay !== undefined
  };
}

const js: CellKind = {mode: "js", page: path};

test("the page's own imports give the map of its modules", () => {
  assert.deepEqual(Object.fromEntries(modules), {
    "/lib/tools.js": "../../_import/lib/tools.0123abcd.js",
    "/lib/late.js": "../../_import/lib/late.0123abcd.js",
    "/lib/some.worker.js": "../../_import/lib/some.worker.0123abcd.js"
  });
});

test("every published cell compiles to the inputs and outputs that Framework gives it", () => {
  assert.equal(cells.length, 17);
  for (const cell of cells) {
    const {inputs, outputs, autodisplay} = compileCell(kit, cell.source, kindOf(cell), modules);
    assert.deepEqual(new Set(autodisplay ? [...inputs, "display"] : inputs), new Set(cell.inputs), cell.source);
    assert.deepEqual(outputs, cell.outputs, cell.source);
  }
});

test("bodies without imports give what Framework's bodies give, and display the same", async () => {
  const values: Record<string, unknown> = {
    a: 2,
    c: 23,
    scale: (x: number) => x * 10,
    b: 3,
    twice: (x: number) => 2 * x,
    sql: async (strings: TemplateStringsArray, ...given: unknown[]) => [{text: strings.join("?").trim(), given}],
    Inputs: {table: (rows: unknown) => ({table: rows})},
    FileAttachment: (name: string) => ({text: async () => name}),
    document: {createTextNode: (text: string) => text}
  };
  let compared = 0;
  for (const cell of cells.filter(({source}) => !/import|Mutable|view\(/.test(source))) {
    const {inputs, body, autodisplay} = compileCell(kit, cell.source, kindOf(cell), modules);
    const evaluate = async (run: (...given: unknown[]) => unknown, names: string[], shows: boolean) => {
      const shown: unknown[] = [];
      const given = {...values, display: (value: unknown) => (shown.push(value), value)} as Record<string, unknown>;
      const document = globalThis.document;
      (globalThis as any).document = values.document;
      try {
        const result = (await run(...names.map((name) => given[name]))) as Record<string, unknown> | undefined;
        if (shows) shown.push(result);
        const named = shows ? [] : Object.entries(result ?? {});
        const outputs = Object.fromEntries(named.map(([name, value]) => [name, plain(value)]));
        return {shown, outputs};
      } finally {
        (globalThis as any).document = document;
      }
    };
    const made = new Function(`return (${body})`)() as (...given: unknown[]) => unknown;
    const expected = await evaluate(cell.body, cell.inputs, false);
    assert.deepEqual(await evaluate(made, inputs, autodisplay), expected, cell.source);
    ++compared;
  }
  assert.equal(compared, 13);
});

/** Functions by what they are called, generators by what they yield. */
function plain(value: unknown): unknown {
  if (typeof value === "function") return value.name;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Symbol.iterator in value ? [...(value as Iterable<unknown>)] : Object.keys(value);
}

test("specifiers are found as declared, then as they stand; computed ones are left to run", () => {
  const source =
    'const x = await import("./b.js"); import {c} from "npm:c"; import(x.y); import(`./d.js`); import "./a.js";';
  const {imports} = findSpecifiers(kit.parseJavaScript, source);
  assert.deepEqual(imports.map(({value}) => value), ["npm:c", "./a.js", "./b.js", "./d.js"]);
  for (const {value, start, end} of imports) assert.equal(source.slice(start + 1, end - 1), value);
});

test("an edited cell reaches the page's modules under any spelling of their path", () => {
  const carried = new Map([["/lib/tools.js", "https://host/sub/_import/lib/tools.js"]]);
  for (const specifier of ["../../lib/tools.js", "/lib/tools.js", "./../../studies/../lib/tools.js"]) {
    assert.equal(moduleKey(path, specifier), "/lib/tools.js");
    const {body, outputs} = compileCell(kit, `import {scale} from "${specifier}";\nconst d = scale(1);`, js, carried);
    assert.match(body, /import\("https:\/\/host\/sub\/_import\/lib\/tools\.js"\)/);
    assert.deepEqual(outputs, ["scale", "d"]);
  }
});

test("a module that the page does not carry is an error that says where, and what is carried", () => {
  for (const specifier of ["npm:d3", "./elsewhere.js", "https://example.org/x.js"]) {
    assert.throws(
      () => compileCell(kit, `const one = 1;\nconst x = await import("${specifier}");`, js, modules),
      (error) =>
        error instanceof CellError &&
        error.line === 2 &&
        error.column === 24 &&
        error.message.includes(JSON.stringify(specifier)) &&
        error.message.includes("/lib/tools.js")
    );
  }
});

test("syntax errors name line and column of the reader's text", () => {
  const fault = (source: string, kind: CellKind) => {
    try {
      compileCell(kit, source, kind, modules);
    } catch (error) {
      if (error instanceof CellError) return [error.line, error.column];
    }
    return null;
  };
  assert.deepEqual(fault("const a = 1;\nconst b = ;", js), [2, 11]);
  assert.deepEqual(fault("let a = 1\nlet a = 2", js), [2, 5]);
  assert.deepEqual(fault("SELECT 1\nWHERE ${(}", {mode: "sql", page: path}), [2, 10]);
  assert.deepEqual(fault("  ", {mode: "sql", page: path}), [undefined, undefined]);
  assert.deepEqual(fault("const Math = 1", js), [1, 7]);
  assert.equal(fault("const fine = 1", js), null);
});

test("files are reached from the page, wherever the site is hosted", () => {
  assert.equal(relativeToPage(path, "./table.csv"), "./table.csv");
  assert.equal(relativeToPage(path, "table.csv"), "./table.csv");
  assert.equal(relativeToPage(path, "/data/x.csv"), "../../data/x.csv");
  assert.equal(relativeToPage(path, "/studies/y.csv"), "../y.csv");
  assert.equal(relativeToPage("/index", "/data/x.csv"), "./data/x.csv");
  const {body} = compileCell(kit, 'FileAttachment("/data/x.csv").text()', js, modules);
  assert.match(body, /FileAttachment\("\.\.\/\.\.\/data\/x\.csv"\)/);
});
