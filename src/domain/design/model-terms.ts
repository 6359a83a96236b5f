/** Order of a polynomial in the factors. */
export type ModelOrder = "linear" | "interaction" | "quadratic";

/** One term: the powers of the factors in it; all zero is the intercept. */
export type Term = readonly number[];

/**
 * Terms of a polynomial of an order in k factors: intercept, linear, squares (quadratic), two-factor interactions.
 */
export function modelTerms(factors: number, order: ModelOrder): Term[] {
  const power = (...picked: number[]): Term => {
    const powers = new Array<number>(factors).fill(0);
    for (const i of picked) powers[i]++;
    return powers;
  };
  const all = Array.from({length: factors}, (_, i) => i);
  return [
    power(),
    ...all.map((i) => power(i)),
    ...(order === "quadratic" ? all.map((i) => power(i, i)) : []),
    ...(order === "linear" ? [] : all.flatMap((i) => all.slice(i + 1).map((j) => power(i, j))))
  ];
}

/** Value of a term at a point. */
export function termValue(term: Term, point: ArrayLike<number>): number {
  let value = 1;
  for (let i = 0; i < term.length; i++) for (let k = 0; k < term[i]; k++) value *= point[i];
  return value;
}
