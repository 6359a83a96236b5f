import {covers} from "./coverage.js";
import {drift} from "./drift.js";
import {levelOf} from "./estimate.js";
import {icc, type IccForm} from "./icc.js";
import type {Check, Method, Variant} from "./method.js";
import {hasColumn, ofTable, repeats, type Dropped} from "./table-layouts.js";
import {optionReader} from "./option-values.js";
import {variantOf} from "./variant-of.js";

const SHROUT = "Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420";
const MCGRAW = "McGraw and Wong 1996, doi:10.1037/1082-989X.1.1.30";

const variants: readonly (Variant & {id: IccForm})[] = [
  {id: "1,1", name: "ICC(1,1) = ICC(1): one-way random, single; exact F interval", citation: SHROUT},
  {
    id: "2,1", name: "ICC(2,1) = ICC(A,1): two-way random, absolute agreement, single; approximate F interval "
      + `(${covers("icc-2-1")} with 3 raters)`,
    citation: SHROUT
  },
  {id: "3,1", name: "ICC(3,1) = ICC(C,1): two-way mixed, consistency, single; exact F interval", citation: SHROUT},
  {id: "1,k", name: "ICC(1,k) = ICC(k): one-way random, mean of k; exact F interval", citation: SHROUT},
  {
    id: "2,k", name: "ICC(2,k) = ICC(A,k): two-way random, absolute agreement, mean of k; approximate F interval "
      + `(${covers("icc-2-k")} with 3 raters)`,
    citation: SHROUT
  },
  {id: "3,k", name: "ICC(3,k) = ICC(C,k): two-way mixed, consistency, mean of k; exact F interval", citation: SHROUT}
];

/** Intraclass correlation, the six forms of Shrout and Fleiss. */
export const iccMethod: Method = {
  id: "icc",
  name: "Intraclass correlation (ICC)",
  summary: "Share of the variance that lies between subjects, six forms, F intervals with alpha/2 in each tail",
  variants,
  columns: [
    {
      role: "subject", required: false,
      description: "who was measured; needed for a long table (a row for each measurement)"
    },
    {role: "value", required: true, many: true, description: "the values: one column, or one for each repeat or rater"},
    {role: "repeat", required: false, description: "repeat or rater in a long table; else the order of rows"}
  ],
  options: [],
  citations: [SHROUT, MCGRAW],
  run(request) {
    optionReader(this.options, request.options);
    const {id: form} = variantOf(request, variants);
    const level = levelOf(request);
    const found = repeats(request);
    const warnings = [...found.warnings];
    const dropped: Dropped[] = [...found.dropped];
    let {values} = found;
    if (form !== "1,1") {
      const complete = found.grid.map((row) => row.every((value) => value !== null));
      values = values.filter((_, i) => complete[i]);
      complete.forEach((whole, i) => {
        if (whole) return;
        for (const cell of found.cells[i]) dropped.push({...cell, reason: "the subject lacks another repeat"});
      });
      const left = complete.filter((whole) => !whole).length;
      if (left > 0) {
        warnings.push(
          `${left} of ${complete.length} subjects lack a repeat and were left out; ICC(1,1) would keep them`
        );
      }
      if (form[0] !== "1" && request.columns.value!.length === 1 && !hasColumn(request, "repeat")) {
        warnings.push("no repeat column: the k-th row of each subject was taken to be by the same rater");
      }
    }
    const one = ofTable(request.table, () => icc(values, {form, level}));
    const checks: Check[] = [];
    const complete = found.grid.filter((row) => row.every((value) => value !== null)) as number[][];
    if (complete.length >= 2 && complete.some((row) => row.some((value) => value !== row[0]))) {
      const between = drift(complete, {level});
      checks.push({
        id: "offset", name: "no offset between repeats or raters", statistic: between.f, p: between.p,
        passed: between.p >= 0.05,
        advice: "If it fails, the forms mean different things: model 3 ignores the offset, models 1 and 2 count it as "
          + "error, and only model 2 supposes that it is there. With few subjects an offset goes unseen."
      });
    }
    if (one.value < 0) warnings.push("the estimate is negative: subjects differ less than their repeats do by chance");
    return {
      method: this.id, variant: form, n: values.length, dropped,
      estimates: [
        {
          name: `ICC(${form})`, value: one.value, lower: one.lower, upper: one.upper, level: one.level,
          note: `F interval, ${form[0] === "2"
            ? `approximate: ${covers(form === "2,1" ? "icc-2-1" : "icc-2-k")} with 3 raters`
            : "exact for normal true values and errors"}; alpha/2 in each tail; depends on how much these subjects `
            + "differ, so it does not carry over to others"
        },
        {name: "F", value: one.f, lower: null, upper: null, level: null, note: `on ${one.df1} and ${one.df2} df`}
      ],
      checks, warnings, citations: this.citations
    };
  }
};
