import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {contour, roundLevels} from "../../../src/view/charts/contours.js";

const axis = (n: number, low: number, high: number): number[] => Array.from({length: n}, (_, i) => low + ((high - low) * i) / (n - 1));
const grid = (n: number, f: (x: number, y: number) => number) => {
  const [xs, ys] = [axis(n, -2, 2), axis(n, -2, 2)];
  return {xs, ys, values: ys.flatMap((y) => xs.map((x) => f(x, y)))};
};

test("the contour of a circle is one closed line at its radius", () => {
  const lines = contour(grid(81, (x, y) => x * x + y * y), 1.44);
  assert.equal(lines.length, 1);
  const line = lines[0]!;
  assert.deepEqual(line[0], line.at(-1));
  for (const {x, y} of line) assert.ok(Math.abs(Math.hypot(x, y) - 1.2) < 1e-3);
});

test("a plane gives a straight open line, exactly", () => {
  const lines = contour(grid(5, (x, y) => 3 * x + y), 0.5);
  assert.equal(lines.length, 1);
  for (const {x, y} of lines[0]!) assert.ok(Math.abs(3 * x + y - 0.5) < 1e-12);
});

test("a saddle gives two lines that do not cross, and no level outside gives any", () => {
  assert.equal(contour(grid(21, (x, y) => x * y), 0.3).length, 2);
  assert.equal(contour(grid(21, (x, y) => x * y), 9).length, 0);
  assert.equal(contour(grid(6, () => 1), 1).length, 0);
});

test("cells without a value are left out", () => {
  const holed = grid(21, (x, y) => (Math.abs(x) < 0.3 ? NaN : y));
  const lines = contour(holed, 0.05);
  assert.equal(lines.length, 2);
  assert.ok(lines.flat().every(({x, y}) => Number.isFinite(x) && Number.isFinite(y)));
});

test("a grid of another size is refused", () => {
  assert.throws(() => contour({xs: [0, 1], ys: [0, 1], values: [1, 2, 3]}, 1), /3 values; expected 2 x 2/);
});

test("every point lies on the interpolated level, and closed or border to border", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({min: -9, max: 9}), {minLength: 30, maxLength: 30}), fc.double({min: -5, max: 5, noNaN: true}),
    (values, level) => {
      const [xs, ys] = [axis(6, 0, 5), axis(5, 0, 4)];
      for (const line of contour({xs, ys, values}, level)) {
        const [first, last] = [line[0]!, line.at(-1)!];
        const border = ({x, y}: {x: number; y: number}): boolean => x === 0 || x === 5 || y === 0 || y === 4;
        const closed = first.x === last.x && first.y === last.y;
        assert.ok(closed || (border(first) && border(last)));
        for (const {x, y} of line) {
          const [i, j] = [Math.min(4, Math.floor(x)), Math.min(3, Math.floor(y))];
          const [s, t] = [x - i, y - j];
          const at = (k: number, l: number): number => values[(j + l) * 6 + i + k]!;
          const value = (1 - s) * (1 - t) * at(0, 0) + s * (1 - t) * at(1, 0) + (1 - s) * t * at(0, 1) + s * t * at(1, 1);
          assert.ok(Math.abs(value - level) < 1e-9);
        }
      }
    }
  ), {seed: 1, numRuns: 300});
});

test("levels are round, inside and in order", () => {
  assert.deepEqual(roundLevels(0.61, 0.83), [0.65, 0.7, 0.75, 0.8]);
  assert.deepEqual(roundLevels(-3, 7, 5), [-2, 0, 2, 4, 6]);
  assert.deepEqual(roundLevels(1, 1), []);
  assert.deepEqual(roundLevels(NaN, 1), []);
});
