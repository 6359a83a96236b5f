import {existsSync} from "node:fs";
import {readdir, readFile} from "node:fs/promises";
import {dirname, join, relative, sep} from "node:path";
import {pathToFileURL} from "node:url";
import {createPool} from "../compute/pool.js";
import type {Pool} from "../compute/pool.js";
import {defaultSize, loadModule, spawn} from "../compute/spawn.node.js";
import {checkClaim, readClaims} from "../domain/claims.js";
import type {Claim, Verdict} from "../domain/claims.js";
import {InputError} from "../domain/errors.js";
import type {Fault} from "../domain/errors.js";
import {openDatabase} from "../io/database.js";
import type {Database} from "../io/database.js";
import {openNodeBackend} from "../io/duckdb.node.js";
import {openFolder} from "../io/folder.node.js";
import type {Folder} from "../io/folder.js";
import {readManifest, sha256, verifyManifest} from "../io/manifest.js";
import {decodeText} from "../io/text.js";
import type {Study, StudyResult} from "../studies/study-contract.js";
import {hint} from "../domain/closest.js";
import {matches} from "./glob.js";

/** Where studies and data are, and how to work on them. */
export interface ReproductionOptions {
  /** Folder with one folder per study. */
  studies: string;
  /** Folder with one folder per data set. */
  data: string;
  /** Folder with the files that studies leave to their reader. */
  supplied?: string;
  /** Number of workers; as many as there are cores if left out. The results do not depend on it. */
  workers?: number;
  /** Told what is being done. */
  onProgress?: (text: string) => void;
}

/** A file of a data set that is not what its manifest says. */
export interface InputDifference {
  dataset: string;
  path: string;
  problem: "differs" | "missing" | "extra";
  /** SHA-256 as the manifest states it; null for a file that it does not know. */
  expected: string | null;
  /** SHA-256 as it is; null for a file that is not there. */
  actual: string | null;
  /** Ids of the claims that are computed from it. */
  claims: string[];
}

/** A file that a study leaves to its reader. */
export interface SuppliedReport {
  path: string;
  /** SHA-256 of the file that the claims were published from. */
  expected: string;
  /** SHA-256 of the file that was given; null where none was. */
  actual: string | null;
}

export interface ClaimReport {
  id: string;
  statement?: string;
  source: string;
  unit: string;
  /** Absolute, in the unit of the value. */
  tolerance: number;
  published: number | null;
  /** Null when it was not recomputed. */
  recomputed: number | null;
  verdict: Verdict;
  /** Why the verdict is not "pass". */
  reason?: string;
  /** The differing files that it is computed from, as `<dataset>/<path>`. */
  differing: string[];
}

export interface StudyReport {
  slug: string;
  title: string;
  inputs: {dataset: string; files: number}[];
  differences: InputDifference[];
  /** Files left to the reader. */
  supplied: SuppliedReport[];
  claims: ClaimReport[];
  /** Why the study could not be recomputed, or null. */
  error: (Partial<Fault> & {message: string; badInput: boolean}) | null;
}

/** The slugs of the studies in a folder: every folder with a `study.ts` or a `claims.json`. */
export async function listStudies(folder: string): Promise<string[]> {
  const entries = await readdir(folder, {withFileTypes: true}).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((slug) => ["study.ts", "claims.json"].some((name) => existsSync(join(folder, slug, name))))
    .sort();
}

/**
 * The studies that were asked for, all when none was named.
 *
 * @throws InputError when there is no study at all, or none of a name
 */
export async function selectStudies(folder: string, asked: readonly string[]): Promise<string[]> {
  const known = await listStudies(folder);
  if (known.length === 0) {
    throw new InputError({code: "no-studies", field: "studies", value: folder, expected: "a folder of studies"});
  }
  for (const slug of asked) {
    if (known.includes(slug)) continue;
    const expected = `one of ${known.join(", ")}${hint(slug, known)}`;
    throw new InputError({code: "unknown-study", field: "study", value: slug, expected});
  }
  return asked.length === 0 ? known : [...new Set(asked)];
}

/**
 * Recomputes studies from their files. What is wrong with one study stands in its report, and the others go on.
 *
 * @param slugs from `selectStudies`
 * @param onReport told of each study as soon as it is done
 */
export async function reproduceStudies(
  slugs: readonly string[],
  options: ReproductionOptions,
  onReport?: (report: StudyReport) => void
): Promise<StudyReport[]> {
  const supplied = options.supplied === undefined ? undefined : await openFolder(options.supplied);
  if (supplied !== undefined) await checkSupplied(slugs, supplied, options);
  const pool = createPool({size: options.workers ?? defaultSize(), spawn, module: await loadModule()});
  try {
    const reports: StudyReport[] = [];
    for (const slug of slugs) {
      const report = await reproduceStudy(slug, pool, options, supplied);
      reports.push(report);
      onReport?.(report);
    }
    return reports;
  } finally {
    pool.close();
  }
}

