import assert from "node:assert/strict";
import {existsSync} from "node:fs";
import {fileURLToPath} from "node:url";
import {after, test} from "node:test";
import {instantiate} from "../../src/compute/core.js";
import {fitVoxels} from "../../src/compute/fit.js";
import {loadModule} from "../../src/compute/spawn.node.js";
import {openFolder} from "../../src/io/folder.node.js";
import {readFitInput} from "../../src/tools/fit-input.js";
import {suitability} from "../../src/tools/fit-models.js";
import type {RegionChoice} from "../../src/tools/fit-regions.js";
import {fitRegion} from "../../src/tools/fit-run.js";
import {faultOf} from "../io/fault.js";
import {everywhere, fittedSamples} from "./fitted-samples.js";
import {b, nanVoxel, negativeVoxel, samples, truth, voxels, zeroVoxel} from "./samples.js";

const {pool, registry, modelOf, input, result} = await fittedSamples();
after(() => pool.close());

test("the truth comes out, and the maps are those of the fit of the same samples", async () => {
  const direct = await fitVoxels(pool, {
    model: "mono-exponential",
    estimator: "ols",
    protocol: {b},
    samples: samples(),
    voxels
  });
  assert.deepEqual(result.fit.parameters, direct.parameters);
  const adc = result.fit.parameters.find(({name}) => name === "ADC")!.values;
  for (let v = 6; v < voxels; v++) assert.ok(Math.abs(adc[v] / truth(v).ADC - 1) < 0.1, `voxel ${v}: ${adc[v]}`);
});

test("zero, NaN and negative voxels end with an outcome of their own, by estimator", async () => {
  const ended = async (estimator: string): Promise<Record<string, string>> => {
    const {fit} = await fitRegion(pool, {input, model: modelOf("mono-exponential"), estimator, region: everywhere});
    const name = (v: number): string => registry.statuses.find(({code}) => code === fit.status[v])!.name;
    assert.equal(
      Object.values(fit.counts).reduce((sum, count) => sum + count, 0),
      voxels
    );
    assert.ok(Number.isNaN(fit.parameters[0].values[zeroVoxel]) && Number.isNaN(fit.parameters[0].values[nanVoxel]));
    return {
      zero: name(zeroVoxel),
      nan: name(nanVoxel),
      negative: name(negativeVoxel),
      converged: String(fit.counts.converged)
    };
  };
  const log = {
    zero: "failed-non-positive",
    nan: "failed-non-finite",
    negative: "failed-non-positive",
    converged: "102"
  };
  assert.deepEqual(await ended("ols"), log);
  assert.deepEqual(await ended("iwls"), log);
  assert.deepEqual(await ended("nlls"), {
    zero: "failed-no-signal",
    nan: "failed-non-finite",
    negative: "converged",
    converged: "103"
  });
});

test("clinical metrics of a region of one label", async () => {
  const region: RegionChoice = {kind: "mask", file: "sub-01_dseg.nii.gz", label: 2};
  const clinical = await fitRegion(pool, {input, model: modelOf("clinical-adc"), estimator: "nlls", region});
  assert.equal(clinical.fit.counts["outside-mask"], voxels - 35);
  assert.deepEqual(
    clinical.summaries.map(({parameter, n, missing}) => [parameter, n + missing]),
    clinical.fit.parameters.map(({name}) => [name, 35])
  );
});

test("an estimator that the model lacks is refused", async () => {
  const model = modelOf("mono-exponential");
  await faultOf(() => fitRegion(pool, {input, model, estimator: "magic", region: everywhere}), {
    code: "unknown-estimator"
  });
});

test("a pause between the summaries is awaited, and can be the time to stop", async () => {
  const model = modelOf("mono-exponential");
  const controller = new AbortController();
  let pauses = 0;
  const pause = async (): Promise<void> => {
    if (++pauses === 2) controller.abort();
  };
  const {signal} = controller;
  await assert.rejects(fitRegion(pool, {input, model, estimator: "ols", region: everywhere}, {signal, pause}), {
    name: "AbortError"
  });
  assert.equal(pauses, 2);
});

test("the signal stops a fit", async () => {
  const signal = AbortSignal.abort();
  const model = modelOf("mono-exponential");
  await assert.rejects(fitRegion(pool, {input, model, estimator: "ols", region: everywhere}, {signal}), {
    name: "AbortError"
  });
});

test("the drawn curve is the core's prediction and passes through noise-free samples", async () => {
  const core = instantiate(await loadModule());
  const line = core.simulate({model: "mono-exponential", protocol: {b}}, Float64Array.of(1000, 0.001), 1);
  b.forEach((weight, s) => assert.ok(Math.abs(line[s] - 1000 * Math.exp(-weight * 0.001)) < 1e-9));
  await faultOf(() => core.simulate({model: "clinical-adc", protocol: {b}}, new Float64Array(5), 1), {});
});

const spine = fileURLToPath(new URL("../../../shared/data/spine-dwi/", import.meta.url));
test(
  "a real series with bvals.txt and bvecs.txt",
  {skip: !existsSync(spine) && "../shared/data/spine-dwi is not here"},
  async () => {
    const all = await openFolder(spine);
    const real = await readFitInput({...all, name: "spine", paths: ["bvals.txt", "bvecs.txt", "dmri.nii.gz"]});
    assert.deepEqual([real.image.volumes, real.protocol.b.length], [35, 35]);
    const region: RegionChoice = {kind: "foreground", fraction: 0.2};
    const fitted = await fitRegion(pool, {input: real, model: modelOf("mono-exponential"), estimator: "ols", region});
    const adc = fitted.summaries.find(({parameter}) => parameter === "ADC")!;
    assert.ok(
      adc.n > 1000 && adc.median! > 0.0003 && adc.median! < 0.003,
      `median ADC ${adc.median} in ${adc.n} voxels`
    );
    const reasons = await suitability(pool, registry.models, real);
    assert.ok(reasons["clinical-adc"] !== null, "b = 0 and 800 have no fast part");
  }
);
