import {exp, ln} from "../../generated/vendor/special.js";
import {checkOneOf, checkVaries, type Numbers} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {checkPairs} from "./bias-and-limits.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {mean, sum, sumOfSquares} from "./summaries.js";

/** Divisor of variances and covariance: n as Lin 1989 has it, or n - 1, the unbiased one of many programs. */
export type CccMoments = "1989" | "unbiased";

/** Settings of the concordance correlation. */
export interface CccOptions extends LevelOptions {
  /** Default "1989". */
  moments?: CccMoments;
}

/** Concordance correlation with its interval and its two parts. */
export interface LinCcc extends Estimate {
  /** Pearson's correlation: precision. */
  pearson: number;
  /** Bias correction factor Cb = CCC / r: accuracy. */
  biasCorrection: number;
  /** Ratio of the SDs, first over second. */
  scaleShift: number;
  /** Difference of the means over the geometric mean of the SDs. */
  locationShift: number;
  moments: CccMoments;
}

/**
 * Lin's concordance correlation coefficient, moments on 1/n as in the paper of 1989 or on 1/(n - 1).
 *
 * 2 s12 / (s1^2 + s2^2 + (m1 - m2)^2). Interval by Fisher's z with the asymptotic variance of 1989 as corrected in
 * 2000, divisor n - 2: approximate; its coverage at small n is "ccc-1989" in coverage-figures.ts.
 * Source: Lin 1989, doi:10.2307/2532051; correction: Lin 2000, doi:10.1111/j.0006-341X.2000.00324.x.
 *
 * @param first measurements by the first method, at least 3
 * @param second by the second method, in the same order and unit
 * @throws InputError on fewer than 3 pairs, unequal lengths, a value that is not finite, a constant column, columns
 *   that correlate perfectly or not at all (no interval exists), a level outside (0, 1)
 */
export function linCcc(first: Numbers, second: Numbers, options: CccOptions = {}): LinCcc {
  const level = levelOf(options);
  const moments = options.moments ?? "1989";
  checkOneOf(moments, "moments", ["1989", "unbiased"]);
  checkPairs(first, second, 3);
  checkVaries(first, "first");
  checkVaries(second, "second");
  const n = first.length;
  const m1 = mean(first);
  const m2 = mean(second);
  const divisor = moments === "1989" ? n : n - 1;
  const v1 = sumOfSquares(first) / divisor;
  const v2 = sumOfSquares(second) / divisor;
  const covariance = sum(Array.from(first, (value, i) => (value - m1) * (second[i] - m2))) / divisor;
  const shift = m1 - m2;
  const value = 2 * covariance / (v1 + v2 + shift * shift);
  const scale = Math.sqrt(v1 * v2);
  const pearson = covariance / scale;
  const r2 = pearson * pearson;
  if (r2 === 0 || !(r2 < 1 - 1e-14)) {
    throw new InputError({
      code: "no-interval", field: "correlation of first and second", value: pearson,
      expected: "a correlation inside (-1, 1) and not 0, without which the interval is not defined"
    });
  }
  const u2 = shift * shift / scale;
  const c2 = value * value;
  const rest = 1 - c2;
  const variance = ((1 - r2) * c2 / (rest * r2)
    + 2 * c2 * value * (1 - value) * u2 / (pearson * rest * rest)
    - c2 * c2 * u2 * u2 / (2 * r2 * rest * rest)) / (n - 2);
  const z = 0.5 * ln((1 + value) / (1 - value));
  const half = normalQuantile((1 + level) / 2) * Math.sqrt(variance);
  return {
    value,
    lower: tanh(z - half),
    upper: tanh(z + half),
    level,
    pearson,
    biasCorrection: value / pearson,
    scaleShift: Math.sqrt(v1 / v2),
    locationShift: shift / Math.sqrt(scale),
    moments
  };
}

function tanh(z: number): number {
  const e = exp(-2 * Math.abs(z));
  return (z < 0 ? -1 : 1) * (1 - e) / (1 + e);
}
