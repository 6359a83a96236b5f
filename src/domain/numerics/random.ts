import {ln} from "../../generated/vendor/special.js";
import {checkCount} from "../check.js";

/** Random numbers from a seed: the same on every machine. */
export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Whole number in [0, n), all equally likely; n is a whole number from 1 to 2^32. */
  below(n: number): number;
}

/**
 * A generator of random numbers: xoshiro128** with its state filled by SplitMix32's mixing of the seed; normal numbers
 * by the polar method.
 *
 * Source: Blackman and Vigna 2021, doi:10.1145/3460772; polar method: Marsaglia and Bray 1964, SIAM Review 6, 260.
 *
 * @param seed whole number >= 0; those equal modulo 2^32 give the same numbers
 * @throws InputError on a seed that is no whole number >= 0
 */
export function randomFrom(seed: number): Random {
  checkCount(seed, "seed", 0);
  let counter = seed % 4294967296 | 0;
  const mixed = (): number => {
    counter = (counter + 0x9e3779b9) | 0;
    let t = counter ^ (counter >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return t ^ (t >>> 15);
  };
  // Four consecutive outputs of a bijection are never all zero.
  let [a, b, c, d] = [mixed(), mixed(), mixed(), mixed()];
  const next = (): number => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled >>> 0;
  };
  const uniform = (): number => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const square = u * u + v * v;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt(-2 * ln(square) / square);
        spare = v * factor;
        return u * factor;
      }
    }
  };
  const below = (n: number): number => {
    // Numbers beyond the last whole multiple of n are drawn again, so that none is likelier.
    const limit = 4294967296 - 4294967296 % n;
    for (;;) {
      const drawn = next();
      if (drawn < limit) return drawn % n;
    }
  };
  return {uniform, normal, below};
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
