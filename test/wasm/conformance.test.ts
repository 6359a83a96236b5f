import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {test} from "node:test";
import {fileURLToPath} from "node:url";
import {conformanceResults} from "./conformance-results.js";
import {assertRelative, reference} from "../helpers/reference.js";
import {committed, fit, loadCore} from "./core.js";

const core = await loadCore();
const shared = fileURLToPath(new URL("../../../shared/reference/mrtrix_dwi2adc.csv", import.meta.url));

interface Decay {
  samples: number[];
  [estimator: string]: unknown;
}

/** Samples of many voxels in the core's layout. */
function sampleMajor(voxels: Decay[]): Float64Array {
  return Float64Array.from(voxels[0].samples.flatMap((_, s) => voxels.map(({samples}) => samples[s])));
}

function checkMrtrix(voxels: {samples: number[]; S0: number; ADC: number}[]): void {
  const request = {model: "mono-exponential", estimator: "ols", protocol: {b: [0, 500, 1000]}};
  const samples = sampleMajor(voxels as unknown as Decay[]);
  for (const data of [samples, Float32Array.from(samples)]) {
    const {parameters, status} = fit(core, request, data, voxels.length);
    voxels.forEach(({S0, ADC}, v) => {
      assert.equal(status[v], 0);
      assertRelative(parameters[v], S0, 1e-5, `${data.constructor.name} voxel ${v} S0`);
      assertRelative(parameters[voxels.length + v], ADC, 1e-5, `${data.constructor.name} voxel ${v} ADC`);
    });
  }
}

test("unweighted log-linear fits agree with MRtrix3 dwi2adc (11 voxels)", () => {
  const {voxels} = reference("mrtrix-dwi2adc");
  assert.equal(voxels.length, 11);
  checkMrtrix(voxels);
});

test(
  "unweighted log-linear fits agree with MRtrix3 dwi2adc (363 voxels)",
  {skip: existsSync(shared) ? false : "../shared/reference/mrtrix_dwi2adc.csv is not there"},
  () => {
    const [, ...lines] = readFileSync(shared, "utf8").trim().split(/\r?\n/);
    assert.equal(lines.length, 363);
    checkMrtrix(
      lines.map((line) => {
        const [, s0, s1, s2, S0, ADC] = line.split(",").map(Number);
        return {samples: [s0, s1, s2], S0, ADC};
      }),
    );
  },
);

for (const [estimator, digits] of [["ols", 1e-10], ["iwls", 1e-9], ["nlls", 1e-8]] as const) {
  test(`${estimator}: parameters, standard deviations and residual agree with SciPy`, () => {
    const {b, voxels} = reference("scipy-decay") as {b: number[]; voxels: Decay[]};
    const n = voxels.length;
    const found = fit(core, {model: "mono-exponential", estimator, protocol: {b}}, sampleMajor(voxels), n);
    voxels.forEach((voxel, v) => {
      const expected = voxel[estimator] as {parameters: number[]; standardDeviations: number[]; residual: number};
      assert.equal(found.status[v], 0, `voxel ${v}`);
      for (const j of [0, 1]) {
        assertRelative(found.parameters[j * n + v], expected.parameters[j], digits, `voxel ${v} parameter ${j}`);
        const sd = found.standardDeviations[j * n + v];
        assertRelative(sd, expected.standardDeviations[j], Math.max(digits, 2e-8), `voxel ${v} sd ${j}`);
      }
      assertRelative(found.residual[v], expected.residual, Math.max(digits, 2e-8), `voxel ${v} residual`);
    });
  });
}

test("nlls reaches the certified digits of NIST's DanWood", () => {
  const {x, y, parameters, standardDeviations, residual} = reference("nist-danwood");
  const bounds = {ADC: [null, null]};
  const request = {model: "mono-exponential", estimator: "nlls", protocol: {b: x.map(Math.log)}, bounds};
  const found = fit(core, request, Float64Array.from(y), 1);
  assertRelative(found.parameters[0], parameters[0], 2e-10, "b1");
  assertRelative(-found.parameters[1], parameters[1], 2e-10, "b2");
  assertRelative(found.standardDeviations[0], standardDeviations[0], 2e-10, "sd b1");
  assertRelative(found.standardDeviations[1], standardDeviations[1], 2e-10, "sd b2");
  assertRelative(found.residual[0], residual, 2e-10, "residual sum of squares");
});

