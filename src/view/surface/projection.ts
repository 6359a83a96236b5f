import {HEIGHT, type SceneAxis, type SurfaceScene, type Tick, type Vec3} from "./scene.js";

/** Where the viewer stands, degrees: azimuth about the vertical (0 looks along -x), elevation above the floor. */
export interface Camera {
  azimuth: number;
  elevation: number;
  zoom: number;
}

export interface Viewport {
  width: number;
  height: number;
}

/** A point of the drawing, px from the top left; depth grows away from the viewer. */
export interface Projected {
  x: number;
  y: number;
  depth: number;
}

export interface Projector {
  (point: Vec3): Projected;
  /** px per unit of the box. */
  scale: number;
  /** Where the middle of the box lands, px. */
  center: {x: number; y: number};
  /** Unit vectors: to the right and up on the screen, and towards the viewer. */
  right: Vec3;
  up: Vec3;
  toViewer: Vec3;
}

export const START: Readonly<Camera> = {azimuth: -58, elevation: 26, zoom: 1};

/** Elevations that the views allow: never from below, where the axes' labels would lie behind the surface. */
export const ELEVATION = {lowest: 4, highest: 90} as const;

/** Room around the box for labels, px. */
const MARGIN = {side: 46, top: 34, bottom: 50} as const;

/** Parallel (orthographic) projection; the box fits the viewport at zoom 1, whatever the azimuth. */
export function projector({azimuth, elevation, zoom}: Camera, {width, height}: Viewport): Projector {
  const a = (azimuth * Math.PI) / 180;
  const e = (elevation * Math.PI) / 180;
  const right: Vec3 = [-Math.sin(a), Math.cos(a), 0];
  const up: Vec3 = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
  const toViewer: Vec3 = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
  const wide = 2 * Math.SQRT2;
  // Scale depends on the elevation alone: turning round the vertical does not make the box breathe.
  const tall = HEIGHT * Math.cos(e) + wide * Math.sin(e);
  const scale = zoom * Math.min((width - 2 * MARGIN.side) / wide, (height - MARGIN.top - MARGIN.bottom) / tall);
  const center = {x: width / 2, y: (height + MARGIN.top - MARGIN.bottom) / 2};
  const project = (point: Vec3): Projected => {
    const p: Vec3 = [point[0], point[1], point[2] - HEIGHT / 2];
    return {x: center.x + scale * dot(right, p), y: center.y - scale * dot(up, p), depth: -dot(toViewer, p)};
  };
  return Object.assign(project, {scale, center, right, up, toViewer});
}

export interface DrawingParts {
  /** Box and grid, behind everything. */
  axes: string;
  /** Surface, contours, points and stems, farthest first. */
  model: string;
  /** Labels and the highlighted place, above everything. */
  over: string;
}

/** The scene as SVG groups, colours as the site's variables. The same scene, camera and viewport give the same text. */
export function drawScene(
  scene: SurfaceScene,
  camera: Camera,
  viewport: Viewport,
  parts?: {model?: boolean}
): DrawingParts {
  const project = projector(camera, viewport);
  const axes = drawAxes(scene, project);
  return {
    axes: axes.lines,
    model: parts?.model === false ? "" : drawModel(scene, project),
    over: axes.labels + drawHighlight(scene, project)
  };
}

/** A whole SVG file of the scene; `text` is its title and description. */
export function surfaceSvg(
  scene: SurfaceScene,
  camera: Camera,
  viewport: Viewport,
  text: {title: string; description: string}
): string {
  const {axes, model, over} = drawScene(scene, camera, viewport);
  const {width, height} = viewport;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" ` +
    `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<title>${escape(text.title)}</title><desc>${escape(text.description)}</desc>` +
    `<rect width="${width}" height="${height}" fill="var(--m-paper)"/>` +
    `<g font-family="system-ui, sans-serif" font-size="12">${axes}${model}${over}</g></svg>`
  );
}

