import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {boxBehnken} from "../../../src/domain/design/box-behnken.js";
import {centralComposite} from "../../../src/domain/design/central-composite.js";
import {dOptimal, logDeterminantOf} from "../../../src/domain/design/d-optimal.js";
import {fractionalFactorial, fullFactorial} from "../../../src/domain/design/factorial.js";
import {modelTerms, termValue} from "../../../src/domain/design/model-terms.js";
import {choleskySolve} from "../../../src/domain/numerics/symmetric.js";
import {planners} from "../../../src/domain/planning/planners.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative} from "../../helpers/reference.js";

/** f'(X'X)^-1 f at a point: the prediction's variance over that of a run, second-order model. */
function predictionVariance(runs: number[][], point: number[]): number {
  const terms = modelTerms(point.length, "quadratic");
  const expand = (run: number[]) => terms.map((term) => termValue(term, run));
  const rows = runs.map(expand);
  const information = terms.map((_, i) => terms.map((_, j) => rows.reduce((total, row) => total + row[i] * row[j], 0)));
  const f = expand(point);
  return choleskySolve(information, f).reduce((total, value, i) => total + value * f[i], 0);
}

describe("factorial designs", () => {
  test("2^3 in Yates's order, and 3 x 2", () => {
    assert.deepEqual(fullFactorial([2, 2, 2]), [
      [-1, -1, -1], [1, -1, -1], [-1, 1, -1], [1, 1, -1], [-1, -1, 1], [1, -1, 1], [-1, 1, 1], [1, 1, 1]
    ]);
    assert.deepEqual(fullFactorial([3, 2]), [[-1, -1], [0, -1], [1, -1], [-1, 1], [0, 1], [1, 1]]);
    assertRejects(() => fullFactorial([]), "too-few-factors", "factors");
    assertRejects(() => fullFactorial([2, 1]), "not-a-count", "levels of factor 2");
    assertRejects(() => fullFactorial(new Array(20).fill(2)), "too-many-runs", "runs");
  });

  test("2^(5-2) with D = AB, E = AC (Box, Hunter and Hunter): resolution III and its relation", () => {
    const {runs, definingRelation, resolution, aliases} = fractionalFactorial(5, ["D=AB", "E=AC"]);
    assert.equal(runs.length, 8);
    assert.deepEqual(definingRelation, ["ABD", "ACE", "BCDE"]);
    assert.equal(resolution, 3);
    assert.deepEqual(aliases[0], ["A", "BD", "CE"]);
    for (const [a, b, c, d, e] of runs) assert.deepEqual([d, e], [a * b, a * c]);
    // Columns of main effects are orthogonal.
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < i; j++) assert.equal(runs.reduce((total, run) => total + run[i] * run[j], 0), 0);
    }
  });

  test("2^(4-1) with D = -ABC: resolution IV, signs in words and aliases", () => {
    const {definingRelation, resolution, aliases} = fractionalFactorial(4, ["D=-ABC"]);
    assert.deepEqual(definingRelation, ["-ABCD"]);
    assert.equal(resolution, 4);
    assert.deepEqual(aliases, [["AB", "-CD"], ["AC", "-BD"], ["AD", "-BC"]]);
    assert.equal(fractionalFactorial(3, []).resolution, Infinity);
  });

  test("aliased effects have equal columns, others are orthogonal: by the runs themselves", () => {
    const {runs, aliases} = fractionalFactorial(6, ["E=ABC", "F=-BCD"]);
    const column = (effect: string) => {
      const sign = effect.startsWith("-") ? -1 : 1;
      const places = [...effect.replace("-", "")].map((letter) => letter.charCodeAt(0) - 65);
      return runs.map((run) => places.reduce((product, i) => product * run[i], sign));
    };
    assert.ok(aliases.length > 0);
    for (const [first, ...others] of aliases) {
      for (const other of others) assert.deepEqual(column(other), column(first), `${first} = ${other}`);
    }
    const known = new Set(aliases.flat().map((effect) => effect.replace("-", "")));
    for (const pair of ["AB", "AC", "AD", "BD", "EF", "CF"]) {
      if (known.has(pair)) continue;
      assert.equal(column(pair).reduce((total, x, i) => total + x * column("A")[i], 0), 0);
    }
  });

  test("generators that cannot be", () => {
    assertRejects(() => fractionalFactorial(4, ["D"]), "bad-generator", "generators");
    assertRejects(() => fractionalFactorial(4, ["A=BC"]), "bad-generator", "generators");
    assertRejects(() => fractionalFactorial(5, ["D=AB", "E=AD"]), "bad-generator", "generators");
    assertRejects(() => fractionalFactorial(5, ["D=AB", "D=AC"]), "duplicate-generator", "generators");
    assertRejects(() => fractionalFactorial(3, ["B=A", "C=A"]), "too-many-generators", "generators");
    assertRejects(() => fractionalFactorial(4, ["D=A"]), "bad-generator", "generators");
  });
});

