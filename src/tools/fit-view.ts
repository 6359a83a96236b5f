// The parts of the page "Fit your own data": each an element with a `value` that fires "input", or a figure's content.
import {instantiate} from "../compute/core.js";
import type {EstimatorInfo, ModelInfo, StatusInfo} from "../compute/core.js";
import {outsideMask, outsideMaskName} from "../compute/fit.js";
import {InputError} from "../domain/errors.js";
import {folderOfFiles, type Folder} from "../io/folder.js";
import {writeNifti, type NiftiContent} from "../io/nifti.js";
import {decay, type DecayCurvePoint, type DecaySample} from "../view/charts/decay.js";
import {histogram, histogramBins} from "../view/charts/histogram.js";
import {h, uniqueId} from "../view/dom.js";
import {figure, type FigureChange, type FigureElement} from "../view/figure.js";
import {formatBytes} from "../domain/units.js";
import {formatQuantity, formatUnit} from "../view/format.js";
import {choice, select, slider, type Control} from "../view/inputs/controls.js";
import {downloadButton} from "../view/inputs/download.js";
import {fileDrop} from "../view/inputs/file-drop.js";
import {errorNotice, notice} from "../view/inputs/notice.js";
import {progress} from "../view/inputs/progress.js";
import {resultTable} from "../view/table.js";
import {
  volumeViewer,
  type EncodeNifti,
  type Grid,
  type ViewerMap,
  type ViewerRegions,
  type VolumeViewer
} from "../view/viewer/viewer.js";
import {
  archive,
  baseline,
  derivedMaps,
  displayRange,
  groupsOf,
  incompleteCodes,
  kindOf,
  labelsOf,
  middleVoxel,
  readFitInput,
  regionMask,
  samplesAt,
  voxelAt,
  voxelTable,
  type FitInput,
  type FitOptions,
  type FitResult,
  type Group,
  type MakeOptions,
  type OutputFile,
  type RegionChoice
} from "./fit-data.js";

/** Where the page stands, as the style sheet and the tests see it. */
export type FitState = "idle" | "reading" | "ready" | "fitting" | "done" | "failed";

export function setState(state: FitState): void {
  document.documentElement.dataset.fit = state;
}

/** Lets the browser draw and listen; a hidden tab draws nothing, so a timer goes on in any case. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 60);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      setTimeout(resolve, 0);
    });
  });
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Files larger than this, in bytes, block the page for so long that the bar has to stand before. */
const noticeable = 2e6;

export interface FitSource extends HTMLElement {
  /** What was read last without an error; null before. */
  readonly value: FitInput | null;
}

/**
 * The page's one file drop, a button for the example, and what was understood of the files. Bad files are told and leave
 * what was read before as it was. Files that lack a part (a series without b values) wait for it in the next drop, and a
 * mask or another protocol that comes alone joins the series that is there.
 */
