// A fit of a region: what is asked, what comes of it, and the commands that ask the same.
import {InputError} from "../domain/errors.js";
import {estimatedParameters, fitVoxels, type Fit, type Precision} from "../compute/fit.js";
import type {EstimatorInfo, FitOptions as CoreOptions, ModelInfo} from "../compute/core.js";
import type {Pool, RunOptions} from "../compute/pool.js";
import {suffixOf, type Series} from "../io/series.js";
import {commandLine} from "./command-line.js";
import type {FitInput} from "./fit-input.js";
import {rowsOf, statedSettings} from "./fit-models.js";
import {describeRegion, everyVoxel, groupsOf, regionMask, type Group, type RegionChoice} from "./fit-regions.js";
import {displayRange, summarise, type Summary} from "./fit-summaries.js";

/** What a reader may set beside model and estimator; what is left out is the model's own. */
export interface FitChoices
  extends Pick<CoreOptions, "settings" | "bounds" | "fix" | "free" | "shared" | "start" | "starts" | "noise"> {
  /** `f64` if left out. */
  precision?: Precision;
}

/** What to fit where, and how. */
export interface FitSettings extends FitChoices {
  input: FitInput;
  model: ModelInfo;
  /** Id of one of the model's estimators. */
  estimator: string;
  region: RegionChoice;
}

/** A fit with all that went into it, and what it comes to. */
export interface FitResult {
  input: FitInput;
  model: ModelInfo;
  estimator: EstimatorInfo;
  /** What the reader set. */
  choices: FitChoices;
  /** File of the map of B1 that was used, or null. */
  b1: string | null;
  /** The parameters that were estimated, with their places among the model's; those held or fixed are inputs. */
  estimated: ReturnType<typeof estimatedParameters>;
  /** Parameters that have one value in all voxels. */
  shared: SharedValue[];
  /** The series, named for its maps. */
  series: Series;
  /** The samples that were fitted, and their protocol. */
  samples: Float32Array | Float64Array;
  protocol: Record<string, number[]>;
  region: string;
  mask: Uint8Array;
  groups: Group[];
  fit: Fit;
  /** Of the parameters that were estimated voxel by voxel. */
  summaries: Summary[];
  /** Ends of an axis for each parameter over the whole region, as `displayRange` gives them. */
  ranges: ([number, number] | null)[];
}

export interface FitOptions extends RunOptions {
  /** Awaited between the summaries of large regions, so that a page can draw and listen. */
  pause?: () => Promise<void>;
}

/** A parameter with one value in all voxels. */
export interface SharedValue {
  name: string;
  unit: string;
  /** Null where no voxel has a value. */
  value: number | null;
  /** Its standard deviation; null where the data give none. */
  sd: number | null;
}

/** The values of shared parameters: those of any voxel that has one. */
function sharedValues({parameters, standardDeviations}: Fit, names: readonly string[]): SharedValue[] {
  const finite = (value: number | undefined): number | null =>
    value !== undefined && Number.isFinite(value) ? value : null;
  return parameters.flatMap(({name, unit, values}, p) => {
    if (!names.includes(name)) return [];
    const v = values.findIndex(Number.isFinite);
    return [{name, unit, value: finite(values[v]), sd: finite(standardDeviations[p].values[v])}];
  });
}

/** Whether a model holds B1, so that it takes a map of it. */
export function holdsB1({parameters}: ModelInfo): boolean {
  return parameters.some(({name, held}) => name === "B1" && held !== null);
}

/** The B1 map goes to models that hold B1, unless the reader fixes B1 or has it estimated. */
function b1Of(model: ModelInfo, {b1}: FitInput, {fix = {}, free = [], shared = []}: FitChoices): FitInput["b1"] {
  return holdsB1(model) && ![...Object.keys(fix), ...free, ...shared].includes("B1") ? b1 : null;
}

