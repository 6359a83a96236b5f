// The building blocks of the pages in a real browser: drawing, linking, downloads, claims, inputs, accessibility.
import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {after, before, test} from "node:test";
import {axeViolations, openBench, skip} from "./viewer/browser.js";
import type {Bench} from "./viewer/browser.js";

const script = `
import {figure, figureRef, linkFigures} from "./view/figure.js";
import {blandAltman} from "./view/charts/bland-altman.js";
import {spaghetti} from "./view/charts/spaghetti.js";
import {claimMark, claimsTable, dataTable} from "./view/claim.js";
import {resultTable} from "./view/table.js";
import {choice, select, slider} from "./view/inputs/controls.js";
import {fileDrop} from "./view/inputs/file-drop.js";
import {errorNotice} from "./view/inputs/notice.js";
import {progress} from "./view/inputs/progress.js";
import {InputError} from "./domain/errors.js";

const here = document.querySelector("#here");
const subjects = Array.from({length: 9}, (_, i) => "sub-" + (i + 1));
const points = subjects.map((subject, i) => ({subject, mean: 300 + 40 * i, difference: 60 * Math.sin(i)}));
const limit = (value, half) => ({value, lower: value - half, upper: value + half});
const limits = {
  approximate: {bias: limit(0, 10), lower: limit(-80, 20), upper: limit(80, 20)},
  exact: {bias: limit(0, 10), lower: limit(-80, 35), upper: limit(80, 35)}
};
const spec = (interval) => blandAltman({points, limits}, {quantity: "peak flow", unit: "L/min", interval});
const table = {columns: [{key: "subject", header: true}, {key: "difference", unit: "L/min"}], rows: points, limit: 4};
const first = figure({
  id: "bland-altman", title: "Differences", description: "Nine differences.", caption: "A caption.", spec: spec("exact"), table
});
const rows = ["Cortex", "Fluid"].flatMap((region, r) => subjects.flatMap((subject, i) =>
  ["1", "2"].map((session) => ({subject, region, session, value: 1 + r + i / 10 + Number(session) / 50}))));
const second = figure({
  id: "fig-spaghetti", title: "Sessions", description: "Lines.", spec: spaghetti(rows, {quantity: "ADC", facet: true})
});
const third = figure({id: "other", title: "A picture", description: "Not a chart.", content: {
  element: document.createElement("div"), toPNG: async () => new Blob(["png"])
}});
const reference = document.createElement("p");
reference.append("See ", figureRef("other"), ".");
const claims = [
  {id: "bias", value: -2.12, unit: "L/min", tolerance: 0.005, source: "Someone 1986", statement: "Mean difference"},
  {id: "lost", value: null, unit: "%", tolerance: 0.1, source: "Someone 2020", unavailable: "data not public"}
];
const results = {
  bias: {verdict: "fail", computed: -2.2, difference: -0.08, reason: "differs"},
  lost: {verdict: "unavailable", computed: null, difference: null, reason: "data not public"}
};
const mark = claimMark(claims[0]);
reference.append(" The bias is ", mark, ".");
const drop = fileDrop({label: "Drop files", hint: "Any.", check(files) {
  if (files.some(({name}) => name.endsWith(".bad"))) {
    throw new InputError({code: "bad", file: files[0].name, field: "magic", value: "abc", expected: "n+1"});
  }
}});
const controller = new AbortController();
const bar = progress({label: "Fitting", controller, delay: 0});
bar.update(0.42);
const endless = progress({label: "Fitting together", delay: 0, unknown: true});
endless.update(0.42);
here.append(
  reference, first, second, third,
  resultTable({caption: "Repeatability", note: "A note.", columns: [
    {key: "tissue", label: "Tissue", header: true},
    ...["Mean", "wSD", "wCV", "RC", "%RC"].map((label, i) => ({key: "v" + i, label, unit: "10^-3 mm2/s", interval: {lower: "l", upper: "u"}}))
  ], rows: [{tissue: "Cortex", v0: 0.8, v1: 0.02, v2: null, v3: 1, v4: 2, l: 0.1, u: 0.3}]}),
  claimsTable(claims, results), dataTable([{path: "data/a.tsv", size: 2048, sha256: "ab".repeat(32), ok: true}]),
  slider({label: "TE", min: 84, max: 150, step: 1, value: 100, unit: "ms"}),
  choice({label: "Interval", options: ["approximate", "exact"]}), select({label: "Subject", options: ["all", ...subjects]}),
  drop, bar.element, endless.element, errorNotice(new InputError({code: "x", file: "dwi.nii", field: "dim[4]", value: -3, expected: "1 or more"}))
);
const link = linkFigures([first, second]);
Promise.all([first.chart.ready, second.chart.ready]).then(() => document.body.dataset.drawn = "");
Object.assign(globalThis, {first, second, third, link, spec, mark, results, drop, controller, points});
`;

