import {hint} from "../closest.js";
import {InputError} from "../errors.js";
import type {MethodRequest, Variant} from "./method.js";

/**
 * The variant that a request asks for; the first one when it names none.
 *
 * @throws InputError unknown-choice, with the nearest id
 */
export function variantOf<V extends Variant>(request: Pick<MethodRequest, "variant">, variants: readonly V[]): V {
  const id = request.variant ?? variants[0].id;
  const found = variants.find((variant) => variant.id === id);
  if (found !== undefined) return found;
  const ids = variants.map((variant) => variant.id);
  throw new InputError({
    code: "unknown-choice", field: "variant", value: id, expected: `one of ${ids.join(", ")}${hint(id, ids)}`
  });
}
