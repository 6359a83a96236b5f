// How methods read tables: columns by role, cells as numbers, long and wide forms. Every fault names file, row and
// column; every cell left out is listed. Rows are numbered as in the file: the header is row 1, `table.rows[0]` row 2.
import {hint} from "../closest.js";
import type {Numbers} from "../check.js";
import {InputError} from "../errors.js";
import {parseNumber} from "../parse-number.js";
import {rowNumber} from "../row-number.js";
import type {ColumnRole, MethodReport, MethodRequest, Table} from "./method.js";
import {median} from "./summaries.js";

/** Where a value stands in its file. */
export interface Cell {
  /** Row of the file, the header being row 1. */
  row: number;
  column: string;
}

/** A cell that was left out, and why. */
export type Dropped = MethodReport["dropped"][number];

/** A column of numbers without its missing cells. */
export interface NumericColumn {
  values: Float64Array;
  /** Index into `table.rows` of each value. */
  rows: number[];
  dropped: Dropped[];
}

/** Two measurements of each subject. */
export interface Pairs {
  x: Float64Array;
  y: Float64Array;
  /** What x and y are: names of columns, or of methods in a long table. */
  names: [string, string];
  /** A subject's label for each pair; its row's number where the table names none. */
  subjects: string[];
  cells: {x: Cell[]; y: Cell[]};
  dropped: Dropped[];
  warnings: string[];
}

/** Repeated measurements of each subject; subjects may differ in their number. */
export interface RepeatsTable {
  subjects: string[];
  /** subjects x repeats present, at least 2 each. */
  values: number[][];
  /** Where each of `values` stands. */
  cells: Cell[][];
  /** Names of the repeats: columns, labels of the repeat column, or 1, 2, ... in the order of rows. */
  labels: string[];
  /** subjects x labels, null where that repeat is absent. */
  grid: (number | null)[][];
  dropped: Dropped[];
  warnings: string[];
}

/** Replicated measurements of each subject by each of two methods. */
export interface Replicates {
  subjects: string[];
  /** subjects x replicates by the first method, at least 1 each. */
  x: number[][];
  /** The same by the second method; where linked, `y[i][j]` was measured together with `x[i][j]`. */
  y: number[][];
  names: [string, string];
  cells: {x: Cell[][]; y: Cell[][]};
  dropped: Dropped[];
  warnings: string[];
}

/** One value a row with its levels of the factors. */
export interface Observations {
  values: Float64Array;
  /** Names of the factors as asked for. */
  factors: string[];
  /** observations x factors: the levels' labels. */
  levels: string[][];
  cells: Cell[];
  dropped: Dropped[];
}

/**
 * The columns named for a role, each of which the table has.
 *
 * @throws InputError missing-column (with the nearest name), duplicate-column or too-few-columns
 */
export function columnsFor(request: MethodRequest, role: ColumnRole, minimum = 1, maximum = Infinity): string[] {
  const {table} = request;
  const names = request.columns[role] ?? [];
  if (names.length < minimum || names.length > maximum) {
    const count = minimum === maximum ? `${minimum}`
      : names.length < minimum ? `at least ${minimum}` : `at most ${maximum}`;
    throw new InputError({
      code: names.length === 0 ? "missing-column" : "column-count", file: table.file, field: `columns for ${role}`,
      value: names.length === 0 ? "none" : names.join(", "),
      expected: `${count} of the columns ${table.columns.join(", ")}`
    });
  }
  for (const [i, name] of names.entries()) {
    columnIndex(table, name, role);
    if (names.indexOf(name) !== i) {
      throw new InputError({
        code: "duplicate-column", file: table.file, field: `columns for ${role}`, value: name,
        expected: "each column once"
      });
    }
  }
  return [...names];
}

/** Whether any column was named for a role. */
export function hasColumn(request: MethodRequest, role: ColumnRole): boolean {
  return (request.columns[role]?.length ?? 0) > 0;
}

/**
 * A column as numbers; missing cells are listed in `dropped`.
 *
 * @param field the role that the column plays, for messages
 * @throws InputError missing-column, or not-a-number naming row and column
 */