test("the registry describes every model, parameter, estimator and status", () => {
  const {models, statuses} = JSON.parse(core.models());
  const ids = models.map(({id}: {id: string}) => id);
  assert.deepEqual(ids.sort(), [
    "clinical-adc", "fat-water", "fat-water-complex", "flair", "flair-tse", "inversion-recovery",
    "inversion-recovery-complex", "ivim", "kurtosis", "mono-exponential", "mtr", "mtsat", "saturation-recovery", "t2",
    "t2-ivim-kurtosis", "t2-offset", "t2star", "t2star-offset", "two-point-t2", "variable-flip-angle"
  ]);
  assert.deepEqual(
    statuses.map(({code, name}: {code: number; name: string}) => [code, name]),
    [
      [0, "converged"],
      [1, "at-bound"],
      [2, "not-identifiable"],
      [3, "failed-non-finite"],
      [4, "failed-non-positive"],
      [5, "failed-no-signal"],
      [6, "failed-max-iterations"],
    ],
  );
  const byId = Object.fromEntries(models.map((model: {id: string}) => [model.id, model]));
  const names = (id: string) => byId[id].parameters.map(({name}: {name: string}) => name);
  assert.deepEqual(names("mono-exponential"), ["S0", "ADC"]);
  assert.deepEqual(names("clinical-adc"), ["ADC", "ADC_fast", "ADC_slow", "F", "S0"]);
  assert.deepEqual(names("t2-ivim-kurtosis"), ["S0", "f", "Dv", "T2v", "Dt", "K", "T2t"]);
  const estimators = (id: string) => byId[id].estimators.map(({id}: {id: string}) => id);
  assert.deepEqual(estimators("t2-ivim-kurtosis"), ["nlls"]);
  assert.deepEqual(estimators("ivim"), ["nlls", "segmented", "prior"]);
  assert.deepEqual(byId["mono-exponential"].parameters[0].upper, null);
});

test("an error is an Error whose message is JSON {code, field, value, expected}", () => {
  const request = JSON.stringify({model: "mono-exponential", estimator: "ols", protocol: {b: [0, -1]}});
  for (const call of [
    () => core.fit_f64(request, new Float64Array(2), 1),
    () => core.fit_f32(request, new Float32Array(2), 1),
    () => core.simulate(JSON.stringify({model: "mono-exponential", protocol: {b: [0, -1]}}), new Float64Array(2), 1),
  ]) {
    assert.throws(call, (error: unknown) => {
      assert.ok(error instanceof Error);
      const fault = {code: "negative", field: "protocol.b[1]", value: -1, expected: "0 or more"};
      assert.deepEqual(JSON.parse(error.message), fault);
      return true;
    });
  }
});

test("an output is taken once, in the precision asked for", () => {
  const request = JSON.stringify({model: "mono-exponential", estimator: "ols", protocol: {b: [0, 1000]}});
  const output = core.fit_f32(request, Float32Array.of(100, 200, 50, 90), 2);
  const parameters = output.take_parameters();
  assert.ok(parameters instanceof Float32Array);
  assert.equal(parameters.length, 4);
  assert.equal(output.take_parameters().length, 0);
  assert.ok(output.take_status() instanceof Uint8Array);
  assert.ok(output.take_iterations() instanceof Uint32Array);
  output.free();
});

test("noise repeats with its seed, differs with another and has the size asked for", () => {
  const voxels = 20000;
  const parameters = new Float64Array(2 * voxels).fill(1e-3, voxels).fill(100, 0, voxels);
  const simulate = (kind: string, seed: number) => {
    const request = {model: "mono-exponential", protocol: {b: [0]}, noise: {kind, sigma: 5, seed}};
    return core.simulate(JSON.stringify(request), parameters, voxels);
  };
  const one = simulate("gaussian", 1);
  assert.deepEqual(one, simulate("gaussian", 1));
  assert.notDeepEqual(one, simulate("gaussian", 2));
  const mean = one.reduce((sum, x) => sum + x) / voxels;
  const sd = Math.sqrt(one.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (voxels - 1));
  // Five standard errors.
  assert.ok(Math.abs(mean - 100) < (5 * 5) / Math.sqrt(voxels), `mean ${mean}`);
  assert.ok(Math.abs(sd - 5) < (5 * 5) / Math.sqrt(2 * voxels), `sd ${sd}`);
  // Rician: second moment S0^2 + 2 sigma^2.
  const second = simulate("rician", 1).reduce((sum, x) => sum + x * x, 0) / voxels;
  assert.ok(Math.abs(second - 10050) < (5 * 2 * 100 * 5) / Math.sqrt(voxels), `second moment ${second}`);
});

test("the conformance suite repeats to the bit", async () => {
  const first = await conformanceResults(committed);
  assert.ok(Object.keys(first.cases).length > 60);
  assert.deepEqual(await conformanceResults(committed), first);
});
