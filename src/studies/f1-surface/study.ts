// FLAIR images of a brain phantom at 49 pairs of TE and TI, two segmenters, and their lesion F1 as a quadratic surface.
import {InputError} from "../../domain/errors.js";
import {f1Score} from "../../domain/statistics/f1-score.js";
import {predictSurface, responseSurface, type ResponseSurface} from "../../domain/statistics/response-surface.js";
import {quantile} from "../../domain/statistics/summaries.js";
import type {FlairTask} from "../../compute/core.js";
import type {Pool, RunOptions} from "../../compute/pool.js";
import {readText, type Folder} from "../../io/folder.js";
import {parseJsonObject} from "../../io/text.js";
import {parseTsv} from "../../io/tsv.js";
import type {Study, StudyResult} from "../study-contract.js";

export const dataset = "f1-surface";
export const methods = ["robust-threshold", "gaussian-mixture"] as const;
export type Method = (typeof methods)[number];

/** What the images are simulated from; times in ms, as scanners show them (the core takes s). */
export interface Settings {
  TE: number[];
  TI: number[];
  TR: number;
  /** Standard deviation of the noise in each channel, relative to the signal of fully relaxed water. */
  noise: number;
  /** Lesions in each phantom. */
  lesions: number;
  /** One phantom each; their counts are added. */
  seeds: number[];
}

/** Reads `settings.json`. @throws InputError that names a field that is missing or of another kind */
export async function readSettings(folder: Folder): Promise<Settings> {
  const file = "settings.json";
  const json = parseJsonObject(await readText(folder, file), file);
  const number = (field: string): number => {
    const value = json[field];
    if (typeof value === "number" && value >= 0) return value;
    throw new InputError({code: "settings", file, field, value, expected: "a number, 0 or more"});
  };
  const list = (field: string): number[] => {
    const value = json[field];
    if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number" && each >= 0)) return value;
    throw new InputError({code: "settings", file, field, value: JSON.stringify(value), expected: "a list of numbers, 0 or more"});
  };
  return {TE: list("TE"), TI: list("TI"), TR: number("TR"), noise: number("noise"), lesions: number("lesions"), seeds: list("seeds")};
}

/** Reads `scores.tsv`, the counts as they were published. */
export async function readScores(folder: Folder): Promise<Score[]> {
  const file = "scores.tsv";
  const table = parseTsv(await readText(folder, file), file, {required: [...scoreColumns]});
  return table.rows.map((_, row) => {
    const [TE, TI, detected, missed, falsePositives] = scoreColumns.slice(1).map((name) => table.requiredNumber(row, name));
    const counts = {truePositives: detected, falseNegatives: missed, falsePositives};
    return {method: table.text(row, "method") as Method, TE, TI, detected, missed, falsePositives, f1: f1Score(counts)};
  });
}

export const scoreColumns = ["method", "TE", "TI", "detected", "missed", "false_positives"] as const;

/** Lesion-wise F1 of one segmenter at one point of the grid; times in ms. */
export interface Score {
  method: Method;
  TE: number;
  TI: number;
  f1: number;
  detected: number;
  missed: number;
  falsePositives: number;
}

/** One phantom at one pair of times (ms), as the core takes it. */
function taskOf({noise, lesions, TR}: Settings, seed: number, TE: number, TI: number): FlairTask {
  return {
    phantom: {seed, lesions},
    // The same noise at every point, so that the surface shows TE and TI and not the draw.
    settings: {TE: TE / 1000, TI: TI / 1000, TR: TR / 1000, noise: {kind: "rician", sigma: noise, seed}},
    methods
  };
}

/** A slice to look at, with each segmenter's findings there and its scores in the whole brain. */
export interface SliceResult {
  width: number;
  height: number;
  image: Float32Array;
  /** Intensity to draw white: above nearly all of the slice. */
  white: number;
  truth: Uint8Array;
  results: Record<Method, {found: Uint8Array; detected: number; missed: number; falsePositives: number; f1: number}>;
}