export function numericColumn(table: Table, column: string, field = "value"): NumericColumn {
  const at = columnIndex(table, column, field);
  const values: number[] = [];
  const rows: number[] = [];
  const dropped: Dropped[] = [];
  table.rows.forEach((row, i) => {
    const value = cellNumber(table, row[at], {row: rowNumber(i), column});
    if (value === null) {
      dropped.push({row: rowNumber(i), column, reason: MISSING});
    } else {
      values.push(value);
      rows.push(i);
    }
  });
  return {values: Float64Array.from(values), rows, dropped};
}

/**
 * A column as text without blanks around; null where missing.
 *
 * @throws InputError missing-column
 */
export function textColumn(table: Table, column: string, field = "value"): (string | null)[] {
  const at = columnIndex(table, column, field);
  return table.rows.map((row) => cellText(row[at]));
}

/**
 * One pair a subject: wide (`x`, `y`, perhaps `subject`), or long (`subject`, `method` with two labels, `value`), where
 * x is the method that comes first.
 *
 * @throws InputError not-a-number, duplicate-key, method-count, too-few-subjects or constant, naming file, row and
 *   column
 */
export function pairs(request: MethodRequest): Pairs {
  const {table} = request;
  const form = twoMethodForm(request);
  const dropped: Dropped[] = [];
  const taken: {subject: string; x: Entry; y: Entry}[] = [];
  let names: [string, string];
  if (form === "wide") {
    const xColumn = columnsFor(request, "x", 1, 1)[0];
    const yColumn = columnsFor(request, "y", 1, 1)[0];
    names = [xColumn, yColumn];
    const subjects = subjectColumn(request);
    const seen = new Map<string, number>();
    const [atX, atY] = names.map((name) => table.columns.indexOf(name));
    table.rows.forEach((row, i) => {
      const x = entry(table, row[atX], i, xColumn);
      const y = entry(table, row[atY], i, yColumn);
      const subject = subjects === null ? String(rowNumber(i)) : subjects.labels[i];
      if (subject === null) {
        dropped.push({row: rowNumber(i), column: subjects!.column, reason: MISSING});
      } else {
        if (subjects !== null) checkKey(table, seen, subject, i, subjects.column, "one pair of each subject");
        if (x.value !== null && y.value !== null) taken.push({subject, x, y});
        else dropped.push(...dropPair(x, y));
      }
    });
  } else {
    const long = longByMethod(request, dropped);
    names = long.names;
    for (const [subject, [xs, ys]] of long.subjects) {
      for (const [entries, name] of [[xs, names[0]], [ys, names[1]]] as const) {
        if (entries.length > 1) throw duplicateKey(table, entries[1], entries[0], `${subject}, ${name}`,
          "one value of each subject by each method (several go with a variant for replicates)");
      }
      const [x, y] = [xs[0], ys[0]];
      if (x !== undefined && y !== undefined) taken.push({subject, x, y});
      else dropped.push(withoutPartner(x ?? y));
    }
  }
  const x = Float64Array.from(taken, (pair) => pair.x.value!);
  const y = Float64Array.from(taken, (pair) => pair.y.value!);
  checkSubjects(table, taken.length, "complete pairs");
  checkVarying(table, x, names[0]);
  checkVarying(table, y, names[1]);
  const cells = {x: taken.map((pair) => cellOf(pair.x)), y: taken.map((pair) => cellOf(pair.y))};
  const warnings = unitWarnings(x, y, names, cells.y.map(({row}) => row));
  return {x, y, names, subjects: taken.map((pair) => pair.subject), cells, dropped, warnings};
}

/**
 * Repeats of each subject: wide (several `value` columns, perhaps `subject`), or long (`subject`, one `value` column,
 * perhaps `repeat`). A subject left with one value is listed in `dropped`.
 *
 * @throws InputError not-a-number, duplicate-key, too-few-subjects, one-repeat or constant, naming file, row and column
 */
