import {InputError} from "./errors.js";

/** Any indexed run of numbers: arrays and typed arrays alike. */
export type Numbers = ArrayLike<number>;

/** Rejects a value that is not a finite number. */
export function checkFinite(value: number, field: string): void {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new InputError({code: "not-finite", field, value, expected: "a finite number"});
  }
}

/** Rejects a value that is not a finite number above zero. */
export function checkPositive(value: number, field: string): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new InputError({code: "not-positive", field, value, expected: "a finite number > 0"});
  }
}

/** Rejects a value that is not a whole number of at least `minimum`. */
export function checkCount(value: number, field: string, minimum: number): void {
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new InputError({code: "not-a-count", field, value, expected: `a whole number >= ${minimum}`});
  }
}

/** Rejects a level (of confidence, of coverage) outside the open interval (0, 1). */
export function checkLevel(value: number, field: string): void {
  if (typeof value !== "number" || !(value > 0 && value < 1)) {
    throw new InputError({code: "level-out-of-range", field, value, expected: "a number inside (0, 1)"});
  }
}

/** Rejects a probability outside the closed interval [0, 1]. */
export function checkProbability(value: number, field: string): void {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw new InputError({code: "probability-out-of-range", field, value, expected: "a number in [0, 1]"});
  }
}

/** Rejects a vector with fewer than `minimum` values or with one that is not finite, which it names by its index. */
export function checkVector(values: Numbers, field: string, minimum: number): void {
  if (values === null || typeof values !== "object" || !Number.isSafeInteger(values.length)) {
    throw new InputError({code: "not-a-vector", field, value: values, expected: "an array of numbers"});
  }
  if (values.length < minimum) {
    throw new InputError({
      code: "too-few-values", field: `length of ${field}`, value: values.length, expected: `at least ${minimum} values`
    });
  }
  for (let i = 0; i < values.length; i++) checkFinite(values[i], `${field}[${i}]`);
}

/** Rejects two vectors of unequal lengths. */
export function checkSameLength(a: Numbers, b: Numbers, nameA: string, nameB: string): void {
  if (a.length !== b.length) {
    throw new InputError({
      code: "unequal-lengths", field: `length of ${nameB}`, value: b.length,
      expected: `${a.length}, the length of ${nameA}`
    });
  }
}

/** Rejects a vector whose values are all the same. */
export function checkVaries(values: Numbers, field: string): void {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return;
  throw new InputError({code: "constant", field, value: values[0], expected: "values that are not all the same"});
}

/** Rejects a choice that is none of those allowed. */
export function checkOneOf<T extends string>(value: T, field: string, allowed: readonly T[]): void {
  if (!allowed.includes(value)) {
    throw new InputError({code: "unknown-choice", field, value, expected: `one of ${allowed.join(", ")}`});
  }
}
