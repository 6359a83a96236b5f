import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import {rowNumber} from "../domain/row-number.js";

export type Row = Record<string, string | null>;

/** A table of text; `null` is a missing value. Rows count from 0 in arguments; in errors the header is row 1. */
export interface Tsv {
  file: string;
  columns: string[];
  rows: Row[];
  /** A cell as text. @throws InputError missing-column, missing-row or missing-value */
  text(row: number, column: string): string;
  /** A cell as number, null where missing. @throws InputError missing-column, missing-row or not-a-number */
  number(row: number, column: string): number | null;
  /** A cell as number that has to be there. @throws InputError as `number` does, or missing-value */
  requiredNumber(row: number, column: string): number;
  /** A whole column as numbers. @throws InputError as `number` does */
  numbers(column: string): (number | null)[];
}

export interface TableOptions {
  /** Columns that have to be there. */
  required?: string[];
}

/**
 * A BIDS table: cells between tabs, a header, `n/a` (or nothing) for a missing value. Reads CRLF and a byte order mark.
 * @throws InputError naming file, row and column: empty-table, empty-column, duplicate-column, missing-column or
 *   ragged-row
 */
export function parseTsv(text: string, file: string, options: TableOptions = {}): Tsv {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines[lines.length - 1] === "") lines.pop();
  return table(
    lines.map((line) => line.split("\t")),
    file,
    options
  );
}

/**
 * A CSV table (RFC 4180): quoted cells may hold delimiters, line breaks and doubled quotes. `n/a`, `NA` and nothing are
 * missing values, unless quoted.
 * @throws InputError as parseTsv does, or csv-quote
 */
