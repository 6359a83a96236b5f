import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import type {Table} from "../../../src/domain/statistics/method.js";
import {responseSurfaceMethod} from "../../../src/domain/statistics/response-surface-method.js";
import {
  predictSurface, responseSurface, ridgePath, secondOrderSurface, stationaryTest
} from "../../../src/domain/statistics/response-surface.js";
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

  test("the method on the table prints the same, with the block's effect under its label", () => {
    const table: Table = {
      file: "chemreact.csv", columns: ["Time", "Temp", "Block", "Yield"],
      rows: data.time.map((time: number, i: number) =>
        [String(time), String(data.temperature[i]), `B${data.block[i]}`, String(data.yield[i])])
    };
    const report = responseSurfaceMethod.run({
      table, columns: {factors: ["Time", "Temp"], response: ["Yield"], block: ["Block"]},
      options: {centre: "85,175", scale: "5,5"}
    });
    const value = (name: string) => report.estimates.find((one) => one.name === name)!.value;
    assert.equal(report.n, 14);
    assertPrinted(value("intercept"), data.coefficients.intercept);
    assertPrinted(value("block B2"), data.coefficients["block 2"]);
    assertPrinted(value("Time"), data.coefficients.time);
    assertPrinted(value("Temp"), data.coefficients.temperature);
    assertPrinted(value("Time Temp"), data.coefficients["time temperature"]);
    assertPrinted(value("Time^2"), data.coefficients["time^2"]);
    assertPrinted(value("Temp^2"), data.coefficients["temperature^2"]);
    assertPrinted(value("R2"), data.r2);
    assertPrinted(value("residual SD"), data.residualSd);
    assertPrinted(value("stationary Time (coded)"), data.stationary[0]);
    assertPrinted(value("stationary Temp (coded)"), data.stationary[1]);
    assertPrinted(value("eigenvalue 1"), data.eigenvalues[0]);
    assertPrinted(value("eigenvalue 2"), data.eigenvalues[1]);
    assertPrinted(report.checks[0].p!, data.lackOfFitP);
    assert.equal(report.checks[0].passed, true);
    assert.ok(!report.warnings.some((warning) => /ridge|extrapolation|lacks/.test(warning)));
    const rows = [...table.rows.map((row) => [...row]), ["85", null, "B2", "79"], ["85", "175", null, "79"]];
    const missing = responseSurfaceMethod.run({
      table: {...table, rows}, columns: {factors: ["Time", "Temp"], response: ["Yield"], block: ["Block"]}
    });
    assert.equal(missing.n, 14);
    assert.deepEqual(missing.dropped.map(({row, column}) => [row, column]), [[16, "Temp"], [17, "Block"]]);
    const bad = (options: Record<string, string>) => () => responseSurfaceMethod.run({
      table, columns: {factors: ["Time", "Temp"], response: ["Yield"]}, options
    });
    assertRejects(bad({centre: "85"}), "option-count", "centre");
    assertRejects(bad({scale: "5,x"}), "option-count", "scale");
    assertRejects(() => responseSurfaceMethod.run({
      table: {...table, rows: table.rows.map((row) => ["85", ...row.slice(1)])},
      columns: {factors: ["Time", "Temp"], response: ["Yield"]}
    }), "constant", "column Time");
  });

  test("at the fitted point the gradient's F is 0, and far away it is rejected", () => {
    const [time, temperature] = surface.stationary!.natural;
    assert.ok(stationaryTest(surface, time, temperature).f < 1e-12);
    assert.ok(stationaryTest(surface, time + 10, temperature).p < 0.001);
  });

  test("the path of the maximum ridge passes through the stationary point", () => {
    const [x, y] = surface.stationary!.coded;
    const [point, origin] = ridgePath(surface, [Math.hypot(x, y), 0]);
    assertRelative(point.coded[0], x, 1e-6);
    assertRelative(point.coded[1], y, 1e-6);
    assertRelative(point.value, surface.stationary!.value, 1e-10);
    assertRelative(origin.value, Number(data.coefficients.intercept), 1e-7);
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

describe("ridge analysis", () => {
  const grid = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y]));
  const fit = (f: (x: number, y: number) => number) => responseSurface(
    {name: "x", values: grid.map(([x]) => x)}, {name: "y", values: grid.map(([, y]) => y)},
    grid.map(([x, y]) => f(x, y))
  );

  test("no point of the circle is better, also where the slope misses the steepest axis", () => {
    for (const f of [
      (x: number, y: number) => 3 + x - 2 * y - x * x + 2 * y * y + x * y, (x: number, y: number) => x * x + y,
      (x: number, y: number) => y - 2 * x * x - 0.5 * y * y
    ]) {
      const surface = fit(f);
      for (const goal of ["maximum", "minimum"] as const) {
        for (const {radius, coded, value} of ridgePath(surface, [0.3, 1, 2], goal)) {
          assertRelative(Math.hypot(...coded), radius, 1e-9);
          assert.ok(Math.abs(value - f(coded[0], coded[1])) < 1e-9);
          for (let i = 0; i < 360; i++) {
            const other = f(radius * Math.cos(i * Math.PI / 180), radius * Math.sin(i * Math.PI / 180));
            assert.ok(goal === "maximum" ? other <= value + 1e-6 : other >= value - 1e-6, `${goal} at ${radius}`);
          }
        }
      }
    }
    assertRejects(() => ridgePath(fit((x, y) => x * x + y), [-1]), "negative", "radius");
  });
});

