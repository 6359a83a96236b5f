import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import type {CoverageRow} from "../../src/domain/simulation/coverage-table.js";
import {procedures} from "../../src/domain/simulation/procedures.js";
import {openFolder} from "../../src/io/folder.node.js";
import {
  distributionsOf, falseAlarms, judgedProcedures, liveNext, liveSamples, liveStart, readTable, shareOf, simulateLive, wanted,
  type JudgedProcedure, type LiveState
} from "../../src/learn/how-good-are-these-intervals.js";

let table: CoverageRow[];
let judged: JudgedProcedure[];
let pool: Pool;

before(async () => {
  table = await readTable(await openFolder(new URL("../../data/interval-coverage", import.meta.url).pathname));
  judged = judgedProcedures(table);
  pool = createPool({size: 2, spawn, module: await loadModule()});
});

after(() => pool.close());

describe("what the reader finds", () => {
  test("every procedure once, methods together, exact ones first", () => {
    assert.deepEqual(judged.map(({procedure}) => procedure.id).sort(), procedures.map(({procedure}) => procedure.id).sort());
    const methods = judged.map(({procedure}) => procedure.method);
    assert.equal(methods.filter((id, i) => i === 0 || id !== methods[i - 1]).length, new Set(methods).size);
    const ranks = judged.filter(({procedure}) => procedure.method === "bland-altman")
      .map(({procedure}) => ["exact", "conservative", "approximate"].indexOf(procedure.promise));
    assert.deepEqual(ranks, [...ranks].sort((a, b) => a - b));
  });

  test("by method, kind and words in any order and case", () => {
    const find = (words: string, method = "all", kind: "interval" | "test" = "interval") =>
      wanted(judged, {method, kind, words}).map(({procedure}) => procedure.id);
    assert.deepEqual(find("DELONG logit"), ["auc-logit"]);
    assert.deepEqual(find("limit bca  agreement", "bland-altman"), ["limit-bootstrap"]);
    assert.deepEqual(find("no such words"), []);
    assert.ok(find("", "roc").every((id) => /^(auc|sensitivity|specificity|ppv|npv)-/.test(id)));
    assert.deepEqual(find("cusum", "all", "test"), ["cusum-test"]);
    assert.deepEqual(find("cusum"), []);
  });

  test("from which n it can be trusted", () => {
    const trusted = (id: string) => judged.find(({procedure}) => procedure.id === id)!.trusted;
    assert.equal(trusted("wsd"), 10);
    assert.equal(trusted("auc-delong"), null);
    assert.equal(trusted("three-satterthwaite"), null);
    assert.equal(trusted("proportional-bias-1-5"), null);
    assert.equal(trusted("errors-in-variables-1-5"), 10);
  });

  test("the false alarms side by side, and how often they come", () => {
    assert.deepEqual(falseAlarms(judged).map(({procedure}) => procedure.id), [
      "proportional-bias-3-3", "proportional-bias-2-4", "proportional-bias-1-5",
      "errors-in-variables-3-3", "errors-in-variables-2-4", "errors-in-variables-1-5"
    ]);
    assert.ok(shareOf(judged, "proportional-bias-1-5", 50)! > 0.33);
    assert.ok(shareOf(judged, "errors-in-variables-1-5", 50)! < 0.06);
    assert.equal(shareOf(judged, "limit-ratio-exact", 10, "heavy-tailed"), null);
  });

  test("distributions under which the quantity exists", () => {
    const of = (id: string) => distributionsOf(judged.find(({procedure}) => procedure.id === id)!).map((one) => one.id);
    assert.deepEqual(of("wsd"), ["normal", "log-normal", "heavy-tailed"]);
    assert.deepEqual(of("limit-ratio-mover"), ["normal", "log-normal"]);
  });
});

describe("the live simulation", () => {
  const settings = {id: "limit-approximate", n: 10, distribution: "normal", seed: 1} as const;

  test("comes to the table's figure, step by step", async () => {
    const states: LiveState[] = [];
    const progress: number[] = [];
    const last = await simulateLive(pool, settings, (state) => void states.push(state), {
      onProgress: (done) => progress.push(done)
    });
    assert.equal(last.samples, liveSamples);
    assert.ok(last.done && !states[0].done && states.length > 5);
    assert.deepEqual(progress, states.map(({samples}) => samples));
    assert.deepEqual(last.curve.map(({samples}) => samples), progress);
    const share = last.hits / last.samples;
    assert.ok(Math.abs(share - shareOf(judged, settings.id, 10)!) < 4 * Math.sqrt(0.06 / liveSamples), String(share));
    assert.equal(last.curve[last.curve.length - 1].share, share);
    for (const {lower, upper, hit} of last.latest) assert.equal(hit, lower <= last.truth! && last.truth! <= upper);
  });

  test("draws the same samples on one worker, and others with another seed", async () => {
    const one = createPool({size: 1, spawn, module: await loadModule()});
    try {
      const [a, b, c] = [
        await simulateLive(pool, {...settings, n: 20}, () => {}), await simulateLive(one, {...settings, n: 20}, () => {}),
        await simulateLive(pool, {...settings, n: 20, seed: 2}, () => {})
      ];
      assert.deepEqual([a.hits, a.latest], [b.hits, b.latest]);
      assert.notDeepEqual(a.latest, c.latest);
    } finally {
      one.close();
    }
  });

  test("stops when told, and tells nothing after that", async () => {
    const controller = new AbortController();
    let told = 0;
    await assert.rejects(simulateLive(pool, settings, () => {
      told += 1;
      if (told === 2) controller.abort();
    }, {signal: controller.signal}), {name: "AbortError"});
    assert.equal(told, 2);
  });

  test("counts samples without an answer apart", () => {
    const start = liveStart({id: "auc-logit", n: 10, distribution: "normal", seed: 1});
    const k = start.study.procedures.findIndex(({id}) => id === "auc-logit");
    const trial = (answer: {lower: number; upper: number} | null, hit: boolean | null) =>
      start.study.procedures.map((_, i) => i === k ? {answer, hit} : {answer: null, hit: null});
    const state = liveNext(start, [trial(null, null), trial({lower: 0.5, upper: 0.95}, true), trial({lower: 0.91, upper: 0.99}, false)]);
    assert.deepEqual([state.samples, state.without, state.hits], [3, 1, 1]);
    assert.deepEqual(state.latest.map(({sample}) => sample), [2, 3]);
    assert.deepEqual(state.curve, [{samples: 3, share: 0.5}]);
  });
});
