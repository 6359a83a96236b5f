import type {Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {ln} from "../../generated/vendor/special.js";
import {cholesky} from "../numerics/symmetric.js";
import {sum} from "./summaries.js";
import {componentsOf, reduceDesign, type DesignKind, type Factor, type ReducedDesign} from "./variance-components.js";

/** Variance components by restricted maximum likelihood. */
export interface RemlComponents {
  n: number;
  mean: number;
  design: DesignKind;
  balanced: boolean;
  /** Factors in order, then the error. */
  names: string[];
  /** Components, each >= 0. */
  components: number[];
  /** Whether a component stopped at its bound of 0. */
  atBound: boolean[];
  total: number;
  /** Restricted log-likelihood, up to a constant of the design. */
  logLikelihood: number;
  /**
   * Covariance of the components from the expected information; rows and columns of components at their bound are 0.
   */
  covariance: number[][];
  iterations: number;
}

/**
 * Variance components by restricted maximum likelihood (REML), constrained to be >= 0.
 *
 * Maximises the likelihood of all contrasts with expectation zero, by Newton steps (Fisher scoring where the observed
 * information is not positive definite) with step halving; a component whose slope at 0 is negative stays there. In
 * a balanced design without a negative estimate it equals analysis of variance.
 * Source: Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545; Searle, Casella and McCulloch 1992, Variance
 * Components, chapters 6 and 8.
 *
 * @param values, factors, options as in variance-components.ts
 * @throws InputError as there, or not-converged
 */
export function remlComponents(
  values: Numbers, factors: readonly Factor[], options: {design?: DesignKind} = {}
): RemlComponents {
  return remlOf(reduceDesign(values, factors, options));
}

/** {@link remlComponents} of a design that is reduced already. */
export function remlOf(reduced: ReducedDesign): RemlComponents {
  const start = componentsOf(reduced);
  if (!(reduced.errorSquares > 1e-20 * sum(reduced.contrasts.map((c) => c * c)))) {
    throw new InputError({
      code: "constant", field: "repeated measurements", value: 0, expected: "measurements that differ within cells"
    });
  }
  const count = reduced.names.length + 1;
  const scale = start.lines[count - 1].meanSquare;
  let components = start.lines.map(({component}) => Math.max(component, 0));
  let state = evaluate(reduced, components);
  for (let iterations = 1; iterations <= 500; iterations++) {
    const free = components.map((component, f) => component > 0 || state.score[f] > 0);
    const step = newtonStep(state, free);
    let share = 1;
    let next = components;
    let candidate = state;
    for (; share > 1e-10; share /= 2) {
      next = components.map((component, f) => {
        const least = f === count - 1 ? component / 10 : 0;
        return Math.max(least, component + share * step[f]);
      });
      candidate = evaluate(reduced, next);
      if (candidate.logLikelihood >= state.logLikelihood - 1e-13 * Math.abs(state.logLikelihood)) break;
    }
    // No step uphill is left: nothing but rounding could be gained.
    if (share <= 1e-10) return finish(reduced, components, state, iterations);
    const moved = Math.max(...next.map((value, f) => Math.abs(value - components[f]) / (scale + value)));
    components = next;
    state = candidate;
    if (moved < 1e-10) return finish(reduced, components, state, iterations);
  }
  throw new InputError({
    code: "not-converged", field: "REML", value: components, expected: "a maximum of the likelihood within 500 steps"
  });
}

/**
 * Restricted log-likelihood of given components, up to a constant of the design.
 *
 * @param components factors in order, then the error > 0
 */
export function remlLogLikelihood(reduced: ReducedDesign, components: readonly number[]): number {
  return evaluate(reduced, components).logLikelihood;
}

interface State {
  logLikelihood: number;
  score: number[];
  /** Expected information. */
  expected: number[][];
  /** Observed information. */
  observed: number[][];
}

function evaluate(reduced: ReducedDesign, components: readonly number[]): State {
  const {contrasts: u, covariances, errorSquares, errorDf} = reduced;
  const error = components[components.length - 1];
  const v = u.map((_, i) => u.map((_, j) => {
    let total = i === j ? error : 0;
    covariances.forEach((matrix, f) => total += components[f] * matrix[i][j]);
    return total;
  }));
  const lower = cholesky(v);
  const inverse = invert(lower);
  const logDeterminant = 2 * sum(lower.map((row, i) => ln(row[i])));
  const weighted = inverse.map((row) => dot(row, u));
  // Products V^-1 A_f; the error's A is the identity.
  const products = [...covariances.map((matrix) => multiply(inverse, matrix)), inverse];
  const images = [...covariances.map((matrix) => matrix.map((row) => dot(row, weighted))), weighted];
  const pulled = images.map((image) => inverse.map((row) => dot(row, image)));
  const count = components.length;
  const score = products.map((product, f) => 0.5 * (dot(images[f], weighted) - trace(product)));
  score[count - 1] += 0.5 * (errorSquares / (error * error) - errorDf / error);
  const expected = products.map((a) => products.map((b) => 0.5 * traceOfProduct(a, b)));
  const observed = expected.map((row, f) => row.map((value, g) => dot(images[f], pulled[g]) - value));
  expected[count - 1][count - 1] += 0.5 * errorDf / (error * error);
  observed[count - 1][count - 1] += errorSquares / (error * error * error) - 0.5 * errorDf / (error * error);
  const logLikelihood = -0.5 * (
    logDeterminant + dot(u, weighted) + errorDf * ln(error) + errorSquares / error
  );
  return {logLikelihood, score, expected, observed};
}

function newtonStep({score, expected, observed}: State, free: readonly boolean[]): number[] {
  const at = free.flatMap((one, f) => one ? [f] : []);
  const part = (matrix: number[][]) => at.map((f) => at.map((g) => 0.5 * (matrix[f][g] + matrix[g][f])));
  let lower: number[][];
  try {
    lower = cholesky(part(observed));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    lower = cholesky(part(expected));
  }
  const inverse = invert(lower);
  const step = score.map(() => 0);
  at.forEach((f, i) => step[f] = dot(inverse[i], at.map((g) => score[g])));
  return step;
}

function finish(reduced: ReducedDesign, components: number[], state: State, iterations: number): RemlComponents {
  const names = [...reduced.names, "error"];
  const at = components.flatMap((component, f) => component > 0 ? [f] : []);
  const inverse = invert(cholesky(at.map((f) => at.map((g) => 0.5 * (state.expected[f][g] + state.expected[g][f])))));
  const covariance = names.map(() => names.map(() => 0));
  at.forEach((f, i) => at.forEach((g, j) => covariance[f][g] = inverse[i][j]));
  return {
    n: reduced.n, mean: reduced.mean, design: reduced.design, balanced: reduced.balanced, names, components,
    atBound: components.map((component) => component === 0), total: sum(components),
    logLikelihood: state.logLikelihood, covariance, iterations
  };
}

/** Inverse of L L' from its lower triangle L. */
function invert(lower: readonly (readonly number[])[]): number[][] {
  const n = lower.length;
  const inverse = Array.from({length: n}, () => new Array<number>(n).fill(0));
  for (let j = 0; j < n; j++) {
    inverse[j][j] = 1 / lower[j][j];
    for (let i = j + 1; i < n; i++) {
      let total = 0;
      for (let k = j; k < i; k++) total -= lower[i][k] * inverse[k][j];
      inverse[i][j] = total / lower[i][i];
    }
  }
  return inverse.map((_, i) => inverse.map((_, j) => {
    let total = 0;
    for (let k = Math.max(i, j); k < n; k++) total += inverse[k][i] * inverse[k][j];
    return total;
  }));
}

function multiply(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row) => {
    const out = new Array<number>(b.length).fill(0);
    row.forEach((value, k) => b[k].forEach((other, j) => out[j] += value * other));
    return out;
  });
}

function trace(a: readonly number[][]): number {
  return sum(a.map((row, i) => row[i]));
}

function traceOfProduct(a: readonly number[][], b: readonly number[][]): number {
  let total = 0;
  a.forEach((row, i) => row.forEach((value, k) => total += value * b[k][i]));
  return total;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}
