import assert from "node:assert/strict";
import {test} from "node:test";
import {byId} from "../../../src/domain/by-id.js";
import {methodFigures, type MethodFigure} from "../../../src/domain/statistics/method-figures.js";
import type {MethodRequest, Table} from "../../../src/domain/statistics/method.js";
import {methods} from "../../../src/domain/statistics/methods.js";
import {reference} from "../../helpers/reference.js";

const flow = reference("peak-flow");
const peak: Table = {
  file: "peak.csv", columns: ["id", "w1", "w2", "m1", "m2"],
  rows: flow.wright1.map((w: number, i: number) =>
    [`s${i + 1}`, w, flow.wright2[i], flow.mini1[i], flow.mini2[i]].map(String))
};
const marker: Table = {
  file: "marker.csv", columns: ["a", "b", "site", "day", "ill"],
  rows: [
    ["1", "2", "p", "1", "no"], ["2", "1", "p", "1", "no"], ["3", "5", "p", "2", "no"], ["4", "3", "p", "2", "yes"],
    ["5", "4", "q", "1", "no"], ["6", "8", "q", "1", "yes"], ["7", "6", "q", "2", "yes"], ["9", "7", "q", "2", "yes"]
  ]
};
const xy = {x: ["w1"], y: ["m1"], subject: ["id"]};
const requests: Record<string, Omit<MethodRequest, "table"> & {table?: Table}> = {
  repeatability: {columns: {subject: ["id"], value: ["w1", "w2"]}},
  reproducibility: {table: marker, columns: {value: ["b"], factors: ["site", "day"]}},
  "bland-altman": {columns: xy},
  icc: {columns: {value: ["m1", "m2"]}},
  ccc: {columns: xy},
  ols: {columns: xy},
  deming: {columns: xy, options: {"error-ratio": 2}},
  "weighted-deming": {columns: xy},
  "passing-bablok": {columns: xy},
  linearity: {table: marker, columns: {x: ["a"], y: ["b"]}},
  roc: {table: marker, columns: {x: ["a", "b"], outcome: ["ill"]}, options: {positive: "yes"}},
  "roc-compare": {table: marker, columns: {x: ["a"], y: ["b"], outcome: ["ill"]}, options: {positive: "yes"}},
  "change-detection": {table: marker, columns: {x: ["a"], y: ["b"]}, options: {"within-sd": 1}},
  "response-surface": {table: marker, columns: {factors: ["a"], response: ["b"]}}
};


function drawn(id: string, extra: Partial<MethodRequest> = {}): MethodFigure[] {
  const request = {table: peak, ...requests[id], ...extra};
  return methodFigures(request, byId(methods, id).run(request));
}

const of = <K extends MethodFigure["kind"]>(figures: MethodFigure[], kind: K) => {
  const found = figures.find((one) => one.kind === kind);
  assert.ok(found, kind);
  return found as Extract<MethodFigure, {kind: K}>;
};

for (const method of methods) {
  test(`${method.id} shows something, in numbers that can be drawn`, () => {
    const figures = drawn(method.id);
    assert.ok(figures.length > 0);
    const check = (value: unknown, path: string): void => {
      if (typeof value === "number" && !path.endsWith("threshold")) assert.ok(Number.isFinite(value), path);
      else if (value !== null && typeof value === "object") {
        for (const [key, one] of Object.entries(value)) check(one, `${path}.${key}`);
      }
    };
    check(figures, method.id);
  });
}

test("Bland-Altman: points, and every kind of interval with the one asked for first", () => {
  const {points, limits} = of(drawn("bland-altman", {options: {interval: "mover"}}), "differences");
  assert.deepEqual(points[0], {subject: "s1", at: 0.5 * (494 + 512), difference: 494 - 512});
  assert.deepEqual(Object.keys(limits), ["mover", "exact", "pair", "approximate"]);
  assert.ok(Math.abs(limits.mover.lower.value - -78.095905) < 1e-6);
  assert.equal(of(drawn("bland-altman"), "intervals").rows.length, 8);
});

test("Bland-Altman on logarithms: ratios against geometric means; on regression: lines", () => {
  const log = of(drawn("bland-altman", {variant: "log"}), "differences");
  assert.equal(log.scale, "ratio");
  assert.ok(Math.abs(log.points[0].difference - 494 / 512) < 1e-15);
  assert.ok(Math.abs(log.points[0].at - Math.sqrt(494 * 512)) < 1e-12);
  const sloped = of(drawn("bland-altman", {variant: "regression"}), "differences");
  assert.deepEqual(Object.keys(sloped.limits), []);
  assert.deepEqual(sloped.lines.map(({line, points}) => [line, points.length]),
    [["Upper limit", 2], ["Bias", 2], ["Lower limit", 2]]);
});

