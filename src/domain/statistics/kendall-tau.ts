import {checkVaries, type Numbers} from "../check.js";
import {normalSurvival} from "../distributions/normal.js";
import {checkPairs} from "./bias-and-limits.js";

/** Kendall's rank correlation. */
export interface KendallTau {
  n: number;
  /** tau-b, which allows for ties. */
  tau: number;
  /** P value against a correlation that is not positive: normal approximation with continuity and tie correction. */
  p: number;
}

/**
 * Kendall's tau-b with a one-sided test for a positive association.
 *
 * Source: Kendall 1970, Rank Correlation Methods, 4th edition, chapters 3 and 4.
 *
 * @param x at least 4 values
 * @param y as many
 * @throws InputError on fewer than 4 pairs, unequal lengths, a value that is not finite, a constant column
 */
export function kendallTau(x: Numbers, y: Numbers): KendallTau {
  checkPairs(x, y, 4, ["x", "y"]);
  checkVaries(x, "x");
  checkVaries(y, "y");
  const n = x.length;
  let score = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) score += Math.sign(x[j] - x[i]) * Math.sign(y[j] - y[i]);
  }
  const [a, b] = [ties(x), ties(y)];
  const all = n * (n - 1);
  const variance = (all * (2 * n + 5) - a.fifths - b.fifths) / 18
    + a.pairs * b.pairs / (2 * all) + a.triples * b.triples / (9 * all * (n - 2));
  const distance = Math.sign(score) * Math.max(0, Math.abs(score) - 1);
  return {
    n,
    tau: 2 * score / Math.sqrt((all - a.pairs) * (all - b.pairs)),
    p: normalSurvival(distance / Math.sqrt(variance))
  };
}

/** Sums over groups of t equal values: t(t - 1), t(t - 1)(t - 2) and t(t - 1)(2 t + 5). */
function ties(values: Numbers): {pairs: number; triples: number; fifths: number} {
  const counts = new Map<number, number>();
  for (let i = 0; i < values.length; i++) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1);
  const sums = {pairs: 0, triples: 0, fifths: 0};
  for (const t of counts.values()) {
    sums.pairs += t * (t - 1);
    sums.triples += t * (t - 1) * (t - 2);
    sums.fifths += t * (t - 1) * (2 * t + 5);
  }
  return sums;
}
