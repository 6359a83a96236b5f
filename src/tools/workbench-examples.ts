// Tables that travel with the site, for readers who have none at hand.
import {files} from "../generated/data/peak-flow.js";
import {database, dataset} from "../page.js";
import {readText} from "../io/folder.js";
import type {Database, Rows} from "../io/database.js";
import {fillTables, readPeakFlow} from "../studies/agreement/study.js";
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

let opened: Promise<Database> | undefined;

/** Runs a query on the page's database, which is fetched and filled when first asked. */
export async function query(sql: string): Promise<Rows> {
  opened ??= (async () => {
    const [own, readings] = await Promise.all([database(), readPeakFlow(peakFlow)]);
    await fillTables(own, readings);
    return own;
  })();
  return (await opened).query(sql);
}
