// What the protocol designer shows, without the page: settings and their link, bounds of a protocol, and what would
// lower them.
import type {
  Acquisition,
  Core,
  CramerRaoBounds,
  ModelInfo,
  OptimisedProtocol,
  OptimiseRequest,
  Protocol,
  Settings,
  Situation
} from "../compute/core.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {InputError} from "../domain/errors.js";
import type {Grid} from "../view/charts/contours.js";
import {version} from "../generated/version.js";
import {exampleOf, exampleState, explorable, fromHash, sigmaAt, toHash, type ExplorerState} from "./model-explorer.js";

/** The column that tells real parts (0) from imaginary ones (1); both parts are one acquisition. */
const imaginary = "imaginary";

/** The model that the page opens with, and the parameters that it asks about. */
export const leadModel = "t2-ivim-kurtosis";
const leadGoals = ["f", "T2v"];

/** Everything that the reader sets. */
export interface DesignerState {
  model: string;
  parameters: Record<string, number>;
  /** Parameters that are known beforehand, beside those that the model holds. */
  known: string[];
  protocol: Record<string, number[]>;
  settings: Settings;
  /** Strongest noise-free sample of the model's example protocol over the standard deviation of the noise. */
  snr: number;
  noise: ExplorerState["noise"];
  coils: number;
}

/** An acquisition and how often it is made. */
export interface Allocation {
  at: Acquisition;
  count: number;
}

/** Models whose protocols can be designed. */
export function designable(models: readonly ModelInfo[]): ModelInfo[] {
  return explorable(models);
}

/** The columns of a model that are set for each acquisition. */
export function columnsOf(model: ModelInfo, protocol: Protocol): ModelInfo["protocol"] {
  return model.protocol.filter(({name}) => name !== imaginary && protocol[name] !== undefined);
}

/** Whether a protocol stacks real and imaginary parts. */
function isComplex(model: ModelInfo): boolean {
  return model.protocol.some(({name}) => name === imaginary);
}

/** The different acquisitions of a protocol, in the order of first appearance, with their numbers. */
export function allocate(model: ModelInfo, protocol: Protocol): Allocation[] {
  const columns = columnsOf(model, protocol).map(({name}) => name);
  const found = new Map<string, Allocation>();
  const rows = Object.values(protocol)[0].length;
  for (let s = 0; s < rows; s++) {
    if (isComplex(model) && protocol[imaginary][s] === 1) continue;
    const key = columns.map((name) => protocol[name][s]).join();
    const known = found.get(key);
    if (known === undefined) {
      found.set(key, {at: Object.fromEntries(columns.map((name) => [name, protocol[name][s]])), count: 1});
    } else known.count += 1;
  }
  return [...found.values()];
}

/** The protocol of acquisitions. @throws InputError empty-protocol */
export function protocolOf(model: ModelInfo, allocation: readonly Allocation[]): Record<string, number[]> {
  const each = allocation.flatMap(({at, count}) => new Array<Acquisition>(count).fill(at));
  if (each.length === 0) {
    throw new InputError({code: "empty-protocol", field: "protocol", value: 0, expected: "at least one acquisition"});
  }
  const columns = Object.fromEntries(Object.keys(each[0]).map((name) => [name, each.map((at) => at[name])]));
  if (!isComplex(model)) return columns;
  const twice = Object.entries(columns).map(([name, values]) => [name, [...values, ...values]]);
  return {...Object.fromEntries(twice), [imaginary]: [...each.map(() => 0), ...each.map(() => 1)]};
}

function grid(b: readonly number[], TE: readonly number[]): Protocol {
  return {b: b.flatMap((value) => TE.map(() => value)), TE: b.flatMap(() => TE)};
}

/** Protocols to start from, by name: those of the model's example, and for the lead model a clinical one. */
export function presetsOf(model: ModelInfo): [string, Protocol][] {
  const {name, protocol, presets} = exampleOf(model.id);
  const clinical: [string, Protocol][] =
    model.id === leadModel ? [["Clinical: 5 b at one TE", grid([0, 50, 100, 400, 900], [0.093])]] : [];
  return [...clinical, [name, protocol], ...Object.entries(presets)];
}

/** Where the designer starts with a model. */
export function designerState(model: ModelInfo): DesignerState {
  const {parameters, known, protocol, settings, snr, noise, coils} = exampleState(model);
  return {model: model.id, parameters, known, protocol, settings, snr, noise, coils};
}

/** The parameters that are estimated. */
export function freeParameters(model: ModelInfo, {known}: Pick<DesignerState, "known">): ModelInfo["parameters"] {
  return model.parameters.filter(({name, held}) => held === null && !known.includes(name));
}

