import assert from "node:assert/strict";
import {existsSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, describe, test} from "node:test";
import {fileURLToPath} from "node:url";
import {commands} from "../../src/cli/commands.js";
import type {MethodReport} from "../../src/domain/statistics/method.js";
import {methods} from "../../src/domain/statistics/methods.js";
import {assertPrinted, assertPrintedInterval, reference} from "../helpers/reference.js";
import {call} from "./capture.js";

const folder = mkdtempSync(join(tmpdir(), "measurand-stats-"));
after(() => rmSync(folder, {recursive: true}));

/** Writes a table and gives its path. */
function table(name: string, columns: Record<string, readonly (string | number | null)[]>, delimiter = ","): string {
  const names = Object.keys(columns);
  const rows = columns[names[0]].map((_, i) => names.map((column) => columns[column][i] ?? "").join(delimiter));
  const path = join(folder, name);
  writeFileSync(path, `${[names.join(delimiter), ...rows].join("\n")}\n`);
  return path;
}

async function json(...argv: string[]): Promise<MethodReport> {
  const {code, stdout, stderr} = await call("stats", ...argv, "--json");
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as MethodReport;
}

const of = (report: MethodReport, name: string) => {
  const found = report.estimates.find((one) => one.name === name);
  assert.ok(found, `${name} among ${report.estimates.map((one) => one.name).join("; ")}`);
  return {value: found.value, lower: found.lower!, upper: found.upper!, level: found.level};
};

const flow = reference("peak-flow");
const subjects = (flow.wright1 as number[]).map((_, i) => `s${i + 1}`);
const peak = table("peak.tsv", {
  subject: subjects, wright_1: flow.wright1, wright_2: flow.wright2, mini_1: flow.mini1, mini_2: flow.mini2
}, "\t");
/** The first readings as a long table, methods under one another. */
const long = table("long.csv", {
  who: [...subjects, ...subjects],
  meter: [...subjects.map(() => "wright"), ...subjects.map(() => "mini")],
  pefr: [...flow.wright1, ...flow.mini1]
});

