import {InputError} from "../../domain/errors.js";

/** Where voxels lie: shape in voxels, affine 4 x 4 row-major from voxel indices to mm (right, anterior, superior). */
export interface Grid {
  shape: readonly [number, number, number];
  affine: readonly number[];
}

export type Voxel = [number, number, number];

/** The two axes that a plane spans and the one it cuts, as world axes: 0 right, 1 anterior, 2 superior. */
export const PLANES = {
  axial: {across: 0, up: 1, depth: 2},
  coronal: {across: 0, up: 2, depth: 1},
  sagittal: {across: 1, up: 2, depth: 0}
} as const;

export type Plane = keyof typeof PLANES;

/** Letters at the low and the high end of each world axis. */
export const ENDS = [["L", "R"], ["P", "A"], ["I", "S"]] as const;

/** A grid with its voxel axes put in the order right, anterior, superior: how slices are shown. */
export interface Oriented {
  grid: Grid;
  /** Voxel axis that runs most along each world axis. */
  axis: [number, number, number];
  /** Whether that voxel axis runs against the world axis. */
  flip: [boolean, boolean, boolean];
  /** Voxels along each world axis. */
  size: [number, number, number];
  /** Voxel edge along each world axis, mm. */
  spacing: [number, number, number];
}

/**
 * Finds the axis order nearest to right, anterior, superior.
 * Throws InputError when shape or affine cannot describe a grid.
 */
export function orient(grid: Grid): Oriented {
  const {shape, affine} = grid;
  if (shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw new InputError({code: "bad-shape", field: "grid.shape", value: shape, expected: "three positive integers"});
  }
  if (affine.length !== 16 || !affine.every(Number.isFinite) || determinant(affine) === 0) {
    const expected = "16 finite numbers, invertible";
    throw new InputError({code: "bad-affine", field: "grid.affine", value: affine, expected});
  }
  const edge = [0, 1, 2].map((j) => Math.hypot(affine[j], affine[4 + j], affine[8 + j]));
  const axis: [number, number, number] = [0, 1, 2];
  // Of the six orders, the one whose axes lie best along the world's: no two world axes can claim one voxel axis.
  const orders: [number, number, number][] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  let best = -1;
  for (const order of orders) {
    const score = order.reduce((sum, j, i) => sum + Math.abs(affine[i * 4 + j]) / edge[j], 0);
    if (score > best + 1e-12) {
      best = score;
      axis.splice(0, 3, ...order);
    }
  }
  return {
    grid,
    axis,
    flip: axis.map((j, i) => affine[i * 4 + j] < 0) as [boolean, boolean, boolean],
    size: axis.map((j) => shape[j]) as [number, number, number],
    spacing: axis.map((j) => edge[j]) as [number, number, number]
  };
}

/** Position in the displayed order (right, anterior, superior) of a voxel, and back; both count from 0. */
export function toOriented({axis, flip, size}: Oriented, voxel: Voxel): Voxel {
  return axis.map((j, i) => (flip[i] ? size[i] - 1 - voxel[j] : voxel[j])) as Voxel;
}

export function fromOriented({axis, flip, size}: Oriented, position: Voxel): Voxel {
  const voxel: Voxel = [0, 0, 0];
  axis.forEach((j, i) => (voxel[j] = flip[i] ? size[i] - 1 - position[i] : position[i]));
  return voxel;
}

/** Index of a voxel in the values, first axis fastest (as NIfTI stores them). */
export function voxelIndex({shape}: Grid, [i, j, k]: Voxel): number {
  return i + shape[0] * (j + shape[1] * k);
}

/** Centre of a voxel, mm. */
export function voxelToMm({affine: m}: Grid, [i, j, k]: Voxel): Voxel {
  return [0, 4, 8].map((r) => m[r] * i + m[r + 1] * j + m[r + 2] * k + m[r + 3]) as Voxel;
}

/** The nearest voxel inside the grid. */
export function clampVoxel({shape}: Grid, voxel: readonly number[]): Voxel {
  const nearest = (x: number) => (Number.isFinite(x) ? Math.round(x) : 0);
  return shape.map((n, i) => Math.max(0, Math.min(n - 1, nearest(voxel[i])))) as Voxel;
}

