import {covers} from "./coverage.js";
import {linCcc, type CccMoments} from "./lin-ccc.js";
import type {Method} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, citationsOf, reported} from "./report-parts.js";
import {normalityCheck, outlierCheck, quantileCheck} from "./sample-checks.js";
import {pairs} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const LIN = "Lin 1989, doi:10.2307/2532051";
const LIN_2000 = "Lin 2000, doi:10.1111/j.0006-341X.2000.00324.x";

const variants = [
  {id: "1989", name: "moments with divisor n, as published", citation: LIN},
  {id: "unbiased", name: "moments with divisor n - 1", citation: LIN}
] as const;

/** Lin's concordance correlation coefficient with its components. */
export const concordanceMethod: Method = {
  id: "ccc",
  name: "Lin's concordance correlation",
  summary: "Concordance correlation of two methods with its parts: precision (r) and accuracy (Cb)",
  variants,
  columns: [
    {role: "x", required: false, description: "first method"},
    {role: "y", required: false, description: "second method, in the same unit"},
    {role: "subject", required: false, description: "label of each subject"},
    {role: "method", required: false, description: "long table: which method measured"},
    {role: "value", required: false, description: "long table: the measurement"}
  ],
  options: [],
  citations: [LIN, LIN_2000],
  run(request) {
    optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const data = pairs(request);
    const result = linCcc(data.x, data.y, {level: request.level, moments: variant.id as CccMoments});
    const differences = Array.from(data.x, (value, i) => value - data.y[i]);
    const part = "a component: no interval";
    return {
      method: this.id,
      variant: variant.id,
      n: data.x.length,
      dropped: data.dropped,
      estimates: [
        reported("CCC", result, `Fisher z interval (approximate; ${covers(`ccc-${variant.id}`)})`, ""),
        alone("Pearson r (precision)", result.pearson, part, ""),
        alone("Cb (accuracy)", result.biasCorrection, part, ""),
        alone("scale shift", result.scaleShift, `SD of ${data.names[0]} over SD of ${data.names[1]}`, ""),
        alone("location shift", result.locationShift, "difference of the means over the geometric mean of the SDs", "")
      ],
      checks: [
        normalityCheck(data.x, `values of ${data.names[0]}`),
        normalityCheck(data.y, `values of ${data.names[1]}`),
        quantileCheck(differences, "differences"),
        outlierCheck(differences, data.subjects.map((one, i) => `subject ${one} (row ${data.cells.x[i].row})`),
          "differences")
      ],
      warnings: [
        ...data.warnings,
        "the CCC grows with the range of true values: compare it only between samples of one spread, and give limits "
          + "of agreement beside it"
      ],
      citations: citationsOf(...this.citations, variant.citation)
    };
  }
};
