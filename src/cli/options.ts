import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import type {Arguments, Option} from "./command.js";

type Values = Arguments["values"];
type Lists = Arguments["lists"];

/** The value of an option that is given once; undefined where it was not. */
export function readText(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** One of some words. @throws InputError bad-option */
export function readChoice<T extends string>(values: Values, name: string, choices: readonly T[]): T | undefined {
  const text = readText(values, name);
  if (text === undefined || choices.includes(text as T)) return text as T | undefined;
  throw badOption(name, text, `one of ${choices.join(", ")}`);
}

/** A number above 0. @throws InputError bad-option */
export function readPositive(values: Values, name: string, unit = ""): number | undefined {
  const text = readText(values, name);
  if (text === undefined) return undefined;
  const value = parseNumber(text);
  if (value !== null && value > 0) return value;
  throw badOption(name, text, `a number above 0${unit === "" ? "" : ` (${unit})`}`);
}

/** An integer in a range. @throws InputError bad-option */
export function readInteger(values: Values, name: string, low: number, high: number): number | undefined {
  const text = readText(values, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= low && value <= high) return value;
  throw badOption(name, text, `an integer from ${low} to ${high}`);
}

/** `NAME=VALUE` of a repeated option, each name once. @throws InputError bad-option */
export function readPairs<T>(
  lists: Lists,
  name: string,
  form: string,
  parse: (text: string) => T | null
): Record<string, T> {
  const found: Record<string, T> = {};
  for (const text of lists[name] ?? []) {
    const [, key, rest] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    const value = key === undefined ? null : parse(rest);
    if (value === null) throw badOption(name, text, form);
    if (Object.hasOwn(found, key)) throw badOption(name, text, `each name once; ${key} was given before`);
    found[key] = value;
  }
  return found;
}

/** The option that every command with a pool has. */
export const workersOption: Option = {
  type: "string",
  placeholder: "N",
  description: "number of workers (the results do not depend on it)"
};

/** How many workers are asked for; undefined: as many as there are cores. @throws InputError bad-option */
export function readWorkers(values: Values): number | undefined {
  return readInteger(values, "workers", 1, 64);
}

/** A size in bytes: a number, or one with k, M, G or T (powers of 1000) behind it. @throws InputError bad-option */
export function readBytes(values: Values, name: string): number | undefined {
  const text = readText(values, name);
  if (text === undefined) return undefined;
  const [, digits, prefix] = /^(\d+(?:\.\d+)?)([kMGT]?)B?$/.exec(text) ?? [];
  const size = Math.floor(Number(digits) * 1000 ** ["", "k", "M", "G", "T"].indexOf(prefix));
  if (size > 0) return size;
  throw badOption(name, text, "a size in bytes above 0, such as 500M or 2G");
}

export function badOption(name: string, value: string, expected: string): InputError {
  return new InputError({code: "bad-option", field: `--${name}`, value, expected});
}
