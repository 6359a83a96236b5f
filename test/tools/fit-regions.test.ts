import assert from "node:assert/strict";
import {before, test} from "node:test";
import {writeNifti} from "../../src/io/nifti.js";
import {readFitInput, type FitInput} from "../../src/tools/fit-input.js";
import {
  baseline,
  groupsOf,
  labelsOf,
  middleVoxel,
  regionMask,
  samplesAt,
  voxelAt,
  type RegionChoice
} from "../../src/tools/fit-regions.js";
import {faultOf} from "../io/fault.js";
import {everywhere, folder} from "./fitted-samples.js";
import {affine, b, bval, labels, mask, samples, series, voxels, voxelSize, zeroVoxel} from "./samples.js";

let input: FitInput;
before(async () => {
  input = await readFitInput(
    folder(series(), bval, mask(), {name: "dseg.tsv", bytes: "index\tname\n1\todd\n2\teven\n"})
  );
});
const sum = (values: Uint8Array): number => values.reduce((total, value) => total + value, 0);

test("everywhere is every voxel", () => assert.equal(sum(regionMask(input, everywhere)), voxels));

test("the base image is the mean of the volumes at the lowest b", () => {
  const base = baseline(input);
  const values = samples();
  for (const v of [0, 50, 104]) assert.equal(base[v], (values[v] + values[voxels + v]) / 2);
});

test("the foreground follows its threshold and leaves out zeros", () => {
  const half = regionMask(input, {kind: "foreground", fraction: 0.5});
  assert.equal(half[zeroVoxel], 0);
  assert.equal(sum(half), voxels - 1);
  const most = regionMask(input, {kind: "foreground", fraction: 0.9});
  assert.ok(sum(most) < sum(half) && sum(most) > 0);
  assert.deepEqual(regionMask(input, {kind: "foreground", fraction: 0.9}, baseline(input)), most);
});

test("a mask counts above 0, a label counts alone", () => {
  const file = "sub-01_dseg.nii.gz";
  assert.deepEqual(labelsOf(input.masks[0]), [1, 2]);
  assert.equal(sum(regionMask(input, {kind: "mask", file, label: null})), 70);
  const odd = regionMask(input, {kind: "mask", file, label: 1});
  assert.deepEqual(
    [...odd],
    [...labels].map((label) => (label === 1 ? 1 : 0))
  );
});

test("labels are summarised one by one under their names", () => {
  const choice: RegionChoice = {kind: "mask", file: "sub-01_dseg.nii.gz", label: null};
  const groups = groupsOf(input, choice, regionMask(input, choice));
  assert.deepEqual(
    groups.map(({label, voxels}) => [label, voxels.length]),
    [
      ["odd", 35],
      ["even", 35]
    ]
  );
});

test("the middle voxel lies in the region", () => {
  const ring = Uint8Array.from({length: voxels}, (_, v) => (v % 7 === 0 || v % 7 === 6 ? 1 : 0));
  const groups = groupsOf(input, {kind: "foreground", fraction: 0.5}, ring);
  const voxel = middleVoxel(input, groups);
  assert.ok(voxel[0] === 0 || voxel[0] === 6, "the centre of a hollow region is not in it");
  assert.deepEqual([voxel[1], voxel[2]], [2, 1]);
  assert.equal(ring[voxelAt(input, voxel)], 1);
});

test("a region without a voxel is an error that says so", async () => {
  await faultOf(() => regionMask(input, {kind: "mask", file: "sub-01_dseg.nii.gz", label: 9}), {
    code: "empty-mask",
    file: "sub-01_dseg.nii.gz"
  });
  await faultOf(() => regionMask(input, {kind: "mask", file: "other.nii", label: null}), {code: "unknown-mask"});
  const dark = writeNifti({shape: [2, 2, 1, 6], voxelSize, affine, data: new Float32Array(24)});
  const black = await readFitInput(folder({name: "black.nii", bytes: dark}, bval));
  await faultOf(() => regionMask(black, {kind: "foreground", fraction: 0.2}), {
    code: "empty-mask",
    file: "black.nii"
  });
});

test("samples of one voxel, by volume", () => {
  const values = samples();
  const v = voxelAt(input, [2, 3, 1]);
  assert.equal(v, 2 + 7 * (3 + 5));
  assert.deepEqual(
    [...samplesAt(input, v)],
    b.map((_, s) => values[s * voxels + v])
  );
});
