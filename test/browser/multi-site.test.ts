import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, test, type TestContext} from "node:test";
import {fileURLToPath} from "node:url";
import type {BrowserContextOptions, FileChooser, Page} from "playwright-core";
import {root} from "../../scripts/paths.js";
import {readClaims} from "../../src/domain/claims.js";
import {file} from "../../src/studies/multi-site/study.js";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";

const shared = fileURLToPath(new URL("../../../shared/reference/agreement", import.meta.url));
const path = join(shared, file);
const published = readClaims(readFileSync(join(root, "src/studies/multi-site/claims.json"), "utf8"), "claims.json");
const figures = ["variation", "reference", "accuracy", "spread", "magnitude-complex"];

const site = siteUnderTest("/under/a/path/");

/** The page without the file, and at the end the check that nothing went wrong on it. */
async function onPage(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const {page, faults} = await site.open(options);
  page.setDefaultTimeout(60_000);
  try {
    await page.goto(`${site.url}studies/multi-site/index.html`);
    await done(page);
    await use(page);
    assert.deepEqual(await page.$$eval(".observablehq--error", (all) => all.map(({textContent}) => textContent)), []);
    assert.deepEqual(faults, []);
  } finally {
    await page.context().close();
  }
}

async function done(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset.study === "done", null, {timeout: 60_000});
  await page.waitForFunction(() => document.querySelector("observablehq-loading") === null, null, {timeout: 60_000});
}

/** Whether the challenge's file is here; the test is told to skip where it is not. */
function hasFile(t: TestContext): boolean {
  if (!existsSync(path)) t.skip("../shared/reference is absent");
  return existsSync(path);
}

/** Gives the file, and waits until everything is computed from it. */
async function give(page: Page, how: "picker" | "keyboard" = "picker"): Promise<void> {
  if (how === "picker") await page.setInputFiles("input[type=\"file\"]", path);
  else await (await chooserByKeyboard(page)).setFiles(path);
  await page.getByText(/38 maps of 12 submissions, 532 regions; no region is without a mean/).waitFor();
  await done(page);
  await page.locator("#fig-magnitude-complex").waitFor();
}

/** The drop zone is a file picker that the space bar opens; a key that comes before the page has the focus is lost. */
async function chooserByKeyboard(page: Page): Promise<FileChooser> {
  for (let attempt = 0; ; attempt++) {
    await page.locator("input[type=\"file\"]").focus();
    const opened = page.waitForEvent("filechooser", {timeout: 10_000});
    await page.keyboard.press("Space");
    try {
      return await opened;
    } catch (error) {
      if (attempt === 2) throw error;
    }
  }
}

const verdicts = (page: Page): Promise<Record<string, string[]>> => page.$$eval("[data-claim]", (elements) => {
  const found: Record<string, string[]> = {};
  for (const element of elements as HTMLElement[]) (found[element.dataset.claim!] ??= []).push(element.dataset.verdict!);
  return found;
});

async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const {violations} = await (window as any).axe.run(document, {resultTypes: ["violations"]});
    return violations.map(({id, nodes}: any) => `${id}: ${nodes[0].html}`);
  });
}

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

describe("the multi-site study without its file", () => {
  test("shows the published table; claims wait for the file, those of the reference pass", () =>
    onPage(async (page) => {
      const found = await verdicts(page);
      for (const {id, inputs} of published) {
        assert.ok(found[id]?.length > 0, `claim ${id} is not on the page`);
        for (const verdict of found[id]) assert.equal(verdict, inputs!.includes(file) ? "unavailable" : "pass", id);
      }
      const table = await text(page, "#published");
      for (const number of ["1925.0", "1943.5", "1960.3", "122.3", "59.7"]) assert.ok(table.includes(number), number);
      const main = await text(page, "main");
      assert.match(main, /osf\.io\/ywc9g/);
      assert.match(main, /doi:10\.1002\/mrm\.30111/);
      assert.match(main, /npx measurand reproduce multi-site --data FOLDER/);
      assert.match(main, /198 wait for a file/);
    }));

  test("the reference answers to its sliders by keyboard", () =>
    onPage(async (page) => {
      const before = await text(page, "#reference-values");
      assert.match(before, /1934\.6/);
      await page.getByLabel("Temperature", {exact: true}).focus();
      await page.keyboard.press("Home");
      await page.waitForFunction(() => document.querySelector("#reference-values")!.textContent!.includes("1766.7"));
      await page.getByLabel("Sphere", {exact: true}).focus();
      await page.keyboard.press("End");
      await page.getByText("Reference T₁ of sphere 14").waitFor();
    }));
});

