// What the lesson "IVIM at low SNR" simulates and tabulates, without the page.
import type {Core, ModelInfo} from "../compute/core.js";
import {fitVoxels, type Fit} from "../compute/fit.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {estimatorPerformance, intervalFactor, type EstimatorPerformance} from "../domain/statistics/estimator-performance.js";
import {quantile} from "../domain/statistics/summaries.js";

/** True values of a tissue, in the units of the registry. */
export interface Tissue {
  /** As the page calls it. */
  name: string;
  /** As the table of OSIPI calls it. */
  region: string;
  f: number;
  Dstar: number;
  D: number;
}

/** Some of the tissues by which OSIPI's task force 2.4 tests IVIM algorithms (TF2.4_IVIM-MRI_CodeCollection). */
export const tissues: readonly Tissue[] = [
  {name: "Muscle", region: "muscle", f: 0.1, Dstar: 0.0263, D: 0.00137},
  {name: "Kidney cortex", region: "Left kidney cortex", f: 0.097, Dstar: 0.02, D: 0.00212},
  {name: "Spinal cord", region: "spinal cord", f: 0.178, Dstar: 0.0289, D: 0.00041},
  {name: "Small intestine", region: "small intestine", f: 0.69, Dstar: 0.029, D: 0.00131},
  {name: "Myocardium", region: "Myocardium LV", f: 0.15, Dstar: 0.08, D: 0.0024},
  {name: "Pericardium", region: "pericardium", f: 0.07, Dstar: 0.01, D: 0.003}
];

/** The b values of that table, in s/mm2. */
export const bValues: readonly number[] = [
  0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 250, 350, 400, 550, 700, 850, 1000
];

/** Signal at b = 0 over the standard deviation of the noise. */
export const snrs: readonly number[] = [10, 14, 20, 30, 50, 70, 100];

/** Simulated voxels of each tissue at each SNR. */
export const repeats = 500;

/** What is estimated beside S0; `label` as the field writes it. */
export const parameters = [
  {name: "Dstar", label: "D*"},
  {name: "f", label: "f"},
  {name: "D", label: "D"}
] as const;
export type ParameterName = (typeof parameters)[number]["name"];

/** The estimators that are compared, as the registry and as the page calls them. */
export const estimators = [
  {id: "nlls", label: "Least squares"},
  {id: "segmented", label: "Segmented"},
  {id: "prior", label: "With a prior"}
] as const;

const model = "ivim";
/** Level of the intervals whose coverage is counted. */
const level = 0.95;
/** Voxels to a chunk; a prior's fit takes about 0.1 ms. */
const chunk = 250;

/** How an estimator did on one parameter of one tissue at one SNR. */
export interface Outcome {
  tissue: string;
  snr: number;
  estimator: string;
  parameter: ParameterName;
  unit: string;
  truth: number;
  performance: EstimatorPerformance;
  /** Bias and RMSE as shares of the truth; null without estimates. */
  relativeBias: number | null;
  relativeRmse: number | null;
  /** Cramér-Rao standard deviation as a share of the truth; null where the samples do not determine the parameter. */
  relativeBound: number | null;
  /** Middle, and the ends of the middle 90 %; null without estimates. */
  median: number | null;
  lower: number | null;
  upper: number | null;
  /** Share of the voxels that end on a bound of this parameter, and of those without a value of it. */
  atBound: number;
  without: number;
  /** One for each voxel, NaN where there is none. */
  estimates: Float64Array;
}

/** The outcomes of every tissue, SNR, estimator and parameter. */
export type LowSnrStudy = readonly Outcome[];

interface Group {
  tissue: Tissue;
  snr: number;
}

/** Every tissue at every SNR. */
const groups: readonly Group[] = tissues.flatMap((tissue) => snrs.map((snr) => ({tissue, snr})));

const truths = ({f, Dstar, D}: Tissue): Record<string, number> => ({S0: 1, f, Dstar, D});

function informationOf(core: Core): ModelInfo {
  return core.models().models.find(({id}) => id === model)!;
}

/**
 * Samples of every tissue at every SNR, sample-major over the voxels of one group after the other: Gaussian noise, then
 * the absolute value, as in the table that the tissues are from.
 */
export function simulateSamples(core: Core, seed: number): Float64Array {
  const names = informationOf(core).parameters.map(({name}) => name);
  const voxels = groups.length * repeats;
  const samples = new Float64Array(bValues.length * voxels);
  groups.forEach(({tissue, snr}, g) => {
    const truth = truths(tissue);
    const values = Float64Array.from({length: names.length * repeats}, (_, i) => truth[names[Math.floor(i / repeats)]]);
    const noise = {kind: "gaussian", sigma: truth.S0 / snr, seed: seed + g} as const;
    const signals = core.simulate({model, protocol: {b: bValues}, noise}, values, repeats);
    for (let s = 0; s < bValues.length; s++) {
      for (let v = 0; v < repeats; v++) samples[s * voxels + g * repeats + v] = Math.abs(signals[s * repeats + v]);
    }
  });
  return samples;
}

/**
 * Simulates every tissue at every SNR and fits the same voxels with each estimator.
 *
 * @param core of this thread
 * @param options progress over all estimators, and a signal to stop
 */
