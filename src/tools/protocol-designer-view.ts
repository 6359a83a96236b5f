// The parts of the page "Protocol designer": controls with a `value` that fire "input", and what its figures show.
import type {CramerRaoBounds, ModelInfo, OptimisedProtocol, OptimiseRequest, Protocol} from "../compute/core.js";
import type {RunOptions} from "../compute/pool.js";
import {boundBars} from "../view/charts/bound-bars.js";
import type {Grid} from "../view/charts/contours.js";
import {descent} from "../view/charts/descent.js";
import {heatMap} from "../view/charts/heat-map.js";
import {noData} from "../view/charts/spec.js";
import {h, uniqueId, type Child} from "../view/dom.js";
import {figure, type FigureChange} from "../view/figure.js";
import {formatNumber, formatQuantity, formatUnit} from "../view/format.js";
import {select, slider, type Control} from "../view/inputs/controls.js";
import {downloadButton} from "../view/inputs/download.js";
import {errorNotice, notice} from "../view/inputs/notice.js";
import {progress} from "../view/inputs/progress.js";
import {resultTable} from "../view/table.js";
import {
  exampleOf, formatColumn, limits, noiseKinds, noiseNames, parseColumn, stepOf, type NoiseKind
} from "./model-explorer.js";
import {settingControl} from "./model-explorer-view.js";
import {
  allocate, candidatesOf, columnsOf, costOf, designable, ends, freeParameters, goalsOf, presetsOf,
  protocolFiles, protocolOf, stretch, stretchable, stretchRange, tidy, verdict, type Allocation, type DesignerState
} from "./protocol-designer.js";

type Figured = Required<Pick<FigureChange, "caption" | "description" | "spec">> & Pick<FigureChange, "table">;

/** Times are shown in ms, signals without a unit. */
const shownUnit = (unit: string): string =>
  unit === "s" ? "ms" : unit === "degree" ? "°" : unit === "signal" ? "" : unit;
const shown = (value: number, unit: string): number => (unit === "s" ? Number((value * 1000).toFixed(4)) : value);
const stored = (value: number, unit: string): number => (unit === "s" ? Number((value / 1000).toFixed(7)) : value);
const titled = (name: string, unit: string): string =>
  shownUnit(unit) === "" ? name : `${name} (${formatUnit(shownUnit(unit))})`;
const percent = (relative: number | null): string =>
  relative === null ? "not identifiable" : formatQuantity(100 * relative, "%", {digits: 3});

/** One of the models that predict a signal. */
export function designSelect(models: readonly ModelInfo[], value: string): Control<string> {
  const control = select({label: "Model", options: designable(models).map(({id, name}) => [id, name] as const), value});
  control.classList.add("m-designer-model");
  return control;
}

/** What the controls hold. */
export interface DesignerValue {
  state: DesignerState;
  /** The protocol before its columns were stretched; the map lies over its stretches. */
  base: Record<string, number[]>;
  /** Why what was typed is no protocol. */
  error: unknown;
}

export interface DesignerControls extends Control<DesignerValue> {
  /** Takes over another protocol. */
  accept(protocol: Protocol): void;
}

function group(title: string, open: boolean, ...content: Child[]): HTMLDetailsElement {
  return h("details", {class: "m-explorer-group", open}, h("summary", {}, title), ...content);
}

