import {checkCount} from "../check.js";
import {InputError} from "../errors.js";
import type {Interval} from "./estimate.js";
import type {OptionNeed, ResampledStatistics, ResamplingTask} from "./method.js";
import type {OptionReader} from "./option-values.js";

/** Source of the intervals that resampling gives. */
export const BCA_CITATION = "Efron 1987, doi:10.1080/01621459.1987.10478410 (BCa)";

/** The two options of every method that can be resampled. */
export const resamplingOptions: readonly OptionNeed[] = [
  {
    id: "resamples", kind: "number",
    description: "bootstrap resamples for BCa intervals, 10000 when only the interval asks for them"
  },
  {id: "seed", kind: "number", default: 1, description: "seed of the resampling"}
];

/**
 * The resampling of a method: wanted when its interval is "bootstrap" or when a number of resamples is given.
 *
 * @param task statistic, rows and settings
 * @throws InputError on fewer than 200 resamples or a seed that is not a whole number >= 0
 */
export function resamplingTask(
  options: OptionReader, task: () => Pick<ResamplingTask, "statistic" | "data" | "width" | "settings">
): ResamplingTask | null {
  const given = options.number("resamples");
  if (given === null && options.text("interval") !== "bootstrap") return null;
  const resamples = given ?? 10000;
  checkCount(resamples, "resamples", 200);
  const seed = options.needed("seed");
  checkCount(seed, "seed", 0);
  return {...task(), resamples, seed};
}

/** Columns side by side as the rows of a resampling. */
export function rowsOf(...columns: readonly ArrayLike<number>[]): {data: Float64Array; width: number} {
  const width = columns.length;
  const data = new Float64Array(width * columns[0].length);
  columns.forEach((column, k) => {
    for (let i = 0; i < column.length; i++) data[i * width + k] = column[i];
  });
  return {data, width};
}

/**
 * The BCa interval of one component, or null when nothing was resampled.
 *
 * @throws InputError when the interval asked for is "bootstrap" and the draws are missing, or lack this component
 */
export function drawnInterval(
  draws: ResampledStatistics | undefined, component: string, asked: string | null
): Interval | null {
  if (draws === undefined) {
    if (asked !== "bootstrap") return null;
    throw new InputError({
      code: "missing-draws", field: "interval", value: asked, expected: "a resampling that has run, or another interval"
    });
  }
  const at = draws.names.indexOf(component);
  if (at < 0) {
    throw new InputError({
      code: "missing-draws", field: "components of the resampling", value: draws.names.join(", "),
      expected: `one named ${component}`
    });
  }
  return draws.intervals[at];
}
