import assert from "node:assert/strict";
import {test} from "node:test";
import {readDataset} from "../../src/io/bids.js";
import type {Dataset} from "../../src/io/bids.js";
import {companionsOf, readCompanions, readLabelNames} from "../../src/io/companions.js";
import {bidsUnit, fitMapName, mapFolder, parameterMapName} from "../../src/io/derivatives.js";
import {folderOfBytes} from "../../src/io/folder.js";
import {findSeries, readProtocol, suffixOf} from "../../src/io/series.js";
import type {SeriesNeeds} from "../../src/io/series.js";
import {faultOf} from "./fault.js";

/** A model by the columns of its protocol; optional ones in brackets. */
const model = (columns: string, parameters = "T1"): SeriesNeeds => ({
  id: "model",
  protocol: columns.split(" ").map((text) => {
    const name = text.replace(/[[\]]/g, "");
    return {name, unit: name === "b" ? "s/mm2" : "s", required: name === text};
  }),
  parameters: parameters.split(" ").map((name) => ({name, held: name === "B1" ? 1 : null}))
});

type Files = Record<string, string | Uint8Array>;
const description = '{"Name": "test", "BIDSVersion": "1.9.0"}';
const open = (files: Files) => folderOfBytes("test", {"dataset_description.json": description, ...files});
const read = (files: Files): Promise<Dataset> => readDataset(open(files));
const sidecar = (fields: object) => JSON.stringify(fields);
const one = {volumes: 1, complex: false};

test("the columns of a protocol say which images a model is fitted to", async () => {
  const cases: [string, string, string][] = [
    ["b", "S0 ADC", "dwi"],
    ["b TE", "S0 f", "dwi"],
    ["TI", "a b T1", "IRT1"],
    ["TI TR imaginary", "T1", "IRT1"],
    ["FA TR", "M0 T1 B1", "VFA"],
    ["TE", "S0 T2", "MESE"],
    ["TE", "S0 T2star", "MEGRE"],
    ["TE imaginary", "S0 PDFF R2star", "MEGRE"],
    ["MT", "S0 MTR", "MTR"],
    ["MT FA TR", "A R1 MTsat B1", "MTS"],
    ["TE TI TR", "M0 T1 T2", "FLAIR"]
  ];
  for (const [columns, parameters, suffix] of cases) {
    assert.equal(suffixOf(model(columns, parameters)), suffix, columns);
  }
  await faultOf(() => suffixOf(model("TS")), {code: "no-suffix", field: "--model", expected: /fit-table takes TS/});
});

test("images of a session that differ in what the protocol varies are one series", async () => {
  const files: Files = {};
  for (const session of ["ses-1", "ses-2"]) {
    for (const run of ["run-1", "run-2"]) {
      for (const echo of [10, 2, 1]) {
        const name = `sub-01/${session}/anat/sub-01_${session}_${run}_echo-${echo}_MESE`;
        files[`${name}.nii.gz`] = "";
        files[`${name}.json`] = sidecar({EchoTime: echo / 100});
      }
    }
  }
  files["sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz"] = "";
  const needs = model("TE", "S0 T2");
  const series = findSeries(await read(files), "sub-01", needs);
  assert.deepEqual(
    series.map(({stem}) => stem),
    ["sub-01_ses-1_run-1", "sub-01_ses-1_run-2", "sub-01_ses-2_run-1", "sub-01_ses-2_run-2"]
  );
  const {protocol, rows} = readProtocol(series[0], needs, [one, one, one]);
  assert.deepEqual(protocol, {TE: [0.01, 0.02, 0.1]}, "echo 10 comes last");
  assert.deepEqual(
    rows.map(({scan, volume, part}) => [scan, volume, part]),
    [
      [0, 0, "plain"],
      [1, 0, "plain"],
      [2, 0, "plain"]
    ]
  );
  assert.deepEqual(findSeries(await read(files), "sub-02", needs), []);
});

test("diffusion images with several echo times are one series only for models of both", async () => {
  const files: Files = {"dwi.bval": "0 500", "acq-a_dwi.json": sidecar({EchoTime: 0.09})};
  files["acq-b_dwi.json"] = sidecar({EchoTime: 0.12});
  for (const acq of ["a", "b"]) files[`sub-01/dwi/sub-01_acq-${acq}_dwi.nii.gz`] = "";
  const dataset = await read(files);
  const decay = model("b [TE]", "S0 ADC");
  const apart = findSeries(dataset, "sub-01", decay);
  assert.deepEqual(
    apart.map(({stem}) => stem),
    ["sub-01_acq-a", "sub-01_acq-b"]
  );
  const two = {volumes: 2, complex: false};
  assert.deepEqual(readProtocol(apart[1], decay, [two]).protocol, {b: [0, 500], TE: [0.12, 0.12]});
  const both = model("b TE", "S0 T2");
  const [together, ...others] = findSeries(dataset, "sub-01", both);
  assert.deepEqual([together.stem, others.length], ["sub-01", 0]);
  assert.deepEqual(readProtocol(together, both, [two, two]).protocol, {
    b: [0, 500, 0, 500],
    TE: [0.09, 0.09, 0.12, 0.12]
  });
  await faultOf(() => readProtocol(together, both, [two, {volumes: 3, complex: false}]), {
    code: "bval-count",
    file: "dwi.bval",
    value: 2
  });
});

