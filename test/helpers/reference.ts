import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";

/** A fixture of published values in test/fixtures/reference. */
export function reference(name: string): any {
  const fixture = JSON.parse(readFileSync(new URL(`../fixtures/reference/${name}.json`, import.meta.url), "utf8"));
  assert.ok(typeof fixture.source === "string" && fixture.source.length > 0, `${name} states its source`);
  return fixture;
}

/** Every digit printed: the value rounds to the printed decimals, and to nothing else. */
export function assertPrinted(actual: number, printed: string, what = "value"): void {
  const decimals = printed.includes(".") ? printed.length - printed.indexOf(".") - 1 : 0;
  assert.equal(actual.toFixed(decimals), Number(printed).toFixed(decimals), `${what}: ${actual}, printed ${printed}`);
}

/** Both ends of an interval, every digit printed. */
export function assertPrintedInterval(
  actual: {lower: number; upper: number}, [lower, upper]: readonly string[], what = "interval"
): void {
  assertPrinted(actual.lower, lower, `lower end of ${what}`);
  assertPrinted(actual.upper, upper, `upper end of ${what}`);
}

/** Relative agreement; exact where the expected value is 0. */
export function assertRelative(actual: number, expected: number, tolerance: number, what = "value"): void {
  const ok = expected === 0 ? actual === 0 : Math.abs(actual - expected) <= tolerance * Math.abs(expected);
  assert.ok(ok, `${what}: ${actual}, expected ${expected} within ${tolerance} of itself`);
}

/** A CSV of ../shared/reference/agreement by column, or null when that folder is absent. */
export function sharedColumns(name: string): Record<string, number[]> | null {
  const file = new URL(`../../../shared/reference/agreement/${name}`, import.meta.url);
  if (!existsSync(file)) return null;
  const [header, ...rows] = readFileSync(file, "utf8").trim().split(/\r?\n/).map((line) => line.split(","));
  return Object.fromEntries(header.map((column, i) => [column, rows.map((row) => Number(row[i]))]));
}
