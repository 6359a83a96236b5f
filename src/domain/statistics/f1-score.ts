import {checkCount} from "../check.js";
import {InputError} from "../errors.js";

/** Counts of a detection task, lesions for instance. */
export interface DetectionCounts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

/**
 * F1 score, the harmonic mean of precision and sensitivity: 2 TP / (2 TP + FP + FN).
 *
 * Counts of several images are added before the ratio is taken (micro average), so that no image without a finding
 * weighs as much as one with many. Source: van Rijsbergen 1979, Information Retrieval, chapter 7 (F with beta = 1).
 *
 * @throws InputError on counts that are not whole numbers >= 0, and when all are 0: then there is nothing to detect
 */
export function f1Score({truePositives, falsePositives, falseNegatives}: DetectionCounts): number {
  for (const [name, count] of Object.entries({truePositives, falsePositives, falseNegatives})) checkCount(count, name, 0);
  const denominator = 2 * truePositives + falsePositives + falseNegatives;
  if (denominator === 0) {
    throw new InputError({code: "nothing-to-detect", field: "counts", value: 0, expected: "at least one truth or finding"});
  }
  return (2 * truePositives) / denominator;
}
