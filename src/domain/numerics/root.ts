import {InputError} from "../errors.js";

/**
 * A root of a continuous function inside a bracket.
 *
 * Brent's method: inverse quadratic interpolation or secant where they help, bisection where they do not.
 * Source: Brent 1973, Algorithms for Minimization without Derivatives, chapter 4.
 *
 * @param f continuous function whose signs at the two ends differ
 * @param lower one end of the bracket
 * @param upper the other end
 * @param tolerance half-width of the final bracket relative to the root
 * @returns x with f(x) = 0 up to the tolerance
 * @throws InputError when the bracket does not enclose a change of sign
 */
export function findRoot(f: (x: number) => number, lower: number, upper: number, tolerance = 1e-14): number {
  let best = upper;
  let fBest = f(best);
  let previous = lower;
  let fPrevious = f(previous);
  if (!(fBest <= 0 && fPrevious >= 0) && !(fBest >= 0 && fPrevious <= 0)) {
    throw new InputError({
      code: "no-sign-change", field: "bracket", value: [lower, upper], expected: "ends where the signs differ"
    });
  }
  let opposite = previous;
  let fOpposite = fPrevious;
  let step = best - previous;
  let lastStep = step;
  for (let iteration = 0; iteration < 400; iteration++) {
    if (fBest > 0 === fOpposite > 0) {
      opposite = previous;
      fOpposite = fPrevious;
      step = lastStep = best - previous;
    }
    if (Math.abs(fOpposite) < Math.abs(fBest)) {
      previous = best;
      best = opposite;
      opposite = previous;
      fPrevious = fBest;
      fBest = fOpposite;
      fOpposite = fPrevious;
    }
    const width = 2 * Number.EPSILON * Math.abs(best) + 0.5 * tolerance * Math.abs(best);
    const half = 0.5 * (opposite - best);
    if (Math.abs(half) <= width || fBest === 0) return best;
    if (Math.abs(lastStep) >= width && Math.abs(fPrevious) > Math.abs(fBest)) {
      const s = fBest / fPrevious;
      let p: number;
      let q: number;
      if (previous === opposite) {
        p = 2 * half * s;
        q = 1 - s;
      } else {
        const r = fBest / fOpposite;
        const t = fPrevious / fOpposite;
        p = s * (2 * half * t * (t - r) - (best - previous) * (r - 1));
        q = (t - 1) * (r - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      p = Math.abs(p);
      if (2 * p < Math.min(3 * half * q - Math.abs(width * q), Math.abs(lastStep * q))) {
        lastStep = step;
        step = p / q;
      } else {
        step = lastStep = half;
      }
    } else {
      step = lastStep = half;
    }
    previous = best;
    fPrevious = fBest;
    best += Math.abs(step) > width ? step : half > 0 ? width : -width;
    fBest = f(best);
  }
  return best;
}

/**
 * A bracket around the root of an increasing function, grown from a guess by doubling steps.
 *
 * @throws InputError when no change of sign is found within 200 doublings
 */
export function bracketIncreasing(
  f: (x: number) => number, guess: number, step: number, least = -Infinity
): [number, number] {
  let lower = guess;
  let upper = guess;
  let width = step;
  const sign = f(guess);
  for (let i = 0; i < 200; i++, width *= 2) {
    if (sign > 0) {
      upper = lower;
      lower = Math.max(least, lower - width);
      if (f(lower) <= 0) return [lower, upper];
    } else {
      lower = upper;
      upper += width;
      if (f(upper) >= 0) return [lower, upper];
    }
  }
  throw new InputError({code: "no-sign-change", field: "guess", value: guess, expected: "a root within reach"});
}
