// The 2020 T1 mapping challenge: maps of one kind of phantom by twelve submitters, against reference and each other.
import {InputError} from "../../domain/errors.js";
import {rowNumber} from "../../domain/row-number.js";
import {
  percentError, phantomVersion, referenceT1, type FirstOfVersion2, type T1Reference
} from "../../domain/phantom/t1-reference.js";
import {limitsOfRatios, type LimitsOfRatios} from "../../domain/statistics/limits-ratio.js";
import {linearRange, type LevelVerdict} from "../../domain/statistics/linear-range.js";
import {linearity, type Linearity} from "../../domain/statistics/linearity.js";
import {
  coefficientOfVariation, relativeSpread, type RelativeSpread
} from "../../domain/statistics/coefficient-of-variation.js";
import {chiSquareInterval} from "../../domain/statistics/chi-square-interval.js";
import type {Estimate, LevelOptions} from "../../domain/statistics/estimate.js";
import {reproducibility, type Reproducibility} from "../../domain/statistics/reproducibility.js";
import {shapiroWilk} from "../../domain/statistics/shapiro-wilk.js";
import {mean} from "../../domain/statistics/summaries.js";
import type {Database} from "../../io/database.js";
import {readText, type Folder} from "../../io/folder.js";
import {parseTable, parseTsv} from "../../io/tsv.js";
import type {Study, StudyResult} from "../study-contract.js";

export const dataset = "t1-phantom-reference";

/** The measurements, which a reader gives: the project does not hold them. */
export const file = "rrsg2020_nist_roi_summary.csv";

/** Spheres of the T1 plate. */
export const spheres = Array.from({length: 14}, (_, i) => i + 1);

export const dataTypes = ["Magnitude", "Complex"] as const;

/** One region: a sphere of one map, T1 in ms. */
export interface Roi {
  sphere: number;
  voxels: number;
  mean: number;
  sd: number;
  median: number;
}

/** One T1 map. */
export interface T1Map {
  /** A text: submission, a point and three digits, so that 6.01 in a file is 6.010. */
  id: string;
  submission: string;
  vendor: string;
  /** What was fitted: magnitude or complex images. */
  dataType: (typeof dataTypes)[number];
  /** Of the phantom; null where the submitter gave none. */
  serial: number | null;
  /** Degrees Celsius. */
  temperature: number;
  /** By sphere; a sphere without measurement has none. */
  rois: Map<number, Roi>;
}

/** What a file of measurements holds. */
export interface Measurements {
  file: string;
  maps: T1Map[];
  /** Rows without a mean, as `<map>, sphere <n>`: counted here, and in no statistic. */
  missing: string[];
}

/** Which phantoms count as version 2 in the published table. */
export interface VersionRule {
  firstOfVersion2: FirstOfVersion2;
  /** Whether maps without a serial count at all; they then count as version 2. */
  withoutSerial: boolean;
}

/** The rule behind the published table. */
export const publishedRule: VersionRule = {firstOfVersion2: 42, withoutSerial: true};

/** How a reference is taken: at the map's temperature, at that cut to an integer, or at 20 degrees. */
export const referenceKinds = ["temperature", "integer", "20"] as const;
export type ReferenceKind = (typeof referenceKinds)[number];

/** What a reader may vary of accuracy, reproducibility and linearity. */
export interface Settings extends VersionRule, LevelOptions {
  reference: ReferenceKind;
  /** Submissions that are left out. */
  without: readonly string[];
  /** Largest deviation from a straight line that is accepted, in percent. */
  tolerance: number;
}

export const defaultSettings: Settings = {
  ...publishedRule, reference: "temperature", without: [], tolerance: 5, level: 0.95
};

/** The submissions that the challenge's code can leave out as outliers, and did not. */
export const farOff = ["2", "12"] as const;

