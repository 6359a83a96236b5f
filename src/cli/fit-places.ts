import {join} from "node:path";
import type {ModelInfo} from "../compute/core.js";
import {InputError} from "../domain/errors.js";
import {companionsOf} from "../io/companions.js";
import type {Companion} from "../io/companions.js";
import {readImageHeader} from "../io/image.node.js";
import {sameGrid} from "../io/nifti.js";
import type {NiftiHeader} from "../io/nifti.js";
import type {Series} from "../io/series.js";

/** Where a series is fitted and what is known there, all on its grid. */
export interface Places {
  /** Null: everywhere. */
  mask: Companion | null;
  /** Labels whose regions are summarised. */
  labels: Companion | null;
  /** Maps of parameters that the model holds, with what a stored value is multiplied by. */
  held: {parameter: string; companion: Companion; scale: number}[];
  /** The mask in words. */
  rule: string;
  /** What was found and not used. */
  notes: string[];
}

/** What the choice depends on beside the series. */
export interface PlaceOptions {
  /** Folder of the dataset. */
  root: string;
  companions: readonly Companion[];
  /** `none`, or the desc label of the mask or labels; undefined: by the rule. */
  mask: string | undefined;
  model: ModelInfo;
  /** Parameters that are fixed for all voxels or estimated: no map is looked for. */
  unmapped: readonly string[];
}

/**
 * Where to fit: inside the one `mask` of the session that lies on the series' grid, else inside the labels of its one
 * `dseg`, else everywhere. Labels on the grid are the regions of the summaries. A TB1map is used where B1 is held.
 *
 * @throws InputError several-masks, unknown-mask; several-maps, a map on another grid or of unknown units
 */
export async function findPlaces(series: Series, header: NiftiHeader, options: PlaceOptions): Promise<Places> {
  const {root, mask: asked} = options;
  const notes: string[] = [];
  const own = companionsOf(series, options.companions);
  const onGrid: Companion[] = [];
  for (const companion of own) {
    if (companion.kind === "TB1map") continue;
    const {path} = companion.scan;
    const found = await readImageHeader(join(root, path), path);
    try {
      sameGrid(header, found);
      onGrid.push(companion);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      notes.push(`not used: ${error.message}`);
    }
  }
  const masks = onGrid.filter(({kind}) => kind === "mask");
  const segmentations = onGrid.filter(({kind}) => kind === "dseg");
  const mask = chooseMask(series, masks, segmentations, asked);
  const labels = mask?.kind === "dseg" ? mask : segmentations.length === 1 ? segmentations[0] : null;
  const rule = mask === null ? "none: every voxel" : `voxels above 0 of ${mask.scan.path}`;
  const held = await findHeld(series, header, own, options, notes);
  return {mask, labels, held, rule, notes};
}

function chooseMask(
  series: Series,
  masks: readonly Companion[],
  segmentations: readonly Companion[],
  asked: string | undefined
): Companion | null {
  const only = (all: readonly Companion[]): Companion | null => {
    if (all.length < 2) return all[0] ?? null;
    const labels = all.map(({scan}) => scan.entities.desc ?? "(no desc)");
    const expected = `--mask LABEL with one of the desc labels ${labels.join(", ")}, or --mask none`;
    const value = all.map(({scan}) => scan.path).join(", ");
    throw new InputError({code: "several-masks", file: series.stem, field: "mask", value, expected});
  };
  if (asked === "none") return null;
  if (asked === undefined) return only(masks) ?? only(segmentations);
  const all = [...masks, ...segmentations];
  const chosen = only(all.filter(({scan}) => scan.entities.desc === asked));
  if (chosen !== null) return chosen;
  const known = all.map(({scan}) => scan.path).join(", ") || "a mask on its grid";
  const expected = `none, or a desc label of ${known}`;
  throw new InputError({code: "unknown-mask", file: series.stem, field: "--mask", value: asked, expected});
}

/** Units that a TB1map states, with what makes a ratio to the nominal angle of its values. */
const ratios: Record<string, number> = {arbitrary: 1, "1": 1, percent: 0.01, "%": 0.01};

/** The B1 map of a series, for models that hold B1: of derivatives/, else of fmap/. */
async function findHeld(
  series: Series,
  header: NiftiHeader,
  own: readonly Companion[],
  {root, model, unmapped}: PlaceOptions,
  notes: string[]
): Promise<Places["held"]> {
  const b1 = model.parameters.find(({name, held}) => name === "B1" && held !== null);
  if (b1 === undefined || unmapped.includes(b1.name)) return [];
  const maps = own.filter(({kind}) => kind === "TB1map");
  const derived = maps.filter(({scan}) => scan.path.startsWith("derivatives/"));
  const chosen = derived.length > 0 ? derived : maps;
  if (chosen.length === 0) {
    notes.push(`no TB1map: B1 is held at ${b1.held}`);
    return [];
  }
  const [companion] = chosen;
  const {path, metadata, sidecars} = companion.scan;
  if (chosen.length > 1) {
    const value = chosen.map(({scan}) => scan.path).join(", ");
    const expected = "one TB1map of the session, or --fix B1=VALUE";
    throw new InputError({code: "several-maps", file: series.stem, field: "TB1map", value, expected});
  }
  try {
    sameGrid(header, await readImageHeader(join(root, path), path));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const {code, field, value} = error;
    const expected = `${error.expected}: resample the map, or give --fix B1=VALUE`;
    throw new InputError({code, file: path, field, value, expected});
  }
  const unit = String(metadata.Units ?? "arbitrary");
  if (!Object.hasOwn(ratios, unit)) {
    const expected = "arbitrary or 1 (1 is the nominal angle), or percent";
    throw new InputError({code: "bad-field", file: sidecars.at(-1) ?? path, field: "Units", value: unit, expected});
  }
  return [{parameter: b1.name, companion, scale: ratios[unit]}];
}
