import assert from "node:assert/strict";
import {InputError, type Fault} from "../../src/domain/errors.js";

/** The InputError that a call throws, or that its promise rejects with; its parts are compared with what is given. */
export async function faultOf(
  run: () => unknown,
  parts: Partial<Omit<Fault, "field" | "expected">> & {field?: string | RegExp; expected?: string | RegExp}
): Promise<InputError> {
  let thrown: unknown;
  try {
    await run();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof InputError, `expected an InputError, got ${thrown}`);
  for (const [name, expected] of Object.entries(parts)) {
    const found: unknown = thrown[name as keyof Fault];
    if (expected instanceof RegExp) assert.match(String(found), expected);
    else assert.deepEqual(found, expected, thrown.message);
  }
  return thrown;
}
