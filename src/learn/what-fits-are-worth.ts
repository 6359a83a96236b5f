// What the lesson "What fits are worth" measures and how it judges, without the page.
import type {Core, ModelInfo, NoiseModel, ProfileInterval, SimulateRequest} from "../compute/core.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {InputError} from "../domain/errors.js";
import {clopperPearson} from "../domain/statistics/proportion.js";
import type {Estimate} from "../domain/statistics/estimate.js";
import {median} from "../domain/statistics/summaries.js";
import {
  exampleState, explorable, explore, level, profileOf, repeats, trustedRelativeBound, type Exploration, type ExplorerState
} from "../tools/model-explorer.js";

/** What is promised of a parameter whose relative bound and share of fits on a bound lie below these. */
export const promise = {
  relativeBound: trustedRelativeBound,
  touching: 0.01,
  efficiency: [0.95, 1.1],
  coverage: [0.93, 0.97]
} as const;

/** The SNR at which the promise is given, and tested. */
export const promisedSnr = 50;

/**
 * - certified: promised, and held
 * - excepted: promised by the rule, and known to be missed by a little
 * - missed: promised, and not held
 * - open: nothing is promised
 */
export type Verdict = "certified" | "excepted" | "missed" | "open";

/** Parameters that the promise leaves out, and why. */
const exceptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "inversion-recovery": {
    T1: "near its null the magnitude bends, and its noise is not Gaussian: about 1.09 and 93 % are what can be had"
  }
};

/** What the repeats say of one parameter of one model. */
export interface Worth {
  model: string;
  modelName: string;
  estimator: string;
  parameter: string;
  unit: string;
  truth: number;
  /** Cramér-Rao standard deviation as a share of the truth; null where the samples do not determine the parameter. */
  relativeBound: number | null;
  /** RMSE over the Cramér-Rao standard deviation. */
  efficiency: number | null;
  /** Share of the intervals that hold the truth; null without residual degrees of freedom. */
  coverage: number | null;
  /** Share of the repeats that end on a bound of this parameter. */
  atBound: number;
  /** Share of the repeats that end on any bound, or without every estimate. */
  touching: number;
  /** Share of the repeats that have an interval. */
  withInterval: number;
  verdict: Verdict;
  why: string;
}

/** Models that have something to judge: they predict, and can be fitted. */
export function judged(models: readonly ModelInfo[]): ModelInfo[] {
  return explorable(models).filter(({estimators}) => estimators.length > 0);
}

/**
 * A model at its example: nonlinear least squares where it is offered, Rician noise where samples are magnitudes, as the
 * core's own test of the promise has it.
 */
export function judgedState(model: ModelInfo, {snr, seed}: {snr: number; seed: number}): ExplorerState {
  const estimator = model.estimators.find(({id}) => id === "nlls") ?? model.estimators[0];
  return {...exampleState(model), estimator: estimator.id, noise: model.magnitude ? "rician" : "gaussian", snr, seed};
}

/** Simulates and fits the example of every model, one after the other, and judges each parameter. */
export async function judge(
  pool: Pool, core: Core, models: readonly ModelInfo[], {snr, seed, signal, onProgress}: RunOptions & {snr: number; seed: number}
): Promise<Worth[]> {
  const worths: Worth[] = [];
  const all = judged(models);
  for (const [i, model] of all.entries()) {
    const exploration = await explore(pool, core, model, judgedState(model, {snr, seed}), {
      signal,
      onProgress: (done, total) => onProgress?.(i + done / total, all.length)
    });
    worths.push(...worthsOf(exploration));
  }
  return worths;
}

/** Judges each estimated parameter of one model. */
export function worthsOf({model, state, fit, parameters, factor}: Exploration): Worth[] {
  const touching = 1 - fit.counts.converged / fit.voxels;
  return parameters.filter(({held}) => !held).map((parameter) => {
    const {name, unit, truth, relativeBound, efficiency, atBound, performance} = parameter;
    const measured = {
      model: model.id,
      modelName: model.name,
      estimator: state.estimator,
      parameter: name,
      unit,
      truth,
      relativeBound,
      efficiency,
      coverage: factor === null ? null : performance.coverage,
      atBound,
      touching,
      withInterval: factor === null ? 0 : performance.intervals / performance.repeats
    };
    return {...measured, ...verdictOf(measured)};
  });
}

