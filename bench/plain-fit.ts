// What a script would do: Levenberg-Marquardt in plain TypeScript, voxel after voxel, steps clipped to the bounds.

type Point = readonly number[];

/** b (s/mm2) and TE (s) of each sample. */
export interface DiffusionRelaxation {
  b: Point;
  TE: Point;
}

const bounds: readonly (readonly [number, number])[] = [
  [0, Infinity], [0, 1], [0.003, 0.5], [0.001, 1], [0, 0.005], [0, 3], [0.001, 1]
];

/** Residual sums of squares of T2-IVIM-Kurtosis fits; `samples[s * voxels + v]`. */
export function plainFit({b, TE}: DiffusionRelaxation, samples: Float64Array, voxels: number): Float64Array {
  const n = b.length;
  const residuals = new Float64Array(voxels);
  const y = new Float64Array(n);
  const evaluate = (p: number[], r: Float64Array, jacobian: Float64Array[]): number => {
    const [s0, f, dv, t2v, dt, k, t2t] = p;
    let rss = 0;
    for (let i = 0; i < n; i++) {
      const attenuation = b[i] * dt;
      const v = Math.exp(-b[i] * dv - TE[i] / t2v);
      const t = Math.exp(-attenuation + (k * attenuation * attenuation) / 6 - TE[i] / t2t);
      const relative = f * v + (1 - f) * t;
      r[i] = y[i] - s0 * relative;
      rss += r[i] * r[i];
      const [vascular, tissue] = [s0 * f * v, s0 * (1 - f) * t];
      jacobian[0][i] = relative;
      jacobian[1][i] = s0 * (v - t);
      jacobian[2][i] = -b[i] * vascular;
      jacobian[3][i] = (vascular * TE[i]) / (t2v * t2v);
      jacobian[4][i] = tissue * b[i] * ((k * attenuation) / 3 - 1);
      jacobian[5][i] = (tissue * attenuation * attenuation) / 6;
      jacobian[6][i] = (tissue * TE[i]) / (t2t * t2t);
    }
    return rss;
  };
  const make = () => ({r: new Float64Array(n), jacobian: bounds.map(() => new Float64Array(n))});
  let [now, next] = [make(), make()];
  for (let v = 0; v < voxels; v++) {
    let largest = 0;
    for (let i = 0; i < n; i++) largest = Math.max(largest, (y[i] = samples[i * voxels + v]));
    let p = [2 * largest, 0.1, 0.02, 0.1, 0.001, 0.5, 0.08];
    let rss = evaluate(p, now.r, now.jacobian);
    let damping = 1e-3;
    for (let iteration = 0; iteration < 100 && damping < 1e10; iteration++) {
      const step = solve(now.jacobian, now.r, damping);
      const trial = p.map((value, j) => Math.min(bounds[j][1], Math.max(bounds[j][0], value + step[j])));
      const found = evaluate(trial, next.r, next.jacobian);
      if (found < rss) {
        const gain = rss - found;
        [now, next] = [next, now];
        [p, rss] = [trial, found];
        damping = Math.max(1e-12, damping / 5);
        if (gain < 1e-12 * rss) break;
      } else damping *= 4;
    }
    residuals[v] = rss;
  }
  return residuals;
}

/** (J'J + damping diag) step = J'r by Gaussian elimination. */
function solve(jacobian: Float64Array[], r: Float64Array, damping: number): number[] {
  const p = jacobian.length;
  const rows = jacobian.map((column, j) => {
    const row = jacobian.map((other) => dot(column, other));
    row[j] = row[j] * (1 + damping) || 1;
    return [...row, dot(column, r)];
  });
  for (let j = 0; j < p; j++) {
    for (let i = j + 1; i < p; i++) {
      const factor = rows[i][j] / rows[j][j];
      for (let k = j; k <= p; k++) rows[i][k] -= factor * rows[j][k];
    }
  }
  const step = new Array<number>(p).fill(0);
  for (let j = p - 1; j >= 0; j--) {
    let value = rows[j][p];
    for (let k = j + 1; k < p; k++) value -= rows[j][k] * step[k];
    step[j] = Number.isFinite(value / rows[j][j]) ? value / rows[j][j] : 0;
  }
  return step;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
