import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {drift} from "../../../src/domain/statistics/drift.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

test("peak flow: the second Wright reading against the first", () => {
  const pefr = reference("peak-flow");
  const rows: number[][] = pefr.wright1.map((value: number, i: number) => [value, pefr.wright2[i]]);
  const found = drift(rows);
  const differences = rows.map(([a, b]) => b - a);
  const mean = differences.reduce((a, b) => a + b) / 17;
  const sd = Math.sqrt(differences.reduce((a, d) => a + (d - mean) ** 2, 0) / 16);
  assertRelative(found.steps[0].value, mean, 1e-12);
  assertRelative(found.steps[0].standardError, sd / Math.sqrt(17), 1e-12);
  assertRelative(found.f, (mean / (sd / Math.sqrt(17))) ** 2, 1e-11);
  assertRelative(found.p, found.steps[0].p, 1e-10);
  assertPrinted(found.wsd.value, pefr.wright.wsd);
  assert.equal(found.wsd.df, 17);
  assertRelative(found.wsdWithoutDrift.value, sd / Math.SQRT2, 1e-12);
  assert.equal(found.wsdWithoutDrift.df, 16);
});

test("three repeats: F of the ratings of Shrout and Fleiss is MSC over MSE", () => {
  const printed = reference("shrout-fleiss");
  const found = drift(printed.ratings);
  assertRelative(found.f, 32.486111 / 1.019444, 1e-6);
  assert.deepEqual([found.df1, found.df2], [3, 15]);
  assert.ok(found.p < 1e-5);
  assert.equal(found.steps.length, 3);
});

describe("simulated studies", () => {
  test("without drift 5 % are rejected, and both wSD cover 95 %", () => {
    const random = seeded(12);
    const runs = 2000;
    const counts = {rejected: 0, with: 0, without: 0};
    for (let run = 0; run < runs; run++) {
      const found = drift(Array.from({length: 10}, () => {
        const truth = 5 * random.normal();
        return [0, 1, 2].map(() => truth + random.normal());
      }));
      if (found.p < 0.05) counts.rejected++;
      if (found.wsd.lower <= 1 && 1 <= found.wsd.upper) counts.with++;
      if (found.wsdWithoutDrift.lower <= 1 && 1 <= found.wsdWithoutDrift.upper) counts.without++;
    }
    const slack = 4 * Math.sqrt(0.95 * 0.05 / runs);
    assert.ok(Math.abs(counts.rejected / runs - 0.05) < slack, JSON.stringify(counts));
    assert.ok(Math.abs(counts.with / runs - 0.95) < slack, JSON.stringify(counts));
    assert.ok(Math.abs(counts.without / runs - 0.95) < slack, JSON.stringify(counts));
  });
});

test("an offset of one repeat moves its step and leaves the wSD without drift", () => {
  const cell = fc.integer({min: 0, max: 1000});
  const table = fc.array(fc.array(cell, {minLength: 3, maxLength: 3}), {minLength: 3, maxLength: 8});
  fc.assert(fc.property(table, fc.integer({min: -300, max: 300}), (rows, by) => {
    fc.pre(rows.some((row) => row[1] - row[0] !== rows[0][1] - rows[0][0]));
    fc.pre([rows, rows.map(([a, b, c]) => [a, b, c + by])].every((all) => all.some((row) => new Set(row).size > 1)));
    const base = drift(rows);
    const moved = drift(rows.map(([a, b, c]) => [a, b, c + by]));
    assert.ok(Math.abs(moved.steps[1].value - base.steps[1].value - by) < 1e-9);
    assertRelative(moved.wsdWithoutDrift.value, base.wsdWithoutDrift.value, 1e-9);
  }), {seed: 4, numRuns: 60});
});

test("a pure offset has an infinite F and leaves no scatter", () => {
  const found = drift([[1, 2], [5, 6], [9, 10]]);
  assert.equal(found.p, 0);
  assert.equal(found.wsdWithoutDrift.value, 0);
  assert.equal(found.steps[0].p, 0);
});

test("bad input", () => {
  assertRejects(() => drift([[1, 2], [3]]), "too-few-repeats", "repeats in values[1]");
  assertRejects(() => drift([[1, 2], [3, 4, 5]]), "unequal-lengths", "length of values[1]");
  assertRejects(() => drift([[1, 1], [2, 2]]), "constant", "repeats in values");
  assertRejects(() => drift([[1, 2]]), "too-few-subjects", "subjects in values");
});