/** Painter's algorithm: sorted by depth, farthest first; what lies equally deep keeps its order. */
export function paintersOrder<T extends {depth: number}>(items: readonly T[]): T[] {
  return items
    .map((item, i) => ({item, i}))
    .sort((a, b) => b.item.depth - a.item.depth || a.i - b.i)
    .map(({item}) => item);
}

function drawModel({faces, points}: SurfaceScene, project: Projector): string {
  const seen = faces.map((face) => {
    const corners = face.corners.map(project);
    return {face, corners, depth: corners.reduce((sum, c) => sum + c.depth, 0) / corners.length};
  });
  const surface = paintersOrder(seen).map(({face, corners}) => {
    const outline = `M${corners.map((c) => `${px(c.x)} ${px(c.y)}`).join("L")}Z`;
    const strokes = (pairs: readonly [Vec3, Vec3][], look: string) =>
      pairs.length === 0 ? "" : `<path d="${pairs.map(([a, b]) => line(project(a), project(b))).join("")}" ${look}/>`;
    // The rim in the face's own colour closes the seams that smoothed edges leave between neighbours.
    return (
      `<path d="${outline}" fill="${face.color}" stroke="${face.color}" stroke-width=".5"/>` +
      strokes(face.mesh, `stroke="var(--m-paper)" stroke-opacity=".4"`) +
      strokes(face.contours, `stroke="var(--m-ink)" stroke-opacity=".7"`)
    );
  });
  const behind: string[] = [];
  const before: string[] = [];
  for (const {at, foot, above} of points) {
    const head = project(at);
    const fill = above ? "var(--m-ink)" : "var(--m-paper)";
    const edge = above ? "var(--m-paper)" : "var(--m-ink)";
    const hidden = seen.some(({corners}) => covers(corners, head));
    (hidden ? behind : before).push(
      (foot ? `<path d="${line(project(foot), head)}" stroke="var(--m-ink)" stroke-width="1.3"/>` : "") +
        `<circle cx="${px(head.x)}" cy="${px(head.y)}" r="3.9" fill="${fill}" stroke="${edge}" stroke-width="1.3"/>`
    );
  }
  // One translucent sheet, not many translucent faces: what lies behind shows through once, wherever faces overlap.
  const sheet = `<g opacity=".86" stroke-width=".8" stroke-linejoin="round">${surface.join("")}</g>`;
  return behind.join("") + sheet + before.join("");
}

/** Whether a polygon lies between a point and the viewer. */
function covers(corners: readonly Projected[], {x, y, depth}: Projected): boolean {
  for (let i = 1; i + 1 < corners.length; i++) {
    const [a, b, c] = [corners[0], corners[i], corners[i + 1]];
    const area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (Math.abs(area) < 1e-9) continue;
    const u = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
    const v = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
    if (u < 0 || v < 0 || u + v > 1) continue;
    if (a.depth + u * (b.depth - a.depth) + v * (c.depth - a.depth) < depth - 1e-6) return true;
  }
  return false;
}

function drawHighlight({highlight}: SurfaceScene, project: Projector): string {
  if (!highlight) return "";
  const top = project(highlight.at);
  const foot = project(highlight.floor);
  return (
    `<path d="${line(foot, top)}" stroke="var(--m-paper)" stroke-width="4" stroke-opacity=".75" fill="none"/>` +
    `<path d="${line(foot, top)}" stroke="var(--m-accent-2)" stroke-width="1.8" stroke-dasharray="5 3" fill="none"/>` +
    `<circle cx="${px(foot.x)}" cy="${px(foot.y)}" r="2.5" fill="var(--m-accent-2)"/>` +
    `<circle cx="${px(top.x)}" cy="${px(top.y)}" r="6.5" ` +
    `fill="var(--m-accent-2)" stroke="var(--m-paper)" stroke-width="2"/>`
  );
}

