// The parts of the page "Agreement workbench": each an element with a `value` that fires "input", or a finished block.
import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import type {ColumnNeed, Method, MethodReport, OptionNeed, Table} from "../domain/statistics/method.js";
import type {MethodFigure} from "../domain/statistics/method-figures.js";
import {methods} from "../domain/statistics/methods.js";
import type {Rows} from "../io/database.js";
import {readMethodTable} from "../io/method-table.js";
import {decodeText} from "../io/text.js";
import {writeCsv} from "../io/tsv.js";
import {blandAltman} from "../view/charts/bland-altman.js";
import {heatMap} from "../view/charts/heat-map.js";
import {intervals} from "../view/charts/intervals.js";
import {levels} from "../view/charts/levels.js";
import {qq} from "../view/charts/qq.js";
import {residuals} from "../view/charts/residuals.js";
import {roc} from "../view/charts/roc.js";
import {scatter} from "../view/charts/scatter.js";
import {spaghetti} from "../view/charts/spaghetti.js";
import {h, uniqueId} from "../view/dom.js";
import {figure, type FigureOptions} from "../view/figure.js";
import {formatNumber} from "../view/format.js";
import {select, type Control} from "../view/inputs/controls.js";
import {downloadButton} from "../view/inputs/download.js";
import {fileDrop} from "../view/inputs/file-drop.js";
import {errorNotice} from "../view/inputs/notice.js";
import {resultTable, type TableColumn, type TableRow} from "../view/table.js";
import {
  defaultLevel, ownTable, placeOf, reportCsv, settingsFor, startSettings, type Settings
} from "./workbench.js";

/** A table that the reader gave, and what it is called. */
export interface Source {
  table: Table;
  /** The example that it is, null for the reader's own. */
  example: Example | null;
  /** Whether it is the answer to a query. */
  queried?: boolean;
}

/** A table that comes with the site. */
export interface Example {
  id: string;
  label: string;
  note: string;
  /** Path in the repository, for the command line. */
  file: string;
  unit: string;
  read: () => Promise<string>;
}

export interface TableSource extends Control<Source | null> {
  /** Takes an example, as the button does. */
  load(id: string): Promise<void>;
}

/** Where the page stands, as the style sheet and the tests see it. */
export function setState(state: "idle" | "ready" | "running" | "done" | "failed"): void {
  document.documentElement.dataset.workbench = state;
}

