import assert from "node:assert/strict";
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {after, before, describe, test} from "node:test";
import {instantiate} from "../../src/compute/core.js";
import type {Core, Settings} from "../../src/compute/core.js";
import {fitVoxels, outsideMask} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import type {NiftiArray} from "../../src/io/nifti.js";
import {parseTsv} from "../../src/io/tsv.js";
import {seeded} from "../helpers/random.js";
import {call} from "./capture.js";

const folder = mkdtempSync(join(tmpdir(), "measurand-fit-"));
after(() => rmSync(folder, {recursive: true}));
let core: Core;
before(async () => (core = instantiate(await loadModule())));

const shape = [5, 4, 6];
const voxels = 120;
const voxelSize: [number, number, number] = [2, 2, 3];
const grid = {shape, voxelSize, affine: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]};
const image = (data: NiftiArray, more: object = {}) => {
  const volumes = data.length / voxels;
  return writeNifti({...grid, shape: volumes > 1 ? [...shape, volumes] : shape, data, ...more}, {gzip: true});
};

/** Datasets made so far: each has a folder of its own. */
let runs = 0;

type Files = Record<string, string | Uint8Array | object>;

/** Writes a dataset; objects become JSON. */
function dataset(name: string, files: Files): string {
  const root = join(folder, name);
  const all: Files = {"dataset_description.json": {Name: name, BIDSVersion: "1.9.0"}, ...files};
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), {recursive: true});
    const plain = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(join(root, path), plain ? content : JSON.stringify(content));
  }
  return root;
}

/** Noisy signals of parameters that vary from voxel to voxel, sample-major. */
function signals(
  model: string,
  protocol: Record<string, number[]>,
  truth: Record<string, (v: number) => number>,
  {sigma = 0, seed = 1, settings = {}}: {sigma?: number; seed?: number; settings?: Settings} = {}
): Float64Array<ArrayBuffer> {
  const {parameters} = core.models().models.find(({id}) => id === model)!;
  const values = parameters.flatMap(({name}) => Array.from({length: voxels}, (_, v) => truth[name](v)));
  const random = seeded(seed);
  const exact = core.simulate({model, protocol, settings}, Float64Array.from(values), voxels);
  return Float64Array.from(exact, (signal) => signal + sigma * random.normal());
}

const row = (samples: Float64Array<ArrayBuffer>, s: number) => samples.slice(s * voxels, (s + 1) * voxels);
const [FA, TR] = [[3, 10, 20], 0.02];
const B1 = Float64Array.from({length: voxels}, (_, v) => 0.8 + (v % 40) / 100);
const T1 = (v: number) => 0.6 + (v % 13) / 10;
const inside = (v: number) => v % 20 < 15 && v >= 20;
const mask = Uint8Array.from({length: voxels}, (_, v) => Number(inside(v)));

/** Two participants with flip-angle series, the second in two sessions; B1 maps, a mask and labels. */
function angles(sigma = 0.5): Files {
  const files: Files = {"VFA.json": {RepetitionTimeExcitation: TR, MagneticFieldStrength: 3}};
  const truth = {M0: (v: number) => 1000 + v, T1, B1: (v: number) => B1[v]};
  let seed = 1;
  for (const place of ["sub-01", "sub-02/ses-1", "sub-02/ses-2"]) {
    const stem = place.replace("/", "_");
    const samples = signals("variable-flip-angle", {FA, TR: FA.map(() => TR)}, truth, {sigma, seed: seed++});
    FA.forEach((angle, s) => {
      files[`${place}/anat/${stem}_flip-${s + 1}_VFA.nii.gz`] = image(row(samples, s));
      files[`${place}/anat/${stem}_flip-${s + 1}_VFA.json`] = {FlipAngle: angle};
    });
    files[`${place}/fmap/${stem}_TB1map.nii.gz`] = image(B1.map((value) => 100 * value));
    files[`${place}/fmap/${stem}_TB1map.json`] = {Units: "percent"};
    files[`derivatives/masks/${place}/anat/${stem}_desc-brain_mask.nii.gz`] = image(mask);
  }
  const labels = Uint8Array.from({length: voxels}, (_, v) => (v < 60 ? 2 : 5));
  files["derivatives/labels/sub-01/anat/sub-01_dseg.nii.gz"] = image(labels);
  files["derivatives/labels/dseg.tsv"] = "index\tname\n2\tgrey\n";
  return files;
}

