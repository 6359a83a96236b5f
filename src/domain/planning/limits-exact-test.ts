import {checkCount, checkFinite, checkLevel, checkPositive} from "../check.js";
import {normalCdf, normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {optionReader} from "../statistics/option-values.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, powerNeed, simulationNeeds, type Planner} from "./planner.js";
import {expectOverSd} from "./sample-sd.js";
import {countOf, countsAround} from "./search.js";
import {drawSample, simulate} from "./simulate.js";

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
 * Factor of the exact test of agreement: it declares agreement when mean -+ factor SD lies inside -+ limit.
 *
 * Under the null hypothesis the central share `coverage` of the differences just fills -+ limit about a mean of zero;
 * there the test rejects with probability 1 - level.
 * Source: Shieh 2020, Statistics in Biopharmaceutical Research 12, 352 (online 2019).
 *
 * @param n number of pairs, >= 2
 * @param coverage central share of the differences that shall lie inside the limits
 * @param level one-sided, 1 - alpha
 * @throws InputError on n < 2, or coverage or level outside (0, 1)
 */
export function agreementTestFactor(n: number, coverage: number, level: number): number {
  checkCount(n, "n", 2);
  checkLevel(coverage, "coverage");
  checkLevel(level, "level");
  const z = -normalQuantile((1 - coverage) / 2);
  const excess = (factor: number) => 1 - level - insideProbability(n, factor, {limit: z, mean: 0, sd: 1});
  const guess = z + (1 - z / Math.sqrt(n)) / Math.sqrt(n);
  const [from, to] = bracketIncreasing(excess, Math.max(0.1, guess), 0.1, 1e-9);
  return findRoot(excess, from, to, 1e-11);
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

/**
 * Power of the exact test of agreement.
 *
 * Source: Shieh 2020, Statistics in Biopharmaceutical Research 12, 352 (online 2019); exact for normal differences.
 *
 * @throws InputError as {@link agreementTestFactor}, a limit or SD <= 0, a mean that is not finite
 */
export function agreementTestPower(n: number, supposed: AgreementSupposition, coverage: number, level: number): number {
  checkSupposition(supposed);
  return insideProbability(n, agreementTestFactor(n, coverage, level), supposed);
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

const SHIEH = "Shieh 2020, Statistics in Biopharmaceutical Research 12, 352";

/** Pairs for the exact test of agreement. */
export const limitsExactTestPlanner: Planner = {
  id: "limits-exact-test",
  name: "Exact test of agreement (Shieh)",
  summary: "Pairs for which the exact test declares that a central share of differences lies inside acceptable limits",
  variants: [
    {id: "shieh", name: "test of the central share (exact)", citation: SHIEH}
  ],
  options: [
    ...differenceNeeds,
    {
      id: "coverage", kind: "number", default: 0.95,
      description: "central share of differences to lie inside the limits"
    },
    powerNeed,
    {...levelNeed, description: "1 - alpha of the test"},
    ...simulationNeeds
  ],
  citations: [SHIEH],
  run(given, variantId) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const supposed = {limit: options.needed("limit"), mean: options.needed("mean"), sd: options.needed("sd")};
    const coverage = options.needed("coverage");
    const level = options.needed("level");
    const wanted = options.needed("power");
    checkLevel(wanted, "power");
    checkLevel(coverage, "coverage");
    checkSupposition(supposed);
    const {limit, mean, sd} = supposed;
    const inside = normalCdf((limit - mean) / sd) - normalCdf((-limit - mean) / sd);
    checkAttainable(supposed, coverage);
    const power = (n: number) => agreementTestPower(n, supposed, coverage, level);
    const {n, given: evaluated} = countOf(options, "subjects", 2, (count) => power(count) >= wanted);
    const factor = agreementTestFactor(n, coverage, level);
    const simulated = simulate(options, n, (random) => {
      const sample = drawSample(random, n, mean, sd);
      return sample.mean - factor * sample.sd > -limit && sample.mean + factor * sample.sd < limit;
    });
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("subjects", n, "pairs of measurements"),
        plain("factor", factor, "agreement is declared when mean -+ factor SD lies inside the limits"),
        plain("share inside the limits", inside, "of the differences as supposed")
      ],
      achieved: [{name: "power", value: power(n), wanted: evaluated ? null : wanted, simulated}],
      curve: {
        x: "subjects", y: "power", wanted, points: countsAround(n, 2).map((count) => ({x: count, y: power(count)}))
      },
      runs: null,
      warnings: [],
      citations: this.citations
    };
  }
};