/** Drop, paste, examples and the database: ways to one table. What cannot be read is told where it came from. */
export function tableSource({examples, queries, query}: {
  examples: readonly Example[];
  /** Tables of the database with a query to begin with. */
  queries: readonly {table: string; sql: string}[];
  query: (sql: string, given: Table | null) => Promise<Rows>;
}): TableSource {
  let value: Source | null = null;
  // The reader's own table or example; what a query gives is none.
  let given: Table | null = null;
  const shown = h("div", {class: "m-bench-table"});
  const errors = h("div", {"aria-live": "assertive"});
  const take = (next: Source): void => {
    value = next;
    if (!next.queried) given = next.table;
    errors.replaceChildren();
    shown.replaceChildren(preview(next));
    setState("ready");
  };
  const announce = () => element.dispatchEvent(new Event("input", {bubbles: true}));
  const drop = fileDrop({
    label: "Drop a CSV or TSV table, or choose the file",
    hint: "One row for each measurement (long) or for each subject (wide), with a row of column names",
    accept: ".csv,.tsv,.txt,text/csv,text/tab-separated-values",
    async check(files) {
      if (files.length !== 1) {
        throw new InputError({code: "file-count", field: "files", value: files.length, expected: "one table"});
      }
      const [file] = files;
      take({table: readMethodTable(decodeText(new Uint8Array(await file.arrayBuffer()), file.name), file.name),
        example: null});
    }
  });
  const own = (make: () => Promise<Source> | Source) => async () => {
    try {
      const next = await make();
      drop.clear();
      take(next);
      announce();
    } catch (error) {
      errors.replaceChildren(errorNotice(error));
    }
  };
  const area = (label: string, rows: number, text: string) => {
    const id = uniqueId("text");
    const input = h("textarea", {id, rows, spellcheck: "false", wrap: "off"});
    input.value = text;
    // Typing is no answer yet: the button is.
    input.addEventListener("input", (event) => event.stopPropagation());
    return {input, element: h("div", {class: "m-bench-text"}, h("label", {for: id}, label), input)};
  };
  const button = (label: string, run: () => Promise<void>) => {
    const element = h("button", {type: "button", class: "m-button"}, label);
    element.addEventListener("click", async () => {
      element.disabled = true;
      await run();
      element.disabled = false;
    });
    return element;
  };
  const paste = area("Table, with tabs (as copied from a spreadsheet), commas or semicolons between the cells", 6, "");
  const sql = area("Query", 4, queries[0].sql);
  const begin = select({
    label: "Begin with the table", value: queries[0].table,
    options: [...queries.map(({table}) => table), [ownTable, `${ownTable}: the one that you gave above`]]
  });
  begin.addEventListener("input", (event) => {
    event.stopPropagation();
    sql.input.value = queries.find(({table}) => table === begin.value)?.sql ?? `SELECT *\nFROM ${ownTable}`;
  });
  const load = async (id: string) => {
    const example = examples.find((one) => one.id === id);
    if (example !== undefined) {
      await own(async () => ({table: readMethodTable(await example.read(), example.file), example}))();
    }
  };
  const element = h("div", {class: "m-bench-source"},
    drop,
    h("details", {}, h("summary", {}, "Paste a table"), paste.element, button("Read this table",
      own(() => ({table: readMethodTable(paste.input.value, "pasted-table.csv"), example: null})))),
    h("details", {}, h("summary", {}, "Take a table from the database"), begin, sql.element,
      h("p", {class: "m-bench-summary"}, "DuckDB holds every table that comes with this site, and yours. ",
        "A query may join, filter and reshape them."),
      button("Run the query", own(async () => {
        const asked = sql.input.value;
        const own = new RegExp(`\\b${ownTable}\\b`, "i").test(asked);
        if (own && given === null) {
          throw new InputError({
            code: "missing-table", field: "query", value: ownTable, expected: "a table given above"
          });
        }
        return {table: queriedTable(await query(asked, own ? given : null)), example: null, queried: true};
      }))),
    h("p", {class: "m-bench-examples"}, ...examples.flatMap(({id, label, note}) =>
      [button(label, () => load(id)), ` ${note}`])),
    errors, shown);
  setState("idle");
  return Object.assign(Object.defineProperty(element, "value", {get: () => value}), {load}) as unknown as TableSource;
}

/** Rows of a query as a table of text; a number that is not finite is missing. */
export function queriedTable(rows: Rows): Table {
  const text = (cell: unknown) => cell === null || cell === undefined || Number.isNaN(cell) ? null : String(cell);
  return {
    file: "query.csv", columns: rows.columns,
    rows: rows.map((row) => rows.columns.map((column) => text(row[column])))
  };
}

function preview({table: {file, columns, rows}, example}: Source): HTMLElement {
  const missing = rows.reduce((count, row) => count + row.filter((cell) => cell === null).length, 0);
  const first = 5;
  // The command line needs a file, which a pasted or queried table is not yet.
  const save = downloadButton({
    label: "CSV", fileName: file.replace(/(\.[a-z]+)?$/i, ".csv"), type: "text/csv",
    description: "Download this table as CSV",
    content: () => writeCsv([...columns],
      rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]]))))
  });
  return h("div", {}, resultTable({
    caption: `${file}: ${rows.length} rows, ${columns.length} columns, ${missing} missing cells`,
    columns: columns.map((name, i) => ({key: String(i), label: name, header: i === 0})),
    rows: rows.slice(0, first).map((row) => Object.fromEntries(row.map((cell, i) => [String(i), cell]))),
    note: rows.length > first ? `The first ${first} rows. Messages count the header as row 1.` : undefined
  }), example === null ? h("p", {class: "m-bench-downloads"}, save) : null);
}

// ---------- settings ----------

export interface SettingsForm extends Control<Settings> {
  /** Tells a fault at the input that it belongs to, and takes an earlier one away. */
  showError(error: unknown): void;
}

/** What a reader, or a link, chose last: the next table is asked the same. Null while everything is guessed. */
export interface Chosen {
  settings: Settings | null;
}

