import assert from "node:assert/strict";
import {test} from "node:test";
import {confidenceEllipse} from "../../../src/domain/statistics/confidence-ellipse.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";

const joint = {centre: [3, -1], sd: [2, 0.5], correlation: -0.7} as const;

/** (x - c)' V^-1 (x - c) */
function distance([x, y]: readonly [number, number]): number {
  const {centre, sd, correlation: r} = joint;
  const [u, v] = [(x - centre[0]) / sd[0], (y - centre[1]) / sd[1]];
  return (u * u - 2 * r * u * v + v * v) / (1 - r * r);
}

test("every point lies at the printed quantile of chi-square on 2 degrees of freedom, and the line is closed", () => {
  // 5.991 and 9.210: Abramowitz and Stegun 1964, table 26.8.
  for (const [level, quantile] of [[0.95, 5.991], [0.99, 9.21]] as const) {
    const points = confidenceEllipse(joint, {level});
    assert.deepEqual(points.at(-1), points[0]);
    for (const point of points) assert.ok(Math.abs(distance(point) - quantile) < 1e-3, `${point}: ${distance(point)}`);
  }
  assert.deepEqual(confidenceEllipse(joint), confidenceEllipse(joint, {level: 0.95}));
});

test("its extent along the axes is the standard deviation times the radius", () => {
  const points = confidenceEllipse(joint);
  const radius = Math.sqrt(5.991465);
  const across = Math.max(...points.map(([x]) => x)) - joint.centre[0];
  const up = Math.max(...points.map(([, y]) => y)) - joint.centre[1];
  assert.ok(Math.abs(across - radius * joint.sd[0]) < 1e-5 * across);
  assert.ok(Math.abs(up - radius * joint.sd[1]) < 2e-3 * up);
});

test("it holds 95 % of a correlated normal pair", () => {
  const {normal} = seeded(11);
  let inside = 0;
  const n = 4000;
  const edge = distance(confidenceEllipse(joint)[0]);
  for (let i = 0; i < n; i++) {
    const [u, v] = [normal(), normal()];
    const {centre, sd, correlation: r} = joint;
    const point = [centre[0] + sd[0] * u, centre[1] + sd[1] * (r * u + Math.sqrt(1 - r * r) * v)] as const;
    if (distance(point) <= edge) inside += 1;
  }
  assert.ok(Math.abs(inside / n - 0.95) < 4 * Math.sqrt((0.95 * 0.05) / n), `${inside / n}`);
});

test("a perfect correlation is a line; bad input is named", () => {
  for (const [x, y] of confidenceEllipse({centre: [0, 0], sd: [1, 2], correlation: 1})) assert.equal(y, 2 * x);
  assertRejects(() => confidenceEllipse({...joint, centre: [NaN, 0]}), "not-finite", "centre[0]");
  assertRejects(() => confidenceEllipse({...joint, sd: [1, 0]}), "not-positive", "sd[1]");
  assertRejects(() => confidenceEllipse({...joint, correlation: 1.1}), "out-of-range", "correlation");
  assertRejects(() => confidenceEllipse(joint, {level: 1}), "level-out-of-range", "level");
});
