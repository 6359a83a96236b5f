import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {noncentralTSurvival} from "../../../src/domain/distributions/noncentral-t.js";
import {insideProbability} from "../../../src/domain/planning/agreement-plan.js";
import {hanleyMcNeilError} from "../../../src/domain/planning/auc-precision.js";
import {agreementTestFactor, agreementTestPower} from "../../../src/domain/planning/limits-exact-test.js";
import {luPower} from "../../../src/domain/planning/limits-lu.js";
import {expectedHalfWidth, rangeFactor, widthAssurance} from "../../../src/domain/planning/limits-width.js";
import type {PlannerReport} from "../../../src/domain/planning/planner.js";
import {planners} from "../../../src/domain/planning/planners.js";
import {claimPower} from "../../../src/domain/planning/repeatability-claim.js";
import {precisionFactors} from "../../../src/domain/planning/repeatability-precision.js";
import {expectOverSd, meanOfSd} from "../../../src/domain/planning/sample-sd.js";
import {countsAround, smallestCount} from "../../../src/domain/planning/search.js";
import {budererCount, expectedExactHalfWidth} from "../../../src/domain/planning/sensitivity.js";
import {ancovaPower, outcomeSd, twoArmPower} from "../../../src/domain/planning/treatment-effect.js";
import type {OptionValues} from "../../../src/domain/statistics/option-values.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

const printed = reference("planners");

function plan(id: string, options: OptionValues, variant?: string): PlannerReport {
  return planners.find((planner) => planner.id === id)!.run({simulations: 0, ...options}, variant);
}

function value(report: PlannerReport, name: string): number {
  return report.estimates.find((one) => one.name === name)!.value;
}

/** Simulated and computed achievement agree within 4 standard errors. */
function assertSimulated(report: PlannerReport): void {
  const simulated = report.achieved.filter((one) => one.simulated !== null);
  assert.ok(simulated.length > 0, `${report.planner} simulates`);
  for (const {name, value: computed, simulated: found} of simulated) {
    assert.ok(Math.abs(found!.value - computed) < 4 * found!.standardError,
      `${report.planner}, ${name}: ${computed}, simulated ${found!.value} +- ${found!.standardError}`);
  }
}

describe("published numbers", () => {
  test("Shieh: power of 15 pairs, pairs for a power of .8", () => {
    const {n, limit, mean, sd, coverage, power, nForPower80} = printed.shieh;
    assertPrinted(agreementTestPower(n, {limit, mean, sd}, coverage, 0.95), power);
    const given = plan("limits-exact-test", {limit, mean, sd, coverage, subjects: n});
    assertPrinted(given.achieved[0].value, power);
    assert.equal(value(plan("limits-exact-test", {limit, mean, sd, coverage, power: 0.8}), "subjects"), nForPower80);
  });

  test("Jan and Shieh: pairs for an expected half-width and with assurance", () => {
    for (const {width, n} of printed.expectedHalfWidth) {
      assert.equal(value(plan("limits-width", {"half-width": width}), "subjects"), n);
      assert.ok(expectedHalfWidth(n, 0.95, 0.95) <= width && expectedHalfWidth(n - 1, 0.95, 0.95) > width);
    }
    const {width, assurance, n} = printed.assurance;
    assert.equal(value(plan("limits-width", {"half-width": width, assurance}, "assurance"), "subjects"), n);
    assert.equal(value(plan("limits-width", {"half-width": 19.61 * 2.25, sd: 19.61}), "subjects"), 155);
  });

  test("chi-square factors of wSD and RC", () => {
    for (const {n, factor} of printed.upperFactors) {
      assertPrinted(precisionFactors(n, 2, 0.95, "one").upper, factor);
      assertPrinted(value(plan("repeatability", {subjects: n}), "upper factor"), factor);
    }
    assert.equal(value(plan("repeatability", {factor: "1.25"}), "subjects"), 35);
  });

  test("Lu: pairs of a published example", () => {
    const {mean, sd, limit, power, n} = printed.lu;
    assert.equal(value(plan("limits-lu", {mean, sd, limit, power}), "subjects"), n);
  });

  test("two arms: effect of half an SD, 64 in each arm, as tabulated everywhere (power .8015)", () => {
    assertPrinted(twoArmPower(64, 0.5, 1, 0.95), ".8015");
    assert.ok(twoArmPower(63, 0.5, 1, 0.95) < 0.8);
    const report = plan("treatment-effect", {effect: 0.5, "between-sd": 0.8, "within-sd": 0.6}, "follow-up");
    assert.equal(value(report, "subjects per arm"), 64);
  });

  test("Hanley and McNeil, and Buderer, by their formulas", () => {
    // A = .9, 50 and 50: Q1 = .9/1.1, Q2 = 1.62/1.9.
    const square = (0.09 + 49 * (0.9 / 1.1 - 0.81) + 49 * (1.62 / 1.9 - 0.81)) / 2500;
    assertRelative(hanleyMcNeilError(0.9, 50, 50), Math.sqrt(square), 1e-13);
    assertRelative(budererCount(0.9, 0.1, 0.95), 3.841458820694124 * 0.09 / 0.01, 1e-12);
    const options = {sensitivity: 0.9, specificity: 0.85, prevalence: 0.2, "half-width": 0.1};
    const report = plan("sensitivity", options, "buderer");
    assert.equal(value(report, "subjects for sensitivity"), 173);
    assert.equal(value(report, "subjects for specificity"), 62);
  });
});

