import {checkCount, checkLevel} from "../check.js";
import {normalCdf, normalQuantile} from "../distributions/normal.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {
  checkSupposition, differenceNeeds, insideProbability, planAgreement, type AgreementSupposition
} from "./agreement-plan.js";
import {levelNeed, plain, powerNeed, simulationNeeds, type Planner} from "./planner.js";

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
  run(given, variant, watch) {
    return planAgreement(this, {
      factor: agreementTestFactor,
      estimates: (factor, {limit, mean, sd}) => [
        plain("factor", factor, "agreement is declared when mean -+ factor SD lies inside the limits"),
        plain("share inside the limits", normalCdf((limit - mean) / sd) - normalCdf((-limit - mean) / sd),
          "of the differences as supposed")
      ]
    }, given, variant, watch);
  }
};
