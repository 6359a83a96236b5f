import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {quadraticSpline} from "../../../src/domain/numerics/quadratic-spline.js";
import {assertRejects} from "../../helpers/bad-input.js";

const abscissae = fc.array(fc.double({min: 0.5, max: 3, noNaN: true}), {minLength: 3, maxLength: 9})
  .map((steps) => steps.reduce<number[]>((x, step) => [...x, x.at(-1)! + step], [1]));

test("it passes through its points, and has a continuous slope", () => {
  fc.assert(fc.property(abscissae, fc.infiniteStream(fc.integer({min: -50, max: 50})), (x, stream) => {
    const y = x.map(() => stream.next().value as number);
    const curve = quadraticSpline(x, y);
    x.forEach((at, i) => assert.ok(Math.abs(curve(at) - y[i]) < 1e-6 * (1 + Math.abs(y[i])), `${curve(at)} at ${at}, not ${y[i]}`));
    const h = 1e-6 * (x.at(-1)! - x[0]);
    const slope = (from: number): number => (curve(from + h) - curve(from)) / h;
    for (let i = 1; i + 2 < x.length; i++) {
      const middle = 0.5 * (x[i] + x[i + 1]);
      const [left, right] = [slope(middle - h), slope(middle)];
      assert.ok(Math.abs(left - right) < 1e-2 * (1 + Math.max(Math.abs(left), Math.abs(right))), `slope ${left}, then ${right}`);
    }
  }), {seed: 20, numRuns: 100});
});

test("it reproduces any parabola", () => {
  fc.assert(fc.property(abscissae, fc.tuple(...[1, 2, 3].map(() => fc.integer({min: -9, max: 9}))), (x, [a, b, c]) => {
    const parabola = (at: number): number => a + b * at + c * at * at;
    const curve = quadraticSpline(x, x.map(parabola));
    for (let k = 0; k <= 20; k++) {
      const at = Math.min(x.at(-1)!, x[0] + (x.at(-1)! - x[0]) * k / 20);
      assert.ok(Math.abs(curve(at) - parabola(at)) < 1e-9 * (1 + x.at(-1)! ** 2), `${curve(at)} at ${at}, not ${parabola(at)}`);
    }
  }), {seed: 21, numRuns: 100});
});

test("bad input is told", () => {
  assertRejects(() => quadraticSpline([1, 2], [1, 2]), "too-few-values", "length of x");
  assertRejects(() => quadraticSpline([1, 2, 3], [1, 2, 3, 4]), "unequal-lengths", "length of y");
  assertRejects(() => quadraticSpline([1, 3, 2], [1, 2, 3]), "not-increasing", "x[2]");
  assertRejects(() => quadraticSpline([1, 2, 3], [1, NaN, 3]), "not-finite", "y[1]");
  const curve = quadraticSpline([1, 2, 4], [1, 5, 3]);
  for (const at of [0.999, 4.001, NaN]) assertRejects(() => curve(at), "out-of-range", "x");
});
