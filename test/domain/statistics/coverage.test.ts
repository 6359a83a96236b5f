import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import {figuresSource} from "../../../src/domain/simulation/figures-source.js";
import {procedures} from "../../../src/domain/simulation/procedures.js";
import {covers, figuresOf, rejects, trustedFrom, type CoverageId} from "../../../src/domain/statistics/coverage.js";
import {coverageFigures} from "../../../src/domain/statistics/coverage-figures.js";
import type {Method, MethodReport, MethodRequest, ResampledStatistics} from "../../../src/domain/statistics/method.js";
import {methods} from "../../../src/domain/statistics/methods.js";
import {readCoverage} from "../../../src/io/coverage-table.js";
import {seeded} from "../../helpers/random.js";

const root = new URL("../../../", import.meta.url);
const table = readCoverage(readFileSync(new URL("data/interval-coverage/coverage.tsv", root), "utf8"), "coverage.tsv");

test("the figures beside the methods are those of the table", () => {
  assert.equal(readFileSync(new URL("src/domain/statistics/coverage-figures.ts", root), "utf8"), figuresSource(table));
  assert.deepEqual(Object.keys(coverageFigures).sort(), procedures.map(({procedure}) => procedure.id).sort());
  for (const {procedure} of procedures) {
    for (const {n, share} of figuresOf(procedure.id as CoverageId).cells) {
      const row = table.find((one) => one.id === procedure.id && one.n === n && one.distribution === procedure.under[0])!;
      assert.equal(share, row.share);
      assert.ok(row.assumed);
    }
  }
});

test("words for a note", () => {
  assert.match(covers("limit-bootstrap"), /^covers 8\d, \d\d and 9\d % at n = 10, 20 and 50$/);
  assert.match(covers("three-satterthwaite"), /^covers (89|90|91) % at n = 3$/);
  assert.match(covers("auc-logit"), /, where there is one: none in 3\d, \d and 0 % of samples$/);
  assert.match(rejects("proportional-bias-1-5"), /^\d+, \d+ and 3\d % at n = 10, 20 and 50$/);
});

test("the n from which one can be trusted is that from which all larger ones do", () => {
  const cells = (...shares: number[]) => shares.map((share, i) => ({n: [10, 20, 50][i], share}));
  assert.equal(trustedFrom(cells(0.95, 0.94, 0.93), "interval"), 10);
  assert.equal(trustedFrom(cells(0.9, 0.93, 0.95), "interval"), 20);
  assert.equal(trustedFrom(cells(0.95, 0.92, 0.95), "interval"), 50);
  assert.equal(trustedFrom(cells(0.95, 0.94, 0.9299), "interval"), null);
  assert.equal(trustedFrom(cells(0.05, 0.07, 0.02), "test"), 10);
  assert.equal(trustedFrom(cells(0.05, 0.06, 0.08), "test"), null);
});

