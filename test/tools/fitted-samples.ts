// The samples as a page reads and fits them.
import type {ModelInfo, Registry} from "../../src/compute/core.js";
import {readRegistry} from "../../src/compute/fit.js";
import {createPool, type Pool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {folderOfBytes, type Folder} from "../../src/io/folder.js";
import {readFitInput, type FitInput} from "../../src/tools/fit-input.js";
import type {RegionChoice} from "../../src/tools/fit-regions.js";
import {fitRegion, type FitResult} from "../../src/tools/fit-run.js";
import {bval, mask, series, type Dropped} from "./samples.js";

export const folder = (...files: Dropped[]): Folder =>
  folderOfBytes("dropped files", Object.fromEntries(files.map(({name, bytes}) => [name, bytes])));

export const everywhere: RegionChoice = {kind: "everywhere"};

/** Workers, the models, the series with its mask, and the log-linear fit of every voxel; whoever asks closes the pool. */
export async function fittedSamples(): Promise<{
  pool: Pool; registry: Registry; modelOf: (id: string) => ModelInfo; input: FitInput; result: FitResult;
}> {
  const pool = createPool({size: 2, spawn, module: await loadModule()});
  const registry = await readRegistry(pool);
  const modelOf = (id: string): ModelInfo => registry.models.find((model) => model.id === id)!;
  const input = await readFitInput(folder(series(), bval, mask()));
  const model = modelOf("mono-exponential");
  const result = await fitRegion(pool, {input, model, estimator: "ols", region: everywhere});
  return {pool, registry, modelOf, input, result};
}
