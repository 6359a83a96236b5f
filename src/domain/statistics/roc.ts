import {exp, ln} from "../../generated/vendor/special.js";
import {checkFinite, checkOneOf, checkSameLength, checkVector, type Numbers} from "../check.js";
import {normalQuantile, normalSurvival} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {findRoot} from "../numerics/root.js";
import {levelOf, type Estimate, type Interval, type LevelOptions} from "./estimate.js";
import {clopperPearson, wilson} from "./proportion.js";
import {sum, variance} from "./summaries.js";

/** Which values of the marker speak for a positive outcome. */
export type MarkerDirection = "higher" | "lower";

/** Options of everything about a ROC curve. */
export interface RocOptions extends LevelOptions {
  /** "higher" (default): positive when marker >= threshold; "lower": positive when marker <= threshold. */
  direction?: MarkerDirection;
}

/** Counts and rates at one threshold. */
export interface RocPoint {
  /** Infinite where no value is called positive. */
  threshold: number;
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
  sensitivity: number;
  specificity: number;
}

/** The empirical ROC curve. */
export interface RocCurve {
  positives: number;
  negatives: number;
  direction: MarkerDirection;
  /** One point for each distinct value, from none called positive to all. */
  points: RocPoint[];
}

/** Area under the curve with its DeLong standard error and three intervals. */
export interface AreaUnderCurve {
  value: number;
  positives: number;
  negatives: number;
  /** DeLong's. */
  standardError: number;
  /** Newcombe's score interval (method 5). */
  score: Interval;
  /** Of DeLong's standard error on the logit scale; null where the area is 0 or 1, which has no logit. */
  logit: Interval | null;
  /** Area -+ z DeLong's standard error, cut to [0, 1]. */
  delong: Interval;
}

/** Two areas on the same subjects. */
export interface AreaComparison {
  first: AreaUnderCurve;
  second: AreaUnderCurve;
  /** First minus second, with its interval. */
  difference: Estimate;
  /** Of the difference. */
  standardError: number;
  z: number;
  /** Two-sided. */
  p: number;
}

/** A rate as a count of a total, with the exact interval and the score interval. */
export interface Rate {
  value: number;
  count: number;
  total: number;
  clopperPearson: Interval;
  wilson: Interval;
}

/** What a threshold achieves; a predictive value is null where no subject was called so. */
export interface OperatingPoint extends RocPoint {
  sensitivityRate: Rate;
  specificityRate: Rate;
  positivePredictiveValue: Rate | null;
  negativePredictiveValue: Rate | null;
}

/**
 * Empirical ROC curve: a point for every distinct value of the marker; tied values pass the threshold together.
 *
 * Source: Fawcett 2006, doi:10.1016/j.patrec.2005.10.010, algorithm 1.
 *
 * @param marker n values, one a subject
 * @param positive whether each subject has the outcome; at least one has and one has not
 * @throws InputError on unequal lengths, a value that is not finite, or only one outcome
 */
export function rocCurve(marker: Numbers, positive: ArrayLike<boolean>, options: RocOptions = {}): RocCurve {
  const {direction, sign, positives, negatives} = check(marker, positive, options, 1);
  const order = Array.from(marker, (_, i) => i).sort((i, j) => sign * (marker[j] - marker[i]));
  const point = (threshold: number, truePositives: number, falsePositives: number): RocPoint => ({
    threshold, truePositives, falsePositives, trueNegatives: negatives - falsePositives,
    falseNegatives: positives - truePositives, sensitivity: truePositives / positives,
    specificity: (negatives - falsePositives) / negatives
  });
  const points = [point(sign * Infinity, 0, 0)];
  let truePositives = 0;
  let falsePositives = 0;
  order.forEach((i, k) => {
    if (positive[i]) truePositives++;
    else falsePositives++;
    if (k + 1 === order.length || marker[order[k + 1]] !== marker[i]) {
      points.push(point(marker[i], truePositives, falsePositives));
    }
  });
  return {positives, negatives, direction, points};
}

/**
 * Area under the empirical ROC curve: the share of pairs of a positive and a negative subject whose marker has the
 * right order, ties counted half (the Mann-Whitney statistic), with DeLong's variance and three intervals.
 *
 * DeLong's own interval covers too little at high areas and small numbers and is no interval at all at an area of 1;
 * the score interval, which takes the variance of exponential markers at each area it tries, covers better and always
 * exists.
 * Source: area and variance: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595; score interval: Newcombe
 * 2006, doi:10.1002/sim.2324, method 5; logit: Pepe 2003, The Statistical Evaluation of Medical Tests,
 * chapter 5.
 *
 * @param marker n values, one a subject
 * @param positive whether each subject has the outcome; at least two have and two have not
 * @throws InputError on unequal lengths, a value that is not finite, fewer than two of either outcome, a level outside
 *   (0, 1)
 */
