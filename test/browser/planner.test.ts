import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import type {BrowserContextOptions, Page} from "playwright-core";
import {planners} from "../../src/domain/planning/planners.js";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";

const site = siteUnderTest("/under/a/path/");

/** The page, and at the end the check that nothing went wrong on it. */
async function onPage(use: (page: Page) => Promise<void>, hash = "", options: BrowserContextOptions = {}): Promise<void> {
  const {page, faults} = await site.open(options);
  try {
    await page.goto(`${site.url}tools/planner.html${hash}`);
    await state(page, "plan", "done", "failed");
    await use(page);
    assert.deepEqual(await page.$$eval(".observablehq--error", (all) => all.map(({textContent}) => textContent)), []);
    assert.deepEqual(faults, []);
  } finally {
    await page.context().close();
  }
}

function state(page: Page, key: string, ...wanted: string[]): Promise<unknown> {
  return page.waitForFunction(([name, values]) => values.includes(document.documentElement.dataset[name] ?? ""),
    [key, wanted] as const, {timeout: 30_000});
}

const says = (page: Page, text: RegExp): Promise<unknown> => page.locator("#plan-answer", {hasText: text}).waitFor();
const choose = (page: Page, id: string) => page.getByLabel("What is to be planned?").selectOption(id);

describe("the study planner", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the plan, its curve and its simulation are the planner's own, ${colorScheme}; no axe violation`, () =>
      onPage(async (page) => {
        await says(page, /^35 subjects \(70 measurements\): upper factor 1\.248, wanted 1\.25\.$/);
        await state(page, "simulation", "done");
        const own = planners.find(({id}) => id === "repeatability")!.run({factor: 1.25});
        const {value, standardError} = own.achieved[1].simulated!;
        assert.match(await page.locator("#plan-achieved").innerText(),
          new RegExp(`coverage\\s+0\\.95\\s+0\\.9500\\s+${value.toFixed(4)}\\s+${standardError.toFixed(4)}\\s+yes`));
        await page.locator("#fig-plan-curve svg", {hasText: "n = 35"}).waitFor();
        for (const text of ["2 repeats", "5 repeats", "wanted: 1.25"]) {
          await page.locator("#fig-plan-curve svg", {hasText: text}).waitFor();
        }
        await page.getByText("npx measurand plan repeatability --factor 1.25", {exact: true}).waitFor();
        await scrollThrough(page);
        await page.evaluate(axeSource);
        const violations = await page.evaluate(async () => {
          const {axe} = window as any;
          const {violations: found} = await axe.run("#observablehq-main", {resultTypes: ["violations"]});
          return found.map(({id, nodes}: any) => `${id}: ${nodes[0].html}`);
        });
        assert.deepEqual(violations, []);
      }, "", {colorScheme}));
  }

  test("a slider answers while it is dragged; a given number of subjects is judged; a link brings all of it back", () =>
    onPage(async (page) => {
      await page.getByLabel("Factor, slider").fill("1.2");
      await says(page, /^50 subjects/);
      await page.getByLabel("Repeats, slider").fill("3");
      await says(page, /^25 subjects \(75 measurements\)/);
      assert.equal(await page.getByLabel("Subjects, slider").inputValue(), "25");
      await page.getByLabel("Subjects", {exact: true}).fill("12");
      await says(page, /^12 subjects \(36 measurements\): upper factor 1\.316/);
      await page.getByText("12 subjects do not reach a factor of 1.2", {exact: false}).waitFor();
      await page.waitForFunction(() => location.hash.includes("o.subjects=12"));
      const hash = new URL(page.url()).hash;
      await onPage(async (again) => {
        await says(again, /^12 subjects \(36 measurements\): upper factor 1\.316/);
        await again.getByRole("button", {name: "Find it instead"}).click();
        await says(again, /^25 subjects/);
      }, hash);
    }));

  test("bad options are told at their field by the planner, and nothing is lost", () =>
    onPage(async (page) => {
      await choose(page, "limits-lu");
      await says(page, /^142 subjects/);
      const before = await page.locator("#plan-answer").innerText();
      await page.getByLabel("Limit", {exact: true}).fill("7.9");
      await state(page, "plan", "failed");
      const alert = page.locator(".m-plan-field", {has: page.getByLabel("Limit", {exact: true})}).getByRole("alert");
      assert.match(await alert.innerText(), /7\.9[\s\S]*more than \|mean\| \+ 1\.960 sd/);
      assert.equal(await page.locator("#plan-answer").innerText(), before, "the last plan stays");
      await page.getByLabel("SD", {exact: true}).fill("four");
      await page.locator(".m-plan-field", {has: page.getByLabel("SD", {exact: true})}).getByRole("alert").waitFor();
      assert.equal(await page.getByLabel("Limit", {exact: true}).inputValue(), "7.9");
      await choose(page, "auc");
      await says(page, /^60 subjects/);
      await choose(page, "limits-lu");
      await state(page, "plan", "failed");
      assert.equal(await page.getByLabel("SD", {exact: true}).inputValue(), "four");
      await page.getByLabel("SD", {exact: true}).fill("3");
      await state(page, "plan", "done");
      assert.equal(await page.locator(".m-error").count(), 0);
    }));

  test("a link whose settings cannot be planned says why and offers nothing to simulate", () =>
    onPage(async (page) => {
      await state(page, "plan", "failed");
      await page.locator("#fig-plan-curve svg", {hasText: "No plan with these settings"}).waitFor();
      assert.ok(await page.getByRole("button", {name: "Simulate these studies"}).isHidden());
      assert.match(await page.locator(".m-plan-field [role=alert]").innerText(), /subjects[\s\S]*a whole number >= 2/);
      await page.getByRole("button", {name: "Find it instead"}).click();
      await says(page, /^142 subjects/);
    }, "#plan=limits-lu&o.limit=10&o.mean=0.5&o.sd=4&o.subjects=1"));

  test("a long simulation shows its progress and can be cancelled, and taken up again", () =>
    onPage(async (page) => {
      await state(page, "simulation", "running");
      await page.getByRole("button", {name: "Cancel"}).click();
      await page.getByText("The simulation was cancelled.").waitFor();
      assert.match(await page.locator("#plan-achieved").innerText(), /not simulated/);
      await page.getByText("Simulated studies", {exact: true}).click();
      await page.getByLabel("Simulations", {exact: true}).fill("100");
      await state(page, "simulation", "done");
      await page.getByText(/^100 simulated studies, seed 1/).waitFor();
    }, "#plan=auc&o.auc=0.8&o.half-width=0.02&o.simulations=1000000"));

  test("a design: factors are added and renamed, its runs are drawn, listed and taken home", () =>
    onPage(async (page) => {
      await choose(page, "central-composite");
      await says(page, /^12 runs\.$/);
      await page.locator("#fig-plan-runs svg", {hasText: "×4"}).waitFor();
      await page.getByRole("button", {name: "Add a factor"}).click();
      await says(page, /^18 runs\.$/);
      await page.getByLabel("Name of factor 3").fill("TR");
      await page.getByLabel("Up", {exact: true}).selectOption("TR");
      await page.locator("#fig-plan-runs", {hasText: "Runs over TE and TR"}).waitFor();
      assert.equal(await page.locator("#plan-runs tbody tr").count(), 18);
      const [file] = await Promise.all([
        page.waitForEvent("download"), page.getByRole("button", {name: "Download the runs as TSV"}).click()
      ]);
      const lines = readFileSync(await file.path(), "utf8").trim().split("\n");
      assert.equal(lines[0], "run\tstandard order\tTE\tTI\tTR\tTE (coded)\tTI (coded)\tTR (coded)");
      assert.equal(lines.length, 19);
      await page.getByLabel("Name of factor 3").fill("TE");
      await state(page, "plan", "failed");
      assert.match(await page.locator(".m-plan-field [role=alert]").innerText(), /each factor once/);
      assert.equal(await page.locator("#plan-runs tbody tr").count(), 18);
    }));

  test("every planner and every variant answers; 380 px do not overflow", () =>
    onPage(async (page) => {
      for (const {id, variants} of planners) {
        for (const variant of variants) {
          // A fraction of a factorial needs generators, which are the reader's to name.
          if (variant.id === "fractional") continue;
          await choose(page, id);
          if (variants.length > 1) await page.getByLabel("Variant").selectOption(variant.id);
          await page.waitForFunction(([plan, own]) => location.hash.includes(`plan=${plan}&variant=${own}`), [id, variant.id]);
          await state(page, "plan", "done");
          assert.equal(await page.locator(".m-error").count(), 0, `${id} ${variant.id}`);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380, `${id} ${variant.id}`);
        }
      }
    }, "", {viewport: {width: 380, height: 800}}));

  test("a link that is no link says so and leaves the page usable", () =>
    onPage(async (page) => {
      await page.locator('.m-error[data-code="unknown-method"]').waitFor();
      await says(page, /^35 subjects/);
    }, "#plan=nothing"));
});
