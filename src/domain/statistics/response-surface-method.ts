import {InputError} from "../errors.js";
import {parseNumber} from "../parse-number.js";
import {rowNumber} from "../row-number.js";
import {covers} from "./coverage.js";
import type {Check, Method, MethodRequest, ReportedEstimate} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, reported} from "./report-parts.js";
import {secondOrderSurface, type ResponseSurface} from "./response-surface.js";
import {columnsFor, hasColumn, numericColumn, ofTable, textColumn, type Dropped} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const MYERS = "Myers, Montgomery and Anderson-Cook 2016, Response Surface Methodology, chapter 6";

/** Second-order response surface of a response in some factors. */
export const responseSurfaceMethod: Method = {
  id: "response-surface",
  name: "Response surface",
  summary: "Second-order surface by least squares with lack of fit, canonical analysis and stationary point",
  variants: [{id: "second-order", name: "full second-order model, ordinary least squares", citation: MYERS}],
  columns: [
    {role: "factors", required: true, many: true, description: "the factors, one column each"},
    {role: "response", required: true, description: "the response"},
    {role: "block", required: false, description: "block of each run: blocks shift the response"}
  ],
  options: [
    {
      id: "centre", kind: "text",
      description: "value of each factor coded 0, separated by commas; default the middle of its range"
    },
    {id: "scale", kind: "text", description: "step of each factor coded 1, separated by commas; default half its range"}
  ],
  citations: [
    MYERS, "Box and Hunter 1954, doi:10.1093/biomet/41.1-2.190", "Bisgaard and Ankenman 1996, Technometrics 38, 238"
  ],
  run(request) {
    const variant = variantOf(request, this.variants);
    const {surface, values, names, kept, dropped} = fitSurface(request);
    return {
      method: this.id,
      variant: variant.id,
      n: kept.length,
      dropped,
      estimates: estimatesOf(surface),
      checks: [lackOfFitCheck(surface)],
      warnings: warningsOf(surface, values, names),
      citations: this.citations
    };
  }
};

/** The surface that a request asks for, with what was read: values by factor, then of the response. */
export function fitSurface(request: MethodRequest) {
  const {table} = request;
  const options = optionReader(responseSurfaceMethod.options, request.options);
  const level = request.level ?? 0.95;
  const names = columnsFor(request, "factors");
  const responseName = columnsFor(request, "response", 1, 1)[0];
  const columns = [...names, responseName].map((name, i) =>
    ({name, ...numericColumn(table, name, i < names.length ? "factors" : "response")}));
  const dropped: Dropped[] = columns.flatMap((column) => column.dropped);
  const blockName = hasColumn(request, "block") ? columnsFor(request, "block", 1, 1)[0] : null;
  const blocks = blockName === null ? null : textColumn(table, blockName, "block");
  const byRow = columns.map(({values, rows}) => new Map(rows.map((row, i) => [row, values[i]])));
  const kept: number[] = [];
  table.rows.forEach((_, i) => {
    if (blocks !== null && blocks[i] === null) dropped.push({row: rowNumber(i), column: blockName!, reason: "missing"});
    else if (byRow.every((values) => values.has(i))) kept.push(i);
  });
  const values = byRow.map((one) => kept.map((i) => one.get(i)!));
  values.forEach((one, k) => {
    if (one.length > 0 && one.some((value) => value !== one[0])) return;
    throw new InputError({
      code: one.length === 0 ? "too-few-values" : "constant", file: table.file, field: `column ${columns[k].name}`,
      value: one.length === 0 ? 0 : one[0],
      expected: one.length === 0 ? "complete rows" : "values that are not all the same"
    });
  });
  const given = (["centre", "scale"] as const).map((id) => numbersOf(options.text(id), id, names.length));
  const surface = ofTable(table, () => secondOrderSurface(names.map((name, k) => {
    const least = Math.min(...values[k]);
    const most = Math.max(...values[k]);
    return {
      name, values: values[k], centre: given[0]?.[k] ?? 0.5 * (least + most),
      scale: given[1]?.[k] ?? 0.5 * (most - least)
    };
  }), values[names.length], {level, ...(blocks === null ? {} : {blocks: kept.map((i) => blocks[i]!)})}));
  return {surface, values, names, kept, dropped};
}

