import assert from "node:assert/strict";
import {existsSync} from "node:fs";
import {fileURLToPath} from "node:url";
import {after, before, describe, test} from "node:test";
import {unzipSync} from "fflate";
import {fitVoxels, readRegistry} from "../../src/compute/fit.js";
import type {ModelInfo, Registry} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {instantiate} from "../../src/compute/core.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {folderOfBytes, type Folder} from "../../src/io/folder.js";
import {openFolder} from "../../src/io/folder.node.js";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import {parseCsv} from "../../src/io/tsv.js";
import {
  archive,
  baseline,
  derivedMaps,
  displayRange,
  fitRegion,
  groupsOf,
  kindOf,
  labelsOf,
  middleVoxel,
  readFitInput,
  regionMask,
  samplesAt,
  suitability,
  voxelAt,
  voxelTable,
  type FitInput,
  type FitResult,
  type RegionChoice
} from "../../src/tools/fit-data.js";
import {faultOf} from "../io/fault.js";
import {
  affine,
  b,
  badInputs,
  bval,
  labels,
  mask,
  nanVoxel,
  negativeVoxel,
  samples,
  series,
  shape,
  truth,
  voxels,
  voxelSize,
  zeroVoxel,
  type Dropped
} from "./samples.js";

const folder = (...files: Dropped[]): Folder =>
  folderOfBytes("dropped files", Object.fromEntries(files.map(({name, bytes}) => [name, bytes])));
const json = (name: string, content: unknown): Dropped => ({name, bytes: JSON.stringify(content)});
const everywhere: RegionChoice = {kind: "everywhere"};

