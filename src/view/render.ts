/** Draws chart specs. The only file that calls vega-embed. */
import {None, View, changeset, compile, embed, expressionInterpreter, parse, truthy} from "../generated/vendor/vega.js";
import type {EmbedOptions, EmbedResult} from "../generated/vendor/vega.js";
import {BRUSH, HIGHLIGHT} from "./charts/spec.js";
import type {BrushMeta, ChartSpec, Row, VegaLiteSpec} from "./charts/spec.js";
import {fontSans, lightPalette, resolveColors, vegaConfig} from "./theme.js";
import {pngOf} from "./dom.js";

export interface RenderOptions {
  /** Name of the chart for screen readers; the spec's description unless told. */
  label?: string;
  /** Width in pixels; the container's, followed as it changes, unless told. */
  width?: number;
  /** Subjects highlighted from the start. */
  highlight?: readonly string[];
}

/** A chart on the page. */
export interface Chart {
  /** The block that holds the SVG; as wide as its container. */
  readonly element: HTMLElement;
  /** The Vega view; null until the first drawing and after `finalize`. */
  readonly view: View | null;
  /** Settles when the first drawing stands; rejects with what the spec got wrong. */
  readonly ready: Promise<void>;
  /** Draws another spec: in place when only its data differ, anew otherwise. */
  update(spec: ChartSpec): Promise<void>;
  /** Replaces one dataset in place. */
  data(name: string, rows: readonly Row[]): Promise<void>;
  /** Highlights these subjects; none means that all are drawn alike. */
  highlight(subjects: readonly string[]): void;
  /** Calls back with the subjects that the reader's brush covers, empty when it is cleared. Returns how to stop. */
  onBrush(listener: (subjects: string[]) => void): () => void;
  /** Takes the reader's brush away without telling the listeners. */
  clearBrush(): void;
  /** The chart alone, in the light scheme on white: for papers and slides. */
  toSVG(): Promise<string>;
  toPNG(scale?: number): Promise<Blob>;
  /** The Vega-Lite specification with data and config. */
  toJSON(): object;
  /** Frees the view and its listeners. Done by itself when the element leaves the page. */
  finalize(): void;
}

const DEFAULT_WIDTH = 640;
const PAPER_WIDTH = 560;
const MIN_WIDTH = 180;

/** Draws a spec and resolves once it stands. Not yet on the page, it is drawn 640 px wide and fitted when it arrives. */
export async function renderChart(spec: ChartSpec, options: RenderOptions = {}): Promise<Chart> {
  const chart = createChart(spec, {...options, eager: true});
  await chart.ready;
  return chart;
}

