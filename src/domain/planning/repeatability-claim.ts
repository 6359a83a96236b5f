import {checkCount, checkLevel, checkPositive} from "../check.js";
import {chiSquareCdf, chiSquareQuantile} from "../distributions/chi-square.js";
import {InputError} from "../errors.js";
import {optionReader} from "../statistics/option-values.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, powerNeed, repeatLines, simulationNeeds, type Planner} from "./planner.js";
import {precisionFactors} from "./repeatability-precision.js";
import {countOf, countsAround} from "./search.js";
import {drawSample, simulate} from "./simulate.js";

/**
 * Power to confirm a claimed wSD (or RC): the chance that the one-sided upper bound of the estimate stays below it.
 *
 * P(chi-square < q (claim / true)^2), q the chi-square quantile of 1 - level, on n(K - 1) degrees of freedom.
 * Source: Obuchowski and Bullen 2018, Statistical Methods in Medical Research 27, 3139 (test of a claim); exact for
 * normal errors.
 *
 * @param ratio true wSD over the claimed one, > 0; at 1 the power is 1 - level
 * @throws InputError on counts, ratio or level out of range
 */
export function claimPower(subjects: number, repeats: number, ratio: number, level: number): number {
  checkCount(subjects, "subjects", 1);
  checkCount(repeats, "repeats", 2);
  checkPositive(ratio, "ratio");
  checkLevel(level, "level");
  const df = subjects * (repeats - 1);
  return chiSquareCdf(chiSquareQuantile(1 - level, df) / (ratio * ratio), df);
}

const OBUCHOWSKI = "Obuchowski and Bullen 2018, Statistical Methods in Medical Research 27, 3139";

/** Subjects and repeats to confirm a claimed repeatability. */
export const repeatabilityClaimPlanner: Planner = {
  id: "repeatability-claim",
  name: "Test of a claimed wSD or RC",
  summary: "Subjects for which the upper bound of wSD or RC stays below a claimed value with the power wanted",
  variants: [
    {id: "upper-bound", name: "one-sided chi-square bound below the claim (exact)", citation: OBUCHOWSKI}
  ],
  options: [
    {id: "claimed", kind: "number", description: "the wSD, wCV or RC claimed"},
    {id: "expected", kind: "number", description: "the true one that is expected, smaller, in the same unit"},
    {id: "subjects", kind: "number", description: "number of subjects, to see what they achieve"},
    {id: "repeats", kind: "number", default: 2, description: "repeats of each subject"},
    powerNeed,
    {...levelNeed, description: "confidence level of the one-sided upper bound"},
    ...simulationNeeds
  ],
  citations: [OBUCHOWSKI, "Raunig et al. 2015, doi:10.1177/0962280214537344"],
  run(given, variantId, watch) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const level = options.needed("level");
    const repeats = options.needed("repeats");
    const claimed = options.needed("claimed");
    const expected = options.needed("expected");
    const wanted = options.needed("power");
    checkPositive(claimed, "claimed");
    checkPositive(expected, "expected");
    checkLevel(wanted, "power");
    if (expected >= claimed) {
      throw new InputError({
        code: "out-of-range", field: "expected", value: expected, expected: `less than the claim, ${claimed}`
      });
    }
    const power = (n: number, k = repeats) => claimPower(n, k, expected / claimed, level);
    const {n, given: evaluated} = countOf(options, "subjects", 2, (count) => power(count) >= wanted);
    const factor = precisionFactors(n, repeats, level, "one").upper;
    const simulated = simulate(options, n * repeats, (random) => {
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const {sd} = drawSample(random, repeats, 0, expected);
        squares += sd * sd * (repeats - 1);
      }
      return [factor * Math.sqrt(squares / (n * (repeats - 1))) < claimed];
    }, watch);
    const line = repeatLines(countsAround(n, 2), power);
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("subjects", n, `${n * repeats} measurements`),
        plain("repeats", repeats),
        plain("largest estimate that confirms the claim", claimed / factor)
      ],
      achieved: [
        {name: "power", value: power(n), wanted: evaluated ? null : wanted, simulated: simulated?.[0] ?? null}
      ],
      curve: {
        x: "subjects", y: "power", wanted, ...line(repeats),
        others: [2, 3, 4, 5].filter((k) => k !== repeats).map(line)
      },
      runs: null,
      warnings: [],
      citations: this.citations
    };
  }
};