export function areaUnderCurve(
  marker: Numbers, positive: ArrayLike<boolean>, options: RocOptions = {}
): AreaUnderCurve {
  const level = levelOf(options);
  const {sign} = check(marker, positive, options, 2);
  const {area, ofPositives, ofNegatives} = placements(marker, positive, sign);
  const [m, n] = [ofPositives.length, ofNegatives.length];
  return describe(area, Math.sqrt(variance(ofPositives) / m + variance(ofNegatives) / n), m, n, level);
}

/**
 * Comparison of two markers' areas on the same subjects, by DeLong's covariance: Z test and interval of the difference.
 *
 * Source: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595.
 *
 * @param first n values of one marker
 * @param second n values of the other, in the same order
 * @param positive whether each subject has the outcome
 * @param options.secondDirection direction of the second marker; default that of the first
 * @throws InputError as {@link areaUnderCurve}, and when the two order all pairs alike, so that nothing is to compare
 */
export function compareAreas(
  first: Numbers, second: Numbers, positive: ArrayLike<boolean>,
  options: RocOptions & {secondDirection?: MarkerDirection} = {}
): AreaComparison {
  const level = levelOf(options);
  const other = {...options, direction: options.secondDirection ?? options.direction};
  const a = placements(first, positive, check(first, positive, options, 2, "first").sign);
  const b = placements(second, positive, check(second, positive, other, 2, "second").sign);
  const square = variance(a.ofPositives.map((v, i) => v - b.ofPositives[i])) / a.ofPositives.length
    + variance(a.ofNegatives.map((v, i) => v - b.ofNegatives[i])) / a.ofNegatives.length;
  if (square === 0) {
    throw new InputError({
      code: "constant", field: "differences of placements", value: a.area - b.area,
      expected: "two markers that do not order all subjects alike"
    });
  }
  const standardError = Math.sqrt(square);
  const difference = a.area - b.area;
  const half = -normalQuantile((1 - level) / 2) * standardError;
  const z = difference / standardError;
  return {
    first: areaUnderCurve(first, positive, options),
    second: areaUnderCurve(second, positive, other),
    difference: {
      value: difference, lower: Math.max(-1, difference - half), upper: Math.min(1, difference + half), level
    },
    standardError,
    z,
    p: 2 * normalSurvival(Math.abs(z))
  };
}

/**
 * Sensitivity, specificity and predictive values of one threshold, each with its exact (Clopper-Pearson) and its score
 * (Wilson) interval.
 *
 * The predictive values are those at the share of positives in these data: a case-control sample says nothing of them.
 * The intervals hold for a threshold chosen before the data were seen.
 * Source: Altman and Bland 1994, doi:10.1136/bmj.308.6943.1552 and doi:10.1136/bmj.309.6947.102.
 *
 * @param marker n values, one a subject
 * @param positive whether each subject has the outcome
 * @param threshold in the marker's unit
 * @throws InputError as {@link rocCurve}, a threshold that is not finite, a level outside (0, 1)
 */
export function operatingPoint(
  marker: Numbers, positive: ArrayLike<boolean>, threshold: number, options: RocOptions = {}
): OperatingPoint {
  const level = levelOf(options);
  checkFinite(threshold, "threshold");
  const {sign, positives, negatives} = check(marker, positive, options, 1);
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = 0; i < marker.length; i++) {
    if (sign * (marker[i] - threshold) < 0) continue;
    if (positive[i]) truePositives++;
    else falsePositives++;
  }
  const trueNegatives = negatives - falsePositives;
  const falseNegatives = positives - truePositives;
  const rate = (count: number, total: number): Rate => ({
    value: count / total, count, total, clopperPearson: interval(clopperPearson(count, total, {level})),
    wilson: interval(wilson(count, total, {level}))
  });
  const calledPositive = truePositives + falsePositives;
  const calledNegative = trueNegatives + falseNegatives;
  return {
    threshold, truePositives, falsePositives, trueNegatives, falseNegatives,
    sensitivity: truePositives / positives, specificity: trueNegatives / negatives,
    sensitivityRate: rate(truePositives, positives),
    specificityRate: rate(trueNegatives, negatives),
    positivePredictiveValue: calledPositive === 0 ? null : rate(truePositives, calledPositive),
    negativePredictiveValue: calledNegative === 0 ? null : rate(trueNegatives, calledNegative)
  };
}