/** A rectangle of the stage, CSS pixels, in which one plane is drawn edge to edge. */
export interface Panel {
  plane: Plane;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface StageLayout {
  height: number;
  panels: Panel[];
}

/** Room around a panel for the letters at its edges, px. */
const MARGIN = 22;

/**
 * Rectangles for `planes` on a stage `width` px wide, all at one scale (px per mm), no higher than `limit` px
 * unless the stage is narrow and the planes are stacked.
 */
export function layoutPanels(oriented: Oriented, planes: readonly Plane[], width: number, limit = 440): StageLayout {
  const {size, spacing} = oriented;
  const extent = (axis: number) => size[axis] * spacing[axis];
  const mm = planes.map((plane) => [extent(PLANES[plane].across), extent(PLANES[plane].up)]);
  if (planes.length === 1) {
    const [w, h] = mm[0];
    const scale = Math.min((width - 2 * MARGIN) / w, (limit - 2 * MARGIN) / h);
    return center(width, [{plane: planes[0], left: MARGIN, top: MARGIN, width: w * scale, height: h * scale}]);
  }
  const [[aw, ah], ...rest] = mm;
  const sideWidth = Math.max(...rest.map(([w]) => w));
  const sideHeight = rest.reduce((sum, [, h]) => sum + h, 0);
  const gaps = 2 * MARGIN * rest.length;
  const beside = Math.min(
    (width - 4 * MARGIN) / (aw + sideWidth),
    (limit - 2 * MARGIN) / ah,
    (limit - gaps) / sideHeight
  );
  const stacked = Math.min(
    (width - 2 * MARGIN) / Math.max(aw, sideWidth),
    (1.6 * limit - 2 * MARGIN - gaps) / (ah + sideHeight)
  );
  if (width < 520 && stacked > beside) {
    let top = MARGIN;
    const panels = planes.map((plane, i) => {
      const [w, h] = mm[i];
      const panel = {plane, left: (width - w * stacked) / 2, top, width: w * stacked, height: h * stacked};
      top += panel.height + 2 * MARGIN;
      return panel;
    });
    return center(width, panels);
  }
  const panels: Panel[] = [{plane: planes[0], left: MARGIN, top: MARGIN, width: aw * beside, height: ah * beside}];
  let top = MARGIN;
  rest.forEach(([w, h], i) => {
    panels.push({plane: planes[i + 1], left: 3 * MARGIN + aw * beside, top, width: w * beside, height: h * beside});
    top += h * beside + 2 * MARGIN;
  });
  return center(width, panels);
}

function center(width: number, panels: Panel[]): StageLayout {
  const right = Math.max(...panels.map((p) => p.left + p.width));
  const left = Math.min(...panels.map((p) => p.left));
  const shift = (width - right - left) / 2;
  // The column beside the first panel is centred on it, so that thin slabs do not hang at the top.
  const first = panels[0];
  const column = panels.filter((p) => p.left > first.left + first.width);
  const bottom = Math.max(...panels.map((p) => p.top + p.height));
  const columnBottom = Math.max(...column.map((p) => p.top + p.height), 0);
  const drop = (p: Panel) => {
    if (column.includes(p)) return (bottom - columnBottom) / 2;
    return p === first && column.length > 0 ? (bottom - MARGIN - first.height) / 2 : 0;
  };
  return {
    height: Math.ceil(bottom + MARGIN),
    panels: panels.map((p) => ({
      ...p,
      left: Math.round(p.left + shift),
      top: Math.round(p.top + drop(p)),
      width: Math.round(p.width),
      height: Math.round(p.height)
    }))
  };
}

/**
 * The oriented position that a point of the stage shows, or null outside all panels.
 * `inside` keeps a drag in the panel where it began.
 */
export function positionAt(
  oriented: Oriented,
  panels: readonly Panel[],
  position: Voxel,
  x: number,
  y: number,
  inside?: Plane
): {plane: Plane; position: Voxel} | null {
  for (const panel of panels) {
    const u = (x - panel.left) / panel.width;
    const v = 1 - (y - panel.top) / panel.height;
    if (inside ? panel.plane !== inside : u < 0 || u >= 1 || v < 0 || v >= 1) continue;
    const {across, up} = PLANES[panel.plane];
    const next: Voxel = [...position];
    next[across] = Math.max(0, Math.min(oriented.size[across] - 1, Math.floor(u * oriented.size[across])));
    next[up] = Math.max(0, Math.min(oriented.size[up] - 1, Math.floor(v * oriented.size[up])));
    return {plane: panel.plane, position: next};
  }
  return null;
}

function determinant(m: readonly number[]): number {
  return (
    m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8])
  );
}