/** A folder that was named for studies which read nothing from it is a mistake, and so is one without their files. */
async function checkSupplied(slugs: readonly string[], folder: Folder, {studies}: ReproductionOptions): Promise<void> {
  const wanted: string[] = [];
  for (const slug of slugs) {
    const path = join(studies, slug, "study.ts");
    // What else is wrong with a study stands in its report.
    const module = existsSync(path) ? await import(pathToFileURL(path).href).catch(() => ({})) : {};
    wanted.push(...((module as {study?: Study}).study?.supplied ?? []).map((file) => file.path));
  }
  if (wanted.some((path) => suppliedPaths(folder, path).length > 0)) return;
  const expected = wanted.length === 0 ? `no such option: ${slugs.join(", ")} leaves no file to the reader`
    : `a folder that holds ${wanted.join(", ")}`;
  throw new InputError({code: "bad-option", field: "--data", value: folder.name, expected});
}

/** Where a supplied file lies in a folder. */
function suppliedPaths({paths}: Folder, name: string): string[] {
  return paths.filter((path) => path === name || path.endsWith(`/${name}`));
}

async function reproduceStudy(
  slug: string, pool: Pool, options: ReproductionOptions, given: Folder | undefined
): Promise<StudyReport> {
  const {onProgress} = options;
  const report: StudyReport = {slug, title: slug, inputs: [], differences: [], supplied: [], claims: [], error: null};
  const databases: Database[] = [];
  let claims: Claim[] = [];
  let values: StudyResult["claims"] | null = null;
  try {
    const folder = join(options.studies, slug);
    // Files are named as the repository has them, wherever the command was called.
    const named = (name: string) => relative(dirname(options.data), join(folder, name)).split(sep).join("/");
    const claimsFile = named("claims.json");
    claims = readClaims(await readText(join(folder, "claims.json"), claimsFile), claimsFile);
    const study = await loadStudy(join(folder, "study.ts"), named("study.ts"), slug);
    report.title = study.title;

    const folders: Record<string, Folder> = {};
    const known: string[] = [];
    for (const dataset of study.datasets) {
      onProgress?.(`${slug}: comparing the files of ${dataset} with its manifest`);
      const folder = await openFolder(join(options.data, dataset));
      const {files, paths, differences} = await compare(dataset, folder);
      folders[dataset] = folder;
      known.push(...paths.map((path) => `${dataset}/${path}`));
      report.inputs.push({dataset, files});
      report.differences.push(...differences);
    }
    for (const {path, sha256: expected} of study.supplied ?? []) {
      const [found] = given === undefined ? [] : suppliedPaths(given, path);
      const actual = found === undefined ? null : sha256(await given!.read(found));
      report.supplied.push({path, expected, actual});
      known.push(path);
    }
    const supplied = report.supplied.some(({actual}) => actual !== null) ? given : undefined;
    checkPatterns(claims, claimsFile, study.datasets, known);
    for (const difference of report.differences) {
      difference.claims = claims.filter((claim) => claim.value !== null && uses(claim, difference)).map(({id}) => id);
    }

    const result = await study.run({
      folders,
      supplied,
      pool,
      openDatabase: async () => {
        const database = await openDatabase(await openNodeBackend());
        databases.push(database);
        return database;
      },
      onProgress: (done, total, message) => onProgress?.(`${slug}: ${message} (${Math.floor((100 * done) / total)} %)`)
    });
    values = result.claims;
  } catch (error) {
    report.error = describe(error);
  } finally {
    for (const database of databases) await database.close();
  }
  const absent = report.supplied.filter(({actual}) => actual === null).map(({path}) => path);
  report.claims = claims.map((claim) => judge(claim, values, absent, report.differences, report.error?.message));
  return report;
}

/** Exit code of a reproduction: bad input that the manifest does not explain is 2, anything not reproduced is 1. */
export function exitCode(reports: readonly StudyReport[]): 0 | 1 | 2 {
  if (reports.some(({error, differences}) => error !== null && error.badInput && differences.length === 0)) return 2;
  const failed = reports.some(
    ({claims, differences, error}) =>
      error !== null || differences.length > 0 || claims.some(({verdict}) => verdict === "fail")
  );
  return failed ? 1 : 0;
}

async function readText(path: string, file: string): Promise<string> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) {
    throw new InputError({code: "missing-file", file, field: "file", value: "missing", expected: "the study's claims"});
  }
  return decodeText(bytes, file);
}