test("flip angles, repetition times and the state of magnetisation transfer", async () => {
  const files: Files = {};
  const image = (name: string, fields: object) => {
    files[`sub-01/anat/sub-01_${name}_MTS.nii`] = "";
    files[`sub-01/anat/sub-01_${name}_MTS.json`] = sidecar(fields);
  };
  image("flip-1_mt-on", {FlipAngle: 6, RepetitionTimeExcitation: 0.03, RepetitionTime: 9, MTState: true});
  image("flip-1_mt-off", {FlipAngle: 6, RepetitionTimeExcitation: 0.03, MTState: false});
  image("flip-2_mt-off", {FlipAngle: 20, RepetitionTime: 0.018});
  const needs = model("MT FA TR", "A R1 MTsat B1");
  const [series] = findSeries(await read(files), "sub-01", needs);
  assert.deepEqual(readProtocol(series, needs, [one, one, one]).protocol, {
    MT: [0, 1, 0],
    FA: [6, 6, 20],
    TR: [0.03, 0.03, 0.018]
  });
});

test("one field may have a value for each volume", async () => {
  const files = {"sub-01/anat/sub-01_IRT1.nii": "", "sub-01/anat/sub-01_IRT1.json": ""};
  const needs = model("TI [TR]");
  const at = async (fields: object, volumes: number) => {
    const dataset = await read({...files, "sub-01/anat/sub-01_IRT1.json": sidecar(fields)});
    const [series] = findSeries(dataset, "sub-01", needs);
    return readProtocol(series, needs, [{volumes, complex: false}]).protocol;
  };
  assert.deepEqual(await at({InversionTime: [0.05, 0.4], RepetitionTimePreparation: 3, RepetitionTime: 0.01}, 2), {
    TI: [0.05, 0.4],
    TR: [3, 3]
  });
  assert.deepEqual(await at({InversionTime: [0.05, 0.4]}, 2), {TI: [0.05, 0.4]}, "an optional column may be absent");
  const file = "sub-01/anat/sub-01_IRT1.json";
  await faultOf(() => at({InversionTime: [1, 2, 3]}, 2), {code: "bad-field", file, field: "InversionTime"});
  await faultOf(() => at({InversionTime: [0.05, -1]}, 2), {code: "bad-field", file, value: -1});
  await faultOf(() => at({InversionTime: 400}, 1), {code: "bad-field", file, expected: /60 s; this looks like ms/});
  await faultOf(() => at({}, 1), {code: "missing-field", field: "InversionTime", expected: /TI \(s\), which model/});
});

test("complex models take parts, magnitude and phase, or complex numbers; others the magnitude", async () => {
  const needs = model("TE imaginary", "S0 PDFF");
  const files = (parts: readonly string[], fields: object = {}): Files =>
    Object.fromEntries(
      parts.flatMap((part) =>
        [1, 2].flatMap((echo) => {
          const name = `sub-01/anat/sub-01_echo-${echo}${part === "" ? "" : `_part-${part}`}_MEGRE`;
          return [
            [`${name}.nii`, ""],
            [`${name}.json`, sidecar({EchoTime: echo / 1000, ...fields})]
          ];
        })
      )
    );
  const rowsOf = async (all: Files, complex = false) => {
    const [series] = findSeries(await read(all), "sub-01", needs);
    const shapes = series.scans.map(() => ({volumes: 1, complex}));
    const {protocol, rows} = readProtocol(series, needs, shapes);
    assert.deepEqual(protocol, {TE: [0.001, 0.002, 0.001, 0.002], imaginary: [0, 0, 1, 1]});
    return rows.map(({scan, part, phase}) => {
      const nameOf = (index: number) => /echo-.*(?=_MEGRE)/.exec(series.scans[index].path)![0];
      return [nameOf(scan), part, ...(phase === undefined ? [] : [nameOf(phase)])].join(" ");
    });
  };
  assert.deepEqual(await rowsOf(files(["real", "imag"])), [
    "echo-1_part-real plain",
    "echo-2_part-real plain",
    "echo-1_part-imag imaginary",
    "echo-2_part-imag imaginary"
  ]);
  assert.deepEqual(await rowsOf(files(["mag", "phase"], {Units: "rad"})), [
    "echo-1_part-mag real echo-1_part-phase",
    "echo-2_part-mag real echo-2_part-phase",
    "echo-1_part-mag imaginary echo-1_part-phase",
    "echo-2_part-mag imaginary echo-2_part-phase"
  ]);
  assert.deepEqual((await rowsOf(files([""]), true)).slice(1, 3), ["echo-2 real", "echo-1 imaginary"]);
  await faultOf(() => rowsOf(files(["mag", "phase"])), {code: "missing-field", field: "Units", expected: /"rad" for/});
  await faultOf(() => rowsOf(files(["mag"])), {code: "missing-part", field: "part", value: "part-mag"});

  const magnitude = model("TE", "S0 T2star");
  const [series] = findSeries(await read(files(["mag", "phase", "real", "imag"])), "sub-01", magnitude);
  assert.deepEqual(
    series.scans.map(({entities}) => entities.part),
    ["mag", "mag"]
  );
});

