import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import type {BrowserContextOptions, Page} from "playwright-core";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";

const site = siteUnderTest("/under/a/path/");

/** The page, and at the end the check that nothing went wrong on it. */
async function onPage(use: (page: Page) => Promise<void>, hash = "", options: BrowserContextOptions = {}): Promise<void> {
  const {page, faults} = await site.open(options);
  try {
    await page.goto(`${site.url}tools/protocol-designer.html${hash}`);
    await ready(page, "designer", "done");
    await use(page);
    assert.deepEqual(await page.$$eval(".observablehq--error", (all) => all.map(({textContent}) => textContent)), []);
    assert.deepEqual(faults, []);
  } finally {
    await page.context().close();
  }
}

function ready(page: Page, key: string, wanted: string): Promise<unknown> {
  return page.waitForFunction(([name, value]) => document.documentElement.dataset[name] === value, [key, wanted], {
    timeout: 60_000
  });
}

const says = (page: Page, text: RegExp): Promise<unknown> => page.locator("#designer-sentence", {hasText: text}).waitFor();

describe("protocol designer", () => {
  test("the clinical protocol leaves f and T2v open; three echo times do not; no axe violation", () =>
    onPage(async (page) => {
      await says(page, /^(?!.*not at all)/);
      await page.getByLabel("Start from").selectOption("Clinical: 5 b at one TE");
      await says(page, /S0, f, T2v, T2t not at all/);
      await page.locator("#fig-bounds svg", {hasText: "not identifiable"}).waitFor();
      await page.getByLabel("Start from").selectOption("7 b at 3 TE");
      await says(page, /^(?!.*not at all)/);
      await page.locator("#fig-map .mark-symbol path").first().waitFor({state: "attached"});
      await scrollThrough(page);
      await page.addScriptTag({content: axeSource});
      const violations = await page.evaluate(async () => {
        const axe = (globalThis as unknown as {axe: {run(): Promise<{violations: {id: string}[]}>}}).axe;
        return (await axe.run()).violations.map(({id}) => id);
      });
      assert.deepEqual(violations, []);
    }));

  test("a longer echo time is dragged: bounds and link follow, and the link brings the protocol back", () =>
    onPage(async (page) => {
      const before = await page.locator("#designer-bounds").innerText();
      await page.getByLabel("Largest TE").fill("200");
      await page.waitForFunction((text) => document.querySelector<HTMLElement>("#designer-bounds")?.innerText !== text, before);
      await page.waitForFunction(() => location.hash.includes("0.2"));
      const [bounds, hash] = [await page.locator("#designer-bounds").innerText(), await page.evaluate(() => location.hash)];
      await onPage(async (other) => {
        assert.equal(await other.locator("#designer-bounds").innerText(), bounds);
      }, hash);
    }));

  test("optimise: before and after, the way there, and the protocol is taken over", () =>
    onPage(async (page) => {
      await page.getByLabel("Start from").selectOption("Clinical: 5 b at one TE");
      await says(page, /not at all/);
      assert.equal(await page.getByLabel("Number of acquisitions").inputValue(), "21");
      await page.getByRole("button", {name: "Optimise", exact: true}).click();
      await ready(page, "optimise", "done");
      assert.match(await page.locator("#designer-optimised").innerText(), /f\s+not identifiable\s+[\d.]+/);
      await page.locator("#fig-descent").waitFor();
      await page.getByRole("button", {name: "Take this protocol over"}).click();
      await says(page, /One voxel of this acquisition tells (?!.*not at all)/);
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", {name: "Download the protocol as JSON"}).click()
      ]);
      const json = JSON.parse(readFileSync(await file.path(), "utf8")) as {Protocol: {b: {Values: number[]}}};
      assert.equal(json.Protocol.b.Values.length, 21);
    }));

  test("every model opens; what is typed wrong is said; 380 px do not overflow", () =>
    onPage(
      async (page) => {
        const models = await page.getByLabel("Model", {exact: true}).locator("option").evaluateAll((all) =>
          all.map((option) => (option as HTMLOptionElement).value)
        );
        for (const model of models) {
          await page.getByLabel("Model", {exact: true}).selectOption(model);
          await page.waitForFunction((id) => location.hash.includes(`model=${id}&`), model);
          assert.equal(await page.locator(".m-error").count(), 0, model);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380, model);
        }
        await page.getByLabel("Model", {exact: true}).selectOption("t2");
        await page.waitForFunction(() => location.hash.includes("model=t2&"));
        for (const field of await page.getByLabel("Times acquired").all()) await field.fill("0");
        await page.keyboard.press("Tab");
        await page.locator('.m-error[data-code="empty-protocol"]').first().waitFor();
      },
      "",
      {viewport: {width: 380, height: 800}}
    ));

  test("a link that is no link says so and leaves the page usable", () =>
    onPage(async (page) => {
      await page.locator('.m-error[data-code="unknown-model"]').waitFor();
      await says(page, /One voxel/);
    }, "#model=nothing"));
});
