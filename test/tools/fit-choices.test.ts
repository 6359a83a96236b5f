import assert from "node:assert/strict";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, describe, test} from "node:test";
import fc from "fast-check";
import {instantiate, type Core, type FitOptions, type ModelInfo} from "../../src/compute/core.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {InputError} from "../../src/domain/errors.js";
import {parseCsv, writeCsv} from "../../src/io/tsv.js";
import {
  describeRoles,
  offersOf,
  readChoices,
  type Offer,
  type Role,
  type TypedChoices,
  type TypedParameter
} from "../../src/tools/fit-choices.js";
import {derivedMaps} from "../../src/tools/fit-files.js";
import {readFitInput, type FitInput} from "../../src/tools/fit-input.js";
import {commandLines, fitRegion, type FitResult} from "../../src/tools/fit-run.js";
import {simulatedExample} from "../../src/tools/fit-simulated.js";
import {modelExamples} from "../../src/tools/model-examples.js";
import {call} from "../cli/capture.js";

let core: Core;
let models: ModelInfo[];
before(async () => {
  core = instantiate(await loadModule());
  models = core.models().models;
});
const modelOf = (id: string): ModelInfo => models.find((model) => model.id === id)!;

const nothing = {fixed: "", start: "", lower: "", upper: ""};
/** Nothing typed, each parameter in its first role, but for what is said of some. */
function typed(
  offers: readonly Offer[],
  own: Record<string, Partial<TypedParameter>> = {},
  rest: Partial<TypedChoices> = {}
): TypedChoices {
  const parameters = offers.map(({parameter: {name}, roles}) => ({role: roles[0], ...nothing, ...own[name]}));
  return {parameters, starts: "", likelihood: "gaussian", sigma: "", ...rest};
}

describe("what the page offers", () => {
  /** Whether the core takes a request; one voxel of the model's example, or of the clinical protocol. */
  const takes = (model: ModelInfo, estimator: string, options: Partial<FitOptions>, maps: string[] = []): boolean => {
    const b = [0, 0, 50, 100, 400, 900];
    const {protocol, settings} = modelExamples[model.id] ?? {protocol: {b, TE: b.map(() => 0.08)}, settings: {}};
    const rows = Object.values(protocol)[0].length;
    const samples = new Float64Array(rows + maps.length).fill(1);
    try {
      core.fit({model: model.id, estimator, protocol, settings, ...options, maps}, samples, 1);
      return true;
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      return false;
    }
  };

  test("is what the core takes, of every model, estimator and parameter", () => {
    for (const model of models) {
      for (const {id: estimator} of model.estimators) {
        assert.ok(takes(model, estimator, {}), `${model.id}, ${estimator}`);
        for (const {parameter, roles, bounds, start} of offersOf(model, estimator, ["B1"])) {
          const {name, held} = parameter;
          const what = `${model.id}, ${estimator}, ${name}`;
          const estimated = held === null ? {} : {free: [name]};
          const offers = (role: Role): boolean => roles.includes(role);
          assert.equal(offers("fixed"), takes(model, estimator, {fix: {[name]: held ?? 0.5}}), `${what}, fixed`);
          assert.equal(offers("shared"), takes(model, estimator, {shared: [name]}), `${what}, shared`);
          assert.equal(offers("estimated"), held === null || takes(model, estimator, estimated), `${what}, estimated`);
          assert.equal(offers("mapped"), name === "B1" && held !== null && takes(model, estimator, {}, ["B1"]), what);
          assert.equal(new Set(roles).size, roles.length);
          if (!offers("estimated")) continue;
          const limits = {...estimated, bounds: {[name]: [0.25, 0.75]}} as const;
          assert.equal(bounds, takes(model, estimator, limits), `${what}, bounds`);
          const inside = parameter.upper === null ? 1 : ((parameter.lower ?? 0) + parameter.upper) / 2;
          assert.equal(start, takes(model, estimator, {...estimated, start: {[name]: inside}}), `${what}, start`);
          assert.equal(start, takes(model, estimator, {starts: 2}), `${what}, starts`);
        }
      }
    }
  });

  test("starts with what the model does by itself, and with a map where there is one", () => {
    const roles = (mapped: string[]) =>
      offersOf(modelOf("variable-flip-angle"), "nlls", mapped).map((each) => each.roles[0]);
    assert.deepEqual(roles([]), ["estimated", "estimated", "fixed"]);
    assert.deepEqual(roles(["B1"]), ["estimated", "estimated", "mapped"]);
    for (const model of models) {
      for (const {id} of model.estimators) {
        const offers = offersOf(model, id);
        const {choices} = readChoices(offers, typed(offers));
        assert.deepEqual(choices, {
          bounds: {}, fix: {}, free: undefined, shared: undefined, start: {}, starts: undefined, noise: undefined
        });
      }
    }
  });
});

