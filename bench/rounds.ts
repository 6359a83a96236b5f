// How the benches time: round by round, so that a machine that slows down slows all that is compared.

/** Something that fits so many voxels. */
export interface Timed {
  readonly voxels: number;
  readonly run: () => unknown;
}

/** Voxels per second of each run in each round; a first round warms up and does not count. */
export async function rates(runs: readonly Timed[], rounds: number): Promise<number[][]> {
  const list = runs.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, {run, voxels}] of runs.entries()) {
      const start = performance.now();
      await run();
      if (round > 0) list[i].push((1000 * voxels) / (performance.now() - start));
    }
  }
  return list;
}
