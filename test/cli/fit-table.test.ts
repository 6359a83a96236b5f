import assert from "node:assert/strict";
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, test} from "node:test";
import {instantiate} from "../../src/compute/core.js";
import type {Core} from "../../src/compute/core.js";
import {loadModule} from "../../src/compute/spawn.node.js";
import {parseCsv} from "../../src/io/tsv.js";
import {seeded} from "../helpers/random.js";
import {call} from "./capture.js";

const folder = mkdtempSync(join(tmpdir(), "measurand-fit-table-"));
after(() => rmSync(folder, {recursive: true}));
const path = (name: string) => join(folder, name);
const write = (name: string, text: string): string => {
  writeFileSync(path(name), text);
  return path(name);
};
let core: Core;
before(async () => (core = instantiate(await loadModule())));

const b = [0, 200, 500, 1000];
const random = seeded(5);
const decays = Array.from({length: 30}, (_, i) => {
  const [s0, adc] = [100 + i, 5e-4 + 5e-5 * i];
  return b.map((value) => s0 * Math.exp(-value * adc) + random.normal());
});
const table = ["id,b,signal", ...decays.flatMap((decay, i) => decay.map((s, k) => `p${i},${b[k]},${s}`))].join("\n");
const base = ["--model", "mono-exponential", "--estimator", "nlls", "--workers", "2"];

test("one row an id, in their order, with the very numbers of the core", async () => {
  const out = path("out.csv");
  const {code, stdout, stderr} = await call("fit-table", write("in.csv", table), ...base, "--out", out);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /out\.csv: 30 ids: 30 converged/);
  const fitted = parseCsv(readFileSync(out, "utf8"), "out.csv");
  assert.deepEqual(fitted.columns, [
    ...["id", "status", "S0", "S0_sd", "ADC", "ADC_sd", "rss", "iterations", "reason"]
  ]);
  const samples = Float64Array.from({length: 4 * 30}, (_, i) => decays[i % 30][Math.floor(i / 30)]);
  const whole = core.fit({model: "mono-exponential", estimator: "nlls", protocol: {b}}, samples, 30);
  for (let i = 0; i < 30; i++) {
    assert.deepEqual([fitted.rows[i].id, fitted.rows[i].status, fitted.rows[i].reason], [`p${i}`, "converged", null]);
    for (const [column, expected] of [
      ["S0", whole.parameters[i]],
      ["ADC", whole.parameters[30 + i]],
      ["S0_sd", whole.standardDeviations[i]],
      ["ADC_sd", whole.standardDeviations[30 + i]],
      ["rss", whole.residual[i]],
      ["iterations", whole.iterations[i]]
    ] as const) {
      assert.equal(fitted.number(i, column), expected, `${column} of p${i}`);
    }
  }
});

test("the result depends neither on workers nor on the order of rows or the format", async () => {
  const lines = table.split("\n");
  const byB = lines.slice(1).sort((a, c) => (a.split(",")[1] < c.split(",")[1] ? -1 : 1));
  const shuffled = [lines[0], ...byB].join("\n");
  const first = await call("fit-table", write("a.csv", table), ...base);
  const second = await call("fit-table", path("a.csv"), ...base.slice(0, 4), "--workers", "1");
  assert.equal(second.stdout, first.stdout);
  const tsv = await call("fit-table", write("a.tsv", table.replaceAll(",", "\t")), ...base);
  assert.equal(tsv.stdout.replaceAll("\t", ",").replaceAll("n/a", ""), first.stdout);
  const other = await call("fit-table", write("b.csv", shuffled), ...base);
  const adcs = (text: string) => new Map(parseCsv(text, "stdout").rows.map(({id, ADC}) => [id, Number(ADC)]));
  // The samples of an id lie in another order, so that sums may differ in their last bits.
  const expected = adcs(first.stdout);
  for (const [id, adc] of adcs(other.stdout)) assert.ok(Math.abs(adc / expected.get(id)! - 1) < 1e-9, id!);
  assert.equal(adcs(other.stdout).size, expected.size);
});

