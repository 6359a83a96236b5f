import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {InputError} from "../../../src/domain/errors.js";
import {
  buildScene,
  clipHeight,
  contourIn,
  HEIGHT,
  type SurfaceData,
  type Vec3
} from "../../../src/view/surface/scene.js";

const base: SurfaceData = {
  x: {label: "TE", unit: "ms", range: [84, 150]},
  y: {label: "TI", unit: "ms", range: [2200, 2900]},
  z: {label: "F1", range: [0, 1]},
  surface: (x, y) => (x - 84) / 132 + (y - 2200) / 1400,
  points: []
};

test("a plane fills the box from corner to corner", () => {
  const {faces, zRange} = buildScene({...base, resolution: 10});
  assert.equal(faces.length, 100);
  assert.deepEqual(zRange, [0, 1]);
  assert.deepEqual(faces[0].corners[0], [-1, -1, 0]);
  assert.deepEqual(faces[99].corners[2], [1, 1, HEIGHT]);
  assert.equal(faces[0].colors[0], "#440154");
  assert.equal(faces[99].colors[2], "#fde725");
  for (const {corners} of faces) {
    for (const [x, y, z] of corners) assert.ok(Math.abs(z - (HEIGHT * (x + y + 2)) / 4) < 1e-12);
  }
});

test("beyond a told range the surface is cut, not flattened", () => {
  const {faces} = buildScene({...base, z: {label: "F1", range: [0.25, 0.75]}});
  let top = 0;
  for (const {corners} of faces) {
    for (const [x, y, z] of corners) {
      assert.ok(z >= -1e-12 && z <= HEIGHT + 1e-12);
      assert.ok(Math.abs(z - HEIGHT * ((x + y + 2) / 2 - 0.5)) < 1e-9, "still the same plane");
      top = Math.max(top, x + y);
    }
  }
  assert.ok(Math.abs(top - 1) < 1e-9);
});

test("without a range, surface and points decide it, on round numbers", () => {
  const {zRange} = buildScene({...base, z: {label: "F1"}, points: [{x: 90, y: 2300, z: 1.13}]});
  assert.deepEqual(zRange, [0, 1.2]);
  const flat = buildScene({...base, z: {label: "F1"}, surface: () => 0.4});
  assert.ok(flat.zRange[0] < 0.4 && flat.zRange[1] > 0.4);
});

test("stems run to the surface; above and below are told apart; what lies outside is left out", () => {
  const scene = buildScene({
    ...base,
    points: [{x: 117, y: 2550, z: 0.7}, {x: 117, y: 2550, z: 0.2}, {x: 10, y: 2550, z: 0.2}, {x: 100, y: 2550, z: NaN}]
  });
  assert.equal(scene.points.length, 2);
  const [high, low] = scene.points;
  assert.equal(high.above, true);
  assert.equal(low.above, false);
  assert.equal(high.fitted, 0.5);
  assert.deepEqual(high.foot, [0, 0, HEIGHT / 2]);
  assert.ok(Math.abs(high.at[2] - 0.7 * HEIGHT) < 1e-12);
});

test("holes stay holes, and a point over a hole has no stem", () => {
  const scene = buildScene({
    ...base,
    surface: (x, y) => (x < 117 ? NaN : (y - 2200) / 700),
    points: [{x: 90, y: 2300, z: 0.5}],
    highlight: {x: 90, y: 2300},
    resolution: 10
  });
  assert.equal(scene.faces.length, 50);
  assert.equal(scene.points[0].foot, undefined);
  assert.equal(scene.highlight, undefined);
});

test("a grid gives the surface that its function gives, at its nodes and bilinearly between", () => {
  const x = [84, 106, 128, 150];
  const y = [2200, 2550, 2900];
  const plane = base.surface as (x: number, y: number) => number;
  const scene = buildScene({
    ...base,
    surface: {x, y, z: y.map((py) => x.map((px) => plane(px, py)))},
    points: [{x: 99, y: 2431, z: 0}],
    highlight: {x: 120, y: 2700}
  });
  assert.equal(scene.faces.length, 6);
  assert.ok(Math.abs(scene.points[0].fitted - plane(99, 2431)) < 1e-12);
  assert.ok(Math.abs(scene.highlight!.z - plane(120, 2700)) < 1e-12);
});

