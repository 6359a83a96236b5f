/**
 * Requires that two built cores give the same results on the conformance suite, to the bit.
 *
 *   node --import tsx scripts/compare-wasm.ts PKG_A PKG_B
 *
 * Exit codes: 0 the same, 1 a result differs (each named), 2 wrong use.
 */
import {differences} from "./core-record.js";
import {prepare} from "./prepare.js";

const [first, second] = process.argv.slice(2);
if (first === undefined || second === undefined) {
  console.error("compare-wasm: two package folders are needed: compare-wasm.ts PKG_A PKG_B");
  process.exit(2);
}
// The suite reads faults as the sources do, which import what is prepared: on a fresh clone that comes first.
await prepare();
const {conformanceResults} = await import("../test/wasm/conformance-results.js");
const [a, b] = [await conformanceResults(first), await conformanceResults(second)];
const found = differences(a.cases, b.cases);
for (const line of found) console.error(`compare-wasm: ${line}`);
const count = Object.keys(a.cases).length;
if (found.length === 0 && a.digest === b.digest) {
  console.error(`compare-wasm: ${count} results are the same in ${first} and ${second} (${a.digest})`);
} else {
  console.error(`compare-wasm: ${found.length} of ${count} results differ between ${first} and ${second}`);
  process.exit(1);
}
