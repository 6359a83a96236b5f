// Puts a source button at each JavaScript and SQL cell of a page. Every page loads this, so it is small: the editor and
// the compiler come when a reader opens a cell. Edits live in this tab's memory; loading the page again drops them.
import {definitions} from "observablehq:client";
import {createFrame} from "./frame.js";
import {showModified} from "./note.js";
import type {Cell, Page} from "./workbench.js";

const cells = new Map<string, Cell>();
const page: Page = {cells, changed: () => showModified(modified().length, resetAll)};

// The page's own module has then defined its cells, and their first results are not kept waiting.
if (document.readyState === "complete") start();
else document.addEventListener("DOMContentLoaded", start, {once: true});

function start(): void {
  attach();
  const main = document.querySelector("main");
  // Preview replaces children of `main` when the page's source changes; a published page never does.
  if (main) new MutationObserver(attach).observe(main, {childList: true});
  document.documentElement.dataset.cells = "ready";
}

function attach(): void {
  const found = new Set<string>();
  document.querySelectorAll<HTMLElement>("[data-cell]").forEach((wrapper, index) => {
    const {cell: id, cellMode, cellSource, cellPage, cellName, cellDisplay} = wrapper.dataset;
    const definition = id === undefined ? undefined : definitions.get(id);
    // A cell that Framework could not define shows its own error and cannot be run.
    if (id === undefined || !definition || (cellMode !== "js" && cellMode !== "sql")) return;
    found.add(id);
    let cell = cells.get(id);
    if (cell?.frame.wrapper !== wrapper) {
      cell = {
        id,
        kind: {mode: cellMode, page: cellPage ?? "/", name: cellName, display: cellDisplay !== undefined},
        source: cellSource ?? "",
        frame: createFrame(wrapper),
        edited: cell?.edited,
        turn: cell?.turn ?? 0
      };
      cells.set(id, cell);
      cell.frame.setModified(cell.edited !== undefined);
      listen(cell);
    }
    cell.frame.setLabel(index + 1, definition.outputs ?? []);
  });
  for (const id of cells.keys()) if (!found.has(id)) cells.delete(id);
  page.changed();
}

function listen(cell: Cell): void {
  const {frame} = cell;
  frame.toggle.addEventListener("click", async () => {
    if (!frame.panel.hidden) return frame.setOpen(false);
    try {
      const {open} = await import("./workbench.js");
      await open(cell, page);
    } catch (error) {
      frame.setError(`The editor could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function modified(): Cell[] {
  return [...cells.values()].filter((cell) => cell.edited);
}

async function resetAll(): Promise<void> {
  const {reset} = await import("./workbench.js");
  for (const cell of modified()) reset(cell, page);
}