test("what cannot be fitted comes out as failed with its reason, and nothing is dropped", async () => {
  const rows = [
    ...["id,b,signal,comment", "good,0,100,x", "good,500,60,x", "good,1000,37,x"],
    ...["missing,0,100,x", "missing,500,,x", "missing,1000,37,x"],
    ...["infinite,0,100,x", "infinite,500,inf,x", "infinite,1000,37,x"],
    ...["constant,0,5,x", "constant,500,5,x", "constant,1000,5,x"],
    ...["short,0,100,x", "same,500,50,x", "same,500,51,x", "same,500,52,x"],
    ...["other,0,100,x", "other,800,44,x", "other,900,41,x"]
  ];
  const {code, stdout, stderr} = await call("fit-table", write("bad.csv", rows.join("\n")), ...base);
  assert.equal(code, 0);
  const fitted = parseCsv(stdout, "stdout");
  assert.deepEqual(
    fitted.rows.map(({id, status, reason, ADC}) => [id, status, reason, ADC !== null]),
    [
      ["good", "converged", null, true],
      ["missing", "failed", "non-finite", false],
      ["infinite", "failed", "non-finite", false],
      ["constant", "failed", "no-signal", false],
      ["short", "failed", "too-few-samples", false],
      ["same", "failed", "one-unique-b", false],
      ["other", "converged", null, true]
    ]
  );
  assert.match(stderr, /bad\.csv: columns not used: comment/);
  assert.match(stderr, /1 id \(short\): protocol\.b is 1; expected at least 2 samples/);
  assert.match(stderr, /1 id \(same\): .*two different b-values/);
});

test("bounds, fixed values, starts and precision reach the fit", async () => {
  const run = async (...more: string[]) => {
    const {code, stdout, stderr} = await call("fit-table", path("a.csv"), ...base, ...more);
    assert.deepEqual([code, stderr], [0, ""], stderr);
    return parseCsv(stdout, "stdout");
  };
  write("a.csv", table);
  const free = await run();
  const bounded = await run("--bounds", "ADC=0:0.001", "--bounds=S0=1:");
  bounded.rows.forEach((row, i) => {
    const above = free.number(i, "ADC")! > 0.001;
    assert.equal(row.status, above ? "at-bound" : "converged");
    if (above) assert.equal(row.ADC, "0.001");
  });
  const fixed = await run("--fix", "ADC=0.001", "--start", "S0=90", "--starts", "2");
  fixed.rows.forEach((row) => assert.deepEqual([row.ADC, row.ADC_sd], ["0.001", "0"]));
  const single = await run("--precision", "f32");
  single.rows.forEach((_, i) => {
    const [value, reference] = [single.number(i, "ADC")!, free.number(i, "ADC")!];
    assert.equal(Math.fround(value), value);
    assert.ok(Math.abs(value / reference - 1) < 1e-3);
  });
  const detailed = await run("--details");
  assert.deepEqual(detailed.columns.slice(-4), ["gradient", "condition", "on_bound", "correlation_ADC_S0"]);
  assert.ok(detailed.number(3, "condition")! >= 1 && detailed.number(3, "correlation_ADC_S0")! > 0);
  assert.equal((await run("--details", "--bounds", "ADC=0:0.0001")).rows[0].on_bound, "ADC");
  const {stdout} = await call("fit-table", path("a.csv"), "--model", "mono-exponential", "--estimator", "wls", "--details");
  assert.deepEqual(parseCsv(stdout, "stdout").columns.slice(-3), ["gradient", "condition", "on_bound"]);
  const shared = await run("--share", "ADC", "--details");
  for (const column of ["ADC", "ADC_sd"]) assert.equal(new Set(shared.rows.map((row) => row[column])).size, 1);
  const rician = await run("--noise", "rician", "--sigma", "1");
  assert.notEqual(rician.rows[0].ADC, free.rows[0].ADC);
});

