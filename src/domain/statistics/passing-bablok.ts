import {checkOneOf, checkVaries, type Numbers} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {checkPairs} from "./bias-and-limits.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {median} from "./summaries.js";

/** The algorithm as published in 1983, or the variant of R's mcr. */
export type PassingBablokVariant = "1983" | "mcr";

/** Settings of Passing-Bablok regression. */
export interface PassingBablokOptions extends LevelOptions {
  /** Default "1983". */
  variant?: PassingBablokVariant;
}

/** A Passing-Bablok regression with its intervals. */
export interface PassingBablok {
  n: number;
  variant: PassingBablokVariant;
  /** Median of y - slope x; its interval takes the slope's ends. */
  intercept: Estimate;
  slope: Estimate;
  /** Number of slopes between pairs of points that were used. */
  slopes: number;
  /** How many of them are below -1 (and half of those equal to -1 in the variant "mcr"): the shift of the median. */
  shift: number;
  level: number;
}

/**
 * Passing-Bablok regression: a shifted median of all slopes between two points, for two methods with errors of any
 * distribution whose SDs keep the ratio of the slope.
 *
 * "1983": slopes of -1 are left out, K counts those below -1, the slope is the median shifted by K places, two middle
 * slopes are averaged; the interval's places (N -+ C)/2 are rounded. "mcr": slopes of -1 stay and count half to the
 * shift, the two middle slopes are averaged as angles, and the interval's places are taken as quantiles in the same
 * way. In both C = z sqrt(n (n - 1) (2 n + 5) / 18), pairs of equal points are left out, and a vertical pair counts as
 * +Infinity. Differences below 1e-12 of the values' size are rounding and count as 0 (as in mcr). A slope of -1 up to
 * 1e-12 counts as -1 in "1983"; "mcr" compares the rounded numbers, so that with decimal data some of them count as
 * smaller or larger.
 * Needs methods that are linearly related with a positive slope: see cusum-linearity.ts.
 * Source: Passing and Bablok 1983, doi:10.1515/cclm.1983.21.11.709; the variant: R package mcr 1.2, function mc.paba.
 *
 * @param x measurements by the first method, at least 4
 * @param y by the second method, in the same order
 * @throws InputError on fewer than 4 pairs, unequal lengths, a value that is not finite, a constant column, methods
 *   that fall with each other (so that the median's place, or an end of the interval, does not exist), a level outside
 *   (0, 1)
 */
export function passingBablok(x: Numbers, y: Numbers, options: PassingBablokOptions = {}): PassingBablok {
  const level = levelOf(options);
  const variant = options.variant ?? "1983";
  checkOneOf(variant, "variant", ["1983", "mcr"]);
  checkPairs(x, y, 4, ["x", "y"]);
  checkVaries(x, "x");
  checkVaries(y, "y");
  const n = x.length;
  const {slopes, below, minusOnes} = pairwiseSlopes(x, y, variant === "mcr");
  const count = slopes.length;
  // Twice the shift, so that half places stay whole numbers.
  const shift2 = variant === "mcr" ? 2 * below + minusOnes : 2 * below;
  const c = normalQuantile((1 + level) / 2) * Math.sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const average = variant === "mcr" ? meanAngle : (a: number, b: number) => 0.5 * (a + b);
  /** Value at half of a doubled place counted from 1: odd ones are a slope's own, even ones lie between two. */
  const at = (doubled: number): number => {
    const place = Math.floor((doubled + 1) / 2);
    if (place < 1 || place + (doubled % 2 === 0 ? 1 : 0) > count) return NaN;
    return doubled % 2 === 0 ? average(slopes[place - 1], slopes[place]) : slopes[place - 1];
  };
  let lower: number;
  let upper: number;
  if (variant === "mcr") {
    lower = at(roundHalfEven(count - c + shift2));
    upper = at(roundHalfEven(count + c + shift2));
  } else {
    const first = Math.floor((count - c) / 2 + 0.5);
    lower = slopes[first + below - 1] ?? NaN;
    upper = slopes[count - first + below] ?? NaN;
  }
  const slope = at(count + shift2);
  if (!Number.isFinite(slope)) {
    throw new InputError({
      code: "no-slope", field: "association of x and y", value: slope,
      expected: "methods that rise together (turn the sign of one that falls)"
    });
  }
  const intercept = interceptOf(x, y, slope);
  // An end beyond the first or last slope is not bounded by the data.
  lower = Number.isNaN(lower) ? -Infinity : lower;
  upper = Number.isNaN(upper) ? Infinity : upper;
  return {
    n,
    variant,
    slope: {value: slope, lower, upper, level},
    intercept: {
      value: intercept,
      lower: Number.isFinite(upper) ? interceptOf(x, y, upper) : -Infinity,
      upper: Number.isFinite(lower) ? interceptOf(x, y, lower) : Infinity,
      level
    },
    slopes: count,
    shift: shift2 / 2,
    level
  };
}

/** The next number above -1: its angle rounds to that of -1, which is what mcr compares. */
const ABOVE_MINUS_ONE = -1 + Number.EPSILON / 2;

/** Slopes between all pairs of points, ascending; those of -1 left out in the algorithm of 1983. */
function pairwiseSlopes(x: Numbers, y: Numbers, asInMcr: boolean) {
  const n = x.length;
  const found = new Float64Array(n * (n - 1) / 2);
  let count = 0;
  let below = 0;
  let minusOnes = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const dx = difference(x[j], x[i]);
      const dy = difference(y[j], y[i]);
      if (dx === 0 && dy === 0) continue;
      const slope = dx === 0 ? Infinity : dy / dx;
      if (asInMcr ? slope === -1 || slope === ABOVE_MINUS_ONE : Math.abs(slope + 1) < 1e-12) {
        minusOnes++;
        if (!asInMcr) continue;
      } else if (slope < -1) {
        below++;
      }
      found[count++] = slope;
    }
  }
  return {slopes: found.subarray(0, count).sort(), below, minusOnes};
}

/** a - b, 0 where they differ by rounding only. */
function difference(a: number, b: number): number {
  const d = a - b;
  return Math.abs(d) < 1e-12 * (Math.abs(a) + Math.abs(b)) / 2 ? 0 : d;
}

/** Slope whose angle is midway between those of two slopes: from the sum of their unit vectors. */
function meanAngle(a: number, b: number): number {
  const [ua, ub] = [unit(a), unit(b)];
  return (ua.y + ub.y) / (ua.x + ub.x);
}

function unit(slope: number): {x: number; y: number} {
  if (slope === Infinity) return {x: 0, y: 1};
  const length = Math.sqrt(1 + slope * slope);
  return {x: 1 / length, y: slope / length};
}

function interceptOf(x: Numbers, y: Numbers, slope: number): number {
  return median(Array.from(x, (value, i) => difference(y[i], slope * value)));
}

/** To the nearest whole number, halves to the even one, as R rounds. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
