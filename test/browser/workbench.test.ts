import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, test} from "node:test";
import type {BrowserContextOptions, Page} from "playwright-core";
import {root} from "../../scripts/paths.js";
import {blandAltmanMethod} from "../../src/domain/statistics/bland-altman-method.js";
import type {MethodReport} from "../../src/domain/statistics/method.js";
import {readMethodTable} from "../../src/io/method-table.js";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";

const site = siteUnderTest("/under/a/path/");

/** The page, and at the end the check that nothing went wrong on it. */
async function onPage(
  use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}, hash = ""
): Promise<void> {
  const {page, faults} = await site.open(options);
  try {
    await page.goto(`${site.url}tools/agreement-workbench.html${hash}`);
    await state(page, "idle", "ready", "done");
    await use(page);
    assert.deepEqual(await page.$$eval(".observablehq--error", (all) => all.map(({textContent}) => textContent)), []);
    assert.deepEqual(faults, []);
  } finally {
    await page.context().close();
  }
}

function state(page: Page, ...wanted: string[]): Promise<unknown> {
  return page.waitForFunction((states) => states.includes(document.documentElement.dataset.workbench ?? ""), wanted, {
    timeout: 30_000
  });
}

const example = (page: Page) => page.getByRole("button", {name: /^Try it with peak flow/}).click();

const drop = (page: Page, name: string, text: string) =>
  page.setInputFiles("input[type=\"file\"]", {name, mimeType: "text/csv", buffer: Buffer.from(text)});

/** Runs a query and waits for its answer, or for what is wrong with it. */
async function ask(page: Page): Promise<void> {
  const button = page.getByRole("button", {name: "Run the query"});
  await button.click();
  // Disabled from the click until the answer stands.
  await button.and(page.locator(":enabled")).waitFor();
}

const chosenMethod = (page: Page) => page.getByLabel("Method", {exact: true}).inputValue();

async function downloaded(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", {name, exact: true}).click()
  ]);
  return readFileSync(await file.path(), "utf8");
}

const report = async (page: Page) =>
  JSON.parse(await downloaded(page, "Download the whole report as JSON")) as MethodReport;

