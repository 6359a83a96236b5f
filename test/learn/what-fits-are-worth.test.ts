import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {instantiate, type Core, type ModelInfo} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {
  compareIntervals, compared, countVerdicts, judge, judged, judgedState, profilable, profileVoxel, promise, promisedSnr,
  verdictOf, type Worth
} from "../../src/learn/what-fits-are-worth.js";
import {explorable} from "../../src/tools/model-explorer.js";

let core: Core;
let pool: Pool;
let models: ModelInfo[];
let worths: Worth[];
const progress: number[] = [];
const modelOf = (id: string): ModelInfo => models.find((model) => model.id === id)!;

before(async () => {
  const module = await loadModule();
  core = instantiate(module);
  pool = createPool({size: 2, spawn, module});
  models = core.models().models;
  worths = await judge(pool, core, models, {
    snr: promisedSnr, seed: 1, onProgress: (done, total) => progress.push(done / total)
  });
});

after(() => pool.close());

describe("the promise, at the SNR at which it is given", () => {
  test("every model that can be fitted is judged, each of its free parameters once", () => {
    assert.deepEqual(
      worths.map(({model, parameter}) => `${model} ${parameter}`),
      judged(models).flatMap(({id, parameters}) =>
        parameters.filter(({held}) => held === null).map(({name}) => `${id} ${name}`))
    );
    assert.deepEqual(judged(models), explorable(models).filter(({estimators}) => estimators.length > 0));
  });

  test("it is held: nothing is missed, and every model has a certified parameter but for the least identifiable", () => {
    const {certified, missed} = countVerdicts(worths);
    assert.equal(missed, 0, JSON.stringify(worths.filter(({verdict}) => verdict === "missed")));
    assert.ok(certified > worths.length / 2);
    for (const {verdict, efficiency, coverage, relativeBound, touching} of worths) {
      if (verdict !== "certified") continue;
      assert.ok(relativeBound! < 0.1 && touching < 0.01);
      assert.ok(efficiency! >= 0.95 && efficiency! <= 1.1);
      assert.ok(coverage === null || (coverage >= 0.93 && coverage <= 0.97));
    }
  });

  test("where nothing is promised, it says why", () => {
    const of = (model: string, parameter: string): Worth =>
      worths.find((worth) => worth.model === model && worth.parameter === parameter)!;
    const [star, blood] = [of("ivim", "Dstar"), of("t2-ivim-kurtosis", "T2v")];
    assert.equal(star.verdict, "open");
    assert.match(star.why, /^bound 3\d % of the value$/);
    assert.equal(blood.verdict, "open");
    assert.ok(blood.atBound > 0.01 && blood.touching > blood.atBound);
    assert.match(blood.why, /\d % of its estimates on a limit$/);
    assert.ok(blood.withInterval <= 1 - blood.atBound);
    for (const {verdict, why} of worths) if (verdict !== "certified") assert.notEqual(why, "");
  });

  test("progress only grows, and ends at the end", () => {
    assert.ok(progress.every((share, i) => i === 0 || share >= progress[i - 1]));
    assert.equal(progress.at(-1), 1);
  });

  test("a signal stops it", async () => {
    const controller = new AbortController();
    const options = {snr: 50, seed: 1, signal: controller.signal, onProgress: () => controller.abort()};
    await assert.rejects(judge(pool, core, models, options), {name: "AbortError"});
  });
});

