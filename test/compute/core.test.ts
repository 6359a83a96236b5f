import assert from "node:assert/strict";
import {before, describe, test} from "node:test";
import {InputError} from "../../src/domain/errors.js";
import {instantiate, parseFault, typed} from "../../src/compute/core.js";
import type {Core} from "../../src/compute/core.js";
import type {FromWorker, ToWorker} from "../../src/compute/messages.js";
import {serve} from "../../src/compute/serve.js";
import type {WorkerScope} from "../../src/compute/serve.js";
import {loadModule} from "../../src/compute/spawn.node.js";

let module: WebAssembly.Module;
before(async () => (module = await loadModule()));

describe("the core", () => {
  let core: Core;
  before(() => (core = instantiate(module)));

  test("states its models and outcomes completely", () => {
    const {models, statuses} = core.models();
    assert.ok(models.length >= 2);
    for (const {id, name, parameters, protocol, estimators, equation, citation, minimum_samples} of models) {
      for (const text of [id, name, equation, citation]) assert.ok(text.length > 0, id);
      assert.ok(parameters.length > 0 && protocol.length > 0 && Array.isArray(estimators) && minimum_samples >= 1, id);
      for (const quantity of [...parameters, ...protocol])
        assert.equal(typeof quantity.unit, "string", `${id} ${quantity.name}`);
    }
    const codes = statuses.map(({code}) => code);
    assert.equal(new Set(codes).size, codes.length);
    assert.ok(
      codes.every((code) => Number.isInteger(code) && code >= 0 && code < 255),
      "255 is outside the mask"
    );
  });

  test("simulates what it fits: the decay by its equation", () => {
    const b = [0, 100, 900];
    const samples = core.simulate({model: "mono-exponential", protocol: {b}}, Float64Array.of(100, 200, 1e-3, 2e-3), 2);
    b.forEach((value, s) => {
      assert.ok(Math.abs(samples[2 * s] - 100 * Math.exp(-value * 1e-3)) < 1e-10);
      assert.ok(Math.abs(samples[2 * s + 1] - 200 * Math.exp(-value * 2e-3)) < 1e-10);
    });
    const {parameters, status} = core.fit({model: "mono-exponential", estimator: "ols", protocol: {b}}, samples, 2);
    assert.deepEqual([...status], [0, 0]);
    [100, 200, 1e-3, 2e-3].forEach((value, i) => assert.ok(Math.abs(parameters[i] / value - 1) < 1e-10));
  });

  test("bounds reach the core", () => {
    const request = {model: "mono-exponential", estimator: "nlls", protocol: {b: [0, 500, 1000]}};
    const samples = Float64Array.of(100, 100 * Math.exp(-1), 100 * Math.exp(-2));
    assert.ok(Math.abs(core.fit(request, samples, 1).parameters[1] - 2e-3) < 1e-9);
    const bounded = core.fit({...request, bounds: {ADC: [0, 1e-3]}}, samples, 1);
    assert.equal(bounded.parameters[1], 1e-3);
    assert.equal(core.models().statuses.find(({code}) => code === bounded.status[0])?.name, "at-bound");
  });

  test("an infinite bound is open, and what is no bound is refused before JSON makes an open one of it", () => {
    const request = {model: "mono-exponential", estimator: "nlls", protocol: {b: [0, 500, 1000]}};
    const samples = Float64Array.of(100, 100 * Math.exp(-1), 100 * Math.exp(-2));
    const fit = (bounds: [number | null, number | null]) => core.fit({...request, bounds: {ADC: bounds}}, samples, 1);
    const expected = fit([null, null]).parameters;
    assert.deepEqual(fit([-Infinity, Infinity]).parameters, expected);
    for (const bounds of [[NaN, 1], [0, NaN], [Infinity, 1], [0, -Infinity]] as [number, number][]) {
      assert.throws(() => fit(bounds), (error) => error instanceof InputError && error.field === "bounds.ADC");
    }
  });

  test("what is fixed stays, what is started is started, and correlations come on request", () => {
    const request = {model: "mono-exponential", estimator: "nlls", protocol: {b: [0, 300, 600, 1000]}};
    const samples = Float64Array.of(100, 75, 55, 37);
    const free = core.fit({...request, correlation: true}, samples, 1);
    assert.equal(free.correlation.length, 1);
    assert.ok(free.correlation[0] > 0 && free.correlation[0] < 1, "S0 and ADC rise together");
    assert.ok(free.condition[0] >= 1 && Math.abs(free.gradient[0]) < 1e-5);
    const fixed = core.fit({...request, fix: {ADC: 1e-3}, start: {S0: 50}, starts: 1}, samples, 1);
    assert.deepEqual([fixed.parameters[1], fixed.standardDeviations[1]], [1e-3, 0]);
    assert.equal(fixed.correlation.length, 0);
    // The linear amplitude of a fixed decay: sum S e / sum e^2.
    const decay = request.protocol.b.map((b) => Math.exp(-b * 1e-3));
    const amplitude =
      decay.reduce((sum, e, i) => sum + e * samples[i], 0) / decay.reduce((sum, e) => sum + e * e, 0);
    assert.ok(Math.abs(fixed.parameters[0] / amplitude - 1) < 1e-9);
    assert.deepEqual([...core.fit({...request, bounds: {ADC: [0, 5e-4]}}, samples, 1).active], [1 << 17]);
  });

  test("its faults are InputErrors with their fields", () => {
    const call = () => core.fit({model: "none", estimator: "ols", protocol: {b: [0, 1]}}, new Float32Array(2), 1);
    assert.throws(
      call,
      (error) => error instanceof InputError && error.code === "unknown-model" && error.value === "none"
    );
  });
});

