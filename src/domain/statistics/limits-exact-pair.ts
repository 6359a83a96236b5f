import {checkCount, checkLevel} from "../check.js";
import {chiSquareCdf, chiSquareQuantile, chiSquareSurvival} from "../distributions/chi-square.js";
import {normalCdf, normalDensity, normalQuantile} from "../distributions/normal.js";
import {integrate} from "../numerics/quadrature.js";
import {remembered} from "../numerics/remembered.js";
import {bracketIncreasing, findRoot} from "../numerics/root.js";
import type {ExactLimitFactors} from "./limits-exact.js";

/**
 * Exact two-sided factors for both limits of agreement as a pair: bias +- k sd.
 *
 * The outer k holds at least `content` of the differences with probability (1 + level)/2, the inner k with probability
 * (1 - level)/2: they are two-sided tolerance factors. P(k) = 2 integral over x > 0 of the normal density times
 * P(chi2(n - 1) > (n - 1) r(x)^2 / k^2), where bias off by x/sqrt(n) SDs needs r SDs each side to hold the content.
 * Source: Carkeet 2015, doi:10.1097/OPX.0000000000000513; the integral: Odeh 1978, Communications in Statistics B 7,
 * 183.
 *
 * @param n number of differences, >= 2
 * @param content share of differences that the pair holds, as 0.95 (or 2 Phi(1.96) - 1)
 * @param level two-sided confidence level
 * @throws InputError on n < 2, or content or level outside (0, 1)
 */
export function exactPairFactors(n: number, content: number, level: number): Readonly<ExactLimitFactors> {
  checkCount(n, "n", 2);
  checkLevel(content, "content");
  checkLevel(level, "level");
  return factorsOf(n, content, level);
}

const factorsOf = remembered((n: number, content: number, level: number): Readonly<ExactLimitFactors> => {
  const tail = (1 - level) / 2;
  return {inner: toleranceFactor(n, content, tail, true), outer: toleranceFactor(n, content, tail, false)};
});

/** The k whose chance to hold the content is `tail` (lower) or 1 - tail. */
function toleranceFactor(n: number, content: number, tail: number, lower: boolean): number {
  const df = n - 1;
  const chance = (k: number, cumulative: boolean) => 2 * integrate((x) => {
    const radius = contentRadius(x / Math.sqrt(n), content);
    const bound = df * radius * radius / (k * k);
    return normalDensity(x) * (cumulative ? chiSquareCdf(bound, df) : chiSquareSurvival(bound, df));
  }, [0, 1, 2, 4, 9], 1e-10);
  // Each factor is sought on the tail it lies in, where the small probability keeps its digits.
  const excess = lower ? (k: number) => chance(k, false) - tail : (k: number) => tail - chance(k, true);
  // Start: Howe 1969, doi:10.1080/01621459.1969.10500999.
  const quantile = chiSquareQuantile(lower ? 1 - tail : tail, df);
  const guess = -normalQuantile((1 - content) / 2) * Math.sqrt((1 + 1 / n) * df / quantile);
  const [from, to] = bracketIncreasing(excess, guess, 0.02 * guess, 1e-6 * guess);
  return findRoot(excess, from, to, 1e-12);
}

/** Half-width r of the interval about z that holds the content of a standard normal variable. */
function contentRadius(z: number, content: number): number {
  // Newton from the larger of two lower bounds of the root.
  let r = -normalQuantile((1 - content) / 2);
  r = Math.max(r, z + normalQuantile(content));
  for (let i = 0; i < 60; i++) {
    const missing = content - (normalCdf(z + r) - normalCdf(z - r));
    const step = missing / (normalDensity(z + r) + normalDensity(z - r));
    r += step;
    if (Math.abs(step) < 1e-14 * r) break;
  }
  return r;
}