/** Reads `reference_t1.tsv`. @throws InputError that names row and column of a cell that is missing or no number */
export async function readReference(folder: Folder): Promise<T1Reference> {
  const name = "reference_t1.tsv";
  const [temperature, temperatures] = [20, [16, 18, 20, 22, 24, 26]];
  const [version1, version2] = [`version_1_${temperature}`, temperatures.map((each) => `version_2_${each}`)];
  const table = parseTsv(await readText(folder, name), name, {required: ["sphere", version1, ...version2]});
  return {
    temperature, temperatures,
    spheres: table.rows.map((_, row) => ({
      sphere: table.requiredNumber(row, "sphere"),
      version1: table.requiredNumber(row, version1),
      version2: version2.map((column) => table.requiredNumber(row, column))
    }))
  };
}

/**
 * The measurements among the files of a folder, complete enough for the published table.
 *
 * @throws InputError as findMeasurements, readMeasurements and groupsOf
 */
export async function readGiven(folder: Folder, reference: T1Reference): Promise<Measurements> {
  const name = findMeasurements(folder);
  const measurements = readMeasurements(await readText(folder, name), name, reference);
  try {
    groupsOf(measurements.maps, publishedRule);
  } catch (error) {
    throw error instanceof InputError ? error.in(name) : error;
  }
  return measurements;
}

const columns = [
  "id", "vendor", "data_type", "serial", "temperature_C", "sphere", "n_vox", "mean_ms", "sd_ms", "median_ms"
] as const;

/** The file of measurements among those of a folder, wherever in it; a single file may have another name. */
export function findMeasurements({name, paths}: Folder): string {
  const named = paths.filter((path) => path.split("/").at(-1) === file);
  const found = named.length > 0 || paths.length > 1 ? named : paths;
  if (found.length === 1) return found[0];
  const value = found.length === 0 ? `${paths.length} other files` : found;
  throw new InputError({code: "missing-file", file: name, field: "files", value, expected: `one ${file}`});
}

/**
 * The measurements as a table of maps.
 *
 * @param text CSV or TSV: a row a map and sphere, with the columns id, vendor, data_type, serial, temperature_C,
 *   sphere, n_vox, mean_ms, sd_ms and median_ms
 * @throws InputError that names file, row and column: a missing column, a cell that is missing or not what its column
 *   holds, a temperature where the reference is not known, a sphere that stands twice in a map, rows of one map that
 *   differ in what they say of it
 */
export function readMeasurements(text: string, name: string, reference: T1Reference): Measurements {
  const table = parseTable(text, name, {required: [...columns]});
  if (table.rows.length === 0) {
    const expected = "a row a map and sphere";
    throw new InputError({code: "empty-table", file: name, field: "rows", value: 0, expected});
  }
  const [least, most] = [reference.temperatures[0], reference.temperatures.at(-1)!];
  const maps = new Map<string, T1Map>();
  const rowOf = new Map<string, number>();
  const missing: string[] = [];
  table.rows.forEach((_, row) => {
    const fault = (code: string, column: string, value: unknown, expected: string): InputError =>
      new InputError({code, file: name, field: `row ${rowNumber(row)}, column ${column}`, value, expected});
    const number = (column: string, accepts: (value: number) => boolean, expected: string): number => {
      const value = table.requiredNumber(row, column);
      if (!accepts(value)) throw fault("out-of-range", column, value, expected);
      return value;
    };
    const given = table.text(row, "id");
    const [, submission, digits] = /^(\d+)\.(\d{1,3})$/.exec(given) ?? [];
    if (digits === undefined) {
      throw fault("bad-id", "id", given, "a submission, a point and up to three digits, as 6.010");
    }
    const id = `${submission}.${digits.padEnd(3, "0")}`;
    const dataType = dataTypes.find((each) => each === table.text(row, "data_type"));
    if (dataType === undefined) {
      throw fault("unknown-data-type", "data_type", table.text(row, "data_type"), `one of ${dataTypes.join(", ")}`);
    }
    const whole = (value: number): boolean => Number.isInteger(value) && value >= 0;
    const map: T1Map = {
      id, submission, dataType,
      vendor: table.text(row, "vendor"),
      serial: table.number(row, "serial") === null ? null : number("serial", whole, "a whole number, or nothing"),
      temperature: number("temperature_C", (value) => value >= least && value <= most,
        `${least} to ${most} degrees Celsius, where the reference is known`),
      rois: maps.get(id)?.rois ?? new Map()
    };
    const before = maps.get(id);
    for (const [key, column] of [
      ["vendor", "vendor"], ["dataType", "data_type"], ["serial", "serial"], ["temperature", "temperature_C"]
    ] as const) {
      if (before !== undefined && before[key] !== map[key]) {
        const expected = `${before[key] ?? "nothing"}, as in the other rows of map ${id}`;
        throw fault("mixed-values", column, map[key] ?? "nothing", expected);
      }
    }
    maps.set(id, map);
    const sphere = number("sphere", (value) => spheres.includes(value), `a whole number from 1 to ${spheres.length}`);
    const key = `${id}, sphere ${sphere}`;
    if (rowOf.has(key)) {
      const expected = `each sphere of a map once; row ${rowNumber(rowOf.get(key)!)} has it too`;
      throw fault("duplicate-key", "id, sphere", `map ${key}`, expected);
    }
    rowOf.set(key, row);
    if (table.number(row, "mean_ms") === null) {
      missing.push(key);
      return;
    }
    map.rois.set(sphere, {
      sphere,
      voxels: number("n_vox", (value) => whole(value) && value > 0, "a whole number above 0"),
      mean: number("mean_ms", (value) => value > 0, "a T1 above 0 ms"),
      sd: number("sd_ms", (value) => value >= 0, "an SD of 0 ms or more"),
      median: number("median_ms", (value) => value > 0, "a T1 above 0 ms")
    });
  });
  return {file: name, maps: [...maps.values()], missing};
}

