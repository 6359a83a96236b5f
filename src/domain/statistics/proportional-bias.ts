import {checkVaries, type Numbers} from "../check.js";
import {abscissaOf, checkPairs, type Abscissa} from "./bias-and-limits.js";
import type {LevelOptions} from "./estimate.js";
import {linearModel, type Coefficient} from "./linear-model.js";

/** Regression of the difference on the mean, or on the reference. */
export interface ProportionalBias {
  n: number;
  intercept: Coefficient;
  /** Change of the difference per unit of the abscissa, with its t test. */
  slope: Coefficient;
  residualSd: number;
  /** Residual degrees of freedom, n - 2. */
  df: number;
  /** When the slope may mislead, said with the result. */
  warnings: string[];
}

/** Settings of the test for proportional bias. */
export interface ProportionalBiasOptions extends LevelOptions {
  /** Default "mean". */
  abscissa?: Abscissa;
}

/**
 * Proportional bias: least-squares regression of the difference (first - second) on the pair's mean, with a t test;
 * on the second method where that is a reference without error.
 *
 * Where it misleads: the slope estimates (v1 - v2) / (2 var(mean)), v the methods' total variances. So unequal random
 * errors give a slope without any proportional bias, a slope can vanish when the two cancel, and a narrow range of true
 * values makes it all error. How often it rejects falsely with error SDs of .2 and .4, and .1 and .5 (true SD 1), is
 * "proportional-bias-2-4" and "proportional-bias-1-5" in coverage-figures.ts. Replicates tell these apart (errors-in-variables.ts); this test does not. On a reference that has
 * errors of its own the slope is biased downwards by them.
 * Source: Bland and Altman 1999, doi:10.1177/096228029900800204; the caution: Bland and Altman 1995,
 * doi:10.1016/S0140-6736(95)91748-9.
 *
 * @param first measurements by the first method, at least 3
 * @param second by the second method, in the same order and unit
 * @throws InputError on fewer than 3 pairs, unequal lengths, a value that is not finite, constant means or differences,
 *   a level outside (0, 1)
 */
export function proportionalBias(
  first: Numbers, second: Numbers, options: ProportionalBiasOptions = {}
): ProportionalBias {
  checkPairs(first, second, 3);
  const abscissa = options.abscissa ?? "mean";
  const differences = Array.from(first, (value, i) => value - second[i]);
  const values = abscissaOf(first, second, abscissa);
  checkVaries(values, abscissa === "mean" ? "means" : "second");
  checkVaries(differences, "differences");
  const model = linearModel([{name: abscissa, values}], differences, options);
  const [intercept, slope] = model.coefficients;
  return {
    n: model.n,
    intercept,
    slope,
    residualSd: model.residualSd,
    df: model.df,
    warnings: [abscissa === "mean"
      ? "unequal random errors of the two methods give a slope without proportional bias"
      : "random errors of the reference give a slope without proportional bias"]
  };
}