/** Protocol, tissue and noise of one model. */
export function designerControls(model: ModelInfo, start: DesignerState): DesignerControls {
  const example = exampleOf(model.id);
  let base: Record<string, number[]> = start.protocol;
  let protocol: Record<string, number[]> = start.protocol;
  let error: unknown = null;

  const ownName = "";
  const presets = presetsOf(model);
  const preset = select({
    label: "Start from",
    options: [...presets.map(([name]) => [name, name] as const), [ownName, "your own"]]
  });
  const same = (one: Protocol): boolean =>
    Object.keys(one).length === Object.keys(protocol).length &&
    Object.entries(one).every(([name, values]) => String(values) === String(protocol[name]));
  const editor = h("div", {});
  const stretches = h("div", {});
  const cost = h("p", {class: "m-small"});
  const problem = h("div", {});

  const say = (): void => {
    const {acquisitions, longestTE, totalTR} = costOf(model, protocol);
    const parts = [
      `${acquisitions} ${acquisitions === 1 ? "acquisition" : "acquisitions"}`,
      longestTE === null ? "" : `longest TE ${formatQuantity(longestTE * 1000, "ms")}`,
      totalTR === null ? "" : `TR in all ${formatQuantity(totalTR, "s")}`
    ];
    cost.textContent = `Scan time goes with: ${parts.filter((part) => part !== "").join(", ")}.`;
    preset.value = presets.find(([, one]) => same(one))?.[0] ?? ownName;
  };
  const tell = (): void => {
    element.dispatchEvent(new Event("input"));
  };
  /** The reader edited the acquisitions. */
  const edited = (allocation: () => Allocation[]): void => {
    problem.replaceChildren();
    try {
      protocol = base = protocolOf(model, allocation());
      error = null;
      showStretches();
      say();
    } catch (fault) {
      error = fault;
      problem.replaceChildren(errorNotice(fault, "This is no protocol"));
    }
    tell();
  };
  const showEditor = (): void => editor.replaceChildren(protocolEditor(model, protocol, edited));
  const showStretches = (): void => {
    const all = stretchable(model, base).map(({name, unit}) => {
      const [min, max] = stretchRange(base, name, unit).map((value) => shown(value, unit));
      const step = stepOf([min, max]);
      const control = slider({
        label: `Largest ${name}`,
        // Sliders count their steps from the smallest value.
        min: step * Math.ceil(min / step),
        max: step * Math.floor(max / step),
        step,
        value: shown(ends(base[name])[1], unit),
        unit: shownUnit(unit),
        decimals: Math.max(0, -Math.round(Math.log10(step)))
      });
      return {name, unit, control, touched: false};
    });
    for (const each of all) {
      each.control.addEventListener("input", () => {
        each.touched = true;
        protocol = all
          .filter(({touched}) => touched)
          .reduce((one, {name, unit, control}) => {
            const wide = stretch(one, name, stored(control.value, unit));
            return {...wide, [name]: wide[name].map((value) => tidy(value, unit))};
          }, base);
        showEditor();
        say();
      });
    }
    stretches.replaceChildren(...all.map(({control}) => control));
  };
  const show = (): void => {
    problem.replaceChildren();
    error = null;
    showEditor();
    showStretches();
    say();
  };
  preset.addEventListener("input", () => {
    const found = presets.find(([name]) => name === preset.value);
    if (found === undefined) return;
    protocol = base = Object.fromEntries(Object.entries(found[1]).map(([name, values]) => [name, [...values]]));
    show();
  });

  const truths = model.parameters.map(({name, unit, description}) => {
    const [min, max] = example.ranges[name];
    const step = stepOf([min, max]);
    const own = unit === "degree" ? "°" : unit === "signal" ? "" : unit;
    const decimals = Math.max(0, -Math.round(Math.log10(step)));
    const control = slider({label: name, min, max, step, value: start.parameters[name], unit: own, decimals});
    control.title = description ?? "";
    return {name, control};
  });
  const knowns = model.parameters
    .filter(({held}) => held === null)
    .map(({name}) => {
      const box = h("input", {type: "checkbox", checked: start.known.includes(name)});
      return {name, box, label: h("label", {class: "m-explorer-known"}, box, name)};
    });
  const known = h(
    "fieldset",
    {class: "m-radios"},
    h("legend", {}, "Known beforehand"),
    h("div", {}, ...knowns.map(({label}) => label))
  );
  const settings = model.settings.map((info) => {
    const control = settingControl(info, start.settings[info.name]);
    control.write(start.settings[info.name]);
    return control;
  });
  const snr = slider({
    label: "SNR of the example's strongest sample",
    min: limits.snr[0],
    max: limits.snr[1],
    step: 1,
    value: start.snr
  });
  const kinds = noiseKinds(model);
  const noise = select<NoiseKind>({
    label: "Noise",
    options: kinds.map((kind) => [kind, noiseNames[kind]]),
    value: start.noise
  });
  const coils = slider({label: "Coils", min: limits.coils[0], max: limits.coils[1], step: 1, value: start.coils});
  const follow = (): void => {
    coils.hidden = noise.value !== "noncentral-chi";
  };
  follow();
  noise.addEventListener("input", follow);

  const narrow = matchMedia("(max-width: 63rem)").matches;
  const element = h(
    "form",
    {class: "m-explorer-form m-designer-form", "aria-label": "Protocol, tissue and noise"},
    group("Protocol", true, preset, stretches, editor, cost, problem, ...settings.map((each) => each.element)),
    group("Tissue", !narrow, ...truths.map(({control}) => control), knowns.length > 1 ? known : null),
    group("Noise", !narrow, snr, kinds.length > 1 ? noise : null, coils)
  );
  element.addEventListener("submit", (event) => event.preventDefault());
  show();
  const value = (): DesignerValue => ({
    state: {
      model: model.id,
      parameters: Object.fromEntries(truths.map(({name, control}) => [name, control.value])),
      known: knowns.filter(({box}) => box.checked).map(({name}) => name),
      protocol,
      settings: Object.fromEntries(settings.flatMap(({name, read}) => (read() === null ? [] : [[name, read()!]]))),
      snr: snr.value,
      noise: kinds.length > 1 ? noise.value : "gaussian",
      coils: coils.value
    },
    base,
    error
  });
  const accept = (other: Protocol): void => {
    protocol = base = Object.fromEntries(Object.entries(other).map(([name, values]) => [name, [...values]]));
    show();
    tell();
  };
  return Object.assign(Object.defineProperty(element, "value", {get: value}), {accept}) as unknown as DesignerControls;
}

