// What the pages share: data that travel with the site, workers, tables, and the state that a reader and a test can see.
import {FileAttachment} from "observablehq:stdlib";
import {createPool, type Pool, type RunOptions} from "./compute/pool.js";
import {defaultSize, loadModule, spawn} from "./compute/spawn.browser.js";
import {checkClaim, type Claim, type ClaimCheck} from "./domain/claims.js";
import {openDatabase, type Database} from "./io/database.js";
import {openBrowserBackend} from "./io/duckdb.browser.js";
import {folderOf, readText, type Folder} from "./io/folder.js";
import {readManifest, verifyManifest} from "./io/manifest.js";
import {claimMark, claimsTable, claimValue, dataTable, type ClaimMark, type DataFile} from "./view/claim.js";
import {progress} from "./view/inputs/progress.js";

type Attachments = Parameters<typeof folderOf>[1];

/** A data set of the site as a folder; each file is fetched once, however many cells read it. */
export function dataset(name: string, files: Attachments): Folder {
  const folder = folderOf(name, files);
  const read = new Map<string, Promise<Uint8Array>>();
  return {
    ...folder,
    read(path) {
      let bytes = read.get(path);
      if (bytes === undefined) read.set(path, (bytes = folder.read(path)));
      return bytes;
    }
  };
}

let core: Promise<WebAssembly.Module> | undefined;
let pool: Promise<Pool> | undefined;

/** The compiled core, fetched when a cell first asks for it; workers and the page's own thread share it. */
export function coreModule(): Promise<WebAssembly.Module> {
  core ??= loadModule(FileAttachment("./generated/core/measurand_core_bg.wasm").href);
  return core;
}

/** The page's workers, made when a cell first asks for them. */
export function workers(): Promise<Pool> {
  pool ??= coreModule().then((module) => createPool({size: defaultSize(), spawn, module}));
  return pool;
}

/** An empty database with the four tables; DuckDB (8 MB compressed) is fetched when a cell first asks for one. */
export async function database(): Promise<Database> {
  const [worker, wasm] = [
    FileAttachment("./generated/duckdb/duckdb-browser-eh.worker.js"),
    FileAttachment("./generated/duckdb/duckdb-eh.wasm")
  ];
  return openDatabase(await openBrowserBackend({worker: worker.href, wasm: wasm.href}));
}

/**
 * Marks the page as running until `finish` is called, and as failed when what it runs on fails.
 * Readers of the state are the style sheet and the tests: `document.documentElement.dataset.study`.
 */
export function begin<T>(work: Promise<T>): Promise<T> {
  const state = document.documentElement.dataset;
  state.study = "running";
  work.catch(() => (state.study = "failed"));
  return work;
}

/** Marks the page as running on new input, and where that is refused as what it was before. */
export async function renew<T>(work: Promise<T>): Promise<T> {
  const state = document.documentElement.dataset;
  const before = state.study;
  state.study = "running";
  try {
    return await work;
  } catch (error) {
    state.study = before;
    throw error;
  }
}

/** Marks the page as done: every number on it has been computed. */
export function finish(): void {
  document.documentElement.dataset.study = "done";
}

/** The published numbers of a study, beside what the page computes. */
export interface ClaimBook {
  /** The published number in the running text, with its verdict. */
  mark(id: string): HTMLElement;
  /** The published number in a table, with the sign of its verdict. */
  value(id: string): HTMLElement;
  /** Every claim with published and recomputed value. */
  table(): HTMLElement;
}

/**
 * Checks each claim against the recomputed value of the same id.
 * @param absent files that the reader has not given: claims that are computed from them are unavailable
 */
export function checkClaims(
  claims: readonly Claim[], computed: Readonly<Record<string, number | undefined>>, absent: readonly string[] = []
): ClaimBook {
  const results: Record<string, ClaimCheck> = {};
  for (const claim of claims) results[claim.id] = checkClaim(claim, computed[claim.id], absent);
  const find = (id: string): Claim => {
    const claim = claims.find((each) => each.id === id);
    if (claim === undefined) throw new Error(`no claim is called ${JSON.stringify(id)}`);
    return claim;
  };
  return {
    mark: (id): ClaimMark => claimMark(find(id), results[id]),
    value: (id) => claimValue(find(id), results[id]!),
    table: () => claimsTable(claims, results)
  };
}

/** The files of data sets with their SHA-256, verified here against the manifest that was published with them. */
export function dataFiles(folders: readonly Folder[], attachments: Record<string, {href: string}>): HTMLElement {
  const element = document.createElement("div");
  const show = (files: DataFile[]): void => element.replaceChildren(dataTable(files));
  void (async () => {
    const sets = await Promise.all(folders.map(async (folder) => {
      const {files} = readManifest(await readText(folder, "manifest.json"), `${folder.name}/manifest.json`);
      return {folder, files: files.map((file): DataFile => ({...file, href: attachments[file.path]?.href}))};
    }));
    const all = sets.flatMap(({files}) => files);
    show(all);
    for (const {folder, files} of sets) {
      const found = await verifyManifest(folder, {files});
      found.forEach(({actual, ok}, i) => Object.assign(files[i], {actual: actual ?? "missing", ok}));
    }
    show(all);
  })();
  return element;
}

/**
 * Runs work that takes a while under a progress bar with a Cancel button, which shows itself after half a second.
 * @param display where the bar goes: the cell's own `display`
 */
export async function withProgress<T>(
  display: (element: HTMLElement) => unknown,
  label: string,
  work: (options: RunOptions) => Promise<T>
): Promise<T> {
  const controller = new AbortController();
  const bar = progress({label, controller});
  display(bar.element);
  try {
    return await work({signal: controller.signal, onProgress: (done, total) => bar.update(done / total)});
  } finally {
    bar.finish();
  }
}
