import assert from "node:assert/strict";
import {test} from "node:test";
import type {Page} from "playwright-core";
import {siteUnderTest} from "./browser.js";

const site = siteUnderTest();

const state = (page: Page, wanted: string) =>
  page.waitForFunction((name) => document.documentElement.dataset.explorer === name, wanted, {timeout: 60_000});

async function open(hash = ""): Promise<{page: Page; faults: string[]}> {
  const opened = await site.open();
  await opened.page.goto(`${site.url}tools/model-explorer.html${hash}`);
  await state(opened.page, "done");
  return opened;
}

/** The cells of a table's row by the row's header. */
const row = (page: Page, table: string, header: string) =>
  page.$$eval(`#${table} tbody tr`, (rows, name) => {
    const found = rows.find((each) => each.querySelector("th")!.textContent!.startsWith(name))!;
    return [...found.querySelectorAll("td")].map((cell) => cell.textContent ?? "");
  }, header);

/** The small print under the table of the fit. */
const noteOf = (page: Page) => page.locator(".m-result-table", {has: page.locator("#explorer-fit")}).innerText();

/** Waits until the address, which is written at rest, says what is expected. */
const address = (page: Page, part: string) =>
  page.waitForFunction((wanted) => location.hash.includes(wanted), part, {timeout: 60_000});

test("a drag moves figures and tables in single precision, and rest brings double precision and the link", async () => {
  const {page, faults} = await open();
  assert.match(await page.locator(".m-explorer-note").innerText(), /^Double precision\. 2000 repeats/);
  const before = await row(page, "explorer-fit", "ADC");
  assert.match(before[0], /^1\.100/);
  const drawn = () => page.$$eval("#fig-signal path, #fig-cloud path, #fig-distribution path", (all) =>
    all.map((path) => path.getAttribute("d")).join());
  const picture = await drawn();
  const notes = await page.getByLabel("ADC", {exact: true}).first().evaluate(async (input: HTMLInputElement) => {
    const seen = new Set<string>();
    for (let k = 1; k <= 60; k++) {
      input.value = String(1.1 + k * 0.02);
      input.dispatchEvent(new Event("input", {bubbles: true}));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const cell = document.querySelector("#explorer-fit tbody tr:nth-child(2) td")?.textContent;
      if (document.documentElement.dataset.explorer === "dragging" && cell) seen.add(cell);
    }
    return [...seen];
  });
  assert.ok(notes.length >= 3, `the table followed the drag: ${notes.join(" ")}`);
  await state(page, "done");
  await address(page, "p.ADC=0.0023");
  assert.match((await row(page, "explorer-fit", "ADC"))[0], /^2\.300/);
  assert.notEqual(await drawn(), picture);
  const [, , , efficiency, coverage] = await row(page, "explorer-repeats", "ADC");
  assert.ok(Number(efficiency) > 0.9 && Number(efficiency) < 1.15, efficiency);
  assert.match(coverage, /^9[2-7]/);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a link brings its settings back; another model brings its own", async () => {
  const settings = "&p.f=0.3&c.b=0,0,20,60,120,300,500,900&snr=20&noise=rician&seed=7&likelihood=rician";
  const hash = `#model=ivim${settings}&pair=f,D&shown=Dstar`;
  const {page, faults} = await open(hash);
  assert.match((await row(page, "explorer-fit", "f"))[0], /^0\.3/);
  assert.equal(await page.getByLabel("b (s/mm²)").inputValue(), "0, 0, 20, 60, 120, 300, 500, 900");
  assert.equal(await page.getByLabel("Likelihood", {exact: true}).inputValue(), "rician");
  assert.match(await page.locator("#fig-profile figcaption").innerText(), /95 % interval/);
  assert.match(await noteOf(page), /misleads for .*Dstar/s);
  await page.getByLabel("Model", {exact: true}).selectOption("inversion-recovery");
  await address(page, "model=inversion-recovery");
  const names = await page.$$eval("#explorer-fit tbody th", (all) => all.map((cell) => cell.textContent));
  assert.deepEqual(names, ["a", "b", "T1 (s)"]);
  assert.equal(await page.locator(".m-fit-equation math").count(), 1);
  await page.evaluate(() => (location.hash = "#model=t2&p.T2=0.05"));
  await address(page, "c.TE=");
  assert.match((await row(page, "explorer-fit", "T2"))[0], /^0\.05/);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("protocols can be typed and chosen; what cannot be used is said where it stands", async () => {
  const {page, faults} = await open("#model=mono-exponential");
  const b = page.getByLabel("b (s/mm²)");
  await b.fill("0, 5*800");
  await b.press("Enter");
  await address(page, "c.b=0,5*800");
  assert.match(await page.locator(".m-explorer-form").innerText(), /6 samples/);
  await b.fill("0, many");
  await b.press("Enter");
  await page.locator(".m-explorer-form .m-error").waitFor();
  assert.match(await page.locator(".m-explorer-form .m-error").innerText(), /many/);
  assert.equal(await page.locator("#explorer-fit").isVisible(), true);
  await b.fill("500, 500");
  await b.press("Enter");
  await state(page, "failed");
  assert.match(await page.locator(".m-explorer-results .m-error").innerText(), /protocol\.b/);
  assert.equal(await page.locator("#explorer-fit").isVisible(), false);
  await page.getByLabel("Protocol", {exact: true}).selectOption("2 b: 0 and 1000");
  await state(page, "done");
  assert.match(await noteOf(page), /as many parameters as samples/);
  await page.getByRole("button", {name: "Back to the example"}).click();
  await address(page, "c.b=0,100,300,500,700,1000");
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("a link that cannot be used says why and shows the example", async () => {
  const {page, faults} = await open("#model=ivim&p.f=7");
  const alert = await page.locator(".m-error").first().innerText();
  assert.match(alert, /p\.f/);
  assert.match(alert, /from 0\.01 to 0\.6/);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("with the keyboard: an arrow moves a slider, and the numbers follow", async () => {
  const {page, faults} = await open("#model=t2");
  await page.getByLabel("T2", {exact: true}).first().focus();
  await page.keyboard.press("ArrowRight");
  await address(page, "p.T2=0.081");
  assert.match((await row(page, "explorer-fit", "T2"))[0], /^0\.081/);
  assert.deepEqual(faults, []);
  await page.context().close();
});
