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

  test("its faults are InputErrors with their fields", () => {
    const call = () => core.fit({model: "none", estimator: "ols", protocol: {b: [0, 1]}}, new Float32Array(2), 1);
    assert.throws(
      call,
      (error) => error instanceof InputError && error.code === "unknown-model" && error.value === "none"
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

  test("hands its arrays over instead of copying them", () => {
    const {sent, post} = open();
    post({type: "core", module});
    post(task);
    const [{message, transfer}] = sent;
    assert.ok(message.type === "done" && message.id === 7);
    const arrays = Object.values(message.response as unknown as Record<string, Float64Array>);
    assert.equal(arrays.length, 5);
    assert.deepEqual(new Set(transfer), new Set(arrays.map(({buffer}) => buffer)));
    assert.ok(Math.abs(arrays[0][1] - Math.LN2 / 1000) < 1e-12);
  });

  test("a task before the core, and a task that nobody knows, fail by name", () => {
    const {sent, post} = open();
    post(task);
    post({type: "core", module});
    post({...task, id: 8, kind: "toString"});
    assert.deepEqual(
      sent.map(({message}) => message.type),
      ["failed", "failed"]
    );
    const reasons = sent.map(({message}) => (message.type === "failed" ? message.reason : ""));
    assert.match(reasons[0], /core was not loaded/);
    assert.match(reasons[1], /no worker knows the task "toString"/);
  });

  test("a fault crosses as a plain object", () => {
    const {sent, post} = open();
    post({type: "core", module});
    post({...task, request: {...task.request, estimator: "guess"}});
    const {message} = sent[0];
    assert.ok(message.type === "fault");
    assert.equal(Object.getPrototypeOf(message.fault), Object.prototype);
    assert.deepEqual([message.fault.code, message.fault.value], ["unknown-estimator", "guess"]);
  });

  test("a trap says that the worker is lost", () => {
    const {sent, post} = open();
    post({type: "core", module});
    const request = {...task.request};
    Object.defineProperty(request, "samples", {
      enumerable: true,
      get: () => {
        throw new WebAssembly.RuntimeError("unreachable");
      }
    });
    post({...task, request});
    assert.deepEqual(
      sent.map(({message}) => message),
      [{type: "lost", reason: "RuntimeError: unreachable"}]
    );
  });
});