export function repeats(request: MethodRequest): RepeatsTable {
  const {table} = request;
  const columns = columnsFor(request, "value", 1);
  if (columns.length === 1 && !hasColumn(request, "subject")) {
    throw new InputError({
      code: "one-repeat", file: table.file, field: "columns for value", value: columns[0],
      expected: "several columns (repeats side by side), or one with a column for subject (a row for each repeat)"
    });
  }
  const dropped: Dropped[] = [];
  const warnings: string[] = [];
  const found = columns.length > 1
    ? wideRepeats(request, columns, dropped)
    : longRepeats(request, columns[0], dropped);
  if (found.rows.length < 2) checkSubjects(table, found.rows.length, "subjects with a value");
  const kept = found.rows.filter(({entries}) => {
    const present = entries.filter((one) => one !== null);
    if (present.length === 1) {
      dropped.push({...cellOf(present[0]), reason: "the subject's only value"});
    }
    return present.length > 1;
  });
  if (kept.length === 0) {
    throw new InputError({
      code: "one-repeat", file: table.file, field: `column ${columns.join(", ")}`, value: "one value of each subject",
      expected: "at least 2 repeats of each subject: several value columns, or several rows a subject"
    });
  }
  checkSubjects(table, kept.length, "subjects with 2 repeats or more");
  const present = kept.map(({entries}) => entries.filter((one) => one !== null));
  const values = present.map((row) => row.map((one) => one.value!));
  if (values.every((row) => row.every((value) => value === values[0][0]))) {
    throw constantColumn(table, columns.join(", "), values[0][0]);
  }
  if (values.every((row) => row.every((value) => value === row[0]))) {
    throw new InputError({
      code: "constant", file: table.file, field: `repeats in column ${columns.join(", ")}`,
      value: "equal in every subject", expected: "repeats that differ in at least one subject"
    });
  }
  const single = found.rows.length - kept.length;
  if (single > 0) warnings.push(`${single} of ${found.rows.length} subjects have one value only and were left out`);
  const grid = kept.map(({entries}) => entries.map((one) => one?.value ?? null));
  for (let k = 1; k < found.labels.length; k++) {
    const both = grid.map((row, i) => ({a: row[0], b: row[k], i})).filter(({a, b}) => a !== null && b !== null);
    if (both.length < 2) continue;
    const a = both.map((pair) => pair.a!);
    const b = both.map((pair) => pair.b!);
    const rows = both.map(({i}) => kept[i].entries[k]!.row);
    warnings.push(...unitWarnings(a, b, [found.labels[0], found.labels[k]], rows));
  }
  if (columns.length > 1) {
    found.labels.forEach((label, k) => {
      const column = grid.map((row) => row[k]).filter((value) => value !== null);
      if (column.length > 2 && column.every((value) => value === column[0])) {
        warnings.push(`column ${label} holds ${column[0]} for every subject`);
      }
    });
  }
  return {
    subjects: kept.map(({subject}) => subject), values, cells: present.map((row) => row.map(cellOf)),
    labels: found.labels, grid, dropped, warnings
  };
}

/**
 * Replicates of each subject by two methods. Wide: `subject`, `x`, `y` with a row for each replicate, or several x and
 * several y columns with a row for each subject. Long: `subject`, `method`, `value`, perhaps `repeat`.
 *
 * @param options.linked whether x and y of one replicate belong together (they were measured at one time, or stand in
 *   one row): then a replicate that lacks one of them is left out, and named
 * @throws InputError not-a-number, duplicate-key, method-count, column-count, too-few-subjects or constant
 */
