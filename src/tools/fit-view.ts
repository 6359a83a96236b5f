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
import {archive, derivedMaps, voxelTable, type MakeOptions, type OutputFile} from "./fit-files.js";
import {incompleteCodes, kindOf, knownColumns, readFitInput, withColumns, type FitInput} from "./fit-input.js";
import {
  baseline,
  describeBaseline,
  everyVoxel,
  groupsOf,
  labelsOf,
  middleVoxel,
  regionMask,
  samplesAt,
  voxelAt,
  type Group,
  type RegionChoice
} from "./fit-regions.js";
import {commandLines, type FitOptions, type FitResult} from "./fit-run.js";
import {displayRange} from "./fit-summaries.js";
import {
  axisOf,
  curve,
  formatColumn,
  parseColumn,
  samplePlaces
} from "./model-explorer.js";

export {modelCard} from "./model-card.js";

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
  /** How many series were read; what joins the series that is there is no other. */
  readonly count: number;
}

/**
 * The page's one file drop, buttons for the examples, and what was understood of the files. Bad files are told and
 * leave what was read before as it was. Parts that come without a series (b values, a sidecar) wait for it, and a mask
 * or another protocol that comes alone joins the series that is there.
 */
export function fitSource({
  example,
  simulated,
  models
}: {
  example: () => Folder;
  /** A simulated series of a model. */
  simulated: (model: string) => Promise<Folder>;
  /** The models for which there is one. */
  models: readonly ModelInfo[];
}): FitSource {
  let value: FitInput | null = null;
  let count = 0;
  let taken: readonly File[] = [];
  let waiting: readonly File[] = [];
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

  const size = (files: readonly File[]): number => files.reduce((sum, file) => sum + file.size, 0);
  const take = async (files: readonly File[]): Promise<void> => {
    await load(folderOfFiles(files), size(files));
    taken = files;
    waiting = [];
  };
  const drop = fileDrop({
    label: "Drop a series with what belongs to it, or choose the files",
    hint:
      "NIfTI (.nii, .nii.gz): one image of several volumes or one for each; .bval, JSON sidecars, or a table of the " +
      "protocol; masks and a map of B1 if you have them",
    async check(files) {
      const together = joined(waiting, files);
      try {
        await take(together);
        count += 1;
      } catch (error) {
        if (!isIncomplete(error)) throw error;
        if (waiting.length === 0 && taken.length > 0) await take(joined(taken, files));
        else {
          waiting = together;
          throw error;
        }
      }
    }
  });

  const open = async (folder: () => Folder | Promise<Folder>): Promise<void> => {
    drop.clear();
    try {
      await load(await folder(), 0);
      count += 1;
      [taken, waiting] = [[], []];
      element.dispatchEvent(new Event("input", {bubbles: true}));
    } catch (error) {
      drop.showError(error);
    }
  };
  const button = h("button", {type: "button", class: "m-button"}, "Try it with an example");
  button.addEventListener("click", () => open(example));
  const choose = select({
    label: "Or simulate an example of",
    options: models.map(({id, name}) => [id, name] as const)
  });
  // Choosing a model to simulate is no new input yet.
  choose.addEventListener("input", (event) => event.stopPropagation());
  const simulate = h("button", {type: "button", class: "m-button"}, "Simulate it");
  simulate.addEventListener("click", () => open(() => simulated(choose.value)));
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
    h(
      "div",
      {class: "m-fit-simulated"},
      choose,
      simulate,
      h("p", {class: "m-fit-small"}, "Three simulated tissues with noise at an SNR of 50: no measurement.")
    ),
    work,
    understood
  );
  setState("idle");
  return Object.defineProperties(element, {value: {get: () => value}, count: {get: () => count}}) as unknown as FitSource;
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

/** A time in ms, anything else as it is; the unit that belongs to it. */
const shownUnit = (unit: string): string => (unit === "s" ? "ms" : unit === "degree" ? "°" : unit);
const shownValue = (value: number, unit: string): number => (unit === "s" ? +(value * 1000).toFixed(3) : value);

