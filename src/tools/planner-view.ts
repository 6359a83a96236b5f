// The parts of the page "Study planner": controls with a `value` that fire "input", and what figures and tables show.
import type {Pool, RunOptions} from "../compute/pool.js";
import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import type {Achieved, Planner, PlannerReport, RunTable} from "../domain/planning/planner.js";
import {planners} from "../domain/planning/planners.js";
import type {OptionNeed} from "../domain/statistics/method.js";
import {writeTsv} from "../io/tsv.js";
import {designRuns} from "../view/charts/design-runs.js";
import {planCurve} from "../view/charts/plan-curve.js";
import {noData} from "../view/charts/spec.js";
import {h, uniqueId, type Child} from "../view/dom.js";
import type {FigureChange} from "../view/figure.js";
import {formatNumber} from "../view/format.js";
import {select, type Control} from "../view/inputs/controls.js";
import {downloadButton} from "../view/inputs/download.js";
import {errorNotice} from "../view/inputs/notice.js";
import {progress} from "../view/inputs/progress.js";
import {resultTable, toCSV, type TableColumn} from "../view/table.js";
import {
  agreementOf, ceilingOf, factorOptions, factorsOf, isDesign, placeOf, rangeOf, simulate, simulationOptions, sizeOf,
  type PlanSettings, type TypedFactor
} from "./planner.js";

type Figured = Required<Pick<FigureChange, "title" | "caption" | "description" | "spec" | "table">>;

const tidy = (value: unknown): string =>
  typeof value !== "number" ? "" : formatNumber(value, Number.isInteger(value) ? {decimals: 0} : {digits: 4});
/** As it was typed, or set: no zeros that fill up. */
const asked = (value: unknown): string =>
  typeof value !== "number" ? String(value ?? "") : String(Number(value.toPrecision(6))).replace("-", "−");
/** How an option is called on the page. */
const labelOf = (id: string): string =>
  capital(id.replaceAll("-", " ").replace(/\bsd\b/, "SD").replace(/^auc$/, "AUC"));
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The planners by what they are for. */
const groups: readonly [string, readonly string[]][] = [
  ["Repeatability", ["repeatability", "repeatability-claim"]],
  ["Agreement", ["limits-exact-test", "limits-width", "limits-lu"]],
  ["Trials", ["treatment-effect"]],
  ["Detection", ["auc", "sensitivity"]],
  ["Designed experiments", ["factorial", "central-composite", "box-behnken", "d-optimal"]]
];

/** What is to be planned. */
export function plannerSelect(value: string): Control<string> {
  const id = uniqueId("select");
  const option = (planner: Planner) =>
    h("option", {value: planner.id, selected: planner.id === value}, planner.name);
  const named = new Set(groups.flatMap(([, ids]) => ids));
  const others = planners.filter((planner) => !named.has(planner.id));
  const input = h("select", {id},
    ...groups.map(([label, ids]) => h("optgroup", {label}, ...ids.map((one) => option(byId(planners, one))))),
    ...others.map(option));
  const element = h("div", {class: "m-select m-plan-select"}, h("label", {for: id}, "What is to be planned?"), input);
  return Object.defineProperty(element, "value", {
    get: () => input.value,
    set(next: string) {
      input.value = next;
    }
  }) as unknown as Control<string>;
}

export interface PlanForm extends Control<PlanSettings> {
  /** Tells a fault at the input that it belongs to, and takes an earlier one away. */
  showError(error: unknown): void;
  /** Shows the number of subjects that was found, where the reader gave none. */
  showFound(report: PlannerReport): void;
}

