import assert from "node:assert/strict";
import {before, test} from "node:test";
import {InputError} from "../../../src/domain/errors.js";
import type {Folder} from "../../../src/io/folder.js";
import {openFolder} from "../../../src/io/folder.node.js";
import {join} from "node:path";
import {root} from "../../../scripts/paths.js";
import {metrics, pairsOf, readRegions, readScans, readTruth, repeatability, type Measurement} from "../../../src/studies/repeatability/study.js";

let folder: Folder;
before(async () => void (folder = await openFolder(join(root, "data/simulated-cohort"))));

/** Measurements with a known spread: session 2 is `shift` above session 1. */
const measured = (subjects: number, shift = 2): Measurement[] =>
  Array.from({length: subjects}, (_, i) => [0, 1].map((session): Measurement => ({
    subject: `sub-${i}`, session: `ses-${session + 1}`, region: "liver", parameter: "ADC", unit: "1", value: 100 + i + shift * session, n: 5, failed: 0
  }))).flat();

const without = (keep: (path: string) => boolean): Folder => ({...folder, paths: folder.paths.filter(keep)});

test("reads one scan a session, at the shortest echo time, with its tissues", async () => {
  const [scans, regions, truth] = await Promise.all([readScans(folder), readRegions(folder), readTruth(folder)]);
  assert.equal(scans.length, 32);
  for (const {scan, image, labels} of scans) {
    assert.equal(scan.metadata.EchoTime, 0.093);
    assert.deepEqual(scan.bval, [0, 50, 100, 400, 900, 1200, 1600]);
    assert.deepEqual(image.shape, [32, 32, 6, 7]);
    assert.deepEqual([...new Set(labels)].sort(), [0, ...regions.map(({index}) => index)]);
  }
  assert.equal(truth.length, metrics.length * regions.length);
});

test("wSD of a constant shift d between two sessions is d / sqrt 2", () => {
  const rows = repeatability(measured(10).flatMap((row) => metrics.map((parameter) => ({...row, parameter}))));
  assert.equal(rows.length, metrics.length);
  for (const {wsd, df} of rows) {
    assert.equal(df, 10);
    assert.ok(Math.abs(wsd.value - Math.SQRT2) < 1e-12);
  }
});

test("a subject with one session is named", () => {
  const broken = measured(4).filter(({subject, session}) => !(subject === "sub-2" && session === "ses-2"));
  assert.throws(() => pairsOf(broken, "ADC", "liver"), (error: InputError) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /sub-2.*no ses-2.*each of ses-1, ses-2/);
    return true;
  });
});

test("a missing sidecar, labels that are not there and a damaged image are named by file", async () => {
  await assert.rejects(readScans(without((path) => !path.endsWith("TE93_dwi.json"))), /TE93_dwi\.nii\.gz.*EchoTime/);
  await assert.rejects(readScans({
    ...folder,
    read: (path) => (path.includes("sub-03_ses-1_dseg") ? Promise.reject(new InputError({
      code: "missing-file", file: path, field: "path", value: path, expected: "a file"
    })) : folder.read(path))
  }), /sub-03_ses-1_dseg/);
  await assert.rejects(readScans({
    ...folder,
    async read(path) {
      const bytes = await folder.read(path);
      return path.includes("sub-02_ses-1_acq-TE93") ? bytes.slice(0, bytes.length / 2) : bytes;
    }
  }), (error: InputError) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /sub-02_ses-1_acq-TE93_dwi\.nii\.gz/);
    return true;
  });
});
