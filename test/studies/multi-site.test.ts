import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {before, describe, test, type TestContext} from "node:test";
import {fileURLToPath} from "node:url";
import {root} from "../../scripts/paths.js";
import {checkClaim, readClaims} from "../../src/domain/claims.js";
import {InputError} from "../../src/domain/errors.js";
import {phantomVersion, referenceT1, type T1Reference} from "../../src/domain/phantom/t1-reference.js";
import {openDatabase} from "../../src/io/database.js";
import {openNodeBackend} from "../../src/io/duckdb.node.js";
import {openFolder} from "../../src/io/folder.node.js";
import {folderOfBytes} from "../../src/io/folder.js";
import {
  accuracyOf, agreementOf, claimsOf, cutEffects, defaultSettings, farOff, file, fillTables, findMeasurements, groupsOf, pairsOf,
  publishedRule, readGiven, readMeasurements, readReference, referenceClaims, reproducibilityOf, scannersOf, scansOf, spheres,
  spreadOf, spreadQuery, study, submissionsOf, variationOf, versionRules, type Measurements
} from "../../src/studies/multi-site/study.js";
import {assertPrinted, assertRelative} from "../helpers/reference.js";

const shared = fileURLToPath(new URL("../../../shared/reference/agreement", import.meta.url));
const header = "id,vendor,data_type,serial,temperature_C,sphere,n_vox,mean_ms,sd_ms,median_ms";
const published = readClaims(readFileSync(join(root, "src/studies/multi-site/claims.json"), "utf8"), "claims.json");

let reference: T1Reference;
before(async () => void (reference = await readReference(await openFolder(join(root, "data/t1-phantom-reference")))));

/** The challenge's file, or null where this test is told to skip. */
function given(t: TestContext): Measurements | null {
  if (existsSync(join(shared, file))) return readMeasurements(readFileSync(join(shared, file), "utf8"), file, reference);
  t.skip("../shared/reference is absent");
  return null;
}

interface MadeMap {
  id: string;
  type?: string;
  serial?: number | "";
  temperature?: number;
  /** Error of every sphere, percent. */
  error?: number;
  voxels?: number;
}

/** Maps of a phantom whose T1 is the reference, but for a stated error. */
function made(maps: readonly MadeMap[]): string {
  const lines = maps.flatMap(({id, type = "Magnitude", serial = 42, temperature = 20, error = 0, voxels = 90}) =>
    referenceT1(reference, phantomVersion(serial === "" ? null : serial, 42), temperature).map((t1, i) => {
      const mean = t1 * (1 + error / 100);
      return [id, "Maker", type, serial, temperature, i + 1, voxels + i, mean, 5, mean].join(",");
    }));
  return `${[header, ...lines].join("\n")}\n`;
}
const read = (maps: readonly MadeMap[]) => readMeasurements(made(maps), "made.csv", reference);