describe("information", () => {
  let core: Core;
  before(() => (core = instantiate(module)));
  const situation = {
    model: "mono-exponential",
    parameters: {S0: 100, ADC: 1e-3},
    noise: {kind: "gaussian" as const, sigma: 2}
  };

  test("Cramér-Rao bounds of two samples have a closed form", () => {
    const b = 1000;
    const {parameters, not_identifiable} = core.cramerRao({situation, protocol: {b: [0, b]}});
    // ADC = ln(S1 / S2) / b: variance (sigma / b)^2 (1 / S1^2 + 1 / S2^2); S0 is the first sample.
    const sd = (2 / b) * Math.sqrt(1 / 100 ** 2 + 1 / (100 * Math.exp(-1)) ** 2);
    assert.deepEqual(not_identifiable, []);
    assert.ok(Math.abs(parameters[0].sd! / 2 - 1) < 1e-10);
    assert.ok(Math.abs(parameters[1].sd! / sd - 1) < 1e-10);
    assert.ok(Math.abs(parameters[1].relative! / (sd / 1e-3) - 1) < 1e-10);
  });

  test("one b determines nothing, and says so", () => {
    const {parameters} = core.cramerRao({situation, protocol: {b: [500, 500]}});
    assert.ok(parameters.some(({identifiable, sd}) => !identifiable && sd === null));
  });

  test("an optimised protocol is no worse, from the candidates that were given", () => {
    const {criterion, protocol} = core.optimiseProtocol({
      situation,
      protocol: {b: [0, 100, 200, 300]},
      candidates: {b: [0, 500, 1000, 1500]},
      minimise: {ADC: 1}
    });
    assert.ok(criterion[1]! < criterion[0]! / 2);
    assert.ok(protocol.b.every((value) => [0, 100, 200, 300, 500, 1000, 1500].includes(value)));
  });

  test("a profile interval holds the estimate, and a wider level a wider interval", () => {
    const fit = {model: "mono-exponential", estimator: "nlls", protocol: {b: [0, 250, 500, 750, 1000]}};
    const samples = Float64Array.of(101, 77, 61, 47, 37.5);
    const at = (level: number) => core.profileInterval({fit, parameter: "ADC", level}, samples);
    const [narrow, wide] = [at(0.5), at(0.95)];
    for (const {value, lower, upper} of [narrow, wide]) assert.ok(lower.value! < value && value < upper.value!);
    assert.ok(wide.lower.value! < narrow.lower.value! && wide.upper.value! > narrow.upper.value!);
    assert.throws(
      () => core.profileInterval({fit, parameter: "D"}, samples),
      (error) => error instanceof InputError && error.field === "parameter"
    );
  });
});