type Measured = Omit<Worth, "verdict" | "why">;

/** Whether something is promised of a parameter, whether it is held, and what else there is to say. */
export function verdictOf(measured: Measured): Pick<Worth, "verdict" | "why"> {
  const {model, parameter, relativeBound, efficiency, coverage, atBound, touching} = measured;
  const open = (why: string) => ({verdict: "open", why}) as const;
  if (relativeBound === null || efficiency === null) return open("not determined by these samples");
  const reasons = [
    relativeBound < promise.relativeBound ? "" : `bound ${share(relativeBound)} of the value`,
    touching < promise.touching
      ? ""
      : atBound >= promise.touching
        ? `${share(atBound)} of its estimates on a limit`
        : `${share(touching)} of the fits on a limit of another parameter, or incomplete`
  ].filter((reason) => reason !== "");
  if (reasons.length > 0) return open(reasons.join("; "));
  const why = coverage === null ? "no interval: as many parameters as samples" : "";
  if (within(efficiency, promise.efficiency) && (coverage === null || within(coverage, promise.coverage))) {
    return {verdict: "certified", why};
  }
  const exception = exceptions[model]?.[parameter];
  return exception === undefined
    ? {verdict: "missed", why: missText(efficiency, coverage)}
    : {verdict: "excepted", why: exception};
}

/** Which part of the promise is not held, and what that hints at. */
function missText(efficiency: number, coverage: number | null): string {
  const [low, high] = promise.efficiency;
  const error = efficiency > high
    ? "errors larger than promised: long tails, as from a neighbouring minimum, or a bias, as from the noise floor of magnitudes"
    : efficiency < low
      ? "errors smaller than any unbiased estimator's: limits or a bias hold them together"
      : "";
  const interval = coverage !== null && !within(coverage, promise.coverage)
    ? `intervals hold the truth ${coverage < promise.coverage[0] ? "less" : "more"} often than promised`
    : "";
  return [error, interval].filter((text) => text !== "").join("; ");
}

function within(value: number, [low, high]: readonly [number, number]): boolean {
  return value >= low && value <= high;
}

function share(value: number): string {
  const text = 100 * value < 10 ? (100 * value).toFixed(1) : (100 * value).toFixed(0);
  return `${text} %`;
}

