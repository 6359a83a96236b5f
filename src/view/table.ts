/** Tables: units in the header, numbers aligned, intervals in small type under the estimates. */
import {h} from "./dom.js";
import type {Child} from "./dom.js";
import {formatNumber, formatUnit} from "./format.js";
import type {NumberFormat} from "./format.js";

export type TableRow = Readonly<Record<string, unknown>>;

export interface TableColumn extends NumberFormat {
  /** Name of the row's property. */
  key: string;
  /** What the header says; the key unless told. */
  label?: string;
  unit?: string;
  /** Cells name their row (`<th scope="row">`). */
  header?: boolean;
  /** Properties that hold the ends of the interval; written under the estimate. */
  interval?: {lower: string; upper: string};
  align?: "left" | "right" | "center";
  /** Writes the cell instead of the number format. */
  format?: (value: unknown, row: TableRow) => Child;
  /** A header over neighbouring columns of the same group. */
  group?: string;
}

export interface ResultTableOptions {
  columns: readonly TableColumn[];
  rows: readonly TableRow[];
  caption?: Child;
  /** Names the scrollable region; the caption's text unless told. */
  label?: string;
  /** Small print under the table. */
  note?: Child;
  id?: string;
  /** A rule is drawn where this property changes from one row to the next. */
  groupRows?: string;
  /** What stands there when there are no rows. */
  empty?: string;
}

/** A table in a region that scrolls sideways by itself, also with the keyboard, so that the page never does. */
export function resultTable(options: ResultTableOptions): HTMLElement {
  const {columns, rows, caption, note, id, groupRows, empty = "No rows."} = options;
  const captionElement = caption ? h("caption", {}, caption) : null;
  const label = options.label ?? captionElement?.textContent ?? "Table";
  const numeric = new Set(columns.filter((column) => isNumeric(column, rows)).map(({key}) => key));
  const headerRow = h("tr", {}, ...columns.map((column) =>
    h("th", {scope: "col", class: alignment(column, numeric)},
      column.label ?? column.key,
      column.unit === undefined || column.unit === "" ? null : h("span", {class: "m-unit"}, ` (${formatUnit(column.unit)})`))
  ));
  const body = rows.length === 0
    ? [h("tr", {}, h("td", {colspan: columns.length, class: "m-empty"}, empty))]
    : rows.map((row, i) =>
      h("tr", {class: groupRows !== undefined && i > 0 && rows[i - 1]![groupRows] !== row[groupRows] ? "m-group-start" : null},
        ...columns.map((column) => cell(column, row, numeric))));
  const table = h("table", {class: "m-table", id},
    captionElement,
    h("thead", {}, groupHeader(columns), headerRow),
    h("tbody", {}, ...body));
  const region = h("div", {class: "m-table-scroll", role: "region", tabindex: 0, "aria-label": label}, table);
  return h("div", {class: "m-result-table"}, region, note ? h("div", {class: "m-table-note"}, note) : null);
}

function groupHeader(columns: readonly TableColumn[]): HTMLTableRowElement | null {
  if (!columns.some(({group}) => group !== undefined)) return null;
  const groups: {name: string; span: number}[] = [];
  for (const {group = ""} of columns) {
    const last = groups.at(-1);
    if (last !== undefined && last.name === group) last.span += 1;
    else groups.push({name: group, span: 1});
  }
  return h("tr", {class: "m-group-header"}, ...groups.map(({name, span}) =>
    name === "" ? h("td", {colspan: span}) : h("th", {scope: "colgroup", colspan: span}, name)));
}

function cell(column: TableColumn, row: TableRow, numeric: ReadonlySet<string>): HTMLTableCellElement {
  const value = row[column.key];
  const content = column.format === undefined ? plain(value, column) : column.format(value, row);
  const element = column.header
    ? h("th", {scope: "row", class: alignment(column, numeric)}, content)
    : h("td", {class: alignment(column, numeric)}, content);
  if (column.interval !== undefined) {
    const {lower, upper} = column.interval;
    const ends = [row[lower], row[upper]];
    if (ends.every((end) => typeof end === "number" && Number.isFinite(end))) {
      const [low, high] = ends.map((end) => formatNumber(end as number, column));
      element.append(h("span", {class: "m-interval"}, ` [${low}, ${high}]`));
    }
  }
  return element;
}

function plain(value: unknown, format: NumberFormat): Child {
  if (typeof value === "number") {
    return Number.isFinite(value) ? formatNumber(value, format) : h("span", {title: "no value", class: "m-missing"}, "—");
  }
  if (value === null || value === undefined) return h("span", {title: "no value", class: "m-missing"}, "—");
  return String(value);
}

function isNumeric(column: TableColumn, rows: readonly TableRow[]): boolean {
  if (column.align !== undefined) return column.align === "right";
  const values = rows.map((row) => row[column.key]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => typeof value === "number");
}

function alignment(column: TableColumn, numeric: ReadonlySet<string>): string | null {
  if (column.align !== undefined) return `m-${column.align}`;
  return numeric.has(column.key) ? "m-right" : null;
}

/** Rows as CSV (RFC 4180, CRLF): full precision, empty where there is no value. */
export function toCSV(columns: readonly Pick<TableColumn, "key" | "label" | "unit" | "interval">[], rows: readonly TableRow[]): string {
  const fields = columns.flatMap((column) => {
    const name = column.unit ? `${column.label ?? column.key} (${column.unit})` : column.label ?? column.key;
    const own = [{key: column.key, name}];
    if (column.interval === undefined) return own;
    return [...own, {key: column.interval.lower, name: `${name} lower`}, {key: column.interval.upper, name: `${name} upper`}];
  });
  const lines = [
    fields.map(({name}) => quote(name)),
    ...rows.map((row) => fields.map(({key}) => quote(row[key])))
  ];
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

function quote(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = typeof value === "string" ? guard(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

/** A text that a spreadsheet would run as a formula is kept a text. */
function guard(text: string): string {
  return /^[=+@\t\r]/.test(text) || /^-[^\d.]/.test(text) ? `'${text}` : text;
}

/** A table of plain rows as they come, for instance from a query: a column for each name. */
export function rowsTable(rows: readonly TableRow[] & {columns?: readonly string[]}, caption: Child): HTMLElement {
  const names = rows.columns ?? (rows.length > 0 ? Object.keys(rows[0]!) : []);
  return resultTable({columns: names.map((key) => ({key, digits: 4})), rows, caption, empty: "The query gave no rows."});
}