const vfa = ["--model", "variable-flip-angle", "--estimator", "ols", "--workers", "2"];
const participant = (root: string, out: string, ...more: string[]) => call("fit", root, out, "participant", ...more);
const read = (path: string) => readNifti(readFileSync(path), path);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const listing = (root: string): string[] =>
  readdirSync(root, {recursive: true, encoding: "utf8"})
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();

describe("flip angles of two participants", () => {
  let root: string;
  let out: string;
  let first: Awaited<ReturnType<typeof call>>;
  before(async () => {
    root = dataset("angles", angles());
    out = join(folder, "angles-out");
    first = await participant(root, out, ...vfa);
  });

  test("each session gets its maps, named and described as BIDS has it", () => {
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^sub-01: 6 maps; voxels: .*75 converged, 45 outside-mask$/m);
    assert.match(first.stdout, /^2 participants, series: 3 fitted, 0 skipped, 0 failed$/m);
    const stem = "sub-02/ses-1/anat/sub-02_ses-1";
    const names = [
      ...["T1map", "desc-sd_T1map", "M0map", "desc-sd_M0map"],
      ...["model-variableflipangle_desc-residual_VFAmap", "model-variableflipangle_desc-status_VFAmap"]
    ];
    assert.deepEqual(
      listing(out).filter((path) => path.startsWith(stem)),
      names.flatMap((name) => [`${stem}_${name}.json`, `${stem}_${name}.nii.gz`]).sort()
    );
    const description = json(join(out, "dataset_description.json"));
    assert.equal(description.DatasetType, "derivative");
    assert.equal((description.GeneratedBy as {Name: string}[])[0].Name, "Measurand");
    const sidecar = json(join(out, `${stem}_T1map.json`));
    assert.equal(sidecar.Units, "s");
    assert.equal((sidecar.Model as {Identifier: string}).Identifier, "variable-flip-angle");
    assert.deepEqual(sidecar.Estimator, {Identifier: "ols", Precision: "f64"});
    assert.deepEqual(sidecar.Protocol, {
      FA: {Units: core.models().models.find(({id}) => id === "variable-flip-angle")!.protocol[0].unit, Values: FA},
      TR: {Units: "s", Values: [TR, TR, TR]}
    });
    assert.match(String(sidecar.Mask), /desc-brain_mask/);
    const sources = sidecar.Sources as string[];
    for (const part of ["flip-3_VFA.nii.gz", "flip-3_VFA.json", "TB1map.nii.gz", "TB1map.json", "brain_mask"]) {
      assert.ok(sources.some((source) => source.startsWith("bids:raw:") && source.includes(part)), part);
    }
    assert.ok(sources.includes("bids:raw:VFA.json"));
  });

  test("the maps have the bits of the fit that the page makes of the same voxels", async () => {
    const samples = new Float64Array(FA.length * voxels);
    const valuesOf = (path: string) => read(join(root, path)).values();
    FA.forEach((_, s) => samples.set(valuesOf(`sub-01/anat/sub-01_flip-${s + 1}_VFA.nii.gz`), s * voxels));
    const ratio = Float64Array.from(valuesOf("sub-01/fmap/sub-01_TB1map.nii.gz"), (value) => value * 0.01);
    const pool = createPool({size: 1, spawn, module: await loadModule()});
    try {
      const fit = await fitVoxels(pool, {
        model: "variable-flip-angle",
        estimator: "ols",
        protocol: {FA, TR: FA.map(() => TR)},
        samples,
        voxels,
        mask,
        maps: {B1: ratio}
      });
      const bits = (values: ArrayBufferView) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      for (const name of ["M0", "T1"]) {
        const index = fit.parameters.findIndex((parameter) => parameter.name === name);
        const stored = (path: string) => read(join(out, `sub-01/anat/sub-01_${path}.nii.gz`)).data;
        const [{values}, {values: spread}] = [fit.parameters[index], fit.standardDeviations[index]];
        assert.ok(bits(stored(`${name}map`)).equals(bits(values)), name);
        assert.ok(bits(stored(`desc-sd_${name}map`)).equals(bits(spread)), `SD of ${name}`);
      }
      const status = read(join(out, "sub-01/anat/sub-01_model-variableflipangle_desc-status_VFAmap.nii.gz"));
      assert.deepEqual(status.data, fit.status);
      const values = fit.parameters.find(({name}) => name === "T1")!.values;
      mask.forEach((one, v) => {
        if (one === 0) assert.ok(fit.status[v] === outsideMask && Number.isNaN(values[v]));
        else assert.ok(Math.abs(values[v] / T1(v) - 1) < 0.2, `T1 of voxel ${v} is ${values[v]}`);
      });
    } finally {
      pool.close();
    }
  });

  test("the tables summarise regions, and the group level puts them together", async () => {
    const path = join(out, "sub-01/sub-01_model-variableflipangle_measurements.tsv");
    const table = parseTsv(readFileSync(path, "utf8"), path);
    assert.deepEqual(Object.keys(json(join(out, "measurements.json"))), table.columns);
    const find = (region: string, parameter: string, statistic: string) => {
      const index = table.rows.findIndex(
        (cells) => cells.region === region && cells.parameter === parameter && cells.statistic === statistic
      );
      assert.notEqual(index, -1, `${region} ${parameter} ${statistic}`);
      return {value: table.number(index, "value")!, n: table.number(index, "n")!};
    };
    const map = read(join(out, "sub-01/anat/sub-01_T1map.nii.gz")).values();
    const parts: [string, (v: number) => boolean][] = [
      ["all", () => true],
      ["grey", (v) => v < 60],
      ["label 5", (v) => v >= 60]
    ];
    for (const [region, within] of parts) {
      const values = [...map].filter((_, v) => inside(v) && within(v));
      const {value, n} = find(region, "T1", "mean");
      assert.equal(n, values.length);
      assert.ok(Math.abs(value / (values.reduce((sum, each) => sum + each, 0) / n) - 1) < 1e-12);
      assert.equal(find(region, "status", "converged").value, n);
    }
    const joined = await call("fit", root, out, "group", ...vfa.slice(0, 2));
    assert.equal(joined.code, 0, joined.stderr);
    assert.match(joined.stdout, /2 participants, 3 sessions, 3 series/);
    const whole = readFileSync(join(out, "group_model-variableflipangle_measurements.tsv"), "utf8").trim().split("\n");
    const each = ["sub-01", "sub-02"].map((subject) =>
      readFileSync(join(out, subject, `${subject}_model-variableflipangle_measurements.tsv`), "utf8").trim().split("\n")
    );
    assert.deepEqual(whole, [...each[0], ...each[1].slice(1)]);
    const {Counts} = json(join(out, "group_model-variableflipangle_measurements.json"));
    const counts = Counts as {Participants: number; Sessions: number; Series: number; Voxels: Record<string, number>};
    assert.deepEqual([counts.Participants, counts.Sessions, counts.Series, counts.Voxels.converged], [2, 3, 3, 225]);
  });

  test("what is finished is skipped and said so, until files or options change or a map is damaged", async () => {
    const map = join(out, "sub-01/anat/sub-01_T1map.nii.gz");
    const [before, bytes] = [statSync(map).mtimeMs, readFileSync(map)];
    const again = await participant(root, out, ...vfa);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^sub-01: skipped: the same files and options gave its 6 maps before/m);
    assert.match(again.stdout, /0 fitted, 3 skipped, 0 failed/);
    assert.equal(statSync(map).mtimeMs, before);

    writeFileSync(map, bytes.subarray(0, 100));
    const repaired = await participant(root, out, ...vfa, "--participant-label", "01");
    assert.match(repaired.stdout, /1 participant, series: 1 fitted, 0 skipped/);
    assert.ok(readFileSync(map).equals(bytes));

    const other = await participant(root, out, ...vfa, "--fix", "B1=1", "--participant-label", "sub-01");
    assert.match(other.stdout, /1 fitted, 0 skipped/);
    assert.ok(!readFileSync(map).equals(bytes), "without B1 map it is another T1");

    // As an interruption leaves it: files under other names, no record.
    const work = join(out, ".measurand/sub-01_variable-flip-angle_VFA.part");
    mkdirSync(work);
    writeFileSync(join(work, "half.nii.gz"), "half");
    const resumed = await participant(root, out, ...vfa);
    assert.match(resumed.stdout, /1 fitted, 2 skipped, 0 failed/);
    assert.ok(readFileSync(map).equals(bytes));
    assert.ok(!existsSync(work), "what was left over is gone");
    assert.deepEqual(
      listing(out).filter((path) => path.includes(".part")),
      []
    );
  });

  test("slabs under a small budget give the very files", async () => {
    const slabs = join(folder, "angles-slabs");
    const {code, stdout} = await participant(root, slabs, ...vfa, "--memory", "8k", "--participant-label", "01", "02");
    assert.equal(code, 0);
    assert.match(stdout, /^sub-01: 6 maps in [36] slabs;/m);
    const compared = listing(out).filter((path) => /^sub.*(nii\.gz|measurements\.tsv)$/.test(path));
    assert.equal(compared.length, 3 * 6 + 2);
    for (const path of compared) {
      assert.ok(readFileSync(join(slabs, path)).equals(readFileSync(join(out, path))), path);
    }
  });

  test("with --json one document tells each series", async () => {
    const {stdout} = await participant(root, out, ...vfa, "--json");
    const {series, failures} = JSON.parse(stdout) as {
      series: {series: string; skipped: boolean; maps: string[]; counts: Record<string, number>}[];
      failures: unknown[];
    };
    assert.deepEqual(
      series.map(({series: stem, skipped, maps}) => [stem, skipped, maps.length]),
      [
        ["sub-01", true, 6],
        ["sub-02_ses-1", true, 6],
        ["sub-02_ses-2", true, 6]
      ]
    );
    assert.deepEqual(failures, []);
  });

  const refused: [string, string[], RegExp][] = [
    ["an unknown participant", [...vfa, "--participant-label", "03"], /-label is "03"; expected one of 01, 02/],
    ["an unknown mask", [...vfa, "--mask", "liver"], /sub-01: --mask is "liver"; expected none, or a desc label of/],
    ["a model without images", ["--model", "two-point-t2"], /images is "sub-01, sub-02"; expected _MESE images/],
    ["a model that BIDS has no images for", ["--model", "saturation-recovery"], /fit-table takes TS from a table/],
    ["an unknown setting", [...vfa, "--setting", "x=2"], /settings\.x is "x"; expected no settings/],
    ["a budget that is no size", [...vfa, "--memory", "much"], /--memory is "much"; expected a size in bytes/]
  ];
  for (const [name, options, message] of refused) {
    test(`${name} is refused with exit code 2`, async () => {
      const {code, stderr} = await participant(root, join(folder, "refused"), ...options);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  test("levels, folders and tables that are not there are refused", async () => {
    const level = await call("fit", root, out, "participants", ...vfa);
    assert.deepEqual([level.code, level.stderr.includes("did you mean participant?")], [2, true]);
    const none = await participant(join(folder, "nowhere"), out, ...vfa);
    assert.match(none.stderr, /nowhere: path is .*; expected a folder that exists/);
    const tables = await call("fit", root, join(folder, "empty"), "group", ...vfa.slice(0, 2));
    assert.match(tables.stderr, /run the participant level first/);
    const foreign = dataset("foreign", {"dataset_description.json": {Name: "other"}});
    assert.match((await participant(root, foreign, ...vfa)).stderr, /GeneratedBy is "another program"/);
  });

  test("a map of another model is not overwritten", async () => {
    const shared = join(folder, "shared");
    assert.equal((await participant(root, shared, ...vfa)).code, 0);
    const sidecar = join(shared, "sub-01/anat/sub-01_T1map.json");
    const bytes = readFileSync(join(shared, "sub-01/anat/sub-01_T1map.nii.gz"));
    writeFileSync(sidecar, JSON.stringify({Model: {Identifier: "inversion-recovery"}}));
    const {code, stderr} = await participant(root, shared, ...vfa);
    assert.equal(code, 2);
    assert.match(stderr, /T1map\.nii\.gz: OUT_DIR is "a map of inversion-recovery"; expected another OUT_DIR/);
    assert.ok(readFileSync(join(shared, "sub-01/anat/sub-01_T1map.nii.gz")).equals(bytes));
  });
});

test("a faulty participant yields its error, and the rest goes on", async () => {
  const files = angles();
  files["sub-01/anat/sub-01_flip-2_VFA.json"] = {};
  delete files["sub-02/ses-1/anat/sub-02_ses-1_flip-3_VFA.nii.gz"];
  files["sub-02/ses-2/anat/sub-02_ses-2_flip-1_VFA.nii.gz"] = image(new Float32Array(voxels), {
    affine: [2, 0, 0, 9, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]
  });
  const out = join(folder, "faulty-out");
  const {code, stdout, stderr} = await participant(dataset("faulty", files), out, ...vfa);
  assert.equal(code, 2);
  assert.match(stderr, /VFA\.json: FlipAngle is undefined; expected FA .*for sub-01\/anat\/sub-01_flip-2_VFA\.nii\.gz/);
  assert.match(stderr, /flip-2_VFA\.nii\.gz: affine is .*flip-1_VFA\.nii\.gz/);
  assert.match(stdout, /1 fitted, 0 skipped, 2 failed/);
  assert.ok(existsSync(join(out, "sub-02/ses-1/anat/sub-02_ses-1_T1map.nii.gz")));
});

test("several masks need a choice, an empty one is refused, one on another grid is not used", async () => {
  const files = angles();
  const path = "derivatives/masks/sub-01/anat/sub-01_desc";
  const one = (more: Files, ...options: string[]) => {
    const name = `masks-${++runs}`;
    const root = dataset(name, {...files, ...more});
    return participant(root, join(folder, `${name}-out`), ...vfa, "--participant-label", "01", ...options);
  };
  const second = {[`${path}-tumour_mask.nii.gz`]: image(mask.map((value, v) => (v < 40 ? value : 0)))};
  const several = await one(second);
  assert.equal(several.code, 2);
  assert.match(several.stderr, /mask is .*expected --mask LABEL with one of the desc labels brain, tumour/);
  assert.match((await one(second, "--mask", "tumour")).stdout, /15 converged, 105 outside-mask/);
  assert.match((await one(second, "--mask", "none")).stdout, /120 converged$/m);
  const empty = await one({[`${path}-brain_mask.nii.gz`]: image(new Uint8Array(voxels))});
  assert.match(empty.stderr, /brain_mask\.nii\.gz: mask is "empty"; expected a voxel above 0/);
  const elsewhere = writeNifti({...grid, shape: [5, 4, 5], data: new Uint8Array(100).fill(1)});
  const other = await one({[`${path}-small_mask.nii`]: elsewhere});
  assert.equal(other.code, 0);
  assert.match(other.stderr, /not used: .*small_mask\.nii: shape is/);
});

test("B1: a map on another grid or in doubtful units is refused, and none is said", async () => {
  const files = angles();
  let estimator = "ols";
  const one = (more: Files, ...options: string[]) => {
    const name = `b1-${++runs}`;
    const root = dataset(name, {...files, ...more});
    const base = ["--model", "variable-flip-angle", "--estimator", estimator, "--participant-label", "01"];
    return participant(root, join(folder, `${name}-out`), ...base, ...options);
  };
  const path = "sub-01/fmap/sub-01_TB1map";
  const coarse = {[`${path}.nii.gz`]: writeNifti({...grid, shape: [5, 4, 5], data: new Float32Array(100).fill(1)})};
  const refused = await one(coarse);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /TB1map\.nii\.gz: shape is .*resample the map, or give --fix B1=VALUE/);
  assert.equal((await one(coarse, "--fix", "B1=1")).code, 0);
  const maps = () => listing(join(folder, `b1-${runs}-out`)).filter((name) => name.endsWith("map.nii.gz"));
  assert.ok(maps().length > 0 && !maps().some((name) => name.includes("B1")));
  estimator = "nlls";
  for (const option of ["--free", "--share"]) {
    const {code, stderr} = await one(coarse, option, "B1");
    assert.equal(code, 0, `${option}: ${stderr}`);
    assert.ok(maps().includes("sub-01/anat/sub-01_model-variableflipangle_param-B1_VFAmap.nii.gz"), maps().join(" "));
  }
  assert.equal((await one(coarse, "--fix", "B1=1", "--fix", "T1=1")).code, 0);
  assert.ok(maps().length > 0 && !maps().some((name) => name.includes("T1map")), maps().join(" "));
  assert.match((await one({[`${path}.json`]: {}})).stderr, /if these are percent, state Units "percent"/);
  assert.match((await one({[`${path}.json`]: {Units: "degrees"}})).stderr, /Units is "degrees"; expected arbitrary/);
  delete files[`${path}.nii.gz`];
  assert.match((await one({})).stderr, /sub-01: no TB1map: B1 is held at 1/);
});

