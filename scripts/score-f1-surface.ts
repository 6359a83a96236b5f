// Writes data/f1-surface/scores.tsv and its manifest: what the study publishes and every reader recomputes.
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {createPool} from "../src/compute/pool.js";
import {defaultSize, loadModule, spawn} from "../src/compute/spawn.node.js";
import {openFolder} from "../src/io/folder.node.js";
import {writeManifest} from "../src/io/manifest.js";
import {writeTsv} from "../src/io/tsv.js";
import {readSettings, scoreColumns, scoreGrid} from "../src/studies/f1-surface/study.js";
import {root} from "./paths.js";

const folder = join(root, "data/f1-surface");
const module = await loadModule(new URL("../wasm/pkg/measurand_core_bg.wasm", import.meta.url));
const pool = createPool({size: defaultSize(), spawn, module});
const scores = await scoreGrid(pool, await readSettings(await openFolder(folder)));
pool.close();
const rows = scores.map(({falsePositives, ...score}) => ({...score, false_positives: falsePositives}));
writeFileSync(join(folder, "scores.tsv"), writeTsv([...scoreColumns], rows));
const files = ["scores.tsv", "settings.json"].map((path) => ({path, bytes: readFileSync(join(folder, path))}));
writeFileSync(join(folder, "manifest.json"), writeManifest(files));
