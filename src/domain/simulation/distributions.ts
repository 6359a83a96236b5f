import {exp, ln} from "../../generated/vendor/special.js";
import {normalCdf, normalDensity, normalQuantile} from "../distributions/normal.js";
import {studentTCdf, studentTQuantile} from "../distributions/student-t.js";
import {integrate} from "../numerics/quadrature.js";
import {findRoot} from "../numerics/root.js";
import type {Random} from "../numerics/random.js";

/** The distributions of simulated errors. */
export type DistributionId = "normal" | "log-normal" | "heavy-tailed";

/** One distribution, brought to mean 0 and SD 1. */
export interface StandardDistribution {
  id: DistributionId;
  name: string;
  description: string;
  draw(random: Random): number;
  cdf(x: number): number;
  quantile(p: number): number;
  /** Mean of |X|; sqrt(2/pi) for the normal one. */
  meanAbsolute: number;
}

/** SD of the logarithm of the log-normal distribution: a skewness of 1.75. */
const LOG_SD = 0.5;
const LOG_MEAN = exp(0.5 * LOG_SD * LOG_SD);
const LOG_SPREAD = LOG_MEAN * Math.sqrt(exp(LOG_SD * LOG_SD) - 1);
const ROOT_3 = Math.sqrt(3);

/** Every distribution, the normal one first. */
export const distributions: readonly StandardDistribution[] = [
  {
    id: "normal", name: "normal", description: "normal",
    draw: (random) => random.normal(), cdf: normalCdf, quantile: normalQuantile, meanAbsolute: Math.sqrt(2 / Math.PI)
  },
  {
    id: "log-normal", name: "log-normal",
    description: "log-normal with an SD of the logarithm of .5: skewness 1.75, excess kurtosis 5.9",
    draw: (random) => (exp(LOG_SD * random.normal()) - LOG_MEAN) / LOG_SPREAD,
    cdf: (x) => {
      const value = LOG_MEAN + LOG_SPREAD * x;
      return value <= 0 ? 0 : normalCdf(ln(value) / LOG_SD);
    },
    quantile: (p) => (exp(LOG_SD * normalQuantile(p)) - LOG_MEAN) / LOG_SPREAD,
    // 2 m (2 Phi(s / 2) - 1), m the mean and s the SD of the logarithm.
    meanAbsolute: 2 * LOG_MEAN * (2 * normalCdf(LOG_SD / 2) - 1) / LOG_SPREAD
  },
  {
    id: "heavy-tailed", name: "heavy-tailed",
    description: "Student's t on 3 degrees of freedom: symmetric, its kurtosis is infinite",
    draw: (random) => {
      const z = random.normal();
      const [a, b, c] = [random.normal(), random.normal(), random.normal()];
      // t = z / sqrt(chi2 / 3), whose SD is sqrt(3).
      return z / Math.sqrt(a * a + b * b + c * c);
    },
    cdf: (x) => studentTCdf(ROOT_3 * x, 3),
    quantile: (p) => studentTQuantile(p, 3) / ROOT_3,
    meanAbsolute: 2 / Math.PI
  }
];

/** A distribution by its id. */
export function distributionOf(id: DistributionId): StandardDistribution {
  return distributions.find((one) => one.id === id)!;
}

/**
 * The shift by which one draw exceeds another of the same distribution with a given probability.
 *
 * P(X + shift > Y) = mean over the uniform p of 1 - F(Q(p) - shift).
 */
export function shiftOfArea(distribution: StandardDistribution, area: number): number {
  return findRoot((shift) => meanOver(distribution, (x) => 1 - distribution.cdf(x - shift)) - area, 0, 10, 1e-10);
}

/** Mean of a bounded function of X, by quadrature over its quantiles. */
function meanOver({quantile}: StandardDistribution, f: (x: number) => number): number {
  const ends = 1e-12;
  return integrate((p) => f(quantile(p)), [ends, 1e-6, 1e-3, 0.05, 0.5, 0.95, 1 - 1e-3, 1 - 1e-6, 1 - ends], 1e-9);
}

/** Mean and SD of ln(1 + spread Z) of a standard normal Z, Z held above -1 / spread (spread <= 0.125: below 1e-15). */
export function logMoments(spread: number): {mean: number; sd: number} {
  const points = [-8, -4, -2, 0, 2, 4, 8];
  const of = (f: (y: number) => number) => integrate((z) => normalDensity(z) * f(ln(1 + spread * z)), points, 1e-12);
  const mean = of((y) => y);
  return {mean, sd: Math.sqrt(of((y) => (y - mean) * (y - mean)))};
}

