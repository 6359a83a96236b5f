import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {InputError} from "../../../src/domain/errors.js";
import {
  clampVoxel,
  fromOriented,
  layoutPanels,
  orient,
  PLANES,
  positionAt,
  toOriented,
  voxelIndex,
  voxelToMm,
  type Grid,
  type Plane,
  type Voxel
} from "../../../src/view/viewer/geometry.js";

const planes: Plane[] = ["axial", "coronal", "sagittal"];

/** Every order of axes and every choice of directions, with anisotropic voxels. */
function grids(): Grid[] {
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  const all: Grid[] = [];
  for (const order of orders) {
    for (let signs = 0; signs < 8; signs++) {
      const affine = [0, 0, 0, -7, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 1];
      order.forEach((j, i) => (affine[i * 4 + j] = (signs >> i) & 1 ? -(j + 1) : j + 1));
      all.push({shape: [4, 5, 6], affine});
    }
  }
  return all;
}

test("moving right, forward and up in the picture raises x, y and z in mm, whatever the file's axes", () => {
  for (const grid of grids()) {
    const oriented = orient(grid);
    const from: Voxel = [1, 2, 1];
    const mm = voxelToMm(grid, fromOriented(oriented, from));
    for (let axis = 0; axis < 3; axis++) {
      const to: Voxel = [...from];
      to[axis] += 1;
      const moved = voxelToMm(grid, fromOriented(oriented, to));
      moved.forEach((x, i) => assert.ok(Math.abs(x - mm[i] - (i === axis ? oriented.spacing[axis] : 0)) < 1e-12));
    }
  }
});

test("an oblique affine takes the nearest axes, each voxel axis once", () => {
  // 44 degrees about the first axis: both columns lean towards the same two world axes.
  const [c, s] = [Math.cos(0.768), Math.sin(0.768)];
  const oriented = orient({shape: [2, 3, 4], affine: [-1, 0, 0, 0, 0, c, -s, 0, 0, s, c, 0, 0, 0, 0, 1]});
  assert.deepEqual(oriented.axis, [0, 1, 2]);
  assert.deepEqual(oriented.flip, [true, false, false]);
});

test("orientation and back is the identity", () => {
  for (const grid of grids()) {
    const oriented = orient(grid);
    for (let i = 0; i < 4; i++) {
      for (let k = 0; k < 6; k++) assert.deepEqual(fromOriented(oriented, toOriented(oriented, [i, 3, k])), [i, 3, k]);
    }
  }
});

test("indices run first axis fastest, as NIfTI stores them", () => {
  const grid: Grid = {shape: [4, 5, 6], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]};
  assert.equal(voxelIndex(grid, [1, 0, 0]), 1);
  assert.equal(voxelIndex(grid, [0, 1, 0]), 4);
  assert.equal(voxelIndex(grid, [3, 4, 5]), 119);
  assert.deepEqual(clampVoxel(grid, [-2, 2.6, 99]), [0, 3, 5]);
  assert.deepEqual(clampVoxel(grid, [NaN, 0, 0]), [0, 0, 0]);
});

test("panels stay on the stage, do not overlap, and share one scale", () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({min: 1, max: 300}), fc.integer({min: 1, max: 300}), fc.integer({min: 1, max: 300})),
      fc.tuple(fc.double({min: 0.3, max: 8, noNaN: true}), fc.double({min: 0.3, max: 8, noNaN: true})),
      fc.integer({min: 280, max: 1400}),
      (shape, [inPlane, thick], width) => {
        const affine = [inPlane, 0, 0, 0, 0, inPlane, 0, 0, 0, 0, thick, 0, 0, 0, 0, 1];
        const oriented = orient({shape, affine});
        for (const chosen of [planes, ["axial"], ["coronal"], ["sagittal"]] as Plane[][]) {
          const {height, panels} = layoutPanels(oriented, chosen, width);
          assert.equal(panels.length, chosen.length);
          const scales = panels.flatMap(({plane, width: w, height: h}) => {
            const {across, up} = PLANES[plane];
            return [
              [w, oriented.size[across] * oriented.spacing[across]],
              [h, oriented.size[up] * oriented.spacing[up]]
            ];
          });
          // Known best from the longest edge, since pixels are whole.
          const [longest, extent] = scales.reduce((a, b) => (a[1] >= b[1] ? a : b));
          for (const [px, mm] of scales) assert.ok(Math.abs(px - (longest / extent) * mm) <= 1);
          panels.forEach((a, i) => {
            assert.ok(a.left >= 0 && a.left + a.width <= width + 1, "inside across");
            assert.ok(a.top >= 0 && a.top + a.height <= height + 1, "inside down");
            for (const b of panels.slice(i + 1)) {
              const apart = a.left + a.width <= b.left || b.left + b.width <= a.left ||
                a.top + a.height <= b.top || b.top + b.height <= a.top;
              assert.ok(apart, `${a.plane} and ${b.plane} overlap`);
            }
          });
        }
      }
    ),
    {seed: 1, numRuns: 300}
  );
});

test("a click finds the voxel that is drawn there, and a drag stays in its panel", () => {
  const grid: Grid = {shape: [8, 10, 4], affine: [-2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1]};
  const oriented = orient(grid);
  const {panels} = layoutPanels(oriented, planes, 600);
  const here: Voxel = [3, 4, 2];
  for (const panel of panels) {
    const {across, up, depth} = PLANES[panel.plane];
    const [nu, nv] = [oriented.size[across], oriented.size[up]];
    const [x, y] = [panel.left + (1.5 / nu) * panel.width, panel.top + (0.5 / nv) * panel.height];
    const hit = positionAt(oriented, panels, here, x, y)!;
    assert.equal(hit.plane, panel.plane);
    assert.equal(hit.position[across], 1);
    assert.equal(hit.position[up], nv - 1);
    assert.equal(hit.position[depth], here[depth]);
    const far = positionAt(oriented, panels, here, 1e4, -1e4, panel.plane)!;
    assert.deepEqual([far.position[across], far.position[up]], [nu - 1, nv - 1]);
  }
  assert.equal(positionAt(oriented, panels, here, -5, -5), null);
});

test("a grid that is none is refused", () => {
  const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const bad: [Grid, string][] = [
    [{shape: [0, 1, 1], affine: identity}, "grid.shape"],
    [{shape: [1.5, 1, 1], affine: identity}, "grid.shape"],
    [{shape: [1, 1, 1], affine: identity.slice(1)}, "grid.affine"],
    [{shape: [1, 1, 1], affine: identity.map(() => 0)}, "grid.affine"],
    [{shape: [1, 1, 1], affine: [NaN, ...identity.slice(1)]}, "grid.affine"]
  ];
  for (const [grid, field] of bad) {
    assert.throws(() => orient(grid), (error) => error instanceof InputError && error.field === field);
  }
});
