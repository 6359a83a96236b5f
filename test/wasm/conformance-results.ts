import {createHash} from "node:crypto";
import {loadCore, fit} from "./core.js";
import type {Glue} from "./core.js";

/** Every result of a core on a fixed suite, as one SHA-256 for each array, and one for all of them. */
export interface ConformanceResults {
  cases: Record<string, string>;
  digest: string;
}

/**
 * Runs a built package on a fixed suite: every model and estimator in both precisions, on decays, noise, zeros, NaN and
 * infinity, with and without bounds; predictions, noise, a phantom and its segmentation, a cohort. Two packages of the same sources give the same digest,
 * whatever toolchain built them: the core has no operation whose rounding is left to a compiler.
 */
export async function conformanceResults(pkg: string): Promise<ConformanceResults> {
  const core = await loadCore(pkg);
  const cases: Record<string, string> = {};
  const record = (name: string, value: ArrayBufferView | string): void => {
    cases[name] = createHash("sha256").update(typeof value === "string" ? value : bytes(value)).digest("hex");
  };
  record("models", core.models());
  for (const [name, run] of [...fits(), ...relaxations(), ...predictions(), ...simulations(), ...refusals()]) {
    for (const [part, value] of Object.entries(run(core))) record(`${name}: ${part}`, value);
  }
  const digest = createHash("sha256").update(JSON.stringify(cases)).digest("hex");
  return {cases, digest};
}

type Case = [name: string, run: (core: Glue) => Record<string, ArrayBufferView | string>];

/** b-values (s/mm2) and voxels of the suite's fits. */
export const B = [0, 50, 100, 400, 900, 1200];
export const VOXELS = 211;

function fits(): Case[] {
  const clinical = {b: [...B, ...B], TE: [...B.map(() => 0.093), ...B.map(() => 0.12)]};
  const requests: [string, object][] = [];
  for (const estimator of ["ols", "iwls", "nlls"]) {
    requests.push([`mono-exponential ${estimator}`, {model: "mono-exponential", estimator, protocol: {b: B}}]);
    requests.push([`clinical-adc ${estimator}`, {model: "clinical-adc", estimator, protocol: clinical}]);
  }
  const bounds = {ADC: [5e-4, 1.5e-3], S0: [null, 700]};
  const bounded = {model: "mono-exponential", estimator: "nlls", protocol: {b: B}, bounds};
  requests.push(["mono-exponential nlls bounded", bounded]);
  return requests.flatMap(([name, request]) =>
    [Float64Array, Float32Array].map((precision): Case => {
      const rows = name.startsWith("clinical") ? clinical.b : B;
      const samples = precision.from(decays(rows));
      return [`${name} ${precision.name}`, (core) => ({...fit(core, request, samples, VOXELS)})];
    }),
  );
}

/** Fits of the other equations, on the awkward decays stretched over each model's own axis. */
function relaxations(): Case[] {
  const times = B.map((b) => 0.01 + b / 4000);
  const grid = {b: B.flatMap((b) => [b, b]), TE: B.flatMap(() => [0.09, 0.12])};
  const requests: [model: string, protocol: Record<string, number[]>, settings?: object][] = [
    ["ivim", {b: B}],
    ["kurtosis", {b: B}],
    ["t2-ivim-kurtosis", grid],
    ["inversion-recovery", {TI: times}],
    ["saturation-recovery", {TS: times}],
    ["variable-flip-angle", {FA: B.map((_, i) => 3 + 4 * i), TR: B.map(() => 0.02)}],
    ["t2", {TE: times}],
    ["t2star-offset", {TE: times}],
    ["fat-water", {TE: times.map((te) => te / 10)}, {field_strength: 3}]
  ];
  return requests.flatMap(([model, protocol, settings]) =>
    [Float64Array, Float32Array].map((precision): Case => {
      const rows = Object.values(protocol)[0].map((_, i) => B[i % B.length]);
      const samples = precision.from(decays(rows));
      const request = {model, estimator: "nlls", protocol, settings};
      return [`${model} ${precision.name}`, (core) => ({...fit(core, request, samples, VOXELS)})];
    })
  );
}

function predictions(): Case[] {
  const voxels = 37;
  const column = (from: number, to: number): number[] => {
    const at = fractions(Math.round(to * 1e6) + 7);
    return Array.from({length: voxels}, () => from + (to - from) * at());
  };
  const mono = Float64Array.from([...column(100, 1000), ...column(0, 3e-3)]);
  const ivim = Float64Array.from([
    ...column(100, 1000),
    ...column(0, 0.3),
    ...column(3e-3, 0.1),
    ...column(0.05, 0.3),
    ...column(2e-4, 3e-3),
    ...column(0, 1.5),
    ...column(0.04, 0.2),
  ]);
  const protocol = {b: B, TE: B.map((_, i) => 0.09 + 0.005 * i)};
  const cases: Case[] = [
    ["predict t2-ivim-kurtosis", (core) => predict(core, {model: "t2-ivim-kurtosis", protocol}, ivim, voxels)],
  ];
  for (const kind of ["none", "gaussian", "rician"]) {
    const request = {model: "mono-exponential", protocol: {b: B}, noise: {kind, sigma: 12.5, seed: 42}};
    cases.push([`simulate mono-exponential ${kind}`, (core) => predict(core, request, mono, voxels)]);
  }
  return cases;
}