describe("central composite designs", () => {
  test("rotatable ones predict equally well in all directions, face-centred ones do not", () => {
    for (const k of [2, 3, 4]) {
      const {runs, alpha} = centralComposite(k);
      assertRelative(alpha, (2 ** k) ** 0.25, 1e-14);
      assert.equal(runs.length, 2 ** k + 2 * k + 4);
      const axis = new Array(k).fill(0);
      axis[0] = 0.9;
      const diagonal = new Array(k).fill(0.9 / Math.sqrt(k));
      assertRelative(predictionVariance(runs, diagonal), predictionVariance(runs, axis), 1e-10);
    }
    const faced = centralComposite(3, {alpha: "face-centred"}).runs;
    assert.ok(faced.every((run) => run.every((x) => Math.abs(x) <= 1)));
    const [axis, diagonal] = [[0.9, 0, 0], new Array(3).fill(0.9 / Math.sqrt(3))];
    assert.ok(Math.abs(predictionVariance(faced, axis) - predictionVariance(faced, diagonal)) > 1e-3);
    assertRelative(centralComposite(3, {alpha: "spherical"}).alpha, Math.sqrt(3), 1e-15);
  });

  test("ChemReact's design is the rotatable one in two factors", () => {
    const {runs} = centralComposite(2, {centre: 0});
    const axial = runs.slice(4).map(([x, y]) => [85 + 5 * x, 175 + 5 * y].map((value) => value.toFixed(2)));
    assert.deepEqual(axial, [["77.93", "175.00"], ["92.07", "175.00"], ["85.00", "167.93"], ["85.00", "182.07"]]);
  });

  test("five factors on a half fraction", () => {
    const {runs, alpha} = centralComposite(5, {generators: ["E=ABCD"], centre: 6});
    assert.equal(runs.length, 16 + 10 + 6);
    assert.equal(alpha, 2);
    logDeterminantOf(runs.map((run) => modelTerms(5, "quadratic").map((term) => termValue(term, run))));
    assertRejects(() => centralComposite(1), "not-a-count", "factors");
    assertRejects(() => centralComposite(2, {alpha: 0}), "not-positive", "alpha");
  });
});

describe("Box-Behnken designs", () => {
  test("runs as published, each factor at each level alike, second-order model estimable", () => {
    for (const [k, count] of [[3, 12], [4, 24], [5, 40], [6, 48], [7, 56]] as const) {
      const runs = boxBehnken(k, 3);
      assert.equal(runs.length, count + 3);
      const extremes = Array.from({length: k}, (_, i) => runs.filter((run) => run[i] === 1).length);
      assert.ok(extremes.every((one) => one === extremes[0]), `${k}: ${extremes}`);
      assert.ok(runs.every((run) => run.some((x) => x === 0)));
      logDeterminantOf(runs.map((run) => modelTerms(k, "quadratic").map((term) => termValue(term, run))));
    }
  });

  test("the ones for 4 and 7 factors are rotatable", () => {
    for (const k of [4, 7]) {
      const runs = boxBehnken(k);
      const axis = new Array(k).fill(0);
      axis[1] = 0.8;
      const diagonal = new Array(k).fill(0.8 / Math.sqrt(k));
      assertRelative(predictionVariance(runs, diagonal), predictionVariance(runs, axis), 1e-10);
    }
    assertRejects(() => boxBehnken(2), "out-of-range", "factors");
    assertRejects(() => boxBehnken(3, 0), "not-a-count", "centre runs");
  });
});

