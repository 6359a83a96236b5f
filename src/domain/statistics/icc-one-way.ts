import {InputError} from "../errors.js";
import {fQuantile} from "../distributions/f.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {oneWayLayout, type Repeats} from "./one-way-layout.js";

/** ICC(1,1) with its interval and the mean squares behind it. */
export interface IccOneWay extends Estimate {
  /** Ratio of the mean squares, between over within. */
  f: number;
  betweenMeanSquare: number;
  withinMeanSquare: number;
  betweenDf: number;
  withinDf: number;
}

/**
 * Intraclass correlation ICC(1,1): one-way random effects, a single measurement.
 *
 * (MSB - MSW) / (MSB + (K - 1) MSW); it may be negative. Interval by the F distribution with alpha/2 in each tail (some
 * programs print one with alpha in each under the same label).
 * Source: Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420, case 1.
 *
 * @param values subjects x repeats, the same number of repeats each
 * @throws InputError as one-way-layout, unequal numbers of repeats, a level outside (0, 1)
 */
export function iccOneWay(values: Repeats, options: LevelOptions = {}): IccOneWay {
  const level = levelOf(options);
  const {repeats, betweenMeanSquare, withinMeanSquare, betweenDf, withinDf} = oneWayLayout(values);
  if (repeats === null) {
    throw new InputError({
      code: "unequal-repeats", field: "repeats in values", value: values.map((row) => row.length),
      expected: "the same number of repeats of each subject"
    });
  }
  const f = betweenMeanSquare / withinMeanSquare;
  const tail = (1 - level) / 2;
  const correlation = (ratio: number) => (ratio - 1) / (ratio + repeats - 1);
  return {
    value: correlation(f),
    lower: correlation(f / fQuantile(1 - tail, betweenDf, withinDf)),
    upper: correlation(f * fQuantile(1 - tail, withinDf, betweenDf)),
    level,
    f,
    betweenMeanSquare,
    withinMeanSquare,
    betweenDf,
    withinDf
  };
}
