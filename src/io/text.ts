import {InputError} from "../domain/errors.js";

/** Bytes as UTF-8 text, without a byte order mark. @throws InputError encoding */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(bytes);
  } catch {
    throw new InputError({code: "encoding", file, field: "text", value: "bytes that are not UTF-8", expected: "UTF-8"});
  }
}

/**
 * A JSON object. Text that is not JSON, or holds something else than an object, is refused.
 * @throws InputError json
 */
export function parseJsonObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError({code: "json", file, field: "text", value: reason, expected: "JSON"});
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
    throw new InputError({code: "json", file, field: "text", value: found, expected: "a JSON object"});
  }
  return value as Record<string, unknown>;
}
