import {checkCount} from "../check.js";
import {randomFrom, type Random} from "../numerics/random.js";
import type {OptionReader} from "../statistics/option-values.js";

/** A mean over simulated studies. */
export interface Simulated {
  value: number;
  standardError: number;
  /** Studies simulated: fewer than asked for where that would take more than 2e7 random numbers. */
  trials: number;
  seed: number;
}

/** Is told how many of the studies have been simulated. */
export type SimulationWatch = (done: number, total: number) => void;

const MOST_DRAWS = 2e7;
/** How often a watch is told. */
const STEPS = 100;

/**
 * Means of what a simulated study gives, over seeded repeats.
 *
 * @param options read for `simulations` and `seed`
 * @param draws random numbers that one study takes, about
 * @param study one study: a number, or whether something held, for each mean
 * @returns null when no simulation was asked for
 * @throws InputError when simulations or seed is no whole number >= 0
 */
export function simulate(
  options: OptionReader, draws: number, study: (random: Random) => readonly (number | boolean)[],
  watch: SimulationWatch = () => {}
): Simulated[] | null {
  const wanted = options.needed("simulations");
  const seed = options.needed("seed");
  checkCount(wanted, "simulations", 0);
  checkCount(seed, "seed", 0);
  if (wanted === 0) return null;
  const trials = Math.max(2, Math.min(wanted, Math.floor(MOST_DRAWS / draws)));
  const random = randomFrom(seed);
  const step = Math.ceil(trials / STEPS);
  const sums: {total: number; mean: number; squares: number}[] = [];
  for (let i = 1; i <= trials; i++) {
    study(random).forEach((outcome, k) => {
      const sum = sums[k] ??= {total: 0, mean: 0, squares: 0};
      const value = Number(outcome);
      const difference = value - sum.mean;
      sum.total += value;
      sum.mean += difference / i;
      sum.squares += difference * (value - sum.mean);
    });
    if (i % step === 0 || i === trials) watch(i, trials);
  }
  return sums.map(({total, squares}) =>
    ({value: total / trials, standardError: Math.sqrt(squares / (trials - 1) / trials), trials, seed}));
}

/** Mean and sample SD of n normal numbers. */
export function drawSample(random: Random, n: number, centre: number, spread: number): {mean: number; sd: number} {
  let mean = 0;
  let squares = 0;
  for (let i = 1; i <= n; i++) {
    const value = random.normal();
    const step = value - mean;
    mean += step / i;
    squares += step * (value - mean);
  }
  return {mean: centre + spread * mean, sd: spread * Math.sqrt(squares / (n - 1))};
}
