import assert from "node:assert/strict";
import {test} from "node:test";
import {concordanceMethod} from "../../../src/domain/statistics/ccc-method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertPrintedInterval, reference} from "../../helpers/reference.js";

const {wright1, mini1, ccc} = reference("peak-flow");
const table = {
  file: "pefr.csv", columns: ["wright", "mini"],
  rows: wright1.map((value: number, i: number) => [String(value), String(mini1[i])])
};
const columns = {x: ["wright"], y: ["mini"]};

test("both variants, every digit printed, with the components", () => {
  const report = concordanceMethod.run({table, columns});
  const value = (name: string) => report.estimates.find((one) => one.name === name)!;
  assert.equal(report.variant, "1989");
  assertPrinted(value("CCC").value, ccc.value);
  assertPrintedInterval({lower: value("CCC").lower!, upper: value("CCC").upper!}, ccc.interval);
  assertPrinted(value("Cb (accuracy)").value, ccc.biasCorrection);
  assert.ok(Math.abs(value("CCC").value - value("Pearson r (precision)").value * value("Cb (accuracy)").value) < 1e-14);
  const unbiased = concordanceMethod.run({table, columns, variant: "unbiased"});
  assertPrinted(unbiased.estimates[0].value, ccc.withDivisorNMinus1);
});

test("bad input", () => {
  assertRejects(() => concordanceMethod.run({table, columns, variant: "1988"}), "unknown-choice", "variant");
  assertRejects(() => concordanceMethod.run({table, columns: {x: ["wright"]}}), "missing-column", "columns for y");
  assertRejects(() => concordanceMethod.run({table, columns, options: {seed: 1}}), "unknown-option", "option");
});
