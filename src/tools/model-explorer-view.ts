// The parts of the page "Model explorer": controls with a `value` that fire "input", and what its figures show.
import type {ModelInfo, ProfileInterval, SettingInfo} from "../compute/core.js";
import {isGeneralFit} from "../compute/fit.js";
import {coverageMargin} from "../domain/statistics/estimator-performance.js";
import {estimateBins, estimateDistribution} from "../view/charts/estimate-distribution.js";
import {estimateCloud} from "../view/charts/estimate-cloud.js";
import {profileLikelihood} from "../view/charts/profile-likelihood.js";
import {signalFit} from "../view/charts/signal-fit.js";
import {noData} from "../view/charts/spec.js";
import {h, uniqueId, type Child} from "../view/dom.js";
import {figure, type FigureChange, type FigureElement} from "../view/figure.js";
import {formatNumber, formatQuantity, formatUnit} from "../view/format.js";
import {select, slider, type Control} from "../view/inputs/controls.js";
import {errorNotice} from "../view/inputs/notice.js";
import {resultTable} from "../view/table.js";
import {
  axisOf, cloudOf, densityOf, distributionOf, estimatorOf, exampleOf, exampleState, explorable, formatColumn, level,
  likelihoodNames, likelihoods, limits, misleading, noiseKinds, noiseNames, parseProtocol, repeats, stepOf,
  type Exploration, type ExplorerState, type ExplorerView, type Likelihood, type NoiseKind, type ParameterResult
} from "./model-explorer.js";

type Figured = Required<Pick<FigureChange, "caption" | "description" | "spec" | "table">>;

const nothing: Figured["table"] = {columns: [], rows: []};

const percent = (share: number | null, digits = 3): string =>
  share === null ? "—" : formatQuantity(100 * share, "%", {digits});
const unitOf = (unit: string): string => (unit === "signal" ? "" : unit === "degree" ? "°" : unit);

/** The unit in which a parameter is shown, and the factor to it: diffusivities in µm2/ms, which is 10^-3 mm2/s. */
function scaleOf(unit: string): {unit: string; factor: number} {
  return unit === "mm2/s" ? {unit: "µm2/ms", factor: 1e3} : {unit: unitOf(unit), factor: 1};
}

/** A parameter's results in the unit in which they are shown. */
function inShownUnit(parameter: ParameterResult): ParameterResult {
  const {unit, factor} = scaleOf(parameter.unit);
  const times = (value: number | null): number | null => (value === null ? null : value * factor);
  const {performance} = parameter;
  return {
    ...parameter,
    unit,
    truth: parameter.truth * factor,
    estimate: times(parameter.estimate),
    sd: times(parameter.sd),
    lower: times(parameter.lower),
    upper: times(parameter.upper),
    bound: times(parameter.bound),
    performance: {
      ...performance,
      mean: times(performance.mean),
      bias: times(performance.bias),
      biasStandardError: times(performance.biasStandardError),
      sd: times(performance.sd),
      rmse: times(performance.rmse)
    }
  };
}

/** The results of one parameter in the unit in which they are shown, and the factor to it. */
function shownParameter({parameters}: Exploration, name: string): {parameter: ParameterResult; factor: number} {
  const parameter = parameters.find((each) => each.name === name)!;
  return {parameter: inShownUnit(parameter), factor: scaleOf(parameter.unit).factor};
}

/** One of the models that predict a signal. */
export function modelSelect(models: readonly ModelInfo[], value?: string): Control<string> {
  return select({label: "Model", options: explorable(models).map(({id, name}) => [id, name] as const), value});
}

/** What the controls hold; at rest no slider has moved for a moment. */
export interface ControlsValue {
  state: ExplorerState;
  resting: boolean;
}

/** A slider that has not moved for so long, in ms, rests. */
const settle = 250;

/** A named group of controls that can be folded away. */
function group(title: string, ...content: Child[]): HTMLDetailsElement {
  const narrow = matchMedia("(max-width: 63rem)").matches;
  const open = !narrow || title === "Tissue";
  return h("details", {class: "m-explorer-group", open}, h("summary", {}, title), ...content);
}