export function fitSource({example}: {example: () => Folder}): FitSource {
  let value: FitInput | null = null;
  let taken: readonly File[] = [];
  let waiting: {files: readonly File[]; lacking: string} | null = null;
  let controller = new AbortController();
  const work = h("div", {});
  const understood = h("div", {class: "m-fit-understood"});

  const load = async (folder: Folder, bytes: number): Promise<FitInput> => {
    controller.abort();
    const own = (controller = new AbortController());
    setState("reading");
    const bar = progress({label: "Reading", controller: own, delay: bytes > noticeable ? 0 : 500});
    work.replaceChildren(bar.element);
    try {
      const input = await readFitInput(folder, {
        signal: own.signal,
        onStep: async (label, share) => {
          bar.update(share, label);
          await breathe();
        }
      });
      own.signal.throwIfAborted();
      value = input;
      understood.replaceChildren(description(input));
      setState("ready");
      return input;
    } catch (error) {
      // Other files came meanwhile: whatever became of these is no longer asked.
      if (controller !== own) return new Promise<never>(() => {});
      setState(isAbort(error) ? (value === null ? "idle" : "ready") : "failed");
      throw isAbort(error) ? new Error("Reading was cancelled.") : error;
    } finally {
      bar.finish();
    }
  };

  const keep = (files: readonly File[]): void => {
    taken = files;
    waiting = null;
  };
  const size = (files: readonly File[]): number => files.reduce((sum, file) => sum + file.size, 0);
  const drop = fileDrop({
    label: "Drop a diffusion series with its b values, or choose the files",
    hint: "NIfTI (.nii, .nii.gz) with several volumes, and .bval or a table of b (s/mm²) and TE (s); .bvec, JSON sidecar, masks if you have them",
    async check(files) {
      try {
        await load(folderOfFiles(files), size(files));
        keep(files);
      } catch (error) {
        if (!isIncomplete(error)) throw error;
        // A series never takes b values that came with another one; other parts join the series that is there.
        const lacking = error.code;
        const earlier =
          lacking === "missing-series"
            ? (waiting ?? {files: taken})
            : waiting?.lacking === "missing-series"
              ? waiting
              : {files: []};
        if (earlier.files.length === 0) {
          waiting = {files, lacking};
          throw error;
        }
        const together = joined(earlier.files, files);
        try {
          await load(folderOfFiles(together), size(together));
          keep(together);
        } catch (second) {
          if (isIncomplete(second)) waiting = {files: together, lacking: second.code};
          throw second;
        }
      }
    }
  });

  const button = h("button", {type: "button", class: "m-button"}, "Try it with an example");
  button.addEventListener("click", async () => {
    drop.clear();
    try {
      await load(example(), 0);
      keep([]);
      element.dispatchEvent(new Event("input", {bubbles: true}));
    } catch (error) {
      drop.showError(error);
    }
  });
  const element = h(
    "div",
    {class: "m-fit-source"},
    drop,
    h(
      "p",
      {class: "m-fit-example"},
      button,
      " one scan of the ",
      h("a", {href: "../studies/repeatability/index.html"}, "simulated cohort"),
      ", with its tissue labels"
    ),
    work,
    understood
  );
  setState("idle");
  return Object.defineProperty(element, "value", {get: () => value}) as unknown as FitSource;
}

function isIncomplete(error: unknown): error is InputError {
  return error instanceof InputError && incompleteCodes.includes(error.code);
}

/** Earlier files with new ones: the same name, or the same part of the protocol, is replaced. */
function joined(earlier: readonly File[], files: readonly File[]): File[] {
  const names = new Set(files.map(({name}) => name));
  const kinds = new Set(files.map(({name}) => kindOf(name)));
  const protocol = kinds.has("bval") || kinds.has("table");
  const kept = earlier.filter(({name}) => {
    const kind = kindOf(name);
    return (
      !names.has(name) &&
      !(protocol && (kind === "bval" || kind === "table")) &&
      !(kind === "bvec" && kinds.has("bvec"))
    );
  });
  return [...kept, ...files];
}

/** What was understood: grid, protocol and the part of each file. */
function description(input: FitInput): HTMLElement {
  const {image, protocol, roles} = input;
  const distinct = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  const fact = (term: string, text: string): HTMLElement => h("div", {}, h("dt", {}, term), h("dd", {}, text));
  const few = (values: number[]): string =>
    values.length > 12 ? `${values.length} values from ${values[0]} to ${values.at(-1)}` : values.join(", ");
  return h(
    "div",
    {},
    h(
      "dl",
      {class: "m-fit-facts"},
      fact("Series", image.file),
      fact(
        "Grid",
        `${image.shape.slice(0, 3).join(" × ")} voxels of ${image.voxelSize.map((size) => +size.toFixed(3)).join(" × ")} mm`
      ),
      fact("Volumes", `${image.volumes}, stored as ${image.datatype} (${formatBytes(image.data.byteLength)})`),
      fact(`b (${formatUnit("s/mm2")})`, few(distinct(protocol.b))),
      fact(
        "TE (ms)",
        protocol.TE === undefined ? "not given" : few(distinct(protocol.TE.map((te) => +(te * 1000).toFixed(3))))
      )
    ),
    resultTable({
      caption: "Your files, and what each was taken for",
      columns: [
        {key: "file", label: "File", header: true},
        {key: "role", label: "Taken for"}
      ],
      rows: roles
    })
  );
}