describe("reading what was dropped", () => {
  test("a series with .bval", async () => {
    const input = await readFitInput(folder(series(), bval));
    assert.deepEqual(input.protocol, {b});
    assert.equal(input.voxels, voxels);
    assert.deepEqual(input.samples, samples());
    assert.deepEqual(
      input.roles.map(({file}) => file),
      ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]
    );
    assert.deepEqual(input.sources, ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]);
  });

  test("every file with its part: mask, directions, sidecar, names of labels, files of no use", async () => {
    const directions = [b.map(() => 1), b.map(() => 0), b.map(() => 0)].map((row) => row.join(" ")).join("\n");
    const input = await readFitInput(
      folder(
        series(),
        bval,
        mask(),
        {name: "sub-01_dwi.bvec", bytes: directions},
        json("sub-01_dwi.json", {EchoTime: 0.081}),
        json("dwi.json", {EchoTime: 0.2, Manufacturer: "none"}),
        json("sub-01_dseg.json", {}),
        {name: "dseg.tsv", bytes: "index\tname\n1\todd\n2\teven\n"},
        {name: "README", bytes: "text"},
        {name: ".DS_Store", bytes: "text"}
      )
    );
    assert.deepEqual(
      input.protocol.TE,
      b.map(() => 0.081),
      "the sidecar of the series' own name wins over the general one"
    );
    assert.equal(input.sidecar.Manufacturer, "none");
    assert.deepEqual(
      [...input.labelNames],
      [
        [1, "odd"],
        [2, "even"]
      ]
    );
    assert.deepEqual(
      input.masks.map(({file}) => file),
      ["sub-01_dseg.nii.gz"]
    );
    const role = (file: string): string => input.roles.find((each) => each.file === file)!.role;
    assert.equal(input.roles.length, 10, "no file without a part");
    assert.match(role("sub-01_dwi.bvec"), /directions/);
    assert.match(role("sub-01_dwi.json"), /sidecar of the series: TE of 81 ms/);
    assert.match(role("sub-01_dseg.json"), /not used/);
    assert.match(role("README"), /not used/);
    assert.match(role(".DS_Store"), /not used/);
  });

  test("a table of b and TE in each of its forms", async () => {
    for (const [name, line] of [
      ["p.tsv", "\t"],
      ["p.csv", ","],
      ["p.csv", ";"],
      ["p.txt", "\t"]
    ]) {
      const text = `b${line}TE\n${b.map((value, i) => `${value}${line}${0.08 + 0.01 * (i % 2)}`).join("\n")}\n`;
      const input = await readFitInput(folder(series(), {name, bytes: text}));
      assert.deepEqual(input.protocol, {b, TE: b.map((_, i) => 0.08 + 0.01 * (i % 2))}, `${name} with ${line}`);
    }
  });

  test("names as FSL and converters write them", () => {
    const kinds = [
      "bvals",
      "bvals.txt",
      "dwi.bval",
      "x_bval.txt",
      "bvecs",
      "a.bvec",
      "a.nii",
      "a.nii.gz",
      "a.IMG",
      "participants.tsv",
      "sub-1/sub-1_scans.tsv"
    ].map(kindOf);
    assert.deepEqual(kinds, [
      "bval",
      "bval",
      "bval",
      "bval",
      "bvec",
      "bvec",
      "image",
      "image",
      "image",
      "ignored",
      "ignored"
    ]);
  });

  test("integers with a slope are scaled", async () => {
    const data = Int16Array.from({length: 2 * 6}, (_, i) => 100 * (i + 1));
    const bytes = writeNifti({shape: [1, 2, 1, 6], voxelSize, affine, data, slope: 0.5, intercept: 3});
    const input = await readFitInput(folder({name: "a.nii", bytes}, bval));
    assert.deepEqual(
      [...input.samples],
      [...data].map((value) => 0.5 * value + 3)
    );
  });

  test("steps are told before they are done, and the signal stops the reading", async () => {
    const seen: [string, number][] = [];
    await readFitInput(folder(series(), bval, mask()), {onStep: (label, share) => void seen.push([label, share])});
    assert.deepEqual(
      seen.map(([label]) => label),
      ["Reading headers", "Reading sub-01_dwi.nii.gz", "Reading sub-01_dseg.nii.gz", "Scaling the values"]
    );
    assert.ok(seen.every(([, share], i) => share >= 0 && share <= 1 && (i === 0 || share >= seen[i - 1][1])));
    const controller = new AbortController();
    const stopped = readFitInput(folder(series(), bval), {
      signal: controller.signal,
      onStep: (label) => void (label.startsWith("Reading sub") && controller.abort())
    });
    await assert.rejects(stopped, {name: "AbortError"});
  });

  for (const {what, files, code, file, field} of badInputs) {
    test(`${what}: an error that names file, field, value and expectation`, async () => {
      const fault = await faultOf(() => readFitInput(folder(...files)), {code, file, field});
      assert.ok(fault.value !== undefined, "the value that was found");
      assert.ok(fault.expected.length > 0, "what was expected");
      await readFitInput(folder(series(), bval)); // the next files are read as ever
    });
  }

  test("a complex image gives magnitudes, and its parts to models that want them", async () => {
    const data = Float32Array.from({length: 12}, (_, i) => (i % 2 ? 4 : 3));
    const bytes = writeNifti({shape: [1, 1, 1, 6], voxelSize, affine, data, datatype: "complex64"});
    const input = await readFitInput(folder({name: "phase.nii", bytes}, bval));
    assert.deepEqual([...input.samples], new Array(6).fill(5));
    assert.ok(input.complex && input.magnitudes);
  });

  test("a bad echo time in a sidecar names the sidecar", async () => {
    for (const value of [81, 0, -1, "0.08", [0.08, 0.09]]) {
      await faultOf(() => readFitInput(folder(series(), bval, json("sub-01_dwi.json", {EchoTime: value}))), {
        code: "bad-field",
        file: "sub-01_dwi.json",
        field: "EchoTime"
      });
    }
  });
});