describe("verdicts", () => {
  const held = {
    model: "t2", modelName: "T2", estimator: "nlls", parameter: "T2", unit: "s", truth: 0.08, relativeBound: 0.05, efficiency: 1,
    coverage: 0.95, atBound: 0, touching: 0, withInterval: 1
  };

  test("follow the rule at its edges", () => {
    assert.equal(verdictOf(held).verdict, "certified");
    assert.equal(verdictOf({...held, efficiency: 1.1, coverage: 0.93}).verdict, "certified");
    assert.equal(verdictOf({...held, efficiency: 1.11}).verdict, "missed");
    assert.equal(verdictOf({...held, efficiency: 0.94}).verdict, "missed");
    assert.equal(verdictOf({...held, coverage: 0.929}).verdict, "missed");
    assert.equal(verdictOf({...held, coverage: 0.971}).verdict, "missed");
    assert.equal(verdictOf({...held, relativeBound: promise.relativeBound, efficiency: 2}).verdict, "open");
    assert.equal(verdictOf({...held, touching: promise.touching, efficiency: 2}).verdict, "open");
    assert.equal(verdictOf({...held, relativeBound: null, efficiency: null}).verdict, "open");
    assert.deepEqual(verdictOf({...held, coverage: null}), {
      verdict: "certified", why: "no interval: as many parameters as samples"
    });
  });

  test("a miss says which part of the promise it is", () => {
    assert.match(verdictOf({...held, efficiency: 1.5}).why, /^errors larger/);
    assert.match(verdictOf({...held, efficiency: 0.5}).why, /^errors smaller/);
    assert.match(verdictOf({...held, coverage: 0.9}).why, /^intervals hold the truth less often/);
    assert.match(verdictOf({...held, efficiency: 2, coverage: 0.99}).why, /larger.*more often/);
  });

  test("T1 of magnitude inversion recovery is the one exception", () => {
    const recovery = {...held, model: "inversion-recovery", parameter: "T1", efficiency: 1.12, coverage: 0.928};
    assert.equal(verdictOf(recovery).verdict, "excepted");
    assert.equal(verdictOf({...recovery, parameter: "a"}).verdict, "missed");
    assert.equal(verdictOf({...recovery, efficiency: 1, coverage: 0.95}).verdict, "certified");
  });
});

describe("profile likelihood beside the curvature", () => {
  test("is offered for what nonlinear least squares fits with another parameter", () => {
    const offered = profilable(models).map(({model, parameter}) => `${model.id} ${parameter}`);
    assert.ok(offered.includes("t2-ivim-kurtosis T2v") && offered.includes("ivim Dstar"));
    assert.ok(!offered.some((each) => each.startsWith("two-point-t2")));
  });

  test("covers T2v of T2-IVIM-Kurtosis in more voxels than the curvature, which has no interval on a bound", async () => {
    const {exploration, profile} = await profileVoxel(pool, core, modelOf("t2-ivim-kurtosis"), "T2v", {snr: 50, seed: 1});
    assert.equal(typeof profile, "object");
    const done: number[] = [];
    const {voxels, curvature, profile: profiles} = await compareIntervals(
      pool, core, exploration, "T2v", {onProgress: (part) => done.push(part)}
    );
    assert.equal(voxels, compared);
    assert.equal(done.at(-1), compared);
    assert.ok(curvature.intervals < profiles.intervals && profiles.intervals <= voxels);
    assert.ok(profiles.coverage!.value > curvature.coverage!.value);
    assert.ok(profiles.coverage!.lower < 0.96 && profiles.coverage!.upper > 0.94);
    assert.ok(profiles.oneSided > voxels / 2 && curvature.oneSided === 0);
  });

  test("agrees with the curvature where the likelihood is nearly a parabola", async () => {
    const {exploration} = await profileVoxel(pool, core, modelOf("mono-exponential"), "ADC", {snr: 50, seed: 2});
    const {curvature, profile} = await compareIntervals(pool, core, exploration, "ADC");
    assert.equal(curvature.intervals, compared);
    assert.equal(profile.intervals, compared);
    assert.ok(Math.abs(curvature.covering - profile.covering) <= 4);
    assert.ok(Math.abs(curvature.medianWidth! / profile.medianWidth! - 1) < 0.02);
  });

  test("a voxel has the numbers of its seed", async () => {
    const model = modelOf("ivim");
    const [one, two] = [await profileVoxel(pool, core, model, "D", {snr: 50, seed: 3}), await profileVoxel(pool, core, model, "D", {snr: 50, seed: 3})];
    assert.deepEqual(one.profile, two.profile);
    assert.deepEqual(judgedState(model, {snr: 50, seed: 3}), one.exploration.state);
    assert.equal(one.exploration.state.noise, "rician");
  });
});