test("contours lie on their level and on the surface, and close up between cells", () => {
  const {faces} = buildScene({...base, surface: (x, y) => 0.9 - ((x - 117) / 50) ** 2 - ((y - 2550) / 500) ** 2});
  const ends = new Map<string, number>();
  for (const {contours} of faces) {
    for (const segment of contours) {
      for (const [x, y, z] of segment) {
        const level = Math.round((z / HEIGHT) * 10);
        assert.ok(Math.abs((z / HEIGHT) * 10 - level) < 1e-9);
        const key = `${level} ${x.toFixed(9)} ${y.toFixed(9)}`;
        ends.set(key, (ends.get(key) ?? 0) + 1);
      }
    }
  }
  assert.ok(ends.size > 100);
  // Inside the box every end meets exactly one other; at its rim a line may stop.
  for (const [key, n] of ends) {
    const [, x, y] = key.split(" ").map(Number);
    if (Math.abs(x) < 1 - 1e-6 && Math.abs(y) < 1 - 1e-6) assert.equal(n % 2, 0, key);
  }
});

test("a saddle gives two lines that do not cross", () => {
  const cell: Vec3[] = [[0, 0, 1], [1, 0, 0], [1, 1, 1], [0, 1, 0]];
  for (const level of [0.3, 0.7]) {
    const lines = contourIn(cell, level);
    assert.equal(lines.length, 2);
    // Corners that belong together lie on one side of both lines: below the mean it is 0 and 2, above it 1 and 3.
    const apart = level < 0.5 ? [[1, 0], [0, 1]] : [[0, 0], [1, 1]];
    lines.forEach(([a, b]) => {
      const mid = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      assert.ok(apart.some(([x, y]) => Math.hypot(mid[0] - x, mid[1] - y) < 0.5));
    });
  }
});

const slope = fc.double({min: -1, max: 1, noNaN: true});

test("clipping keeps the polygon's plane and its side", () => {
  fc.assert(
    fc.property(fc.tuple(slope, slope, slope), ([z, dx, dy]) => {
      const corners: Vec3[] = [[0, 0, z], [1, 0, z + dx], [1, 1, z + dx + dy], [0, 1, z + dy]];
      fc.pre(corners.every((corner) => Math.abs(corner[2]) > 1e-6));
      const above = clipHeight(corners, 0, 1);
      const below = clipHeight(corners, 0, -1);
      assert.ok(above.every((corner) => corner[2] >= 0) && below.every((corner) => corner[2] <= 0));
      const area = (polygon: Vec3[]) =>
        polygon.reduce((sum, [x, y], i) => {
          const [nx, ny] = polygon[(i + 1) % polygon.length];
          return sum + (x * ny - nx * y) / 2;
        }, 0);
      assert.ok(Math.abs(area(above) + area(below) - 1) < 1e-9);
    }),
    {seed: 1, numRuns: 300}
  );
});

test("ranges and grids that are none are refused, with the field's name", () => {
  const bad: [Partial<SurfaceData>, string][] = [
    [{x: {...base.x, range: [3, 3]}}, "x.range"],
    [{y: {...base.y, range: [0, NaN]}}, "y.range"],
    [{z: {label: "F1", range: [1, 0]}}, "z.range"],
    [{surface: {x: [0, 1], y: [0, 1], z: [[1, 2], [1]]}}, "surface.z"],
    [{surface: {x: [1, 0], y: [0, 1], z: [[1, 2], [1, 2]]}}, "surface.x"],
    [{surface: () => NaN, z: {label: "F1"}}, "surface"]
  ];
  for (const [change, field] of bad) {
    assert.throws(
      () => buildScene({...base, ...change}),
      (error) => error instanceof InputError && error.field === field,
      field
    );
  }
});