/** A number input in a table cell; what is typed is complete when the field is left. */
function cellInput(value: number, label: string, options: {min: number; step: number | "any"}): HTMLInputElement {
  return h("input", {type: "number", value, "aria-label": label, ...options});
}

/** The most rows and columns of a table of two columns' values; longer protocols are a list. */
const mostCells = [16, 8];

/**
 * The acquisitions as a table: of a protocol with two columns one column down and the other across, with the number of
 * times that each pair is acquired; of any other a list of its different acquisitions.
 */
function protocolEditor(
  model: ModelInfo,
  protocol: Protocol,
  edited: (allocation: () => Allocation[]) => void
): HTMLElement {
  const columns = columnsOf(model, protocol);
  const allocation = allocate(model, protocol);
  const element = h("div", {class: "m-designer-editor", tabindex: 0, role: "region", "aria-label": "Acquisitions"});
  element.addEventListener("input", (event) => event.stopPropagation());
  const distinct = (name: string): number[] => [...new Set(allocation.map(({at}) => at[name]))].sort((a, b) => a - b);
  const crossed =
    columns.length === 2 &&
    distinct(columns[0].name).length <= mostCells[0] &&
    distinct(columns[1].name).length <= mostCells[1];
  const redraw = (all: readonly Allocation[]): void => {
    edited(() => [...all]);
    element.replaceWith(protocolEditor(model, all.length === 0 ? protocol : protocolOf(model, all), edited));
  };
  element.append(crossed ? crossTable() : listTable());
  return element;

  function crossTable(): HTMLElement {
    const [down, across] = columns;
    const rows = distinct(down.name).map((value) =>
      cellInput(shown(value, down.unit), `${down.name} of the row`, {min: 0, step: "any"})
    );
    const heads = distinct(across.name).map((value) =>
      cellInput(shown(value, across.unit), `${across.name} of the column`, {min: 0, step: "any"})
    );
    const [ys, xs] = [distinct(down.name), distinct(across.name)];
    const counts = ys.map((y) =>
      xs.map((x) => {
        const found = allocation.find(({at}) => at[down.name] === y && at[across.name] === x);
        const place = `${down.name} ${shown(y, down.unit)}, ${across.name} ${shown(x, across.unit)}`;
        const label = `Times that ${place} is acquired`;
        return cellInput(found?.count ?? 0, label, {min: 0, step: 1});
      })
    );
    const read = (): Allocation[] =>
      rows.flatMap((row, i) =>
        heads.flatMap((head, j) => {
          const count = Math.max(0, Math.round(counts[i][j].valueAsNumber || 0));
          const at = {
            [down.name]: stored(row.valueAsNumber, down.unit),
            [across.name]: stored(head.valueAsNumber, across.unit)
          };
          return count > 0 ? [{at, count}] : [];
        })
      );
    element.addEventListener("change", () => edited(read));
    const more = (axis: ModelInfo["protocol"][number], other: ModelInfo["protocol"][number]): HTMLElement => {
      const button = h("button", {type: "button", class: "m-button"}, `Add a ${axis.name}`);
      button.addEventListener("click", () => {
        const largest = Math.max(...distinct(axis.name));
        const next = tidy(largest * 1.2 + (axis.unit === "s" ? 0.001 : 1), axis.unit);
        const at = (value: number): Allocation["at"] => ({[axis.name]: next, [other.name]: value});
        redraw([...read(), ...distinct(other.name).map((value) => ({at: at(value), count: 1}))]);
      });
      return button;
    };
    const heading = titled(across.name, across.unit);
    return h(
      "div",
      {},
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h("tr", {}, h("td", {}), h("th", {scope: "colgroup", colspan: heads.length}, heading)),
          h("tr", {}, h("th", {scope: "col"}, titled(down.name, down.unit)), ...heads.map((head) => h("td", {}, head)))
        ),
        h(
          "tbody",
          {},
          ...rows.map((row, i) => h("tr", {}, h("td", {}, row), ...counts[i].map((count) => h("td", {}, count))))
        )
      ),
      h("p", {class: "m-designer-buttons"}, more(down, across), more(across, down)),
      h("p", {class: "m-small"}, "In each cell how often that pair is acquired; 0 leaves it out.")
    );
  }

  function listTable(): HTMLElement {
    const rows = allocation.map(({at, count}) => ({
      fields: columns.map(({name, unit}) => cellInput(shown(at[name], unit), name, {min: 0, step: "any"})),
      count: cellInput(count, "Times acquired", {min: 0, step: 1})
    }));
    const read = (): Allocation[] =>
      rows.flatMap(({fields, count}) => {
        const times = Math.max(0, Math.round(count.valueAsNumber || 0));
        const at = Object.fromEntries(columns.map(({name, unit}, i) => [name, stored(fields[i].valueAsNumber, unit)]));
        return times > 0 ? [{at, count: times}] : [];
      });
    element.addEventListener("change", () => edited(read));
    const add = h("button", {type: "button", class: "m-button"}, "Add an acquisition");
    add.addEventListener("click", () => {
      const last = allocation.at(-1)!;
      const [{name, unit}] = columns;
      const next = name === "MT" ? 1 - last.at[name] : tidy(last.at[name] * 1.2 + (unit === "s" ? 0.001 : 1), unit);
      redraw([...read(), {at: {...last.at, [name]: next}, count: 1}]);
    });
    return h(
      "div",
      {},
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...columns.map(({name, unit}) => h("th", {scope: "col"}, titled(name, unit))),
            h("th", {scope: "col"}, "Times")
          )
        ),
        h(
          "tbody",
          {},
          ...rows.map(({fields, count}) => h("tr", {}, ...[...fields, count].map((field) => h("td", {}, field))))
        )
      ),
      h("p", {class: "m-designer-buttons"}, add)
    );
  }
}

