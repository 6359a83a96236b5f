// What becomes of each parameter in a fit: which choices a model and an estimator leave, and what a reader typed.
import type {FitOptions, ModelInfo, NoiseModel, ParameterInfo} from "../compute/core.js";
import {isGeneralFit, mostStarts} from "../compute/fit.js";
import type {Fault} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import {formatUnit} from "../view/format.js";
import {likelihoodNames, type Likelihood} from "./model-explorer.js";

/**
 * What becomes of a parameter: estimated in each voxel, estimated with one value for all voxels, fixed at a number, or
 * given by a map.
 */
export type Role = "estimated" | "shared" | "fixed" | "mapped";

/** What can be chosen for one parameter. */
export interface Offer {
  parameter: ParameterInfo;
  /** The one that holds unless another is chosen first. */
  roles: Role[];
  /** Whether bounds can replace the model's own, and a start its guess, where the parameter is estimated. */
  bounds: boolean;
  start: boolean;
}

/**
 * The choices for each parameter, as the core takes them.
 *
 * @param mapped parameters of which there is a map
 */
export function offersOf(model: ModelInfo, estimator: string, mapped: readonly string[] = []): Offer[] {
  const general = isGeneralFit(model, estimator);
  const bounded = model.estimators.find(({id}) => id === estimator)!.bounds;
  return model.parameters.map((parameter) => {
    const {name, held, unit} = parameter;
    const estimated: Role[] = general ? ["estimated", "shared"] : held === null ? ["estimated"] : [];
    const fixed: Role[] = general || held !== null ? ["fixed"] : [];
    const roles = held === null ? [...estimated, ...fixed] : [...fixed, ...estimated];
    if (held !== null && mapped.includes(name)) roles.unshift("mapped");
    // What these two take bounds of: the coefficients of the decays, and the one parameter that is searched for.
    const own = !model.predicts ? unit === "mm2/s" : estimator !== "reduced-dimension" || name === "T1";
    return {parameter, roles, bounds: bounded && own && estimated.length > 0, start: general};
  });
}

/** What stands in the fields of one parameter; an empty text leaves the model's own. */
export interface TypedParameter {
  role: Role;
  fixed: string;
  start: string;
  lower: string;
  upper: string;
}

/** What stands in the fields of a fit. */
export interface TypedChoices {
  /** One for each offer, in its order. */
  parameters: readonly TypedParameter[];
  starts: string;
  likelihood: Likelihood;
  sigma: string;
}

/** What is asked of the core of all that was typed, or what is wrong with it. */
export type ReadChoices =
  | {choices: Pick<FitOptions, "bounds" | "fix" | "free" | "shared" | "start" | "starts" | "noise">; faults: []}
  | {choices: null; faults: Fault[]};

/**
 * Reads what was typed. Numbers are those that the command line reads, in the units of the registry.
 *
 * Faults name their field: `fix.T1`, `start.T1`, `lower.T1`, `upper.T1`, `starts`, `noise`, `sigma`, or `roles` where
 * nothing is left to estimate. Codes: not-a-number, missing-value, out-of-range, bounds-crossed, nothing-estimated,
 * shared-noise.
 */
export function readChoices(offers: readonly Offer[], typed: TypedChoices): ReadChoices {
  const faults: Fault[] = [];
  const bounds: Record<string, Bounds> = {};
  const fix: Record<string, number> = {};
  const start: Record<string, number> = {};
  const free: string[] = [];
  const shared: string[] = [];
  let estimated = 0;
  offers.forEach((offer, j) => {
    const {name, held} = offer.parameter;
    const {role, ...texts} = typed.parameters[j];
    if (role === "mapped") return;
    if (role === "fixed") {
      const value = readFixed(offer, texts, faults);
      if (value !== null) fix[name] = value;
      return;
    }
    estimated += 1;
    if (role === "shared") shared.push(name);
    else if (held !== null) free.push(name);
    const before = faults.length;
    const own = offer.bounds ? readBounds(offer, texts, faults) : null;
    if (own !== null) bounds[name] = own;
    // Whether a start lies inside is asked of bounds that can be used.
    const value = offer.start && faults.length === before ? readStart(offer, texts, own, faults) : null;
    if (value !== null) start[name] = value;
  });
  if (estimated === 0) {
    const expected = "at least one parameter left to estimate";
    faults.push({code: "nothing-estimated", field: "roles", value: "fixed", expected});
  }
  const starts = readStarts(typed, faults);
  const noise = readNoise(typed, shared.length > 0, faults);
  if (faults.length > 0) return {choices: null, faults};
  const some = (names: string[]): string[] | undefined => (names.length > 0 ? names : undefined);
  return {choices: {bounds, fix, free: some(free), shared: some(shared), start, starts, noise}, faults: []};
}

type Bounds = [number | null, number | null];
type Texts = Omit<TypedParameter, "role">;