describe("three factors", () => {
  // A face-centred design with two centre runs.
  const points = [
    ...[-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => [x, y, z]))),
    ...[0, 1, 2].flatMap((f) => [-1, 1].map((s) => [0, 1, 2].map((i) => i === f ? s : 0))),
    [0, 0, 0], [0, 0, 0], [0, 0, 0]
  ];
  const truth = ([x, y, z]: number[]) => 10 + x - y + 0.5 * z - 2 * x * x - 3 * y * y - z * z + x * y - 0.5 * y * z;
  const factorsOf = () => ["x", "y", "z"].map((name, i) => ({name, values: points.map((point) => point[i])}));
  // Half of minus the inverse of B times b, B = [[-2, .5, 0], [.5, -3, -.25], [0, -.25, -1]], b = (1, -1, .5).
  const solution = (() => {
    const z = (v: number) => 0.25 - 0.25 * v;
    // 2x = .5 + .5 y; z = .25 - .25 y; .5 x - 3 y - .25 z = .5.
    const y = (0.5 - 0.125 + 0.0625) / (0.125 - 3 + 0.0625);
    return [0.25 + 0.25 * y, y, z(y)];
  })();

  test("an exact surface gives its own stationary point, terms in order", () => {
    const surface = secondOrderSurface(factorsOf(), points.map(truth));
    assert.deepEqual(surface.coefficients.map(({term}) => term),
      ["intercept", "x", "y", "z", "x^2", "y^2", "z^2", "x y", "x z", "y z"]);
    surface.stationary!.coded.forEach((value, i) => assertRelative(value, solution[i], 1e-9));
    assert.equal(surface.stationary!.kind, "maximum");
    assert.equal(surface.eigenvalues.length, 3);
    const total = surface.eigenvalues.reduce((a, b) => a + b);
    assertRelative(total, -6, 1e-12);
  });

  test("coverage, 2000 repeats: Box and Hunter's region and coefficients exact, the others nearly", () => {
    const random = seeded(19);
    const repeats = 2000;
    const hits = {region: 0, eigenvalue: 0, slope: 0, delta: 0};
    const smallest = Math.min(...secondOrderSurface(factorsOf(), points.map(truth)).eigenvalues);
    for (let i = 0; i < repeats; i++) {
      const surface = secondOrderSurface(factorsOf(), points.map((point) => truth(point) + 0.2 * random.normal()));
      if (stationaryTest(surface, ...solution).p > 0.05) hits.region++;
      const {eigenvalue} = surface.axes[2];
      if (eigenvalue.lower <= smallest && smallest <= eigenvalue.upper) hits.eigenvalue++;
      if (surface.coefficients[1].lower <= 1 && 1 <= surface.coefficients[1].upper) hits.slope++;
      const interval = surface.stationary!.intervals[0];
      if (interval.lower <= solution[0] && solution[0] <= interval.upper) hits.delta++;
    }
    const rates = Object.fromEntries(Object.entries(hits).map(([name, count]) => [name, count / repeats]));
    for (const name of ["region", "slope"]) assert.ok(Math.abs(rates[name] - 0.95) < 0.02, `${name}: ${rates[name]}`);
    for (const name of ["eigenvalue", "delta"]) {
      assert.ok(rates[name] > 0.92 && rates[name] < 0.98, `${name} (approximate): ${rates[name]}`);
    }
  });

  test("property: shift and scale of the response, and units of a factor", () => {
    const random = seeded(23);
    const response = points.map((point) => truth(point) + 0.3 * random.normal());
    const base = secondOrderSurface(factorsOf(), response);
    fc.assert(fc.property(fc.double({min: -100, max: 100, noNaN: true}), fc.double({min: 0.1, max: 50, noNaN: true}),
      (shift, scale) => {
        const moved = secondOrderSurface(factorsOf(), response.map((value) => shift + scale * value));
        moved.stationary!.natural.forEach((value, i) => assertRelative(value, base.stationary!.natural[i], 1e-8));
        moved.eigenvalues.forEach((value, i) => assertRelative(value, scale * base.eigenvalues[i], 1e-9));
        const [first, ...rest] = factorsOf();
        const other = {...first, values: first.values.map((x) => shift + scale * x)};
        const units = secondOrderSurface([other, ...rest], response);
        const [interval] = units.stationary!.intervals;
        assertRelative((interval.upper - interval.lower) / scale,
          base.stationary!.intervals[0].upper - base.stationary!.intervals[0].lower, 1e-7);
        assertRelative(units.lackOfFit!.p, base.lackOfFit!.p, 1e-6);
      }), {seed: 4, numRuns: 50});
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
  assertRejects(() => secondOrderSurface([], z), "too-few-factors", "factors");
  assertRejects(() => responseSurface(x, y, z, {blocks: ["1"]}), "unequal-lengths", "length of blocks");
  const two = {name: "TI", values: [1, 1, 1, 2, 2, 2, 1, 1, 1]};
  const fault = assertRejects(() => responseSurface(x, two, z), "rank-deficient", "column");
  assert.equal(fault.value, "TI^2", "two levels cannot give a square");
});
