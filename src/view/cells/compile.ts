// From the text of a cell to the function that Framework's runtime runs. Framework does this while it builds; here it
// happens in the page, and gives the same inputs and outputs for the same source.
import type {parseJavaScript, transpile, transpileTemplate} from "../../generated/vendor/notebook-kit.js";
import {findSpecifiers, moduleKey, relativeToPage} from "./modules.js";

/** The parts of notebook-kit that compiling needs. */
export interface Kit {
  parseJavaScript: typeof parseJavaScript;
  transpile: typeof transpile;
  transpileTemplate: typeof transpileTemplate;
}

/** What an editable cell is, apart from its text. */
export interface CellKind {
  mode: "js" | "sql";
  /** The page's path in the site ("/studies/agreement/index"): relative specifiers start there. */
  page: string;
  /** The variable that holds an SQL cell's rows. */
  name?: string;
  /** Whether an SQL cell shows its rows. */
  display?: boolean;
}

/** A cell ready to be made a function. */
export interface CompiledCell {
  /** Names of the body's arguments, in order. */
  inputs: string[];
  /** Names that the cell defines for others. */
  outputs: string[];
  /** Source of a function expression. */
  body: string;
  /** An expression: what the body returns is to be displayed. */
  autodisplay: boolean;
}

/** A cell that cannot run as written; `line` and `column` count from 1 in the reader's text, where they are known. */
export class CellError extends Error {
  override readonly name = "CellError";
  readonly line?: number;
  readonly column?: number;

  constructor(message: string, place: {line?: number; column?: number} = {}) {
    super(message);
    this.line = place.line;
    this.column = place.column;
  }
}

/**
 * Compiles a cell's source.
 * @param modules URL of each module that the page carries, by `moduleKey`, ready to be imported from anywhere
 * @throws CellError when the source does not parse, or imports a module that the page does not carry
 */
export function compileCell(
  kit: Kit,
  source: string,
  kind: CellKind,
  modules: ReadonlyMap<string, string>
): CompiledCell {
  try {
    const program = kind.mode === "sql" ? sqlProgram(kit, source, kind) : source;
    const linked = link(kit, program, kind.page, modules);
    const made = kit.transpile(linked, "js", {resolveLocalImports: true});
    const {body, inputs = [], outputs = [], autodisplay = false} = made;
    return {body, inputs, outputs, autodisplay};
  } catch (error) {
    if (error instanceof SyntaxError) throw located(error);
    throw error;
  }
}

/** The JavaScript that Framework makes of an SQL fence: a query by the page's own `sql`, named or shown or both. */
function sqlProgram(kit: Kit, source: string, {name, display}: CellKind): string {
  if (source.trim() === "") throw new CellError("The query is empty");
  const query = `await ${kit.transpileTemplate(source, "sql", true)}`;
  const shown = (rows: string): string => `display(Inputs.table(${rows}, {select: false}))`;
  if (name === undefined) return display ? `${shown(query)};` : `${query};`;
  return display ? `const ${name} = ((_) => (${shown("_")}, _))(${query});` : `const ${name} = ${query};`;
}

/** Names modules by the URLs they were built to, and files by the paths under which the page registered them. */
function link(kit: Kit, source: string, page: string, modules: ReadonlyMap<string, string>): string {
  const edits: {start: number; end: number; text: string}[] = [];
  const {imports, resolves} = findSpecifiers(kit.parseJavaScript, source);
  for (const {value, start, end} of [...imports, ...resolves]) {
    const url = modules.get(moduleKey(page, value));
    if (url === undefined) throw notCarried(value, modules, positionOf(source, start));
    edits.push({start, end, text: JSON.stringify(url)});
  }
  for (const call of kit.parseJavaScript(source).files) {
    const {start, end} = call.arguments[0];
    edits.push({start, end, text: JSON.stringify(relativeToPage(page, call.argument))});
  }
  let linked = source;
  for (const {start, end, text} of edits.sort((a, b) => b.start - a.start)) {
    linked = linked.slice(0, start) + text + linked.slice(end);
  }
  return linked;
}

interface Place {
  line: number;
  column: number;
}

function notCarried(value: string, modules: ReadonlyMap<string, string>, place: Place): CellError {
  const carried = [...modules.keys()].sort().join(", ") || "none";
  return new CellError(`The page does not carry the module ${JSON.stringify(value)}; it carries ${carried}`, place);
}

function located(error: SyntaxError): CellError {
  const match = /^(.*) \((\d+):(\d+)\)$/s.exec(error.message);
  if (!match) return new CellError(error.message);
  return new CellError(match[1], {line: Number(match[2]), column: Number(match[3]) + 1});
}

function positionOf(source: string, offset: number): Place {
  const lines = source.slice(0, offset).split("\n");
  return {line: lines.length, column: lines[lines.length - 1].length + 1};
}
