import {readdir, readFile, stat} from "node:fs/promises";
import {basename, join, resolve} from "node:path";
import {InputError} from "../domain/errors.js";
import type {Folder} from "./folder.js";

/**
 * A directory as a Folder. Hidden files and folders are left out; links to files are followed (DataLad and git-annex
 * keep images behind links), links to folders are not.
 * @throws InputError missing-folder
 */
export async function openFolder(path: string): Promise<Folder> {
  const root = resolve(path);
  const info = await stat(root).catch(() => null);
  if (!info?.isDirectory()) {
    throw new InputError({
      code: "missing-folder",
      file: path,
      field: "path",
      value: path,
      expected: info ? "a folder, not a file" : "a folder that exists"
    });
  }
  const paths: string[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, {withFileTypes: true})) {
      if (entry.name.startsWith(".")) continue;
      const each = join(folder, entry.name);
      if (entry.isDirectory()) await visit(each, `${prefix}${entry.name}/`);
      // A link whose content was not fetched stays listed, so that reading it says what is missing.
      else if (entry.isFile() || (entry.isSymbolicLink() && !(await stat(each).catch(() => null))?.isDirectory())) {
        paths.push(prefix + entry.name);
      }
    }
  };
  await visit(root, "");
  paths.sort();
  const known = new Set(paths);
  return {
    name: basename(root),
    paths,
    async read(file) {
      if (!known.has(file)) throw missing(file, path);
      try {
        return new Uint8Array(await readFile(join(root, file)));
      } catch {
        throw missing(file, path);
      }
    }
  };
}

/** One file's bytes. @throws InputError missing-file */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new InputError({
      code: "missing-file",
      file: path,
      field: "path",
      value: reason,
      expected: "a file that can be read"
    });
  }
}

function missing(file: string, folder: string): InputError {
  return new InputError({
    code: "missing-file",
    file,
    field: "path",
    value: file,
    expected: `a readable file in ${folder}`
  });
}
