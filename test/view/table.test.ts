import assert from "node:assert/strict";
import {test} from "node:test";
import {toCSV} from "../../src/view/table.js";

test("CSV has units in the header, intervals in columns, full precision and empty cells for what is missing", () => {
  const csv = toCSV(
    [{key: "tissue", label: "Tissue"}, {key: "wsd", label: "wSD", unit: "mm2/s", interval: {lower: "l", upper: "u"}}],
    [{tissue: "cortex, left", wsd: 1 / 3, l: 0.1, u: 0.5}, {tissue: "say \"no\"", wsd: null, l: NaN, u: undefined}]
  );
  assert.equal(csv,
    "Tissue,wSD (mm2/s),wSD (mm2/s) lower,wSD (mm2/s) upper\r\n"
    + "\"cortex, left\",0.3333333333333333,0.1,0.5\r\n"
    + "\"say \"\"no\"\"\",,,\r\n");
});

test("a text is kept from being run as a formula, a negative number is not touched", () => {
  const csv = toCSV([{key: "a"}], [{a: "=1+1"}, {a: "@x"}, {a: "-cmd"}, {a: "-3.5"}, {a: -3.5}]);
  assert.equal(csv, "a\r\n'=1+1\r\n'@x\r\n'-cmd\r\n-3.5\r\n-3.5\r\n");
});
