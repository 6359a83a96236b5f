import assert from "node:assert/strict";
import {describe, test} from "node:test";
import type {MethodRequest, Table} from "../../../src/domain/statistics/method.js";
import {
  checkPositiveCells, columnsFor, numericColumn, observations, pairs, repeats, replicates, swappedUnits,
  textColumn
} from "../../../src/domain/statistics/table-layouts.js";
import {assertRejects} from "../../helpers/bad-input.js";

function table(...lines: string[]): Table {
  const [header, ...rows] = lines.map((line) => line.split(" "));
  return {file: "t.csv", columns: header, rows: rows.map((row) => row.map((cell) => cell === "." ? null : cell))};
}

function ask(source: Table, columns: MethodRequest["columns"]): MethodRequest {
  return {table: source, columns};
}

const wide = table("id a b", "s1 1 2", "s2 3 5", "s3 4 .");
const long = table("id m v", "s1 A 1", "s1 B 2", "s2 B 5", "s2 A 3", "s3 A 4");

describe("columns", () => {
  test("numbers with the rows they came from, missing cells listed", () => {
    const {values, rows, dropped} = numericColumn(
      {file: "t", columns: ["v"], rows: [["1"], [null], [" "], [" -2.5e1"], [""]]}, "v"
    );
    assert.deepEqual([...values], [1, -25]);
    assert.deepEqual(rows, [0, 3]);
    assert.deepEqual(dropped.map(({row}) => row), [3, 4, 6]);
    assert.equal(dropped[0].reason, "missing");
  });

  test("text without blanks around", () => {
    assert.deepEqual(textColumn({file: "t", columns: ["g"], rows: [[" a "], [null], [""]]}, "g"), ["a", null, null]);
  });

  test("a cell that is no number is named by file, row and column", () => {
    const fault = assertRejects(
      () => numericColumn(table("v", "1", "2mm"), "v"), "not-a-number", "row 3, column v"
    );
    assert.match(fault.message, /^t\.csv: row 3, column v is "2mm"; expected a finite number/);
    assert.match(
      assertRejects(() => numericColumn(table("v", "1,5"), "v"), "not-a-number", "row 2, column v").message,
      /decimal point/
    );
    for (const text of ["Infinity", "0x10", "NaN", "1e999"]) {
      assertRejects(() => numericColumn(table("v", text), "v"), "not-a-number", "row 2, column v");
    }
  });

  test("an unknown column is answered with those there are, and the nearest", () => {
    const fault = assertRejects(
      () => columnsFor(ask(table("subject value"), {value: ["vaule"]}), "value"), "missing-column", "column for value"
    );
    assert.match(fault.message, /subject, value \(did you mean value\?\)/);
    assertRejects(() => columnsFor(ask(wide, {}), "value"), "missing-column", "columns for value");
    assertRejects(() => columnsFor(ask(wide, {x: ["a", "b"]}), "x", 1, 1), "column-count", "columns for x");
    assertRejects(() => columnsFor(ask(wide, {x: ["a", "a"]}), "x"), "duplicate-column", "columns for x");
  });
});

