import assert from "node:assert/strict";
import {mkdtemp, mkdir, rm, symlink, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {openFolder, readFileBytes} from "../../src/io/folder.node.js";
import {folderOf, folderOfBytes, folderOfFiles, subfolder} from "../../src/io/folder.js";
import {readManifest, sha256, verifyManifest, writeManifest} from "../../src/io/manifest.js";
import {faultOf} from "./fault.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("SHA-256 of FIPS 180-4's examples", () => {
  assert.equal(sha256(bytes("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(sha256(bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a manifest verifies its files, and names one that differs or is missing", async () => {
  const files = {"b.txt": "two", "a/c.txt": "one"};
  const text = writeManifest(Object.entries(files).map(([path, content]) => ({path, bytes: bytes(content)})));
  const manifest = readManifest(text, "manifest.json");
  assert.deepEqual(
    manifest.files.map(({path, size}) => [path, size]),
    [
      ["a/c.txt", 3],
      ["b.txt", 3]
    ]
  );
  const sound = await verifyManifest(folderOfBytes("x", files), manifest);
  assert.ok(sound.every(({ok, actual, expected}) => ok && actual === expected));
  const progress: number[] = [];
  const broken = await verifyManifest(folderOfBytes("x", {"b.txt": "twp"}), manifest, (done) => progress.push(done));
  assert.deepEqual(
    broken.map(({path, actual, ok}) => [path, actual, ok]),
    [
      ["a/c.txt", null, false],
      ["b.txt", sha256(bytes("twp")), false]
    ]
  );
  assert.deepEqual(progress, [1, 2]);
});

test("a manifest that is none is refused by entry", async () => {
  const sha = "0".repeat(64);
  const read = (value: unknown) => () => readManifest(JSON.stringify(value), "manifest.json");
  const refuse = (value: unknown, field: RegExp) =>
    faultOf(read(value), {code: "manifest", file: "manifest.json", field});
  await refuse({}, /^files$/);
  await refuse({files: [{}]}, /path/);
  await refuse({files: [null]}, /path/);
  for (const path of ["../x", "/x", "a//b", "./a"]) await refuse({files: [{path, size: 1, sha256: sha}]}, /path/);
  await refuse({files: [{path: "a", size: -1, sha256: sha}]}, /size \(a\)/);
  await refuse({files: [{path: "a", size: 1, sha256: sha.slice(1)}]}, /sha256 \(a\)/);
  await refuse(
    {
      files: [
        {path: "a", size: 1, sha256: sha},
        {path: "a", size: 1, sha256: sha}
      ]
    },
    /files\[1\]\.path/
  );
  await faultOf(() => readManifest("{", "manifest.json"), {code: "json"});
  await faultOf(() => readManifest("[]", "manifest.json"), {code: "json", value: "a list"});
});

test("folders: a directory, memory, blobs, dropped files and a part of one", async () => {
  const root = await mkdtemp(join(tmpdir(), "measurand-"));
  try {
    await mkdir(join(root, "a", "b"), {recursive: true});
    await writeFile(join(root, "a", "b", "z.txt"), "z");
    await writeFile(join(root, "x.txt"), "x");
    await writeFile(join(root, ".hidden"), "h");
    await symlink(join(root, "x.txt"), join(root, "link.txt"));
    await symlink(join(root, "gone.txt"), join(root, "dangling.txt"));
    await symlink(root, join(root, "loop"));
    const folder = await openFolder(root);
    assert.deepEqual(folder.paths, ["a/b/z.txt", "dangling.txt", "link.txt", "x.txt"]);
    assert.deepEqual(await folder.read("link.txt"), bytes("x"));
    await faultOf(() => folder.read("dangling.txt"), {code: "missing-file", file: "dangling.txt"});
    await faultOf(() => folder.read("../x"), {code: "missing-file"});
    await faultOf(() => openFolder(join(root, "none")), {code: "missing-folder"});
    await faultOf(() => openFolder(join(root, "x.txt")), {code: "missing-folder"});
    assert.deepEqual(await readFileBytes(join(root, "x.txt")), bytes("x"));
    await faultOf(() => readFileBytes(join(root, "none")), {code: "missing-file", value: "ENOENT"});

    const part = subfolder(folder, "a/b/");
    assert.deepEqual([part.paths, await part.read("z.txt")], [["z.txt"], bytes("z")]);
  } finally {
    await rm(root, {recursive: true});
  }
  const dropped = (path: string): File =>
    Object.defineProperty(new File([path], path.split("/").pop()!), "webkitRelativePath", {
      value: path.includes("/") ? path : ""
    });
  const nested = folderOfFiles([dropped("set/b.txt"), dropped("set/a/c.txt")]);
  assert.deepEqual([nested.name, nested.paths], ["set", ["a/c.txt", "b.txt"]]);
  assert.deepEqual(await nested.read("b.txt"), bytes("set/b.txt"));
  assert.deepEqual(folderOfFiles([dropped("b.txt"), dropped("a.txt")]).paths, ["a.txt", "b.txt"]);
  await faultOf(() => folderOfFiles([dropped("a.txt"), dropped("a.txt")]), {code: "duplicate-file", value: "a.txt"});
  const blobs = folderOf("page", {"m.json": new Blob(["{}"])});
  assert.deepEqual(await blobs.read("m.json"), bytes("{}"));
  await faultOf(() => blobs.read("toString"), {code: "missing-file"});
});