test("complex samples, and a held parameter of each id", async () => {
  const TI = [0.05, 0.3, 0.9, 2.5];
  const truth = {a_re: 80, a_im: 20, b_re: -150, b_im: -40, T1: 0.8};
  const {models} = core.models();
  const parametersOf = (id: string) => models.find((model) => model.id === id)!.parameters.map(({name}) => name);
  const imaginary = [...TI.map(() => 0), ...TI.map(() => 1)];
  const id = "inversion-recovery-complex";
  const signal = core.simulate(
    {model: id, protocol: {TI: [...TI, ...TI], imaginary}},
    Float64Array.from(parametersOf(id), (name) => truth[name as keyof typeof truth]),
    1
  );
  const rows = TI.map((time, i) => `x,${time},${signal[i]},${signal[TI.length + i]}`);
  const complex = await call(
    "fit-table",
    write("complex.csv", ["id,TI,signal,signal_imaginary", ...rows].join("\n")),
    ...["--model", id, "--workers", "1"]
  );
  assert.equal(complex.code, 0, complex.stderr);
  assert.ok(Math.abs(parseCsv(complex.stdout, "stdout").number(0, "T1")! / 0.8 - 1) < 1e-6);

  const [FA, TR] = [[3, 10, 20], 0.02];
  const angles = [0.8, 1.15].flatMap((B1, i) => {
    const values = {M0: 1000, T1: 1.2, B1};
    const signals = core.simulate(
      {model: "variable-flip-angle", protocol: {FA, TR: FA.map(() => TR)}},
      Float64Array.from(parametersOf("variable-flip-angle"), (name) => values[name as keyof typeof values]),
      1
    );
    return FA.map((angle, k) => `v${i},${angle},${TR},${B1},${signals[k]}`);
  });
  const held = await call(
    "fit-table",
    write("angles.csv", ["id,FA,TR,B1,signal", ...angles].join("\n")),
    ...["--model", "variable-flip-angle", "--workers", "1"]
  );
  assert.equal(held.code, 0, held.stderr);
  for (const row of [0, 1]) {
    assert.ok(Math.abs(parseCsv(held.stdout, "stdout").number(row, "T1")! / 1.2 - 1) < 1e-6, held.stdout);
  }
});

test("with --json one document has counts and rows", async () => {
  const {code, stdout} = await call("fit-table", write("a.csv", table), ...base, "--json");
  assert.equal(code, 0);
  const document = JSON.parse(stdout) as {counts: Record<string, number>; rows: {id: string; ADC: number}[]};
  assert.deepEqual(document.counts, {converged: 30});
  assert.equal(document.rows.length, 30);
  assert.equal(typeof document.rows[0].ADC, "number");
});

const faults: [string[], RegExp][] = [
  [["--model", "mono"], /model is "mono"; expected one of mono-exponential/],
  [["--model", "mono-exponential", "--estimator", "magic"], /--estimator is "magic"; expected one of .*ols/],
  [[...base, "--precision", "f16"], /--precision is "f16"; expected one of f64, f32/],
  [[...base, "--bounds", "ADC"], /--bounds is "ADC"; expected NAME=LO:HI/],
  [[...base, "--bounds", "ADC=:"], /--bounds is "ADC=:"/],
  [[...base, "--bounds", "ADC=1:0"], /bounds\.ADC is \[1, 0\]; expected \[lower, upper\] with lower < upper/],
  [[...base, "--bounds", "D=0:1"], /bounds\.D .*expected one of S0, ADC/],
  [[...base, "--fix", "ADC=x"], /--fix is "ADC=x"; expected NAME=VALUE with a number/],
  [[...base, "--fix", "ADC=1", "--fix", "ADC=2"], /--fix is "ADC=2"; expected each name once/],
  [[...base, "--start", "ADC=5"], /start\.ADC is 5; expected inside the bounds/],
  [[...base, "--noise", "rician"], /--noise is "rician"; expected --sigma VALUE with it/],
  [[...base, "--sigma", "2"], /--sigma is "2"; expected --noise rician/],
  [[...base, "--setting", "x=1"], /settings\.x is "x"; expected no settings/],
  [[...base, "--field-strength", "-3"], /--field-strength is "-3"; expected a number above 0 \(T\)/],
  [[...base, "--workers", "0"], /--workers is "0"/],
  [[...base, "--out", "/nowhere/out.csv"], /\/nowhere\/out\.csv: --out is "ENOENT"; expected a file to write to/],
  [[...base, "second.csv"], /SAMPLES is .*; expected one table/]
];
for (const [args, message] of faults) {
  test(`fit-table ${args.join(" ")}: exit code 2, the message on standard error`, async () => {
    const {code, stdout, stderr} = await call("fit-table", write("a.csv", table), ...args);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  });
}

test("a table that is at fault is named with row and column, and no output is left", async () => {
  const out = path("none.csv");
  const broken = write("broken.csv", "id,b,signal\nx,0,1\nx,many,2\n");
  const {code, stderr} = await call("fit-table", broken, ...base, "--out", out);
  assert.equal(code, 2);
  assert.match(stderr, /broken\.csv: row 3, column b is "many"; expected a finite number/);
  assert.ok(!existsSync(out));
  assert.equal((await call("fit-table", path("nowhere.csv"), ...base)).code, 2);
});