/** Models as radio buttons; those that the data cannot be fitted with are disabled and say why. */
export function modelChoice(
  models: readonly ModelInfo[],
  reasons: Readonly<Record<string, string | null>>
): Control<string | null> {
  const name = uniqueId("model");
  let current = models.find(({id}) => reasons[id] === null)?.id ?? null;
  const element = h(
    "fieldset",
    {class: "m-radios m-fit-models"},
    h("legend", {}, "Model"),
    h(
      "div",
      {},
      ...models.map(({id, name: title, description}) => {
        const reason = reasons[id];
        const note = `${name}-${id}`;
        const radio = h("input", {
          type: "radio",
          name,
          value: id,
          checked: id === current,
          disabled: reason !== null,
          "aria-describedby": note
        });
        radio.addEventListener("input", () => (current = id));
        return h(
          "div",
          {class: reason === null ? "m-fit-model" : "m-fit-model m-fit-unsuited"},
          h("label", {}, radio, title),
          h("p", {id: note}, reason === null ? description : `Not for these data: ${reason}.`)
        );
      })
    )
  );
  return Object.defineProperty(element, "value", {get: () => current}) as unknown as Control<string | null>;
}

/** A model's equation, as prepared when the site was built, with its parameters and source. */
export function modelCard(model: ModelInfo): HTMLElement {
  const equation = h("div", {
    class: "m-fit-equation",
    tabindex: 0,
    role: "region",
    "aria-label": `Equation of ${model.name}`
  });
  equation.innerHTML = (model as ModelInfo & {equation_mathml: string}).equation_mathml;
  const source = model.doi === null ? model.citation : h("a", {href: `https://doi.org/${model.doi}`}, model.citation);
  return h(
    "div",
    {class: "m-fit-card"},
    equation,
    h(
      "ul",
      {class: "m-fit-parameters"},
      ...model.parameters.map(({name, unit, description}) =>
        h(
          "li",
          {},
          h("b", {}, name),
          `: ${description}${unit === "" || unit === "signal" ? "" : `, ${formatUnit(unit)}`}`
        )
      )
    ),
    h("p", {class: "m-fit-small"}, source, ".")
  );
}

/** Estimators of a model, with the description of the chosen one. */
export function estimatorChoice(estimators: readonly EstimatorInfo[]): Control<string> {
  const control = choice({label: "Estimator", options: estimators.map(({id, name}) => [id, name] as const)});
  const text = h("p", {class: "m-fit-small", "aria-live": "polite"});
  const show = (): void => {
    text.textContent = estimators.find(({id}) => id === control.value)!.description;
  };
  control.addEventListener("input", show);
  show();
  const element = h("div", {}, control, text);
  return Object.defineProperty(element, "value", {get: () => control.value}) as unknown as Control<string>;
}

/** Where to fit: a mask that came along, the foreground above a threshold, or every voxel. */
export function regionChoice(input: FitInput): Control<RegionChoice> {
  const masks = input.masks.map((image) => ({file: image.file, labels: labelsOf(image)}));
  const kind = choice<string>({
    label: "Region",
    options: [
      ...masks.map(({file}, i) => [`mask ${i}`, file.split("/").at(-1)!] as const),
      ["foreground", "Foreground"],
      ["everywhere", "Everywhere"]
    ]
  });
  const threshold = slider({
    label: "Threshold (share of the 98th percentile)",
    min: 0.01,
    max: 0.9,
    step: 0.01,
    value: 0.2
  });
  const labels = masks.map(({labels}) =>
    select({
      label: "Label",
      options: [
        ["", "all above 0"],
        ...labels.map((label) => [String(label), input.labelNames.get(label) ?? `Label ${label}`] as const)
      ]
    })
  );
  const details = h("div", {});
  const show = (): void => {
    const {value} = kind;
    const i = value.startsWith("mask ") ? Number(value.slice(5)) : -1;
    details.replaceChildren(
      ...(value === "foreground" ? [threshold] : i >= 0 && masks[i].labels.length > 1 ? [labels[i]] : [])
    );
  };
  kind.addEventListener("input", show);
  show();
  const element = h("div", {}, kind, details);
  return Object.defineProperty(element, "value", {
    get(): RegionChoice {
      const {value} = kind;
      if (value === "everywhere") return {kind: "everywhere"};
      if (value === "foreground") return {kind: "foreground", fraction: threshold.value};
      const i = Number(value.slice(5));
      return {kind: "mask", file: masks[i].file, label: labels[i].value === "" ? null : Number(labels[i].value)};
    }
  }) as unknown as Control<RegionChoice>;
}

