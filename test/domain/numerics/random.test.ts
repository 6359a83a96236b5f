import assert from "node:assert/strict";
import {test} from "node:test";
import {randomFrom} from "../../../src/domain/numerics/random.js";
import {assertRejects} from "../../helpers/bad-input.js";

test("one seed gives one run of numbers, another seed another", () => {
  const draw = (seed: number) => {
    const random = randomFrom(seed);
    return [random.uniform(), random.normal(), random.normal(), random.below(1000)];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.deepEqual(draw(3), draw(3 + 4294967296));
});

test("uniform numbers fill [0, 1) evenly and show no lag", () => {
  const random = randomFrom(1);
  const n = 100000;
  const cells = new Array<number>(20).fill(0);
  let lagged = 0;
  let last = 0.5;
  for (let i = 0; i < n; i++) {
    const u = random.uniform();
    assert.ok(u >= 0 && u < 1);
    cells[Math.floor(20 * u)]++;
    lagged += (u - 0.5) * (last - 0.5);
    last = u;
  }
  const chiSquare = cells.reduce((total, count) => total + (count - n / 20) ** 2 / (n / 20), 0);
  // 19 degrees of freedom: beyond these ends once in 5000 seeds.
  assert.ok(chiSquare > 4.5 && chiSquare < 48, String(chiSquare));
  assert.ok(Math.abs(lagged / n * 12) < 4 / Math.sqrt(n));
});

test("normal numbers have the moments of the normal distribution", () => {
  const random = randomFrom(2);
  const n = 100000;
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const z = random.normal();
    sums.forEach((_, k) => (sums[k] += z ** (k + 1)));
  }
  // Standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt n.
  [0, 1, 0, 3].forEach((moment, k) => {
    const error = Math.sqrt([1, 2, 15, 96][k] / n);
    assert.ok(Math.abs(sums[k] / n - moment) < 4 * error, `moment ${k + 1}: ${sums[k] / n}`);
  });
});

test("whole numbers below n are equally likely", () => {
  const random = randomFrom(9);
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 70000; i++) counts[random.below(7)]++;
  for (const count of counts) assert.ok(Math.abs(count - 10000) < 4 * Math.sqrt(10000 * 6 / 7), String(counts));
});

test("a seed is a whole number", () => {
  assertRejects(() => randomFrom(1.5), "not-a-count", "seed");
  assertRejects(() => randomFrom(-1), "not-a-count", "seed");
});