/** The same without waiting: the chart is drawn when its element has come to the page and has a width. */
export function createChart(initial: ChartSpec, options: RenderOptions & {eager?: boolean} = {}): Chart {
  let spec = initial;
  let result: EmbedResult | null = null;
  let drawn: {width: number; shape: string; data: Record<string, string>} | null = null;
  let highlighted: readonly string[] = options.highlight ?? initialHighlight(resolveSpec(initial, DEFAULT_WIDTH));
  let queue: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;
  let muted = false;
  let done = false;
  const listeners = new Set<(subjects: string[]) => void>();
  const element = document.createElement("div");
  element.className = "m-chart";
  reserveHeight();

  let settle!: {resolve: () => void; reject: (error: unknown) => void};
  const ready = new Promise<void>((resolve, reject) => (settle = {resolve, reject}));
  ready.catch(() => {}); // the message stands in the element; callers that wait still get the rejection

  const observer = new ResizeObserver(() => {
    if (!element.isConnected) {
      // Framework takes a cell's old output away before it shows the new one, so give it a moment to come back.
      setTimeout(() => element.isConnected || release(), 1000);
      return;
    }
    const width = measure();
    if (width > 0 && width !== drawn?.width) enqueue(() => draw(width));
  });
  if (options.width === undefined) observer.observe(element);

  function measure(): number {
    return options.width ?? Math.floor(element.getBoundingClientRect().width);
  }

  function reserveHeight(): void {
    const height = (resolveSpec(spec, DEFAULT_WIDTH) as {height?: unknown}).height;
    element.style.minHeight = typeof height === "number" ? `${height + 40}px` : "";
  }

  /** One drawing after the other; the next one sees what the last one left. */
  function enqueue(step: () => Promise<void>): Promise<void> {
    queue = queue.then(step).catch((error: unknown) => {
      element.replaceChildren(errorText(error));
      settle.reject(error);
    });
    return queue;
  }

  async function draw(width: number): Promise<void> {
    if (done) return;
    const wanted = Math.max(MIN_WIDTH, width);
    const concrete = withHighlight(resolveSpec(spec, wanted), highlighted);
    const shape = shapeOf(concrete);
    // New data move in place; for a new width Vega would lay out axes and legends only in part, so all is drawn anew.
    if (result !== null && drawn !== null && drawn.shape === shape && drawn.width === width) {
      const next = fingerprints(concrete);
      const changed = Object.entries(datasetsOf(concrete)).filter(([name]) => next[name] !== drawn!.data[name]);
      drawn = {width, shape, data: next};
      await replaceData(result.view, changed);
      return;
    }
    const stage = document.createElement("div");
    stage.className = "m-chart-stage";
    const previous = result;
    // Beside the old drawing and invisible, so that the page neither jumps nor blinks while the new one is made.
    stage.style.position = "absolute";
    stage.style.visibility = "hidden";
    element.append(stage);
    try {
      result = await embed(stage, fitted(concrete, wanted) as VegaLiteSpec, embedOptions());
    } catch (error) {
      stage.remove();
      throw error;
    }
    stage.removeAttribute("style");
    element.replaceChildren(stage);
    element.style.minHeight = "";
    previous?.finalize();
    drawn = {width, shape, data: fingerprints(concrete)};
    listenToBrush(result.view);
    nameIt(stage);
    settle.resolve();
  }

  function nameIt(stage: HTMLElement): void {
    const label = options.label ?? (resolveSpec(spec, DEFAULT_WIDTH) as {description?: string}).description;
    stage.setAttribute("role", "img");
    stage.setAttribute("aria-label", label ?? "Chart");
    stage.removeAttribute("aria-roledescription");
    stage.querySelector("svg")?.setAttribute("aria-hidden", "true");
  }

  function listenToBrush(view: View): void {
    const meta = brushMeta(resolveSpec(spec, DEFAULT_WIDTH));
    if (meta === null) return;
    view.addDataListener(`${BRUSH}_store`, (_, tuples: BrushTuple[]) => {
      if (muted) return;
      const rows = (datasetsOf(resolveSpec(spec, DEFAULT_WIDTH))[meta.data] ?? []) as Row[];
      const subjects = covered(tuples ?? [], rows, meta);
      for (const listener of listeners) listener(subjects);
    });
  }

  function release(): void {
    result?.finalize();
    result = null;
    drawn = null;
    element.replaceChildren();
  }

  const chart: Chart = {
    element,
    ready,
    get view() {
      return result?.view ?? null;
    },
    update(next) {
      spec = next;
      // While a slider is dragged more specs come than can be drawn: those that still wait are one drawing, of the last.
      waiting ??= enqueue(async () => {
        waiting = null;
        if (drawn !== null) await draw(drawn.width);
        else if (options.eager || element.isConnected) await draw(measure() || DEFAULT_WIDTH);
      });
      return waiting;
    },
    data(name, rows) {
      const current = spec;
      spec = typeof current === "function"
        ? (width) => withData(current(width), name, rows)
        : withData(current, name, rows);
      return chart.update(spec);
    },
    highlight(subjects) {
      highlighted = [...subjects];
      const view = result?.view;
      if (view === undefined || !hasSignal(view, HIGHLIGHT)) return;
      view.signal(HIGHLIGHT, [...subjects]).runAsync();
    },
    onBrush(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clearBrush() {
      const view = result?.view;
      if (view === undefined || brushMeta(resolveSpec(spec, DEFAULT_WIDTH)) === null) return;
      muted = true;
      for (const side of ["x", "y"]) {
        if (hasSignal(view, `${BRUSH}_${side}`)) view.signal(`${BRUSH}_${side}`, [0, 0]);
      }
      view.data(`${BRUSH}_store`, []);
      view.runAsync().finally(() => (muted = false));
    },
    toJSON() {
      // On a narrow screen the file still gets a width that suits a page of paper.
      const width = Math.max(drawn?.width ?? DEFAULT_WIDTH, PAPER_WIDTH);
      return standalone(withHighlight(resolveSpec(spec, width), highlighted), width);
    },
    async toSVG() {
      return withOffscreen(chart.toJSON(), svgOf);
    },
    async toPNG(scale = 2) {
      const canvas = await withOffscreen(chart.toJSON(), (view) => view.toCanvas(scale));
      return pngOf(canvas);
    },
    finalize() {
      done = true;
      observer.disconnect();
      release();
    }
  };
  if (options.eager || options.width !== undefined) enqueue(() => draw(measure() || DEFAULT_WIDTH));
  return chart;
}

/** Charts whose brushes are one: what is brushed in any is highlighted in all. */
export interface ChartLink {
  readonly value: readonly string[];
  /** Highlights subjects in every chart, e.g. those a select names. */
  highlight(subjects: readonly string[]): void;
  /** Calls back whenever the highlighted subjects change. Returns how to stop. */
  onChange(listener: (subjects: readonly string[]) => void): () => void;
  unlink(): void;
}

export function linkCharts(charts: readonly Chart[]): ChartLink {
  let value: readonly string[] = [];
  const listeners = new Set<(subjects: readonly string[]) => void>();
  const set = (subjects: readonly string[], from?: Chart): void => {
    if (subjects.length === value.length && subjects.every((subject, i) => subject === value[i])) return;
    value = [...subjects];
    for (const chart of charts) {
      if (chart !== from) chart.clearBrush();
      chart.highlight(value);
    }
    for (const listener of listeners) listener(value);
  };
  const stops = charts.map((chart) => chart.onBrush((subjects) => set(subjects, chart)));
  return {
    get value() {
      return value;
    },
    highlight: (subjects) => set(subjects),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    unlink: () => stops.forEach((stop) => stop())
  };
}

/** The SVG of a spec without a page, in the light scheme on white; runs in Node as well. */
export async function specToSVG(spec: ChartSpec, width = DEFAULT_WIDTH): Promise<string> {
  return withOffscreen(standalone(resolveSpec(spec, width), width), svgOf);
}

/** Vega numbers clip paths and gradients through the page's life; numbered from 1, the same chart is the same text. */
async function svgOf(view: View): Promise<string> {
  const numbers = new Map<string, number>();
  return (await view.toSVG()).replace(/\b(clip|gradient_)(\d+)\b/g, (_, kind: string, number: string) => {
    const key = kind + number;
    if (!numbers.has(key)) numbers.set(key, numbers.size + 1);
    return `${kind}${numbers.get(key)}`;
  });
}

/** A still picture has no brush. */
function withoutBrush<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutBrush) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => {
    if (key === "datasets") return [key, entry];
    if (key === "params" && Array.isArray(entry)) return [key, entry.filter((param) => param?.name !== BRUSH)];
    return [key, withoutBrush(entry)];
  })) as T;
}

