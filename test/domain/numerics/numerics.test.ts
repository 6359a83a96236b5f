import assert from "node:assert/strict";
import {test} from "node:test";
import {incompleteBeta} from "../../../src/domain/numerics/incomplete-beta.js";
import {excessOverLog, logGammaPrefactor, stirlingRemainder} from "../../../src/domain/numerics/log-gamma-density.js";
import {integrate} from "../../../src/domain/numerics/quadrature.js";
import {bracketIncreasing, findRoot} from "../../../src/domain/numerics/root.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative} from "../../helpers/reference.js";

test("the quadrature integrates polynomials exactly and a narrow peak by halving", () => {
  assertRelative(integrate((x) => 7 * x ** 6, [0, 0.3, 2]), 128, 1e-14);
  assertRelative(integrate((x) => 1 / (1 + 1e8 * x * x), [-1, 1]), 2e-4 * Math.atan(1e4), 1e-12);
  assertRelative(integrate(Math.exp, [0, 0, 1, 1]), Math.E - 1, 1e-14);
  assertRejects(() => integrate((x) => 1 / x, [-1e-3, 1]), "not-integrable", "integrand");
});

test("the root finder meets simple, flat and steep roots", () => {
  assertRelative(findRoot((x) => x * x - 2, 0, 2), Math.SQRT2, 1e-14);
  assertRelative(findRoot((x) => (x - 1) ** 9, 0, 3), 1, 1e-3);
  assertRelative(findRoot((x) => Math.expm1(50 * (x - 0.7)), -10, 10), 0.7, 1e-13);
  assert.equal(findRoot((x) => x - 3, 3, 5), 3);
  assertRejects(() => findRoot((x) => x * x + 1, -1, 1), "no-sign-change", "bracket");
});

test("a bracket grows to either side", () => {
  for (const root of [-500, -1, 0.5, 3000]) {
    const [lower, upper] = bracketIncreasing((x) => x - root, 1, 0.1);
    assert.ok(lower <= root && root <= upper);
  }
  const [lower] = bracketIncreasing((x) => x - 1e-9, 1, 0.1, 0);
  assert.equal(lower, 0);
  assertRejects(() => bracketIncreasing(() => 1, 0, 1), "no-sign-change", "guess");
});

test("small differences of large terms keep their digits", () => {
  // mpmath, 40 digits.
  assertRelative(stirlingRemainder(0.5), 0.15342640972002736, 1e-13);
  assertRelative(stirlingRemainder(11.99), 0.0069486279585434337, 1e-12);
  assertRelative(stirlingRemainder(50000), 1.6666666666444446e-6, 1e-15);
  assertRelative(excessOverLog(1e-9), 4.9999999966666673e-19, 1e-15);
  assertRelative(excessOverLog(-0.149), 0.012343150408762916, 1e-13);
  assertRelative(excessOverLog(0.151), 0.010368870260254408, 1e-13);
  assertRelative(logGammaPrefactor(50100, 50000), 4.3910820759866031, 1e-12);
  assertRelative(incompleteBeta(0.987200367335254, 1 - 0.987200367335254, 1318.5, 7), 0.0020296011134263356, 1e-12);
});
