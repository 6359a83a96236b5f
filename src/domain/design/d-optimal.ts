import {exp, ln} from "../../generated/vendor/special.js";
import {checkCount} from "../check.js";
import {InputError} from "../errors.js";
import {randomFrom} from "../numerics/random.js";
import {cholesky} from "../numerics/symmetric.js";
import type {CodedRuns} from "./factorial.js";
import {modelTerms, termValue, type ModelOrder} from "./model-terms.js";

/** A D-optimal design and how good it is. */
export interface DOptimal {
  /** Sorted, the first factor changing fastest. */
  runs: CodedRuns;
  /** ln of the determinant of X'X. */
  logDeterminant: number;
  /** 100 |X'X|^(1/p) / n: 100 % for an orthogonal design of a first-order model. */
  efficiency: number;
  /** Starts that ended in this determinant, of those made. */
  reached: number;
  starts: number;
}

/**
 * D-optimal design by coordinate exchange from random starts: the runs that maximise |X'X| on a grid of levels.
 *
 * Each coordinate of each run is set in turn to its best level until no change helps; the best of all starts is kept.
 * The search is a heuristic: how many starts reached the best says how far to trust it.
 * Source: Meyer and Nachtsheim 1995, doi:10.1080/00401706.1995.10485889.
 *
 * @param factors number of factors, >= 1
 * @param runs number of runs, at least that of the model's terms
 * @param options.order of the model; default "quadratic"
 * @param options.levels levels of each factor, coded from -1 to 1 in equal steps; default 3
 * @param options.starts random starts; default 20
 * @param options.seed of the starts; default 1
 * @throws InputError on counts out of range, or levels too few for the model
 */
export function dOptimal(
  factors: number, runs: number,
  options: {order?: ModelOrder; levels?: number; starts?: number; seed?: number} = {}
): DOptimal {
  const {order = "quadratic", levels = 3, starts = 20, seed = 1} = options;
  checkCount(factors, "factors", 1);
  checkCount(levels, "levels", order === "quadratic" ? 3 : 2);
  checkCount(starts, "starts", 1);
  const terms = modelTerms(factors, order);
  checkCount(runs, "runs", terms.length);
  if (runs * factors * levels * terms.length * terms.length > 2e7) {
    throw new InputError({
      code: "too-large", field: "runs", value: runs,
      expected: "a smaller design: runs x factors x levels x terms^2 up to 2e7"
    });
  }
  const grid = Array.from({length: levels}, (_, i) => -1 + 2 * i / (levels - 1));
  const random = randomFrom(seed);
  const expand = (point: readonly number[]) => terms.map((term) => termValue(term, point));
  const found: {design: CodedRuns; logDeterminant: number}[] = [];
  for (let start = 0; start < starts; start++) {
    const design = Array.from({length: runs}, () => Array.from({length: factors}, () => grid[random.below(levels)]));
    let inverse = inverseInformation(design.map(expand));
    // A singular start is drawn again; with few runs that happens.
    for (let again = 0; inverse === null && again < 200; again++) {
      for (const run of design) for (let i = 0; i < factors; i++) run[i] = grid[random.below(levels)];
      inverse = inverseInformation(design.map(expand));
    }
    if (inverse === null) continue;
    for (let improved = true, passes = 0; improved && passes < 100; passes++) {
      improved = false;
      for (const run of design) {
        for (let i = 0; i < factors; i++) {
          const old = expand(run);
          const level = run[i];
          let best = level;
          let gain = 1 + 1e-9;
          for (const candidate of grid) {
            if (candidate === level) continue;
            run[i] = candidate;
            const ratio = exchangeRatio(inverse, expand(run), old);
            if (ratio > gain) {
              gain = ratio;
              best = candidate;
            }
          }
          run[i] = best;
          if (best === level) continue;
          improved = true;
          // Inverted anew, so that no error piles up.
          inverse = inverseInformation(design.map(expand))!;
        }
      }
    }
    found.push({design, logDeterminant: logDeterminantOf(design.map(expand))});
  }
  if (found.length === 0) {
    throw new InputError({
      code: "singular", field: "starts", value: starts, expected: "more starts, or more runs: all starts were singular"
    });
  }
  const best = found.reduce((a, b) => b.logDeterminant > a.logDeterminant ? b : a);
  const sorted = best.design.map((run) => run.map((level) => level + 0)).sort((a, b) => {
    for (let i = factors - 1; i >= 0; i--) if (a[i] !== b[i]) return a[i] - b[i];
    return 0;
  });
  return {
    runs: sorted,
    logDeterminant: best.logDeterminant,
    efficiency: 100 * exp(best.logDeterminant / terms.length) / runs,
    reached: found.filter(({logDeterminant}) => logDeterminant > best.logDeterminant - 1e-6).length,
    starts
  };
}

/** |X'X| after one row is exchanged over that before: (1 + n'Dn)(1 - o'Do) + (n'Do)^2, D the inverse of X'X. */
function exchangeRatio(
  inverse: readonly (readonly number[])[], added: readonly number[], old: readonly number[]
): number {
  const form = (a: readonly number[], b: readonly number[]) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) {
      let row = 0;
      for (let j = 0; j < b.length; j++) row += inverse[i][j] * b[j];
      total += a[i] * row;
    }
    return total;
  };
  const cross = form(added, old);
  return (1 + form(added, added)) * (1 - form(old, old)) + cross * cross;
}

/**
 * ln |X'X| of a design.
 *
 * @param rows n rows of p model terms each
 * @throws InputError where the runs do not tell all terms apart
 */
export function logDeterminantOf(rows: readonly (readonly number[])[]): number {
  const lower = factorise(rows);
  if (lower === null) {
    throw new InputError({
      code: "singular", field: "design", value: rows.length, expected: "runs that tell all terms apart"
    });
  }
  return 2 * lower.reduce((total, row, i) => total + ln(row[i]), 0);
}

/** Lower triangle L with L L' = X'X; null where it is singular, which random starts may be. */
function factorise(rows: readonly (readonly number[])[]): number[][] | null {
  const information = rows[0].map((_, i) =>
    rows[0].map((_, j) => rows.reduce((total, row) => total + row[i] * row[j], 0)));
  try {
    return cholesky(information);
  } catch (fault) {
    if (fault instanceof InputError && fault.code === "not-positive-definite") return null;
    throw fault;
  }
}

function inverseInformation(rows: readonly (readonly number[])[]): number[][] | null {
  const lower = factorise(rows);
  if (lower === null) return null;
  const p = lower.length;
  // Columns of the inverse of L, then their products.
  const inverse = lower.map(() => new Array<number>(p).fill(0));
  for (let j = 0; j < p; j++) {
    inverse[j][j] = 1 / lower[j][j];
    for (let i = j + 1; i < p; i++) {
      let dot = 0;
      for (let k = j; k < i; k++) dot += lower[i][k] * inverse[k][j];
      inverse[i][j] = -dot / lower[i][i];
    }
  }
  return inverse.map((_, i) => inverse.map((_, j) => {
    let total = 0;
    for (let k = Math.max(i, j); k < p; k++) total += inverse[k][i] * inverse[k][j];
    return total;
  }));
}