export function replicates(request: MethodRequest, options: {linked?: boolean} = {}): Replicates {
  const {table} = request;
  const linked = options.linked ?? false;
  const dropped: Dropped[] = [];
  const subjects = new Map<string, [(Entry | null)[], (Entry | null)[]]>();
  let names: [string, string];
  const of = (subject: string) => {
    if (!subjects.has(subject)) subjects.set(subject, [[], []]);
    return subjects.get(subject)!;
  };
  if (twoMethodForm(request) === "wide") {
    const xColumns = columnsFor(request, "x");
    const yColumns = columnsFor(request, "y");
    const ids = subjectColumn(request);
    const oneRow = xColumns.length > 1 || yColumns.length > 1;
    if (!oneRow && ids === null) columnsFor(request, "subject", 1, 1);
    if (linked && xColumns.length !== yColumns.length) {
      throw new InputError({
        code: "column-count", file: table.file, field: "columns for y", value: yColumns.join(", "),
        expected: `as many columns as x has (${xColumns.length}), since replicates are taken in pairs`
      });
    }
    names = [xColumns.join(", "), yColumns.join(", ")];
    const seen = new Map<string, number>();
    table.rows.forEach((row, i) => {
      const subject = ids === null ? String(rowNumber(i)) : ids.labels[i];
      if (subject === null) {
        dropped.push({row: rowNumber(i), column: ids!.column, reason: MISSING});
        return;
      }
      if (oneRow && ids !== null) checkKey(table, seen, subject, i, ids.column, "one row of each subject");
      const cells = [xColumns, yColumns].map((columns) => columns.map(
        (column) => entry(table, row[table.columns.indexOf(column)], i, column)
      ));
      if (linked) {
        cells[0].forEach((x, j) => {
          const y = cells[1][j];
          if (x.value === null || y.value === null) dropped.push(...dropPair(x, y));
          else [x, y].forEach((one, side) => of(subject)[side].push(one));
        });
      } else {
        cells.forEach((side, which) => side.forEach((one) => {
          if (one.value === null) dropped.push({...cellOf(one), reason: MISSING});
          else of(subject)[which].push(one);
        }));
      }
    });
  } else {
    const long = longByMethod(request, dropped);
    names = long.names;
    for (const [subject, [xs, ys]] of long.subjects) {
      if (!linked) {
        subjects.set(subject, [xs, ys]);
        continue;
      }
      const partners = new Map(ys.map((one) => [one.repeat, one]));
      for (const x of xs) {
        const y = partners.get(x.repeat);
        if (y === undefined) {
          dropped.push(withoutPartner(x));
        } else {
          of(subject)[0].push(x);
          of(subject)[1].push(y);
          partners.delete(x.repeat);
        }
      }
      for (const y of partners.values()) dropped.push(withoutPartner(y));
    }
  }
  const complete = [...subjects].filter(([, [xs, ys]]) => {
    if (xs.length > 0 && ys.length > 0) return true;
    for (const one of [...xs, ...ys]) dropped.push({...cellOf(one!), reason: "no value by the other method"});
    return false;
  });
  checkSubjects(table, complete.length, "subjects measured by both methods");
  const side = (which: 0 | 1) => complete.map(([, sides]) => sides[which].map((one) => one!.value!));
  const where = (which: 0 | 1) => complete.map(([, sides]) => sides[which].map((one) => cellOf(one!)));
  const x = side(0);
  const y = side(1);
  checkVarying(table, x.flat(), names[0]);
  checkVarying(table, y.flat(), names[1]);
  const cells = {x: where(0), y: where(1)};
  const centre = (rows: number[][]) => rows.map((row) => median(row));
  const warnings = unitWarnings(centre(x), centre(y), names, cells.y.map((row) => row[0].row));
  return {subjects: complete.map(([subject]) => subject), x, y, names, cells, dropped, warnings};
}

/**
 * One value a row with its levels of the `factors` columns; a row that lacks one of them is listed in `dropped`.
 *
 * @throws InputError missing-column, not-a-number, or constant where every value is the same
 */
export function observations(request: MethodRequest, valueRole: ColumnRole = "value"): Observations {
  const {table} = request;
  const factors = columnsFor(request, "factors");
  const column = columnsFor(request, valueRole, 1, 1)[0];
  const {values, rows, dropped} = numericColumn(table, column, valueRole);
  const texts = factors.map((factor) => textColumn(table, factor, "factors"));
  const kept: {value: number; levels: string[]; cell: Cell}[] = [];
  rows.forEach((i, k) => {
    const missing = factors.filter((_, f) => texts[f][i] === null);
    for (const factor of missing) dropped.push({row: rowNumber(i), column: factor, reason: MISSING});
    if (missing.length > 0) return;
    kept.push({value: values[k], levels: texts.map((text) => text[i]!), cell: {row: rowNumber(i), column}});
  });
  if (kept.length < 2) {
    throw new InputError({
      code: "too-few-values", file: table.file, field: `column ${column}`, value: kept.length,
      expected: "at least 2 values with their factors"
    });
  }
  const found = Float64Array.from(kept, (one) => one.value);
  checkVarying(table, found, column);
  return {
    values: found, factors, levels: kept.map((one) => one.levels), cells: kept.map((one) => one.cell), dropped
  };
}