test("only what is a fault is taken for one", () => {
  const fault = {code: "a", field: "b", value: [1], expected: "c"};
  assert.deepEqual(parseFault(new Error(JSON.stringify(fault))), fault);
  for (const other of ["plain", "{broken", '{"code": 1}', "null", '"text"'])
    assert.equal(parseFault(new Error(other)), null);
  assert.equal(parseFault(undefined), null);
  const plain = new RangeError("plain");
  assert.throws(
    () =>
      typed(() => {
        throw plain;
      }),
    (error) => error === plain
  );
  // A trap has to stay a trap, whatever it says: its worker is replaced.
  const trap = new WebAssembly.RuntimeError(JSON.stringify(fault));
  assert.throws(
    () =>
      typed(() => {
        throw trap;
      }),
    (error) => error === trap
  );
});

describe("a worker's side", () => {
  const open = () => {
    const sent: {message: FromWorker; transfer?: Transferable[]}[] = [];
    const scope: WorkerScope = {onmessage: null, postMessage: (message, transfer) => sent.push({message, transfer})};
    serve(scope);
    return {sent, post: (data: unknown) => scope.onmessage!({data: data as ToWorker})};
  };
  const task = {
    type: "task",
    id: 7,
    kind: "fit",
    request: {
      model: "mono-exponential",
      estimator: "ols",
      protocol: {b: [0, 1000]},
      samples: Float64Array.of(100, 50),
      voxels: 1
    }
  };

  test("hands its arrays over instead of copying them", async () => {
    const {sent, post} = open();
    await post({type: "core", module});
    await post(task);
    const [{message, transfer}] = sent;
    assert.ok(message.type === "done" && message.id === 7);
    const arrays = Object.values(message.response as unknown as Record<string, Float64Array>);
    assert.equal(arrays.length, 9);
    assert.deepEqual(new Set(transfer), new Set(arrays.map(({buffer}) => buffer)));
    assert.ok(Math.abs(arrays[0][1] - Math.LN2 / 1000) < 1e-12);
  });

  test("a task before the core, and a task that nobody knows, fail by name", async () => {
    const {sent, post} = open();
    await post(task);
    await post({type: "core", module});
    await post({...task, id: 8, kind: "toString"});
    assert.deepEqual(
      sent.map(({message}) => message.type),
      ["failed", "failed"]
    );
    const reasons = sent.map(({message}) => (message.type === "failed" ? message.reason : ""));
    assert.match(reasons[0], /core was not loaded/);
    assert.match(reasons[1], /no worker knows the task "toString"/);
  });

  test("a fault crosses as a plain object", async () => {
    const {sent, post} = open();
    await post({type: "core", module});
    await post({...task, request: {...task.request, estimator: "guess"}});
    const {message} = sent[0];
    assert.ok(message.type === "fault");
    assert.equal(Object.getPrototypeOf(message.fault), Object.prototype);
    assert.deepEqual([message.fault.code, message.fault.value], ["unknown-estimator", "guess"]);
  });

  test("a trap says that the worker is lost", async () => {
    const {sent, post} = open();
    await post({type: "core", module});
    const request = {...task.request};
    Object.defineProperty(request, "samples", {
      enumerable: true,
      get: () => {
        throw new WebAssembly.RuntimeError("unreachable");
      }
    });
    await post({...task, request});
    assert.deepEqual(
      sent.map(({message}) => message),
      [{type: "lost", reason: "RuntimeError: unreachable"}]
    );
  });
});
