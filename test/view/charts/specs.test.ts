import assert from "node:assert/strict";
import {test} from "node:test";
import {View, compile, expressionInterpreter, parse} from "../../../src/generated/vendor/vega.js";
import {byReference} from "../../../src/view/charts/by-reference.js";
import {blandAltman} from "../../../src/view/charts/bland-altman.js";
import type {BlandAltmanData} from "../../../src/view/charts/bland-altman.js";
import {decay} from "../../../src/view/charts/decay.js";
import {designRuns} from "../../../src/view/charts/design-runs.js";
import {estimateCloud} from "../../../src/view/charts/estimate-cloud.js";
import {estimateDistribution} from "../../../src/view/charts/estimate-distribution.js";
import {heatMap} from "../../../src/view/charts/heat-map.js";
import {histogram, histogramBins} from "../../../src/view/charts/histogram.js";
import {intervals} from "../../../src/view/charts/intervals.js";
import {levels} from "../../../src/view/charts/levels.js";
import {planCurve} from "../../../src/view/charts/plan-curve.js";
import {profileLikelihood} from "../../../src/view/charts/profile-likelihood.js";
import {qq} from "../../../src/view/charts/qq.js";
import {residuals} from "../../../src/view/charts/residuals.js";
import {roc} from "../../../src/view/charts/roc.js";
import {scatter} from "../../../src/view/charts/scatter.js";
import {signalFit} from "../../../src/view/charts/signal-fit.js";
import {spaghetti} from "../../../src/view/charts/spaghetti.js";
import type {ChartSpec, VegaLiteSpec} from "../../../src/view/charts/spec.js";
import {temperatureCurve} from "../../../src/view/charts/temperature-curve.js";
import {truthEstimate} from "../../../src/view/charts/truth-estimate.js";
import {vegaConfig} from "../../../src/view/theme.js";

const limits: BlandAltmanData["limits"] = {
  approximate: {
    bias: {value: -2, lower: -22, upper: 18}, lower: {value: -78, lower: -113, upper: -43},
    upper: {value: 74, lower: 39, upper: 109}
  },
  exact: {
    bias: {value: -2, lower: -22, upper: 18}, lower: {value: -78, lower: -124, upper: -53},
    upper: {value: 74, lower: 49, upper: 120}
  }
};
const subjects = (n: number): string[] => Array.from({length: n}, (_, i) => `sub-${i + 1}`);
const pairs = (n: number) => subjects(n).map((subject, i) => ({
  subject, mean: 300 + 20 * i, reference: 290 + 21 * i, difference: 40 * Math.sin(i)
}));
const grid = (f: (x: number, y: number) => number) => {
  const xs = Array.from({length: 12}, (_, i) => 84 + 6 * i);
  const ys = Array.from({length: 10}, (_, i) => 2200 + 70 * i);
  return {xs, ys, values: ys.flatMap((y) => xs.map((x) => f(x, y)))};
};

const signals = (n: number, groups: string[]) => {
  const rows = groups.flatMap((group) => subjects(n).map((_, i) => ({x: 100 * i, signal: 1000 - 100 * i, group})));
  return {samples: rows, truth: rows, fitted: rows};
};

const sloped = (n: number) => ["Bias", "Lower limit", "Upper limit"].map((line, k) => ({
  line, points: pairs(n).map(({mean}) => ({at: mean, value: 0.02 * mean + [0, -30, 30][k]}))
}));
const thresholds = (marker: string, n: number) => subjects(n).map((_, i) => ({
  marker, threshold: i === 0 ? Infinity : 1 / i, sensitivity: Math.sqrt(i / 6), falsePositiveRate: i / 6
}));

