import {checkPositive, checkSameLength, checkVector, type Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {levelOf, type LevelOptions} from "./estimate.js";
import {linearity, type Linearity} from "./linearity.js";

/** One level, tried together with the higher ones that hold. */
export interface LevelVerdict {
  reference: number;
  /** Quadratic minus straight line at the level, in percent of the reference; null where no quadratic can be fitted. */
  deviation: number | null;
  /** Test of the quadratic term, two-sided; null where no quadratic can be fitted. */
  p: number | null;
  /** The term is significant and the deviation beyond the tolerance. */
  fails: boolean;
  /** Line and quadratic through this level and the higher ones that hold. */
  fit: Linearity;
}

/** Settings of a linear range. */
export interface LinearRangeOptions extends LevelOptions {
  /** Largest deviation from the line that is accepted, in percent of the reference. */
  tolerance: number;
}

/**
 * The levels that follow one straight line, by the polynomial method from the highest level downwards.
 *
 * The three highest levels are taken as given. Each lower one is added to those that hold, and fails when the
 * quadratic term is significant at 1 - level and the quadratic lies off the line there by more than the tolerance:
 * significant and large enough to matter. The tests are not independent and their errors add up; a level with much scatter is
 * significant only when it is far off.
 * Source: Emancipator and Kroll 1993, doi:10.1093/clinchem/39.5.766; the stepwise narrowing is that of CLSI EP06-A.
 *
 * @param reference known values, all above 0, with at least 3 different ones
 * @param measured as many, in the same order and unit
 * @returns from the fourth highest level downwards
 * @throws InputError as linearity, on a reference that is not above 0, or a tolerance that is not
 */
export function linearRange(reference: Numbers, measured: Numbers, options: LinearRangeOptions): LevelVerdict[] {
  const level = levelOf(options);
  checkPositive(options.tolerance, "tolerance");
  checkVector(reference, "reference", 3);
  checkSameLength(reference, measured, "reference", "measured");
  const levels = [...new Set(Array.from(reference))].sort((a, b) => b - a);
  if (!(levels[levels.length - 1] > 0)) {
    throw new InputError({
      code: "not-positive", field: "reference", value: levels[levels.length - 1], expected: "values > 0"
    });
  }
  const holding = new Set(levels.slice(0, 3));
  return levels.slice(3).map((at) => {
    const kept = Array.from(reference, (_, i) => i).filter((i) => holding.has(reference[i]) || reference[i] === at);
    const fit = linearity(kept.map((i) => reference[i]), kept.map((i) => measured[i]), {level});
    const off = fit.levels.find((each) => each.reference === at)!.deviation;
    const deviation = off === null ? null : 100 * off / at;
    const p = fit.quadratic === null ? null : fit.quadratic.p;
    const fails = p !== null && deviation !== null && p < 1 - level && Math.abs(deviation) > options.tolerance;
    if (!fails) holding.add(at);
    return {reference: at, deviation, p, fails, fit};
  });
}
