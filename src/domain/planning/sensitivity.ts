import {exp, gammaln, ln} from "../../generated/vendor/special.js";
import {checkCount, checkLevel, checkPositive} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import type {Random} from "../numerics/random.js";
import {optionReader} from "../statistics/option-values.js";
import {clopperPearson} from "../statistics/proportion.js";
import {citationsOf} from "../statistics/report-parts.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, simulationNeeds, type Planner} from "./planner.js";
import {countsAround, smallestCount} from "./search.js";
import {simulate} from "./simulate.js";

/**
 * Subjects with (or without) the condition for a wanted half-width of the normal interval of a rate, z^2 p(1 - p)/w^2.
 *
 * Not rounded. Source: Buderer 1996, doi:10.1111/j.1553-2712.1996.tb03538.x.
 *
 * @throws InputError on a rate or level outside (0, 1), or a half-width <= 0
 */
export function budererCount(rate: number, halfWidth: number, level: number): number {
  checkLevel(rate, "rate");
  checkPositive(halfWidth, "half-width");
  checkLevel(level, "level");
  const z = -normalQuantile((1 - level) / 2);
  return z * z * rate * (1 - rate) / (halfWidth * halfWidth);
}

/**
 * Expected half-width of the exact (Clopper-Pearson) interval of a rate among `count` subjects, over the binomial
 * distribution.
 *
 * @throws InputError on a count that is no whole number >= 1, or a rate or level outside (0, 1)
 */
export function expectedExactHalfWidth(count: number, rate: number, level: number): number {
  checkCount(count, "count", 1);
  checkLevel(rate, "rate");
  // Nine SDs and a few counts leave out less than 1e-12.
  const reach = Math.ceil(9 * Math.sqrt(count * rate * (1 - rate))) + 9;
  const middle = Math.round(count * rate);
  let total = 0;
  for (let k = Math.max(0, middle - reach); k <= Math.min(count, middle + reach); k++) {
    const logProbability = gammaln(count + 1) - gammaln(k + 1) - gammaln(count - k + 1) + k * ln(rate)
      + (count - k) * ln(1 - rate);
    const {lower, upper} = clopperPearson(k, count, {level});
    total += exp(logProbability) * (upper - lower) / 2;
  }
  return total;
}

const BUDERER = "Buderer 1996, doi:10.1111/j.1553-2712.1996.tb03538.x";

/** Subjects for a wanted precision of sensitivity and specificity. */
export const sensitivityPlanner: Planner = {
  id: "sensitivity",
  name: "Precision of sensitivity and specificity",
  summary: "Subjects, given the prevalence, for which sensitivity and specificity have intervals as narrow as wanted",
  variants: [
    {
      id: "exact", name: "expected half-width of the Clopper-Pearson interval (exact)",
      citation: "Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404"
    },
    {
      id: "buderer", name: "half-width of the normal interval (approximate: too few near rates of 0 and 1)",
      citation: BUDERER
    }
  ],
  options: [
    {id: "sensitivity", kind: "number", description: "sensitivity that is expected"},
    {
      id: "specificity", kind: "number",
      description: "specificity that is expected; left out: sensitivity alone is planned"
    },
    {id: "prevalence", kind: "number", description: "share of positive subjects among those to be enrolled"},
    {id: "half-width", kind: "number", description: "half-width wanted"},
    levelNeed,
    ...simulationNeeds
  ],
  citations: [BUDERER],
  run(given, variantId, watch) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const half = options.needed("half-width");
    const prevalence = options.needed("prevalence");
    const level = options.needed("level");
    checkLevel(prevalence, "prevalence");
    if (!(half > 0 && half < 0.5)) {
      throw new InputError({code: "out-of-range", field: "half-width", value: half, expected: "a number in (0, 0.5)"});
    }
    const specificity = options.number("specificity");
    const rates = [{name: "sensitivity", rate: options.needed("sensitivity"), share: prevalence}];
    if (specificity !== null) rates.push({name: "specificity", rate: specificity, share: 1 - prevalence});
    const plans = rates.map(({name, rate, share}) => {
      checkLevel(rate, name);
      const normal = budererCount(rate, half, level);
      const count = variant.id === "buderer" ? Math.ceil(normal)
        : smallestCount((n) => expectedExactHalfWidth(n, rate, level) <= half, 1, "subjects", normal);
      const enrolled = Math.ceil((variant.id === "buderer" ? normal : count) / share);
      return {name, rate, count, enrolled};
    });
    const [first] = plans;
    const z = -normalQuantile((1 - level) / 2);
    const simulated = simulate(options, plans.reduce((total, {count}) => total + count, 0), (random) =>
      plans.map(({rate, count}) => {
        const hits = binomial(random, count, rate);
        if (variant.id === "buderer") return z * Math.sqrt(hits * (count - hits) / (count * count * count));
        const {lower, upper} = clopperPearson(hits, count, {level});
        return (upper - lower) / 2;
      }), watch);
    const reached = (count: number) => variant.id === "buderer"
      ? half * Math.sqrt(budererCount(first.rate, half, level) / count)
      : expectedExactHalfWidth(count, first.rate, level);
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        ...plans.flatMap(({name, count, enrolled}) => [
          plain(name === "sensitivity" ? "positive subjects" : "negative subjects", count),
          plain(`subjects for ${name}`, enrolled, "to be enrolled at the prevalence stated")
        ]),
        plain("subjects", Math.max(...plans.map(({enrolled}) => enrolled)), "to be enrolled")
      ],
      achieved: plans.map(({name, rate, count}, i) => ({
        name: `half-width of ${name}`, wanted: half,
        value: variant.id === "buderer" ? z * Math.sqrt(rate * (1 - rate) / count)
          : expectedExactHalfWidth(count, rate, level),
        simulated: simulated?.[i] ?? null
      })),
      curve: {
        x: "positive subjects", y: "half-width of sensitivity", wanted: half, name: "", others: [],
        points: countsAround(first.count, 2, 20).map((count) => ({x: count, y: reached(count)}))
      },
      runs: null,
      warnings: ["the number of positive subjects among those enrolled varies: half of studies have fewer"],
      citations: citationsOf(variant.citation, ...this.citations)
    };
  }
};

function binomial(random: Random, n: number, p: number): number {
  let hits = 0;
  for (let i = 0; i < n; i++) if (random.uniform() < p) hits++;
  return hits;
}