describe("published numbers through the command line", () => {
  test("Bland-Altman, wide TSV and long CSV alike", async () => {
    const printed = flow.agreement;
    const wide = await json("bland-altman", peak, "--x", "wright_1", "--y", "mini_1");
    assert.deepEqual(Object.keys(wide),
      ["method", "variant", "n", "dropped", "estimates", "checks", "warnings", "citations"]);
    assert.deepEqual([wide.method, wide.variant, wide.n, wide.dropped], ["bland-altman", "pairs", 17, []]);
    assertPrinted(of(wide, "bias").value, printed.bias);
    assertPrintedInterval(of(wide, "bias"), printed.biasInterval);
    assertPrintedInterval(of(wide, "lower limit, mover interval"), printed.lower.mover);
    assert.equal(of(wide, "bias").level, 0.95);
    const stacked = await json("bland-altman", long, "--subject", "who", "--method", "meter", "--value", "pefr");
    assert.deepEqual(stacked.estimates.map(({value, lower, upper}) => [value, lower, upper]),
      wide.estimates.map(({value, lower, upper}) => [value, lower, upper]));
    const rounded = await json("bland-altman", peak, "--x", "wright_1", "--y", "mini_1", "--multiplier", "1.96");
    assertPrinted(of(rounded, "lower limit").value, printed.lowerLimit196);
  });

  test("ICC of Shrout and Fleiss, every form", async () => {
    const {ratings, forms} = reference("shrout-fleiss");
    const judges = table("judges.csv",
      Object.fromEntries([0, 1, 2, 3].map((j) => [`judge ${j + 1}`, ratings.map((row: number[]) => row[j])])));
    for (const [form, printed] of Object.entries(forms) as [string, {value: string; interval: string[]}][]) {
      const report = await json("icc", judges, "--value", "judge 1,judge 2,judge 3,judge 4", "--variant", form);
      assert.equal(report.variant, form);
      assertPrinted(of(report, `ICC(${form})`).value, printed.value);
      assertPrintedInterval(of(report, `ICC(${form})`), printed.interval);
    }
  });

  test("variance components of the turnip greens", async () => {
    const {plants, components} = reference("turnip-calcium");
    const rows = (plants as number[][][]).flatMap((leaves, p) =>
      leaves.flatMap((values, l) => values.map((value) => ({p, l, value}))));
    const greens = table("greens.csv", {
      plant: rows.map(({p}) => `p${p}`), leaf: rows.map(({l}) => `l${l}`), calcium: rows.map(({value}) => value)
    });
    const report = await json("reproducibility", greens, "--value", "calcium", "--factors", "plant,leaf", "--design",
      "nested");
    assertPrinted(of(report, "variance plant").value, components.plant);
    assertPrinted(of(report, "variance leaf").value, components.leaf);
  });

  const creatinine = fileURLToPath(new URL("../../../shared/reference/agreement/mcr_creatinine.csv", import.meta.url));
  test("Deming and OLS of the creatinine pairs, whose missing cells are named",
    {skip: existsSync(creatinine) ? false : "the shared folder is not there"}, async () => {
      const columns = ["--x", "serum.crea", "--y", "plasma.crea"];
      const deming = await json("deming", creatinine, ...columns, "--error-ratio", "1");
      const {deming: printed, ols} = reference("creatinine");
      assertPrinted(of(deming, "slope").value, printed.slope);
      assertPrinted(of(deming, "intercept").value, printed.intercept);
      assert.equal(deming.n, 108);
      assert.ok(deming.dropped.length > 0);
      assert.ok(deming.warnings.some((warning) => /var\(errors of x\) \/ var\(errors of y\)/.test(warning)));
      const line = await json("ols", creatinine, ...columns);
      assertPrinted(of(line, "slope").value, ols.slope);
    });

  test("the response surface of ChemReact with --block, and --level as the confidence level", async () => {
    const data = reference("chemreact");
    const path = table("chemreact.csv", {
      Block: data.block, Time: data.time, Temp: data.temperature, Yield: data.yield
    });
    const argv = [path, "--factors", "Time,Temp", "--response", "Yield", "--block", "Block", "--centre", "85,175",
      "--scale", "5,5"];
    const report = await json("response-surface", ...argv);
    assertPrinted(of(report, "intercept").value, data.coefficients.intercept);
    assertPrinted(of(report, "block 2").value, data.coefficients["block 2"]);
    assertPrinted(of(report, "R2").value, data.r2);
    const wider = await json("response-surface", ...argv, "--level", ".99");
    assert.equal(of(wider, "intercept").level, 0.99);
    assert.ok(of(wider, "intercept").upper > of(report, "intercept").upper);
  });
});

// One call of each method; its columns and options under the names that every method shares.
const marker = table("marker.csv", {
  id: [1, 2, 3, 4, 5, 6, 7, 8], a: [1, 2, 3, 4, 5, 6, 7, 9], b: [2, 1, 5, 3, 4, 8, 6, 7],
  site: ["p", "p", "p", "p", "q", "q", "q", "q"], ill: ["no", "no", "no", "yes", "no", "yes", "yes", "yes"]
});
const calls: Record<string, string[]> = {
  repeatability: [peak, "--value", "wright_1,wright_2", "--subject", "subject"],
  reproducibility: [marker, "--value", "b", "--factors", "site"],
  "bland-altman": [long, "--subject", "who", "--method", "meter", "--value", "pefr", "--abscissa", "reference"],
  icc: [peak, "--value", "mini_1,mini_2"],
  ccc: [peak, "--x", "wright_1", "--y", "mini_1", "--variant", "unbiased"],
  ols: [peak, "--x", "wright_1", "--y", "mini_1"],
  deming: [long, "--subject", "who", "--method", "meter", "--value", "pefr", "--error-ratio", "2"],
  "weighted-deming": [peak, "--x", "wright_1", "--y", "mini_1"],
  "passing-bablok": [peak, "--x", "wright_1", "--y", "mini_1", "--variant", "mcr"],
  linearity: [marker, "--x", "a", "--y", "b"],
  roc: [marker, "--x", "a,b", "--outcome", "ill", "--positive", "yes", "--threshold", "4.5"],
  "roc-compare": [marker, "--x", "a", "--y", "b", "--outcome", "ill", "--positive", "yes"],
  "change-detection": [marker, "--x", "a", "--y", "b", "--within-sd", "1", "--prior-sd", "2"],
  "response-surface": [marker, "--factors", "a", "--response", "b"]
};

