import assert from "node:assert/strict";
import {test} from "node:test";
import {limitsOfRegression} from "../../../src/domain/statistics/limits-regression.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, sharedColumns} from "../../helpers/reference.js";

const z = 1.959963984540054;
const first = [10.1, 12.3, 15.2, 18.8, 21.0, 25.3, 30.9, 33.2];
const second = [9.8, 12.9, 14.1, 19.9, 20.2, 27.0, 28.8, 36.5];

test("plasma volume: the slope of the bias, every digit printed", {
  skip: sharedColumns("ba1999_plvol.csv") === null && "../shared/reference is not there"
}, () => {
  const {Nadler, Hurley} = sharedColumns("ba1999_plvol.csv")!;
  const result = limitsOfRegression(Nadler, Hurley);
  assertPrinted(result.bias.slope.value, ".088998");
  const {lower, upper, bias, sd} = result.at(100);
  assertRelative(upper.value - lower.value, 2 * z * sd, 1e-12);
  assertRelative((upper.value + lower.value) / 2, bias.value, 1e-12);
});

test("both lines are those of numpy's least squares", () => {
  // A negative SD line below 4.8: these data start at 9.95.
  const {bias, sd, range, at} = limitsOfRegression(first, second);
  assert.ok(Math.abs(bias.intercept.value - 1.26316486) < 1e-8);
  assert.ok(Math.abs(bias.slope.value + 0.07443642) < 1e-8);
  assert.ok(Math.abs(sd.intercept.value + 0.46711355) < 1e-8);
  assert.ok(Math.abs(sd.slope.value - 0.0976858) < 1e-7);
  assertRelative(range.lower, 9.95, 1e-14);
  assertRelative(range.upper, 34.85, 1e-14);
  assertRelative(at(20).sd, sd.intercept.value + 20 * sd.slope.value, 1e-14);
});

test("swap mirrors, scale scales, a shift of the abscissa carries along, order does not matter", () => {
  const base = limitsOfRegression(first, second).at(20);
  const back = limitsOfRegression(second, first).at(20);
  assertRelative(back.upper.upper, -base.lower.lower, 1e-11);
  assertRelative(back.lower.value, -base.upper.value, 1e-11);
  const by = (values: number[], f: (x: number) => number) => values.map(f);
  assertRelative(limitsOfRegression(by(first, (x) => 5 * x), by(second, (x) => 5 * x)).at(100).upper.upper,
    5 * base.upper.upper, 1e-11);
  assertRelative(limitsOfRegression(by(first, (x) => x + 40), by(second, (x) => x + 40)).at(60).upper.upper,
    base.upper.upper, 1e-9);
  assertRelative(limitsOfRegression([...first].reverse(), [...second].reverse()).at(20).lower.upper, base.lower.upper,
    1e-11);
});

test("the reference on the abscissa", () => {
  assert.deepEqual(limitsOfRegression(first, second, {abscissa: "reference"}).abscissa, second);
});

test("coverage of a limit as documented: .85, .90, .93 at n = 10, 20, 50", () => {
  for (const [n, expected] of [[10, 0.85], [20, 0.9], [50, 0.93]]) {
    const random = seeded(n);
    const limit = 0.5 + 0.05 * 10 + z * (0.2 + 0.06 * 10);
    let covered = 0;
    let valid = 0;
    for (let run = 0; run < 2000; run++) {
      const truth = Array.from({length: n}, () => 5 + 10 * random.uniform());
      const measured = truth.map((v) => v + 0.5 + 0.05 * v + (0.2 + 0.06 * v) * random.normal());
      try {
        const {upper} = limitsOfRegression(measured, truth, {abscissa: "reference"}).at(10);
        valid++;
        if (upper.lower <= limit && limit <= upper.upper) covered++;
      } catch {
        // The SD line may fall below 0 in a small sample.
      }
    }
    assert.ok(valid > 1900, `${valid}`);
    assert.ok(Math.abs(covered / valid - expected) < 0.03, `n = ${n}: ${covered / valid}`);
  }
});

test("bad input", () => {
  assertRejects(() => limitsOfRegression([1, 2, 3], [1, 2, 4]), "too-few-values", "length of first");
  assertRejects(() => limitsOfRegression([1, 2, 3, 4], [4, 3, 2, 1]), "constant", "abscissa");
  assertRejects(() => limitsOfRegression([2, 4, 6, 8], [1, 2, 3, 4]), "constant", "residuals");
  assertRejects(() => limitsOfRegression([1, 2, 3, 4, 5, 6], [2, 1, 3, 4, 5, 6], {abscissa: "median" as never}),
    "unknown-choice", "abscissa");
  const shrinking = [4, -4, 3, -3, 0.1, -0.1, 0, 0.05];
  assertRejects(() => limitsOfRegression(shrinking.map((d, i) => i + d / 2), shrinking.map((d, i) => i - d / 2)),
    "negative-sd", /line of the SD/);
});