/** A scan that was fitted twice: from its magnitude and from its complex images. */
export interface ScanPair {
  magnitude: T1Map;
  complex: T1Map;
}

/**
 * The scans that stand in the table twice. A complex map belongs to the magnitude map before it when submission,
 * phantom, temperature and the voxels of every sphere are the same.
 */
export function pairsOf(maps: readonly T1Map[]): ScanPair[] {
  return maps.slice(1).flatMap((complex, i) => {
    const magnitude = maps[i];
    const same = complex.dataType === "Complex" && magnitude.dataType === "Magnitude"
      && complex.submission === magnitude.submission && complex.serial === magnitude.serial
      && complex.temperature === magnitude.temperature
      && spheres.every((sphere) => complex.rois.get(sphere)?.voxels === magnitude.rois.get(sphere)?.voxels);
    return same ? [{magnitude, complex}] : [];
  });
}

/** One map of each scan: the complex one where there are two. */
export function scansOf(maps: readonly T1Map[]): T1Map[] {
  const doubled = new Set(pairsOf(maps).map(({magnitude}) => magnitude));
  return maps.filter((map) => !doubled.has(map));
}

/** The first scan of each submission. */
export function submissionsOf(maps: readonly T1Map[]): T1Map[] {
  const scans = scansOf(maps);
  return scans.filter((map, i) => scans.findIndex(({submission}) => submission === map.submission) === i);
}

/** Groups of maps in the published table. */
export const groups = ["all", "submissions", "scanners"] as const;
export type Group = (typeof groups)[number];

/**
 * The maps that the challenge took for one scan a submission, "the protocol closest to the proposed one, preferring
 * complex data": the first scan of each, without submission 7.
 */
const representatives = [
  "1.002", "2.001", "3.001", "4.001", "5.002", "6.002", "8.001", "9.001", "10.002", "11.001", "12.001"
];

/** The submission that scanned one phantom on several scanners, and how many scanners there were. */
export const manyScanners = {submission: "6", scanners: 7};

/**
 * The maps of each group: all of phantom version 2, one a submission of them, and one a scanner of the submission that
 * used several (whose phantom is of version 1).
 *
 * @throws InputError when a map of the published groups is not in the table
 */
