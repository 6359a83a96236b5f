import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {icc} from "../../../src/domain/statistics/icc.js";
import {remlComponents, remlLogLikelihood} from "../../../src/domain/statistics/variance-components-reml.js";
import {
  reduceDesign, varianceComponents, type DesignKind, type Factor
} from "../../../src/domain/statistics/variance-components.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

interface Data {
  values: number[];
  factors: Factor[];
}

function nested(tree: number[][][], names = ["site", "day"]): Data {
  const values: number[] = [];
  const levels: string[][] = [[], []];
  tree.forEach((site, s) => site.forEach((day, d) => day.forEach((value) => {
    values.push(value);
    levels[0].push(`s${s}`);
    levels[1].push(`d${d}`);
  })));
  return {values, factors: names.map((name, f) => ({name, levels: levels[f]}))};
}

function crossed(rows: number[][], names = ["subject", "rater"]): Data {
  const cells = rows.flatMap((row, i) => row.map((value, j) => ({value, i, j})));
  return {
    values: cells.map(({value}) => value),
    factors: [
      {name: names[0], levels: cells.map(({i}) => `${i}`)}, {name: names[1], levels: cells.map(({j}) => `${j}`)}
    ]
  };
}

/** Sites of unequal numbers of days of unequal numbers of repeats. */
function unbalanced(seed: number, sd: [number, number, number]): Data {
  const random = seeded(seed);
  return nested([[5, 3, 2], [4, 4, 4, 1], [2, 2], [6, 3, 3], [1, 5]].map((days) => {
    const site = 20 + sd[0] * random.normal();
    return days.map((n) => {
      const day = site + sd[1] * random.normal();
      return Array.from({length: n}, () => day + sd[2] * random.normal());
    });
  }));
}

describe("EP05-A3, three sites, five days, five repeats: every digit printed", () => {
  for (const [file, total, site, day, error] of [
    ["vca_EP05A3_MS_1.csv", "3.635232", "1.017401", ".345882", "2.271949"],
    ["vca_EP05A3_MS_2.csv", "5.765516", "1.010798", "1.028309", "3.726408"]
  ]) {
    test(file, (t) => {
      const data = sharedColumns(file);
      if (data === null) return t.skip("../shared/reference is absent");
      const factors = ["site", "day"].map((name) => ({name, levels: data[name].map(String)}));
      const found = varianceComponents(data.y, factors);
      assertPrinted(found.total, total, "total");
      [site, day, error].forEach((printed, i) => assertPrinted(found.lines[i].component, printed, found.lines[i].name));
      assert.equal(found.balanced, true);
      const reml = remlComponents(data.y, factors);
      [site, day, error].forEach((printed, i) => assertPrinted(reml.components[i], printed, reml.names[i]));
      assertPrinted(reml.total, total, "REML total");
    });
  }
});

test("calcium in turnip greens, every digit printed", () => {
  const printed = reference("turnip-calcium");
  const {values, factors} = nested(printed.plants, ["plant", "leaf"]);
  for (const {name, meanSquare, component} of varianceComponents(values, factors).lines) {
    assertPrinted(meanSquare, printed.meanSquares[name], `mean square of ${name}`);
    assertPrinted(component, printed.components[name], `component of ${name}`);
  }
});

test("crossed: the ratings of Shrout and Fleiss, and ICC(2,1) as a ratio of components", () => {
  const printed = reference("shrout-fleiss");
  const {values, factors} = crossed(printed.ratings);
  const {lines, total, balanced} = varianceComponents(values, factors, {design: "crossed"});
  assertPrinted(lines[0].meanSquare, printed.betweenMeanSquare);
  assertPrinted(lines[1].meanSquare, printed.raterMeanSquare);
  assertPrinted(lines[2].meanSquare, printed.errorMeanSquare);
  assert.ok(balanced);
  assertRelative(lines[0].component / total, icc(printed.ratings, {form: "2,1"}).value, 1e-12);
  assertRelative(lines[1].test!.f, lines[1].meanSquare / lines[2].meanSquare, 1e-12);
  assert.deepEqual([lines[1].test!.df1, lines[1].test!.df2], [3, 15]);
});

test("one factor: the components behind ICC(1,1)", () => {
  const rows = [[1, 3], [10, 12], [5, 6], [2, 2.5]];
  const {values, factors} = crossed(rows);
  const {lines, total} = varianceComponents(values, factors.slice(0, 1));
  assertRelative(lines[0].component / total, icc(rows).value, 1e-12);
});