describe("pairs", () => {
  test("wide and long tables give the same pairs", () => {
    for (const found of [
      pairs(ask(wide, {subject: ["id"], x: ["a"], y: ["b"]})),
      pairs(ask(long, {subject: ["id"], method: ["m"], value: ["v"]}))
    ]) {
      assert.deepEqual([...found.x], [1, 3]);
      assert.deepEqual([...found.y], [2, 5]);
      assert.deepEqual(found.subjects, ["s1", "s2"]);
    }
  });

  test("names, cells and what was left out", () => {
    const found = pairs(ask(wide, {x: ["a"], y: ["b"]}));
    assert.deepEqual(found.names, ["a", "b"]);
    assert.deepEqual(found.cells.y[1], {row: 3, column: "b"});
    assert.deepEqual(found.dropped, [
      {row: 4, column: "a", reason: "its partner is missing"}, {row: 4, column: "b", reason: "missing"}
    ]);
    const other = pairs(ask(long, {subject: ["id"], method: ["m"], value: ["v"]}));
    assert.deepEqual(other.names, ["A", "B"]);
    assert.deepEqual(other.dropped, [{row: 6, column: "v", reason: "no partner by the other method"}]);
  });

  test("a missing subject is left out and listed", () => {
    const found = pairs(ask(table("id a b", ". 1 2", "s2 3 5", "s3 4 4"), {subject: ["id"], x: ["a"], y: ["b"]}));
    assert.deepEqual(found.dropped, [{row: 2, column: "id", reason: "missing"}]);
    assert.equal(found.x.length, 2);
  });

  test("bad input", () => {
    const xy = {x: ["a"], y: ["b"]};
    const sxy = {subject: ["id"], ...xy};
    const smv = {subject: ["id"], method: ["m"], value: ["v"]};
    const cases: [string, Table, MethodRequest["columns"], string, string][] = [
      ["neither form", wide, {}, "missing-column", "columns for x and y"],
      ["both forms", wide, {...xy, value: ["a"]}, "missing-column", "columns for x and y"],
      ["no y", wide, {x: ["a"]}, "missing-column", "columns for y"],
      ["long without subject", long, {method: ["m"], value: ["v"]}, "missing-column", "columns for subject"],
      ["one subject", table("a b", "1 2"), xy, "too-few-subjects", "complete pairs"],
      ["no row", table("a b"), xy, "too-few-subjects", "complete pairs"],
      ["only missing", table("a b", "1 .", ". 2"), xy, "too-few-subjects", "complete pairs"],
      ["constant x", table("a b", "1 2", "1 3"), xy, "constant", "column a"],
      ["constant y", table("a b", "2 1", "3 1"), xy, "constant", "column b"],
      ["a word", table("a b", "1 2", "3 x"), xy, "not-a-number", "row 3, column b"],
      ["a subject twice", table("id a b", "s 1 2", "s 3 4"), sxy, "duplicate-key", "row 3, column id"],
      ["a key twice", table("id m v", "s A 1", "s B 1", "t A 2", "t B 3", "s A 4"), smv, "duplicate-key",
        "row 6, column v"],
      ["three methods", table("id m v", "s A 1", "s B 1", "s C 1"), smv, "method-count", "methods in column m"]
    ];
    for (const [what, source, columns, code, field] of cases) {
      const fault = assertRejects(() => pairs(ask(source, columns)), code, field);
      assert.equal(fault.file, "t.csv", what);
    }
  });
});

describe("repeats", () => {
  test("wide, long with labels, long without", () => {
    const sides = table("id t1 t2 t3", "s1 1 2 3", "s2 4 . 6", "s3 7 8 9");
    const rows = table("id k v", "s1 2 2", "s1 1 1", "s2 1 4", "s1 10 3", "s2 10 6", "s3 1 7", "s3 2 8", "s3 10 9");
    const plain = table("id v", "s1 1", "s2 4", "s1 2", "s1 3", "s2 6", "s3 7", "s3 8", "s3 9");
    const wanted = [[1, 2, 3], [4, 6], [7, 8, 9]];
    const first = repeats(ask(sides, {subject: ["id"], value: ["t1", "t2", "t3"]}));
    assert.deepEqual(first.values, wanted);
    assert.deepEqual(first.grid, [[1, 2, 3], [4, null, 6], [7, 8, 9]]);
    assert.deepEqual(first.dropped, [{row: 3, column: "t2", reason: "missing"}]);
    assert.deepEqual(first.cells[1][1], {row: 3, column: "t3"});
    const second = repeats(ask(rows, {subject: ["id"], repeat: ["k"], value: ["v"]}));
    assert.deepEqual(second.values, wanted);
    assert.deepEqual(second.labels, ["1", "2", "10"]);
    assert.deepEqual(second.grid[1], [4, null, 6]);
    const third = repeats(ask(plain, {subject: ["id"], value: ["v"]}));
    assert.deepEqual(third.values, wanted);
    assert.deepEqual(third.grid[1], [4, 6, null]);
  });

  test("a subject's only value is listed and told of", () => {
    const found = repeats(ask(table("t1 t2", "1 2", "3 .", "4 6"), {value: ["t1", "t2"]}));
    assert.deepEqual(found.values, [[1, 2], [4, 6]]);
    assert.deepEqual(found.dropped.map(({row, reason}) => [row, reason]), [
      [3, "missing"], [3, "the subject's only value"]
    ]);
    assert.match(found.warnings[0], /1 of 3 subjects/);
  });

  test("a constant column among others that vary is pointed out", () => {
    const found = repeats(ask(table("t1 t2", "1 5", "3 5", "4 5"), {value: ["t1", "t2"]}));
    assert.deepEqual(found.warnings, ["column t2 holds 5 for every subject"]);
  });

  test("bad input", () => {
    const both = {value: ["a", "b"]};
    const sv = {subject: ["id"], value: ["v"]};
    const cases: [string, Table, MethodRequest["columns"], string, string][] = [
      ["no column", wide, {}, "missing-column", "columns for value"],
      ["one column, no subject", wide, {value: ["a"]}, "one-repeat", "columns for value"],
      ["one repeat", table("id v", "s 1", "t 2"), sv, "one-repeat", "column v"],
      ["one repeat by missing cells", table("a b", "1 .", "2 ."), both, "one-repeat", "column a, b"],
      ["one subject", table("a b", "1 2"), both, "too-few-subjects", "subjects with a value"],
      ["one subject with two", table("a b", "1 2", "3 ."), both, "too-few-subjects", "subjects with 2 repeats or more"],
      ["all the same", table("a b", "2 2", "2 2"), both, "constant", "column a, b"],
      ["repeats agree", table("a b", "1 1", "2 2"), both, "constant", "repeats in column a, b"],
      ["a word", table("a b", "1 1", "2 n"), both, "not-a-number", "row 3, column b"],
      ["a subject twice", table("id a b", "s 1 2", "s 3 4"), {subject: ["id"], ...both}, "duplicate-key",
        "row 3, column id"],
      ["a repeat twice", table("id k v", "s 1 1", "s 1 2"), {...sv, repeat: ["k"]}, "duplicate-key", "row 3, column v"]
    ];
    for (const [what, source, columns, code, field] of cases) {
      const fault = assertRejects(() => repeats(ask(source, columns)), code, field);
      assert.equal(fault.file, "t.csv", what);
    }
  });
});

