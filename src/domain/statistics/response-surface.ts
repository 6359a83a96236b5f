import {checkFinite, checkPositive, checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {modelTerms, termValue, type Term} from "../design/model-terms.js";
import {fSurvival} from "../distributions/f.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {findRoot} from "../numerics/root.js";
import {choleskySolve, symmetricEigen} from "../numerics/symmetric.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {linearModel, type Coefficient, type Column, type LinearModel} from "./linear-model.js";
import {sumOfSquares} from "./summaries.js";

/** A factor of a response surface; coded value = (value - centre) / scale. */
export interface Factor {
  name: string;
  values: Numbers;
  /** Default 0. */
  centre?: number;
  /** Default 1. */
  scale?: number;
}

/** Where the gradient of the surface vanishes. */
export interface StationaryPoint {
  /** "maximum", "minimum" or "saddle" by the eigenvalues. */
  kind: "maximum" | "minimum" | "saddle";
  /** Coded values of the factors. */
  coded: number[];
  /** Values of the factors in their own units. */
  natural: number[];
  /** Approximate (delta method) t intervals of the natural values, one by one. */
  intervals: Estimate[];
  /** Response there (in the first block). */
  value: number;
  /** The response there with its t interval, the point taken as fixed. */
  response: Estimate;
  /** Whether the point lies within the range of every factor's data. */
  inside: boolean;
}

/** One principal axis of the quadratic part, in coded factors. */
export interface CanonicalAxis {
  /** Eigenvalue: curvature along the axis; its t interval takes the axis as fixed (approximate). */
  eigenvalue: Estimate;
  /** Unit vector. */
  direction: number[];
}

/** Sums of squares of replicates against the rest of the residual. */
export interface LackOfFit {
  lackSquares: number;
  lackDf: number;
  pureSquares: number;
  pureDf: number;
  f: number;
  p: number;
}

/** The same fit in factors that run from -1 to 1 over the data, where it is well conditioned. */
interface StandardisedFit {
  middle: number[];
  half: number[];
  /** Of the model's terms, without blocks. */
  coefficients: number[];
  /** Their covariance matrix. */
  covariance: number[][];
}

/** A fitted second-order surface. */
export interface ResponseSurface {
  /**
   * Intercept, linear terms, squares, then products, in coded factors; with two factors y = a0 + a1 x1 + a2 x2 + a3
   * x1^2 + a4 x2^2 + a5 x1 x2. `name` is a0, a1, ..., `term` says which.
   */
  coefficients: (Coefficient & {term: string})[];
  /** Shift of each block but the first. */
  blocks: Coefficient[];
  factors: {name: string; centre: number; scale: number}[];
  /** Null when the quadratic part has no inverse (a ridge). */
  stationary: StationaryPoint | null;
  /** Eigenvalues of the quadratic part, largest first. */
  eigenvalues: number[];
  /** The axes of these eigenvalues. */
  axes: CanonicalAxis[];
  /** Null without replicates, or when no degree of freedom is left for the lack of fit. */
  lackOfFit: LackOfFit | null;
  /** The least-squares fit behind it: R2, residual SD, F test, residuals. */
  model: LinearModel;
  standardised: StandardisedFit;
}

/** Options of a response surface. */
export interface SurfaceOptions extends LevelOptions {
  /** Block of each run; the first seen is the reference. */
  blocks?: readonly string[];
}

/**
 * Second-order response surface in two factors; see {@link secondOrderSurface}.
 *
 * @param first x1 with its coding, n values
 * @param second x2 with its coding, n values
 */
export function responseSurface(
  first: Factor, second: Factor, response: Numbers, options: SurfaceOptions = {}
): ResponseSurface {
  return secondOrderSurface([first, second], response, options);
}

/**
 * Second-order response surface by ordinary least squares, with its canonical analysis, stationary point and lack of
 * fit.
 *
 * Replicates are runs with equal factors in the same block; they give the test of lack of fit. Intervals: of
 * coefficients exact t; of the stationary point by the delta method, of eigenvalues by refitting on the principal axes
 * (both approximate).
 * Source: Myers, Montgomery, Anderson-Cook 2016, Response Surface Methodology, chapter 6; eigenvalues: Bisgaard and
 * Ankenman 1996, Technometrics 38, 238.
 *
 * @param factors one or more, each with its coding and n values
 * @param response n values
 * @throws InputError on unequal lengths, a value that is not finite, a constant response, a design too small or too
 *   poor for the coefficients (the dependent term is named), a scale <= 0, a level outside (0, 1)
 */
export function secondOrderSurface(
  factors: readonly Factor[], response: Numbers, options: SurfaceOptions = {}
): ResponseSurface {
  const level = levelOf(options);
  if (factors.length === 0) {
    throw new InputError({code: "too-few-factors", field: "factors", value: 0, expected: "at least 1 factor"});
  }
  checkVector(response, "response", 1);
  checkVaries(response, "response");
  const codings = factors.map(({name, values, centre = 0, scale = 1}) => {
    checkVector(values, name, 1);
    checkSameLength(response, values, "response", name);
    checkFinite(centre, `centre of ${name}`);
    checkPositive(scale, `scale of ${name}`);
    return {name, centre, scale};
  });
  const blocks = options.blocks ?? Array.from(response, () => "");
  if (blocks.length !== response.length) {
    throw new InputError({
      code: "unequal-lengths", field: "length of blocks", value: blocks.length,
      expected: `${response.length}, the length of response`
    });
  }
  const levels = [...new Set(blocks)];
  const shifts: Column[] = levels.slice(1).map((label) => ({
    name: `block ${label}`, values: blocks.map((block) => (block === label ? 1 : 0))
  }));
  const terms = modelTerms(factors.length, "quadratic");
  const columns = (points: number[][]): Column[] => [
    ...terms.slice(1).map((term) => ({
      name: termName(term, codings.map(({name}) => name)), values: points.map((point) => termValue(term, point))
    })),
    ...shifts
  ];
  const pointsBy = (centre: number[], scale: number[]) =>
    Array.from(response, (_, i) => factors.map(({values}, f) => (values[i] - centre[f]) / scale[f]));
  const model = linearModel(
    columns(pointsBy(codings.map(({centre}) => centre), codings.map(({scale}) => scale))), response, {level}
  );

  const ends = factors.map(({values}) => extent(values));
  const middle = ends.map(([least, most]) => 0.5 * (least + most));
  const half = ends.map(([least, most]) => 0.5 * (most - least));
  const standard = linearModel(columns(pointsBy(middle, half)), response, {level});
  const standardised: StandardisedFit = {
    middle,
    half,
    coefficients: standard.coefficients.slice(0, terms.length).map(({value}) => value),
    covariance: standard.covariance.slice(0, terms.length).map((row) => row.slice(0, terms.length))
  };

  const axes = canonicalAxes(standardised, codings.map(({scale}) => scale), model.df, level);
  const surface: ResponseSurface = {
    coefficients: model.coefficients.slice(0, terms.length).map((coefficient, i) => ({
      ...coefficient, name: `a${i}`, term: coefficient.name
    })),
    blocks: model.coefficients.slice(terms.length),
    factors: codings,
    stationary: null,
    eigenvalues: axes.map(({eigenvalue}) => eigenvalue.value),
    axes,
    lackOfFit: lackOfFit(factors.map(({values}) => values), blocks, response, model),
    model,
    standardised
  };
  surface.stationary = stationaryPoint(surface);
  return surface;
}

/** Response of a fitted surface (in its first block) at values of the factors in their own units. */
export function predictSurface(
  surface: Pick<ResponseSurface, "coefficients" | "factors">, ...natural: number[]
): number {
  const point = natural.map((value, i) => (value - surface.factors[i].centre) / surface.factors[i].scale);
  const terms = modelTerms(surface.factors.length, "quadratic");
  return surface.coefficients.reduce((total, {value}, i) => total + value * termValue(terms[i], point), 0);
}

/**
 * Test whether the true stationary point may lie at a point: the confidence region at a level is where p > 1 - level.
 *
 * There the fitted gradient does not differ from zero: F on (k, residual) degrees of freedom; exact for normal errors.
 * The region need not be bounded: where curvature is not certain it runs off along a ridge.
 * Source: Box and Hunter 1954, doi:10.1093/biomet/41.1-2.190.
 *
 * @param natural values of the factors in their own units
 * @throws InputError on a value that is not finite, or a fit without residuals
 */
export function stationaryTest(surface: ResponseSurface, ...natural: number[]): {f: number; p: number} {
  const {standardised, model} = surface;
  const {middle, half, coefficients, covariance} = standardised;
  const k = middle.length;
  natural.forEach((value, i) => checkFinite(value, `value of ${surface.factors[i].name}`));
  checkPositive(model.residualSd, "residual SD");
  const gradients = gradientRows(natural.map((value, i) => (value - middle[i]) / half[i]));
  const gradient = gradients.map((row) => dot(row, coefficients));
  const spread = gradients.map((row) => gradients.map((other) => form(row, covariance, other)));
  const f = dot(gradient, choleskySolve(spread, gradient)) / k;
  return {f, p: fSurvival(f, k, model.df)};
}

/** One point of a path of steepest ridge. */
export interface RidgePoint {
  radius: number;
  coded: number[];
  natural: number[];
  /** Response there (in the first block). */
  value: number;
}

/**
 * Ridge analysis: the largest (or smallest) response on each sphere about the coded origin.
 *
 * Solves (B - m I) x = -b/2 with m above all eigenvalues of B (below, for the smallest) so that |x| is the radius.
 * Source: Draper 1963, Technometrics 5, 469.
 *
 * @param radii coded, >= 0
 * @throws InputError on a radius that is negative or not finite
 */
export function ridgePath(
  surface: ResponseSurface, radii: readonly number[], goal: "maximum" | "minimum" = "maximum"
): RidgePoint[] {
  const k = surface.factors.length;
  const sign = goal === "maximum" ? 1 : -1;
  // In principal axes, turned so that the maximum is sought and the first eigenvalue is the largest.
  const axes = sign > 0 ? surface.axes : [...surface.axes].reverse();
  const values = axes.map(({eigenvalue}) => sign * eigenvalue.value);
  const slopes = surface.coefficients.slice(1, k + 1).map(({value}) => sign * value);
  const along = axes.map(({direction}) => 0.5 * dot(direction, slopes));
  const size = Math.sqrt(dot(along, along));
  const spread = Math.max(...values.map(Math.abs), size);
  return radii.map((radius) => {
    checkFinite(radius, "radius");
    if (radius < 0) throw new InputError({code: "negative", field: "radius", value: radius, expected: "a number >= 0"});
    const at = (above: number) => along.map((one, i) => one === 0 ? 0 : one / (values[0] - values[i] + above));
    const length = (x: number[]) => Math.sqrt(dot(x, x));
    let position = new Array<number>(k).fill(0);
    if (radius > 0) {
      const least = 1e-12 * spread;
      if (length(at(least)) > radius) {
        position = at(findRoot((above) => length(at(above)) - radius, least, size / radius + least));
      } else {
        // The slope has no part along the steepest axis: the rest of the radius goes there.
        position = at(least);
        position[0] = 0;
        position[0] = Math.sqrt(Math.max(0, radius * radius - dot(position, position)));
      }
    }
    const coded = slopes.map((_, f) => dot(position, axes.map(({direction}) => direction[f])));
    const natural = coded.map((x, f) => surface.factors[f].centre + surface.factors[f].scale * x);
    return {radius, coded, natural, value: predictSurface(surface, ...natural)};
  });
}

function termName(term: Term, names: readonly string[]): string {
  return term.flatMap((power, i) => power === 0 ? [] : power === 1 ? [names[i]] : [`${names[i]}^${power}`]).join(" ");
}

function extent(values: Numbers): [number, number] {
  let [least, most] = [values[0], values[0]];
  for (let i = 1; i < values.length; i++) {
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  return [least, most];
}

/** Quadratic part of a standardised fit as a symmetric matrix. */
function quadratic({coefficients, middle}: StandardisedFit): number[][] {
  const k = middle.length;
  const terms = modelTerms(k, "quadratic");
  return middle.map((_, i) => middle.map((_, j) => {
    const at = terms.findIndex((term) => term.every((power, f) => power === Number(f === i) + Number(f === j)));
    return i === j ? coefficients[at] : 0.5 * coefficients[at];
  }));
}

function canonicalAxes(fit: StandardisedFit, scales: readonly number[], df: number, level: number): CanonicalAxis[] {
  const k = scales.length;
  const terms = modelTerms(k, "quadratic");
  // A coded step is this many standardised ones.
  const steps = scales.map((scale, i) => scale / fit.half[i]);
  const matrix = quadratic(fit).map((row, i) => row.map((value, j) => value * steps[i] * steps[j]));
  const {values, vectors} = symmetricEigen(matrix);
  const t = studentTQuantile((1 + level) / 2, df);
  return values.map((value, i) => {
    // The eigenvalue is a sum of quadratic coefficients, given its axis.
    const weights = vectors[i].map((x, f) => x * steps[f]);
    const combination = terms.map((term) => {
      const order = term.reduce((total, power) => total + power, 0);
      return order === 2 ? termValue(term, weights) : 0;
    });
    const half = t * Math.sqrt(Math.max(0, form(combination, fit.covariance, combination)));
    return {eigenvalue: {value, lower: value - half, upper: value + half, level}, direction: vectors[i]};
  }).reverse();
}

/** Rows of the gradient at a standardised point: what each term adds to the slope along each factor. */
function gradientRows(point: readonly number[]): number[][] {
  return point.map((_, f) => modelTerms(point.length, "quadratic").map((term) => term[f] === 0 ? 0
    : term[f] * termValue(term.map((power, i) => i === f ? power - 1 : power), point)));
}

function stationaryPoint(surface: ResponseSurface): StationaryPoint | null {
  const {standardised, factors, model, eigenvalues} = surface;
  const {middle, half, coefficients, covariance} = standardised;
  const k = middle.length;
  const {values, vectors} = symmetricEigen(quadratic(standardised));
  const sizes = values.map(Math.abs);
  if (Math.min(...sizes) <= 1e-12 * Math.max(...sizes, ...coefficients.slice(1).map(Math.abs))) return null;
  const inverse = middle.map((_, i) => middle.map((_, j) =>
    vectors.reduce((total, vector, m) => total + vector[i] * vector[j] / values[m], 0)));
  const slopes = coefficients.slice(1, k + 1);
  const point = inverse.map((row) => -0.5 * dot(row, slopes));
  const natural = point.map((u, i) => middle[i] + half[i] * u);
  const {level} = model;
  const t = studentTQuantile((1 + level) / 2, model.df);
  const gradients = gradientRows(point);
  const intervals = inverse.map((row, i) => {
    const weights = coefficients.map((_, c) => -0.5 * dot(row, gradients.map((gradient) => gradient[c])));
    const width = t * half[i] * Math.sqrt(Math.max(0, form(weights, covariance, weights)));
    return {value: natural[i], lower: natural[i] - width, upper: natural[i] + width, level};
  });
  const terms = modelTerms(k, "quadratic").map((term) => termValue(term, point));
  const value = predictSurface(surface, ...natural);
  const width = t * Math.sqrt(Math.max(0, form(terms, covariance, terms)));
  return {
    kind: eigenvalues[0] < 0 ? "maximum" : eigenvalues[k - 1] > 0 ? "minimum" : "saddle",
    coded: natural.map((x, i) => (x - factors[i].centre) / factors[i].scale),
    natural,
    intervals,
    value,
    response: {value, lower: value - width, upper: value + width, level},
    inside: point.every((u) => Math.abs(u) <= 1)
  };
}

function lackOfFit(
  factors: readonly Numbers[], blocks: readonly string[], response: Numbers, model: LinearModel
): LackOfFit | null {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < response.length; i++) {
    const key = JSON.stringify([...factors.map((values) => values[i]), blocks[i]]);
    const group = groups.get(key);
    if (group) group.push(response[i]);
    else groups.set(key, [response[i]]);
  }
  const pureDf = response.length - groups.size;
  const lackDf = model.df - pureDf;
  if (pureDf === 0 || lackDf === 0) return null;
  const pureSquares = [...groups.values()].reduce((total, group) => total + sumOfSquares(group), 0);
  const lackSquares = Math.max(0, model.residualSquares - pureSquares);
  const f = pureSquares > 0 ? (lackSquares / lackDf) / (pureSquares / pureDf) : Infinity;
  return {lackSquares, lackDf, pureSquares, pureDf, f, p: fSurvival(f, lackDf, pureDf)};
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

/** a' M b. */
function form(a: readonly number[], matrix: readonly (readonly number[])[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + value * dot(matrix[i], b), 0);
}