async function loadStudy(path: string, file: string, slug: string): Promise<Study> {
  if (!existsSync(path)) {
    throw new InputError({
      code: "missing-file",
      file,
      field: "file",
      value: "missing",
      expected: "the study's pipeline"
    });
  }
  const module = (await import(pathToFileURL(path).href)) as {study?: Study};
  const {study} = module;
  if (typeof study?.run !== "function" || !Array.isArray(study.datasets)) {
    const expected = "an export named study, with slug, title, datasets and run";
    throw new InputError({code: "bad-study", file, field: "exports", value: Object.keys(module), expected});
  }
  if (study.slug !== slug) {
    throw new InputError({
      code: "bad-study",
      file,
      field: "slug",
      value: study.slug,
      expected: `${slug}, as its folder`
    });
  }
  return study;
}

/** Compares a data set with its manifest, both ways; what explains the data set is no part of it. */
async function compare(
  dataset: string,
  folder: Folder
): Promise<{files: number; paths: string[]; differences: InputDifference[]}> {
  const name = "manifest.json";
  if (!folder.paths.includes(name)) {
    const expected = "a manifest with the SHA-256 of each file";
    throw new InputError({code: "missing-file", file: `${dataset}/${name}`, field: "file", value: "missing", expected});
  }
  const manifest = readManifest(decodeText(await folder.read(name), `${dataset}/${name}`), `${dataset}/${name}`);
  const differences: InputDifference[] = (await verifyManifest(folder, manifest))
    .filter(({ok}) => !ok)
    .map(({path, expected, actual}) => ({
      dataset,
      path,
      problem: actual === null ? "missing" : "differs",
      expected,
      actual,
      claims: []
    }));
  const stated = new Set(manifest.files.map(({path}) => path));
  for (const path of folder.paths) {
    if (stated.has(path) || path === name || /(^|\/)(README|CHANGES|LICEN[CS]E)(\.\w+)?$|\.md$/i.test(path)) continue;
    differences.push({
      dataset,
      path,
      problem: "extra",
      expected: null,
      actual: sha256(await folder.read(path)),
      claims: []
    });
  }
  return {files: manifest.files.length, paths: [...new Set([...stated, ...folder.paths])], differences};
}

/** Whether a claim is computed from a file; a claim that names no inputs is computed from all. */
function uses({inputs}: Claim, {dataset, path}: {dataset: string; path: string}): boolean {
  if (inputs === undefined || inputs.length === 0) return true;
  return inputs.some((pattern) => matches(pattern, path) || matches(pattern, `${dataset}/${path}`));
}

/** A pattern that matches nothing would quietly tie its claim to no file. */
function checkPatterns(
  claims: readonly Claim[],
  file: string,
  datasets: readonly string[],
  known: readonly string[]
): void {
  for (const {id, inputs = []} of claims) {
    for (const pattern of inputs) {
      const found = known.some((path) => matches(pattern, path) || matches(pattern, path.slice(path.indexOf("/") + 1)));
      if (found) continue;
      const expected = `a path or pattern of a file in ${datasets.join(", ")}`;
      throw new InputError({code: "unknown-input", file, field: `inputs of claim ${id}`, value: pattern, expected});
    }
  }
}

function judge(
  claim: Claim,
  values: StudyResult["claims"] | null,
  absent: readonly string[],
  differences: readonly InputDifference[],
  error: string | undefined
): ClaimReport {
  const {id, statement, source, unit, tolerance} = claim;
  const value = values !== null && Object.hasOwn(values, id) ? values[id] : undefined;
  const {verdict, computed, reason} = checkClaim(claim, value, absent);
  const report: ClaimReport = {
    id,
    statement,
    source,
    unit,
    tolerance,
    published: claim.value,
    recomputed: computed,
    verdict,
    reason,
    differing: differences.filter(({claims}) => claims.includes(id)).map(({dataset, path}) => `${dataset}/${path}`)
  };
  if (verdict === "unavailable") return report;
  if (report.differing.length > 0) {
    const paths = report.differing;
    const shown = paths.length > 3 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ");
    return {...report, verdict: "fail", reason: `input differs: ${shown}`};
  }
  if (values === null) return {...report, verdict: "fail", reason: `not recomputed: ${error}`};
  return report;
}

function describe(error: unknown): StudyReport["error"] {
  if (error instanceof InputError) {
    const {code, file, field, value, expected, message} = error;
    return {code, file, field, value, expected, message, badInput: true};
  }
  return {message: error instanceof Error ? `${error.name}: ${error.message}` : String(error), badInput: false};
}