export async function studyLowSnr(
  pool: Pool, core: Core, {seed, signal, onProgress}: RunOptions & {seed: number}
): Promise<LowSnrStudy> {
  const info = informationOf(core);
  const samples = simulateSamples(core, seed);
  const voxels = groups.length * repeats;
  const bounds = groups.map((group) => relativeBounds(core, group));
  const outcomes: Outcome[] = [];
  for (const [e, {id}] of estimators.entries()) {
    const fit = await fitVoxels(
      pool,
      {model, estimator: id, protocol: {b: bValues}, samples, voxels, chunk},
      {signal, onProgress: (done, total) => onProgress?.(e + done / total, estimators.length)}
    );
    groups.forEach((group, g) => {
      for (const {name} of parameters) outcomes.push(outcomeOf(info, fit, group, g, id, name, bounds[g][name]));
    });
  }
  return outcomes;
}

/** The Cramér-Rao bounds of a group relative to the truth, without the absolute value. */
function relativeBounds(core: Core, {tissue, snr}: Group): Record<string, number | null> {
  const bounds = core.cramerRao({
    situation: {model, parameters: truths(tissue), noise: {kind: "gaussian", sigma: 1 / snr}},
    protocol: {b: bValues}
  });
  return Object.fromEntries(bounds.parameters.map(({name, relative}) => [name, relative]));
}

function outcomeOf(
  info: ModelInfo, fit: Fit, {tissue, snr}: Group, g: number, estimator: string, parameter: ParameterName,
  relativeBound: number | null
): Outcome {
  const j = info.parameters.findIndex(({name}) => name === parameter);
  const {unit, lower: lowest, upper: highest} = info.parameters[j];
  const [from, to] = [g * repeats, (g + 1) * repeats];
  const estimates = Float64Array.from(fit.parameters[j].values.subarray(from, to));
  const truth = tissue[parameter];
  const performance = estimatorPerformance({
    truth,
    estimates,
    standardDeviations: fit.standardDeviations[j].values.subarray(from, to),
    factor: intervalFactor(bValues.length - info.parameters.length, {level})
  });
  const found = estimates.filter(Number.isFinite);
  const on = found.filter((value) => value <= (lowest ?? -Infinity) || value >= (highest ?? Infinity)).length;
  const at = (p: number): number | null => (found.length === 0 ? null : quantile(found, p));
  const {bias, rmse} = performance;
  return {
    tissue: tissue.name,
    snr,
    estimator,
    parameter,
    unit,
    truth,
    performance,
    relativeBias: bias === null ? null : bias / truth,
    relativeRmse: rmse === null ? null : rmse / truth,
    relativeBound,
    median: at(0.5),
    lower: at(0.05),
    upper: at(0.95),
    atBound: on / repeats,
    without: 1 - found.length / repeats,
    estimates
  };
}

/** What is looked at. */
export interface Choice {
  tissue: string;
  snr: number;
  parameter: ParameterName;
}

/** The outcomes of a tissue and a parameter along the SNR. */
export function alongSnr(study: LowSnrStudy, {tissue, parameter}: Omit<Choice, "snr">): Outcome[] {
  return study.filter((each) => each.tissue === tissue && each.parameter === parameter);
}

/** The outcomes of every tissue at one SNR for one parameter, a tissue's estimators together. */
export function acrossTissues(study: LowSnrStudy, {snr, parameter}: Omit<Choice, "tissue">): Outcome[] {
  return tissues.flatMap(({name}) =>
    study.filter((each) => each.tissue === name && each.snr === snr && each.parameter === parameter));
}

/** The estimators' outcomes for one tissue, SNR and parameter. */
export function outcomesAt(study: LowSnrStudy, {tissue, snr, parameter}: Choice): Outcome[] {
  return alongSnr(study, {tissue, parameter}).filter((each) => each.snr === snr);
}

/** A share in the tissue where it is least, and where it is largest. */
export interface Range {
  least: {tissue: string; value: number};
  most: {tissue: string; value: number};
}

/** The range over the tissues of what `measure` says; null where it says nothing of one of them. */
function rangeOf(measure: (tissue: string) => number | null): Range | null {
  const values = tissues.map(({name}) => ({tissue: name, value: measure(name)}));
  if (values.some(({value}) => value === null)) return null;
  const sorted = (values as Range["least"][]).sort((a, b) => a.value - b.value);
  return {least: sorted[0], most: sorted[sorted.length - 1]};
}

/** The outcome of one estimator for one tissue, SNR and parameter. */
function outcomeAt(study: LowSnrStudy, choice: Choice, estimator: string): Outcome {
  return outcomesAt(study, choice).find((each) => each.estimator === estimator)!;
}

/** RMSE of least squares over that of another estimator; null where one has none. */
export function rmseRatio(study: LowSnrStudy, choice: Choice, estimator: string): number | null {
  const [own, other] = ["nlls", estimator].map((id) => outcomeAt(study, choice, id).relativeRmse);
  return own === null || other === null ? null : own / other;
}

/** The range of that ratio over the tissues. */
export function rmseRatioRange(study: LowSnrStudy, at: Omit<Choice, "tissue">, estimator: string): Range | null {
  return rangeOf((tissue) => rmseRatio(study, {...at, tissue}, estimator));
}

/** The range of an estimator's relative bias over the tissues. */
export function biasRange(study: LowSnrStudy, at: Omit<Choice, "tissue">, estimator: string): Range | null {
  return rangeOf((tissue) => outcomeAt(study, {...at, tissue}, estimator).relativeBias);
}