/** The number in a field; null where it is empty or, which is a fault, no number. */
function readNumber(field: string, text: string, expected: string, faults: Fault[]): number | null {
  const typed = text.trim();
  const value = parseNumber(typed);
  if (value === null && typed !== "") faults.push({code: "not-a-number", field, value: typed, expected});
  return value;
}

/** A parameter's unit behind a number; the signal's own stays unsaid. */
const unitOf = ({unit}: ParameterInfo): string => (unit === "" || unit === "signal" ? "" : ` ${formatUnit(unit)}`);
const numberOf = (parameter: ParameterInfo): string => {
  const unit = unitOf(parameter);
  return unit === "" ? "a number" : `a number in${unit}`;
};

/** Null where the model's own holds. */
function readFixed({parameter, roles}: Offer, {fixed}: Texts, faults: Fault[]): number | null {
  const {name, held} = parameter;
  const [field, expected] = [`fix.${name}`, numberOf(parameter)];
  if (fixed.trim() !== "") return readNumber(field, fixed, expected, faults);
  if (held === null) faults.push({code: "missing-value", field, value: "", expected});
  // The model's own is said where else its map would be used.
  return roles.includes("mapped") ? held : null;
}

/** Null where both are the model's own. */
function readBounds({parameter}: Offer, texts: Texts, faults: Fault[]): Bounds | null {
  const {name} = parameter;
  const expected = `${numberOf(parameter)}, or nothing for the model's own`;
  const low = readNumber(`lower.${name}`, texts.lower, expected, faults);
  const high = readNumber(`upper.${name}`, texts.upper, expected, faults);
  const [lower, upper] = [low ?? parameter.lower, high ?? parameter.upper];
  if (lower !== null && upper !== null && lower >= upper) {
    const unit = unitOf(parameter);
    const code = "bounds-crossed";
    if (low === null) {
      faults.push({code, field: `upper.${name}`, value: high, expected: `above the lower bound, ${lower}${unit}`});
    } else faults.push({code, field: `lower.${name}`, value: low, expected: `below the upper bound, ${upper}${unit}`});
  }
  return low === null && high === null ? null : [lower, upper];
}

/** Null for the model's guess. */
function readStart({parameter}: Offer, {start}: Texts, bounds: Bounds | null, faults: Fault[]): number | null {
  const [lower, upper] = bounds ?? [parameter.lower, parameter.upper];
  const field = `start.${parameter.name}`;
  const value = readNumber(field, start, `${numberOf(parameter)}, or nothing for the model's guess`, faults);
  if (value === null || (value >= (lower ?? -Infinity) && value <= (upper ?? Infinity))) return value;
  const unit = unitOf(parameter);
  const ends = upper === null ? `${lower}${unit} or more` : `${lower ?? "any number"} to ${upper}${unit}`;
  faults.push({code: "out-of-range", field, value, expected: `a start inside the bounds: ${ends}`});
  return null;
}

/** Undefined for the model's own. */
function readStarts({starts}: TypedChoices, faults: Fault[]): number | undefined {
  const value = starts.trim();
  if (value === "") return undefined;
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= mostStarts) return count;
  const expected = `a whole number from 1 to ${mostStarts}, or nothing for the model's own`;
  faults.push({code: "out-of-range", field: "starts", value, expected});
  return undefined;
}

/** Undefined for Gaussian noise of unknown variance. */
function readNoise({likelihood: kind, sigma}: TypedChoices, sharing: boolean, faults: Fault[]): NoiseModel | undefined {
  if (kind === "gaussian") return undefined;
  if (sharing) {
    const expected = "Gaussian noise where a parameter is shared";
    faults.push({code: "shared-noise", field: "noise", value: likelihoodNames[kind], expected});
  }
  const value = parseNumber(sigma.trim());
  if (value !== null && value > 0) return {kind, sigma: value};
  const expected = "a number above 0 in the signal's unit, the standard deviation of each channel";
  const code = sigma.trim() === "" ? "missing-value" : "out-of-range";
  faults.push({code, field: "sigma", value: sigma.trim(), expected});
  return undefined;
}

const list = new Intl.ListFormat("en-GB");

/** The roles in a few words: "S0 and T1 estimated, efficiency fixed at 1". */
export function describeRoles(offers: readonly Offer[], typed: readonly TypedParameter[]): string {
  const together = (role: Role, text: string): string[] => {
    const names = offers.filter((_, j) => typed[j].role === role).map(({parameter}) => parameter.name);
    return names.length === 0 ? [] : [`${list.format(names)} ${text}`];
  };
  const fixed = offers.flatMap(({parameter: {name, held}}, j) => {
    const {role, fixed: text} = typed[j];
    const value = text.trim() || String(held ?? "");
    return role === "fixed" ? [`${name} fixed${value === "" ? "" : ` at ${value}`}`] : [];
  });
  const mapped = together("mapped", "from its map");
  return [...together("estimated", "estimated"), ...together("shared", "shared"), ...fixed, ...mapped].join(", ");
}
