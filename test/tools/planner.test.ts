import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {parseArgs} from "node:util";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {byId} from "../../src/domain/by-id.js";
import {InputError} from "../../src/domain/errors.js";
import {planners} from "../../src/domain/planning/planners.js";
import {
  agreementOf, answer, ceilingOf, factorOptions, factorsOf, fromHash, isDesign, isSimulated, placeOf, planCommand,
  rangeOf, simulate, sizeOf, startSettings, toHash, type PlanSettings
} from "../../src/tools/planner.js";
import {assertRejects} from "../helpers/bad-input.js";

const plannerOf = (id: string) => byId(planners, id);
const settingsOf = (id: string, options: Record<string, string> = {}): PlanSettings => {
  const start = startSettings(plannerOf(id));
  return {...start, options: {...start.options, ...options}};
};

describe("answers", () => {
  let pool: Pool;
  let module: WebAssembly.Module;

  before(async () => {
    module = await loadModule();
    pool = createPool({size: 2, spawn, module});
  });
  after(() => pool.close());

  for (const planner of planners) {
    test(`${planner.id} starts with settings that can be planned, within its sliders`, async () => {
      const settings = startSettings(planner);
      const report = await answer(pool, settings);
      assert.deepEqual(report, planner.run({...settings.options, ...(isSimulated(planner) ? {simulations: 0} : {})}));
      assert.ok(sizeOf(report).value >= 2);
      for (const need of planner.options) {
        const range = rangeOf(planner, need);
        const value = Number(settings.options[need.id] ?? need.default ?? NaN);
        if (range === null || Number.isNaN(value)) continue;
        assert.ok(value >= range.min && value <= range.max, `${need.id}: ${value}`);
        const steps = (value - range.min) / range.step;
        assert.ok(Math.abs(steps - Math.round(steps)) < 1e-9, `${need.id}: ${value} is no step of its slider`);
      }
      if (isDesign(planner)) assert.equal(report.runs!.rows.length, report.estimates[0].value);
      else {
        const planned = report.estimates.find(({name}) => name === report.curve!.x)!.value;
        assert.ok(report.curve!.points.some(({x}) => x === planned));
      }
      if (ceilingOf(report) !== null) assert.ok(report.achieved[0].value < ceilingOf(report)!);
    });
  }

  test("an option that was emptied is not given; without its last one a planner says what it needs", async () => {
    const settings = settingsOf("repeatability", {factor: "", subjects: "20"});
    assert.equal((await answer(pool, settings)).estimates[0].value, 20);
    await assert.rejects(answer(pool, settingsOf("repeatability", {factor: ""})), (error: unknown) =>
      error instanceof InputError && error.code === "missing-option"
      && placeOf(error, plannerOf("repeatability")) === "factor");
  });

  test("simulated by a worker of its own: the numbers of the planner, and a stop that ends it at once", async () => {
    const settings = settingsOf("treatment-effect", {simulations: "500", seed: "3"});
    const open = async () => createPool({size: 1, spawn, module});
    const report = await simulate(open, settings);
    assert.deepEqual(report, plannerOf("treatment-effect").run(settings.options));
    assert.ok(agreementOf(report.achieved[0])!.agrees);
    const controller = new AbortController();
    const long = simulate(open, settingsOf("auc", {"half-width": "0.03", simulations: "100000"}), {
      signal: controller.signal, onProgress: () => controller.abort()
    });
    await assert.rejects(long, (error: Error) => error.name === "AbortError");
  });
});

test("what is simulated and what is computed are compared in Monte Carlo errors", () => {
  const achieved = {name: "power", value: 0.8, wanted: 0.8};
  const simulated = {value: 0.806, standardError: 0.004, trials: 10000, seed: 1};
  assert.equal(agreementOf({...achieved, simulated: null}), null);
  const near = agreementOf({...achieved, simulated})!;
  assert.ok(near.agrees && Math.abs(near.errors - 1.5) < 1e-9);
  assert.ok(!agreementOf({...achieved, simulated: {...simulated, value: 0.82}})!.agrees);
  assert.deepEqual(agreementOf({...achieved, simulated: {...simulated, value: 0.8, standardError: 0}}),
    {errors: 0, agrees: true});
});

test("a link gives back every setting, and names what it does not know", () => {
  for (const planner of planners) {
    const settings = {...startSettings(planner), variant: planner.variants.at(-1)!.id};
    assert.deepEqual(fromHash(toHash(settings)), settings);
  }
  assert.equal(fromHash("#fig-plan-curve"), null);
  assert.equal(fromHash(""), null);
  assert.equal(fromHash("#plan=auc&o.nothing=1")!.options.nothing, undefined);
  assertRejects(() => fromHash("#plan=acu"), "unknown-method", "method");
  assertRejects(() => fromHash("#plan=auc&variant=none"), "unknown-method", "method");
});

test("the command names what differs from the defaults, and a shell gives it back", () => {
  assert.equal(planCommand(settingsOf("repeatability", {repeats: "2", level: ""})),
    "npx measurand plan repeatability --factor 1.25");
  const settings = {...settingsOf("limits-width", {assurance: "0.8", seed: "7"}), variant: "assurance"};
  assert.equal(planCommand(settings), "npx measurand plan limits-width --variant assurance --half-width 10 --sd 4 "
    + "--assurance 0.8 --seed 7");
  const below = planCommand(settingsOf("factorial", {factors: "echo time,TI", low: "-1,-2"}));
  const words = [...below.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const {values} = parseArgs({args: words.slice(4), options: {
    factors: {type: "string"}, low: {type: "string"}, high: {type: "string"}, centre: {type: "string"}
  }});
  assert.deepEqual({...values}, {factors: "echo time,TI", low: "-1,-2", high: "150,2900", centre: "3"});
});

test("a fault goes to the option that it names, however a formula writes it", () => {
  const trial = plannerOf("treatment-effect");
  assert.deepEqual(["between-sd", "betweenSd", "within sd", "variant", "k"].map((field) => placeOf({field}, trial)),
    ["between-sd", "between-sd", "within-sd", "variant", ""]);
  assert.equal(placeOf({field: "high of TE"}, plannerOf("factorial")), "factors");
  assert.equal(placeOf({field: "high of TE"}, trial), "");
});

test("factors as typed and as options are two forms of one thing", () => {
  const {options} = settingsOf("box-behnken");
  const factors = factorsOf(options);
  assert.deepEqual(factors[1], {name: "TI", low: "2200", high: "2900"});
  assert.deepEqual(factorOptions(factors), {factors: options.factors, low: options.low, high: options.high});
  const coded = factorsOf({factors: "a,b"});
  assert.deepEqual(factorOptions(coded), {factors: "a,b", low: "", high: ""});
  assert.equal(factorOptions([{name: "a", low: "3", high: ""}, ...coded.slice(1)]).low, "3,-1");
});
