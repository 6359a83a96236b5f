import type {Series} from "./series.js";

/** Suffixes that BIDS has for parametric maps, and PDFFmap, by parameter. */
const suffixes: Record<string, string> = {
  T1: "T1map",
  T2: "T2map",
  T2star: "T2starmap",
  R1: "R1map",
  R2: "R2map",
  R2star: "R2starmap",
  M0: "M0map",
  MTR: "MTRmap",
  MTsat: "MTsat",
  PDFF: "PDFFmap"
};

/** A BIDS label: letters and digits only. */
export function bidsLabel(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, "");
}

/** `mm2/s` as `mm^2/s`, the form that BIDS asks for; "arbitrary" for the signal's unit, "1" for a pure number. */
export function bidsUnit(unit: string): string {
  if (unit === "") return "1";
  return unit.replace(/signal/g, "arbitrary").replace(/([A-Za-z])(\d)/g, "$1^$2");
}

/**
 * Name of a map of a parameter, without extension: `<stem>_T1map` where BIDS has a suffix for it, else, as the proposal
 * for diffusion derivatives (BEP 16) has it, `<stem>_model-<id>_param-<name>_dwimap`, with the suffix of the images.
 * @param desc what the map has of the parameter other than its value: "sd"
 */
export function parameterMapName({stem, suffix}: Series, model: string, parameter: string, desc?: string): string {
  const own = suffix === "dwi" ? undefined : suffixes[parameter];
  const tail = `${desc === undefined ? "" : `_desc-${desc}`}_${own ?? `${suffix}map`}`;
  if (own !== undefined) return `${stem}${tail}`;
  return `${stem}_model-${bidsLabel(model)}_param-${bidsLabel(parameter)}${tail}`;
}

/** Name, without extension, of a map that belongs to the fit as a whole: its residual or its outcome. */
export function fitMapName({stem, suffix}: Series, model: string, desc: "residual" | "status"): string {
  return `${stem}_model-${bidsLabel(model)}_desc-${desc}_${suffix}map`;
}

/** Folder of a series' maps below the derivatives' own. */
export function mapFolder({subject, session, datatype}: Series): string {
  return [subject, ...(session === null ? [] : [session]), datatype].join("/");
}

/** A model as the sidecars of its maps name it. */
export function modelField({name, id, equation, citation, doi}: {
  name: string; id: string; equation: string; citation: string; doi: string | null;
}): object {
  return {Name: name, Identifier: id, Equation: equation, Citation: citation, DOI: doi ?? undefined};
}

/** What a fit was asked to keep to, as the sidecars of its maps state it; what was not asked is undefined. */
export function choiceFields({settings, bounds, fix, free, shared, start, starts, noise}: {
  settings?: object; bounds?: object; fix?: object; free?: readonly string[]; shared?: readonly string[];
  start?: object; starts?: number; noise?: object;
}): object {
  return {
    Settings: settings,
    Bounds: bounds,
    Fixed: fix,
    Free: free,
    Shared: shared,
    Start: start,
    Starts: starts,
    NoiseModel: noise
  };
}
