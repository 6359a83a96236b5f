import {checkCount} from "../domain/check.js";
import {levelOf} from "../domain/statistics/estimate.js";
import type {LevelOptions} from "../domain/statistics/estimate.js";
import type {ResamplingTask} from "../domain/statistics/method.js";
import type {Resampling, ResamplingRequest} from "./core.js";
import type {Chunk, Pool, RunOptions} from "./pool.js";

/** Units of a resampling in one chunk: how finely it tells its progress and how soon a worker is free once stopped. */
export const defaultUnits = 500;

/** How a resampling is run. */
export interface ResamplingOptions extends RunOptions, LevelOptions {
  /** Units a chunk; no result depends on it. */
  chunk?: number;
}

/**
 * Resamples a statistic on the pool's workers: BCa intervals from rows drawn with replacement.
 *
 * The result depends on task and level alone, not on the number of workers or the chunks. Progress counts units: the
 * statistic of all rows, that without each one, and the resamples.
 *
 * @param task as a method's `resampling` gives it; its data are copied, never taken away
 * @param options level of the intervals (default 0.95), signal to stop (rejects with an `AbortError`), progress
 * @returns intervals in the order of `names`; `resamplingNotes` puts what is to be told of them into words
 * @throws InputError on an unknown statistic or setting, rows of another shape, fewer than 3 rows or 200 resamples, a
 *   level outside (0, 1), a statistic that has no value in all rows, in all but one, or in more than 1 % of the
 *   resamples, or that is the same in all of them
 */
export async function resampleStatistics(
  pool: Pool,
  task: ResamplingTask,
  options: ResamplingOptions = {}
): Promise<Resampling> {
  const {chunk = defaultUnits, signal, onProgress} = options;
  const {data, statistic, width, settings, resamples, seed} = task;
  checkCount(width, "width", 1);
  checkCount(resamples, "resamples", 1);
  checkCount(seed, "seed", 0);
  checkCount(chunk, "chunk", 1);
  const request: ResamplingRequest = {statistic, width, settings, resamples, seed, level: levelOf(options)};
  // Rows that do not fill a row are the core's to refuse.
  const units = 1 + Math.floor(data.length / width) + resamples;
  const chunks: Chunk<"resample-units">[] = [];
  for (let first = 0; first < units; first += chunk) {
    const count = Math.min(chunk, units - first);
    chunks.push({weight: count, make: () => ({request: {...request, data, first, count}})});
  }
  const parts = await pool.run("resample-units", chunks, {signal, onProgress});
  const values = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (values.set(part, at), at + part.length), 0);
  const make = () => ({request: {...request, values}});
  const [found] = await pool.run("resample-intervals", [{make}], {signal});
  return found;
}

/** Sentences that belong beside the intervals of a resampling: what was left out, and which ends are uncertain. */
export function resamplingNotes({names, intervals, resamples, degenerate}: Resampling): string[] {
  const extreme = names.filter((_, i) => intervals[i].extreme);
  return [
    ...(degenerate === 0 ? [] : [`${degenerate} of ${resamples} resamples had no value and were left out`]),
    ...(extreme.length === 0
      ? []
      : [
          `the bootstrap interval of ${extreme.join(", ")} ends at the outermost resample: take more resamples, or ` +
            "another interval where rows are few"
        ])
  ];
}
