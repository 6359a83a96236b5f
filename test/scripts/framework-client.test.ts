import assert from "node:assert/strict";
import {cp, mkdir, mkdtemp, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test, type TestContext} from "node:test";
import {frameworkVersion, patchFrameworkClient} from "../../scripts/framework-client.js";

const published = `import "./pre.js";
import "./sidebar.js";
import "./toc.js";
import { define } from "./main.js";
export {
  define
};
`;

async function install(t: TestContext, version: string, text: string): Promise<{root: string; client: string}> {
  const root = await mkdtemp(join(tmpdir(), "framework-"));
  t.after(() => rm(root, {recursive: true}));
  const folder = join(root, "node_modules", "@observablehq", "framework");
  await mkdir(join(folder, "dist", "client"), {recursive: true});
  await writeFile(join(folder, "package.json"), JSON.stringify({version}));
  const client = join(folder, "dist", "client", "index.js");
  await writeFile(client, text);
  return {root, client};
}

test("the client is patched once, and left alone from then on", async (t) => {
  const {root, client} = await install(t, frameworkVersion, published);
  assert.equal(await patchFrameworkClient(root), "patched");
  const text = await readFile(client, "utf8");
  assert.equal(await patchFrameworkClient(root), "unchanged");
  assert.equal(await readFile(client, "utf8"), text);
});

test("what it exports then defines, remembers and redefines cells", async (t) => {
  const {root, client} = await install(t, frameworkVersion, published);
  const folder = join(client, "..");
  await patchFrameworkClient(root);
  for (const name of ["pre", "sidebar", "toc"]) await writeFile(join(folder, `${name}.js`), "");
  await writeFile(
    join(folder, "main.js"),
    "export const log = [], main = 1, findRoots = () => {}, undefine = () => {};\nexport function define(c) { log.push(c.name); }\n"
  );
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  const index = await import(client);
  const {log} = await import(join(folder, "main.js"));
  index.define({id: "a", name: "published"});
  index.redefine({id: "a", name: "edited"});
  assert.deepEqual(log, ["published", "edited"]);
  assert.equal(index.definitions.get("a").name, "published");
  assert.equal(typeof index.undefine, "function");
  assert.equal(typeof index.findRoots, "function");
});

test("another version of Framework stops the build with both versions named", async (t) => {
  const {root, client} = await install(t, "1.14.0", published);
  await assert.rejects(patchFrameworkClient(root), /framework is 1\.14\.0; expected 1\.13\.4/);
  assert.equal(await readFile(client, "utf8"), published);
});

test("a client module of another text stops the build and is left as it is", async (t) => {
  const {root, client} = await install(t, frameworkVersion, published.replace("define }", "define, more }"));
  await assert.rejects(patchFrameworkClient(root), /neither the published nor the patched text/);
  assert.match(await readFile(client, "utf8"), /define, more/);
});

test("the installed Framework is the one that the patch knows", async (t) => {
  const installed = new URL("../../node_modules/@observablehq/framework/", import.meta.url);
  const {root} = await install(t, frameworkVersion, "");
  const folder = join(root, "node_modules", "@observablehq", "framework");
  await cp(new URL("package.json", installed), join(folder, "package.json"));
  await cp(new URL("dist/client/index.js", installed), join(folder, "dist", "client", "index.js"));
  await patchFrameworkClient(root);
});
