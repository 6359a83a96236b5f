import assert from "node:assert/strict";
import {test} from "node:test";
import type {Page} from "playwright-core";
import {siteUnderTest} from "./browser.js";

const site = siteUnderTest();

const open = async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}learn/how-good-are-these-intervals.html`);
  return {page, faults};
};
const drawn = (page: Page, other = "") => page.waitForFunction((before) => {
  const text = document.querySelector("#live")?.textContent ?? "";
  return / hold the truth: | tests reject: /.test(text) && text !== before;
}, other, {timeout: 120_000});

test("samples are drawn as the page opens, and the table keeps its promise", async () => {
  const {page, faults} = await open();
  await drawn(page);
  const said = await page.locator("#live").innerText();
  assert.match(said, /^1[67]\d\d of 2000 intervals hold the truth: 8\d\.\d %\..*this is not 95 %/);
  assert.match(await page.locator("#fig-pile .m-figure-name").innerText(), /^Upper limit of agreement: BCa bootstrap, normal data, n = 10$/);
  const {cells, kept} = await page.locator("#promise").evaluate(({dataset}: HTMLElement) => ({...dataset}));
  assert.ok(Number(cells) > 100);
  assert.equal(kept, cells);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("another method, size, distribution and other samples are drawn anew", async () => {
  const {page, faults} = await open();
  await drawn(page);
  let said = await page.locator("#live").innerText();
  await page.getByRole("button", {name: "Draw 2,000 others", exact: true}).click();
  await drawn(page, said);

  await page.getByLabel("Method of the recipe", {exact: true}).selectOption("repeatability");
  await page.getByLabel("Interval or test", {exact: true}).selectOption("drift-test");
  await page.waitForFunction(() => / tests reject: /.test(document.querySelector("#live")?.textContent ?? ""), null, {timeout: 120_000});
  said = await page.locator("#live").innerText();
  assert.match(said, /^\d+ of 2000 tests reject: [345678]\.\d %/);
  await page.getByLabel("50", {exact: true}).first().check();
  await drawn(page, said);
  await page.getByLabel("heavy-tailed", {exact: true}).first().check();
  await page.waitForFunction(() => /heavy-tailed data, n = 50$/.test(document.querySelector("#fig-pile .m-figure-name")?.textContent ?? ""));
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("drawing can be cancelled and started again", async () => {
  const {page, faults} = await open();
  await page.getByRole("button", {name: "Cancel", exact: true}).click({timeout: 30_000});
  const again = page.getByRole("button", {name: "Compute again", exact: true});
  await again.waitFor();
  const said = await page.locator("#live").innerText();
  assert.doesNotMatch(said, /hold the truth/);
  await again.click();
  await drawn(page);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("the table follows method, kind and words, the figure the distribution too", async () => {
  const {page, faults} = await open();
  const rows = page.locator("#coverage tbody tr");
  await rows.first().waitFor();
  const ofMethod = await rows.count();
  assert.ok(ofMethod > 20);
  const find = page.getByLabel("Find", {exact: true});
  await find.fill("bca");
  await page.waitForFunction(() => document.querySelectorAll("#coverage tbody tr").length === 1);
  assert.match(await rows.first().innerText(), /Upper limit of agreement: BCa bootstrap[\s\S]*approximate: beyond 50 pairs|approximate: 50 pairs/);
  await page.getByLabel("Method", {exact: true}).selectOption("all");
  await page.waitForFunction(() => document.querySelectorAll("#coverage tbody tr").length > 8);
  await find.fill("difference on mean");
  await page.getByLabel("tests", {exact: true}).check();
  await page.waitForFunction(() => document.querySelectorAll("#coverage tbody tr").length === 3);
  assert.match(await page.locator("#coverage caption").innerText(), /^Rejections at the level 5 %/);
  await page.locator("fieldset", {hasText: "Distribution in the figure"}).getByLabel("log-normal").check();
  await page.waitForFunction(() => /log-normal data$/.test(document.querySelector("#fig-dots .m-figure-name")?.textContent ?? ""));
  await find.fill("nothing has these words");
  await page.waitForFunction(() => /Nothing in the table/.test(document.querySelector("#coverage")?.textContent ?? ""));
  // What the text says of the false alarms is what the table has.
  const text = await page.locator("#observablehq-main").innerText();
  assert.match(text, /it rejects in 1[345]\s%/);
  assert.match(text, /with \.1 and \.5 in\s+3\d\s%/);
  assert.deepEqual(faults, []);
  await page.context().close();
});