/** Everything that the reader sets, for one model. */
export function explorerControls(model: ModelInfo, start: ExplorerState): Control<ControlsValue> {
  const example = exampleOf(model.id);
  let resting = true;
  let protocol = start.protocol;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const truths = model.parameters.map(({name, unit, description}) => {
    const {unit: told, factor} = scaleOf(unit);
    const rounded = (value: number): number => Number(value.toPrecision(12));
    const [min, max] = example.ranges[name].map((end) => rounded(end * factor));
    const step = stepOf([min, max]);
    const control = slider({
      label: name,
      min,
      max,
      step,
      value: rounded(start.parameters[name] * factor),
      unit: told,
      decimals: Math.max(0, -Math.round(Math.log10(step)))
    });
    control.title = description ?? "";
    return {
      name,
      control,
      read: (): number => rounded(control.value / factor),
      write: (value: number): void => {
        control.value = rounded(value * factor);
      }
    };
  });
  const knowns = model.parameters.filter(({held}) => held === null).map(({name}) => {
    const box = h("input", {type: "checkbox", checked: start.known.includes(name)});
    return {name, box, label: h("label", {class: "m-explorer-known"}, box, name)};
  });
  const known = h("fieldset", {class: "m-radios"},
    h("legend", {}, "Known to the fit"), h("div", {}, ...knowns.map(({label}) => label)));

  const presets: [string, Record<string, readonly number[]>][] =
    [[example.name, example.protocol], ...Object.entries(example.presets)];
  const same = (one: Readonly<Record<string, readonly number[]>>): boolean =>
    Object.keys(one).length === Object.keys(protocol).length
    && Object.entries(one).every(([name, values]) => String(values) === String(protocol[name]));
  const ownName = "";
  const preset = select({
    label: "Protocol",
    options: [...presets.map(([name]) => [name, name] as const), [ownName, "your own"]]
  });
  const columns = model.protocol.filter(({name, required}) => required || protocol[name] !== undefined)
    .map(({name, unit, description}) => {
      const id = uniqueId("column");
      const input = h("input", {type: "text", id, spellcheck: "false", autocomplete: "off", title: description ?? ""});
      const title = unit === "" ? name : `${name} (${formatUnit(unitOf(unit))})`;
      return {name, input, element: h("div", {class: "m-explorer-column"}, h("label", {for: id}, title), input)};
    });
  const count = h("p", {class: "m-small"});
  const problem = h("div", {});
  const showProtocol = (): void => {
    problem.replaceChildren();
    for (const {name, input} of columns) input.value = formatColumn(protocol[name]);
    preset.value = presets.find(([, one]) => same(one))?.[0] ?? ownName;
    sayCount();
  };
  const sayCount = (): void => {
    const n = Object.values(protocol)[0].length;
    const how = "Numbers between commas; 3*0.1 is 0.1 three times, and one number stands for all.";
    count.textContent = `${n} ${n === 1 ? "sample" : "samples"}. ${how}`;
  };

  const settings = model.settings.map((info) => settingControl(info, start.settings[info.name]));

  const [lowest, highest] = limits.snr;
  const snr = slider({label: "SNR of the strongest sample", min: lowest, max: highest, step: 1, value: start.snr});
  const kinds = noiseKinds(model);
  const noise = select<NoiseKind>({
    label: "Noise", options: kinds.map((kind) => [kind, noiseNames[kind]]), value: start.noise
  });
  const coils = slider({label: "Coils", min: limits.coils[0], max: limits.coils[1], step: 1, value: start.coils});
  const seedId = uniqueId("seed");
  const [least, most] = limits.seed;
  const seed = h("input", {type: "number", id: seedId, min: least, max: most, step: 1, value: start.seed});
  const again = h("button", {type: "button", class: "m-button"}, "Draw again");

  const estimator = select({
    label: "Estimator", options: model.estimators.map(({id, name}) => [id, name] as const), value: start.estimator
  });
  const about = h("p", {class: "m-small"});
  const method = h("details", {class: "m-more"}, h("summary", {}, "About this estimator"), about);
  const likelihood = select<Likelihood>({label: "Likelihood", options: [["gaussian", likelihoodNames.gaussian]]});
  const choose = likelihood.querySelector("select")!;

  const follow = (wanted: Likelihood): void => {
    const offered = likelihoods(model, estimator.value);
    choose.replaceChildren(...offered.map((kind) => h("option", {value: kind}, likelihoodNames[kind])));
    likelihood.value = offered.includes(wanted) ? wanted : "gaussian";
    likelihood.hidden = offered.length === 1;
    coils.hidden = noise.value !== "noncentral-chi";
    known.hidden = !isGeneralFit(model, estimator.value) || knowns.length < 2;
    about.textContent = model.estimators.find(({id}) => id === estimator.value)?.description ?? "";
  };

  const reset = h("button", {type: "button", class: "m-button"}, "Back to the example");
  const element = h("form", {class: "m-explorer-form", "aria-label": "Tissue, acquisition, noise and fit"},
    group("Tissue", ...truths.map(({control}) => control)),
    group("Acquisition", preset, ...columns.map((column) => column.element), count, problem,
      ...settings.map((setting) => setting.element)),
    group("Noise", snr, kinds.length > 1 ? noise : null, coils,
      h("div", {class: "m-explorer-seed"}, h("label", {for: seedId}, "Seed"), seed, again)),
    group("Fit", estimator, method, likelihood, known),
    reset
  ) as HTMLFormElement & Control<ControlsValue>;

  const seedOf = (): number => {
    const value = Math.round(seed.valueAsNumber);
    return Number.isFinite(value) ? Math.max(least, Math.min(most, value)) : start.seed;
  };
  const read = (): ExplorerState => ({
    model: model.id,
    parameters: Object.fromEntries(truths.map(({name, read: value}) => [name, value()])),
    known: known.hidden ? [] : knowns.filter(({box}) => box.checked).map(({name}) => name),
    protocol,
    settings: Object.fromEntries(
      settings.map(({name, read: value}) => [name, value()!] as const).filter(([, value]) => value !== null)
    ),
    snr: snr.value,
    noise: kinds.length > 1 ? noise.value : "gaussian",
    coils: coils.value,
    seed: seedOf(),
    estimator: estimator.value,
    likelihood: likelihood.hidden ? "gaussian" : likelihood.value
  });
  const write = (state: ExplorerState): void => {
    for (const {name, write: set} of truths) set(state.parameters[name]);
    for (const {name, box} of knowns) box.checked = state.known.includes(name);
    protocol = state.protocol;
    showProtocol();
    for (const setting of settings) setting.write(state.settings[setting.name]);
    snr.value = state.snr;
    noise.value = state.noise;
    coils.value = state.coils;
    seed.value = String(state.seed);
    estimator.value = state.estimator;
    follow(state.likelihood);
  };
  const tell = (): void => {
    element.dispatchEvent(new Event("input"));
  };
  const rest = (): void => {
    clearTimeout(timer);
    if (resting) return;
    resting = true;
    tell();
  };

  element.addEventListener("submit", (event) => event.preventDefault());
  // Typing is over when the field is left or Enter pressed; half a number is no protocol.
  for (const {input} of columns) input.addEventListener("input", (event) => event.stopPropagation());
  element.addEventListener("input", ({target}) => {
    if (target === element) return;
    const dragged = target instanceof HTMLInputElement && target.type === "range";
    clearTimeout(timer);
    resting = !dragged;
    if (dragged) timer = setTimeout(rest, settle);
  });
  element.addEventListener("change", ({target}) => {
    if (target instanceof HTMLInputElement && target.type === "range") rest();
    if (!columns.some(({input}) => input === target)) return;
    try {
      protocol = parseProtocol(Object.fromEntries(columns.map(({name, input}) => [name, input.value])));
      showProtocol();
      tell();
    } catch (error) {
      problem.replaceChildren(errorNotice(error, "This protocol is not used"));
    }
  });
  preset.addEventListener("input", () => {
    const chosen = presets.find(([name]) => name === preset.value);
    if (chosen === undefined) return columns[0].input.focus();
    protocol = Object.fromEntries(Object.entries(chosen[1]).map(([name, values]) => [name, [...values]]));
    showProtocol();
  });
  for (const control of [noise, estimator]) control.addEventListener("input", () => follow(likelihood.value));
  again.addEventListener("click", () => {
    seed.value = String(seedOf() === most ? least : seedOf() + 1);
    tell();
  });
  reset.addEventListener("click", () => {
    write(exampleState(model));
    tell();
  });
  write(start);
  return Object.defineProperty(element, "value", {get: (): ControlsValue => ({state: read(), resting})});
}