/** Relative bounds of the reader's protocol beside those of the preset that the model starts with. */
export function boundsFigure(model: ModelInfo, bounds: CramerRaoBounds, reference: CramerRaoBounds | null): Figured {
  const [[first]] = presetsOf(model);
  const named = (all: CramerRaoBounds, group: string) =>
    all.parameters.map(({name, relative}) => ({
      label: name,
      percent: relative === null ? null : 100 * relative,
      group
    }));
  const rows = [...(reference === null ? [] : named(reference, first)), ...named(bounds, "Your protocol")];
  const open = bounds.not_identifiable;
  const unknown = open.length > 0 ? ` Not identifiable with your protocol: ${open.join(", ")}.` : "";
  const each = bounds.parameters.map(({name, relative}) => `${name} ${percent(relative)}`);
  return {
    caption:
      "Smallest standard deviation that an unbiased estimate of each parameter can have, as a share of its value, on " +
      `a logarithmic axis. Dashed: 10 % and 100 %.${unknown}`,
    description: `Relative bounds with your protocol: ${each.join(", ")}.`,
    spec: boundBars(rows),
    table: {
      columns: [
        {key: "label", label: "Parameter", header: true},
        {key: "group", label: "Protocol"},
        {key: "percent", label: "Relative bound", unit: "%", digits: 3}
      ],
      rows: rows.map((row) => ({...row})),
      limit: 20
    }
  };
}