describe("the agreement workbench", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the example, ${colorScheme}: numbers of the method itself, figures, checks, texts; no axe violation`, () =>
      onPage(async (page) => {
        await example(page);
        await state(page, "done");
        const path = join(root, "data/peak-flow/peak_flow.tsv");
        const table = readMethodTable(readFileSync(path, "utf8"), "data/peak-flow/peak_flow.tsv");
        const expected = blandAltmanMethod.run({
          table, columns: {subject: ["subject"], x: ["wright_1"], y: ["mini_1"]}, level: 0.95, options: {}
        });
        await page.locator("#bench-estimates").waitFor();
        assert.deepEqual(await report(page), JSON.parse(JSON.stringify(expected)));
        await scrollThrough(page);
        for (const kind of ["1-differences", "2-intervals", "3-pairs", "4-quantiles"]) {
          await page.locator(`#fig-bench-${kind} svg`).first().waitFor();
        }
        assert.match(await page.locator("main").innerText(),
          /npx measurand stats bland-altman data\/peak-flow\/peak_flow\.tsv --subject subject --x wright_1 --y mini_1/);
        await page.evaluate(axeSource);
        const violations = await page.evaluate(async () => {
          const {axe} = window as any;
          const {violations: found} = await axe.run("#observablehq-main", {resultTypes: ["violations"]});
          return found.map(({id, nodes}: any) => `${id}: ${nodes[0].html}`);
        });
        assert.deepEqual(violations, []);
      }, {colorScheme}));
  }

  test("method, variant and options by keyboard and pointer; a link brings them back with the example", () =>
    onPage(async (page) => {
      await example(page);
      await state(page, "done");
      await page.getByLabel("Method", {exact: true}).selectOption("deming");
      await page.locator("#fig-bench-1-pairs svg").first().waitFor();
      await page.getByText("Options", {exact: true}).click();
      await page.getByLabel("error-ratio").fill("2");
      await page.getByLabel("error-ratio").press("Tab");
      await page.waitForFunction(() => location.hash.includes("o.error-ratio=2"));
      await page.waitForFunction(() => document.querySelector("main")?.textContent?.includes("--error-ratio 2"));
      const before = await report(page);
      assert.equal(before.estimates.find(({name}) => name === "error ratio")!.value, 2);
      const hash = new URL(page.url()).hash;
      await onPage(async (again) => {
        await state(again, "done");
        await again.locator("#bench-estimates").waitFor();
        assert.deepEqual(await report(again), before);
      }, {}, hash);
    }));

  test("bad input is told at the input, with row and column, and mending it brings the result", () =>
    onPage(async (page) => {
      await drop(page, "bad.csv", "id,a,b\n1,2,3\n2,4,five\n3,5,6\n4,7,7\n");
      await state(page, "failed");
      const alert = page.locator(".m-bench-form [role=alert]");
      await alert.waitFor();
      assert.match(await alert.innerText(), /row 3, column b[\s\S]*five/);
      assert.equal(await page.locator("#bench-estimates").count(), 0);
      await drop(page, "good.csv", "id,a,b\n1,2,3\n2,4,5\n3,5,6\n4,7,7\n");
      await state(page, "done");
      await page.locator("#bench-estimates").waitFor();
      assert.equal(await page.locator(".m-bench-form [role=alert]").count(), 0);
      await page.getByRole("group", {name: /^x /}).getByLabel("a", {exact: true}).uncheck();
      await state(page, "failed");
      assert.match(await page.locator(".m-bench-form .m-bench-field [role=alert]").first().innerText(), /columns for/);
    }));

  test("a pasted long table, and a query on the database", () =>
    onPage(async (page) => {
      await page.getByText("Paste a table", {exact: true}).click();
      await page.getByLabel(/^Table, with tabs/)
        .fill("id\tmethod\tvalue\n1\tA\t5\n1\tB\t6\n2\tA\t8\n2\tB\t9.5\n3\tA\t9\n3\tB\t9");
      await page.getByRole("button", {name: "Read this table"}).click();
      await state(page, "done");
      await page.locator("#bench-estimates").waitFor();
      assert.equal((await report(page)).n, 3);
      await page.getByText("Take a table from the database", {exact: true}).click();
      await page.getByLabel("Method", {exact: true}).selectOption("repeatability");
      await page.getByLabel("Query", {exact: true}).fill(
        "SELECT subject, session AS repeat, value FROM measurements WHERE model = 'Wright'");
      await ask(page);
      await page.getByText(/query\.csv: 34 rows/).waitFor();
      await page.locator("#bench-estimates", {hasText: "n = 17"}).waitFor();
      const {method, n} = await report(page);
      assert.deepEqual({method, n}, {method: "repeatability", n: 17}, "the method outlives its table");
    }));

  test("a method chosen while a new table's form is still to come is not lost", () =>
    onPage(async (page) => {
      await example(page);
      await state(page, "done");
      // Chosen in the very moment in which the new table stands on the page.
      await page.evaluate(() => {
        const table = document.querySelector(".m-bench-table")!;
        const observer = new MutationObserver(() => {
          if (!table.textContent!.includes("late.csv")) return;
          observer.disconnect();
          const chooser = document.querySelector<HTMLSelectElement>(".m-bench-form select")!;
          chooser.value = "ccc";
          chooser.dispatchEvent(new Event("input", {bubbles: true}));
        });
        observer.observe(table, {childList: true, subtree: true});
      });
      await drop(page, "late.csv", "id,a,b\n1,2,3\n2,4,5\n3,5,6\n4,7,7\n");
      await page.locator("#bench-estimates", {hasText: "n = 4"}).waitFor();
      assert.equal((await report(page)).method, "ccc");
      assert.equal(await chosenMethod(page), "ccc");
    }));

  test("every table of the site, and the reader's own, can be asked; a surface is seen from above", () =>
    onPage(async (page) => {
      await drop(page, "three.csv", `a,b,c,y\n${[-1, 0, 1].flatMap((a) => [-1, 0, 1].flatMap((b) => [-1, 0, 1].map((c) =>
        [a, b, c, 9 - a * a - b * b - c * c + 0.3 * a * b + 0.01 * ((a + 2 * b + 3 * c) % 2)].join()))).join("\n")}\n`);
      await page.getByLabel("Method", {exact: true}).selectOption("response-surface");
      await page.locator("#fig-bench-1-surface svg").first().waitFor();
      await page.getByLabel("Surface over").selectOption({label: "b and c"});
      await page.locator("#fig-bench-1-surface", {hasText: "y over b and c"}).waitFor();
      await page.getByText("Take a table from the database", {exact: true}).click();
      const tables = page.getByLabel("Begin with the table");
      const names = await tables.locator("option").evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
      for (const name of ["measurements", "peak_flow", "f1_surface_scores", "simulated_cohort_truth_scans", "my_table"]) {
        assert.ok(names.includes(name), name);
      }
      for (const name of names) {
        await tables.selectOption(name);
        await ask(page);
        assert.match(await page.locator(".m-bench-table caption").innerText(), /^query\.csv: [1-9]\d* rows/, name);
        assert.equal(await page.locator(".m-bench-source .m-error").count(), 0, name);
      }
      await page.getByText("query.csv: 27 rows, 4 columns, 0 missing cells").waitFor();
      await tables.selectOption("f1_surface_scores");
      await ask(page);
      await page.getByText(/^query\.csv: \d+ rows, 3 columns/).waitFor();
      assert.equal(await chosenMethod(page), "response-surface", "the method outlives its table");
      await page.locator("#fig-bench-1-surface", {hasText: "F1 over TE and TI"}).waitFor();
      await page.getByLabel("Query", {exact: true}).fill("SELECT * FROM nowhere");
      await ask(page);
      await page.locator(".m-bench-source [role=alert]", {hasText: "nowhere"}).waitFor();
    }));

  test("380 px: nothing overflows", () =>
    onPage(async (page) => {
      await example(page);
      await state(page, "done");
      await page.getByText("Options", {exact: true}).click();
      await scrollThrough(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380);
    }, {viewport: {width: 380, height: 800}}));
});
