import {checkCount, checkOneOf, checkPositive} from "../check.js";
import {fractionalFactorial, fullFactorial, type CodedRuns} from "./factorial.js";

/** How far the axial runs lie from the centre. */
export type AxialDistance = "rotatable" | "face-centred" | "spherical" | number;

/** A central composite design. */
export interface CentralComposite {
  /** Factorial runs, then axial ones, then those at the centre. */
  runs: CodedRuns;
  /** Distance of the axial runs. */
  alpha: number;
}

/**
 * Central composite design for a second-order surface: a two-level factorial, two axial runs a factor, centre runs.
 *
 * Axial distance: rotatable, the fourth root of the number of factorial runs, so that the prediction's variance depends
 * on the distance from the centre alone; spherical, sqrt(k); face-centred, 1.
 * Source: Box and Wilson 1951, Journal of the Royal Statistical Society B 13, 1; rotatability: Box and Hunter 1957,
 * doi:10.1214/aoms/1177707047.
 *
 * @param factors number of factors k, >= 2
 * @param options.centre runs at the centre, >= 0; default 4
 * @param options.generators of a fractional factorial part, which should be of resolution V
 * @throws InputError on counts out of range, a distance <= 0, or generators as {@link fractionalFactorial}
 */
export function centralComposite(
  factors: number, options: {alpha?: AxialDistance; centre?: number; generators?: readonly string[]} = {}
): CentralComposite {
  const {alpha = "rotatable", centre = 4, generators = []} = options;
  checkCount(factors, "factors", 2);
  checkCount(centre, "centre runs", 0);
  if (typeof alpha === "string") checkOneOf(alpha, "alpha", ["rotatable", "face-centred", "spherical"]);
  else checkPositive(alpha, "alpha");
  const cube = generators.length === 0
    ? fullFactorial(new Array<number>(factors).fill(2)) : fractionalFactorial(factors, generators).runs;
  const distance = alpha === "rotatable" ? Math.sqrt(Math.sqrt(cube.length))
    : alpha === "spherical" ? Math.sqrt(factors) : alpha === "face-centred" ? 1 : alpha;
  const axial = Array.from({length: 2 * factors}, (_, run) =>
    Array.from({length: factors}, (_, i) => i !== run >> 1 ? 0 : run % 2 === 0 ? -distance : distance));
  const middle = Array.from({length: centre}, () => new Array<number>(factors).fill(0));
  return {runs: [...cube, ...axial, ...middle], alpha: distance};
}
