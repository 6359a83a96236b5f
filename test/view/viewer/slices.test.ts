import assert from "node:assert/strict";
import {test} from "node:test";
import {colorAt, lookupTable} from "../../../src/view/viewer/colormap.js";
import {orient, type Grid} from "../../../src/view/viewer/geometry.js";
import {paintSlice, type PaintedMap} from "../../../src/view/viewer/slices.js";

const grid: Grid = {shape: [2, 3, 2], affine: [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1]};
const values = Float64Array.from({length: 12}, (_, i) => i);
const map: PaintedMap = {values, range: [0, 11], colormap: "viridis"};

function hex(data: Uint8ClampedArray, pixel: number): string {
  return `#${[0, 1, 2].map((c) => data[pixel * 4 + c].toString(16).padStart(2, "0")).join("")}`;
}

test("front is at the top, left at the left, also where the file runs from right to left", () => {
  const slice = paintSlice(orient(grid), "axial", [0, 0, 1], map);
  assert.deepEqual([slice.width, slice.height], [2, 3]);
  // Stored x runs to the left (affine -1): the leftmost column is stored last. The top row is the highest y.
  const expected = [[1, 2, 1], [0, 2, 1], [1, 1, 1], [0, 1, 1], [1, 0, 1], [0, 0, 1]];
  expected.forEach(([i, j, k], pixel) => {
    const value = i + 2 * (j + 3 * k);
    assert.equal(hex(slice.data, pixel), colorAt("viridis", Math.min(255, Math.floor((value / 11) * 256))));
  });
});

test("coronal and sagittal cuts have their sizes and stand upright", () => {
  const oriented = orient(grid);
  const coronal = paintSlice(oriented, "coronal", [0, 1, 0], map);
  assert.deepEqual([coronal.width, coronal.height], [2, 2]);
  assert.equal(hex(coronal.data, 0), colorAt("viridis", Math.floor((9 / 11) * 256)));
  const sagittal = paintSlice(oriented, "sagittal", [1, 0, 0], map);
  assert.deepEqual([sagittal.width, sagittal.height], [3, 2]);
  assert.equal(hex(sagittal.data, 3), colorAt("viridis", 0));
});

test("no value, no paint: not even a region's", () => {
  const holes = values.slice();
  holes[3] = NaN;
  const regions = {values: new Uint8Array(12).fill(1), colors: new Map([[1, [255, 0, 0] as const]]), opacity: 1};
  const {data} = paintSlice(orient(grid), "axial", [0, 0, 0], {...map, values: holes}, regions);
  const alpha = Array.from({length: 6}, (_, pixel) => data[pixel * 4 + 3]);
  // Voxel (1, 1, 0) is stored at 3 and drawn in the middle row, left.
  assert.deepEqual(alpha, [255, 255, 0, 255, 255, 255]);
});

test("a region is mixed in by its opacity; label 0 and labels without colour are not", () => {
  const labels = new Uint8Array(12);
  labels[0] = 1;
  labels[1] = 7;
  const colors = new Map([[1, [255, 0, 0] as const]]);
  const at = (opacity: number) =>
    paintSlice(orient(grid), "axial", [0, 0, 0], map, {values: labels, colors, opacity}).data;
  const plain = at(0);
  const half = at(0.5);
  const table = lookupTable("viridis");
  [(table[0] + 255) / 2, table[1] / 2, table[2] / 2].forEach((c, i) => assert.ok(Math.abs(half[20 + i] - c) <= 0.5));
  assert.deepEqual([...half.slice(0, 20)], [...plain.slice(0, 20)]);
});