export function groupsOf(maps: readonly T1Map[], rule: VersionRule): Record<Group, T1Map[]> {
  const counts = ({serial}: T1Map): boolean =>
    (serial !== null || rule.withoutSerial) && phantomVersion(serial, rule.firstOfVersion2) === 2;
  const submissions = representatives.map((id) => {
    const map = maps.find((each) => each.id === id);
    if (map !== undefined) return map;
    throw new InputError({
      code: "missing-map", field: "id", value: `${maps.length} maps without ${id}`,
      expected: `map ${id}, which the published table counts`
    });
  });
  const scanners = maps.filter(({submission, dataType}) =>
    submission === manyScanners.submission && dataType === "Complex");
  if (scanners.length !== manyScanners.scanners) {
    throw new InputError({
      code: "missing-map", field: "id",
      value: `${scanners.length} complex maps of submission ${manyScanners.submission}`,
      expected: `${manyScanners.scanners}, one a scanner`
    });
  }
  return {all: maps.filter(counts), submissions: submissions.filter(counts), scanners};
}

/** Mean T1 of one sphere in each of the maps that have it, ms. */
export function meansOf(maps: readonly T1Map[], sphere: number): number[] {
  return maps.flatMap(({rois}) => rois.get(sphere)?.mean ?? []);
}

/** Mean, SD and CoV of each sphere over a group of maps. */
export function spreadOf(maps: readonly T1Map[]): RelativeSpread[] {
  return spheres.map((sphere) => relativeSpread(meansOf(maps, sphere)));
}

/** CoV of each sphere with its exact interval, for maps that are independent of each other. */
export function variationOf(maps: readonly T1Map[], options: LevelOptions = {}): Estimate[] {
  return spheres.map((sphere) => coefficientOfVariation(meansOf(maps, sphere), options));
}

/** Reference T1 of each sphere for one map, ms. */
export function referenceOf(map: T1Map, reference: T1Reference, settings: Settings): number[] {
  const {temperature} = map;
  const at = settings.reference === "20" ? reference.temperature
    : settings.reference === "integer" ? Math.trunc(temperature) : temperature;
  return referenceT1(reference, phantomVersion(map.serial, settings.firstOfVersion2), at);
}

/** One sphere of one map against its reference. */
export interface Point {
  map: T1Map;
  sphere: number;
  /** ms */
  measured: number;
  reference: number;
  /** Percent of the reference. */
  error: number;
}

/** Every sphere of some maps against its reference. */
export function pointsOf(maps: readonly T1Map[], reference: T1Reference, settings: Settings): Point[] {
  return maps.flatMap((map) => {
    const expected = referenceOf(map, reference, settings);
    return [...map.rois.values()].map(({sphere, mean: measured}): Point => {
      const t1 = expected[sphere - 1];
      return {map, sphere, measured, reference: t1, error: percentError(measured, t1)};
    });
  });
}

/** The maps that settings leave in. */
export function mapsOf(maps: readonly T1Map[], settings: Settings): T1Map[] {
  return maps.filter(({serial, submission}) =>
    (settings.withoutSerial || serial !== null) && !settings.without.includes(submission));
}

/** One sphere over scans that count once each: error in percent of the reference. */
export interface SphereAccuracy {
  sphere: number;
  /** Version 2 at 20 degrees, ms. */
  nominal: number;
  /** Number of scans. */
  n: number;
  /** Mean error with its t interval. */
  bias: Estimate;
  /** SD between the scans with its chi-square interval, on n - 1 degrees of freedom. */
  sd: Estimate;
  /** p of the Shapiro-Wilk test: both intervals suppose normal errors. Null with fewer than 3 scans. */
  normality: number | null;
}

/** Accuracy of scans that count once each. */
export interface Accuracy {
  points: Point[];
  spheres: SphereAccuracy[];
  /** Straight line through all spheres. */
  line: Linearity;
  range: LevelVerdict[];
}

/** Accuracy and linearity of one scan a submission. */
export function accuracyOf(maps: readonly T1Map[], reference: T1Reference, settings: Settings): Accuracy {
  return accuracyOfScans(submissionsOf(mapsOf(maps, settings)), reference, settings);
}