/** A setting of the acquisition: a name of a list, or a number that may be left to the core. */
export function settingControl(info: SettingInfo, start: string | number | undefined) {
  const {name, unit, description, choices, required} = info;
  const label = `${name.replaceAll("_", " ")}${unit === "" ? "" : ` (${formatUnit(unit)})`}`;
  if (choices.length > 0) {
    const control = select({label, options: choices});
    control.title = description ?? "";
    return {
      name,
      element: control as HTMLElement,
      read: (): string | number | null => control.value,
      write: (value: string | number | undefined): void => {
        control.value = String(value ?? choices[0]);
      }
    };
  }
  const id = uniqueId("setting");
  const input = h("input", {type: "number", id, min: 0, step: "any", required, value: start, title: description ?? ""});
  return {
    name,
    element: h("div", {class: "m-explorer-column"}, h("label", {for: id}, label), input) as HTMLElement,
    // Left empty, the core names what it lacks or takes its default.
    read: (): string | number | null => (Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : null),
    write: (value: string | number | undefined): void => {
      input.value = value === undefined ? "" : String(value);
    }
  };
}

/** The pair of parameters whose estimates are drawn against each other. */
export function pairSelect(model: ModelInfo, value: ExplorerView["pair"]): Control<ExplorerView["pair"]> {
  const options = model.parameters.filter(({held}) => held === null).map(({name}) => name);
  const across = select({label: "Across", options, value: value[0]});
  const up = select({label: "Up", options, value: value[1]});
  const element = h("div", {class: "m-explorer-pair"}, across, up);
  return Object.defineProperty(element, "value", {get: () => [across.value, up.value] as const}) as unknown as
    Control<ExplorerView["pair"]>;
}

