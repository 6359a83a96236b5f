import {InputError} from "../errors.js";
import {rowNumber} from "../row-number.js";
import {linearity} from "./linearity.js";
import type {Check, Method, MethodRequest, ReportedEstimate} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {check, normalityCheck, outlierCheck, quantileCheck, spreadCheck} from "./sample-checks.js";
import {columnsFor, hasColumn, numericColumn, swappedUnits, textColumn, type Dropped} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const EMANCIPATOR = "Emancipator and Kroll 1993, doi:10.1093/clinchem/39.5.766";
const RAUNIG = "Raunig et al. 2015, doi:10.1177/0962280214537344";
const variants = [
  {id: "polynomial", name: "straight line and quadratic term by least squares", citation: EMANCIPATOR}
] as const;

/** Linearity and bias against reference levels. */
export const linearityMethod: Method = {
  id: "linearity",
  name: "Linearity and bias against reference levels",
  summary: "Slope, R2 and quadratic term of measurements on reference values, and the bias at each level",
  variants,
  columns: [
    {role: "x", required: true, description: "reference value, without error; equal values are one level"},
    {role: "y", required: true, description: "measured value, in the same unit"},
    {role: "subject", required: false, description: "label of each row, by which outliers are named"}
  ],
  options: [],
  citations: [EMANCIPATOR, RAUNIG],
  run(request) {
    optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const data = readLevels(request);
    const result = linearity(data.x, data.y, {level: request.level});
    const note = "t interval on n - 2 df, exact for normal errors of constant SD";
    const residuals = Array.from(data.y, (y, i) => y - result.intercept.value - result.slope.value * data.x[i]);
    const estimates: ReportedEstimate[] = [
      reported("slope", result.slope, note, ""),
      reported("intercept", result.intercept, note),
      alone("R2", result.r2, "it grows with the range of the reference values and says little of linearity", ""),
      alone("residual SD", result.residualSd, `on ${result.n - 2} df`)
    ];
    if (result.quadratic !== null) {
      estimates.push(reported("quadratic term", result.quadratic,
        "coefficient of (x - mean x)^2; t interval on n - 3 df, exact for normal errors of constant SD"));
    }
    for (const one of result.levels) {
      const name = `bias at ${one.reference}`;
      const where = `${one.n} value${one.n === 1 ? "" : "s"}`;
      estimates.push(one.bias === null
        ? alone(name, one.value, `${where}: no interval without at least 2 values that differ`)
        : reported(name, one.bias, `${where}; t interval on ${one.n - 1} df, exact for normal errors`));
      if (one.percent !== null) {
        estimates.push({
          name: `relative ${name}`, value: one.percent.value, lower: one.percent.lower, upper: one.percent.upper,
          level: one.bias === null ? null : result.level, unit: "%",
          note: `${where}; of the reference${one.bias === null ? "" : "; t interval, exact for normal errors"}`
        });
      }
      if (one.deviation !== null) {
        estimates.push(alone(`deviation from linearity at ${one.reference}`, one.deviation,
          "quadratic minus straight line: what the curve, if it is one, does at this level"));
      }
    }
    return {
      method: this.id,
      variant: variant.id,
      n: result.n,
      dropped: data.dropped,
      estimates,
      checks: [
        ...linearityChecks(result),
        normalityCheck(residuals, "residuals"),
        quantileCheck(residuals, "residuals"),
        spreadCheck(data.x, residuals, "residuals", "reference",
          "read the bias of each level, which needs no common SD."),
        outlierCheck(residuals, data.labels, "residuals")
      ],
      warnings: data.warnings,
      citations: citationsOf(...this.citations)
    };
  }
};

function linearityChecks(result: ReturnType<typeof linearity>): Check[] {
  const {quadratic, lackOfFit, slopeIsOne, slope} = result;
  const missing = (id: string, name: string, why: string): Check =>
    ({id, name, statistic: null, p: null, passed: null, advice: `Not made: ${why}.`});
  const quadraticName = "linearity (quadratic term)";
  const fitName = "linearity (lack of fit against the levels' means)";
  return [
    quadratic === null
      ? missing("quadratic", quadraticName, "it needs 3 reference levels and 4 values")
      : check("quadratic", quadraticName,
        "If it fails: the response is curved; read the deviation at each level against what matters, or narrow the "
          + "range. Misleads: precise measurements make a curve significant that does not matter, noisy ones hide "
          + "one that does, and a spread that grows with the size makes the p value wrong.",
        () => ({statistic: quadratic.t, p: quadratic.p})),
    lackOfFit === null
      ? missing("lack-of-fit", fitName, "it needs 3 reference levels, and replicates that differ at one of them")
      : check("lack-of-fit", fitName,
        "If it fails: the level means do not lie on a straight line, curved or not. Misleads: errors that all "
          + "replicates of a level share (one phantom vial, one session) look like lack of fit.",
        () => ({statistic: lackOfFit.f, p: lackOfFit.p})),
    check("slope", "slope of 1",
      `If it fails: the bias grows with the size; the slope is ${slope.value.toPrecision(4)}. Misleads: a slope that `
      + "differs from 1 by less than matters fails it when measurements are precise.",
      () => ({statistic: slopeIsOne.t, p: slopeIsOne.p}))
  ];
}

/** Rows that have reference and measurement. */
export function readLevels(request: MethodRequest) {
  const {table} = request;
  const [x, y] = (["x", "y"] as const).map((role) => numericColumn(table, columnsFor(request, role, 1, 1)[0], role));
  const subjects = hasColumn(request, "subject")
    ? textColumn(table, columnsFor(request, "subject", 1, 1)[0], "subject") : null;
  const dropped: Dropped[] = [...x.dropped, ...y.dropped];
  const measured = new Map(y.rows.map((row, i) => [row, y.values[i]]));
  const kept = x.rows.flatMap((row, i) => {
    return measured.has(row) ? [{row, x: x.values[i], y: measured.get(row)!}] : [];
  });
  if (kept.length < 3) {
    throw new InputError({
      code: "too-few-values", file: table.file, field: "complete rows", value: kept.length,
      expected: "at least 3 rows with reference and measured value"
    });
  }
  const xs = kept.map((one) => one.x);
  const ys = kept.map((one) => one.y);
  const names = (["x", "y"] as const).map((role) => columnsFor(request, role, 1, 1)[0]) as [string, string];
  const units = swappedUnits(xs, ys, names);
  return {
    x: xs, y: ys, dropped,
    labels: kept.map(({row}) => `row ${rowNumber(row)}${subjects?.[row] ? ` (${subjects[row]})` : ""}`),
    warnings: units === null ? [] : [units]
  };
}
