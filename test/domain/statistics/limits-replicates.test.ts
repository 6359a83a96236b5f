import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {biasAndLimits} from "../../../src/domain/statistics/bias-and-limits.js";
import {limitsOfReplicates} from "../../../src/domain/statistics/limits-replicates.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {
  assertPrinted, assertPrintedInterval, assertRelative, reference, sharedColumns
} from "../../helpers/reference.js";

const absent = "../shared/reference is not there";
const z = 1.959963984540054;

test("systolic pressure, J against S, three replicates: every digit printed", {
  skip: sharedColumns("ba1999_sbp.csv") === null && absent
}, () => {
  const {J1, J2, J3, S1, S2, S3} = sharedColumns("ba1999_sbp.csv")!;
  const printed = reference("systolic-pressure").replicates;
  const rows = (columns: number[][]) => columns[0].map((_, i) => columns.map((column) => column[i]));
  const [j, s] = [rows([J1, J2, J3]), rows([S1, S2, S3])];
  const result = limitsOfReplicates(j, s, {multiplier: "1.96"});
  assertPrinted(result.bias.value, printed.mean);
  assertPrinted(result.within.first!.variance, printed.withinFirst);
  assertPrinted(result.within.second!.variance, printed.withinSecond);
  assertPrinted(result.meanDifferenceVariance, printed.meanDifferenceVariance);
  assertPrinted(result.sd.value, printed.sd);
  assertPrintedInterval(result.limits, printed.limits196);
  assertPrintedInterval(limitsOfReplicates(j, s).limits, printed.limits);
  assertPrinted(1.96 * Math.SQRT2 * Math.sqrt(result.within.first!.variance), printed.repeatabilityFirst);
  assertPrinted(1.96 * Math.SQRT2 * Math.sqrt(result.within.second!.variance), printed.repeatabilitySecond);
});

test("cardiac output, unequal replicates, method of means: every digit printed", {
  skip: sharedColumns("ba1999_cardiac.csv") === null && absent
}, () => {
  const {item, RV, IC} = sharedColumns("ba1999_cardiac.csv")!;
  const printed = reference("cardiac-output").means;
  const rows = (column: number[]) => [...new Set(item)].map((one) => column.filter((_, i) => item[i] === one));
  const result = limitsOfReplicates(rows(RV), rows(IC), {multiplier: "1.96"});
  assert.equal(result.n, 12);
  assertPrinted(result.bias.value, printed.bias);
  assertPrinted(result.sd.value, printed.sd);
  assertPrintedInterval(result.limits, printed.limits196);
  assertPrinted(limitsOfReplicates(rows(RV), rows(IC)).limits.upper, printed.upperLimit);
});

test("one method with single measurements leaves its variance in the means' differences", () => {
  const x = [[1], [3], [7], [8]];
  const y = [[2, 3], [3, 5], [6, 6], [9, 7]];
  const {within, sd, meanDifferenceVariance} = limitsOfReplicates(x, y);
  assert.equal(within.first, null);
  assertRelative(sd.value ** 2, meanDifferenceVariance + 0.5 * within.second!.variance, 1e-14);
});

const table = fc.array(fc.tuple(
  fc.array(fc.integer({min: 0, max: 300}), {minLength: 2, maxLength: 4}),
  fc.array(fc.integer({min: 0, max: 300}), {minLength: 1, maxLength: 3})
), {minLength: 3, maxLength: 10}).filter((rows) => rows.some(([x]) => new Set(x).size > 1));

test("swap mirrors, shift shifts, scale scales, order of subjects does not matter", () => {
  fc.assert(fc.property(table, fc.integer({min: -90, max: 90}), (rows, by) => {
    const x = rows.map(([one]) => one);
    const y = rows.map(([, one]) => one);
    const ends = (r: ReturnType<typeof limitsOfReplicates>) => [
      r.bias.lower, r.bias.upper, r.limits.lower, r.limits.upper, r.mover.lower.lower, r.mover.lower.upper,
      r.mover.upper.lower, r.mover.upper.upper
    ];
    const base = ends(limitsOfReplicates(x, y));
    const close = (a: number[], b: number[]) =>
      a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-8, `${i}: ${value}, ${b[i]}`));
    const back = ends(limitsOfReplicates(y, x));
    close(base, [-back[1], -back[0], -back[3], -back[2], -back[7], -back[6], -back[5], -back[4]]);
    const map = (all: number[][], f: (v: number) => number) => all.map((row) => row.map(f));
    close(ends(limitsOfReplicates(map(x, (v) => v + by), y)), base.map((v) => v + by));
    close(ends(limitsOfReplicates(map(x, (v) => 3 * v), map(y, (v) => 3 * v))), base.map((v) => 3 * v));
    close(ends(limitsOfReplicates([...x].reverse(), [...y].reverse())), base);
  }), {seed: 21, numRuns: 40});
});

test("MOVER covers an upper limit close to 95 %, unequal replicates, n = 10 and 30", () => {
  for (const n of [10, 30]) {
    const random = seeded(60 + n);
    const limit = 1 + z * Math.sqrt(0.64 + 0.25 + 0.81);
    let covered = 0;
    for (let run = 0; run < 2000; run++) {
      const x: number[][] = [];
      const y: number[][] = [];
      for (let i = 0; i < n; i++) {
        const truth = 10 + 3 * random.normal();
        const own = 1 + 0.8 * random.normal();
        x.push(Array.from({length: 2 + Math.floor(3 * random.uniform())}, () => truth + own + 0.5 * random.normal()));
        y.push(Array.from({length: 1 + Math.floor(3 * random.uniform())}, () => truth + 0.9 * random.normal()));
      }
      const {lower, upper} = limitsOfReplicates(x, y).mover.upper;
      if (lower <= limit && limit <= upper) covered++;
    }
    assert.ok(covered / 2000 > 0.935 && covered / 2000 < 0.98, `n = ${n}: ${covered / 2000}`);
  }
});

test("the replicates' limits are wider than those of their means alone", () => {
  const x = [[1, 3], [5, 5], [9, 12], [4, 2]];
  const y = [[2, 2], [4, 7], [9, 9], [5, 1]];
  const mean = (row: number[]) => (row[0] + row[1]) / 2;
  const means = biasAndLimits(x.map(mean), y.map(mean));
  assert.ok(limitsOfReplicates(x, y).sd.value > means.sd.value);
});

test("bad input", () => {
  assertRejects(() => limitsOfReplicates([[1, 2]], [[1, 2]]), "too-few-subjects", "subjects in first");
  assertRejects(() => limitsOfReplicates([[1, 2], [2]], [[1, 2]]), "too-few-subjects", "subjects in second");
  assertRejects(() => limitsOfReplicates([[1, 2], [2], [3]], [[1, 2], [2]]), "unequal-lengths", "length of second");
  assertRejects(() => limitsOfReplicates([[1, 2], []], [[1, 2], [3]]), "too-few-values", "length of first[1]");
  assertRejects(() => limitsOfReplicates([[1, 2], [NaN]], [[1, 2], [3]]), "not-finite", "first[1][0]");
  assertRejects(() => limitsOfReplicates([[1], [2]], [[3], [5]]), "too-few-repeats", "replicates in first and second");
  assertRejects(() => limitsOfReplicates("12" as never, [[1, 2], [3]]), "not-a-table", "first");
});