describe("what is computed is what simulated studies achieve", () => {
  const simulations = 10000;
  const cases: [string, OptionValues, string?][] = [
    ["repeatability", {factor: 1.5, repeats: 3}],
    ["repeatability", {subjects: 8}, "two-sided"],
    ["repeatability-claim", {claimed: 5, expected: 3.5}],
    ["limits-exact-test", {limit: 0.1, mean: 0.011, sd: 0.044, coverage: 0.8}],
    ["limits-exact-test", {limit: 3, sd: 1, subjects: 6}],
    ["limits-lu", {limit: 3, mean: 0.3, sd: 1}],
    ["limits-lu", {limit: 3.2, sd: 1, subjects: 20}],
    ["limits-width", {"half-width": 2.8}],
    ["limits-width", {"half-width": 3}, "assurance"],
    ["treatment-effect", {effect: 1.5, "between-sd": 1, "within-sd": 0.5, subjects: 5}, "ancova"],
    ["treatment-effect", {effect: 1, "between-sd": 1, "within-sd": 0.5, "change-sd": 0.4, repeats: 2}, "ancova"],
    ["treatment-effect", {effect: 1, "between-sd": 2, "within-sd": 0.7, "change-sd": 0.3, repeats: 2}, "change"],
    ["treatment-effect", {effect: 1, "between-sd": 1, "within-sd": 0.5}, "follow-up"],
    ["sensitivity", {sensitivity: 0.9, specificity: 0.8, prevalence: 0.3, "half-width": 0.1}]
  ];
  for (const [id, options, variant] of cases) {
    test(`${id} ${variant ?? ""} ${JSON.stringify(options)}`, () => {
      const report = plan(id, {...options, simulations, seed: 3}, variant);
      assertSimulated(report);
      for (const {name, value: computed, wanted} of report.achieved) {
        if (wanted === null) continue;
        const less = /half-width|factor/.test(name);
        assert.ok(less ? computed <= wanted : computed >= wanted, `${name}: ${computed}, wanted ${wanted}`);
      }
    });
  }

  test("auc: the standard error, and the score interval's coverage roughly", () => {
    const report = plan("auc", {auc: 0.85, "half-width": 0.12, ratio: 2, simulations: 3000, seed: 5});
    const [width, coverage] = report.achieved;
    assert.ok(Math.abs(width.simulated!.value - width.value) < 4 * width.simulated!.standardError);
    assert.ok(Math.abs(coverage.simulated!.value - 0.95) < 0.03);
  });

  test("Buderer's normal interval is as wide as said only about", () => {
    const report = plan("sensitivity",
      {sensitivity: 0.8, prevalence: 0.5, "half-width": 0.05, simulations: 2000}, "buderer");
    assertRelative(report.achieved[0].simulated!.value, 0.05, 0.02);
  });

  test("the seed decides, and 0 simulates nothing", () => {
    const options = {claimed: 5, expected: 3.5, simulations: 500};
    const run = (seed: number) => plan("repeatability-claim", {...options, seed}).achieved[0].simulated!.value;
    assert.equal(run(1), run(1));
    assert.notEqual(run(1), run(2));
    assert.equal(plan("repeatability-claim", options).achieved[0].simulated!.trials, 500);
    assert.equal(plan("repeatability-claim", {...options, simulations: 0}).achieved[0].simulated, null);
    assertRejects(() => plan("repeatability-claim", {...options, simulations: -1}), "not-a-count", "simulations");
  });
});

