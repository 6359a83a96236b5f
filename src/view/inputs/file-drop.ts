import {h, uniqueId} from "../dom.js";
import {formatBytes} from "../../domain/units.js";
import {errorNotice} from "./notice.js";

export interface FileDropOptions {
  /** E.g. "Drop a NIfTI series with its .bval, or choose files". */
  label: string;
  /** What is accepted and what becomes of it. */
  hint?: string;
  /** As the `accept` of an `<input type="file">`; a wish, not a check. */
  accept?: string;
  /** Checks the files when they arrive; what it throws is shown and the files are not taken. */
  check?: (files: readonly File[]) => void | Promise<void>;
}

/** Its `value` is the files taken, and it fires "input" when they change: an input as Framework's `view` wants it. */
export interface FileDrop extends HTMLElement {
  readonly value: readonly File[];
  /** Shows an error beside the files, e.g. what a reader said of them. */
  showError(error: unknown): void;
  clear(): void;
}

/** One `<input type="file" multiple>` that covers its drop zone: click, keyboard, drop and tests all go through it. */
export function fileDrop({label, hint, accept, check}: FileDropOptions): FileDrop {
  const id = uniqueId("files");
  const input = h("input", {type: "file", multiple: true, id, accept, "aria-describedby": hint ? `${id}-hint` : null});
  const zone = h("label", {class: "m-drop", for: id},
    h("strong", {}, label), hint ? h("span", {id: `${id}-hint`}, hint) : null, input);
  const list = h("ul", {class: "m-drop-list", "aria-label": "Files taken"});
  const errors = h("div", {"aria-live": "assertive"});
  let value: readonly File[] = [];

  const take = async (files: readonly File[]): Promise<void> => {
    errors.replaceChildren();
    try {
      await check?.(files);
    } catch (error) {
      errors.replaceChildren(errorNotice(error));
      return;
    }
    value = [...files];
    list.replaceChildren(...value.map((file) => h("li", {}, `${file.name}, ${formatBytes(file.size)}`)));
    element.dispatchEvent(new Event("input", {bubbles: true}));
  };
  // The native event says nothing of the check, so only ours leaves the block.
  input.addEventListener("input", (event) => event.stopPropagation());
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    const files = [...(input.files ?? [])];
    // A mended file of the same name must count as a change.
    input.value = "";
    if (files.length > 0) void take(files);
  });
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => delete zone.dataset.over);
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    if (event.dataTransfer !== null) await take(await droppedFiles(event.dataTransfer));
  });
  const element = Object.assign(h("div", {class: "m-file-drop"}, zone, list, errors), {
    showError(error: unknown) {
      errors.replaceChildren(errorNotice(error));
    },
    clear() {
      value = [];
      input.value = "";
      list.replaceChildren();
      errors.replaceChildren();
    }
  });
  return Object.defineProperty(element, "value", {get: () => value}) as unknown as FileDrop;
}

/** Dropped files; of a dropped folder all the files in it, each with its path as name. */
async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files];
  const files: File[] = [];
  const visit = async (entry: FileSystemEntry | null): Promise<void> => {
    if (entry === null) return;
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      files.push(new File([file], entry.fullPath.replace(/^\//, ""), {type: file.type, lastModified: file.lastModified}));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // A reader hands out a folder in parts, and an empty part says that it is at the end.
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (part.length === 0) break;
      for (const child of part) await visit(child);
    }
  };
  for (const entry of entries) await visit(entry);
  return files;
}
