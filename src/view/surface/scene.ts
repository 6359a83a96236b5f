import {InputError} from "../../domain/errors.js";
import {colorOf, type ColormapName} from "../viewer/colormap.js";
import {niceTicks, numberScale, tickLabels, unitLabel} from "../viewer/ticks.js";

/** A position in the box: x and y from -1 to 1, z from 0 (floor) to HEIGHT. */
export type Vec3 = readonly [number, number, number];

/** Height of the box; its floor is 2 x 2. */
export const HEIGHT = 1.15;

export interface SurfaceAxis {
  label: string;
  unit: string;
  range: readonly [number, number];
}

/** Heights on a grid: `z[j][i]` at `x[i]`, `y[j]`, both ascending. */
export interface HeightGrid {
  x: readonly number[];
  y: readonly number[];
  z: readonly (readonly number[])[];
}

export interface SurfacePoint {
  x: number;
  y: number;
  z: number;
  label?: string;
}

export interface SurfaceData {
  x: SurfaceAxis;
  y: SurfaceAxis;
  /** Range of the heights; wide enough for surface and points unless told. Beyond a told range the surface is cut. */
  z: {label: string; unit?: string; range?: readonly [number, number]};
  /** The fitted heights, as a function or on a grid. Not finite: no surface there. */
  surface: ((x: number, y: number) => number) | HeightGrid;
  points: readonly SurfacePoint[];
  highlight?: {x: number; y: number};
  /** "viridis" unless told. */
  colormap?: ColormapName;
  /** Cells along each side when `surface` is a function; 28 unless told. */
  resolution?: number;
}

export interface Face {
  corners: Vec3[];
  /** Colour of each corner and of the face, "#rrggbb". */
  colors: string[];
  color: string;
  /** Contour lines in this face. */
  contours: [Vec3, Vec3][];
  /** Its sides that belong to the coarse mesh. */
  mesh: [Vec3, Vec3][];
}

export interface ScenePoint {
  at: Vec3;
  /** Foot of the stem: the surface above or below; undefined where there is no surface. */
  foot?: Vec3;
  /** Whether the point lies above the surface. */
  above: boolean;
  data: SurfacePoint;
  /** Height of the surface there; NaN without one. */
  fitted: number;
}

export interface Tick {
  /** Place along the axis in the box. */
  at: number;
  label: string;
}

export interface SceneAxis {
  title: string;
  /** Sets of ticks, many first: the drawing takes the first whose labels have room. */
  sets: Tick[][];
}

/** Everything that is drawn, in the box's coordinates: what both the WebGL and the SVG drawing take. */
export interface SurfaceScene {
  faces: Face[];
  points: ScenePoint[];
  highlight?: {at: Vec3; floor: Vec3; x: number; y: number; z: number};
  axes: {x: SceneAxis; y: SceneAxis; z: SceneAxis};
  zRange: [number, number];
}

