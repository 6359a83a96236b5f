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
  const number = (field: string, text: string, expected: string): number | null => {
    const value = text.trim() === "" ? null : parseNumber(text.trim());
    if (value === null && text.trim() !== "") faults.push({code: "not-a-number", field, value: text.trim(), expected});
    return value;
  };
  const bounds: Record<string, [number | null, number | null]> = {};
  const fix: Record<string, number> = {};
  const start: Record<string, number> = {};
  const free: string[] = [];
  const shared: string[] = [];
  let estimated = 0;
  offers.forEach(({parameter, roles, ...offered}, j) => {
    const {name, unit, held} = parameter;
    const {role, ...texts} = typed.parameters[j];
    const bare = unit === "" || unit === "signal" ? "" : ` ${formatUnit(unit)}`;
    const aNumber = `a number${bare === "" ? "" : ` in${bare}`}`;
    if (role === "fixed") {
      const field = `fix.${name}`;
      const value = number(field, texts.fixed, aNumber);
      if (value !== null) fix[name] = value;
      else if (texts.fixed.trim() === "") {
        if (held === null) faults.push({code: "missing-value", field, value: "", expected: aNumber});
        // Said, so that the map is left out.
        else if (roles.includes("mapped")) fix[name] = held;
      }
      return;
    }
    if (role === "mapped") return;
    estimated += 1;
    if (role === "shared") shared.push(name);
    else if (held !== null) free.push(name);

    let [lower, upper] = [parameter.lower, parameter.upper];
    if (offered.bounds) {
      const before = faults.length;
      const low = number(`lower.${name}`, texts.lower, `${aNumber}, or nothing for the model's own`);
      const high = number(`upper.${name}`, texts.upper, `${aNumber}, or nothing for the model's own`);
      [lower, upper] = [low ?? lower, high ?? upper];
      if (lower !== null && upper !== null && lower >= upper) {
        const [field, value, expected] =
          low === null
            ? [`upper.${name}`, high, `above the lower bound, ${lower}${bare}`]
            : [`lower.${name}`, low, `below the upper bound, ${upper}${bare}`];
        faults.push({code: "bounds-crossed", field, value, expected});
      }
      if (low !== null || high !== null) bounds[name] = [lower, upper];
      // Whether a start lies within is asked of bounds that can be used.
      if (faults.length > before) return;
    }
    const field = `start.${name}`;
    const value = offered.start ? number(field, texts.start, `${aNumber}, or nothing for the model's guess`) : null;
    if (value === null) return;
    if (value >= (lower ?? -Infinity) && value <= (upper ?? Infinity)) start[name] = value;
    else {
      const ends = upper === null ? `${lower}${bare} or more` : `${lower ?? "any number"} to ${upper}${bare}`;
      faults.push({code: "out-of-range", field, value, expected: `a start inside the bounds: ${ends}`});
    }
  });
  if (estimated === 0) {
    const expected = "at least one parameter left to estimate";
    faults.push({code: "nothing-estimated", field: "roles", value: "fixed", expected});
  }

  const text = typed.starts.trim();
  const starts = /^\d+$/.test(text) ? Number(text) : NaN;
  if (text !== "" && !(starts >= 1 && starts <= mostStarts)) {
    const expected = `a whole number from 1 to ${mostStarts}, or nothing for the model's own`;
    faults.push({code: "out-of-range", field: "starts", value: text, expected});
  }

  let noise: NoiseModel | undefined;
  if (typed.likelihood !== "gaussian") {
    const sigma = parseNumber(typed.sigma.trim());
    if (sigma === null || sigma <= 0) {
      const expected = "a number above 0 in the signal's unit, the standard deviation of each channel";
      const value = typed.sigma.trim();
      faults.push({code: value === "" ? "missing-value" : "out-of-range", field: "sigma", value, expected});
    } else noise = {kind: typed.likelihood, sigma};
    if (shared.length > 0) {
      const expected = "Gaussian noise where a parameter is shared";
      faults.push({code: "shared-noise", field: "noise", value: likelihoodNames[typed.likelihood], expected});
    }
  }

  if (faults.length > 0) return {choices: null, faults};
  const choices = {
    bounds,
    fix,
    free: free.length > 0 ? free : undefined,
    shared: shared.length > 0 ? shared : undefined,
    start,
    starts: text === "" ? undefined : starts,
    noise
  };
  return {choices, faults: []};
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
