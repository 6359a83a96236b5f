import assert from "node:assert/strict";
import {test} from "node:test";
import {View, compile, expressionInterpreter, parse} from "../../../src/generated/vendor/vega.js";
import {certification, type CertificationRow} from "../../../src/view/charts/certification.js";
import {convergingShare} from "../../../src/view/charts/converging-share.js";
import {coverageDots, type CoverageDot} from "../../../src/view/charts/coverage-dots.js";
import {intervalPile, type PiledInterval} from "../../../src/view/charts/interval-pile.js";
import {performanceCurves, type PerformanceRow} from "../../../src/view/charts/performance-curves.js";
import type {ChartSpec, VegaLiteSpec} from "../../../src/view/charts/spec.js";
import {vegaConfig} from "../../../src/view/theme.js";

/** The text of a chart 500 px wide; throws on what Vega warns of. */
async function draw(spec: VegaLiteSpec): Promise<string> {
  const warnings: string[] = [];
  const logger = {
    level: () => logger, error: (...text: unknown[]) => (warnings.push(text.join(" ")), logger),
    warn: (...text: unknown[]) => (warnings.push(text.join(" ")), logger), info: () => logger, debug: () => logger
  };
  const compiled = compile({...spec, width: 500} as VegaLiteSpec, {config: vegaConfig() as never, logger: logger as never}).spec;
  const view = new View(parse(compiled, undefined, {ast: true}), {
    renderer: "none", expr: expressionInterpreter, logger: logger as never
  } as never);
  await view.runAsync();
  const text = await view.toSVG();
  view.finalize();
  assert.deepEqual(warnings, []);
  return text;
}

const verdicts = [
  {name: "certified", color: "var(--m-pass)", shape: "circle"},
  {name: "nothing promised", color: "var(--m-muted)", shape: "triangle-up"}
] as const;
const worths = (n: number): CertificationRow[] => Array.from({length: n}, (_, i) => ({
  label: `model ${i}`, relativeBound: 0.01 * (i + 1), value: 0.9 + 0.02 * i, verdict: verdicts[i % 2].name
}));
const certificationOptions = {
  quantity: "RMSE / bound", format: ".3~g", scale: "log", promisedBelow: 0.1, promised: [0.95, 1.1], verdicts
} as const;
const curves = (n: number): PerformanceRow[] => ["Least squares", "With a prior"].flatMap((estimator, j) =>
  Array.from({length: n}, (_, i) => ({snr: 10 * (i + 1), value: (j + 1) / (i + 1), estimator})));

test("certification draws each parameter and the promised region, in any number", async () => {
  assert.match(await draw(certification([], certificationOptions)), /Nothing was measured/);
  for (const n of [1, 2, 12]) {
    const text = await draw(certification(worths(n), certificationOptions));
    assert.equal(text.match(/mark-rect role-mark/g)?.length, 1);
    assert.equal(text.match(/<path aria-label|<path transform="translate\([\d.]+,[\d.]+\)" d=/g)?.length! >= n, true);
    assert.doesNotMatch(text, /NaN/);
  }
});

test("certification counts what it cannot place: no bound, or nothing measured", () => {
  const rows = [...worths(3), {...worths(1)[0], relativeBound: null}, {...worths(1)[0], value: null}];
  const spec = certification(rows, certificationOptions) as {datasets?: {rows?: unknown[]}; title?: {text: string}};
  assert.equal(spec.datasets!.rows!.length, 3);
  assert.equal(spec.title!.text, "2 of 5 not drawn: no value");
});

