import assert from "node:assert/strict";
import {test} from "node:test";
import {numericColumn} from "../../src/domain/statistics/table-layouts.js";
import {readMethodTable} from "../../src/io/method-table.js";
import {parseCsv, parseTable, parseTsv, writeCsv, writeTsv} from "../../src/io/tsv.js";
import {faultOf} from "./fault.js";

test("a BIDS table: n/a is null, line ends and a byte order mark do not matter", () => {
  const table = parseTsv(
    "\uFEFFparticipant_id\tage\tsex\r\nsub-01\t34.5\tF\r\nsub-02\tn/a\tn/a\r\n",
    "participants.tsv"
  );
  assert.deepEqual(table.columns, ["participant_id", "age", "sex"]);
  assert.deepEqual(table.rows, [
    {participant_id: "sub-01", age: "34.5", sex: "F"},
    {participant_id: "sub-02", age: null, sex: null}
  ]);
  assert.deepEqual(table.numbers("age"), [34.5, null]);
  assert.equal(table.number(0, "age"), 34.5);
  assert.equal(table.text(1, "participant_id"), "sub-02");
});

test("faults name file, row and column", async () => {
  const file = "participants.tsv";
  const parse = (text: string, required?: string[]) => () => parseTsv(text, file, {required});
  await faultOf(parse("a\tb\n1\t2\n1\n"), {code: "ragged-row", file, field: "row 3", value: "1 cells"});
  await faultOf(parse("a\tb\n1\t2\t3\n"), {code: "ragged-row", field: "row 2"});
  await faultOf(parse("a\tb\n\n1\t2\n"), {code: "ragged-row", field: "row 2"});
  await faultOf(parse("a\ta\n"), {code: "duplicate-column", field: "header, column 2", value: "a"});
  await faultOf(parse("a\t\n"), {code: "empty-column", field: "header, column 2"});
  await faultOf(parse(""), {code: "empty-table", file});
  const missing = await faultOf(parse("a\tb\n", ["a", "c"]), {code: "missing-column", file, value: ["a", "b"]});
  assert.match(missing.message, /participants\.tsv: columns is \[a, b\]; expected a column c/);
  const table = parseTsv("a\tb\nx\tn/a\n", file);
  await faultOf(() => table.number(0, "a"), {code: "not-a-number", field: "row 2, column a", value: "x"});
  await faultOf(() => table.text(0, "b"), {code: "missing-value", field: "row 2, column b"});
  await faultOf(() => table.number(0, "z"), {code: "missing-column"});
  await faultOf(() => table.number(1, "a"), {code: "missing-row", value: 3});
  for (const cell of ["Infinity", "NaN", "0x1f", "1,5", "1e999", "--1", "."]) {
    await faultOf(() => parseTsv(`a\n${cell}\n`, file).number(0, "a"), {code: "not-a-number", value: cell});
  }
});

test("names such as __proto__ are columns like others", () => {
  const table = parseTsv("__proto__\tconstructor\n1\t2\n", "odd.tsv");
  assert.deepEqual(table.numbers("__proto__"), [1]);
  assert.equal(Object.getPrototypeOf(table.rows[0]), Object.prototype);
});

test("CSV: quotes, line breaks in cells, other delimiters", async () => {
  const table = parseCsv('id,note,value\r\n1,"a, ""quoted""\nnote",1.5\n2,NA,\n3,"NA",2', "t.csv");
  assert.deepEqual(table.rows, [
    {id: "1", note: 'a, "quoted"\nnote', value: "1.5"},
    {id: "2", note: null, value: null},
    {id: "3", note: "NA", value: "2"}
  ]);
  assert.deepEqual(parseCsv("a,b\n1,", "t.csv").rows, [{a: "1", b: null}]);
  assert.deepEqual(parseCsv("a;b\n1;2\n", "t.csv", {delimiter: ";"}).rows, [{a: "1", b: "2"}]);
  await faultOf(() => parseCsv('a,b\n1,"2', "t.csv"), {code: "csv-quote", file: "t.csv", field: "row 2, cell 2"});
  await faultOf(() => parseCsv('a,b\n"1"x,2', "t.csv"), {code: "csv-quote", field: "row 2, cell 1"});
  await faultOf(() => parseCsv("a,b\n1\n", "t.csv"), {code: "ragged-row", field: "row 2"});
  await faultOf(() => parseCsv("", "t.csv"), {code: "empty-table"});
});

test("a dropped table is told by its header", () => {
  for (const text of ["b\tTE\n1\t2\n", "b,TE\n1,2\n", "b;TE\n1;2\n"]) {
    assert.deepEqual(parseTable(text, "dropped").rows, [{b: "1", TE: "2"}], text);
  }
  assert.deepEqual(parseTable("b\n1\n", "dropped").rows, [{b: "1"}]);
});

test("writing and reading back", async () => {
  const rows = [{a: "x", b: 1.5}, {a: null, b: -1e-9}, {a: "y"}];
  assert.equal(writeTsv(["a", "b"], rows), "a\tb\nx\t1.5\nn/a\t-1e-9\ny\tn/a\n");
  const text = writeCsv(["a", "b"], [...rows, {a: 'q"1,\n', b: 0}, {a: "NA", b: 1}]);
  const back = parseCsv(text, "back.csv");
  assert.deepEqual(
    back.rows.map((row) => row.a),
    ["x", null, "y", 'q"1,\n', "NA"]
  );
  assert.deepEqual(back.numbers("b"), [1.5, -1e-9, null, 0, 1]);
  await faultOf(() => writeTsv(["a"], [{a: "x\ty"}]), {code: "table-cell", field: "row 2, column a"});
  await faultOf(() => writeCsv(["a"], [{a: NaN}]), {code: "table-cell", field: "row 2, column a"});
});

test("readers, writers and methods give a cell the same row: that of the file, the header being row 1", async () => {
  const [text, file] = ["id\tv\na\t1\nb\tx\n", "t.tsv"];
  const field = "row 3, column v";
  await faultOf(() => parseTsv(text, file).number(1, "v"), {file, field});
  await faultOf(() => numericColumn(readMethodTable(text, file), "v"), {file, field});
  await faultOf(() => writeTsv(["v"], [{v: 1}, {v: NaN}]), {field});
});
