import assert from "node:assert/strict";
import {after, test} from "node:test";
import {writeNifti} from "../../src/io/nifti.js";
import {voxelTable} from "../../src/tools/fit-files.js";
import {readFitInput} from "../../src/tools/fit-input.js";
import type {RegionChoice} from "../../src/tools/fit-regions.js";
import {fitRegion} from "../../src/tools/fit-run.js";
import {displayRange} from "../../src/tools/fit-summaries.js";
import {everywhere, fittedSamples, folder} from "./fitted-samples.js";
import {affine, bval, voxelSize} from "./samples.js";

const {pool, registry, modelOf, result} = await fittedSamples();
after(() => pool.close());

test("summaries: quartiles of type 7 over the voxels with a value", () => {
  const values = [...result.fit.parameters[1].values].filter(Number.isFinite).sort((p, q) => p - q);
  const [, row] = result.summaries;
  assert.deepEqual([row.parameter, row.unit, row.group, row.n, row.missing], ["ADC", "mm2/s", "Everywhere", 102, 3]);
  // n = 102: type 7 puts the quartiles at ranks 26.25, 51.5 and 76.75.
  const rank = (r: number): number =>
    values[Math.floor(r) - 1] + (r % 1) * (values[Math.floor(r)] - values[Math.floor(r) - 1]);
  for (const [found, expected] of [
    [row.q1, rank(26.25)],
    [row.median, rank(51.5)],
    [row.q3, rank(76.75)]
  ]) {
    assert.ok(Math.abs(found! / expected! - 1) < 1e-12);
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / 102;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 101);
  assert.ok(Math.abs(row.mean! / mean - 1) < 1e-12 && Math.abs(row.sd! / sd - 1) < 1e-9);
});

test("a part without any value has no summary and no range", async () => {
  const region: RegionChoice = everywhere;
  const broken = writeNifti({shape: [2, 1, 1, 6], voxelSize, affine, data: new Float32Array(12)});
  const dark = await readFitInput(folder({name: "black.nii", bytes: broken}, bval));
  const none = await fitRegion(pool, {input: dark, model: modelOf("mono-exponential"), estimator: "ols", region});
  const [row] = none.summaries;
  assert.deepEqual([row.n, row.missing, row.median, row.q1, row.mean, row.sd], [0, 2, null, null, null, null]);
  assert.deepEqual(none.ranges, [null, null]);
  assert.equal(displayRange(none.fit.parameters[0].values, none.groups[0].voxels), null);
  assert.deepEqual(
    displayRange([5, 5, NaN], Uint32Array.of(0, 1, 2)),
    [4.5, 5.5],
    "one value gets room on both sides"
  );
  const [csv] = [await voxelTable(none, registry.statuses)];
  assert.deepEqual(new TextDecoder().decode(csv.bytes).split("\n")[1], "0,0,0,Everywhere,failed-non-positive,,,,,,0");
});
