// What the figures and tables of the lesson "IVIM at low SNR" show.
import {histogram} from "../view/charts/histogram.js";
import {performanceCurves} from "../view/charts/performance-curves.js";
import type {FigureOptions} from "../view/figure.js";
import {formatNumber, formatQuantity} from "../view/format.js";
import {resultTable} from "../view/table.js";
import {
  acrossTissues, alongSnr, biasRange, estimators, outcomesAt, parameters, repeats, rmseRatio, rmseRatioRange,
  type Choice, type LowSnrStudy, type ParameterName
} from "./ivim-at-low-snr.js";

type Figured = Required<Pick<FigureOptions, "title" | "caption" | "description" | "spec">> & Pick<FigureOptions, "table">;

type EstimatorId = (typeof estimators)[number]["id"];

const percent = (share: unknown, digits = 3): string =>
  typeof share === "number" ? formatQuantity(100 * share, "%", {digits}) : "—";
const labelOf = (estimator: string): string => estimators.find(({id}) => id === estimator)!.label;
const symbolOf = (parameter: ParameterName): string => parameters.find(({name}) => name === parameter)!.label;

/** Classes of the histogram. */
const bins = 48;

/** RMSE or bias of the estimators against the SNR. */
export function curvesFigure(study: LowSnrStudy, choice: Choice, quantity: "rmse" | "bias"): Figured {
  const outcomes = alongSnr(study, choice);
  const rmse = quantity === "rmse";
  const symbol = symbolOf(choice.parameter);
  const key = rmse ? "relativeRmse" : "relativeBias";
  const title = `${rmse ? "Root-mean-square error" : "Bias"} of ${symbol} in ${choice.tissue.toLowerCase()}`;
  const here = outcomesAt(study, choice).map((each) => `${labelOf(each.estimator)} ${percent(each[key])}`).join(", ");
  return {
    title,
    caption: rmse
      ? "Logarithmic axes. Broken black line: the Cramér-Rao bound, below which no unbiased estimator can get; a biased one can. Dotted: the SNR chosen above."
      : `Mean of ${repeats} estimates less the truth. Dotted: the SNR chosen above.`,
    description: `${title} as a share of the truth, against the SNR. At SNR ${choice.snr}: ${here}.`,
    spec: performanceCurves(
      outcomes.map((each) => ({snr: each.snr, value: each[key], estimator: labelOf(each.estimator)})),
      {
        quantity: rmse ? "RMSE" : "Bias",
        scale: rmse ? "log" : "linear",
        bound: outcomes.filter(({estimator}) => estimator === "nlls").map(({snr, relativeBound}) => ({snr, value: relativeBound})),
        marked: choice.snr,
        description: `${title} against the SNR.`
      }
    ),
    table: {
      columns: [
        {key: "label", label: "Estimator"},
        {key: "snr", label: "SNR", decimals: 0},
        {key: "relativeBias", label: "Bias", align: "right", format: (value) => percent(value)},
        {key: "relativeRmse", label: "RMSE", align: "right", format: (value) => percent(value)},
        {key: "relativeBound", label: "Cramér-Rao bound", align: "right", format: (value) => percent(value)}
      ],
      rows: outcomes.map(({estimator, snr, relativeBias, relativeRmse, relativeBound}) => ({
        label: labelOf(estimator), snr, relativeBias, relativeRmse, relativeBound
      })),
      limit: 21
    }
  };
}

/** The estimates of one parameter by each estimator, one histogram under the other. */
export function distributionFigure(study: LowSnrStudy, choice: Choice, domain: readonly [number, number]): Figured {
  const outcomes = outcomesAt(study, choice);
  const symbol = symbolOf(choice.parameter);
  const {unit, truth} = outcomes[0];
  const title = `Estimates of ${symbol} in ${choice.tissue.toLowerCase()} at SNR ${choice.snr}`;
  const told = outcomes.map(({estimator, median, lower, upper, atBound}) =>
    `${labelOf(estimator)}: median ${formatNumber(median, {digits: 3})}, middle 90 % from ${formatNumber(lower, {digits: 3})} to ${formatNumber(upper, {digits: 3})}, ${percent(atBound)} on a bound`);
  return {
    title,
    caption: `${repeats} voxels that differ by their noise alone; all three estimators see the same ones. Broken line: the truth, ${formatQuantity(truth, unit)}. The axis is as long as the bounds of the fit: what stands in the outermost bars lies on them or close to them.`,
    description: `${title}, truth ${formatQuantity(truth, unit)}. ${told.join(". ")}.`,
    spec: histogram(
      outcomes.map(({estimator, estimates}) => ({label: labelOf(estimator), values: estimates})),
      {
        quantity: symbol,
        unit,
        bins,
        domain,
        marks: outcomes.map(({estimator}) => ({label: labelOf(estimator), value: truth, text: "Truth"})),
        description: `${title}, one histogram an estimator.`
      }
    ),
    table: {
      columns: [
        {key: "label", label: "Estimator", header: true},
        {key: "mean", label: "Mean", unit, digits: 3},
        {key: "median", label: "Median", unit, digits: 3},
        {key: "lower", label: "5 % lie below", unit, digits: 3},
        {key: "upper", label: "5 % lie above", unit, digits: 3},
        {key: "atBound", label: "On a bound", align: "right", format: (value) => percent(value)},
        {key: "without", label: "Without value", align: "right", format: (value) => percent(value)}
      ],
      rows: outcomes.map((each) => ({...each, label: labelOf(each.estimator), mean: each.performance.mean, estimates: null}))
    }
  };
}

