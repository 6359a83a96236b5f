// What the agreement workbench knows without a page: guesses, the permalink, the command line, the methods paragraph.
import {byId} from "../domain/by-id.js";
import type {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import type {
  ColumnNeed, ColumnRole, Method, MethodReport, MethodRequest, ReportedEstimate, Table
} from "../domain/statistics/method.js";
import {methods} from "../domain/statistics/methods.js";
import {writeCsv} from "../io/tsv.js";
import {commandLine} from "./command-line.js";

/** What a reader chose; it says nothing of the values in the table. */
export interface Settings {
  method: string;
  variant: string;
  /** Level of the confidence intervals, as typed. */
  level: string;
  columns: Partial<Record<ColumnRole, readonly string[]>>;
  /** Options that were given, as typed. */
  options: Readonly<Record<string, string>>;
  /** Unit of the values, for labels only. */
  unit: string;
}

export const defaultLevel = "0.95";

/** The settings of a method before a reader changes them. */
export function startSettings(method: Method, table: Table): Settings {
  return {
    method: method.id, variant: method.variants[0].id, level: defaultLevel, columns: guessColumns(method, table),
    options: guessOptions(method, table), unit: ""
  };
}

/** A method's request by these settings. A level that is no number becomes NaN, which every method rejects by name. */
export function requestOf(settings: Settings, table: Table): MethodRequest {
  const {columns, variant, level, options} = settings;
  return {table, columns, variant, level: parseNumber(level.trim()) ?? NaN, options};
}

/**
 * The settings for a table: those that were chosen before, as far as they are not of another table's columns.
 *
 * @param chosen by the reader or by a link, null before
 * @param unit of the table's values where it is known, else ""
 */
export function settingsFor(table: Table, chosen: Settings | null, unit: string): Settings {
  const method = byId(methods, chosen?.method ?? "bland-altman");
  const start = {...startSettings(method, table), unit};
  if (chosen === null) return start;
  const named = Object.values(chosen.columns).flat();
  if (named.length > 0 && named.every((name) => table.columns.includes(name))) return chosen;
  // The positive label belongs to its column.
  const {positive, ...options} = chosen.options;
  return {...start, variant: chosen.variant, level: chosen.level, options: {...options, ...start.options}};
}

// ---------- guesses ----------

const usual: Partial<Record<ColumnRole, RegExp>> = {
  subject: /^(sub(ject)?|participant(_id)?|patient|person|case|target|sample|id|who|name)s?([ _]?id)?$/i,
  method: /^(method|meter|device|technique|reader|rater|observer|model|instrument|modality)s?$/i,
  repeat: /^(repeat|replicate|rep|session|visit|scan|run|reading|occasion|time ?point)s?$/i,
  value: /^(value|measurement|result|reading|score|mean|y)s?$/i,
  outcome: /^(outcome|disease|diagnosis|status|truth|label|case|group|class|positive|ill)s?$/i,
  block: /^blocks?$/i,
  response: /^(response|yield|f1|y|result)$/i
};

/** Columns that a table seems to have for each role of a method: by usual names first, then by what they hold. */
export function guessColumns(method: Method, table: Table): Settings["columns"] {
  const kinds = table.columns.map((name, i) => ({name, ...kindOf(table.rows.map((row) => row[i]))}));
  const named = (role: ColumnRole) => kinds.find(({name}) => usual[role]?.test(name));
  const subject = named("subject") ?? kinds.find(({numeric, distinct, present}) => !numeric && distinct === present);
  const numbers = kinds.filter((one) => one.numeric && one.distinct > 1 && one.name !== subject?.name);
  const has = (role: ColumnRole) => method.columns.some((need) => need.role === role);
  const take = (columns: Record<string, string | readonly string[] | undefined>): Settings["columns"] =>
    Object.fromEntries(Object.entries(columns).flatMap(([role, names]) => {
      const list = names === undefined ? [] : typeof names === "string" ? [names] : names;
      return has(role as ColumnRole) && list.length > 0 ? [[role, list]] : [];
    }));
  const repeatedSubject = subject !== undefined && subject.distinct < subject.present;

  if (has("factors") && has("response")) {
    const block = named("block");
    const free = numbers.filter(({name}) => name !== block?.name);
    const response = named("response") ?? free[free.length - 1];
    return take({
      factors: free.filter(({name}) => name !== response?.name).map(({name}) => name), response: response?.name,
      block: block?.name
    });
  }
  if (has("factors")) {
    const value = kinds.find(({name, numeric}) => numeric && usual.value!.test(name)) ?? numbers[numbers.length - 1];
    const factors = kinds.filter(({name, distinct, present}) =>
      name !== value?.name && distinct > 1 && distinct < present);
    return take({value: value?.name, factors: factors.map(({name}) => name)});
  }
  if (has("outcome")) {
    const outcome = named("outcome") ?? kinds.find(({distinct, name}) => distinct === 2 && name !== subject?.name);
    const markers = numbers.filter(({name}) => name !== outcome?.name).map(({name}) => name);
    return take({outcome: outcome?.name, x: markers[0], y: markers[1]});
  }
  const value = kinds.find(({name, numeric}) => numeric && usual.value!.test(name)) ?? numbers[numbers.length - 1];
  if (has("x") && has("y")) {
    const two = named("method") ?? kinds.find(({numeric, distinct, name}) =>
      !numeric && distinct === 2 && name !== subject?.name);
    if (has("method") && repeatedSubject && two !== undefined && value !== undefined) {
      return take({subject: subject.name, method: two.name, value: value.name, repeat: named("repeat")?.name});
    }
    const x = numbers[0];
    const y = numbers.find(({name}) => x !== undefined && stem(name) !== stem(x.name)) ?? numbers[1];
    return take({subject: repeatedSubject ? undefined : subject?.name, x: x?.name, y: y?.name});
  }
  if (repeatedSubject && value !== undefined) {
    return take({subject: subject.name, value: value.name, repeat: named("repeat")?.name});
  }
  // Repeats side by side share the beginning of their names.
  const stems = numbers.map(({name}) => stem(name));
  const shared = stems.find((one) => stems.indexOf(one) !== stems.lastIndexOf(one));
  const family = numbers.filter((_, i) => stems[i] === shared);
  const side = family.length > 1 ? family : numbers;
  return take({subject: subject?.name, value: side.map(({name}) => name)});
}

/** The first label of an outcome that is not "no", 0, ... */
function guessOptions(method: Method, table: Table): Settings["options"] {
  if (!method.options.some(({id}) => id === "positive")) return {};
  const column = guessColumns(method, table).outcome?.[0];
  if (column === undefined) return {};
  const at = table.columns.indexOf(column);
  const labels = [...new Set(table.rows.flatMap((row) => row[at] === null ? [] : [row[at].trim()]))];
  if (labels.includes("0") && labels.includes("1")) return {};
  const positive = labels.find((label) => !/^(no|none|0|neg|negative|healthy|control|absent|good|false)$/i.test(label));
  return positive === undefined ? {} : {positive};
}

function kindOf(cells: readonly (string | null)[]) {
  const texts = cells.flatMap((cell) => cell === null || cell.trim() === "" ? [] : [cell.trim()]);
  return {
    present: texts.length,
    distinct: new Set(texts).size,
    // One bad cell among numbers is a fault to be told, not a text column.
    numeric: texts.length > 0 && texts.filter((text) => parseNumber(text) !== null).length > 0.5 * texts.length
  };
}

/** A name without the number or letter that counts repeats. */
function stem(name: string): string {
  return name.replace(/[\s_.-]*(\d+|[ab])$/i, "").toLowerCase();
}

// ---------- tables of the database ----------

/** Where a query finds the table that the reader gave. */
export const ownTable = "my_table";

/** Name in SQL of a file in `data/`: `data/f1-surface/scores.tsv` is f1_surface_scores. */
export function sqlName(file: string): string {
  const parts = file.replace(/^data\//, "").replace(/\.[a-z]+$/, "").split("/").filter((part) => part !== "derivatives")
    .map((part) => part.replace(/\W+/g, "_"));
  // A table that is called as its data set is not named twice.
  return parts.filter((part, i) => i === 0 || part !== parts[0]).join("_");
}

// ---------- permalink ----------

/** The settings as the fragment of an address. */
export function toHash({method, variant, level, columns, options, unit}: Settings, source: string | null): string {
  const parameters = new URLSearchParams({method, variant});
  if (level !== defaultLevel) parameters.set("level", level);
  for (const [role, names] of Object.entries(columns)) for (const name of names) parameters.append(`c.${role}`, name);
  for (const [id, value] of Object.entries(options)) parameters.set(`o.${id}`, value);
  if (unit !== "") parameters.set("unit", unit);
  if (source !== null) parameters.set("example", source);
  return `#${parameters}`;
}

/** The settings of a fragment, and the example that it names; null when it is none of ours. */
export function fromHash(hash: string): {settings: Settings; example: string | null} | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const method = methods.find(({id}) => id === parameters.get("method"));
  if (method === undefined) return null;
  const variant = parameters.get("variant");
  const columns: Settings["columns"] = {};
  for (const {role} of method.columns) {
    const names = parameters.getAll(`c.${role}`);
    if (names.length > 0) columns[role] = names;
  }
  const options: Record<string, string> = {};
  for (const {id} of method.options) {
    const value = parameters.get(`o.${id}`);
    if (value !== null) options[id] = value;
  }
  return {
    settings: {
      method: method.id, columns, options,
      variant: method.variants.some(({id}) => id === variant) ? variant! : method.variants[0].id,
      level: parameters.get("level") ?? defaultLevel, unit: parameters.get("unit") ?? ""
    },
    example: parameters.get("example")
  };
}

// ---------- command line ----------

/** The command that gives the same numbers. */
export function statsCommand({method, variant, level, columns, options}: Settings, file: string): string {
  const given: [string, string][] = [
    ...Object.entries(columns).map(([role, names]): [string, string] => [role, names.join(",")]),
    ...(variant === methods.find(({id}) => id === method)?.variants[0].id
      ? [] : [["variant", variant] as [string, string]]),
    ...(level === defaultLevel ? [] : [["level", level] as [string, string]]),
    ...Object.entries(options)
  ];
  return commandLine(["stats", method, file], given);
}

// ---------- text and tables ----------

/** A paragraph on the methods with the exact variants, ready for a manuscript. */
export function methodsParagraph(method: Method, report: MethodReport, settings: Settings, version: string): string {
  const variant = method.variants.find(({id}) => id === report.variant)!;
  const {columns, options} = settings;
  const roles = Object.entries(columns).map(([role, names]) => `${role} ${names.join(", ")}`).join("; ");
  const left = report.dropped.length === 0 ? "no cell was left out"
    : `${report.dropped.length} ${report.dropped.length === 1 ? "cell was" : "cells were"} left out`;
  const stated = Object.entries(options).map(([id, value]) => `${id} ${value}`);
  const level = report.estimates.find((one) => one.level !== null)?.level ?? null;
  const sentences = [
    `We report ${method.name} (${method.summary.charAt(0).toLowerCase()}${method.summary.slice(1)}), variant `
      + `"${variant.id}": ${variant.name} (${variant.citation}).`,
    `The analysis is of ${report.n} units (columns: ${roles}); ${left}.`,
    ...(level === null ? [] : [`Confidence intervals are two-sided at ${Number((100 * level).toPrecision(10))} %`
      + `${intervalKinds(report.estimates)}.`]),
    ...(stated.length === 0 ? [] : [`Settings other than the defaults: ${stated.join(", ")}.`]),
    ...(report.checks.length === 0 ? [] : [`Suppositions were checked by ${report.checks.map(({name, p, passed}) =>
      `${name}${p === null ? "" : ` (p ${p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`})`}`
      + (passed === null ? ", not made" : "")
    ).join("; ")}.`]),
    `Computed with Measurand ${version}.`,
    `References: ${report.citations.join("; ")}.`
  ];
  return sentences.join(" ");
}

/** How the first estimates got their intervals. */
function intervalKinds(estimates: readonly ReportedEstimate[]): string {
  const kinds = new Map<string, string[]>();
  for (const {name, lower, upper, note} of estimates) {
    if ((lower === null && upper === null) || note === undefined || /, \S+ interval$/.test(name)) continue;
    kinds.set(note, [...kinds.get(note) ?? [], name]);
  }
  const told = [...kinds].slice(0, 6).map(([note, names]) => `${names.slice(0, 4).join(", ")}: ${note}`);
  return told.length === 0 ? "" : ` (${told.join("; ")})`;
}

/** The estimates of a report as CSV. */
export function reportCsv(report: MethodReport): string {
  const columns = ["estimate", "value", "lower", "upper", "level", "unit", "note"];
  return writeCsv(columns, report.estimates.map(({name, ...rest}) => ({estimate: name, ...rest})));
}

/** The input that a fault belongs to: a role, an option, "variant", "level", or the table. */
export function placeOf(error: Pick<InputError, "field">, method: Method): string {
  const {field} = error;
  const role = /^columns? for (\S+)$/.exec(field)?.[1];
  if (role !== undefined && method.columns.some((need: ColumnNeed) => need.role === role)) return `c.${role}`;
  if (method.options.some(({id}) => id === field)) return `o.${field}`;
  const option = method.options.find(({id}) => field.replaceAll(" ", "-") === id);
  if (option !== undefined) return `o.${option.id}`;
  return field === "level" || field === "variant" ? field : "table";
}
