import {InputError} from "../errors.js";
import {
  levelOf, multiplierOf, type CoverageOptions, type Estimate, type Interval, type Multiplier
} from "./estimate.js";
import {covers, type CoverageId} from "./coverage.js";
import type {Check, Method, OptionNeed, ReportedEstimate, Variant} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {BCA_CITATION, drawnInterval, resamplingOptions, resamplingTask} from "./resampling.js";
import {
  coefficient, reproducibility, type ComponentEstimator, type TotalInterval
} from "./reproducibility.js";
import {observations, ofTable, swappedUnits, type Observations} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";
import type {DesignKind, Factor} from "./variance-components.js";

const RAUNIG = "Raunig et al. 2015, doi:10.1177/0962280214537344";
const SEARLE = "Searle, Casella and McCulloch 1992, Variance Components";

/** The figure of the smallest design simulated, with what it was. */
const threeSites = (id: CoverageId) => `${covers(id)} sites with 5 days and 5 measurements a day`;

const variants: readonly (Variant & {estimator: ComponentEstimator; totalInterval: TotalInterval})[] = [
  {
    id: "anova", estimator: "anova", totalInterval: "modified-large-sample",
    name: `ANOVA (type I), total by modified large sample (approximate: ${threeSites("three-large-sample")})`,
    citation: "Graybill and Wang 1980, Journal of the American Statistical Association 75, 869; Ting et al. 1990, "
      + "Journal of Statistical Computation and Simulation 35, 135"
  },
  {
    id: "anova-satterthwaite", estimator: "anova", totalInterval: "satterthwaite",
    name: `ANOVA (type I), total by Satterthwaite (approximate: ${threeSites("three-satterthwaite")})`,
    citation: "Satterthwaite 1946, doi:10.2307/3002019"
  },
  {
    id: "reml", estimator: "reml", totalInterval: "satterthwaite",
    name: "REML, components constrained to be >= 0, total by Satterthwaite (approximate: "
      + `${threeSites("three-reml")})`,
    citation: "Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545"
  }
];

const options: readonly OptionNeed[] = [
  {
    id: "design", kind: "choice", choices: ["nested", "crossed"], default: "nested",
    description: "nested: each factor within the one before it; crossed: main effects, interactions in the error"
  },
  {
    id: "multiplier", kind: "choice", choices: ["z", "1.96"], default: "z",
    description: "multiplier of RC and RDC: the normal quantile, or rounded as many papers have it"
  },
  {id: "coverage", kind: "number", default: 0.95, description: "share of differences that RC and RDC cover"},
  {
    id: "interval", kind: "choice", choices: ["analytic", "bootstrap"], default: "analytic",
    description: "analytic intervals of the variant, or BCa bootstrap of the outer factor's levels (ANOVA, nested)"
  },
  ...resamplingOptions
];

