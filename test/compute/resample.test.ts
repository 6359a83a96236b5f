import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {instantiate} from "../../src/compute/core.js";
import type {Core, Resampling} from "../../src/compute/core.js";
import {createPool} from "../../src/compute/pool.js";
import type {Pool} from "../../src/compute/pool.js";
import {resampleStatistics, resamplingNotes} from "../../src/compute/resample.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {InputError} from "../../src/domain/errors.js";
import {limitsOfDifferences} from "../../src/domain/statistics/bias-and-limits.js";
import {demingLine, ordinaryLeastSquares} from "../../src/domain/statistics/deming.js";
import {icc, iccForms} from "../../src/domain/statistics/icc.js";
import {linCcc} from "../../src/domain/statistics/lin-ccc.js";
import type {MethodRequest, ResamplingTask, Table} from "../../src/domain/statistics/method.js";
import {passingBablok} from "../../src/domain/statistics/passing-bablok.js";
import {repeatabilityMethod} from "../../src/domain/statistics/repeatability-method.js";
import {reproducibilityMethod} from "../../src/domain/statistics/reproducibility-method.js";
import {areaUnderCurve} from "../../src/domain/statistics/roc.js";
import {varianceComponents} from "../../src/domain/statistics/variance-components.js";
import {weightedDemingLine} from "../../src/domain/statistics/weighted-deming.js";
import {withinSubjectCv} from "../../src/domain/statistics/within-subject-cv.js";
import {withinSubjectSd} from "../../src/domain/statistics/within-subject-sd.js";
import {seeded} from "../helpers/random.js";

/** The statistic of chosen rows by its function in src/domain, which throws where there is none. */
type Twin = (chosen: readonly number[]) => number[];

const n = 24;
const random = seeded(3);
const subjects = Array.from({length: n}, () => 20 + 10 * random.uniform());
const x = subjects.map((value) => value + random.normal());
const y = subjects.map((value) => 1.1 * value - 1 + random.normal());
// To a whole number, so that ties, vertical pairs and slopes of -1 come up.
const coarse = {x: x.map(Math.round), y: y.map(Math.round)};
const positive = subjects.map((value) => value + 4 * random.normal() > 25);
const raters = subjects.map((value) => [0, 1, 2, 3].map((rater) => value + 0.3 * rater + random.normal()));
const repeats = raters.map((row, i) => row.slice(0, 2 + i % 3));

const pick = <T>(values: readonly T[], chosen: readonly number[]): T[] => chosen.map((i) => values[i]);
const interleave = (a: readonly number[], b: readonly number[]) => Float64Array.from(a.flatMap((v, i) => [v, b[i]]));
const task = (
  statistic: string, data: Float64Array, width: number, settings: ResamplingTask["settings"] = {}
): ResamplingTask => ({statistic, data, width, settings, resamples: 200, seed: 12});

const cell = (value: number | string) => String(value);
const wide: Table = {
  file: "repeats.csv",
  columns: ["r1", "r2", "r3", "r4"],
  rows: repeats.map((row) => [0, 1, 2, 3].map((k) => k < row.length ? cell(row[k]) : null))
};
// Seven sites of two or three days of one to three values.
const design = Array.from({length: 7}, (_, site) => Array.from({length: 2 + site % 2}, (_, day) =>
  Array.from({length: 1 + (site + day) % 3}, () => 10 + Math.sin(site) + 0.5 * random.normal())));
const long: Table = {
  file: "sites.csv",
  columns: ["site", "day", "value"],
  rows: design.flatMap((days, site) => days.flatMap((values, day) =>
    values.map((value) => [cell(`s${site}`), cell(`d${day}`), cell(value)])))
};
const components: Twin = (chosen) => {
  const rows = chosen.flatMap((site, draw) => design[site].flatMap((values, day) =>
    values.map((value) => ({value, levels: [`${draw}`, `${day}`]}))));
  const found = varianceComponents(rows.map(({value}) => value),
    [0, 1].map((k) => ({name: `${k}`, levels: rows.map(({levels}) => levels[k])})));
  return [...found.lines.map(({component}) => component), found.total];
};
const line = ({slope, intercept}: {slope: number; intercept: number}) => [slope, intercept];