describe("the region", () => {
  let input: FitInput;
  before(async () => {
    input = await readFitInput(
      folder(series(), bval, mask(), {name: "dseg.tsv", bytes: "index\tname\n1\todd\n2\teven\n"})
    );
  });
  const sum = (values: Uint8Array): number => values.reduce((total, value) => total + value, 0);

  test("everywhere is every voxel", () => assert.equal(sum(regionMask(input, everywhere)), voxels));

  test("the base image is the mean of the volumes at the lowest b", () => {
    const base = baseline(input);
    const values = samples();
    for (const v of [0, 50, 104]) assert.equal(base[v], (values[v] + values[voxels + v]) / 2);
  });

  test("the foreground follows its threshold and leaves out zeros", () => {
    const half = regionMask(input, {kind: "foreground", fraction: 0.5});
    assert.equal(half[zeroVoxel], 0);
    assert.equal(sum(half), voxels - 1);
    const most = regionMask(input, {kind: "foreground", fraction: 0.9});
    assert.ok(sum(most) < sum(half) && sum(most) > 0);
    assert.deepEqual(regionMask(input, {kind: "foreground", fraction: 0.9}, baseline(input)), most);
  });

  test("a mask counts above 0, a label counts alone", () => {
    const file = "sub-01_dseg.nii.gz";
    assert.deepEqual(labelsOf(input.masks[0]), [1, 2]);
    assert.equal(sum(regionMask(input, {kind: "mask", file, label: null})), 70);
    const odd = regionMask(input, {kind: "mask", file, label: 1});
    assert.deepEqual(
      [...odd],
      [...labels].map((label) => (label === 1 ? 1 : 0))
    );
  });

  test("labels are summarised one by one under their names", () => {
    const choice: RegionChoice = {kind: "mask", file: "sub-01_dseg.nii.gz", label: null};
    const groups = groupsOf(input, choice, regionMask(input, choice));
    assert.deepEqual(
      groups.map(({label, voxels}) => [label, voxels.length]),
      [
        ["odd", 35],
        ["even", 35]
      ]
    );
  });

  test("the middle voxel lies in the region", () => {
    const ring = Uint8Array.from({length: voxels}, (_, v) => (v % 7 === 0 || v % 7 === 6 ? 1 : 0));
    const groups = groupsOf(input, {kind: "foreground", fraction: 0.5}, ring);
    const voxel = middleVoxel(input, groups);
    assert.ok(voxel[0] === 0 || voxel[0] === 6, "the centre of a hollow region is not in it");
    assert.deepEqual([voxel[1], voxel[2]], [2, 1]);
    assert.equal(ring[voxelAt(input, voxel)], 1);
  });

  test("a region without a voxel is an error that says so", async () => {
    await faultOf(() => regionMask(input, {kind: "mask", file: "sub-01_dseg.nii.gz", label: 9}), {
      code: "empty-mask",
      file: "sub-01_dseg.nii.gz"
    });
    await faultOf(() => regionMask(input, {kind: "mask", file: "other.nii", label: null}), {code: "unknown-mask"});
    const dark = writeNifti({shape: [2, 2, 1, 6], voxelSize, affine, data: new Float32Array(24)});
    const black = await readFitInput(folder({name: "black.nii", bytes: dark}, bval));
    await faultOf(() => regionMask(black, {kind: "foreground", fraction: 0.2}), {
      code: "empty-mask",
      file: "black.nii"
    });
  });
});