/**
 * The threshold with the largest sensitivity + specificity - 1; of equal ones that with the higher specificity.
 *
 * Chosen and judged on the same data it is optimistic: new data give a lower index.
 * Source: Youden 1950, Cancer 3, 32; the optimism: Leeflang et al. 2008, doi:10.1373/clinchem.2007.096032.
 *
 * @returns the curve's point with a finite threshold, and its index J
 */
export function youdenPoint({points, positives, negatives}: RocCurve): RocPoint & {index: number} {
  // In whole numbers, so that equal indices are equal; the first point calls nobody positive and is no threshold.
  const gain = ({truePositives, falsePositives}: RocPoint) => truePositives * negatives - falsePositives * positives;
  const best = points.slice(1).reduce((a, b) => gain(b) > gain(a) ? b : a);
  return {...best, index: gain(best) / (positives * negatives)};
}

/** How each positive subject stands among the negatives, and each negative among the positives, in [0, 1]. */
function placements(marker: Numbers, positive: ArrayLike<boolean>, sign: number) {
  const pick = (wanted: boolean) =>
    Array.from(marker, (value) => sign * value).filter((_, i) => positive[i] === wanted);
  const high = pick(true);
  const low = pick(false);
  const above = halfRanks(high, low);
  const below = halfRanks(low, high);
  return {
    // Halves are summed exactly.
    area: sum(above) / (high.length * low.length),
    ofPositives: above.map((count) => count / low.length),
    ofNegatives: below.map((count) => 1 - count / high.length)
  };
}

/** How many of `others` each value exceeds, ties counted half. */
function halfRanks(values: readonly number[], others: readonly number[]): number[] {
  const sorted = Float64Array.from(others).sort();
  return values.map((value) => 0.5 * (countBelow(sorted, value, false) + countBelow(sorted, value, true)));
}

/** Number of sorted values below x, or not above it. */
function countBelow(sorted: Float64Array, x: number, orEqual: boolean): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] < x || (orEqual && sorted[middle] === x)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function describe(area: number, standardError: number, positives: number, negatives: number, level: number) {
  const z = -normalQuantile((1 - level) / 2);
  return {
    value: area, positives, negatives, standardError,
    score: scoreInterval(area, positives, negatives, z, level),
    logit: logitInterval(area, standardError, z, level),
    delong: {lower: Math.max(0, area - z * standardError), upper: Math.min(1, area + z * standardError), level}
  };
}

function scoreInterval(area: number, positives: number, negatives: number, z: number, level: number): Interval {
  const weight = 0.5 * (positives + negatives) - 1;
  const excess = (theta: number) => {
    const inflation = 1 + weight * (1 - theta) / (2 - theta) + weight * theta / (1 + theta);
    return Math.abs(area - theta) - z * Math.sqrt(theta * (1 - theta) * inflation / (positives * negatives));
  };
  // At an area of 0 or 1 the function vanishes there too; the end sought lies on the other side of its minimum.
  const inside = 1e-9;
  return {
    lower: area === 0 ? 0 : findRoot(excess, 0, Math.min(area, 1 - inside)),
    upper: area === 1 ? 1 : findRoot(excess, Math.max(area, inside), 1),
    level
  };
}

function logitInterval(area: number, standardError: number, z: number, level: number): Interval | null {
  if (area === 0 || area === 1) return null;
  const centre = ln(area / (1 - area));
  const half = z * standardError / (area * (1 - area));
  return {lower: expit(centre - half), upper: expit(centre + half), level};
}

function expit(x: number): number {
  return 1 / (1 + exp(-x));
}

function interval({lower, upper, level}: Interval): Interval {
  return {lower, upper, level};
}

function check(
  marker: Numbers, positive: ArrayLike<boolean>, options: RocOptions, minimum: number, name = "marker"
) {
  const direction = options.direction ?? "higher";
  checkOneOf(direction, "direction", ["higher", "lower"]);
  checkVector(marker, name, 1);
  checkSameLength(marker, positive as ArrayLike<unknown> as Numbers, name, "outcome");
  let positives = 0;
  for (let i = 0; i < positive.length; i++) if (positive[i]) positives++;
  const negatives = marker.length - positives;
  for (const [count, which] of [[positives, "positive"], [negatives, "negative"]] as const) {
    if (count >= minimum) continue;
    throw new InputError({
      code: "too-few-values", field: `${which} outcomes`, value: count,
      expected: `at least ${minimum} with a ${name} value`
    });
  }
  return {direction, sign: direction === "higher" ? 1 : -1, positives, negatives};
}