/** The parameters whose bounds an optimisation lowers unless the reader says otherwise. */
export function goalsOf(model: ModelInfo, state: Pick<DesignerState, "known">): string[] {
  const free = freeParameters(model, state).map(({name}) => name);
  const lead = leadGoals.filter((name) => free.includes(name));
  return model.id === leadModel && lead.length > 0 ? lead : free;
}

/** State as the part of an address behind #; the model explorer reads it too. */
export function designerHash(model: ModelInfo, state: DesignerState, shown: string): string {
  const {seed, estimator, likelihood} = exampleState(model);
  const free = model.parameters.filter(({held}) => held === null).map(({name}) => name);
  const pair = [free[0], free[1] ?? free[0]] as const;
  return toHash({...state, seed, estimator, likelihood}, {pair, shown});
}

/** The settings of an address, of this page or the model explorer; null where it holds none. @throws as `fromHash` */
export function designerLink(
  hash: string,
  models: readonly ModelInfo[]
): {state: DesignerState; shown: string | null} | null {
  const link = fromHash(hash, models);
  if (link === null) return null;
  const {model, parameters, known, protocol, settings, snr, noise, coils} = link.state;
  return {state: {model, parameters, known, protocol, settings, snr, noise, coils}, shown: link.shown};
}

/**
 * Model, tissue and noise for the core. The noise is that of the scanner, so it does not follow the protocol: sigma is
 * the strongest noise-free sample of the model's example protocol over the SNR.
 */
export function situationOf(core: Core, model: ModelInfo, state: DesignerState): Situation {
  const {settings, parameters, known, noise, coils, snr} = state;
  const values = Float64Array.from(model.parameters, ({name}) => parameters[name]);
  const {protocol} = exampleOf(model.id);
  const sigma = sigmaAt(core.simulate({model: model.id, protocol, settings}, values, 1), snr);
  return {
    model: model.id,
    settings,
    parameters,
    fix: known,
    noise: noise === "noncentral-chi" ? {kind: noise, sigma, coils} : {kind: noise, sigma}
  };
}

/** How well a relative bound tells a parameter. */
export type Verdict = "well" | "roughly" | "hardly" | "not identifiable";

/** Up to 10 % well, up to 50 % roughly, beyond hardly; without a bound not identifiable. */
export function verdict(relative: number | null): Verdict {
  if (relative === null) return "not identifiable";
  return relative <= 0.1 ? "well" : relative <= 0.5 ? "roughly" : "hardly";
}