/** What the bounds come to, in a sentence. */
export function boundsText({parameters}: CramerRaoBounds): string {
  const of = (kind: ReturnType<typeof verdict>): string[] =>
    parameters.filter(({relative}) => verdict(relative) === kind).map(({name}) => name);
  const parts = (
    [
      ["well", "to 10 % or better"],
      ["roughly", "to between 10 and 50 %"],
      ["hardly", "worse than to 50 %"],
      ["not identifiable", "not at all"]
    ] as const
  ).flatMap(([kind, text]) => (of(kind).length > 0 ? [`${of(kind).join(", ")} ${text}`] : []));
  return `One voxel of this acquisition tells ${parts.join("; ")}.`;
}

/** Value, bound and verdict of each parameter. */
export function boundsTable(bounds: CramerRaoBounds): HTMLElement {
  return resultTable({
    id: "designer-bounds",
    caption: "Bounds of your protocol",
    columns: [
      {key: "name", label: "Parameter", header: true},
      {key: "unit", label: "Unit"},
      {key: "value", label: "Value", digits: 4},
      {key: "sd", label: "Smallest SD", digits: 3},
      {key: "percent", label: "Relative bound", unit: "%", digits: 3},
      {key: "verdict", label: "Told"}
    ],
    rows: bounds.parameters.map(({name, unit, value, sd, relative}) => ({
      name,
      unit: unit === "signal" ? "" : formatUnit(unit),
      value,
      sd,
      percent: relative === null ? null : 100 * relative,
      verdict: verdict(relative)
    })),
    note: "An empty cell has no finite number."
  });
}

/** What the map shows. */
export interface MapChoice {
  shown: string;
  x: string;
  y: string;
}

/** Parameter and the two columns of the map; null where the protocol has no two columns to stretch. */
export function mapChoice(model: ModelInfo, state: DesignerState, start: string | null): Control<MapChoice | null> {
  const columns = stretchable(model, state.protocol).map(({name}) => name);
  const free = model.parameters.filter(({held}) => held === null).map(({name}) => name);
  const [goal] = goalsOf(model, {known: []}).slice(-1);
  const parameter = select({label: "Parameter", options: free, value: start ?? goal});
  const across = select({label: "Across", options: columns, value: columns.at(-1)});
  const up = select({label: "Up", options: columns, value: columns[0]});
  const several = columns.length > 1;
  const element = h("div", {class: "m-explorer-pair"}, parameter, ...(columns.length > 2 ? [across, up] : []));
  const value = (): MapChoice | null => {
    const [x, y] = several ? [across.value, up.value] : [columns[0] ?? "", ""];
    return {shown: parameter.value, x, y};
  };
  return Object.defineProperty(element, "value", {get: value}) as unknown as Control<MapChoice | null>;
}

