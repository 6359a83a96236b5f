import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import fc from "fast-check";
import {instantiate, type Core, type ModelInfo} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {modelExamples} from "../../src/tools/model-examples.js";
import {latest} from "../../src/tools/latest.js";
import {
  axisOf, cloudOf, densityOf, distributionOf, estimated, exampleOf, exampleState, explorable, explore, firstView,
  formatColumn, fromHash, likelihoods, limits, misleading, noiseKinds, parseColumn, parseProtocol, profileOf,
  readLink, repeats, sigmaAt, stepOf, toHash, type ExplorerState
} from "../../src/tools/model-explorer.js";
import {assertRejects} from "../helpers/bad-input.js";

let core: Core;
let pool: Pool;
let models: ModelInfo[];
const modelOf = (id: string): ModelInfo => models.find((model) => model.id === id)!;

before(async () => {
  const module = await loadModule();
  core = instantiate(module);
  pool = createPool({size: 2, spawn, module});
  models = core.models().models;
});

after(() => pool.close());

describe("examples", () => {
  test("every model that predicts a signal has one, and none is of another", () => {
    assert.deepEqual(Object.keys(modelExamples).sort(), explorable(models).map(({id}) => id).sort());
    assertRejects(() => exampleOf("clinical-adc"), "unknown-model", "model");
    assertRejects(() => exampleOf("constructor"), "unknown-model", "model");
  });

  test("parameters lie inside ranges on the sliders' steps, ranges inside the model's bounds", () => {
    for (const {id, parameters} of explorable(models)) {
      const example = exampleOf(id);
      assert.deepEqual(Object.keys(example.parameters), parameters.map(({name}) => name), id);
      assert.deepEqual(Object.keys(example.ranges), parameters.map(({name}) => name), id);
      for (const {name, lower, upper, held} of parameters) {
        const [low, high] = example.ranges[name];
        const value = example.parameters[name];
        assert.ok(low >= (lower ?? -Infinity) && high <= (upper ?? Infinity), `${id} ${name}: ${low} to ${high}`);
        assert.ok(low < value && value < high, `${id} ${name}: ${value}`);
        if (held !== null) assert.equal(value, held, `${id} ${name}`);
        const steps = (value - low) / stepOf([low, high]);
        assert.ok(Math.abs(steps - Math.round(steps)) < 1e-6, `${id} ${name}: ${value} is no step from ${low}`);
      }
    }
  });

  test("the core takes every protocol, and the first one determines every parameter", () => {
    for (const model of explorable(models)) {
      const {protocol, presets, settings, axis} = exampleOf(model.id);
      assert.equal(axisOf(model).name, axis, model.id);
      const values = Float64Array.from(model.parameters, ({name}) => exampleOf(model.id).parameters[name]);
      for (const columns of [protocol, ...Object.values(presets)]) {
        const signal = core.simulate({model: model.id, protocol: columns, settings}, values, 1);
        assert.ok(signal.every(Number.isFinite) && sigmaAt(signal, 50) > 0, model.id);
      }
      assert.ok(Object.values(protocol)[0].length >= model.minimum_samples, model.id);
      const {parameters} = exampleOf(model.id);
      const situation = {model: model.id, settings, parameters, noise: {kind: "gaussian", sigma: 10} as const};
      assert.deepEqual(core.cramerRao({situation, protocol}).not_identifiable, [], model.id);
    }
  });

  test("a step is a power of ten, at most a hundredth of the range", () => {
    assert.equal(stepOf([0, 1]), 0.01);
    assert.equal(stepOf([0.0002, 0.0035]), 1e-5);
    assert.equal(stepOf([100, 2000]), 10);
    assert.equal(stepOf([0, 100]), 1);
  });
});