/** What was understood: grid, protocol and the part of each file. */
function description(input: FitInput): HTMLElement {
  const {image, images, protocol, roles, acquisitions} = input;
  const distinct = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  const fact = (term: string, text: string): HTMLElement => h("div", {}, h("dt", {}, term), h("dd", {}, text));
  const few = (values: number[]): string =>
    values.length > 12 ? `${values.length} values from ${values[0]} to ${values.at(-1)}` : values.join(", ");
  const bytes = images.reduce((sum, {data}) => sum + data.byteLength, 0);
  const [grid, size] = [image.shape.slice(0, 3), image.voxelSize.map((side) => +side.toFixed(3))];
  const columns = knownColumns.filter(({name}) => protocol[name] !== undefined);
  return h(
    "div",
    {},
    h(
      "dl",
      {class: "m-fit-facts"},
      fact("Series", images.length === 1 ? image.file : `${images.length} images, ${image.file} first`),
      fact("Grid", `${grid.join(" × ")} voxels of ${size.join(" × ")} mm`),
      fact("Volumes", `${acquisitions}, stored as ${image.datatype} (${formatBytes(bytes)})`),
      ...columns.map(({name, unit}) =>
        fact(
          unit === "" ? name : `${name} (${formatUnit(shownUnit(unit))})`,
          few(distinct(protocol[name].map((value) => shownValue(value, unit))))
        )
      ),
      columns.length === 0 ? fact("Protocol", "not given: type it below, or drop it") : null
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

/**
 * The protocol as text, one field a column, filled with what the files state; its value is the input with the columns
 * that the reader typed. Folded while the files state something.
 */
export function protocolForm(input: FitInput): Control<FitInput> {
  let value = input;
  const problem = h("div", {});
  const rows = knownColumns.map(({name, unit, description: about}) => {
    const id = uniqueId("column");
    const given = input.protocol[name];
    const field = h("input", {
      type: "text",
      id,
      spellcheck: "false",
      autocomplete: "off",
      value: given === undefined ? "" : formatColumn(given)
    });
    const title = unit === "" ? name : `${name} (${formatUnit(unit)})`;
    const element = h("div", {class: "m-fit-column"}, h("label", {for: id}, title), field);
    element.title = about ?? "";
    return {name, field, start: field.value, element};
  });
  const form = h(
    "details",
    {class: "m-fit-protocol", open: Object.keys(input.protocol).length === 0},
    h("summary", {}, "Protocol, one value a volume"),
    h(
      "p",
      {class: "m-fit-small"},
      `Numbers between commas for the ${input.acquisitions} volumes in the order of their names; 3*0.1 is 0.1 three ` +
        "times, and one number stands for all. What you type replaces what the files state."
    ),
    h("div", {class: "m-fit-columns"}, ...rows.map(({element}) => element)),
    problem
  );
  form.addEventListener("input", (event) => {
    if (event.target !== form) event.stopPropagation();
  });
  form.addEventListener("change", () => {
    problem.replaceChildren();
    try {
      const typed = rows.filter(({field, start}) => field.value !== start && field.value.trim() !== "");
      const columns = typed.map(({name, field}) => [name, parseColumn(name, field.value)] as const);
      value = withColumns(input, Object.fromEntries(columns));
      form.dispatchEvent(new Event("input", {bubbles: true}));
    } catch (error) {
      problem.replaceChildren(errorNotice(error, "This protocol is not used"));
    }
  });
  return Object.defineProperty(form, "value", {get: () => value}) as unknown as Control<FitInput>;
}

/** Models as radio buttons; those that the data cannot be fitted with are disabled and say why, folded away. */
export function modelChoice(
  models: readonly ModelInfo[],
  reasons: Readonly<Record<string, string | null>>
): Control<string | null> {
  const name = uniqueId("model");
  const suited = models.filter(({id}) => reasons[id] === null);
  const others = models.filter(({id}) => reasons[id] !== null);
  let current = suited[0]?.id ?? null;
  const option = ({id, name: title, description}: ModelInfo): HTMLElement => {
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
  };
  const element = h(
    "fieldset",
    {class: "m-radios m-fit-models"},
    h("legend", {}, "Model"),
    h("div", {}, ...suited.map(option)),
    others.length === 0
      ? null
      : h(
          "details",
          {open: suited.length === 0},
          h("summary", {}, `${others.length} ${others.length === 1 ? "model needs" : "models need"} other data`),
          h("div", {}, ...others.map(option))
        )
  );
  return Object.defineProperty(element, "value", {get: () => current}) as unknown as Control<string | null>;
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
    description: `${input.image.file}: ${describeBaseline(input)}, with the region to fit.`
  });
}

/**
 * The maps of a fit with the outcome of each voxel, beside the signal they come from; its `value` is the crosshair's
 * voxel.
 */
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
      ...result.estimated.map(({index}) => map(fit.parameters[index], index)),
      ...result.estimated.map(({name, unit, index}): ViewerMap => {
        const {values} = fit.standardDeviations[index];
        const range = displayRange(values, everyVoxel(groups)) ?? [0, 1];
        return {name: `sd-${name}`, label: `SD of ${name}`, unit: unit === "signal" ? "" : unit, values, range};
      }),
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
      map: (result.estimated.find(({name}) => name === "ADC") ?? result.estimated[0]).name,
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
  together,
  run,
  done
}: {
  voxels: number;
  /** Whether all voxels are fitted in one piece, of which nothing is heard before its end. */
  together: boolean;
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
    const bar = progress({label: `Fitting ${label}`, controller: own, unknown: together});
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
      const seconds = (performance.now() - start) / 1000;
      status.textContent = `Fitted ${label} in ${formatQuantity(seconds, "s", {digits: 2})}.`;
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
  if (unit === "mm2/s") return formatQuantity(value * 1e6, "µm2/s");
  return formatQuantity(value, unit === "signal" ? "" : unit);
}