describe("the file of the challenge", () => {
  test("every claim is met: each published digit of the table, with the counts of its groups", async (t) => {
    const measurements = given(t);
    if (measurements === null) return;
    const database = await openDatabase(await openNodeBackend());
    await fillTables(database, measurements);
    const [{mean, cov}] = await database.query(spreadQuery);
    await database.close();
    const computed: Record<string, number> = {
      ...referenceClaims(reference), ...claimsOf(measurements, reference), "sql-mean": mean as number, "sql-cov": cov as number
    };
    for (const claim of published) {
      const {verdict, reason} = checkClaim(claim, computed[claim.id]);
      assert.equal(verdict, "pass", `${claim.id}: ${reason}`);
    }
    assert.deepEqual(Object.keys(computed).filter((id) => published.every((claim) => claim.id !== id)).sort(),
      [], "every computed number is a claim");
  });

  test("the numbers of the reference: 23 maps, 19 with a serial, seven scanners", (t) => {
    const measurements = given(t);
    if (measurements === null) return;
    const {maps} = measurements;
    assert.deepEqual(measurements.missing, []);
    assert.equal(maps.length, 38);
    assert.equal(new Set(maps.map(({submission}) => submission)).size, 12);
    const {all, scanners} = groupsOf(maps, publishedRule);
    assert.equal(all.length, 23);
    ["1925.0", "1359.5", "949.3", "669.9", "481.9"].forEach((text, i) => assertPrinted(spreadOf(all)[i].mean, text));
    ["6.4", "3.6", "4.1", "6.9", "3.8"].forEach((text, i) => assertPrinted(100 * spreadOf(all)[i].populationCv, text));
    const withSerial = groupsOf(maps, {...publishedRule, withoutSerial: false}).all;
    assert.equal(withSerial.length, 19);
    ["1951.8", "1370.2"].forEach((text, i) => assertPrinted(spreadOf(withSerial)[i].mean, text));
    assert.deepEqual(scanners.map(({id}) => id), ["6.002", "6.004", "6.006", "6.008", "6.010", "6.012", "6.014"]);
    ["1960.3", "1420.8", "962.3", "696.7", "487.1"].forEach((text, i) => assertPrinted(spreadOf(scanners)[i].mean, text));
    ["4.9", "3.5", "2.6", "2.0", "1.6"].forEach((text, i) => assertPrinted(100 * spreadOf(scanners)[i].populationCv, text));
    assert.deepEqual(versionRules.map((rule) => groupsOf(maps, rule).all.length), [23, 19, 15, 11]);
  });

  test("pairs, scans and submissions", (t) => {
    const measurements = given(t);
    if (measurements === null) return;
    const {maps} = measurements;
    assert.equal(pairsOf(maps).length, 11);
    assert.equal(scansOf(maps).length, 27);
    assert.deepEqual(submissionsOf(maps).map(({id}) => id), [
      "1.002", "2.001", "3.001", "4.001", "5.002", "6.002", "7.001", "8.001", "9.001", "10.002", "11.001", "12.001"
    ]);
    assert.ok(agreementOf(maps, reference, defaultSettings).every(({limits}) => limits.n === 11));
    assert.ok(reproducibilityOf(maps, reference, defaultSettings).every(({components}) => components.n === 27));
    assert.ok(scannersOf(maps, reference, defaultSettings).spheres.every(({n}) => n === 7));
    const without = accuracyOf(maps, reference, {...defaultSettings, without: farOff});
    assert.ok(without.spheres.every(({n}) => n === 10));
  });

  test("the cut of a temperature changes a reference by at most 1.3 %, and of an integer not at all", (t) => {
    const measurements = given(t);
    if (measurements === null) return;
    const effects = cutEffects(measurements.maps, reference, defaultSettings);
    assert.equal(Math.max(...effects.map(({change}) => Math.abs(change))).toFixed(1), "1.3");
    for (const {map, change} of effects) if (Number.isInteger(map.temperature)) assert.equal(change, 0, map.id);
  });
});

test("without the file: only claims of the reference are computed, and they are met", async () => {
  const folders = {"t1-phantom-reference": await openFolder(join(root, "data/t1-phantom-reference"))};
  const result = await study.run({folders, pool: undefined as never, openDatabase: () => assert.fail("no database is needed")});
  assert.equal(result.measurements, null);
  const waiting = published.filter(({inputs}) => inputs!.includes(file));
  assert.deepEqual(Object.keys(result.claims).sort(), published.filter((claim) => !waiting.includes(claim)).map(({id}) => id).sort());
  for (const claim of published) {
    assert.equal(checkClaim(claim, result.claims[claim.id], [file]).verdict, waiting.includes(claim) ? "unavailable" : "pass");
  }
});

