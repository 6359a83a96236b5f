import {coverageFigures} from "./coverage-figures.js";

/** Ids of the intervals and tests whose coverage or error was simulated. */
export type CoverageId = keyof typeof coverageFigures;

/** Simulated figures of one interval or test, where its assumption holds. */
export interface CoverageFigures {
  /** What n counts, as "subjects". */
  unit: string;
  cells: readonly {
    n: number;
    /** Share of intervals that cover, or of tests that reject. */
    share: number;
    /** Share of samples that have no interval, or that the method refuses. */
    without: number;
  }[];
}

/** The figures of an interval or test. */
export function figuresOf(id: CoverageId): CoverageFigures {
  const {unit, cells}: {unit: string; cells: readonly (readonly number[])[]} = coverageFigures[id];
  return {unit, cells: cells.map(([n, share, without = 0]) => ({n, share, without}))};
}

/** What may be missing: intervals are trusted that cover .93 or more, tests that reject falsely in .07 or less. */
export const TOLERATED = {interval: 0.93, test: 0.07} as const;

/**
 * The smallest simulated n from which an interval or a test can be trusted: there and at every larger n it keeps to
 * {@link TOLERATED} where its assumption holds. Null where the largest n does not do.
 */
export function trustedFrom(
  cells: readonly {n: number; share: number}[], kind: keyof typeof TOLERATED
): number | null {
  let from: number | null = null;
  for (const {n, share} of [...cells].sort((a, b) => b.n - a.n)) {
    if (kind === "interval" ? share < TOLERATED.interval : share > TOLERATED.test) break;
    from = n;
  }
  return from;
}

/** How often a 95 % interval covers, for its note: "covers 90, 92 and 94 % at n = 10, 20 and 50". */
export function covers(id: CoverageId): string {
  const {cells} = figuresOf(id);
  const none = cells.some(({without}) => without > 0)
    ? `, where there is one: none in ${percentages(cells.map(({without}) => without))} of samples` : "";
  return `covers ${shares(cells)}${none}`;
}

/** How often a test at the level .05 rejects, for its advice: "5, 5 and 4 % at n = 10, 20 and 50". */
export function rejects(id: CoverageId): string {
  return shares(figuresOf(id).cells);
}

function shares(cells: CoverageFigures["cells"]): string {
  return `${percentages(cells.map(({share}) => share))} at n = ${listed(cells.map(({n}) => String(n)))}`;
}

/** Whole per cents; one number where all are the same. */
function percentages(values: readonly number[]): string {
  const words = values.map((value) => (100 * value).toFixed(0));
  return `${words.every((word) => word === words[0]) ? words[0] : listed(words)} %`;
}

function listed(words: readonly string[]): string {
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