describe("fitting", () => {
  let pool: Pool;
  let registry: Registry;
  let input: FitInput;
  let result: FitResult;
  const modelOf = (id: string): ModelInfo => registry.models.find((model) => model.id === id)!;
  const codeOf = (name: string): number => registry.statuses.find((status) => status.name === name)!.code;

  before(async () => {
    pool = createPool({size: 2, spawn, module: await loadModule()});
    registry = await readRegistry(pool);
    input = await readFitInput(folder(series(), bval, mask()));
    result = await fitRegion(pool, {input, model: modelOf("mono-exponential"), estimator: "ols", region: everywhere});
  });
  after(() => pool.close());

  test("the truth comes out, and the maps are those of the fit of the same samples", async () => {
    const direct = await fitVoxels(pool, {
      model: "mono-exponential",
      estimator: "ols",
      protocol: {b},
      samples: samples(),
      voxels
    });
    assert.deepEqual(result.fit.parameters, direct.parameters);
    const adc = result.fit.parameters.find(({name}) => name === "ADC")!.values;
    for (let v = 6; v < voxels; v++) assert.ok(Math.abs(adc[v] / truth(v).ADC - 1) < 0.1, `voxel ${v}: ${adc[v]}`);
  });

  test("zero, NaN and negative voxels end with an outcome of their own, by estimator", async () => {
    const ended = async (estimator: string): Promise<Record<string, string>> => {
      const {fit} = await fitRegion(pool, {input, model: modelOf("mono-exponential"), estimator, region: everywhere});
      const name = (v: number): string => registry.statuses.find(({code}) => code === fit.status[v])!.name;
      assert.equal(
        Object.values(fit.counts).reduce((sum, count) => sum + count, 0),
        voxels
      );
      assert.ok(Number.isNaN(fit.parameters[0].values[zeroVoxel]) && Number.isNaN(fit.parameters[0].values[nanVoxel]));
      return {
        zero: name(zeroVoxel),
        nan: name(nanVoxel),
        negative: name(negativeVoxel),
        converged: String(fit.counts.converged)
      };
    };
    const log = {
      zero: "failed-non-positive",
      nan: "failed-non-finite",
      negative: "failed-non-positive",
      converged: "102"
    };
    assert.deepEqual(await ended("ols"), log);
    assert.deepEqual(await ended("iwls"), log);
    assert.deepEqual(await ended("nlls"), {
      zero: "failed-no-signal",
      nan: "failed-non-finite",
      negative: "converged",
      converged: "103"
    });
  });

  test("models say whether these data will do, and why not", async () => {
    const reasons = await suitability(pool, registry.models, input);
    assert.equal(reasons["mono-exponential"], null);
    assert.equal(reasons["clinical-adc"], null);
    assert.match(reasons["t2-ivim-kurtosis"]!, /not fitted yet|TE \(s\)/);
    const few = {...input, protocol: {b: [0, 0, 50, 100, 800, 1000]}};
    const less = await suitability(pool, registry.models, few);
    assert.equal(less["mono-exponential"], null);
    assert.match(less["clinical-adc"]!, /400|900/, "names the b value that is missing");
    const same = await suitability(pool, registry.models, {...input, protocol: {b: b.map(() => 0)}});
    assert.ok(same["mono-exponential"] !== null, "one b value determines no decay");
  });

  test("a model that needs a column that is missing names it with its unit", async () => {
    const model = {...modelOf("mono-exponential"), id: "other", protocol: [{name: "TI", unit: "s", required: true}]};
    assert.deepEqual(await suitability(pool, [model], input), {other: "it needs TI (s) of each volume"});
  });

  test("clinical metrics of a region of one label", async () => {
    const region: RegionChoice = {kind: "mask", file: "sub-01_dseg.nii.gz", label: 2};
    const clinical = await fitRegion(pool, {input, model: modelOf("clinical-adc"), estimator: "nlls", region});
    assert.equal(clinical.fit.counts["outside-mask"], voxels - 35);
    assert.deepEqual(
      clinical.summaries.map(({parameter, n, missing}) => [parameter, n + missing]),
      clinical.fit.parameters.map(({name}) => [name, 35])
    );
  });

  test("an estimator that the model lacks is refused", async () => {
    const model = modelOf("mono-exponential");
    await faultOf(() => fitRegion(pool, {input, model, estimator: "magic", region: everywhere}), {
      code: "unknown-estimator"
    });
  });

  test("a pause between the summaries is awaited, and can be the time to stop", async () => {
    const model = modelOf("mono-exponential");
    const controller = new AbortController();
    let pauses = 0;
    const pause = async (): Promise<void> => {
      if (++pauses === 2) controller.abort();
    };
    const {signal} = controller;
    await assert.rejects(fitRegion(pool, {input, model, estimator: "ols", region: everywhere}, {signal, pause}), {
      name: "AbortError"
    });
    assert.equal(pauses, 2);
  });

  test("the signal stops a fit", async () => {
    const signal = AbortSignal.abort();
    const model = modelOf("mono-exponential");
    await assert.rejects(fitRegion(pool, {input, model, estimator: "ols", region: everywhere}, {signal}), {
      name: "AbortError"
    });
  });

  test("summaries: quartiles of type 7 over the voxels with a value", () => {
    const values = [...result.fit.parameters[1].values].filter(Number.isFinite).sort((p, q) => p - q);
    const [, row] = result.summaries;
    assert.deepEqual([row.parameter, row.unit, row.group, row.n, row.missing], ["ADC", "mm2/s", "Everywhere", 102, 3]);
    // n = 102: type 7 puts the quartiles at ranks 26.25, 51.5 and 76.75.
    const rank = (r: number): number =>
      values[Math.floor(r) - 1] + (r % 1) * (values[Math.floor(r)] - values[Math.floor(r) - 1]);
    for (const [found, expected] of [
      [row.q1, rank(26.25)],
      [row.median, rank(51.5)],
      [row.q3, rank(76.75)]
    ]) {
      assert.ok(Math.abs(found! / expected! - 1) < 1e-12);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / 102;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 101);
    assert.ok(Math.abs(row.mean! / mean - 1) < 1e-12 && Math.abs(row.sd! / sd - 1) < 1e-9);
  });

  test("a part without any value has no summary and no range", async () => {
    const region: RegionChoice = everywhere;
    const broken = writeNifti({shape: [2, 1, 1, 6], voxelSize, affine, data: new Float32Array(12)});
    const dark = await readFitInput(folder({name: "black.nii", bytes: broken}, bval));
    const none = await fitRegion(pool, {input: dark, model: modelOf("mono-exponential"), estimator: "ols", region});
    const [row] = none.summaries;
    assert.deepEqual([row.n, row.missing, row.median, row.q1, row.mean, row.sd], [0, 2, null, null, null, null]);
    assert.deepEqual(none.ranges, [null, null]);
    assert.equal(displayRange(none.fit.parameters[0].values, none.groups[0].voxels), null);
    assert.deepEqual(
      displayRange([5, 5, NaN], Uint32Array.of(0, 1, 2)),
      [4.5, 5.5],
      "one value gets room on both sides"
    );
    const [csv] = [await voxelTable(none, registry.statuses)];
    assert.deepEqual(new TextDecoder().decode(csv.bytes).split("\n")[1], "0,0,0,Everywhere,failed-non-positive,,,,,,0");
  });

  test("the drawn curve is the core's prediction and passes through noise-free samples", async () => {
    const core = instantiate(await loadModule());
    const line = core.simulate({model: "mono-exponential", protocol: {b}}, Float64Array.of(1000, 0.001), 1);
    b.forEach((weight, s) => assert.ok(Math.abs(line[s] - 1000 * Math.exp(-weight * 0.001)) < 1e-9));
    await faultOf(() => core.simulate({model: "clinical-adc", protocol: {b}}, new Float64Array(5), 1), {});
  });

  test("samples of one voxel, by volume", () => {
    const values = samples();
    const v = voxelAt(input, [2, 3, 1]);
    assert.equal(v, 2 + 7 * (3 + 5));
    assert.deepEqual(
      [...samplesAt(input, v)],
      b.map((_, s) => values[s * voxels + v])
    );
  });

  describe("files to keep", () => {
    test("every map, read again, is bit for bit the map, on the grid of the series", () => {
      const maps = derivedMaps(result, registry.statuses);
      const {fit} = result;
      const expected = new Map<string, ArrayLike<number>>([
        ...fit.parameters.map(({name, values}) => [name, values] as const),
        ...fit.standardDeviations.map(({name, values}) => [`SD of ${name}`, values] as const),
        ["Residual sum of squares", fit.residual],
        ["Outcome", fit.status]
      ]);
      assert.deepEqual(maps.map(({label}) => label).sort(), [...expected.keys()].sort());
      for (const map of maps) {
        const {name, bytes} = map.image();
        const image = readNifti(bytes, name);
        assert.deepEqual(image.data, expected.get(map.label), map.label);
        assert.deepEqual(image.shape, shape);
        assert.deepEqual(image.affine, affine);
        assert.deepEqual(image.voxelSize, voxelSize);
        assert.equal(map.sidecar().name, name.replace(".nii.gz", ".json"));
      }
    });

    test("sidecars state unit, model, sources and outcome", () => {
      const maps = derivedMaps(result, registry.statuses);
      const sidecarOf = (label: string) =>
        JSON.parse(new TextDecoder().decode(maps.find((map) => map.label === label)!.sidecar().bytes));
      const adc = sidecarOf("ADC");
      assert.equal(adc.Units, "mm^2/s");
      assert.equal(adc.GeneratedBy[0].Name, "Measurand");
      assert.deepEqual(adc.Sources, ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]);
      assert.equal(adc.Estimator.Identifier, "ols");
      assert.deepEqual(adc.Protocol.b, {Units: "s/mm^2", Values: b});
      assert.equal(adc.Voxels.converged, 102);
      const status = sidecarOf("Outcome");
      assert.match(status.Levels[codeOf("failed-non-finite")], /^failed-non-finite: /);
      assert.match(status.Levels[255], /^outside-mask/);
      assert.deepEqual(
        maps.map(({name}) => name),
        [
          "sub-01_model-monoexponential_param-S0_dwimap",
          "sub-01_model-monoexponential_param-S0_desc-sd_dwimap",
          "sub-01_model-monoexponential_param-ADC_dwimap",
          "sub-01_model-monoexponential_param-ADC_desc-sd_dwimap",
          "sub-01_model-monoexponential_desc-residual_dwimap",
          "sub-01_model-monoexponential_desc-status_dwimap"
        ]
      );
    });

    test("images of double precision keep it", async () => {
      const data = Float64Array.from(samples());
      const bytes = writeNifti({shape: [...shape, 6], voxelSize, affine, data});
      const double = await readFitInput(folder({name: "a.nii", bytes}, bval));
      const fine = await fitRegion(pool, {
        input: double,
        model: modelOf("mono-exponential"),
        estimator: "nlls",
        region: everywhere
      });
      const [map] = derivedMaps(fine, registry.statuses);
      const image = readNifti(map.image().bytes, "map");
      assert.equal(image.datatype, "float64");
      assert.deepEqual(image.data, fine.fit.parameters[0].values);
    });

    test("the archive holds every map with its sidecar in BIDS' folders, the same bytes each time", async () => {
      const maps = derivedMaps(result, registry.statuses);
      const steps: number[] = [];
      const zip = await archive(result, maps, {onProgress: (done) => void steps.push(done)});
      assert.equal(zip.name, "sub-01_dwi_maps.zip");
      const files = unzipSync(zip.bytes);
      const names = maps.flatMap(({name}) => [`sub-01/dwi/${name}.nii.gz`, `sub-01/dwi/${name}.json`]);
      assert.deepEqual(Object.keys(files).sort(), ["dataset_description.json", ...names].sort());
      for (const {name, image} of maps) assert.deepEqual(files[`sub-01/dwi/${name}.nii.gz`], image().bytes);
      assert.equal(JSON.parse(new TextDecoder().decode(files["dataset_description.json"])).DatasetType, "derivative");
      assert.deepEqual(steps, [0, 1, 2, 3, 4, 5, 6]);
      assert.deepEqual((await archive(result, maps)).bytes, zip.bytes);
      await assert.rejects(archive(result, maps, {signal: AbortSignal.abort()}), {name: "AbortError"});
    });

    test("the table has one row for each voxel of the region", async () => {
      const file = await voxelTable(result, registry.statuses);
      const table = parseCsv(new TextDecoder().decode(file.bytes), file.name);
      assert.deepEqual(table.columns, [
        "x",
        "y",
        "z",
        "region",
        "status",
        "S0",
        "S0_sd",
        "ADC",
        "ADC_sd",
        "rss",
        "iterations"
      ]);
      assert.equal(table.rows.length, voxels);
      const [s0] = result.fit.parameters;
      for (const v of [0, zeroVoxel, nanVoxel, 60, 104]) {
        assert.deepEqual(
          ["x", "y", "z"].map((axis) => table.number(v, axis)),
          [v % 7, Math.floor(v / 7) % 5, Math.floor(v / 35)]
        );
        assert.equal(table.number(v, "S0"), Number.isFinite(s0.values[v]) ? s0.values[v] : null);
      }
      assert.equal(table.text(zeroVoxel, "status"), "failed-non-positive");
      assert.equal(table.text(0, "status"), "converged");
      const region: RegionChoice = {kind: "mask", file: "sub-01_dseg.nii.gz", label: null};
      const masked = await fitRegion(pool, {input, model: modelOf("mono-exponential"), estimator: "ols", region});
      const rows = parseCsv(new TextDecoder().decode((await voxelTable(masked, registry.statuses)).bytes), "voxels");
      assert.equal(rows.rows.length, 70);
      assert.deepEqual([...new Set(rows.rows.map((row) => row.region))], ["Label 1", "Label 2"]);
    });
  });

  const spine = fileURLToPath(new URL("../../../shared/data/spine-dwi/", import.meta.url));
  test(
    "a real series with bvals.txt and bvecs.txt",
    {skip: !existsSync(spine) && "../shared/data/spine-dwi is not here"},
    async () => {
      const all = await openFolder(spine);
      const real = await readFitInput({...all, name: "spine", paths: ["bvals.txt", "bvecs.txt", "dmri.nii.gz"]});
      assert.deepEqual([real.image.volumes, real.protocol.b.length], [35, 35]);
      const region: RegionChoice = {kind: "foreground", fraction: 0.2};
      const fitted = await fitRegion(pool, {input: real, model: modelOf("mono-exponential"), estimator: "ols", region});
      const adc = fitted.summaries.find(({parameter}) => parameter === "ADC")!;
      assert.ok(
        adc.n > 1000 && adc.median! > 0.0003 && adc.median! < 0.003,
        `median ADC ${adc.median} in ${adc.n} voxels`
      );
      const reasons = await suitability(pool, registry.models, real);
      assert.ok(reasons["clinical-adc"] !== null, "b = 0 and 800 have no fast part");
    }
  );
});
