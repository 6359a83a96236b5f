import {exp, gammaln, ln} from "../../generated/vendor/special.js";
import {checkCount, checkFinite, checkLevel, checkPositive} from "../check.js";
import {noncentralTCdf, noncentralTSurvival} from "../distributions/noncentral-t.js";
import {normalQuantile} from "../distributions/normal.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {integrate} from "../numerics/quadrature.js";
import type {Random} from "../numerics/random.js";
import {optionReader} from "../statistics/option-values.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, powerNeed, repeatLines, simulationNeeds, type Planner} from "./planner.js";
import {countOf, countsAround, smallestCount} from "./search.js";
import {simulate} from "./simulate.js";

/** How two arms are compared. */
export type TrialAnalysis = "ancova" | "change" | "follow-up";

/** Spread of what a trial measures; all SDs in the unit of the effect. */
export interface TrialSpread {
  /** SD of true values between subjects, >= 0. */
  betweenSd: number;
  /** SD of one measurement within a subject, >= 0. */
  withinSd: number;
  /** SD of the true change between subjects, >= 0. */
  changeSd: number;
  /** Measurements averaged at each visit, K >= 1. */
  repeats: number;
}

/**
 * SD of what the arms are compared by.
 *
 * A visit's mean of K measurements has error variance w^2/K. Follow-up alone: b^2 + c^2 + w^2/K. Change from baseline:
 * c^2 + 2 w^2/K. Analysis of covariance: the residual variance of follow-up given baseline, V - b^4 / (b^2 + w^2/K)
 * with V that of follow-up. True changes do not depend on the baseline.
 * Source: Senn 2006, doi:10.1002/sim.2682; Frison and Pocock 1992, doi:10.1002/sim.4780111304.
 *
 * @throws InputError on SDs < 0 or all 0, or repeats that are no whole number >= 1
 */
export function outcomeSd(spread: TrialSpread, analysis: TrialAnalysis): number {
  const {betweenSd, withinSd, changeSd, repeats} = spread;
  for (const [name, value] of Object.entries({betweenSd, withinSd, changeSd})) {
    checkFinite(value, name);
    if (value < 0) throw new InputError({code: "negative", field: name, value, expected: "a number >= 0"});
  }
  checkCount(repeats, "repeats", 1);
  const between = betweenSd * betweenSd;
  const error = withinSd * withinSd / repeats;
  const change = changeSd * changeSd;
  const followUp = between + change + error;
  const variance = analysis === "follow-up" ? followUp
    : analysis === "change" ? change + 2 * error
    // V - b^4/(b^2 + e), without its cancellation.
    : change + error + (between === 0 ? 0 : between * error / (between + error));
  checkPositive(variance, "variance of the outcome");
  return Math.sqrt(variance);
}

/**
 * Power of the two-sided two-sample t test with n subjects in each arm.
 *
 * Exact for normal outcomes: noncentral t on 2n - 2 degrees of freedom, both tails.
 * Source: Chow, Shao, Wang and Lokhnygina 2018, Sample Size Calculations in Clinical Research, section 3.2.
 *
 * @param effect difference of the arms' means
 * @param sd SD of the outcome in each arm, > 0
 * @throws InputError on n < 2, an effect that is not finite, sd <= 0 or a level outside (0, 1)
 */
export function twoArmPower(n: number, effect: number, sd: number, level: number): number {
  checkTwoArm(n, 2, effect, sd, level);
  const df = 2 * n - 2;
  return bothTails(df, Math.abs(effect) / (sd * Math.sqrt(2 / n)), studentTQuantile((1 + level) / 2, df));
}

/**
 * Power of the analysis of covariance with one baseline covariate and n subjects in each arm.
 *
 * Given the baselines, noncentral t on 2n - 3 degrees of freedom, the effect's variance inflated by 1 + t^2 / (2n - 2)
 * where t, the two-sample t of the baselines, is Student's: the power is averaged over it, which is exact for normal
 * values.
 * Source: Shieh 2020, Psychometrika 85, 101.
 *
 * @param sd residual SD given the baseline, > 0
 * @throws InputError as {@link twoArmPower}, n >= 3
 */