/** Each chart by the number of rows it is given. */
const charts: Record<string, (n: number) => ChartSpec> = {
  "bland-altman": (n) => blandAltman({points: pairs(n), limits}, {quantity: "peak flow", unit: "L/min"}),
  "bland-altman with reference, trend": (n) => blandAltman(
    {points: pairs(n), limits, trend: {intercept: 1, slope: 0.1}},
    {quantity: "peak flow", abscissa: "reference", interval: "exact", highlight: ["sub-1"]}
  ),
  "bland-altman with limits that change": (n) => blandAltman(
    {points: pairs(n), limits: {}, sloped: sloped(n)}, {quantity: "peak flow", unit: "L/min", difference: "A − B"}
  ),
  roc: (n) => roc(thresholds("s100b", n)),
  "roc of two markers": (n) => roc([...thresholds("s100b", n), ...thresholds("ndka", n)], {height: 300}),
  levels: (n) => levels(
    subjects(n).map((label, i) => ({level: `site ${1 + i % 3}`, value: 3 + Math.sin(i), label})),
    {quantity: "T1", unit: "ms", factor: "site"}
  ),
  "levels within levels": (n) => levels(
    subjects(n).map((label, i) => ({level: `site ${1 + i % 3}`, inner: `day ${1 + i % 2}`, value: 3 + Math.sin(i), label})),
    {quantity: "T1", unit: "ms", factor: "site", innerFactor: "day"}
  ),
  "more inner levels than colours": (n) => levels(
    subjects(2 * n).map((label, i) => ({level: "A", inner: `day ${i}`, value: i, label})),
    {quantity: "T1", factor: "site", innerFactor: "day"}
  ),
  "plan curve": (n) => planCurve(
    {
      rows: subjects(n).flatMap((_, i) => ["1 repeat", "2 repeats"].map((line, k) =>
        ({line, size: 2 + 4 * i, achieved: (i + k + 1) / 8}))),
      chosen: "2 repeats", plan: {size: 10, achieved: 0.5}, wanted: 0.8, simulated: {value: 0.49, lower: 0.48, upper: 0.5}
    },
    {xTitle: "Subjects", yTitle: "Power", probability: true}
  ),
  "plan curve alone": (n) => planCurve(
    {
      rows: subjects(n).map((_, i) => ({line: "", size: 2 + 4 * i, achieved: 1 + 1 / (i + 1)})),
      chosen: "", plan: {size: 22, achieved: 1.2}, wanted: null, simulated: null
    },
    {xTitle: "Subjects", yTitle: "Upper factor", probability: false}
  ),
  "design runs": (n) => designRuns(subjects(n).map((_, i) => ({x: 84 + i % 2, y: 2200 + i % 3})), {xTitle: "TE", yTitle: "TI"}),
  spaghetti: (n) => spaghetti(
    subjects(n).flatMap((subject, i) => ["1", "2"].map((session) => ({subject, session, value: i + Number(session) / 10}))),
    {quantity: "ADC", unit: "10^-3 mm2/s"}
  ),
  "spaghetti in panels": (n) => spaghetti(
    ["Cortex", "Fluid", "Muscle"].flatMap((region) => subjects(n).flatMap((subject, i) =>
      ["1", "2"].map((session) => ({subject, session, region, value: i + Number(session) / 10})))),
    {quantity: "ADC", unit: "10^-3 mm2/s", facet: true}
  ),
  identity: (n) => scatter(
    pairs(n).map(({subject, mean, reference}) => ({subject, x: mean, y: reference})),
    {xTitle: "A", yTitle: "B", unit: "L/min", identity: true, line: {intercept: 1, slope: 0.9}}
  ),
  "scatter in groups": (n) => scatter(
    pairs(n).map(({subject, mean, reference}, i) => ({subject, x: mean, y: reference, group: i % 2 ? "a" : "b"})),
    {xTitle: "A", yTitle: "B", groupTitle: "Site"}
  ),
  "by reference": (n) => byReference(
    subjects(n).flatMap((subject, i) => [20, 200, 2000].map((reference, k) =>
      ({subject, level: String(k), reference, value: 3 * i - 40 * k, group: i % 2 ? "a" : "b"}))),
    n === 0 ? [] : [20, 200].map((reference, k) => ({level: String(k), reference, value: 1, lower: -2, upper: 4})),
    {reference: "Reference", quantity: "Error", unit: "%", estimate: "Mean", band: 5}
  ),
  "by reference, logarithmic beyond 10": (n) => byReference(
    subjects(n).map((subject, i) => ({subject, level: "1", reference: 50, value: 200 * i - 30, group: "a"})), [],
    {reference: "Reference", quantity: "Error", estimate: "Mean", linearWithin: 10}
  ),
  "temperature curve": (n) => temperatureCurve(n === 0 ? [] : ["A", "B"].map((name, k) => ({
    name,
    curve: Array.from({length: n + 1}, (_, i) => ({temperature: 16 + i, value: 100 * k + i})),
    cut: Array.from({length: n + 1}, (_, i) => ({temperature: 16 + i, value: 100 * k})),
    published: [{temperature: 16, value: 100 * k}]
  })), {quantity: "T1", unit: "ms", marked: 17, measured: [{subject: "1", temperature: 16.5}]}),
  intervals: (n) => intervals(
    subjects(n).map((label) => ({label, value: 2, lower: 1, upper: 4})), {quantity: "wCV", unit: "%"}
  ),
  "intervals in groups": (n) => intervals(
    subjects(n).flatMap((label) => ["a", "b"].map((group) => ({label, group, value: 2, lower: 1, upper: 4}))),
    {quantity: "wCV", unit: "%", reference: {value: 3, label: "published"}}
  ),
  "truth and estimate": (n) => truthEstimate(
    subjects(n).map((label, i) => ({label, estimate: 2, lower: 1, upper: 4, truth: i === 1 ? null : 2.2})),
    {quantity: "wCV", unit: "%"}
  ),
  qq: (n) => qq(
    subjects(n).map((subject, i) => ({subject, theoretical: i - (n - 1) / 2, sample: i, lower: i - 1, upper: i + 1})),
    {quantity: "Difference", line: {intercept: 0, slope: 1}}
  ),
  histogram: (n) => histogram([{label: "Cortex", values: subjects(n).map((_, i) => i)}], {quantity: "ADC"}),
  "histogram in rows": (n) => histogram(
    ["Cortex", "Fluid"].map((label) => ({label, values: subjects(n).map((_, i) => i)})),
    {quantity: "ADC", marks: [{label: "Cortex", value: 1}, {label: "Fluid", value: 2}]}
  ),
  "heat map": (n) => heatMap(
    {
      surface: n === 0 ? {xs: [], ys: [], values: []} : grid((x, y) => 0.8 - ((x - 110) / 100) ** 2 - ((y - 2500) / 900) ** 2),
      points: n === 1 ? [] : [{x: 84, y: 2200, value: 0.4}, {x: 150, y: 2900, value: 0.5}],
      marker: {x: 100, y: 2400}
    },
    {xTitle: "TE", xUnit: "ms", yTitle: "TI", yUnit: "ms", valueTitle: "F1"}
  ),
  "flat heat map": () => heatMap({surface: grid(() => 0.5)}, {xTitle: "TE", yTitle: "TI", valueTitle: "F1"}),
  decay: (n) => decay(
    subjects(n).map((_, i) => ({x: 100 * i, signal: 1000 * Math.exp(-0.1 * i), used: i < 3})),
    subjects(n).map((_, i) => ({x: 100 * i, signal: 1000 * Math.exp(-0.1 * i)}))
  ),
  "decay in groups": (n) => decay(
    subjects(n).flatMap((_, i) => ["93 ms", "120 ms"].map((group) => ({x: 100 * i, signal: 900 - i, group, used: i < 3}))),
    subjects(n).flatMap((_, i) => ["93 ms", "120 ms"].map((group) => ({x: 100 * i, signal: 900 - i, group}))),
    {groupTitle: "TE", log: false}
  ),
  "signal and fit": (n) => signalFit(signals(n, ["TE 93 ms", "TE 120 ms"]), {xTitle: "b", xUnit: "s/mm2"}),
  "signal without a fit": (n) => signalFit({...signals(n, [""]), fitted: []}, {xTitle: "TI", xUnit: "s"}),
  "estimate cloud": (n) => estimateCloud(
    {points: signals(n, [""]).samples.map(({x, signal}) => [x, signal]), ellipse: [[0, 0], [500, 9], [0, 0]], truth: [1, 2], estimate: [3, 4], x: [-10, 700], y: [0, 1100]},
    {xTitle: "f", yTitle: "D", yUnit: "mm2/s"}
  ),
  "estimate cloud without ellipse": (n) => estimateCloud(
    {points: signals(n, [""]).samples.map(({x, signal}) => [x, signal]), ellipse: null, truth: [1, 2], estimate: null, x: [-10, 700], y: [0, 1100]},
    {xTitle: "f", yTitle: "D"}
  ),
  "estimate distribution": (n) => estimateDistribution(
    {values: subjects(n).map((_, i) => i), domain: [0, 7], truth: 3, density: [{value: 0, density: 0.1}, {value: 7, density: 0.2}]},
    {quantity: "T1", unit: "s"}
  ),
  "profile likelihood": (n) => profileLikelihood(
    {
      curve: subjects(n).map((_, i) => ({value: i, deviance: i === 5 ? null : (i - 2) ** 2 / 2})),
      parabola: subjects(n).map((_, i) => ({value: i, deviance: (i - 2) ** 2})),
      threshold: 3.84, ends: [0.5, null], truth: 2.5
    },
    {quantity: "D*", unit: "mm2/s"}
  ),
  residuals: (n) => residuals(subjects(n).map((_, i) => ({x: i, residual: Math.sin(i)})), {xTitle: "b", sd: 0.5}),
  "residuals in groups": (n) => residuals(
    subjects(n).map((_, i) => ({x: i, residual: Math.sin(i), group: i % 2 ? "a" : "b"})), {xTitle: "b"}
  )
};

