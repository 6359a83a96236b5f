// T2-IVIM-Kurtosis and IVIM fits: the core beside scipy, DIPY, a plain TypeScript fit and its own native build, in one
// run; speed as ratios, and whether the minima found are the best there are.
import {spawnSync} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {instantiate, type Core, type FitRequest, type Samples} from "../src/compute/core.js";
import {fitVoxels} from "../src/compute/fit.js";
import {createPool} from "../src/compute/pool.js";
import {loadModule, spawn} from "../src/compute/spawn.node.js";
import {median} from "../src/domain/statistics/summaries.js";
import {seeded} from "../test/helpers/random.js";
import {root} from "../scripts/paths.js";
import {coreInChromium} from "./chromium-fit.js";
import {plainFit} from "./plain-fit.js";
import {pythonFits, type PythonPackage} from "./python-fit.js";
import {rates, type Timed} from "./rounds.js";

const voxels = 20_000;
const rounds = 5;
const randomStarts = 12;
const model = "t2-ivim-kurtosis";
const protocol = {
  b: [0, 50, 100, 400, 900, 1200, 1600].flatMap((b) => [b, b, b]),
  TE: Array.from({length: 21}, (_, i) => [0.093, 0.105, 0.12][i % 3])
};
/** Tissue from lean to well perfused: S0 f Dv T2v Dt K T2t, S0 relative to the noise. */
const ranges: readonly (readonly [number, number])[] = [
  [0.8, 1.2], [0.05, 0.35], [0.01, 0.08], [0.08, 0.25], [0.0006, 0.0025], [0.2, 1.4], [0.04, 0.12]
];
/** From where random starts are drawn: the model's bounds, cut to what a voxel can be. */
const starts: readonly (readonly [number, number])[] = [
  [0.2, 4], [0, 1], [0.003, 0.2], [0.02, 0.5], [0.0001, 0.004], [0, 2.5], [0.02, 0.3]
];
const ivimProtocol = {b: [0, 10, 20, 30, 50, 80, 120, 200, 300, 400, 500, 600, 700, 800]};

/** What one fit of every voxel takes in each precision. */
interface Seconds {
  readonly f64: number;
  readonly f32: number;
}

function draw(list: readonly (readonly [number, number])[], count: number, seed: number): Float64Array {
  const {uniform} = seeded(seed);
  return Float64Array.from({length: list.length * count}, (_, i) => {
    const [low, high] = list[Math.floor(i / count)];
    return low + (high - low) * uniform();
  });
}

/** Noisy magnitudes at an SNR of the signal at b = 0 and the shortest TE. */
function cohort(core: Core, snr: number): Float64Array {
  const parameters = draw(ranges, voxels, 7);
  const clean = core.simulate({model, protocol}, parameters, voxels);
  const level = clean.subarray(0, voxels).reduce((sum, value) => sum + value, 0) / voxels;
  const noise = {kind: "rician", sigma: level / snr, seed: snr} as const;
  return core.simulate({model, protocol, noise}, parameters, voxels);
}

/** A run with the names of what its rate is told as a multiple of. */
interface Run extends Timed {
  readonly name: string;
  readonly beside: readonly string[];
}

/** Prints the rate of each run, and its ratio to those that it stands beside, where they ran. */
async function compare(runs: readonly Run[]): Promise<void> {
  const list = await rates(runs, rounds);
  for (const [i, {name, beside}] of runs.entries()) {
    const ratios = runs.flatMap((other, k) => {
      if (!beside.includes(other.name)) return [];
      const ratio = median(list[i].map((rate, round) => rate / list[k][round]));
      return [`   ${ratio.toFixed(ratio < 10 ? 1 : 0)} x ${other.name}`];
    });
    const rate = Math.round(median(list[i])).toLocaleString("en");
    console.log(`  ${name.padEnd(20)} ${rate.padStart(9)} voxels/s${ratios.join("")}`);
  }
}