/** Method, variant, columns and options; what was not chosen is guessed, and again when the method changes. */
export function settingsForm({table, example}: Source, chosen: Chosen): SettingsForm {
  let settings = settingsFor(table, chosen.settings, example?.unit ?? "");
  let method = byId(methods, settings.method);
  const places = new Map<string, HTMLElement>();
  const body = h("div", {class: "m-bench-fields"});
  const general = h("div", {});
  const change = (next: Partial<Settings>) => {
    settings = chosen.settings = {...settings, ...next};
    element.dispatchEvent(new Event("input", {bubbles: true}));
  };
  // Native events would fire with the settings as they were; ours follow them.
  const quiet = (control: HTMLElement, act: () => void, type = "input") => {
    control.addEventListener("input", (event) => {
      event.stopPropagation();
      if (type === "input") act();
    });
    if (type !== "input") control.addEventListener(type, act);
  };
  const place = (key: string, ...content: HTMLElement[]) => {
    const fault = h("div", {"aria-live": "polite"});
    places.set(key, fault);
    return h("div", {class: "m-bench-field"}, ...content, fault);
  };
  const chooser = select({
    label: "Method", options: methods.map(({id, name}) => [id, name] as const), value: method.id
  });
  quiet(chooser, () => {
    method = byId(methods, chooser.value);
    const {level, unit} = settings;
    settings = {...startSettings(method, table), level, unit};
    fill();
    change(settings);
  });

  const textField = (label: string, hint: string, text: string, act: (text: string) => void) => {
    const id = uniqueId("field");
    const input = h("input", {type: "text", id, value: text, autocomplete: "off",
      "aria-describedby": hint === "" ? null : `${id}-hint`});
    quiet(input, () => act(input.value.trim()), "change");
    return h("div", {class: "m-select"}, h("label", {for: id}, label), input,
      hint === "" ? null : h("small", {id: `${id}-hint`}, hint));
  };
  const setColumns = (need: ColumnNeed, names: readonly string[]) => {
    const columns = {...settings.columns};
    if (names.length === 0) delete columns[need.role];
    else columns[need.role] = names;
    change({columns});
  };
  const columnField = (need: ColumnNeed) => {
    const chosen = settings.columns[need.role] ?? [];
    const label = `${need.role}${need.required ? "" : " (optional)"}`;
    if (need.many) {
      const boxes = table.columns.map((name) =>
        h("input", {type: "checkbox", value: name, checked: chosen.includes(name)}));
      const field = h("fieldset", {class: "m-radios"}, h("legend", {}, label),
        h("div", {}, ...table.columns.map((name, i) => h("label", {}, boxes[i], name))),
        h("small", {}, need.description));
      quiet(field, () => setColumns(need, boxes.filter(({checked}) => checked).map(({value}) => value)));
      return place(`c.${need.role}`, field);
    }
    const control = select({
      label, value: chosen[0] ?? "", options: [["", "none"], ...table.columns.map((name) => [name, name] as const)]
    });
    control.append(h("small", {}, need.description));
    quiet(control, () => setColumns(need, control.value === "" ? [] : [control.value]));
    return place(`c.${need.role}`, control);
  };
  const setOption = (id: string, text: string) => {
    const options = {...settings.options};
    if (text === "") delete options[id];
    else options[id] = text;
    change({options});
  };
  const optionField = ({id, kind, choices, description, default: value}: OptionNeed) => {
    const given = settings.options[id] ?? "";
    if (kind === "choice") {
      const standard = value === undefined ? "default" : `${value} (default)`;
      const control = select({
        label: id, value: given,
        options: [["", standard], ...choices!.filter((one) => one !== value).map((one) => [one, one] as const)]
      });
      control.append(h("small", {}, description));
      quiet(control, () => setOption(id, control.value));
      return place(`o.${id}`, control);
    }
    const hint = value === undefined ? description : `${description}; default ${value}`;
    return place(`o.${id}`, textField(id, hint, given, (text) => setOption(id, text)));
  };
  const variantField = () => {
    const control = select({
      label: "Variant", value: settings.variant,
      options: method.variants.map(({id, name}) => [id, `${id}: ${name}`] as const)
    });
    const source = h("small", {});
    const tell = () => (source.textContent = byId(method.variants, settings.variant).citation);
    control.append(source);
    tell();
    quiet(control, () => {
      change({variant: control.value});
      tell();
    });
    return place("variant", control);
  };
  const fill = () => {
    places.clear();
    general.replaceChildren(place("method", chooser), h("p", {class: "m-bench-summary"}, `${method.summary}.`),
      ...(method.variants.length > 1 ? [variantField()] : []));
    const options = method.options.map(optionField);
    body.replaceChildren(
      h("h3", {}, "Columns"),
      h("div", {class: "m-bench-grid"}, ...method.columns.map(columnField)),
      h("details", {open: Object.keys(settings.options).length > 0}, h("summary", {}, "Options"),
        h("div", {class: "m-bench-grid"},
          place("level", textField("Confidence level", `two-sided; default ${defaultLevel}`, settings.level,
            (level) => change({level: level === "" ? defaultLevel : level}))),
          h("div", {class: "m-bench-field"}, textField("Unit", "of the values, for labels", settings.unit,
            (unit) => change({unit}))),
          ...options)),
      place("table"));
  };
  const element = h("div", {class: "m-bench-form"}, general, body);
  fill();
  return Object.assign(Object.defineProperty(element, "value", {get: () => settings}), {
    showError(error: unknown) {
      for (const fault of places.values()) fault.replaceChildren();
      if (error === null || error === undefined) return;
      const key = error instanceof InputError ? placeOf(error, method) : "table";
      const fault = places.get(key) ?? places.get("table")!;
      fault.closest("details")?.setAttribute("open", "");
      fault.replaceChildren(errorNotice(error));
    }
  }) as unknown as SettingsForm;
}