/** The largest and the smallest value of a column. */
export function ends(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/**
 * A protocol with a column stretched until its largest value is `largest`: the smallest stays where it is, the others
 * keep their relative places; a column of one value moves as a whole.
 */
export function stretch(protocol: Protocol, name: string, largest: number): Record<string, number[]> {
  const [low, high] = ends(protocol[name]);
  const place = (value: number): number =>
    high > low ? low + ((value - low) * (largest - low)) / (high - low) : largest;
  return Object.fromEntries(
    Object.entries(protocol).map(([column, values]) => [column, column === name ? values.map(place) : [...values]])
  );
}

/** A value as a scanner takes it: times to 0.1 ms, b to 1 s/mm2, angles to 0.1 degrees. */
export function tidy(value: number, unit: string): number {
  const places = unit === "s" ? 4 : unit === "degree" ? 1 : 0;
  return Number(value.toFixed(places));
}

/** Where the designer looks for the largest value of a column: from a fifth of its spread to twice the value. */
export function stretchRange(protocol: Protocol, name: string, unit: string): [number, number] {
  const [low, high] = ends(protocol[name]);
  const least = high > low ? low + 0.2 * (high - low) : high / 2;
  const most = unit === "degree" ? Math.min(90, 2 * high) : 2 * high;
  return [tidy(least, unit), tidy(most, unit)];
}

/** The columns that can be stretched; MT has two values and TR is often one. */
export function stretchable(model: ModelInfo, protocol: Protocol): ModelInfo["protocol"] {
  return columnsOf(model, protocol).filter(({name}) => name !== "MT" && ends(protocol[name])[1] > 0);
}

/** Points of the map along each axis. */
export const mapPoints = 15;

/** A column of a protocol and the range of its largest value. */
interface Axis {
  name: string;
  range: readonly [number, number];
}

/** The relative bound (%) of one parameter over the largest values of two columns; NaN where there is none. */
export async function boundMap(
  pool: Pool,
  situation: Situation,
  protocol: Protocol,
  {x, y, shown}: {x: Axis; y: Axis; shown: string},
  options: RunOptions = {}
): Promise<Grid> {
  const axis = ([low, high]: readonly [number, number]): number[] =>
    Array.from({length: mapPoints}, (_, i) => low + ((high - low) * i) / (mapPoints - 1));
  const [xs, ys] = [axis(x.range), axis(y.range)];
  const chunks = ys.flatMap((across) =>
    xs.map((along) => ({
      make: () => ({
        request: {situation, protocol: stretch(stretch(protocol, x.name, along), y.name, across)}
      })
    }))
  );
  const found = await pool.run("cramer-rao", chunks, options);
  return {xs, ys, values: found.map((bounds) => percentOf(bounds, shown))};
}

function percentOf({parameters}: CramerRaoBounds, name: string): number {
  const bound = parameters.find((each) => each.name === name);
  return bound === undefined || bound.relative === null ? NaN : 100 * bound.relative;
}

/** Values an optimisation may choose from, by column: those of all presets and, evenly spaced, up to the largest. */
export function candidatesOf(model: ModelInfo, protocol: Protocol): Record<string, number[]> {
  const presets = presetsOf(model).map(([, preset]) => preset);
  return Object.fromEntries(
    columnsOf(model, protocol).map(({name}) => {
      const known = [...protocol[name], ...presets.flatMap((preset) => preset[name] ?? [])];
      const values = [...new Set(known)].sort((a, b) => a - b);
      return [name, values];
    })
  );
}

/** Asks a worker for a better protocol. @throws InputError where candidates, number or goals are at fault */
export async function optimise(
  pool: Pool,
  request: OptimiseRequest,
  options: RunOptions = {}
): Promise<OptimisedProtocol> {
  const [found] = await pool.run("optimise-protocol", [{make: () => ({request})}], options);
  return found;
}

/** What a protocol costs: a proxy for its scan time. */
export interface Cost {
  /** Acquisitions, a complex one counted once. */
  acquisitions: number;
  /** s; null where the protocol has no TE. */
  longestTE: number | null;
  /** Sum of the repetition times, s; null where the protocol has none. */
  totalTR: number | null;
}

/** The cost of a protocol. */
export function costOf(model: ModelInfo, protocol: Protocol): Cost {
  const each = allocate(model, protocol);
  const {TR} = protocol;
  return {
    acquisitions: each.reduce((sum, {count}) => sum + count, 0),
    longestTE: protocol.TE === undefined ? null : ends(protocol.TE)[1],
    totalTR: TR === undefined ? null : each.reduce((sum, {at, count}) => sum + at.TR * count, 0)
  };
}

/** A file that the reader takes along. */
export interface ProtocolFile {
  label: string;
  name: string;
  type: string;
  content: string;
}

/**
 * The protocol as files: JSON with everything the bounds rest on, a table (the tool "Fit your own data" reads it), and
 * for diffusion a `.bval` file with the echo times beside it.
 */
export function protocolFiles(model: ModelInfo, state: DesignerState, bounds: CramerRaoBounds | null): ProtocolFile[] {
  const {protocol, settings, parameters, snr, noise} = state;
  const each = allocate(model, protocol).flatMap(({at, count}) => new Array<Acquisition>(count).fill(at));
  const columns = columnsOf(model, protocol);
  const stem = `${model.id}_protocol`;
  const json = {
    GeneratedBy: [{Name: "Measurand", Version: version}],
    Model: model.id,
    Protocol: Object.fromEntries(
      columns.map(({name, unit}) => [name, {Units: unit, Values: each.map((at) => at[name])}])
    ),
    Settings: settings,
    Tissue: parameters,
    Noise: {Kind: noise, SNR: snr},
    RelativeBounds: bounds && Object.fromEntries(bounds.parameters.map(({name, relative}) => [name, relative]))
  };
  const lines = [columns.map(({name}) => name), ...each.map((at) => columns.map(({name}) => String(at[name])))];
  const files: ProtocolFile[] = [
    {label: "JSON", name: `${stem}.json`, type: "application/json", content: `${JSON.stringify(json, null, 2)}\n`},
    {
      label: "Table (.tsv)",
      name: `${stem}.tsv`,
      type: "text/tab-separated-values",
      content: `${lines.map((line) => line.join("\t")).join("\n")}\n`
    }
  ];
  if (protocol.b === undefined) return files;
  const list = (column: string): string => `${each.map((at) => at[column]).join(" ")}\n`;
  files.push({label: ".bval", name: `${stem}.bval`, type: "text/plain", content: list("b")});
  if (protocol.TE !== undefined) {
    files.push({label: "TE (.txt, s)", name: `${stem}_TE.txt`, type: "text/plain", content: list("TE")});
  }
  return files;
}