/** Variant and options of one planner: each number with a slider, and a field for what lies beyond it. */
export function planForm(planner: Planner, start: PlanSettings): PlanForm {
  let settings = start;
  const places = new Map<string, HTMLElement>();
  const announce = () => element.dispatchEvent(new Event("input", {bubbles: true}));
  const change = (options: Record<string, string>, variant = settings.variant) => {
    settings = {...settings, variant, options: {...settings.options, ...options}};
    announce();
  };
  // Native events would fire with the settings as they were; ours follow them.
  const quiet = (control: HTMLElement, act: () => void) => {
    control.addEventListener("input", (event) => {
      event.stopPropagation();
      act();
    });
  };
  const place = (keys: readonly string[], ...content: Child[]) => {
    const fault = h("div", {"aria-live": "polite"});
    for (const key of keys) places.set(key, fault);
    return h("div", {class: "m-plan-field"}, ...content, fault);
  };
  let subjects: {text: HTMLInputElement; range: HTMLInputElement; find: HTMLButtonElement} | null = null;

  const numberField = (need: OptionNeed): HTMLElement => {
    const {id, description} = need;
    const own = uniqueId("plan");
    const range = rangeOf(planner, need);
    const given = settings.options[id] ?? "";
    const standard = need.default === undefined ? "" : String(need.default);
    const optional = id === "subjects";
    const text = h("input", {
      type: "text", inputmode: "decimal", id: own, value: given, autocomplete: "off",
      placeholder: optional ? "found" : standard, "aria-describedby": `${own}-hint`
    });
    const hint = h("small", {id: `${own}-hint`}, description, standard === "" ? null : `; default ${standard}`);
    const label = h("label", {for: own}, labelOf(id));
    if (range === null) {
      quiet(text, () => change({[id]: text.value.trim()}));
      const kind = need.kind === "text" ? "m-plan-text" : "m-plan-number";
      return place([id], h("div", {class: kind}, label, text, hint));
    }
    const slide = h("input", {
      type: "range", ...range, value: given === "" ? standard : given, "aria-label": `${labelOf(id)}, slider`
    });
    quiet(slide, () => {
      text.value = slide.value;
      change({[id]: slide.value});
    });
    quiet(text, () => {
      const typed = text.value.trim();
      if (typed !== "" || standard !== "") slide.value = typed === "" ? standard : typed;
      change({[id]: typed});
    });
    if (!optional) return place([id], h("div", {class: "m-plan-number"}, label, text, slide, hint));
    const find = h("button", {type: "button", class: "m-button", hidden: given === ""}, "Find it instead");
    find.addEventListener("click", () => {
      text.value = "";
      find.hidden = true;
      change({[id]: ""});
      text.focus();
    });
    const follow = () => (find.hidden = text.value.trim() === "");
    for (const input of [slide, text]) input.addEventListener("input", follow);
    hint.textContent = `${description}; leave it empty to find it`;
    subjects = {text, range: slide, find};
    return place([id], h("div", {class: "m-plan-number"}, label, text, slide, hint, find));
  };
  const choiceField = (need: OptionNeed): HTMLElement => {
    const standard = String(need.default);
    const control = select({
      label: labelOf(need.id), options: need.choices!,
      value: settings.options[need.id] ?? standard
    });
    control.append(h("small", {}, need.description));
    quiet(control, () => change({[need.id]: control.value === standard ? "" : control.value}));
    return place([need.id], control);
  };
  const field = (need: OptionNeed): HTMLElement => need.kind === "choice" ? choiceField(need) : numberField(need);
  const variantField = (): Child => {
    if (planner.variants.length < 2) return null;
    const control = select({
      label: "Variant", value: settings.variant, options: planner.variants.map(({id, name}) => [id, name] as const)
    });
    quiet(control, () => change({}, control.value));
    return place(["variant"], control);
  };

  const factors = ["factors", "low", "high"];
  const apart = ["level", "power", "coverage", "run-order", "starts", "levels", ...simulationOptions];
  const own = planner.options.filter(({id}) => !factors.includes(id));
  const group = (title: string, ids: (id: string) => boolean, open: boolean) => {
    const needs = own.filter(({id}) => ids(id));
    return needs.length === 0 ? null
      : h("details", {class: "m-explorer-group", open}, h("summary", {}, title), ...needs.map(field));
  };
  const element = h("form", {class: "m-explorer-form", "aria-label": planner.name},
    variantField(),
    isDesign(planner)
      ? place(factors, factorEditor(factorsOf(settings.options), (list) => change(factorOptions(list)))) : null,
    ...own.filter(({id}) => !apart.includes(id)).map(field),
    group("Confidence and power", (id) => ["level", "power", "coverage"].includes(id), true),
    group("Search and order", (id) => ["run-order", "levels", "starts"].includes(id)
      || (id === "seed" && isDesign(planner)), true),
    isDesign(planner) ? null : group("Simulated studies", (id) => simulationOptions.includes(id), false),
    place([""])) as HTMLFormElement & Control<PlanSettings>;
  element.addEventListener("submit", (event) => event.preventDefault());
  return Object.assign(Object.defineProperty(element, "value", {get: () => settings}), {
    showError(error: unknown) {
      for (const fault of places.values()) fault.replaceChildren();
      for (const input of element.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
      if (error === null || error === undefined) return;
      const fault = places.get(error instanceof InputError ? placeOf(error, planner) : "") ?? places.get("")!;
      fault.closest("details")?.setAttribute("open", "");
      fault.parentElement?.querySelector("input[type=text]")?.setAttribute("aria-invalid", "true");
      fault.replaceChildren(errorNotice(error));
    },
    showFound(report: PlannerReport) {
      if (subjects === null || subjects.text.value.trim() !== "" || report.curve === null) return;
      subjects.range.value = String(plannedSize(report));
    }
  }) as unknown as PlanForm;
}

/** The planned place on the curve's abscissa. */
function plannedSize({estimates, curve}: PlannerReport): number {
  return estimates.find(({name}) => name === curve!.x)!.value;
}

/** Factors of a design: a row for each, with its name and ends. */
function factorEditor(start: TypedFactor[], tell: (factors: TypedFactor[]) => void): HTMLElement {
  let factors = start;
  const body = h("tbody", {});
  const change = (next: TypedFactor[], anew: boolean) => {
    factors = next;
    if (anew) fill();
    tell(factors);
  };
  const fill = () => body.replaceChildren(...factors.map((factor, i) => {
    const cell = (key: keyof TypedFactor, label: string) => {
      const input = h("input", {type: "text", value: factor[key], "aria-label": `${label} of factor ${i + 1}`,
        autocomplete: "off", placeholder: {name: "", low: "-1", high: "1"}[key]});
      input.addEventListener("input", (event) => {
        event.stopPropagation();
        change(factors.map((one, k) => k === i ? {...one, [key]: input.value.trim()} : one), false);
      });
      return h("td", {}, input);
    };
    const remove = h("button", {type: "button", class: "m-button", "aria-label": `Remove factor ${i + 1}`}, "×");
    remove.disabled = factors.length === 1;
    remove.addEventListener("click", () => change(factors.filter((_, k) => k !== i), true));
    return h("tr", {}, cell("name", "Name"), cell("low", "Low"), cell("high", "High"), h("td", {}, remove));
  }));
  fill();
  const add = h("button", {type: "button", class: "m-button"}, "Add a factor");
  add.addEventListener("click", () => {
    const names = factors.map(({name}) => name);
    const name = Array.from({length: names.length + 1}, (_, i) => `x${i + 1}`).find((one) => !names.includes(one))!;
    change([...factors, {name, low: "-1", high: "1"}], true);
  });
  return h("div", {class: "m-plan-factors"},
    h("table", {}, h("caption", {}, "Factors"),
      h("thead", {}, h("tr", {}, ...["Name", "Low", "High"].map((text) => h("th", {scope: "col"}, text)), h("td", {}))),
      body),
    add);
}

// ---------- answers ----------

/** The answer in a sentence: how large the study is, and what it achieves. */
export function answerText(report: PlannerReport): Child[] {
  const size = sizeOf(report);
  const note = size.note === "planned, not estimated" ? "" : ` (${size.note})`;
  const [first] = report.achieved;
  return [
    h("strong", {}, `${tidy(size.value)} ${size.name}`), note,
    first === undefined ? "." : `: ${first.name} ${tidy(first.value)}${
      first.wanted === null ? "" : `, wanted ${asked(first.wanted)}`}.`
  ];
}

/** What is achieved against the size of the study. */
export function curveFigure(planner: Planner, report: PlannerReport): Figured {
  const curve = report.curve!;
  const ceiling = ceilingOf(report);
  const probability = ceiling === null;
  const lines = [curve, ...curve.others];
  const rows = lines.flatMap(({name, points}) =>
    points.map(({x, y}) => ({line: name, size: x, achieved: y})));
  const [achieved] = report.achieved;
  const plan = {size: plannedSize(report), achieved: achieved.value};
  const {simulated} = achieved;
  const title = capital(curve.y);
  const wanted = curve.wanted === null ? "" : ` The dashed rule is what is wanted, ${asked(curve.wanted)}.`;
  const cut = ceiling === null ? "" : ` Values above ${tidy(ceiling)} are not drawn.`;
  const check = simulated === null ? ""
    : " The bar through the dot is the 95 % Monte Carlo interval of the simulated studies.";
  return {
    title: `${title} against the number of ${curve.x}`,
    caption: `The dot is your plan, ${plan.size} ${curve.x}.${wanted}${
      lines.length > 1 ? " The thick line has your number of repeats." : ""}${check}${cut}`,
    description: `${planner.name}: with ${plan.size} ${curve.x} ${curve.name === "" ? "" : `and ${curve.name} `}the ${
      curve.y} is ${tidy(plan.achieved)}.${wanted}`,
    spec: planCurve({
      rows: ceiling === null ? rows : rows.filter(({achieved: y}) => y <= ceiling),
      chosen: curve.name, plan, wanted: curve.wanted,
      simulated: simulated === null ? null : {
        value: simulated.value, lower: simulated.value - 1.96 * simulated.standardError,
        upper: simulated.value + 1.96 * simulated.standardError
      }
    }, {xTitle: capital(curve.x), yTitle: title, probability}),
    table: {
      columns: [
        ...(lines.length > 1 ? [{key: "line", label: "Line", header: true}] : []),
        {key: "size", label: capital(curve.x), decimals: 0}, {key: "achieved", label: title, digits: 5}
      ],
      rows
    }
  };
}

/** What the figure shows before there is an answer. */
export function noPlan(message: string): Figured {
  return {
    title: "The plan, drawn", caption: "", description: message, spec: noData(message, {height: 300}),
    table: {columns: [], rows: []}
  };
}

/** Every number of the plan. */
export function estimatesTable({estimates}: PlannerReport): HTMLElement {
  return resultTable({
    id: "plan-estimates",
    caption: "The plan in numbers",
    columns: [
      {key: "name", label: "Quantity", header: true}, {key: "value", label: "Value", align: "right", format: tidy},
      ...(estimates.some(({unit}) => unit) ? [{key: "unit", label: "Unit"}] : []), {key: "note", label: "What it is"}
    ],
    rows: estimates.map(({note, unit = "", ...rest}) =>
      ({...rest, unit, note: note === "planned, not estimated" ? "" : note}))
  });
}

/** What is achieved, computed and simulated. */
export function achievedTable(achieved: readonly Achieved[]): HTMLElement {
  const [simulated] = achieved.flatMap((one) => one.simulated ?? []);
  return resultTable({
    id: "plan-achieved",
    caption: "What the plan achieves",
    columns: [
      {key: "name", label: "Achieved", header: true}, {key: "wanted", label: "Wanted", align: "right", format: asked},
      {key: "value", label: "Computed", digits: 4}, {key: "simulated", label: "Simulated", digits: 4},
      {key: "error", label: "± Monte Carlo", digits: 2}, {key: "verdict", label: "Agree?"}
    ],
    rows: achieved.map((one) => {
      const agreement = agreementOf(one);
      return {
        ...one, simulated: one.simulated?.value ?? null, error: one.simulated?.standardError ?? null,
        verdict: agreement === null ? "not simulated"
          : agreement.agrees ? "yes" : `no, ${formatNumber(agreement.errors, {digits: 2})} errors apart`
      };
    }),
    note: simulated === undefined ? undefined
      : `${simulated.trials.toLocaleString("en")} simulated studies, seed ${simulated.seed}; ± Monte Carlo: one `
        + "standard error of the simulated value. Up to 3 of them count as chance; more show that the formula is "
        + "approximate."
  });
}

export interface SimulationPanel extends HTMLElement {
  /** Follows the settings: what runs for others is stopped, and the new ones are simulated after a pause. */
  update(settings: PlanSettings, report: PlannerReport): void;
  /** Stops what runs, and what waits. */
  cancel(): void;
}

/** Milliseconds without a change before studies are simulated. */
const pause = 800;

/**
 * The check of a plan by simulated studies, with progress and Cancel, and its table.
 *
 * @param done called with the report that has the simulated values
 */
export function simulationPanel(open: () => Promise<Pool>, done: (report: PlannerReport) => void): SimulationPanel {
  let controller: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const table = h("div", {});
  const work = h("div", {});
  const status = h("p", {class: "m-small", role: "status"});
  const button = h("button", {type: "button", class: "m-button", hidden: true}, "Simulate these studies");
  const tell = (state: "idle" | "running" | "done" | "failed", text: string) => {
    document.documentElement.dataset.simulation = state;
    status.textContent = text;
    button.hidden = state === "running" || state === "done";
  };
  let current: PlanSettings | null = null;
  const run = async () => {
    clearTimeout(timer);
    const settings = current!;
    const mine = (controller = new AbortController());
    const bar = progress({label: "Simulating studies", controller: mine});
    work.replaceChildren(bar.element);
    tell("running", "");
    const options: RunOptions = {signal: mine.signal, onProgress: (part, total) => bar.update(part / total)};
    try {
      const report = await simulate(open, settings, options);
      if (mine.signal.aborted) return;
      table.replaceChildren(achievedTable(report.achieved));
      tell("done", "");
      done(report);
    } catch (error) {
      if (current !== settings) return;
      const stopped = error instanceof DOMException && error.name === "AbortError";
      if (!stopped) work.append(errorNotice(error, "The studies could not be simulated"));
      tell(stopped ? "idle" : "failed", stopped ? "The simulation was cancelled." : "");
    } finally {
      bar.finish();
    }
  };
  button.addEventListener("click", () => void run());
  const cancel = () => {
    clearTimeout(timer);
    current = null;
    controller?.abort();
  };
  const element = h("div", {class: "m-plan-simulation"}, table, work, h("p", {}, button), status);
  return Object.assign(element, {
    update(settings: PlanSettings, {achieved}: PlannerReport) {
      cancel();
      current = settings;
      table.replaceChildren(achievedTable(achieved));
      work.replaceChildren();
      const none = Number(settings.options.simulations ?? 1) === 0;
      tell("idle", none ? "No study is to be simulated." : "");
      button.hidden = none;
      if (!none) timer = setTimeout(() => void run(), pause);
    },
    cancel
  });
}

/** Notes on the plan, and nothing where there are none. */
export function warningsList({warnings}: PlannerReport): HTMLElement | null {
  return warnings.length === 0 ? null
    : h("div", {class: "m-plan-notes"}, h("h3", {}, "Mind"),
      h("ul", {}, ...warnings.map((text) => h("li", {}, `${capital(text)}.`))));
}

/** Where the numbers come from. */
export function sourcesList({citations}: PlannerReport, variant: string): HTMLElement {
  return h("div", {class: "m-plan-notes"}, h("h3", {}, "Sources"), h("p", {}, `Variant: ${variant}.`),
    h("ul", {}, ...citations.map((text) => h("li", {}, text))));
}

// ---------- designs ----------

/** A reader's choice of two factors to look at; hidden where there is nothing to choose. */
export function factorPair(names: readonly string[]): Control<readonly [string, string]> {
  const across = select({label: "Across", options: names, value: names[0]});
  const up = select({label: "Up", options: names, value: names[1]});
  const element = h("div", {class: "m-explorer-pair", hidden: names.length < 3}, across, up);
  return Object.defineProperty(element, "value", {get: () => [across.value, up.value] as const}) as unknown as
    Control<readonly [string, string]>;
}

/** Names of the factors of a run table: what stands between the orders and the coded values. */
function runFactors({columns}: RunTable): string[] {
  return columns.slice(2, 2 + (columns.length - 2) / 2);
}

/** The runs over two factors; a single factor stands alone. */
export function runsFigure(planner: Planner, report: PlannerReport, pair: readonly [string, string]): Figured {
  const runs = report.runs!;
  const names = runFactors(runs);
  // The reader may have renamed a factor that was chosen.
  const [first, second] = pair.every((name) => names.includes(name)) ? pair : [names[0], names[1] ?? names[0]];
  const at = (name: string) => 2 + names.indexOf(name);
  const points = runs.rows.map((row) => ({x: row[at(first)] as number, y: row[at(second)] as number}));
  const distinct = new Set(points.map(({x, y}) => `${x}, ${y}`)).size;
  return {
    title: names.length > 1 ? `Runs over ${first} and ${second}` : `Runs over ${first}`,
    caption: `Each dot is a setting; ×2 and more say how many runs have it${
      names.length > 2 ? ", whatever the other factors" : ""}.`,
    description: `${planner.name}: ${points.length} runs at ${distinct} settings of ${first} and ${second}.`,
    spec: designRuns(points, {xTitle: first, yTitle: second}),
    table: {
      columns: runColumns(runs), rows: runRows(runs)
    }
  };
}

function runColumns({columns}: RunTable): TableColumn[] {
  return columns.map((label, i) => ({key: String(i), label, header: i === 0, align: "right", format: asked}));
}

function runRows({rows}: RunTable) {
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [String(i), cell])));
}

/** The runs in the order in which they are to be made, and files of them. */
export function runsTable(planner: Planner, runs: RunTable): HTMLElement {
  const columns = runColumns(runs);
  const rows = runRows(runs);
  const stem = `measurand-${planner.id}`;
  return h("div", {},
    resultTable({
      id: "plan-runs", caption: `The ${rows.length} runs`, columns, rows,
      note: "In the order in which they are to be made. Coded: −1 is low, 1 is high, 0 is the middle."
    }),
    h("p", {class: "m-plan-downloads", role: "group", "aria-label": "Downloads of the runs"},
      downloadButton({label: "CSV", fileName: `${stem}.csv`, type: "text/csv", content: () => toCSV(columns, rows),
        description: "Download the runs as CSV"}),
      downloadButton({label: "TSV", fileName: `${stem}.tsv`, type: "text/tab-separated-values",
        description: "Download the runs as TSV",
        content: () => writeTsv([...runs.columns],
          runs.rows.map((row) => Object.fromEntries(row.map((cell, i) => [runs.columns[i], cell]))))})));
}
