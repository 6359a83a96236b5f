import {checkOneOf} from "../check.js";
import type {Unit} from "../units.js";
import {levelOf, type CoverageOptions, type Estimate} from "./estimate.js";
import {oneWayLayout, type Repeats} from "./one-way-layout.js";
import {
  percentRepeatabilityCoefficient, type PercentRepeatabilityCoefficient
} from "./percent-repeatability-coefficient.js";
import {repeatabilityCoefficient, type RepeatabilityCoefficient} from "./repeatability-coefficient.js";
import {withinSubjectCv, type WithinSubjectCv, type WithinSubjectCvOptions} from "./within-subject-cv.js";
import {withinSubjectSd} from "./within-subject-sd.js";

/** Options of a test-retest row. */
export interface TestRetestOptions extends CoverageOptions, WithinSubjectCvOptions {
  /** Unit of the measurements. */
  unit: Unit;
  /** "interval" for values that may be zero or negative: then wCV and %RC, which divide by the mean, are null. */
  scale?: "ratio" | "interval";
}

/** One row of a test-retest table. */
export interface TestRetest {
  /** Number of subjects, n. */
  subjects: number;
  /** Repeats per subject, K; null when subjects differ. */
  repeats: number | null;
  /** Degrees of freedom of the intervals, n(K - 1). */
  df: number;
  /** Unit of mean, wSD and RC; wCV is a fraction and %RC in percent. */
  unit: Unit;
  /** Mean of the subjects' means. */
  mean: number;
  wsd: Estimate;
  wcv: WithinSubjectCv | null;
  rc: RepeatabilityCoefficient;
  percentRc: PercentRepeatabilityCoefficient | null;
  /** Confidence level of the intervals. */
  level: number;
  /** Share of differences that RC covers. */
  coverage: number;
}

/**
 * Test-retest repeatability of one measurand: mean, wSD, wCV, RC and %RC with chi-square intervals.
 *
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; each method's variant stands with its own function.
 *
 * @param values subjects x repeats
 * @throws InputError as those functions
 */
export function testRetest(values: Repeats, options: TestRetestOptions): TestRetest {
  const scale = options.scale ?? "ratio";
  checkOneOf(scale, "scale", ["ratio", "interval"]);
  const level = levelOf(options);
  const layout = oneWayLayout(values);
  return {
    subjects: layout.subjects,
    repeats: layout.repeats,
    df: layout.withinDf,
    unit: options.unit,
    mean: layout.mean,
    wsd: withinSubjectSd(values, options),
    wcv: scale === "ratio" ? withinSubjectCv(values, options) : null,
    rc: repeatabilityCoefficient(values, options),
    percentRc: scale === "ratio" ? percentRepeatabilityCoefficient(values, options) : null,
    level,
    coverage: options.coverage ?? 0.95
  };
}