describe("protocols as a reader types them", () => {
  test("numbers, runs and one for all", () => {
    assert.deepEqual(parseColumn("b", " 0, 50 100;3*1e3,"), [0, 50, 100, 1000, 1000, 1000]);
    assert.deepEqual(parseProtocol({TE: "0.09, .14", TR: "9"}), {TE: [0.09, 0.14], TR: [9, 9]});
    assert.equal(formatColumn([0, 0, 5, 5, 5, 1]), "0, 0, 3*5, 1");
  });

  test("what is written reads back", () => {
    const value = fc.oneof(fc.double({noNaN: true, noDefaultInfinity: true}), fc.constantFrom(0, 0.093, 1e-7, 2e21));
    const counts = fc.array(fc.nat(3), {minLength: 40, maxLength: 40});
    fc.assert(
      fc.property(fc.array(value, {minLength: 1, maxLength: 40}), counts, (values, runs) => {
        const column = values.flatMap((each, i) => new Array<number>(1 + runs[i]).fill(each === 0 ? 0 : each));
        assert.deepEqual(parseColumn("b", formatColumn(column)), column);
      }),
      {seed: 2, numRuns: 200}
    );
  });

  test("bad text is named", () => {
    for (const text of ["", " , "]) assertRejects(() => parseColumn("b", text), "empty-column", "protocol.b");
    for (const text of ["1, x", "0*5", "1000*5", "NaN", "3*", "Infinity"]) {
      assertRejects(() => parseColumn("b", text), "not-a-number", "protocol.b");
    }
    assertRejects(() => parseProtocol({b: "0, 1, 2", TE: "1, 2"}), "column-length", "protocol.TE");
  });
});

describe("links", () => {
  const view = {pair: ["f", "D"], shown: "Dstar"} as const;
  const changed = (): ExplorerState => ({
    ...exampleState(modelOf("ivim")),
    parameters: {S0: 500, f: 0.3, Dstar: 0.02, D: 0.0009},
    known: ["S0"],
    protocol: {b: [0, 0, 0, 10, 200, 800]},
    settings: {threshold: 100},
    snr: 21,
    noise: "noncentral-chi",
    coils: 12,
    seed: 99,
    likelihood: "rician"
  });

  test("every model's example and other settings read back", () => {
    for (const model of explorable(models)) {
      const state = exampleState(model);
      const link = fromHash(toHash(state, firstView(core, model, state)), models)!;
      assert.deepEqual(link.state, state, model.id);
    }
    const link = fromHash(toHash(changed(), view), models)!;
    assert.deepEqual(link, {state: changed(), pair: ["f", "D"], shown: "Dstar"});
    assert.deepEqual(fromHash("#model=t2", models), {state: exampleState(modelOf("t2")), pair: null, shown: null});
    assert.equal(fromHash("#fig-signal", models), null);
    assert.equal(fromHash("", models), null);
  });

  test("a link that cannot be used names the part at fault", () => {
    const bad: [string, string, string][] = [
      ["model=ivmi", "unknown-model", "model"],
      ["model=clinical-adc", "unknown-model", "model"],
      ["model=ivim&p.f=2", "out-of-range", "p.f"],
      ["model=ivim&p.f=x", "out-of-range", "p.f"],
      ["model=ivim&p.g=0.1", "unknown-choice", "p.g"],
      ["model=ivim&c.b=0,x", "not-a-number", "protocol.b"],
      ["model=ivim&c.TE=0", "unknown-choice", "c.TE"],
      ["model=ivim&s.threshold=-1", "out-of-range", "s.threshold"],
      ["model=ivim&s.field=3", "unknown-choice", "s.field"],
      ["model=fat-water&s.spectrum=butter", "unknown-choice", "s.spectrum"],
      ["model=ivim&known=f,g", "unknown-choice", "known"],
      ["model=ivim&known=S0,f,D,Dstar", "unknown-choice", "known"],
      ["model=ivim&known=f&estimator=segmented", "unknown-choice", "known"],
      ["model=ivim&snr=0", "out-of-range", "snr"],
      ["model=ivim&seed=1.5", "not-a-count", "seed"],
      ["model=ivim&noise=poisson", "unknown-choice", "noise"],
      ["model=fat-water-complex&noise=rician", "unknown-choice", "noise"],
      ["model=ivim&estimator=ols", "unknown-choice", "estimator"],
      ["model=ivim&estimator=segmented&likelihood=rician", "unknown-choice", "likelihood"],
      ["model=ivim&pair=f", "unknown-choice", "pair"],
      ["model=ivim&shown=K", "unknown-choice", "shown"],
      ["model=ivim&color=red", "unknown-key", "color"]
    ];
    for (const [hash, code, field] of bad) {
      assertRejects(() => fromHash(`#${hash}`, models), code, field);
      assert.equal(readLink(`#${hash}`, models).error?.code, code);
    }
    assert.deepEqual(readLink("#", models), {});
  });
});