const bootstrap = {interval: "bootstrap", resamples: 200, seed: 12};
const repeatability = (variant: string, scale: string): ResamplingTask => {
  const request: MethodRequest = {
    table: wide, columns: {value: wide.columns}, variant, options: {...bootstrap, scale}
  };
  return repeatabilityMethod.resampling!(request)!;
};
const repeatabilityTwin = (variant: "root-mean-square" | "wsd-over-mean" | "logs" | null): Twin => (chosen) => {
  const rows = pick(repeats, chosen);
  const means = rows.map((row) => row.reduce((a, b) => a + b) / row.length);
  const basic = [means.reduce((a, b) => a + b) / means.length, withinSubjectSd(rows).value];
  return variant === null ? basic : [...basic, withinSubjectCv(rows, {variant}).value];
};

const cases: [string, ResamplingTask, Twin][] = [
  ...(["root-mean-square", "wsd-over-mean", "logs"] as const).map((variant): [string, ResamplingTask, Twin] =>
    [`repeatability, ${variant}`, repeatability(variant, "ratio"), repeatabilityTwin(variant)]),
  ["repeatability without wCV", repeatability("wsd-over-mean", "interval"), repeatabilityTwin(null)],
  ["limits of agreement", task("limits-of-agreement", interleave(x, y), 2, {multiplier: 1.96}), (chosen) => {
    const {lower, upper} = limitsOfDifferences(chosen.map((i) => x[i] - y[i]), {multiplier: "1.96"}).limits;
    return [lower, upper];
  }],
  ["least squares", task("ols", interleave(x, y), 2), (chosen) => {
    const {slope, intercept} = ordinaryLeastSquares(pick(x, chosen), pick(y, chosen));
    return [slope.value, intercept.value];
  }],
  ...[0.4, 1, 3].map((errorRatio): [string, ResamplingTask, Twin] => [`Deming, ratio ${errorRatio}`,
    task("deming", interleave(x, y), 2, {errorRatio}),
    (chosen) => line(demingLine(pick(x, chosen), pick(y, chosen), errorRatio))]),
  ...[0, 1].map((mcr): [string, ResamplingTask, Twin] => [`weighted Deming, ${mcr === 1 ? "mcr" : "converged"}`,
    task("weighted-deming", interleave(x, y), 2, {errorRatio: 2, mcr}),
    (chosen) => line(weightedDemingLine(pick(x, chosen), pick(y, chosen), 2, mcr === 1 ? "mcr" : "converged"))]),
  ...[0, 1].flatMap((mcr) => ([["", {x, y}], [" with ties", coarse]] as const).map(
    ([name, pair]): [string, ResamplingTask, Twin] => [`Passing-Bablok, ${mcr === 1 ? "mcr" : "1983"}${name}`,
      task("passing-bablok", interleave(pair.x, pair.y), 2, {mcr}), (chosen) => {
        const variant = mcr === 1 ? "mcr" : "1983";
        const {slope, intercept} = passingBablok(pick(pair.x, chosen), pick(pair.y, chosen), {variant});
        return [slope.value, intercept.value];
      }])),
  ["variance components", reproducibilityMethod.resampling!({
    table: long, columns: {value: ["value"], factors: ["site", "day"]}, options: bootstrap
  })!, components],
  ...(["higher", "lower"] as const).map((direction): [string, ResamplingTask, Twin] => [`AUC, ${direction}`,
    task("auc", interleave(coarse.x, positive.map(Number)), 2, {lower: direction === "lower" ? 1 : 0}),
    (chosen) => [areaUnderCurve(pick(coarse.x, chosen), pick(positive, chosen), {direction}).value]]),
  ...(["1989", "unbiased"] as const).map((moments): [string, ResamplingTask, Twin] => [`CCC, ${moments}`,
    task("ccc", interleave(x, y), 2, {unbiased: moments === "unbiased" ? 1 : 0}), (chosen) => {
      const {value, pearson, biasCorrection} = linCcc(pick(x, chosen), pick(y, chosen), {moments});
      return [value, pearson, biasCorrection];
    }]),
  ...iccForms.map((form): [string, ResamplingTask, Twin] => [`ICC(${form})`,
    task("icc", Float64Array.from(raters.flat()), 4, {model: Number(form[0]), mean: form[2] === "k" ? 1 : 0}),
    (chosen) => [icc(pick(raters, chosen), {form}).value]])
];

