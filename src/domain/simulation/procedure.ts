import type {Numbers} from "../check.js";
import type {Random} from "../numerics/random.js";
import type {ResamplingTask, ResampledStatistics} from "../statistics/method.js";
import type {DistributionId} from "./distributions.js";

/**
 * What is promised of a procedure under its assumption: "exact" meets its level but for simulation error,
 * "conservative" (discrete data) never covers less than its level, "approximate" promises nothing at small n.
 */
export type Promise = "exact" | "conservative" | "approximate";

/** An interval from one sample. `covers` is set where holding one true number does not say it. */
export interface SampledInterval {
  lower: number;
  upper: number;
  covers?: boolean;
}

/** What a procedure says of one sample: an interval, a p value, or null where it gives none. */
export type Answer = SampledInterval | number | null;

/** One interval or one test of the toolbox. */
export interface Procedure {
  id: string;
  /** Id of the method that offers it. */
  method: string;
  name: string;
  kind: "interval" | "test";
  promise: Promise;
  /** What it supposes of the data. */
  assumption: string;
  /** The distributions under which that is so. */
  under: readonly DistributionId[];
  /** Intervals: the population value that the interval is for; NaN where `covers` judges. */
  truth?(distribution: DistributionId, n: number): number;
  /** Tests: whether the hypothesis is true of these data; default true. */
  nullTrue?(distribution: DistributionId): boolean;
}

/** Runs a resampling at once; the core lives outside of this layer. */
export type Resample = (task: Pick<ResamplingTask, "statistic" | "data" | "width" | "settings">) => ResampledStatistics;

/** Data that are drawn again and again, and the procedures that are tried on them. */
export interface Study {
  id: string;
  /** What n counts. */
  unit: string;
  sizes: readonly number[];
  /** What is drawn, in a sentence. */
  data: string;
  /** Resamples of each bootstrap, 0 where there is none. */
  resamples: number;
  /** Distributions for which the quantity does not exist, each with the reason. */
  leftOut: Partial<Record<DistributionId, string>>;
  procedures: readonly Procedure[];
  /**
   * Draws one sample of n units and gives the answer of each procedure, in their order.
   *
   * @throws InputError where the whole sample cannot be analysed
   */
  answers(n: number, distribution: DistributionId, random: Random, resample: Resample): Answer[];
}

/** How a study is written down: the sample's type stays inside. */
export interface StudyOptions<S> {
  id: string;
  unit?: string;
  sizes?: readonly number[];
  data: string;
  resamples?: number;
  leftOut?: Study["leftOut"];
  draw(n: number, distribution: DistributionId, random: Random): S;
  analyse(sample: S, resample: Resample, distribution: DistributionId): Record<string, Answer>;
  procedures: readonly Procedure[];
}

/** Sizes at which everything is tried, where a design does not ask for others. */
export const standardSizes = [10, 20, 50] as const;

/** A study from its parts. */
export function study<S>(options: StudyOptions<S>): Study {
  const {id, unit = "subjects", sizes = standardSizes, data, resamples = 0, leftOut = {}, procedures} = options;
  return {
    id, unit, sizes, data, resamples, leftOut, procedures,
    answers(n, distribution, random, resample) {
      const found = options.analyse(options.draw(n, distribution, random), resample, distribution);
      return procedures.map((procedure) => found[procedure.id]);
    }
  };
}

type Common = Pick<Procedure, "id" | "method" | "name"> & Partial<Pick<Procedure, "assumption" | "under">>;

const normalErrors = {assumption: "normal errors", under: ["normal"]} as const;

/** An interval for one number. */
export function interval(
  promise: Promise, common: Common, truth: number | ((distribution: DistributionId, n: number) => number)
): Procedure {
  return {
    ...normalErrors, ...common, kind: "interval", promise, truth: typeof truth === "number" ? () => truth : truth
  };
}

/** A test at the level .05. */
export function hypothesisTest(
  promise: Promise, common: Common, nullTrue: (distribution: DistributionId) => boolean = () => true
): Procedure {
  return {...normalErrors, ...common, kind: "test", promise, nullTrue};
}

/** A vector of n draws. */
export function vector(n: number, draw: (i: number) => number): Float64Array {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = draw(i);
  return values;
}

/** n rows, row i of `width(i)` draws. */
export function rows(n: number, width: (i: number) => number, draw: (i: number, k: number) => number): number[][] {
  return Array.from({length: n}, (_, i) => Array.from({length: width(i)}, (_, k) => draw(i, k)));
}

/** Columns as rows of pairs. */
export function single(values: Numbers): number[][] {
  return Array.from(values, (value) => [value]);
}
