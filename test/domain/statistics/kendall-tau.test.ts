import assert from "node:assert/strict";
import {test} from "node:test";
import {kendallTau} from "../../../src/domain/statistics/kendall-tau.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

test("tau-b with ties, as scipy gives it", () => {
  assertRelative(kendallTau([1, 2, 2, 3, 4, 5], [1, 3, 2, 3, 5, 4]).tau, 0.7857142857142858, 1e-14);
});

test("perfect order, inverse order, and monotone transformations", () => {
  const x = [1, 2, 3, 4, 5, 6];
  assert.equal(kendallTau(x, x.map((v) => v ** 3)).tau, 1);
  assert.equal(kendallTau(x, x.map((v) => -v)).tau, -1);
  assert.ok(kendallTau(x, x.map((v) => -v)).p > 0.99);
});

test("type I error 5 % or a little below, with and without ties", () => {
  const random = seeded(3);
  let [plain, tied] = [0, 0];
  for (let run = 0; run < 3000; run++) {
    const draw = () => Array.from({length: 20}, () => random.normal());
    const [x, y] = [draw(), draw()];
    if (kendallTau(x, y).p < 0.05) plain++;
    if (kendallTau(x.map((v) => Math.round(v * 2)), y.map((v) => Math.round(v * 2))).p < 0.05) tied++;
  }
  for (const share of [plain / 3000, tied / 3000]) assert.ok(share > 0.033 && share < 0.062, `${share}`);
});

test("bad input", () => {
  assertRejects(() => kendallTau([1, 2, 3], [1, 2, 3]), "too-few-values", "length of x");
  assertRejects(() => kendallTau([1, 1, 1, 1], [1, 2, 3, 4]), "constant", "x");
});