const request = ({data: _, ...rest}: ResamplingTask) => ({...rest, level: 0.95});

describe("statistics in the core", () => {
  let core: Core;
  before(async () => (core = instantiate(await loadModule())));

  for (const [name, one, twin] of cases) {
    test(`${name}: equal to the function in src/domain to 1e-12`, () => {
      const rows = one.data.length / one.width;
      const units = 1 + rows + one.resamples;
      const found = core.resampleUnits(request(one), one.data, 0, units);
      const size = found.length / units;
      let compared = 0;
      for (let unit = 0; unit < units; unit++) {
        const chosen = unit > rows ? drawn(one.seed, unit - 1 - rows, rows)
          : Array.from({length: rows}, (_, i) => i).filter((i) => i !== unit - 1);
        const values = [...found.subarray(unit * size, (unit + 1) * size)];
        let expected: number[];
        try {
          expected = twin(chosen);
        } catch (error) {
          assert.ok(error instanceof InputError);
          assert.ok(values.every(Number.isNaN), `unit ${unit}: ${values}, ${error.message}`);
          continue;
        }
        compared++;
        const scale = Math.max(...expected.map(Math.abs));
        expected.forEach((value, k) => assert.ok(Math.abs(values[k] - value) <= 1e-12 * Math.max(scale, 1),
          `unit ${unit}, component ${k}: ${values[k]}, ${value}`));
      }
      assert.ok(compared > 0.9 * units, `${compared} of ${units}`);
    });
  }
});