describe("the functions behind", () => {
  test("expectations over the sample SD: moments in closed form", () => {
    for (const df of [1, 2, 7, 60, 5000]) {
      assertRelative(expectOverSd(() => 1, df), 1, 1e-9, `total, df ${df}`);
      assertRelative(expectOverSd((u) => u * u, df), 1, 1e-8, `square, df ${df}`);
      assertRelative(expectOverSd((u) => u, df), meanOfSd(df), 1e-9, `mean, df ${df}`);
    }
    // c4 of 2 and of 5 values.
    assertRelative(meanOfSd(1), Math.sqrt(2 / Math.PI), 1e-13);
    assertPrinted(meanOfSd(4), ".9400");
    assert.equal(expectOverSd(() => 1, 5, 3, 2), 0);
  });

  test("the exact test rejects at its level where the share just fills the limits", () => {
    for (const n of [3, 10, 50, 500]) {
      const factor = agreementTestFactor(n, 0.95, 0.95);
      assertRelative(insideProbability(n, factor, {limit: 1.959963984540054, mean: 0, sd: 1}), 0.05, 1e-7, `n ${n}`);
    }
  });

  test("Lu's power, where only one limit can fail, is one noncentral t probability", () => {
    const n = 60;
    const z = 1.959963984540054;
    // Student's t with 59 degrees of freedom at .975.
    const factor = z + 2.000995378088260 * Math.sqrt(1 / n + z * z / (2 * (n - 1)));
    const alone = noncentralTSurvival(Math.sqrt(n) * factor, n - 1, Math.sqrt(n) * (3.2 - 0.8));
    assertRelative(luPower(n, {limit: 3.2, mean: 0.8, sd: 1}, 0.95, 0.95), alone, 1e-7);
  });

  test("the range's factor approaches z, and the assurance grows", () => {
    assert.ok(rangeFactor(3, 0.95, 0.95) > rangeFactor(30, 0.95, 0.95));
    assert.ok(Math.abs(rangeFactor(100000, 0.95, 0.95) - 1.96) < 0.015);
    assert.ok(widthAssurance(60, 2.5, 0.95, 0.95) < widthAssurance(61, 2.5, 0.95, 0.95));
  });

  test("a claim that is just true is confirmed in 1 - level of studies", () => {
    for (const n of [5, 40]) assertRelative(claimPower(n, 2, 1, 0.95), 0.05, 1e-9);
    assert.ok(claimPower(35, 2, 0.7, 0.95) > claimPower(35, 2, 0.8, 0.95));
  });

  test("SD of the outcome: covariance is never worse than change or follow-up, and its limits are known", () => {
    fc.assert(fc.property(
      fc.record({
        betweenSd: fc.double({min: 0.01, max: 9, noNaN: true}), withinSd: fc.double({min: 0.01, max: 9, noNaN: true}),
        changeSd: fc.double({min: 0, max: 3, noNaN: true}), repeats: fc.integer({min: 1, max: 6})
      }),
      (spread) => {
        const [a, b, c] = (["ancova", "change", "follow-up"] as const).map((how) => outcomeSd(spread, how));
        assert.ok(a <= b * (1 + 1e-12) && a <= c * (1 + 1e-12));
        const {betweenSd, withinSd, changeSd, repeats} = spread;
        const error = withinSd ** 2 / repeats;
        const total = betweenSd ** 2 + error;
        assertRelative(a * a, total + changeSd ** 2 - betweenSd ** 4 / total, 1e-6);
        assertRelative(b * b, changeSd ** 2 + 2 * error, 1e-12);
      }), {seed: 2, numRuns: 100});
    // Of 8 values for each in an ANCOVA the covariate costs power against a t test with the same SD.
    assert.ok(ancovaPower(4, 1.5, 1, 0.95) < twoArmPower(4, 1.5, 1, 0.95));
    assertRelative(ancovaPower(2000, 0.1, 1, 0.95), twoArmPower(2000, 0.1, 1, 0.95), 1e-3);
    // The average over the baselines, by quadrature to ten digits over panels that leave nothing out.
    for (const [n, ratio, power] of [[3, 1.5, 0.159891], [10, 2.8, 0.727250], [60, 4, 0.976685]] as const) {
      assert.ok(Math.abs(ancovaPower(n, ratio * Math.sqrt(2 / n), 1, 0.95) - power) < 5.1e-7, `n ${n}`);
    }
  });

  test("the exact half-width by its sum over all counts", () => {
    // One subject: [.025, 1] or [0, .975], both 0.4875 wide on each side.
    assertRelative(expectedExactHalfWidth(1, 0.3, 0.95), 0.4875, 1e-9);
    assertRelative(expectedExactHalfWidth(50, 0.9, 0.95), expectedExactHalfWidth(50, 0.1, 0.95), 1e-9);
  });

  test("search for the smallest count, from any guess", () => {
    for (const wanted of [2, 3, 17, 1000, 999999]) {
      for (const guess of [0, 2, 17, 1500, 1e9]) {
        assert.equal(smallestCount((n) => n >= wanted, 2, "subjects", guess), wanted, `${wanted} from ${guess}`);
      }
    }
    assertRejects(() => smallestCount(() => false, 2, "subjects"), "unattainable", "subjects");
    assert.ok(countsAround(57, 2).includes(57));
    assert.ok(countsAround(5000, 2).length < 60);
  });
});

