/** The frame of every figure: number, title, caption, description, data table and downloads. */
import {linkCharts, createChart} from "./render.js";
import type {Chart, ChartLink} from "./render.js";
import type {ChartSpec} from "./charts/spec.js";
import {h, pngOfSvg} from "./dom.js";
import type {Child} from "./dom.js";
import {downloadButton} from "./inputs/download.js";
import {resultTable, toCSV} from "./table.js";
import type {TableColumn, TableRow} from "./table.js";

export interface FigureTable {
  columns: readonly TableColumn[];
  rows: readonly TableRow[];
  /** Rows shown on the page; the CSV file has all. 12 unless told. */
  limit?: number;
}

/** Something other than a chart: a viewer, a surface. It supplies the downloads that make sense for it. */
export interface FigureContent {
  element: HTMLElement;
  toSVG?: () => Promise<string> | string;
  toPNG?: () => Promise<Blob> | Blob;
  toJSON?: () => object;
}

export interface FigureOptions {
  /** Without or with the prefix "fig-". */
  id: string;
  title: string;
  caption?: Child;
  /** What the figure shows, for those who do not see it: a few sentences with the numbers that matter. */
  description: string;
  /** A chart ... */
  spec?: ChartSpec;
  /** ... or anything else. */
  content?: FigureContent | HTMLElement;
  table?: FigureTable;
  /** Stem of the downloads' names; the id unless told. */
  fileName?: string;
  highlight?: readonly string[];
  /** As wide as the page allows rather than as the prose. */
  wide?: boolean;
}

/** What of a figure can change while it stands. */
export type FigureChange = Partial<Pick<FigureOptions, "title" | "caption" | "description" | "spec" | "table">>;

export interface FigureElement extends HTMLElement {
  /** The chart, null when the figure holds something else. */
  readonly chart: Chart | null;
  /** Changes parts of the figure in place; the chart's data move without flicker. */
  update(change: FigureChange): Promise<void>;
}

