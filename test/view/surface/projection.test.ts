import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {
  drawScene,
  ELEVATION,
  paintersOrder,
  projector,
  START,
  surfaceSvg,
  type Camera,
  type Projected
} from "../../../src/view/surface/projection.js";
import {buildScene, HEIGHT, type Vec3} from "../../../src/view/surface/scene.js";

const viewport = {width: 640, height: 460};

/** A point as the drawing writes it. */
function written({x, y}: Projected): string {
  return `${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100}`;
}

const camera: fc.Arbitrary<Camera> = fc.record({
  azimuth: fc.double({min: -180, max: 180, noNaN: true}),
  elevation: fc.double({min: ELEVATION.lowest, max: ELEVATION.highest, noNaN: true}),
  zoom: fc.constant(1)
});

const place = fc.tuple(
  fc.double({min: -1, max: 1, noNaN: true}),
  fc.double({min: -1, max: 1, noNaN: true}),
  fc.double({min: 0, max: HEIGHT, noNaN: true})
);

const scene = buildScene({
  x: {label: "TE", unit: "ms", range: [84, 150]},
  y: {label: "TI", unit: "ms", range: [2200, 2900]},
  z: {label: "F1 <of lesions>", range: [0, 1]},
  surface: (x, y) => 0.8 - ((x - 117) / 60) ** 2 - ((y - 2550) / 600) ** 2,
  points: [{x: 117, y: 2550, z: 0.95}, {x: 125, y: 2600, z: 0.3}, {x: 117, y: 2205, z: 0.02}],
  highlight: {x: 100, y: 2400}
});

test("orthographic: lengths on the screen and along the depth are those in space", () => {
  fc.assert(
    fc.property(camera, place, place, (view, a, b) => {
      const project = projector(view, viewport);
      const [p, q] = [project(a), project(b)];
      const screen = Math.hypot(p.x - q.x, p.y - q.y) / project.scale;
      const space = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
      assert.ok(Math.abs(Math.hypot(screen, p.depth - q.depth) - space) < 1e-9);
      // Parallel lines stay parallel: the middle goes to the middle.
      const mid = project(a.map((x, i) => (x + b[i]) / 2) as unknown as Vec3);
      assert.ok(Math.abs(mid.x - (p.x + q.x) / 2) < 1e-9 && Math.abs(mid.y - (p.y + q.y) / 2) < 1e-9);
    }),
    {seed: 1, numRuns: 300}
  );
});

test("towards the viewer depth falls and nothing moves on the screen", () => {
  fc.assert(
    fc.property(camera, place, fc.double({min: 1e-3, max: 2, noNaN: true}), (view, at, by) => {
      const project = projector(view, viewport);
      const near = project(at.map((x, i) => x + by * project.toViewer[i]) as unknown as Vec3);
      const here = project(at);
      assert.ok(Math.abs(here.depth - near.depth - by) < 1e-9);
      assert.ok(Math.hypot(here.x - near.x, here.y - near.y) < 1e-9 * project.scale);
    }),
    {seed: 1, numRuns: 300}
  );
});

test("up is up, and from the front the first axis runs to the right", () => {
  const project = projector({azimuth: -90, elevation: 20, zoom: 1}, viewport);
  assert.ok(project([0, 0, 1]).y < project([0, 0, 0]).y);
  assert.ok(project([1, 0, 0]).x > project([-1, 0, 0]).x);
  assert.ok(project([0, -1, 0]).depth < project([0, 1, 0]).depth);
  const above = projector({azimuth: -90, elevation: 90, zoom: 1}, viewport);
  assert.ok(above([0, 1, 0]).y < above([0, -1, 0]).y);
  assert.ok(Math.abs(above([0, 0, 0]).y - above([0, 0, HEIGHT]).y) < 1e-9);
});

test("the whole box is inside the drawing from everywhere, on wide and narrow pages", () => {
  fc.assert(
    fc.property(camera, fc.constantFrom(346, 640, 1000), (view, width) => {
      const size = {width, height: Math.max(270, Math.min(500, Math.round(width * 0.72)))};
      const project = projector(view, size);
      for (const x of [-1, 1]) {
        for (const y of [-1, 1]) {
          for (const z of [0, HEIGHT]) {
            const p = project([x, y, z]);
            assert.ok(p.x >= 40 && p.x <= size.width - 40, `x ${p.x}`);
            assert.ok(p.y >= 20 && p.y <= size.height - 36, `y ${p.y}`);
          }
        }
      }
    }),
    {seed: 1, numRuns: 300}
  );
});

test("the painter paints the farthest first and keeps the order of equals", () => {
  const items = [{depth: 1, n: 0}, {depth: 3, n: 1}, {depth: 1, n: 2}, {depth: -2, n: 3}, {depth: 3, n: 4}];
  assert.deepEqual(paintersOrder(items).map((item) => item.n), [1, 4, 0, 2, 3]);
});

