import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import {instantiate} from "../../../src/compute/core.js";
import {coverageTrials} from "../../../src/compute/coverage.js";
import {loadModule} from "../../../src/compute/spawn.node.js";
import {normalQuantile} from "../../../src/domain/distributions/normal.js";
import {InputError} from "../../../src/domain/errors.js";
import {addTrials, BLOCK, emptyTallies, shareOf} from "../../../src/domain/simulation/coverage-cell.js";
import type {CoverageRow} from "../../../src/domain/simulation/coverage-table.js";
import {distributions, type DistributionId} from "../../../src/domain/simulation/distributions.js";
import {procedures, studies, studyOf} from "../../../src/domain/simulation/procedures.js";
import {methods} from "../../../src/domain/statistics/methods.js";
import {readCoverage} from "../../../src/io/coverage-table.js";

const core = instantiate(await loadModule());
const file = new URL("../../../data/interval-coverage/coverage.tsv", import.meta.url);
const table = readCoverage(readFileSync(file, "utf8"), "coverage.tsv");
const cellOf = (id: string, n: number, distribution: DistributionId): CoverageRow =>
  table.find((row) => row.id === id && row.n === n && row.distribution === distribution)!;

/** Repeats of one cell of a study, block after block. */
function simulate(id: string, n: number, distribution: DistributionId, blocks: number, seed: number) {
  const study = studyOf(id);
  let tallies = emptyTallies(study);
  for (let block = 0; block < blocks; block++) {
    const trials = coverageTrials(core, {study: id, n, distribution, block, count: BLOCK, seed});
    tallies = addTrials(tallies, study, trials, distribution, n);
  }
  return tallies;
}

describe("the table", () => {
  test("has every procedure at every n and under every distribution where its quantity exists", () => {
    const wanted = studies.flatMap(({procedures: own, sizes, leftOut}) => own.flatMap(({id}) => distributions
      .filter((distribution) => leftOut[distribution.id] === undefined)
      .flatMap((distribution) => sizes.map((n) => `${id} ${distribution.id} ${n}`))));
    assert.deepEqual(table.map(({id, distribution, n}) => `${id} ${distribution} ${n}`), wanted);
    assert.equal(new Set(wanted).size, wanted.length);
  });

  test("rests on 10,000 samples a cell", () => {
    for (const {id, repeats, share, se, without} of table) {
      assert.ok(repeats >= 10000, id);
      assert.ok(Math.abs(se - Math.sqrt(share * (1 - share) / (repeats - without))) < 2e-5, id);
    }
  });

  test("exact methods lie within .94 and .96 under their assumption, at every n", () => {
    const exact = table.filter(({promise, assumed}) => promise === "exact" && assumed);
    assert.ok(exact.length > 100);
    for (const {id, n, measure, share} of exact) {
      const coverage = measure === "coverage" ? share : 1 - share;
      assert.ok(coverage >= 0.94 && coverage <= 0.96, `${id} at n = ${n}: ${share}`);
    }
  });

  test("conservative ones never cover less than their level", () => {
    const rows = table.filter(({promise}) => promise === "conservative");
    assert.ok(rows.length > 0);
    for (const {id, n, share, se} of rows) assert.ok(share > 0.95 - 3 * se, `${id} at n = ${n}: ${share}`);
  });

  test("below and above add up to what does not cover", () => {
    for (const {id, share, below, above} of table) {
      if (below === null || above === null) continue;
      assert.ok(Math.abs(share + below + above - 1) < 3e-5, id);
    }
  });

  test("agrees with the figures that were asked for", () => {
    const near = (id: string, n: number, wanted: number, distance = 0.012) =>
      assert.ok(Math.abs(cellOf(id, n, "normal").share - wanted) < distance, `${id} ${n}: ${cellOf(id, n, "normal").share}`);
    [0.84, 0.89, 0.93].forEach((wanted, i) => near("limit-bootstrap", [10, 20, 50][i], wanted));
    [0.9, 0.92, 0.94].forEach((wanted, i) => near("wcv-delta", [10, 20, 50][i], wanted, 0.015));
    [0.7, 0.81, 0.9].forEach((wanted, i) => near("auc-delong", [10, 20, 50][i], wanted));
    near("three-satterthwaite", 3, 0.9);
    // The difference on the mean rejects falsely in 14 to 37 % of samples of 50.
    near("proportional-bias-2-4", 50, 0.14, 0.015);
    near("proportional-bias-1-5", 50, 0.37, 0.02);
  });
});

