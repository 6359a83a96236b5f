import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {instantiate, type Core, type ModelInfo, type Registry} from "../../src/compute/core.js";
import {readRegistry} from "../../src/compute/fit.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {folderOfBytes} from "../../src/io/folder.js";
import {derivedMaps} from "../../src/tools/fit-files.js";
import {readFitInput, withColumns} from "../../src/tools/fit-input.js";
import {suitability} from "../../src/tools/fit-models.js";
import {commandLines, fitRegion} from "../../src/tools/fit-run.js";
import {simulable, simulatedExample} from "../../src/tools/fit-simulated.js";
import {modelExamples} from "../../src/tools/model-examples.js";
import {faultOf} from "../io/fault.js";

describe("a simulated series of every model", () => {
  let pool: Pool;
  let core: Core;
  let registry: Registry;
  const modelOf = (id: string): ModelInfo => registry.models.find((model) => model.id === id)!;

  before(async () => {
    const module = await loadModule();
    core = instantiate(module);
    pool = createPool({size: 2, spawn, module});
    registry = await readRegistry(pool);
  });
  after(() => pool.close());

  test("is read, suits its model, and its middle tissue gives back the example's well-determined parameters", async () => {
    assert.ok(simulable(registry.models).length > 3);
    for (const model of simulable(registry.models)) {
      const input = await readFitInput(simulatedExample(core, model));
      const reasons = await suitability(pool, [model], input);
      assert.equal(reasons[model.id], null, `${model.id}: ${reasons[model.id]}`);
      const example = modelExamples[model.id];
      const {settings} = example;
      const estimator = model.estimators[0].id;
      const region = {kind: "mask", file: "sub-simulated_dseg.nii.gz", label: 2} as const;
      const result = await fitRegion(pool, {input, model, estimator, region, settings});
      const protocol = result.protocol;
      const strongest = Math.max(...core.simulate({model: model.id, protocol, settings},
        Float64Array.from(model.parameters, ({name, held}) => held ?? example.parameters[name]), 1).map(Math.abs));
      const parameters = Object.fromEntries(model.parameters.map(({name, held}) => [name, held ?? example.parameters[name]]));
      const noise = {kind: "gaussian", sigma: strongest / 50} as const;
      const bounds = core.cramerRao({situation: {model: model.id, settings, parameters, noise}, protocol});
      for (const {name} of result.estimated) {
        const bound = bounds.parameters.find((each) => each.name === name)!;
        if (bound.relative === null || bound.relative > 0.1) continue;
        const {median, n} = result.summaries.find(({parameter}) => parameter === name)!;
        // A median of 144 voxels; sigma is set by the strongest signal of all three tissues.
        const sigmas = Math.abs(median! - example.parameters[name]) / (bound.sd! * 1.25 * 2 / Math.sqrt(n));
        assert.ok(sigmas < 4.5, `${model.id}, ${name}: ${median} for ${example.parameters[name]}, ${sigmas} standard errors`);
      }
    }
  });

  test("sidecars give the protocol: echo times of several files, MT states, flip angles, repetition times", async () => {
    const t2 = await readFitInput(simulatedExample(core, modelOf("t2")));
    assert.deepEqual(t2.protocol, {TE: modelExamples.t2.protocol.TE});
    assert.equal(t2.series.suffix, "MESE");
    const vfa = await readFitInput(simulatedExample(core, modelOf("variable-flip-angle")));
    assert.deepEqual(vfa.protocol, modelExamples["variable-flip-angle"].protocol);
    assert.ok(vfa.b1 !== null && Math.abs(vfa.b1.values[0] - 0.9) < 1e-6);
    const model = modelOf("variable-flip-angle");
    const region = {kind: "everywhere"} as const;
    const t1 = async (b1: boolean): Promise<number> => {
      const fix: Record<string, number> = b1 ? {} : {B1: 1};
      const found = await fitRegion(pool, {input: vfa, model, estimator: "nlls", region, fix});
      assert.equal(found.b1, b1 ? "sub-simulated_TB1map.nii.gz" : null);
      return found.fit.parameters.find(({name}) => name === "T1")!.values[0];
    };
    const [withMap, without] = [await t1(true), await t1(false)];
    assert.ok(Math.abs(withMap / 0.8 - 1) < 0.15 && Math.abs(without / withMap - 0.81) < 0.03, `${withMap}, ${without}`);
  });

  test("a list of echo times in one sidecar, and columns that are typed over it", async () => {
    const folder = simulatedExample(core, modelOf("t2"));
    const input = await readFitInput(folder);
    const typed = withColumns(input, {TE: [0.02], FA: [90]});
    assert.deepEqual(typed.protocol.TE, input.protocol.TE.map(() => 0.02));
    assert.deepEqual(typed.protocol.FA, input.protocol.TE.map(() => 90));
    await faultOf(async () => withColumns(input, {TE: [20]}), {code: "protocol-value", field: "TE"});
    await faultOf(async () => withColumns(input, {TE: [0.01, 0.02]}), {code: "column-length", field: "TE"});
  });

  test("complex parts: both models of inversion recovery have what they need, or say what they lack", async () => {
    const complex = await readFitInput(simulatedExample(core, modelOf("inversion-recovery-complex")));
    assert.deepEqual([complex.complex, complex.magnitudes], [true, false]);
    const models = ["inversion-recovery", "inversion-recovery-complex"].map(modelOf);
    const reasons = await suitability(pool, models, complex);
    assert.equal(reasons["inversion-recovery-complex"], null);
    assert.match(reasons["inversion-recovery"]!, /magnitudes/);
    const whole = await readFitInput(simulatedExample(core, modelOf("inversion-recovery")));
    assert.match((await suitability(pool, models, whole))["inversion-recovery-complex"]!, /complex/);
  });

  test("maps carry the names that BIDS has, held parameters have none, and the command line says the same", async () => {
    const folder = simulatedExample(core, modelOf("saturation-recovery"));
    assert.ok(folder.paths.includes("protocol.tsv"), "BIDS has no field for TS");
    const input = await readFitInput(simulatedExample(core, modelOf("variable-flip-angle")));
    const model = modelOf("variable-flip-angle");
    const result = await fitRegion(pool, {
      input, model, estimator: "nlls", region: {kind: "everywhere"}, bounds: {T1: [0.1, null]}, fix: {B1: 1},
      noise: {kind: "rician", sigma: 5}
    });
    const names = derivedMaps(result, registry.statuses).map(({name}) => name);
    assert.deepEqual(names.slice(0, 4), [
      "sub-simulated_M0map", "sub-simulated_desc-sd_M0map", "sub-simulated_T1map", "sub-simulated_desc-sd_T1map"
    ]);
    assert.ok(!names.some((name) => name.includes("B1")));
    assert.equal(commandLines(result).images,
      "npx measurand fit BIDS_DIR OUT_DIR participant --model variable-flip-angle --estimator nlls " +
      "--bounds T1=0.1: --fix B1=1 --noise rician --sigma 5");
  });

  test("images of two series are not mixed, and single volumes need company", async () => {
    const folder = simulatedExample(core, modelOf("t2"));
    const bytes = await folder.read("sub-simulated_echo-1_MESE.nii.gz");
    await faultOf(() => readFitInput(folderOfBytes("f", {"sub-1_echo-1_MESE.nii.gz": bytes, "sub-2_echo-2_MESE.nii.gz": bytes})),
      {code: "several-series"});
    await faultOf(() => readFitInput(folderOfBytes("f", {"sub-1_echo-1_MESE.nii.gz": bytes})), {code: "missing-series"});
    const two = await readFitInput(folderOfBytes("f", {"te10.nii.gz": bytes, "te9.nii.gz": bytes}));
    assert.deepEqual(two.series.scans.map(({path}) => path), ["te9.nii.gz", "te10.nii.gz"]);
    assert.deepEqual(two.protocol, {});
  });
});