describe("the multi-site study with its file", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`given by keyboard: every claim passes, every figure is drawn, no axe violation, ${colorScheme}`, (t) => hasFile(t)
      ? onPage(async (page) => {
        await give(page, "keyboard");
        const found = await verdicts(page);
        for (const {id} of published) for (const verdict of found[id]) assert.equal(verdict, "pass", `claim ${id}`);
        const all = published.length;
        await page.getByText(`${all} of ${all} claims recomputed and within tolerance.`).waitFor();
        await page.getByText(/It is the file that the claims were published from/).waitFor();
        await scrollThrough(page);
        for (const id of figures) await page.locator(`#fig-${id} svg`).first().waitFor();
        assert.match(await text(page, "#linearity"), /Spheres that fail linearity: 6, 7, 8, 9, 10, 11, 12, 13, 14/);
        assert.deepEqual(await axe(page), []);
      }, {colorScheme})
      : undefined);
  }

  test("results follow the choices: reference, serial 42, maps without serial, submissions 2 and 12", (t) => hasFile(t)
    ? onPage(async (page) => {
      await give(page);
      const table = "#accuracy-by-sphere";
      const row = async (): Promise<string> =>
        (await text(page, table)).split("\n").find((line) => line.startsWith("1\t"))!;
      assert.match(await row(), /1884\.0\t12\t1\.71/);
      for (const [choice, pattern] of [
        ["the temperature cut to an integer", /2\.22/], ["20 °C", /2\.99/], ["the map's temperature", /1\.71/],
        ["version 1", /−0\.537/]
      ] as const) {
        await page.getByLabel(choice, {exact: true}).check();
        await page.waitForFunction(([selector, source]) =>
          new RegExp(source).test(document.querySelector(selector)?.textContent ?? ""), [table, pattern.source] as const);
      }
      await page.getByRole("group", {name: "A phantom with serial 42 is"}).getByLabel("version 2").check();
      await page.getByRole("group", {name: "Submissions 2 and 12"}).getByLabel("are left out").check();
      await page.getByText("Spheres that fail linearity: 7, 8, 9, 10, 11, 12, 13, 14").waitFor();
      assert.match(await row(), /1884\.0\t10\t2\.10/);
      await page.getByRole("group", {name: "Maps without a serial"}).getByLabel("are left out").check();
      await page.waitForFunction((selector) =>
        /1884\.09/.test(document.querySelector(selector)?.textContent ?? ""), table);
    })
    : undefined);

  test("sliders: the sphere compared, and the departure that is accepted", (t) => hasFile(t)
    ? onPage(async (page) => {
      await give(page);
      await page.getByLabel("Sphere compared").fill("8");
      await page.getByText("Magnitude over complex fits of one scan, sphere 8").waitFor();
      await page.getByLabel("Accepted departure from the line").fill("10");
      await page.getByText("Spheres that fail linearity: 8, 9, 10, 11, 12, 13, 14").waitFor();
      await page.getByLabel("all 14 (logarithmic beyond 10 %)").check();
      await page.locator("#fig-accuracy svg").first().waitFor();
    })
    : undefined);

  test("the database answers", (t) => hasFile(t)
    ? onPage(async (page) => {
      await give(page);
      await page.getByText("Mean T₁ of sphere 1 by vendor, ms").waitFor();
      assert.match(await text(page, "main"), /GE\s+10/);
    })
    : undefined);

  test("a changed value fails its claims and is said to be another file", (t) => hasFile(t)
    ? onPage(async (page) => {
      const changed = readFileSync(path, "utf8").replace("1877.253", "1977.253");
      const buffer = Buffer.from(changed);
      await page.setInputFiles("input[type=\"file\"]", {name: "mine.csv", mimeType: "text/csv", buffer});
      await page.getByText(/It is another file than the claims were published from/).waitFor();
      await done(page);
      const found = await verdicts(page);
      assert.ok(found["all-mean-1"].every((verdict) => verdict === "fail"));
      assert.ok(found["all-mean-2"].every((verdict) => verdict === "pass"));
    })
    : undefined);

  test("380 px: nothing overflows", (t) => hasFile(t)
    ? onPage(async (page) => {
      await give(page);
      await scrollThrough(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380);
    }, {viewport: {width: 380, height: 800}})
    : undefined);
});

describe("files that are not the one", () => {
  const header = "id,vendor,data_type,serial,temperature_C,sphere,n_vox,mean_ms,sd_ms,median_ms";
  for (const [name, content, expected] of [
    ["other.csv", "subject,wright_1\n1,494\n", /a column id/],
    ["numbers.csv", `${header}\n1.001,GE,Complex,42,20,1,90,long,1,1\n`,
      /row 2, column mean_ms[\s\S]*long/],
    ["few.csv", `${header}\n1.001,GE,Complex,42,20,1,90,1900,1,1\n`,
      /map 1\.002, which the published table counts/]
  ] as const) {
    test(`${name} is told at the drop zone, and changes nothing`, () =>
      onPage(async (page) => {
        await page.setInputFiles("input[type=\"file\"]", {name, mimeType: "text/csv", buffer: Buffer.from(content)});
        const alert = page.locator(".m-file-drop [role=alert]");
        await alert.waitFor();
        assert.match(await alert.innerText(), expected);
        assert.equal(await page.evaluate(() => document.documentElement.dataset.study), "done");
        assert.match(await text(page, "main"), /198 wait for a file/);
      }));
  }
});
