import type {CoverageRow} from "./coverage-table.js";
import {procedures} from "./procedures.js";

/** Share of samples without an interval from which it is worth a word. */
const NOTABLE = 0.005;

/**
 * The source of src/domain/statistics/coverage-figures.ts: of each procedure n, share, and share of samples without an
 * answer (left out where there are hardly any), for the first distribution under which its assumption holds.
 */
export function figuresSource(table: readonly CoverageRow[]): string {
  const lines = procedures.flatMap(({procedure, study}) => {
    const rows = table.filter(({id, distribution}) => id === procedure.id && distribution === procedure.under[0]);
    if (rows.length === 0) return [];
    const cells = rows.map(({n, share, without, repeats}) =>
      `[${[n, share, ...(without / repeats > NOTABLE ? [without / repeats] : [])].join(", ")}]`);
    return [`  ${JSON.stringify(procedure.id)}: {unit: ${JSON.stringify(study.unit)}, cells: [${cells.join(", ")}]}`];
  });
  return `// Written by scripts/simulate-intervals.ts from data/interval-coverage/coverage.tsv.

/**
 * Of each procedure where its assumption holds, by n: the share of intervals that cover or of tests that reject, and
 * the share of samples without an answer.
 */
export const coverageFigures = {
${lines.join(",\n")}
} as const;
`;
}
