import {readDataset, type Dataset, type Scan} from "./bids.js";
import {readText, subfolder, type Folder} from "./folder.js";
import type {Series} from "./series.js";
import {parseTsv} from "./tsv.js";

/** An image that says something of a series: where to fit (`mask`, `dseg`), or what a parameter is (`TB1map`). */
export interface Companion {
  kind: "mask" | "dseg" | "TB1map";
  /** Below the dataset's folder; so are the paths in `scan`. */
  scan: Scan;
  /** Of labels: the table that names them. */
  table: string | null;
}

const kinds = ["mask", "dseg", "TB1map"] as const;

/**
 * The companions in a dataset: TB1map images of its own, and `mask`, `dseg` and `TB1map` images of the datasets in its
 * `derivatives/`. Labels are named by the `.tsv` of the same name, or else by `dseg.tsv` at the top of their dataset.
 */
export async function readCompanions(folder: Folder, dataset: Dataset): Promise<Companion[]> {
  const found: Companion[] = [];
  const names = new Set(folder.paths.map((path) => /^(derivatives\/[^/]+)\//.exec(path)?.[1]));
  for (const name of names) {
    if (name === undefined) continue;
    const whole = subfolder(folder, name);
    const paths = whole.paths.filter((path) => /(^|[_/])(mask|dseg|TB1map)\.(nii|nii\.gz|json)$/.test(path));
    const {scans} = await readDataset({...whole, paths});
    for (const scan of scans) {
      const kind = kinds.find((each) => each === scan.suffix);
      if (kind === undefined) continue;
      const tables = [scan.path.replace(/\.nii(\.gz)?$/, ".tsv"), "dseg.tsv"];
      const table = kind === "dseg" ? tables.find((path) => whole.paths.includes(path)) : undefined;
      const below = (path: string): string => `${name}/${path}`;
      found.push({
        kind,
        scan: {...scan, path: below(scan.path), sidecars: scan.sidecars.map(below)},
        table: table === undefined ? null : below(table)
      });
    }
  }
  for (const scan of dataset.scans) if (scan.suffix === "TB1map") found.push({kind: "TB1map", scan, table: null});
  return found;
}

/** Entities that say what an image is of, not which images it belongs to. */
const ownEntities = [
  ...["sub", "ses", "desc", "space", "label", "res", "den", "seg", "atlas"],
  ...["echo", "inv", "flip", "mt", "part"]
];

/** The companions of a series: of its subject and session, and of nothing that its name contradicts. */
export function companionsOf(series: Series, all: readonly Companion[]): Companion[] {
  const own = new Map(series.stem.split("_").map((part) => part.split("-", 2) as [string, string]));
  return all.filter(({kind, scan}) => {
    if (scan.subject !== series.subject || ![series.session, null].includes(scan.session)) return false;
    // A field map is acquired with names of its own.
    if (kind === "TB1map") return true;
    return Object.entries(scan.entities).every(
      ([key, value]) => ownEntities.includes(key) || !own.has(key) || own.get(key) === value
    );
  });
}

/** Names of labels by their index, as a BIDS label table (columns index and name) has them. */
export async function readLabelNames(folder: Folder, path: string): Promise<Map<number, string>> {
  const table = parseTsv(await readText(folder, path), path, {required: ["index", "name"]});
  return new Map(table.rows.map((_, row) => [table.requiredNumber(row, "index"), table.text(row, "name")]));
}
