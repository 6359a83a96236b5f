import assert from "node:assert/strict";
import {test} from "node:test";
import {metadataNumber, readDataset, readScan} from "../../src/io/bids.js";
import {folderOfBytes, subfolder} from "../../src/io/folder.js";
import {writeNifti} from "../../src/io/nifti.js";
import {faultOf} from "./fault.js";

const image = (volumes: number): Uint8Array =>
  writeNifti(
    {
      shape: [2, 2, 1, volumes],
      voxelSize: [1, 1, 1],
      affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      data: new Float32Array(4 * volumes).fill(1)
    },
    {gzip: true}
  );

/** Two subjects, two sessions each, two echo times: without fault. */
function files(): Record<string, Uint8Array | string> {
  const all: Record<string, Uint8Array | string> = {
    "dataset_description.json": '{"Name": "Test", "BIDSVersion": "1.9.0"}',
    "participants.tsv": "participant_id\tage\nsub-01\t30\nsub-02\tn/a\n",
    "dwi.json": '{"Manufacturer": "none", "EchoTime": 9, "RepetitionTime": 5}',
    "dwi.bval": "0 100 900\n",
    "dwi.bvec": "0 1 0\n0 0 1\n0 0 0\n",
    "README.md": "text",
    "code/sub-01_dwi.json": "not read",
    "derivatives/maps/sub-01/ses-1/dwi/sub-01_ses-1_ADC.nii.gz": image(1)
  };
  for (const subject of ["sub-01", "sub-02"]) {
    all[`${subject}/${subject}_sessions.tsv`] = "session_id\tday\nses-1\t1\nses-2\t8\n";
    all[`${subject}/${subject}_acq-te93_dwi.json`] = '{"EchoTime": 0.093}';
    for (const session of ["ses-1", "ses-2"]) {
      const base = `${subject}/${session}/dwi/${subject}_${session}_acq-`;
      all[`${subject}/${session}/${subject}_${session}_scans.tsv`] =
        `filename\tacq_time\n` +
        ["te93", "te105"]
          .map((acq) => `dwi/${subject}_${session}_acq-${acq}_dwi.nii.gz\t2020-01-01T00:00:00\n`)
          .join("");
      for (const acq of ["te93", "te105"]) all[`${base}${acq}_dwi.nii.gz`] = image(3);
      all[`${base}te105_dwi.json`] = '{"EchoTime": 0.105, "RepetitionTime": 4}';
    }
  }
  return all;
}

const read = (all: Record<string, Uint8Array | string>) => readDataset(folderOfBytes("test", all), {images: true});

test("a sound dataset is read whole and without problem", async () => {
  const dataset = await read(files());
  assert.deepEqual(dataset.problems, []);
  assert.equal(dataset.description.Name, "Test");
  assert.deepEqual(dataset.participants!.numbers("age"), [30, null]);
  assert.deepEqual(
    dataset.subjects.map(({subject, columns}) => [subject, columns.age]),
    [
      ["sub-01", "30"],
      ["sub-02", null]
    ]
  );
  assert.deepEqual(
    dataset.sessions.map(({subject, session, columns}) => `${subject} ${session} ${columns.day}`),
    ["sub-01 ses-1 1", "sub-01 ses-2 8", "sub-02 ses-1 1", "sub-02 ses-2 8"]
  );
  assert.equal(dataset.scans.length, 8);
  const scan = dataset.scans.find(({path}) => path === "sub-02/ses-1/dwi/sub-02_ses-1_acq-te93_dwi.nii.gz")!;
  assert.deepEqual(scan.entities, {sub: "02", ses: "1", acq: "te93"});
  assert.deepEqual([scan.subject, scan.session, scan.suffix, scan.datatype], ["sub-02", "ses-1", "dwi", "dwi"]);
  assert.deepEqual(scan.bval, [0, 100, 900]);
  assert.deepEqual(scan.bvec, [
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0]
  ]);
  assert.equal(scan.columns.acq_time, "2020-01-01T00:00:00");
});

