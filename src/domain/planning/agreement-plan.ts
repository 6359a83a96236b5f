// What the planners of agreement inside acceptable limits share: they differ in the factor of their rule alone.
import {checkFinite, checkLevel, checkPositive} from "../check.js";
import {normalCdf, normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import type {ReportedEstimate} from "../statistics/method.js";
import {optionReader, type OptionValues} from "../statistics/option-values.js";
import {variantOf} from "../statistics/variant-of.js";
import {plain, type Planner, type PlannerReport} from "./planner.js";
import {expectOverSd} from "./sample-sd.js";
import {countOf, countsAround} from "./search.js";
import {drawSample, simulate, type SimulationWatch} from "./simulate.js";

/** What a test of agreement supposes of the differences, all in one unit. */
export interface AgreementSupposition {
  /** Largest difference that is acceptable, > 0. */
  limit: number;
  /** Mean of the differences. */
  mean: number;
  /** SD of the differences, > 0. */
  sd: number;
}

/**
 * P(-limit < mean - factor S and mean + factor S < limit) for the mean and sample SD S of n normal differences.
 *
 * By integration over the distribution of S. No checks.
 */
export function insideProbability(n: number, factor: number, {limit, mean, sd}: AgreementSupposition): number {
  const root = Math.sqrt(n);
  const bound = limit / sd;
  const centre = mean / sd;
  return expectOverSd((u) => {
    const room = bound - factor * u;
    return room <= 0 ? 0 : normalCdf(root * (room - centre)) - normalCdf(root * (-room - centre));
  }, n - 1, 0, bound / factor);
}

/** Rejects a limit or an SD that is not positive, or a mean that is not finite. */
export function checkSupposition({limit, mean, sd}: AgreementSupposition): void {
  checkPositive(limit, "limit");
  checkFinite(mean, "mean");
  checkPositive(sd, "sd");
}

/** Rejects limits of agreement that lie beyond the acceptable ones, so that no number of pairs shows agreement. */
export function checkAttainable({limit, mean, sd}: AgreementSupposition, coverage: number): void {
  const z = -normalQuantile((1 - coverage) / 2);
  const outermost = Math.abs(mean) + z * sd;
  if (outermost < limit) return;
  throw new InputError({
    code: "unattainable", field: "limit", value: limit,
    expected: `more than |mean| + ${z.toFixed(3)} sd = ${outermost.toPrecision(5)}: else no number of pairs suffices`
  });
}

/** Options that describe the differences, the same in every planner of agreement. */
export const differenceNeeds = [
  {id: "limit", kind: "number", description: "largest acceptable difference, in the unit of mean and sd"},
  {id: "mean", kind: "number", default: 0, description: "mean difference that is expected"},
  {id: "sd", kind: "number", description: "SD of the differences that is expected"},
  {id: "subjects", kind: "number", description: "number of pairs, to see what they achieve"}
] as const;

/** A rule that declares agreement when mean -+ factor SD lies inside the acceptable limits. */
export interface AgreementRule {
  /** @param n number of pairs, >= 2 */
  factor(n: number, coverage: number, level: number): number;
  /** What else is told of the plan. */
  estimates(factor: number, supposed: AgreementSupposition): readonly ReportedEstimate[];
  warnings?: readonly string[];
}

/** Pairs for which a rule declares agreement with the power wanted, its options read from `given`. */
export function planAgreement(
  planner: Planner, rule: AgreementRule, given: OptionValues, variantId?: string, watch?: SimulationWatch
): PlannerReport {
  const variant = variantOf({variant: variantId}, planner.variants);
  const options = optionReader(planner.options, given);
  const supposed = {limit: options.needed("limit"), mean: options.needed("mean"), sd: options.needed("sd")};
  const coverage = options.needed("coverage");
  const level = options.needed("level");
  const wanted = options.needed("power");
  checkLevel(wanted, "power");
  checkLevel(coverage, "coverage");
  checkLevel(level, "level");
  checkSupposition(supposed);
  checkAttainable(supposed, coverage);
  const power = (n: number) => insideProbability(n, rule.factor(n, coverage, level), supposed);
  const {n, given: evaluated} = countOf(options, "subjects", 2, (count) => power(count) >= wanted);
  const factor = rule.factor(n, coverage, level);
  const simulated = simulate(options, n, (random) => {
    const {mean, sd} = drawSample(random, n, supposed.mean, supposed.sd);
    return [mean - factor * sd > -supposed.limit && mean + factor * sd < supposed.limit];
  }, watch);
  return {
    planner: planner.id,
    variant: variant.id,
    estimates: [plain("subjects", n, "pairs of measurements"), ...rule.estimates(factor, supposed)],
    achieved: [
      {name: "power", value: power(n), wanted: evaluated ? null : wanted, simulated: simulated?.[0] ?? null}
    ],
    curve: {
      x: "subjects", y: "power", wanted, name: "", others: [],
      points: countsAround(n, 2, 24).map((count) => ({x: count, y: power(count)}))
    },
    runs: null,
    warnings: rule.warnings ?? [],
    citations: planner.citations
  };
}
