import assert from "node:assert/strict";
import {join} from "node:path";
import {test} from "node:test";
import {root} from "../../../scripts/paths.js";
import {folderOfBytes} from "../../../src/io/folder.js";
import {openFolder} from "../../../src/io/folder.node.js";
import {claimsOf, fitSurface, methods, readScores, readSettings, surfaceAt, type Score} from "../../../src/studies/f1-surface/study.js";

const settings = {TE: [84, 150], TI: [2200, 2900], TR: 9000, noise: 0.01, lesions: 60, seeds: [1]};
const folderOf = (change: object) => folderOfBytes("f1-surface", {"settings.json": JSON.stringify({...settings, ...change})});

test("the published grid is the one that its study describes", async () => {
  const folder = await openFolder(join(root, "data/f1-surface"));
  const {TE, TI, seeds, lesions} = await readSettings(folder);
  assert.deepEqual([TE.length, TI.length], [7, 7]);
  assert.deepEqual([TE[0], TE[6], TI[0], TI[6]], [84, 150, 2200, 2900]);
  const scores = await readScores(folder);
  assert.equal(scores.length, methods.length * 49);
  const counts = new Set(scores.map(({detected, missed}) => detected + missed));
  assert.equal(counts.size, 1, "every point has the same lesions to find");
  assert.ok([...counts][0] <= seeds.length * lesions);
  assert.equal(claimsOf(scores, scores)["points-agree"], 98);
});

test("a surface that is quadratic is found as it is", () => {
  const f1 = (TE: number, TI: number): number => 0.2 + 3 * TE + 0.4 * TI - 9 * TE * TE - 0.05 * TI * TI - 0.6 * TE * TI;
  const scores: Score[] = [84, 100, 120, 150].flatMap((TE) => [2200, 2500, 2900].map((TI): Score => ({
    method: "robust-threshold", TE, TI, f1: f1(TE / 1000, TI / 1000), detected: 1, missed: 0, falsePositives: 0
  })));
  const surface = fitSurface(scores, "robust-threshold");
  const expected = [0.2, 3, 0.4, -9, -0.05, -0.6];
  surface.coefficients.forEach(({value}, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `a${i} is ${value}`));
  assert.ok(Math.abs(surfaceAt(surface, 111, 2345) - f1(0.111, 2.345)) < 1e-12);
});

test("settings that cannot be are refused by field", async () => {
  for (const [field, value] of [["TE", []], ["TI", [2200, "x"]], ["TR", -1], ["noise", null], ["seeds", 3]] as const) {
    await assert.rejects(readSettings(folderOf({[field]: value})), {name: "InputError", file: "settings.json", field});
  }
});
