import {hint} from "./closest.js";
import {InputError} from "./errors.js";

/** The entry of a list with this id. @throws InputError unknown-method, with the nearest id */
export function byId<T extends {id: string}>(list: readonly T[], id: string): T {
  const found = list.find((one) => one.id === id);
  if (found !== undefined) return found;
  const ids = list.map((one) => one.id);
  throw new InputError({
    code: "unknown-method", field: "method", value: id, expected: `one of ${ids.join(", ")}${hint(id, ids)}`
  });
}