describe("D-optimal designs", () => {
  /** Best ln |X'X| among all multisets of n of the candidate points. */
  function exhaustive(candidates: number[][], n: number, order: "linear" | "quadratic"): number {
    const terms = modelTerms(candidates[0].length, order);
    const rows = candidates.map((point) => terms.map((term) => termValue(term, point)));
    let best = -Infinity;
    const pick = (from: number, chosen: number[][]) => {
      if (chosen.length === n) {
        try {
          best = Math.max(best, logDeterminantOf(chosen));
        } catch {
          // Singular: not a candidate.
        }
        return;
      }
      for (let i = from; i < rows.length; i++) pick(i, [...chosen, rows[i]]);
    };
    pick(0, []);
    return best;
  }

  test("no design on the grid is better: all of them tried", () => {
    for (const n of [6, 7]) {
      const found = dOptimal(2, n, {seed: 4});
      assertRelative(found.logDeterminant, exhaustive(fullFactorial([3, 3]), n, "quadratic"), 1e-9, `${n} runs`);
    }
    assertRelative(dOptimal(1, 7, {levels: 5}).logDeterminant,
      exhaustive(fullFactorial([5]), 7, "quadratic"), 1e-9);
  });

  test("known optima: 3^2 for nine runs (determinant 5184), Plackett-Burman-like for 3 factors in 4 runs", () => {
    const nine = dOptimal(2, 9);
    assertRelative(Math.exp(nine.logDeterminant), 5184, 1e-9);
    assert.deepEqual(nine.runs, fullFactorial([3, 3]));
    assertRelative(dOptimal(3, 4, {order: "linear", levels: 2}).efficiency, 100, 1e-10);
    assertRelative(dOptimal(2, 4, {order: "interaction", levels: 2}).efficiency, 100, 1e-10);
  });

  test("one seed, one design", () => {
    assert.deepEqual(dOptimal(3, 12, {seed: 5}), dOptimal(3, 12, {seed: 5}));
    assertRejects(() => dOptimal(2, 5), "not-a-count", "runs");
    assertRejects(() => dOptimal(2, 9, {levels: 2}), "not-a-count", "levels");
    assertRejects(() => dOptimal(8, 5000, {levels: 5}), "too-large", "runs");
  });
});

describe("designs as planners", () => {
  const run = (id: string, options: Record<string, string | number>, variant?: string) =>
    planners.find((planner) => planner.id === id)!.run(options, variant);

  test("runs in the factors' own units beside coded ones, in random order by the seed", () => {
    const report = run("central-composite", {factors: "time,temperature", low: "80,170", high: "90,180", centre: 3});
    assert.deepEqual(report.runs!.columns,
      ["run", "standard order", "time", "temperature", "time (coded)", "temperature (coded)"]);
    assert.equal(report.runs!.rows.length, 11);
    for (const [, , time, temperature, x, y] of report.runs!.rows as number[][]) {
      assert.ok(Math.abs(time - (85 + 5 * x)) < 1e-12 && Math.abs(temperature - (175 + 5 * y)) < 1e-12);
    }
    const orders = report.runs!.rows.map((row) => Number(row[1]));
    assert.deepEqual([...orders].sort((a, b) => a - b), orders.map((_, i) => i + 1));
    assert.notDeepEqual(orders, orders.map((_, i) => i + 1));
    assert.ok(report.warnings.some((warning) => /time 77.93 to 92.07/.test(warning)));
    const standard = run("central-composite", {factors: "a,b", "run-order": "standard"}, "face-centred");
    assert.deepEqual(standard.runs!.rows.map((row) => row[1]), standard.runs!.rows.map((_, i) => i + 1));
    assert.deepEqual(standard.warnings, []);
    const [first, second] = [1, 2].map((seed) => run("central-composite", {factors: "a,b", seed}).runs);
    assert.notDeepEqual(first, second);
  });

  test("what a fraction cannot tell apart is said", () => {
    const report = run("factorial", {factors: "a,b,c,d,e", generators: "D=AB, E=AC"}, "fractional");
    assert.equal(report.estimates.find(({name}) => name === "resolution")!.value, 3);
    assert.ok(report.warnings.some((warning) => warning.includes("A = BD = CE")));
    assert.equal(run("factorial", {factors: "TE,TI", levels: "3,2"}).runs!.rows.length, 6);
    assert.equal(run("factorial", {factors: "TE,TI", levels: 3, centre: 2}).runs!.rows.length, 11);
    assert.equal(run("box-behnken", {factors: "a,b,c"}).runs!.rows.length, 15);
    assert.equal(run("d-optimal", {factors: "a,b", runs: 8}).runs!.rows.length, 8);
  });

  test("bad input names the option", () => {
    assertRejects(() => run("factorial", {}), "missing-option", "factors");
    assertRejects(() => run("factorial", {factors: "a,a"}), "duplicate-factor", "factors");
    assertRejects(() => run("factorial", {factors: "a,b", low: "1"}), "option-count", "low");
    assertRejects(() => run("factorial", {factors: "a,b", low: "1,x"}), "not-a-number", "low");
    assertRejects(() => run("factorial", {factors: "a", low: "3", high: "2"}), "out-of-range", "high of a");
    assertRejects(() => run("factorial", {factors: "a,b", levels: "2,2,2"}), "option-count", "levels");
    assertRejects(() => run("factorial", {factors: "a,b,c", generators: "C=AB"}), "option-count", "generators");
    assertRejects(() => run("factorial", {factors: "a,b,c"}, "fractional"), "missing-option", "generators");
    assertRejects(() => run("factorial", {factors: "a,b", centre: -1}), "not-a-count", "centre");
    assertRejects(() => run("box-behnken", {factors: "a,b"}), "out-of-range", "factors");
    assertRejects(() => run("d-optimal", {factors: "a,b", runs: 3}), "not-a-count", "runs");
  });
});
