import assert from "node:assert/strict";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {byId} from "../../src/domain/by-id.js";
import {InputError} from "../../src/domain/errors.js";
import type {MethodReport} from "../../src/domain/statistics/method.js";
import {methods} from "../../src/domain/statistics/methods.js";
import {readMethodTable, splitColumns} from "../../src/io/method-table.js";
import {parseCsv} from "../../src/io/tsv.js";
import {
  fromHash, guessColumns, methodsParagraph, placeOf, reportCsv, requestOf, settingsFor, sqlName, startSettings,
  statsCommand, toHash, type Settings
} from "../../src/tools/workbench.js";
import {call} from "../cli/capture.js";

const wide = readMethodTable("subject\twright_1\twright_2\tmini_1\tmini_2\na\t494\t490\t512\t525\n"
  + "b\t395\t397\t430\t415\nc\t516\t512\t520\t508\nd\t434\t401\t428\t444\n", "wide.tsv");
const long = readMethodTable("id,meter,visit,pefr\n1,A,1,5\n1,A,2,6\n1,B,1,5.5\n1,B,2,7\n2,A,1,8\n2,A,2,8.5\n2,B,1,9\n"
  + "2,B,2,8\n", "long.csv");
const trial = readMethodTable("patient,s100b,ndka,outcome\n1,.1,3,good\n2,.2,5,good\n3,.5,4,poor\n4,.7,6,poor\n",
  "t.csv");

test("columns are guessed from usual names and from what they hold", () => {
  const guess = (id: string, table = wide) => guessColumns(byId(methods, id), table);
  assert.deepEqual(guess("bland-altman"), {subject: ["subject"], x: ["wright_1"], y: ["mini_1"]});
  assert.deepEqual(guess("repeatability"), {subject: ["subject"], value: ["wright_1", "wright_2"]});
  assert.deepEqual(guess("bland-altman", long),
    {subject: ["id"], method: ["meter"], value: ["pefr"], repeat: ["visit"]});
  assert.deepEqual(guess("deming", long), {subject: ["id"], method: ["meter"], value: ["pefr"]});
  assert.deepEqual(guess("icc", long), {subject: ["id"], value: ["pefr"], repeat: ["visit"]});
  assert.deepEqual(guess("reproducibility", long).value, ["pefr"]);
  assert.deepEqual(guess("roc", trial), {outcome: ["outcome"], x: ["s100b"]});
  assert.deepEqual(guess("roc-compare", trial), {outcome: ["outcome"], x: ["s100b"], y: ["ndka"]});
  assert.deepEqual(startSettings(byId(methods, "roc"), trial).options, {positive: "poor"});
});

test("what is guessed for a table in its usual form runs", () => {
  for (const id of ["bland-altman", "repeatability", "icc", "ccc", "ols", "deming", "passing-bablok", "roc"]) {
    const table = id === "roc" ? trial : wide;
    const settings = startSettings(byId(methods, id), table);
    assert.ok(byId(methods, id).run(requestOf(settings, table)).estimates.length > 0, id);
  }
});

test("what was chosen holds for the next table, but for what was of another table's columns", () => {
  const blandAltman = byId(methods, "bland-altman");
  assert.deepEqual(settingsFor(wide, null, "L/min"), {...startSettings(blandAltman, wide), unit: "L/min"});

  const own: Settings = {
    method: "deming", variant: "deming", level: "0.9", columns: {x: ["wright_2"], y: ["mini_2"]},
    options: {"error-ratio": "2"}, unit: "mL/s"
  };
  assert.deepEqual(settingsFor({...wide, file: "another.tsv", rows: wide.rows.slice(1)}, own, "L/min"), own);
  const {columns} = startSettings(byId(methods, "deming"), long);
  assert.deepEqual(settingsFor(long, own, ""), {...own, columns, unit: ""});

  const roc = {...startSettings(byId(methods, "roc"), trial), options: {positive: "poor", direction: "lower"}};
  const ill = readMethodTable("id,marker,disease\n1,3,no\n2,5,yes\n3,4,no\n4,6,yes\n", "ill.csv");
  assert.deepEqual(settingsFor(ill, roc, "").options, {positive: "yes", direction: "lower"});
  const coded = readMethodTable("id,marker,disease\n1,3,0\n2,5,1\n3,4,0\n4,6,1\n", "coded.csv");
  assert.deepEqual(settingsFor(coded, roc, "").options, {direction: "lower"});

  // A choice with nothing chosen in it is no reason to keep nothing.
  const none = {...startSettings(byId(methods, "icc"), wide), columns: {}};
  assert.deepEqual(settingsFor(wide, none, "").columns, guessColumns(byId(methods, "icc"), wide));
});

const settings: Settings = {
  method: "deming", variant: "deming", level: "0.9", columns: {x: ["T1, ms"], y: ["b's"]},
  options: {"error-ratio": "2"}, unit: "ms"
};

