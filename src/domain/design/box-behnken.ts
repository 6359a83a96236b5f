import {checkCount} from "../check.js";
import {InputError} from "../errors.js";
import {fullFactorial, type CodedRuns} from "./factorial.js";

// Blocks of factors that are varied together while the others stay at the centre.
const BLOCKS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  3: [[0, 1], [0, 2], [1, 2]],
  4: [[0, 1], [2, 3], [0, 3], [1, 2], [0, 2], [1, 3]],
  5: [[0, 1], [2, 3], [1, 4], [0, 2], [3, 4], [1, 2], [0, 3], [2, 4], [0, 4], [1, 3]],
  6: [[0, 1, 3], [1, 2, 4], [2, 3, 5], [0, 3, 4], [1, 4, 5], [0, 2, 5]],
  7: [[3, 4, 5], [0, 5, 6], [1, 4, 6], [0, 1, 3], [2, 3, 6], [0, 2, 4], [1, 2, 5]]
};

/**
 * Box-Behnken design for a second-order surface at three levels: no run has all factors at an extreme.
 *
 * Source: Box and Behnken 1960, doi:10.1080/00401706.1960.10489912, designs 1 to 5.
 *
 * @param factors number of factors, 3 to 7
 * @param centre runs at the centre, >= 1; default 3
 * @throws InputError on a number of factors out of range, or no centre run
 */
export function boxBehnken(factors: number, centre = 3): CodedRuns {
  const blocks = BLOCKS[factors];
  if (blocks === undefined) {
    throw new InputError({code: "out-of-range", field: "factors", value: factors, expected: "3 to 7"});
  }
  // Without one the quadratic terms of the smaller designs depend on the intercept.
  checkCount(centre, "centre runs", 1);
  const runs = blocks.flatMap((block) => fullFactorial(block.map(() => 2)).map((levels) => {
    const run = new Array<number>(factors).fill(0);
    block.forEach((factor, i) => (run[factor] = levels[i]));
    return run;
  }));
  return [...runs, ...Array.from({length: centre}, () => new Array<number>(factors).fill(0))];
}