function predict(core: Glue, request: object, parameters: Float64Array, voxels: number): {signal: Float64Array} {
  return {signal: core.simulate(JSON.stringify(request), parameters, voxels)};
}

function simulations(): Case[] {
  const shape = Uint32Array.of(32, 36, 16);
  const image = {TE: 0.1, TI: 2.4, TR: 9, noise: {kind: "rician", sigma: 0.02, seed: 5}};
  const phantom = (core: Glue): Record<string, ArrayBufferView | string> => {
    const made = core.flair_phantom(JSON.stringify({seed: 3, shape: [...shape], lesions: 12}));
    const [flair, lesions, tissues] = [made.image(JSON.stringify(image)), made.lesions(), made.tissues()];
    made.free();
    const mask = tissues.map((tissue) => Number(tissue > 0));
    const results: Record<string, ArrayBufferView | string> = {flair, lesions, tissues};
    for (const method of ["robust-threshold", "gaussian-mixture"]) {
      const found = core.segment(JSON.stringify({method}), flair, mask, shape);
      results[method] = found;
      results[`${method} overlap`] = core.lesion_overlap(lesions, found, shape, 26);
    }
    return results;
  };
  const cohort = (core: Glue): Record<string, ArrayBufferView | string> => {
    const made = core.simulate_cohort(JSON.stringify(COHORT));
    const results = {samples: made.samples(1, 1, 0), labels: made.labels(1, 1), truth: made.truth()};
    made.free();
    return results;
  };
  return [["phantom", phantom], ["cohort", cohort]];
}

const TISSUE = {S0: 1000, f: 0.1, Dv: 0.02, T2v: 0.1, Dt: 0.001, K: 0.6, T2t: 0.07};
const COHORT = {
  seed: 3,
  subjects: 2,
  sessions: 2,
  shape: [10, 8, 3],
  voxel_size: [10, 10, 10],
  protocol: {b: [0, 50, 100, 400, 900], TE: [0.06]},
  noise: {kind: "rician", snr: 20, tissue: "a", b: 0, TE: 0.06},
  tissues: [
    {
      name: "a",
      mean: TISSUE,
      between: {Dt: 0.1, f: 0.2},
      within: {Dt: 0.05, S0: 0.03},
      parts: [{centre: [-20, 0, 0], radii: [20, 20, 30]}],
      source: "chosen",
    },
  ],
  remainder: {name: "rest", mean: {...TISSUE, S0: 100}, source: "chosen"},
  geometry: {body: [48, 38], size_cv: 0.05, radius_cv: 0.05, position_sd: 1, shift_sd: 1},
};

function refusals(): Case[] {
  const requests = [
    {},
    {model: "x", estimator: "ols", protocol: {b: B}},
    {model: "mono-exponential", estimator: "ols", protocol: {b: [0]}},
    {model: "clinical-adc", estimator: "ols", protocol: {b: [0, 500]}},
  ];
  return requests.map((request): Case => {
    const attempt = (core: Glue): {message: string} => {
      try {
        core.fit_f64(JSON.stringify(request), new Float64Array(1), 1);
      } catch (error) {
        return {message: (error as Error).message};
      }
      return {message: "accepted"};
    };
    return [`refuse ${JSON.stringify(request)}`, attempt];
  });
}

/** Sample-major decays and voxels of every awkward kind; made by +, * and / alone, so that any machine makes them. */
export function decays(b: number[]): number[] {
  const random = fractions(1);
  const voxels = Array.from({length: VOXELS}, (_, v) => {
    const s0 = 100 + 900 * random();
    const rate = 3e-3 * random();
    return b.map((b, i) => {
      const decay = s0 / (1 + b * rate + (b * rate * b * rate) / 2);
      const noise = 60 * (random() - 0.5);
      if (v % 17 === 3) return 0;
      if (v % 17 === 5) return i === 2 ? NaN : decay;
      if (v % 17 === 7) return i === 1 ? Infinity : decay;
      if (v % 17 === 9) return noise;
      if (v % 17 === 11) return 250;
      if (v % 17 === 13) return s0 + b * rate * 50 + noise;
      if (v % 17 === 15) return Math.abs(noise) * 1e-20;
      return decay + noise;
    });
  });
  return b.flatMap((_, i) => voxels.map((samples) => samples[i]));
}

/** Numbers in [0, 1) from a linear congruence on 32 bits. */
function fractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** The bytes of an array with every NaN made the same one: its payload is the engine's business. */
export function bytes(values: ArrayBufferView): Uint8Array {
  if (values instanceof Float64Array || values instanceof Float32Array) values = values.map((x) => (x === x ? x : NaN));
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