/** What stands where nothing can be chosen or shown yet; as an input it has the value null. */
export function placeholder(text: string): Control<null> {
  return Object.assign(h("p", {class: "m-fit-placeholder", hidden: text === ""}, text), {value: null});
}

// ---------- results ----------

/** Estimates with their intervals, and files of them. */
export function reportTable(report: MethodReport, method: Method, unit: string): HTMLElement {
  const rows = report.estimates.map((one) => ({
    ...one,
    interval: one.lower === null && one.upper === null ? null
      : `${end(one.lower, "−∞")} to ${end(one.upper, "∞")}`,
    unit: one.unit ?? unit
  }));
  const level = report.estimates.find((one) => one.level !== null)?.level;
  const left = report.dropped.length === 0 ? "no cell left out" : `${report.dropped.length} cells left out`;
  const stem = `measurand-${method.id}`;
  return h("div", {},
    resultTable({
      id: "bench-estimates",
      caption: `${method.name}: n = ${report.n}, ${left}`,
      columns: [
        {key: "name", label: "Estimate", header: true},
        {key: "value", label: "Value", digits: 5},
        {
          key: "interval", align: "right",
          label: level === undefined ? "Interval" : `${Number((100 * level!).toPrecision(10))} % interval`
        },
        ...(rows.some((row) => row.unit !== "") ? [{key: "unit", label: "Unit"}] : []),
        {key: "note", label: "How"}
      ],
      rows
    }),
    h("p", {class: "m-bench-downloads", role: "group", "aria-label": "Downloads of the results"},
      downloadButton({label: "CSV", fileName: `${stem}.csv`, type: "text/csv", content: () => reportCsv(report),
        description: "Download the estimates as CSV"}),
      downloadButton({label: "JSON", fileName: `${stem}.json`, type: "application/json",
        content: () => `${JSON.stringify(report, null, 2)}\n`, description: "Download the whole report as JSON"})));
}

function end(value: number | null, open: string): string {
  return value === null ? open : formatNumber(value, {digits: 5});
}

/** Checks with verdict and advice, warnings, and every cell that was left out. */
export function reportChecks({checks, warnings, dropped}: MethodReport): HTMLElement {
  const list = (title: string, lines: readonly string[]) => lines.length === 0 ? null
    : h("div", {class: "m-bench-notes"}, h("h3", {}, title), h("ul", {}, ...lines.map((line) => h("li", {}, line))));
  return h("div", {},
    checks.length === 0 ? null : resultTable({
      id: "bench-checks",
      caption: "What the method supposes, tested on these data",
      columns: [
        {key: "name", label: "Check", header: true},
        {key: "statistic", label: "Statistic", digits: 4},
        {key: "p", label: "p", digits: 3},
        {key: "verdict", label: "Verdict"},
        {key: "advice", label: "Advice"}
      ],
      rows: checks.map(({name, statistic, p, passed, advice}) =>
        ({name, statistic, p, advice, verdict: passed === null ? "not made" : passed ? "passed" : "failed"})),
      note: "A failed check is a result, not an error. Level 5 %; a check that passed proves nothing in a small sample."
    }),
    list("Warnings", warnings),
    list("Left out", dropped.map(({row, column, reason}) => `Row ${row}, column ${column}: ${reason}`)));
}