export function ancovaPower(n: number, effect: number, sd: number, level: number): number {
  checkTwoArm(n, 3, effect, sd, level);
  const df = 2 * n - 2;
  const ratio = Math.abs(effect) / (sd * Math.sqrt(2 / n));
  const critical = studentTQuantile((1 + level) / 2, df - 1);
  // With s = t / sqrt(df + t^2) in (-1, 1), of density proportional to (1 - s^2)^(df/2 - 1).
  const constant = ln(2) + gammaln(0.5 * (df + 1)) - gammaln(0.5 * df) - 0.5 * ln(Math.PI);
  const weighted = (s: number) => {
    const rest = (1 - s) * (1 + s);
    if (rest === 0) return 0;
    return exp(constant + (0.5 * df - 1) * ln(rest)) * bothTails(df - 1, ratio * Math.sqrt(rest), critical);
  };
  // Seven SDs leave out 1e-11; where the rules agree to 1e-3, the 15 points are right to 1e-9.
  return integrate(weighted, [0, Math.min(1, 7 / Math.sqrt(df))], 1e-3);
}

function bothTails(df: number, noncentrality: number, critical: number): number {
  return noncentralTSurvival(critical, df, noncentrality) + noncentralTCdf(-critical, df, noncentrality);
}

function checkTwoArm(n: number, least: number, effect: number, sd: number, level: number): void {
  checkCount(n, "n", least);
  checkFinite(effect, "effect");
  checkPositive(sd, "sd");
  checkLevel(level, "level");
}

/** Subjects in each arm of a trial with a quantitative outcome. */
export const treatmentEffectPlanner: Planner = {
  id: "treatment-effect",
  name: "Cohort size for a treatment effect",
  summary: "Subjects in each of two arms to find a treatment effect, given spread between and within subjects",
  variants: [
    {
      id: "ancova", name: "follow-up adjusted for baseline, analysis of covariance (exact)",
      citation: "Shieh 2020, Psychometrika 85, 101"
    },
    {
      id: "change", name: "change from baseline, two-sample t test (exact)", citation: "Senn 2006, doi:10.1002/sim.2682"
    },
    {id: "follow-up", name: "follow-up alone, two-sample t test (exact)", citation: "Senn 2006, doi:10.1002/sim.2682"}
  ],
  options: [
    {id: "effect", kind: "number", description: "difference of the arms' means to be found"},
    {id: "between-sd", kind: "number", description: "SD of true values between subjects"},
    {id: "within-sd", kind: "number", description: "SD of one measurement within a subject (wSD)"},
    {id: "change-sd", kind: "number", default: 0, description: "SD of the true change between subjects"},
    {id: "repeats", kind: "number", default: 1, description: "measurements averaged at each visit"},
    {id: "subjects", kind: "number", description: "subjects in each arm, to see what they achieve"},
    powerNeed,
    {...levelNeed, description: "1 - alpha of the two-sided test"},
    ...simulationNeeds
  ],
  citations: ["Frison and Pocock 1992, doi:10.1002/sim.4780111304"],
  run(given, variantId, watch) {
    const variant = variantOf({variant: variantId}, this.variants);
    const analysis = variant.id as TrialAnalysis;
    const options = optionReader(this.options, given);
    const effect = options.needed("effect");
    const spread: TrialSpread = {
      betweenSd: options.needed("between-sd"), withinSd: options.needed("within-sd"),
      changeSd: options.needed("change-sd"), repeats: options.needed("repeats")
    };
    const level = options.needed("level");
    const wanted = options.needed("power");
    checkLevel(wanted, "power");
    checkPositive(spread.betweenSd, "between-sd");
    checkPositive(spread.withinSd, "within-sd");
    if (effect === 0) {
      throw new InputError({code: "out-of-range", field: "effect", value: 0, expected: "a number other than 0"});
    }
    const powerOf = (n: number, how: TrialAnalysis, repeats = spread.repeats) =>
      (how === "ancova" ? ancovaPower : twoArmPower)(n, effect, outcomeSd({...spread, repeats}, how), level);
    const least = analysis === "ancova" ? 3 : 2;
    const quantiles = normalQuantile((1 + level) / 2) + normalQuantile(wanted);
    const guess = (how: TrialAnalysis, repeats: number) =>
      2 * (outcomeSd({...spread, repeats}, how) * quantiles / effect) ** 2 + 1;
    const {n, given: evaluated} = countOf(options, "subjects", least, (count) => powerOf(count, analysis) >= wanted,
      guess(analysis, spread.repeats));
    const sizeOf = (how: TrialAnalysis, repeats: number) =>
      smallestCount((count) => powerOf(count, how, repeats) >= wanted, 3, "subjects", guess(how, repeats));
    const simulated = simulate(options, 6 * n, (random) => [trial(random, n, effect, spread, analysis, level)], watch);
    const otherRepeats = [1, 2, 3, 4].filter((k) => k !== spread.repeats);
    const line = (most: number) =>
      repeatLines(countsAround(n, least, most), (count, repeats) => powerOf(count, analysis, repeats));
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("subjects per arm", n, `${2 * n} subjects in all`),
        plain("SD of the outcome", outcomeSd(spread, analysis), variant.name),
        ...(evaluated ? [] : otherRepeats.map((k) =>
          plain(`subjects per arm with ${k} repeats`, sizeOf(analysis, k)))),
        ...(evaluated ? [] : this.variants.filter(({id}) => id !== analysis)
          .map(({id, name}) => plain(`subjects per arm, ${id}`, sizeOf(id as TrialAnalysis, spread.repeats), name)))
      ],
      achieved: [{
        name: "power", value: powerOf(n, analysis), wanted: evaluated ? null : wanted,
        simulated: simulated?.[0] ?? null
      }],
      curve: {
        x: "subjects per arm", y: "power", wanted, ...line(16)(spread.repeats), others: otherRepeats.map(line(8))
      },
      runs: null,
      warnings: [],
      citations: [variant.citation, ...this.citations]
    };
  }
};