test("a permalink brings the settings back, and holds no value of the table", () => {
  assert.deepEqual(fromHash(toHash(settings, "peak-flow")), {settings, example: "peak-flow"});
  for (const method of methods) {
    const own = startSettings(method, wide);
    const hash = toHash(own, null);
    assert.deepEqual(fromHash(hash)!.settings, own);
    for (const cell of wide.rows.flat()) assert.ok(cell!.length < 3 || !hash.includes(cell!), cell!);
  }
  assert.equal(fromHash("#fig-one"), null);
  assert.equal(fromHash("#method=none"), null);
});

test("the command line gives the page's numbers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "measurand-bench-"));
  try {
    const file = join(folder, "a table.csv");
    const text = "\"T1, ms\",b's\n900,910\n1000,1012\n1100,1090\n1200,1215\n";
    writeFileSync(file, text);
    const command = statsCommand(settings, file);
    assert.match(command, /^npx measurand stats deming '.*a table\.csv' --x 'T1, ms' --y 'b'\\''s' /);
    assert.match(command, / --level 0\.9 --error-ratio 2$/);
    const {code, stdout} = await call(...words(command).slice(2), "--json");
    assert.equal(code, 0);
    const table = readMethodTable(text, file);
    assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(
      byId(methods, "deming").run(requestOf(settings, table)))));
  } finally {
    rmSync(folder, {recursive: true});
  }
  const minus = statsCommand({...settings, options: {"error-ratio": "-2"}}, "t.csv");
  assert.match(minus, / --error-ratio=-2$/);
});

/** What a POSIX shell makes of a command. */
function words(command: string): string[] {
  return [...command.matchAll(/(?:[^\s'\\]|\\.|'[^']*')+/g)].map(([word]) =>
    word.replace(/\\(.)|'([^']*)'/g, (_, escaped, inside) => escaped ?? inside));
}

test("the methods paragraph names variant, interval, checks and sources", () => {
  const method = byId(methods, "bland-altman");
  const own = {...startSettings(method, wide), options: {interval: "pair"}};
  const report = method.run(requestOf(own, wide));
  const text = methodsParagraph(method, report, own, "1.2.3");
  for (const part of [
    method.name, method.variants[0].name, "x wright_1", "95 %", "exact, both limits as a pair", "interval pair",
    "Shapiro-Wilk", "Measurand 1.2.3", ...report.citations
  ]) {
    assert.ok(text.includes(part), part);
  }
});

test("estimates as CSV hold every number in full", () => {
  const method = byId(methods, "bland-altman");
  const report: MethodReport = method.run(requestOf(startSettings(method, wide), wide));
  const csv = parseCsv(reportCsv(report), "r.csv");
  assert.deepEqual(csv.numbers("value"), report.estimates.map(({value}) => value));
  assert.deepEqual(csv.numbers("upper"), report.estimates.map(({upper}) => upper));
});

test("a fault stands at the input it belongs to", () => {
  const method = byId(methods, "roc");
  const place = (change: Partial<Settings>, table = trial) => {
    try {
      method.run(requestOf({...startSettings(method, table), ...change}, table));
    } catch (error) {
      assert.ok(error instanceof InputError);
      return placeOf(error, method);
    }
    return null;
  };
  assert.equal(place({columns: {outcome: ["outcome"]}}), "c.x");
  assert.equal(place({columns: {outcome: ["outcome"], x: ["none"]}}), "c.x");
  assert.equal(place({options: {positive: "bad"}}), "o.positive");
  assert.equal(place({options: {positive: "poor", threshold: "high"}}), "o.threshold");
  assert.equal(place({level: "ninety"}), "level");
  assert.equal(place({variant: "none"}), "variant");
  const bad = {...trial, rows: trial.rows.map((row, i) => i === 1 ? ["2", "low", "5", "good"] : row)};
  assert.equal(place({}, bad), "table");
  assert.equal(place({}), null);
});

test("several columns in one text, whose names may hold commas", () => {
  assert.deepEqual(splitColumns("a,b", ["a", "b"]), ["a", "b"]);
  assert.deepEqual(splitColumns("a, b", ["a", "b"]), ["a", "b"]);
  assert.deepEqual(splitColumns("a,b", ["a,b", "a", "b"]), ["a,b"]);
  assert.deepEqual(splitColumns("x,a,b", ["a,b", "x"]), ["x", "a,b"]);
  assert.deepEqual(splitColumns("nope", ["a"]), ["nope"]);
});

test("a file of the site is a table in SQL by the names of its data set and its own", () => {
  assert.deepEqual(
    ["data/peak-flow/peak_flow.tsv", "data/f1-surface/scores.tsv", "data/simulated-cohort/derivatives/truth/scans.tsv"]
      .map(sqlName),
    ["peak_flow", "f1_surface_scores", "simulated_cohort_truth_scans"]);
});
