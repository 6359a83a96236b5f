import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {oneWayLayout, type Repeats} from "./one-way-layout.js";

/** wSD with its interval and degrees of freedom. */
export interface WithinSubjectSd extends Estimate {
  /** Degrees of freedom, the sum of K_i - 1. */
  df: number;
}

/**
 * Within-subject standard deviation, wSD: the root of the mean square within subjects (one-way analysis of variance).
 *
 * Unequal numbers of repeats weigh by their degrees of freedom. Interval: chi-square on n(K - 1) degrees of freedom
 * (the sum of K_i - 1 when unequal), exact when the errors are normal with one variance.
 * Source: Bland and Altman 1996, doi:10.1136/bmj.312.7047.1654; interval: Raunig et al. 2015,
 * doi:10.1177/0962280214537344.
 *
 * @param values subjects x repeats, in the measurement's unit
 * @returns in the measurement's unit
 * @throws InputError as {@link oneWayLayout}, or a level outside (0, 1)
 */
export function withinSubjectSd(values: Repeats, options: LevelOptions = {}): WithinSubjectSd {
  const level = levelOf(options);
  const {withinMeanSquare, withinDf} = oneWayLayout(values);
  return {...chiSquareInterval(Math.sqrt(withinMeanSquare), withinDf, level), df: withinDf};
}
