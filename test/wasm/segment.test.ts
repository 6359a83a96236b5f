import assert from "node:assert/strict";
import {before, describe, test} from "node:test";
import fc from "fast-check";
import {faultOf, loadCore, type Glue} from "./core.js";

let core: Glue;
before(async () => {
  core = await loadCore();
});

interface Scores {
  lesions: number;
  detected: number;
  missed: number;
  predicted: number;
  false_positives: number;
  f1: number | null;
  dice: number | null;
}

const overlap = (truth: readonly number[], found: readonly number[], shape: readonly number[], connectivity = 26): Scores =>
  JSON.parse(core.lesion_overlap(Uint8Array.from(truth), Uint8Array.from(found), Uint32Array.from(shape), connectivity));

describe("segment", () => {
  test("a threshold counted by hand", () => {
    // Median 3, MAD 1: above 3 + 2 x 1.4826 lie 7 and 9, which touch, and 8.
    const image = Float32Array.of(1, 7, 9, 2, 3, 4, 3, 8, 3);
    const found = (minimum_size: number) =>
      [...core.segment(JSON.stringify({method: "robust-threshold", k: 2, minimum_size}), image, new Uint8Array(9).fill(1), Uint32Array.of(9, 1, 1))];
    assert.deepEqual(found(1), [0, 1, 1, 0, 0, 0, 0, 1, 0]);
    assert.deepEqual(found(2), [0, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  test("what does not fit together is refused with the field's name", () => {
    const refused = (request: object, image = 8, mask = 8, shape = [2, 2, 2], inside = 1) =>
      faultOf(() => core.segment(JSON.stringify(request), new Float32Array(image), new Uint8Array(mask).fill(inside), Uint32Array.from(shape)));
    const threshold = {method: "robust-threshold"};
    assert.equal(refused(threshold, 7).field, "image");
    assert.equal(refused(threshold, 8, 9).field, "mask");
    assert.equal(refused(threshold, 8, 8, [2, 4]).field, "shape");
    assert.equal(refused(threshold, 8, 8, [2, 2, 2], 0).field, "mask");
    assert.equal(refused({method: "guess"}).field, "method");
    assert.equal(refused({...threshold, smoothing: 0.5}).code, "invalid-request");
    assert.equal(refused({method: "gaussian-mixture", smoothing: -1}).field, "smoothing");
  });
});

describe("lesion_overlap", () => {
  test("a row counted by hand", () => {
    const truth = [1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0];
    const found = [0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1];
    const {lesions, detected, missed, predicted, false_positives, f1, dice} = overlap(truth, found, [15, 1, 1]);
    assert.deepEqual([lesions, detected, missed, predicted, false_positives], [4, 2, 2, 4, 1]);
    assert.deepEqual([f1, dice], [4 / 7, 6 / 13]);
  });

  test("without any lesion there is no score", () => {
    assert.deepEqual([overlap([0, 0], [0, 0], [2, 1, 1]).f1, overlap([0, 0], [0, 0], [2, 1, 1]).dice], [null, null]);
  });

  test("lesions of any volume are counted as a flood fill counts them", () => {
    const volume = fc
      .tuple(fc.integer({min: 1, max: 6}), fc.integer({min: 1, max: 6}), fc.integer({min: 1, max: 4}))
      .chain(([x, y, z]) => fc.tuple(fc.constant([x, y, z]), fc.array(fc.integer({min: 0, max: 1}), {minLength: x * y * z, maxLength: x * y * z})));
    fc.assert(
      fc.property(volume, ([shape, voxels]) => {
        for (const [connectivity, most] of [[6, 1], [18, 2], [26, 3]]) {
          const scores = overlap(voxels, voxels, shape, connectivity);
          assert.equal(scores.lesions, floodFill(voxels, shape, most));
          assert.equal(scores.false_positives, 0);
        }
      }),
      {seed: 1, numRuns: 200}
    );
  });
});

function floodFill(volume: readonly number[], [nx, ny]: readonly number[], most: number): number {
  const at = (v: number) => [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
  const touch = (v: number, w: number): boolean => {
    const away = at(v).map((value, axis) => Math.abs(value - at(w)[axis]));
    return Math.max(...away) === 1 && away[0] + away[1] + away[2] <= most;
  };
  const open = new Set([...volume.keys()].filter((v) => volume[v] === 1));
  let count = 0;
  for (const start of open) {
    count++;
    const queue = [start];
    open.delete(start);
    while (queue.length > 0) {
      const v = queue.pop()!;
      for (const w of [...open].filter((each) => touch(v, each))) {
        open.delete(w);
        queue.push(w);
      }
    }
  }
  return count;
}