test("inheritance: the nearer file's fields win, and only files whose entities the image has apply", async () => {
  const {scans} = await read(files());
  const of = (acq: string) =>
    scans.find(({subject, session, entities}) => subject === "sub-01" && session === "ses-1" && entities.acq === acq)!;
  assert.deepEqual(of("te93").metadata, {Manufacturer: "none", EchoTime: 0.093, RepetitionTime: 5});
  assert.deepEqual(of("te93").sidecars, ["dwi.json", "sub-01/sub-01_acq-te93_dwi.json"]);
  assert.deepEqual(of("te105").metadata, {Manufacturer: "none", EchoTime: 0.105, RepetitionTime: 4});
  assert.equal(metadataNumber(of("te105"), "EchoTime", "s"), 0.105);
  await faultOf(() => metadataNumber(of("te105"), "InversionTime", "s"), {
    code: "missing-field",
    file: "sub-01/ses-1/dwi/sub-01_ses-1_acq-te105_dwi.json",
    field: "InversionTime",
    value: undefined
  });
});

test("b values nearer to an image replace the inherited ones as a whole", async () => {
  const all = files();
  all["sub-01/ses-1/dwi/sub-01_ses-1_acq-te93_dwi.bval"] = "0 50 400";
  const {scans, problems} = await read(all);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    scans
      .map(({bval}) => bval!.join(" "))
      .sort()
      .reverse()[7],
    "0 100 900"
  );
  const own = scans.filter(({bvalFile}) => bvalFile !== "dwi.bval");
  assert.deepEqual(
    own.map(({path, bval}) => [path, bval]),
    [["sub-01/ses-1/dwi/sub-01_ses-1_acq-te93_dwi.nii.gz", [0, 50, 400]]]
  );
});

const problemsOf = async (change: (all: Record<string, Uint8Array | string>) => void) => {
  const all = files();
  change(all);
  const dataset = await read(all);
  return {...dataset, found: dataset.problems.map(({code, file, field}) => `${code} | ${file} | ${field}`)};
};