/** Builds the scene. Throws InputError when a range is empty, the grid is ragged, or there is nothing to draw. */
export function buildScene(data: SurfaceData): SurfaceScene {
  const {x, y, z, points, colormap = "viridis"} = data;
  for (const [name, axis] of [["x", x], ["y", y]] as const) checkRange(`${name}.range`, axis.range);
  if (z.range) checkRange("z.range", z.range);
  const {surface} = data;
  const grid = typeof surface === "function" ? sample(surface, x.range, y.range, data.resolution ?? 28) : surface;
  checkGrid(grid);
  const zRange = z.range ? ([...z.range] as [number, number]) : coveringRange(grid, points);
  const across = ([low, high]: Range) => (value: number) => (2 * (value - low)) / (high - low) - 1;
  const toX = across(x.range);
  const toY = across(y.range);
  const toZ = (value: number) => ((value - zRange[0]) / (zRange[1] - zRange[0])) * HEIGHT;
  const ofZ = (height: number) => zRange[0] + (height / HEIGHT) * (zRange[1] - zRange[0]);
  const heightAt = typeof surface === "function" ? surface : (px: number, py: number) => interpolate(grid, px, py);
  const paint = (height: number) => colorOf(colormap, ofZ(height), zRange) ?? "#808080";

  const levels = niceTicks(zRange[0], zRange[1], 10).map(toZ);
  const meshStep = Math.max(1, Math.round(Math.max(grid.x.length, grid.y.length) / 8));
  const faces: Face[] = [];
  for (let j = 0; j + 1 < grid.y.length; j++) {
    for (let i = 0; i + 1 < grid.x.length; i++) {
      const cell: Vec3[] = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(
        ([a, b]) => [toX(grid.x[a]), toY(grid.y[b]), toZ(grid.z[b][a])] as const
      );
      if (!cell.every((corner) => corner.every(Number.isFinite))) continue;
      const corners = clipHeight(clipHeight(cell, 0, 1), HEIGHT, -1);
      if (corners.length < 3) continue;
      const mean = corners.reduce((sum, corner) => sum + corner[2], 0) / corners.length;
      const contours = levels.flatMap((level) => (level > 0 && level < HEIGHT ? contourIn(cell, level) : []));
      const mesh: [Vec3, Vec3][] = [];
      // A side that was cut is left out of the mesh: the cut is an edge of its own.
      const whole = corners.length === 4 && corners.every((corner, k) => corner === cell[k]);
      if (whole && i > 0 && i % meshStep === 0) mesh.push([cell[0], cell[3]]);
      if (whole && j > 0 && j % meshStep === 0) mesh.push([cell[0], cell[1]]);
      faces.push({corners, colors: corners.map((c) => paint(c[2])), color: paint(mean), contours, mesh});
    }
  }

  const inside = (at: Vec3) => at.every(Number.isFinite) && Math.max(Math.abs(at[0]), Math.abs(at[1])) <= 1 + 1e-9;
  const scenePoints: ScenePoint[] = [];
  for (const point of points) {
    const at: Vec3 = [toX(point.x), toY(point.y), toZ(point.z)];
    if (!inside(at) || at[2] < -1e-9 || at[2] > HEIGHT + 1e-9) continue;
    const fitted = heightAt(point.x, point.y);
    const foot = Number.isFinite(fitted) ? Math.max(0, Math.min(HEIGHT, toZ(fitted))) : undefined;
    scenePoints.push({
      at,
      foot: foot === undefined ? undefined : [at[0], at[1], foot],
      above: !(point.z < fitted),
      data: point,
      fitted
    });
  }

  let highlight: SurfaceScene["highlight"];
  if (data.highlight) {
    const {x: hx, y: hy} = data.highlight;
    const value = heightAt(hx, hy);
    const at: Vec3 = [toX(hx), toY(hy), toZ(value)];
    if (inside(at) && at[2] >= 0 && at[2] <= HEIGHT) highlight = {at, floor: [at[0], at[1], 0], x: hx, y: hy, z: value};
  }

  return {
    faces,
    points: scenePoints,
    highlight,
    axes: {
      x: axisOf(x.label, x.unit, x.range, toX),
      y: axisOf(y.label, y.unit, y.range, toY),
      z: axisOf(z.label, z.unit ?? "", zRange, toZ)
    },
    zRange
  };
}

type Range = readonly [number, number];

function axisOf(label: string, unit: string, [low, high]: Range, place: (value: number) => number): SceneAxis {
  const scale = numberScale(low, high);
  const name = unitLabel(unit, scale);
  const sets = [7, 4, 3, 2, 1].map((count) => {
    const ticks = niceTicks(low, high, count);
    const labels = tickLabels(ticks, scale);
    return ticks.map((tick, i) => ({at: place(tick), label: labels[i]}));
  });
  return {title: name === "" ? label : `${label} (${name})`, sets};
}

function sample(height: (x: number, y: number) => number, xs: Range, ys: Range, cells: number): HeightGrid {
  const along = ([low, high]: Range) => Array.from({length: cells + 1}, (_, i) => low + ((high - low) * i) / cells);
  const x = along(xs);
  const y = along(ys);
  return {x, y, z: y.map((py) => x.map((px) => height(px, py)))};
}

