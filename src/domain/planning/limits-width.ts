import {checkCount, checkLevel, checkPositive} from "../check.js";
import {chiSquareCdf, chiSquareQuantile} from "../distributions/chi-square.js";
import {normalCdf, normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import {optionReader} from "../statistics/option-values.js";
import {variantOf} from "../statistics/variant-of.js";
import {levelNeed, plain, simulationNeeds, type Planner} from "./planner.js";
import {expectOverSd, meanOfSd} from "./sample-sd.js";
import {countOf, countsAround} from "./search.js";
import {drawSample, simulate} from "./simulate.js";

/**
 * Factor g of the exact interval of the range of agreement: mean -+ g SD holds both the lower and the upper limit of
 * agreement with probability `level`.
 *
 * It controls both tails, so it is wider than Carkeet's tolerance interval, which holds a share of the differences
 * wherever its middle lies.
 * Source: Jan and Shieh 2018, doi:10.1016/j.compbiomed.2018.06.020; Odeh and Owen 1980, Tables for Normal Tolerance
 * Limits, Sampling Plans, and Screening.
 *
 * @param n number of pairs, >= 2
 * @param coverage share of differences between the limits of agreement
 * @throws InputError on n < 2, or coverage or level outside (0, 1)
 */
export function rangeFactor(n: number, coverage: number, level: number): number {
  checkCount(n, "n", 2);
  checkLevel(coverage, "coverage");
  checkLevel(level, "level");
  const z = -normalQuantile((1 - coverage) / 2);
  const root = Math.sqrt(n);
  const excess = (g: number) =>
    expectOverSd((u) => 1 - 2 * normalCdf(-root * (g * u - z)), n - 1, z / g) - level;
  // Start: the SD alone at its chi-square bound.
  const guess = z * Math.sqrt((n - 1) / chiSquareQuantile(1 - level, n - 1));
  const [from, to] = bracketIncreasing(excess, guess, 0.05 * guess, 1e-3 * z);
  return findRoot(excess, from, to, 1e-11);
}

/**
 * Expected half-width of the exact interval of the range of agreement, in SDs of the differences: g E(S / sigma).
 *
 * Source: Jan and Shieh 2018, doi:10.1016/j.compbiomed.2018.06.020; errors as {@link rangeFactor}.
 */
export function expectedHalfWidth(n: number, coverage: number, level: number): number {
  return rangeFactor(n, coverage, level) * meanOfSd(n - 1);
}

/**
 * Assurance: the chance that the half-width of the exact interval is at most `width` SDs of the differences.
 *
 * Source: Jan and Shieh 2018, doi:10.1016/j.compbiomed.2018.06.020; errors as {@link rangeFactor}, and a width <= 0.
 */
export function widthAssurance(n: number, width: number, coverage: number, level: number): number {
  checkPositive(width, "width");
  const ratio = width / rangeFactor(n, coverage, level);
  return chiSquareCdf((n - 1) * ratio * ratio, n - 1);
}

const JAN_SHIEH = "Jan and Shieh 2018, doi:10.1016/j.compbiomed.2018.06.020";

/** Pairs for a wanted width of the limits of agreement. */
export const limitsWidthPlanner: Planner = {
  id: "limits-width",
  name: "Width of the limits of agreement (Jan and Shieh)",
  summary: "Pairs for which the exact interval of the range of agreement is as narrow as wanted",
  variants: [
    {id: "expected", name: "expected half-width (exact)", citation: JAN_SHIEH},
    {id: "assurance", name: "half-width reached with a given probability (exact)", citation: JAN_SHIEH}
  ],
  options: [
    {id: "half-width", kind: "number", description: "largest half-width of the interval, in the unit of sd"},
    {id: "sd", kind: "number", default: 1, description: "SD of the differences that is expected"},
    {
      id: "coverage", kind: "number", default: 0.95, description: "share of differences between the limits of agreement"
    },
    {id: "assurance", kind: "number", default: 0.9, description: "probability of that half-width (variant assurance)"},
    {id: "subjects", kind: "number", description: "number of pairs, to see what they achieve"},
    {...levelNeed, description: "probability that the interval holds both limits of agreement"},
    ...simulationNeeds
  ],
  citations: [JAN_SHIEH],
  run(given, variantId, watch) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const sd = options.needed("sd");
    const coverage = options.needed("coverage");
    const level = options.needed("level");
    const assurance = options.needed("assurance");
    checkPositive(sd, "sd");
    checkLevel(coverage, "coverage");
    checkLevel(assurance, "assurance");
    const sure = variant.id === "assurance";
    const needed = sure || options.number("subjects") === null;
    const half = needed ? options.needed("half-width") : options.number("half-width");
    const width = half === null ? null : half / sd;
    const z = -normalQuantile((1 - coverage) / 2);
    if (width !== null && !(width > z)) {
      throw new InputError({
        code: "unattainable", field: "half-width", value: half,
        expected: `more than ${z.toFixed(3)} sd = ${(z * sd).toPrecision(5)}, which no number of pairs falls below`
      });
    }
    const reached = (n: number) =>
      sure ? widthAssurance(n, width!, coverage, level) : sd * expectedHalfWidth(n, coverage, level);
    const {n, given: evaluated} = countOf(options, "subjects", 2,
      (count) => sure ? reached(count) >= assurance : reached(count) <= half!);
    const factor = rangeFactor(n, coverage, level);
    const simulated = simulate(options, n, (random) => {
      const sample = drawSample(random, n, 0, 1);
      const width = sd * factor * sample.sd;
      return [
        sure ? width <= half! : width,
        sample.mean - factor * sample.sd <= -z && sample.mean + factor * sample.sd >= z
      ];
    }, watch);
    const y = sure ? "assurance" : "expected half-width";
    const wanted = sure ? assurance : half;
    return {
      planner: this.id,
      variant: variant.id,
      estimates: [
        plain("subjects", n, "pairs of measurements"),
        plain("factor", factor, "half-width of the interval in observed SDs"),
        plain("expected half-width", sd * expectedHalfWidth(n, coverage, level))
      ],
      achieved: [
        {name: y, value: reached(n), wanted: evaluated ? null : wanted, simulated: simulated?.[0] ?? null},
        {name: "coverage", value: level, wanted: level, simulated: simulated?.[1] ?? null}
      ],
      curve: {
        x: "subjects", y, wanted, name: "", others: [],
        points: countsAround(n, 2).map((count) => ({x: count, y: reached(count)}))
      },
      runs: null,
      warnings: [],
      citations: this.citations
    };
  }
};
