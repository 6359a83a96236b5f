// Location, spread and range of a map over some voxels.
import {mean, quantile, standardDeviation} from "../domain/statistics/summaries.js";

/** Finite values of a map at some voxels. */
function valuesAt(values: ArrayLike<number>, voxels: Uint32Array): Float64Array {
  const found = new Float64Array(voxels.length);
  let count = 0;
  for (const v of voxels) if (Number.isFinite(values[v])) found[count++] = values[v];
  return found.slice(0, count);
}

/** Location and spread of some voxels; null without a value, `sd` also with one alone. Quartiles of type 7. */
export interface Spread {
  /** Voxels with a value. */
  n: number;
  /** Voxels without. */
  missing: number;
  median: number | null;
  q1: number | null;
  q3: number | null;
  mean: number | null;
  sd: number | null;
}

/** One parameter in one part of the region. */
export interface Summary extends Spread {
  group: string;
  parameter: string;
  unit: string;
}

/** Summary of a map over the voxels that have a value. */
export function summarise(map: ArrayLike<number>, voxels: Uint32Array): Spread {
  const sorted = valuesAt(map, voxels).sort();
  const n = sorted.length;
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => (n > 0 ? quantile(sorted, p) : null));
  return {
    n,
    missing: voxels.length - n,
    median,
    q1,
    q3,
    mean: n > 0 ? mean(sorted) : null,
    sd: n > 1 ? standardDeviation(sorted) : null
  };
}

/** Ends of a colour bar or axis that holds 98 % of the finite values; null when there are none. */
export function displayRange(values: ArrayLike<number>, voxels: Uint32Array): [number, number] | null {
  const sorted = valuesAt(values, voxels).sort();
  if (sorted.length === 0) return null;
  const [low, high] = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  if (low < high) return [low, high];
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (first < last) return [first, last];
  const margin = first === 0 ? 1 : Math.abs(first) / 10;
  return [first - margin, first + margin];
}