for (const method of methods) {
  test(`${method.id}: a table in, numbers that JSON can hold out, the same for people`, async () => {
    assert.ok(method.id in calls, `a call of ${method.id}`);
    const report = await json(method.id, ...calls[method.id]);
    assert.equal(report.method, method.id);
    assert.ok(method.variants.some(({id}) => id === report.variant));
    for (const {name, value, lower, upper, level} of report.estimates) {
      assert.equal(typeof value, "number", name);
      for (const end of [lower, upper]) assert.ok(end === null || Number.isFinite(end), name);
      assert.ok(level === null || level === 0.95, name);
      if (lower !== null && upper !== null) assert.ok(lower <= upper, name);
    }
    assert.ok(report.citations.length > 0);
    const {code, stdout} = await call("stats", method.id, ...calls[method.id]);
    assert.equal(code, 0);
    for (const {name} of report.estimates) assert.ok(stdout.includes(name), name);
    for (const {name} of report.checks) assert.ok(stdout.includes(name), name);
    for (const citation of report.citations) assert.ok(stdout.includes(citation), citation);
  });
}

test("bootstrap intervals: seeded, at the level asked for, the same again", async () => {
  const argv = ["deming", peak, "--x", "wright_1", "--y", "mini_1", "--interval", "bootstrap", "--resamples", "2000"];
  const first = await json(...argv, "--seed", "5");
  assert.deepEqual(await json(...argv, "--seed", "5"), first);
  const slope = of(first, "slope");
  assert.ok(slope.lower < slope.value && slope.value < slope.upper);
  assert.notDeepEqual(of(await json(...argv, "--seed", "6"), "slope"), slope);
  const narrow = of(await json(...argv, "--seed", "5", "--level", "0.8"), "slope");
  assert.equal(narrow.level, 0.8);
  assert.ok(narrow.lower > slope.lower && narrow.upper < slope.upper);
});

test("a failed check is a result", async () => {
  const skewed = table("skewed.csv", {
    x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], y: [1, 2, 3.1, 4, 5, 6.1, 7, 8, 9, 90]
  });
  const report = await json("bland-altman", skewed, "--x", "x", "--y", "y");
  const check = report.checks.find(({id}) => id === "shapiro-wilk")!;
  assert.equal(check.passed, false);
  const {code, stdout} = await call("stats", "bland-altman", skewed, "--x", "x", "--y", "y");
  assert.equal(code, 0);
  assert.ok(stdout.includes(check.advice));
});

test("alone it lists methods with variants and citations; with a method, what that reads", async () => {
  const {code, stdout} = await call("stats");
  assert.equal(code, 0);
  const {methods: listed} = JSON.parse((await call("stats", "--json")).stdout);
  assert.deepEqual(listed.map(({id}: {id: string}) => id), methods.map(({id}) => id));
  for (const method of methods) {
    assert.match(stdout, new RegExp(`^${method.id}  `, "m"));
    for (const {id, name, citation} of method.variants) {
      assert.ok(stdout.includes(name) && stdout.includes(citation), `${method.id} ${id}`);
    }
    const one = await call("stats", method.id);
    assert.equal(one.code, 0);
    for (const {role} of method.columns) assert.ok(one.stdout.includes(`--${role} COLUMN`), `${method.id} ${role}`);
    for (const {id} of method.options) assert.ok(one.stdout.includes(`--${id} `), `${method.id} ${id}`);
  }
});

test("every role and option of every method is an option of the command, and none has two meanings", () => {
  const {options} = commands.find(({name}) => name === "stats")!;
  const roles = new Set(methods.flatMap(({columns}) => columns.map(({role}) => role as string)));
  const ids = new Set(methods.flatMap(({options: needs}) => needs.map(({id}) => id)));
  for (const name of [...roles, ...ids]) assert.ok(name in options, name);
  for (const id of ids) assert.ok(!roles.has(id) && !["variant", "level", "json", "help"].includes(id), id);
});

