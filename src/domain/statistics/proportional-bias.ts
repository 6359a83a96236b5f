import {checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import type {LevelOptions} from "./estimate.js";
import {linearModel, type Coefficient} from "./linear-model.js";

/** Regression of the difference on the mean. */
export interface ProportionalBias {
  n: number;
  intercept: Coefficient;
  /** Change of the difference per unit of the mean, with its t test. */
  slope: Coefficient;
  residualSd: number;
  /** Residual degrees of freedom, n - 2. */
  df: number;
  /** When the slope may mislead, said with the result. */
  warnings: string[];
}

/**
 * Proportional bias: least-squares regression of the difference (first - second) on the pair's mean, with a t test.
 *
 * Where it misleads: the slope estimates (v1 - v2) / (2 var(mean)), v the methods' total variances. So unequal random
 * errors give a slope without any proportional bias, a slope can vanish when the two cancel, and a narrow range of true
 * values makes it all error. Replicates or a structural regression tell these apart; this test does not.
 * Source: Bland and Altman 1999, doi:10.1177/096228029900800204; the caution: Bland and Altman 1995,
 * doi:10.1016/S0140-6736(95)91748-9.
 *
 * @param first measurements by the first method, at least 3
 * @param second by the second method, in the same order and unit
 * @throws InputError on fewer than 3 pairs, unequal lengths, a value that is not finite, constant means or differences,
 *   a level outside (0, 1)
 */
export function proportionalBias(first: Numbers, second: Numbers, options: LevelOptions = {}): ProportionalBias {
  checkVector(first, "first", 3);
  checkVector(second, "second", 3);
  checkSameLength(first, second, "first", "second");
  const differences = Array.from(first, (value, i) => value - second[i]);
  const means = Array.from(first, (value, i) => 0.5 * value + 0.5 * second[i]);
  checkVaries(means, "means");
  checkVaries(differences, "differences");
  const model = linearModel([{name: "mean", values: means}], differences, options);
  const [intercept, slope] = model.coefficients;
  return {
    n: model.n,
    intercept,
    slope,
    residualSd: model.residualSd,
    df: model.df,
    warnings: ["unequal random errors of the two methods give a slope without proportional bias"]
  };
}