test("masks, labels and B1 maps are those of the session", async () => {
  const files: Files = {
    "sub-01/ses-1/dwi/sub-01_ses-1_acq-a_dwi.nii": "",
    "sub-01/ses-1/fmap/sub-01_ses-1_acq-x_TB1map.nii": "",
    "derivatives/p/dataset_description.json": "{}",
    "derivatives/p/dseg.tsv": "index\tname\n1\tliver\n",
    "derivatives/p/sub-01/ses-1/dwi/sub-01_ses-1_dseg.nii.gz": "",
    "derivatives/p/sub-01/ses-1/dwi/sub-01_ses-1_acq-a_desc-brain_mask.nii.gz": "",
    "derivatives/p/sub-01/ses-1/dwi/sub-01_ses-1_acq-b_desc-brain_mask.nii.gz": "",
    "derivatives/p/sub-01/ses-2/dwi/sub-01_ses-2_desc-brain_mask.nii.gz": "",
    "derivatives/q/sub-02/ses-1/dwi/sub-02_ses-1_mask.nii.gz": ""
  };
  const folder = open(files);
  const dataset = await readDataset(folder);
  const all = await readCompanions(folder, dataset);
  assert.equal(all.length, 6);
  const [series] = findSeries(dataset, "sub-01", model("b", "S0 ADC"));
  assert.deepEqual(companionsOf(series, all).map(({kind, scan}) => [kind, scan.path]).sort(), [
    ["TB1map", "sub-01/ses-1/fmap/sub-01_ses-1_acq-x_TB1map.nii"],
    ["dseg", "derivatives/p/sub-01/ses-1/dwi/sub-01_ses-1_dseg.nii.gz"],
    ["mask", "derivatives/p/sub-01/ses-1/dwi/sub-01_ses-1_acq-a_desc-brain_mask.nii.gz"]
  ]);
  const {table} = all.find(({kind}) => kind === "dseg")!;
  assert.deepEqual(await readLabelNames(folder, table!), new Map([[1, "liver"]]));
});

test("maps are named as BIDS names them, where it does", () => {
  const series = {
    subject: "sub-01",
    session: "ses-1",
    datatype: "anat",
    suffix: "VFA",
    stem: "sub-01_ses-1_run-2",
    scans: []
  };
  assert.equal(mapFolder(series), "sub-01/ses-1/anat");
  assert.equal(mapFolder({...series, session: null}), "sub-01/anat");
  assert.equal(parameterMapName(series, "variable-flip-angle", "T1"), "sub-01_ses-1_run-2_T1map");
  assert.equal(parameterMapName(series, "variable-flip-angle", "T1", "sd"), "sub-01_ses-1_run-2_desc-sd_T1map");
  assert.equal(parameterMapName(series, "m", "T2star"), "sub-01_ses-1_run-2_T2starmap");
  assert.equal(
    parameterMapName({...series, suffix: "dwi"}, "mono-exponential", "S0", "sd"),
    "sub-01_ses-1_run-2_model-monoexponential_param-S0_desc-sd_dwimap"
  );
  assert.equal(
    parameterMapName({...series, suffix: "IRT1"}, "inversion-recovery", "a"),
    "sub-01_ses-1_run-2_model-inversionrecovery_param-a_IRT1map"
  );
  assert.equal(fitMapName(series, "m-n", "status"), "sub-01_ses-1_run-2_model-mn_desc-status_VFAmap");
  assert.deepEqual(["mm2/s", "signal", "", "s"].map(bidsUnit), ["mm^2/s", "arbitrary", "1", "s"]);
});
