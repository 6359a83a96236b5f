import {checkCount} from "../check.js";
import {InputError} from "../errors.js";
import {randomFrom} from "../numerics/random.js";
import type {DistributionId} from "./distributions.js";
import type {Answer, Procedure, Resample, Study} from "./procedure.js";

/** Level of every interval; tests reject at 1 - LEVEL. */
export const LEVEL = 0.95;

/** Repeats that share one seed, so that a cell can be computed in pieces, in any order, on any machine. */
export const BLOCK = 500;

/** What a cell's repeats say of one procedure. */
export interface Tally {
  id: string;
  repeats: number;
  /** Intervals that hold the truth; tests that reject. */
  hits: number;
  /** Intervals wholly below the truth, and wholly above it. */
  below: number;
  above: number;
  /** Samples without an answer: no interval exists there, or the method refuses the sample. */
  without: number;
}

/** One repeat as the page draws it. */
export interface Trial {
  answer: Answer;
  /** Whether the interval holds the truth, or the test rejects; null without an answer. */
  hit: boolean | null;
}

/**
 * Tries every procedure of a study on one block of samples.
 *
 * @param block number of the block, from 0: it has its own seed, from study, n, distribution, `seed` and its number
 * @param count samples in the block, at most {@link BLOCK}
 * @returns for each sample the answers in the order of the study's procedures
 */
export function trialsOf(
  study: Study, n: number, distribution: DistributionId, block: number, count: number, resample: Resample, seed = 0
): Trial[][] {
  checkCount(block, "block", 0);
  checkCount(count, "count", 1);
  if (count > BLOCK) {
    throw new InputError({code: "too-many", field: "count", value: count, expected: `at most ${BLOCK}`});
  }
  const random = randomFrom(hash(`${study.id} ${n} ${distribution} ${seed} ${block}`));
  return Array.from({length: count}, () => {
    let answers: Answer[];
    try {
      answers = study.answers(n, distribution, random, resample);
    } catch (error) {
      // A sample that the method refuses, with a reason: counted, and shown in the table.
      if (!(error instanceof InputError)) throw error;
      answers = study.procedures.map(() => null);
    }
    return answers.map((answer, k): Trial => ({answer, hit: judge(study.procedures[k], answer, distribution, n)}));
  });
}

/** Whether an interval holds the truth, or a test rejects; null without an answer. */
function judge(procedure: Procedure, answer: Answer, distribution: DistributionId, n: number): boolean | null {
  if (answer === null) return null;
  if (typeof answer === "number") return answer < 1 - LEVEL;
  if (answer.covers !== undefined) return answer.covers;
  const truth = procedure.truth!(distribution, n);
  return answer.lower <= truth && truth <= answer.upper;
}

/** Nothing yet. */
export function emptyTallies(study: Study): Tally[] {
  return study.procedures.map(({id}) => ({id, repeats: 0, hits: 0, below: 0, above: 0, without: 0}));
}

/** Adds samples to tallies. */
export function addTrials(
  tallies: readonly Tally[], study: Study, trials: readonly Trial[][], distribution: DistributionId, n: number
): Tally[] {
  return tallies.map((tally, k) => {
    const next = {...tally};
    const {truth} = study.procedures[k];
    const value = truth?.(distribution, n) ?? NaN;
    for (const trial of trials) {
      const {answer, hit} = trial[k];
      next.repeats += 1;
      if (hit === null) next.without += 1;
      else if (hit) next.hits += 1;
      if (hit !== false || answer === null || typeof answer === "number") continue;
      if (answer.upper < value) next.below += 1;
      if (answer.lower > value) next.above += 1;
    }
    return next;
  });
}

/** Share of the samples with an answer that are hits; null without any. */
export function shareOf({repeats, hits, without}: Tally): number | null {
  return repeats === without ? null : hits / (repeats - without);
}

/** FNV-1a of a text, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
