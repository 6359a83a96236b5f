// Framework's page client can undefine and redefine cells, yet its public module exports `define` alone. This adds the
// rest, and keeps each cell's published definition, so that a page can run an edited cell and go back.
import {readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";

export const frameworkVersion = "1.13.4";

const published = `import "./pre.js";
import "./sidebar.js";
import "./toc.js";
import { define } from "./main.js";
export {
  define
};
`;

const patched = `import "./pre.js";
import "./sidebar.js";
import "./toc.js";
import { define as redefine, findRoots, main, undefine } from "./main.js";
const definitions = /* @__PURE__ */ new Map();
function define(cell) {
  definitions.set(cell.id, cell);
  redefine(cell);
}
export {
  define,
  definitions,
  findRoots,
  main,
  redefine,
  undefine
};
`;

/**
 * Makes `observablehq:client` export, besides `define`: `undefine(id)`, `redefine(cell)` (Framework's own define),
 * `definitions` (id -> the cell as the page defined it), `main` and `findRoots`. Does nothing where that was done.
 * @param root the folder that holds node_modules
 * @throws Error when the installed Framework is another version, or its client module is not the text known here
 */
export async function patchFrameworkClient(root: string): Promise<"patched" | "unchanged"> {
  const folder = join(root, "node_modules", "@observablehq", "framework");
  const {version} = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {version: string};
  if (version !== frameworkVersion) {
    throw new Error(
      `@observablehq/framework is ${version}; expected ${frameworkVersion}: ` +
        "check what its dist/client/index.js exports and update scripts/framework-client.ts"
    );
  }
  const path = join(folder, "dist", "client", "index.js");
  const text = (await readFile(path, "utf8")).replaceAll("\r\n", "\n");
  if (text === patched) return "unchanged";
  if (text.trim() !== published.trim()) {
    throw new Error(
      `${path} is neither the published nor the patched text of Framework ${frameworkVersion}: ` +
        "reinstall it (npm ci), or update scripts/framework-client.ts"
    );
  }
  await writeFile(path, patched);
  return "patched";
}
