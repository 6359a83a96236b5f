// Drives the in-place cell editor of a page in a browser, as a reader at the keyboard would.
import assert from "node:assert/strict";
import type {Locator, Page} from "playwright-core";

export interface Exercise {
  /** Which cell: its position among the page's editable cells (from 0), */
  cellIndex?: number;
  /** or a selector of it or of something in it, */
  selector?: string;
  /** or a piece of its source that no other cell has. */
  source?: string;
  /** The new source, or how to make it of the published one. */
  edit: string | ((source: string) => string);
  /** Selectors of what depends on the cell: the text of each must change with the edit and come back with the reset. */
  expectChanged: string[];
  /** Milliseconds that one recomputation may take (30 s). */
  timeout?: number;
}

/**
 * Opens a cell, edits and runs it, and asserts in turn: what depends on it changes; cell and page are marked modified;
 * a syntax error stands at the cell and changes nothing; a reset restores text, results and marks; Escape leaves the
 * editor.
 * @throws AssertionError that names the cell and what did not hold
 */
export async function exerciseCell(page: Page, exercise: Exercise): Promise<void> {
  const {edit, expectChanged, timeout = 30_000} = exercise;
  assert.ok(expectChanged.length > 0, "an exercise needs something that depends on the cell");
  await page.waitForFunction(() => document.documentElement.dataset.cells === "ready", undefined, {timeout});
  const cell = await findCell(page, exercise);
  const name = `cell ${await cell.getAttribute("data-cell")}`;
  const toggle = cell.locator("button.cell-toggle");
  const content = cell.locator(".cm-content");
  const error = cell.locator(".cell-error");
  const before = await settled(page, expectChanged, timeout);
  before.forEach((text, i) => assert.notEqual(text, "", `${expectChanged[i]} is empty before ${name} is edited`));

  await toggle.focus();
  await page.keyboard.press("Enter");
  await content.waitFor({timeout});
  assert.equal(await toggle.getAttribute("aria-expanded"), "true", `${name}: the button tells that it is open`);
  const focused = () => content.evaluate((node) => node === document.activeElement);
  await waitFor(page, focused, timeout, `${name}: focus in the editor`);
  const published = (await cell.getAttribute("data-cell-source")) ?? "";
  const edited = typeof edit === "string" ? edit : edit(published);
  assert.notEqual(edited, published, `${name}: the edit changes the source`);

  await type(page, content, edited);
  await page.keyboard.press("Control+Enter");
  await waitFor(
    page,
    async () => (await readAll(page, expectChanged)).every((text, i) => text !== "" && text !== before[i]),
    timeout,
    async () => `${name}: ${expectChanged.join(", ")} change with the edit${await describe(error)}`
  );
  assert.ok(await cell.evaluate((node) => node.hasAttribute("data-modified")), `${name} is marked`);
  assert.ok(await cell.locator(".cell-mark").isVisible(), `${name} shows the mark "modified"`);
  assert.equal(await countModified(page), "1", "the page counts one modified cell");
  assert.ok(await page.locator(".cells-note").isVisible(), "the page says that a cell is modified");
  assert.equal(await error.isVisible(), false, `${name}: no alert after a good edit`);
  const after = await settled(page, expectChanged, timeout);

  const broken = (await cell.getAttribute("data-cell-mode")) === "sql" ? "${(" : "(";
  await type(page, content, `${edited}\n${broken}`);
  await page.keyboard.press("Control+Enter");
  await error.waitFor({timeout});
  assert.equal(await error.getAttribute("role"), "alert");
  const said = (await error.textContent()) ?? "";
  assert.match(said, /^Not run: .+\(line \d+, column \d+\)/, `${name}: the syntax error and its place`);
  await page.waitForTimeout(200);
  assert.deepEqual(await readAll(page, expectChanged), after, `${name}: a syntax error changes no result`);
  assert.equal(await page.locator(".observablehq--error").count(), 0, `${name}: a syntax error breaks nothing else`);

  await cell.locator("button.cell-reset").click();
  await waitFor(
    page,
    async () => (await readAll(page, expectChanged)).every((text, i) => text === before[i]),
    timeout,
    async () => {
      const found = JSON.stringify(await readAll(page, expectChanged));
      return `${name}: reset restores ${JSON.stringify(before)}; found ${found}`;
    }
  );
  assert.equal(await error.isVisible(), false, `${name}: reset clears the alert`);
  assert.equal(await cell.evaluate((node) => node.hasAttribute("data-modified")), false, `${name} is no longer marked`);
  assert.equal(await countModified(page), undefined, "the page counts none");
  assert.equal(await page.locator(".cells-note").isVisible(), false, "the page's note is gone");
  // A long text is drawn only in part.
  const drawn = (await content.locator(".cm-line").allTextContents()).join("\n");
  const restored = drawn !== "" && published.includes(drawn.trimEnd());
  assert.ok(restored, `${name}: reset restores the text; found ${JSON.stringify(drawn)}`);

  await content.focus();
  await page.keyboard.press("Escape");
  assert.equal(await cell.locator(".cell-panel").isVisible(), false, `${name}: Escape closes the editor`);
  assert.ok(await toggle.evaluate((node) => node === document.activeElement), `${name}: Escape returns to the button`);
}

/** Replaces the text of an open editor. */
export async function type(page: Page, content: Locator, text: string): Promise<void> {
  await content.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** The wrapper of the cell that is meant. */
export async function findCell(
  page: Page,
  {cellIndex, selector, source}: Pick<Exercise, "cellIndex" | "selector" | "source">
): Promise<Locator> {
  const cells = page.locator("[data-cell]");
  if (cellIndex !== undefined) return cells.nth(cellIndex);
  const ids = await cells.evaluateAll(
    (nodes, by) =>
      nodes
        .filter((node) => {
          if (by.source !== undefined) return (node as HTMLElement).dataset.cellSource?.includes(by.source);
          return by.selector !== undefined && (node.matches(by.selector) || node.querySelector(by.selector) !== null);
        })
        .map((node) => (node as HTMLElement).dataset.cell),
    {source, selector}
  );
  assert.equal(ids.length, 1, `${JSON.stringify(source ?? selector)} picks one cell`);
  return page.locator(`[data-cell="${ids[0]}"]`);
}

/** The text of each selector's matches, joined. */
export async function readAll(page: Page, selectors: string[]): Promise<string[]> {
  return page.evaluate(
    (given) =>
      given.map((selector) =>
        [...document.querySelectorAll(selector)]
          .map((node) => (node.textContent ?? "").replace(/\s+/g, " ").trim())
          .join(" | ")
      ),
    selectors
  );
}

function countModified(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.documentElement.dataset.modified);
}

/** The same once it has stood still for half a second: one edit may arrive in several steps. */
async function settled(page: Page, selectors: string[], timeout: number): Promise<string[]> {
  const end = Date.now() + timeout;
  let last = await readAll(page, selectors);
  for (let calm = 0; calm < 5 && Date.now() < end; ) {
    await page.waitForTimeout(100);
    const now = await readAll(page, selectors);
    calm = JSON.stringify(now) === JSON.stringify(last) ? calm + 1 : 0;
    last = now;
  }
  return last;
}

async function waitFor(
  page: Page,
  holds: () => Promise<boolean>,
  timeout: number,
  what: string | (() => string | Promise<string>)
): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`after ${timeout} ms: ${typeof what === "string" ? what : await what()}`);
    await page.waitForTimeout(50);
  }
}

async function describe(error: Locator): Promise<string> {
  return (await error.isVisible()) ? `; the cell says ${JSON.stringify(await error.textContent())}` : "";
}
