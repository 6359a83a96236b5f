import {InputError} from "../errors.js";
import {agreementStudies} from "./agreement-studies.js";
import {checkStudies} from "./check-studies.js";
import {componentStudies} from "./components-studies.js";
import {detectionStudies} from "./detection-studies.js";
import type {Procedure, Study} from "./procedure.js";
import {regressionStudies} from "./regression-studies.js";
import {repeatabilityStudies} from "./repeatability-studies.js";

/** Every study: what is drawn, and every interval and test of the toolbox that is tried on it. */
export const studies: readonly Study[] = [
  ...repeatabilityStudies, ...componentStudies, ...agreementStudies, ...regressionStudies, ...detectionStudies,
  ...checkStudies
];

/** A procedure with the study that it is tried in. */
export interface TriedProcedure {
  procedure: Procedure;
  study: Study;
}

/** Every procedure, in the order of the studies. */
export const procedures: readonly TriedProcedure[] = studies.flatMap((study) =>
  study.procedures.map((procedure) => ({procedure, study})));

/** A study by its id. @throws InputError unknown-choice */
export function studyOf(id: string): Study {
  const found = studies.find((study) => study.id === id);
  if (found !== undefined) return found;
  throw new InputError({
    code: "unknown-choice", field: "study", value: id, expected: `one of ${studies.map((study) => study.id).join(", ")}`
  });
}
