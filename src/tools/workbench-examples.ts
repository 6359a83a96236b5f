// Tables that travel with the site, for readers who have none at hand.
import type {Table} from "../domain/statistics/method.js";
import {files} from "../generated/data/peak-flow.js";
import {tables} from "../generated/data/tables.js";
import {database, dataset} from "../page.js";
import type {Database, Rows} from "../io/database.js";
import {readText} from "../io/folder.js";
import {readMethodTable} from "../io/method-table.js";
import {fillTables, readPeakFlow} from "../studies/agreement/study.js";
import {ownTable, sqlName} from "./workbench.js";
import type {Example} from "./workbench-view.js";

const peakFlow = dataset("peak-flow", files);

export const examples: readonly Example[] = [{
  id: "peak-flow",
  label: "Try it with peak flow, 1986",
  note: "two readings of 17 people with each of two meters, in L/min",
  file: "data/peak-flow/peak_flow.tsv",
  unit: "L/min",
  read: () => readText(peakFlow, "peak_flow.tsv")
}];

/** The tables of the database and a query that makes a table for the workbench of each. */
export const queries: readonly {table: string; sql: string}[] = [
  {
    table: "measurements",
    sql: "SELECT subject, model AS method, session AS repeat, value\nFROM measurements\nORDER BY subject, method, repeat"
  },
  ...tables.map(({file}) => {
    const table = sqlName(file);
    return {table, sql: table === "f1_surface_scores"
      ? "SELECT TE, TI, 2 * detected / (2 * detected + missed + false_positives) AS F1\n"
        + "FROM f1_surface_scores\nWHERE method = 'robust-threshold'"
      : `SELECT *\nFROM ${table}`};
  })
];

let opened: Promise<Database> | undefined;

/**
 * Runs a query on the page's database, which is fetched and filled when first asked.
 *
 * @param given the reader's own table, which the query finds under `ownTable`
 */
export async function query(sql: string, given: Table | null): Promise<Rows> {
  opened ??= (async () => {
    const [own, readings] = await Promise.all([database(), readPeakFlow(peakFlow)]);
    await fillTables(own, readings);
    for (const {file, attachment} of tables) {
      await own.put(sqlName(file), readMethodTable(await attachment.text(), file));
    }
    return own;
  })();
  const own = await opened;
  if (given !== null) await own.put(ownTable, given);
  return own.query(sql);
}
