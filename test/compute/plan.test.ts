// Planning in a worker: the numbers of the planner itself, its progress and its faults.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {createPool, type Pool} from "../../src/compute/pool.js";
import type {PlanTask} from "../../src/compute/messages.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {limitsLuPlanner} from "../../src/domain/planning/limits-lu.js";
import {InputError} from "../../src/domain/errors.js";

let pool: Pool;
before(async () => {
  pool = createPool({size: 1, spawn, module: await loadModule()});
});
after(() => pool.close());

const options = {limit: "3", mean: 0.2, sd: 1, simulations: 2000, seed: 4};
const plan = (request: PlanTask, onProgress?: (done: number, total: number) => void) =>
  pool.run("plan", [{make: () => ({request})}], {onProgress});

test("a worker's plan is the planner's own, and its progress grows to the end", async () => {
  const seen: number[] = [];
  const [report] = await plan({planner: "limits-lu", options}, (done, total) => seen.push(done / total));
  assert.deepEqual(report, limitsLuPlanner.run(options));
  assert.ok(seen.length > 50 && seen.every((done, i) => i === 0 || done >= seen[i - 1]));
  assert.equal(seen.at(-1), 1);
});

test("bad options cross as the planner's error", async () => {
  await assert.rejects(plan({planner: "limits-lu", options: {...options, sd: "x"}}), (error: unknown) =>
    error instanceof InputError && error.code === "not-a-number" && error.field === "sd");
  await assert.rejects(plan({planner: "limits-li", options}), (error: unknown) =>
    error instanceof InputError && error.code === "unknown-method" && /limits-lu/.test(error.expected));
});
