import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {abscissaOf, biasAndLimits, limitsOfDifferences} from "../../../src/domain/statistics/bias-and-limits.js";
import {limitsApproximate} from "../../../src/domain/statistics/limits-approximate.js";
import {exactLimitFactors} from "../../../src/domain/statistics/limits-exact.js";
import {exactPairFactors} from "../../../src/domain/statistics/limits-exact-pair.js";
import {limitsMover} from "../../../src/domain/statistics/limits-mover.js";
import {mean, standardDeviation} from "../../../src/domain/statistics/summaries.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {
  assertPrinted, assertPrintedInterval, assertRelative, reference, sharedColumns
} from "../../helpers/reference.js";

const z = 1.959963984540054;

describe("peak flow, Wright 1 - Mini 1, every digit printed", () => {
  const pefr = reference("peak-flow");
  const printed = pefr.agreement;
  const result = biasAndLimits(pefr.wright1, pefr.mini1);

  test("bias, SD, SE and the bias's interval", () => {
    assert.equal(result.n, 17);
    assertPrinted(result.bias.value, printed.bias);
    assertPrinted(result.sd.value, printed.sd);
    assertPrinted(result.se, printed.se);
    assertPrintedInterval(result.bias, printed.biasInterval);
  });

  test("limits with z, and the lower one with 1.96", () => {
    assertPrintedInterval(result.limits, printed.limits);
    const rounded = biasAndLimits(pefr.wright1, pefr.mini1, {multiplier: "1.96"});
    assertPrinted(rounded.limits.lower, printed.lowerLimit196);
    assertRelative(rounded.limits.lower, rounded.bias.value - 1.96 * rounded.sd.value, 1e-15);
  });

  for (const method of ["approximate", "mover", "exact"] as const) {
    test(`intervals of both limits, ${method}`, () => {
      assertPrintedInterval(result[method].lower, printed.lower[method]);
      assertPrintedInterval(result[method].upper, printed.upper[method]);
    });
  }

  test("exact pair factors, for content .95 and Phi(+-1.96)", () => {
    const {factors} = result.pair;
    assertPrinted(factors.inner, printed.pairFactors[0]);
    assertPrinted(factors.outer, printed.pairFactors[1]);
    const rounded = biasAndLimits(pefr.wright1, pefr.mini1, {multiplier: "1.96"}).pair.factors;
    assertPrinted(rounded.inner, printed.pairFactors196[0]);
    assertPrinted(rounded.outer, printed.pairFactors196[1]);
    assertRelative(result.pair.upper.upper, result.bias.value + factors.outer * result.sd.value, 1e-15);
    assertRelative(result.pair.lower.upper, result.bias.value - factors.inner * result.sd.value, 1e-15);
  });

  test("the pairs behind a plot", () => {
    assert.equal(result.means[0], (494 + 512) / 2);
    assert.equal(result.differences[0], 494 - 512);
  });
});

describe("systolic pressure, J1 - S1, every digit printed", () => {
  const printed = reference("systolic-pressure");
  const columns = sharedColumns("ba1999_sbp.csv");

  test("from the printed summaries alone", () => {
    const summary = {n: 85, bias: Number(printed.bias), sd: Number(printed.sd), multiplier: z, level: 0.95};
    const approximate = limitsApproximate(summary).lower;
    assert.ok(Math.abs(approximate.lower - Number(printed.approximateLower[0])) < 1e-5);
    const {inner, outer} = exactLimitFactors(85, z, 0.95);
    assert.ok(Math.abs(summary.bias - outer * summary.sd - Number(printed.exactLower[0])) < 1.1e-5);
    assert.ok(Math.abs(summary.bias - inner * summary.sd - Number(printed.exactLower[1])) < 1.1e-5);
  });

  const skip = columns === null && "../shared/reference is not there";
  test("from the data", {skip}, () => {
    const result = biasAndLimits(columns!.J1, columns!.S1);
    assert.equal(result.n, 85);
    assertPrinted(result.bias.value, printed.bias);
    assertPrinted(result.sd.value, printed.sd);
    assertPrintedInterval(result.limits, printed.limits);
    assertPrinted(result.limitSe, printed.limitSe);
    assertPrintedInterval(result.approximate.lower, printed.approximateLower);
    assertPrintedInterval(result.exact.lower, printed.exactLower);
  });

  test("plasma volume as ratios, from the data", {
    skip: sharedColumns("ba1999_plvol.csv") === null && "../shared/reference is not there"
  }, () => {
    const {Nadler, Hurley} = sharedColumns("ba1999_plvol.csv")!;
    const result = biasAndLimits(Nadler.map(Math.log), Hurley.map(Math.log));
    assertPrinted(result.bias.value, ".098900");
    assertPrinted(result.sd.value, ".021701");
    assertPrinted(Math.exp(result.limits.lower), "1.058");
    assertPrinted(Math.exp(result.limits.upper), "1.152");
  });
});

