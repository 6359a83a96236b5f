import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {instantiate, type Core, type ModelInfo, type Registry} from "../../src/compute/core.js";
import {readRegistry} from "../../src/compute/fit.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {
  allocate,
  boundMap,
  candidatesOf,
  costOf,
  designable,
  designerHash,
  designerLink,
  designerState,
  goalsOf,
  leadModel,
  optimise,
  presetsOf,
  protocolFiles,
  protocolOf,
  situationOf,
  stretch,
  stretchable,
  stretchRange,
  verdict
} from "../../src/tools/protocol-designer.js";
import {faultOf} from "../io/fault.js";

describe("protocol designer", () => {
  let pool: Pool;
  let core: Core;
  let registry: Registry;
  const modelOf = (id: string): ModelInfo => registry.models.find((model) => model.id === id)!;
  const boundsAt = (model: ModelInfo, protocol: Readonly<Record<string, readonly number[]>>) => {
    const state = designerState(model);
    return core.cramerRao({situation: situationOf(core, model, state), protocol});
  };

  before(async () => {
    const module = await loadModule();
    core = instantiate(module);
    pool = createPool({size: 2, spawn, module});
    registry = await readRegistry(pool);
  });
  after(() => pool.close());

  test("one echo time leaves S0, f and both T2 open; three echo times tell them", () => {
    const model = modelOf(leadModel);
    const presets = new Map(presetsOf(model));
    const clinical = boundsAt(model, presets.get("Clinical: 5 b at one TE")!);
    for (const name of ["S0", "f", "T2v", "T2t"]) assert.ok(clinical.not_identifiable.includes(name), name);
    const three = boundsAt(model, presets.get("7 b at 3 TE")!);
    assert.deepEqual(three.not_identifiable, []);
    const apart = boundsAt(model, presets.get("7 b at 3 TE further apart")!);
    const relative = (bounds: typeof three, name: string): number => bounds.parameters.find((each) => each.name === name)!.relative!;
    assert.ok(relative(apart, "T2v") < relative(three, "T2v") && relative(apart, "f") < relative(three, "f"));
  });

  test("every model that predicts has a start whose bounds exist, and files that say the same", () => {
    for (const model of designable(registry.models)) {
      const state = designerState(model);
      const bounds = core.cramerRao({situation: situationOf(core, model, state), protocol: state.protocol});
      assert.ok(bounds.parameters.length > 0);
      assert.ok(goalsOf(model, state).length > 0);
      const {acquisitions} = costOf(model, state.protocol);
      const [json, table] = protocolFiles(model, state, bounds);
      const written = JSON.parse(json.content) as {Protocol: Record<string, {Values: number[]}>};
      for (const {Values} of Object.values(written.Protocol)) assert.equal(Values.length, acquisitions);
      assert.equal(table.content.trim().split("\n").length, acquisitions + 1);
    }
  });

  test("acquisitions and protocol are two forms of one thing, complex parts included", () => {
    for (const model of designable(registry.models)) {
      for (const [, protocol] of presetsOf(model)) {
        const again = protocolOf(model, allocate(model, protocol));
        assert.deepEqual(allocate(model, again), allocate(model, protocol));
        assert.equal(Object.values(again)[0].length, Object.values(protocol)[0].length);
        assert.deepEqual(boundsAt(model, again).not_identifiable, boundsAt(model, protocol).not_identifiable);
      }
    }
    assert.throws(() => protocolOf(modelOf("t2"), []), {name: "InputError"});
  });

  test("stretching keeps the smallest value and the relative places", () => {
    const protocol = {b: [0, 100, 1000], TE: [0.05, 0.06, 0.05]};
    assert.deepEqual(stretch(protocol, "b", 2000), {b: [0, 200, 2000], TE: protocol.TE});
    assert.deepEqual(stretch({TE: [0.1, 0.1]}, "TE", 0.2), {TE: [0.2, 0.2]});
    const [low, high] = stretchRange(protocol, "b", "s/mm2");
    assert.deepEqual([low, high], [200, 2000]);
  });

  test("the map holds the bound of the protocol itself, and is the same with any number of workers", async () => {
    const model = modelOf(leadModel);
    const state = designerState(model);
    const situation = situationOf(core, model, state);
    const protocol = new Map(presetsOf(model)).get("7 b at 3 TE")!;
    const ranges = {x: {name: "TE", range: [0.12, 0.24]}, y: {name: "b", range: [1600, 3200]}, shown: "f"} as const;
    const map = await boundMap(pool, situation, protocol, ranges);
    const own = core.cramerRao({situation, protocol}).parameters.find(({name}) => name === "f")!.relative!;
    assert.ok(Math.abs(map.values[0] / (100 * own) - 1) < 1e-9);
    const one = createPool({size: 1, spawn, module: await loadModule()});
    try {
      assert.deepEqual(await boundMap(one, situation, protocol, ranges), map);
    } finally {
      one.close();
    }
  });

  test("optimisation from the clinical protocol makes f and T2v identifiable, never rising on the way", async () => {
    const model = modelOf(leadModel);
    const state = designerState(model);
    const clinical = new Map(presetsOf(model)).get("Clinical: 5 b at one TE")!;
    const found = await optimise(pool, {
      situation: situationOf(core, model, state),
      protocol: clinical,
      candidates: candidatesOf(model, state.protocol),
      acquisitions: 21,
      minimise: {f: 1, T2v: 1}
    });
    assert.ok(found.criterion[0] === null && found.criterion[1]! < 10);
    assert.deepEqual(found.after.not_identifiable, []);
    assert.equal(found.protocol.b.length, 21);
    // 16 acquisitions are added, which helps, then replaced, each time for the better.
    const values = found.exchanges.map(({criterion}) => criterion ?? Infinity);
    assert.equal(found.exchanges.filter(({removed}) => removed === null).length, 16);
    for (let i = 1; i < values.length; i++) assert.ok(values[i] <= values[i - 1], `step ${i}`);
    const preset = new Map(presetsOf(model)).get("7 b at 3 TE")!;
    const before = boundsAt(model, preset).parameters.find(({name}) => name === "T2v")!.relative!;
    const after = found.after.parameters.find(({name}) => name === "T2v")!.relative!;
    assert.ok(after < before, `${after} after, ${before} of the preset with as many acquisitions`);
  });

  test("a link gives back its settings, and one of the model explorer is read too", () => {
    for (const model of designable(registry.models)) {
      const state = designerState(model);
      const link = designerLink(designerHash(model, state, model.parameters[0].name), registry.models)!;
      assert.deepEqual(link, {state, shown: model.parameters[0].name});
    }
    assert.equal(designerLink("#fig-bounds", registry.models), null);
    assert.throws(() => designerLink("#model=none", registry.models), {name: "InputError"});
  });

  test("verdicts at their limits, and columns that can be stretched", () => {
    assert.deepEqual([0.1, 0.11, 0.5, 0.6, null].map(verdict), ["well", "roughly", "roughly", "hardly", "not identifiable"]);
    const names = (id: string): string[] => {
      const model = modelOf(id);
      return stretchable(model, designerState(model).protocol).map(({name}) => name);
    };
    assert.deepEqual(names(leadModel), ["b", "TE"]);
    assert.deepEqual(names("mtr"), []);
  });

  test("bad goals are an error of the core", async () => {
    const model = modelOf("t2");
    const state = designerState(model);
    await faultOf(() => optimise(pool, {situation: situationOf(core, model, state), protocol: state.protocol, minimise: {}}), {});
  });
});
