import assert from "node:assert/strict";
import {test} from "node:test";
import {remembered} from "../../../src/domain/numerics/remembered.js";

test("a result is computed once for each set of arguments, and forgotten when there are many", () => {
  let calls = 0;
  const sum = remembered((a: number, b: number) => {
    calls += 1;
    return a + 10 * b;
  });
  assert.deepEqual([sum(1, 2), sum(2, 1), sum(1, 2), sum(2, 1)], [21, 12, 21, 12]);
  assert.equal(calls, 2);
  for (let i = 0; i < 1000; i++) assert.equal(sum(i, 0.5), i + 5);
  assert.equal(sum(1, 2), 21);
  assert.ok(calls > 1002);
});

test("what throws is not remembered", () => {
  let calls = 0;
  const fails = remembered((x: number) => {
    calls += 1;
    throw new RangeError(String(x));
  });
  for (let i = 0; i < 2; i++) assert.throws(() => fails(3), RangeError);
  assert.equal(calls, 2);
});
