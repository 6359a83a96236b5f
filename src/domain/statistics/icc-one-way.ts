import {fQuantile} from "../distributions/f.js";
import {findRoot} from "../numerics/root.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {oneWayLayout, type OneWayLayout, type Repeats} from "./one-way-layout.js";
import {sum} from "./summaries.js";

/** ICC(1,1) with its interval and the mean squares behind it. */
export interface IccOneWay extends Estimate {
  /** Ratio of the mean squares, between over within. */
  f: number;
  betweenMeanSquare: number;
  withinMeanSquare: number;
  betweenDf: number;
  withinDf: number;
  /** Repeats per subject: K, or for unequal numbers k0 = (N - sum K_i^2 / N) / (n - 1). */
  repeats: number;
}

/**
 * Intraclass correlation ICC(1,1): one-way random effects, a single measurement; ICC(1) of McGraw and Wong.
 *
 * (MSB - MSW) / (MSB + (k0 - 1) MSW) with k0 = K where subjects have equal numbers of repeats; it may be negative.
 * Interval with alpha/2 in each tail (some programs print one with alpha in each under the same label), exact for
 * normal effects: from the F distribution of MSB/MSW, and with unequal numbers from that of Wald's weighted mean square
 * between subjects over MSW, which is the same when the numbers are equal. That one keeps to correlations that K_i
 * repeats can have, at least -1/(max K_i - 1), so an estimate below this bound lies outside its interval.
 * Source: Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420, case 1; McGraw and Wong 1996,
 * doi:10.1037/1082-989X.1.1.30; k0: Searle, Casella and McCulloch 1992, Variance Components, section 3.6; unequal
 * numbers: Wald 1940, Annals of Mathematical Statistics 11, 96.
 *
 * @param values subjects x repeats
 * @throws InputError as one-way-layout, a level outside (0, 1)
 */
export function iccOneWay(values: Repeats, options: LevelOptions = {}): IccOneWay {
  const level = levelOf(options);
  const layout = oneWayLayout(values);
  const {betweenMeanSquare, withinMeanSquare, betweenDf, withinDf, subjectDf, total} = layout;
  const counts = subjectDf.map((df) => df + 1);
  const repeats = layout.repeats ?? (total - sum(counts.map((count) => count * count)) / total) / betweenDf;
  const f = betweenMeanSquare / withinMeanSquare;
  const tail = (1 - level) / 2;
  const upperQuantile = fQuantile(1 - tail, betweenDf, withinDf);
  const lowerQuantile = 1 / fQuantile(1 - tail, withinDf, betweenDf);
  const correlation = (ratio: number) => (ratio - 1) / (ratio + repeats - 1);
  const end = layout.repeats === null
    ? (quantile: number) => waldEnd(layout, counts, quantile)
    : (quantile: number) => correlation(f / quantile);
  return {
    value: correlation(f), lower: end(upperQuantile), upper: end(lowerQuantile), level, f, betweenMeanSquare,
    withinMeanSquare, betweenDf, withinDf, repeats
  };
}

/**
 * The ICC at which Wald's weighted ratio of mean squares equals an F quantile.
 *
 * With theta = between over within variance and weights K_i / (1 + theta K_i) the ratio falls as theta grows. When even
 * the least theta possible, -1 / max K_i, leaves it below the quantile, that bound is the end.
 */
function waldEnd(layout: OneWayLayout, counts: readonly number[], quantile: number): number {
  const most = Math.max(...counts);
  const {subjectMeans, withinMeanSquare, betweenDf} = layout;
  // theta = ICC / (1 - ICC) turns K / (1 + theta K) into K (1 - ICC) / (1 + (K - 1) ICC).
  const excess = (icc: number): number => {
    const weights = counts.map((count) => count / (1 + (count - 1) * icc));
    const all = sum(weights);
    const mean = sum(subjectMeans.map((m, i) => weights[i] / all * m));
    const squares = (1 - icc) * sum(subjectMeans.map((m, i) => weights[i] * (m - mean) * (m - mean)));
    return quantile - squares / betweenDf / withinMeanSquare;
  };
  const bound = -1 / (most - 1);
  const least = bound * (1 - 1e-9);
  if (excess(least) >= 0) return bound;
  return findRoot(excess, least, 1);
}
