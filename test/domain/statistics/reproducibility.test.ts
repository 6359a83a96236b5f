import assert from "node:assert/strict";
import {describe, test} from "node:test";
import type {MethodReport, MethodRequest, ResampledStatistics, Table} from "../../../src/domain/statistics/method.js";
import {reproducibility} from "../../../src/domain/statistics/reproducibility.js";
import {reproducibilityMethod} from "../../../src/domain/statistics/reproducibility-method.js";
import {varianceComponents, type Factor} from "../../../src/domain/statistics/variance-components.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertPrintedInterval, assertRelative, sharedColumns} from "../../helpers/reference.js";

function tableOf(values: readonly (number | string | null)[], factors: readonly Factor[]): Table {
  return {
    file: "sites.csv",
    columns: [...factors.map(({name}) => name), "y"],
    rows: values.map((value, i) => [...factors.map(({levels}) => levels[i]), value === null ? null : String(value)])
  };
}

function ask(table: Table, more: Partial<MethodRequest> = {}): MethodRequest {
  return {table, columns: {value: ["y"], factors: table.columns.slice(0, -1)}, ...more};
}

function simulated(
  seed: number, sd: [number, number, number], sizes: number[][]
): {values: number[]; factors: Factor[]} {
  const random = seeded(seed);
  const values: number[] = [];
  const levels: string[][] = [[], []];
  sizes.forEach((days, s) => {
    const site = 10 + sd[0] * random.normal();
    days.forEach((n, d) => {
      const day = site + sd[1] * random.normal();
      for (let i = 0; i < n; i++) {
        values.push(day + sd[2] * random.normal());
        levels[0].push(`s${s}`);
        levels[1].push(`d${d}`);
      }
    });
  });
  return {values, factors: ["site", "day"].map((name, f) => ({name, levels: levels[f]}))};
}

function find(report: MethodReport, name: string) {
  const found = report.estimates.find((one) => one.name === name);
  assert.ok(found !== undefined, `${name} among ${report.estimates.map((one) => one.name).join(", ")}`);
  return found;
}

describe("EP05-A3 MS_1, every digit printed", () => {
  const data = sharedColumns("vca_EP05A3_MS_1.csv");
  const skip = data === null ? "../shared/reference is absent" : false;
  const factors = data === null ? [] : ["site", "day"].map((name) => ({name, levels: data[name].map(String)}));

  test("Satterthwaite's interval of the total, chi-square interval of the error", {skip}, () => {
    const found = reproducibility(data!.y, factors, {totalInterval: "satterthwaite"});
    assertPrinted(found.totalDf, "16.8899");
    assertPrintedInterval(found.total, ["2.0437", "8.1959"], "total");
    assertPrintedInterval(found.components[2].interval!, ["1.6365", "3.3674"], "error");
    assert.equal(found.errorDf, 60);
  });

  test("RC and RDC, with the exact multiplier and with 2.7718", {skip}, () => {
    const {rc, rdc, total, components} = reproducibility(data!.y, factors);
    assertPrinted(rc.value, "4.17794");
    assertPrinted(rdc!.value, "5.28481");
    assertPrinted(2.7718 * Math.sqrt(components[2].value), "4.17793");
    assertPrinted(2.7718 * Math.sqrt(total.value), "5.28479");
  });

  test("the method reports them", {skip}, () => {
    const report = reproducibilityMethod.run(ask(tableOf(data!.y, factors), {variant: "anova-satterthwaite"}));
    assertPrinted(find(report, "variance site").value, "1.017401");
    assertPrinted(find(report, "variance total").upper!, "8.1959");
    assertPrinted(find(report, "RDC").value, "5.28481");
    assertRelative(find(report, "RDC").lower!, 1.959963984540054 * Math.sqrt(2 * find(report, "variance total").lower!),
      1e-12);
    assert.equal(report.n, 75);
    assert.match(report.warnings.join("\n"), /site has 2 degrees of freedom/);
    assert.match(report.warnings.join("\n"), /carry the same labels in every level of site/);
    const reml = reproducibilityMethod.run(ask(tableOf(data!.y, factors), {variant: "reml"}));
    assertPrinted(find(reml, "variance total").value, "3.635232");
    assert.equal(find(reml, "variance site").lower, null);
    assertPrinted(find(reml, "variance error").lower!, "1.6365");
  });
});