test("each fault is a problem that names its file, and the rest is read on", async () => {
  const cases: [string, (all: Record<string, Uint8Array | string>) => void, string[], number][] = [
    [
      "a subject with one session",
      (all) => {
        for (const path of Object.keys(all)) if (path.startsWith("sub-02/ses-2/")) delete all[path];
      },
      ["missing-session | sub-02/sub-02_sessions.tsv | session_id", "missing-session | sub-02 | sessions"],
      6
    ],
    [
      "ragged participants",
      (all) => (all["participants.tsv"] = "participant_id\tage\nsub-01\n"),
      ["ragged-row | participants.tsv | row 2"],
      8
    ],
    [
      "participants without the key column",
      (all) => (all["participants.tsv"] = "id\nsub-01\n"),
      ["missing-column | participants.tsv | columns"],
      8
    ],
    [
      "a subject without row, a row without subject, a row twice",
      (all) => (all["participants.tsv"] = "participant_id\nsub-01\nsub-01\nsub-09\n"),
      [
        "duplicate-row | participants.tsv | row 3, column participant_id",
        "missing-subject | participants.tsv | participant_id",
        "missing-row | participants.tsv | participant_id"
      ],
      8
    ],
    [
      "a broken sidecar",
      (all) => (all["sub-01/sub-01_acq-te93_dwi.json"] = "{"),
      ["json | sub-01/sub-01_acq-te93_dwi.json | text"],
      8
    ],
    [
      "scans.tsv names a file that is not there, and leaves out one that is",
      (all) =>
        (all["sub-01/ses-1/sub-01_ses-1_scans.tsv"] =
          "filename\ndwi/sub-01_ses-1_acq-te93_dwi.nii.gz\ndwi/none.nii.gz\n"),
      [
        "missing-file | sub-01/ses-1/sub-01_ses-1_scans.tsv | filename",
        "missing-row | sub-01/ses-1/sub-01_ses-1_scans.tsv | filename"
      ],
      8
    ],
    [
      "fewer b values than volumes",
      (all) => (all["sub-02/ses-2/dwi/sub-02_ses-2_acq-te93_dwi.bval"] = "0 100"),
      ["bvec-count | dwi.bvec | directions", "bval-count | sub-02/ses-2/dwi/sub-02_ses-2_acq-te93_dwi.bval | b values"],
      8
    ],
    [
      "no b values at all",
      (all) => {
        delete all["dwi.bval"];
        for (const path of Object.keys(all))
          if (path.startsWith("sub-02/") || path.includes("ses-2/")) delete all[path];
        all["participants.tsv"] = "participant_id\nsub-01\n";
        all["sub-01/sub-01_sessions.tsv"] = "session_id\nses-1\n";
      },
      [
        "missing-bval | sub-01/ses-1/dwi/sub-01_ses-1_acq-te105_dwi.nii.gz | bval",
        "missing-bval | sub-01/ses-1/dwi/sub-01_ses-1_acq-te93_dwi.nii.gz | bval"
      ],
      2
    ],
    [
      "a truncated image",
      (all) => {
        const path = "sub-01/ses-2/dwi/sub-01_ses-2_acq-te93_dwi.nii.gz";
        all[path] = (all[path] as Uint8Array).subarray(0, 60);
      },
      ["gzip-truncated | sub-01/ses-2/dwi/sub-01_ses-2_acq-te93_dwi.nii.gz | gzip stream"],
      8
    ],
    [
      "an image that other sessions have",
      (all) => {
        delete all["sub-01/ses-2/dwi/sub-01_ses-2_acq-te93_dwi.nii.gz"];
        all["sub-01/ses-2/sub-01_ses-2_scans.tsv"] = "filename\ndwi/sub-01_ses-2_acq-te105_dwi.nii.gz\n";
      },
      ["missing-scan | sub-01/ses-2 | images"],
      7
    ],
    [
      "names and places that BIDS does not have",
      (all) => {
        all["sub-01/ses-1/dwi/sub-02_ses-1_dwi.nii.gz"] = image(3);
        all["sub-01/ses-1/dwi/whatever-.nii.gz"] = image(3);
        all["sub-01/sub-01_T1w.nii.gz"] = image(1);
        all["sub-03_T1w.nii.gz"] = image(1);
      },
      [
        "bids-name | sub-01/ses-1/dwi/sub-02_ses-1_dwi.nii.gz | sub",
        "bids-name | sub-01/ses-1/dwi/whatever-.nii.gz | name",
        "bids-place | sub-01/sub-01_T1w.nii.gz | path",
        "bids-place | sub-03_T1w.nii.gz | path"
      ],
      8
    ],
    [
      "two sidecars at one level",
      (all) =>
        (all["sub-01/sub-01_dwi.json"] =
          all["sub-01/ses-1/sub-01_dwi.json"] =
          all["sub-01/ses-1/ses-1_dwi.json"] =
            "{}"),
      [
        "ambiguous-sidecar | sub-01/ses-1/dwi/sub-01_ses-1_acq-te105_dwi.nii.gz | json",
        "ambiguous-sidecar | sub-01/ses-1/dwi/sub-01_ses-1_acq-te93_dwi.nii.gz | json"
      ],
      8
    ],
    [
      "no description",
      (all) => delete all["dataset_description.json"],
      ["missing-file | dataset_description.json | path"],
      8
    ],
    [
      "a description without version",
      (all) => (all["dataset_description.json"] = '{"Name": "x"}'),
      ["missing-field | dataset_description.json | BIDSVersion"],
      8
    ]
  ];
  for (const [name, change, expected, scans] of cases) {
    const dataset = await problemsOf(change);
    assert.deepEqual(dataset.found, expected, name);
    assert.equal(dataset.scans.length, scans, name);
    for (const problem of dataset.problems) assert.ok(problem.expected.length > 0);
  }
});

test("fields that a name says to vary have to be stated", async () => {
  const all = files();
  const path = "sub-01/ses-1/anat/sub-01_ses-1_echo-1_inv-2_MP2RAGE.nii.gz";
  all[path] = image(1);
  all[path.replace(".nii.gz", ".json")] = '{"EchoTime": "0.1"}';
  const {problems} = await read(all);
  const fields = problems
    .filter(({code}) => code.endsWith("-field"))
    .map(({code, field, value}) => [code, field, value]);
  assert.deepEqual(fields, [
    ["bad-field", "EchoTime", "0.1"],
    ["missing-field", "InversionTime", undefined]
  ]);
});

test("a folder without images says so", async () => {
  const {problems, scans} = await readDataset(folderOfBytes("empty", {"notes.txt": "x"}));
  assert.deepEqual([scans, problems.map(({code}) => code)], [[], ["missing-file", "no-scans"]]);
});

test("images are read with their gradients checked, derivatives as a folder of their own", async () => {
  const all = files();
  const folder = folderOfBytes("test", all);
  const {scans} = await readDataset(folder);
  assert.equal((await readScan(folder, scans[0])).volumes, 3);
  all[scans[1].path] = image(2);
  await faultOf(() => readScan(folderOfBytes("test", all), scans[1]), {code: "bval-count", file: "dwi.bval", value: 3});
  const maps = await readDataset(subfolder(folder, "derivatives/maps"));
  assert.deepEqual(
    maps.scans.map(({suffix}) => suffix),
    ["ADC"]
  );
});
