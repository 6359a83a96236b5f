import assert from "node:assert/strict";
import {test} from "node:test";
import {convert, formatBytes, parseUnit, unitNames} from "../../src/domain/units.js";
import {assertRejects} from "../helpers/bad-input.js";

test("conversions are exact where decimals allow, and undo each other", () => {
  assert.equal(convert(0.093, "s", "ms"), 93);
  assert.equal(convert(105, "ms", "s"), 0.105);
  assert.equal(convert(0.05, "1", "%"), 5);
  assert.equal(convert(1000, "s/mm2", "ms/um2"), 1);
  assert.equal(convert(0.7, "um2/ms", "mm2/s"), 0.0007);
  assert.equal(convert(3, "L/min", "L/min"), 3);
});

test("units of other quantities do not convert", () => {
  assertRejects(() => convert(1, "s", "mm2/s"), "incompatible-units", "to");
  assertRejects(() => convert(1, "furlong" as never, "s"), "unknown-unit", "from");
});

test("units are read as they stand", () => {
  for (const unit of unitNames) assert.equal(parseUnit(unit), unit);
  for (const text of ["MS", "mm²/s", "", null, "toString", 3]) {
    assertRejects(() => parseUnit(text, "columns[0].unit"), "unknown-unit", "columns[0].unit");
  }
});

test("sizes are told in powers of 1000", () => {
  assert.deepEqual([0, 999, 1000, 2_680_000, 3e9].map(formatBytes), ["0 B", "999 B", "1 kB", "2.68 MB", "3 GB"]);
});
