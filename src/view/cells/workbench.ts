// Runs edited cells in the page's own runtime, and brings published ones back. Loaded when the first cell is opened.
import {definitions, findRoots, redefine, undefine, type Definition} from "observablehq:client";
import {CellError, compileCell, type CellKind, type CompiledCell, type Kit} from "./compile.js";
import {createEditor, type Editor} from "./editor.js";
import type {Frame} from "./frame.js";
import {collectModules} from "./modules.js";

/** A cell of the page that can be edited. */
export interface Cell {
  id: string;
  kind: CellKind;
  /** The text as published. */
  source: string;
  frame: Frame;
  editor?: Editor;
  /** The editor on its way. */
  opening?: Promise<void>;
  /** What runs instead of the published definition, and its text. */
  edited?: {definition: Definition; source: string};
  /** Counts runs and resets, so that one overtaken while it compiled is dropped. */
  turn: number;
  /** What the alert at the cell is about. */
  fault?: "not-run" | "failed";
}

export interface Page {
  cells: ReadonlyMap<string, Cell>;
  /** Called when a cell became modified, or is no longer. */
  changed(): void;
}

let kit: Promise<Kit> | undefined;

/** Shows a cell's source in an editor, focused. */
export async function open(cell: Cell, page: Page): Promise<void> {
  const {frame} = cell;
  frame.setOpen(true);
  try {
    await (cell.opening ??= load(cell, page));
  } catch (error) {
    delete cell.opening;
    frame.host.textContent = cell.edited?.source ?? cell.source;
    frame.setError(`The editor could not be loaded: ${messageOf(error)}`);
    return;
  }
  if (!frame.panel.hidden) cell.editor?.focus();
}

async function load(cell: Cell, page: Page): Promise<void> {
  const {frame} = cell;
  frame.host.textContent = "Loading the editor…";
  const parent = document.createElement("div");
  const [editor] = await Promise.all([makeEditor(cell, parent, page), loadKit()]);
  frame.host.replaceChildren(parent);
  frame.setError(null);
  cell.editor = editor;
  frame.run.addEventListener("click", () => void run(cell, page));
  frame.reset.addEventListener("click", () => {
    reset(cell, page);
    editor.focus();
  });
  watchFailures(cell);
}

function makeEditor(cell: Cell, parent: HTMLElement, page: Page): Promise<Editor> {
  const {frame} = cell;
  return createEditor({
    parent,
    text: cell.edited?.source ?? cell.source,
    language: cell.kind.mode,
    label: frame.toggle.getAttribute("aria-label") ?? "Source",
    describedBy: frame.hint.id,
    onRun: () => void run(cell, page),
    onChange: () => {
      frame.reset.disabled = !cell.edited && cell.editor?.text() === cell.source;
    }
  });
}

/** Runs what the editor holds; a text that cannot run leaves everything as it was and says why. */
export async function run(cell: Cell, page: Page): Promise<void> {
  const {editor, frame} = cell;
  if (!editor) return;
  const source = editor.text();
  if (source.trimEnd() === cell.source.trimEnd()) return restore(cell, page);
  const turn = ++cell.turn;
  editor.markLine(null);
  try {
    const definition = await define(cell, source, page);
    if (turn !== cell.turn) return;
    clearFault(cell);
    frame.setNotice(missing(cell, definition, page));
    cell.edited = {definition, source};
    frame.setModified(true);
    replace(cell, definition);
    page.changed();
  } catch (error) {
    if (turn !== cell.turn) return;
    const {line, column} = error instanceof CellError ? error : {line: undefined, column: undefined};
    if (line !== undefined) editor.markLine(line, column);
    const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
    cell.fault = "not-run";
    frame.setError(`Not run: ${messageOf(error)}${place}. What the cell last gave still stands.`);
  }
}

/** Brings back the published text and definition. */
export function reset(cell: Cell, page: Page): void {
  cell.editor?.setText(cell.source);
  restore(cell, page);
}

function restore(cell: Cell, page: Page): void {
  const definition = definitions.get(cell.id);
  if (!definition) throw new Error(`the page defines no cell ${cell.id}`);
  ++cell.turn;
  clearFault(cell);
  cell.editor?.markLine(null);
  cell.frame.setNotice(null);
  delete cell.edited;
  cell.frame.setModified(false);
  replace(cell, definition);
  page.changed();
}

/** Both in one step, so that the runtime sees no moment in which the cell is missing. */
function replace(cell: Cell, definition: Definition): void {
  const {block} = cell.frame;
  // The page must not jump under the reader between the old display and the new.
  block.style.minHeight = `${block.offsetHeight}px`;
  undefine(cell.id);
  redefine(definition);
  const settled = new MutationObserver(() => release());
  const timer = setTimeout(() => release(), 2000);
  const release = (): void => {
    clearTimeout(timer);
    settled.disconnect();
    block.style.minHeight = "";
  };
  settled.observe(block, {childList: true});
}

