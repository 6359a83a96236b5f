import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {InputError} from "../../../src/domain/errors.js";
import {f1Score} from "../../../src/domain/statistics/f1-score.js";

test("is the harmonic mean of precision and sensitivity", () => {
  const count = fc.integer({min: 1, max: 500});
  fc.assert(
    fc.property(count, count, count, (truePositives, falsePositives, falseNegatives) => {
      const precision = truePositives / (truePositives + falsePositives);
      const sensitivity = truePositives / (truePositives + falseNegatives);
      const harmonic = 2 / (1 / precision + 1 / sensitivity);
      assert.ok(Math.abs(f1Score({truePositives, falsePositives, falseNegatives}) - harmonic) < 1e-12);
    }),
    {seed: 1, numRuns: 200}
  );
});

test("is 1 without error, 0 without a hit, and nothing without anything to find", () => {
  assert.equal(f1Score({truePositives: 5, falsePositives: 0, falseNegatives: 0}), 1);
  assert.equal(f1Score({truePositives: 0, falsePositives: 3, falseNegatives: 0}), 0);
  assert.throws(() => f1Score({truePositives: 0, falsePositives: 0, falseNegatives: 0}), InputError);
  assert.throws(() => f1Score({truePositives: 0.5, falsePositives: 0, falseNegatives: 0}), InputError);
});
