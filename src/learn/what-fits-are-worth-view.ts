// What the figures and tables of the lesson "What fits are worth" show.
import type {ModelInfo, ProfileInterval} from "../compute/core.js";
import {level, repeats} from "../tools/model-explorer.js";
import {certification} from "../view/charts/certification.js";
import {h} from "../view/dom.js";
import type {FigureOptions} from "../view/figure.js";
import {formatNumber, formatQuantity} from "../view/format.js";
import {select, type Control} from "../view/inputs/controls.js";
import {resultTable, type TableColumn} from "../view/table.js";
import {color, shapes} from "../view/theme.js";
import {
  compared, countVerdicts, profilable, promise, promisedSnr, type IntervalComparison, type IntervalWorth, type Verdict,
  type VoxelProfile, type Worth
} from "./what-fits-are-worth.js";

type Figured = Required<Pick<FigureOptions, "title" | "caption" | "description" | "spec">> & Pick<FigureOptions, "table">;

const percent = (share: unknown): string =>
  typeof share === "number" ? formatQuantity(100 * share, "%", {digits: Math.abs(share) < 0.01 ? 2 : 3}) : "—";
const unitOf = (unit: string): string => (unit === "signal" ? "" : unit === "degree" ? "°" : unit);

/** Words, colours and shapes of the verdicts, in the order of the legend. */
const verdicts: Readonly<Record<Verdict, {name: string; sign: string; data: string; color: string; shape: (typeof shapes)[number]}>> = {
  certified: {name: "certified", sign: "✓", data: "pass", color: color.pass, shape: "circle"},
  excepted: {name: "stated exception", sign: "≈", data: "unavailable", color: color.accent2, shape: "diamond"},
  missed: {name: "missed", sign: "✗", data: "fail", color: color.fail, shape: "cross"},
  open: {name: "nothing promised", sign: "–", data: "unavailable", color: color.muted, shape: "triangle-up"}
};

/** The verdict of a parameter, its sign and word coloured alike. */
function verdictMark(verdict: Verdict, why: string): HTMLElement {
  const {name, sign, data} = verdicts[verdict];
  return h("span", {class: "m-verdict", "data-verdict": data},
    h("span", {class: "m-verdict-sign", "aria-hidden": "true"}, sign), ` ${name}`, why === "" ? null : h("small", {}, why));
}

/** Half a 95 % interval of a share that simulation alone moves, in percentage points. */
const wobble = formatNumber(100 * 1.96 * Math.sqrt((level * (1 - level)) / repeats), {digits: 2});

const columns: readonly TableColumn[] = [
  {key: "modelName", label: "Model"},
  {key: "parameter", label: "Parameter", header: true},
  {key: "relativeBound", label: "Bound", align: "right", format: (value) => percent(value)},
  {key: "efficiency", label: "RMSE / bound", decimals: 3},
  {key: "coverage", label: "Coverage", align: "right", format: (value) => percent(value)},
  {key: "withInterval", label: "Has interval", align: "right", format: (value) => percent(value)},
  {key: "atBound", label: "On a limit", align: "right", format: (value) => percent(value)}
];

/** The table says the reason under the verdict; a figure's table and its file give it a column. */
const inOneColumn: readonly TableColumn[] = [
  ...columns, {key: "verdict", label: "Verdict", format: (value, {why}) => verdictMark(value as Verdict, String(why))}
];
const inTwoColumns: readonly TableColumn[] = [
  ...columns,
  {key: "verdict", label: "Verdict", format: (value) => verdicts[value as Verdict].name},
  {key: "why", label: "Because"}
];

/** Every parameter of every model with what was measured and the verdict. */
export function worthTable(worths: readonly Worth[], snr: number): HTMLElement {
  // The model's name stands once, at its first parameter; the others' cells say it to screen readers alone.
  const rows = worths.map((row, i) => ({...row, first: i === 0 || worths[i - 1].model !== row.model}));
  return resultTable({
    id: "worth",
    caption: `Every model at its example protocol, SNR ${snr}, ${repeats} repeats`,
    columns: inOneColumn.map((column) => column.key !== "modelName" ? column : {
      ...column,
      format: (value, row) => h("span", {class: row.first ? null : "m-visually-hidden"}, String(value))
    }),
    rows,
    groupRows: "model",
    note: `Bound: Cramér-Rao standard deviation as a share of the truth. Coverage: of the repeats with a ${100 * level} % interval, the share
whose interval holds the truth; simulation alone moves it by ±${wobble} percentage points. On a limit: repeats whose estimate lies on an end of the
range that the fit allows. Noise: Rician where the samples are
magnitudes, else Gaussian. Estimator: nonlinear least squares where the model has it, else its closed form.`
  });
}

/** How many parameters are certified, in a sentence. */
export function summary(worths: readonly Worth[], snr: number): HTMLElement {
  const {certified, excepted, missed, open} = countVerdicts(worths);
  const asked = certified + excepted + missed;
  const models = new Set(worths.map(({model}) => model)).size;
  const parts = [
    `Of ${worths.length} parameters of ${models} models the rule makes a promise for ${asked} at SNR ${snr}: ${certified} hold it`,
    excepted > 0 ? `, ${excepted} ${excepted === 1 ? "is a stated exception" : "are stated exceptions"}` : "",
    missed > 0 ? `, ${missed} ${missed === 1 ? "does" : "do"} not` : "",
    `. For the other ${open} nothing is promised, and the table says why.`
  ];
  const outside = missed > 0 && snr !== promisedSnr
    ? ` The promise is given, and tested, at SNR ${promisedSnr}.`
    : "";
  return h("p", {"data-certified": certified, "data-missed": missed}, parts.join("") + outside);
}

