import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {chiSquareCdf, chiSquareQuantile, chiSquareSurvival} from "../../../src/domain/distributions/chi-square.js";
import {fCdf, fQuantile, fSurvival} from "../../../src/domain/distributions/f.js";
import {
  noncentralTCdf, noncentralTQuantile, noncentralTSurvival
} from "../../../src/domain/distributions/noncentral-t.js";
import {logNormalCdf, normalCdf, normalQuantile, normalSurvival} from "../../../src/domain/distributions/normal.js";
import {studentTCdf, studentTQuantile, studentTSurvival} from "../../../src/domain/distributions/student-t.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {assertPrinted, assertRelative, reference} from "../../helpers/reference.js";

const table = reference("distributions");

describe("both tails to 1e-12 of themselves, against 40-digit values", () => {
  test("normal", () => {
    for (const {z, cdf, survival, logCdf} of table.normal) {
      assertRelative(normalCdf(z), cdf, 1e-12, `cdf(${z})`);
      assertRelative(normalSurvival(z), survival, 1e-12, `survival(${z})`);
      assertRelative(logNormalCdf(z), logCdf, 1e-10, `log cdf(${z})`);
    }
  });

  test("chi-square, also where the library's incomplete gamma function is off by percents", () => {
    for (const {x, df, cdf, survival} of table.chiSquare) {
      assertRelative(chiSquareCdf(x, df), cdf, 1e-12, `cdf(${x}; ${df})`);
      assertRelative(chiSquareSurvival(x, df), survival, 1e-12, `survival(${x}; ${df})`);
    }
  });

  test("Student's t", () => {
    for (const {t, df, cdf, survival} of table.studentT) {
      assertRelative(studentTCdf(t, df), cdf, 1e-12, `cdf(${t}; ${df})`);
      assertRelative(studentTSurvival(t, df), survival, 1e-12, `survival(${t}; ${df})`);
    }
  });

  test("F", () => {
    for (const {f, df1, df2, cdf, survival} of table.f) {
      assertRelative(fCdf(f, df1, df2), cdf, 1e-12, `cdf(${f}; ${df1}, ${df2})`);
      assertRelative(fSurvival(f, df1, df2), survival, 1e-12, `survival(${f}; ${df1}, ${df2})`);
    }
  });

  test("noncentral t, from 1 to 99999 degrees of freedom", () => {
    for (const {t, df, ncp, cdf, survival} of table.noncentralT) {
      assertRelative(noncentralTCdf(t, df, ncp), cdf, 1e-12, `cdf(${t}; ${df}, ${ncp})`);
      assertRelative(noncentralTSurvival(t, df, ncp), survival, 1e-12, `survival(${t}; ${df}, ${ncp})`);
    }
  });
});