/**
 * Rejects the first value that is not above zero, where a method takes logarithms or ratios.
 *
 * @param cells where each value stands
 * @param reason why it has to be positive, as in "logarithms"
 */
export function checkPositiveCells(table: Table, values: Numbers, cells: readonly Cell[], reason: string): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] > 0) continue;
    throw new InputError({
      code: "not-positive", file: table.file, field: `row ${cells[i].row}, column ${cells[i].column}`, value: values[i],
      expected: `a value > 0 for ${reason}`
    });
  }
}

/**
 * What a call returns; a fault of its input is said of the table's file, where it names none.
 *
 * @throws InputError with the file's name
 */
export function ofTable<T>(table: Table, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof InputError && error.file === undefined ? error.in(table.file) : error;
  }
}

/**
 * Warns when one set of values is about a power of ten times the other, as when units were swapped.
 *
 * The medians of the absolute values are compared: a ratio within a factor 1.6 of 10, 100, ... or 1/10, 1/100, ....
 *
 * @returns the text of a warning, or null
 */
export function swappedUnits(a: Numbers, b: Numbers, names: readonly [string, string] = ["a", "b"]): string | null {
  if (a.length === 0 || b.length === 0) return null;
  const [first, second] = [a, b].map((values) => median(Array.from(values, Math.abs)));
  if (first === 0 || second === 0) return null;
  const [large, small, i] = second > first ? [second, first, 1] : [first, second, 0];
  const power = powerOfTen(large / small, 1.6);
  if (power === null) return null;
  return `${names[i]} is about ${power} times ${names[1 - i]} (medians ${short(large)} and ${short(small)}): `
    + "check the units";
}

const MISSING = "missing";

/** A cell that holds a value, or none. */
interface Entry {
  value: number | null;
  row: number;
  column: string;
  /** Label of the repeat, or its place among the rows of its subject and method. */
  repeat?: string;
}

function columnIndex(table: Table, column: string, field: string): number {
  const at = table.columns.indexOf(column);
  if (at >= 0) return at;
  throw new InputError({
    code: "missing-column", file: table.file, field: `column for ${field}`, value: column,
    expected: `one of the columns ${table.columns.join(", ")}${hint(column, table.columns)}`
  });
}

function cellText(cell: string | null | undefined): string | null {
  const text = cell?.trim() ?? "";
  return text === "" ? null : text;
}

function cellNumber(table: Table, cell: string | null | undefined, {row, column}: Cell): number | null {
  const text = cellText(cell);
  if (text === null) return null;
  const value = parseNumber(text);
  if (value !== null) return value;
  const comma = /^[+-]?\d+,\d+$/.test(text);
  throw new InputError({
    code: "not-a-number", file: table.file, field: `row ${row}, column ${column}`, value: text,
    expected: comma ? "a number with a decimal point, or n/a" : "a finite number, or n/a"
  });
}

function entry(table: Table, cell: string | null | undefined, index: number, column: string): Entry {
  const row = rowNumber(index);
  return {value: cellNumber(table, cell, {row, column}), row, column};
}

function cellOf({row, column}: Entry): Cell {
  return {row, column};
}

function dropPair(...entries: Entry[]): Dropped[] {
  return entries.map((one) => ({...cellOf(one), reason: one.value === null ? MISSING : "its partner is missing"}));
}

function withoutPartner(one: Entry): Dropped {
  return {...cellOf(one), reason: "no partner by the other method"};
}

function subjectColumn(request: MethodRequest): {column: string; labels: (string | null)[]} | null {
  if (!hasColumn(request, "subject")) return null;
  const column = columnsFor(request, "subject", 1, 1)[0];
  return {column, labels: textColumn(request.table, column, "subject")};
}

