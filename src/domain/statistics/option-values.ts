import {hint} from "../closest.js";
import {InputError} from "../errors.js";
import {parseNumber} from "../parse-number.js";
import type {OptionNeed} from "./method.js";

/** Options of a method or a planner as they were given, by id. */
export type OptionValues = Readonly<Record<string, number | string>>;

/** Reads options with their defaults. */
export interface OptionReader {
  /** A number, or null when the option was not given and has no default. @throws InputError not-a-number */
  number(id: string): number | null;
  /** A number that has to be there. @throws InputError missing-option or not-a-number */
  needed(id: string): number;
  /** A text or a choice, or null when the option was not given and has no default. */
  text(id: string): string | null;
}

/**
 * A reader of options by their declarations.
 *
 * @param needs the options that the method or planner declares
 * @param given values by id; numbers may come as text
 * @throws InputError unknown-option (with the nearest id), or unknown-choice
 */
export function optionReader(needs: readonly OptionNeed[], given: OptionValues = {}): OptionReader {
  const ids = needs.map(({id}) => id);
  for (const id of Object.keys(given)) {
    if (ids.includes(id)) continue;
    throw new InputError({
      code: "unknown-option", field: "option", value: id,
      expected: ids.length === 0 ? "no option" : `one of ${ids.join(", ")}${hint(id, ids)}`
    });
  }
  for (const {id, kind, choices} of needs) {
    const value = given[id];
    if (kind !== "choice" || value === undefined || choices!.includes(String(value))) continue;
    throw new InputError({code: "unknown-choice", field: id, value, expected: `one of ${choices!.join(", ")}`});
  }
  const find = (id: string) => given[id] ?? needs.find((need) => need.id === id)?.default ?? null;
  const number = (id: string): number | null => {
    const value = find(id);
    if (value === null) return null;
    const parsed = typeof value === "number" ? value : parseNumber(value.trim());
    if (parsed !== null && Number.isFinite(parsed)) return parsed;
    throw new InputError({code: "not-a-number", field: id, value, expected: "a finite number"});
  };
  return {
    number,
    needed(id) {
      const value = number(id);
      if (value !== null) return value;
      const description = needs.find((need) => need.id === id)?.description ?? "";
      throw new InputError({code: "missing-option", field: id, value: "none", expected: `a number: ${description}`});
    },
    text(id) {
      const value = find(id);
      return value === null ? null : String(value);
    }
  };
}
