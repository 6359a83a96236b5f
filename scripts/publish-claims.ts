// Writes what a study found into its claims.json: `node --import tsx scripts/publish-claims.ts SLUG... [--data FOLDER]`,
// where the folder has the files that a study leaves to its reader.
// Only for studies whose numbers are published here first; those of other publications are entered by hand.
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {parseArgs} from "node:util";
import {pathToFileURL} from "node:url";
import {createPool} from "../src/compute/pool.js";
import {defaultSize, loadModule, spawn} from "../src/compute/spawn.node.js";
import {readClaims} from "../src/domain/claims.js";
import {openDatabase} from "../src/io/database.js";
import {openNodeBackend} from "../src/io/duckdb.node.js";
import {openFolder} from "../src/io/folder.node.js";
import type {Study} from "../src/studies/study-contract.js";
import {root, say} from "./paths.js";

/** Significant digits that are published. */
const digits = 4;

const {values, positionals} = parseArgs({options: {data: {type: "string"}}, allowPositionals: true});
const supplied = values.data === undefined ? undefined : await openFolder(values.data);

for (const slug of positionals) {
  const folder = join(root, "src/studies", slug);
  const {study} = (await import(pathToFileURL(join(folder, "study.ts")).href)) as {study: Study};
  const file = join(folder, "claims.json");
  const claims = readClaims(readFileSync(file, "utf8"), file);
  const folders = Object.fromEntries(
    await Promise.all(study.datasets.map(async (name) => [name, await openFolder(join(root, "data", name))]))
  );
  const pool = createPool({size: defaultSize(), spawn, module: await loadModule()});
  const database = await openDatabase(await openNodeBackend());
  const {claims: found} = await study.run({folders, supplied, pool, openDatabase: async () => database});
  pool.close();
  await database.close();
  const lines = claims.map((claim) => {
    if (!claim.source.startsWith("This study")) return JSON.stringify(claim);
    const computed = found[claim.id];
    if (typeof computed !== "number") throw new Error(`${slug} computes no ${claim.id}`);
    const value = Number(computed.toPrecision(digits));
    // Whole numbers are exact; of others, half a unit of the last published digit.
    const exponent = Number.isInteger(computed) ? null : Math.floor(Math.log10(Math.abs(value))) - digits + 1;
    return JSON.stringify({...claim, value, tolerance: exponent === null ? 0 : Number(`5e${exponent - 1}`)});
  });
  writeFileSync(file, `{\n  "claims": [\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ]\n}\n`);
  say(`${slug}: ${lines.length} claims published`);
}
process.exit(0);
