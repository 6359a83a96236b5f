/** Results kept for one function. */
const MOST = 256;

/**
 * A pure function of numbers that keeps its latest results: quantiles and tolerance factors depend on sample size and
 * level alone, and simulations ask for the same ones again and again.
 */
export function remembered<A extends readonly number[], R>(f: (...args: A) => R): (...args: A) => R {
  const known = new Map<string, R>();
  return (...args) => {
    const key = args.join(" ");
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const result = f(...args);
    if (known.size >= MOST) known.clear();
    known.set(key, result);
    return result;
  };
}
