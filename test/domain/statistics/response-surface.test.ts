import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {predictSurface, responseSurface} from "../../../src/domain/statistics/response-surface.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

describe("ChemReact in two blocks, every digit printed", () => {
  const data = reference("chemreact");
  const surface = responseSurface(
    {name: "time", values: data.time, centre: 85, scale: 5},
    {name: "temperature", values: data.temperature, centre: 175, scale: 5},
    data.yield,
    {blocks: data.block}
  );

  test("coefficients, in the order a0 to a5, and the block's shift", () => {
    assert.deepEqual(surface.coefficients.map(({name}) => name), ["a0", "a1", "a2", "a3", "a4", "a5"]);
    assert.deepEqual(surface.coefficients.map(({term}) => term), [
      "intercept", "time", "temperature", "time^2", "temperature^2", "time temperature"
    ]);
    for (const {term, value} of surface.coefficients) assertPrinted(value, data.coefficients[term], term);
    assert.equal(surface.blocks.length, 1);
    assertPrinted(surface.blocks[0].value, data.coefficients[surface.blocks[0].name]);
  });

  test("R2, residual SD, stationary point, eigenvalues, lack of fit", () => {
    assertPrinted(surface.model.r2!, data.r2);
    assertPrinted(surface.model.residualSd, data.residualSd);
    assertPrinted(surface.stationary!.coded[0], data.stationary[0]);
    assertPrinted(surface.stationary!.coded[1], data.stationary[1]);
    assert.equal(surface.stationary!.kind, "maximum");
    assertRelative(surface.stationary!.natural[0], 85 + 5 * surface.stationary!.coded[0], 1e-14);
    assertPrinted(surface.eigenvalues[0], data.eigenvalues[0]);
    assertPrinted(surface.eigenvalues[1], data.eigenvalues[1]);
    assertPrinted(surface.lackOfFit!.p, data.lackOfFitP);
    assert.deepEqual([surface.lackOfFit!.lackDf, surface.lackOfFit!.pureDf], [3, 4]);
  });

  test("the prediction is the fitted value in the first block", () => {
    data.time.forEach((time: number, i: number) => {
      if (data.block[i] !== "1") return;
      assertRelative(predictSurface(surface, time, data.temperature[i]), surface.model.fitted[i], 1e-12);
    });
  });
});

describe("a grid of TE and TI", () => {
  const te: number[] = [];
  const ti: number[] = [];
  for (let i = 0; i < 7; i++) {
    for (let j = 0; j < 7; j++) {
      te.push(84 + 11 * i);
      ti.push(2200 + 700 * j / 6);
    }
  }
  const truth = [-9.5, 0.012, 0.007, -5e-5, -1.4e-6, 1.5e-6];
  const exact = te.map((x, i) =>
    truth[0] + truth[1] * x + truth[2] * ti[i] + truth[3] * x * x + truth[4] * ti[i] ** 2 + truth[5] * x * ti[i]);

  test("an exact surface in milliseconds comes back, uncoded", () => {
    const surface = responseSurface({name: "TE", values: te}, {name: "TI", values: ti}, exact);
    const {coefficients, lackOfFit, blocks} = surface;
    coefficients.forEach(({value, term}, i) => assertRelative(value, truth[i], 1e-7, term));
    assert.deepEqual(coefficients.map(({term}) => term), ["intercept", "TE", "TI", "TE^2", "TI^2", "TE TI"]);
    assert.equal(lackOfFit, null);
    assert.deepEqual(blocks, []);
  });

  test("coded and uncoded fits are one surface", () => {
    const random = seeded(3);
    const noisy = exact.map((value) => value + 0.02 * random.normal());
    const plain = responseSurface({name: "TE", values: te}, {name: "TI", values: ti}, noisy);
    const coded = responseSurface(
      {name: "TE", values: te, centre: 117, scale: 33}, {name: "TI", values: ti, centre: 2550, scale: 350}, noisy
    );
    assertRelative(plain.model.r2!, coded.model.r2!, 1e-9);
    assertRelative(plain.model.residualSd, coded.model.residualSd, 1e-9);
    assertRelative(predictSurface(plain, 100, 2500), predictSurface(coded, 100, 2500), 1e-9);
    assert.equal(plain.stationary!.kind, coded.stationary!.kind);
    assertRelative(plain.stationary!.natural[0], coded.stationary!.natural[0], 1e-6);
    assertRelative(plain.stationary!.natural[1], coded.stationary!.natural[1], 1e-6);
    assertRelative(plain.coefficients[5].p, coded.coefficients[5].p, 1e-6);
  });

  test("minimum, saddle and ridge are told apart", () => {
    const grid = [-1, -1, -1, 0, 0, 0, 1, 1, 1];
    const other = [-1, 0, 1, -1, 0, 1, -1, 0, 1];
    const kindOf = (f: (x: number, y: number) => number) => responseSurface(
      {name: "x", values: grid}, {name: "y", values: other}, grid.map((x, i) => f(x, other[i]))
    ).stationary;
    assert.equal(kindOf((x, y) => x * x + y * y - x)!.kind, "minimum");
    assert.equal(kindOf((x, y) => x * x - y * y)!.kind, "saddle");
    assert.equal(kindOf((x, y) => -x * x - 3 * y * y + x * y + y)!.kind, "maximum");
    assert.equal(kindOf((x, y) => (x + y) * (x + y) + 0.5 * x), null);
  });
});

test("bad input", () => {
  const x = {name: "TE", values: [1, 2, 3, 1, 2, 3, 1, 2, 3]};
  const y = {name: "TI", values: [1, 1, 1, 2, 2, 2, 3, 3, 3]};
  const z = [1, 2, 3, 4, 5, 4, 3, 2, 2];
  assertRejects(() => responseSurface(x, {name: "TI", values: [1, 2]}, z), "unequal-lengths", "length of TI");
  assertRejects(() => responseSurface(x, y, z.map(() => 4)), "constant", "response");
  assertRejects(() => responseSurface({...x, scale: 0}, y, z), "not-positive", "scale of TE");
  assertRejects(() => responseSurface({...x, centre: NaN}, y, z), "not-finite", "centre of TE");
  assertRejects(() => responseSurface(x, y, [...z.slice(0, 8), NaN]), "not-finite", "response[8]");
  assertRejects(() => responseSurface(x, y, z, {blocks: ["1"]}), "unequal-lengths", "length of blocks");
  const two = {name: "TI", values: [1, 1, 1, 2, 2, 2, 1, 1, 1]};
  const fault = assertRejects(() => responseSurface(x, two, z), "rank-deficient", "column");
  assert.equal(fault.value, "TI^2", "two levels cannot give a square");
});