/** Simulates and segments one image of one phantom; times in ms. */
export async function simulateSlice(
  pool: Pool, settings: Settings, seed: number, TE: number, TI: number, options: RunOptions = {}
): Promise<SliceResult> {
  const request = taskOf(settings, seed, TE, TI);
  const [{scores, found, ...slice}] = await pool.run("flair-slice", [{make: () => ({request})}], options);
  const results = scores.map(({method, detected, missed, false_positives: falsePositives}) => {
    const f1 = f1Score({truePositives: detected, falsePositives, falseNegatives: missed});
    return [method, {found: found[method], detected, missed, falsePositives, f1}];
  });
  return {...slice, white: quantile(slice.image, 0.995), results: Object.fromEntries(results)};
}

/** Simulates, segments and scores the whole grid. */
export async function scoreGrid(pool: Pool, settings: Settings, options: RunOptions = {}): Promise<Score[]> {
  const points = settings.TE.flatMap((TE) => settings.TI.map((TI) => ({TE, TI})));
  // Phantom by phantom, so that a worker builds each one rarely.
  const tasks = settings.seeds.flatMap((seed) => points.map(({TE, TI}) => taskOf(settings, seed, TE, TI)));
  const answers = await pool.run("flair-point", tasks.map((request) => ({make: () => ({request})})), options);
  return methods.flatMap((method) =>
    points.map(({TE, TI}, point) => {
      const counts = {detected: 0, missed: 0, falsePositives: 0};
      settings.seeds.forEach((_, index) => {
        const result = answers[index * points.length + point].find((each) => each.method === method)!;
        counts.detected += result.detected;
        counts.missed += result.missed;
        counts.falsePositives += result.false_positives;
      });
      const {detected: truePositives, missed: falseNegatives, falsePositives} = counts;
      return {method, TE, TI, ...counts, f1: f1Score({truePositives, falseNegatives, falsePositives})};
    })
  );
}

/** F1 = a0 + a1 TE + a2 TI + a3 TE^2 + a4 TI^2 + a5 TE TI of one segmenter, times in s. */
export function fitSurface(scores: readonly Score[], method: Method, level = 0.95): ResponseSurface {
  const own = scores.filter((score) => score.method === method);
  return responseSurface(
    {name: "TE", values: own.map(({TE}) => TE / 1000)},
    {name: "TI", values: own.map(({TI}) => TI / 1000)},
    own.map(({f1}) => f1),
    {level}
  );
}

/** F1 of the fitted surface at times in ms. */
export function surfaceAt(surface: ResponseSurface, TE: number, TI: number): number {
  return predictSurface(surface, TE / 1000, TI / 1000);
}

/** The recomputed value of each claim, `<method>-<quantity>`. */
export function claimsOf(scores: readonly Score[], publishedScores: readonly Score[]): Record<string, number> {
  const same = scores.filter((score) =>
    publishedScores.some(({method, TE, TI, detected, missed, falsePositives}) =>
      method === score.method && TE === score.TE && TI === score.TI && detected === score.detected
      && missed === score.missed && falsePositives === score.falsePositives
    )
  );
  const claims: Record<string, number> = {"points-agree": same.length};
  for (const method of methods) {
    const surface = fitSurface(scores, method);
    const own = scores.filter((score) => score.method === method);
    const best = own.reduce((a, b) => (b.f1 > a.f1 ? b : a));
    claims[`${method}-r2`] = surface.model.r2!;
    claims[`${method}-rse`] = surface.model.residualSd;
    surface.coefficients.forEach(({name, value}) => (claims[`${method}-${name}`] = value));
    claims[`${method}-best-f1`] = best.f1;
    claims[`${method}-best-te`] = best.TE;
    claims[`${method}-best-ti`] = best.TI;
    claims[`${method}-worst-f1`] = Math.min(...own.map(({f1}) => f1));
  }
  return claims;
}

export interface F1SurfaceResult extends StudyResult {
  scores: Score[];
}

export const study: Study<F1SurfaceResult> = {
  slug: "f1-surface",
  title: "When does a segmenter stop finding lesions?",
  datasets: [dataset],
  async run({folders, pool, signal, onProgress}) {
    const scores = await scoreGrid(pool, await readSettings(folders[dataset]), {
      signal,
      onProgress: (done, total) => onProgress?.(done, total, "simulating, segmenting and scoring")
    });
    return {scores, claims: claimsOf(scores, await readScores(folders[dataset]))};
  }
};
