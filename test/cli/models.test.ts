import assert from "node:assert/strict";
import {test} from "node:test";
import type {ModelInfo, Registry} from "../../src/compute/core.js";
import {call} from "./capture.js";

test("the list names every model with its parameters, protocol and estimators", async () => {
  const {code, stdout, stderr} = await call("models");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^mono-exponential +S0 ADC +b +.*nlls/m);
  const {models, statuses} = JSON.parse((await call("models", "--json")).stdout) as Registry;
  for (const {id} of models) assert.match(stdout, new RegExp(`^${id} `, "m"));
  assert.match(stdout, new RegExp(`^${models.length} models;`, "m"));
  assert.ok(statuses.some(({name}) => name === "at-bound"));
});

test("one model is told in full, for people and as it stands in the registry", async () => {
  const {models} = JSON.parse((await call("models", "--json")).stdout) as Registry;
  for (const model of models) {
    const {code, stdout} = await call("models", model.id);
    assert.equal(code, 0);
    const facts = [model.equation, model.citation, ...model.parameters.map(({description}) => description!)];
    for (const {name, description} of model.estimators) facts.push(name, description);
    for (const fact of facts) assert.ok(stdout.includes(fact), `${model.id}: ${fact}`);
    for (const {name, lower, upper, held} of model.parameters) {
      const bounds = held === null ? `\\[${lower ?? "-inf"}, ${upper ?? "inf"}\\]` : `held at ${held}`;
      assert.match(stdout, new RegExp(`^  ${name} .*${bounds}`, "m"), model.id);
    }
    assert.deepEqual(JSON.parse((await call("models", model.id, "--json")).stdout) as ModelInfo, model);
  }
});

test("a model that there is not is refused, with the nearest name", async () => {
  const {code, stderr} = await call("models", "mono-exponental");
  assert.equal(code, 2);
  assert.match(stderr, /MODEL is "mono-exponental"; expected one of mono-exponential.*did you mean mono-exponential\?/);
  assert.equal((await call("models", "a", "b")).code, 2);
});
