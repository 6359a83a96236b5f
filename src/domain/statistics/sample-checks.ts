import type {Numbers} from "../check.js";
import {InputError} from "../errors.js";
import type {Abscissa} from "./bias-and-limits.js";
import {breuschPagan} from "./breusch-pagan.js";
import {rejects} from "./coverage.js";
import type {ErrorsInVariables} from "./errors-in-variables.js";
import type {Check} from "./method.js";
import {quantileCorrelation} from "./normal-quantiles.js";
import {outliers} from "./outliers.js";
import {proportionalBias} from "./proportional-bias.js";
import {shapiroWilk} from "./shapiro-wilk.js";

/** Level at which a check fails. */
export const CHECK_LEVEL = 0.05;

/** Normality by Shapiro and Wilk's test. @param what the values, as "differences" */
export function normalityCheck(values: Numbers, what: string): Check {
  return check(
    "shapiro-wilk", `normality of the ${what} (Shapiro-Wilk)`,
    `If it fails: look at the Q-Q plot and the outliers first, then take logarithms (variant log) or a bootstrap `
    + `interval; exact intervals of limits suppose normal ${what}. Misleads: with few values it passes almost `
    + `anything (normal ones fail in ${rejects("shapiro-wilk")}), with hundreds it fails for departures that do not `
    + "matter, and repeated values fail it.",
    () => {
      const {w, p} = shapiroWilk(values);
      return {statistic: w, p};
    }
  );
}

/** Straightness of the normal quantile plot. */
export function quantileCheck(values: Numbers, what: string): Check {
  return check(
    "q-q", `straightness of the Q-Q plot of the ${what} (correlation; Shapiro-Francia p)`,
    "If it fails: points bent at both ends mean heavy tails (take a bootstrap interval), an arc means skewness (take "
      + "logarithms), one point off the line an outlier. Misleads: as the Shapiro-Wilk test; a correlation of .98 is "
      + "not straight when there are hundreds of values. "
      + `Normal values fail it in ${rejects("shapiro-francia")}.`,
    () => {
      const {r, p} = quantileCorrelation(values);
      return {statistic: r, p};
    }
  );
}

/** Slope of the difference on mean or reference. */
export function proportionalBiasCheck(first: Numbers, second: Numbers, abscissa: Abscissa): Check {
  const advice = abscissa === "mean"
    ? "Misleads: methods with unequal random errors fail it without any proportional bias, with error SDs of .2 and "
      + `.4 of the true SD in ${rejects("proportional-bias-2-4")}, with .1 and .5 in `
      + `${rejects("proportional-bias-1-5")}; `
      + "with replicates, or with a known error ratio, the errors-in-variables check tells these apart "
      + `(${rejects("errors-in-variables-1-5")}).`
    : "Misleads: a reference with errors of its own fails it without any proportional bias.";
  return check(
    "proportional-bias", `proportional bias (slope of the difference on the ${abscissa})`,
    `If it fails: take regression-based limits (variant regression), or ratios (variant log). ${advice}`,
    () => {
      const {slope} = proportionalBias(first, second, {abscissa});
      return {statistic: slope.value, p: slope.p};
    }
  );
}

/** Slope of Deming's line against 1. */
export function errorsInVariablesCheck(test: () => ErrorsInVariables): Check {
  return check(
    "errors-in-variables", "proportional bias with errors in both methods (Deming slope against 1)",
    "If it fails: a proportional bias is there: report Deming's line, take regression-based limits or ratios. "
      + `Without one it fails in ${rejects("errors-in-variables-2-4")} (error SDs .2 and .4). `
      + "Misleads: errors that replicates do not show (of the sample, of the day) make the error ratio wrong.",
    () => {
      const {slope, p} = test();
      return {statistic: slope.value, p};
    }
  );
}

/** Spread that changes with a covariate. @param covariate its name, as "mean" */
export function spreadCheck(x: Numbers, values: Numbers, what: string, covariate: string, remedy: string): Check {
  return check(
    "breusch-pagan", `constant spread of the ${what} over the ${covariate} (Breusch-Pagan, studentized)`,
    `If it fails: ${remedy} Misleads: it sees a spread that only grows or only shrinks, has little power below 30 `
    + `values (where the spread is constant it fails in ${rejects("breusch-pagan")}), `
    + " and an outlier at either end of the range can fail it alone.",
    () => {
      const {statistic, p} = breuschPagan(x, values);
      return {statistic, p};
    }
  );
}

/** Outliers by Rosner's rule, named by their labels. */
export function outlierCheck(values: Numbers, labels: readonly string[], what: string): Check {
  const rule = "generalised ESD, Rosner 1983";
  const name = `outliers among the ${what} (${rule}, alpha ${CHECK_LEVEL})`;
  const advice = "Look for a cause (units, a wrong subject, a failed scan) and report the analysis with and without; "
    + "never drop a value for being far off alone. Misleads: the rule supposes normal values (of these it finds an "
    + `outlier in ${rejects("outlier-rule")}), so skewed ones fail it, and below 15 values it is only a guide.`;
  return attempt("outliers", name, advice, () => {
    const {steps, outliers: found} = outliers(values, {alpha: CHECK_LEVEL});
    const named = found.length === 0 ? "" : `Found: ${found.map(({index}) => labels[index]).join(", ")}. `;
    return {statistic: steps[0].statistic, p: null, passed: found.length === 0, advice: `${named}${advice}`};
  });
}

/** A check that passes when p is at least the level. */
export function check(
  id: string, name: string, advice: string, test: () => {statistic: number; p: number}
): Check {
  return attempt(id, name, advice, () => {
    const {statistic, p} = test();
    return {statistic: Number.isFinite(statistic) ? statistic : null, p, passed: p >= CHECK_LEVEL, advice};
  });
}

/** A check that the values do not allow is reported as not made, with the reason. */
function attempt(
  id: string, name: string, advice: string, test: () => Omit<Check, "id" | "name">
): Check {
  try {
    return {id, name, ...test()};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return {id, name, statistic: null, p: null, passed: null, advice: `Not made: ${error.message}. ${advice}`};
  }
}
