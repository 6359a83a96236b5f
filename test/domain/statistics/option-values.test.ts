import assert from "node:assert/strict";
import {test} from "node:test";
import type {OptionNeed} from "../../../src/domain/statistics/method.js";
import {optionReader} from "../../../src/domain/statistics/option-values.js";
import {assertRejects} from "../../helpers/bad-input.js";

const needs: OptionNeed[] = [
  {id: "threshold", kind: "number", description: "where to cut"},
  {id: "power", kind: "number", default: 0.8, description: "power wanted"},
  {id: "direction", kind: "choice", choices: ["higher", "lower"], default: "higher", description: "which way"},
  {id: "positive", kind: "text", description: "label"}
];

test("numbers come as numbers or as text, defaults where nothing was given", () => {
  const given = optionReader(needs, {threshold: " 1.5e2 ", positive: "ill"});
  assert.equal(given.number("threshold"), 150);
  assert.equal(given.needed("power"), 0.8);
  assert.equal(given.text("direction"), "higher");
  assert.equal(given.text("positive"), "ill");
  const none = optionReader(needs);
  assert.equal(none.number("threshold"), null);
  assert.equal(none.text("positive"), null);
  assert.equal(optionReader(needs, {threshold: 0}).number("threshold"), 0);
});

test("bad options name themselves, with the nearest id where one is near", () => {
  const fault = assertRejects(() => optionReader(needs, {treshold: 1}), "unknown-option", "option");
  assert.match(fault.message, /did you mean threshold\?/);
  assertRejects(() => optionReader([], {threshold: 1}), "unknown-option", "option");
  assertRejects(() => optionReader(needs, {direction: "up"}), "unknown-choice", "direction");
  assertRejects(() => optionReader(needs, {threshold: "high"}).number("threshold"), "not-a-number", "threshold");
  assertRejects(() => optionReader(needs, {threshold: NaN}).number("threshold"), "not-a-number", "threshold");
  assertRejects(() => optionReader(needs).needed("threshold"), "missing-option", "threshold");
});
