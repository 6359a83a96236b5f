import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {InputError} from "../../src/domain/errors.js";
import {instantiate} from "../../src/compute/core.js";
import type {Core, Registry} from "../../src/compute/core.js";
import {defaultChunk, estimatedParameters, fitVoxels, outsideMask, readRegistry} from "../../src/compute/fit.js";
import type {Fit, FitInput} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import type {Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";

const b = [0, 50, 100, 400, 900];
const truth = (v: number) => ({s0: 500 + (v % 97), adc: 0.0005 + (v % 31) * 5e-5});

/** Noise-free decays with a bounded, reproducible ripple. */
function decay(voxels: number, ripple: number): Float64Array {
  const samples = new Float64Array(b.length * voxels);
  b.forEach((value, s) => {
    for (let v = 0; v < voxels; v++) {
      const {s0, adc} = truth(v);
      samples[s * voxels + v] = s0 * Math.exp(-value * adc) * (1 + ripple * Math.sin(12.9898 * v + 78.233 * s));
    }
  });
  return samples;
}

const input = (over: Partial<FitInput> = {}): FitInput => {
  const voxels = over.voxels ?? 1000;
  return {model: "mono-exponential", estimator: "ols", protocol: {b}, samples: decay(voxels, 0.02), voxels, ...over};
};

const bytes = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const arrays = (fit: Fit) => [
  ...fit.parameters.map(({values}) => values),
  ...fit.standardDeviations.map(({values}) => values),
  fit.residual,
  fit.status,
  fit.iterations,
  fit.gradient,
  fit.active,
  fit.condition
];
const sameBits = (a: Fit, c: Fit) =>
  arrays(a).forEach((array, i) => assert.ok(bytes(array).equals(bytes(arrays(c)[i])), `array ${i}`));

describe("fitVoxels on worker threads", () => {
  let module: WebAssembly.Module;
  let pool: Pool;
  let core: Core;
  let registry: Registry;
  const nameOf = (code: number) => registry.statuses.find((status) => status.code === code)?.name ?? String(code);

  before(async () => {
    module = await loadModule();
    pool = createPool({size: 2, spawn, module});
    core = instantiate(module);
    registry = core.models();
  });
  after(() => pool.close());

  for (const estimator of ["ols", "iwls", "nlls"]) {
    test(`${estimator}: the same bits with 1, 2 and 8 workers, and as one call of the core`, async () => {
      const voxels = 1003;
      for (const precision of ["f64", "f32"] as const) {
        const Type = precision === "f64" ? Float64Array : Float32Array;
        const samples = Type.from(decay(voxels, 0.02));
        const whole = core.fit({model: "mono-exponential", estimator, protocol: {b}}, samples, voxels);
        const fits: Fit[] = [];
        for (const size of [1, 2, 8]) {
          const own = size === 2 ? pool : createPool({size, spawn, module});
          try {
            fits.push(await fitVoxels(own, input({estimator, precision, samples, voxels, chunk: 61})));
          } finally {
            if (own !== pool) own.close();
          }
        }
        sameBits(fits[0], fits[1]);
        sameBits(fits[0], fits[2]);
        assert.equal(fits[0].parameters[0].values.constructor, Type);
        assert.ok(bytes(fits[0].status).equals(bytes(whole.status)));
        fits[0].parameters.forEach(({values}, p) => {
          assert.ok(
            bytes(values).equals(bytes(whole.parameters.subarray(p * voxels, (p + 1) * voxels))),
            `parameter ${p}`
          );
        });
      }
    });
  }

  test("a shared parameter is found with all voxels at hand, whatever the chunk", async () => {
    const shared = {...input(), estimator: "nlls", shared: ["ADC"]};
    const whole = await fitVoxels(pool, shared);
    sameBits(await fitVoxels(pool, {...shared, chunk: 64}), whole);
    const [, {values}] = whole.parameters;
    assert.ok(values.every((value) => value === values[0]));
    const {residual} = core.fit({model: "mono-exponential", estimator: "nlls", protocol: {b}, fix: {ADC: 1.001 * values[0]}},
      shared.samples, shared.voxels);
    const sum = (list: ArrayLike<number>) => Array.from(list).reduce((total, value) => total + value, 0);
    assert.ok(sum(whole.residual) < sum(residual));
  });

  test("a fit estimates what is neither held nor fixed, and what is set free or shared", () => {
    const model = {parameters: core.models().models.find(({id}) => id === "variable-flip-angle")!.parameters};
    const names = (request: Parameters<typeof estimatedParameters>[1]) =>
      estimatedParameters(model, request).map(({name, index}) => `${index} ${name}`);
    assert.deepEqual(names({}), ["0 M0", "1 T1"]);
    assert.deepEqual(names({fix: {T1: 1, B1: 1}}), ["0 M0"]);
    assert.deepEqual(names({free: ["B1"], fix: {M0: 1}}), ["1 T1", "2 B1"]);
    assert.deepEqual(names({shared: ["B1", "T1"]}), ["0 M0", "1 T1", "2 B1"]);
  });

  test("the precision is what was asked for, double if nothing was, however the samples are stored", async () => {
    const single = Float32Array.from(decay(1000, 0.02));
    const [fromSingle, fromDouble] = await Promise.all(
      [single, Float64Array.from(single)].map((samples) => fitVoxels(pool, input({estimator: "nlls", samples})))
    );
    assert.deepEqual([fromSingle.precision, fromDouble.precision], ["f64", "f64"]);
    sameBits(fromSingle, fromDouble);
    const samples = Float64Array.from(single);
    const fast = await fitVoxels(pool, input({estimator: "nlls", precision: "f32", samples}));
    assert.ok(fast.parameters[1].values instanceof Float32Array && fast.residual instanceof Float32Array);
    fast.parameters[1].values.forEach((value, v) => {
      assert.ok(Math.abs(value / fromDouble.parameters[1].values[v] - 1) < 1e-3, `voxel ${v}`);
    });
  });

  test("a map holds a parameter at its own value in each voxel, inside a mask too", async () => {
    const [voxels, FA, TR] = [500, [3, 8, 15, 20], [0.02, 0.02, 0.02, 0.02]];
    const B1 = Float64Array.from({length: voxels}, (_, v) => 0.8 + (v % 41) / 100);
    const parameters = registry.models.find(({id}) => id === "variable-flip-angle")!.parameters.map(({name}) => name);
    const values: Record<string, (v: number) => number> = {
      M0: (v) => 900 + v,
      T1: (v) => 0.5 + (v % 17) / 10,
      B1: (v) => B1[v]
    };
    const truth = Float64Array.from({length: parameters.length * voxels}, (_, i) =>
      values[parameters[Math.floor(i / voxels)]](i % voxels)
    );
    const samples = core.simulate({model: "variable-flip-angle", protocol: {FA, TR}}, truth, voxels);
    const mask = Uint8Array.from({length: voxels}, (_, v) => Number(v % 3 > 0));
    const task = {model: "variable-flip-angle", estimator: "ols", protocol: {FA, TR}, samples, voxels, mask, chunk: 64};
    const fit = await fitVoxels(pool, {...task, maps: {B1}});
    const T1 = fit.parameters.find(({name}) => name === "T1")!.values;
    mask.forEach((inside, v) => {
      if (inside) assert.ok(Math.abs(T1[v] / values.T1(v) - 1) < 1e-6, `voxel ${v}: ${T1[v]}`);
      else assert.ok(Number.isNaN(T1[v]));
    });
    const list = await fitVoxels(pool, {...task, maps: {B1: Array.from(B1)}});
    sameBits(fit, list);
    await assert.rejects(fitVoxels(pool, {...task, maps: {B2: B1}}), (error) => error instanceof InputError);
  });

  test("correlations come by pairs when they are asked for", async () => {
    const fit = await fitVoxels(pool, input({estimator: "nlls", correlation: true, mask: [...Array(1000).keys()]}));
    const [{between, values}, ...others] = fit.correlations;
    assert.deepEqual([between, others.length], [["ADC", "S0"], 0]);
    assert.ok(Number.isNaN(values[0]) && values.subarray(1).every((value) => value > 0 && value < 1));
    assert.deepEqual((await fitVoxels(pool, input())).correlations, []);
  });

  test("noise-free decays give back their parameters, named and with units", async () => {
    const voxels = defaultChunk + 5;
    const samples = decay(voxels, 0);
    const kept = samples.slice();
    const fit = await fitVoxels(pool, input({samples, voxels}));
    assert.deepEqual(
      fit.parameters.map(({name, unit}) => [name, unit]),
      [
        ["S0", "signal"],
        ["ADC", "mm2/s"]
      ]
    );
    assert.deepEqual(
      fit.standardDeviations.map(({name}) => name),
      ["S0", "ADC"]
    );
    for (let v = 0; v < voxels; v++) {
      const {s0, adc} = truth(v);
      assert.ok(Math.abs(fit.parameters[0].values[v] / s0 - 1) < 1e-10, `S0 of voxel ${v}`);
      assert.ok(Math.abs(fit.parameters[1].values[v] / adc - 1) < 1e-10, `ADC of voxel ${v}`);
    }
    assert.equal(fit.counts.converged, voxels);
    assert.equal(
      Object.values(fit.counts).reduce((sum, count) => sum + count),
      voxels
    );
    assert.equal(samples.buffer.byteLength, kept.buffer.byteLength, "the caller keeps the samples");
    assert.deepEqual(samples, kept);
  });

  test("a mask leaves voxels out and changes no other", async () => {
    const all = await fitVoxels(pool, input({chunk: 100}));
    const mask = Uint8Array.from({length: 1000}, (_, v) => (v % 3 === 1 ? 7 : 0));
    const fit = await fitVoxels(pool, input({mask, chunk: 64}));
    let inside = 0;
    mask.forEach((value, v) => {
      if (value === 0) {
        assert.equal(fit.status[v], outsideMask);
        assert.ok(Number.isNaN(fit.parameters[1].values[v]) && Number.isNaN(fit.residual[v]));
        assert.ok(Number.isNaN(fit.standardDeviations[1].values[v]));
        assert.equal(fit.iterations[v], 0);
      } else {
        inside++;
        assert.equal(fit.status[v], all.status[v]);
        for (const p of [0, 1]) assert.equal(fit.parameters[p].values[v], all.parameters[p].values[v]);
        assert.equal(fit.residual[v], all.residual[v]);
      }
    });
    assert.equal(inside, 333);
    assert.equal(fit.counts["outside-mask"], 667);
    assert.equal(fit.counts.converged, 333);
  });

  test("NaN, zero and constant voxels get a status, and NaN only where the status says why", async () => {
    const voxels = 9;
    const samples = decay(voxels, 0);
    for (let s = 0; s < b.length; s++) samples[s * voxels + 4] = 0;
    samples[2 * voxels + 1] = NaN;
    samples[3 * voxels + 2] = Infinity;
    samples[1 * voxels + 3] = -1;
    for (const estimator of ["ols", "iwls", "nlls"]) {
      const fit = await fitVoxels(pool, input({estimator, samples, voxels}));
      const names = Array.from(fit.status, nameOf);
      assert.equal(names[1], "failed-non-finite");
      assert.equal(names[2], "failed-non-finite");
      if (estimator === "nlls") assert.equal(names[4], "failed-no-signal");
      else
        assert.deepEqual(
          [names[3], names[4]].map((name) => name.startsWith("failed-")),
          [true, true]
        );
      for (const v of [0, 5, 6, 7, 8]) assert.equal(names[v], "converged", `${estimator}, voxel ${v}`);
      names.forEach((name, v) => {
        const values = fit.parameters.map((map) => map.values[v]);
        assert.equal(
          values.some(Number.isNaN),
          name.startsWith("failed-") || name === "not-identifiable",
          `${estimator} ${name}`
        );
      });
    }
  });

  test("progress counts the voxels inside the mask, grows, and ends complete", async () => {
    const seen: [number, number][] = [];
    const mask = Array.from({length: 1000}, (_, v) => v >= 250);
    await fitVoxels(pool, input({mask, chunk: 100}), {onProgress: (done, total) => seen.push([done, total])});
    assert.equal(seen.length, 8);
    seen.forEach(([done, total], i) => assert.ok(total === 750 && done > (i === 0 ? 0 : seen[i - 1][0])));
    assert.deepEqual(seen.at(-1), [750, 750]);
  });

  test("an abort stops the fit in between, and the pool goes on", async () => {
    const controller = new AbortController();
    let reported = 0;
    const running = fitVoxels(
      pool,
      input({voxels: 20000, samples: decay(20000, 0.02), estimator: "nlls", chunk: 100}),
      {
        signal: controller.signal,
        onProgress: () => {
          if (++reported === 3) controller.abort();
        }
      }
    );
    await assert.rejects(running, {name: "AbortError"});
    assert.equal(reported, 3);
    const fit = await fitVoxels(pool, input());
    assert.equal(fit.counts.converged, 1000);
    await assert.rejects(fitVoxels(pool, input(), {signal: AbortSignal.abort()}), {name: "AbortError"});
  });

  const faults: [string, Partial<FitInput>, string, RegExp][] = [
    ["an empty mask", {mask: new Uint8Array(1000)}, "empty-mask", /^mask is/],
    ["a mask of another grid", {mask: new Uint8Array(999)}, "shape-mismatch", /mask\.length is 999; expected 1000/],
    ["samples that are no multiple", {samples: new Float64Array(1001)}, "shape-mismatch", /samples\.length is 1001/],
    ["no samples", {samples: new Float32Array(0)}, "shape-mismatch", /samples\.length is 0/],
    [
      "samples of another type",
      {samples: [1, 2] as unknown as Float32Array},
      "bad-samples",
      /Float32Array or Float64Array/
    ],
    [
      "a map of another grid",
      {maps: {ADC: new Float32Array(5)}},
      "shape-mismatch",
      /maps\.ADC\.length is 5; expected 1000/
    ],
    ["another precision", {precision: "f16" as "f32"}, "bad-precision", /precision is "f16"; expected f64 or f32/],
    ["no voxels", {voxels: 0, samples: new Float32Array(5)}, "bad-count", /voxels is 0/],
    ["half a chunk", {chunk: 0.5}, "bad-count", /chunk is 0\.5/],
    [
      "a protocol of another length",
      {protocol: {b: [0, 100]}},
      "shape-mismatch",
      /protocol\.b\.length is 2; expected 5/
    ],
    [
      "an unknown model",
      {model: "tri-exponential"},
      "unknown-model",
      /"tri-exponential"; expected one of mono-exponential/
    ],
    ["an unknown estimator", {estimator: "magic"}, "unknown-estimator", /estimator is "magic"; expected one of ols/]
  ];
  for (const [name, over, code, message] of faults) {
    test(`${name} is a typed error`, async () => {
      await assert.rejects(fitVoxels(pool, input(over)), (error) => {
        assert.ok(error instanceof InputError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("what is not a number in a protocol is refused by the core, typed across the boundary", async () => {
    for (const bad of [NaN, -Infinity, "0" as unknown as number]) {
      await assert.rejects(fitVoxels(pool, input({protocol: {b: [0, 50, 100, 400, bad]}})), InputError);
    }
    await assert.rejects(fitVoxels(pool, input({protocol: {}})), InputError);
  });

  test("the registry is asked once per pool", async () => {
    assert.equal(await readRegistry(pool), await readRegistry(pool));
    assert.deepEqual(await readRegistry(pool), registry);
  });
});