/** One simulated trial: whether its test rejects. */
function trial(
  random: Random, n: number, effect: number, spread: TrialSpread, analysis: TrialAnalysis, level: number
): boolean {
  const error = spread.withinSd / Math.sqrt(spread.repeats);
  // Sums of baseline x and outcome y in each arm, and of their squares and products about the arm's running means.
  const arms = [0, effect].map((shift) => {
    let [x, y, xx, xy, yy] = [0, 0, 0, 0, 0];
    for (let i = 1; i <= n; i++) {
      const truth = spread.betweenSd * random.normal();
      const before = truth + error * random.normal();
      const after = truth + shift + spread.changeSd * random.normal() + error * random.normal();
      const outcome = analysis === "change" ? after - before : after;
      const [dx, dy] = [before - x, outcome - y];
      x += dx / i;
      y += dy / i;
      xx += dx * (before - x);
      xy += dx * (outcome - y);
      yy += dy * (outcome - y);
    }
    return {x, y, xx, xy, yy};
  });
  const [a, b] = arms;
  const [xx, xy, yy] = [a.xx + b.xx, a.xy + b.xy, a.yy + b.yy];
  if (analysis !== "ancova") {
    const df = 2 * n - 2;
    return Math.abs(b.y - a.y) > studentTQuantile((1 + level) / 2, df) * Math.sqrt(yy / df * 2 / n);
  }
  const df = 2 * n - 3;
  const slope = xy / xx;
  const difference = b.y - a.y - slope * (b.x - a.x);
  const variance = (yy - slope * xy) / df * (2 / n + (b.x - a.x) * (b.x - a.x) / xx);
  return Math.abs(difference) > studentTQuantile((1 + level) / 2, df) * Math.sqrt(variance);
}
