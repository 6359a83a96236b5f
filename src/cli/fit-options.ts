import type {FitOptions, ModelInfo, NoiseModel, Settings} from "../compute/core.js";
import {mostStarts, type Precision} from "../compute/fit.js";
import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import type {Arguments, Option} from "./command.js";
import {badOption, readChoice, readInteger, readPairs, readPositive, readText, workersOption} from "./options.js";

/** What every command that fits understands. */
export const fitOptions: Record<string, Option> = {
  model: {type: "string", placeholder: "ID", description: "the signal model (measurand models lists them)"},
  estimator: {type: "string", placeholder: "ID", description: "how to fit it (default: the model's first)"},
  precision: {type: "string", placeholder: "f64|f32", description: "f64 is certified and the default; f32 is fast"},
  bounds: {
    type: "string",
    multiple: true,
    placeholder: "NAME=LO:HI",
    description: "bounds of a parameter; an empty side is unbounded"
  },
  start: {type: "string", multiple: true, placeholder: "NAME=VALUE", description: "where its iteration starts"},
  fix: {type: "string", multiple: true, placeholder: "NAME=VALUE", description: "a parameter that is not estimated"},
  free: {
    type: "string",
    multiple: true,
    placeholder: "NAME",
    description: "a parameter that the model holds, estimated"
  },
  share: {
    type: "string",
    multiple: true,
    placeholder: "NAME",
    description: "a parameter with one value for all voxels"
  },
  starts: {type: "string", placeholder: "N", description: "starts tried for each voxel, the best minimum kept"},
  noise: {
    type: "string",
    placeholder: "KIND",
    description: "gaussian (default), offset-gaussian or rician: the likelihood"
  },
  sigma: {type: "string", placeholder: "VALUE", description: "the noise's standard deviation, in the signal's unit"},
  "field-strength": {type: "string", placeholder: "T", description: "field strength in tesla, for models that ask"},
  spectrum: {type: "string", placeholder: "NAME", description: "spectrum of fat, for models that ask"},
  setting: {type: "string", multiple: true, placeholder: "NAME=VALUE", description: "any other setting of the model"},
  workers: workersOption
};

/** How to fit, whatever the samples are. */
export interface Fitting {
  precision: Precision;
  options: Omit<FitOptions, "protocol"> & {settings: Settings};
}

/** The id that was given with --model. @throws InputError missing-option */
export function readModel(values: Arguments["values"]): string {
  const model = readText(values, "model");
  if (model !== undefined) return model;
  const expected = "a model: --model ID (measurand models lists them)";
  throw new InputError({code: "missing-option", field: "--model", value: "missing", expected});
}

/**
 * Reads the options of a fit. Names of parameters and settings are checked by the core, which knows them.
 * @throws InputError naming the option
 */
export function readFitting({values, lists}: Arguments, model: ModelInfo): Fitting {
  const number = (name: string) => readPairs(lists, name, "NAME=VALUE with a number", parseNumber);
  const settings: Settings = {
    ...readPairs(lists, "setting", "NAME=VALUE", (text) => parseNumber(text) ?? text),
    ...defined({field_strength: readPositive(values, "field-strength", "T"), spectrum: readText(values, "spectrum")})
  };
  return {
    precision: readChoice(values, "precision", ["f64", "f32"]) ?? "f64",
    options: {
      model: model.id,
      estimator: readEstimator(values, model),
      settings,
      bounds: readPairs(lists, "bounds", "NAME=LO:HI with numbers LO < HI, one of which may be left out", parseBounds),
      fix: number("fix"),
      start: number("start"),
      ...(lists.free ? {free: lists.free} : {}),
      ...(lists.share ? {shared: lists.share} : {}),
      ...defined({starts: readInteger(values, "starts", 1, mostStarts)}),
      noise: readNoise(values)
    }
  };
}

function readEstimator(values: Arguments["values"], {id, estimators}: ModelInfo): string {
  const ids = estimators.map((estimator) => estimator.id);
  if (ids.length === 0) {
    const expected = "a model that is fitted; this one only predicts";
    throw new InputError({code: "no-estimator", field: "--model", value: id, expected});
  }
  return readChoice(values, "estimator", ids) ?? ids[0];
}

function readNoise(values: Arguments["values"]): NoiseModel {
  const kind = readChoice(values, "noise", ["gaussian", "offset-gaussian", "rician"]) ?? "gaussian";
  const sigma = readPositive(values, "sigma");
  if (kind === "gaussian") {
    if (sigma === undefined) return {kind};
    const expected = "--noise rician or offset-gaussian with it; gaussian noise estimates its own";
    throw badOption("sigma", String(sigma), expected);
  }
  if (sigma !== undefined) return {kind, sigma};
  throw badOption("noise", kind, "--sigma VALUE with it, the standard deviation of each channel");
}

function parseBounds(text: string): [number | null, number | null] | null {
  const sides = text.split(":");
  if (sides.length !== 2 || text === ":") return null;
  const [lower, upper] = sides.map((side) => (side === "" ? null : parseNumber(side)));
  if (sides.some((side, index) => side !== "" && [lower, upper][index] === null)) return null;
  return [lower, upper];
}

/** The entries that have a value. */
function defined<T extends object>(entries: T): {[K in keyof T]?: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never;
}
