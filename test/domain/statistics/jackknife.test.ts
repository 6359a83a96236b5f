import assert from "node:assert/strict";
import {test} from "node:test";
import {jackknifeInterval} from "../../../src/domain/statistics/jackknife.js";
import {mean, standardDeviation} from "../../../src/domain/statistics/summaries.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative} from "../../helpers/reference.js";

test("of a mean it gives the mean's own standard error and t interval", () => {
  const values = [3, 8, 1, 9, 4, 4];
  const without = values.map((_, i) => mean(values.filter((_, j) => j !== i)));
  const {standardError, lower, upper} = jackknifeInterval(mean(values), without, 5, 0.95);
  assertRelative(standardError, standardDeviation(values) / Math.sqrt(6), 1e-13);
  // t(.975, 5) as printed in tables.
  assert.ok(Math.abs((upper - lower) / 2 / standardError - 2.570582) < 1e-6);
});

test("bad input", () => {
  assertRejects(() => jackknifeInterval(1, [1], 3, 0.95), "too-few-values", "length of without");
  assertRejects(() => jackknifeInterval(1, [1, NaN], 3, 0.95), "not-finite", "without[1]");
});