async function draw(spec: ChartSpec, width: number): Promise<{svg: string; warnings: string[]}> {
  const warnings: string[] = [];
  const logger = {
    level: () => logger, error: (...message: unknown[]) => (warnings.push(message.join(" ")), logger),
    warn: (...message: unknown[]) => (warnings.push(message.join(" ")), logger), info: () => logger, debug: () => logger
  };
  const concrete = structuredClone(typeof spec === "function" ? spec(width) : spec) as unknown as Record<string, unknown>;
  if (concrete.width === "container") {
    concrete.width = width;
    concrete.autosize = {type: "fit-x", contains: "padding"};
  }
  const compiled = compile(concrete as unknown as VegaLiteSpec, {config: vegaConfig(), logger: logger as never}).spec;
  const view = new View(parse(compiled, undefined, {ast: true}), {
    renderer: "none", expr: expressionInterpreter, logger
  } as never);
  await view.runAsync();
  const svg = await view.toSVG();
  view.finalize();
  return {svg, warnings};
}

for (const [name, chart] of Object.entries(charts)) {
  for (const [n, width] of [[6, 640], [6, 320], [1, 640], [0, 640]] as const) {
    test(`${name}, ${n} rows, ${width} px: draws without a warning`, async () => {
      const {svg, warnings} = await draw(chart(n), width);
      // A brush listens to the window, which Node has not.
    assert.deepEqual(warnings.filter((text) => text !== "Can not resolve event source: window"), []);
      assert.match(svg, /<svg/);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
      const drawn = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)![1]);
      assert.ok(drawn <= width, `${name} is ${drawn} px wide; expected at most ${width}`);
    });
  }
}

