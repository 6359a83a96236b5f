/** Isolines of a grid by marching squares with linear interpolation along the cell edges. */

/** A regular grid: `values[j * xs.length + i]` belongs to `xs[i]`, `ys[j]`. */
export interface Grid {
  xs: readonly number[];
  ys: readonly number[];
  values: ArrayLike<number>;
}

export interface ContourPoint {
  x: number;
  y: number;
}

/**
 * The lines along which the grid has a level, each a polyline; closed ones end where they begin. Cells with a value
 * that is not finite are left out. A saddle is resolved by the mean of its corners.
 */
export function contour(grid: Grid, level: number): ContourPoint[][] {
  const {xs, ys, values} = grid;
  const [nx, ny] = [xs.length, ys.length];
  if (values.length !== nx * ny) throw new RangeError(`grid has ${values.length} values; expected ${nx} x ${ny}`);
  const at = (i: number, j: number): number => values[j * nx + i]!;
  const inside = (value: number): boolean => value >= level;
  // An edge is named by its lower corner and its direction, so that neighbouring cells name it alike.
  const horizontal = (i: number, j: number): number => 2 * (j * nx + i);
  const vertical = (i: number, j: number): number => 2 * (j * nx + i) + 1;
  const points = new Map<number, ContourPoint>();
  const neighbours = new Map<number, number[]>();
  const mix = (a: number, b: number): number => (level - a) / (b - a);
  const point = (edge: number): void => {
    if (points.has(edge)) return;
    const corner = edge >> 1;
    const [i, j] = [corner % nx, Math.floor(corner / nx)];
    const start = at(i, j);
    if (edge % 2 === 0) {
      const t = mix(start, at(i + 1, j));
      points.set(edge, {x: xs[i]! + t * (xs[i + 1]! - xs[i]!), y: ys[j]!});
    } else {
      const t = mix(start, at(i, j + 1));
      points.set(edge, {x: xs[i]!, y: ys[j]! + t * (ys[j + 1]! - ys[j]!)});
    }
  };
  const join = (a: number, b: number): void => {
    point(a);
    point(b);
    neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
    neighbours.set(b, [...(neighbours.get(b) ?? []), a]);
  };
  for (let j = 0; j + 1 < ny; j++) {
    for (let i = 0; i + 1 < nx; i++) {
      const corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)] as const;
      if (!corners.every(Number.isFinite)) continue;
      const edges = [horizontal(i, j), vertical(i + 1, j), horizontal(i, j + 1), vertical(i, j)] as const;
      const state = corners.map(inside);
      const crossed = edges.filter((_, side) => state[side] !== state[(side + 1) % 4]);
      if (crossed.length === 2) join(crossed[0]!, crossed[1]!);
      if (crossed.length === 4) {
        const high = inside((corners[0] + corners[1] + corners[2] + corners[3]) / 4);
        if (high === state[0]) {
          join(edges[0], edges[1]);
          join(edges[2], edges[3]);
        } else {
          join(edges[3], edges[0]);
          join(edges[1], edges[2]);
        }
      }
    }
  }
  return chains(neighbours).map((chain) => chain.map((edge) => points.get(edge)!));
}

/** Follows the joined edges: open lines from their ends, then what is left, the closed ones. */
function chains(neighbours: Map<number, number[]>): number[][] {
  const left = new Map([...neighbours].map(([edge, others]) => [edge, [...others]]));
  const take = (from: number, to: number): void => {
    const others = left.get(from)!;
    others.splice(others.indexOf(to), 1);
  };
  const found: number[][] = [];
  const follow = (start: number): void => {
    const chain = [start];
    let here = start;
    for (;;) {
      const next = left.get(here)![0];
      if (next === undefined) break;
      take(here, next);
      take(next, here);
      chain.push(next);
      here = next;
    }
    if (chain.length > 1) found.push(chain);
  };
  for (const [edge, others] of neighbours) if (others.length === 1 && left.get(edge)!.length === 1) follow(edge);
  for (const edge of neighbours.keys()) while (left.get(edge)!.length > 0) follow(edge);
  return found;
}

/** Round levels strictly between two values, about `count` of them, in steps of 1, 2 or 5 times a power of ten. */
export function roundLevels(low: number, high: number, count = 7): number[] {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const levels: number[] = [];
  for (let k = Math.floor(low / step) + 1; k * step < high; k++) {
    levels.push(Number((k * step).toPrecision(12)));
  }
  return levels;
}