test("other images: echoes, inversions in complex parts or magnitude and phase, diffusion", async () => {
  const TE = [0.01, 0.02, 0.04, 0.08];
  const TI = [0.05, 0.3, 0.9, 2.5];
  const b = [0, 200, 800];
  const [T2, one] = [(v: number) => 0.03 + (v % 7) / 100, (v: number) => 100 + v];
  const echoes = signals("t2", {TE}, {S0: one, T2});
  const complex = signals(
    "inversion-recovery-complex",
    {TI: [...TI, ...TI], imaginary: [...TI.map(() => 0), ...TI.map(() => 1)]},
    {a_re: one, a_im: () => 30, b_re: (v) => -1.9 * one(v), b_im: () => -50, T1}
  );
  const decay = signals("mono-exponential", {b}, {S0: one, ADC: (v) => 5e-4 + v * 1e-5});
  const files: Files = {"dwi.bval": b.join(" "), "sub-01/dwi/sub-01_dwi.nii.gz": image(decay)};
  files["sub-01/dwi/sub-01_dwi.bvec"] = "0 1 0\n0 0 1\n0 0 0\n";
  TE.forEach((value, s) => {
    files[`sub-01/anat/sub-01_echo-${s + 1}_MESE.nii.gz`] = image(row(echoes, s));
    files[`sub-01/anat/sub-01_echo-${s + 1}_MESE.json`] = {EchoTime: value};
  });
  TI.forEach((value, s) => {
    const [re, im] = [row(complex, s), row(complex, TI.length + s)];
    const part = (run: number, name: string, data: Float64Array<ArrayBuffer>) => {
      files[`sub-01/anat/sub-01_run-${run}_inv-${s + 1}_part-${name}_IRT1.nii.gz`] = image(data);
      files[`sub-01/anat/sub-01_run-${run}_inv-${s + 1}_part-${name}_IRT1.json`] = {InversionTime: value, Units: "rad"};
    };
    part(1, "real", re);
    part(1, "imag", im);
    part(2, "mag", Float64Array.from(re, (x, v) => Math.hypot(x, im[v])));
    part(2, "phase", Float64Array.from(re, (x, v) => Math.atan2(im[v], x)));
  });
  const root = dataset("others", files);
  const out = join(folder, "others-out");
  const run = async (model: string, path: string): Promise<ArrayLike<number>> => {
    const {code, stderr} = await participant(root, out, "--model", model, "--workers", "1");
    assert.equal(code, 0, stderr);
    return read(join(out, path)).values();
  };
  const near = (values: ArrayLike<number>, truth: (v: number) => number, tolerance: number) => {
    assert.equal(values.length, voxels);
    for (let v = 0; v < voxels; v++) {
      assert.ok(Math.abs(values[v] / truth(v) - 1) < tolerance, `voxel ${v}: ${values[v]}, not ${truth(v)}`);
    }
  };
  near(await run("t2", "sub-01/anat/sub-01_T2map.nii.gz"), T2, 1e-6);
  near(await run("inversion-recovery-complex", "sub-01/anat/sub-01_run-1_T1map.nii.gz"), T1, 1e-6);
  near(read(join(out, "sub-01/anat/sub-01_run-2_T1map.nii.gz")).values(), T1, 1e-6);
  const path = "sub-01/dwi/sub-01_model-monoexponential_param-ADC_dwimap.nii.gz";
  near(await run("mono-exponential", path), (v) => 5e-4 + v * 1e-5, 1e-9);
  assert.deepEqual(json(join(out, path.replace(".nii.gz", ".json"))).Protocol, {b: {Units: "s/mm^2", Values: b}});
  const echo = json(join(root, "sub-01/anat/sub-01_echo-1_MESE.json"));
  assert.equal(echo.EchoTime, 0.01);
  writeFileSync(join(root, "sub-01/anat/sub-01_echo-1_MESE.json"), JSON.stringify({EchoTime: 10.5}));
  const late = await participant(root, out, "--model", "t2", "--workers", "1");
  assert.equal(late.code, 2);
  assert.match(late.stderr, /echo-1_MESE\.json: EchoTime is 10\.5; expected at most 10 s; this looks like ms/);
});