test("charts are the same text for the same data", () => {
  for (const [name, chart] of Object.entries(charts)) {
    const text = (spec: ChartSpec): string => JSON.stringify(typeof spec === "function" ? spec(500) : spec);
    assert.equal(text(chart(6)), text(chart(6)), name);
  }
});

test("what a slider moves changes the rows of the explorer's charts and nothing else, so that it moves in place", () => {
  const shape = (spec: ChartSpec): string => {
    const {datasets, ...rest} = spec as unknown as {datasets: object};
    return JSON.stringify([rest, Object.keys(datasets)]);
  };
  for (const [name, one, other] of [
    ["signal", charts["signal and fit"]!(6), charts["signal and fit"]!(3)],
    ["cloud", charts["estimate cloud"]!(6), estimateCloud(
      {points: [[1, 1]], ellipse: [[0, 0], [1, 1]], truth: [7, 8], estimate: [1, 1], x: [0, 9], y: [0, 9]},
      {xTitle: "f", yTitle: "D", yUnit: "mm2/s"}
    )],
    ["distribution", charts["estimate distribution"]!(6), estimateDistribution(
      {values: [4, 5], domain: [3, 6], truth: 4, density: [{value: 4, density: 1}]}, {quantity: "T1", unit: "s"}
    )]
  ] as const) assert.equal(shape(one), shape(other), name);
});

test("bland-altman draws the chosen limits and refuses an unknown interval", () => {
  const data = {points: pairs(4), limits};
  const exact = blandAltman(data, {quantity: "q", interval: "exact"}) as {datasets?: Record<string, {line: string; lower: number}[]>};
  assert.equal(exact.datasets!.lines!.find(({line}) => line === "Lower limit")!.lower, -124);
  assert.throws(() => blandAltman(data, {quantity: "q", interval: "mover"}), /no limits named mover/);
});

test("limits that change are lines through their points, without bands or a constant limit", () => {
  const {datasets} = blandAltman({points: pairs(6), limits: {}, sloped: sloped(6)}, {quantity: "q"}) as unknown as
    {datasets: Record<string, {line: string; abscissa: number}[]>};
  for (const line of ["Bias", "Lower limit", "Upper limit"]) {
    assert.equal(datasets.sloped.filter((row) => row.line === line).length, 6, line);
  }
  assert.deepEqual(datasets.ends.map(({line, abscissa}) => [line, abscissa]),
    ["Bias", "Lower limit", "Upper limit"].map((line) => [line, 400]));
  assert.deepEqual(datasets.lines, []);
});

