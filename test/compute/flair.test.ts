import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {InputError} from "../../src/domain/errors.js";
import type {FlairTask} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";

const task = (TE: number, TI: number, change: object = {}): FlairTask => ({
  phantom: {seed: 7, lesions: 30},
  settings: {TE, TI, TR: 9, noise: {kind: "rician", sigma: 0.01, seed: 7}, ...change},
  methods: ["robust-threshold", "gaussian-mixture"]
});
const tasks = [task(0.1, 2.4), task(0.13, 2.4), task(0.13, 2.8)].map((request) => ({make: () => ({request})}));

let module: WebAssembly.Module;
const pools: Pool[] = [];
const poolOf = (size: number): Pool => {
  const pool = createPool({size, spawn, module});
  pools.push(pool);
  return pool;
};
before(async () => void (module = await loadModule()));
after(() => pools.forEach((pool) => pool.close()));

test("scores do not depend on the number of workers", async () => {
  const [one, three] = await Promise.all([1, 3].map((size) => poolOf(size).run("flair-point", tasks)));
  assert.deepEqual(one, three);
  for (const scores of one) {
    assert.deepEqual(scores.map(({method}) => method), ["robust-threshold", "gaussian-mixture"]);
    for (const {lesions, detected, missed} of scores) assert.equal(detected + missed, lesions);
  }
});

test("a slice shows the image that was scored", async () => {
  const pool = poolOf(1);
  const [[slice], [scores]] = [await pool.run("flair-slice", tasks.slice(0, 1)), await pool.run("flair-point", tasks.slice(0, 1))];
  assert.deepEqual(slice.scores, scores);
  const pixels = slice.width * slice.height;
  assert.deepEqual([slice.image.length, slice.truth.length], [pixels, pixels]);
  for (const {method} of scores) assert.equal(slice.found[method].length, pixels);
  assert.ok(slice.truth.some((value) => value === 1), "the slice in the middle meets a lesion");
});

test("times out of range are refused by name", async () => {
  await assert.rejects(poolOf(1).run("flair-point", [{make: () => ({request: task(0.1, -1)})}]), (error: InputError) => {
    assert.ok(error instanceof InputError);
    assert.equal(error.field, "TI");
    return true;
  });
});