/** The parameter whose distribution and profile are drawn. */
export function parameterSelect(model: ModelInfo, value: string): Control<string> {
  const options = model.parameters.filter(({held}) => held === null).map(({name}) => name);
  return select({label: "Distribution and profile of", options, value});
}

/** In which precision the numbers stand, how long they took and how the fits ended. */
export function precisionNote({precision, fit}: Exploration, milliseconds: number): string {
  const ended = Object.entries(fit.counts).filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name.replaceAll("-", " ")}`).join(", ");
  const how = precision === "f32"
    ? "Single precision while you drag; double precision follows when you rest."
    : "Double precision.";
  return `${how} ${repeats} repeats simulated and fitted in ${formatNumber(milliseconds, {digits: 2})} ms: ${ended}.`;
}

/** A figure of the explorer before its first numbers; it follows `update`. */
export function emptyFigure(id: string, title: string, height: number): FigureElement {
  const description = "Nothing has been computed yet.";
  return figure({id, title, description, spec: noData("Computing.", {height}), table: {columns: [], rows: []}});
}

/** Samples, truth and fit. */
export function signalFigure(exploration: Exploration): Figured {
  const {model, samples, clean, fitted, truthCurve, fittedCurve, sigma, status, state} = exploration;
  const axis = axisOf(model);
  const grouped = new Set(samples.map(({group}) => group)).size > 1;
  const signals = samples.map(({signal}) => signal);
  const line = fitted.length > 0
    ? "Line: the fit to the points."
    : "No line: this fit has no value for every parameter.";
  const [low, high] = [Math.min(...signals), Math.max(...signals)].map((signal) => formatNumber(signal));
  const outcome = status.replaceAll("-", " ");
  return {
    caption: `Points: one simulated acquisition. Dashed: the true signal. ${line} Noise: ${noiseNames[state.noise]},
σ ${formatNumber(sigma, {digits: 3})}, which gives the strongest sample an SNR of ${state.snr}.`,
    description: `${model.name}: ${samples.length} samples against ${axis.name}, from ${low} to ${high}, with
