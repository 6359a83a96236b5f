import assert from "node:assert/strict";
import {test} from "node:test";
import {linearity} from "../../../src/domain/statistics/linearity.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative, reference} from "../../helpers/reference.js";

test("NIST's Norris data: line and R2, certified values", () => {
  const {x, y, ...certified} = reference("nist-norris");
  const result = linearity(x, y);
  assertRelative(result.slope.value, certified.slope, 1e-13);
  assertRelative(result.intercept.value, certified.intercept, 1e-11);
  assertRelative(result.r2, certified.r2, 1e-13);
  assertRelative(result.residualSd, certified.residualSd, 1e-11);
  assert.ok(result.slopeIsOne.p < 1e-4, "the slope differs from 1 by 5 standard errors");
});

const x = [1, 1, 2, 2, 4, 4, 8, 8];
const y = [1.2, 1.0, 2.3, 2.1, 4.6, 4.2, 9.5, 9.1];

test("bias of each level: mean of the differences with its t interval, also in percent", () => {
  const {levels} = linearity(x, y);
  assert.deepEqual(levels.map(({reference}) => reference), [1, 2, 4, 8]);
  const last = levels[3];
  assertRelative(last.value, 1.3, 1e-12);
  // t(.975, 1) = 12.7062.
  assert.ok(Math.abs(last.bias!.upper - 1.3 - 12.7062 * 0.2) < 1e-4);
  assertRelative(last.percent!.value, 100 * 1.3 / 8, 1e-12);
  assertRelative(last.percent!.upper!, 100 * last.bias!.upper / 8, 1e-12);
});

test("a single value has no interval", () => {
  const {levels} = linearity([1, 1, 2, 3], [1, 1.2, 2.5, 3.1]);
  assert.deepEqual(levels.map(({reference, n}) => [reference, n]), [[1, 2], [2, 1], [3, 1]]);
  assertRelative(levels[0].value, 0.1, 1e-12);
  assert.equal(levels[1].bias, null);
  assert.equal(levels[1].percent!.lower, null);
});

test("a curve is found by the quadratic term and by lack of fit, a line by neither", () => {
  const random = seeded(70);
  const levels = [1, 2, 3, 4, 5].flatMap((v) => [v, v, v]);
  const counts = {line: 0, lineFit: 0, curve: 0, curveFit: 0, slope: 0};
  for (let run = 0; run < 2000; run++) {
    const line = linearity(levels, levels.map((v) => v + 0.2 * random.normal()));
    const curve = linearity(levels, levels.map((v) => v + 0.15 * (v - 3) ** 2 + 0.2 * random.normal()));
    if (line.quadratic!.p < 0.05) counts.line++;
    if (line.lackOfFit!.p < 0.05) counts.lineFit++;
    if (line.slopeIsOne.p < 0.05) counts.slope++;
    if (curve.quadratic!.p < 0.05) counts.curve++;
    if (curve.lackOfFit!.p < 0.05) counts.curveFit++;
  }
  // Four standard errors.
  for (const count of [counts.line, counts.lineFit, counts.slope]) assert.ok(Math.abs(count / 2000 - 0.05) < 0.0195,
    `${count}`);
  assert.ok(counts.curve > 1600 && counts.curveFit > 1200, JSON.stringify(counts));
});

test("lack of fit is the F of pure error, by hand", () => {
  const {lackOfFit, slope, intercept} = linearity(x, y);
  const means = [1.1, 2.2, 4.4, 9.3];
  const pure = x.map((v, i) => (y[i] - means[[1, 2, 4, 8].indexOf(v)]) ** 2).reduce((a, b) => a + b);
  const rest = x.map((v, i) => (y[i] - intercept.value - slope.value * v) ** 2).reduce((a, b) => a + b);
  assert.deepEqual([lackOfFit!.df1, lackOfFit!.df2], [2, 4]);
  assertRelative(lackOfFit!.f, (rest - pure) / 2 / (pure / 4), 1e-9);
});

test("the quadratic of exact parabolas, its deviation at each level, shift and order", () => {
  const values = [0, 1, 2, 3, 4];
  const {quadratic, levels} = linearity(values, values.map((v) => 2 + v + 0.5 * v * v));
  assertRelative(quadratic!.value, 0.5, 1e-12);
  // (x - 2)^2 minus its mean 2, halved.
  levels.forEach((one, i) => assert.ok(Math.abs(one.deviation! - 0.5 * ((i - 2) ** 2 - 2)) < 1e-12));
  assert.equal(levels[0].percent, null);
  assertRelative(linearity([...x].reverse(), [...y].reverse()).quadratic!.p, linearity(x, y).quadratic!.p, 1e-9);
});

test("two levels have no quadratic and no lack of fit", () => {
  const result = linearity([1, 1, 5, 5], [1, 1.2, 5, 5.3]);
  assert.equal(result.quadratic, null);
  assert.equal(result.lackOfFit, null);
  assert.equal(result.levels[0].deviation, null);
});

test("bad input", () => {
  assertRejects(() => linearity([1, 2], [1, 2]), "too-few-values", "length of reference");
  assertRejects(() => linearity([2, 2, 2], [1, 2, 3]), "constant", "reference");
  assertRejects(() => linearity([1, 2, 3], [2, 2, 2]), "constant", "measured");
  assertRejects(() => linearity([1, 2, 3], [1, Infinity, 3]), "not-finite", "measured[1]");
});