test("unbalanced nested design: expectations as the textbook's sums give them", () => {
  // Sites of days of n repeats: Searle, Casella and McCulloch 1992, section 5.6 (nested classification).
  const {values, factors} = unbalanced(3, [1, 1, 1]);
  const sizes = [[5, 3, 2], [4, 4, 4, 1], [2, 2], [6, 3, 3], [1, 5]];
  const total = (list: number[]) => list.reduce((a, b) => a + b, 0);
  const n = total(sizes.map(total));
  const perSite = sizes.map((days) => total(days.map((d) => d * d)) / total(days));
  const [site, day] = varianceComponents(values, factors).lines;
  assert.deepEqual([site.df, day.df], [4, 9]);
  assertRelative(day.expected[1], (n - total(perSite)) / 9, 1e-12);
  assertRelative(site.expected[1], (total(perSite) - total(sizes.flat().map((d) => d * d)) / n) / 4, 1e-12);
  assertRelative(site.expected[0], (n - total(sizes.map((days) => total(days) ** 2)) / n) / 4, 1e-12);
  assert.equal(day.expected[0], 0);
});

test("three nested factors and three crossed ones", () => {
  const random = seeded(15);
  const rows = Array.from({length: 3 * 2 * 2 * 3}, (_, i) => [Math.floor(i / 12), Math.floor(i / 6) % 2,
    Math.floor(i / 3) % 2]);
  const values = rows.map(([a, b, c]) => 3 * a + b * a + c + random.normal());
  const factors = ["a", "b", "c"].map((name, f) => ({name, levels: rows.map((row) => String(row[f]))}));
  const deep = varianceComponents(values, factors);
  assert.deepEqual(deep.lines.map(({df}) => df), [2, 3, 6, 24]);
  assert.ok(deep.balanced);
  const wide = varianceComponents(values, factors, {design: "crossed"});
  assert.deepEqual(wide.lines.map(({df}) => df), [2, 1, 1, 31]);
  const mean = values.reduce((a, b) => a + b) / 36;
  const squares = values.reduce((a, v) => a + (v - mean) ** 2, 0);
  for (const {lines} of [deep, wide]) {
    assertRelative(lines.reduce((a, line) => a + line.squares, 0), squares, 1e-12);
  }
});

describe("negative components are shown", () => {
  // Every site holds the same three values, more apart than the sites.
  const {values, factors} = crossed([[1, 5, 9], [9, 1, 5], [5, 9, 1.5]]);

  test("by ANOVA, in component and total", () => {
    const {lines, total} = varianceComponents(values, factors.slice(0, 1));
    assert.ok(lines[0].component < -5);
    assertRelative(total, lines[0].component + lines[1].component, 1e-12);
  });

  test("REML stops at 0 and says so", () => {
    const reml = remlComponents(values, factors.slice(0, 1));
    assert.deepEqual(reml.atBound, [true, false]);
    assert.equal(reml.components[0], 0);
    // Without the factor the error is the plain variance.
    const mean = values.reduce((a, b) => a + b) / 9;
    assertRelative(reml.components[1], values.reduce((a, v) => a + (v - mean) ** 2, 0) / 8, 1e-9);
    assert.equal(reml.covariance[0][1], 0);
  });
});

