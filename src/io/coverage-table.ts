import {InputError} from "../domain/errors.js";
import {rowNumber} from "../domain/row-number.js";
import type {CoverageRow, Measure} from "../domain/simulation/coverage-table.js";
import type {DistributionId} from "../domain/simulation/distributions.js";
import type {Promise} from "../domain/simulation/procedure.js";
import {parseTsv} from "./tsv.js";

/** Columns of the table of simulated coverage. */
export const coverageColumns = [
  "id", "method", "name", "promise", "distribution", "n", "measure", "assumed", "share", "se", "below", "above",
  "without", "repeats", "resamples"
] as const;

/** Reads coverage.tsv. @throws InputError as tsv.ts, or not-a-share */
export function readCoverage(text: string, file: string): CoverageRow[] {
  const table = parseTsv(text, file, {required: [...coverageColumns]});
  return table.rows.map((_, i) => {
    const share = table.requiredNumber(i, "share");
    if (!(share >= 0 && share <= 1)) {
      throw new InputError({
        code: "not-a-share", file, field: `row ${rowNumber(i)}, column share`, value: share, expected: "a number in [0, 1]"
      });
    }
    return {
      id: table.text(i, "id"), method: table.text(i, "method"), name: table.text(i, "name"),
      promise: table.text(i, "promise") as Promise, distribution: table.text(i, "distribution") as DistributionId,
      n: table.requiredNumber(i, "n"), measure: table.text(i, "measure") as Measure,
      assumed: table.text(i, "assumed") === "true", share, se: table.requiredNumber(i, "se"),
      below: table.number(i, "below"), above: table.number(i, "above"), without: table.requiredNumber(i, "without"),
      repeats: table.requiredNumber(i, "repeats"), resamples: table.requiredNumber(i, "resamples")
    };
  });
}
