import assert from "node:assert/strict";
import {test} from "node:test";
import {alone, citationsOf, reported, withInterval} from "../../../src/domain/statistics/report-parts.js";

test("estimates as reports print them; an open end is null and said", () => {
  assert.deepEqual(reported("bias", {value: 1, lower: 0, upper: 2, level: 0.95}),
    {name: "bias", value: 1, lower: 0, upper: 2, level: 0.95});
  assert.deepEqual(withInterval("slope", 1, {lower: -Infinity, upper: 2, level: 0.9}, "by ranks", ""), {
    name: "slope", value: 1, lower: null, upper: 2, level: 0.9, unit: "", note: "by ranks; no lower bound at this level"
  });
  assert.deepEqual(alone("R2", 0.5, "no interval"),
    {name: "R2", value: 0.5, lower: null, upper: null, level: null, note: "no interval"});
});

test("citations in order, each once", () => {
  assert.deepEqual(citationsOf("b", "a", "b"), ["b", "a"]);
});
