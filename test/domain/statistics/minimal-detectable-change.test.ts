import assert from "node:assert/strict";
import {test} from "node:test";
import {iccOneWay} from "../../../src/domain/statistics/icc-one-way.js";
import {
  minimalDetectableChange, standardErrorFromIcc, standardErrorFromRepeats, standardErrorOfMeasurement
} from "../../../src/domain/statistics/minimal-detectable-change.js";
import {assertRejects} from "../../helpers/bad-input.js";
import {seeded} from "../../helpers/random.js";
import {
  assertPrinted, assertPrintedInterval, assertRelative, reference, sharedColumns
} from "../../helpers/reference.js";

const pefr = reference("peak-flow");
const wright: number[][] = pefr.wright1.map((value: number, i: number) => [value, pefr.wright2[i]]);

test("peak flow: SEM is wSD, MDC95 is RC, every digit printed", () => {
  assertPrinted(standardErrorOfMeasurement(wright).value, pefr.wright.wsd);
  assertPrintedInterval(standardErrorOfMeasurement(wright), pefr.wright.wsdInterval);
  assertPrinted(minimalDetectableChange(wright, {multiplier: "1.96"}).value, pefr.wright.rc196);
  assertPrinted(minimalDetectableChange(wright).value, pefr.wright.rc);
});

test("systolic pressure 1999: RC of three readings by observer and monitor, every digit printed", (t) => {
  const sbp = sharedColumns("ba1999_sbp.csv");
  if (sbp === null) return t.skip("../shared/reference is absent");
  for (const [letter, printed] of [["J", "16.953"], ["S", "25.274"]]) {
    const rows = sbp[`${letter}1`].map((value, i) => [value, sbp[`${letter}2`][i], sbp[`${letter}3`][i]]);
    assertPrinted(minimalDetectableChange(rows, {multiplier: "1.96"}).value, printed, letter);
  }
});

test("SEM from a reliability: SD sqrt(1 - ICC)", () => {
  assertRelative(standardErrorFromIcc(10, 0.91), 3, 1e-14);
  assert.equal(standardErrorFromIcc(10, 1), 0);
  const all = wright.flat();
  const mean = all.reduce((a, b) => a + b) / all.length;
  const sd = Math.sqrt(all.reduce((a, v) => a + (v - mean) ** 2, 0) / (all.length - 1));
  assertRelative(standardErrorFromRepeats(wright), sd * Math.sqrt(1 - iccOneWay(wright).value), 1e-12);
});

test("both SEM come near each other in a large sample", () => {
  const random = seeded(3);
  const rows = Array.from({length: 3000}, () => {
    const truth = 4 * random.normal();
    return [truth + random.normal(), truth + random.normal()];
  });
  assertRelative(standardErrorFromRepeats(rows), standardErrorOfMeasurement(rows).value, 1e-3);
});

test("bad input", () => {
  assertRejects(() => standardErrorFromIcc(-1, 0.5), "out-of-range", "sd");
  assertRejects(() => standardErrorFromIcc(1, 1.1), "out-of-range", "icc");
  assertRejects(() => standardErrorFromIcc(NaN, 0.5), "not-finite", "sd");
  assertRejects(() => minimalDetectableChange([[1, 2]]), "too-few-subjects", "subjects in values");
});
