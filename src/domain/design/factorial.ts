import {checkCount} from "../check.js";
import {InputError} from "../errors.js";

/** Coded runs of a design: one row a run, one column a factor. */
export type CodedRuns = number[][];

/**
 * Full factorial design at two or more levels, coded from -1 to 1 in equal steps; the first factor changes fastest
 * (Yates's order).
 *
 * Source: Box, Hunter and Hunter 2005, Statistics for Experimenters, chapter 5.
 *
 * @param levels number of levels of each factor, each >= 2
 * @throws InputError on no factor, a number of levels that is no whole number >= 2, or more than 100,000 runs
 */
export function fullFactorial(levels: readonly number[]): CodedRuns {
  if (levels.length === 0) {
    throw new InputError({code: "too-few-factors", field: "factors", value: 0, expected: "at least 1 factor"});
  }
  levels.forEach((count, i) => checkCount(count, `levels of factor ${i + 1}`, 2));
  const total = levels.reduce((product, count) => product * count, 1);
  if (total > 100000) {
    throw new InputError({code: "too-many-runs", field: "runs", value: total, expected: "at most 100000"});
  }
  return Array.from({length: total}, (_, run) => {
    let rest = run;
    return levels.map((count) => {
      const level = rest % count;
      rest = Math.floor(rest / count);
      return -1 + 2 * level / (count - 1);
    });
  });
}

/** A two-level fractional factorial design with what it confounds. */
export interface FractionalFactorial {
  runs: CodedRuns;
  /** Words that equal the identity, as "ABD" or, with a minus sign, "-ABD"; shorter ones first. */
  definingRelation: string[];
  /** Length of the shortest word, Infinity without one; at III main effects are confounded with interactions of two. */
  resolution: number;
  /** Main effects and two-factor interactions that cannot be told apart: groups of two and more. */
  aliases: string[][];
}

/**
 * Two-level fractional factorial design 2^(k - p) from its generators.
 *
 * Base factors A, B, ... run through a full factorial; each generator as "D=ABC" or "E=-AB" sets a further factor to
 * the product of base factors. Letters skip no place: with 5 factors and one generator the base factors are A to D.
 * Source: Box, Hunter and Hunter 2005, Statistics for Experimenters, chapter 6.
 *
 * @param factors number of factors k, 2 to 26
 * @param generators one for each of the last p factors
 * @throws InputError on a generator that cannot be read, defines a base factor or another one twice, uses others than
 *   base factors, or makes two main effects one
 */
export function fractionalFactorial(factors: number, generators: readonly string[]): FractionalFactorial {
  checkCount(factors, "factors", 2);
  if (factors > 26) {
    throw new InputError({code: "too-many-factors", field: "factors", value: factors, expected: "at most 26"});
  }
  const base = factors - generators.length;
  if (base < 1 || (generators.length > 0 && base < 2)) {
    throw new InputError({
      code: "too-many-generators", field: "generators", value: generators.length,
      expected: `at most ${Math.max(0, factors - 2)} for ${factors} factors`
    });
  }
  const parsed = generators.map((text) => parseGenerator(text, factors, base));
  parsed.forEach(({factor}, i) => {
    if (parsed.findIndex((one) => one.factor === factor) === i) return;
    throw new InputError({
      code: "duplicate-generator", field: "generators", value: generators[i], expected: "each further factor once"
    });
  });
  const runs = fullFactorial(new Array<number>(base).fill(2)).map((row) => {
    const whole = [...row, ...new Array<number>(generators.length).fill(0)];
    for (const {factor, sign, word} of parsed) {
      whole[factor] = row.reduce((product, level, i) => (word >> i) & 1 ? product * level : product, sign);
    }
    return whole;
  });
  // Every product of generating words equals the identity too.
  const words: {word: number; sign: number}[] = [];
  for (let pick = 1; pick < 1 << generators.length; pick++) {
    let word = 0;
    let sign = 1;
    parsed.forEach((one, i) => {
      if (!((pick >> i) & 1)) return;
      word ^= one.word ^ (1 << one.factor);
      sign *= one.sign;
    });
    words.push({word, sign});
  }
  words.sort((a, b) => bits(a.word) - bits(b.word) || a.word - b.word);
  if (words.length > 0 && bits(words[0].word) < 3) {
    throw new InputError({
      code: "bad-generator", field: "generators", value: generators.join(", "),
      expected: `generators that confound no two main effects: here I = ${letters(words[0].word)}`
    });
  }
  return {
    runs,
    definingRelation: words.map(({word, sign}) => `${sign < 0 ? "-" : ""}${letters(word)}`),
    resolution: words.length === 0 ? Infinity : bits(words[0].word),
    aliases: aliasesOf(factors, words)
  };
}

function parseGenerator(text: string, factors: number, base: number) {
  const match = /^\s*([A-Z])\s*=\s*([+-]?)\s*([A-Z]+)\s*$/i.exec(text);
  const fault = (expected: string) =>
    new InputError({code: "bad-generator", field: "generators", value: text, expected});
  if (match === null) throw fault('a generator as "D=ABC"');
  const place = (letter: string) => letter.toUpperCase().charCodeAt(0) - 65;
  const factor = place(match[1]);
  if (factor < base || factor >= factors) {
    throw fault(`one of ${letters(((1 << factors) - 1) & ~((1 << base) - 1))} on the left`);
  }
  let word = 0;
  for (const letter of match[3]) {
    if (place(letter) >= base || (word >> place(letter)) & 1) {
      throw fault(`base factors ${letters((1 << base) - 1)} on the right, each once`);
    }
    word |= 1 << place(letter);
  }
  return {factor, sign: match[2] === "-" ? -1 : 1, word};
}

/** Main effects and two-factor interactions that differ by a word of the defining relation. */
function aliasesOf(factors: number, words: readonly {word: number; sign: number}[]): string[][] {
  const effects: number[] = [];
  for (let i = 0; i < factors; i++) effects.push(1 << i);
  for (let i = 0; i < factors; i++) for (let j = i + 1; j < factors; j++) effects.push((1 << i) | (1 << j));
  const seen = new Set<number>();
  const groups: string[][] = [];
  for (const effect of effects) {
    if (seen.has(effect)) continue;
    const group = [letters(effect)];
    for (const {word, sign} of words) {
      const other = effect ^ word;
      if (!effects.includes(other)) continue;
      seen.add(other);
      group.push(`${sign < 0 ? "-" : ""}${letters(other)}`);
    }
    if (group.length > 1) groups.push(group);
  }
  return groups;
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** A for the first factor, B for the second, and so on. */
function letters(word: number): string {
  let text = "";
  for (let i = 0; i < 26; i++) if ((word >> i) & 1) text += String.fromCharCode(65 + i);
  return text;
}
