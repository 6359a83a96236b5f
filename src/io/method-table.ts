import type {Table} from "../domain/statistics/method.js";
import {parseTable} from "./tsv.js";

/**
 * A CSV or TSV table as methods of statistics read it: columns and cells in their order, null where missing.
 *
 * @throws InputError as `parseTable` does
 */
export function readMethodTable(text: string, file: string): Table {
  const {columns, rows} = parseTable(text, file);
  return {file, columns, rows: rows.map((row) => columns.map((column) => row[column]))};
}

/**
 * The columns that one text names: separated by commas, where a name may itself hold commas.
 *
 * Names that the table does not have come back as they stand, for the method to reject with a hint.
 */
export function splitColumns(text: string, columns: readonly string[]): string[] {
  const pieces = text.split(",");
  const names: string[] = [];
  for (let at = 0; at < pieces.length;) {
    let end = pieces.length;
    const joined = () => pieces.slice(at, end).join(",").trim();
    while (end > at + 1 && !columns.includes(joined())) end--;
    names.push(joined());
    at = end;
  }
  return names;
}
