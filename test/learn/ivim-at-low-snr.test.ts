import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {after, before, describe, test} from "node:test";
import {instantiate, type Core} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {
  acrossTissues, alongSnr, bValues, biasRange, estimators, outcomesAt, parameters, repeats, rmseRatio, rmseRatioRange,
  simulateSamples, snrs, studyLowSnr, tissues, type LowSnrStudy
} from "../../src/learn/ivim-at-low-snr.js";

const table = new URL("../../../shared/reference/osipi/ivim_reference.csv", import.meta.url);

let core: Core;
let pool: Pool;
let study: LowSnrStudy;

before(async () => {
  const module = await loadModule();
  core = instantiate(module);
  pool = createPool({size: 2, spawn, module});
  study = await studyLowSnr(pool, core, {seed: 1});
});

after(() => pool.close());

describe("tissues", () => {
  test("have the true values of OSIPI's table", {skip: existsSync(table) ? false : "the table is not here"}, () => {
    const [header, ...lines] = readFileSync(table, "utf8").trim().split("\n").map((line) => line.trim().split(","));
    const rows = lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i]])));
    for (const {region, f, Dstar, D} of tissues) {
      const row = rows.find((each) => each.region === region)!;
      assert.deepEqual([f, Dstar, D], [row.f_true, row.dstar_true_mm2_s, row.d_true_mm2_s].map(Number), region);
    }
  });
});

describe("samples", () => {
  test("are magnitudes with the stated noise about the model's signal", () => {
    const samples = simulateSamples(core, 5);
    const voxels = samples.length / bValues.length;
    assert.equal(voxels, tissues.length * snrs.length * repeats);
    assert.ok(samples.every((sample) => sample >= 0));
    // At b = 0 the signal is 1 and its standard deviation 1/SNR; 4 standard errors of each.
    snrs.forEach((snr, g) => {
      const first = samples.subarray(g * repeats, (g + 1) * repeats);
      const mean = first.reduce((sum, value) => sum + value, 0) / repeats;
      const sd = Math.sqrt(first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1));
      assert.ok(Math.abs(mean - 1) < 4 / snr / Math.sqrt(repeats), `${snr}: ${mean}`);
      assert.ok(Math.abs(sd * snr - 1) < 4 / Math.sqrt(2 * repeats), `${snr}: ${sd}`);
    });
  });

  test("of different tissues and SNR have different noise", () => {
    const samples = simulateSamples(core, 5);
    const noise = (g: number): number => (samples[g * repeats] - 1) * snrs[g % snrs.length];
    assert.equal(new Set(Array.from({length: tissues.length * snrs.length}, (_, g) => noise(g).toFixed(9))).size, tissues.length * snrs.length);
  });
});

describe("the study", () => {
  test("has every tissue, SNR, estimator and parameter once", () => {
    const keys = study.map(({tissue, snr, estimator, parameter}) => `${tissue} ${snr} ${estimator} ${parameter}`);
    assert.equal(keys.length, tissues.length * snrs.length * estimators.length * parameters.length);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(alongSnr(study, {tissue: "Muscle", parameter: "f"}).length, snrs.length * estimators.length);
    assert.equal(acrossTissues(study, {snr: 10, parameter: "f"}).length, tissues.length * estimators.length);
  });

  test("at SNR 10 the optimum of least squares has several times the RMSE of D* of the fit with a prior", () => {
    const {least, most} = rmseRatioRange(study, {snr: 10, parameter: "Dstar"}, "prior")!;
    assert.ok(least.value > 1.2, JSON.stringify(least));
    assert.ok(most.value > 5, JSON.stringify(most));
  });

  test("the segmented fit is no cure for D*, but its D is less biased at SNR 10", () => {
    const [ratio, prior] = ["segmented", "prior"].map((id) => rmseRatioRange(study, {snr: 10, parameter: "Dstar"}, id)!);
    assert.ok(ratio.least.value < 1 && ratio.most.value < prior.most.value / 2, JSON.stringify(ratio));
    const [own, segmented] = ["nlls", "segmented"].map((id) => biasRange(study, {snr: 10, parameter: "D"}, id)!);
    assert.ok(own.most.value < -0.05, JSON.stringify(own));
    assert.ok(Math.abs(segmented.least.value) < Math.abs(own.most.value), JSON.stringify(segmented));
  });

  test("the prior biases D* towards its centre, and at SNR 10 its intervals miss that of myocardium", () => {
    const prior = (tissue: string) =>
      outcomesAt(study, {tissue, snr: 10, parameter: "Dstar"}).find(({estimator}) => estimator === "prior")!;
    assert.ok(prior("Myocardium").relativeBias! < -0.3);
    assert.ok(prior("Pericardium").relativeBias! > 1);
    assert.ok(prior("Myocardium").performance.coverage! < 0.5);
  });

  test("at SNR 100 least squares reaches the bound where D* is well determined", () => {
    for (const tissue of ["Spinal cord", "Small intestine", "Myocardium"]) {
      const own = outcomesAt(study, {tissue, snr: 100, parameter: "Dstar"}).find(({estimator}) => estimator === "nlls")!;
      const efficiency = own.relativeRmse! / own.relativeBound!;
      assert.ok(efficiency > 0.85 && efficiency < 1.25, `${tissue}: ${efficiency}`);
      assert.ok(Math.abs(rmseRatio(study, {tissue, snr: 100, parameter: "Dstar"}, "prior")! - 1) < 0.25);
    }
  });

  test("says what it leaves out: shares of voxels on a bound and without a value", () => {
    const [own, segmented] = ["nlls", "segmented"].map((id) =>
      outcomesAt(study, {tissue: "Muscle", snr: 10, parameter: "Dstar"}).find(({estimator}) => estimator === id)!);
    assert.ok(own.atBound > 0.2);
    assert.ok(segmented.without > 0.1);
    for (const {estimates, without, performance} of study) {
      assert.equal(estimates.length, repeats);
      assert.ok(Math.abs(performance.estimated - repeats * (1 - without)) < 1e-6);
    }
  });

  test("a signal stops it", async () => {
    const controller = new AbortController();
    const stopped = studyLowSnr(pool, core, {seed: 1, signal: controller.signal, onProgress: () => controller.abort()});
    await assert.rejects(stopped, {name: "AbortError"});
  });
});
