import assert from "node:assert/strict";
import {test} from "node:test";
import {InputError} from "../../../src/domain/errors.js";
import {normalQuantiles, quantileCorrelation} from "../../../src/domain/statistics/normal-quantiles.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertRelative} from "../../helpers/reference.js";

test("Blom's positions: the ends of n = 10 lie at +-1.5466, as R's qqnorm has them", () => {
  const pairs = normalQuantiles([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.ok(Math.abs(pairs[0].theoretical + 1.5466353) < 1e-6);
  assert.ok(Math.abs(pairs[9].theoretical - 1.5466353) < 1e-6);
  assert.deepEqual(pairs.map(({index}) => index), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test("ties keep their order, and bad input is named", () => {
  assert.deepEqual(normalQuantiles([1, 1, 0]).map(({index}) => index), [2, 0, 1]);
  assert.throws(() => normalQuantiles([1]), InputError);
  assert.throws(() => normalQuantiles([1, NaN]), InputError);
});

test("the plot's correlation is Pearson's of values and quantiles; shift, scale and order leave it", () => {
  const values = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236];
  const points = normalQuantiles(values);
  const average = (v: number[]) => v.reduce((a, b) => a + b) / v.length;
  const [ms, mt] = [average(points.map((p) => p.sample)), average(points.map((p) => p.theoretical))];
  let [st, ss, tt] = [0, 0, 0];
  for (const {sample, theoretical} of points) {
    st += (sample - ms) * (theoretical - mt);
    ss += (sample - ms) ** 2;
    tt += (theoretical - mt) ** 2;
  }
  const {r, p} = quantileCorrelation(values);
  assertRelative(r, st / Math.sqrt(ss * tt), 1e-12);
  assert.ok(p < 0.01);
  for (const other of [values.map((x) => 3 * x - 7), [...values].reverse()]) {
    assertRelative(quantileCorrelation(other).r, r, 1e-12);
    assertRelative(quantileCorrelation(other).p, p, 1e-9);
  }
});

for (const n of [10, 50, 200]) {
  test(`Shapiro-Francia p: type I error at n = ${n}, and power against heavy tails`, () => {
    const random = seeded(n);
    let normal = 0;
    let heavy = 0;
    for (let run = 0; run < 2000; run++) {
      if (quantileCorrelation(Array.from({length: n}, () => random.normal())).p < 0.05) normal++;
      if (quantileCorrelation(Array.from({length: n},
        () => random.normal() / (0.2 + random.uniform()))).p < 0.05) heavy++;
    }
    assert.ok(Math.abs(normal / 2000 - 0.05) < 0.02, `type I ${normal / 2000}`);
    assert.ok(heavy > 3 * normal, `power ${heavy / 2000}`);
  });
}

test("the correlation's bad input", () => {
  assertRejects(() => quantileCorrelation([1, 2, 3, 4]), "too-few-values", "length of values");
  assertRejects(() => quantileCorrelation([1, 1, 1, 1, 1]), "constant", "values");
  assertRejects(() => quantileCorrelation(new Float64Array(5001)), "too-many-values", "length of values");
});
