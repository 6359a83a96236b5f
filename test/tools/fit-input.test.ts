import assert from "node:assert/strict";
import {test} from "node:test";
import {writeNifti} from "../../src/io/nifti.js";
import {kindOf, readFitInput} from "../../src/tools/fit-input.js";
import {faultOf} from "../io/fault.js";
import {folder} from "./fitted-samples.js";
import {affine, b, badInputs, bval, mask, samples, series, voxels, voxelSize, type Dropped} from "./samples.js";

const json = (name: string, content: unknown): Dropped => ({name, bytes: JSON.stringify(content)});

test("a series with .bval", async () => {
  const input = await readFitInput(folder(series(), bval));
  assert.deepEqual(input.protocol, {b});
  assert.equal(input.voxels, voxels);
  assert.deepEqual(input.samples, samples());
  assert.deepEqual(
    input.roles.map(({file}) => file),
    ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]
  );
  assert.deepEqual(input.sources, ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]);
});

test("every file with its part: mask, directions, sidecar, names of labels, files of no use", async () => {
  const directions = [b.map(() => 1), b.map(() => 0), b.map(() => 0)].map((row) => row.join(" ")).join("\n");
  const input = await readFitInput(
    folder(
      series(),
      bval,
      mask(),
      {name: "sub-01_dwi.bvec", bytes: directions},
      json("sub-01_dwi.json", {EchoTime: 0.081}),
      json("dwi.json", {EchoTime: 0.2, Manufacturer: "none"}),
      json("sub-01_dseg.json", {}),
      {name: "dseg.tsv", bytes: "index\tname\n1\todd\n2\teven\n"},
      {name: "README", bytes: "text"},
      {name: ".DS_Store", bytes: "text"}
    )
  );
  assert.deepEqual(
    input.protocol.TE,
    b.map(() => 0.081),
    "the sidecar of the series' own name wins over the general one"
  );
  assert.equal(input.sidecar.Manufacturer, "none");
  assert.deepEqual(
    [...input.labelNames],
    [
      [1, "odd"],
      [2, "even"]
    ]
  );
  assert.deepEqual(
    input.masks.map(({file}) => file),
    ["sub-01_dseg.nii.gz"]
  );
  const role = (file: string): string => input.roles.find((each) => each.file === file)!.role;
  assert.equal(input.roles.length, 10, "no file without a part");
  assert.match(role("sub-01_dwi.bvec"), /directions/);
  assert.match(role("sub-01_dwi.json"), /sidecar of the series: TE of 81 ms/);
  assert.match(role("sub-01_dseg.json"), /not used/);
  assert.match(role("README"), /not used/);
  assert.match(role(".DS_Store"), /not used/);
});

test("a table of b and TE in each of its forms", async () => {
  for (const [name, line] of [
    ["p.tsv", "\t"],
    ["p.csv", ","],
    ["p.csv", ";"],
    ["p.txt", "\t"]
  ]) {
    const text = `b${line}TE\n${b.map((value, i) => `${value}${line}${0.08 + 0.01 * (i % 2)}`).join("\n")}\n`;
    const input = await readFitInput(folder(series(), {name, bytes: text}));
    assert.deepEqual(input.protocol, {b, TE: b.map((_, i) => 0.08 + 0.01 * (i % 2))}, `${name} with ${line}`);
  }
});

test("names as FSL and converters write them", () => {
  const kinds = [
    "bvals",
    "bvals.txt",
    "dwi.bval",
    "x_bval.txt",
    "bvecs",
    "a.bvec",
    "a.nii",
    "a.nii.gz",
    "a.IMG",
    "participants.tsv",
    "sub-1/sub-1_scans.tsv"
  ].map(kindOf);
  assert.deepEqual(kinds, [
    "bval",
    "bval",
    "bval",
    "bval",
    "bvec",
    "bvec",
    "image",
    "image",
    "image",
    "ignored",
    "ignored"
  ]);
});

test("integers with a slope are scaled", async () => {
  const data = Int16Array.from({length: 2 * 6}, (_, i) => 100 * (i + 1));
  const bytes = writeNifti({shape: [1, 2, 1, 6], voxelSize, affine, data, slope: 0.5, intercept: 3});
  const input = await readFitInput(folder({name: "a.nii", bytes}, bval));
  assert.deepEqual(
    [...input.samples],
    [...data].map((value) => 0.5 * value + 3)
  );
});

test("steps are told before they are done, and the signal stops the reading", async () => {
  const seen: [string, number][] = [];
  await readFitInput(folder(series(), bval, mask()), {onStep: (label, share) => void seen.push([label, share])});
  assert.deepEqual(
    seen.map(([label]) => label),
    ["Reading headers", "Reading sub-01_dwi.nii.gz", "Reading sub-01_dseg.nii.gz", "Scaling the values"]
  );
  assert.ok(seen.every(([, share], i) => share >= 0 && share <= 1 && (i === 0 || share >= seen[i - 1][1])));
  const controller = new AbortController();
  const stopped = readFitInput(folder(series(), bval), {
    signal: controller.signal,
    onStep: (label) => void (label.startsWith("Reading sub") && controller.abort())
  });
  await assert.rejects(stopped, {name: "AbortError"});
});

for (const {what, files, code, file, field} of badInputs) {
  test(`${what}: an error that names file, field, value and expectation`, async () => {
    const fault = await faultOf(() => readFitInput(folder(...files)), {code, file, field});
    assert.ok(fault.value !== undefined, "the value that was found");
    assert.ok(fault.expected.length > 0, "what was expected");
    await readFitInput(folder(series(), bval)); // the next files are read as ever
  });
}

test("a complex image gives magnitudes, and its parts to models that want them", async () => {
  const data = Float32Array.from({length: 12}, (_, i) => (i % 2 ? 4 : 3));
  const bytes = writeNifti({shape: [1, 1, 1, 6], voxelSize, affine, data, datatype: "complex64"});
  const input = await readFitInput(folder({name: "phase.nii", bytes}, bval));
  assert.deepEqual([...input.samples], new Array(6).fill(5));
  assert.ok(input.complex && input.magnitudes);
});

test("a bad echo time in a sidecar names the sidecar", async () => {
  for (const value of [81, 0, -1, "0.08", [0.08, 0.09]]) {
    await faultOf(() => readFitInput(folder(series(), bval, json("sub-01_dwi.json", {EchoTime: value}))), {
      code: "bad-field",
      file: "sub-01_dwi.json",
      field: "EchoTime"
    });
  }
});