describe("REML", () => {
  test("equals ANOVA in balanced designs without negative estimates", () => {
    const random = seeded(21);
    const tree = Array.from({length: 6}, () => {
      const site = 3 * random.normal();
      return Array.from({length: 4}, () => {
        const day = site + 2 * random.normal();
        return [0, 1, 2].map(() => day + random.normal());
      });
    });
    const cases: [Data, DesignKind][] = [
      [nested(tree), "nested"], [crossed(tree.map((site) => site.map((day) => day[0] + day[1]))), "crossed"]
    ];
    for (const [{values, factors}, design] of cases) {
      const {lines} = varianceComponents(values, factors, {design});
      const reml = remlComponents(values, factors, {design});
      if (lines.some(({component}) => component < 0)) continue;
      reml.components.forEach((component, i) => assertRelative(component, lines[i].component, 1e-8));
    }
    const {values, factors} = nested(tree);
    assert.ok(varianceComponents(values, factors).lines.every(({component}) => component > 0));
  });

  test("the likelihood is at its maximum in unbalanced designs", () => {
    for (const [seed, sd] of [[1, [1, 1, 1]], [2, [3, 0.2, 1]], [3, [0, 0, 1]], [4, [0.2, 2, 0.5]]] as const) {
      const {values, factors} = unbalanced(seed, [...sd]);
      const reduced = reduceDesign(values, factors);
      const {components, logLikelihood} = remlComponents(values, factors);
      const scale = components.reduce((a, b) => a + b);
      components.forEach((component, f) => {
        for (const step of [-0.01, -0.001, 0.001, 0.01]) {
          const moved = components.map((value, g) => g === f ? value + step * scale : value);
          if (moved[f] < 0 || (f === 2 && moved[f] <= 0)) continue;
          assert.ok(remlLogLikelihood(reduced, moved) < logLikelihood, `seed ${seed}, component ${f}, step ${step}`);
        }
        // At an interior maximum a small step to either side loses alike; at the bound the slope is negative.
        const at = (step: number) =>
          remlLogLikelihood(reduced, components.map((v, g) => g === f ? v + step * scale : v));
        const slope = component > 1e-3 * scale ? (at(1e-5) - at(-1e-5)) / 2e-5 : 0;
        assert.ok(Math.abs(slope) < 1e-4, `seed ${seed}, component ${f}, slope ${slope}`);
      });
    }
  });

  test("the likelihood is that of the whole normal model, by its covariance matrix", () => {
    // l = -1/2 (ln|V| + ln|1'V^-1 1| + y'Py), with V written out; compared as differences between two components.
    const {values, factors} = nested([[[1, 2.5], [4, 3]], [[6, 7], [5.5]], [[2, 0], [1]]]);
    const full = (c: number[]) => {
      const path = (i: number) => factors[0].levels[i] + factors[1].levels[i];
      const v = values.map((_, i) => values.map((_, j) =>
        (factors[0].levels[i] === factors[0].levels[j] ? c[0] : 0) + (path(i) === path(j) ? c[1] : 0)
        + (i === j ? c[2] : 0)));
      // Gauss-Jordan on [V | 1 y].
      const a = v.map((row, i) => [...row, 1, values[i]]);
      let determinant = 0;
      a.forEach((row, k) => {
        determinant += Math.log(row[k]);
        const pivot = row[k];
        row.forEach((_, j) => row[j] /= pivot);
        a.forEach((other, i) => {
          if (i === k) return;
          const factor = other[k];
          other.forEach((_, j) => other[j] -= factor * row[j]);
        });
      });
      const n = values.length;
      const ones = a.map((row) => row[n]).reduce((x, y) => x + y);
      const cross = a.map((row) => row[n + 1]).reduce((x, y) => x + y);
      const quadratic = a.map((row, i) => row[n + 1] * values[i]).reduce((x, y) => x + y);
      return -0.5 * (determinant + Math.log(ones) + quadratic - cross * cross / ones);
    };
    const reduced = reduceDesign(values, factors);
    const [a, b] = [[1, 0.5, 2], [4, 0.1, 0.7]];
    assertRelative(remlLogLikelihood(reduced, a) - remlLogLikelihood(reduced, b), full(a) - full(b), 1e-10);
  });
});

describe("properties", () => {
  const data = unbalanced(5, [2, 1, 1]);
  const same = (a: Data, factor = 1) => {
    const base = varianceComponents(data.values, data.factors);
    const other = varianceComponents(a.values, a.factors);
    base.lines.forEach(({component}, i) => assertRelative(other.lines[i].component, factor * component, 1e-9));
    const reml = remlComponents(data.values, data.factors);
    remlComponents(a.values, a.factors).components.forEach((component, i) =>
      assertRelative(component, factor * reml.components[i], 1e-6));
  };

  test("shift, scale, order of rows, names of levels", () => {
    same({...data, values: data.values.map((value) => value + 1000)});
    same({...data, values: data.values.map((value) => value / 1000)}, 1e-6);
    same({
      values: [...data.values].reverse(),
      factors: data.factors.map(({name, levels}) => ({name, levels: [...levels].reverse()}))
    });
    // Days numbered on through the sites instead of anew in each.
    const [site, day] = data.factors;
    same({values: data.values, factors: [site, {name: "day", levels: day.levels.map((d, i) => site.levels[i] + d)}]});
  });
});

test("bad input", () => {
  const values = [1, 2, 3, 4, 5, 6.5];
  const factor = (name: string, levels: string) => ({name, levels: [...levels]});
  assertRejects(() => varianceComponents(values, []), "no-factor", "factors");
  assertRejects(() => varianceComponents(values, [factor("site", "aab")]), "unequal-lengths", "length of factor site");
  assertRejects(() => varianceComponents([1, 1, 1, 1], [factor("site", "aabb")]), "constant", "values");
  assertRejects(() => varianceComponents([1, NaN, 1, 1], [factor("site", "aabb")]), "not-finite", "values[1]");
  assertRejects(() => varianceComponents(values, [factor("site", "aaaaaa")]), "no-degrees-of-freedom", "factor site");
  assertRejects(() => varianceComponents(values, [factor("site", "aabbcc"), factor("day", "xxyyzz")]),
    "no-degrees-of-freedom", "factor day");
  const once = assertRejects(() => varianceComponents(values, [factor("site", "aabbcc"), factor("day", "xyxyxy")]),
    "no-degrees-of-freedom", "error");
  assert.match(once.message, /leave that factor out/);
  assertRejects(() => varianceComponents(values, [factor("site", "aabbcc"), factor("site", "aabbcc")]),
    "duplicate-factor", "factors");
  assertRejects(() => varianceComponents(values, [factor("s", "aabbcc")], {design: "split" as never}),
    "unknown-choice", "design");
  assertRejects(() => remlComponents([1, 1, 2, 2], [factor("s", "aabb")]), "constant", "repeated measurements");
});
