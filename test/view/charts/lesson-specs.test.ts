import assert from "node:assert/strict";
import {test} from "node:test";
import {View, compile, expressionInterpreter, parse} from "../../../src/generated/vendor/vega.js";
import {certification, type CertificationRow} from "../../../src/view/charts/certification.js";
import {performanceCurves, type PerformanceRow} from "../../../src/view/charts/performance-curves.js";
import type {VegaLiteSpec} from "../../../src/view/charts/spec.js";
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