let bench: Bench;
const page = () => bench.page;
/** Runs an expression in the page, whose globals this file's types do not know. */
const run = <T>(expression: string): Promise<T> => page().evaluate(expression) as Promise<T>;

before(async () => {
  if (skip) return;
  bench = await openBench(script, "src/style.css", {webgl: false});
  await page().waitForSelector("body[data-drawn]", {state: "attached"});
});
after(async () => {
  if (skip) return;
  await bench.close();
});

test("figures are numbered in the order of the page, references follow", {skip}, async () => {
  const numbers = "[...document.querySelectorAll('figure m-figure-number')].map(({textContent}) => textContent)";
  assert.deepEqual(await run(numbers), ["Figure 1.", "Figure 2.", "Figure 3."]);
  assert.equal(await page().locator(".m-figure-ref").textContent(), "Figure 3");
  await run("document.querySelector('#here').append(first)");
  assert.deepEqual(await run("[...document.querySelectorAll('figure')].map(({id}) => id)"), ["fig-spaghetti", "fig-other", "fig-bland-altman"]);
  await page().waitForFunction("document.querySelector('.m-figure-ref').textContent === 'Figure 2'");
  await run("third.before(first); first.before(second)");
  await page().waitForFunction("document.querySelector('.m-figure-ref').textContent === 'Figure 3'");
  await run("second.before(first)");
  await page().waitForSelector("#fig-bland-altman svg");
});

test("a brush in one chart highlights its subjects in the other, and back", {skip}, async () => {
  const drag = async (selector: string, [x0, y0]: [number, number], [x1, y1]: [number, number]): Promise<void> => {
    await page().locator(selector).scrollIntoViewIfNeeded();
    const box = (await page().locator(selector).boundingBox())!;
    await page().mouse.move(box.x + box.width * x0, box.y + box.height * y0);
    await page().mouse.down();
    await page().mouse.move(box.x + box.width * x1, box.y + box.height * y1, {steps: 5});
    await page().mouse.up();
  };
  await run("first.chart.ready");
  await drag("#fig-bland-altman svg", [0.12, 0.15], [0.45, 0.85]);
  await page().waitForFunction("link.value.length > 0");
  const brushed = await run<string[]>("[...link.value]");
  assert.ok(brushed.length < 9);
  assert.deepEqual(await run("second.chart.view.signal('highlight')"), brushed);
  await drag("#fig-spaghetti svg", [0.2, 0.3], [0.25, 0.55]);
  await page().waitForFunction(`JSON.stringify(link.value) !== '${JSON.stringify(brushed)}' && link.value.length > 0`);
  assert.deepEqual(await run("first.chart.view.signal('highlight')"), await run("[...link.value]"));
  assert.deepEqual(await run("first.chart.view.data('brush_store')"), [], "the other brush is gone");
  await run("link.highlight([])");
  assert.deepEqual(await run("second.chart.view.signal('highlight')"), []);
});

test("new data move the drawing in place", {skip}, async () => {
  await run("globalThis.before = document.querySelector('#fig-bland-altman svg')");
  await run("first.update({spec: spec('approximate')})");
  assert.equal(await run("globalThis.before === document.querySelector('#fig-bland-altman svg')"), true);
  assert.equal(await run("first.chart.view.data('lines')[2].lower"), -100);
  await run("first.update({spec: spec('exact')})");
  assert.equal(await run("first.chart.view.data('lines')[2].lower"), -115);
});