async function withOffscreen<T>(spec: object, use: (view: View) => Promise<T>): Promise<T> {
  const compiled = compile(withoutBrush(structuredClone(spec)) as VegaLiteSpec).spec;
  const view = new View(parse(compiled, undefined, {ast: true}), {
    renderer: "none",
    expr: expressionInterpreter,
    logLevel: None
  } as ConstructorParameters<typeof View>[1]);
  try {
    await view.runAsync();
    return await use(view);
  } finally {
    view.finalize();
  }
}

function embedOptions(): EmbedOptions {
  return {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true,
    expr: expressionInterpreter,
    defaultStyle: false,
    tooltip: {disableDefaultStyle: true},
    config: vegaConfig() as EmbedOptions["config"]
  };
}

function resolveSpec(spec: ChartSpec, width: number): VegaLiteSpec {
  return typeof spec === "function" ? spec(width) : spec;
}

/** Every mark its own copy of the rows: Vega marks the objects it is given. */
function fitted(spec: VegaLiteSpec, width: number): VegaLiteSpec {
  const copy = structuredClone(spec) as unknown as Record<string, unknown>;
  if (copy.width === "container") {
    copy.width = width;
    copy.autosize = {type: "fit-x", contains: "padding"};
  }
  return copy as unknown as VegaLiteSpec;
}

