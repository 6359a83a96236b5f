import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {after, before, beforeEach, describe, test} from "node:test";
import {InputError} from "../../src/domain/errors.js";
import {listStudies, reproduceStudies, selectStudies} from "../../src/cli/reproduction.js";
import type {ClaimReport, StudyReport} from "../../src/cli/reproduction.js";
import {sha256} from "../../src/io/manifest.js";
import {openSandbox} from "./sandbox.js";
import type {Sandbox} from "./sandbox.js";

interface Document {
  studies: StudyReport[];
  claims: {pass: number; fail: number; unavailable: number};
}

const parse = (text: string): Document => JSON.parse(text) as Document;
const verdicts = (claims: ClaimReport[]) => Object.fromEntries(claims.map(({id, verdict}) => [id, verdict]));
const good = {mean: "pass", answer: "pass", adc: "pass", files: "pass", private: "unavailable"};

describe("measurand reproduce", () => {
  let sandbox: Sandbox;
  before(() => (sandbox = openSandbox({broken: true})));
  after(() => sandbox.close());
  const values = "data/tiny/values.tsv";
  let intact: Buffer;
  beforeEach(() => (intact = readFileSync(sandbox.path(values))));

  test("an intact study: every claim with its values and verdict, exit code 0", async () => {
    const {code, stdout, stderr} = await sandbox.run("reproduce", "small");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "", "no progress where standard error is no terminal");
    assert.match(stdout, /^small {2}A small study$/m);
    assert.match(stdout, /data\/tiny: 4 files, all as its manifest states/);
    assert.match(stdout, /^ +mean +30 +30\.000 +0\.01 +mm +pass$/m);
    assert.match(stdout, /^ +adc +0\.001 +0\.0010000000 +1e-9 +mm2\/s +pass$/m);
    assert.match(stdout, /^ +private +- +- +0 +mm +unavailable: the data are not public$/m);
    assert.match(stdout, /^5 claims: 4 pass, 0 fail, 1 unavailable$/m);
    assert.ok(!stdout.includes("\u001b"), "no colours into a pipe");
  });

  test("--json: one document on standard output, the same with any number of workers", async () => {
    const one = await sandbox.run("reproduce", "small", "--json", "--workers=1");
    const three = await sandbox.run("--json", "reproduce", "--workers", "3", "small");
    assert.equal(one.code, 0, one.stderr);
    assert.equal(one.stdout, three.stdout);
    const {studies, claims} = parse(one.stdout);
    assert.deepEqual(claims, {pass: 4, fail: 0, unavailable: 1});
    assert.deepEqual(verdicts(studies[0].claims), good);
    const adc = studies[0].claims[2];
    assert.deepEqual([adc.published, adc.unit, adc.tolerance, adc.source], [0.001, "mm2/s", 1e-9, "made up"]);
    assert.ok(Math.abs(adc.recomputed! - 0.001) < 1e-9);
    assert.deepEqual(studies[0].inputs, [{dataset: "tiny", files: 4}]);
  });

  test("one flipped byte: exit code 1, the file and the claims it touches are named, the others stand", async () => {
    // The last letter of a remark: the recomputed value stays the same, and the claim fails all the same.
    sandbox.flip(values, -2);
    try {
      const {code, stdout, stderr} = await sandbox.run("reproduce", "small", "--json");
      assert.equal(code, 1, stderr);
      const [study] = parse(stdout).studies;
      assert.deepEqual(verdicts(study.claims), {...good, mean: "fail", files: "fail"});
      assert.equal(study.claims[0].recomputed, 30);
      assert.equal(study.claims[0].reason, "input differs: tiny/values.tsv");
      const [{dataset, path, problem, expected, actual, claims}] = study.differences;
      assert.deepEqual([dataset, path, problem, claims], ["tiny", "values.tsv", "differs", ["mean", "files"]]);
      assert.match(`${expected} ${actual}`, /^[0-9a-f]{64} [0-9a-f]{64}$/);
      assert.match(
        stderr,
        /data\/tiny\/values\.tsv: SHA-256 is [0-9a-f]{64}; expected [0-9a-f]{64}; claims: mean, files/
      );
    } finally {
      sandbox.write(values, intact);
    }
  });

  test("a flipped byte that breaks the file: exit code 1, and every claim says why it was not recomputed", async () => {
    // A tab becomes a backspace: the row is ragged.
    sandbox.flip(values, intact.indexOf("\t20"));
    try {
      const {code, stdout, stderr} = await sandbox.run("reproduce", "small");
      assert.equal(code, 1, stderr);
      assert.match(stderr, /values\.tsv: row 3 is "2 cells"; expected 3 cells/);
      assert.match(stdout, /mean .* fail: input differs: tiny\/values\.tsv/);
      assert.match(stdout, /answer .* fail: not recomputed: values\.tsv: row 3/);
      assert.match(stdout, /5 claims: 0 pass, 4 fail, 1 unavailable, 1 study not recomputed/);
    } finally {
      sandbox.write(values, intact);
    }
  });

  test("a missing and an extra file are named", async () => {
    const other = readFileSync(sandbox.path("data/tiny/dwi/image.bval"));
    sandbox.remove("data/tiny/dwi/image.bval");
    sandbox.write("data/tiny/dwi/more.nii", "not known");
    try {
      const {code, stdout} = await sandbox.run("reproduce", "small", "--json");
      assert.equal(code, 1);
      const [study] = parse(stdout).studies;
      assert.deepEqual(
        study.differences.map(({path, problem, claims}) => [path, problem, claims]),
        [
          ["dwi/image.bval", "missing", ["adc", "files"]],
          ["dwi/more.nii", "extra", ["adc", "files"]]
        ]
      );
      assert.equal(study.error?.code, "missing-file");
    } finally {
      sandbox.remove("data/tiny/dwi/more.nii");
      sandbox.write("data/tiny/dwi/image.bval", other);
    }
  });

  test("a study with a fault of its own fails, and the next one is recomputed", async () => {
    const {code, stdout, stderr} = await sandbox.run("reproduce", "--json");
    assert.equal(code, 1, stderr);
    const {studies} = parse(stdout);
    assert.deepEqual(
      studies.map(({slug}) => slug),
      ["broken", "small"]
    );
    assert.equal(studies[0].error?.message, "TypeError: no such thing");
    assert.deepEqual(verdicts(studies[0].claims), {answer: "fail"});
    assert.deepEqual(verdicts(studies[1].claims), good);
    assert.match(stderr, /measurand: broken: TypeError: no such thing/);
  });

  test("a wrong claim fails with exit code 1", async () => {
    const file = "src/studies/small/claims.json";
    const text = readFileSync(sandbox.path(file), "utf8");
    sandbox.write(file, text.replace('"value":42', '"value":41'));
    try {
      const {code, stdout} = await sandbox.run("reproduce", "small");
      assert.equal(code, 1);
      assert.match(stdout, /answer +41 +42 +0 +1 +fail: differs by 1\.00, more than 0/);
    } finally {
      sandbox.write(file, text);
    }
  });

  test("a study that does not exist: exit code 2 and the nearest name", async () => {
    const {code, stdout, stderr} = await sandbox.run("reproduce", "smal", "--json");
    assert.equal(code, 2);
    assert.match(stderr, /study is "smal"; expected one of broken, small \(did you mean small\?\)/);
    const {error} = JSON.parse(stdout) as {error: InputError};
    assert.deepEqual([error.code, error.field, error.value], ["unknown-study", "study", "smal"]);
  });
});

