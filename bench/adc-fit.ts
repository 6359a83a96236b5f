// Voxels per second of the core's ADC fits, beside a plain TypeScript loop over the same voxels in the same run.
import {instantiate, type Samples} from "../src/compute/core.js";
import {loadModule} from "../src/compute/spawn.node.js";
import {median} from "../src/domain/statistics/summaries.js";
import {rates} from "./rounds.js";

const b = [0, 50, 100, 400, 900];
const voxels = 200_000;
const rounds = 7;

/** What a script would do: log-linear least squares, voxel after voxel. */
export function plainLogLinear(samples: Samples, count: number): Float64Array {
  const n = b.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / n;
  const spread = b.reduce((sum, value) => sum + (value - meanB) ** 2, 0);
  const out = new Float64Array(2 * count);
  for (let v = 0; v < count; v++) {
    let meanLog = 0;
    let product = 0;
    for (let s = 0; s < n; s++) {
      const log = Math.log(samples[s * count + v]);
      meanLog += log / n;
      product += (b[s] - meanB) * log;
    }
    const slope = product / spread;
    out[v] = Math.exp(meanLog - slope * meanB);
    out[count + v] = -slope;
  }
  return out;
}

export async function benchAdcFit(): Promise<void> {
  const core = instantiate(await loadModule());
  const single = new Float32Array(b.length * voxels);
  for (let v = 0; v < voxels; v++) {
    const adc = 0.0005 + 0.002 * (v / voxels);
    // A fixed ripple stands for noise: the same samples in every run.
    for (let s = 0; s < b.length; s++) single[s * voxels + v] = 1000 * Math.exp(-b[s] * adc) * (1 + 0.02 * Math.sin(12.9898 * v + 78.233 * s));
  }
  const double = Float64Array.from(single);
  const fit = (samples: Samples, estimator: string) => () =>
    core.fit({model: "mono-exponential", estimator, protocol: {b}}, samples, voxels);
  const candidates: [string, () => unknown][] = [
    ["plain TypeScript, log-linear, f64", () => plainLogLinear(double, voxels)],
    ["core, ols, f64", fit(double, "ols")],
    ["core, ols, f32", fit(single, "ols")],
    ["core, iwls, f64", fit(double, "iwls")],
    ["core, iwls, f32", fit(single, "iwls")],
    ["core, nlls, f64", fit(double, "nlls")]
  ];
  const list = await rates(candidates.map(([, run]) => ({voxels, run})), rounds);
  const reference = median(list[0]);
  console.log(`ADC fit, ${voxels.toLocaleString("en")} voxels x ${b.length} b values, one thread, median of ${rounds} rounds`);
  candidates.forEach(([name], index) => {
    const rate = median(list[index]);
    const told = (rate / 1e6).toFixed(2).padStart(7);
    console.log(`  ${name.padEnd(36)} ${told} M voxels/s   ${(rate / reference).toFixed(2)} x plain`);
  });
}
