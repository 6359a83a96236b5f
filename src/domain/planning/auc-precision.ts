import {ln} from "../../generated/vendor/special.js";
import {checkCount, checkLevel, checkPositive} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {optionReader} from "../statistics/option-values.js";
import {areaUnderCurve} from "../statistics/roc.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, simulationNeeds, type Planner} from "./planner.js";
import {countOf, countsAround} from "./search.js";
import {simulate} from "./simulate.js";

/**
 * Standard error of the area under an empirical ROC curve when the marker is exponential in both groups.
 *
 * [A(1 - A) + (m - 1)(Q1 - A^2) + (n - 1)(Q2 - A^2)] / (mn), Q1 = A/(2 - A), Q2 = 2A^2/(1 + A).
 * Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
 *
 * @param area in (0, 1)
 * @param positives m, >= 1
 * @param negatives n, >= 1
 * @throws InputError on an area outside (0, 1) or counts that are no whole numbers >= 1
 */
export function hanleyMcNeilError(area: number, positives: number, negatives: number): number {
  checkLevel(area, "area");
  checkCount(positives, "positives", 1);
  checkCount(negatives, "negatives", 1);
  const square = area * area;
  const q1 = area / (2 - area);
  const q2 = 2 * square / (1 + area);
  return Math.sqrt((area * (1 - area) + (positives - 1) * (q1 - square) + (negatives - 1) * (q2 - square))
    / (positives * negatives));
}

const HANLEY_MCNEIL = "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747";

/** Subjects for a wanted precision of the area under a ROC curve. */
export const aucPlanner: Planner = {
  id: "auc",
  name: "Precision of the area under a ROC curve",
  summary: "Positive and negative subjects for which the interval of the AUC has the half-width wanted",
  variants: [
    {id: "hanley-mcneil", name: "half-width z SE, exponential markers (approximate)", citation: HANLEY_MCNEIL}
  ],
  options: [
    {id: "auc", kind: "number", description: "area that is expected, above .5"},
    {id: "half-width", kind: "number", description: "half-width wanted, z times the standard error"},
    {id: "ratio", kind: "number", default: 1, description: "negative subjects for each positive one"},
    {id: "subjects", kind: "number", description: "number of positive subjects, to see what they achieve"},
    levelNeed,
    ...simulationNeeds
  ],
  citations: [HANLEY_MCNEIL, "Newcombe 2006, doi:10.1002/sim.2324"],
  run(given, variantId, watch) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const area = options.needed("auc");
    const ratio = options.needed("ratio");
    const level = options.needed("level");
    if (!(area >= 0.5 && area < 1)) {
      throw new InputError({code: "out-of-range", field: "auc", value: area, expected: "a number in [0.5, 1)"});
    }
    checkPositive(ratio, "ratio");
    checkLevel(level, "level");
    const wanted = options.number("subjects") === null ? options.needed("half-width") : options.number("half-width");
    if (wanted !== null) checkPositive(wanted, "half-width");
    const z = -normalQuantile((1 - level) / 2);
    const negativesOf = (positives: number) => Math.max(2, Math.ceil(ratio * positives));
    const width = (positives: number) => z * hanleyMcNeilError(area, positives, negativesOf(positives));
    const {n: positives} = countOf(options, "subjects", 2, (count) => width(count) <= wanted!);
    const negatives = negativesOf(positives);
    // Exponential markers with P(positive > negative) = area.
    const rate = (1 - area) / area;
    const outcomes = Array.from({length: positives + negatives}, (_, i) => i < positives);
    const draw = (uniform: () => number) => outcomes.map((one) => -ln(1 - uniform()) / (one ? rate : 1));
    // Ranking costs more than drawing: each subject counts for ten numbers.
    const cost = 10 * outcomes.length;
    const simulated = simulate(options, cost, (random) => {
      const found = areaUnderCurve(draw(random.uniform), outcomes, {level});
      const {lower, upper} = found.score;
      return [(found.value - area) ** 2, lower <= area && area <= upper];
    }, watch);
    const [squares, covered] = simulated ?? [null, null];
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("positive subjects", positives),
        plain("negative subjects", negatives),
        plain("subjects", positives + negatives),
        plain("standard error of the AUC", width(positives) / z, "Hanley and McNeil")
      ],
      achieved: [
        {
          name: "half-width", value: width(positives), wanted,
          simulated: squares === null ? null : {
            ...squares, value: z * Math.sqrt(squares.value),
            standardError: z * squares.standardError / (2 * Math.sqrt(squares.value))
          }
        },
        {name: "coverage of the score interval", value: level, wanted: level, simulated: covered}
      ],
      curve: {
        x: "positive subjects", y: "half-width", wanted, name: "", others: [],
        points: countsAround(positives, 2).map((count) => ({x: count, y: width(count)}))
      },
      runs: null,
      warnings: area + width(positives) > 1
        ? ["the symmetric interval reaches beyond 1: judge the size by the score interval's coverage and width"] : [],
      citations: this.citations
    };
  }
};
