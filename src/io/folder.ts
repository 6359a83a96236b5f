import {InputError} from "../domain/errors.js";
import {decodeText} from "./text.js";

/** A tree of files, wherever it comes from: a directory, dropped files, a page's attachments or memory. */
export interface Folder {
  name: string;
  /** Paths of all files below it, with `/`, in code unit order. */
  paths: string[];
  /** @throws InputError missing-file */
  read(path: string): Promise<Uint8Array>;
}

interface Readable {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A folder over anything that can be read by path: a page's FileAttachments, or blobs. */
export function folderOf(name: string, files: Record<string, Readable>): Folder {
  const entries = new Map(Object.entries(files));
  return {
    name,
    paths: [...entries.keys()].sort(),
    async read(path) {
      const file = entries.get(path);
      if (!file) throw missing(name, path);
      return new Uint8Array(await file.arrayBuffer());
    }
  };
}

/** A folder in memory. */
export function folderOfBytes(name: string, files: Record<string, Uint8Array | string>): Folder {
  const entries = new Map(Object.entries(files));
  return {
    name,
    paths: [...entries.keys()].sort(),
    async read(path) {
      const content = entries.get(path);
      if (content === undefined) throw missing(name, path);
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    }
  };
}

/** A folder over dropped or picked files; where they came as a directory, that directory. */
export function folderOfFiles(files: Iterable<File>, name = "dropped files"): Folder {
  const entries: [string, File][] = [];
  for (const file of files) entries.push([file.webkitRelativePath || file.name, file]);
  const top = entries.length > 0 ? entries[0][0].split("/", 1)[0] : "";
  const nested = entries.length > 0 && entries.every(([path]) => path.startsWith(`${top}/`));
  const named = nested ? entries.map(([path, file]): [string, File] => [path.slice(top.length + 1), file]) : entries;
  const paths = new Set<string>();
  for (const [path] of named) {
    if (paths.has(path)) {
      throw new InputError({
        code: "duplicate-file",
        file: name,
        field: "path",
        value: path,
        expected: "each name once"
      });
    }
    paths.add(path);
  }
  return folderOf(nested ? top : name, Object.fromEntries(named));
}

/** A file of a folder as UTF-8 text. @throws InputError missing-file or encoding */
export async function readText(folder: Folder, path: string): Promise<string> {
  return decodeText(await folder.read(path), path);
}

/** The part of a folder below a path, as a folder of its own: for example `derivatives/maps`. */
export function subfolder(folder: Folder, path: string): Folder {
  const prefix = `${path.replace(/\/+$/, "")}/`;
  return {
    name: `${folder.name}/${prefix.slice(0, -1)}`,
    paths: folder.paths.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length)),
    read: (each) => folder.read(prefix + each)
  };
}

function missing(name: string, path: string): InputError {
  return new InputError({code: "missing-file", file: path, field: "path", value: path, expected: `a file in ${name}`});
}
