import {checkOneOf, checkSameLength, checkVaries, checkVector, type Numbers} from "../check.js";
import {chiSquareSurvival} from "../distributions/chi-square.js";
import {InputError} from "../errors.js";
import {linearModel} from "./linear-model.js";
import {sum} from "./summaries.js";

/** Test for a spread that changes with a covariate. */
export interface BreuschPagan {
  n: number;
  variant: "studentized" | "original";
  /** Score statistic, chi-square on 1 degree of freedom when the spread is constant. */
  statistic: number;
  df: 1;
  p: number;
  /** Sign of the change of the squared residuals with x. */
  direction: "grows" | "shrinks";
}

/**
 * Breusch-Pagan test: do the squared residuals of the straight line of y on x depend on x?
 *
 * "studentized" (Koenker): n times R2 of the squared residuals on x; holds its level for any distribution of the
 * errors as n grows. "original": half the explained sum of squares of residual^2 / mean residual^2, which needs normal
 * errors. Both see a change of the spread in one direction only, and have little power below n of about 30.
 * Source: Breusch and Pagan 1979, doi:10.2307/1911963; Koenker 1981, doi:10.1016/0304-4076(81)90062-2.
 *
 * @param x covariate, at least 4 values
 * @param y response, as many
 * @throws InputError on fewer than 4 values, unequal lengths, a value that is not finite, a constant x, a y that lies
 *   on a straight line
 */
export function breuschPagan(
  x: Numbers, y: Numbers, options: {variant?: BreuschPagan["variant"]} = {}
): BreuschPagan {
  const variant = options.variant ?? "studentized";
  checkOneOf(variant, "variant", ["studentized", "original"]);
  checkVector(x, "x", 4);
  checkVector(y, "y", 4);
  checkSameLength(x, y, "x", "y");
  checkVaries(x, "x");
  const columns = [{name: "x", values: x}];
  const line = linearModel(columns, y);
  const n = line.n;
  const largest = line.fitted.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  if (!(line.residualSd > 1e-12 * largest)) {
    throw new InputError({
      code: "constant", field: "residuals", value: line.residualSd,
      expected: "values that scatter about a straight line"
    });
  }
  // Squares relative to their mean, so that the unit of y does not matter.
  const scale = line.residualSquares / n;
  const squares = line.residuals.map((r) => r * r / scale);
  const auxiliary = linearModel(columns, squares);
  const total = sum(squares.map((u) => (u - 1) * (u - 1)));
  const explained = Math.max(0, total - auxiliary.residualSquares);
  const statistic = variant === "original" ? explained / 2 : total > 0 ? n * explained / total : 0;
  return {
    n, variant, statistic, df: 1, p: chiSquareSurvival(statistic, 1),
    direction: auxiliary.coefficients[1].value >= 0 ? "grows" : "shrinks"
  };
}
