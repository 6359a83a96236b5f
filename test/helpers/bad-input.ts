import assert from "node:assert/strict";
import {InputError} from "../../src/domain/errors.js";

/** Asserts that a call throws an InputError of this code at this field. */
export function assertRejects(call: () => unknown, code: string, field: string | RegExp): InputError {
  let fault: unknown;
  try {
    call();
  } catch (error) {
    fault = error;
  }
  assert.ok(fault instanceof InputError, `expected an InputError, got ${String(fault)}`);
  assert.equal(fault.code, code, fault.message);
  if (typeof field === "string") assert.equal(fault.field, field);
  else assert.match(fault.field, field);
  return fault;
}
