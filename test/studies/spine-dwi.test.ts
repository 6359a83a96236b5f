import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {after, before, describe, test} from "node:test";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {fitVoxels} from "../../src/compute/fit.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {foregroundMask, meanVolume} from "../../src/domain/quality/foreground-mask.js";
import {testRetest} from "../../src/domain/statistics/test-retest.js";
import {checkGradients, readBval, readBvec} from "../../src/io/gradients.js";
import {readNifti, type Nifti} from "../../src/io/nifti.js";
import {root} from "../../scripts/paths.js";

const folder = join(root, "../shared/data/spine-dwi");
const skip = existsSync(folder) ? false : "the real diffusion series (../shared/data/spine-dwi) is not here";

/** Rows of a sample-major matrix, as a matrix of its own. */
function selectVolumes(samples: Float32Array | Float64Array, voxels: number, volumes: readonly number[]): Float32Array {
  const out = new Float32Array(volumes.length * voxels);
  volumes.forEach((volume, row) => out.set(samples.subarray(volume * voxels, (volume + 1) * voxels), row * voxels));
  return out;
}

// A real series of the spinal cord: 5 volumes at b = 0 and 30 directions at b = 800 s/mm2 (Spinal Cord Toolbox example
// data). The odd and the even directions, each with all b = 0, stand for two measurements of the same cord.
describe("a real diffusion series through the same path", {skip}, () => {
  let pool: Pool;
  let image: Nifti;
  let b: number[];
  before(async () => {
    pool = createPool({size: 2, spawn, module: await loadModule()});
    image = readNifti(readFileSync(join(folder, "dmri.nii.gz")), "dmri.nii.gz");
    b = readBval(readFileSync(join(folder, "bvals.txt"), "utf8"), "bvals.txt");
    const directions = readBvec(readFileSync(join(folder, "bvecs.txt"), "utf8"), "bvecs.txt");
    checkGradients({
      image: {file: image.file, volumes: image.volumes},
      bval: {file: "bvals.txt", values: b},
      bvec: {file: "bvecs.txt", values: directions}
    });
  });
  after(() => pool?.close());

  test("is read as its README describes it", () => {
    assert.deepEqual(image.shape, [96, 36, 15, 35]);
    assert.equal(b.filter((value) => value === 0).length, 5);
    assert.equal(b.filter((value) => Math.abs(value - 800) < 5).length, 30);
  });

  test("its ADC repeats between odd and even directions", async () => {
    const [nx, ny, nz] = image.shape;
    const voxels = nx * ny * nz;
    const samples = image.values();
    const zero = b.flatMap((value, index) => (value === 0 ? [index] : []));
    const weighted = b.flatMap((value, index) => (value > 0 ? [index] : []));
    // The rule: more than 30 % of the 98th percentile of the mean signal at b = 0.
    const mask = foregroundMask(meanVolume(samples, voxels, zero), 0.3);
    const halves = [0, 1].map((odd) => [...zero, ...weighted.filter((_, index) => index % 2 === odd)]);
    const maps: ArrayLike<number>[] = [];
    for (const volumes of halves) {
      const fit = await fitVoxels(pool, {
        model: "mono-exponential",
        estimator: "iwls",
        protocol: {b: volumes.map((volume) => b[volume])},
        samples: selectVolumes(samples, voxels, volumes),
        voxels,
        mask
      });
      maps.push(fit.parameters.find(({name}) => name === "ADC")!.values);
    }
    // A slice is the unit: its mean over the foreground, twice.
    const slices: number[][] = [];
    for (let z = 0; z < nz; z++) {
      const means = maps.map((values) => {
        let sum = 0;
        let count = 0;
        for (let v = z * nx * ny; v < (z + 1) * nx * ny; v++) {
          if (!mask[v] || !Number.isFinite(values[v])) continue;
          sum += values[v];
          count++;
        }
        return sum / count;
      });
      if (means.every(Number.isFinite)) slices.push(means);
    }
    assert.equal(slices.length, nz);
    const {mean, wsd, wcv, rc} = testRetest(slices, {unit: "mm2/s"});
    // ADC of tissue at body temperature; 15 directions each repeat well on slice means.
    assert.ok(mean > 0.0005 && mean < 0.003, `mean ADC is ${mean}`);
    assert.ok(wsd.value > 0 && wsd.lower < wsd.value && wsd.value < wsd.upper);
    assert.ok(wcv!.value < 0.1, `wCV is ${wcv!.value}`);
    assert.ok(Math.abs(rc.value / wsd.value - 1.959963985 * Math.SQRT2) < 1e-8);
  });
});