test("of two faces on one line of sight the nearer is painted over the farther", () => {
  // A ridge across the view: seen from the front it hides the slope behind it.
  const ridge = buildScene({
    x: {label: "x", unit: "", range: [0, 1]},
    y: {label: "y", unit: "", range: [0, 1]},
    z: {label: "z", range: [0, 1]},
    surface: (_, y) => 1 - Math.abs(2 * y - 1),
    points: [],
    resolution: 8
  });
  const view = {azimuth: -90, elevation: 10, zoom: 1};
  const project = projector(view, viewport);
  const {model} = drawScene(ridge, view, viewport);
  const painted = [...model.matchAll(/<path d="M([^"]+)Z" fill="#/g)].map((match) => match[1]);
  assert.equal(painted.length, 64);
  const order = (face: (typeof ridge.faces)[number]) =>
    painted.indexOf(face.corners.map(project).map(written).join("L"));
  ridge.faces.forEach((face, i) => {
    assert.ok(order(face) >= 0);
    const behind = ridge.faces[i + 8];
    if (behind) assert.ok(order(behind) < order(face), `row behind face ${i} is painted first`);
  });
});

test("a point that the surface hides is painted before it, one that stands free after it", () => {
  const {model} = drawScene(scene, START, viewport);
  const [first, last] = [model.indexOf("<g opacity"), model.indexOf("</g>")];
  assert.ok(first > 0 && last > first);
  const at = scene.points.map((point) => {
    const {x, y} = projector(START, viewport)(point.at);
    return model.indexOf(`cx="${Math.round(x * 100) / 100}" cy="${Math.round(y * 100) / 100}"`);
  });
  const [above, under, underTheRim] = at;
  assert.ok(above > last, "above the surface");
  assert.ok(under >= 0 && under < first, "under it, covered");
  assert.ok(underTheRim > last, "under it, but before its rim as the viewer looks");
  // From straight above the surface covers all that is under it.
  const down = drawScene(scene, {...START, elevation: 90}, viewport).model;
  const before = down.slice(0, down.indexOf("<g opacity"));
  assert.equal(before.match(/<circle/g)?.length, 2);
});

test("the drawing is the same text each time, holds no invalid number, and names colours by variable", () => {
  const text = {title: "F1 & more", description: "Highest in the middle."};
  for (const azimuth of [-180, -90, -45, 0, 33, 90, 135]) {
    for (const elevation of [ELEVATION.lowest, 30, ELEVATION.highest]) {
      const view = {azimuth, elevation, zoom: 1};
      const svg = surfaceSvg(scene, view, viewport, text);
      assert.equal(surfaceSvg(scene, view, viewport, text), svg);
      assert.doesNotMatch(svg, /NaN|Infinity|undefined|e-\d/);
      // Hexadecimal colours are the map's; everything else follows the page.
      for (const [, value] of svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)) {
        if (/^#[0-9a-f]{6}$/.test(value) && scene.faces.some((face) => face.color === value)) continue;
        assert.match(value, /^(none|var\(--m-[a-z0-9-]+\))$/);
      }
      assert.ok(svg.includes("<title>F1 &amp; more</title>"));
      assert.ok(!svg.includes("<of lesions>"));
    }
  }
});

test("both floor axes and the heights are labelled with unit from the start view; from above heights are not", () => {
  const {over} = drawScene(scene, START, viewport);
  const labels = ["TE (ms)", "TI (ms)", "F1 &lt;of lesions&gt;", ">100<", ">2400<", ">0.4<"];
  for (const label of labels) assert.ok(over.includes(label), label);
  const above = drawScene(scene, {...START, elevation: 90}, viewport).over;
  assert.ok(above.includes("TE (ms)") && !above.includes(">0.4<"));
});

test("no two labels of the start view lie on each other", () => {
  for (const size of [viewport, {width: 346, height: 270}]) {
    for (const azimuth of [-58, -30, 20, 75, 140, -120]) {
      const {over} = drawScene(scene, {azimuth, elevation: 26, zoom: 1}, size);
      const boxes = [...over.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)">([^<]+)</g)].map(
        ([, x, y, anchor, label]) => {
          const w = 6.7 * label.length;
          const left = Number(x) - (anchor === "middle" ? w / 2 : anchor === "end" ? w : 0);
          return {label, left, right: left + w, top: Number(y) - 9, bottom: Number(y)};
        }
      );
      assert.ok(boxes.length > 6);
      boxes.forEach((a, i) => {
        for (const b of boxes.slice(i + 1)) {
          const across = a.right <= b.left + 1 || b.right <= a.left + 1;
          const apart = across || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
          assert.ok(apart, `${a.label} on ${b.label} at ${azimuth}, ${size.width} px`);
        }
      });
    }
  }
});
