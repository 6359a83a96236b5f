// Writes data/interval-coverage/ (coverage.tsv, manifest.json) and src/domain/statistics/coverage-figures.ts: how often
// every interval of the toolbox holds the truth, and how often every test rejects. Studies that the table already has
// are left as they are, so that a run can be broken off and taken up again.
//   node --import tsx scripts/simulate-intervals.ts                  what is missing
//   node --import tsx scripts/simulate-intervals.ts --only limits    these studies anew (ids, separated by commas)
//   node --import tsx scripts/simulate-intervals.ts --write          the files from the table as it is
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {parseArgs} from "node:util";
import {instantiate} from "../src/compute/core.js";
import {coverageTrials} from "../src/compute/coverage.js";
import {loadModule} from "../src/compute/spawn.node.js";
import {coverageRows, described, type CoverageRow} from "../src/domain/simulation/coverage-table.js";
import {addTrials, BLOCK, emptyTallies} from "../src/domain/simulation/coverage-cell.js";
import {distributions} from "../src/domain/simulation/distributions.js";
import {studies, studyOf} from "../src/domain/simulation/procedures.js";
import {figuresSource} from "../src/domain/simulation/figures-source.js";
import {coverageColumns, readCoverage} from "../src/io/coverage-table.js";
import {writeManifest} from "../src/io/manifest.js";
import {writeTsv} from "../src/io/tsv.js";
import {root, say} from "./paths.js";

const {values: options} = parseArgs({
  options: {only: {type: "string"}, write: {type: "boolean"}, repeats: {type: "string", default: "10000"}}
});
const repeats = Number(options.repeats);
if (!(repeats >= BLOCK && repeats % BLOCK === 0)) throw new Error(`--repeats: a multiple of ${BLOCK}`);
const folder = join(root, "data/interval-coverage");
const file = join(folder, "coverage.tsv");
mkdirSync(folder, {recursive: true});

let table: CoverageRow[] = existsSync(file) ? readCoverage(readFileSync(file, "utf8"), "coverage.tsv") : [];
const asked = options.only === undefined
  ? studies.filter(({procedures}) => procedures.some(({id}) => !table.some((row) => row.id === id)))
  : options.only.split(",").map(studyOf);
const core = instantiate(await loadModule(new URL("../wasm/pkg/measurand_core_bg.wasm", import.meta.url)));
// The quick ones first.
const queue = options.write ? [] : [...asked].sort((a, b) => a.resamples - b.resamples);
for (const study of queue) {
  const started = performance.now();
  const rows: CoverageRow[] = [];
  for (const {id: distribution} of distributions) {
    if (study.leftOut[distribution] !== undefined) continue;
    for (const n of study.sizes) {
      let tallies = emptyTallies(study);
      for (let block = 0; block < repeats / BLOCK; block++) {
        const trials = coverageTrials(core, {study: study.id, n, distribution, block, count: BLOCK, seed: 0});
        tallies = addTrials(tallies, study, trials, distribution, n);
      }
      rows.push(...coverageRows(study, tallies, distribution, n));
    }
  }
  const own = new Set(study.procedures.map(({id}) => id));
  table = [...table.filter(({id}) => !own.has(id)), ...rows];
  write();
  say(`${study.id}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
write();

/** All files from the table, rows in the order of the procedures. */
function write(): void {
  const order = studies.flatMap(({procedures}) => procedures.map(({id}) => id));
  const shapes = distributions.map(({id}) => id);
  table = table.filter(({id}) => order.includes(id)).map(described).sort((a, b) =>
    order.indexOf(a.id) - order.indexOf(b.id)
    || shapes.indexOf(a.distribution) - shapes.indexOf(b.distribution) || a.n - b.n);
  // Written beside and then moved: whoever reads meanwhile gets a whole file.
  const rows = table.map((row) => ({...row, assumed: String(row.assumed)}));
  writeFileSync(`${file}.new`, writeTsv([...coverageColumns], rows));
  renameSync(`${file}.new`, file);
  writeFileSync(join(folder, "manifest.json"), writeManifest([{path: "coverage.tsv", bytes: readFileSync(file)}]));
  writeFileSync(join(root, "src/domain/statistics/coverage-figures.ts"), figuresSource(table));
}
