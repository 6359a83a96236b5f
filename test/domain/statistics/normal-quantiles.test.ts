import assert from "node:assert/strict";
import {test} from "node:test";
import {InputError} from "../../../src/domain/errors.js";
import {normalQuantiles} from "../../../src/domain/statistics/normal-quantiles.js";

test("Blom's positions: the ends of n = 10 lie at +-1.5466, as R's qqnorm has them", () => {
  const pairs = normalQuantiles([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.ok(Math.abs(pairs[0].theoretical + 1.5466353) < 1e-6);
  assert.ok(Math.abs(pairs[9].theoretical - 1.5466353) < 1e-6);
  assert.deepEqual(pairs.map(({index}) => index), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test("ties keep their order, and bad input is named", () => {
  assert.deepEqual(normalQuantiles([1, 1, 0]).map(({index}) => index), [2, 0, 1]);
  assert.throws(() => normalQuantiles([1]), InputError);
  assert.throws(() => normalQuantiles([1, NaN]), InputError);
});