describe("replicates", () => {
  const xy = {subject: ["id"], x: ["a"], y: ["b"]};
  const rows = table("id a b", "s 1 2", "s 3 .", "t 5 6", "t 7 9");

  test("rows of one subject are replicates", () => {
    const apart = replicates(ask(rows, xy));
    assert.deepEqual(apart.x, [[1, 3], [5, 7]]);
    assert.deepEqual(apart.y, [[2], [6, 9]]);
    const linked = replicates(ask(rows, xy), {linked: true});
    assert.deepEqual(linked.x, [[1], [5, 7]]);
    assert.deepEqual(linked.dropped, [
      {row: 3, column: "a", reason: "its partner is missing"}, {row: 3, column: "b", reason: "missing"}
    ]);
  });

  test("several columns a method", () => {
    const sides = table("a1 a2 b1 b2", "1 3 2 .", "5 7 6 9");
    const found = replicates(ask(sides, {x: ["a1", "a2"], y: ["b1", "b2"]}));
    assert.deepEqual(found.x, [[1, 3], [5, 7]]);
    assert.deepEqual(found.y, [[2], [6, 9]]);
    assert.deepEqual(found.names, ["a1, a2", "b1, b2"]);
    assert.deepEqual(replicates(ask(sides, {x: ["a1", "a2"], y: ["b1", "b2"]}), {linked: true}).x, [[1], [5, 7]]);
  });

  test("a missing reading of a long table does not shift the links of those after it", () => {
    const source = table("id m v", "s A .", "s A 2", "s B 10", "s B 20", "t A 3", "t B 4");
    const columns = {subject: ["id"], method: ["m"], value: ["v"]};
    const found = replicates(ask(source, columns), {linked: true});
    assert.deepEqual(found.x, [[2], [3]]);
    assert.deepEqual(found.y, [[20], [4]]);
    assert.deepEqual(found.dropped.map(({row}) => row), [2, 4]);
    assert.deepEqual(replicates(ask(source, columns)).y, [[10, 20], [4]]);
  });

  test("repeat labels link a long table", () => {
    const source = table("id m k v", "s A 1 1", "s A 2 2", "s B 2 20", "s B 1 10", "t A 1 3", "t B 1 4");
    const columns = {subject: ["id"], method: ["m"], repeat: ["k"], value: ["v"]};
    assert.deepEqual(replicates(ask(source, columns), {linked: true}).y, [[10, 20], [4]]);
  });

  test("a subject without one method is listed", () => {
    const found = replicates(ask(table("id a b", "s 1 2", "t 3 4", "u 5 ."), xy));
    assert.deepEqual(found.subjects, ["s", "t"]);
    assert.deepEqual(found.dropped[1], {row: 4, column: "a", reason: "no value by the other method"});
  });

  test("bad input", () => {
    assertRejects(() => replicates(ask(rows, {x: ["a"], y: ["b"]})), "missing-column", "columns for subject");
    assertRejects(() => replicates(ask(table("id a b", "s 1 2", "s 3 4"), xy)), "too-few-subjects",
      "subjects measured by both methods");
    assertRejects(() => replicates(ask(table("id a b", "s 1 2", "t 1 4"), xy)), "constant", "column a");
    const uneven = {subject: ["id"], x: ["a", "b"], y: ["c"]};
    assertRejects(() => replicates(ask(table("id a b c", "s 1 2 3", "t 1 4 5"), uneven), {linked: true}),
      "column-count", "columns for y");
    assertRejects(() => replicates(ask(table("id a b c", "s 1 2 3", "s 1 4 5"), uneven)), "duplicate-key",
      "row 3, column id");
    const keyed = {subject: ["id"], method: ["m"], repeat: ["k"], value: ["v"]};
    assertRejects(() => replicates(ask(table("id m k v", "s A 1 1", "s A 1 2", "s B 1 1"), keyed)), "duplicate-key",
      "row 3, column v");
  });
});