describe("every planner", () => {
  test("has an id of its own, a first variant and citations, and no option twice", () => {
    assert.equal(new Set(planners.map(({id}) => id)).size, planners.length);
    for (const {id, variants, options, citations} of planners) {
      assert.ok(variants.length > 0 && citations.length > 0, id);
      const ids = options.map((option) => option.id);
      assert.equal(new Set(ids).size, ids.length, id);
    }
  });

  test("power curves rise, precision curves fall, through the planned size", () => {
    for (const [id, options] of [
      ["limits-exact-test", {limit: 2.6, sd: 1}], ["treatment-effect", {effect: 1, "between-sd": 1, "within-sd": 0.5}],
      ["limits-width", {"half-width": 2.6}], ["auc", {auc: 0.8, "half-width": 0.1}], ["repeatability", {factor: 1.3}]
    ] as [string, OptionValues][]) {
      const {curve, achieved} = plan(id, options);
      const {points} = curve!;
      assert.ok(points.length > 8, id);
      const rising = points[points.length - 1].y > points[0].y;
      for (let i = 1; i < points.length; i++) {
        assert.ok(points[i].x > points[i - 1].x);
        assert.ok((points[i].y - points[i - 1].y) * (rising ? 1 : -1) > -1e-7, `${id} at ${points[i].x}`);
      }
      assert.ok(points.some(({y}) => Math.abs(y - achieved[0].value) < 1e-9), id);
    }
  });

  test("lines for other numbers of repeats are those that a plan with them has", () => {
    for (const [id, options] of [
      ["repeatability", {factor: 1.3}], ["repeatability-claim", {claimed: 5, expected: 3.5}],
      ["treatment-effect", {effect: 1, "between-sd": 1, "within-sd": 0.5}]
    ] as [string, OptionValues][]) {
      const {curve} = plan(id, options);
      const names = [curve!.name, ...curve!.others.map(({name}) => name)];
      assert.equal(new Set(names).size, 4, id);
      for (const {name, points} of curve!.others) {
        const {x, y} = points[3];
        const other = plan(id, {...options, repeats: parseInt(name, 10), subjects: x});
        assert.equal(other.curve!.name, name);
        assertRelative(other.achieved[0].value, y, 1e-12, `${id}, ${name}`);
      }
    }
  });

  test("a watch is told how far the simulation is", () => {
    for (const [id, options] of [
      ["limits-lu", {limit: 3, sd: 1}], ["sensitivity", {sensitivity: 0.9, prevalence: 0.5, "half-width": 0.2}]
    ] as [string, OptionValues][]) {
      const told: number[] = [];
      planners.find((planner) => planner.id === id)!.run({...options, simulations: 450}, undefined, (done, total) => {
        assert.equal(total, 450);
        told.push(done);
      });
      assert.equal(told.at(-1), 450);
      assert.ok(told.length > 50 && told.every((done, i) => i === 0 || done > told[i - 1]), id);
    }
  });

  test("bad input names the option", () => {
    assertRejects(() => plan("repeatability", {}), "missing-option", "factor");
    assertRejects(() => plan("repeatability", {factor: 1}), "out-of-range", "factor");
    assertRejects(() => plan("repeatability", {subjects: 2.5}), "not-a-count", "subjects");
    assertRejects(() => plan("repeatability", {factor: 1.2, repeats: 1}), "not-a-count", "repeats");
    assertRejects(() => plan("repeatability", {factor: 1.2, level: 95}), "level-out-of-range", "level");
    assertRejects(() => plan("repeatability", {factr: 1.2}), "unknown-option", "option");
    assertRejects(() => plan("repeatability", {factor: 1.2}, "both"), "unknown-choice", "variant");
    assertRejects(() => plan("repeatability-claim", {claimed: 4, expected: 4}), "out-of-range", "expected");
    assertRejects(() => plan("limits-exact-test", {limit: 1.9, sd: 1}), "unattainable", "limit");
    assertRejects(() => plan("limits-lu", {limit: 2, mean: 0.1, sd: 1}), "unattainable", "limit");
    assertRejects(() => plan("limits-lu", {limit: 3, sd: -1}), "not-positive", "sd");
    assertRejects(() => plan("limits-lu", {limit: 3, sd: 1, level: 95}), "level-out-of-range", "level");
    assertRejects(() => plan("limits-width", {"half-width": 1.9}), "unattainable", "half-width");
    assertRejects(() => plan("treatment-effect", {effect: 0, "between-sd": 1, "within-sd": 1}),
      "out-of-range", "effect");
    assertRejects(() => plan("treatment-effect", {effect: 1, "between-sd": 0, "within-sd": 1}),
      "not-positive", "between-sd");
    assertRejects(() => plan("treatment-effect", {effect: 1, "between-sd": 1}), "missing-option", "within-sd");
    assertRejects(() => plan("auc", {auc: 0.3, "half-width": 0.1}), "out-of-range", "auc");
    assertRejects(() => plan("sensitivity", {sensitivity: 1, prevalence: 0.2, "half-width": 0.1}),
      "level-out-of-range", "sensitivity");
    assertRejects(() => plan("sensitivity", {sensitivity: 0.9, prevalence: 0, "half-width": 0.1}),
      "level-out-of-range", "prevalence");
  });
});
