import type {ModelInfo, Registry} from "../compute/core.js";
import {outsideMask} from "../compute/fit.js";
import {mean, quantile, standardDeviation} from "../domain/statistics/summaries.js";
import type {Series} from "../io/series.js";

/** One row of a table of measurements; its columns are those of the database's table. */
export interface Measurement {
  subject: string;
  session: string | null;
  series: string;
  region: string;
  model: string;
  parameter: string;
  unit: string;
  statistic: string;
  value: number | null;
  n: number;
}

/** What is summarised. */
export interface Measured {
  series: Series;
  model: ModelInfo;
  statuses: Registry["statuses"];
  /** Outcome of each voxel. */
  status: ArrayLike<number>;
  /** A label for each voxel, with the names that are known of them; null: only the whole is a region. */
  labels: ArrayLike<number> | null;
  labelNames: ReadonlyMap<number, string>;
  /** Parameters to summarise. */
  parameters: readonly {name: string; unit: string}[];
  /** The map of the parameter at a place of that list, read when it is needed: one is held at a time. */
  read(index: number): Promise<ArrayLike<number>>;
}

/** Outcomes, and summaries of each parameter over the voxels with a value: of all that were fitted, then by label. */
export async function measure(measured: Measured): Promise<Measurement[]> {
  const {series, model, statuses, status, labels, labelNames, parameters, read} = measured;
  const within = (label: number | null) =>
    indices(status.length, (v) => status[v] !== outsideMask && (label === null || labels![v] === label));
  const regions = [{region: "all", voxels: within(null)}];
  const found = new Set<number>();
  if (labels !== null) for (const v of regions[0].voxels) if (labels[v] > 0) found.add(labels[v]);
  for (const label of [...found].sort((a, b) => a - b)) {
    regions.push({region: labelNames.get(label) ?? `label ${label}`, voxels: within(label)});
  }
  const base = {subject: series.subject, session: series.session, series: series.stem, model: model.id};
  const rows: Measurement[] = [];
  for (const {region, voxels} of regions) {
    const tally = new Array<number>(256).fill(0);
    for (const v of voxels) tally[status[v]] += 1;
    for (const {code, name: statistic} of statuses) {
      const outcome = {parameter: "status", unit: "voxels", statistic, value: tally[code], n: voxels.length};
      rows.push({...base, region, ...outcome});
    }
  }
  for (const [index, {name: parameter, unit}] of parameters.entries()) {
    const map = await read(index);
    for (const {region, voxels} of regions) {
      const values = Float64Array.from(voxels, (v) => map[v]).filter(Number.isFinite);
      for (const [statistic, value] of summarise(values)) {
        rows.push({...base, region, parameter, unit, statistic, value, n: values.length});
      }
    }
  }
  return rows;
}

function indices(length: number, inside: (v: number) => boolean): Uint32Array {
  const found = new Uint32Array(length);
  let count = 0;
  for (let v = 0; v < length; v++) if (inside(v)) found[count++] = v;
  return found.slice(0, count);
}

/** Null where there are too few values. */
function summarise(values: Float64Array): [string, number | null][] {
  const n = values.length;
  const at = (p: number): number | null => (n > 0 ? quantile(values, p) : null);
  return [
    ["mean", n > 0 ? mean(values) : null],
    ["sd", n > 1 ? standardDeviation(values) : null],
    ["q1", at(0.25)],
    ["median", at(0.5)],
    ["q3", at(0.75)]
  ];
}