/** The value of each shared parameter, with its standard deviation. */
export function sharedTable({shared, groups}: FitResult): HTMLElement {
  const count = groups.reduce((sum, {voxels}) => sum + voxels.length, 0);
  return resultTable({
    id: "fit-shared",
    caption: `Shared by all ${count.toLocaleString("en")} voxels`,
    columns: [
      {key: "name", label: "Parameter", header: true},
      {key: "value", label: "Value"},
      {key: "sd", label: "SD"}
    ],
    rows: shared.map(({name, unit, value, sd}) => ({
      name,
      value: value === null ? "—" : quantityText(value, unit),
      sd: sd === null ? "—" : quantityText(sd, unit)
    })),
    note: "SD: standard deviation of that one value, from the residual of all voxels together; — where there is none."
  });
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
    note:
      "In brackets the quartiles (type 7), whose distance is the interquartile range. 1 µm²/s is 10⁻⁶ mm²/s. " +
      "SD: spread between voxels."
  });
}

/** One histogram a parameter that was estimated voxel by voxel, over the region's parts. */
export function histograms({fit, groups, model, estimated, shared, ranges, summaries}: FitResult): HTMLElement {
  const own = estimated.filter(({name}) => !shared.some((each) => each.name === name));
  return h(
    "div",
    {class: "m-fit-histograms"},
    ...own.map(({name, unit, index}) => {
      const {values} = fit.parameters[index];
      const micro = unit === "mm2/s";
      const shown = micro ? "µm2/s" : unit === "signal" ? "" : unit;
      const series = groups.map(({label, voxels}) => ({
        label,
        values: Float64Array.from(voxels, (v) => (micro ? values[v] * 1e6 : values[v]))
      }));
      const range = ranges[index];
      const domain = range === null ? undefined : (range.map((end) => (micro ? end * 1e6 : end)) as [number, number]);
      const count = summaries.reduce((sum, {parameter, n}) => sum + (parameter === name ? n : 0), 0);
      const ends =
        domain === undefined ? "" : `, from ${domain[0].toPrecision(3)} to ${domain[1].toPrecision(3)} ${shown}`;
      return figure({
        id: `histogram-${name.replace(/\W/g, "-")}`,
        title: `${name} in the region`,
        caption: "The axis holds the middle 98 % of the values.",
        description: `Histogram of ${name} in ${count} voxels${ends}.`,
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

/** The column along which a model's signal is drawn. */
function abscissa(model: ModelInfo): ModelInfo["protocol"][number] {
  return model.predicts ? axisOf(model) : model.protocol[0];
}

/** Signal of one voxel against the model's main protocol column, with the curve that the fitted parameters give. */
export function voxelDecay(
  result: FitResult,
  module: WebAssembly.Module,
  voxel: readonly number[],
  statuses: readonly StatusInfo[]
): Required<Pick<FigureChange, "caption" | "description" | "spec" | "table">> {
  const {input, fit, model, protocol, choices} = result;
  const v = voxelAt(input, voxel);
  const axis = abscissa(model);
  const x = protocol[axis.name];
  const signals = samplesAt({samples: result.samples, voxels: input.voxels}, v);
  const parameters = Float64Array.from(fit.parameters, ({values}) => values[v]);
  const known = parameters.every(Number.isFinite);
  const scale = (value: number): number => shownValue(value, axis.unit);
  const places = model.predicts ? samplePlaces(model, protocol).places : x.map((at) => ({x: at, group: ""}));
  const samples: DecaySample[] = places.map(({x: at, group}, s) => ({x: scale(at), signal: signals[s], group}));
  const line: DecayCurvePoint[] = [];
  let fitted: Float64Array | null = null;
  if (known && model.predicts) {
    // On this thread: for the few voxels that a page draws, a worker's round trip costs more than the prediction.
    const core = instantiate(module);
    const {settings = {}} = choices;
    fitted = core.simulate({model: model.id, protocol, settings}, parameters, 1);
    const points = curve(core, model, {protocol, settings}, [...parameters]);
    line.push(...points.map((point) => ({...point, x: scale(point.x)})));
  }
  const outcome = statusNames(statuses)[fit.status[v]];
  const values = fit.parameters.map(({name, unit, values}) => `${name} ${quantityText(values[v], unit)}`).join(", ");
  const drawn =
    known && !model.predicts ? " This model describes parts of the decay, so that there is no one curve to draw." : "";
  const found = known ? `: ${values}.` : "; no curve without parameters.";
  const caption = `Voxel (${voxel.join(", ")}), ${outcome}${found}${drawn}`;
  const columns = model.protocol.filter(({name}) => protocol[name] !== undefined);
  const several = new Set(places.map(({group}) => group)).size > 1;
  const unit = shownUnit(axis.unit);
  const ends = x.map(scale);
  return {
    caption,
    description:
      `Measured signal of voxel (${voxel.join(", ")}) at ${x.length} samples with ${axis.name} from ` +
      `${Math.min(...ends)} to ${Math.max(...ends)}${unit === "" ? "" : ` ${formatUnit(unit)}`}, from ` +
      `${Math.max(...signals).toPrecision(4)} down to ${Math.min(...signals).toPrecision(4)}. ` +
      `Outcome: ${outcome}. ${known ? `${values}.` : ""}`,
    spec: decay(samples, line, {
      xTitle: axis.name,
      xUnit: unit,
      log: axis.name === "b",
      groupTitle: several ? "Acquisition" : undefined
    }),
    table: {
      columns: [
        ...columns.map(({name, unit: own}) => ({key: name, label: name, unit: own})),
        {key: "signal", label: "Measured"},
        ...(fitted === null ? [] : [{key: "fitted", label: "Fitted"}])
      ],
      rows: x.map((_, s) => ({
        ...Object.fromEntries(columns.map(({name}) => [name, protocol[name][s]])),
        signal: signals[s],
        fitted: fitted?.[s]
      })),
      limit: 20
    }
  };
}

/** The figure of one voxel's decay; it follows `update(voxelDecay(...))`. */
export function decayFigure(change: ReturnType<typeof voxelDecay>): FigureElement {
  return figure({id: "decay", title: "Signal at the crosshair", ...change});
}

/** The commands that do the same in a terminal. */
export function commandBlock(result: FitResult): HTMLElement {
  const {images, table} = commandLines(result);
  const line = (text: string, label: string): HTMLElement =>
    h("pre", {class: "m-fit-command", tabindex: 0, role: "region", "aria-label": label}, h("code", {}, text));
  return h(
    "div",
    {},
    line(images, "Command line for a BIDS dataset"),
    line(table, "Command line for a table of samples"),
    result.shared.length === 0
      ? null
      : h("p", {class: "m-fit-small"}, "A shared value rests on every voxel: the same region gives the same value.")
  );
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
  const {stem} = result.series;
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