describe("quantiles invert the nearer tail", () => {
  const probabilities = [1e-10, 0.0001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999];
  const degrees = [1, 2, 9, 17.5, 99, 200, 201, 1500, 99999];

  const inverts = (p: number, cdf: number, survival: number, tolerance: number, what: string) => {
    if (p < 0.5) assertRelative(cdf, p, tolerance, what);
    else assertRelative(survival, 1 - p, tolerance, what);
  };

  test("normal", () => {
    for (const p of probabilities) {
      const z = normalQuantile(p);
      inverts(p, normalCdf(z), normalSurvival(z), 1e-12, `p = ${p}`);
    }
    assertRelative(normalQuantile(0.975), 1.9599639845400543, 1e-15);
  });

  test("chi-square, Student's t and F", () => {
    for (const df of degrees) {
      for (const p of probabilities) {
        const x = chiSquareQuantile(p, df);
        inverts(p, chiSquareCdf(x, df), chiSquareSurvival(x, df), 1e-11, `chi-square ${df} at ${p}`);
        const t = studentTQuantile(p, df);
        inverts(p, studentTCdf(t, df), studentTSurvival(t, df), 1e-12, `t ${df} at ${p}`);
        for (const df2 of [1, 16, 1001]) {
          const f = fQuantile(p, df, df2);
          inverts(p, fCdf(f, df, df2), fSurvival(f, df, df2), 1e-11, `F ${df}, ${df2} at ${p}`);
        }
      }
    }
  });

  test("noncentral t at the noncentralities of limits of agreement", () => {
    for (const n of [2, 5, 17, 85, 368, 1000, 100000]) {
      for (const multiplier of [0, 1.959963984540054, -1.3]) {
        const ncp = multiplier * Math.sqrt(n);
        for (const p of [0.005, 0.025, 0.5, 0.975]) {
          const t = noncentralTQuantile(p, n - 1, ncp);
          const what = `n = ${n}, ncp = ${ncp}, p = ${p}`;
          inverts(p, noncentralTCdf(t, n - 1, ncp), noncentralTSurvival(t, n - 1, ncp), 3e-11, what);
        }
      }
    }
  });

  test("ends of the range", () => {
    assert.equal(normalQuantile(0), -Infinity);
    assert.equal(normalQuantile(1), Infinity);
    assert.equal(chiSquareQuantile(0, 5), 0);
    assert.equal(chiSquareQuantile(1, 5), Infinity);
    assert.equal(studentTQuantile(0.5, 5), 0);
    assert.equal(fQuantile(1, 5, 6), Infinity);
    assert.equal(noncentralTQuantile(0, 5, 1), -Infinity);
  });
});

test("noncentral t gives the printed one-sided tolerance factors (content .95, confidence .95)", () => {
  // Natrella 1963, Experimental Statistics, NBS Handbook 91, table A-7.
  for (const [n, k] of [[10, "2.911"], [20, "2.396"], [50, "2.065"]] as const) {
    assertPrinted(noncentralTQuantile(0.95, n - 1, normalQuantile(0.95) * Math.sqrt(n)) / Math.sqrt(n), k, `n = ${n}`);
  }
});

test("noncentral t without noncentrality is Student's t, and its mirror image is itself", () => {
  for (const df of [1, 3.5, 40, 5000]) {
    for (const t of [-6, -0.5, 0, 1.2, 9]) {
      assertRelative(noncentralTCdf(t, df, 0), studentTCdf(t, df), 1e-12, `t = ${t}, df = ${df}`);
      assertRelative(noncentralTCdf(t, df, 2), noncentralTSurvival(-t, df, -2), 1e-12, `t = ${t}, df = ${df}`);
    }
  }
});

test("a deep tail keeps its digits where one minus the other has none", () => {
  assert.ok(1 - studentTCdf(60, 40) === 0);
  assert.ok(studentTSurvival(60, 40) > 0);
  assert.ok(1 - chiSquareCdf(5000, 400) === 0);
  assert.ok(chiSquareSurvival(2500, 400) > 0);
});

test("bad arguments are typed errors", () => {
  assertRejects(() => normalQuantile(1.2), "probability-out-of-range", "p");
  assertRejects(() => normalQuantile(NaN), "probability-out-of-range", "p");
  assertRejects(() => normalCdf(NaN), "not-a-number", "z");
  assertRejects(() => chiSquareCdf(1, 0), "not-positive", "df");
  assertRejects(() => chiSquareCdf(NaN, 3), "not-a-number", "x");
  assertRejects(() => chiSquareQuantile(-0.1, 3), "probability-out-of-range", "p");
  assertRejects(() => studentTCdf(NaN, 3), "not-a-number", "t");
  assertRejects(() => studentTQuantile(0.5, -1), "not-positive", "df");
  assertRejects(() => fCdf(1, 0, 3), "not-positive", "df1");
  assertRejects(() => fQuantile(0.5, 3, Infinity), "not-positive", "df2");
  assertRejects(() => noncentralTCdf(Infinity, 3, 1), "not-finite", "t");
  assertRejects(() => noncentralTQuantile(0.5, 3, NaN), "not-finite", "ncp");
});