function gridOf({image: {shape, affine}}: FitInput): Grid {
  return {shape: [shape[0], shape[1], shape[2]], affine};
}

// The viewer makes its volumes itself, on buffers of its own.
const encode: EncodeNifti = (volume) => writeNifti(volume as NiftiContent);

/** The parts of a region as an overlay. */
export function overlay(input: FitInput, groups: readonly Group[]): ViewerRegions {
  const values = new Uint8Array(input.voxels);
  groups.forEach(({voxels}, i) => {
    for (const v of voxels) values[v] = i + 1;
  });
  return {values, labels: groups.map(({label}, i) => ({value: i + 1, name: label}))};
}

/** A region with its parts and size, or why there is none. */
export type SelectedRegion = {groups: Group[]; count: number; error?: undefined} | {groups?: undefined; error: unknown};

/** The voxels of a choice; an empty region is an answer here, not an exception. */
export function selectRegion(input: FitInput, choice: RegionChoice, base: Float64Array): SelectedRegion {
  try {
    const mask = regionMask(input, choice, base);
    const groups = groupsOf(input, choice, mask);
    return {groups, count: groups.reduce((sum, {voxels}) => sum + voxels.length, 0)};
  } catch (error) {
    return {error};
  }
}

/** The image on which a region is chosen; the region is laid over it by `update`. */
export function regionViewer(input: FitInput, base: Float64Array): VolumeViewer {
  const everywhere = Uint32Array.from({length: input.voxels}, (_, v) => v);
  return volumeViewer({
    grid: gridOf(input),
    maps: [
      {
        name: "base",
        label: "Signal",
        unit: "",
        values: base,
        range: displayRange(base, everywhere) ?? [0, 1],
        colormap: "gray"
      }
    ],
    regions: overlay(input, []),
    encode,
    description: `Mean signal of ${input.image.file} at the lowest b, with the region to fit.`
  });
}

/** The maps of a fit with the outcome of each voxel, beside the signal they come from; its `value` is the crosshair's voxel. */
export function mapViewer(
  result: FitResult,
  statuses: readonly StatusInfo[]
): VolumeViewer & Control<readonly number[]> {
  const {input, fit, groups, model} = result;
  const base = baseline(input);
  const map = ({name, unit, values}: FitResult["fit"]["parameters"][number], index: number): ViewerMap => ({
    name,
    label: name,
    unit: unit === "signal" ? "" : unit,
    values,
    range: result.ranges[index] ?? [0, 1]
  });
  const signal = displayRange(base, groups[0].voxels) ?? [0, 1];
  const viewer = volumeViewer({
    grid: gridOf(input),
    maps: [
      ...fit.parameters.map(map),
      {
        name: "base",
        label: "Signal",
        unit: "",
        values: base,
        range: [Math.min(0, signal[0]), signal[1]],
        colormap: "gray"
      }
    ],
    regions: overlay(input, groups),
    status: {values: fit.status, names: statusNames(statuses)},
    encode,
    description: `Maps of ${model.name} in ${input.image.file}.`,
    initial: {
      map: (fit.parameters.find(({name}) => name === "ADC") ?? fit.parameters[0]).name,
      voxel: middleVoxel(input, groups),
      // Colour over the maps would change what their colours say; the reader can lay it over.
      regions: false
    }
  });
  const value = (): readonly number[] => viewer.dataset.voxel!.split(",").map(Number);
  return Object.defineProperty(viewer, "value", {get: value}) as VolumeViewer & Control<readonly number[]>;
}

function statusNames(statuses: readonly StatusInfo[]): Record<number, string> {
  return {...Object.fromEntries(statuses.map(({code, name}) => [code, name])), [outsideMask]: outsideMaskName};
}

/** Summaries of more voxels than this are made with pauses. */
const manyVoxels = 50_000;

export interface FitPanel extends HTMLElement {
  /** Stops a fit that is under way: its settings are no longer those of the page. */
  cancel(): void;
}

