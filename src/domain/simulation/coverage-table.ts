import {shareOf, type Tally} from "./coverage-cell.js";
import type {DistributionId} from "./distributions.js";
import type {Procedure, Promise, Study} from "./procedure.js";
import {procedures} from "./procedures.js";

/** What a share says: how often intervals cover, or how often a test rejects a true or a false hypothesis. */
export type Measure = "coverage" | "type-I error" | "power";

/** One cell of the published table. */
export interface CoverageRow {
  id: string;
  method: string;
  name: string;
  promise: Promise;
  distribution: DistributionId;
  n: number;
  measure: Measure;
  /** Whether the procedure's assumption holds under this distribution. */
  assumed: boolean;
  share: number;
  /** Monte Carlo standard error of the share. */
  se: number;
  /** Intervals: shares wholly below the truth, and above; null for tests, and where no one number is the truth. */
  below: number | null;
  above: number | null;
  /** Samples without an interval or p value: none exists there, or the method refuses the sample. */
  without: number;
  repeats: number;
  /** Resamples of each bootstrap; 0 without. */
  resamples: number;
}

/** What a procedure's share measures under a distribution. */
export function measureOf({kind, nullTrue}: Procedure, distribution: DistributionId): Measure {
  if (kind === "interval") return "coverage";
  return nullTrue?.(distribution) === false ? "power" : "type-I error";
}

/** A row with the words of its procedure as they are now. */
export function described(row: CoverageRow): CoverageRow {
  const {procedure} = procedures.find(({procedure: {id}}) => id === row.id)!;
  const {method, name, promise, under} = procedure;
  return {
    ...row, method, name, promise, measure: measureOf(procedure, row.distribution),
    assumed: under.includes(row.distribution)
  };
}

/** The rows of one cell of a study. */
export function coverageRows(
  study: Study, tallies: readonly Tally[], distribution: DistributionId, n: number
): CoverageRow[] {
  return study.procedures.flatMap((procedure, k) => {
    const tally = tallies[k];
    const share = shareOf(tally);
    if (share === null) return [];
    const answered = tally.repeats - tally.without;
    const sided = procedure.kind === "interval" && Number.isFinite(procedure.truth!(distribution, n));
    return [{
      id: procedure.id, method: procedure.method, name: procedure.name, promise: procedure.promise, distribution, n,
      measure: measureOf(procedure, distribution), assumed: procedure.under.includes(distribution),
      share: rounded(share), se: rounded(Math.sqrt(share * (1 - share) / answered)),
      below: sided ? rounded(tally.below / answered) : null, above: sided ? rounded(tally.above / answered) : null,
      without: tally.without, repeats: tally.repeats, resamples: study.resamples
    }];
  });
}

/** As many digits as 10,000 repeats have. */
function rounded(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}
