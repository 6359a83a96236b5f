import assert from "node:assert/strict";
import {test} from "node:test";
import {readSampleTable} from "../../src/io/sample-table.js";
import type {SampleNeeds} from "../../src/io/sample-table.js";
import {parseCsv} from "../../src/io/tsv.js";
import {faultOf} from "./fault.js";

const column = (name: string, unit = "s", required = true) => ({name, unit, required});
const decay: SampleNeeds = {
  id: "decay",
  protocol: [column("b", "s/mm2"), column("TE", "s", false)],
  parameters: [{name: "S0", held: null}]
};
const angles: SampleNeeds = {
  id: "angles",
  protocol: [column("FA", "degrees"), column("TR")],
  parameters: [
    {name: "T1", held: null},
    {name: "B1", held: 1}
  ]
};
const complex: SampleNeeds = {
  id: "complex",
  protocol: [column("TI"), column("imaginary", "")],
  parameters: [{name: "T1", held: null}]
};
const read = (text: string, model: SampleNeeds) => readSampleTable(parseCsv(text, "samples.csv"), model);

test("ids keep the order of their first row, and equal protocols share a group", () => {
  const text = "id,b,signal,note\nx,0,10,a\ny,0,1,a\nx,500,5,a\nz,0,7,a\nz,400,3,a\ny,500,0.5,a\n";
  const {ids, groups, unused} = read(text, decay);
  assert.deepEqual(ids, ["x", "y", "z"]);
  assert.deepEqual(unused, ["note"]);
  assert.deepEqual(
    groups.map((group) => [group.ids, group.protocol, [...group.samples]]),
    [
      [["x", "y"], {b: [0, 500]}, [10, 1, 5, 0.5]],
      [["z"], {b: [0, 400]}, [7, 3]]
    ]
  );
});

test("a signal that is missing or not finite stays so; in no other column", async () => {
  const text = (cell: string) => `id,b,signal\nx,0,${cell}\nx,1,2\n`;
  for (const cell of ["", "n/a", "NA", "NaN", "nan"]) {
    assert.ok(Number.isNaN(read(text(cell), decay).groups[0].samples[0]), cell);
  }
  assert.equal(read(text("-inf"), decay).groups[0].samples[0], -Infinity);
  assert.equal(read(text("Infinity"), decay).groups[0].samples[0], Infinity);
  await faultOf(() => read(text("ten"), decay), {
    code: "not-a-number",
    file: "samples.csv",
    field: "row 2, column signal",
    value: "ten"
  });
  await faultOf(() => read("id,b,signal\nx,,2\n", decay), {code: "missing-value", field: "row 2, column b"});
  await faultOf(() => read("id,b,signal\n,0,2\n", decay), {code: "missing-value", field: "row 2, column id"});
  await faultOf(() => read("id,b,signal\nx,NaN,2\n", decay), {code: "not-a-number", field: "row 2, column b"});
});

test("optional columns are read where they are there", () => {
  assert.deepEqual(read("id,b,TE,signal\nx,0,0.1,2\n", decay).groups[0].protocol, {b: [0], TE: [0.1]});
});

test("real and imaginary parts are stacked, or come stacked", () => {
  const paired = read("id,TI,signal,signal_imaginary\nx,0.1,1,2\nx,0.4,3,4\n", complex).groups[0];
  assert.deepEqual(paired.protocol, {TI: [0.1, 0.4, 0.1, 0.4], imaginary: [0, 0, 1, 1]});
  assert.deepEqual([...paired.samples], [1, 3, 2, 4]);
  const stacked = read("id,TI,imaginary,signal\nx,0.1,0,1\nx,0.4,0,3\nx,0.1,1,2\nx,0.4,1,4\n", complex).groups[0];
  assert.deepEqual(stacked, paired);
});

test("a parameter that the model holds is read by its name, one value an id", async () => {
  const {groups, unused} = read("id,FA,TR,B1,T1,signal\nx,3,0.02,0.9,1,5\nx,9,0.02,0.9,1,6\n", angles);
  assert.deepEqual([...groups[0].maps.B1], [0.9]);
  assert.deepEqual(unused, ["T1"], "an estimated parameter is no input");
  await faultOf(() => read("id,FA,TR,B1,signal\nx,3,0.02,0.9,5\nx,9,0.02,1.1,6\n", angles), {
    code: "mixed-values",
    field: "row 3, column B1",
    value: 1.1
  });
});

test("columns that are missing or out of place are named", async () => {
  await faultOf(() => read("id,signal\nx,1\n", decay), {code: "missing-column", expected: /^b \(s\/mm2\) too/});
  await faultOf(() => read("id,TI,signal\nx,1,1\n", complex), {
    code: "missing-column",
    expected: /^signal_imaginary too/
  });
  await faultOf(() => read("id,b,signal,signal_imaginary\nx,1,1,1\n", decay), {code: "unexpected-column"});
  await faultOf(() => read("id,TI,imaginary,signal,signal_imaginary\nx,1,0,1,1\n", complex), {
    code: "unexpected-column",
    expected: /either this column or imaginary/
  });
  await faultOf(() => read("id,b,signal\n", decay), {code: "empty-table", field: "rows"});
});
