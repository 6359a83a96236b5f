import {InputError} from "./errors.js";

/** Units that measurements here come in. "1" is a fraction or count, "arbitrary" a signal without absolute scale. */
export type Unit =
  | "mm2/s" | "um2/ms" | "s/mm2" | "ms/um2" | "s" | "ms" | "1/s" | "mm" | "%" | "1" | "L/min" | "mmHg" | "arbitrary";

interface UnitFacts {
  /** Units convert into one another when they share this quantity. */
  quantity: string;
  /** Value of one such unit in the quantity's first unit. */
  factor: number;
}

const UNITS: Record<Unit, UnitFacts> = {
  "mm2/s": {quantity: "diffusivity", factor: 1},
  "um2/ms": {quantity: "diffusivity", factor: 1e-3},
  "s/mm2": {quantity: "b-value", factor: 1},
  "ms/um2": {quantity: "b-value", factor: 1e3},
  "s": {quantity: "time", factor: 1},
  "ms": {quantity: "time", factor: 1e-3},
  "1/s": {quantity: "rate", factor: 1},
  "mm": {quantity: "length", factor: 1},
  "1": {quantity: "ratio", factor: 1},
  "%": {quantity: "ratio", factor: 0.01},
  "L/min": {quantity: "flow", factor: 1},
  "mmHg": {quantity: "pressure", factor: 1},
  "arbitrary": {quantity: "signal", factor: 1}
};

/** All units, in a fixed order. */
export const unitNames = Object.keys(UNITS) as Unit[];

/**
 * A text read as a unit.
 *
 * @throws InputError on a text that names none; nothing is guessed from similar spellings
 */
export function parseUnit(text: unknown, field = "unit"): Unit {
  if (typeof text === "string" && Object.hasOwn(UNITS, text)) return text as Unit;
  throw new InputError({code: "unknown-unit", field, value: text, expected: `one of ${unitNames.join(", ")}`});
}

/**
 * A value converted between units of one quantity.
 *
 * @throws InputError when the units measure different things
 */
export function convert(value: number, from: Unit, to: Unit): number {
  const a = UNITS[parseUnit(from, "from")];
  const b = UNITS[parseUnit(to, "to")];
  if (a.quantity !== b.quantity) {
    throw new InputError({code: "incompatible-units", field: "to", value: to, expected: `a unit of ${a.quantity}`});
  }
  if (a.factor === b.factor) return value;
  // Division by a round factor is exact where multiplication by its inverse is not: 0.05 to 5 %, not 5.000000000000001.
  return b.factor < a.factor ? value * Math.round(a.factor / b.factor) : value / Math.round(b.factor / a.factor);
}

/** A size in bytes as readers know it, in powers of 1000: "999 B", "2.68 MB". */
export function formatBytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const [power, unit] = size < 1e6 ? [1e3, "kB"] : size < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${Number((size / power).toPrecision(3))} ${unit}`;
}