/** Both controls as one source: whichever changes, the map is drawn anew. */
export function relayed(
  controls: DesignerControls,
  choice: Control<MapChoice | null>
): EventTarget & {readonly value: {designer: DesignerValue; choice: MapChoice | null}} {
  const source = new EventTarget();
  for (const each of [controls, choice]) each.addEventListener("input", () => source.dispatchEvent(new Event("input")));
  const value = () => ({designer: controls.value, choice: choice.value});
  return Object.defineProperty(source, "value", {get: value}) as ReturnType<typeof relayed>;
}

/** Isolines of a relative bound in %. */
const levels = [1, 2, 5, 10, 20, 50, 100, 200];

/** The bound of one parameter over the largest values of two columns, with the reader's protocol on it. */
export function mapFigure(model: ModelInfo, surface: Grid, choice: MapChoice, protocol: Protocol): Figured {
  const unitOf = (name: string): string => model.protocol.find((column) => column.name === name)!.unit;
  const {x, y, shown: parameter} = choice;
  const [ux, uy] = [unitOf(x), unitOf(y)];
  const finite = Array.from(surface.values).filter(Number.isFinite);
  const lowest = finite.length === 0 ? null : Math.min(...finite);
  // Beyond 200 % a bound says nothing more; the colours are kept for what does.
  const top = finite.length === 0 ? 100 : Math.min(200, Math.max(...finite));
  const best = lowest === null ? -1 : Array.from(surface.values).indexOf(lowest);
  const place = (i: number): string =>
    `largest ${x} ${formatQuantity(shown(surface.xs[i % surface.xs.length], ux), shownUnit(ux))} and largest ${y} ` +
    `${formatQuantity(shown(surface.ys[Math.floor(i / surface.xs.length)], uy), shownUnit(uy))}`;
  const description =
    lowest === null
      ? `${parameter} is not identifiable anywhere on this map.`
      : `Relative bound of ${parameter} from ${formatNumber(lowest, {digits: 3})} % (at ${place(best)}) to ` +
        `${formatNumber(Math.max(...finite), {digits: 3})} %.`;
  const marker = {x: shown(ends(protocol[x])[1], ux), y: shown(ends(protocol[y])[1], uy)};
  const domain: [number, number] = [0, top];
  return {
    caption:
      `Your protocol with ${x} and ${y} stretched until their largest values are those of the axes; the smallest ` +
      `stay. The cross is where you are. Colour: relative bound of ${parameter} in % (at most 200); blank: not ` +
      `identifiable. ${description}`,
    description,
    spec: heatMap(
      {
        surface: {
          xs: surface.xs.map((value) => shown(value, ux)),
          ys: surface.ys.map((value) => shown(value, uy)),
          values: surface.values
        },
        marker
      },
      {
        xTitle: `Largest ${x}`,
        xUnit: shownUnit(ux),
        yTitle: `Largest ${y}`,
        yUnit: shownUnit(uy),
        valueTitle: `${parameter} (%)`,
        domain,
        levels: levels.filter((level) => level < top),
        description,
        height: 340
      }
    ),
    table: {
      columns: [
        {key: "x", label: `Largest ${x}`, unit: shownUnit(ux)},
        {key: "y", label: `Largest ${y}`, unit: shownUnit(uy)},
        {key: "bound", label: "Relative bound", unit: "%", digits: 3}
      ],
      rows: surface.ys.flatMap((along, j) =>
        surface.xs.map((across, i) => {
          const value = surface.values[j * surface.xs.length + i];
          return {x: shown(across, ux), y: shown(along, uy), bound: Number.isFinite(value) ? value : null};
        })
      )
    }
  };
}