the true signal and the fitted one. The fit of these samples: ${outcome}.`,
    spec: signalFit(
      {samples, truth: truthCurve, fitted: fittedCurve},
      {xTitle: axis.name, xUnit: unitOf(axis.unit), description: `Signal of ${model.name} against ${axis.name}.`}
    ),
    table: {
      columns: [
        {key: "x", label: axis.name, unit: unitOf(axis.unit), digits: 6},
        ...(grouped ? [{key: "group", label: "Group"}] : []),
        {key: "truth", label: "True signal", digits: 5},
        {key: "signal", label: "Sample", digits: 5},
        {key: "fitted", label: "Fitted", digits: 5}
      ],
      rows: samples.map((sample, s) => ({...sample, truth: clean[s].signal, fitted: fitted[s]?.signal ?? null})),
      limit: 24
    }
  };
}

/** Number of estimates that are drawn while a slider moves: each circle costs the browser time. */
const drawnWhileDragging = 400;

/** Two parameters' estimates over the repeats, with the ellipse of their bound. */
export function cloudFigure(exploration: Exploration, [first, second]: ExplorerView["pair"]): Figured {
  const {parameter: a, factor: across} = shownParameter(exploration, first);
  const {parameter: b, factor: up} = shownParameter(exploration, second);
  const description = `${second} against ${first} in ${repeats} repeats, with the ellipse of the Cramér-Rao bound.`;
  const refuse = (message: string): Figured => ({
    caption: "", description: message, spec: noData(message, {description, height: 300}), table: nothing
  });
  if (first === second) return refuse("Choose two different parameters.");
  for (const {name, held} of [a, b]) if (held) return refuse(`${name} is known, so that nothing is estimated.`);
  const cloud = cloudOf(exploration, [first, second]);
  const dragging = exploration.precision === "f32";
  const scaled = ([u, v]: readonly [number, number]): [number, number] => [u * across, v * up];
  const points = (dragging ? cloud.points.slice(0, drawnWhileDragging) : cloud.points).map(scaled);
  const left = [
    cloud.beyond > 0 ? `${cloud.beyond} lie beyond the axes` : "",
    cloud.missing > 0 ? `${cloud.missing} have no value for both` : ""
  ].filter((text) => text !== "").join(", ");
  const correlation = formatNumber(cloud.correlation, {decimals: 2});
  const ellipse = cloud.ellipse === null
    ? "No ellipse: these samples do not determine both parameters."
    : `Ellipse: where the Cramér-Rao bound puts ${100 * level} % of an efficient, unbiased estimator's results
(correlation ${correlation}).`;
  const dots = dragging
    ? `${points.length} of the ${repeats} repeats, all when you rest`
    : `estimates in ${repeats} repeats`;
  const [x, y] = [formatQuantity(a.truth, a.unit), formatQuantity(b.truth, b.unit)];
  return {
    caption: `Dots: ${dots}${left === "" ? "" : ` (${left})`}. ${ellipse} Cross: the truth. Ring: the fit above.`,
    description: `${description} True values ${x} and ${y}. ${ellipse}`,
    spec: estimateCloud(
      {
        points,
        ellipse: cloud.ellipse?.map(scaled) ?? null,
        truth: scaled(cloud.truth),
        estimate: cloud.estimate === null ? null : scaled(cloud.estimate),
        x: [cloud.x[0] * across, cloud.x[1] * across],
        y: [cloud.y[0] * up, cloud.y[1] * up]
      },
      {xTitle: first, yTitle: second, xUnit: a.unit, yUnit: b.unit, description}
    ),
    table: {
      columns: [
        {key: "repeat", label: "Repeat", decimals: 0},
        {key: "first", label: first, unit: a.unit, digits: 6},
        {key: "second", label: second, unit: b.unit, digits: 6}
      ],
      rows: points.map(([x, y], i) => ({repeat: i + 1, first: x, second: y}))
    }
  };
}

/** One parameter's estimates over the repeats, with the normal curve of its bound. */
export function distributionFigure(exploration: Exploration, name: string): Figured {
  const {parameter, factor} = shownParameter(exploration, name);
  const {unit} = parameter;
  const description = `Distribution of ${name} over ${repeats} repeats.`;
  if (parameter.held) {
    const message = `${name} is known, so that nothing is estimated.`;
    return {caption: "", description: message, spec: noData(message, {description, height: 300}), table: nothing};
  }
  const own = distributionOf(exploration, name);
  const distribution = {
    values: own.values.map((value) => value * factor),
    domain: [own.domain[0] * factor, own.domain[1] * factor] as const,
    truth: parameter.truth,
    density: densityOf(own).map(({value, density}) => ({value: value * factor, density: density / factor}))
  };
  const {bins, outside, omitted} = estimateBins(distribution);
  const left = [
    outside > 0 ? `${outside} beyond the axis` : "",
    omitted > 0 ? `${omitted} repeats without a value` : ""
  ].filter((text) => text !== "").join(", ");
  const curve = parameter.bound === null
    ? "No curve: these samples do not determine it."
    : `Curve: the normal distribution about the truth whose standard deviation is the Cramér-Rao bound,
