import {checkOneOf, checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {fSurvival} from "../distributions/f.js";
import {InputError} from "../errors.js";
import {sum} from "./summaries.js";

/** One random factor of a design: its name and each observation's level. */
export interface Factor {
  name: string;
  levels: readonly string[];
}

/** "nested": each factor within the one before it. "crossed": main effects; interactions are part of the residual. */
export type DesignKind = "nested" | "crossed";

/** A line of the analysis of variance: a factor, or last the error. */
export interface VarianceLine {
  name: string;
  squares: number;
  df: number;
  meanSquare: number;
  /**
   * Expected mean square: multiples of each component, factors in order and the error last.
   */
  expected: number[];
  /** Variance component; may be negative. */
  component: number;
  /** The component as a combination of the mean squares of all lines. */
  weights: number[];
  /** F test that the component is zero, exact in a balanced design; null for the error. */
  test: {f: number; df1: number; df2: number; p: number} | null;
}

/** Variance components by analysis of variance. */
export interface VarianceComponents {
  n: number;
  mean: number;
  design: DesignKind;
  /** Whether every cell of the design holds the same number of observations. */
  balanced: boolean;
  /** Factors in order, then the error. */
  lines: VarianceLine[];
  /** Sum of all components as they are, negative ones too. */
  total: number;
  /** The total as a combination of the mean squares. */
  totalWeights: number[];
}

/** A design reduced to orthonormal contrasts: what analysis of variance and REML both need. */
export interface ReducedDesign {
  design: DesignKind;
  n: number;
  mean: number;
  balanced: boolean;
  names: string[];
  /** Number of levels of each factor. */
  counts: number[];
  /** Degrees of freedom of each factor, in sequence. */
  dfs: number[];
  /** Projections of the values on the contrasts, factor by factor; as many as the sum of `dfs`. */
  contrasts: number[];
  /** For each factor the matrix Q' Z Z' Q over the contrasts: their covariance per unit of the component. */
  covariances: number[][][];
  errorSquares: number;
  errorDf: number;
}

/** Smallest length, relative to its own, that a level's indicator keeps when it is not a sum of those before. */
const INDEPENDENT = 1e-9;

/**
 * Variance components of a nested or crossed random-effects design by analysis of variance (method of moments).
 *
 * Sequential (type I) sums of squares, factors in the order given, are set equal to their expectations and solved from
 * the error upwards. In nested designs this is Henderson's method 1; balanced designs do not depend on the order.
 * Estimates are unbiased, and so may be negative: they are shown as they are.
 * Source: Searle, Casella and McCulloch 1992, Variance Components, chapters 4 and 5; Henderson 1953,
 * doi:10.2307/3001853.
 *
 * @param values n observations
 * @param factors outer to inner when nested; a nested factor's labels may be used again in another outer level
 * @throws InputError on no factor, unequal lengths, constant values, a factor with one level or without degrees of
 *   freedom of its own, or no degree of freedom left for the error (each cell measured once)
 */
export function varianceComponents(
  values: Numbers, factors: readonly Factor[], options: {design?: DesignKind} = {}
): VarianceComponents {
  return componentsOf(reduceDesign(values, factors, options));
}

/** {@link varianceComponents} of a design that is reduced already. */
export function componentsOf(reduced: ReducedDesign): VarianceComponents {
  const {names, dfs, contrasts, covariances, errorSquares, errorDf} = reduced;
  const last = names.length;
  let from = 0;
  const lines = names.map((name, j): VarianceLine => {
    const to = from + dfs[j];
    const squares = sum(contrasts.slice(from, to).map((c) => c * c));
    const expected = covariances.map((matrix, f) => {
      // Later factors take part in earlier lines; earlier ones are projected out of later lines.
      if (f < j) return 0;
      let trace = 0;
      for (let i = from; i < to; i++) trace += matrix[i][i];
      return trace / dfs[j];
    });
    from = to;
    return {
      name, squares, df: dfs[j], meanSquare: squares / dfs[j], expected: [...expected, 1], component: 0, weights: [],
      test: null
    };
  });
  lines.push({
    name: "error", squares: errorSquares, df: errorDf, meanSquare: errorSquares / errorDf,
    expected: [...names.map(() => 0), 1], component: 0, weights: [], test: null
  });
  // Expectations form a triangle: solve from the error upwards, as weights of the mean squares.
  for (let j = last; j >= 0; j--) {
    const line = lines[j];
    const weights = lines.map((_, i) => i === j ? 1 : 0);
    for (let m = j + 1; m <= last; m++) {
      lines[m].weights.forEach((weight, i) => weights[i] -= line.expected[m] * weight);
    }
    line.weights = weights.map((weight) => clean(weight / line.expected[j]));
    line.component = combine(line.weights, lines);
  }
  for (let j = 0; j < last; j++) lines[j].test = componentTest(lines, j);
  const totalWeights = lines.map((_, i) => clean(sum(lines.map(({weights}) => weights[i]))));
  return {
    n: reduced.n, mean: reduced.mean, design: reduced.design, balanced: reduced.balanced, lines,
    total: combine(totalWeights, lines), totalWeights
  };
}

/**
 * A design reduced to orthonormal contrasts, factor after factor.
 *
 * @throws InputError as {@link varianceComponents}
 */
export function reduceDesign(
  values: Numbers, factors: readonly Factor[], options: {design?: DesignKind} = {}
): ReducedDesign {
  const design = options.design ?? "nested";
  checkOneOf(design, "design", ["nested", "crossed"]);
  checkVector(values, "values", 2);
  checkVaries(values, "values");
  if (factors.length === 0) {
    throw new InputError({code: "no-factor", field: "factors", value: 0, expected: "at least 1 factor"});
  }
  const known = bases.get(factors);
  let basis = known?.design === design && known.n === values.length ? known : undefined;
  if (basis === undefined) bases.set(factors, (basis = designBasis(values, factors, design)));
  const {n, inner, balanced, names, counts, dfs, covariances, errorDf} = basis;
  const mean = sum(values) / n;
  const centred = Float64Array.from(values, (value) => value - mean);
  const contrasts = inner.map((vector) => dot(centred, vector));
  const rest = Float64Array.from(centred);
  inner.forEach((vector, i) => subtract(rest, vector, contrasts[i]));
  return {
    design, n, mean, balanced, names, counts, dfs, contrasts, covariances, errorSquares: dot(rest, rest), errorDf
  };
}

/** What of a reduced design depends on the factors alone. */
interface DesignBasis extends Omit<ReducedDesign, "mean" | "contrasts" | "errorSquares"> {
  /** Orthonormal contrasts, factor by factor. */
  inner: Float64Array[];
}

/** Bases of the factors that were seen, for as long as these are kept: simulations try one design many times. */
const bases = new WeakMap<readonly Factor[], DesignBasis>();

function designBasis(values: Numbers, factors: readonly Factor[], design: DesignKind): DesignBasis {
  const n = values.length;
  const indices = levelIndices(values, factors, design);
  const counts = indices.map((index) => Math.max(...index) + 1);
  const basis: Float64Array[] = [new Float64Array(n).fill(1 / Math.sqrt(n))];
  const dfs = indices.map((index, f) => {
    const before = basis.length;
    const outer = f === 0 ? new Int32Array(n) : indices[f - 1];
    basis.push(...(design === "nested" ? nestedContrasts(index, outer) : crossedContrasts(index, counts[f], basis)));
    if (basis.length === before) {
      throw new InputError({
        code: "no-degrees-of-freedom", field: `factor ${factors[f].name}`, value: `${counts[f]} levels`,
        expected: counts[f] === 1 ? "at least 2 levels"
          : design === "nested" ? "a level of the factor before it that holds 2 of its levels"
            : "levels that the factors before it do not determine"
      });
    }
    return basis.length - before;
  });
  const errorDf = n - basis.length;
  if (errorDf === 0) {
    throw new InputError({
      code: "no-degrees-of-freedom", field: "error", value: 0,
      expected: design === "nested"
        ? `repeated measurements within ${factors[factors.length - 1].name} (or leave that factor out: it is the error)`
        : "more observations than the factors take"
    });
  }
  const inner = basis.slice(1);
  const covariances = indices.map((index, f) => {
    const totals = inner.map((vector) => {
      const sums = new Float64Array(counts[f]);
      vector.forEach((x, i) => sums[index[i]] += x);
      return sums;
    });
    return totals.map((a) => totals.map((b) => clean(dot(a, b))));
  });
  return {
    design, n, inner, balanced: isBalanced(indices, counts, design), names: factors.map(({name}) => name), counts, dfs,
    covariances, errorDf
  };
}

/**
 * Orthonormal contrasts between the levels of a factor within each level of the one outside it: each level against all
 * those before it (Helmert's contrasts, weighted by the levels' sizes).
 */
function nestedContrasts(index: Int32Array, outer: Int32Array): Float64Array[] {
  const members = new Map<number, Map<number, number[]>>();
  index.forEach((level, i) => {
    if (!members.has(outer[i])) members.set(outer[i], new Map());
    const within = members.get(outer[i])!;
    if (within.has(level)) within.get(level)!.push(i);
    else within.set(level, [i]);
  });
  return [...members.values()].flatMap((within) => {
    const [first, ...later] = within.values();
    const before = [...first];
    return later.map((own) => {
      const vector = new Float64Array(index.length);
      const scale = Math.sqrt(own.length * before.length / (own.length + before.length));
      for (const i of before) vector[i] = -scale / before.length;
      for (const i of own) vector[i] = scale / own.length;
      before.push(...own);
      return vector;
    });
  });
}

/** What a factor's indicators add to a basis, by Gram and Schmidt's process done twice. */
function crossedContrasts(index: Int32Array, count: number, basis: readonly Float64Array[]): Float64Array[] {
  const added: Float64Array[] = [];
  for (let level = 0; level < count; level++) {
    const column = Float64Array.from(index, (own) => own === level ? 1 : 0);
    const start = norm(column);
    for (let pass = 0; pass < 2; pass++) {
      for (const vector of [...basis, ...added]) subtract(column, vector, dot(column, vector));
    }
    const length = norm(column);
    if (length > INDEPENDENT * start) added.push(column.map((x) => x / length));
  }
  return added;
}

/** Each observation's level as a number; nested levels are told apart by the whole path to them. */
function levelIndices(values: Numbers, factors: readonly Factor[], design: DesignKind): Int32Array[] {
  return factors.map(({name, levels}, f) => {
    checkSameLength(values, levels as never, "values", `factor ${name}`);
    if (factors.findIndex((other) => other.name === name) !== f) {
      throw new InputError({code: "duplicate-factor", field: "factors", value: name, expected: "each factor once"});
    }
    const found = new Map<string, number>();
    return Int32Array.from(levels, (label, i) => {
      const path = design === "nested" ? JSON.stringify(factors.slice(0, f + 1).map((one) => one.levels[i])) : label;
      if (!found.has(path)) found.set(path, found.size);
      return found.get(path)!;
    });
  });
}

/** Nested: equal numbers of observations in each level of each factor. Crossed: in each cell, none empty. */
function isBalanced(indices: readonly Int32Array[], counts: readonly number[], design: DesignKind): boolean {
  const equal = (cells: readonly string[], count: number): boolean => {
    const sizes = new Map<string, number>();
    for (const cell of cells) sizes.set(cell, (sizes.get(cell) ?? 0) + 1);
    return sizes.size === count && new Set(sizes.values()).size === 1;
  };
  if (design === "nested") {
    // Equal sizes at every level make the numbers of levels equal too.
    return indices.every((index, f) => equal(Array.from(index, String), counts[f]));
  }
  const cells = Array.from(indices[0], (_, i) => indices.map((index) => index[i]).join(" "));
  return equal(cells, counts.reduce((a, b) => a * b, 1));
}

/**
 * The F test of a component: its mean square over that combination of the others which has the same expectation without
 * the component, with Satterthwaite's degrees of freedom where these are several. Null where the combination is <= 0.
 */
function componentTest(lines: readonly VarianceLine[], j: number): VarianceLine["test"] {
  const own = lines[j].weights[j];
  const others = lines[j].weights.map((weight, i) => i === j ? 0 : clean(-weight / own));
  const base = combine(others, lines);
  if (!(base > 0)) return null;
  const df2 = satterthwaite(others, lines);
  const f = lines[j].meanSquare / base;
  return {f, df1: lines[j].df, df2, p: fSurvival(f, lines[j].df, df2)};
}

/**
 * Satterthwaite's degrees of freedom of a combination of mean squares: its square over the sum of each term's square
 * by its own degrees of freedom.
 *
 * Source: Satterthwaite 1946, doi:10.2307/3002019.
 */
export function satterthwaite(
  weights: readonly number[], lines: readonly {meanSquare: number; df: number}[]
): number {
  const used = lines.map(({meanSquare, df}, i) => ({size: weights[i] * meanSquare, df})).filter(({size}) => size !== 0);
  if (used.length === 1) return used[0].df;
  const total = sum(used.map(({size}) => size));
  return total * total / sum(used.map(({size, df}) => size * size / df));
}

function combine(weights: readonly number[], lines: readonly VarianceLine[]): number {
  return sum(lines.map(({meanSquare}, i) => weights[i] * meanSquare));
}

/** Weights that are zero but for rounding. */
function clean(weight: number): number {
  return Math.abs(weight) < 1e-12 ? 0 : weight;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function subtract(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] -= factor * vector[i];
}
