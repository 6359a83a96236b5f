import {checkCount} from "../check.js";
import {fQuantile} from "../distributions/f.js";
import {normalQuantile} from "../distributions/normal.js";
import {InputError} from "../errors.js";
import {levelOf, type Estimate, type LevelOptions} from "./estimate.js";

/**
 * Exact confidence interval of a proportion: alpha/2 of the binomial distribution in each tail.
 *
 * It never covers less than its level, and with few observations rather more. By quantiles of the F distribution.
 * Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.
 *
 * @param count observations with the property, 0 to `total`
 * @param total number of observations, >= 1
 * @throws InputError on counts that are not whole numbers, count > total, or a level outside (0, 1)
 */
export function clopperPearson(count: number, total: number, options: LevelOptions = {}): Estimate {
  check(count, total);
  const level = levelOf(options);
  const upperTail = 1 - (1 - level) / 2;
  const rest = total - count;
  const lowerF = count === 0 ? 0 : fQuantile(upperTail, 2 * (rest + 1), 2 * count);
  const upperF = rest === 0 ? 0 : fQuantile(upperTail, 2 * (count + 1), 2 * rest);
  return {
    value: count / total,
    lower: count === 0 ? 0 : count / (count + (rest + 1) * lowerF),
    upper: rest === 0 ? 1 : (count + 1) * upperF / (rest + (count + 1) * upperF),
    level
  };
}

/**
 * Score interval of a proportion: the proportions that a score test does not reject (approximate; its coverage
 * oscillates about the level and is close to it on average).
 *
 * Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
 *
 * @param count observations with the property, 0 to `total`
 * @param total number of observations, >= 1
 * @throws InputError as {@link clopperPearson}
 */
export function wilson(count: number, total: number, options: LevelOptions = {}): Estimate {
  check(count, total);
  const level = levelOf(options);
  const z = -normalQuantile((1 - level) / 2);
  const rest = total - count;
  const scale = total + z * z;
  const centre = (count + 0.5 * z * z) / scale;
  const half = z * Math.sqrt(count * rest / total + 0.25 * z * z) / scale;
  return {
    value: count / total,
    lower: count === 0 ? 0 : centre - half,
    upper: rest === 0 ? 1 : centre + half,
    level
  };
}

function check(count: number, total: number): void {
  checkCount(total, "total", 1);
  checkCount(count, "count", 0);
  if (count > total) {
    throw new InputError({
      code: "count-out-of-range", field: "count", value: count, expected: `at most ${total}, the total`
    });
  }
}