/** A numbered `<figure id="fig-...">`. Its chart is drawn once the element stands on the page. */
export function figure(options: FigureOptions): FigureElement {
  defineNumber();
  const id = options.id.startsWith("fig-") ? options.id : `fig-${options.id}`;
  const stem = options.fileName ?? id.slice("fig-".length);
  let table = options.table;
  const chart = options.spec === undefined
    ? null
    : createChart(options.spec, {label: options.title, highlight: options.highlight});
  const content: FigureContent = chart ?? asContent(options.content);

  const title = h("span", {class: "m-figure-name"}, options.title);
  const heading = h("p", {class: "m-figure-title", id: `${id}-title`}, numberElement(), " ", title);
  const caption = h("div", {class: "m-figure-caption"}, options.caption ?? null);
  const description = h("p", {id: `${id}-description`}, options.description);
  const dataSummary = h("summary", {});
  const dataBody = h("div", {class: "m-figure-data"});
  const dataDetails = h("details", {class: "m-figure-table", name: `${id}-more`}, dataSummary, dataBody);

  const buttons: HTMLElement[] = [];
  type Make = () => Promise<Blob | string> | Blob | string;
  const offer = (label: string, extension: string, type: string, make: Make): void => {
    buttons.push(downloadButton({
      label, fileName: `${stem}.${extension}`, type, content: make,
      description: `Download ${options.title} as ${label}`
    }));
  };
  if (content.toSVG) offer("SVG", "svg", "image/svg+xml", () => content.toSVG!());
  if (content.toPNG) offer("PNG", "png", "image/png", () => content.toPNG!());
  else if (content.toSVG) offer("PNG", "png", "image/png", async () => pngOfSvg(await content.toSVG!()));
  if (table !== undefined) offer("CSV", "csv", "text/csv", () => toCSV(table!.columns, table!.rows));
  if (content.toJSON) {
    const extension = chart === null ? "json" : "vl.json";
    offer(chart === null ? "JSON" : "Vega-Lite", extension, "application/json",
      () => `${JSON.stringify(content.toJSON!(), null, 2)}\n`);
  }

  const tools = h("div", {class: "m-figure-tools"},
    h("details", {class: "m-figure-description", name: `${id}-more`}, h("summary", {}, "Description"), description),
    table === undefined ? null : dataDetails,
    buttons.length === 0
      ? null
      : h("div", {class: "m-figure-downloads", role: "group", "aria-label": `Downloads of ${options.title}`},
        h("span", {"aria-hidden": "true"}, "Download"), ...buttons));

  const element = h("figure", {
    id,
    class: options.wide ? "m-figure m-figure-wide" : "m-figure",
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-description`
  },
  h("div", {class: "m-figure-body"}, content.element),
  h("figcaption", {}, heading, caption, tools));

  // A table nobody opens is not built; what is open follows the data.
  const fillTable = (): void => {
    if (table === undefined) return;
    const {columns, rows, limit = 12} = table;
    dataSummary.textContent = `Data (${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
    if (!dataDetails.open) return;
    const note = rows.length > limit
      ? `Rows 1 to ${limit} of ${rows.length}; the CSV file has all of them.`
      : `All ${rows.length} rows.`;
    const label = `Data of ${title.textContent}`;
    dataBody.replaceChildren(resultTable({columns, rows: rows.slice(0, limit), label, note}));
  };
  dataDetails.addEventListener("toggle", fillTable);
  fillTable();

  return Object.assign(element, {
    chart,
    async update(change: FigureChange): Promise<void> {
      if (change.title !== undefined) title.textContent = change.title;
      if (change.caption !== undefined) caption.replaceChildren(...(change.caption ? [change.caption] : []));
      if (change.description !== undefined) description.textContent = change.description;
      if (change.table !== undefined) {
        table = change.table;
        fillTable();
      }
      if (change.spec !== undefined) {
        if (chart === null) throw new TypeError(`${id} holds no chart`);
        await chart.update(change.spec);
      }
    }
  }) as FigureElement;
}

/** Links the charts of several figures by their brushes. */
export function linkFigures(figures: readonly FigureElement[]): ChartLink {
  return linkCharts(figures.flatMap(({chart}) => (chart === null ? [] : [chart])));
}

/** A link to a figure that reads "Figure 2" and keeps its number. */
export function figureRef(id: string): HTMLAnchorElement {
  defineNumber();
  const full = id.startsWith("fig-") ? id : `fig-${id}`;
  const number = document.createElement(NUMBER);
  number.setAttribute("for", full);
  number.textContent = "Figure";
  return h("a", {href: `#${full}`, class: "m-figure-ref"}, number);
}

function asContent(content: FigureContent | HTMLElement | undefined): FigureContent {
  if (content === undefined) throw new TypeError("a figure needs a spec or a content");
  return content instanceof HTMLElement ? {element: content} : content;
}

const NUMBER = "m-figure-number";
let scheduled = false;

/** Figures are numbered in the order in which they stand in the document, whenever one comes or goes. */
function scheduleNumbers(): void {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    const numbers = new Map<string, string>();
    document.querySelectorAll<HTMLElement>(`figure ${NUMBER}:not([for])`).forEach((element, i) => {
      write(element, `Figure ${i + 1}.`);
      numbers.set(element.closest("figure")!.id, `Figure ${i + 1}`);
    });
    document.querySelectorAll<HTMLElement>(`${NUMBER}[for]`).forEach((element) => {
      write(element, numbers.get(element.getAttribute("for")!) ?? "Figure");
    });
  });
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function numberElement(): HTMLElement {
  const element = document.createElement(NUMBER);
  element.textContent = "Figure.";
  return element;
}

function defineNumber(): void {
  if (customElements.get(NUMBER) !== undefined) return;
  customElements.define(NUMBER, class extends HTMLElement {
    connectedCallback(): void {
      scheduleNumbers();
    }
    disconnectedCallback(): void {
      scheduleNumbers();
    }
  });
}