test("observations", () => {
  const source = table("site day v", "1 a 2", "2 a 3", "1 b 4", "1 . 5", "2 b .");
  const all = observations(ask(source, {factors: ["site", "day"], value: ["v"]}));
  assert.deepEqual([...all.values], [2, 3, 4]);
  assert.deepEqual(all.levels, [["1", "a"], ["2", "a"], ["1", "b"]]);
  assert.deepEqual(all.dropped.map(({row, column}) => [row, column]), [[6, "v"], [5, "day"]]);
  assertRejects(() => observations(ask(source, {value: ["v"]})), "missing-column", "columns for factors");
  assertRejects(() => observations(ask(table("f v", "1 2", "2 2"), {factors: ["f"], value: ["v"]})), "constant",
    "column v");
  assertRejects(() => observations(ask(table("f v", "1 2"), {factors: ["f"], value: ["v"]})), "too-few-values",
    "column v");
});

test("a value that is not positive under logarithms is named by row and column", () => {
  const fault = assertRejects(
    () => checkPositiveCells(wide, [1, 0], [{row: 2, column: "a"}, {row: 7, column: "b"}], "logarithms"),
    "not-positive", "row 7, column b"
  );
  assert.match(fault.message, /t\.csv: row 7, column b is 0; expected a value > 0 for logarithms/);
});

describe("swapped units", () => {
  test("a tenfold, hundredfold or thousandfold offset either way", () => {
    const a = [1.1, 0.9, 1.3];
    assert.match(swappedUnits(a, [11, 9, 12], ["ms", "s"])!, /^s is about 10 times ms \(medians 11 and 1\.1\)/);
    assert.match(swappedUnits([110, 90, 130], a, ["p", "q"])!, /^p is about 100 times q/);
    assert.match(swappedUnits(a, a.map((v) => -v * 1e3))!, /^b is about 1000 times a/);
  });

  test("no warning for two, four or six times, or for zeros", () => {
    for (const k of [1, 0.5, 2, 4, 6]) assert.equal(swappedUnits([1, 2, 3], [k, 2 * k, 3 * k]), null);
    assert.equal(swappedUnits([0, 0, 0], [1, 2, 3]), null);
    assert.equal(swappedUnits([], [1]), null);
  });

  test("methods and repeats as a whole, and single rows", () => {
    const source = table("a b", "10 1.1", "20 1.9", "30 3.2");
    assert.match(pairs(ask(source, {x: ["a"], y: ["b"]})).warnings[0], /^a is about 10 times b/);
    assert.match(repeats(ask(source, {value: ["a", "b"]})).warnings[0], /^a is about 10 times b/);
    const slip = table("a b", "10 11", "20 19", "30 32", "40 400", "50 50", "60 61");
    assert.deepEqual(pairs(ask(slip, {x: ["a"], y: ["b"]})).warnings, [
      "row 5: b over a is about 10 times what other rows have: check the units"
    ]);
  });
});