describe("figures are shown wherever approximate intervals are offered", () => {
  const random = seeded(3);
  const n = 12;
  const draw = (make: (i: number) => number | string) => Array.from({length: n}, (_, i) => String(make(i)));
  const truth = Array.from({length: n}, () => 50 + 100 * random.uniform());
  const about = (sd: number, offset = 0) => draw((i) => truth[i] + offset + sd * random.normal());
  const columns: Record<string, string[]> = {
    a: about(3), b: about(3, 2), c: about(3), d: about(3), outcome: draw((i) => (i < 6 ? "ill" : "well")),
    marker: draw((i) => (i < 6 ? 1 : 0) + random.normal()), second: draw((i) => (i < 6 ? 1 : 0) + random.normal()),
    site: draw((i) => Math.floor(i / 4)), day: draw((i) => Math.floor(i / 2)),
    level: draw((i) => 20 + 40 * (i % 3)), measured: draw((i) => 21 + 40 * (i % 3) + random.normal()),
    u: draw((i) => [-1, -1, 1, 1, -1, 1, 0, 0, 0, 0, 0, 0][i]), v: draw((i) => [-1, 1, -1, 1, 0, 0, -1, 1, 0, 0, 0, 0][i]),
    response: draw((i) => 50 - 3 * [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0][i] - 2 * [1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0][i]
      + random.normal())
  };
  const names = Object.keys(columns);
  const file = {
    file: "t.csv", columns: names, rows: Array.from({length: n}, (_, i) => names.map((name) => columns[name][i]))
  };
  const pair = {x: ["a"], y: ["b"]};
  const asked: Record<string, {columns: MethodRequest["columns"]; options?: MethodRequest["options"]}[]> = {
    repeatability: [{columns: {value: ["a", "b", "c"]}}],
    reproducibility: [{columns: {value: ["a"], factors: ["site", "day"]}}],
    "bland-altman": [{columns: pair}, {columns: {x: ["a", "c"], y: ["b", "d"]}}],
    icc: [{columns: {value: ["a", "b", "c"]}}],
    ccc: [{columns: pair}], ols: [{columns: pair}], deming: [{columns: pair}], "weighted-deming": [{columns: pair}],
    "passing-bablok": [{columns: pair}],
    linearity: [{columns: {x: ["level"], y: ["measured"]}}],
    roc: [{columns: {x: ["marker"], outcome: ["outcome"]}, options: {positive: "ill", threshold: 0.5}}],
    "roc-compare": [{columns: {x: ["marker"], y: ["second"], outcome: ["outcome"]}, options: {positive: "ill"}}],
    "change-detection": [{columns: pair, options: {"within-sd": 3, "prior-sd": 4}}],
    "response-surface": [{columns: {factors: ["u", "v"], response: ["response"]}}]
  };

  /** Stands for what the core draws: any interval will do, the words are looked at. */
  const drawn = (method: Method, request: MethodRequest): ResampledStatistics | undefined => {
    if (!method.options.some(({id}) => id === "resamples")) return undefined;
    const names = ["lower limit", "upper limit", "slope", "intercept", "mean", "wSD", "wCV", "component 0", "component 1", "error",
      "total"];
    const interval = {lower: 0.5, upper: 2, level: request.level ?? 0.95};
    return {names, values: names.map(() => 1), intervals: names.map(() => interval), resamples: 1000, seed: 1};
  };

  /** The report of every variant that takes these columns, analytic and by bootstrap. */
  const reports = (method: Method): [string, MethodReport][] => method.variants.flatMap(({id: variant}) => {
    const suits = asked[method.id].filter(({columns: {x}}) =>
      method.id !== "bland-altman" || (x!.length > 1) === ["replicates", "varying"].includes(variant));
    return suits.flatMap((one): [string, MethodReport][] => {
      const request: MethodRequest = {table: file, ...one, variant};
      const resampled = method.id === "reproducibility" && variant === "reml" || ["replicates", "varying", "regression"].includes(variant)
        ? undefined : drawn(method, request);
      const bootstrap = resampled === undefined ? []
        : [[`${variant}, bootstrap`, method.run({
          ...request, options: {...request.options, interval: "bootstrap"}, draws: resampled
        })] as [string, MethodReport]];
      return [[variant, method.run(request)], ...bootstrap];
    });
  });

  for (const method of methods) {
    test(method.id, () => {
      const found = reports(method);
      assert.equal(new Set(found.map(([name]) => name.split(",")[0])).size > 0, true);
      for (const [variant, report] of found) {
        for (const {name, lower, upper, note} of report.estimates) {
          if (lower === null && upper === null) continue;
          assert.match(note ?? "", /\bexact\b|\bposterior\b|covers \d/, `${variant}: ${name} says neither exact nor its figure`);
          if (/approximate|BCa|[Ss]core|jackknife|Satterthwaite|MOVER|delta/.test(note!)) {
            assert.match(note!, /covers \d+/, `${variant}: ${name}: ${note}`);
          }
        }
      }
      for (const {name} of method.variants) {
        if (/approximate/.test(name)) assert.match(name, /covers \d+/, name);
      }
    });
  }
});