/** Every tissue at one SNR. */
export function tissueTable(study: LowSnrStudy, {snr, parameter}: Omit<Choice, "tissue">): HTMLElement {
  const outcomes = acrossTissues(study, {snr, parameter});
  const symbol = symbolOf(parameter);
  const least = (tissue: string): number =>
    Math.min(...outcomes.filter((each) => each.tissue === tissue).map(({relativeRmse}) => relativeRmse ?? Infinity));
  return resultTable({
    id: "tissues",
    caption: `${symbol} in every tissue at SNR ${snr}, ${repeats} voxels each`,
    columns: [
      {key: "tissue", label: "Tissue"},
      {key: "label", label: "Estimator", header: true},
      {key: "truth", label: "Truth", unit: outcomes[0].unit, digits: 3},
      {key: "mean", label: "Mean", unit: outcomes[0].unit, digits: 3},
      {key: "relativeBias", label: "Bias", align: "right", format: (value) => percent(value)},
      {key: "relativeRmse", label: "RMSE", align: "right", format: (value) => percent(value)},
      {key: "ratio", label: "RMSE over the smallest", decimals: 2},
      {key: "relativeBound", label: "Cramér-Rao bound", align: "right", format: (value) => percent(value)},
      {key: "atBound", label: "On a bound", align: "right", format: (value) => percent(value)},
      {key: "without", label: "Without value", align: "right", format: (value) => percent(value)},
      {key: "coverage", label: "Coverage of the 95 % interval", align: "right", format: (value) => percent(value)}
    ],
    rows: outcomes.map((each) => ({
      tissue: each.tissue,
      label: labelOf(each.estimator),
      truth: each.truth,
      mean: each.performance.mean,
      relativeBias: each.relativeBias,
      relativeRmse: each.relativeRmse,
      ratio: each.relativeRmse === null ? null : each.relativeRmse / least(each.tissue),
      relativeBound: each.relativeBound,
      atBound: each.atBound,
      without: each.without,
      coverage: each.performance.coverage
    })),
    groupRows: "tissue",
    note: "Bias, RMSE and bound as shares of the truth, over the voxels that have a value. Coverage: of the voxels that have an interval, the share whose interval holds the truth."
  });
}

const times = (ratio: number): string => formatNumber(ratio, {digits: 2});

/** How many times as far least squares errs as another estimator, over the tissues. */
export function ratioText(study: LowSnrStudy, at: Omit<Choice, "tissue">, estimator: EstimatorId): string {
  const range = rmseRatioRange(study, at, estimator);
  return range === null
    ? "an unknown number of times"
    : `${times(range.least.value)} (${range.least.tissue.toLowerCase()}) to ${times(range.most.value)} times (${range.most.tissue.toLowerCase()})`;
}

/** Between which values an estimator's bias lies over the tissues. */
export function biasText(study: LowSnrStudy, at: Omit<Choice, "tissue">, estimator: EstimatorId): string {
  const range = biasRange(study, at, estimator);
  return range === null ? "unknown" : `${percent(range.least.value, 2)} to ${percent(range.most.value, 2)}`;
}

/** The estimators at one place, in words. */
export function choiceSentence(study: LowSnrStudy, choice: Choice): string {
  const told = outcomesAt(study, choice).map(({estimator, relativeRmse, relativeBias}) =>
    `${labelOf(estimator).toLowerCase()} ${percent(relativeRmse)} (bias ${percent(relativeBias, 2)})`);
  const ratio = rmseRatio(study, choice, "prior");
  const verdict = ratio === null
    ? ""
    : ratio > 1.1
      ? ` Least squares errs ${times(ratio)} times as far as the fit with a prior.`
      : ratio < 1 / 1.1
        ? " Here the prior misleads more than the noise."
        : " Least squares and the fit with a prior err alike: the samples speak for themselves.";
  return `In ${choice.tissue.toLowerCase()} at SNR ${choice.snr} the RMSE of ${symbolOf(choice.parameter)} is ${told.join(", ")}.${verdict}`;
}