describe("resampleStatistics on worker threads", () => {
  let module: WebAssembly.Module;
  let pool: Pool;
  before(async () => {
    module = await loadModule();
    pool = createPool({size: 2, spawn, module});
  });
  after(() => pool.close());
  const limits = task("limits-of-agreement", interleave(x, y), 2, {multiplier: 1.959963984540054});

  test("the same for any number of workers and any chunk", async () => {
    const found: Resampling[] = [];
    for (const [size, chunk] of [[1, 1000], [2, 37], [4, 100]]) {
      const own = size === 2 ? pool : createPool({size, spawn, module});
      try {
        found.push(await resampleStatistics(own, limits, {chunk}));
      } finally {
        if (own !== pool) own.close();
      }
    }
    assert.deepEqual(found[1], found[0]);
    assert.deepEqual(found[2], found[0]);
    const {names, values, intervals, resamples, seed, degenerate} = found[0];
    const {lower, upper} = limitsOfDifferences(x.map((value, i) => value - y[i])).limits;
    assert.deepEqual(names, ["lower limit", "upper limit"]);
    [lower, upper].forEach((value, k) => {
      assert.ok(Math.abs(values[k] - value) < 1e-12);
      assert.ok(intervals[k].lower < value && value < intervals[k].upper);
      assert.equal(intervals[k].level, 0.95);
    });
    assert.deepEqual([resamples, seed, degenerate], [200, 12, 0]);
    assert.equal(limits.data.length, 2 * n, "the data stay with the caller");
  });

  test("level and seed matter, each in its way", async () => {
    const task = {...limits, resamples: 2000};
    const [wide, narrow, other] = [await resampleStatistics(pool, task, {level: 0.99}),
      await resampleStatistics(pool, task, {level: 0.8}), await resampleStatistics(pool, {...task, seed: 13})];
    assert.ok(wide.intervals[0].lower < narrow.intervals[0].lower);
    assert.ok(narrow.intervals[0].upper < wide.intervals[0].upper);
    assert.equal(wide.intervals[0].acceleration, narrow.intervals[0].acceleration);
    assert.equal(wide.intervals[0].acceleration, other.intervals[0].acceleration);
    assert.notEqual(wide.intervals[0].biasCorrection, other.intervals[0].biasCorrection);
  });

  test("progress grows to the number of units; a stop rejects and leaves the pool usable", async () => {
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => {
      assert.equal(total, 1 + n + 200);
      seen.push(done);
    };
    await resampleStatistics(pool, limits, {chunk: 50, onProgress});
    assert.equal(seen.length, 5);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    assert.equal(seen[4], 1 + n + 200);
    const stop = new AbortController();
    const long = {...limits, resamples: 100_000};
    const run = resampleStatistics(pool, long, {signal: stop.signal, onProgress: () => stop.abort()});
    await assert.rejects(run, {name: "AbortError"});
    assert.equal((await resampleStatistics(pool, limits)).resamples, 200);
  });

  test("what has no interval is refused by name", async () => {
    const rejects = (task: ResamplingTask, code: string, field: string | RegExp, options = {}) =>
      assert.rejects(resampleStatistics(pool, task, options), (error) => {
        assert.ok(error instanceof InputError);
        assert.equal(error.code, code);
        assert.match(error.field, typeof field === "string" ? new RegExp(`^${field}$`) : field);
        return true;
      });
    await rejects({...limits, statistic: "median"}, "choice", "statistic");
    await rejects({...limits, settings: {}}, "choice", "settings.multiplier");
    await rejects({...limits, settings: {multiplier: 2, mcr: 1}}, "out-of-range", "settings.mcr");
    await rejects({...limits, data: limits.data.subarray(1)}, "length", "data");
    await rejects({...limits, resamples: 100}, "out-of-range", "resamples");
    await rejects(limits, "level-out-of-range", "level", {level: 95});
    await rejects({...limits, seed: -1}, "not-a-count", "seed");
    const two = positive.map((_, i) => Number(i < 2));
    await rejects(task("auc", interleave(x, two), 2), "no-interval", "resamples in which auc has no value");
  });

  test("what is to be told of a resampling is told", async () => {
    const few = positive.map((_, i) => Number(i % 4 === 0));
    const found = await resampleStatistics(pool, {...task("auc", interleave(x, few), 2), resamples: 5000});
    // Six of 24 positive: a resample lacks them with probability (3/4)^24 = .001.
    assert.ok(found.degenerate > 0 && found.degenerate < 20, String(found.degenerate));
    assert.match(resamplingNotes(found)[0], new RegExp(`^${found.degenerate} of 5000 resamples had no value`));
    const far = await resampleStatistics(pool, limits, {level: 0.9999});
    assert.match(resamplingNotes(far).join(), /lower limit, upper limit ends at the outermost resample/);
    assert.deepEqual(resamplingNotes(await resampleStatistics(pool, {...limits, resamples: 5000})), []);
  });
});

/**
 * The rows of one resample, in order: Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405) of counter
 * (draw / 2, resample) and key seed gives two 64-bit words, whose upper 53 bits times n are two rows.
 */
function drawn(seed: number, resample: number, rows: number): number[] {
  const mask = 0xffffffffn;
  return Array.from({length: rows}, (_, k) => {
    let counter = [BigInt(k >> 1), 0n, BigInt(resample), 0n];
    let key = [BigInt(seed), 0n];
    for (let round = 0; round < 10; round++) {
      const [first, second] = [counter[0] * 0xd2511f53n, counter[2] * 0xcd9e8d57n];
      counter = [(second >> 32n) ^ counter[1] ^ key[0], second & mask, (first >> 32n) ^ counter[3] ^ key[1],
        first & mask];
      key = [(key[0] + 0x9e3779b9n) & mask, (key[1] + 0xbb67ae85n) & mask];
    }
    const word = k % 2 === 0 ? counter[0] | counter[1] << 32n : counter[2] | counter[3] << 32n;
    return Math.floor(Number(word >> 11n) * (rows / 2 ** 53));
  }).sort((a, b) => a - b);
}
