import assert from "node:assert/strict";
import {test} from "node:test";
import {spaghetti} from "../../src/view/charts/spaghetti.js";
import {covered, specToSVG} from "../../src/view/render.js";

const rows = [
  {subject: "a", region: "Fluid", value: 1, session: "1"}, {subject: "a", region: "Fluid", value: 4, session: "2"},
  {subject: "b", region: "Fluid", value: 5, session: "1"}, {subject: "c", region: "Old Fluid", value: 1, session: "1"}
];
const meta = {data: "points", key: "subject"};
const brush = (unit: string, ...values: unknown[][]) => ({
  unit, fields: [{field: "value", type: "R"}, {field: "session", type: "E"}].slice(0, values.length), values
});

test("a brush covers the subjects that have a row in it, whichever way its range runs", () => {
  assert.deepEqual(covered([brush("layer_1", [4.5, 0.5])], rows, meta), ["a", "c"]);
  assert.deepEqual(covered([brush("layer_1", [4, 9])], rows, meta), ["a", "b"]);
  assert.deepEqual(covered([brush("layer_1", [4, 9], ["1"])], rows, meta), ["b"]);
  assert.deepEqual(covered([], rows, meta), []);
});

test("a brush in one panel covers rows of that panel only", () => {
  const panel = "child_layer_1__facet_facet_Fluid";
  assert.deepEqual(covered([brush(panel, [0, 2])], rows, {...meta, facet: "region"}), ["a"]);
});

test("a chart outside the page is self-contained and the same each time", async () => {
  const spec = spaghetti(rows, {quantity: "ADC", unit: "mm2/s"});
  const [svg, again] = [await specToSVG(spec), await specToSVG(spec)];
  assert.equal(svg, again);
  assert.match(svg, /ADC \(mm²\/s\)/);
  assert.doesNotMatch(svg, /var\(|https?:\/\/(?!www\.w3\.org)/);
});