test("images with and without a magnetisation-transfer pulse, FLAIR at several times, fat and water", async () => {
  const M0 = (v: number): number => 80 + v;
  const share = (v: number): number => 20 + (v % 11);
  const MTsat = (v: number): number => 1 + (v % 9) / 3;
  const T2 = (v: number): number => 0.06 + (v % 7) / 100;
  const PDFF = (v: number): number => 0.05 + (v % 13) / 20;
  const R2star = (v: number): number => 30 + (v % 5) * 12;
  const ratio = signals("mtr", {MT: [0, 1]}, {S0: M0, MTR: share});
  const saturation = {MT: [1, 0, 0], FA: [6, 6, 21], TR: [0.028, 0.028, 0.018]};
  const mts = signals("mtsat", saturation, {A: M0, R1: (v) => 1 / T1(v), MTsat, B1: () => 1});
  const flair = {TE: [0.08, 0.12, 0.08, 0.08], TI: [2.4, 2.4, 1.2, 0.6], TR: [9, 9, 9, 9]};
  const recovered = signals("flair", flair, {M0, T1, T2});
  const TE = [1.15e-3, 2.3e-3, 3.45e-3, 4.6e-3, 5.75e-3, 6.9e-3];
  const settings = {field_strength: 3};
  const fat = signals("fat-water", {TE}, {S0: M0, PDFF, R2star}, {settings});
  const complex = signals(
    "fat-water-complex",
    {TE: [...TE, ...TE], imaginary: [...TE.map(() => 0), ...TE.map(() => 1)]},
    {S0: M0, PDFF, R2star, phase: () => 0.4, off_resonance: (v) => (v % 9) * 6 - 24},
    {settings}
  );
  const files: Files = {};
  const complexFiles: Files = {};
  const add = (name: string, data: Float64Array<ArrayBuffer>, sidecar: object, to = files) => {
    to[`sub-01/anat/sub-01_${name}.nii.gz`] = image(data);
    to[`sub-01/anat/sub-01_${name}.json`] = sidecar;
  };
  add("mt-off_MTR", row(ratio, 0), {MTState: false});
  add("mt-on_MTR", row(ratio, 1), {MTState: true});
  saturation.MT.forEach((on, s) =>
    add(`flip-${s === 2 ? 2 : 1}_mt-${on === 1 ? "on" : "off"}_MTS`, row(mts, s), {
      MTState: on === 1, FlipAngle: saturation.FA[s], RepetitionTimeExcitation: saturation.TR[s]
    })
  );
  flair.TE.forEach((EchoTime, s) =>
    add(`acq-${s + 1}_FLAIR`, row(recovered, s), {EchoTime, InversionTime: flair.TI[s], RepetitionTimePreparation: 9})
  );
  TE.forEach((EchoTime, s) => {
    add(`echo-${s + 1}_MEGRE`, row(fat, s), {EchoTime, MagneticFieldStrength: 3});
    const parts = {real: row(complex, s), imag: row(complex, TE.length + s)};
    for (const [part, data] of Object.entries(parts)) {
      add(`echo-${s + 1}_part-${part}_MEGRE`, data, {EchoTime, MagneticFieldStrength: 3}, complexFiles);
    }
  });
  const root = dataset("further", files);
  const complexRoot = dataset("further-complex", complexFiles);
  const fitted = async (
    model: string, maps: Record<string, (v: number) => number>, tolerance: number, from = root
  ): Promise<void> => {
    const out = `${from}-out`;
    const {code, stderr} = await participant(from, out, "--model", model, "--workers", "1");
    assert.equal(code, 0, stderr);
    for (const [name, truth] of Object.entries(maps)) {
      const values = read(join(out, "sub-01", "anat", `${name}.nii.gz`)).values();
      for (let v = 0; v < voxels; v++) {
        assert.ok(Math.abs(values[v] / truth(v) - 1) < tolerance, `${name} voxel ${v}: ${values[v]}, not ${truth(v)}`);
      }
    }
  };
  await fitted("mtr", {"sub-01_MTRmap": share}, 1e-9);
  await fitted("mtsat", {"sub-01_MTsat": MTsat, "sub-01_R1map": (v) => 1 / T1(v)}, 1e-6);
  await fitted("flair", {"sub-01_T1map": T1, "sub-01_T2map": T2}, 1e-6);
  await fitted("fat-water", {"sub-01_PDFFmap": PDFF, "sub-01_R2starmap": R2star}, 1e-6);
  await fitted("fat-water-complex", {"sub-01_PDFFmap": PDFF, "sub-01_R2starmap": R2star}, 1e-6, complexRoot);
});
