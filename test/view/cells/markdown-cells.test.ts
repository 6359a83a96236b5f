import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {test} from "node:test";
import {buildPage} from "./page.js";

const page = await buildPage("/studies/demo/index");

test("each executable js and sql fence carries its source, id and kind, and no other fence does", async () => {
  const input = await readFile(new URL("../../fixtures/cells/index.md", import.meta.url), "utf8");
  const fences = [...input.matchAll(/^```(js|sql)(| id=\S+| id=\S+ display| echo)\n([\s\S]*?)\n```$/gm)];
  assert.equal(fences.length, 17);
  assert.deepEqual(
    page.cells.map((cell) => [cell.attributes.cellMode, cell.source]),
    fences.map(([, mode, , source]) => [mode, source])
  );
  for (const {id, attributes} of page.cells) {
    assert.ok(page.html.includes(`<!--:${id}:-->`));
    assert.equal(attributes.cellPage, "/studies/demo/index");
  }
});

test("an SQL cell says which variable holds its rows and whether they are shown", () => {
  const queries = page.cells.filter((cell) => cell.attributes.cellMode === "sql");
  assert.deepEqual(
    queries.map(({attributes}) => [attributes.cellName, attributes.cellDisplay]),
    [["rows", undefined], ["shown", ""], [undefined, ""]]
  );
});

test("two cells of the same text keep ids of their own", () => {
  const same = page.cells.filter((cell) => cell.source === '"same"');
  assert.equal(same.length, 2);
  assert.notEqual(same[0].id, same[1].id);
});

test("sources stand in attributes alone, where search does not read them", () => {
  // As Framework's search index strips a page.
  const text = page.html.replaceAll(/[\n\r]/g, " ").replaceAll(/<[^>]+>/g, " ");
  assert.ok(text.includes("One cell of each kind"));
  for (const code of ["twice", "quoted", "FileAttachment", "SELECT * FROM"]) {
    assert.equal(text.includes(code), false, code);
  }
});
