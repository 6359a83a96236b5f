import {checkFinite, checkPositive, checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {fSurvival} from "../distributions/f.js";
import {InputError} from "../errors.js";
import type {LevelOptions} from "./estimate.js";
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
  /** Coded values of the two factors. */
  coded: [number, number];
  /** Values of the two factors in their own units. */
  natural: [number, number];
  /** Response there (in the first block). */
  value: number;
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

/** A fitted second-order surface in two factors. */
export interface ResponseSurface {
  /** y = a0 + a1 x1 + a2 x2 + a3 x1^2 + a4 x2^2 + a5 x1 x2 in coded factors; `term` says which. */
  coefficients: (Coefficient & {term: string})[];
  /** Shift of each block but the first. */
  blocks: Coefficient[];
  factors: [{name: string; centre: number; scale: number}, {name: string; centre: number; scale: number}];
  /** Null when the quadratic part has no inverse (a ridge). */
  stationary: StationaryPoint | null;
  /** Eigenvalues of the quadratic part, larger first. */
  eigenvalues: [number, number];
  /** Null without replicates, or when no degree of freedom is left for the lack of fit. */
  lackOfFit: LackOfFit | null;
  /** The least-squares fit behind it: R2, residual SD, F test, residuals. */
  model: LinearModel;
}

/**
 * Second-order response surface in two factors, by ordinary least squares, with its stationary point.
 *
 * Coefficients a0 to a5 in the order intercept, x1, x2, x1^2, x2^2, x1 x2. Replicates are runs with equal factors in
 * the same block; they give the test of lack of fit.
 * Source: Myers, Montgomery, Anderson-Cook 2016, Response Surface Methodology, chapter 6.
 *
 * @param first x1 with its coding, n values
 * @param second x2 with its coding, n values
 * @param response n values
 * @param options.blocks block of each run; the first seen is the reference
 * @throws InputError on unequal lengths, a value that is not finite, a constant response, a design too small or too
 *   poor for six coefficients (the dependent term is named), a scale <= 0, a level outside (0, 1)
 */
export function responseSurface(
  first: Factor, second: Factor, response: Numbers, options: LevelOptions & {blocks?: readonly string[]} = {}
): ResponseSurface {
  checkVector(response, "response", 1);
  checkVaries(response, "response");
  const [x1, x2] = [first, second].map((factor) => {
    checkVector(factor.values, factor.name, 1);
    checkSameLength(response, factor.values, "response", factor.name);
    checkFinite(factor.centre ?? 0, `centre of ${factor.name}`);
    checkPositive(factor.scale ?? 1, `scale of ${factor.name}`);
    return Array.from(factor.values, (value) => (value - (factor.centre ?? 0)) / (factor.scale ?? 1));
  });
  const blocks = options.blocks ?? Array.from(response, () => "");
  if (blocks.length !== response.length) {
    throw new InputError({
      code: "unequal-lengths", field: "length of blocks", value: blocks.length,
      expected: `${response.length}, the length of response`
    });
  }
  const levels = [...new Set(blocks)];
  const terms: Column[] = [
    {name: first.name, values: x1},
    {name: second.name, values: x2},
    {name: `${first.name}^2`, values: x1.map((x) => x * x)},
    {name: `${second.name}^2`, values: x2.map((x) => x * x)},
    {name: `${first.name} ${second.name}`, values: x1.map((x, i) => x * x2[i])}
  ];
  const shifts = levels.slice(1).map((level) => ({
    name: `block ${level}`, values: blocks.map((block) => (block === level ? 1 : 0))
  }));
  const model = linearModel([...terms, ...shifts], response, options);
  const coefficients = model.coefficients.slice(0, 6).map((coefficient, i) => ({
    ...coefficient, name: `a${i}`, term: coefficient.name
  }));
  const a = coefficients.map(({value}) => value);
  const coding = (factor: Factor) => ({name: factor.name, centre: factor.centre ?? 0, scale: factor.scale ?? 1});
  const surface: ResponseSurface = {
    coefficients,
    blocks: model.coefficients.slice(6),
    factors: [coding(first), coding(second)],
    stationary: null,
    eigenvalues: eigenvalues(a[3], 0.5 * a[5], a[4]),
    lackOfFit: lackOfFit(first.values, second.values, blocks, response, model),
    model
  };
  surface.stationary = stationaryPoint(surface);
  return surface;
}

/** Response of a fitted surface (in its first block) at values of the two factors in their own units. */
export function predictSurface(
  surface: Pick<ResponseSurface, "coefficients" | "factors">, first: number, second: number
): number {
  const a = surface.coefficients.map(({value}) => value);
  const [x, y] = [first, second].map((value, i) => (value - surface.factors[i].centre) / surface.factors[i].scale);
  return a[0] + a[1] * x + a[2] * y + a[3] * x * x + a[4] * y * y + a[5] * x * y;
}

/** Eigenvalues of the symmetric matrix [[p, q], [q, r]], larger first. */
function eigenvalues(p: number, q: number, r: number): [number, number] {
  const middle = 0.5 * (p + r);
  const radius = Math.sqrt(0.25 * (p - r) * (p - r) + q * q);
  return [middle + radius, middle - radius];
}

function stationaryPoint(surface: ResponseSurface): StationaryPoint | null {
  const [, a1, a2, a3, a4, a5] = surface.coefficients.map(({value}) => value);
  const determinant = 4 * a3 * a4 - a5 * a5;
  if (Math.abs(determinant) <= 1e-12 * (4 * Math.abs(a3 * a4) + a5 * a5)) return null;
  const coded: [number, number] = [(a5 * a2 - 2 * a4 * a1) / determinant, (a5 * a1 - 2 * a3 * a2) / determinant];
  const natural = coded.map((x, i) => surface.factors[i].centre + surface.factors[i].scale * x) as [number, number];
  const [larger, smaller] = surface.eigenvalues;
  return {
    kind: larger < 0 ? "maximum" : smaller > 0 ? "minimum" : "saddle",
    coded,
    natural,
    value: predictSurface(surface, natural[0], natural[1])
  };
}

function lackOfFit(
  first: Numbers, second: Numbers, blocks: readonly string[], response: Numbers, model: LinearModel
): LackOfFit | null {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < response.length; i++) {
    const key = JSON.stringify([first[i], second[i], blocks[i]]);
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
