import {checkLevel, checkOneOf} from "../check.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";

/** A confidence interval with its two-sided level, as in 0.95. */
export interface Interval {
  lower: number;
  upper: number;
  level: number;
}

/** A value with its confidence interval. */
export interface Estimate extends Interval {
  value: number;
}

/**
 * How the factor for a coverage of 95 % is taken: "z", the normal quantile 1.959963985 (and that of any other
 * coverage), or "1.96", the rounded number in many papers, which moves the last digits.
 */
export type Multiplier = "z" | "1.96";

/** The two-sided confidence level, .95 when not given. */
export interface LevelOptions {
  /** Level of every confidence interval, in (0, 1); default 0.95. */
  level?: number;
}

/** What share of differences a coefficient or a pair of limits shall cover. */
export interface CoverageOptions extends LevelOptions {
  /** Share of differences covered, in (0, 1); default 0.95. */
  coverage?: number;
  /** Default "z"; "1.96" only goes with a coverage of 0.95. */
  multiplier?: Multiplier;
}

/** The confidence level asked for, checked. */
export function levelOf(options: LevelOptions): number {
  const level = options.level ?? 0.95;
  checkLevel(level, "level");
  return level;
}

/**
 * The normal multiplier for a coverage.
 *
 * @returns z of (1 + coverage) / 2, or 1.96
 * @throws InputError on a coverage outside (0, 1), or "1.96" with a coverage other than 0.95
 */
export function multiplierOf(options: CoverageOptions): number {
  const coverage = options.coverage ?? 0.95;
  const multiplier = options.multiplier ?? "z";
  checkLevel(coverage, "coverage");
  checkOneOf(multiplier, "multiplier", ["z", "1.96"]);
  if (multiplier === "z") return -normalQuantile((1 - coverage) / 2);
  if (coverage !== 0.95) {
    throw new InputError({
      code: "multiplier-without-coverage", field: "coverage", value: coverage, expected: "0.95 when multiplier is 1.96"
    });
  }
  return 1.96;
}
