import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {before, describe, test} from "node:test";
import {imageOf, labelsOf, openCohort, specification, filesOf} from "../../scripts/simulate-cohort.js";
import {readDataset} from "../../src/io/bids.js";
import {openFolder} from "../../src/io/folder.node.js";
import {readManifest, sha256, verifyManifest} from "../../src/io/manifest.js";
import {readNifti} from "../../src/io/nifti.js";
import {parseTsv} from "../../src/io/tsv.js";
import {faultOf, loadCore, type Glue} from "./core.js";

let core: Glue;
before(async () => {
  core = await loadCore();
});

const data = fileURLToPath(new URL("../../data/simulated-cohort", import.meta.url));
const manifest = async () => readManifest(await readFile(`${data}/manifest.json`, "utf8"), "manifest.json");

describe("the simulated cohort", () => {
  test("the files are those of the manifest, and no other image is there", async () => {
    const folder = await openFolder(data);
    const listed = await manifest();
    const wrong = (await verifyManifest(folder, listed)).filter(({ok}) => !ok);
    assert.deepEqual(wrong, []);
    const paths = listed.files.map(({path}) => path);
    assert.deepEqual(folder.paths.filter((path) => !["README.md", "manifest.json"].includes(path)).sort(), paths.sort());
  });

  test("the core draws a scan again, bit for bit", async () => {
    const cohort = openCohort();
    const hash = new Map((await manifest()).files.map(({path, sha256}) => [path, sha256]));
    for (const [subject, session, te] of [[0, 0, 0], [7, 1, 2]]) {
      const stem = `sub-${String(subject + 1).padStart(2, "0")}/ses-${session + 1}/dwi/sub-${String(subject + 1).padStart(2, "0")}_ses-${session + 1}`;
      const time = Math.round(1000 * specification.protocol.TE[te]);
      assert.equal(sha256(imageOf(cohort, subject, session, te)), hash.get(`${stem}_acq-TE${time}_dwi.nii.gz`));
      assert.equal(sha256(labelsOf(cohort, subject, session)), hash.get(`derivatives/labels/${stem}_dseg.nii.gz`));
    }
    cohort.free();
  });

  test("every file that is text is written again as it stands", async () => {
    const cohort = openCohort();
    const hash = new Map((await manifest()).files.map(({path, sha256}) => [path, sha256]));
    let texts = 0;
    for (const {path, bytes} of filesOf(cohort)) {
      if (path.endsWith(".gz")) continue;
      assert.equal(sha256(bytes), hash.get(path), path);
      texts++;
    }
    assert.ok(texts > 60);
    cohort.free();
  });

  test("it is a BIDS data set without a problem: 16 people, two sessions, three echo times, seven b values", async () => {
    const {problems, subjects, scans} = await readDataset(await openFolder(data), {images: true});
    assert.deepEqual(problems, []);
    assert.equal(subjects.length, 16);
    assert.equal(scans.length, 16 * 2 * 3);
    assert.deepEqual([...new Set(scans.map(({metadata}) => metadata.EchoTime))].sort(), [0.093, 0.105, 0.12]);
    for (const {bval} of scans) assert.deepEqual(bval, specification.protocol.b);
  });

  test("the images hold the stated signal and noise", async () => {
    const folder = await openFolder(data);
    const read = async (path: string) => readNifti(await folder.read(path), path);
    const image = await read("sub-03/ses-2/dwi/sub-03_ses-2_acq-TE93_dwi.nii.gz");
    const labels = (await read("derivatives/labels/sub-03/ses-2/dwi/sub-03_ses-2_dseg.nii.gz")).values();
    assert.deepEqual(image.shape, [32, 32, 6, 7]);
    const {sigma} = JSON.parse(await readFile(`${data}/derivatives/truth/specification.json`, "utf8")) as {sigma: number};
    const path = "derivatives/truth/scans.tsv";
    const truth = parseTsv(await readFile(`${data}/${path}`, "utf8"), path, {required: ["region", "S0", "f", "T2v", "T2t"]});
    const volume = image.volume(0);
    for (const [index, {name}] of specification.tissues.entries()) {
      const row = truth.rows.findIndex((each) => each.participant_id === "sub-03" && each.session_id === "ses-2" && each.region === name);
      const [S0, f, T2v, T2t] = ["S0", "f", "T2v", "T2t"].map((column) => truth.requiredNumber(row, column));
      const signal = S0 * (f * Math.exp(-0.093 / T2v) + (1 - f) * Math.exp(-0.093 / T2t));
      const own = Array.from(volume).filter((_, v) => labels[v] === index + 1);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      // A magnitude is larger than its signal by sigma^2 / (2 S) on average.
      const expected = signal + sigma ** 2 / (2 * signal);
      assert.ok(Math.abs(mean - expected) < (4 * sigma) / Math.sqrt(own.length), `${name}: ${mean} ${expected}`);
      const sd = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1));
      assert.ok(Math.abs(sd / sigma - 1) < 4 / Math.sqrt(2 * own.length) + 0.01, `${name}: ${sd} ${sigma}`);
    }
  });

  test("the wCV of the metrics differ between tissues by more than a factor of two", async () => {
    const path = "derivatives/truth/population.tsv";
    const table = parseTsv(await readFile(`${data}/${path}`, "utf8"), path, {required: ["region", "metric", "wcv"]});
    const adc = table.rows.flatMap((row, index) => (row.metric === "ADC" ? [table.requiredNumber(index, "wcv")] : []));
    assert.equal(adc.length, 4);
    assert.ok(Math.min(...adc) > 0.01 && Math.max(...adc) < 0.08 && Math.max(...adc) > 2 * Math.min(...adc), String(adc));
  });

  test("a wrong specification is refused with the field's name", () => {
    const wrong = (change: object) => faultOf(() => core.simulate_cohort(JSON.stringify({...specification, ...change})));
    assert.equal(wrong({subjects: 0}).field, "subjects");
    assert.equal(wrong({noise: {...specification.noise, tissue: "bone"}}).field, "noise.tissue");
    assert.equal(wrong({colour: 1}).code, "invalid-request");
    assert.equal(faultOf(() => core.simulate_cohort("{")).code, "invalid-request");
  });
});

