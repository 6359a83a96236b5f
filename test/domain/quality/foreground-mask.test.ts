import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {foregroundMask, meanVolume} from "../../../src/domain/quality/foreground-mask.js";
import {InputError} from "../../../src/domain/errors.js";

test("keeps the voxels above the fraction of the 98th percentile", () => {
  const values = Float64Array.from({length: 100}, (_, i) => i + 1); // 98th percentile by nearest rank: 98
  const mask = foregroundMask(values, 0.5);
  assert.deepEqual([mask[48], mask[49]], [0, 1]); // 49 is half of 98 and does not exceed it
  assert.equal(mask.reduce((a, b) => a + b), 51);
});

test("one bright voxel does not decide, and voxels that are not finite are background", () => {
  const values = Float64Array.from({length: 100}, (_, i) => (i === 0 ? 1e9 : i === 1 ? NaN : 10));
  const mask = foregroundMask(values);
  assert.equal(mask[1], 0);
  assert.equal(mask.reduce((a, b) => a + b), 99);
});

test("does not depend on the scale of the signal", () => {
  const image = fc.array(fc.double({min: 1, max: 1e4, noNaN: true}), {minLength: 5, maxLength: 60});
  fc.assert(
    fc.property(image, (values) => {
      assert.deepEqual(foregroundMask(values, 0.3), foregroundMask(values.map((value) => 4 * value), 0.3));
    }),
    {seed: 1, numRuns: 200}
  );
});

test("an image without signal and a fraction outside (0, 1) are errors", () => {
  for (const values of [[0, 0, 0], [NaN, NaN], [-1, -2], []]) assert.throws(() => foregroundMask(values), InputError);
  for (const fraction of [0, 1, NaN, -0.1]) assert.throws(() => foregroundMask([1, 2], fraction), /fraction is .*\(0, 1\)/);
});

test("the mean volume averages the volumes that are named", () => {
  assert.deepEqual([...meanVolume([1, 2, 10, 20, 3, 4], 2, [0, 2])], [2, 3]);
  assert.throws(() => meanVolume([1, 2], 2, []), InputError);
});
