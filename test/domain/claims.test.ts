import assert from "node:assert/strict";
import {describe, test} from "node:test";
import fc from "fast-check";
import {checkClaim, readClaims, type Claim} from "../../src/domain/claims.js";
import {InputError} from "../../src/domain/errors.js";
import {assertRejects} from "../helpers/bad-input.js";

const claim: Claim = {id: "bias", value: -2.1, unit: "L/min", tolerance: 0.05, source: "table 1", inputs: ["a.tsv"]};

describe("a claim against its recomputed number", () => {
  test("within the tolerance, its ends included", () => {
    assert.deepEqual(checkClaim(claim, -2.1), {verdict: "pass", difference: 0, computed: -2.1});
    assert.equal(checkClaim(claim, -2.05).verdict, "pass");
    assert.equal(checkClaim(claim, -2.15).verdict, "pass");
    assert.equal(checkClaim({...claim, value: 0.3, tolerance: 0.1}, 0.4).verdict, "pass");
    assert.equal(checkClaim({...claim, tolerance: 0}, -2.1).verdict, "pass");
  });

  test("outside", () => {
    const {verdict, difference, reason} = checkClaim(claim, -2.0499);
    assert.equal(verdict, "fail");
    assert.ok(Math.abs(difference! - 0.0501) < 1e-12);
    assert.match(reason!, /0\.0501.*0\.05/);
    assert.equal(checkClaim({...claim, tolerance: 0}, -2.1000001).verdict, "fail");
  });

  test("a number that is missing or not finite fails and says so", () => {
    assert.deepEqual(checkClaim(claim, undefined), {
      verdict: "fail", difference: null, computed: null, reason: "not recomputed"
    });
    assert.equal(checkClaim(claim, NaN).reason, "recomputed as NaN");
    assert.equal(checkClaim(claim, -Infinity).verdict, "fail");
  });

  test("a claim that is computed from a file which was not given waits for it, whatever was computed", () => {
    const waits = {verdict: "unavailable", difference: null, computed: null, reason: "waits for a.tsv", waitsFor: "a.tsv"};
    assert.deepEqual(checkClaim(claim, undefined, ["a.tsv"]), waits);
    assert.deepEqual(checkClaim(claim, -2.1, ["b.tsv", "a.tsv"]), waits);
    assert.equal(checkClaim(claim, undefined, ["b.tsv"]).verdict, "fail");
    assert.equal(checkClaim({...claim, inputs: undefined}, undefined, ["a.tsv"]).verdict, "fail");
    const hidden = {...claim, value: null, unavailable: "the images are not public"};
    assert.equal(checkClaim(hidden, undefined, ["a.tsv"]).reason, "the images are not public");
  });

  test("of the others only a claim without a value is unavailable", () => {
    const hidden = {...claim, value: null, unavailable: "the images are not public"};
    assert.deepEqual(checkClaim(hidden, 3), {
      verdict: "unavailable", difference: null, computed: 3, reason: "the images are not public"
    });
    assert.equal(checkClaim(hidden, undefined).verdict, "unavailable");
  });
});

describe("claims.json", () => {
  const parse = (change: object) => readClaims({claims: [{...claim, ...change}]}, "claims.json");

  test("a document and its text give the same claims", () => {
    const document = {claims: [claim, {
      id: "f1.peak", value: null, unit: "1", tolerance: 0, source: "figure 3", statement: "F1 peaks at TE 117 ms",
      inputs: [], unavailable: "images not public"
    }]};
    assert.deepEqual(readClaims(document, "claims.json"), document.claims);
    assert.deepEqual(readClaims(JSON.stringify(document), "claims.json"), document.claims);
    const {inputs, ...without} = claim;
    assert.deepEqual(readClaims({claims: [without]}, "claims.json"), [without]);
  });

  const cases: [string, () => unknown, string, string][] = [
    ["text that is no JSON", () => readClaims("{", "claims.json"), "not-json", "document"],
    ["a list", () => readClaims([], "claims.json"), "wrong-type", "document"],
    ["no list of claims", () => readClaims({}, "claims.json"), "wrong-type", "claims"],
    ["a claim that is a number", () => readClaims({claims: [3]}, "claims.json"), "wrong-type", "claims[0]"],
    ["an id given twice", () => readClaims({claims: [claim, claim]}, "claims.json"), "duplicate-id", "claims[1].id"],
    ["an id with blanks", () => parse({id: "a b"}), "bad-id", "claims[0].id"],
    ["no id", () => parse({id: undefined}), "wrong-type", "claims[0].id"],
    ["a value that is a text", () => parse({value: "-2.1"}), "wrong-type", "claims[0].value"],
    ["no value", () => parse({value: undefined}), "wrong-type", "claims[0].value"],
    ["a negative tolerance", () => parse({tolerance: -1}), "wrong-type", "claims[0].tolerance"],
    ["no tolerance", () => parse({tolerance: undefined}), "wrong-type", "claims[0].tolerance"],
    ["an empty source", () => parse({source: " "}), "wrong-type", "claims[0].source"],
    ["a unit that nobody knows", () => parse({unit: "furlong"}), "unknown-unit", "claims[0].unit"],
    ["a unit that is a number", () => parse({unit: 1}), "wrong-type", "claims[0].unit"],
    ["inputs that are a text", () => parse({inputs: "a.tsv"}), "wrong-type", "claims[0].inputs"],
    ["an empty path", () => parse({inputs: [""]}), "wrong-type", "claims[0].inputs"],
    ["null without a reason", () => parse({value: null}), "wrong-type", "claims[0].unavailable"],
    ["a value with a reason for none", () => parse({unavailable: "x"}), "contradiction", "claims[0].unavailable"],
    ["a misspelt field", () => parse({tolerence: 1}), "unknown-field", "claims[0].tolerence"]
  ];
  for (const [what, call, code, field] of cases) {
    test(what, () => assert.equal(assertRejects(call, code, field).file, "claims.json"));
  }

  test("whatever JSON comes, claims or an InputError", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => {
      for (const document of [json, {claims: json}, {claims: [json]}]) {
        try {
          assert.ok(Array.isArray(readClaims(document, "x.json")));
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
        }
      }
    }), {seed: 1, numRuns: 300});
  });
});