/** The relative bound of one parameter in running text. */
export function boundText(worths: readonly Worth[] | null, model: string, parameter: string): string {
  return percent(worths?.find((each) => each.model === model && each.parameter === parameter)?.relativeBound);
}

/** The share of one model's fits that end on a bound or without every estimate, in running text. */
export function touchingText(worths: readonly Worth[] | null, model: string): string {
  return percent(worths?.find((each) => each.model === model)?.touching);
}

/** Efficiency or coverage of every parameter against its relative bound. */
export function promiseFigure(worths: readonly Worth[], quantity: "efficiency" | "coverage"): Figured {
  const efficiency = quantity === "efficiency";
  const [low, high] = promise[quantity];
  const present = [...new Set(worths.map(({verdict}) => verdict))];
  const legend = (Object.keys(verdicts) as Verdict[]).filter((verdict) => present.includes(verdict)).map((verdict) => verdicts[verdict]);
  const {certified, missed} = countVerdicts(worths);
  const range = efficiency ? `${low} to ${high.toFixed(2)}` : `${100 * low} % to ${100 * high} %`;
  const name = efficiency ? "RMSE over the Cramér-Rao bound" : `Coverage of the ${100 * level} % interval`;
  const description = `${name} of ${worths.length} parameters against their relative Cramér-Rao bound. ${certified} are certified, ${missed} missed; the promise is ${range} for bounds below ${100 * promise.relativeBound} %.`;
  return {
    title: name,
    caption: `Each mark is one parameter of one model. Green band: what is promised, ${range}, where the bound is below ${100 * promise.relativeBound} % of the value${efficiency
      ? ". Below 1 an estimator is helped by its bounds or by a bias; far above 1 its errors have long tails"
      : ", unless more than 1 % of the fits touch a bound"}.`,
    description,
    spec: certification(
      worths.map((worth) => ({
        label: `${worth.modelName}: ${worth.parameter}`,
        relativeBound: worth.relativeBound,
        value: worth[quantity],
        verdict: verdicts[worth.verdict].name
      })),
      {
        quantity: efficiency ? "RMSE / bound" : "Coverage",
        format: efficiency ? ".3~g" : ".3~%",
        scale: efficiency ? "log" : "linear",
        promisedBelow: promise.relativeBound,
        promised: promise[quantity],
        verdicts: legend,
        description
      }
    ),
    table: {
      columns: inTwoColumns,
      rows: worths.map((worth) => ({...worth}))
    }
  };
}

/** One of the parameters whose likelihood can be followed, the value a model's id and the parameter. */
export function profileSelect(models: readonly ModelInfo[], value: string): Control<string> {
  const options = profilable(models).map(({model, parameter}) => [`${model.id} ${parameter}`, `${model.name}: ${parameter}`] as const);
  return select({label: "Model and parameter", options, value});
}

/** What the fit and the profile say of one voxel, in words. */
export function voxelSentence({exploration, profile}: VoxelProfile, name: string): string {
  const {status, parameters} = exploration;
  const {estimate, sd, lower, upper, truth, unit: plain} = parameters.find((each) => each.name === name)!;
  const unit = unitOf(plain);
  const fitted = estimate === null
    ? "the fit has no value"
    : `the fit says ${formatQuantity(estimate, unit)}, ${sd === null || lower === null || upper === null
      ? "on a bound and so without a standard deviation"
      : `with a ${100 * level} % interval from the curvature of ${formatNumber(lower)} to ${formatQuantity(upper, unit)}`}`;
  const end = ({value, kind}: ProfileInterval["lower"]): string =>
    kind === "open" ? "no end" : `${formatQuantity(value, unit)}${kind === "bound" ? " (a bound)" : ""}`;
  const followed = typeof profile === "string"
    ? profile
    : `The profile likelihood goes from ${end(profile.lower)} to ${end(profile.upper)}.`;
  return `Outcome: ${status.replaceAll("-", " ")}. The truth is ${formatQuantity(truth, unit)}; ${fitted}. ${followed}`;
}

/** What both kinds of interval are worth over the same voxels. */
export function comparisonTable({voxels, curvature, profile}: IntervalComparison, name: string): HTMLElement {
  const row = (label: string, {intervals, covering, coverage, oneSided, medianWidth}: IntervalWorth) => ({
    label,
    intervals: intervals / voxels,
    coverage: coverage?.value ?? null,
    lower: coverage?.lower ?? null,
    upper: coverage?.upper ?? null,
    covering: covering / voxels,
    oneSided: oneSided / voxels,
    medianWidth
  });
  return resultTable({
    id: "intervals",
    caption: `Two kinds of ${100 * level} % interval of ${name}, over ${voxels} voxels`,
    columns: [
      {key: "label", label: "Interval", header: true},
      {key: "intervals", label: "Voxels that have one", align: "right", format: (value) => percent(value)},
      {
        key: "coverage", label: "Of these, hold the truth", align: "right",
        format: (value, {lower, upper}) => h("span", {}, percent(value),
          value === null ? null : h("span", {class: "m-interval"}, ` [${percent(lower)}, ${percent(upper)}]`))
      },
      {key: "covering", label: "Of all voxels, hold the truth", align: "right", format: (value) => percent(value)},
      {key: "oneSided", label: "End on a limit or nowhere", align: "right", format: (value) => percent(value)},
      {key: "medianWidth", label: "Median width, of the truth", align: "right", format: (value) => percent(value)}
    ],
    rows: [row("Curvature (Hessian)", curvature), row("Profile likelihood", profile)],
    note: `The first ${compared} of the ${repeats} repeats. A fit on a bound has no curvature to speak of, and so no interval; a profile gives one there too,
with the bound as its end. In brackets: exact ${100 * level} % interval of the share. Median width: of intervals with two ends of their own.`
  });
}