function drawAxes({axes}: SurfaceScene, project: Projector): {lines: string; labels: string} {
  const {toViewer} = project;
  const near: [number, number] = [toViewer[0] >= 0 ? 1 : -1, toViewer[1] >= 0 ? 1 : -1];
  const far = [-near[0], -near[1]];
  const grid: string[] = [];
  const segment = (a: Vec3, b: Vec3) => grid.push(line(project(a), project(b)));
  const chosen = {
    x: roomy(axes.x, project([-1, near[1], 0]), project([1, near[1], 0]), 2),
    y: roomy(axes.y, project([near[0], -1, 0]), project([near[0], 1, 0]), 2),
    z: roomy(axes.z, project([far[0], far[1], 0]), project([far[0], far[1], HEIGHT]), HEIGHT)
  };
  for (const {at} of chosen.x) {
    segment([at, -1, 0], [at, 1, 0]);
    segment([at, far[1], 0], [at, far[1], HEIGHT]);
  }
  for (const {at} of chosen.y) {
    segment([-1, at, 0], [1, at, 0]);
    segment([far[0], at, 0], [far[0], at, HEIGHT]);
  }
  for (const {at} of chosen.z) {
    segment([-1, far[1], at], [1, far[1], at]);
    segment([far[0], -1, at], [far[0], 1, at]);
  }
  const edges: string[] = [];
  const edge = (a: Vec3, b: Vec3) => edges.push(line(project(a), project(b)));
  for (const side of [-1, 1]) {
    edge([-1, side, 0], [1, side, 0]);
    edge([side, -1, 0], [side, 1, 0]);
  }
  edge([far[0], far[1], 0], [far[0], far[1], HEIGHT]);
  edge([far[0], near[1], 0], [far[0], near[1], HEIGHT]);
  edge([near[0], far[1], 0], [near[0], far[1], HEIGHT]);
  edge([-1, far[1], HEIGHT], [1, far[1], HEIGHT]);
  edge([far[0], -1, HEIGHT], [far[0], 1, HEIGHT]);

  // Heights are read at the outer upright edge that stands on the left.
  const uprights: Vec3[] = [[far[0], near[1], 0], [near[0], far[1], 0]];
  const left = uprights.reduce((a, b) => (project(a).x <= project(b).x ? a : b));
  const ticks: string[] = [];
  const labels: Label[] = [
    ...floorAxis(axes.x.title, chosen.x, (at) => [at, near[1], 0], [0, near[1], 0], project, ticks),
    ...floorAxis(axes.y.title, chosen.y, (at) => [near[0], at, 0], [near[0], 0, 0], project, ticks)
  ];
  const foot = project([left[0], left[1], 0]);
  const head = project([left[0], left[1], HEIGHT]);
  if (foot.y - head.y > 30) {
    for (const {at, label} of chosen.z) {
      const p = project([left[0], left[1], at]);
      ticks.push(`M${px(p.x)} ${px(p.y)}h-5`);
      labels.push({x: p.x - 8, y: p.y + 4, anchor: "end", text: label});
    }
    labels.push({x: head.x, y: head.y - 14, anchor: "middle", text: axes.z.title, title: {angle: 0}});
  }
  return {
    lines:
      `<path d="${grid.join("")}" stroke="var(--m-rule)" stroke-width=".8" fill="none"/>` +
      `<path d="${edges.join("")}${ticks.join("")}" stroke="var(--m-muted)" stroke-opacity=".8" fill="none"/>`,
    labels:
      `<g fill="var(--m-muted)" stroke="var(--m-paper)" stroke-width="3" ` +
      `stroke-linejoin="round" paint-order="stroke">` +
      `${writeLabels(labels)}</g>`
  };
}