/** The same of the scanners of the submission that used several, each once. */
export function scannersOf(maps: readonly T1Map[], reference: T1Reference, settings: Settings): Accuracy {
  return accuracyOfScans(groupsOf(maps, settings).scanners, reference, settings);
}

/**
 * Accuracy of scans that count once each.
 *
 * Phantoms and temperatures differ, so each measurement is first taken to version 2 at 20 degrees, in proportion to its
 * reference; errors in percent stay what they are.
 */
function accuracyOfScans(scans: readonly T1Map[], reference: T1Reference, settings: Settings): Accuracy {
  const points = pointsOf(scans, reference, settings);
  const nominal = referenceT1(reference, 2, reference.temperature);
  const known = points.map(({sphere}) => nominal[sphere - 1]);
  const measured = points.map((point) => point.measured * nominal[point.sphere - 1] / point.reference);
  const level = settings.level ?? 0.95;
  const line = linearity(known, measured, {level});
  return {
    points, line,
    range: linearRange(known, measured, {level, tolerance: settings.tolerance}),
    spheres: spheres.flatMap((sphere) => {
      const found = line.levels.find((each) => each.reference === nominal[sphere - 1]);
      if (found === undefined || found.bias === null || found.sd === null) return [];
      const {value, lower, upper} = found.percent!;
      const sd = chiSquareInterval(100 * found.sd / found.reference, found.n - 1, level);
      const errors = points.filter((point) => point.sphere === sphere).map(({error}) => error);
      const normality = found.n < 3 ? null : shapiroWilk(errors).p;
      const bias = {value, lower: lower!, upper: upper!, level};
      return [{sphere, nominal: found.reference, n: found.n, bias, sd, normality}];
    })
  };
}

/** One sphere over all scans: components of the variance of its error, in squared percent. */
export interface SphereReproducibility {
  sphere: number;
  nominal: number;
  submissions: number;
  components: Reproducibility;
}

/**
 * Variance of the error between submissions and between the scans of one submission, by analysis of variance.
 *
 * Scans of one submission differ in scanner, protocol or day, so the component within submissions is no repeatability.
 */
export function reproducibilityOf(
  maps: readonly T1Map[], reference: T1Reference, settings: Settings
): SphereReproducibility[] {
  const points = pointsOf(scansOf(mapsOf(maps, settings)), reference, settings);
  const nominal = referenceT1(reference, 2, reference.temperature);
  return spheres.map((sphere) => {
    const own = points.filter((point) => point.sphere === sphere);
    const levels = own.map(({map}) => map.submission);
    const errors = own.map(({error}) => error);
    const components = reproducibility(errors, [{name: "submission", levels}], {level: settings.level});
    return {sphere, nominal: nominal[sphere - 1], submissions: new Set(levels).size, components};
  });
}

/** Magnitude over complex T1 of the scans that were fitted both ways, sphere by sphere. */
export interface SphereAgreement {
  sphere: number;
  nominal: number;
  scans: {id: string; magnitude: number; complex: number}[];
  /** Limits of agreement of the ratio, from differences of logarithms. */
  limits: LimitsOfRatios;
}

/** Agreement of magnitude and complex fits of one scan. */
export function agreementOf(
  maps: readonly T1Map[], reference: T1Reference, settings: Settings, which: readonly number[] = spheres
): SphereAgreement[] {
  const nominal = referenceT1(reference, 2, reference.temperature);
  const pairs = pairsOf(mapsOf(maps, settings));
  return which.map((sphere) => {
    const scans = pairs.flatMap(({magnitude, complex}) => {
      const [m, c] = [magnitude.rois.get(sphere)?.mean, complex.rois.get(sphere)?.mean];
      const id = `${magnitude.id}, ${complex.id}`;
      return m === undefined || c === undefined ? [] : [{id, magnitude: m, complex: c}];
    });
    const [first, second] = [scans.map((scan) => scan.magnitude), scans.map((scan) => scan.complex)];
    const limits = limitsOfRatios(first, second, {level: settings.level});
    return {sphere, nominal: nominal[sphere - 1], scans, limits};
  });
}