// ---------- figures ----------

const rounded = (value: number) => formatNumber(value, {digits: 4});
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** One figure of a method; a surface over more than two factors comes with a choice of two. */
export function methodFigure(data: MethodFigure, index: number, unit: string): HTMLElement {
  const element = figure({id: `bench-${index + 1}-${data.kind}`, ...drawn(data, unit)});
  if (data.kind !== "surface" || data.slices.length < 2) return element;
  const control = select({
    label: "Surface over", value: "0",
    options: data.slices.map(({names}, i) => [String(i), names.join(" and ")] as const)
  });
  // It changes the figure alone.
  control.addEventListener("input", (event) => {
    event.stopPropagation();
    void element.update(drawn(data, unit, Number(control.value)));
  });
  return h("div", {}, control, element);
}

/** @param slice which slice of a surface */
function drawn(data: MethodFigure, unit: string, slice = 0): Omit<FigureOptions, "id"> {
  const columns = (...list: [string, string][]): TableColumn[] =>
    list.map(([key, label], i) => ({key, label, header: i === 0, digits: 6}));
  const rows = (list: readonly object[]) => list as readonly TableRow[];
  switch (data.kind) {
    case "differences": {
      const {names: [first, second], scale, abscissa, points, limits, lines} = data;
      const ratio = scale === "ratio";
      const name = ratio ? `${first} / ${second}` : `${first} − ${second}`;
      const [kind] = Object.keys(limits);
      const against = abscissa === "mean" ? "their mean" : "the reference";
      const told = kind === undefined ? "Bias and limits change with the size."
        : `Bias ${rounded(limits[kind].bias.value)}, limits ${rounded(limits[kind].lower.value)} and `
          + `${rounded(limits[kind].upper.value)}.`;
      return {
        title: `${ratio ? "Ratio" : "Difference"} of the methods against ${against}`,
        caption: kind === undefined ? "Lines: bias and limits of agreement, which change with the size."
          : `Lines: bias and limits of agreement; bands: their intervals (limits: ${kind}).`,
        description: `Bland-Altman plot of ${count(points.length, "subject")}, ${name}. ${told}`,
        spec: blandAltman(
          {
            points: points.map(({subject, at, difference}) => ({subject, mean: at, reference: at, difference})),
            limits, sloped: lines
          },
          {quantity: "value", unit: ratio ? undefined : unit, difference: name, interval: kind, abscissa,
            equality: ratio ? 1 : 0}
        ),
        table: {columns: columns(["subject", "Subject"], ["at", "Abscissa"], ["difference", name]), rows: rows(points)}
      };
    }
    case "pairs": {
      const {names: [x, y], points, line, identity} = data;
      const formula = line === null ? ""
        : ` The line is ${y} = ${rounded(line.intercept)} + ${rounded(line.slope)} × ${x}.`;
      return {
        title: `${y} against ${x}`,
        caption: [
          ...(line === null ? [] : ["Dashed: the fitted line."]), ...(identity ? ["Solid: the line of identity."] : [])
        ].join(" ") || "A trend means that the spread depends on the size.",
        description: `Scatter plot of ${count(points.length, "point")}.${formula}`,
        spec: scatter(points, {xTitle: x, yTitle: y, unit, identity, ...(line === null ? {} : {line})}),
        table: {columns: columns(["subject", "Subject"], ["x", x], ["y", y]), rows: rows(points)}
      };
    }
    case "repeats": {
      const {labels, rows: values} = data;
      const subjects = new Set(values.map(({subject}) => subject)).size;
      return {
        title: "Every subject from repeat to repeat",
        caption: "Each line is one subject; lines that rise or fall together are a drift.",
        description: `${count(subjects, "subject")}, repeats ${labels.join(", ")}.`,
        spec: spaghetti(values.map(({subject, repeat, value}) => ({subject, session: repeat, value})),
          {quantity: "Value", unit, sessions: labels}),
        table: {columns: columns(["subject", "Subject"], ["repeat", "Repeat"], ["value", "Value"]), rows: rows(values)}
      };
    }
    case "levels": {
      const {value, factor, inner, rows: values} = data;
      const distinct = new Set(values.map(({level}) => level)).size;
      return {
        title: `${value} by ${factor}`,
        caption: `Points: measurements; ticks: the mean of each ${factor}.`,
        description: `${count(values.length, "measurement")} at ${count(distinct, "level")} of ${factor}.`,
        spec: levels(values.map(({row, ...rest}) => ({...rest, label: `row ${row}`})),
          {quantity: value, unit, factor, ...(inner === null ? {} : {innerFactor: inner})}),
        table: {columns: columns(["row", "Row"], ["level", factor], ["inner", inner ?? "Inner"], ["value", value]),
          rows: rows(values)}
      };
    }
    case "roc": {
      const points = data.curves.flatMap(({marker, points: list}) => list.map((one) => ({marker, ...one})));
      const markers = data.curves.map(({marker}) => marker).join(" and ");
      return {
        title: "ROC curve",
        caption: "A point for each threshold; on the dotted diagonal a marker tells nothing.",
        description: `ROC curve of ${markers}, ${count(points.length, "threshold")}.`,
        spec: roc(points),
        table: {columns: columns(["marker", "Marker"], ["threshold", "Threshold"], ["sensitivity", "Sensitivity"],
          ["falsePositiveRate", "1 − specificity"]), rows: rows(points)}
      };
    }
    case "quantiles": {
      const {what, points, line} = data;
      return {
        title: `Q-Q plot of the ${what}`,
        caption: "On a straight line the values are normal; the line has their mean and standard deviation.",
        description: `Normal quantile plot of ${count(points.length, "value")}, mean ${rounded(line.intercept)}, `
          + `SD ${rounded(line.slope)}.`,
        spec: qq(points, {quantity: what.charAt(0).toUpperCase() + what.slice(1), line}),
        table: {columns: columns(["subject", "Subject"], ["theoretical", "Normal quantile"], ["sample", "Value"]),
          rows: rows(points)}
      };
    }
    case "residuals": {
      const {what, against, points} = data;
      return {
        title: `${what} against ${against}`,
        caption: "A pattern here is a line, or a spread, that does not hold.",
        description: `${count(points.length, "residual")} against ${against}.`,
        spec: residuals(points.map(({subject, ...rest}) => ({...rest, label: subject})),
          {xTitle: against, residualTitle: what}),
        table: {columns: columns(["subject", "Subject"], ["x", against], ["residual", what]), rows: rows(points)}
      };
    }
    case "surface": {
      const {response, stationary: kind, slices} = data;
      const {names: [x, y], held, xs, ys, values, points, stationary} = slices[slice];
      const at = held.map(({name, value}) => `, ${name} held at ${rounded(value)}`).join("");
      const where = kind === null ? "The surface has no stationary point."
        : stationary === null ? `The stationary point, a ${kind}, lies beyond these axes.`
          : `The cross is the stationary point, a ${kind}: ${x} ${rounded(stationary.x)}, ${y} ${
            rounded(stationary.y)}.`;
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return {
        title: `${response} over ${x} and ${y}`,
        caption: `Colour and isolines: the fitted ${response}${at}. Dots: the runs, each with its own residual; a dot `
          + `that stands out from its ground does not fit. ${where}`,
        description: `Fitted ${response} from ${rounded(low)} to ${rounded(high)} over ${x} (${rounded(xs[0])} to ${
          rounded(xs[xs.length - 1])}) and ${y} (${rounded(ys[0])} to ${rounded(ys[ys.length - 1])})${at}. ${where}`,
        spec: heatMap(
          {surface: {xs, ys, values}, points, ...(stationary === null ? {} : {marker: stationary})},
          {xTitle: x, yTitle: y, valueTitle: unit === "" ? response : `${response} (${unit})`}
        ),
        table: {
          columns: columns(["subject", "Run"], ["x", x], ["y", y], ["value", response]),
          rows: rows(points)
        }
      };
    }
    case "intervals": {
      const {title, quantity, reference, rows: values} = data;
      const own = data.unit === "" ? unit : data.unit;
      return {
        title,
        caption: "Points: estimates; lines: their confidence intervals.",
        description: values.slice(0, 12).map(({label, group, lower, upper}) =>
          `${[group, label].filter((text) => text !== "").join(", ")}: ${rounded(lower)} to ${rounded(upper)}.`).join(" "),
        spec: intervals(values, {quantity, unit: own, ...(reference === null ? {} : {reference})}),
        table: {
          columns: columns(["label", "Label"], ["group", "Of"], ["value", "Estimate"], ["lower", "Lower end"],
            ["upper", "Upper end"]),
          rows: rows(values)
        }
      };
    }
  }
}