test("performance curves draw the bound with an error, the zero with a bias", async () => {
  const bound = [{snr: 10, value: 1}, {snr: 20, value: 0.5}];
  const error = performanceCurves(curves(4), {quantity: "RMSE", scale: "log", bound, marked: 10});
  const bias = performanceCurves(curves(4).map((row) => ({...row, value: row.value! - 1})), {quantity: "Bias", scale: "linear", bound, marked: 10});
  for (const spec of [error, bias]) assert.doesNotMatch(await draw(spec), /NaN/);
  const layers = (spec: VegaLiteSpec): string[] =>
    (spec as unknown as {layer: {data: {name: string}}[]}).layer.map(({data}) => data.name);
  assert.deepEqual(layers(error), ["marked", "bound", "rows", "rows"]);
  assert.deepEqual(layers(bias), ["zero", "marked", "rows", "rows"]);
  assert.match(await draw(performanceCurves([], {quantity: "RMSE", scale: "log"})), /No estimates/);
});

const dots = (n: number): CoverageDot[] => Array.from({length: n}, (_, i) => [10, 20, 50].map((size, k) => ({
  name: `Interval ${i}, of something: exact`, n: size, share: 0.8 + 0.05 * k, se: 0.002
}))).flat();
const dotsOptions = {quantity: "Coverage", nominal: 0.95, band: [0.94, 0.96]} as const;
const at = (spec: ChartSpec, width: number): VegaLiteSpec => typeof spec === "function" ? spec(width) : spec;

test("coverage dots draw each figure under its procedure's name, whose lines are two where there is little room", async () => {
  assert.match(await draw(at(coverageDots([], dotsOptions), 500)), /Nothing of this kind/);
  for (const n of [1, 3]) {
    const wide = at(coverageDots(dots(n), dotsOptions), 700);
    const text = await draw(wide);
    assert.doesNotMatch(text, /NaN/);
    assert.match(text, new RegExp(`Interval ${n - 1}, of something: exact`));
    const rows = (wide as unknown as {datasets: {rows: {low: number; high: number}[]}}).datasets.rows;
    assert.equal(rows.length, 3 * n);
    assert.ok(rows.every(({low, high}) => low < high && low >= 0 && high <= 1));
  }
  const narrow = await draw(at(coverageDots(dots(1), dotsOptions), 330));
  assert.match(narrow, /Interval 0,</);
  assert.match(narrow, /of something: exact/);
});

test("piled intervals keep the truth in the frame, and run out of it where they are endless", async () => {
  const options = {
    quantity: "95 % interval", truth: 40, truthName: "truth", words: ["holds", "misses"], exception: "miss"
  } as const;
  assert.match(await draw(intervalPile([], options)), /No sample yet/);
  const rows: PiledInterval[] = Array.from({length: 60}, (_, i) => ({
    sample: i + 1, lower: i === 7 ? -Infinity : i / 10, upper: i === 7 ? Infinity : 2 + i / 10, hit: i % 5 > 0
  }));
  const spec = intervalPile(rows, options);
  assert.doesNotMatch(await draw(spec), /NaN|Infinity/);
  const {rows: drawn, truth} = (spec as unknown as {datasets: {rows: {lower: number; upper: number}[]; truth: unknown[]}}).datasets;
  assert.equal(truth.length, 1);
  assert.ok(drawn[7].upper > 40 && Number.isFinite(drawn[7].lower));
  const points = intervalPile(rows.map(({sample, hit}) => ({sample, lower: 0.3, upper: 0.3, hit})), {...options, truth: null, exception: "hit"});
  assert.match(await draw(points), /mark-symbol role-mark/);
});

test("a converging share is drawn from 20 samples on, with the published one where there is one", async () => {
  const rows = Array.from({length: 40}, (_, i) => ({samples: 10 * (i + 1), share: 0.9}));
  const options = {quantity: "Coverage so far", nominal: 0.95, margin: (n: number) => 0.4 / Math.sqrt(n), published: 0.9, total: 2000};
  assert.match(await draw(convergingShare([], options)), /No sample yet/);
  const spec = convergingShare(rows, options);
  const text = await draw(spec);
  assert.doesNotMatch(text, /NaN/);
  assert.match(text, /table: 90\.0 %/);
  assert.match(text, /95 % asked for/);
  assert.equal((spec as unknown as {datasets: {rows: unknown[]}}).datasets.rows.length, 39);
  assert.doesNotMatch(await draw(convergingShare(rows, {...options, published: null})), /table:/);
});