/** Ticks, labels and title of an axis that lies on the floor, at the edge nearest to the viewer. */
function floorAxis(
  title: string,
  shown: readonly Tick[],
  place: (at: number) => Vec3,
  middle: Vec3,
  project: Projector,
  ticks: string[]
): Label[] {
  const origin = project([0, 0, 0]);
  const mid = project(middle);
  const [start, end] = [project(place(-1)), project(place(1))];
  // Away from the box, square to the edge on the screen.
  let out = {x: end.y - start.y, y: start.x - end.x};
  const length = Math.hypot(out.x, out.y);
  if (length < 1) return [];
  const side = out.x * (mid.x - origin.x) + out.y * (mid.y - origin.y) < 0 ? -1 : 1;
  out = {x: (side * out.x) / length, y: (side * out.y) / length};
  const anchor = out.x > 0.2 ? "start" : out.x < -0.2 ? "end" : "middle";
  const labels = shown.map(({at, label}): Label => {
    const p = project(place(at));
    ticks.push(`M${px(p.x)} ${px(p.y)}L${px(p.x + 5 * out.x)} ${px(p.y + 5 * out.y)}`);
    return {x: p.x + 9 * out.x, y: p.y + 9 * out.y + 4 + 4 * Math.max(0, out.y), anchor, text: label};
  });
  let angle = (Math.atan2(end.y - start.y, end.x - start.x) * 180) / Math.PI;
  if (angle > 90) angle -= 180;
  if (angle <= -90) angle += 180;
  // Beyond the labels, as far as they reach in this direction.
  const widest = 6.8 * Math.max(0, ...shown.map(({label}) => label.length));
  const reach = anchor === "middle" ? widest / 2 : widest;
  const distance = shown.length > 0 ? 21 + Math.abs(out.x) * reach + 13 * Math.max(0, out.y) : 20;
  if (length < 40) return labels;
  const [x, y] = [mid.x + distance * out.x, mid.y + distance * out.y];
  return [...labels, {x, y, anchor: "middle", text: title, title: {angle}}];
}

interface Label {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
  text: string;
  /** For an axis's title: how it is turned, degrees. */
  title?: {angle: number};
}

/** Titles and ticks as text; a tick's label that would lie on an earlier one (where two axes meet) is left out. */
function writeLabels(labels: readonly Label[]): string {
  const taken: {left: number; right: number; y: number}[] = [];
  return labels
    .map(({x, y, anchor, text, title}) => {
      const place = `x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"`;
      if (title) {
        const turn = `rotate(${px(title.angle)} ${px(x)} ${px(y)})`;
        const turned = title.angle === 0 ? "" : ` transform="${turn}" dominant-baseline="middle"`;
        return `<text ${place}${turned} font-weight="600" fill="var(--m-ink)">${escape(text)}</text>`;
      }
      const width = 7 * text.length;
      const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
      const box = {left, right: left + width, y};
      const meets = (other: typeof box) =>
        box.left < other.right && other.left < box.right && Math.abs(other.y - y) < 11;
      if (taken.some(meets)) return "";
      taken.push(box);
      return `<text ${place}>${escape(text)}</text>`;
    })
    .join("");
}

/** The largest set of ticks whose labels, put along this line on the screen, do not touch. */
function roomy({sets}: SceneAxis, a: Projected, b: Projected, span: number): Tick[] {
  for (const set of sets) {
    if (set.length < 2) return Math.hypot(b.x - a.x, b.y - a.y) > 30 ? set : [];
    const share = (set[1].at - set[0].at) / span;
    const wide = 7 * Math.max(...set.map(({label}) => label.length)) + 8;
    if (Math.abs(b.x - a.x) * share >= wide || Math.abs(b.y - a.y) * share >= 17) return set;
  }
  return [];
}

function line(a: Projected, b: Projected): string {
  return `M${px(a.x)} ${px(a.y)}L${px(b.x)} ${px(b.y)}`;
}

/** Hundredths of a pixel: enough to see, and the same text wherever it is computed. */
function px(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function escape(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
