import assert from "node:assert/strict";
import {test} from "node:test";
import {iccForms} from "../../../src/domain/statistics/icc.js";
import {iccMethod} from "../../../src/domain/statistics/icc-method.js";
import type {MethodRequest, Table} from "../../../src/domain/statistics/method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, reference} from "../../helpers/reference.js";

const published = reference("shrout-fleiss");
const wide: Table = {
  file: "ratings.csv", columns: ["target", "a", "b", "c", "d"],
  rows: published.ratings.map((row: number[], i: number) => [`t${i}`, ...row.map(String)])
};
const judges = {subject: ["target"], value: ["a", "b", "c", "d"]};

test("every form of Shrout and Fleiss from a wide and a long table, every digit printed", () => {
  const long: Table = {
    file: "long.csv", columns: ["target", "judge", "score"],
    rows: published.ratings.flatMap((row: number[], i: number) =>
      row.map((value, k) => [`t${i}`, "abcd"[k], String(value)])).reverse()
  };
  const columns = {subject: ["target"], repeat: ["judge"], value: ["score"]};
  for (const form of iccForms) {
    for (const request of [{table: wide, columns: judges}, {table: long, columns}] as MethodRequest[]) {
      const report = iccMethod.run({...request, variant: form});
      const [estimate] = report.estimates;
      assert.equal(estimate.name, `ICC(${form})`);
      assertPrinted(estimate.value, published.forms[form].value);
      assertPrinted(estimate.lower!, published.forms[form].interval[0]);
      assertPrinted(estimate.upper!, published.forms[form].interval[1]);
      assert.equal(report.n, 6);
      assert.equal(report.checks[0].passed, false);
    }
  }
});

test("the first variant is (1,1), which keeps subjects with a missing repeat; the others list them", () => {
  const table = {...wide, rows: wide.rows.map((row, i) => i === 2 ? [row[0], null, ...row.slice(2)] : row)};
  const one = iccMethod.run({table, columns: judges});
  assert.equal(one.variant, "1,1");
  assert.equal(one.n, 6);
  assert.deepEqual(one.dropped, [{row: 4, column: "a", reason: "missing"}]);
  const three = iccMethod.run({table, columns: judges, variant: "3,1"});
  assert.equal(three.n, 5);
  assert.equal(three.dropped.length, 4);
  assert.match(three.warnings[0], /1 of 6 subjects lack a repeat/);
});

test("bad input", () => {
  assertRejects(() => iccMethod.run({table: wide, columns: judges, variant: "2,2"}), "unknown-choice", "variant");
  assertRejects(() => iccMethod.run({table: wide, columns: judges, options: {k: 3}}), "unknown-option", "option");
  assertRejects(() => iccMethod.run({table: wide, columns: judges, level: 0}), "level-out-of-range", "level");
  const parallel = {file: "p.csv", columns: ["a", "b"], rows: [["1", "2"], ["4", "5"], ["7", "8"]]};
  const fault = assertRejects(
    () => iccMethod.run({table: parallel, columns: {value: ["a", "b"]}, variant: "3,1"}), "constant",
    "residuals of values"
  );
  assert.equal(fault.file, "p.csv");
});