test("Bland-Altman with replicates: means of the subjects", () => {
  const figures = drawn("bland-altman",
    {variant: "replicates", columns: {subject: ["id"], x: ["w1", "w2"], y: ["m1", "m2"]}});
  const {points, limits} = of(figures, "differences");
  assert.equal(points[0].difference, 492 - 518.5);
  assert.deepEqual(Object.keys(limits), ["mover"]);
});

test("a fitted line passes the mean of Deming's residuals; the ROC curve runs from corner to corner", () => {
  const {points} = of(drawn("deming"), "residuals");
  assert.ok(Math.abs(points.reduce((total, {residual}) => total + residual, 0)) < 1e-9);
  const {curves} = of(drawn("roc"), "roc");
  assert.deepEqual(curves.map(({marker: name}) => name), ["a", "b"]);
  for (const {points: list} of curves) {
    assert.deepEqual([list[0].sensitivity, list[0].falsePositiveRate], [0, 0]);
    assert.deepEqual([list.at(-1)!.sensitivity, list.at(-1)!.falsePositiveRate], [1, 1]);
  }
});

const chem = reference("chemreact");
const chemTable: Table = {
  file: "chemreact.csv", columns: ["time", "temp", "block", "yield"],
  rows: chem.time.map((time: number, i: number) => [time, chem.temperature[i], chem.block[i], chem.yield[i]].map(String))
};

test("a response surface from above: its highest value stands at the published stationary point", () => {
  const {response, stationary, slices} = of(drawn("response-surface", {
    table: chemTable, columns: {factors: ["time", "temp"], response: ["yield"], block: ["block"]}
  }), "surface");
  assert.deepEqual([response, stationary, slices.length], ["yield", "maximum", 1]);
  const [{names, held, xs, ys, values, points, stationary: at}] = slices;
  assert.deepEqual([names, held], [["time", "temp"], []]);
  assert.ok(Math.abs((at!.x - 85) / 5 - 0.3723) < 5e-5 && Math.abs((at!.y - 175) / 5 - 0.33438) < 5e-5);
  const best = values.indexOf(Math.max(...values));
  assert.ok(Math.abs(xs[best % xs.length] - at!.x) <= (xs[1] - xs[0]) / 2 + 1e-9);
  assert.ok(Math.abs(ys[Math.floor(best / xs.length)] - at!.y) <= (ys[1] - ys[0]) / 2 + 1e-9);
  // In the first block a run stands at its own response; in the second the block's shift is taken away.
  chem.yield.forEach((value: number, i: number) =>
    assert.ok(Math.abs(points[i].value - (value + (chem.block[i] === "2" ? 4.45753 : 0))) < 1e-5, points[i].subject));
});

test("a surface over three factors has a slice for each two, the third held where the surface is stationary", () => {
  const rows = [-1, 0, 1].flatMap((a) => [-1, 0, 1].flatMap((b) => [-1, 0, 1].map((c) =>
    [a, b, c, 10 - (a - 0.2) ** 2 - 2 * (b + 0.4) ** 2 - (c - 0.5) ** 2 + 0.01 * Math.sin(7 * a + 3 * b + c)].map(String))));
  const {slices} = of(drawn("response-surface", {
    table: {file: "three.csv", columns: ["a", "b", "c", "y"], rows}, columns: {factors: ["a", "b", "c"], response: ["y"]}
  }), "surface");
  assert.deepEqual(slices.map(({names, held}) => [names.join(), held[0].name]), [["a,b", "c"], ["a,c", "b"], ["b,c", "a"]]);
  for (const [i, value] of [0.5, -0.4, 0.2].entries()) assert.ok(Math.abs(slices[i].held[0].value - value) < 0.02);
  assert.ok(slices.every(({stationary}) => stationary !== null));
  // Where the third is as held, a slice's run has its own response.
  const far = of(drawn("response-surface", {
    table: {file: "flat.csv", columns: ["a", "b", "c", "y"], rows: rows.map(([a, b, c, y]) => [a, b, c, String(Number(y) + 9 * Number(c))])},
    columns: {factors: ["a", "b", "c"], response: ["y"]}
  }), "surface");
  assert.equal(far.slices[0].held[0].value, 0, "beyond the data: the middle");
  assert.equal(far.slices[1].stationary, null);
  rows.forEach(([, , c, y], i) => {
    if (c === "0") assert.ok(Math.abs(far.slices[0].points[i].value - Number(y)) < 1e-9);
  });
});

test("one factor has no surface to look down on", () => {
  assert.ok(drawn("response-surface").every(({kind}) => kind !== "surface"));
});
