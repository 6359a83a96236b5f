import {checkCount, checkLevel} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {
  checkSupposition, differenceNeeds, insideProbability, planAgreement, type AgreementSupposition
} from "./agreement-plan.js";
import {levelNeed, plain, powerNeed, simulationNeeds, type Planner} from "./planner.js";

/**
 * Distance of the outer ends of the limits' approximate intervals from the mean, in observed SDs: z + t c, where c, the
 * standard error of a limit over the SD, is sqrt(1/n + z^2 / (2(n - 1))) (Bland and Altman 1999, section 2).
 */
function outerFactor(n: number, coverage: number, level: number): number {
  const z = -normalQuantile((1 - coverage) / 2);
  return z + studentTQuantile((1 + level) / 2, n - 1) * Math.sqrt(1 / n + z * z / (2 * (n - 1)));
}

/**
 * Power to find both limits of agreement, with their approximate intervals, inside -+ limit.
 *
 * The power of that rule is exact for normal differences, by integration over the sample SD; the paper adds two errors
 * by the noncentral t distribution, which counts studies twice in which both limits fail. The intervals are
 * approximate.
 * Source: Lu et al. 2016, doi:10.1515/ijb-2015-0039.
 *
 * @param n number of pairs, >= 2
 * @param coverage share of differences between the limits of agreement
 * @param level two-sided level of the limits' intervals
 * @throws InputError on n < 2, a limit or SD <= 0, coverage or level outside (0, 1)
 */
export function luPower(n: number, supposed: AgreementSupposition, coverage: number, level: number): number {
  checkCount(n, "n", 2);
  checkSupposition(supposed);
  checkLevel(coverage, "coverage");
  checkLevel(level, "level");
  return insideProbability(n, outerFactor(n, coverage, level), supposed);
}

const LU = "Lu et al. 2016, doi:10.1515/ijb-2015-0039";

/** Pairs by the method of Lu and others. */
export const limitsLuPlanner: Planner = {
  id: "limits-lu",
  name: "Limits of agreement inside acceptable limits (Lu)",
  summary: "Pairs for which both limits of agreement, with their approximate intervals, lie inside acceptable limits",
  variants: [
    {id: "lu", name: "approximate intervals of both limits inside the acceptable ones", citation: LU}
  ],
  options: [
    ...differenceNeeds,
    {
      id: "coverage", kind: "number", default: 0.95, description: "share of differences between the limits of agreement"
    },
    powerNeed,
    {...levelNeed, description: "two-sided level of the limits' intervals"},
    ...simulationNeeds
  ],
  citations: [LU, "Bland and Altman 1999, doi:10.1177/096228029900800204"],
  run(given, variant, watch) {
    return planAgreement(this, {
      factor: outerFactor,
      estimates: (factor) => [plain("outer ends of the intervals", factor, "SDs from the mean difference")],
      warnings: ["the limits' intervals are approximate: the exact test of agreement is the planner limits-exact-test"]
    }, given, variant, watch);
  }
};
