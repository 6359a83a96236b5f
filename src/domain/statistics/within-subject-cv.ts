import {checkOneOf} from "../check.js";
import {InputError} from "../errors.js";
import {chiSquareInterval} from "./chi-square-interval.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {oneWayLayout, type Repeats} from "./one-way-layout.js";
import {sum} from "./summaries.js";

/**
 * Which wCV: "root-mean-square", the root of the mean of the subjects' squared coefficients of variation, or
 * "wsd-over-mean", wSD divided by the mean of the subjects' means.
 */
export type WithinSubjectCvVariant = "root-mean-square" | "wsd-over-mean";

/** Options of the wCV and of what is built on it. */
export interface WithinSubjectCvOptions extends LevelOptions {
  /** Default "root-mean-square". */
  variant?: WithinSubjectCvVariant;
}

/** wCV as a fraction, with its interval, degrees of freedom and variant. */
export interface WithinSubjectCv extends Estimate {
  df: number;
  variant: WithinSubjectCvVariant;
}

/**
 * Within-subject coefficient of variation, wCV, as a fraction.
 *
 * "root-mean-square" supposes a within-subject SD in proportion to the subject's mean; subjects with more repeats
 * weigh by their degrees of freedom. "wsd-over-mean" supposes a constant SD. Both intervals are chi-square on n(K - 1)
 * degrees of freedom and take the means as known, so they are approximate: good while wCV is small (below about 0.2).
 * Source: Raunig et al. 2015, doi:10.1177/0962280214537344; "wsd-over-mean": Quan and Shih 1996, Biometrics 52, 1195.
 *
 * @param values subjects x repeats on a ratio scale: every subject's mean above zero
 * @returns a fraction (0.05 for 5 %)
 * @throws InputError as one-way-layout, a subject's mean <= 0, an unknown variant, a level outside (0, 1)
 */
export function withinSubjectCv(values: Repeats, options: WithinSubjectCvOptions = {}): WithinSubjectCv {
  const level = levelOf(options);
  const variant = options.variant ?? "root-mean-square";
  checkOneOf(variant, "variant", ["root-mean-square", "wsd-over-mean"]);
  const layout = oneWayLayout(values);
  layout.subjectMeans.forEach((mean, i) => {
    if (!(mean > 0)) {
      throw new InputError({
        code: "not-ratio-scale", field: `mean of values[${i}]`, value: mean,
        expected: "a mean > 0, since a coefficient of variation divides by it"
      });
    }
  });
  const squared = variant === "wsd-over-mean"
    ? layout.withinMeanSquare / (layout.mean * layout.mean)
    : sum(layout.subjectMeans.map((mean, i) => layout.subjectDf[i] * layout.subjectVariances[i] / (mean * mean)))
      / layout.withinDf;
  return {...chiSquareInterval(Math.sqrt(squared), layout.withinDf, level), df: layout.withinDf, variant};
}
