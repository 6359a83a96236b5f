import {checkCount, checkLevel} from "../check.js";
import {chiSquareQuantile} from "../distributions/chi-square.js";
import {InputError} from "../errors.js";
import {optionReader} from "../statistics/option-values.js";
import {citationsOf} from "../statistics/report-parts.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, repeatLines, simulationNeeds, type Planner} from "./planner.js";
import {countOf, countsAround, smallestCount} from "./search.js";
import {drawSample, simulate} from "./simulate.js";

/** Ends of the chi-square interval of wSD (and so of RC) as multiples of the estimate. */
export interface PrecisionFactors {
  /** Null for a one-sided interval. */
  lower: number | null;
  upper: number;
}

/**
 * Factors from an estimate of wSD or RC to the ends of its confidence interval: sqrt(df / chi-square quantile).
 *
 * They depend on the degrees of freedom alone and are exact for normal errors.
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; Obuchowski and Bullen 2018, Statistical Methods in Medical
 * Research 27, 3139.
 *
 * @param subjects number of subjects, n
 * @param repeats repeats of each, K >= 2; df = n(K - 1)
 * @param level confidence level
 * @param sides "one": an upper bound; "two": alpha/2 in each tail
 * @throws InputError on counts or a level out of range
 */
export function precisionFactors(
  subjects: number, repeats: number, level: number, sides: "one" | "two"
): PrecisionFactors {
  checkCount(subjects, "subjects", 1);
  checkCount(repeats, "repeats", 2);
  checkLevel(level, "level");
  const df = subjects * (repeats - 1);
  const tail = sides === "one" ? 1 - level : (1 - level) / 2;
  return {
    lower: sides === "one" ? null : Math.sqrt(df / chiSquareQuantile(1 - tail, df)),
    upper: Math.sqrt(df / chiSquareQuantile(tail, df))
  };
}

/** Subjects and repeats for a wanted precision of wSD or RC. */
export const repeatabilityPlanner: Planner = {
  id: "repeatability",
  name: "Precision of wSD and RC",
  summary: "Subjects and repeats for which the upper bound of wSD or RC lies within a factor of the estimate",
  variants: [
    {
      id: "one-sided", name: "upper bound only (exact)",
      citation: "Obuchowski and Bullen 2018, Statistical Methods in Medical Research 27, 3139"
    },
    {
      id: "two-sided", name: "interval, alpha/2 in each tail (exact)",
      citation: "Raunig et al. 2015, doi:10.1177/0962280214537344"
    }
  ],
  options: [
    {id: "factor", kind: "number", description: "largest ratio of upper bound and estimate, as 1.25"},
    {id: "subjects", kind: "number", description: "number of subjects, to see what they achieve"},
    {id: "repeats", kind: "number", default: 2, description: "repeats of each subject"},
    levelNeed,
    ...simulationNeeds
  ],
  citations: ["Raunig et al. 2015, doi:10.1177/0962280214537344"],
  run(given, variantId, watch) {
    const options = optionReader(this.options, given);
    const variant = variantOf({variant: variantId}, this.variants);
    const sides = variant.id === "one-sided" ? "one" : "two";
    const level = options.needed("level");
    const repeats = options.needed("repeats");
    const factor = options.number("factor");
    if (factor === null && options.number("subjects") === null) options.needed("factor");
    if (factor !== null && !(factor > 1)) {
      throw new InputError({code: "out-of-range", field: "factor", value: factor, expected: "a number > 1"});
    }
    const upper = (n: number, k = repeats) => precisionFactors(n, k, level, sides).upper;
    const {n, given: evaluated} = countOf(options, "subjects", 2, (count) => upper(count) <= factor!);
    const {lower, upper: highest} = precisionFactors(n, repeats, level, sides);
    const simulated = simulate(options, n * repeats, (random) => {
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const {sd} = drawSample(random, repeats, 0, 1);
        squares += sd * sd * (repeats - 1);
      }
      const estimate = Math.sqrt(squares / (n * (repeats - 1)));
      return [highest * estimate >= 1 && (lower === null || lower * estimate <= 1)];
    }, watch);
    const otherRepeats = [2, 3, 4, 5].filter((k) => k !== repeats);
    const others = factor === null ? [] : otherRepeats.map((k) => {
      const count = smallestCount((m) => upper(m, k) <= factor, 2, "subjects");
      return plain(`subjects with ${k} repeats`, count, `${count * k} measurements`);
    });
    const line = repeatLines(countsAround(n, 2), upper);
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("subjects", n, `${n * repeats} measurements`),
        plain("repeats", repeats),
        plain("degrees of freedom", n * (repeats - 1)),
        ...(lower === null ? [] : [plain("lower factor", lower, "lower end of the interval over the estimate")]),
        plain("upper factor", highest, "upper end over the estimate, of wSD and of RC alike"),
        ...others
      ],
      achieved: [
        {name: "upper factor", value: highest, wanted: factor, simulated: null},
        {name: "coverage", value: level, wanted: level, simulated: simulated?.[0] ?? null}
      ],
      curve: {
        x: "subjects", y: "upper factor", wanted: factor, ...line(repeats), others: otherRepeats.map(line)
      },
      runs: null,
      warnings: evaluated && factor !== null && highest > factor
        ? [`${n} subjects do not reach a factor of ${factor}`] : [],
      citations: citationsOf(variant.citation, ...this.citations)
    };
  }
};