/** The button that starts a fit, its progress with Cancel, and how it ended. Nothing is fitted before it is pressed. */
export function fitPanel({
  voxels,
  run,
  done
}: {
  voxels: number;
  run: (options: FitOptions) => Promise<FitResult>;
  done: (result: FitResult) => void;
}): FitPanel {
  const label = `${voxels.toLocaleString("en")} ${voxels === 1 ? "voxel" : "voxels"}`;
  const button = h("button", {type: "button", class: "m-button m-button-primary"}, `Fit ${label}`);
  const work = h("div", {});
  const status = h("p", {class: "m-fit-status", role: "status"});
  let controller: AbortController | null = null;
  button.addEventListener("click", async () => {
    const own = (controller = new AbortController());
    const bar = progress({label: `Fitting ${label}`, controller: own});
    button.disabled = true;
    status.textContent = "";
    work.replaceChildren(bar.element);
    setState("fitting");
    await breathe();
    const start = performance.now();
    try {
      const result = await run({
        signal: own.signal,
        onProgress: (part, total) => bar.update(part / total),
        pause: voxels > manyVoxels ? breathe : undefined
      });
      status.textContent = `Fitted ${label} in ${formatQuantity((performance.now() - start) / 1000, "s", {digits: 2})}.`;
      done(result);
      setState("done");
    } catch (error) {
      if (isAbort(error)) {
        status.textContent = "The fit was cancelled; nothing of it was kept.";
        setState("ready");
      } else {
        work.append(errorNotice(error, "These data could not be fitted"));
        setState("failed");
      }
    } finally {
      bar.finish();
      button.disabled = false;
    }
  });
  return Object.assign(h("div", {class: "m-fit-panel"}, button, work, status), {cancel: () => controller?.abort()});
}

/** What stands where nothing can be chosen or shown yet; as an input it has the value null. */
export function placeholder(text: string): Control<null> {
  return Object.assign(h("p", {class: "m-fit-placeholder", hidden: text === ""}, text), {value: null});
}

/** How many voxels ended how, with the meaning of each outcome. */
export function outcomeTable({fit}: FitResult, statuses: readonly StatusInfo[]): HTMLElement {
  const rows = [...statuses, {name: outsideMaskName, meaning: "not in the region, so not fitted"}]
    .map(({name, meaning}) => ({outcome: name, voxels: fit.counts[name], meaning: `${meaning}.`}))
    .filter(({voxels, outcome}) => voxels > 0 || outcome === "converged");
  const table = resultTable({
    id: "fit-outcomes",
    caption: "Outcomes of the fit",
    columns: [
      {key: "outcome", label: "Outcome", header: true},
      {key: "voxels", label: "Voxels", decimals: 0},
      {key: "meaning", label: "Meaning"}
    ],
    rows
  });
  const values = fit.counts.converged + fit.counts["at-bound"];
  if (values > 0) return table;
  return h(
    "div",
    {},
    notice("No voxel has a value.", "The table says why; another estimator or region may help."),
    table
  );
}

/** A value as text, diffusivities in µm²/s. */
function quantityText(value: number, unit: string): string {
  return unit === "mm2/s" ? formatQuantity(value * 1e6, "µm2/s") : formatQuantity(value, unit === "signal" ? "" : unit);
}

/** Median, quartiles, mean and SD of each parameter in each part of the region. */
export function summaryTable(result: FitResult): HTMLElement {
  const rows = result.summaries.map((row) => {
    const micro = row.unit === "mm2/s";
    const scaled = (value: number | null): number | null => (value === null ? null : micro ? value * 1e6 : value);
    const numbers = Object.fromEntries(
      (["median", "q1", "q3", "mean", "sd"] as const).map((key) => [key, scaled(row[key])])
    );
    return {...row, ...numbers, name: `${row.parameter}${micro ? " (µm²/s)" : ""}`};
  });
  const several = result.groups.length > 1;
  return resultTable({
    id: "fit-summary",
    caption: `${result.model.name}, ${result.estimator.name.toLowerCase()}: ${result.region}`,
    columns: [
      {key: "name", label: "Parameter", header: true},
      ...(several ? [{key: "group", label: "Region", header: true}] : []),
      {key: "median", label: "Median", digits: 4, interval: {lower: "q1", upper: "q3"}},
      {key: "mean", label: "Mean", digits: 4},
      {key: "sd", label: "SD", digits: 3},
      {key: "n", label: "n", decimals: 0},
      {key: "missing", label: "Without value", decimals: 0}
    ],
    rows,
    groupRows: several ? "parameter" : undefined,
    note: "In brackets the quartiles (type 7), whose distance is the interquartile range. 1 µm²/s is 10⁻⁶ mm²/s. SD: spread between voxels."
  });
}