/** Reproducibility: variance components of sites, scanners, days and error, RC and RDC. */
export const reproducibilityMethod: Method = {
  id: "reproducibility",
  name: "Reproducibility (variance components)",
  summary: "Variance components of nested or crossed factors, repeatability and reproducibility coefficients",
  variants,
  columns: [
    {role: "value", required: true, description: "the measurements, one a row"},
    {
      role: "factors", required: true, many: true,
      description: "the factors in order, outer to inner when nested (site, day); what they leave is the error"
    }
  ],
  options,
  citations: [RAUNIG, SEARLE],
  resampling(request) {
    const asked = optionReader(options, request.options);
    return resamplingTask(asked, () => {
      if (variantOf(request, variants).estimator !== "anova") {
        throw new InputError({
          code: "unknown-choice", field: "interval", value: "bootstrap", expected: "analytic with variant reml"
        });
      }
      if (asked.text("design") !== "nested") {
        throw new InputError({
          code: "unknown-choice", field: "interval", value: "bootstrap",
          expected: "analytic with design crossed, where no factor's levels can be drawn apart from the others'"
        });
      }
      return componentRows(observations(request));
    });
  },
  run(request) {
    const asked = optionReader(options, request.options);
    const variant = variantOf(request, variants);
    const design = asked.text("design") as DesignKind;
    const found = observations(request);
    const factors = factorsOf(found);
    const coverage: CoverageOptions = {
      level: levelOf(request), coverage: asked.needed("coverage"), multiplier: asked.text("multiplier") as Multiplier
    };
    multiplierOf(coverage);
    const result = ofTable(request.table, () => reproducibility(found.values, factors, {
      ...coverage, design, estimator: variant.estimator, totalInterval: variant.totalInterval
    }));
    const {draws} = request;
    const last = result.components.length - 1;
    const interval = (i: number, own: Interval | null) =>
      drawnInterval(draws, i < last ? `component ${i}` : i === last ? "error" : "total", asked.text("interval")) ?? own;
    const estimateAt = (i: number, value: number, own: Interval): Estimate => ({value, ...interval(i, own)!});
    const error = estimateAt(last, result.components[last].value, result.components[last].interval!);
    const total = estimateAt(last + 1, result.total.value, result.total);
    const by = (id: CoverageId) => draws === undefined ? null
      : `BCa bootstrap of ${factors[0].name} (approximate; ${covers(id)} ${factors[0].name} levels)`;
    const crossed = result.design === "crossed";
    /** The figures of what was simulated of this design. */
    const figure = (ofNested: CoverageId, ofCrossed: CoverageId) => crossed
      ? `${covers(ofCrossed)} subjects x 3 scanners` : threeSites(ofNested);
    const scale = by("total-bootstrap") ?? (variant.totalInterval === "satterthwaite"
      ? `Satterthwaite on ${result.totalDf.toFixed(2)} degrees of freedom (approximate; `
        + `${figure(variant.estimator === "reml" ? "three-reml" : "three-satterthwaite", "crossed-satterthwaite")})`
      : `modified large sample (approximate; ${figure("three-large-sample", "crossed-large-sample")})`);
    const errorScale = by("component-error-bootstrap")
      ?? `chi-square on ${Number(result.errorDf.toFixed(2))} degrees of freedom, ${variant.estimator === "reml"
        ? `by Satterthwaite (approximate; ${covers("component-error-reml")} sites)` : "exact for normal errors"}`;
    const estimates: ReportedEstimate[] = [alone("mean", result.mean, "of all measurements, without interval")];
    result.components.forEach(({name, value, atBound, interval: own}, i) => {
      const ends = interval(i, own);
      const notes = [
        atBound ? "at its bound of 0" : value < 0 ? "negative: shown as estimated, it speaks for 0" : null,
        ends === null ? "REML gives no interval here: see variant anova"
          : i === last ? errorScale
            : by("component-site-bootstrap")
              ?? `modified large sample (approximate; ${figure("three-site", "crossed-scanner")})`
      ].filter((note) => note !== null);
      estimates.push({
        name: `variance ${name}`, value, lower: ends?.lower ?? null, upper: ends?.upper ?? null,
        level: ends?.level ?? null, unit: "squared", note: notes.join("; ")
      });
    });
    estimates.push(
      reported("variance total", total, scale, "squared"), reported("SD error", root(error), errorScale)
    );
    if (result.rdc !== null) estimates.push(reported("SD total", root(total), scale));
    const rc = coefficient(error, result.multiplier);
    estimates.push(reported("RC", rc, `repeatability, from the error; ${errorScale}`));
    if (result.rdc !== null) {
      const note = `reproducibility, from the total; ${scale}`;
      estimates.push(reported("RDC", coefficient(total, result.multiplier), note));
    }
    return {
      method: this.id, variant: variant.id, n: result.n, dropped: found.dropped, estimates,
      checks: checksOf(result), warnings: warningsOf(result, found, design),
      citations: citationsOf(...this.citations, variant.citation, ...(draws === undefined ? [] : [BCA_CITATION]))
    };
  }
};

function factorsOf({factors, levels}: Observations): Factor[] {
  return factors.map((name, f) => ({name, levels: levels.map((row) => row[f])}));
}

function root({value, lower, upper, level}: Estimate): Estimate {
  const of = (variance: number) => Math.sqrt(Math.max(0, variance));
  return {value: of(value), lower: of(lower), upper: of(upper), level};
}

function checksOf(result: ReturnType<typeof reproducibility>): Check[] {
  const checks: Check[] = result.lines.slice(0, -1).map(({name, test}): Check => ({
    id: `component-${name}`, name: `${name} adds variance (F test that its component is 0)`,
    statistic: test?.f ?? null, p: test?.p ?? null, passed: test === null ? null : test.p < 0.05,
    advice: "If it fails, the data do not show that this factor matters; that is no proof that it does not, least of "
      + "all with few levels. Keep the component in the total. Exact in balanced designs only."
  }));
  const negative = result.components.filter(({value}) => value < 0).map(({name}) => name);
  checks.push({
    id: "negative-components", name: "no component is negative", statistic: negative.length, p: null,
    passed: negative.length === 0,
    advice: "If it fails, the component is small for this design, or the design is another one (factors crossed that "
      + "were called nested, repeats that repel each other). The total keeps the negative value, which makes it "
      + "unbiased; variant reml sets it to 0."
  }, {
    id: "balanced", name: "every cell holds the same number of measurements", statistic: null, p: null,
    passed: result.balanced,
    advice: "If it fails, ANOVA depends on the order of crossed factors and its intervals are approximate; compare "
      + "with variant reml."
  });
  return checks;
}

