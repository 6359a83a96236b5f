import assert from "node:assert/strict";
import {test} from "node:test";
import {checkClaim, type Claim} from "../../src/domain/claims.js";
import {claimsSummary} from "../../src/view/claim.js";

const claim = (id: string, rest: Partial<Claim> = {}): Claim => ({id, value: 1, unit: "1", tolerance: 0, source: "made up", ...rest});

test("the summary tells apart what fails, what waits for a file and what cannot be recomputed", () => {
  const claims = [
    claim("agrees"), claim("differs"), claim("waits", {inputs: ["theirs.csv"]}), claim("waits-too", {inputs: ["theirs.csv"]}),
    claim("private", {value: null, unavailable: "the images are not public"}), claim("open")
  ];
  const found: Record<string, number> = {agrees: 1, differs: 2};
  const results = Object.fromEntries(claims.slice(0, 5).map((each) => [each.id, checkClaim(each, found[each.id], ["theirs.csv"])]));
  assert.equal(claimsSummary(claims, results),
    "1 of 6 claims recomputed and within tolerance; 1 outside; 2 wait for a file; 1 cannot be recomputed; 1 not yet recomputed.");
  assert.equal(claimsSummary(claims.slice(2, 4), results), "0 of 2 claims recomputed and within tolerance; 2 wait for a file.");
});