function estimatesOf(surface: ResponseSurface): ReportedEstimate[] {
  const {model, factors, stationary, axes} = surface;
  const names = factors.map(({name}) => name).join(", ");
  const list = [
    ...surface.coefficients.map((one) =>
      reported(one.term, one, `coded; p ${short(one.p)}; t, exact for normal errors`)),
    ...surface.blocks.map((one) =>
      reported(one.name, one, `shift against the first block; p ${short(one.p)}; t, exact for normal errors`)),
    alone("residual SD", model.residualSd, `on ${model.df} degrees of freedom`)
  ];
  if (model.r2 !== null) list.push(alone("R2", model.r2, "share of the response's variation; grows with every term"));
  if (model.adjustedR2 !== null) list.push(alone("adjusted R2", model.adjustedR2, "allows for the number of terms"));
  axes.forEach(({eigenvalue, direction}, i) => list.push(reported(`eigenvalue ${i + 1}`, eigenvalue,
    `curvature along (${direction.map(short).join(", ")}) in coded ${names}; approximate, `
      + covers("surface-eigenvalue"))));
  if (stationary !== null) {
    factors.forEach(({name}, i) => list.push(
      reported(`stationary ${name}`, stationary.intervals[i],
        `${stationary.kind}; delta method (approximate; ${covers("surface-stationary")})`),
      alone(`stationary ${name} (coded)`, stationary.coded[i], stationary.kind)
    ));
    const where = surface.blocks.length > 0 ? "in the first block; " : "";
    list.push(reported("response at the stationary point", stationary.response, 
      `${where}the point taken as fixed (approximate; ${covers("surface-response")})`));
  }
  return list;
}

function lackOfFitCheck({lackOfFit}: ResponseSurface): Check {
  return {
    id: "lack-of-fit",
    name: "Lack of fit against replicates",
    statistic: lackOfFit?.f ?? null,
    p: lackOfFit?.p ?? null,
    passed: lackOfFit === null ? null : lackOfFit.p >= 0.05,
    advice: lackOfFit === null
      ? "No runs were repeated (or none are left over), so the model's form cannot be tested: repeat the centre runs."
      : "If it fails, the surface is not of second order here: look at residuals, transform the response or narrow the "
        + "ranges. It misleads when repeats share a set-up (their spread is too small); few repeats find little."
  };
}

function warningsOf(
  {stationary, axes, factors, lackOfFit}: ResponseSurface, values: number[][], names: string[]
): string[] {
  const warnings: string[] = [];
  const flat = axes.filter(({eigenvalue}) => eigenvalue.lower <= 0 && eigenvalue.upper >= 0);
  if (stationary === null) {
    warnings.push("the quadratic part has no inverse: there is a ridge and no stationary point");
  } else {
    if (flat.length > 0) {
      warnings.push(`${flat.length} of ${axes.length} curvatures cannot be told from 0: the point may lie anywhere `
        + `along a ridge, whether it is a ${stationary.kind} is uncertain, and the delta intervals are too narrow`);
    }
    factors.forEach(({name}, i) => {
      const least = Math.min(...values[names.indexOf(name)]);
      const most = Math.max(...values[names.indexOf(name)]);
      const at = stationary.natural[i];
      if (at < least || at > most) {
        const range = `${short(least)} to ${short(most)}`;
        warnings.push(`the stationary ${name}, ${short(at)}, lies outside the data (${range}): extrapolation`);
      }
    });
  }
  if (lackOfFit !== null && lackOfFit.p < 0.05) {
    warnings.push("the model lacks fit: intervals and stationary point rest on a model that the replicates reject");
  }
  return warnings;
}

function numbersOf(text: string | null, field: string, count: number): number[] | null {
  if (text === null) return null;
  const parts = text.split(",").map((part) => part.trim());
  const values = parts.map(parseNumber);
  if (parts.length !== count || values.some((value) => value === null)) {
    throw new InputError({code: "option-count", field, value: text, expected: `${count} numbers separated by commas`});
  }
  return values.map((value) => value!);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