/** What stands for the map where the protocol has but one column to stretch. */
export const noMap: Figured = {
  caption: "This protocol has no two columns that can be stretched.",
  description: "No map.",
  spec: noData("This protocol has no two columns that can be stretched.", {height: 120})
};

export interface OptimiserPanel extends HTMLElement {
  /** Follows the page's settings. */
  update(value: DesignerValue): void;
  cancel(): void;
}

/** As many acquisitions as the protocol has, or three for each parameter where that is more. */
function enough(model: ModelInfo, state: DesignerState): number {
  return Math.max(costOf(model, state.protocol).acquisitions, 3 * freeParameters(model, state).length);
}

/**
 * Goals, candidates and number of acquisitions, the button that starts the search, and its outcome with a button that
 * takes it over.
 */
export function optimiserPanel({
  model,
  start,
  situation,
  run,
  accept
}: {
  model: ModelInfo;
  start: DesignerState;
  /** Tissue and noise as the page has them. */
  situation: (state: DesignerState) => OptimiseRequest["situation"];
  run: (request: OptimiseRequest, options: RunOptions) => Promise<OptimisedProtocol>;
  accept: (protocol: Protocol) => void;
}): OptimiserPanel {
  let state = start;
  let controller: AbortController | null = null;
  const goals = model.parameters
    .filter(({held}) => held === null)
    .map(({name}) => {
      const box = h("input", {type: "checkbox", checked: goalsOf(model, start).includes(name)});
      return {name, box, label: h("label", {class: "m-explorer-known"}, box, name)};
    });
  const candidates = Object.entries(candidatesOf(model, start.protocol)).map(([name, values]) => {
    const id = uniqueId("candidates");
    const {unit} = model.protocol.find((column) => column.name === name)!;
    const field = h("input", {
      type: "text",
      id,
      spellcheck: "false",
      autocomplete: "off",
      value: formatColumn(values.map((value) => shown(value, unit)))
    });
    const label = h("label", {for: id}, `Candidates for ${titled(name, unit)}`);
    return {name, unit, field, element: h("div", {class: "m-explorer-column"}, label, field)};
  });
  const countId = uniqueId("acquisitions");
  const count = h("input", {type: "number", id: countId, min: 1, max: 200, step: 1, value: enough(model, start)});
  const button = h("button", {type: "button", class: "m-button m-button-primary"}, "Optimise");
  const work = h("div", {});
  const outcome = h("div", {"aria-live": "polite"});

  button.addEventListener("click", async () => {
    const own = (controller = new AbortController());
    const bar = progress({label: "Searching for a better protocol", controller: own});
    work.replaceChildren(bar.element);
    button.disabled = true;
    document.documentElement.dataset.optimise = "running";
    try {
      const chosen = goals.filter(({name, box}) => box.checked && !state.known.includes(name)).map(({name}) => name);
      const request: OptimiseRequest = {
        situation: situation(state),
        protocol: state.protocol,
        candidates: Object.fromEntries(
          candidates.map(({name, unit, field}) => [
            name,
            parseColumn(name, field.value).map((value) => stored(value, unit))
          ])
        ),
        acquisitions: count.valueAsNumber,
        minimise: Object.fromEntries(chosen.map((name) => [name, 1]))
      };
      const found = await run(request, {signal: own.signal});
      outcome.replaceChildren(...optimised(model, found, chosen, accept));
      document.documentElement.dataset.optimise = "done";
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === "AbortError";
      if (!stopped) work.append(errorNotice(error, "No protocol was searched for"));
      document.documentElement.dataset.optimise = stopped ? "idle" : "failed";
    } finally {
      bar.finish();
      button.disabled = false;
    }
  });
  const element = h(
    "div",
    {class: "m-designer-optimiser"},
    h(
      "fieldset",
      {class: "m-radios"},
      h("legend", {}, "Lower the bounds of"),
      h("div", {}, ...goals.map(({label}) => label))
    ),
    ...candidates.map((each) => each.element),
    h("div", {class: "m-explorer-column"}, h("label", {for: countId}, "Number of acquisitions"), count),
    button,
    work,
    outcome
  );
  return Object.assign(element, {
    update: ({state: next}: DesignerValue) => {
      state = next;
    },
    cancel: () => controller?.abort()
  });
}