function standalone(spec: VegaLiteSpec, width: number): object {
  const config = {...vegaConfig(), background: "#ffffff", padding: 12, font: fontSans};
  return resolveColors({...fitted(spec, width), config}, {...lightPalette, paper: "#ffffff"});
}

function datasetsOf(spec: VegaLiteSpec): Record<string, Row[]> {
  return ((spec as {datasets?: Record<string, Row[]>}).datasets ?? {});
}

/** What a view cannot take in place: everything but the rows and the highlighted subjects. */
function shapeOf(spec: VegaLiteSpec): string {
  const {datasets, ...rest} = withHighlight(spec, []) as unknown as Record<string, unknown>;
  return JSON.stringify([rest, Object.keys(datasets ?? {})]);
}

function withData(spec: VegaLiteSpec, name: string, rows: readonly Row[]): VegaLiteSpec {
  return {...spec, datasets: {...datasetsOf(spec), [name]: [...rows]}} as VegaLiteSpec;
}

function withHighlight(spec: VegaLiteSpec, subjects: readonly string[]): VegaLiteSpec {
  const params = (spec as {params?: {name: string}[]}).params;
  if (params === undefined) return spec;
  const changed = params.map((param) => (param.name === HIGHLIGHT ? {...param, value: [...subjects]} : param));
  return {...spec, params: changed} as VegaLiteSpec;
}

function initialHighlight(spec: VegaLiteSpec): readonly string[] {
  const params = (spec as {params?: {name: string; value?: unknown}[]}).params;
  const found = params?.find(({name}) => name === HIGHLIGHT)?.value;
  return Array.isArray(found) ? (found as string[]) : [];
}

function brushMeta(spec: VegaLiteSpec): BrushMeta | null {
  return ((spec as {usermeta?: {brush?: BrushMeta}}).usermeta?.brush ?? null);
}

/** What each dataset holds, to leave those alone that stayed as they are. */
function fingerprints(spec: VegaLiteSpec): Record<string, string> {
  return Object.fromEntries(Object.entries(datasetsOf(spec)).map(([name, rows]) => [name, JSON.stringify(rows)]));
}

async function replaceData(view: View, datasets: readonly [string, Row[]][]): Promise<void> {
  for (const [name, rows] of datasets) {
    view.change(name, changeset().remove(truthy).insert(structuredClone(rows)));
  }
  // The axes' domains come from the data and the layout from the axes, hence the resize.
  await view.resize().runAsync();
}

function hasSignal(view: View, name: string): boolean {
  return Object.hasOwn(view.getState({signals: (signal?: string) => signal === name, data: () => false}).signals ?? {}, name);
}

interface BrushTuple {
  unit: string;
  fields: {field: string; type: string}[];
  values: unknown[][];
}

/** The keys of the rows that an interval selection covers, in order of appearance. */
export function covered(tuples: readonly BrushTuple[], rows: readonly Row[], meta: BrushMeta): string[] {
  const found = new Set<string>();
  for (const {unit, fields, values} of tuples) {
    for (const row of rows) {
      if (meta.facet !== undefined && !unit.endsWith(`__facet_facet_${String(row[meta.facet])}`)) continue;
      const inside = fields.every(({field, type}, i) => {
        const range = values[i] ?? [];
        if (type === "E") return range.includes(row[field]);
        const value = row[field];
        const [a, b] = range as number[];
        return typeof value === "number" && a !== undefined && b !== undefined
          && value >= Math.min(a, b) && value <= Math.max(a, b);
      });
      if (inside) found.add(String(row[meta.key]));
    }
  }
  return [...found];
}

function errorText(error: unknown): HTMLElement {
  const box = document.createElement("p");
  box.className = "m-error";
  box.setAttribute("role", "alert");
  box.textContent = `This chart could not be drawn: ${error instanceof Error ? error.message : String(error)}`;
  return box;
}