/** One histogram a parameter, over the region's parts. */
export function histograms({fit, groups, model, ranges, summaries}: FitResult): HTMLElement {
  return h(
    "div",
    {class: "m-fit-histograms"},
    ...fit.parameters.map(({name, unit, values}, index) => {
      const micro = unit === "mm2/s";
      const shown = micro ? "µm2/s" : unit === "signal" ? "" : unit;
      const series = groups.map(({label, voxels}) => ({
        label,
        values: Float64Array.from(voxels, (v) => (micro ? values[v] * 1e6 : values[v]))
      }));
      const range = ranges[index];
      const own = summaries.filter(({parameter}) => parameter === name);
      const domain = range === null ? undefined : (range.map((end) => (micro ? end * 1e6 : end)) as [number, number]);
      const count = own.reduce((sum, {n}) => sum + n, 0);
      return figure({
        id: `histogram-${name.replace(/\W/g, "-")}`,
        title: `${name} in the region`,
        caption: "The axis holds the middle 98 % of the values.",
        description: `Histogram of ${name} in ${count} voxels${domain === undefined ? "" : `, from ${domain[0].toPrecision(3)} to ${domain[1].toPrecision(3)} ${shown}`}.`,
        spec: histogram(series, {
          quantity: name,
          unit: shown,
          domain,
          description: `Distribution of ${name} (${model.name}).`
        }),
        table: {
          columns: [
            {key: "label", label: "Region", header: true},
            {key: "from", label: "From", unit: shown},
            {key: "to", label: "To", unit: shown},
            {key: "count", label: "Voxels", decimals: 0},
            {key: "share", label: "Share", digits: 3}
          ],
          rows: histogramBins(series, {domain}).bins.map((bin) => ({...bin})),
          limit: 40
        }
      });
    })
  );
}

/** Points of a drawn curve, enough to look smooth. */
const curvePoints = 121;

/** Signal against b of one voxel with the decay that the model gives its parameters. */
export function voxelDecay(
  result: FitResult,
  module: WebAssembly.Module,
  voxel: readonly number[],
  statuses: readonly StatusInfo[]
): Required<Pick<FigureChange, "caption" | "description" | "spec" | "table">> {
  const {input, fit, model, protocol} = result;
  const v = voxelAt(input, voxel);
  const {b, TE} = input.protocol;
  const several = TE !== undefined && new Set(TE).size > 1;
  const groupOf = (te: number | undefined): string | undefined =>
    several && te !== undefined ? `TE ${+(te * 1000).toFixed(3)} ms` : undefined;
  const signals = samplesAt(input, v);
  const samples: DecaySample[] = b.map((x, s) => ({x, signal: signals[s], group: groupOf(TE?.[s])}));
  const parameters = Float64Array.from(fit.parameters, ({values}) => values[v]);
  const known = parameters.every(Number.isFinite);
  const curve: DecayCurvePoint[] = [];
  let fitted: Float64Array | null = null;
  if (known && model.predicts) {
    // On this thread: for the few voxels that a page draws, a worker's round trip costs more than the prediction.
    const core = instantiate(module);
    fitted = core.simulate({model: model.id, protocol}, parameters, 1);
    const highest = b.reduce((high, value) => Math.max(high, value), 0);
    for (const te of protocol.TE === undefined ? [undefined] : new Set(protocol.TE)) {
      const grid = Array.from({length: curvePoints}, (_, i) => (highest * i) / (curvePoints - 1));
      const columns: Record<string, number[]> = te === undefined ? {b: grid} : {b: grid, TE: grid.map(() => te)};
      const line = core.simulate({model: model.id, protocol: columns}, parameters, 1);
      grid.forEach((x, i) => curve.push({x, signal: line[i], group: groupOf(te)}));
    }
  }
  const outcome = statusNames(statuses)[fit.status[v]];
  const values = fit.parameters.map(({name, unit, values}) => `${name} ${quantityText(values[v], unit)}`).join(", ");
  const drawn =
    known && !model.predicts ? " This model describes parts of the decay, so that there is no one curve to draw." : "";
  const caption = `Voxel (${voxel.join(", ")}), ${outcome}${known ? `: ${values}.` : "; no curve without parameters."}${drawn}`;
  return {
    caption,
    description:
      `Measured signal of voxel (${voxel.join(", ")}) at ${b.length} b values from ${Math.min(...b)} to ${Math.max(...b)} s/mm², ` +
      `from ${Math.max(...signals).toPrecision(4)} down to ${Math.min(...signals).toPrecision(4)}. Outcome: ${outcome}. ${known ? `${values}.` : ""}`,
    spec: decay(samples, curve, {groupTitle: several ? "Echo time" : undefined}),
    table: {
      columns: [
        {key: "b", label: "b", unit: "s/mm2"},
        ...(TE === undefined ? [] : [{key: "te", label: "TE", unit: "s"}]),
        {key: "signal", label: "Measured"},
        ...(fitted === null ? [] : [{key: "fitted", label: "Fitted"}])
      ],
      rows: b.map((x, s) => ({b: x, te: TE?.[s], signal: signals[s], fitted: fitted?.[s]})),
      limit: 20
    }
  };
}

