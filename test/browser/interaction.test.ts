import assert from "node:assert/strict";
import {test} from "node:test";
import type {Page} from "playwright-core";
import {drag, siteUnderTest} from "./browser.js";

const site = siteUnderTest();

const done = (page: Page) => page.waitForFunction(() => document.documentElement.dataset.study === "done", null, {timeout: 120_000});
const text = (page: Page, selector: string) => page.locator(selector).first().innerText();

test("the F1 page follows its sliders: image, sentence and surface", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}studies/f1-surface/index.html`);
  await done(page);
  const sentence = page.locator("p", {hasText: "the segmenter finds"}).first();
  await assert.doesNotReject(sentence.waitFor());
  const said = await sentence.innerText();
  const pixels = await page.locator(".m-slice-canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await drag(page, "Echo time TE", 90);
  await page.waitForFunction((before) => !document.body.innerText.includes(before), said.slice(0, 60));
  assert.match(await sentence.innerText(), /At TE 90 ms/);
  assert.notEqual(await page.locator(".m-slice-canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL()), pixels);

  const coefficients = await text(page, "#coefficients");
  await drag(page, "Noise, relative to relaxed water", 0.006);
  await page.waitForFunction((before) => {
    const table = document.querySelector<HTMLElement>("#coefficients");
    return table !== null && table.innerText !== before;
  }, coefficients, {timeout: 60_000});
  // Back at the published noise the published surface is there again, without being computed anew.
  await drag(page, "Noise, relative to relaxed water", 0.015);
  await page.waitForFunction((before) => document.querySelector<HTMLElement>("#coefficients")?.innerText === before, coefficients);
  const verdicts = await page.$$eval("[data-claim]", (all) => all.map((mark) => mark.getAttribute("data-verdict")));
  assert.ok(verdicts.every((verdict) => verdict === "pass"));
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("on the agreement page a brush in one figure highlights the people in the others", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}studies/agreement/index.html`);
  await done(page);
  const chart = page.locator("#fig-agreement svg").first();
  await chart.scrollIntoViewIfNeeded();
  const pictures = () => page.$$eval("#fig-readings svg, #fig-normality svg", (all) => all.map((svg) => svg.outerHTML));
  const before = await pictures();
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.75, {steps: 5});
  await page.mouse.up();
  await page.waitForTimeout(500);
  const after = await pictures();
  after.forEach((picture, i) => assert.notEqual(picture, before[i]));
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("on a narrow screen the button opens the list of pages, and Escape closes it", async () => {
  const {page, faults} = await site.open({viewport: {width: 380, height: 800}});
  await page.goto(`${site.url}index.html`);
  const button = page.getByRole("button", {name: "Pages"});
  const right = () => page.locator("#observablehq-sidebar").evaluate((sidebar) => sidebar.getBoundingClientRect().right);
  assert.ok((await right()) <= 0, "the list is out of sight");
  await button.click();
  await page.waitForFunction(() => document.querySelector("#observablehq-sidebar")!.getBoundingClientRect().right > 100);
  await page.waitForFunction(() => document.querySelector("#observablehq-sidebar")!.contains(document.activeElement));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("#observablehq-sidebar")!.getBoundingClientRect().right <= 0);
  assert.equal(await button.evaluate((element) => element === document.activeElement), true);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("on paper the surface is drawn, also when the paper has another width", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}studies/f1-surface/index.html`);
  await done(page);
  const plot = page.locator(".m-surface");
  await plot.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector<HTMLElement>(".m-surface")?.dataset.renderer === "webgl");
  const drawn = () => page.locator(".m-surface-model *").count();
  assert.equal(await drawn(), 0, "on the screen WebGL draws the surface");
  await page.emulateMedia({media: "print"});
  await page.setViewportSize({width: 720, height: 1000});
  await page.waitForFunction(() => document.querySelectorAll(".m-surface-model *").length > 100);
  await page.waitForTimeout(500);
  assert.ok((await drawn()) > 100, "it stays when the width has settled");
  assert.deepEqual(faults, []);
  await page.context().close();
});