test("Carkeet's pair factors, every digit printed", () => {
  for (const {df, inner, outer} of reference("carkeet-pair-factors").factors) {
    const factors = exactPairFactors(df + 1, 0.95, 0.95);
    assertPrinted(factors.inner, inner, `inner, df ${df}`);
    assertPrinted(factors.outer, outer, `outer, df ${df}`);
  }
});

test("exact factors at n = 10 to 100000, against 25-digit values", () => {
  for (const {n, inner, outer} of reference("exact-limit-factors").factors) {
    const factors = exactLimitFactors(n, z, 0.95);
    assertRelative(factors.inner, Number(inner), 1e-11, `inner, n = ${n}`);
    assertRelative(factors.outer, Number(outer), 1e-11, `outer, n = ${n}`);
  }
});

test("a hundred thousand pairs at once", () => {
  const random = seeded(12);
  const differences = Array.from({length: 100000}, () => random.normal());
  const {exact, pair, limits} = limitsOfDifferences(differences);
  assert.ok(exact.upper.lower < limits.upper && limits.upper < exact.upper.upper);
  assert.ok(pair.upper.lower < limits.upper && limits.upper < pair.upper.upper);
  assert.ok(Math.abs(limits.upper - z) < 0.03);
});

test("differences alone give what the pairs give; the abscissa is the mean, or the second method", () => {
  const {wright1, mini1} = reference("peak-flow");
  const {means, differences, ...rest} = biasAndLimits(wright1, mini1);
  assert.deepEqual(limitsOfDifferences(differences), rest);
  assert.deepEqual(abscissaOf(wright1, mini1), means);
  assert.deepEqual(abscissaOf(wright1, mini1, "reference"), mini1);
  assertRejects(() => abscissaOf([1], [2], "median" as never), "unknown-choice", "abscissa");
});

test("exact intervals stay in order from 2 pairs to 100000, and close in on the limit", () => {
  for (const n of [2, 3, 10, 400, 100000]) {
    const single = exactLimitFactors(n, z, 0.95);
    assert.ok(single.inner < z && z < single.outer, `n = ${n}`);
  }
  for (const n of [2, 3, 10, 400, 20000]) {
    const pair = exactPairFactors(n, 0.95, 0.95);
    assert.ok(pair.inner < z && z < pair.outer, `n = ${n}`);
  }
  const wide = exactLimitFactors(100000, z, 0.95);
  // The large-sample half-width: z sqrt((1 + z^2/2) / n).
  assert.ok(Math.abs((wide.outer - wide.inner) / 2 - z * Math.sqrt((1 + z * z / 2) / 100000)) < 1e-5);
});

test("the exact interval is longer outwards where the approximate one is symmetric", () => {
  const pefr = reference("peak-flow");
  const {exact, approximate, limits} = biasAndLimits(pefr.wright1, pefr.mini1);
  const outward = limits.lower - exact.lower.lower;
  const inward = exact.lower.upper - limits.lower;
  assert.ok(outward > 1.5 * inward);
  const out = limits.lower - approximate.lower.lower;
  assertRelative(out, approximate.lower.upper - limits.lower, 1e-12);
});

describe("properties", () => {
  const pairs = fc.array(fc.tuple(fc.integer({min: -500, max: 500}), fc.integer({min: -500, max: 500})), {
    minLength: 3, maxLength: 20
  }).filter((rows) => new Set(rows.map(([a, b]) => a - b)).size > 1);
  const all = (r: ReturnType<typeof biasAndLimits>) => [
    r.bias.lower, r.bias.upper, r.limits.lower, r.limits.upper,
    ...[r.approximate, r.mover, r.exact, r.pair].flatMap(({lower, upper}) =>
      [lower.lower, lower.upper, upper.lower, upper.upper])
  ];
  const close = (a: number[], b: number[], size: number) =>
    a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) <= 1e-10 * size, `${i}: ${value} against ${b[i]}`));

  test("swapped methods mirror everything", () => {
    fc.assert(fc.property(pairs, (rows) => {
      const forth = biasAndLimits(rows.map(([a]) => a), rows.map(([, b]) => b));
      const back = biasAndLimits(rows.map(([, b]) => b), rows.map(([a]) => a));
      const mirrored = [
        -back.bias.upper, -back.bias.lower, -back.limits.upper, -back.limits.lower,
        ...[back.approximate, back.mover, back.exact, back.pair].flatMap(({lower, upper}) =>
          [-upper.upper, -upper.lower, -lower.upper, -lower.lower])
      ];
      close(all(forth), mirrored, 1e4);
    }), {seed: 4, numRuns: 25});
  });

  test("a shift of one method shifts, a scale of both scales, the order does not matter", () => {
    fc.assert(fc.property(pairs, fc.integer({min: -900, max: 900}), (rows, by) => {
      const a = rows.map(([x]) => x);
      const b = rows.map(([, y]) => y);
      const base = all(biasAndLimits(a, b));
      close(all(biasAndLimits(a.map((x) => x + by), b)), base.map((value) => value + by), 1e4);
      close(all(biasAndLimits(a.map((x) => 3 * x), b.map((y) => 3 * y))), base.map((value) => 3 * value), 1e4);
      close(all(biasAndLimits([...a].reverse(), [...b].reverse())), base, 1e4);
    }), {seed: 5, numRuns: 20});
  });
});

