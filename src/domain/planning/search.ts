import {checkCount} from "../check.js";
import {InputError} from "../errors.js";
import type {OptionReader} from "../statistics/option-values.js";

const MOST = 1000000;

/**
 * The smallest count that meets a condition which, once met, stays met.
 *
 * @param what the count's name, for the message
 * @param guess where to begin, to save evaluations; any number
 * @throws InputError unattainable when a million does not
 */
export function smallestCount(meets: (n: number) => boolean, least: number, what: string, guess = least): number {
  let above = Math.min(MOST, Math.max(least, Math.ceil(guess)));
  let below = least - 1;
  let step = 2;
  if (meets(above)) {
    while (above > least) {
      const lower = Math.max(least, above - step);
      if (!meets(lower)) {
        below = lower;
        break;
      }
      above = lower;
      step *= 2;
    }
    if (above === least) return least;
  } else {
    do {
      below = above;
      if (above === MOST) {
        throw new InputError({
          code: "unattainable", field: what, value: `more than ${MOST}`, expected: "a wish that fewer can meet"
        });
      }
      above = Math.min(MOST, above + step);
      step *= 2;
    } while (!meets(above));
  }
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (meets(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** The number of subjects that was given, or the smallest one that meets the wish. */
export function countOf(
  options: OptionReader, id: string, least: number, meets: (n: number) => boolean, guess = least
): {n: number; given: boolean} {
  const given = options.number(id);
  if (given === null) return {n: smallestCount(meets, least, id, guess), given: false};
  checkCount(given, id, least);
  return {n: given, given: true};
}

/** Up to `most` whole numbers from `least` to about twice n, evenly spaced, n among them: the abscissa of a curve. */
export function countsAround(n: number, least: number, most = 40): number[] {
  const step = Math.max(1, Math.ceil((2 * n - least) / most));
  const counts = new Set<number>();
  for (let k = n; k >= least; k -= step) counts.add(k);
  for (let k = n + step; k <= Math.max(2 * n, least + 10); k += step) counts.add(k);
  return [...counts].sort((a, b) => a - b);
}