async function define(cell: Cell, source: string, page: Page): Promise<Definition> {
  const {id, kind} = cell;
  const loaded = await loadKit();
  const compiled = compileCell(loaded, source, kind, findModules(loaded, page));
  for (const name of compiled.outputs) {
    const other = definedElsewhere(cell, page).get(name);
    if (other) throw new CellError(`${name} is already defined by ${other}`);
  }
  for (const name of compiled.inputs) {
    if (libraries.has(name) && !isKnown(name, cell, compiled, page)) {
      throw new CellError(`The page does not carry the library ${name}`);
    }
  }
  const body = await makeFunction(compiled.body);
  if (!compiled.autodisplay) return {id, inputs: compiled.inputs, outputs: compiled.outputs, body};
  return {
    id,
    inputs: [...compiled.inputs, "display"],
    outputs: compiled.outputs,
    body: async (...values: never[]) => {
      const display = values[values.length - 1] as (value: unknown) => unknown;
      display(await body(...values.slice(0, -1)));
    }
  };
}

/** A module of its own rather than `eval`: strict as the page's cells are, and a policy can allow it (blob:). */
async function makeFunction(body: string): Promise<(...inputs: never[]) => unknown> {
  const url = URL.createObjectURL(new Blob([`export default ${body};\n`], {type: "text/javascript"}));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Absolute, since an edited cell is a module without a place of its own. */
function findModules(loaded: Kit, page: Page): Map<string, string> {
  const built = [];
  for (const {id, kind, source} of page.cells.values()) {
    const definition = definitions.get(id);
    if (definition && kind.mode === "js") built.push({source, page: kind.page, body: String(definition.body)});
  }
  const modules = collectModules(loaded.parseJavaScript, built);
  for (const [key, url] of modules) modules.set(key, new URL(url, document.baseURI).href);
  return modules;
}

/** What runs now under each id, the given cell left out. */
function* others(cell: Cell, page: Page): Iterable<[label: string, definition: Definition]> {
  // In preview, definitions of cells that the author has since changed are still there; their places are not.
  const roots = findRoots(document.body);
  for (const [id, published] of definitions) {
    if (id === cell.id || !roots.has(id)) continue;
    const other = page.cells.get(id);
    const label = other?.frame.toggle.getAttribute("aria-label")?.replace(/^Source of /, "") ?? "another cell";
    yield [label, other?.edited?.definition ?? published];
  }
}

function definedElsewhere(cell: Cell, page: Page): Map<string, string> {
  const names = new Map<string, string>();
  for (const [label, {outputs = []}] of others(cell, page)) for (const name of outputs) names.set(name, label);
  return names;
}

/** Names that the published cell defines, the edited one does not, and others use. */
function missing(cell: Cell, definition: Definition, page: Page): string | null {
  const dropped = (definitions.get(cell.id)?.outputs ?? []).filter((name) => !definition.outputs?.includes(name));
  const used = new Set([...others(cell, page)].flatMap(([, {inputs = []}]) => inputs));
  const names = dropped.filter((name) => used.has(name));
  return names.length === 0 ? null : `This cell no longer defines ${names.join(", ")}, which the page uses.`;
}

/** Whether the page defines the name itself, or one of its published cells uses Framework's library of that name. */
function isKnown(name: string, cell: Cell, compiled: CompiledCell, page: Page): boolean {
  if (compiled.outputs.includes(name) || definedElsewhere(cell, page).has(name)) return true;
  return [...definitions.values()].some(({inputs = []}) => inputs.includes(name));
}

// Framework fetches these when a cell names one; the site carries only those that its pages use.
const libraries = new Set(
  ("_ aq Arrow d3 dot duckdb DuckDBClient echarts htl html svg Inputs L mapboxgl mermaid Plot React ReactDOM sql " +
    "SQLite SQLiteDatabaseClient tex topojson vg vl " +
    "aapl alphabet cars citywages diamonds flare industries miserables olympians penguins pizza weather").split(" ")
);

/** Framework shows a failure in the cell's place; the alert says whose it is and how to get back. */
function watchFailures(cell: Cell): void {
  new MutationObserver(() => {
    if (!cell.edited || cell.fault === "not-run") return;
    const failure = cell.frame.block.querySelector(":scope > .observablehq--error");
    if (!failure) return clearFault(cell);
    cell.fault = "failed";
    cell.frame.setError(`The modified cell failed: ${failure.textContent}. Reset brings the published one back.`);
  }).observe(cell.frame.block, {childList: true});
}

function clearFault(cell: Cell): void {
  delete cell.fault;
  cell.frame.setError(null);
}

function loadKit(): Promise<Kit> {
  kit ??= import("../../generated/vendor/notebook-kit.js").catch((error) => {
    kit = undefined;
    throw error;
  });
  return kit;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
