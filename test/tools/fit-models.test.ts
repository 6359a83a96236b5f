import assert from "node:assert/strict";
import {after, test} from "node:test";
import {suitability} from "../../src/tools/fit-models.js";
import {fittedSamples} from "./fitted-samples.js";
import {b} from "./samples.js";

const {pool, registry, modelOf, input} = await fittedSamples();
after(() => pool.close());

test("models say whether these data will do, and why not", async () => {
  const reasons = await suitability(pool, registry.models, input);
  assert.equal(reasons["mono-exponential"], null);
  assert.equal(reasons["clinical-adc"], null);
  assert.match(reasons["t2-ivim-kurtosis"]!, /not fitted yet|TE \(s\)/);
  const few = {...input, protocol: {b: [0, 0, 50, 100, 800, 1000]}};
  const less = await suitability(pool, registry.models, few);
  assert.equal(less["mono-exponential"], null);
  assert.match(less["clinical-adc"]!, /400|900/, "names the b value that is missing");
  const same = await suitability(pool, registry.models, {...input, protocol: {b: b.map(() => 0)}});
  assert.ok(same["mono-exponential"] !== null, "one b value determines no decay");
});

test("a model that needs a column that is missing names it with its unit", async () => {
  const model = {...modelOf("mono-exponential"), id: "other", protocol: [{name: "TI", unit: "s", required: true}]};
  assert.deepEqual(await suitability(pool, [model], input), {other: "it needs TI (s) of each volume"});
});