describe("the FLAIR phantom", () => {
  const sequence = {TE: 0.117, TI: 2.55, TR: 9};

  test("images have the phantom's shape and repeat with their seed", () => {
    const phantom = core.flair_phantom(JSON.stringify({seed: 2, shape: [48, 48, 14], voxel_size: [4, 4, 8], lesions: 10}));
    assert.deepEqual([...phantom.shape()], [48, 48, 14]);
    const image = (seed: number) =>
      phantom.image(JSON.stringify({...sequence, noise: {kind: "rician", sigma: 0.02, seed}}));
    const first = image(1);
    assert.equal(first.length, 48 * 48 * 14);
    assert.deepEqual(image(1), first);
    assert.notDeepEqual(image(2), first);
    assert.equal(phantom.tissues().length, first.length);
    const description = JSON.parse(phantom.describe()) as {lesions: number; lesion_voxels: number};
    assert.equal(description.lesion_voxels, phantom.lesions().reduce((sum, voxel) => sum + voxel, 0));
    assert.equal(description.lesions, 10);
    phantom.free();
  });

  test("a point is what phantom, image, segmentation and scores give one after the other", () => {
    const spec = {seed: 5, shape: [48, 48, 14], voxel_size: [4, 4, 8], lesions: 12, lesion_volume: 1};
    const noise = {kind: "rician", sigma: 0.01, seed: 9};
    const whole = JSON.parse(core.flair_point(JSON.stringify({phantom: spec, ...sequence, noise}))) as {
      results: {method: string; f1: number; dice: number}[];
    };
    const phantom = core.flair_phantom(JSON.stringify(spec));
    const shape = phantom.shape();
    const image = phantom.image(JSON.stringify({...sequence, noise}));
    for (const result of whole.results) {
      const found = core.segment(JSON.stringify({method: result.method}), image, phantom.tissues(), shape);
      const scores = JSON.parse(core.lesion_overlap(phantom.lesions(), found, shape, 26)) as object;
      assert.deepEqual({...scores, method: result.method}, result);
    }
    assert.deepEqual(JSON.parse(phantom.point(JSON.stringify({...sequence, noise}))), whole);
    phantom.free();
  });

  test("the F1 of both segmenters varies over the grid, and the grid takes seconds", () => {
    const phantom = core.flair_phantom("{}");
    const scores = {"robust-threshold": [] as number[], "gaussian-mixture": [] as number[]};
    const start = performance.now();
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 7; j++) {
        const at = {TE: 0.084 + 0.011 * i, TI: 2.2 + (0.7 / 6) * j, TR: 9, noise: {kind: "rician", sigma: 0.015, seed: 1}};
        const {results} = JSON.parse(phantom.point(JSON.stringify(at))) as {results: {method: keyof typeof scores; f1: number}[]};
        for (const {method, f1} of results) scores[method].push(f1);
      }
    }
    const seconds = (performance.now() - start) / 1000;
    phantom.free();
    for (const [method, values] of Object.entries(scores)) {
      assert.equal(values.length, 49);
      assert.ok(Math.min(...values) > 0.1 && Math.max(...values) < 0.99, `${method}: ${Math.min(...values)} to ${Math.max(...values)}`);
      assert.ok(Math.max(...values) - Math.min(...values) > 0.15, method);
    }
    // 1 to 2 s on one core; a wide margin for a busy machine.
    assert.ok(seconds < 20, `${seconds} s`);
  });

  test("a wrong request is refused with the field's name", () => {
    assert.equal(faultOf(() => core.flair_phantom(JSON.stringify({lesions: -1}))).code, "invalid-request");
    assert.equal(faultOf(() => core.flair_phantom(JSON.stringify({texture: 3}))).field, "texture");
    const point = (change: object) =>
      faultOf(() => core.flair_point(JSON.stringify({phantom: {lesions: 1}, ...sequence, noise: {kind: "none"}, ...change})));
    assert.equal(point({TI: 12}).field, "TI");
    assert.equal(point({noise: {kind: "rician", sigma: -1}}).field, "noise.sigma");
    assert.equal(point({methods: [{method: "guess"}]}).field, "method");
  });
});
