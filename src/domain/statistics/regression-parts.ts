import type {Line} from "./deming.js";
import type {Check, ColumnNeed, OptionNeed} from "./method.js";
import {normalityCheck, outlierCheck, quantileCheck, spreadCheck} from "./sample-checks.js";
import type {Pairs} from "./table-layouts.js";

/** Columns of every regression of one method on another. */
export const pairColumns: readonly ColumnNeed[] = [
  {role: "x", required: false, description: "first method, on the abscissa"},
  {role: "y", required: false, description: "second method"},
  {role: "subject", required: false, description: "label of each subject"},
  {role: "method", required: false, description: "long table: which method measured"},
  {role: "value", required: false, description: "long table: the measurement"}
];

/** The error ratio, in the one direction that the whole project uses. */
export const errorRatioOption: OptionNeed = {
  id: "error-ratio", kind: "number", default: 1, description: "var(errors of x) / var(errors of y)"
};

/**
 * Distances from a line along y, and the size of x at the point of the line to which each belongs.
 *
 * @param errorRatio var(x error)/var(y error), by which points are projected on the line; 0 for x without errors
 * @param residualScale what the SD of a residual is proportional to, by size; constant when left out
 */
export function lineResiduals(
  data: Pick<Pairs, "x" | "y">, line: Line, errorRatio: number, residualScale?: (size: number) => number
): {size: number; residual: number}[] {
  const share = 1 + errorRatio * line.slope * line.slope;
  return Array.from(data.x, (x, i) => {
    const d = data.y[i] - line.intercept - line.slope * x;
    const size = x + errorRatio * line.slope * d / share;
    return {size, residual: d / (residualScale?.(size) ?? 1)};
  });
}

/**
 * Checks of a fitted line: normality, spread and outliers of its residuals.
 *
 * @param errorRatio as {@link lineResiduals} takes it
 * @param remedy what to do about a spread that changes
 */
export function lineChecks(
  data: Pairs, line: Line, errorRatio: number, remedy: string, residualScale?: (size: number) => number
): Check[] {
  const points = lineResiduals(data, line, errorRatio, residualScale);
  const residuals = points.map(({residual}) => residual);
  const labels = data.subjects.map((subject, i) => `subject ${subject} (row ${data.cells.x[i].row})`);
  return [
    normalityCheck(residuals, "residuals"),
    quantileCheck(residuals, "residuals"),
    spreadCheck(points.map(({size}) => size), residuals, "residuals", "size", remedy),
    outlierCheck(residuals, labels, "residuals")
  ];
}