/** Fits and summarises the region; only protocol columns that the model knows are passed on. @throws as `fitVoxels` */
export async function fitRegion(pool: Pool, asked: FitSettings, options: FitOptions = {}): Promise<FitResult> {
  const {input, model, region, bounds, fix, free, shared, start, starts, noise, precision} = asked;
  const estimator = model.estimators.find(({id}) => id === asked.estimator);
  if (estimator === undefined) {
    const expected = `one of ${model.estimators.map(({id}) => id).join(", ")}`;
    throw new InputError({code: "unknown-estimator", field: "estimator", value: asked.estimator, expected});
  }
  const mask = regionMask(input, region);
  const {protocol, samples} = rowsOf(model, input);
  const {voxels} = input;
  const settings = {...statedSettings(model, input), ...asked.settings};
  const b1 = b1Of(model, input, asked);
  const choices: FitChoices = {settings, bounds, fix, free, shared, start, starts, noise, precision};
  const fit = await fitVoxels(
    pool,
    {
      ...choices,
      model: model.id,
      estimator: estimator.id,
      protocol,
      maps: b1 === null ? {} : {B1: b1.values},
      samples,
      voxels,
      mask
    },
    options
  );
  const groups = groupsOf(input, region, mask);
  const summaries: Summary[] = [];
  const ranges: FitResult["ranges"] = [];
  const whole = groups.length === 1 ? groups[0].voxels : everyVoxel(groups);
  const estimated = estimatedParameters(model, choices);
  const own = new Set(estimated.map(({name}) => name).filter((name) => !shared?.includes(name)));
  for (const {name, unit, values} of fit.parameters) {
    ranges.push(displayRange(values, whole));
    for (const {label, voxels: part} of own.has(name) ? groups : []) {
      await options.pause?.();
      options.signal?.throwIfAborted();
      summaries.push({group: label, parameter: name, unit, ...summarise(values, part)});
    }
  }
  return {
    input,
    model,
    estimator,
    choices,
    b1: b1?.file ?? null,
    estimated,
    shared: sharedValues(fit, shared ?? []),
    series: namedFor(model, input.series),
    samples,
    protocol,
    region: describeRegion(input, region),
    mask,
    groups,
    fit,
    summaries,
    ranges
  };
}

/** The series with the suffix that BIDS has for a model's images, where its own name says none. */
function namedFor(model: ModelInfo, series: Series): Series {
  if (series.suffix !== "") return series;
  try {
    return {...series, suffix: suffixOf(model)};
  } catch (error) {
    if (error instanceof InputError) return series; // BIDS has none: the maps' names go without
    throw error;
  }
}

/** The commands that fit the same in a terminal: a BIDS dataset with such series, and a table of samples. */
export function commandLines({model, estimator, choices}: Pick<FitResult, "model" | "estimator" | "choices">): {
  images: string;
  table: string;
} {
  const {settings = {}, bounds = {}, fix = {}, free = [], shared = [], start = {}} = choices;
  const {starts, noise, precision = "f64"} = choices;
  const options: [string, string][] = [["model", model.id], ["estimator", estimator.id]];
  const add = (name: string, values: readonly string[]): void => {
    for (const value of values) options.push([name, value]);
  };
  const pairs = (values: object): string[] => Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const side = (value: number | null): string => (value === null || !Number.isFinite(value) ? "" : String(value));
  const ends = ([lower, upper]: readonly [number | null, number | null]): string => `${side(lower)}:${side(upper)}`;

  if (precision !== "f64") add("precision", [precision]);
  const {field_strength: strength, spectrum, ...others} = settings;
  if (strength !== undefined) add("field-strength", [String(strength)]);
  if (spectrum !== undefined) add("spectrum", [String(spectrum)]);
  add("setting", pairs(others));
  add("bounds", Object.entries(bounds).map(([name, range]) => `${name}=${ends(range)}`));
  add("fix", pairs(fix));
  add("free", free);
  add("share", shared);
  add("start", pairs(start));
  if (starts !== undefined) add("starts", [String(starts)]);
  if (noise !== undefined && noise.kind !== "gaussian") {
    add("noise", [noise.kind]);
    add("sigma", [String(noise.sigma)]);
  }
  return {
    images: commandLine(["fit", "BIDS_DIR", "OUT_DIR", "participant"], options),
    table: commandLine(["fit-table", "SAMPLES.csv"], [...options, ["out", "PARAMETERS.csv"]])
  };
}