export async function benchFit(): Promise<void> {
  const module = await loadModule();
  const core = instantiate(module);
  const info = core.models().models.find(({id}) => id === model);
  if (info === undefined) throw new Error(`the core has no model ${model}`);
  const request: FitRequest = {model, estimator: "nlls", protocol};
  const folder = mkdtempSync(join(tmpdir(), "measurand-bench-"));
  try {
    const samples = cohort(core, 50);
    const ivimTruth = draw([[1, 1], [0.05, 0.3], [0.01, 0.1], [0.0006, 0.002]], voxels, 8);
    const ivimRequest: FitRequest = {model: "ivim", estimator: "nlls", protocol: ivimProtocol};
    const ivim = core.simulate(
      {model: "ivim", protocol: ivimProtocol, noise: {kind: "rician", sigma: 1 / 50, seed: 5}}, ivimTruth, voxels
    );
    writeFileSync(join(folder, `${model}.f64`), samples);
    writeFileSync(join(folder, "ivim.f64"), ivim);
    writeFileSync(join(folder, "protocol.json"), JSON.stringify({
      [model]: {
        protocol,
        lower: info.parameters.map(({lower}) => lower),
        upper: info.parameters.map(({upper}) => upper),
        start: [1, 0.1, 0.02, 0.1, 0.001, 0.5, 0.08]
      },
      ivim: {protocol: ivimProtocol}
    }));

    const noisy = cohort(core, 20);
    const [single, noisySingle, few] = [Float32Array.from(samples), Float32Array.from(noisy), first(samples, 1000)];
    const title = `T2-IVIM-Kurtosis, 7 b x 3 TE, ${voxels.toLocaleString("en")} voxels, and IVIM`;
    console.log(`${title}; one thread, median of ${rounds} rounds`);
    const slow = {scipy: 400, dipy: 100};
    const python = await pythonFits(folder, slow);
    const inPython = (id: PythonPackage): Run[] =>
      python?.versions[id] === undefined ? []
        : [{name: id, voxels: slow[id], run: () => python.fit(id), beside: []}];
    try {
      const [scipy, plain] = ["scipy", "plain TypeScript"];
      await compare([
        {name: "core, f64, SNR 50", voxels, run: () => core.fit(request, samples, voxels), beside: [scipy, plain]},
        {name: "core, f32, SNR 50", voxels, run: () => core.fit(request, single, voxels), beside: [scipy, plain]},
        {name: "core, f64, SNR 20", voxels, run: () => core.fit(request, noisy, voxels), beside: [scipy]},
        {name: "core, f32, SNR 20", voxels, run: () => core.fit(request, noisySingle, voxels), beside: [scipy]},
        {name: plain, voxels: 1000, run: () => plainFit(protocol, few, 1000), beside: [scipy]},
        ...inPython("scipy"),
        {name: "core, IVIM, f64", voxels, run: () => core.fit(ivimRequest, ivim, voxels), beside: ["dipy"]},
        ...inPython("dipy")
      ]);
    } finally {
      python?.close();
    }
    for (const [id, what] of [["scipy", "bounded least_squares, analytic Jacobian"], ["dipy", "IVIM, trr"]] as const) {
      const version = python?.versions[id];
      console.log(`  ${id}: ${version === undefined ? "not here, python3 with it is needed" : `${version}, ${what}`}`);
    }
    await runtimes(core, request, samples, folder);
    await scaling(module, samples);
    for (const snr of [50, 20]) quality(core, request, snr === 50 ? samples : noisy, snr);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

function first(samples: Float64Array, count: number): Float64Array {
  const rows = samples.length / voxels;
  return Float64Array.from({length: rows * count}, (_, i) => samples[Math.floor(i / count) * voxels + (i % count)]);
}

/** The module in Node and in Chromium, and the native build, one right after the other; ratios round by round. */
async function runtimes(core: Core, request: FitRequest, samples: Float64Array, folder: string): Promise<void> {
  const native = nativeFit(folder);
  const chromium = await coreInChromium(request, samples, voxels);
  const single = Float32Array.from(samples);
  const inNode = (input: Samples): number => {
    const start = performance.now();
    core.fit(request, input, voxels);
    return (performance.now() - start) / 1000;
  };
  const times: Record<"node" | "chromium" | "native", Seconds[]> = {node: [], chromium: [], native: []};
  try {
    for (let round = 0; round <= 2 * rounds; round++) {
      const node = {f64: inNode(samples), f32: inNode(single)};
      const beside = {f64: await chromium.seconds("f64"), f32: await chromium.seconds("f32")};
      const nativeTimes = native?.();
      if (round === 0) continue;
      times.node.push(node);
      times.chromium.push(beside);
      if (nativeTimes !== undefined) times.native.push(nativeTimes);
    }
  } finally {
    await chromium.close();
  }
  if (native === null) console.log("  native build: not measured, cargo is needed");
  for (const precision of ["f64", "f32"] as const) {
    const ratio = (of: readonly Seconds[], to: readonly Seconds[]): string =>
      `${median(of.map((time, round) => time[precision] / to[round][precision])).toFixed(2)} x`;
    console.log(`  Chromium ${chromium.version} beside Node, ${precision}: ${ratio(times.node, times.chromium)}`);
    if (native === null) continue;
    const [byNode, byChromium] = [ratio(times.native, times.node), ratio(times.native, times.chromium)];
    console.log(`  WebAssembly beside native, ${precision}: ${byNode} in Node, ${byChromium} in Chromium`);
  }
}

/** One fit of every voxel by the native build: seconds in each precision. Null where there is no Rust. */
function nativeFit(folder: string): (() => Seconds) | null {
  const built = spawnSync("cargo", ["bench", "--no-run", "--bench", "fit", "--message-format", "json"], {
    cwd: join(root, "wasm"), encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"]
  });
  if (built.status !== 0) return null;
  const messages = built.stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const program = messages.find(({target, executable}) => target?.name === "fit" && executable)?.executable;
  if (program === undefined) return null;
  return () => {
    const env = {...process.env, MEASURAND_BENCH: folder};
    const {status, stdout} = spawnSync(program, ["--bench"], {cwd: root, env, encoding: "utf8", maxBuffer: 1 << 26});
    const last = stdout?.trim().split("\n").at(-1);
    if (status !== 0 || !last) throw new Error(`${program} printed no figures`);
    return JSON.parse(last);
  };
}

/**
 * One worker against two, the same voxels ten times over; beside it how much more two independent pools of one worker
 * do than one, which is all that the machine has to give.
 */
async function scaling(module: WebAssembly.Module, samples: Float64Array): Promise<void> {
  const rows = samples.length / voxels;
  const many = new Float64Array(samples.length * 10);
  for (let s = 0; s < rows; s++) {
    for (let k = 0; k < 10; k++) many.set(samples.subarray(s * voxels, (s + 1) * voxels), (s * 10 + k) * voxels);
  }
  const input = {model, estimator: "nlls", protocol, samples: many, voxels: voxels * 10};
  const pools = [1, 1, 2].map((size) => createPool({size, spawn, module}));
  const [one, other, two] = pools.map((pool) => () => fitVoxels(pool, input));
  const times: number[][] = [];
  for (let round = 0; round <= rounds; round++) {
    const list: number[] = [];
    for (const run of [one, two, () => Promise.all([one(), other()])]) {
      const start = performance.now();
      await run();
      list.push(performance.now() - start);
    }
    if (round > 0) times.push(list);
  }
  pools.forEach((pool) => pool.close());
  const workers = median(times.map(([alone, both]) => alone / both));
  const machine = median(times.map(([alone, , side]) => (2 * alone) / side));
  console.log(`  two workers beside one: ${workers.toFixed(2)} x; two independent fits: ${machine.toFixed(2)} x`);
}

/** Share of voxels whose residual is within 0.1 % of the best that random starts find. */
function quality(core: Core, request: FitRequest, samples: Samples, snr: number): void {
  const found = core.fit(request, samples, voxels).residual;
  const best = Float64Array.from(found);
  const group = 100;
  const rows = samples.length / voxels;
  for (let k = 0; k < randomStarts; k++) {
    const at = draw(starts, voxels / group, 100 + k);
    for (let g = 0; g < voxels / group; g++) {
      const part = Float64Array.from({length: rows * group}, (_, i) =>
        samples[Math.floor(i / group) * voxels + g * group + (i % group)]
      );
      const start = Object.fromEntries(
        ["S0", "f", "Dv", "T2v", "Dt", "K", "T2t"].map((name, j) => [name, at[j * (voxels / group) + g]])
      );
      const {residual} = core.fit({...request, start, starts: 1}, part, group);
      residual.forEach((value, i) => {
        if (value < best[g * group + i]) best[g * group + i] = value;
      });
    }
  }
  let good = 0;
  for (let v = 0; v < voxels; v++) if (found[v] <= best[v] * 1.001) good += 1;
  const share = ((100 * good) / voxels).toFixed(2);
  console.log(`  SNR ${snr}: ${share} % of voxels within 0.1 % of the best residual of ${randomStarts} random starts`);
}