/** What it changes to cut a map's temperature to an integer: the reference, in percent of itself. */
export interface CutEffect {
  map: T1Map;
  sphere: number;
  change: number;
}

/** The change of every map's reference when its temperature is cut. */
export function cutEffects(maps: readonly T1Map[], reference: T1Reference, settings: Settings): CutEffect[] {
  return maps.flatMap((map) => {
    const [whole, cut] = (["temperature", "integer"] as const).map((kind) =>
      referenceOf(map, reference, {...settings, reference: kind}));
    return spheres.map((sphere, i) => ({map, sphere, change: percentError(cut[i], whole[i])}));
  });
}

/** The four readings of which maps are of version 2. */
export const versionRules: readonly VersionRule[] = [42, 43].flatMap((first) =>
  [true, false].map((withoutSerial) => ({firstOfVersion2: first as FirstOfVersion2, withoutSerial})));

/** Fills `participants` (a row a map) and `measurements` (three statistics of each sphere), and locks the database. */
export async function fillTables(database: Database, {maps}: Measurements): Promise<void> {
  await database.addColumns("participants", {
    submission: "VARCHAR", vendor: "VARCHAR", data_type: "VARCHAR", serial: "INTEGER", temperature: "DOUBLE"
  });
  await database.insert("participants", {
    subject: maps.map(({id}) => id),
    submission: maps.map(({submission}) => submission),
    vendor: maps.map(({vendor}) => vendor),
    data_type: maps.map(({dataType}) => dataType),
    serial: maps.map(({serial}) => serial),
    temperature: maps.map(({temperature}) => temperature)
  });
  const rows = maps.flatMap(({id, dataType, rois}) => [...rois.values()].map((roi) => ({id, dataType, roi})));
  for (const statistic of ["mean", "sd", "median"] as const) {
    await database.insert("measurements", {
      subject: rows.map(({id}) => id),
      region: rows.map(({roi}) => `sphere ${roi.sphere}`),
      model: rows.map(({dataType}) => dataType),
      parameter: "T1",
      unit: "ms",
      statistic,
      value: rows.map(({roi}) => roi[statistic]),
      n: rows.map(({roi}) => roi.voxels)
    });
  }
  await database.lock();
}

/** Mean and CoV of the first sphere over all maps of version 2, by SQL alone. */
export const spreadQuery = `SELECT avg(value) AS mean, 100 * stddev_pop(value) / avg(value) AS cov
FROM measurements JOIN participants USING (subject)
WHERE statistic = 'mean' AND region = 'sphere 1' AND (serial >= 42 OR serial IS NULL)`;