/** How many parameters have each verdict. */
export function countVerdicts(worths: readonly Worth[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = {certified: 0, excepted: 0, missed: 0, open: 0};
  for (const {verdict} of worths) counts[verdict] += 1;
  return counts;
}

/** Models whose likelihood can be followed, with their parameters. */
export function profilable(models: readonly ModelInfo[]): {model: ModelInfo; parameter: string}[] {
  return judged(models)
    .filter(({estimators}) => estimators.some(({id}) => id === "nlls"))
    .flatMap((model) => {
      const free = model.parameters.filter(({held}) => held === null);
      return free.length < 2 ? [] : free.map(({name}) => ({model, parameter: name}));
    });
}

/** One voxel of a model's example, as the explorer shows it, with the profile of one parameter or why there is none. */
export interface VoxelProfile {
  exploration: Exploration;
  profile: ProfileInterval | string;
}

/** Simulates one voxel of a model's example, fits it, and follows the likelihood of one parameter. */
export async function profileVoxel(
  pool: Pool, core: Core, model: ModelInfo, parameter: string, {snr, seed, signal}: RunOptions & {snr: number; seed: number}
): Promise<VoxelProfile> {
  const exploration = await explore(pool, core, model, judgedState(model, {snr, seed}), {signal});
  return {exploration, profile: await profileOf(pool, exploration, parameter, {signal})};
}

/** Voxels on which the two kinds of interval are compared. */
export const compared = 200;

/** What one kind of interval is worth over the voxels. */
export interface IntervalWorth {
  /** Voxels with an interval. */
  intervals: number;
  /** Of these, those whose interval holds the truth. */
  covering: number;
  /** The share of these among those, with its exact interval; null without intervals. */
  coverage: Estimate | null;
  /** Voxels whose interval ends on a bound of the parameter, or nowhere, on one side at least. */
  oneSided: number;
  /** Median width as a share of the truth, of intervals with two ends; null without any. */
  medianWidth: number | null;
}

/** Both kinds of interval over the same voxels. */
export interface IntervalComparison {
  voxels: number;
  curvature: IntervalWorth;
  profile: IntervalWorth;
}

interface Ends {
  lower: number;
  upper: number;
  /** Neither end is a bound or infinite. */
  twoSided: boolean;
}

/**
 * The intervals from the curvature and from the profile likelihood, over the first voxels of an exploration.
 *
 * @param options progress in voxels, and a signal to stop
 */
export async function compareIntervals(
  pool: Pool, core: Core, exploration: Exploration, parameter: string, {signal, onProgress}: RunOptions = {}
): Promise<IntervalComparison> {
  const {model, state, sigma, fit, factor, parameters} = exploration;
  const j = parameters.findIndex(({name}) => name === parameter);
  const {truth} = parameters[j];
  const {values} = fit.parameters[j];
  const deviations = fit.standardDeviations[j].values;
  const curvature: Ends[] = [];
  for (let v = 0; v < compared; v++) {
    const half = factor === null ? NaN : factor * deviations[v];
    if (!Number.isFinite(values[v] + half) || half <= 0) continue;
    curvature.push({lower: values[v] - half, upper: values[v] + half, twoSided: true});
  }
  // The registry's own bounds end a profile; the noise is taken as unknown, as for the curvature.
  const signals = samplesOf(core, model, state, sigma);
  const noise: NoiseModel = {kind: "gaussian"};
  let done = 0;
  const one = async (v: number): Promise<Ends | null> => {
    const samples = Float64Array.from({length: signals.length / repeats}, (_, s) => signals[s * repeats + v]);
    const fitOptions = {model: model.id, estimator: "nlls", protocol: state.protocol, settings: state.settings, noise};
    try {
      const [{lower, upper}] = await pool.run("profile", [{make: () => ({request: {fit: fitOptions, parameter, level, samples}})}], {signal});
      return {
        lower: lower.value ?? -Infinity,
        upper: upper.value ?? Infinity,
        twoSided: lower.kind === "crossing" && upper.kind === "crossing"
      };
    } catch (error) {
      // A voxel that cannot be fitted has no interval; it is counted as such.
      if (error instanceof InputError && error.field === "samples") return null;
      throw error;
    } finally {
      done += 1;
      onProgress?.(done, compared);
    }
  };
  // No more at a time than there are workers, so that what a slider asks for meanwhile need not wait for all.
  const profiles = new Array<Ends | null>(compared);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let v = next++; v < compared; v = next++) profiles[v] = await one(v);
  };
  await Promise.all(Array.from({length: pool.size}, work));
  return {
    voxels: compared,
    curvature: worthOf(curvature, truth),
    profile: worthOf(profiles.filter((ends) => ends !== null), truth)
  };
}

function worthOf(intervals: readonly Ends[], truth: number): IntervalWorth {
  const covering = intervals.filter(({lower, upper}) => lower <= truth && truth <= upper).length;
  const widths = intervals.filter(({twoSided}) => twoSided).map(({lower, upper}) => (upper - lower) / Math.abs(truth));
  return {
    intervals: intervals.length,
    covering,
    coverage: intervals.length === 0 ? null : clopperPearson(covering, intervals.length, {level}),
    oneSided: intervals.length - widths.length,
    medianWidth: widths.length === 0 || truth === 0 ? null : median(widths)
  };
}

/** The samples of every repeat of an exploration, which keeps those of the first alone. */
function samplesOf(core: Core, model: ModelInfo, state: ExplorerState, sigma: number): Float64Array {
  const truths = model.parameters.map(({name}) => state.parameters[name]);
  return core.simulate(
    {
      model: model.id,
      protocol: state.protocol,
      settings: state.settings,
      noise: {kind: state.noise, sigma, seed: state.seed} as SimulateRequest["noise"]
    },
    Float64Array.from({length: truths.length * repeats}, (_, i) => truths[Math.floor(i / repeats)]),
    repeats
  );
}