/** The figure of one voxel's decay; it follows `update(voxelDecay(...))`. */
export function decayFigure(change: ReturnType<typeof voxelDecay>): FigureElement {
  return figure({id: "decay", title: "Signal at the crosshair", ...change});
}

/** Every file of a result: all maps as one archive, the voxels as a table, and each map with its sidecar. */
export function downloads(result: FitResult, statuses: readonly StatusInfo[]): HTMLElement {
  const maps = derivedMaps(result, statuses);
  const work = h("div", {});
  const problem = h("div", {"aria-live": "assertive"});
  const blob = ({bytes, type}: OutputFile): Blob => new Blob([bytes], {type});
  const guarded = async (make: () => Promise<OutputFile> | OutputFile): Promise<Blob> => {
    problem.replaceChildren();
    try {
      return blob(await make());
    } catch (error) {
      if (!isAbort(error)) problem.replaceChildren(errorNotice(error, "The file could not be made"));
      throw error;
    }
  };
  const underBar = (label: string, make: (options: MakeOptions) => Promise<OutputFile>) => () =>
    guarded(async () => {
      const controller = new AbortController();
      const bar = progress({label, controller});
      work.replaceChildren(bar.element);
      try {
        return await make({
          signal: controller.signal,
          async onProgress(done, total) {
            bar.update(done / total);
            await breathe();
          }
        });
      } finally {
        bar.finish();
      }
    });
  const stem = maps[0].name.split("_model-")[0];
  const whole = h(
    "p",
    {class: "m-fit-downloads"},
    downloadButton({
      label: "All maps (.zip)",
      fileName: `${stem}_maps.zip`,
      type: "application/zip",
      content: underBar("Packing the maps", (options) => archive(result, maps, options))
    }),
    downloadButton({
      label: "Voxel table (.csv)",
      fileName: `${stem}_voxels.csv`,
      type: "text/csv",
      content: underBar("Writing the table", (options) => voxelTable(result, statuses, options))
    })
  );
  const table = resultTable({
    id: "fit-files",
    caption: "Single maps",
    columns: [
      {key: "label", label: "Map", header: true},
      {key: "unit", label: "Unit"},
      {
        key: "map",
        label: "Files",
        align: "left",
        format: (map) => {
          const {label, name, image, sidecar} = map as (typeof maps)[number];
          const offer = (text: string, extension: string, make: () => OutputFile): HTMLElement =>
            downloadButton({
              label: text,
              fileName: `${name}.${extension}`,
              type: make === image ? "application/gzip" : "application/json",
              content: () => guarded(make),
              description: `Download ${label} as ${text}`
            });
          return h("span", {class: "m-fit-downloads"}, offer("NIfTI", "nii.gz", image), offer("JSON", "json", sidecar));
        }
      },
      {key: "name", label: "Name"}
    ],
    rows: maps.map((map) => ({
      label: map.label,
      unit: map.unit === "signal" ? "as the signal" : formatUnit(map.unit),
      name: map.name,
      map
    }))
  });
  return h("div", {}, whole, work, problem, table);
}