/** Bilinear height between the grid's nodes; NaN outside. */
function interpolate({x, y, z}: HeightGrid, px: number, py: number): number {
  const cell = (nodes: readonly number[], value: number) => {
    for (let i = 0; i + 1 < nodes.length; i++) if (value >= nodes[i] && value <= nodes[i + 1]) return i;
    return -1;
  };
  const i = cell(x, px);
  const j = cell(y, py);
  if (i < 0 || j < 0) return NaN;
  const u = (px - x[i]) / (x[i + 1] - x[i]);
  const v = (py - y[j]) / (y[j + 1] - y[j]);
  return (1 - v) * ((1 - u) * z[j][i] + u * z[j][i + 1]) + v * ((1 - u) * z[j + 1][i] + u * z[j + 1][i + 1]);
}

/** The part of a polygon above a height (side 1) or below it (side -1). Sutherland & Hodgman 1974. */
export function clipHeight(corners: readonly Vec3[], height: number, side: 1 | -1): Vec3[] {
  const kept: Vec3[] = [];
  corners.forEach((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    const here = side * (corner[2] - height);
    const there = side * (next[2] - height);
    if (here >= 0) kept.push(corner);
    if ((here > 0 && there < 0) || (here < 0 && there > 0)) {
      const t = here / (here - there);
      kept.push([corner[0] + t * (next[0] - corner[0]), corner[1] + t * (next[1] - corner[1]), height]);
    }
  });
  return kept;
}

/** Contour of a four-cornered cell at a height, as segments (marching squares; its mean decides a saddle). */
export function contourIn(cell: readonly Vec3[], level: number): [Vec3, Vec3][] {
  const crossings: Vec3[] = [];
  cell.forEach((corner, i) => {
    const next = cell[(i + 1) % 4];
    if (corner[2] < level === next[2] < level) return;
    const t = (level - corner[2]) / (next[2] - corner[2]);
    crossings.push([corner[0] + t * (next[0] - corner[0]), corner[1] + t * (next[1] - corner[1]), level]);
  });
  if (crossings.length === 2) return [[crossings[0], crossings[1]]];
  if (crossings.length !== 4) return [];
  const mean = cell.reduce((sum, corner) => sum + corner[2], 0) / 4;
  // Crossing i lies on the edge from corner i: joined so that corner 0 is cut off unless it lies on the mean's side.
  const joined = mean < level === cell[0][2] < level;
  const [a, b, c, d] = crossings;
  return joined ? [[a, b], [c, d]] : [[d, a], [b, c]];
}

function coveringRange(grid: HeightGrid, points: readonly SurfacePoint[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of [...grid.z.flat(), ...points.map((p) => p.z)]) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) {
    throw new InputError({code: "empty", field: "surface", value: "no finite height", expected: "at least one"});
  }
  if (low === high) return [low - 0.5, high + 0.5];
  const ticks = niceTicks(low, high, 5);
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : high - low;
  // Twelve digits: 6 * 0.2 should be 1.2.
  const round = (steps: number) => Number((steps * step).toPrecision(12));
  return [round(Math.floor(low / step + 1e-9)), round(Math.ceil(high / step - 1e-9))];
}

function checkRange(field: string, range: readonly [number, number]): void {
  if (range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]) return;
  throw new InputError({code: "bad-range", field, value: range, expected: "two finite numbers, the lower first"});
}

function checkGrid({x, y, z}: HeightGrid): void {
  for (const [field, nodes] of [["surface.x", x], ["surface.y", y]] as const) {
    if (nodes.length < 2 || !nodes.every((node, i) => Number.isFinite(node) && (i === 0 || node > nodes[i - 1]))) {
      throw new InputError({code: "bad-grid", field, value: nodes, expected: "at least two finite numbers, ascending"});
    }
  }
  const ragged = z.length !== y.length || z.some((row) => row.length !== x.length);
  if (ragged) {
    const value = z.map((row) => row.length);
    throw new InputError({code: "bad-grid", field: "surface.z", value, expected: `${y.length} rows of ${x.length}`});
  }
}
