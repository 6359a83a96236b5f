import {exp} from "../../generated/vendor/special.js";
import {checkFinite, type Numbers} from "../check.js";
import {checkPairs} from "./bias-and-limits.js";
import type {Line} from "./deming.js";

/** Cusum test for linearity. */
export interface CusumLinearity {
  n: number;
  /** Points above, and below, the line. */
  above: number;
  below: number;
  /** Largest distance of the cumulative sum from 0, over sqrt(below + 1). */
  statistic: number;
  /** P value of Kolmogorov's limiting distribution: approximate. */
  p: number;
}

/**
 * Cusum test for linearity of Passing and Bablok: are the points above and below a line mixed along it?
 *
 * Points above score sqrt(l/L), those below -sqrt(L/l), those on it 0 (l below, L above); scores are summed in the
 * order of the points' projections on the line. Many points on one side in a row, as a curve gives, make the sum large.
 * Its limiting distribution is far off in small samples: how often it rejects straight lines at a level of 5 % is
 * "cusum-test" in coverage-figures.ts.
 * Source: Passing and Bablok 1983, doi:10.1515/cclm.1983.21.11.709.
 *
 * @param line the fitted line, slope not 0
 * @throws InputError on fewer than 2 pairs, unequal lengths, a value that is not finite
 */
export function cusumLinearity(x: Numbers, y: Numbers, {intercept, slope}: Line): CusumLinearity {
  checkPairs(x, y, 2, ["x", "y"]);
  checkFinite(intercept, "intercept");
  checkFinite(slope, "slope");
  const points = Array.from(x, (value, i) => ({
    residual: y[i] - intercept - slope * value,
    // Place along the line, up to a constant factor.
    place: value + slope * (y[i] - intercept),
    index: i
  }));
  const above = points.filter(({residual}) => residual > 0).length;
  const below = points.filter(({residual}) => residual < 0).length;
  if (above === 0 || below === 0) return {n: points.length, above, below, statistic: 0, p: 1};
  const up = Math.sqrt(below / above);
  const down = Math.sqrt(above / below);
  points.sort((a, b) => a.place - b.place || a.residual - b.residual || a.index - b.index);
  let total = 0;
  let largest = 0;
  for (const {residual} of points) {
    total += residual > 0 ? up : residual < 0 ? -down : 0;
    largest = Math.max(largest, Math.abs(total));
  }
  const statistic = largest / Math.sqrt(below + 1);
  return {n: points.length, above, below, statistic, p: kolmogorovSurvival(statistic)};
}

/**
 * P(K > h) of Kolmogorov's limiting distribution.
 *
 * 2 sum (-1)^(k-1) exp(-2 k^2 h^2), and its theta-function twin for small h. Source: Kolmogorov 1933; Marsaglia, Tsang
 * and Wang 2003, doi:10.18637/jss.v008.i18.
 */
export function kolmogorovSurvival(h: number): number {
  if (h <= 0) return 1;
  if (h < 1) {
    let lower = 0;
    for (let k = 1; k <= 20; k++) {
      const odd = 2 * k - 1;
      lower += exp(-odd * odd * Math.PI * Math.PI / (8 * h * h));
    }
    return Math.max(0, 1 - Math.sqrt(2 * Math.PI) / h * lower);
  }
  let upper = 0;
  for (let k = 1; k <= 20; k++) upper += (k % 2 === 1 ? 2 : -2) * exp(-2 * k * k * h * h);
  return Math.min(1, upper);
}