export function parseCsv(text: string, file: string, options: TableOptions & {delimiter?: "," | ";" | "\t"} = {}): Tsv {
  const {delimiter = ","} = options;
  const source = text.replace(/^\uFEFF/, "");
  const records: (string | null)[][] = [];
  let record: (string | null)[] = [];
  let at = 0;
  const quoteFault = (expected: string): never => {
    throw new InputError({
      code: "csv-quote",
      file,
      field: `row ${records.length + 1}, cell ${record.length + 1}`,
      value: source.slice(Math.max(0, at - 20), at + 20),
      expected
    });
  };
  while (at < source.length) {
    let cell: string | null;
    if (source[at] === '"') {
      cell = "";
      at++;
      for (;;) {
        const end = source.indexOf('"', at);
        if (end === -1) return quoteFault("a closing quote");
        cell += source.slice(at, end);
        at = end + 1;
        if (source[at] !== '"') break;
        cell += '"';
        at++;
      }
      if (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r") {
        quoteFault("a delimiter or the line's end behind a closing quote");
      }
    } else {
      const start = at;
      while (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r") at++;
      const raw = source.slice(start, at).trim();
      cell = raw === "NA" && records.length > 0 ? null : raw;
    }
    record.push(cell);
    if (at < source.length && source[at] === delimiter) {
      at++;
      // A delimiter at the very end is followed by one more, empty cell.
      if (at === source.length) record.push("");
      else continue;
    }
    if (source[at] === "\r" && source[at + 1] === "\n") at++;
    at++;
    records.push(record);
    record = [];
  }
  if (record.length > 0) records.push(record);
  while (
    records.length > 0 &&
    records[records.length - 1].join("") === "" &&
    records[records.length - 1].length === 1
  ) {
    records.pop();
  }
  return table(records, file, options);
}

/** A dropped table: tabs in its first line make it TSV, else commas CSV, else semicolons CSV of that kind. */
export function parseTable(text: string, file: string, options: TableOptions = {}): Tsv {
  const header = text.split(/\r\n|\n|\r/, 1)[0];
  if (header.includes("\t")) return parseTsv(text, file, options);
  return parseCsv(text, file, {...options, delimiter: !header.includes(",") && header.includes(";") ? ";" : ","});
}

function table(records: (string | null)[][], file: string, {required = []}: TableOptions): Tsv {
  if (records.length === 0) {
    throw new InputError({code: "empty-table", file, field: "header", value: "", expected: "a row of column names"});
  }
  const columns = records[0].map((name) => name ?? "");
  for (const [index, name] of columns.entries()) {
    if (name.trim() === "") {
      throw new InputError({
        code: "empty-column",
        file,
        field: `header, column ${index + 1}`,
        value: name,
        expected: "a name"
      });
    }
    if (columns.indexOf(name) !== index) {
      throw new InputError({
        code: "duplicate-column",
        file,
        field: `header, column ${index + 1}`,
        value: name,
        expected: `a name that column ${columns.indexOf(name) + 1} does not have`
      });
    }
  }
  const checkColumn = (name: string): void => {
    if (columns.includes(name)) return;
    throw new InputError({
      code: "missing-column",
      file,
      field: "columns",
      value: columns,
      expected: `a column ${name}`
    });
  };
  required.forEach(checkColumn);

  const rows = records.slice(1).map((cells, index): Row => {
    if (cells.length !== columns.length) {
      throw new InputError({
        code: "ragged-row",
        file,
        field: `row ${rowNumber(index)}`,
        value: `${cells.length} cells`,
        expected: `${columns.length} cells, as in the header`
      });
    }
    return Object.fromEntries(
      columns.map((name, column) => {
        const cell = cells[column];
        return [name, cell === null || cell === "" || cell === "n/a" ? null : cell];
      })
    );
  });

  const cellOf = (row: number, column: string): string | null => {
    checkColumn(column);
    if (Number.isInteger(row) && row >= 0 && row < rows.length) return rows[row][column];
    throw new InputError({
      code: "missing-row", file, field: "row", value: rowNumber(row), expected: `2 to ${rowNumber(rows.length - 1)}`
    });
  };
  const number = (row: number, column: string): number | null => {
    const cell = cellOf(row, column);
    if (cell === null) return null;
    const value = parseNumber(cell.trim());
    if (value !== null) return value;
    throw new InputError({
      code: "not-a-number",
      file,
      field: `row ${rowNumber(row)}, column ${column}`,
      value: cell,
      expected: "a finite number, or n/a"
    });
  };
  const present = <T>(value: T | null, row: number, column: string): T => {
    if (value !== null) return value;
    throw new InputError({
      code: "missing-value",
      file,
      field: `row ${rowNumber(row)}, column ${column}`,
      value: "n/a",
      expected: "a value"
    });
  };
  return {
    file,
    columns,
    rows,
    text: (row, column) => present(cellOf(row, column), row, column),
    number,
    requiredNumber: (row, column) => present(number(row, column), row, column),
    numbers(column) {
      checkColumn(column);
      return rows.map((_, row) => number(row, column));
    }
  };
}

type Cell = string | number | null | undefined;

/**
 * A BIDS table; null becomes `n/a`.
 * @throws InputError for a cell with a tab or line break, or a number that is not finite
 */
export function writeTsv(columns: string[], rows: Record<string, Cell>[]): string {
  const line = (cells: string[], row: number): string => {
    for (const [index, cell] of cells.entries()) {
      if (/[\t\r\n]/.test(cell)) throw cellFault(row, columns[index], cell, "text without tabs and line breaks");
    }
    return `${cells.join("\t")}\n`;
  };
  const body = rows.map((row, index) =>
    line(
      columns.map((name) => cellText(row[name], index, name) ?? "n/a"),
      rowNumber(index)
    )
  );
  return line(columns, 1) + body.join("");
}

/** A CSV table (RFC 4180, but with plain line feeds); null becomes an empty cell. */
export function writeCsv(columns: string[], rows: Record<string, Cell>[]): string {
  const quote = (cell: string): string =>
    /[",\r\n]/.test(cell) || cell === "NA" ? `"${cell.replaceAll('"', '""')}"` : cell;
  const lines = [columns, ...rows.map((row, index) => columns.map((name) => cellText(row[name], index, name) ?? ""))];
  return lines.map((cells) => `${cells.map(quote).join(",")}\n`).join("");
}

function cellText(cell: Cell, index: number, column: string): string | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "number" && !Number.isFinite(cell))
    throw cellFault(rowNumber(index), column, cell, "a finite number or null");
  return String(cell);
}

function cellFault(row: number, column: string, value: unknown, expected: string): InputError {
  return new InputError({code: "table-cell", field: `row ${row}, column ${column}`, value, expected});
}
