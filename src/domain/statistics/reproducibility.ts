import {checkOneOf, type Numbers} from "../check.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, multiplierOf, type CoverageOptions, type Estimate, type Interval} from "./estimate.js";
import {modifiedLargeSample} from "./modified-large-sample.js";
import {sum} from "./summaries.js";
import {remlOf} from "./variance-components-reml.js";
import {
  componentsOf, reduceDesign, satterthwaite, type DesignKind, type Factor, type VarianceLine
} from "./variance-components.js";

/** How components are estimated: analysis of variance, or restricted maximum likelihood with components >= 0. */
export type ComponentEstimator = "anova" | "reml";

/** How the total's interval is taken; REML knows Satterthwaite's only. */
export type TotalInterval = "modified-large-sample" | "satterthwaite";

/** Options of a reproducibility study. */
export interface ReproducibilityOptions extends CoverageOptions {
  /** Default "nested". */
  design?: DesignKind;
  /** Default "anova". */
  estimator?: ComponentEstimator;
  /** Default "modified-large-sample", with REML "satterthwaite". */
  totalInterval?: TotalInterval;
}

/** A variance component; without interval where the estimator has none. */
export interface ReproducibilityComponent {
  name: string;
  value: number;
  interval: Interval | null;
  /** REML only: stopped at its bound of 0. */
  atBound: boolean;
}

/** Repeatability and reproducibility of a multi-factor study. */
export interface Reproducibility {
  n: number;
  mean: number;
  design: DesignKind;
  balanced: boolean;
  estimator: ComponentEstimator;
  totalInterval: TotalInterval;
  /** Factors in order, then the error. */
  components: ReproducibilityComponent[];
  /** Sum of the components as they are. */
  total: Estimate;
  /** Satterthwaite's degrees of freedom of the total. */
  totalDf: number;
  /** Degrees of freedom of the error's chi-square interval. */
  errorDf: number;
  /** Repeatability coefficient, z sqrt(2 error). */
  rc: Estimate;
  /** Reproducibility coefficient, z sqrt(2 total); null where negative components leave no total above 0. */
  rdc: Estimate | null;
  /** Lines of the analysis of variance, whichever estimator was asked for. */
  lines: VarianceLine[];
  multiplier: number;
}

/**
 * Reproducibility from variance components: RC from the error, RDC = z sqrt(2 total) from all of them.
 *
 * Intervals: the error by chi-square (exact for normal effects; for REML on Satterthwaite's degrees of freedom); each
 * ANOVA component by the modified large-sample method; the total by that method or by Satterthwaite's chi-square, which
 * covers less where few sites leave few degrees of freedom ("three-satterthwaite" in coverage-figures.ts).
 * Mean squares of unbalanced designs are only near independent chi-squares, so all but the error's are approximate.
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344 (RC and RDC); Satterthwaite 1946, doi:10.2307/3002019;
 * Graybill and Wang 1980 and Ting et al. 1990 (modified-large-sample.ts).
 *
 * @param values, factors as in variance-components.ts
 * @throws InputError as variance-components, an unknown choice, a level or coverage outside (0, 1)
 */
export function reproducibility(
  values: Numbers, factors: readonly Factor[], options: ReproducibilityOptions = {}
): Reproducibility {
  const level = levelOf(options);
  const multiplier = multiplierOf(options);
  const estimator = options.estimator ?? "anova";
  checkOneOf(estimator, "estimator", ["anova", "reml"]);
  const totalInterval = options.totalInterval ?? (estimator === "reml" ? "satterthwaite" : "modified-large-sample");
  checkOneOf(totalInterval, "totalInterval", estimator === "reml" ? ["satterthwaite"]
    : ["modified-large-sample", "satterthwaite"]);
  const reduced = reduceDesign(values, factors, options);
  const anova = componentsOf(reduced);
  const {lines} = anova;
  const terms = (weights: readonly number[]) =>
    lines.map(({meanSquare, df}, i) => ({weight: weights[i], meanSquare, df}));
  let components: ReproducibilityComponent[];
  let total: Estimate;
  let totalDf: number;
  let errorDf: number;
  if (estimator === "anova") {
    errorDf = reduced.errorDf;
    components = lines.map(({name, component, weights}) => {
      const {lower, upper} = modifiedLargeSample(terms(weights), level);
      return {name, value: component, interval: {lower, upper, level}, atBound: false};
    });
    totalDf = satterthwaite(anova.totalWeights, lines);
    total = totalInterval === "modified-large-sample" ? modifiedLargeSample(terms(anova.totalWeights), level)
      : varianceInterval(anova.total, totalDf, level);
  } else {
    const reml = remlOf(reduced);
    const error = reml.components.length - 1;
    const df = (value: number, variance: number) => 2 * value * value / variance;
    errorDf = df(reml.components[error], reml.covariance[error][error]);
    components = reml.names.map((name, f) => ({
      name, value: reml.components[f], atBound: reml.atBound[f],
      interval: f === error ? varianceInterval(reml.components[f], errorDf, level) : null
    }));
    totalDf = df(reml.total, sum(reml.covariance.flat()));
    total = varianceInterval(reml.total, totalDf, level);
  }
  const error = components[components.length - 1];
  return {
    n: reduced.n, mean: reduced.mean, design: reduced.design, balanced: reduced.balanced, estimator, totalInterval,
    components, total, totalDf, errorDf, lines, multiplier,
    rc: coefficient({value: error.value, ...error.interval!}, multiplier),
    rdc: total.value > 0 ? coefficient(total, multiplier) : null
  };
}

/** z sqrt(2 variance) with its interval. */
export function coefficient({value, lower, upper, level}: Estimate, multiplier: number): Estimate {
  const of = (variance: number) => multiplier * Math.sqrt(2 * Math.max(0, variance));
  return {value: of(value), lower: of(lower), upper: of(upper), level};
}

/** Chi-square interval on the scale of variances; of a total that is not above 0 the point alone. */
function varianceInterval(value: number, df: number, level: number): Estimate {
  if (!(value > 0)) return {value, lower: value, upper: value, level};
  const {lower, upper} = chiSquareInterval(Math.sqrt(value), df, level);
  return {value, lower: lower * lower, upper: upper * upper, level};
}
