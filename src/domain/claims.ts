import {InputError} from "./errors.js";
import {unitNames} from "./units.js";

/** A number that a study's text states, to be computed again. */
export interface Claim {
  /** Unique in its study; lower-case letters, digits, dots and hyphens. */
  id: string;
  /** The published number; null when it cannot be recomputed. */
  value: number | null;
  unit: string;
  /** Largest absolute difference that still agrees, >= 0. */
  tolerance: number;
  /** Where the number is published. */
  source: string;
  /** The sentence or table entry it stands in. */
  statement?: string;
  /** Paths of the data files it is computed from; without them, all of the study's. */
  inputs?: string[];
  /** Why it cannot be recomputed; given exactly when value is null. */
  unavailable?: string;
}

/**
 * "unavailable" is said of a number that the study itself declares beyond recomputing, and of one that is computed from
 * a file which its reader has to give and has not given; of no other.
 */
export type Verdict = "pass" | "fail" | "unavailable";

/** Outcome of a check. */
export interface ClaimCheck {
  verdict: Verdict;
  /** Recomputed minus published; null when one of them is missing. */
  difference: number | null;
  /** The recomputed number; null when there is none. */
  computed: number | null;
  /** Why the verdict is not "pass". */
  reason?: string;
  /** The file that the reader has to give; without it the verdict is "unavailable". */
  waitsFor?: string;
}

/**
 * A claim against its recomputed number.
 *
 * Passes when the absolute difference is at most the tolerance. A number that is missing or not finite fails, unless
 * the claim itself says that it cannot be recomputed.
 *
 * @param absent files that a reader has to give and has not given: a claim whose inputs name one is unavailable
 */
export function checkClaim(
  claim: Claim, recomputed: number | null | undefined, absent: readonly string[] = []
): ClaimCheck {
  const waitsFor = claim.value === null ? undefined : claim.inputs?.find((path) => absent.includes(path));
  if (waitsFor !== undefined) {
    return {verdict: "unavailable", difference: null, computed: null, reason: `waits for ${waitsFor}`, waitsFor};
  }
  const number = typeof recomputed === "number" && Number.isFinite(recomputed) ? recomputed : null;
  if (claim.value === null) {
    return {verdict: "unavailable", difference: null, computed: number, reason: claim.unavailable};
  }
  if (number === null) {
    const reason = recomputed === null || recomputed === undefined ? "not recomputed" : `recomputed as ${recomputed}`;
    return {verdict: "fail", difference: null, computed: null, reason};
  }
  const difference = number - claim.value;
  // The difference of two decimals carries their rounding: a tolerance met to the last bit is met.
  const rounding = 2 * Number.EPSILON * Math.max(Math.abs(number), Math.abs(claim.value));
  if (Math.abs(difference) <= claim.tolerance + rounding) return {verdict: "pass", difference, computed: number};
  const reason = `differs by ${difference.toPrecision(3)}, more than ${claim.tolerance}`;
  return {verdict: "fail", difference, computed: number, reason};
}

/**
 * The claims of a parsed claims.json: {"claims": [...]}.
 *
 * @param json the parsed document, or its text
 * @param file its name, for messages
 * @throws InputError that names the file and the field: no JSON, a field that is missing or of the wrong type, an
 *   unknown field, an id that stands twice, a value of null without a reason
 */
export function readClaims(json: unknown, file: string): Claim[] {
  let document = json;
  if (typeof json === "string") {
    try {
      document = JSON.parse(json);
    } catch (error) {
      throw new InputError({
        code: "not-json", file, field: "document", value: (error as Error).message, expected: "JSON"
      });
    }
  }
  const fault = (code: string, field: string, value: unknown, expected: string) =>
    new InputError({code, file, field, value, expected});
  if (!isRecord(document)) throw fault("wrong-type", "document", document, "an object with a list of claims");
  if (!Array.isArray(document.claims)) throw fault("wrong-type", "claims", document.claims, "a list of claims");
  const seen = new Set<string>();
  return document.claims.map((item: unknown, i): Claim => {
    const at = `claims[${i}]`;
    if (!isRecord(item)) throw fault("wrong-type", at, item, "an object");
    const text = (key: string): string => {
      const value = item[key];
      if (typeof value !== "string" || value.trim() === "") throw fault("wrong-type", `${at}.${key}`, value, "a text");
      return value;
    };
    for (const key of Object.keys(item)) {
      if (!FIELDS.includes(key)) throw fault("unknown-field", `${at}.${key}`, item[key], `one of ${FIELDS.join(", ")}`);
    }
    const id = text("id");
    if (!/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(id)) {
      throw fault("bad-id", `${at}.id`, id, "lower-case letters and digits, joined by dots or hyphens");
    }
    if (seen.has(id)) throw fault("duplicate-id", `${at}.id`, id, "an id that stands once");
    seen.add(id);
    const {value, tolerance, inputs} = item;
    if (value !== null && (typeof value !== "number" || !Number.isFinite(value))) {
      throw fault("wrong-type", `${at}.value`, value, "a finite number, or null with a reason in unavailable");
    }
    if (typeof tolerance !== "number" || !Number.isFinite(tolerance) || tolerance < 0) {
      throw fault("wrong-type", `${at}.tolerance`, tolerance, "a finite number >= 0");
    }
    if (inputs !== undefined && !isListOfTexts(inputs)) {
      throw fault("wrong-type", `${at}.inputs`, inputs, "a list of paths");
    }
    const unit = text("unit");
    if (!unitNames.some((name) => name === unit)) throw fault("unknown-unit", `${at}.unit`, unit, `one of ${unitNames.join(", ")}`);
    const claim: Claim = {id, value, unit, tolerance, source: text("source")};
    if (inputs !== undefined) claim.inputs = [...inputs];
    if (item.statement !== undefined) claim.statement = text("statement");
    if (value === null) claim.unavailable = text("unavailable");
    else if (item.unavailable !== undefined) {
      throw fault("contradiction", `${at}.unavailable`, item.unavailable, "none, since a value is given");
    }
    return claim;
  });
}

const FIELDS = ["id", "value", "unit", "tolerance", "source", "statement", "inputs", "unavailable"];

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