describe("what is typed", () => {
  const faultsOf = (model: string, own: Record<string, Partial<TypedParameter>>, rest: Partial<TypedChoices> = {}) => {
    const offers = offersOf(modelOf(model), "nlls", ["B1"]);
    const {choices, faults} = readChoices(offers, typed(offers, own, rest));
    assert.equal(choices === null, faults.length > 0);
    return faults.map(({code, field, value, expected}) => [code, field, value, expected]);
  };
  const choicesOf = (model: string, own: Record<string, Partial<TypedParameter>>, rest: Partial<TypedChoices> = {}) => {
    const offers = offersOf(modelOf(model), "nlls", ["B1"]);
    const {choices, faults} = readChoices(offers, typed(offers, own, rest));
    assert.deepEqual(faults, []);
    return choices!;
  };

  test("becomes a request: start, starts, freed, shared and fixed parameters, bounds, noise", () => {
    assert.deepEqual(
      choicesOf(
        "saturation-recovery",
        {
          S0: {start: " 90 ", lower: "1e-3"},
          T1: {role: "fixed", fixed: ".8", start: "no longer asked", lower: "nor this"},
          efficiency: {role: "estimated", start: "0.9", upper: "1.2"}
        },
        {starts: "3", likelihood: "rician", sigma: "2.5"}
      ),
      {
        bounds: {S0: [0.001, null], efficiency: [0, 1.2]},
        fix: {T1: 0.8},
        free: ["efficiency"],
        shared: undefined,
        start: {S0: 90, efficiency: 0.9},
        starts: 3,
        noise: {kind: "rician", sigma: 2.5}
      }
    );
    const {shared, free, fix} = choicesOf("saturation-recovery", {T1: {role: "shared"}, efficiency: {role: "shared"}});
    assert.deepEqual([shared, free, fix], [["T1", "efficiency"], undefined, {}]);
  });

  test("a held parameter that is fixed keeps the model's value, said aloud where a map would be used", () => {
    assert.deepEqual(choicesOf("saturation-recovery", {efficiency: {role: "fixed"}}).fix, {});
    assert.deepEqual(choicesOf("variable-flip-angle", {B1: {role: "fixed"}}).fix, {B1: 1});
    assert.deepEqual(choicesOf("variable-flip-angle", {B1: {role: "fixed", fixed: "0.9"}}).fix, {B1: 0.9});
  });

  test("a start lies inside the bounds, the model's or those that are typed", () => {
    const outside = (value: number, ends: string) => [
      ["out-of-range", "start.T1", value, `a start inside the bounds: ${ends}`]
    ];
    assert.deepEqual(faultsOf("t2", {T2: {start: "10"}}), []);
    assert.deepEqual(faultsOf("saturation-recovery", {T1: {start: "20"}}), outside(20, "0.001 to 10 s"));
    assert.deepEqual(faultsOf("saturation-recovery", {T1: {start: "20", upper: "30"}}), []);
    assert.deepEqual(faultsOf("saturation-recovery", {T1: {start: "5", upper: "4"}}), outside(5, "0.001 to 4 s"));
    assert.deepEqual(faultsOf("saturation-recovery", {T1: {role: "shared", start: "0"}}), outside(0, "0.001 to 10 s"));
    assert.equal(faultsOf("t2", {S0: {start: "-1"}})[0][3], "a start inside the bounds: 0 or more");
  });

  test("numbers are those of the command line; each fault names its field", () => {
    for (const text of ["fast", "0x10", "1,5", "Infinity", "NaN", "1 s", "--1"]) {
      assert.deepEqual(faultsOf("t2", {T2: {start: text}}), [
        ["not-a-number", "start.T2", text, "a number in s, or nothing for the model's guess"]
      ]);
    }
    assert.deepEqual(faultsOf("ivim", {D: {lower: "low", upper: "high", start: "1"}}), [
      ["not-a-number", "lower.D", "low", "a number in mm²/s, or nothing for the model's own"],
      ["not-a-number", "upper.D", "high", "a number in mm²/s, or nothing for the model's own"]
    ]);
    assert.deepEqual(faultsOf("t2", {T2: {role: "fixed", fixed: "x"}, S0: {role: "fixed"}}), [
      ["missing-value", "fix.S0", "", "a number"],
      ["not-a-number", "fix.T2", "x", "a number in s"],
      ["nothing-estimated", "roles", "fixed", "at least one parameter left to estimate"]
    ]);
    assert.deepEqual(faultsOf("t2", {T2: {lower: "2", upper: "1"}, S0: {upper: "-1"}}), [
      ["bounds-crossed", "upper.S0", -1, "above the lower bound, 0"],
      ["bounds-crossed", "lower.T2", 2, "below the upper bound, 1 s"]
    ]);
    for (const starts of ["0", "2.5", "-1", "1001", "many", "1e2"]) {
      assert.deepEqual(faultsOf("t2", {}, {starts}), [
        ["out-of-range", "starts", starts, "a whole number from 1 to 1000, or nothing for the model's own"]
      ]);
    }
    assert.deepEqual(faultsOf("t2", {}, {likelihood: "rician"}).map(([code, field]) => [code, field]), [
      ["missing-value", "sigma"]
    ]);
    assert.deepEqual(faultsOf("t2", {T2: {role: "shared"}}, {likelihood: "rician", sigma: "-1"}), [
      ["shared-noise", "noise", "Rician likelihood", "Gaussian noise where a parameter is shared"],
      ["out-of-range", "sigma", "-1", "a number above 0 in the signal's unit, the standard deviation of each channel"]
    ]);
  });

  test("what is read without a fault, the core takes; each role is one of those offered", () => {
    const words = fc.constantFrom("", "0", "0.5", "1", "20", "-3", "x");
    const model = modelOf("saturation-recovery");
    const offers = offersOf(model, "nlls");
    const {protocol} = modelExamples[model.id];
    const samples = new Float64Array(protocol.TS.length).fill(1);
    const row = ({roles}: Offer) => fc.record({
      role: fc.constantFrom(...roles), fixed: words, start: words, lower: words, upper: words
    });
    const all = fc.record({
      parameters: fc.tuple(...offers.map(row)),
      starts: fc.constantFrom("", "1", "2", "0", "1.5"),
      likelihood: fc.constantFrom("gaussian" as const, "rician" as const, "offset-gaussian" as const),
      sigma: words
    });
    let read = 0;
    fc.assert(
      fc.property(all, (each) => {
        const {choices} = readChoices(offers, each);
        if (choices === null) return;
        read += 1;
        core.fit({model: model.id, estimator: "nlls", protocol, ...choices}, samples, 1);
      }),
      {seed: 8, numRuns: 2000}
    );
    assert.ok(read > 20, `${read} of 2000`);
  });

  test("the roles in a few words", () => {
    const offers = offersOf(modelOf("variable-flip-angle"), "nlls", ["B1"]);
    const words = (own: Record<string, Partial<TypedParameter>>) =>
      describeRoles(offers, typed(offers, own).parameters);
    assert.equal(words({}), "M0 and T1 estimated, B1 from its map");
    assert.equal(words({B1: {role: "estimated"}}), "M0, T1 and B1 estimated");
    assert.equal(words({T1: {role: "shared"}, B1: {role: "fixed"}}), "M0 estimated, T1 shared, B1 fixed at 1");
    assert.equal(words({T1: {role: "fixed", fixed: "0.8"}}), "M0 estimated, T1 fixed at 0.8, B1 from its map");
    assert.equal(words({T1: {role: "fixed"}}), "M0 estimated, T1 fixed, B1 from its map");
  });
});

