import assert from "node:assert/strict";
import {test} from "node:test";
import {linearityMethod} from "../../../src/domain/statistics/linearity-method.js";
import type {MethodReport} from "../../../src/domain/statistics/method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative, reference} from "../../helpers/reference.js";

const of = (report: MethodReport, name: string) => report.estimates.find((one) => one.name === name)!;
const table = {
  file: "phantom.csv", columns: ["vial", "reference", "t1"],
  rows: [
    ["a", "500", "510"], ["a", "500", "512"], ["b", "1000", "1011"], ["b", "1000", "1003"], ["c", "2000", "1985"],
    ["c", "2000", null], ["d", "2500", "2479"]
  ]
};
const columns = {x: ["reference"], y: ["t1"]};

test("Norris through a table", () => {
  const {x, y, ...certified} = reference("nist-norris");
  const rows = x.map((value: number, i: number) => [String(value), String(y[i])]);
  const report = linearityMethod.run({table: {file: "norris.csv", columns: ["x", "y"], rows},
    columns: {x: ["x"], y: ["y"]}});
  assertRelative(of(report, "slope").value, certified.slope, 1e-13);
  assertRelative(of(report, "R2").value, certified.r2, 1e-13);
  assert.equal(report.checks.find(({id}) => id === "slope")!.passed, false);
});

test("missing cells counted, a level's bias with interval and in percent, none for a single value", () => {
  const report = linearityMethod.run({table, columns: {...columns, subject: ["vial"]}});
  assert.equal(report.n, 6);
  assert.deepEqual(report.dropped, [{row: 7, column: "t1", reason: "missing"}]);
  assertRelative(of(report, "bias at 500").value, 11, 1e-12);
  // t(.975, 1) = 12.7062 on the SD of 10 and 12.
  assert.ok(Math.abs(of(report, "bias at 500").lower! - (11 - 12.7062)) < 1e-3);
  assertRelative(of(report, "relative bias at 500").value, 100 * 11 / 500, 1e-12);
  assert.equal(of(report, "relative bias at 500").unit, "%");
  assert.deepEqual(report.checks.map(({id}) => id),
    ["quadratic", "lack-of-fit", "slope", "shapiro-wilk", "q-q", "breusch-pagan", "outliers"]);
  assert.equal(of(report, "bias at 2500").lower, null);
  assert.match(of(report, "bias at 2500").note!, /no interval/);
});

test("a tenfold offset is pointed out", () => {
  const tenfold = {...table, rows: table.rows.map(([vial, x, y]) => [vial, x, y === null ? null : `${y}0`])};
  assert.ok(linearityMethod.run({table: tenfold, columns}).warnings.some((warning) => /10 times/.test(warning)));
});

test("bad input", () => {
  assertRejects(() => linearityMethod.run({table, columns: {x: ["reference"]}}), "missing-column", /y/);
  assertRejects(() => linearityMethod.run({table: {...table, rows: table.rows.slice(4)}, columns}), "too-few-values",
    "complete rows");
  const text = {...table, rows: [["a", "5oo", "510"], ...table.rows.slice(1)]};
  assertRejects(() => linearityMethod.run({table: text, columns}), "not-a-number", "row 2, column reference");
  assertRejects(() => linearityMethod.run({table, columns: {x: ["vial"], y: ["t1"]}}), "not-a-number",
    "row 2, column vial");
});