test("column names may hold commas", async () => {
  const path = join(folder, "commas.csv");
  writeFileSync(path, '"T1, ms","T1, again"\n900,910\n1000,1004\n1100,1090\n');
  const report = await json("repeatability", path, "--value", "T1, ms,T1, again");
  assert.equal(report.n, 3);
});

describe("bad input names file, row, column, value and what was expected", () => {
  const bad = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const words = bad("words.csv", "id,a,b\n1,2,3\n2,4,five\n3,5,6\n");
  const xy = ["--x", "a", "--y", "b"];
  const cases: [string, string[], RegExp][] = [
    ["a cell that is no number", ["ols", words, ...xy], /words\.csv: row 3, column b is "five"; expected a finite/],
    ["a column that is not there", ["ols", words, "--x", "a", "--y", "c"], /column for y is "c"; expected one of/],
    ["a role that the method has not", ["ols", words, ...xy, "--repeat", "id"], /--repeat is "id"; expected a column/],
    ["no columns", ["icc", words], /columns for value is "none"/],
    ["a duplicated key", ["ols", bad("twice.csv", "id,a,b\n1,2,3\n1,4,5\n2,5,7\n"), ...xy, "--subject", "id"],
      /row 3, column id is "1"; expected one pair of each subject; row 2 has it already/],
    ["one subject", ["ols", bad("one.csv", "a,b\n1,2\n"), ...xy], /complete pairs is 1; expected at least 2/],
    ["one repeat", ["repeatability", words, "--value", "a", "--subject", "id"], /one value of each subject/],
    ["a constant column", ["ols", bad("flat.csv", "a,b\n1,2\n1,3\n1,4\n"), ...xy], /column a is 1; expected values/],
    ["a negative value under logarithms",
      ["bland-altman", bad("minus.csv", "a,b\n1,2\n-1,3\n2,4\n"), ...xy, "--variant", "log"],
      /row 3, column a is -1; expected a value > 0 for logarithms/],
    ["an unknown method", ["demming", words], /method is "demming"; expected one of .*did you mean deming/],
    ["an unknown variant", ["ccc", peak, "--x", "wright_1", "--y", "mini_1", "--variant", "1998"], /variant is "1998"/],
    ["an option of another method", ["ols", peak, "--x", "wright_1", "--y", "mini_1", "--threshold", "2"],
      /option is "threshold"/],
    ["a level that is none", ["ols", peak, "--x", "wright_1", "--y", "mini_1", "--level", "95"], /level is 95/],
    ["a level in words", ["ols", peak, "--level", "high"], /--level is "high"; expected a number/],
    ["columns without a table", ["ols", "--x", "a"], /--x is "a"; expected measurand stats ols TABLE/],
    ["two tables", ["ols", peak, peak], /argument is/],
    ["no such file", ["ols", join(folder, "none.csv"), ...xy], /none\.csv/],
    ["an option twice", ["ols", words, "--x", "a", "--x", "b"], /--x is "b"; expected the option once/]
  ];
  for (const [name, argv, message] of cases) {
    test(name, async () => {
      const {code, stdout, stderr} = await call("stats", ...argv);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      const {error} = JSON.parse((await call("stats", ...argv, "--json")).stdout);
      assert.ok(error.code && error.field && error.expected);
    });
  }

  test("missing cells are counted and stated, and a tenfold offset is pointed out", async () => {
    const path = bad("units.csv", "a,b\n1,11\n2,19\n3,\n4,42\n5,49\n");
    const report = await json("ols", path, ...xy);
    assert.equal(report.n, 4);
    assert.ok(report.dropped.some(({row, column, reason}) => row === 4 && column === "b" && reason === "missing"));
    assert.ok(report.warnings.some((warning) => /about 10 times/.test(warning)));
    const {stdout} = await call("stats", "ols", path, ...xy);
    assert.match(stdout, /row 4, column b: missing/);
  });
});
