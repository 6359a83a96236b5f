import assert from "node:assert/strict";
import {after, test} from "node:test";
import {unzipSync} from "fflate";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import {parseCsv} from "../../src/io/tsv.js";
import {archive, derivedMaps, voxelTable} from "../../src/tools/fit-files.js";
import {readFitInput} from "../../src/tools/fit-input.js";
import type {RegionChoice} from "../../src/tools/fit-regions.js";
import {fitRegion} from "../../src/tools/fit-run.js";
import {everywhere, fittedSamples, folder} from "./fitted-samples.js";
import {affine, b, bval, nanVoxel, samples, shape, voxels, voxelSize, zeroVoxel} from "./samples.js";

const {pool, registry, modelOf, input, result} = await fittedSamples();
after(() => pool.close());
const codeOf = (name: string): number => registry.statuses.find((status) => status.name === name)!.code;

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