test("downloads are real files", {skip}, async () => {
  const get = async (label: string): Promise<{name: string; text: string}> => {
    const [download] = await Promise.all([
      page().waitForEvent("download"),
      page().locator("#fig-bland-altman .m-download", {hasText: label}).click()
    ]);
    return {name: download.suggestedFilename(), text: (await readFile(await download.path())).toString("latin1")};
  };
  const svg = await get("SVG");
  assert.equal(svg.name, "bland-altman.svg");
  assert.match(svg.text, /^<svg[^]*#9c4221[^]*<\/svg>$/);
  assert.doesNotMatch(svg.text, /var\(/);
  const png = await get("PNG");
  assert.equal(png.text.slice(1, 4), "PNG");
  const csv = await get("CSV");
  assert.equal(csv.text.split("\r\n").length, 9 + 2, "all rows, not only those shown");
  const spec = JSON.parse((await get("Vega-Lite")).text);
  assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
  assert.equal(spec.datasets.points.length, 9);
});

test("the data table says how many rows it leaves out", {skip}, async () => {
  await page().locator("#fig-bland-altman summary", {hasText: "Data (9 rows)"}).click();
  const table = page().locator("#fig-bland-altman .m-figure-data");
  await table.locator("tbody tr").first().waitFor();
  assert.equal(await table.locator("tbody tr").count(), 4);
  assert.match((await table.textContent())!, /Rows 1 to 4 of 9/);
});

test("a claim shows its verdict in place", {skip}, async () => {
  const mark = page().locator("p .m-claim");
  assert.equal(await mark.getAttribute("data-verdict"), null);
  await run("mark.update(results.bias)");
  assert.equal(await mark.getAttribute("data-verdict"), "fail");
  await mark.locator("button").click();
  assert.match((await mark.locator(".m-claim-detail").innerText()), /Published\s+−2\.12\sL\/min\s+Recomputed\s+−2\.2000\sL\/min/);
  await page().keyboard.press("Escape");
  assert.equal(await mark.locator(".m-claim-detail").isVisible(), false);
  assert.match((await page().locator(".m-claims-summary").first().textContent())!, /0 of 2 claims.*1 outside; 1 cannot be recomputed/);
});

test("files come through the one file input, and a refused one is said as an alert", {skip}, async () => {
  await page().setInputFiles("input[type=file]", [{name: "a.nii", mimeType: "", buffer: Buffer.from("abc")}]);
  await page().waitForFunction("drop.value.length === 1");
  await page().setInputFiles("input[type=file]", [{name: "x.bad", mimeType: "", buffer: Buffer.from("abc")}]);
  const alert = page().locator(".m-file-drop [role=alert]");
  await alert.waitFor();
  assert.match(await alert.innerText(), /x\.bad[^]*magic[^]*abc[^]*n\+1/);
  assert.equal(await run("drop.value[0].name"), "a.nii", "what was taken before stays");
  await page().locator(".m-progress button").click();
  assert.equal(await run("controller.signal.aborted"), true);
});

test("a bar of an unknown share has no value and tells no per cent", {skip}, async () => {
  const bars = await run<[number, string][]>(`[...document.querySelectorAll(".m-progress")].map((box) =>
    [box.querySelector("progress").position, box.querySelector(".m-progress-label").textContent])`);
  assert.deepEqual(bars.at(-1), [-1, "Fitting together"]);
});

test("axe finds nothing, in light and dark, and nothing overflows at 380 px", {skip}, async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page().emulateMedia({colorScheme});
    assert.deepEqual(await axeViolations(page()), []);
  }
  await page().setViewportSize({width: 380, height: 800});
  await page().waitForFunction("document.querySelector('#fig-bland-altman svg').getBoundingClientRect().width <= 350");
  assert.ok(await run<number>("document.documentElement.scrollWidth") <= 380);
  assert.deepEqual(await axeViolations(page()), []);
});

test("a figure that leaves the page frees its view, and is drawn again when it comes back", {skip}, async () => {
  await run("first.remove()");
  await page().waitForFunction("first.chart.view === null");
  await run("document.querySelector('#here').prepend(first)");
  await page().waitForSelector("#fig-bland-altman svg");
  assert.deepEqual(bench.faults, []);
});