${formatQuantity(parameter.bound, unit, {digits: 3})}.`;
  const {mean, sd} = parameter.performance;
  const [truth, average, spread] = [parameter.truth, mean, sd].map((value) => formatQuantity(value, unit));
  const bars = `estimates in ${repeats} repeats${left === "" ? "" : ` (${left})`}`;
  return {
    caption: `Bars: ${bars}. ${curve} Broken line: the truth.`,
    description: `${description} Truth ${truth}, mean ${average}, standard deviation ${spread}. ${curve}`,
    spec: estimateDistribution(distribution, {quantity: name, unit, description}),
    table: {
      columns: [
        {key: "from", label: "From", unit, digits: 6},
        {key: "to", label: "To", unit, digits: 6},
        {key: "count", label: "Repeats", decimals: 0},
        {key: "share", label: "Share", digits: 3}
      ],
      rows: bins.map((bin) => ({...bin})),
      limit: 48
    }
  };
}

/** An end of a profile-likelihood interval in words. */
function endText({value, kind}: ProfileInterval["lower"], unit: string): string {
  if (kind === "open") return "no end";
  return `${formatQuantity(value, unit)}${kind === "bound" ? " (its bound)" : ""}`;
}

/** The likelihood of one parameter in the samples that are shown. */
export function profileFigure(exploration: Exploration, name: string, profile: ProfileInterval | string): Figured {
  const description = `Profile likelihood of ${name}.`;
  if (typeof profile === "string") {
    const spec = noData("No profile.", {description, height: 160});
    return {caption: profile, description: profile, spec, table: nothing};
  }
  const {parameter, factor} = shownParameter(exploration, name);
  const {unit} = parameter;
  const {curve, threshold, value, sd} = profile;
  const [lower, upper] = [profile.lower, profile.upper].map((end) => ({
    ...end, value: end.value === null ? null : end.value * factor
  }));
  const rows = curve.values.map((at, i) => {
    const z = sd === null || sd === 0 ? null : (at - value) / sd;
    return {value: at * factor, deviance: curve.deviance[i], parabola: z === null ? null : z * z};
  });
  const interval = `${endText(lower, unit)} to ${endText(upper, unit)}`;
  const straight = exploration.state.estimator !== "nlls" || parameter.lower === null || parameter.upper === null
    ? ""
    : ` The curvature alone says ${formatQuantity(parameter.lower, unit)} to ${formatQuantity(parameter.upper, unit)}.`;
  const parabola = sd === null ? "" : "Dashed: the parabola that a standard deviation stands for.";
  const limit = `${formatNumber(threshold, {digits: 3})}, ${profile.distribution}`;
  return {
    caption: `Line: how much worse the samples above are explained with ${name} held there and the rest fitted anew.