function twoMethodForm(request: MethodRequest): "wide" | "long" {
  const wide = hasColumn(request, "x") || hasColumn(request, "y");
  const long = hasColumn(request, "method") || hasColumn(request, "value");
  if (wide !== long) return wide ? "wide" : "long";
  throw new InputError({
    code: "missing-column", file: request.table.file, field: "columns for x and y",
    value: wide ? "given together with method or value" : "none",
    expected: "either x and y (wide table), or subject, method and value (long table)"
  });
}

/** A long table by subject, first and second method; cells without subject or method are dropped. */
function longByMethod(request: MethodRequest, dropped: Dropped[]) {
  const {table} = request;
  const column = columnsFor(request, "value", 1, 1)[0];
  const columns = (["subject", "method", ...(hasColumn(request, "repeat") ? ["repeat" as const] : [])] as const)
    .map((role) => {
      const name = columnsFor(request, role, 1, 1)[0];
      return {name, labels: textColumn(table, name, role)};
    });
  const labels: string[] = [];
  const found: {subject: string; method: string; one: Entry}[] = [];
  const keys = new Map<string, Entry>();
  const counts = new Map<string, number>();
  const at = columnIndex(table, column, "value");
  table.rows.forEach((row, i) => {
    const one = entry(table, row[at], i, column);
    const missing = columns.filter(({labels: texts}) => texts[i] === null);
    for (const {name} of missing) dropped.push({row: rowNumber(i), column: name, reason: MISSING});
    if (missing.length > 0) return;
    const [subject, method, label] = columns.map(({labels: texts}) => texts[i]!);
    if (!labels.includes(method)) labels.push(method);
    // Missing readings count too, so that later ones keep their place.
    const place = JSON.stringify([subject, method]);
    counts.set(place, (counts.get(place) ?? 0) + 1);
    const repeat = label ?? String(counts.get(place));
    const key = JSON.stringify([subject, method, repeat]);
    const earlier = keys.get(key);
    if (earlier !== undefined) {
      throw duplicateKey(table, one, earlier, `${subject}, ${method}, ${repeat}`,
        "each combination of subject, method and repeat once");
    }
    keys.set(key, one);
    if (one.value === null) dropped.push({...cellOf(one), reason: MISSING});
    else found.push({subject, method, one: {...one, repeat}});
  });
  if (labels.length !== 2) {
    throw new InputError({
      code: "method-count", file: table.file, field: `methods in column ${columns[1].name}`,
      value: labels.slice(0, 8).join(", "), expected: `2 methods, not ${labels.length}`
    });
  }
  const subjects = new Map<string, [Entry[], Entry[]]>();
  for (const {subject, method, one} of found) {
    if (!subjects.has(subject)) subjects.set(subject, [[], []]);
    subjects.get(subject)![labels.indexOf(method)].push(one);
  }
  return {names: [labels[0], labels[1]] as [string, string], subjects};
}

interface RepeatRows {
  labels: string[];
  rows: {subject: string; entries: (Entry | null)[]}[];
}

function wideRepeats(request: MethodRequest, columns: string[], dropped: Dropped[]): RepeatRows {
  const {table} = request;
  const ids = subjectColumn(request);
  const seen = new Map<string, number>();
  const rows: RepeatRows["rows"] = [];
  table.rows.forEach((row, i) => {
    const all = columns.map((column) => entry(table, row[table.columns.indexOf(column)], i, column));
    const subject = ids === null ? String(rowNumber(i)) : ids.labels[i];
    if (subject === null) {
      dropped.push({row: rowNumber(i), column: ids!.column, reason: MISSING});
      return;
    }
    if (ids !== null) {
      checkKey(table, seen, subject, i, ids.column, "one row of each subject when repeats stand side by side");
    }
    for (const one of all) if (one.value === null) dropped.push({...cellOf(one), reason: MISSING});
    const entries = all.map((one) => one.value === null ? null : one);
    if (entries.some((one) => one !== null)) rows.push({subject, entries});
  });
  return {labels: columns, rows};
}

