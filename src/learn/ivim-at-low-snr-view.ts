// What the figures and tables of the lesson "IVIM at low SNR" show.
import type {ModelInfo} from "../compute/core.js";
import {histogram} from "../view/charts/histogram.js";
import {performanceCurves} from "../view/charts/performance-curves.js";
import {h} from "../view/dom.js";
import type {FigureOptions} from "../view/figure.js";
import {formatNumber, formatQuantity} from "../view/format.js";
import {resultTable} from "../view/table.js";
import {
  acrossTissues, alongSnr, biasRange, estimators, outcomesAt, parameters, repeats, rmseRatio, rmseRatioRange,
  type Choice, type LowSnrStudy, type ParameterName
} from "./ivim-at-low-snr.js";

type Figured = Required<Pick<FigureOptions, "title" | "caption" | "description" | "spec">> & Pick<FigureOptions, "table">;

type EstimatorId = (typeof estimators)[number]["id"];

const percent = (share: unknown): string =>
  typeof share === "number" ? formatQuantity(100 * share, "%", {digits: Math.abs(share) < 0.01 ? 2 : 3}) : "—";
const labelOf = (estimator: string): string => estimators.find(({id}) => id === estimator)!.label;
const symbolOf = (parameter: ParameterName): string => parameters.find(({name}) => name === parameter)!.label;

/** Classes of the histogram. */
const bins = 48;

/** What the model says of its prior, at the end of its description. */
export function priorText({description}: ModelInfo): string {
  return /\bPrior: .*$/s.exec(description)?.[0] ?? description;
}

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
    `${labelOf(estimator)}: median ${formatNumber(median, {digits: 3})}, middle 90 % from ${formatNumber(lower, {digits: 3})} to ${formatNumber(upper, {digits: 3})}, ${percent(atBound)} on a limit`);
  return {
    title,
    caption: `${repeats} voxels that differ by their noise alone; all three estimators see the same ones. Broken line: the truth, ${formatQuantity(truth, unit)}. The axis is the range that the fit allows: the outermost bars hold what lies on its ends.`,
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
        {key: "atBound", label: "On a limit", align: "right", format: (value) => percent(value)},
        {key: "without", label: "No value", align: "right", format: (value) => percent(value)}
      ],
      rows: outcomes.map((each) => ({...each, label: labelOf(each.estimator), mean: each.performance.mean, estimates: null}))
    }
  };
}

/** Every tissue at one SNR. */
export function tissueTable(study: LowSnrStudy, {snr, parameter}: Omit<Choice, "tissue">): HTMLElement {
  const outcomes = acrossTissues(study, {snr, parameter});
  const symbol = symbolOf(parameter);
  const truthOf = (tissue: string): string => {
    const {truth, unit} = outcomes.find((each) => each.tissue === tissue)!;
    return formatQuantity(truth, unit, {digits: 3});
  };
  const least = (tissue: string): number =>
    Math.min(...outcomes.filter((each) => each.tissue === tissue).map(({relativeRmse}) => relativeRmse ?? Infinity));
  return resultTable({
    id: "tissues",
    caption: `${symbol} in every tissue at SNR ${snr}, ${repeats} voxels each`,
    columns: [
      {
        key: "tissue", label: "Tissue", format: (value, {first}) => first
          ? h("span", {}, String(value), h("small", {class: "m-small"}, h("br"), truthOf(String(value))))
          : h("span", {class: "m-visually-hidden"}, String(value))
      },
      {key: "label", label: "Estimator", header: true},
      {key: "relativeBias", label: "Bias", align: "right", format: (value) => percent(value)},
      {key: "relativeRmse", label: "RMSE", align: "right", format: (value) => percent(value)},
      {key: "ratio", label: "of the least", decimals: 2},
      {key: "relativeBound", label: "Bound", align: "right", format: (value) => percent(value)},
      {key: "atBound", label: "On a limit", align: "right", format: (value) => percent(value)},
      {key: "without", label: "No value", align: "right", format: (value) => percent(value)},
      {key: "coverage", label: "Coverage", align: "right", format: (value) => percent(value)}
    ],
    rows: outcomes.map((each, i) => ({
      tissue: each.tissue,
      first: i === 0 || outcomes[i - 1].tissue !== each.tissue,
      label: labelOf(each.estimator),
      relativeBias: each.relativeBias,
      relativeRmse: each.relativeRmse,
      ratio: each.relativeRmse === null ? null : each.relativeRmse / least(each.tissue),
      relativeBound: each.relativeBound,
      atBound: each.atBound,
      without: each.without,
      coverage: each.performance.coverage
    })),
    groupRows: "tissue",
    note: `Bias, RMSE and bound (Cramér-Rao standard deviation) as shares of the truth, which stands under the tissue's name; over the voxels that have a
value. Of the least: RMSE over the smallest of the three. On a limit: estimates on an end of the range that the fit allows. Coverage: of the 95 %
intervals that there are, the share that holds the truth.`
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
  return range === null ? "unknown" : `${percent(range.least.value)} to ${percent(range.most.value)}`;
}

/** The estimators at one place, in words. */
export function choiceSentence(study: LowSnrStudy, choice: Choice): string {
  const told = outcomesAt(study, choice).map(({estimator, relativeRmse, relativeBias}) =>
    `${labelOf(estimator).toLowerCase()} ${percent(relativeRmse)} (bias ${percent(relativeBias)})`);
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