describe("procedures", () => {
  test("ids are unique, methods exist, and every method with an interval or a test has some", () => {
    const ids = procedures.map(({procedure}) => procedure.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const {procedure} of procedures) assert.ok(methods.some(({id}) => id === procedure.method), procedure.method);
    for (const {id} of methods) assert.ok(procedures.some(({procedure}) => procedure.method === id), id);
  });

  test("an assumption holds somewhere, and an interval has a true value there", () => {
    for (const {procedure, study} of procedures) {
      assert.ok(procedure.under.length > 0 && procedure.under.every((id) => study.leftOut[id] === undefined), procedure.id);
      if (procedure.kind === "test" || procedure.id === "limit-pair") continue;
      for (const {id} of distributions) {
        if (study.leftOut[id] === undefined) assert.ok(Number.isFinite(procedure.truth!(id, 20)), procedure.id);
      }
    }
  });

  test("an unknown study is refused", () => {
    assert.throws(() => studyOf("limit"), (error: InputError) => error.code === "unknown-choice" && /limits/.test(error.expected));
  });
});

describe("samples", () => {
  test("are the same in every run, and others with another seed", () => {
    const request = {study: "repeats", n: 10, distribution: "heavy-tailed", block: 3, count: 20, seed: 0} as const;
    assert.deepEqual(coverageTrials(core, request), coverageTrials(core, request));
    assert.notDeepEqual(coverageTrials(core, request), coverageTrials(core, {...request, seed: 1}));
    assert.deepEqual(coverageTrials(core, {...request, count: 5}), coverageTrials(core, request).slice(0, 5));
  });

  test("a block that is none is refused", () => {
    const request = {study: "repeats", n: 10, distribution: "normal", block: 0, count: BLOCK + 1, seed: 0} as const;
    assert.throws(() => coverageTrials(core, request), InputError);
    assert.throws(() => coverageTrials(core, {...request, block: -1, count: 1}), InputError);
  });

  // Other samples than the table's: both have binomial errors. Five SDs, since some 200 figures are compared.
  const cells: [string, number, DistributionId][] = [
    ["repeats", 10, "normal"], ["repeats-log", 20, "log-normal"], ["repeats-unequal", 10, "normal"], ["change", 20, "normal"],
    ["components-three-sites", 3, "normal"], ["components-crossed", 10, "heavy-tailed"], ["limits", 10, "normal"],
    ["limits", 50, "heavy-tailed"], ["limits-log", 10, "log-normal"], ["limits-replicates", 10, "normal"],
    ["limits-varying", 10, "log-normal"], ["limits-regression", 10, "normal"], ["ccc", 10, "normal"], ["ols", 20, "normal"],
    ["deming", 10, "normal"], ["passing-bablok", 20, "normal"], ["linearity", 10, "normal"],
    ["proportional-bias-1-5", 50, "normal"], ["auc", 10, "normal"], ["auc-pair", 20, "normal"], ["rates", 10, "normal"],
    ["normality", 20, "normal"], ["spread", 50, "log-normal"], ["limits-bootstrap", 10, "normal"]
  ];
  for (const [study, n, distribution] of cells) {
    test(`${study}, ${distribution}, n = ${n}: 500 other samples agree with the table`, () => {
      for (const tally of simulate(study, n, distribution, 1, 7)) {
        const {share, repeats, without} = cellOf(tally.id, n, distribution);
        const found = shareOf(tally)!;
        const answered = tally.repeats - tally.without;
        const spread = Math.sqrt((share * (1 - share) + 1 / repeats) * (1 / answered + 1 / (repeats - without)));
        assert.ok(Math.abs(found - share) < 5 * spread + 1 / answered, `${tally.id}: ${found}, table ${share}`);
      }
    });
  }
});

test("the tally of an interval says on which side it misses", () => {
  const study = studyOf("limits");
  const trials = coverageTrials(core, {study: "limits", n: 10, distribution: "normal", block: 0, count: 200, seed: 0});
  const k = study.procedures.findIndex(({id}) => id === "limit-approximate");
  const truth = 2 + normalQuantile(0.975) * 5;
  const [tally] = addTrials(emptyTallies(study), study, trials, "normal", 10).slice(k, k + 1);
  const answers = trials.map((trial) => trial[k].answer as {lower: number; upper: number});
  assert.equal(tally.below, answers.filter(({upper}) => upper < truth).length);
  assert.equal(tally.above, answers.filter(({lower}) => lower > truth).length);
  assert.equal(tally.hits + tally.below + tally.above, 200);
});