function longRepeats(request: MethodRequest, column: string, dropped: Dropped[]): RepeatRows {
  const {table} = request;
  const subjectName = columnsFor(request, "subject", 1, 1)[0];
  const subjects = textColumn(table, subjectName, "subject");
  const repeatName = hasColumn(request, "repeat") ? columnsFor(request, "repeat", 1, 1)[0] : null;
  const repeatLabels = repeatName === null ? null : textColumn(table, repeatName, "repeat");
  const at = columnIndex(table, column, "value");
  const bySubject = new Map<string, Map<string, Entry>>();
  const labels: string[] = [];
  table.rows.forEach((row, i) => {
    const one = entry(table, row[at], i, column);
    const subject = subjects[i];
    if (subject === null) {
      dropped.push({row: rowNumber(i), column: subjectName, reason: MISSING});
      return;
    }
    if (repeatLabels !== null && repeatLabels[i] === null) {
      dropped.push({row: rowNumber(i), column: repeatName!, reason: MISSING});
      return;
    }
    if (!bySubject.has(subject)) bySubject.set(subject, new Map());
    const of = bySubject.get(subject)!;
    const label = repeatLabels === null ? String(of.size + 1) : repeatLabels[i]!;
    const earlier = of.get(label);
    if (earlier !== undefined) {
      throw duplicateKey(table, one, earlier, `${subject}, ${label}`, "each combination of subject and repeat once");
    }
    of.set(label, one);
    if (!labels.includes(label)) labels.push(label);
    if (one.value === null) dropped.push({...cellOf(one), reason: MISSING});
  });
  if (labels.every((label) => parseNumber(label) !== null)) labels.sort((a, b) => Number(a) - Number(b));
  const rows = [...bySubject].map(([subject, of]) => ({
    subject,
    entries: labels.map((label) => {
      const one = of.get(label);
      return one === undefined || one.value === null ? null : one;
    })
  })).filter(({entries}) => entries.some((one) => one !== null));
  return {labels, rows};
}

function checkKey(
  table: Table, seen: Map<string, number>, subject: string, index: number, column: string, expected: string
): void {
  const earlier = seen.get(subject);
  if (earlier !== undefined) {
    throw duplicateKey(table, {value: null, row: rowNumber(index), column},
      {value: null, row: rowNumber(earlier), column}, subject, expected);
  }
  seen.set(subject, index);
}

function duplicateKey(table: Table, one: Entry, earlier: Entry, key: string, expected: string): InputError {
  return new InputError({
    code: "duplicate-key", file: table.file, field: `row ${one.row}, column ${one.column}`, value: key,
    expected: `${expected}; row ${earlier.row} has it already`
  });
}

function checkSubjects(table: Table, count: number, what: string): void {
  if (count >= 2) return;
  throw new InputError({
    code: "too-few-subjects", file: table.file, field: what, value: count, expected: "at least 2 subjects"
  });
}

function checkVarying(table: Table, values: Numbers, column: string): void {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return;
  throw constantColumn(table, column, values[0]);
}

function constantColumn(table: Table, column: string, value: number): InputError {
  return new InputError({
    code: "constant", file: table.file, field: `column ${column}`, value, expected: "values that are not all the same"
  });
}

/** The power of ten, 10 or more, that a ratio is within a factor of; or null. */
function powerOfTen(ratio: number, factor: number): number | null {
  for (let power = 10; power <= 1e9; power *= 10) {
    if (ratio < power * factor && ratio > power / factor) return power;
  }
  return null;
}

/** Offsets of all values together, and of single rows against the others. */
function unitWarnings(a: Numbers, b: Numbers, names: readonly [string, string], rows: readonly number[]): string[] {
  const whole = swappedUnits(a, b, names);
  const warnings = whole === null ? [] : [whole];
  const ratios = Array.from(a, (value, i) => b[i] / value);
  if (ratios.length < 5 || !ratios.every((ratio) => ratio > 0 && Number.isFinite(ratio))) return warnings;
  const usual = median(ratios);
  const odd = ratios.flatMap((ratio, i) => {
    const power = powerOfTen(Math.max(ratio / usual, usual / ratio), 1.25);
    if (power === null) return [];
    const times = ratio > usual ? `${power} times` : `1/${power} of`;
    return [`row ${rows[i]}: ${names[1]} over ${names[0]} is about ${times} what other rows have: check the units`];
  });
  // Many odd rows are wide scatter, not a slip of units.
  return odd.length <= Math.max(1, ratios.length / 10) ? [...warnings, ...odd] : warnings;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
