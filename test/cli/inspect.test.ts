import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {after, before, test} from "node:test";
import {fileURLToPath} from "node:url";
import fc from "fast-check";
import {inspectPath, summarise} from "../../src/cli/inspect.js";
import type {Report} from "../../src/cli/inspect.js";
import {writeManifest} from "../../src/io/manifest.js";
import {writeNifti} from "../../src/io/nifti.js";
import {image, runExecutable} from "./sandbox.js";

const executable = fileURLToPath(new URL("../../bin/measurand.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "measurand-inspect-"));
after(() => rmSync(folder, {recursive: true}));
// Whatever is to be prepared is prepared now, so that no command below has to say so.
before(() => runExecutable(executable, ["--version"], folder));
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, content);
  return path;
};
const hash = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const documentOf = (stdout: string) => (JSON.parse(stdout) as {files: Report[]}).files;

/** Integers 0 to 23 stored, read as 0.5 x stored - 2, on an oblique grid. */
const scaled = writeNifti(
  {
    shape: [2, 3, 4],
    voxelSize: [2, 2, 5],
    affine: [0, -2, 0, 10, 2, 0, 0, -20, 0, 0, 5, 30, 0, 0, 0, 1],
    data: Int16Array.from({length: 24}, (_, i) => i),
    slope: 0.5,
    intercept: -2,
    description: "a ramp"
  },
  {gzip: true}
);

test("an image: header, affine, scaling, range of the scaled values, hash", async () => {
  const path = write("ramp.nii.gz", scaled);
  const report = await inspectPath(path);
  assert.deepEqual(report, {
    path,
    size: scaled.length,
    sha256: hash(scaled),
    kind: "nifti",
    version: 1,
    datatype: "int16",
    littleEndian: true,
    shape: [2, 3, 4],
    voxelSize: [2, 2, 5],
    timeStep: null,
    spaceUnit: "mm",
    timeUnit: "unknown",
    affine: [0, -2, 0, 10, 2, 0, 0, -20, 0, 0, 5, 30, 0, 0, 0, 1],
    affineSource: "sform",
    slope: 0.5,
    intercept: -2,
    description: "a ramp",
    values: [{component: "", count: 24, min: -2, max: 9.5, mean: 3.75, nonFinite: 0}]
  });
});

test("the executable says the same to people", async () => {
  const {code, stdout, stderr} = await runExecutable(executable, ["inspect", write("ramp.nii.gz", scaled)], folder);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  const line = (label: string) => new RegExp(`^ +${label} +(.*)$`, "m").exec(stdout)?.[1];
  assert.equal(line("Format"), "NIfTI-1, little-endian");
  assert.equal(line("Datatype"), "int16");
  assert.equal(line("Shape"), "2 x 3 x 4");
  assert.equal(line("Voxel size"), "2 x 2 x 5 mm");
  assert.match(line("Affine")!, /^0 +-2 +0 +10 +from sform, to mm$/);
  assert.match(stdout, /^ +2 +0 +0 +-20$/m);
  assert.equal(line("Scaling"), "0.5 x stored + -2");
  assert.equal(line("Values"), "min -2, max 9.5, mean 3.75, 0 not finite");
  assert.equal(line("SHA-256"), hash(scaled));
});

test("values that are not finite are counted and left out of the range", () => {
  assert.deepEqual(summarise("", [1, NaN, Infinity, 4, -Infinity]), {
    component: "",
    count: 5,
    min: 1,
    max: 4,
    mean: 2.5,
    nonFinite: 3
  });
  assert.deepEqual(summarise("", [NaN]), {component: "", count: 1, min: null, max: null, mean: null, nonFinite: 1});
  // A plain sum would give 0.
  assert.equal(summarise("", [1e16, 1, -1e16, 1]).mean, 0.5);
});

test("the mean lies within the range, and stays when the values are turned round", () => {
  const values = fc.array(fc.double({min: -1e6, max: 1e6, noNaN: true}), {minLength: 1, maxLength: 50});
  fc.assert(
    fc.property(values, (list) => {
      const {min, max, mean} = summarise("", list);
      assert.ok(min === Math.min(...list) && max === Math.max(...list));
      assert.ok(mean! >= min - 1e-9 && mean! <= max + 1e-9);
      assert.ok(Math.abs(mean! - summarise("", [...list].reverse()).mean!) <= 1e-9);
    }),
    {seed: 1, numRuns: 200}
  );
});

test("tables, b values, directions and JSON", async () => {
  const tsv = await inspectPath(write("t.tsv", "name\tage\nA\t31\nB\tn/a\n"));
  assert.ok(tsv.kind === "table");
  assert.equal(tsv.rows, 2);
  assert.deepEqual(tsv.columns, [
    {name: "name", nulls: 0, numeric: false},
    {name: "age", nulls: 1, numeric: true}
  ]);
  const bval = await inspectPath(write("d.bval", "0 1000 0 50\n"));
  assert.ok(bval.kind === "bval");
  assert.deepEqual(bval.shells, [
    {b: 0, volumes: 2},
    {b: 50, volumes: 1},
    {b: 1000, volumes: 1}
  ]);
  const bvec = await inspectPath(write("d.bvec", "1 0\n0 1\n0 0\n"));
  assert.ok(bvec.kind === "bvec" && bvec.volumes === 2);
  const json = await inspectPath(write("s.json", '{"EchoTime": 0.093}'));
  assert.ok(json.kind === "json");
  assert.deepEqual(json.fields, ["EchoTime"]);
});