describe("exploring", () => {
  test("every model: estimates about the truth, curves through the samples, in both precisions", async () => {
    for (const model of explorable(models)) {
      const state = {...exampleState(model), snr: limits.snr[1]};
      const found = await explore(pool, core, model, state);
      const id = model.id;
      assert.equal(found.fit.voxels, repeats, id);
      assert.deepEqual(found.parameters.map(({held}, j) => (held ? [] : [j])).flat(), estimated(model, state), id);
      assert.deepEqual(found.samples.map(({group}) => group), found.clean.map(({group}) => group));
      assert.ok(found.truthCurve.every(({signal}) => Number.isFinite(signal)), id);
      assert.ok(found.samples.every(({signal}, s) => Math.abs(signal - found.clean[s].signal) < 6 * found.sigma), id);
      for (const parameter of found.parameters) {
        const {name, truth, bound, performance, held} = parameter;
        if (held) continue;
        assert.ok(bound !== null && bound > 0, `${id} ${name}`);
        assert.ok(performance.estimated > 0.9 * repeats, `${id} ${name}: ${performance.estimated} estimates`);
        if (parameter.relativeBound! < 0.05 && parameter.atBound < 0.01) {
          const {bias} = performance;
          assert.ok(Math.abs(bias!) < 0.2 * bound, `${id} ${name}: bias ${bias} of ${truth}, bound ${bound}`);
          const {efficiency} = parameter;
          assert.ok(efficiency! > 0.9 && efficiency! < 1.15, `${id} ${name}: ${efficiency}`);
        }
      }
      const single = await explore(pool, core, model, state, {precision: "f32"});
      single.parameters.forEach(({name, performance, relativeBound}, j) => {
        if (relativeBound === null || relativeBound > 0.05) return;
        const double = found.parameters[j];
        const apart = Math.abs(performance.mean! - double.performance.mean!);
        assert.ok(apart < 0.1 * double.bound!, `${id} ${name} in single precision: ${apart}`);
      });
    }
  });

  test("mono-exponential decay at SNR 50: efficient, and the intervals hold what they promise", async () => {
    const model = modelOf("mono-exponential");
    const found = await explore(pool, core, model, exampleState(model));
    assert.equal(found.freedom, 4);
    assert.equal(found.factor!.toFixed(3), "2.776");
    for (const {name, efficiency, performance} of found.parameters) {
      assert.ok(efficiency! > 0.95 && efficiency! < 1.1, `${name}: ${efficiency}`);
      assert.ok(performance.coverage! > 0.93 && performance.coverage! < 0.97, `${name}: ${performance.coverage}`);
    }
    const cloud = cloudOf(found, ["S0", "ADC"]);
    assert.equal(cloud.points.length + cloud.beyond + cloud.missing, repeats);
    assert.ok(cloud.ellipse!.length > 50 && cloud.correlation! > 0.3);
    const distribution = distributionOf(found, "ADC");
    const density = densityOf(distribution);
    const step = density[1].value - density[0].value;
    const area = density.reduce((sum, each) => sum + each.density * step, 0);
    assert.ok(area > 0.95 && area < 1.01, `the density's area is ${area}`);
  });

  test("the same settings give the same numbers; another seed others", async () => {
    const model = modelOf("t2");
    const first = await explore(pool, core, model, exampleState(model));
    const again = await explore(pool, core, model, exampleState(model));
    const other = await explore(pool, core, model, {...exampleState(model), seed: 2});
    assert.deepEqual(again.parameters, first.parameters);
    assert.notDeepEqual(other.parameters, first.parameters);
  });

  test("what is known is not estimated, and its knowledge tightens the others' bounds", async () => {
    const model = modelOf("ivim");
    const free = await explore(pool, core, model, exampleState(model));
    const known = await explore(pool, core, model, {...exampleState(model), known: ["D"]});
    assert.equal(known.parameters[3].held, true);
    assert.equal(known.parameters[3].estimate, exampleState(model).parameters.D);
    assert.equal(known.freedom, free.freedom + 1);
    for (const j of [0, 1, 2]) assert.ok(known.parameters[j].bound! < free.parameters[j].bound!);
    assert.match(String(await profileOf(pool, known, "D")), /known/);
  });

  test("Rician noise and its likelihood: less biased than least squares at low signal", async () => {
    const model = modelOf("mono-exponential");
    const state: ExplorerState = {
      ...exampleState(model), parameters: {S0: 1000, ADC: 0.003}, snr: 12, noise: "rician"
    };
    assert.deepEqual(noiseKinds(model), ["gaussian", "rician", "noncentral-chi"]);
    assert.deepEqual(likelihoods(model, "nlls"), ["gaussian", "offset-gaussian", "rician"]);
    assert.deepEqual(likelihoods(model, "ols"), ["gaussian"]);
    const squares = await explore(pool, core, model, state);
    const likelihood = await explore(pool, core, model, {...state, likelihood: "rician"});
    const bias = ({parameters}: typeof squares): number => Math.abs(parameters[1].performance.bias!);
    assert.ok(bias(likelihood) < 0.5 * bias(squares), `${bias(likelihood)} and ${bias(squares)}`);
    assert.equal(likelihood.factor!.toFixed(3), "1.960");
  });

  test("a protocol that leaves a parameter open says so", async () => {
    const model = modelOf("flair");
    const protocol = Object.values(exampleOf("flair").presets)[0];
    const state = {...exampleState(model), protocol: protocol as Record<string, number[]>};
    const found = await explore(pool, core, model, state);
    assert.ok(found.bounds.not_identifiable.includes("T1"));
    const t1 = found.parameters.find(({name}) => name === "T1")!;
    assert.equal(t1.bound, null);
    assert.match(misleading(t1)!, /not determined/);
    assert.equal(cloudOf(found, ["M0", "T1"]).ellipse, null);
  });

  test("bad settings are refused by the core with the field's name", async () => {
    const model = modelOf("ivim");
    const few = {...exampleState(model), protocol: {b: [0, 100]}};
    await assert.rejects(explore(pool, core, model, few), {name: "InputError", code: /few/});
    const negative = {...exampleState(model), protocol: {b: [0, -1, 2, 3, 4]}};
    await assert.rejects(explore(pool, core, model, negative), {name: "InputError", field: "protocol.b[1]"});
    assertRejects(() => sigmaAt([0, 0], 50), "no-signal", "signal");
  });

  test("profile likelihood: about the parabola where that serves, and longer upwards for D* of IVIM", async () => {
    const t2 = modelOf("t2");
    const plain = await explore(pool, core, t2, exampleState(t2));
    const profile = await profileOf(pool, plain, "T2");
    assert.ok(typeof profile !== "string");
    const {lower, upper} = plain.parameters[1];
    assert.ok(Math.abs(profile.lower.value! - lower!) < 0.1 * (upper! - lower!));
    assert.ok(Math.abs(profile.upper.value! - upper!) < 0.1 * (upper! - lower!));
    const ivim = modelOf("ivim");
    const bent = await explore(pool, core, ivim, exampleState(ivim));
    const dstar = await profileOf(pool, bent, "Dstar");
    assert.ok(typeof dstar !== "string" && dstar.lower.value !== null && dstar.upper.value !== null);
    const [below, above] = [dstar.value - dstar.lower.value, dstar.upper.value - dstar.value];
    assert.ok(above > below, `${below} below, ${above} above`);
    const two = modelOf("two-point-t2");
    assert.match(String(await profileOf(pool, await explore(pool, core, two, exampleState(two)), "T2")), /closed form/);
  });
});

test("the newest value wins: what comes during a computation waits as one", async () => {
  class Dial extends EventTarget {
    value = 0;
    turn(to: number): void {
      this.value = to;
      this.dispatchEvent(new Event("input"));
    }
  }
  const dial = new Dial();
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const results = latest(dial, (value) => {
    started.push(value);
    return new Promise<number>((resolve) => finish.push(() => resolve(10 * value)));
  }, ended);
  const first = results.next();
  for (const value of [1, 2, 3]) dial.turn(value);
  finish[0]();
  assert.equal((await first).value, 0);
  const second = results.next();
  await new Promise((resolve) => setTimeout(resolve));
  finish[1]();
  assert.equal((await second).value, 30);
  assert.deepEqual(started, [0, 3]);
  const third = results.next();
  end();
  assert.equal((await third).done, true);
});
