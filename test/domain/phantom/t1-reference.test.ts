import assert from "node:assert/strict";
import {join} from "node:path";
import {before, test} from "node:test";
import {root} from "../../../scripts/paths.js";
import {percentError, phantomVersion, referenceT1, type T1Reference} from "../../../src/domain/phantom/t1-reference.js";
import {openFolder} from "../../../src/io/folder.node.js";
import {readReference} from "../../../src/studies/multi-site/study.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative, reference, sharedColumns} from "../../helpers/reference.js";

let table: T1Reference;
before(async () => void (table = await readReference(await openFolder(join(root, "data/t1-phantom-reference")))));

test("version 2 between its temperatures is scipy's quadratic interpolation of the logarithms", () => {
  const {temperatures, version2} = reference("t1-phantom");
  temperatures.forEach((temperature: number, t: number) => {
    referenceT1(table, 2, temperature).forEach((value, i) =>
      assertRelative(value, version2[i][t], 1e-12, `sphere ${i + 1} at ${temperature}`));
  });
});

test("published values come back as they are", () => {
  table.temperatures.forEach((temperature, t) => {
    assert.deepEqual(referenceT1(table, 2, temperature), table.spheres.map(({version2}) => version2[t]));
  });
  referenceT1(table, 1, 20).forEach((value, i) => assertRelative(value, table.spheres[i].version1, 1e-15));
});

test("version 1 is version 2, scaled: one ratio at every temperature", () => {
  for (const temperature of [16, 19.515, 22, 25.3]) {
    const [first, second] = [referenceT1(table, 1, temperature), referenceT1(table, 2, temperature)];
    table.spheres.forEach(({version1, version2}, i) => assertRelative(first[i] / second[i], version1 / version2[2], 1e-14));
  }
});

test("the shipped table is the reference's", (t) => {
  const columns = sharedColumns("nist_t1_temperature.csv");
  if (columns === null) return t.skip("../shared/reference is absent");
  assert.deepEqual(table.spheres.map(({sphere}) => sphere), columns.sphere);
  table.temperatures.forEach((temperature, k) => {
    assert.deepEqual(table.spheres.map(({version2}) => version2[k]), columns[`T${temperature}`]);
  });
  assert.deepEqual(table.spheres.map(({version1}) => version1),
    [1989, 1454, 984.1, 706, 496, 351.5, 247.13, 175.3, 125.9, 89.0, 62.7, 44.53, 30.84, 21.719]);
});

test("serials on both sides of each rule, and none", () => {
  const versions = (first: 42 | 43) => [41, 42, 43, null].map((serial) => phantomVersion(serial, first));
  assert.deepEqual(versions(42), [1, 2, 2, 2]);
  assert.deepEqual(versions(43), [1, 1, 2, 2]);
});

test("nothing is extrapolated, and a reference has to be above 0", () => {
  for (const temperature of [15.99, 26.01]) {
    const fault = assertRejects(() => referenceT1(table, 2, temperature), "temperature-out-of-range", "temperature");
    assert.match(fault.message, /16 to 26 degrees/);
  }
  assertRejects(() => referenceT1(table, 2, NaN), "not-finite", "temperature");
  const broken = {...table, spheres: [{sphere: 1, version1: 1, version2: [1, 2, 0, 4, 5, 6]}]};
  assertRejects(() => referenceT1(broken, 2, 20), "not-positive", /sphere 1/);
});

test("the error is in percent of the reference", () => {
  assertRelative(percentError(105, 100), 5, 1e-14);
  assertRelative(percentError(50, 100), -50, 1e-15);
});
