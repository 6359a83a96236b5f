import assert from "node:assert/strict";
import {test} from "node:test";
import {biasAndLimits} from "../../../src/domain/statistics/bias-and-limits.js";
import {limitsOfVaryingValues} from "../../../src/domain/statistics/limits-varying-true-value.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {
  assertPrinted, assertPrintedInterval, assertRelative, reference, sharedColumns
} from "../../helpers/reference.js";

const z = 1.959963984540054;

test("cardiac output, true value varying: every digit printed", {
  skip: sharedColumns("ba1999_cardiac.csv") === null && "../shared/reference is not there"
}, () => {
  const {item, RV, IC} = sharedColumns("ba1999_cardiac.csv")!;
  const printed = reference("cardiac-output").varying;
  const rows = (column: number[]) => [...new Set(item)].map((one) => column.filter((_, i) => item[i] === one));
  for (const multiplier of ["z", "1.96"] as const) {
    const result = limitsOfVaryingValues(rows(RV), rows(IC), {multiplier});
    assert.equal(result.pairs, 60);
    assertPrinted(result.bias.value, printed.bias);
    assertPrinted(result.withinMeanSquare, printed.withinMeanSquare);
    assertPrinted(result.betweenMeanSquare, printed.betweenMeanSquare);
    assertPrinted(result.sd.value ** 2, printed.variance);
    if (multiplier === "1.96") assertPrintedInterval(result.limits, printed.limits);
  }
});

test("swap mirrors, shift and scale carry over, order does not matter", () => {
  const x = [[3, 4, 8], [2, 9], [7], [5, 6, 6, 1]];
  const y = [[2, 5, 7], [3, 7], [9], [5, 4, 8, 0]];
  const base = limitsOfVaryingValues(x, y);
  const back = limitsOfVaryingValues(y, x);
  assertRelative(back.limits.upper, -base.limits.lower, 1e-13);
  assertRelative(back.mover.upper.upper, -base.mover.lower.lower, 1e-13);
  const map = (all: number[][], f: (v: number) => number) => all.map((row) => row.map(f));
  assertRelative(limitsOfVaryingValues(map(x, (v) => v + 50), y).mover.upper.upper, base.mover.upper.upper + 50, 1e-13);
  assertRelative(
    limitsOfVaryingValues(map(x, (v) => 4 * v), map(y, (v) => 4 * v)).mover.upper.upper, 4 * base.mover.upper.upper,
      1e-13
  );
  assertRelative(limitsOfVaryingValues([...x].reverse(), [...y].reverse()).sd.upper, base.sd.upper, 1e-13);
});

test("a negative component is shown, and the SD then lies below that within subjects", () => {
  const result = limitsOfVaryingValues([[1, 9], [2, 10], [0, 8]], [[5, 5], [5.5, 6], [4, 4]]);
  assert.ok(result.betweenVariance < 0);
  assert.ok(result.sd.value ** 2 < result.withinMeanSquare);
  assert.ok(result.sd.lower < result.sd.value && result.sd.value < result.sd.upper);
});

test("independent pairs: near the limits of all differences", () => {
  const random = seeded(3);
  const x = Array.from({length: 60}, () => Array.from({length: 4}, () => random.normal()));
  const y = x.map((row) => row.map((v) => v + random.normal()));
  const all = biasAndLimits(x.flat(), y.flat());
  assert.ok(Math.abs(limitsOfVaryingValues(x, y).limits.upper - all.limits.upper) < 0.02);
});

test("coverage of limit and bias, unequal numbers of pairs", () => {
  for (const n of [10, 30]) {
    const random = seeded(80 + n);
    const limit = 1 + z * Math.sqrt(0.64 + 0.25 + 0.81);
    let covered = 0;
    let biasCovered = 0;
    for (let run = 0; run < 2000; run++) {
      const x: number[][] = [];
      const y: number[][] = [];
      for (let i = 0; i < n; i++) {
        const own = 1 + 0.8 * random.normal();
        const truth = Array.from({length: 2 + Math.floor(4 * random.uniform())}, () => 10 + 3 * random.normal());
        x.push(truth.map((v) => v + own + 0.5 * random.normal()));
        y.push(truth.map((v) => v + 0.9 * random.normal()));
      }
      const {mover, bias} = limitsOfVaryingValues(x, y);
      if (mover.upper.lower <= limit && limit <= mover.upper.upper) covered++;
      if (bias.lower <= 1 && 1 <= bias.upper) biasCovered++;
    }
    assert.ok(covered / 2000 > 0.93 && covered / 2000 < 0.98, `n = ${n}: ${covered / 2000}`);
    assert.ok(biasCovered / 2000 > 0.925 && biasCovered / 2000 < 0.97, `bias, n = ${n}: ${biasCovered / 2000}`);
  }
});

test("bad input", () => {
  assertRejects(() => limitsOfVaryingValues([[1, 2], [3]], [[1, 2], [3, 4]]), "unequal-lengths", "length of second[1]");
  assertRejects(() => limitsOfVaryingValues([[1], [3]], [[1], [4]]), "too-few-repeats", "pairs of each subject");
  assertRejects(() => limitsOfVaryingValues([[1, 2], [3]], [[2, 3], [9]]), "constant", "differences within subjects");
  assertRejects(() => limitsOfVaryingValues([[1, 2]], [[2, 3]]), "too-few-subjects", "subjects in first");
});
