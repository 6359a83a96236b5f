import assert from "node:assert/strict";
import {test} from "node:test";
import type {Page} from "playwright-core";
import {drag, siteUnderTest} from "./browser.js";

const site = siteUnderTest();

const done = (page: Page) =>
  page.waitForFunction(() => document.documentElement.dataset.study === "done", null, {timeout: 120_000});
/** Waits until an element says something else than before. */
const changed = (page: Page, selector: string, before: string) =>
  page.waitForFunction(([where, said]) => {
    const text = document.querySelector<HTMLElement>(where)?.innerText;
    return text !== undefined && text !== said;
  }, [selector, before] as const, {timeout: 60_000});

test("IVIM at low SNR follows tissue, parameter and SNR without simulating anew", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}learn/ivim-at-low-snr.html`);
  await done(page);
  const sentence = page.locator("#ivim-sentence");
  assert.match(await sentence.innerText(), /^In muscle at SNR 10 the RMSE of D\* is least squares \d+/);
  assert.equal(await page.locator("#tissues tbody tr").count(), 18);

  let said = await sentence.innerText();
  await page.getByLabel("Tissue", {exact: true}).selectOption("Myocardium");
  await changed(page, "#ivim-sentence", said);
  assert.match(await sentence.innerText(), /^In myocardium at SNR 10/);

  said = await sentence.innerText();
  await page.getByLabel("100", {exact: true}).check();
  await changed(page, "#ivim-sentence", said);
  assert.match(await sentence.innerText(), /^In myocardium at SNR 100 .* err alike/);
  assert.match(await page.locator("#tissues caption").innerText(), /SNR 100/);

  said = await sentence.innerText();
  await page.getByLabel("D", {exact: true}).check();
  await changed(page, "#ivim-sentence", said);
  assert.match(await sentence.innerText(), /the RMSE of D is/);
  assert.match(await page.locator("#fig-rmse .m-figure-name").innerText(), /^Root-mean-square error of D in myocardium$/);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.study), "done");
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a lesson's computation can be cancelled and started again", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}learn/ivim-at-low-snr.html`);
  await page.getByRole("button", {name: "Cancel", exact: true}).click({timeout: 30_000});
  const again = page.getByRole("button", {name: "Compute again", exact: true});
  await again.waitFor();
  assert.equal(await page.locator("#tissues").count(), 0);
  await again.click();
  await page.locator("#tissues").waitFor({timeout: 120_000});
  assert.equal(await page.getByRole("button", {name: "Compute again", exact: true}).count(), 0);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("What fits are worth keeps its promise, and follows voxel and parameter", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}learn/what-fits-are-worth.html`);
  await done(page);
  const counts = await page.locator("[data-certified]").evaluate(({dataset}: HTMLElement) => [dataset.certified, dataset.missed]);
  assert.equal(counts[1], "0");
  assert.equal(await page.locator("#worth [data-verdict=pass]").count(), Number(counts[0]));
  assert.equal(await page.locator("#worth [data-verdict=fail]").count(), 0);

  const outcome = "#profile-outcome";
  let said = await page.locator(outcome).innerText();
  assert.match(said, /^Outcome: .*The profile likelihood goes from /);
  const compared = await page.locator("#intervals").innerText();
  await drag(page, "Voxel", 2);
  await changed(page, outcome, said);
  // Another voxel of the same parameter: the comparison over many voxels stands.
  assert.equal(await page.locator("#intervals").innerText(), compared);

  said = await page.locator(outcome).innerText();
  await page.getByLabel("Model and parameter", {exact: true}).selectOption("mono-exponential ADC");
  await changed(page, outcome, said);
  await changed(page, "#intervals", compared);
  assert.match(await page.locator("#intervals caption").innerText(), /of ADC, over 200 voxels/);
  assert.deepEqual(faults, []);
  await page.context().close();
});