describe("measurements with a known error", () => {
  test("errors come back whatever the temperature and the version of the phantom", () => {
    const errors = [2, 5, 5, 8];
    const {maps} = read([
      {id: "1.001", error: 2, temperature: 16.4}, {id: "2.001", error: 5, temperature: 19.515, serial: 7},
      {id: "3.001", error: 5, temperature: 22.9, serial: ""}, {id: "4.001", error: 8, temperature: 25.99, serial: 130}
    ]);
    const {points, spheres: found, line} = accuracyOf(maps, reference, defaultSettings);
    for (const {map, error} of points) assert.ok(Math.abs(error - errors[Number(map.submission) - 1]) < 1e-9);
    for (const {bias, sd, n} of found) {
      assert.equal(n, 4);
      assertRelative(bias.value, 5, 1e-9);
      assertRelative(sd.value, Math.sqrt(6), 1e-9);
      // t(3) at .975 is 3.182446.
      assert.ok(Math.abs(bias.upper - 5 - 3.182446 * Math.sqrt(6) / 2) < 1e-6);
    }
    assertRelative(line.slope.value, 1.05, 1e-9);
    const shifted = accuracyOf(maps, reference, {...defaultSettings, reference: "integer"});
    assert.ok(shifted.spheres[0].bias.value > 5, "a cut temperature makes the reference of sphere 1 too short");
    assert.equal(accuracyOf(maps, reference, {...defaultSettings, withoutSerial: false}).spheres[0].n, 3);
  });

  test("serial 42 read as version 1 moves sphere 2 by the ratio of the versions", () => {
    const {maps} = read([{id: "1.001"}, {id: "2.001", error: 1}, {id: "3.001", error: 2}]);
    const {bias} = accuracyOf(maps, reference, {...defaultSettings, firstOfVersion2: 43}).spheres[1];
    assertRelative(bias.value, 100 * (1.01 * 1330.16 / 1454 - 1), 1e-9);
  });

  test("components of variance: between submissions and between the scans of one", () => {
    const {maps} = read([1, 2, 3].flatMap((submission) =>
      [-1, 1].map((sign, i) => ({id: `${submission}.00${i + 1}`, error: 10 * submission + sign}))));
    for (const {components, submissions} of reproducibilityOf(maps, reference, defaultSettings)) {
      assert.equal(submissions, 3);
      // Within: variance of -1 and 1 is 2; between: 100 is the variance of the means, of which half of 2 comes from within.
      const [between, within] = components.components.map(({value}) => value);
      assertRelative(within, 2, 1e-9);
      assertRelative(between, 99, 1e-9);
    }
  });

  test("a complex map belongs to the magnitude map before it, if it is the same scan", () => {
    const pair = [{id: "1.001", error: 2}, {id: "1.002", type: "Complex", error: 0}];
    assert.equal(pairsOf(read(pair).maps).length, 1);
    for (const other of [
      {id: "1.003"}, {id: "2.001"}, {id: "1.002", serial: 41}, {id: "1.002", temperature: 21}, {id: "1.002", voxels: 80},
      {id: "1.002", type: "Magnitude"}
    ]) {
      const {maps} = read([pair[0], {...pair[1], ...other}]);
      assert.equal(pairsOf(maps).length, other.id === "1.003" ? 1 : 0, JSON.stringify(other));
    }
    const {maps} = read([...pair, {id: "2.001", error: -1}, {id: "2.002", type: "Complex", error: 1}]);
    const [{limits}] = agreementOf(maps, reference, defaultSettings);
    assertRelative(limits.bias.value, Math.sqrt(1.02 * 0.99 / 1.01), 1e-12);
    assert.deepEqual(scansOf(maps).map(({id}) => id), ["1.002", "2.002"]);
  });

  test("exact intervals of the CoV come for each sphere", () => {
    const {maps} = read([{id: "1.001"}, {id: "2.001", error: 4}, {id: "3.001", error: 8}]);
    const found = variationOf(maps);
    assert.equal(found.length, spheres.length);
    for (const {value, lower, upper} of found) {
      assertRelative(value, 4 / 104, 1e-9);
      assert.ok(lower < value && value < upper);
    }
  });

  test("a map that the published table counts and the file lacks is named", () => {
    assert.throws(() => groupsOf(read([{id: "1.001"}]).maps, publishedRule), /1 maps without 1\.002.*expected map 1\.002/);
  });
});