describe("what comes out", () => {
  const folder = mkdtempSync(join(tmpdir(), "measurand-fit-choices-"));
  let pool: Pool;
  let input: FitInput;
  const region = {kind: "mask", file: "sub-simulated_dseg.nii.gz", label: 2} as const;
  before(async () => {
    pool = createPool({size: 2, spawn, module: await loadModule()});
    input = await readFitInput(simulatedExample(core, modelOf("saturation-recovery")));
  });
  after(() => {
    pool.close();
    rmSync(folder, {recursive: true});
  });
  const fit = (own: Record<string, Partial<TypedParameter>>, rest: Partial<TypedChoices> = {}): Promise<FitResult> => {
    const model = modelOf("saturation-recovery");
    const offers = offersOf(model, "nlls");
    const {choices} = readChoices(offers, typed(offers, own, rest));
    return fitRegion(pool, {input, model, estimator: "nlls", region, ...choices});
  };
  /** The region's samples as a table, a row a sample. */
  const table = ({samples, protocol, mask, input: {voxels}}: FitResult): string => {
    const names = Object.keys(protocol);
    const inside = [...mask.keys()].filter((v) => mask[v] !== 0);
    const at = (s: number) => Object.fromEntries(names.map((name) => [name, protocol[name][s]]));
    const rows = inside.flatMap((v) =>
      protocol[names[0]].map((_, s) => ({id: `v${v}`, signal: samples[s * voxels + v], ...at(s)}))
    );
    return writeCsv(["id", ...names, "signal"], rows);
  };

  const shared = {role: "shared"} as const;
  const cases: [string, Record<string, Partial<TypedParameter>>, Partial<TypedChoices>, string][] = [
    ["a start", {T1: {start: "0.3"}}, {}, "--start T1=0.3"],
    ["several starts", {S0: {start: "1e-4"}}, {starts: "4"}, "--start S0=0.0001 --starts 4"],
    ["a freed one", {efficiency: {role: "estimated", upper: "1.5"}}, {}, "--bounds efficiency=0:1.5 --free efficiency"],
    ["a shared one", {efficiency: {...shared, start: "0.9"}}, {}, "--share efficiency --start efficiency=0.9"],
    ["two shared ones", {T1: shared, efficiency: shared}, {}, "--share T1 --share efficiency"]
  ];
  for (const [what, own, rest, options] of cases) {
    test(`${what}: the command that is shown gives the same bits`, async () => {
      const result = await fit(own, rest);
      const command = commandLines(result);
      const base = "--model saturation-recovery --estimator nlls";
      assert.equal(command.images, `npx measurand fit BIDS_DIR OUT_DIR participant ${base} ${options}`);
      assert.equal(command.table, `npx measurand fit-table SAMPLES.csv ${base} ${options} --out PARAMETERS.csv`);
      const paths = {"SAMPLES.csv": join(folder, "samples.csv"), "PARAMETERS.csv": join(folder, "parameters.csv")};
      writeFileSync(paths["SAMPLES.csv"], table(result));
      const argv = command.table.split(" ").slice(2).map((word) => paths[word as keyof typeof paths] ?? word);
      const {code, stderr} = await call(...argv);
      assert.deepEqual([code, stderr], [0, ""]);
      const found = parseCsv(readFileSync(paths["PARAMETERS.csv"], "utf8"), "parameters.csv");
      assert.equal(found.rows.length, 144);
      found.rows.forEach(({id}, row) => {
        const v = Number(id!.slice(1));
        const same = (name: string, value: number): void =>
          assert.equal(found.number(row, name), Number.isFinite(value) ? value : null, `${id} ${name}`);
        for (const {name, values} of result.fit.parameters) same(name, values[v]);
        for (const {name, values} of result.fit.standardDeviations) same(`${name}_sd`, values[v]);
        assert.equal(found.number(row, "iterations"), result.fit.iterations[v]);
      });
    });
  }

  test("a freed parameter is summarised with the others, a fixed one is not", async () => {
    const names = ({summaries}: FitResult) => summaries.map(({parameter}) => parameter);
    assert.deepEqual(names(await fit({})), ["S0", "T1"]);
    const freed = await fit({efficiency: {role: "estimated"}});
    assert.deepEqual(names(freed), ["S0", "T1", "efficiency"]);
    assert.ok(Math.abs(freed.summaries[2].median! - 1) < 0.05, `${freed.summaries[2].median} for 1`);
    assert.deepEqual(names(await fit({T1: {role: "fixed", fixed: "0.8"}})), ["S0"]);
  });

  test("a shared parameter has one value with its deviation, and no spread between voxels", async () => {
    const {shared, summaries, fit: found, estimated} = await fit({efficiency: {role: "shared"}});
    assert.deepEqual(summaries.map(({parameter}) => parameter), ["S0", "T1"]);
    assert.deepEqual(estimated.map(({name}) => name), ["S0", "T1", "efficiency"]);
    const [{name, unit, value, sd}] = shared;
    assert.deepEqual([name, unit, shared.length], ["efficiency", "", 1]);
    assert.deepEqual(new Set(found.parameters[2].values.filter(Number.isFinite)), new Set([value]));
    // The truth is 1 in every voxel.
    assert.ok(sd! > 0 && Math.abs(value! - 1) < 4 * sd!, `${value} with ${sd}`);
  });

  test("sidecars say what was asked, and a freed or shared parameter has its map", async () => {
    const result = await fit({S0: {start: "50"}, T1: {role: "shared"}, efficiency: {role: "estimated"}}, {starts: "2"});
    const maps = derivedMaps(result, core.models().statuses);
    assert.deepEqual(maps.map(({label}) => label).filter((label) => !label.startsWith("SD")), [
      ...["S0", "T1", "efficiency", "Residual sum of squares", "Outcome"]
    ]);
    const {Free, Shared, Start, Starts} = JSON.parse(new TextDecoder().decode(maps[0].sidecar().bytes));
    assert.deepEqual({Free, Shared, Start, Starts}, {Free: ["efficiency"], Shared: ["T1"], Start: {S0: 50}, Starts: 2});
  });

  test("share and fix, or a start outside the bounds, past the page: the core refuses", async () => {
    const model = modelOf("saturation-recovery");
    const base = {input, model, estimator: "nlls", region};
    for (const [more, field] of [
      [{shared: ["T1"], fix: {T1: 1}}, "shared.T1"],
      [{start: {T1: 20}}, "start.T1"],
      [{starts: 0}, "starts"]
    ] as const) {
      await assert.rejects(fitRegion(pool, {...base, ...more}), (error: InputError) => error.field === field);
    }
  });
});