test("bad files yield their errors, the rest goes on, and the exit code is 2", async () => {
  const bad = [
    [write("ragged.tsv", "a\tb\n1\n"), /row 2 is "1 cells"; expected 2 cells/],
    [write("text.nii", "not an image at all"), /sizeof_hdr/],
    [write("short.nii.gz", scaled.slice(0, 60)), /short\.nii\.gz: .*; expected /],
    [join(folder, "nowhere.nii"), /nowhere\.nii: path is "ENOENT"/],
    [write("words.bval", "0 many\n"), /entry 2 is "many"; expected a finite number/]
  ] as const;
  const good = [write("a.tsv", "a\n1\n"), write("z.nii", image())];
  const args = ["inspect", good[0], ...bad.map(([path]) => path), good[1]];
  const text = await runExecutable(executable, args, folder);
  assert.equal(text.code, 2);
  for (const [, message] of bad) assert.match(text.stderr, message);
  assert.match(text.stdout, /a\.tsv/);
  assert.match(text.stdout, /Shape +2 x 2 x 2 x 3/);

  const {code, stdout} = await runExecutable(executable, [...args, "--json"], folder);
  assert.equal(code, 2);
  const reports = documentOf(stdout);
  assert.deepEqual(
    reports.map(({kind}) => kind),
    ["table", ...bad.map(() => "error"), "nifti"]
  );
  for (const [i, [path, message]] of bad.entries()) {
    const report = reports[i + 1] as unknown as {error: Record<string, string>};
    assert.equal(report.error.file, path);
    assert.match(report.error.message, message);
    for (const key of ["code", "field", "expected"]) assert.equal(typeof report.error[key], "string");
  }
});

function dataset(name: string, over: Record<string, string | Uint8Array | null> = {}): string {
  const files: Record<string, string | Uint8Array | null> = {
    "dataset_description.json": '{"Name": "two", "BIDSVersion": "1.9.0"}',
    "participants.tsv": "participant_id\tage\nsub-01\t40\nsub-02\t50\n",
    ...over
  };
  for (const subject of ["sub-01", "sub-02"]) {
    for (const session of ["ses-1", "ses-2"]) {
      const stem = `${subject}/${session}/dwi/${subject}_${session}_dwi`;
      files[`${stem}.nii`] ??= image();
      files[`${stem}.bval`] ??= "0 100 900\n";
      files[`${stem}.bvec`] ??= "0 1 1\n0 0 0\n0 0 0\n";
      files[`${stem}.json`] ??= '{"EchoTime": 0.093}';
    }
  }
  for (const [path, content] of Object.entries({...files, ...over}))
    if (content !== null) write(`${name}/${path}`, content);
  return join(folder, name);
}

test("a BIDS dataset: subjects, sessions, scans, no problem", async () => {
  const path = dataset("good");
  const report = await inspectPath(path);
  assert.ok(report.kind === "folder");
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.subjects, ["sub-01", "sub-02"]);
  assert.equal(report.sessions.length, 4);
  assert.equal(report.participants, 2);
  assert.equal(report.scans.length, 4);
  assert.deepEqual(report.scans[0].shape, [2, 2, 2, 3]);
  const {code, stdout} = await runExecutable(executable, ["inspect", path], folder);
  assert.equal(code, 0);
  assert.match(stdout, /Sessions +4 \(ses-1 x 2, ses-2 x 2\)/);
  assert.match(stdout, /4 x dwi: 2 x 2 x 2 x 3 float32/);
});

test("a dataset with faults: each of them, and exit code 2", async () => {
  const path = dataset("bad", {
    "sub-01/ses-1/dwi/sub-01_ses-1_dwi.bval": "0 100\n",
    "sub-01/ses-2/dwi/sub-01_ses-2_dwi.nii": image().slice(0, 400),
    "participants.tsv": "participant_id\tage\nsub-01\n"
  });
  const {code, stdout} = await runExecutable(executable, ["inspect", "--json", path], folder);
  assert.equal(code, 2);
  const [report] = documentOf(stdout);
  assert.ok(report.kind === "folder");
  const messages = report.problems.map((problem) => (problem as unknown as {message: string}).message).join("\n");
  assert.match(messages, /ses-1_dwi\.bval: b values is 2; expected 3/);
  assert.match(messages, /ses-2_dwi\.nii: length is "400 bytes"/);
  assert.match(messages, /participants\.tsv: row 2 is "1 cells"/);
  assert.equal(report.scans.length, 4);
  assert.equal(report.scans.filter(({shape}) => shape === null).length, 2, "the two that were not understood");
});

test("a folder that is no dataset, with a manifest that one file does not keep", async () => {
  const table = new TextEncoder().encode("a\n1\n");
  const path = dirname(write("plain/a.tsv", table));
  write("plain/manifest.json", writeManifest([{path: "a.tsv", bytes: table}]));
  const intact = await inspectPath(path);
  assert.ok(intact.kind === "folder" && !intact.bids);
  assert.deepEqual(intact.problems, []);
  assert.deepEqual(intact.manifest, {files: 1, differing: []});
  assert.deepEqual(
    intact.contents.map(({path, kind}) => [path, kind]),
    [
      ["a.tsv", "table"],
      ["manifest.json", "json"]
    ]
  );
  write("plain/a.tsv", "a\n2\n");
  const changed = await inspectPath(path);
  assert.ok(changed.kind === "folder");
  assert.deepEqual(changed.manifest, {files: 1, differing: ["a.tsv"]});
  assert.deepEqual(
    changed.problems.map(({code, file}) => [code, file]),
    [["sha256", "a.tsv"]]
  );
});
