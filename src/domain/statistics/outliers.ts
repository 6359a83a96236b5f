import {checkLevel, checkVaries, checkVector, type Numbers} from "../check.js";
import {studentTQuantile} from "../distributions/student-t.js";
import {InputError} from "../errors.js";
import {mean, standardDeviation} from "./summaries.js";

/** One step of the procedure: the value farthest from the mean of those left. */
export interface OutlierStep {
  /** Position of the value in the sample as given. */
  index: number;
  value: number;
  /** |value - mean| / SD of the values left. */
  statistic: number;
  /** Critical value lambda of the step. */
  critical: number;
}

/** Result of the generalised extreme Studentized deviate procedure. */
export interface Outliers {
  n: number;
  /** Chance of any false outlier in a normal sample. */
  alpha: number;
  steps: OutlierStep[];
  /** The outliers, farthest first: all steps up to the last one whose statistic exceeds its critical value. */
  outliers: OutlierStep[];
}

/**
 * Outliers by the generalised extreme Studentized deviate (ESD) procedure.
 *
 * In each step the value farthest from the mean, in SDs of the values left, is taken out; the outliers are those up to
 * the last step that exceeds its critical value, so that several do not mask one another. The critical values suppose
 * normal data and hold alpha for n >= 25 (.05 is .065 at n = 15); below they are only a guide, and skewed or
 * heavy-tailed data give false outliers.
 * Source: Rosner 1983, doi:10.1080/00401706.1983.10487848.
 *
 * @param values at least 5, in any order
 * @param options.maximum most outliers looked for; default a tenth of n rounded up, at most 10
 * @param options.alpha default 0.05
 * @throws InputError on fewer than 5 values, one that is not finite, values that are all the same, a maximum below 1
 *   or above n / 2, alpha outside (0, 1)
 */
export function outliers(values: Numbers, options: {maximum?: number; alpha?: number} = {}): Outliers {
  checkVector(values, "values", 5);
  checkVaries(values, "values");
  const n = values.length;
  const maximum = options.maximum ?? Math.min(10, Math.ceil(n / 10));
  const alpha = options.alpha ?? 0.05;
  checkLevel(alpha, "alpha");
  if (!Number.isSafeInteger(maximum) || maximum < 1 || maximum > n / 2) {
    throw new InputError({
      code: "not-a-count", field: "maximum", value: maximum, expected: `a whole number from 1 to ${Math.floor(n / 2)}`
    });
  }
  let left = Array.from(values, (value, index) => ({value, index}));
  const steps: OutlierStep[] = [];
  for (let i = 1; i <= maximum; i++) {
    const sample = left.map(({value}) => value);
    const sd = standardDeviation(sample);
    if (sd === 0) break;
    const centre = mean(sample);
    const farthest = left.reduce((a, b) => Math.abs(b.value - centre) > Math.abs(a.value - centre) ? b : a);
    const df = n - i - 1;
    const t = studentTQuantile(1 - alpha / (2 * (n - i + 1)), df);
    steps.push({
      ...farthest,
      statistic: Math.abs(farthest.value - centre) / sd,
      critical: (n - i) * t / Math.sqrt((df + t * t) * (n - i + 1))
    });
    left = left.filter((one) => one !== farthest);
  }
  let count = 0;
  steps.forEach(({statistic, critical}, i) => {
    if (statistic > critical) count = i + 1;
  });
  return {n, alpha, steps, outliers: steps.slice(0, count)};
}
