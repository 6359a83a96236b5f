import {checkOneOf} from "../check.js";
import {fQuantile} from "../distributions/f.js";
import {InputError} from "../errors.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";
import {iccOneWay} from "./icc-one-way.js";
import type {Repeats} from "./one-way-layout.js";
import {twoWayLayout, type TwoWayLayout} from "./two-way-layout.js";

/** The six forms of Shrout and Fleiss: model 1, 2 or 3, for a single measurement or the mean of all k. */
export type IccForm = "1,1" | "2,1" | "3,1" | "1,k" | "2,k" | "3,k";

/** Every form, in the order of the paper. */
export const iccForms: readonly IccForm[] = ["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"];

/** An ICC with its interval and form. */
export interface Icc extends Estimate {
  form: IccForm;
  /** Ratio of the mean squares that the form tests: MSB/MSW, or MSR/MSE. */
  f: number;
  df1: number;
  df2: number;
}

/**
 * Intraclass correlation, all six forms of Shrout and Fleiss, with the names of McGraw and Wong:
 *
 * - (1,1), ICC(1): one-way random; repeats of a subject are interchangeable. (MSB - MSW) / (MSB + (k-1) MSW)
 * - (2,1), ICC(A,1): two-way random, absolute agreement; raters are a sample, their offsets count as error.
 *   (MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n)
 * - (3,1), ICC(C,1): two-way mixed, consistency; these raters alone, their offsets do not count.
 *   (MSR - MSE) / (MSR + (k-1) MSE)
 * - (1,k), ICC(k); (2,k), ICC(A,k); (3,k), ICC(C,k): the same for the mean of the k measurements, by Spearman and
 *   Brown's k r / (1 + (k-1) r).
 *
 * Intervals have alpha/2 in each tail (some programs print a 90 % interval under the label 95 %): exact from F for
 * models 1 and 3, approximate for model 2, where Satterthwaite's degrees of freedom join MSC and MSE.
 * Source: Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420; McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30.
 *
 * @param values subjects x k measurements; only (1,1) takes unequal numbers (icc-one-way.ts)
 * @throws InputError as one-way-layout or two-way-layout, unequal-repeats, constant when the two-way residuals are all
 *   zero, an unknown form, a level outside (0, 1)
 */
export function icc(values: Repeats, options: LevelOptions & {form?: IccForm} = {}): Icc {
  const form = options.form ?? "1,1";
  checkOneOf(form, "form", iccForms);
  const level = levelOf(options);
  if (form[0] === "1") {
    const found = iccOneWay(values, {level});
    const one = {form, level, f: found.f, df1: found.betweenDf, df2: found.withinDf};
    const {value, lower, upper} = found;
    if (form === "1,1") return {value, lower, upper, ...one};
    if (values.some((row) => row.length !== values[0].length)) {
      throw new InputError({
        code: "unequal-repeats", field: "repeats in values", value: values.map((row) => row.length),
        expected: "the same number of repeats of each subject, since the form is of their mean"
      });
    }
    const [v, l, u] = [value, lower, upper].map((r) => ofMean(r, values[0].length));
    return {value: v, lower: l, upper: u, ...one};
  }
  const layout = twoWayLayout(values);
  if (!(layout.errorMeanSquare > 0)) {
    throw new InputError({
      code: "constant", field: "residuals of values", value: 0,
      expected: "measurements that differ by more than an offset between columns"
    });
  }
  const {value, lower, upper} = form[0] === "2" ? agreement(layout, level) : consistency(layout, level);
  const [v, l, u] = form[2] === "k" ? [value, lower, upper].map((r) => ofMean(r, layout.repeats))
    : [value, lower, upper];
  const f = layout.rowMeanSquare / layout.errorMeanSquare;
  return {value: v, lower: l, upper: u, level, form, f, df1: layout.rowDf, df2: layout.errorDf};
}

/**
 * Spearman-Brown: the reliability of the mean of k measurements, -Infinity where a single one has -1/(k-1) or less (which
 * the ends of model 2 can have: beyond its pole the formula turns positive).
 */
function ofMean(single: number, k: number): number {
  const rest = 1 + (k - 1) * single;
  return rest > 0 ? k * single / rest : -Infinity;
}

function consistency(layout: TwoWayLayout, level: number): Estimate {
  const {rowMeanSquare, errorMeanSquare, repeats, rowDf, errorDf} = layout;
  const f = rowMeanSquare / errorMeanSquare;
  const tail = (1 - level) / 2;
  const correlation = (ratio: number) => (ratio - 1) / (ratio + repeats - 1);
  return {
    value: correlation(f),
    lower: correlation(f / fQuantile(1 - tail, rowDf, errorDf)),
    upper: correlation(f * fQuantile(1 - tail, errorDf, rowDf)),
    level
  };
}

function agreement(layout: TwoWayLayout, level: number): Estimate {
  const {subjects: n, repeats: k, rowMeanSquare: msr, columnMeanSquare: msc, errorMeanSquare: mse, rowDf} = layout;
  const value = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n);
  const fj = msc / mse;
  const a = k * value * fj;
  const b = n * (1 + (k - 1) * value) - k * value;
  const df = (k - 1) * (n - 1) * (a + b) * (a + b) / ((n - 1) * a * a + b * b);
  const tail = (1 - level) / 2;
  const above = fQuantile(1 - tail, rowDf, df);
  const below = fQuantile(1 - tail, df, rowDf);
  const rest = k * msc + (k * n - k - n) * mse;
  return {
    value,
    lower: n * (msr - above * mse) / (above * rest + n * msr),
    upper: n * (below * msr - mse) / (rest + n * below * msr),
    level
  };
}
