import type {Estimate, Interval} from "./estimate.js";
import type {ReportedEstimate} from "./method.js";

/** An estimate with its interval, as reports print it; an end without bound is null and said so. */
export function reported(name: string, estimate: Estimate, note?: string, unit?: string): ReportedEstimate {
  return withInterval(name, estimate.value, estimate, note, unit);
}

/** A value with an interval from elsewhere. */
export function withInterval(
  name: string, value: number, {lower, upper, level}: Interval, note?: string, unit?: string
): ReportedEstimate {
  const open = [
    ...(Number.isFinite(lower) ? [] : ["no lower bound at this level"]),
    ...(Number.isFinite(upper) ? [] : ["no upper bound at this level"])
  ];
  const notes = [...(note === undefined ? [] : [note]), ...open];
  return {
    name, value,
    lower: Number.isFinite(lower) ? lower : null,
    upper: Number.isFinite(upper) ? upper : null,
    level,
    ...(unit === undefined ? {} : {unit}),
    ...(notes.length === 0 ? {} : {note: notes.join("; ")})
  };
}

/** A value without interval, and why it has none. */
export function alone(name: string, value: number, note: string, unit?: string): ReportedEstimate {
  return {name, value, lower: null, upper: null, level: null, ...(unit === undefined ? {} : {unit}), note};
}

/** Citations in order, each once. */
export function citationsOf(...citations: readonly string[]): string[] {
  return [...new Set(citations)];
}