function warningsOf(result: ReturnType<typeof reproducibility>, found: Observations, design: DesignKind): string[] {
  const warnings: string[] = [];
  for (const {name, df} of result.lines.slice(0, -1)) {
    if (df < 5) {
      const freedom = `${df} degree${df === 1 ? "" : "s"} of freedom`;
      warnings.push(`${name} has ${freedom}: its component and the total are poorly known`);
    }
  }
  if (result.rdc === null) warnings.push("negative components leave no total above 0: no RDC; see variant reml");
  if (design === "nested" && found.factors.length > 1 && labelsCross(found)) {
    warnings.push(`levels of ${found.factors.slice(1).join(", ")} carry the same labels in every level of `
      + `${found.factors[0]}: taken as different ones (nested); if they are the same ones, ask for design crossed`);
  }
  const outer = [...new Set(found.levels.map((row) => row[0]))];
  const of = (keep: (level: string) => boolean) => found.values.filter((_, i) => keep(found.levels[i][0]));
  // Of two levels one comparison says it all.
  for (const level of outer.length === 2 ? outer.slice(1) : outer) {
    const warning = swappedUnits(of((other) => other !== level), of((other) => other === level),
      [`other levels of ${found.factors[0]}`, `${found.factors[0]} ${level}`]);
    if (warning !== null) warnings.push(warning);
  }
  return warnings;
}

/** Whether every outer level holds the same inner labels, as crossed factors do. */
function labelsCross({levels}: Observations): boolean {
  const inner = new Map<string, Set<string>>();
  for (const [outer, ...rest] of levels) {
    if (!inner.has(outer)) inner.set(outer, new Set());
    inner.get(outer)!.add(JSON.stringify(rest));
  }
  const all = [...inner.values()];
  return all.every((one) => one.size === all[0].size && [...one].every((label) => all[0].has(label)));
}

/**
 * Rows for the core's statistic "variance-components": nested ANOVA from sums over each level of the outer factor,
 * which are drawn with replacement; a level drawn twice counts as two levels.
 *
 * With factors 0 (outer) to L - 1 (setting `factors` is L), values centred on the mean of all, for each outer level:
 * - n, the sum s of its values, the sum of their squares;
 * - for each factor l = 1 to L - 1: the sum over its levels of (level's sum)^2 / (level's n), and their number;
 * - for each factor m = 0 to L - 1: the sum over its levels of (level's n)^2;
 * - for each pair j < m, j outermost: the sum over m's levels of (level's n)^2 / n of the level of j that holds it.
 *
 * Sums over the outer levels drawn give T_-1 = (sum s)^2 / N, T_0 = sum s^2 / n, T_l, and T_L the sum of squares; with
 * numbers of levels U_-1 = 1, U_0, U_l and U_L = N the mean square of line j is (T_j - T_j-1) / (U_j - U_j-1), and the
 * multiple of component m in the expectation of its sum of squares is K_jm - K_j-1,m, where K_-1,m is the sum of
 * squared n over N, K_jj = N, and K_jm the pair's sum. Out come "component 0" to "component L - 1" of the factors,
 * "error", and "total", their sum.
 */
export function componentRows(found: Pick<Observations, "factors" | "levels" | "values">) {
  const depth = found.factors.length;
  const mean = found.values.reduce((a, b) => a + b) / found.values.length;
  const path = (i: number, l: number) => JSON.stringify(found.levels[i].slice(0, l + 1));
  const outer = new Map<string, number[]>();
  found.levels.forEach((_, i) => {
    if (!outer.has(path(i, 0))) outer.set(path(i, 0), []);
    outer.get(path(i, 0))!.push(i);
  });
  const rows = [...outer.values()].map((members) => {
    const values = members.map((i) => found.values[i] - mean);
    const levels = Array.from({length: depth}, (_, l) => {
      const units = new Map<string, {n: number; s: number; first: number}>();
      members.forEach((i, k) => {
        const unit = units.get(path(i, l)) ?? {n: 0, s: 0, first: i};
        units.set(path(i, l), {n: unit.n + 1, s: unit.s + values[k], first: unit.first});
      });
      return units;
    });
    const row = [values.length, values.reduce((a, b) => a + b, 0), values.reduce((a, b) => a + b * b, 0)];
    for (const units of levels.slice(1)) {
      row.push([...units.values()].reduce((a, {n, s}) => a + s * s / n, 0), units.size);
    }
    for (const units of levels) row.push([...units.values()].reduce((a, {n}) => a + n * n, 0));
    for (let j = 0; j < depth; j++) {
      for (let m = j + 1; m < depth; m++) {
        row.push([...levels[m].values()].reduce((a, {n, first}) => a + n * n / levels[j].get(path(first, j))!.n, 0));
      }
    }
    return row;
  });
  return {
    statistic: "variance-components", data: Float64Array.from(rows.flat()), width: rows[0].length,
    settings: {factors: depth}
  };
}
