import assert from "node:assert/strict";
import {mkdirSync, readdirSync, readFileSync} from "node:fs";
import {extname, join} from "node:path";
import {describe, test} from "node:test";
import {pathToFileURL} from "node:url";
import type {Page} from "playwright-core";
import {root} from "../../scripts/paths.js";
import type {Study} from "../../src/studies/study-contract.js";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";
import {exerciseCell} from "./cells.js";

// Screenshots of every page in every look, for a person to judge, where this names a folder.
const pictures = process.env.MEASURAND_SCREENSHOTS;
const dist = join(root, "dist");
const pages = readdirSync(dist, {recursive: true, encoding: "utf8"}).filter((file) => extname(file) === ".html");
const studies = pages.filter((file) => file.startsWith("studies/"));

const site = siteUnderTest("/under/a/path/");

if (pictures) mkdirSync(pictures, {recursive: true});

describe("every page", () => {
  for (const file of pages) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`${file}, ${colorScheme}: no fault, nothing from elsewhere, no axe violation`, async () => {
        const {page, faults} = await site.open({colorScheme});
        await page.goto(site.url + file);
        await settled(page, file);
        await scrollThrough(page);
        await lazyPartsReady(page);
        await picture(page, file, colorScheme);
        assert.deepEqual(await errorsOn(page), []);
        assert.deepEqual(await axe(page), []);
        assert.deepEqual(faults, []);
        await page.context().close();
      });
    }

    test(`${file}, 380 px: nothing overflows`, async () => {
      const {page, faults} = await site.open({viewport: {width: 380, height: 800}});
      await page.goto(site.url + file);
      await settled(page, file);
      await scrollThrough(page);
      await lazyPartsReady(page);
      await picture(page, file, "narrow");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 380, `the page is ${wide} px wide`);
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }
});

describe("every study", () => {
  for (const file of studies) {
    test(`${file}: every claim is recomputed and passes, or says why it cannot be`, async () => {
      const {page, faults} = await site.open();
      await page.goto(site.url + file);
      await settled(page, file);
      const study = file.split("/")[1];
      const published = JSON.parse(readFileSync(join(root, "src/studies", study, "claims.json"), "utf8")).claims;
      const verdicts = await page.$$eval("[data-claim]", (elements) =>
        elements.map((element) => [element.getAttribute("data-claim"), element.getAttribute("data-verdict")])
      );
      const module = (await import(pathToFileURL(join(root, "src/studies", study, "study.ts")).href)) as {study: Study};
      const left = (module.study.supplied ?? []).map(({path}) => path);
      for (const {id, value, inputs} of published) {
        const found = verdicts.filter(([claim]) => claim === id);
        assert.ok(found.length > 0, `claim ${id} is not on the page`);
        const waits = value === null || inputs?.some((path: string) => left.includes(path));
        for (const [, verdict] of found) assert.equal(verdict, waits ? "unavailable" : "pass", `claim ${id}`);
      }
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }
});

describe("one cell of every study can be edited", () => {
  const edits: Record<string, {source: string; edit: (text: string) => string; expectChanged: string[]}> = {
    agreement: {
      source: "const settings = {level",
      edit: (text) => text.replace("level: 0.95", "level: 0.8"),
      expectChanged: ["#meters"]
    },
    repeatability: {
      source: "const estimator",
      edit: (text) => text.replace("ols", "iwls"),
      expectChanged: ["#test-retest"]
    },
    "f1-surface": {
      source: "const surface = fitSurface",
      edit: (text) => text.replace("fitSurface(scores, method)", "fitSurface(scores, method, 0.5)"),
      expectChanged: ["#coefficients"]
    },
    "multi-site": {
      source: "const cutTo",
      edit: (text) => text.replace("Math.trunc(temperature)", "Math.trunc(temperature) - 2"),
      expectChanged: ["#reference-values"]
    }
  };
  for (const file of studies) {
    const study = file.split("/")[1];
    test(`${study}: dependants follow, an error breaks nothing else, reset restores`, async () => {
      assert.ok(edits[study], `no cell of ${study} is edited here`);
      const {page, faults} = await site.open();
      await page.goto(site.url + file);
      await settled(page, file);
      await exerciseCell(page, edits[study]);
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }
});

test("search finds a study by a word of its text", async () => {
  const {page, faults} = await site.open();
  await page.goto(`${site.url}index.html`);
  await page.fill("#observablehq-search input", "peak");
  await page.waitForSelector("#observablehq-search-results a");
  const links = await page.$$eval("#observablehq-search-results a", (all) => all.map((link) => (link as HTMLAnchorElement).href));
  assert.ok(links.some((link) => link.includes("studies/agreement/index.html")), links.join(" "));
  assert.deepEqual(faults, []);
  await page.context().close();
});

/** Waits until the study is done; a page that is no study is settled when nothing loads any more. */
async function settled(page: Page, file: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  if (!file.startsWith("studies/")) return;
  await page.waitForFunction(() => ["done", "failed"].includes(document.documentElement.dataset.study ?? ""), null, {timeout: 120_000});
  const state = await page.evaluate(() => document.documentElement.dataset.study);
  assert.equal(state, "done", JSON.stringify(await errorsOn(page)));
  await page.waitForFunction(() => document.querySelector("observablehq-loading") === null, null, {timeout: 60_000});
  await page.waitForLoadState("networkidle");
}

/** Brings each viewer and each surface into view and waits until WebGL draws it. */
async function lazyPartsReady(page: Page): Promise<void> {
  for (const [selector, renderer] of [[".m-viewer", "niivue"], [".m-surface", "webgl"]]) {
    for (const part of await page.$$(selector)) {
      await part.scrollIntoViewIfNeeded();
      await page.waitForFunction(([element, name]) => (element as HTMLElement).dataset.renderer === name, [part, renderer] as const, {
        timeout: 60_000
      });
    }
  }
}

function errorsOn(page: Page): Promise<string[]> {
  return page.$$eval('.observablehq--error, [role="alert"]:not(:empty)', (elements) =>
    elements.map((element) => element.textContent ?? "").filter((text) => text.trim() !== "")
  );
}

async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const {violations} = await (window as any).axe.run(document, {resultTypes: ["violations"]});
    return violations.flatMap((violation: any) =>
      violation.nodes.map((node: any) => `${violation.id}: ${node.target.join(" ")} - ${node.failureSummary.replace(/\s+/g, " ")}`)
    );
  });
}

async function picture(page: Page, file: string, look: string): Promise<void> {
  if (!pictures) return;
  const name = `${file.replace(/\.html$/, "").replaceAll("/", "-")}-${look}.png`;
  await page.screenshot({path: join(pictures, name), fullPage: true});
}
