import type {Method, MethodReport, MethodRequest} from "../domain/statistics/method.js";
import type {Pool, RunOptions} from "./pool.js";
import {resampleStatistics, resamplingNotes} from "./resample.js";

/**
 * Runs a method on a table; a resampling that the request asks for runs in the core first.
 *
 * @param openPool called only when there is something to resample
 * @throws InputError naming file, row, column, value and expectation
 */
export async function runMethod(
  method: Method,
  request: MethodRequest,
  openPool: () => Promise<Pool>,
  options: RunOptions = {}
): Promise<MethodReport> {
  const task = method.resampling?.(request) ?? null;
  if (task === null) return method.run(request);
  const draws = await resampleStatistics(await openPool(), task, {...options, level: request.level});
  const report = method.run({...request, draws});
  return {...report, warnings: [...report.warnings, ...resamplingNotes(draws)]};
}