test("a roc curve keeps the order of its thresholds, and the ends have none", () => {
  const spec = roc([...thresholds("b", 4), ...thresholds("a", 3)]);
  const at = (width: number) => (spec as (width: number) => VegaLiteSpec)(width) as unknown as
    {width: number; height: number; datasets: {curve: {marker: string; order: number; threshold: string}[]}};
  const {curve} = at(500).datasets;
  assert.deepEqual(curve.map(({order}) => order), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(curve.map(({threshold}) => threshold), ["none", "1", "0.5", "0.333333", "none", "1", "0.5"]);
  assert.ok(at(320).width <= 320 && at(2000).width === 430, "a square, however wide the page");
});

test("levels are told by colour as long as there are colours", () => {
  const text = (n: number) => JSON.stringify(levels(
    subjects(n).map((inner, i) => ({level: "A", inner, value: i})), {quantity: "T1", factor: "site"}));
  assert.match(text(6), /xOffset/);
  assert.doesNotMatch(text(7), /xOffset/);
});

test("a plan's lines stand in the order of their repeats, whichever is chosen; a drag moves them in place", () => {
  const curve = (chosen: string, size: number, simulated: {value: number; lower: number; upper: number} | null) => planCurve(
    {
      rows: [chosen, "10 repeats", "2 repeats", "3 repeats"].map((line) => ({line, size, achieved: 0.5})),
      chosen, plan: {size, achieved: 0.5}, wanted: 0.8, simulated
    }, {xTitle: "n", yTitle: "Power", probability: true});
  const shape = (spec: ChartSpec): string => {
    const {datasets, ...rest} = spec as unknown as {datasets: object};
    return JSON.stringify([rest, Object.keys(datasets)]);
  };
  assert.equal(shape(curve("2 repeats", 5, null)), shape(curve("10 repeats", 9, {value: 0.5, lower: 0.4, upper: 0.6})));
  assert.match(shape(curve("3 repeats", 5, null)), /"2 repeats","3 repeats","10 repeats"/);
});

test("a design's runs at one setting are one dot with their number", () => {
  const {datasets} = designRuns([{x: 0, y: 0}, {x: 1, y: 0}, {x: 0, y: 0}], {xTitle: "a", yTitle: "b"}) as unknown as
    {datasets: {settings: {runs: number; label: string}[]}};
  assert.deepEqual(datasets.settings.map(({runs, label}) => [runs, label]), [[2, "×2"], [1, ""]]);
});

test("what has no value is counted, not drawn", async () => {
  const points = [...pairs(3), {subject: "lost", mean: NaN, difference: 1}];
  const spec = blandAltman({points, limits}, {quantity: "q"}) as {datasets?: {points?: unknown[]}; title?: {text: string}};
  assert.equal(spec.datasets!.points!.length, 3);
  assert.equal(spec.title!.text, "1 of 4 not drawn: no value");
  const samples = [{x: 0, signal: 10}, {x: 100, signal: 0}];
  assert.match(JSON.stringify(decay(samples, [])), /1 of 2 not drawn/);
  assert.doesNotMatch(JSON.stringify(decay(samples, [], {log: false})), /not drawn/);
});

test("no brushed field is called x or y, for Vega-Lite keeps its pixels under these names", () => {
  for (const [name, chart] of Object.entries(charts)) {
    const spec = chart(6);
    const text = JSON.stringify(compile((typeof spec === "function" ? spec(500) : {...spec, width: 500}) as VegaLiteSpec).spec);
    assert.doesNotMatch(text, /"brush_[xy]_1"/, name);
  }
});

test("histogram bins hold every finite value once", () => {
  const values = [0, 0.1, 0.5, 1, 1, 2, NaN, Infinity];
  const {bins, omitted, outside} = histogramBins([{label: "a", values}], {bins: 4});
  assert.deepEqual(bins.map(({count}) => count), [2, 1, 2, 1]);
  assert.ok(Math.abs(bins.reduce((sum, {share}) => sum + share, 0) - 1) < 1e-12);
  assert.equal(omitted, 2);
  assert.equal(outside, 0);
  const clipped = histogramBins([{label: "a", values}], {bins: 2, domain: [0, 1]});
  assert.deepEqual(clipped.bins.map(({count}) => count), [2, 3]);
  assert.equal(clipped.outside, 1);
  assert.throws(() => histogramBins([], {bins: 0}), /bins is 0/);
  assert.deepEqual(histogramBins([{label: "a", values: [NaN]}]), {bins: [], omitted: 1, outside: 0});
  assert.equal(histogramBins([{label: "a", values: [3, 3]}], {bins: 2}).bins.reduce((sum, {count}) => sum + count, 0), 2);
});
