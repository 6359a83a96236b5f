import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {randomFrom} from "../../../src/domain/numerics/random.js";
import {integrate} from "../../../src/domain/numerics/quadrature.js";
import {distributions, logMoments, shiftOfArea} from "../../../src/domain/simulation/distributions.js";

for (const {id, draw, cdf, quantile, meanAbsolute} of distributions) {
  describe(`the ${id} distribution`, () => {
    test("has mean 0 and SD 1, and the stated mean of |X|", () => {
      // Tails by quantiles: x = Q(p), the t distribution's variance needs its far ones.
      const ends = [1e-13, 1e-9, 1e-6, 1e-3, 0.05, 0.5, 0.95, 1 - 1e-3, 1 - 1e-6, 1 - 1e-9, 1 - 1e-13];
      const of = (f: (x: number) => number) => integrate((p) => f(quantile(p)), ends, 1e-10);
      assert.ok(Math.abs(of((x) => x)) < 1e-6);
      // What lies beyond 1e-13 is missing: 2e-4 of the variance of t.
      assert.ok(Math.abs(of((x) => x * x) - 1) < 5e-4, String(of((x) => x * x)));
      assert.ok(Math.abs(of(Math.abs) - meanAbsolute) < 1e-6);
    });

    test("quantile and distribution function are inverse", () => {
      for (const p of [0.001, 0.2, 0.5, 0.9, 0.999]) assert.ok(Math.abs(cdf(quantile(p)) - p) < 1e-9, String(p));
    });

    test("draws follow the distribution function (Kolmogorov's distance of 20,000)", () => {
      const random = randomFrom(11);
      const values = Float64Array.from({length: 20000}, () => draw(random)).sort();
      const distance = values.reduce((most, x, i) => Math.max(most, Math.abs(cdf(x) - (i + 0.5) / values.length)), 0);
      // 1.95 / sqrt(n): one sample in 1,000 lies beyond.
      assert.ok(distance < 1.95 / Math.sqrt(values.length), String(distance));
    });
  });
}

test("the shift for an area is that of the normal distribution in closed form, and right for the others", () => {
  // Phi(shift / sqrt 2) = .9.
  assert.ok(Math.abs(shiftOfArea(distributions[0], 0.9) - Math.SQRT2 * distributions[0].quantile(0.9)) < 1e-6);
  for (const distribution of distributions) {
    const shift = shiftOfArea(distribution, 0.9);
    const random = randomFrom(5);
    let above = 0;
    for (let i = 0; i < 20000; i++) if (distribution.draw(random) + shift > distribution.draw(random)) above += 1;
    assert.ok(Math.abs(above / 20000 - 0.9) < 4 * Math.sqrt(0.09 / 20000), `${distribution.id}: ${above / 20000}`);
  }
});

test("moments of a normal error's logarithm agree with their expansion", () => {
  const s = 0.1;
  const {mean, sd} = logMoments(s);
  // E ln(1 + sZ) = -s^2/2 - 3 s^4/4 - 15 s^6/6 - ...; E ln^2 = s^2 + 11 s^4/4 + 137 s^6/12 + ...
  const first = -(s ** 2) / 2 - 3 * s ** 4 / 4 - 15 * s ** 6 / 6 - 105 * s ** 8 / 8;
  assert.ok(Math.abs(mean - first) < 1e-6, `${mean} ${first}`);
  const square = s ** 2 + 11 * s ** 4 / 4 + 137 * s ** 6 / 12;
  assert.ok(Math.abs(sd * sd - (square - first * first)) < 1e-5, `${sd * sd}`);
});
