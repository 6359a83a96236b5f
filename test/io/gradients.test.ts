import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {test} from "node:test";
import {checkGradients, readBval, readBvec} from "../../src/io/gradients.js";
import {faultOf} from "./fault.js";

test("b values: blanks of any kind, one row or one column, a byte order mark", () => {
  assert.deepEqual(readBval("0 50\t100  1000.5\n", "a.bval"), [0, 50, 100, 1000.5]);
  assert.deepEqual(readBval("\uFEFF0\r\n50\r\n1e3\r\n\r\n", "a.bval"), [0, 50, 1000]);
});

test("b values that cannot be are named by place", async () => {
  await faultOf(() => readBval("0 50 -100", "a.bval"), {
    code: "bval-value",
    file: "a.bval",
    field: "b value 3",
    value: -100
  });
  await faultOf(() => readBval("0 nan 100", "a.bval"), {
    code: "gradient-number",
    field: "line 1, entry 2",
    value: "nan"
  });
  await faultOf(() => readBval("0 Infinity", "a.bval"), {code: "gradient-number", value: "Infinity"});
  await faultOf(() => readBval("0 0x10", "a.bval"), {code: "gradient-number", value: "0x10"});
  await faultOf(() => readBval("0 1e999", "a.bval"), {code: "gradient-number", value: "1e999"});
  await faultOf(() => readBval(" \n", "a.bval"), {code: "gradient-empty", file: "a.bval"});
  await faultOf(() => readBval("0 1\n2 3", "a.bval"), {code: "bval-shape", value: 2});
});

test("directions: three rows, of length 0 or 1", async () => {
  assert.deepEqual(readBvec("0 1 0\n0 0 0.6\n0 0 -0.8\n", "a.bvec"), [
    [0, 1, 0],
    [0, 0, 0.6],
    [0, 0, -0.8]
  ]);
  await faultOf(() => readBvec("0 1\n0 0", "a.bvec"), {code: "bvec-shape", field: "rows", value: 2});
  await faultOf(() => readBvec("0 1\n0 0 0\n0 0", "a.bvec"), {code: "bvec-shape", field: "row 2", value: "3 numbers"});
  await faultOf(() => readBvec("0 1\n0 1\n0 0", "a.bvec"), {
    code: "bvec-value",
    field: "direction 2",
    value: [1, 1, 0]
  });
  const transposed = await faultOf(() => readBvec("0 0 0\n1 0 0\n0 1 0\n0 0 1", "a.bvec"), {code: "bvec-shape"});
  assert.match(transposed.message, /transpose/);
});

test("counts unlike the volumes name both files and both counts", async () => {
  const image = {file: "dwi.nii.gz", volumes: 3};
  checkGradients({
    image,
    bval: {file: "a.bval", values: [0, 1, 2]},
    bvec: {
      file: "a.bvec",
      values: [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0]
      ]
    }
  });
  const b = await faultOf(() => checkGradients({image, bval: {file: "a.bval", values: [0, 1]}}), {
    code: "bval-count",
    file: "a.bval",
    value: 2
  });
  assert.match(b.message, /a\.bval.*2.*3.*dwi\.nii\.gz/);
  await faultOf(() => checkGradients({image, bvec: {file: "a.bvec", values: [[0], [0], [0]]}}), {
    code: "bvec-count",
    value: 1
  });
});

test("those of a real series", (context) => {
  const folder = new URL("../../../shared/data/spine-dwi/", import.meta.url);
  if (!existsSync(folder)) return context.skip("../shared/data/spine-dwi is not there");
  const bval = readBval(readFileSync(new URL("bvals.txt", folder), "utf8"), "bvals.txt");
  const bvec = readBvec(readFileSync(new URL("bvecs.txt", folder), "utf8"), "bvecs.txt");
  assert.deepEqual(
    [bval.length, bval.filter((b) => b === 0).length, bval.filter((b) => b === 800).length],
    [35, 5, 30]
  );
  assert.deepEqual(
    bvec.map((row) => row.length),
    [35, 35, 35]
  );
});
