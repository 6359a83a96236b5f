import {InputError} from "../domain/errors.js";
import type {DistributionId} from "../domain/simulation/distributions.js";
import {LEVEL, trialsOf, type Trial} from "../domain/simulation/coverage-cell.js";
import type {Resample} from "../domain/simulation/procedure.js";
import {studyOf} from "../domain/simulation/procedures.js";
import type {Core} from "./core.js";

/** One block of samples of a study. */
export interface CoverageRequest {
  study: string;
  n: number;
  distribution: DistributionId;
  block: number;
  count: number;
  seed: number;
}

/**
 * Draws a block of samples and tries every procedure of the study on each.
 *
 * @returns for each sample the trials in the order of the study's procedures
 * @throws InputError on an unknown study or a block that is none
 */
export function coverageTrials(core: Core, request: CoverageRequest): Trial[][] {
  const study = studyOf(request.study);
  const {n, distribution, block, count, seed} = request;
  return trialsOf(study, n, distribution, block, count, resampleWith(core, study.resamples), seed);
}

/** Resampling by the core, each with a seed of its own. */
function resampleWith(core: Core, resamples: number): Resample {
  let seed = 0;
  return ({data, ...task}) => {
    const request = {...task, resamples, seed: ++seed, level: LEVEL};
    const units = 1 + data.length / task.width + resamples;
    const found = core.resampleIntervals(request, core.resampleUnits(request, data, 0, units));
    // An interval that ends at the outermost resample is still what the method reports.
    if (found.intervals.some(({lower, upper}) => Number.isNaN(lower) || Number.isNaN(upper))) {
      throw new InputError({code: "no-interval", field: "bootstrap", value: NaN, expected: "an interval"});
    }
    return found;
  };
}