describe("a study that leaves a file to its reader", () => {
  const content = "id\tvalue\na\t7\n";
  const claims = [
    {id: "given", value: 7, unit: "1", tolerance: 0, source: "made up", inputs: ["given.tsv"]},
    {id: "shipped", value: 42, unit: "1", tolerance: 0, source: "made up", inputs: ["other.tsv"]}
  ];
  const study = `
import {readText} from "../../io/folder.js";
import {parseTsv} from "../../io/tsv.js";
export const study = {
  slug: "waiting",
  title: "A study that waits",
  datasets: ["tiny"],
  supplied: [{path: "given.tsv", sha256: "${sha256(new TextEncoder().encode(content))}"}],
  async run({folders, supplied}) {
    const claims = {shipped: parseTsv(await readText(folders.tiny, "other.tsv"), "other.tsv").requiredNumber(0, "value")};
    if (supplied === undefined) return {claims};
    const path = supplied.paths.find((each) => each.endsWith("given.tsv"));
    return {claims: {...claims, given: parseTsv(await readText(supplied, path), path).requiredNumber(0, "value")}};
  }
};
`;
  let sandbox: Sandbox;
  before(() => {
    sandbox = openSandbox();
    sandbox.write("src/studies/waiting/study.ts", study);
    sandbox.write("src/studies/waiting/claims.json", JSON.stringify({claims}));
    sandbox.write("theirs/deep/given.tsv", content);
    sandbox.write("changed/given.tsv", content.replace("7", "8"));
    sandbox.write("remarked/given.tsv", content.replace("a\t7", "b\t7"));
    sandbox.write("empty/other.txt", "nothing");
  });
  after(() => sandbox.close());
  const reproduce = (...args: string[]) => sandbox.run("reproduce", ...args, "--workers=1");

  test("without the file: its claims are unavailable, the others are checked, exit code 0", async () => {
    const {code, stdout} = await reproduce("waiting");
    assert.equal(code, 0);
    assert.match(stdout, /given\.tsv: not given: name the folder that holds it with --data/);
    assert.match(stdout, /^ +given +7 +- .* unavailable: waits for given\.tsv$/m);
    assert.match(stdout, /^2 claims: 1 pass, 0 fail, 1 unavailable$/m);
    const [report] = parse((await reproduce("waiting", "--json")).stdout).studies;
    assert.deepEqual(report.supplied.map(({path, actual}) => [path, actual]), [["given.tsv", null]]);
    assert.equal((await reproduce()).code, 0, "and so with all studies");
  });

  test("with the file, anywhere in the folder: every claim is checked", async () => {
    for (const args of [["waiting"], []]) {
      const {code, stdout, stderr} = await reproduce(...args, "--data", sandbox.path("theirs"));
      assert.equal(code, 0, stderr);
      assert.match(stdout, /given\.tsv: given, the one that the claims were published from/);
      assert.match(stdout, /^ +given +7 +7 .* pass$/m);
    }
  });

  test("another file is told; its values decide", async () => {
    const changed = await reproduce("waiting", "--data", sandbox.path("changed"));
    assert.equal(changed.code, 1);
    assert.match(changed.stdout, /given\.tsv: given, another than the claims were published from \(SHA-256 [0-9a-f]{64}/);
    assert.match(changed.stdout, /^ +given +7 +8 .* fail: differs by 1\.00, more than 0$/m);
    const remarked = await reproduce("waiting", "--data", sandbox.path("remarked"));
    assert.equal(remarked.code, 0);
    assert.match(remarked.stdout, /another than the claims were published from/);
  });

  test("a folder without the file, one that is not there, and a study that takes none: exit code 2", async () => {
    for (const [args, message] of [
      [["waiting", "--data", sandbox.path("empty")], /--data is "empty"; expected a folder that holds given\.tsv/],
      [["waiting", "--data", sandbox.path("nowhere")], /nowhere.*expected a folder that exists/],
      [["small", "--data", sandbox.path("theirs")], /--data is "theirs"; expected no such option: small leaves no file/]
    ] as const) {
      const {code, stderr} = await reproduce(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});

describe("bad studies", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = openSandbox()));
  const reproduce = async () => {
    const options = {studies: sandbox.path("src/studies"), data: sandbox.path("data"), workers: 1};
    const [report] = await reproduceStudies(["small"], options);
    return report;
  };
  const claimsFile = "src/studies/small/claims.json";

  const cases: [string, (sandbox: Sandbox) => void, RegExp][] = [
    ["no claims.json", (s) => s.remove(claimsFile), /src\/studies\/small\/claims\.json: file is "missing"/],
    ["no study.ts", (s) => s.remove("src/studies/small/study.ts"), /study\.ts: file is "missing"/],
    ["claims that are no JSON", (s) => s.write(claimsFile, "{"), /claims\.json: document is .* expected JSON/],
    [
      "a claim without a unit",
      (s) => s.write(claimsFile, '{"claims": [{"id": "a", "value": 1, "tolerance": 0}]}'),
      /unit/
    ],
    ["no manifest", (s) => s.remove("data/tiny/manifest.json"), /tiny\/manifest\.json: file is "missing"/],
    ["no data", (s) => s.remove("data/tiny"), /tiny: path is .* expected a folder that exists/],
    [
      "a study of another name",
      (s) => s.write("src/studies/small/study.ts", 'export const study = {slug: "x", datasets: [], run() {}};'),
      /study\.ts: slug is "x"; expected small/
    ],
    [
      "a module without a study",
      (s) => s.write("src/studies/small/study.ts", "export const x = 1;"),
      /exports is \[x\]/
    ],
    [
      "inputs that match no file",
      (s) => s.write(claimsFile, readFileSync(s.path(claimsFile), "utf8").replace("values.tsv", "valeus.tsv")),
      /inputs of claim mean is "valeus\.tsv"/
    ]
  ];
  for (const [name, spoil, message] of cases) {
    test(`${name} is told with file, field, value and expectation`, async () => {
      try {
        spoil(sandbox);
        const report = await reproduce();
        assert.match(report.error?.message ?? "no error", message);
        assert.equal(report.error?.badInput, true);
        assert.ok(report.claims.every(({verdict}) => verdict !== "pass"));
      } finally {
        sandbox.close();
      }
    });
  }

  test("a folder without studies, and which folders are studies", async () => {
    try {
      sandbox.write("src/studies/empty/notes.md", "no study");
      assert.deepEqual(await listStudies(sandbox.path("src/studies")), ["small"]);
      assert.deepEqual(await selectStudies(sandbox.path("src/studies"), ["small", "small"]), ["small"]);
      await assert.rejects(selectStudies(sandbox.path("data"), []), (error) => error instanceof InputError);
    } finally {
      sandbox.close();
    }
  });
});
