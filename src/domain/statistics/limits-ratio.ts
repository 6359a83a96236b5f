import {exp, ln} from "../../generated/vendor/special.js";
import {checkOneOf, checkVaries, checkVector, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {checkPairs, limitsOfDifferences, type LimitsOfDifferences} from "./bias-and-limits.js";
import type {CoverageOptions, Interval} from "./estimate.js";

/** How ratios are analysed: through logarithms, or as they stand. */
export type RatioScale = "log" | "ratio";

/** Settings of limits of agreement of ratios. */
export interface RatioOptions extends CoverageOptions {
  /** Default "log". */
  scale?: RatioScale;
}

/** Limits of agreement of the ratio first / second; all of it are ratios, but for `scaled`. */
export interface LimitsOfRatios {
  n: number;
  scale: RatioScale;
  /** Means of the pairs: geometric ones for "log". */
  means: number[];
  ratios: number[];
  /** Geometric mean of the ratios for "log", else their mean. */
  bias: Interval & {value: number};
  limits: {lower: number; upper: number};
  approximate: {lower: Interval; upper: Interval};
  mover: {lower: Interval; upper: Interval};
  exact: {lower: Interval; upper: Interval};
  pair: {lower: Interval; upper: Interval};
  /** What was analysed: differences of natural logarithms, or the ratios. */
  scaled: LimitsOfDifferences;
  multiplier: number;
  level: number;
}

/**
 * Limits of agreement of ratios, for differences that grow in proportion to the size measured.
 *
 * "log": limits of the differences of natural logarithms, all ends taken back by exp, so that bias and limits are
 * ratios and every interval keeps its coverage; swapped methods give the reciprocals. "ratio": limits of the ratios
 * themselves, which supposes that the ratios (not their logarithms) are normal, and is not symmetric in the methods.
 * Source: Bland and Altman 1999, section 3, doi:10.1177/096228029900800204.
 *
 * @param first measurements by the first method, all above zero
 * @param second by the second method, in the same order and unit, all above zero
 * @throws InputError on fewer than 2 pairs, unequal lengths, a value that is not above zero (named by its index),
 *   ratios that are all the same, a level or coverage outside (0, 1)
 */
export function limitsOfRatios(first: Numbers, second: Numbers, options: RatioOptions = {}): LimitsOfRatios {
  const scale = options.scale ?? "log";
  checkOneOf(scale, "scale", ["log", "ratio"]);
  checkPairs(first, second, 2);
  checkAllPositive(first, "first");
  checkAllPositive(second, "second");
  const ratios = Array.from(first, (value, i) => value / second[i]);
  // Their logarithms may differ by rounding alone.
  checkVaries(ratios, "ratios");
  const scaled = limitsOfDifferences(
    scale === "log" ? Array.from(first, (value, i) => ln(value) - ln(second[i])) : ratios, options
  );
  const back = scale === "log" ? exp : (x: number) => x;
  const interval = ({lower, upper, level}: Interval): Interval => ({lower: back(lower), upper: back(upper), level});
  const both = ({lower, upper}: {lower: Interval; upper: Interval}) =>
    ({lower: interval(lower), upper: interval(upper)});
  return {
    n: scaled.n,
    scale,
    means: Array.from(first, (value, i) =>
      scale === "log" ? Math.sqrt(value) * Math.sqrt(second[i]) : 0.5 * value + 0.5 * second[i]),
    ratios,
    bias: {value: back(scaled.bias.value), ...interval(scaled.bias)},
    limits: {lower: back(scaled.limits.lower), upper: back(scaled.limits.upper)},
    approximate: both(scaled.approximate),
    mover: both(scaled.mover),
    exact: both(scaled.exact),
    pair: both(scaled.pair),
    scaled,
    multiplier: scaled.multiplier,
    level: scaled.level
  };
}

/** Rejects a vector with a value that is not above zero, which it names by its index. */
export function checkAllPositive(values: Numbers, field: string): void {
  checkVector(values, field, 1);
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] > 0)) {
      throw new InputError({
        code: "not-positive", field: `${field}[${i}]`, value: values[i], expected: "a number > 0 for ratios"
      });
    }
  }
}