/** Before and after, the way there, and the button that takes it over. */
function optimised(
  model: ModelInfo,
  found: OptimisedProtocol,
  goals: readonly string[],
  accept: (protocol: Protocol) => void
): HTMLElement[] {
  const {before, after, allocation, exchanges, protocol} = found;
  const take = h("button", {type: "button", class: "m-button"}, "Take this protocol over");
  take.addEventListener("click", () => accept(protocol));
  const columns = columnsOf(model, protocol);
  const [first, last] = found.criterion;
  const inPercent = (value: number | null): number | null => (value === null ? null : 100 * value);
  const criteria = [first, ...exchanges.map(({criterion}) => criterion)];
  const steps = criteria.map((criterion, step) => ({step, value: inPercent(criterion)}));
  const named = (value: number | null): string =>
    value === null ? "infinite" : `${formatNumber(100 * value, {digits: 3})} %`;
  const title = `Criterion (%): root of the summed squares of ${goals.join(", ")}`;
  const way = figure({
    id: "descent",
    title: "The way to the better protocol",
    caption:
      first === null
        ? "Each step replaces one acquisition. At the start a goal was not identifiable, so that it had no finite " +
          "criterion."
        : "Each step replaces one acquisition by the candidate that lowers the criterion most; it never rises.",
    description: `${exchanges.length} replacements bring the criterion from ${named(first)} to ${named(last)}.`,
    spec: descent(steps, {title: "Criterion (%)", description: title}),
    table: {
      columns: [
        {key: "step", label: "Step", decimals: 0},
        {key: "value", label: "Criterion", unit: "%", digits: 4}
      ],
      rows: steps
    }
  });
  const bounds = resultTable({
    id: "designer-optimised",
    caption: "Relative bounds before and after",
    columns: [
      {key: "name", label: "Parameter", header: true},
      {key: "before", label: "Before", unit: "%", digits: 3, format: (value) => text(value)},
      {key: "after", label: "After", unit: "%", digits: 3, format: (value) => text(value)},
      {key: "goal", label: "Goal"}
    ],
    rows: after.parameters.map(({name, relative}, i) => ({
      name,
      before: before.parameters[i].relative,
      after: relative,
      goal: goals.includes(name) ? "yes" : ""
    }))
  });
  const list = resultTable({
    id: "designer-allocation",
    caption: "The protocol that was found",
    columns: [
      ...columns.map(({name, unit}) => ({
        key: name,
        label: name,
        unit: shownUnit(unit),
        format: (value: unknown) => String(value)
      })),
      {key: "count", label: "Times", decimals: 0}
    ],
    rows: allocation.map(({at, count}) => ({
      ...Object.fromEntries(columns.map(({name, unit}) => [name, shown(at[name], unit)])),
      count
    }))
  });
  if (last === null) {
    const hint = "Allow more acquisitions (at least as many as parameters), other candidates, or fewer goals.";
    return [notice(`No protocol of these candidates identifies ${goals.join(", ")}.`, hint), bounds];
  }
  return [bounds, list, h("p", {}, take), way];
}

const text = (value: unknown): string =>
  typeof value === "number" ? formatNumber(100 * value, {digits: 3}) : "not identifiable";

/** The protocol to take along. */
export function protocolDownloads(model: ModelInfo, state: DesignerState, bounds: CramerRaoBounds | null): HTMLElement {
  return h(
    "p",
    {class: "m-fit-downloads"},
    ...protocolFiles(model, state, bounds).map(({label, name, type, content}) =>
      downloadButton({
        label,
        fileName: name,
        type,
        content: () => content,
        description: `Download the protocol as ${label}`
      })
    )
  );
}

