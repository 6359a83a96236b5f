import type {Check, Method, OptionNeed, ReportedEstimate, Variant} from "../domain/statistics/method.js";
import type {Planner} from "../domain/planning/planner.js";
import type {Option} from "./command.js";
import {alignColumns, formatNumber} from "./format.js";
import type {Terminal} from "./terminal.js";

/** The methods or planners with their variants and citations, for people. */
export function showList(list: readonly (Method | Planner)[], terminal: Terminal): void {
  for (const one of list) {
    terminal.line(`${terminal.bold(one.id)}  ${one.name}: ${one.summary}`);
    showVariants(one.variants, terminal);
    terminal.line();
  }
}

/** The same for machines: what each one reads, too. */
export function listDocument(list: readonly (Method | Planner)[]): object[] {
  return list.map((one) => {
    const {id, name, summary, variants, options, citations} = one;
    const columns = "columns" in one ? {columns: one.columns} : {};
    return {id, name, summary, variants: variants.map(plainVariant), ...columns, options, citations};
  });
}

/** Only what the interface of a variant has. */
function plainVariant({id, name, citation}: Variant): Variant {
  return {id, name, citation};
}

/** Variants, columns, options and citations of one method or planner, for people. */
export function showNeeds(one: Method | Planner, terminal: Terminal): void {
  terminal.line(`${terminal.bold(one.id)}  ${one.name}: ${one.summary}`);
  terminal.line("Variants (the first is the default):");
  showVariants(one.variants, terminal);
  if ("columns" in one) {
    terminal.line("Columns:");
    showAligned(one.columns.map(({role, required, many, description}) => [
      `--${role} COLUMN${many ? "[,COLUMN...]" : ""}`, `${description}${required ? " (needed)" : ""}`
    ]), terminal);
  }
  if (one.options.length > 0) {
    terminal.line("Options:");
    showAligned(one.options.map((need) => [`--${need.id} ${placeholder(need)}`, described(need)]), terminal);
  }
  terminal.line("Sources:");
  for (const citation of one.citations) terminal.line(`  ${citation}`);
}

function showVariants(variants: readonly Variant[], terminal: Terminal): void {
  showAligned(variants.map(({id, name, citation}) => [id, `${name} [${citation}]`]), terminal);
}

function showAligned(rows: readonly (readonly string[])[], terminal: Terminal): void {
  for (const line of alignColumns(rows)) terminal.line(`  ${line}`);
}

function placeholder({kind, choices}: OptionNeed): string {
  return kind === "number" ? "N" : kind === "choice" ? choices!.join("|") : "TEXT";
}

function described({description, default: value}: OptionNeed): string {
  return value === undefined ? description : `${description} (default ${value})`;
}

/** One option of the command line for each id that any of them declares, saying whose it is. */
export function optionsOf(list: readonly (Method | Planner)[]): Record<string, Option> {
  const owners = new Map<string, {kinds: Set<OptionNeed["kind"]>; ids: string[]}>();
  for (const {id, options} of list) {
    for (const need of options) {
      const one = owners.get(need.id) ?? {kinds: new Set(), ids: []};
      one.kinds.add(need.kind);
      one.ids.push(id);
      owners.set(need.id, one);
    }
  }
  return Object.fromEntries([...owners].map(([id, {kinds, ids}]) => [id, {
    type: "string" as const,
    placeholder: kinds.size === 1 && kinds.has("number") ? "N" : "VALUE",
    description: `of ${told(ids, list.map((one) => one.id))}`
  }]));
}

/** Names some of all, or those that are missing where that is shorter. */
function told(some: readonly string[], all: readonly string[]): string {
  const others = all.filter((id) => !some.includes(id));
  if (others.length === 0) return "all";
  const [named, rest] = [some.join(", "), `all but ${others.join(", ")}`];
  return rest.length < named.length ? rest : named;
}

/** The options that were given, by id, as text. */
export function givenOptions(
  values: Record<string, string | boolean | undefined>, ids: Iterable<string>
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const id of ids) if (typeof values[id] === "string") given[id] = values[id];
  return given;
}

/** Estimates with their intervals, each note below its line. */
export function showEstimates(estimates: readonly ReportedEstimate[], terminal: Terminal): void {
  const number = (value: number | null) => value === null ? "-" : formatNumber(value, 7);
  const [head, ...lines] = alignColumns([
    ["estimate", "value", "lower", "upper", "level", "unit", "note"],
    ...estimates.map(({name, value, lower, upper, level, unit, note}) => [
      name, number(value), number(lower), number(upper), level === null ? "" : `${formatNumber(100 * level)} %`,
      unit ?? "", note ?? ""
    ])
  ], [1, 2, 3, 4]);
  terminal.line(`  ${terminal.dim(head)}`);
  for (const line of lines) terminal.line(`  ${line}`);
}

/** Checks with their verdicts; advice in full for those that did not pass. */
export function showChecks(checks: readonly Check[], terminal: Terminal): void {
  for (const {name, statistic, p, passed, advice} of checks) {
    // Verdicts carry their word; the colour only repeats it.
    const verdict = passed === null ? terminal.yellow("not made")
      : passed ? terminal.green("passed") : terminal.red("failed");
    const numbers = [
      ...(statistic === null ? [] : [`statistic ${formatNumber(statistic)}`]),
      ...(p === null ? [] : [`p ${formatNumber(p, 4)}`])
    ];
    terminal.line(`  ${verdict}  ${name}${numbers.length === 0 ? "" : `: ${numbers.join(", ")}`}`);
    if (passed !== true) terminal.line(`          ${advice}`);
  }
}

/** A titled list, or nothing when it is empty. */
export function showLines(title: string, lines: readonly string[], terminal: Terminal): void {
  if (lines.length === 0) return;
  terminal.line(title);
  for (const line of lines) terminal.line(`  ${line}`);
}