describe("reading", () => {
  test("ids are texts: 6.01 is map 6.010, and 6.001 another", () => {
    const {maps} = read([{id: "6.01"}, {id: "6.001"}]);
    assert.deepEqual(maps.map(({id, submission}) => [id, submission]), [["6.010", "6"], ["6.001", "6"]]);
  });

  test("a missing mean is counted and named, a missing serial is none", () => {
    const text = made([{id: "1.001", serial: ""}]).replace(/^(1\.001,.*,3,92,)[^,]+(,.*)$/m, "$1n/a$2");
    const {maps: [map], missing} = readMeasurements(text, "made.csv", reference);
    assert.deepEqual(missing, ["1.001, sphere 3"]);
    assert.equal(map.rois.size, 13);
    assert.equal(map.serial, null);
  });

  test("tabs, carriage returns and columns in another order are read alike", () => {
    const rows = made([{id: "1.001"}]).trim().split("\n").map((line) => line.split(",").reverse().join("\t"));
    assert.deepEqual(readMeasurements(`${rows.join("\r\n")}\r\n`, "made.csv", reference).maps, read([{id: "1.001"}]).maps);
  });

  const spoil = (change: (rows: string[][]) => void) => (): string => {
    const rows = made([{id: "1.001"}, {id: "1.002", type: "Complex"}]).trim().split("\n").map((line) => line.split(","));
    change(rows);
    return rows.map((row) => row.join(",")).join("\n");
  };
  const cell = (row: number, column: string, value: string) =>
    spoil((rows) => void (rows[row][header.split(",").indexOf(column)] = value));
  const cases: [string, () => string, RegExp][] = [
    ["another table", () => "subject,wright_1\n1,494\n", /columns is \[subject, wright_1\]; expected a column id/],
    ["no table", () => "", /header is ""; expected a row of column names/],
    ["a header alone", () => `${header}\n`, /rows is 0; expected a row a map and sphere/],
    ["a missing column", spoil((rows) => rows.forEach((row) => row.splice(7, 1))), /expected a column mean_ms/],
    ["a missing cell", spoil((rows) => void rows[3].pop()), /row 4 is "9 cells"; expected 10 cells/],
    ["a mean that is no number", cell(2, "mean_ms", "long"), /row 3, column mean_ms is "long"; expected a finite number/],
    ["a negative mean", cell(2, "mean_ms", "-3"), /row 3, column mean_ms is -3; expected a T1 above 0 ms/],
    ["a negative SD", cell(2, "sd_ms", "-3"), /row 3, column sd_ms is -3; expected an SD of 0 ms or more/],
    ["a median that is no number", cell(2, "median_ms", "x"), /row 3, column median_ms is "x"/],
    ["half a voxel", cell(2, "n_vox", "90.5"), /row 3, column n_vox is 90\.5; expected a whole number above 0/],
    ["sphere 15", cell(14, "sphere", "15"), /row 15, column sphere is 15; expected a whole number from 1 to 14/],
    ["a sphere twice", cell(2, "sphere", "1"), /row 3, column id, sphere is "map 1\.001, sphere 1"; expected .* row 2 has it too/],
    ["an id without submission", cell(1, "id", "map 1"), /row 2, column id is "map 1"; expected a submission, a point/],
    ["a missing id", cell(1, "id", ""), /row 2, column id is "n\/a"; expected a value/],
    ["phase images", cell(1, "data_type", "Phase"), /row 2, column data_type is "Phase"; expected one of Magnitude, Complex/],
    ["a serial that is no number", cell(1, "serial", "A7"), /row 2, column serial is "A7"/],
    ["a cold phantom", cell(1, "temperature_C", "15.9"), /row 2, column temperature_C is 15\.9; expected 16 to 26 degrees/],
    ["kelvin", cell(1, "temperature_C", "293"), /row 2, column temperature_C is 293; expected 16 to 26 degrees/],
    ["two serials of one map", cell(5, "serial", "46"), /row 6, column serial is 46; expected 42, as in the other rows of map 1\.001/]
  ];
  for (const [name, text, message] of cases) {
    test(`${name} is told with file, row and column`, () => {
      assert.throws(() => readMeasurements(text(), "made.csv", reference), (error: InputError) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /^made\.csv: /);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("a map under two names counts as one: its spheres stand twice", () => {
    const text = made([{id: "6.010"}, {id: "6.01"}]);
    assert.throws(() => readMeasurements(text, "made.csv", reference), /row 16.*map 6\.010, sphere 1.*row 2 has it too/);
  });

  test("the file is found by its name anywhere in a folder, and a single file by itself", async () => {
    const text = made([{id: "1.001"}]);
    assert.equal(findMeasurements(folderOfBytes("f", {[`a/${file}`]: text, "b.csv": "x"})), `a/${file}`);
    assert.equal(findMeasurements(folderOfBytes("f", {"renamed.csv": text})), "renamed.csv");
    await assert.rejects(readGiven(folderOfBytes("f", {"renamed.csv": text}), reference),
      /^InputError: renamed\.csv: id is "1 maps without 1\.002"; expected map 1\.002/);
    const others: Record<string, string>[] = [{}, {"a.csv": "", "b.csv": ""}, {[`a/${file}`]: "", [`b/${file}`]: ""}];
    for (const files of others) {
      assert.throws(() => findMeasurements(folderOfBytes("f", files)), /expected one rrsg2020_nist_roi_summary\.csv/);
    }
  });

  test("a file that is no text is told", async () => {
    await assert.rejects(readGiven(folderOfBytes("f", {[file]: new Uint8Array([0xff, 0xfe, 0x00, 0xd8])}), reference), InputError);
  });
});
