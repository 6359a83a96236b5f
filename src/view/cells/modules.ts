// A built page names its modules by hashed URLs. What a cell's author wrote and what the build made of it stand side by
// side on the page (source and definition), so the map from one to the other is read off them, with no record to keep.
import type {parseJavaScript} from "../../generated/vendor/notebook-kit.js";

export type Parse = typeof parseJavaScript;

/** A specifier in a cell's source: `start` and `end` include the quotes. */
export interface Specifier {
  value: string;
  start: number;
  end: number;
}

/** The literal specifiers of a cell, in the order in which Framework writes them into the built body. */
export interface Specifiers {
  /** Import declarations first, then `import("...")` expressions. */
  imports: Specifier[];
  /** `import.meta.resolve("...")`. */
  resolves: Specifier[];
}

/** A cell as written and as built. */
export interface BuiltCell {
  source: string;
  /** The page's path in the site, as Framework names it ("/studies/agreement/index"). */
  page: string;
  /** Text of the function that the build made of the source. */
  body: string;
}

interface Syntax {
  type: string;
  start: number;
  end: number;
}

/** Finds the specifiers that Framework rewrites; those computed while the cell runs are left out. */
export function findSpecifiers(parse: Parse, source: string): Specifiers {
  const declared: Specifier[] = [];
  const dynamic: Specifier[] = [];
  const resolves: Specifier[] = [];
  walk(parse(source).body, (node) => {
    if (node.type === "ImportDeclaration") collect(declared, node.source);
    else if (node.type === "ImportExpression") collect(dynamic, node.source);
    else if (isImportMetaResolve(node)) collect(resolves, (node.arguments as unknown[])[0]);
  });
  return {imports: [...declared.sort(byStart), ...dynamic.sort(byStart)], resolves: resolves.sort(byStart)};
}

/**
 * The modules that a page carries: key (see `moduleKey`) -> URL as the build wrote it, relative to the page.
 * @throws Error when a built body does not hold the imports of its source one for one
 */
export function collectModules(parse: Parse, cells: Iterable<BuiltCell>): Map<string, string> {
  const modules = new Map<string, string>();
  for (const {source, page, body} of cells) {
    const written = findSpecifiers(parse, source);
    if (written.imports.length === 0 && written.resolves.length === 0) continue;
    const built = findBuilt(parse, body);
    if (built.imports.length !== written.imports.length) {
      throw new Error(`a cell imports ${written.imports.length} modules and its built body ${built.imports.length}`);
    }
    written.imports.forEach(({value}, i) => modules.set(moduleKey(page, value), built.imports[i].value));
    // A cell may hold URLs of the same shape that its author wrote: then nothing tells which are which.
    if (built.resolves.length !== written.resolves.length) continue;
    written.resolves.forEach(({value}, i) => modules.set(moduleKey(page, value), built.resolves[i].value));
  }
  return modules;
}

/** One name for a module however a page writes it: a path from the site's root, or the specifier itself. */
export function moduleKey(page: string, specifier: string): string {
  return /^\.{0,2}\//.test(specifier) ? resolveSitePath(page, specifier) : specifier;
}

/** A path as a page writes it ("./x.csv", "/data/x.csv"), from the site's root. */
export function resolveSitePath(page: string, path: string): string {
  const parts = path.startsWith("/") ? [] : page.split("/").slice(1, -1);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The same path as the page reaches it wherever the site is hosted. */
export function relativeToPage(page: string, path: string): string {
  const from = page.split("/").slice(1, -1);
  const to = resolveSitePath(page, path).split("/").slice(1);
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) ++shared;
  const up = from.length - shared;
  return (up > 0 ? "../".repeat(up) : "./") + to.slice(shared).join("/");
}

/** What Framework writes: `import("url")`, and `new URL("url", location).href` for `import.meta.resolve`. */
function findBuilt(parse: Parse, body: string): Specifiers {
  const imports: Specifier[] = [];
  const resolves: Specifier[] = [];
  walk(parse(`(${body})`).body, (node) => {
    if (node.type === "ImportExpression") collect(imports, node.source);
    else if (node.type === "MemberExpression" && isLocatedUrl(node.object)) {
      collect(resolves, (node.object.arguments as unknown[])[0]);
    }
  });
  return {imports: imports.sort(byStart), resolves: resolves.sort(byStart)};
}

function isLocatedUrl(node: unknown): node is Syntax & Record<string, unknown> {
  if (!isSyntax(node) || node.type !== "NewExpression") return false;
  const {callee, arguments: given} = node as unknown as {callee: {name?: string}; arguments: {name?: string}[]};
  return callee.name === "URL" && given.length === 2 && given[1].name === "location";
}

function isImportMetaResolve(node: Record<string, unknown>): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = node.callee as {object?: {type: string}; property?: {name?: string}};
  return callee.object?.type === "MetaProperty" && callee.property?.name === "resolve";
}

function collect(into: Specifier[], node: unknown): void {
  if (!isSyntax(node)) return;
  const {type, start, end} = node;
  if (type === "Literal" && typeof (node as {value?: unknown}).value === "string") {
    into.push({value: (node as unknown as {value: string}).value, start, end});
  } else if (type === "TemplateLiteral") {
    const {quasis} = node as unknown as {quasis: {value: {cooked: string}}[]};
    if (quasis.length === 1) into.push({value: quasis[0].value.cooked, start, end});
  }
}

function walk(node: unknown, visit: (node: Syntax & Record<string, unknown>) => void): void {
  if (Array.isArray(node)) for (const child of node) walk(child, visit);
  else if (isSyntax(node)) {
    visit(node);
    for (const child of Object.values(node)) if (typeof child === "object" && child !== null) walk(child, visit);
  }
}

function isSyntax(node: unknown): node is Syntax & Record<string, unknown> {
  return typeof node === "object" && node !== null && typeof (node as {type?: unknown}).type === "string";
}

function byStart(a: Specifier, b: Specifier): number {
  return a.start - b.start;
}