describe("coverage with 3 sites x 5 days x 5 repeats", () => {
  test("the modified large sample holds its level for the total and each component, Satterthwaite does not", () => {
    const sizes = [0, 1, 2].map(() => [5, 5, 5, 5, 5]);
    const {factors} = simulated(1, [1, 1, 1], sizes);
    const runs = 400;
    const hits = {total: 0, satterthwaite: 0, site: 0, day: 0, error: 0};
    const inside = ({lower, upper}: {lower: number; upper: number}, truth: number) =>
      lower <= truth && truth <= upper ? 1 : 0;
    for (let run = 0; run < runs; run++) {
      const {values} = simulated(1000 + run, [1, 1, 1], sizes);
      const found = reproducibility(values, factors);
      hits.total += inside(found.total, 3);
      hits.satterthwaite += inside(reproducibility(values, factors, {totalInterval: "satterthwaite"}).total, 3);
      (["site", "day", "error"] as const).forEach((name, i) => hits[name] += inside(found.components[i].interval!, 1));
    }
    const slack = 4 * Math.sqrt(0.95 * 0.05 / runs);
    for (const name of ["total", "site", "day", "error"] as const) {
      assert.ok(Math.abs(hits[name] / runs - 0.955) < slack, `${name}: ${hits[name] / runs}`);
    }
    assert.ok(Math.abs(hits.satterthwaite / runs - 0.89) < 4 * Math.sqrt(0.89 * 0.11 / runs), `${hits.satterthwaite}`);
  });
});

