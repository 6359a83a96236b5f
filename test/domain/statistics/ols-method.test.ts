import assert from "node:assert/strict";
import {test} from "node:test";
import {olsMethod} from "../../../src/domain/statistics/ols-method.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertRelative, reference} from "../../helpers/reference.js";

test("NIST's Norris data through a table", () => {
  const {x, y, ...certified} = reference("nist-norris");
  const table = {file: "norris.csv", columns: ["x", "y"],
    rows: x.map((value: number, i: number) => [String(value), String(y[i])])};
  const report = olsMethod.run({table, columns: {x: ["x"], y: ["y"]}});
  const of = (name: string) => report.estimates.find((one) => one.name === name)!;
  assertRelative(of("slope").value, certified.slope, 1e-13);
  assertRelative(of("R2").value, certified.r2, 1e-13);
  assertRelative(of("residual SD").value, certified.residualSd, 1e-11);
  // t(.975, 34) = 2.0322445.
  assertRelative(of("slope").upper! - of("slope").value, 2.0322445 * certified.slopeSe, 1e-7);
  assert.deepEqual(report.checks.map(({id}) => id), ["shapiro-wilk", "q-q", "breusch-pagan", "outliers"]);
  assertRejects(() => olsMethod.run({table, columns: {x: ["x"], y: ["y"]}, variant: "weighted"}), "unknown-choice",
    "variant");
});