Where it crosses the threshold (${limit}) the ${100 * level} % interval ends: ${interval}. ${parabola}
${straight} Upright broken line: the truth.`,
    description: `${description} ${100 * level} % interval ${interval}.${straight}`,
    spec: profileLikelihood({
      curve: rows,
      parabola: rows.flatMap(({value: at, parabola}) => (parabola === null ? [] : [{value: at, deviance: parabola}])),
      threshold,
      ends: [lower, upper].map((end) => (end.kind === "crossing" ? end.value : null)),
      truth: parameter.truth
    }, {quantity: name, unit, description}),
    table: {
      columns: [
        {key: "value", label: name, unit, digits: 6},
        {key: "deviance", label: "Deviance", digits: 5},
        {key: "parabola", label: "Parabola", digits: 5}
      ],
      rows,
      limit: 42
    }
  };
}

const named = ({name, unit}: ParameterResult): string => (unit === "" ? name : `${name} (${formatUnit(unit)})`);

/** The fit that is shown: truth, estimate, interval and bound of each parameter. */
export function fitTable(exploration: Exploration): HTMLElement {
  const {parameters, status, factor, freedom, model} = exploration;
  const half = factor === null
    ? "There are as many parameters as samples: nothing is left to estimate the noise from, so no standard deviations."
    : `Interval: estimate ± ${formatNumber(factor, {digits: 4})} SD, ${exploration.state.likelihood === "rician"
      ? "normal, as the likelihood is told the noise"
      : `Student's t on ${freedom} degrees of freedom`}.`;
  const shown = parameters.map(inShownUnit);
  const units = shown.some(({unit}, j) => unit === "µm2/ms" && parameters[j].unit !== unit)
    ? " 1 µm²/ms is 10⁻³ mm²/s."
    : "";
  const outcome = `Outcome of ${estimatorOf(exploration).name.toLowerCase()}: ${status.replaceAll("-", " ")}.`;
  const doubts = new Map<string, string[]>();
  for (const parameter of factor === null ? [] : parameters) {
    const why = misleading(parameter);
    if (why !== null) doubts.set(why, [...(doubts.get(why) ?? []), parameter.name]);
  }
  const doubted = [...doubts].map(([why, names]) => `${names.join(", ")} (${why})`).join(", ");
  return resultTable({
    id: "explorer-fit",
    caption: "The fit of these samples",
    label: `The fit of these samples: ${model.name}`,
    columns: [
      {key: "label", label: "Parameter", header: true},
      {key: "truth", label: "True"},
      {key: "estimate", label: `Estimate [${100 * level} %]`, interval: {lower: "lower", upper: "upper"}},
      {key: "sd", label: "SD", digits: 3},
      {key: "bound", label: "Cramér-Rao SD", digits: 3},
      {key: "relativeBound", label: "relative", align: "right", format: (share) => percent(share as number | null)}
    ],
    rows: shown.map((parameter) => ({
      ...parameter,
      label: `${named(parameter)}${parameter.held ? ", known" : parameter.bound === null ? ", not identifiable" : ""}`
    })),
    note: `${outcome} ${half}${units}${doubted === ""
      ? ""
      : ` The interval misleads for ${doubted}: the profile likelihood below does better there.`}`
  });
}

/** What the repeats say of the estimator. */
export function performanceTable({parameters, model}: Exploration): HTMLElement {
  const rows = parameters.filter(({held}) => !held).map(inShownUnit).map((parameter) => {
    const {performance} = parameter;
    return {
      ...performance,
      label: named(parameter),
      share: parameter.truth === 0 || performance.bias === null ? null : performance.bias / Math.abs(parameter.truth),
      efficiency: parameter.efficiency,
      atBound: parameter.atBound,
      without: performance.repeats - performance.estimated
    };
  });
  const margin = formatNumber(100 * coverageMargin(repeats, {level}), {digits: 2});
  return resultTable({
    id: "explorer-repeats",
    caption: `Over ${repeats} repeats`,
    label: `${repeats} repeats of the acquisition: ${model.name}`,
    columns: [
      {key: "label", label: "Parameter", header: true},
      {key: "bias", label: "Bias", digits: 3},
      {key: "share", label: "Relative bias", align: "right", format: (share) => percent(share as number | null, 2)},
      {key: "sd", label: "SD", digits: 3},
      {key: "efficiency", label: "RMSE / Cramér-Rao SD", decimals: 3},
      {
        key: "coverage",
        label: `Coverage of the ${100 * level} % interval`,
        align: "right",
        format: (share) => percent(share as number | null)
      },
      {key: "atBound", label: "At a bound", align: "right", format: (share) => percent(share as number | null)},
      {key: "without", label: "Without value", decimals: 0}
    ],
    rows,
    note: `Coverage: of the repeats that have an interval, the share whose interval holds the truth; in as few repeats
it varies by ± ${margin} percentage points by chance. RMSE over the Cramér-Rao standard deviation is 1 for an estimator
that wastes nothing; below 1 it is helped by its bounds or its bias.`
  });
}