describe("what the method says of a table", () => {
  const sizes = [[3, 3], [3, 3, 2], [4, 2], [3, 3], [2, 2, 2]];
  const {values, factors} = simulated(7, [2, 1, 1], sizes);
  const table = tableOf(values, factors);

  test("missing cells are listed", () => {
    const rows = table.rows.map((row, i) => i === 4 ? [row[0], row[1], null] : i === 9 ? [row[0], null, row[2]] : row);
    const report = reproducibilityMethod.run(ask({...table, rows}));
    assert.deepEqual(report.dropped, [
      {row: 6, column: "y", reason: "missing"}, {row: 11, column: "day", reason: "missing"}
    ]);
    assert.equal(report.n, values.length - 2);
  });

  test("a negative component is shown, a failed check, and no error", () => {
    const data = {values: [1, 5, 9, 9, 1, 5, 5, 9, 1.5], levels: [..."aaabbbccc"]};
    const source = tableOf(data.values, [{name: "site", levels: data.levels}]);
    const report = reproducibilityMethod.run(ask(source));
    assert.ok(find(report, "variance site").value < 0);
    assert.match(find(report, "variance site").note!, /negative/);
    assert.equal(report.checks.find(({id}) => id === "negative-components")!.passed, false);
    const reml = reproducibilityMethod.run(ask(source, {variant: "reml"}));
    assert.equal(find(reml, "variance site").value, 0);
    assert.match(find(reml, "variance site").note!, /bound/);
  });

  test("a site in other units is pointed out", () => {
    const moved = values.map((value, i) => factors[0].levels[i] === "s3" ? value * 10 : value);
    const report = reproducibilityMethod.run(ask(tableOf(moved, factors)));
    assert.match(report.warnings.join("\n"), /site s3 is about 10 times other levels of site/);
  });

  test("the bootstrap's sums hold all that the components need", () => {
    const options = {interval: "bootstrap", resamples: 500, seed: 9};
    const task = reproducibilityMethod.resampling!(ask(table, {options}));
    assert.ok(task !== null);
    assert.equal(task.statistic, "variance-components");
    assert.deepEqual([task.settings.factors, task.resamples, task.seed, task.width], [2, 500, 9, 8]);
    // The statistic as its description says, for two factors and any choice of sites.
    const components = (chosen: number[]) => {
      const rows = chosen.map((i) => [...task.data.slice(8 * i, 8 * i + 8)]);
      const total = (k: number) => rows.reduce((a, row) => a + row[k], 0);
      const n = total(0);
      const t = [total(1) ** 2 / n, rows.reduce((a, row) => a + row[1] ** 2 / row[0], 0), total(3), total(2)];
      const u = [1, rows.length, total(4), n];
      const ms = [1, 2, 3].map((j) => (t[j] - t[j - 1]) / (u[j] - u[j - 1]));
      const k = {top: [total(5) / n, total(6) / n], pair: total(7)};
      const error = ms[2];
      const day = (ms[1] - error) / ((n - k.pair) / (u[2] - u[1]));
      const site = (ms[0] - error - (k.pair - k.top[1]) / (u[1] - 1) * day) / ((n - k.top[0]) / (u[1] - 1));
      return [site, day, error];
    };
    const direct = varianceComponents(values, factors).lines.map(({component}) => component);
    components([0, 1, 2, 3, 4]).forEach((value, i) => assertRelative(value, direct[i], 1e-10));
    // A resample with a site drawn twice is a design with two sites of those values.
    const drawn = [0, 0, 2, 3, 4];
    const again: {values: number[]; levels: string[][]} = {values: [], levels: [[], []]};
    drawn.forEach((site, k) => values.forEach((value, i) => {
      if (factors[0].levels[i] !== `s${site}`) return;
      again.values.push(value);
      again.levels[0].push(`draw${k}`);
      again.levels[1].push(factors[1].levels[i]);
    }));
    const resampled = varianceComponents(again.values, again.levels.map((levels, f) => ({name: `${f}`, levels})));
    components(drawn).forEach((value, i) => assertRelative(value, resampled.lines[i].component, 1e-10));
  });

  test("bootstrap intervals go into components, total, RC and RDC", () => {
    const intervals = [[0, 9], [0, 2], [0.5, 1.5], [1, 12]].map(([lower, upper]) => ({lower, upper, level: 0.95}));
    const draws: ResampledStatistics = {
      names: ["component 0", "component 1", "error", "total"], values: [], intervals, resamples: 500, seed: 9
    };
    const report = reproducibilityMethod.run(ask(table, {options: {interval: "bootstrap"}, draws}));
    assert.equal(find(report, "variance site").upper, 9);
    assertRelative(find(report, "RDC").upper!, 1.959963984540054 * Math.sqrt(24), 1e-12);
    assertRelative(find(report, "RC").lower!, 1.959963984540054, 1e-12);
    assert.match(find(report, "RDC").note!, /BCa/);
  });

  test("without bootstrap there is no task", () => {
    assert.equal(reproducibilityMethod.resampling!(ask(table)), null);
  });

  test("bad input names the file", () => {
    const cases: [Partial<MethodRequest>, string, string][] = [
      [{variant: "aov"}, "unknown-choice", "variant"],
      [{options: {design: "split"}}, "unknown-choice", "design"],
      [{options: {desing: "nested"}}, "unknown-option", "option"],
      [{level: 95}, "level-out-of-range", "level"],
      [{options: {interval: "bootstrap"}}, "missing-draws", "interval"],
      [{columns: {value: ["y"]}}, "missing-column", "columns for factors"]
    ];
    for (const [more, code, field] of cases) {
      assertRejects(() => reproducibilityMethod.run(ask(table, more)), code, field);
    }
    const bootstrap = {interval: "bootstrap"};
    assertRejects(() => reproducibilityMethod.resampling!(ask(table, {variant: "reml", options: bootstrap})),
      "unknown-choice", "interval");
    assertRejects(
      () => reproducibilityMethod.resampling!(ask(table, {options: {...bootstrap, design: "crossed"}})),
      "unknown-choice", "interval"
    );
    const once = tableOf([1, 2, 4, 5], [{name: "site", levels: [..."aabb"]}, {name: "day", levels: [..."xyxy"]}]);
    assert.equal(assertRejects(() => reproducibilityMethod.run(ask(once)), "no-degrees-of-freedom", "error").file,
      "sites.csv");
    const word = tableOf([1, "x", 4, 5], [{name: "site", levels: [..."aabb"]}]);
    assertRejects(() => reproducibilityMethod.run(ask(word)), "not-a-number", "row 3, column y");
  });
});