/** The recomputed value of each claim that takes measurements, but for those by SQL. */
export function claimsOf({maps}: Measurements, reference: T1Reference): Record<string, number> {
  const claims: Record<string, number> = {};
  const settings = defaultSettings;
  const byGroup = groupsOf(maps, publishedRule);
  const covs: Record<string, number[]> = {};
  for (const group of groups) {
    const spread = spreadOf(byGroup[group]);
    covs[group] = spread.map(({populationCv}) => 100 * populationCv);
    spread.forEach((each, i) => {
      claims[`${group}-mean-${i + 1}`] = each.mean;
      claims[`${group}-sd-${i + 1}`] = each.populationSd;
      claims[`${group}-cov-${i + 1}`] = covs[group][i];
    });
    claims[`${group}-maps`] = byGroup[group].length;
  }
  const five = (values: readonly number[]): number => mean(values.slice(0, 5));
  claims["all-cov"] = five(covs.all);
  claims["submissions-cov-as-printed"] = five(covs.submissions.map((cov, i) => i === 2 ? covs.scanners[2] : cov));
  claims["submissions-cov"] = claims["abstract-submissions-cov"] = five(covs.submissions);
  claims["scanners-cov"] = claims["abstract-scanners-cov"] = five(covs.scanners);
  const withSerial = groupsOf(maps, {...publishedRule, withoutSerial: false}).all;
  claims["with-serial-maps"] = withSerial.length;
  for (const sphere of [1, 2]) claims[`with-serial-mean-${sphere}`] = mean(meansOf(withSerial, sphere));
  const from43 = groupsOf(maps, {...publishedRule, firstOfVersion2: 43}).all;
  claims["from-43-maps"] = from43.length;
  claims["from-43-cov"] = five(spreadOf(from43).map(({populationCv}) => 100 * populationCv));

  const accuracy = accuracyOf(maps, reference, settings);
  for (const {sphere, bias, sd} of accuracy.spheres) {
    claims[`bias-${sphere}`] = bias.value;
    claims[`between-sd-${sphere}`] = sd.value;
  }
  const firstFailing = ({range}: Accuracy): number => range.findIndex(({fails}) => fails) + 4;
  claims["linearity-fails-at"] = firstFailing(accuracy);
  claims["linearity-fails-at-without"] = firstFailing(accuracyOf(maps, reference, {...settings, without: farOff}));
  claims["linearity-r2"] = accuracy.line.r2;
  const at43 = accuracyOf(maps, reference, {...settings, firstOfVersion2: 43});
  for (const sphere of [1, 2]) claims[`bias-43-${sphere}`] = at43.spheres[sphere - 1].bias.value;
  const cut = accuracyOf(maps, reference, {...settings, reference: "integer"});
  claims["bias-cut-1"] = cut.spheres[0].bias.value;
  claims["largest-cut"] = Math.min(...cutEffects(maps, reference, settings).map(({change}) => change));
  const fixed = accuracyOf(maps, reference, {...settings, reference: "20"});
  claims["bias-20-1"] = fixed.spheres[0].bias.value;
  const scanners = scannersOf(maps, reference, settings);
  for (const {sphere, sd} of scanners.spheres.slice(0, 7)) claims[`scanner-sd-${sphere}`] = sd.value;
  claims["scanner-bias-6"] = scanners.spheres[5].bias.value;
  for (const {sphere, components: {rdc}} of reproducibilityOf(maps, reference, settings).slice(0, 5)) {
    if (rdc !== null) claims[`rdc-${sphere}`] = rdc.value;
  }
  claims["pairs"] = pairsOf(maps).length;
  for (const {sphere, limits: {bias, limits}} of agreementOf(maps, reference, settings, [1, 8])) {
    claims[`ratio-${sphere}`] = bias.value;
    claims[`ratio-${sphere}-lower`] = limits.lower;
    claims[`ratio-${sphere}-upper`] = limits.upper;
  }
  return claims;
}

/** The recomputed value of each claim that takes the reference alone. */
export function referenceClaims(reference: T1Reference): Record<string, number> {
  const change = (sphere: number): number =>
    percentError(referenceT1(reference, 2, 21)[sphere - 1], referenceT1(reference, 2, 21.89)[sphere - 1]);
  const versions = percentError(referenceT1(reference, 1, 20)[1], referenceT1(reference, 2, 20)[1]);
  return {"cut-of-21-89": change(1), "versions-sphere-2": versions};
}

export interface MultiSiteResult extends StudyResult {
  /** Null where the measurements were not given. */
  measurements: Measurements | null;
}

export const study: Study<MultiSiteResult> = {
  slug: "multi-site",
  title: "Do T1 maps agree between sites?",
  datasets: [dataset],
  supplied: [{path: file, sha256: "3984ca8ae2e93427f8c1f25324a686b9e1c157d9d55a36cf2361c2d7d0893edb"}],
  async run({folders, supplied, openDatabase}) {
    const reference = await readReference(folders[dataset]);
    const claims: Record<string, number> = referenceClaims(reference);
    if (supplied === undefined) return {measurements: null, claims};
    const measurements = await readGiven(supplied, reference);
    const database = await openDatabase();
    await fillTables(database, measurements);
    const [{mean: average, cov}] = await database.query(spreadQuery);
    Object.assign(claims, claimsOf(measurements, reference), {"sql-mean": average, "sql-cov": cov});
    return {measurements, claims};
  }
};