describe("coverage of the intervals of a limit in simulated studies", () => {
  const runs = 8000;
  for (const n of [10, 17, 50]) {
    test(`n = ${n}: exact within 94 to 96 %; the pair's outer factor holds 95 % in 97.5 %`, () => {
      const random = seeded(1000 + n);
      const {inner, outer} = exactLimitFactors(n, z, 0.95);
      const pair = exactPairFactors(n, 0.95, 0.95);
      const limit = 2 + 5 * z;
      let exact = 0;
      let mover = 0;
      let held = 0;
      let heldInner = 0;
      for (let run = 0; run < runs; run++) {
        const differences = Array.from({length: n}, () => 2 + 5 * random.normal());
        const bias = mean(differences);
        const sd = standardDeviation(differences);
        if (bias + inner * sd <= limit && limit <= bias + outer * sd) exact++;
        const {lower, upper} = limitsMover({n, bias, sd, multiplier: z, level: 0.95}).upper;
        if (lower <= limit && limit <= upper) mover++;
        if (content((bias - pair.outer * sd - 2) / 5, (bias + pair.outer * sd - 2) / 5) >= 0.95) held++;
        if (content((bias - pair.inner * sd - 2) / 5, (bias + pair.inner * sd - 2) / 5) >= 0.95) heldInner++;
      }
      assert.ok(exact / runs > 0.94 && exact / runs < 0.96, `exact ${exact / runs}`);
      assert.ok(mover / runs > 0.935 && mover / runs < 0.965, `MOVER ${mover / runs}`);
      // Four standard errors of 0.975 among 8000.
      assert.ok(Math.abs(held / runs - 0.975) < 0.007, `outer ${held / runs}`);
      assert.ok(Math.abs(heldInner / runs - 0.025) < 0.007, `inner ${heldInner / runs}`);
    });
  }

  /** Share of a standard normal variable between two ends, by an approximation of erf that owes nothing to the code. */
  function content(lower: number, upper: number): number {
    // Abramowitz and Stegun 7.1.26, error below 1.5e-7.
    const erf = (x: number) => {
      const t = 1 / (1 + 0.3275911 * Math.abs(x));
      const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
      return Math.sign(x) * (1 - series * Math.exp(-x * x));
    };
    return 0.5 * (erf(upper / Math.SQRT2) - erf(lower / Math.SQRT2));
  }
});

describe("bad input", () => {
  const cases: [string, unknown, unknown, string, string][] = [
    ["one pair", [1], [2], "too-few-values", "length of first"],
    ["no pair", [], [], "too-few-values", "length of first"],
    ["unequal lengths", [1, 2, 3], [1, 2], "unequal-lengths", "length of second"],
    ["a value that is NaN", [1, NaN, 3], [1, 2, 3], "not-finite", "first[1]"],
    ["an infinite value", [1, 2, 3], [1, 2, -Infinity], "not-finite", "second[2]"],
    ["a missing value", [1, 2, 3], [1, undefined, 3], "not-finite", "second[1]"],
    ["differences that are all the same", [1, 2, 3], [2, 3, 4], "constant", "differences"],
    ["no vector", "123", [1, 2, 3], "not-a-vector", "first"]
  ];
  for (const [what, first, second, code, field] of cases) {
    test(what, () => void assertRejects(() => biasAndLimits(first as never, second as never), code, field));
  }

  test("options and factors", () => {
    assertRejects(() => biasAndLimits([1, 2], [2, 5], {level: 95}), "level-out-of-range", "level");
    assertRejects(() => biasAndLimits([1, 2], [2, 5], {coverage: 0}), "level-out-of-range", "coverage");
    assertRejects(() => exactLimitFactors(1, z, 0.95), "not-a-count", "n");
    assertRejects(() => exactLimitFactors(5, 0, 0.95), "not-positive", "multiplier");
    assertRejects(() => exactPairFactors(2.5, 0.95, 0.95), "not-a-count", "n");
    assertRejects(() => exactPairFactors(5, 1, 0.95), "level-out-of-range", "content");
  });
});
