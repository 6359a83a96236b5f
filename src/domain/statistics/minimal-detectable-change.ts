import {checkFinite} from "../check.js";
import {InputError} from "../errors.js";
import type {CoverageOptions, LevelOptions} from "./estimate.js";
import {iccOneWay} from "./icc-one-way.js";
import type {Repeats} from "./one-way-layout.js";
import {repeatabilityCoefficient, type RepeatabilityCoefficient} from "./repeatability-coefficient.js";
import {standardDeviation} from "./summaries.js";
import {withinSubjectSd, type WithinSubjectSd} from "./within-subject-sd.js";

/**
 * Standard error of measurement from repeats: SEM = wSD, the root of the mean square within subjects, with its
 * chi-square interval. Drift between repeats is in it ("SEM agreement"); `drift` gives the one without.
 *
 * Source: de Vet, Terwee, Knol and Bouter 2006, Journal of Clinical Epidemiology 59, 1033.
 *
 * @param values subjects x repeats
 * @throws InputError as within-subject-sd
 */
export function standardErrorOfMeasurement(values: Repeats, options: LevelOptions = {}): WithinSubjectSd {
  return withinSubjectSd(values, options);
}

/**
 * Standard error of measurement from a reliability: SEM = SD sqrt(1 - ICC).
 *
 * It depends on the sample through SD, and on which ICC is taken. Without interval.
 * Source: Weir 2005, doi:10.1519/15184.1.
 *
 * @param sd standard deviation of all measurements, >= 0
 * @param icc reliability, at most 1
 * @throws InputError not-finite or out-of-range
 */
export function standardErrorFromIcc(sd: number, icc: number): number {
  checkFinite(sd, "sd");
  checkFinite(icc, "icc");
  if (sd < 0) throw new InputError({code: "out-of-range", field: "sd", value: sd, expected: "a number >= 0"});
  if (icc > 1) throw new InputError({code: "out-of-range", field: "icc", value: icc, expected: "a number <= 1"});
  return sd * Math.sqrt(1 - icc);
}

/** {@link standardErrorFromIcc} of repeats, with ICC(1,1) and the SD of all measurements (divisor N - 1). */
export function standardErrorFromRepeats(values: Repeats): number {
  const all = values.flatMap((row) => Array.from(row));
  return standardErrorFromIcc(standardDeviation(all), iccOneWay(values).value);
}

/**
 * Minimal detectable change, MDC95 = z sqrt(2) SEM with SEM = wSD: the change of one subject that scatter alone exceeds
 * in 5 % of pairs. It is the repeatability coefficient under another name, also called smallest detectable change.
 *
 * Source: Weir 2005, doi:10.1519/15184.1; Beckerman et al. 2001, Quality of Life Research 10, 571.
 *
 * @param values subjects x repeats
 * @throws InputError as repeatability-coefficient
 */
export function minimalDetectableChange(values: Repeats, options: CoverageOptions = {}): RepeatabilityCoefficient {
  return repeatabilityCoefficient(values, options);
}
