import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import {rowNumber} from "../domain/row-number.js";
import type {Tsv} from "./tsv.js";

/** What has to be known of a model to read its samples; the core's description of a model has it all. */
export interface SampleNeeds {
  id: string;
  protocol: readonly {name: string; unit: string; required: boolean}[];
  parameters: readonly {name: string; held: number | null}[];
}

/** Ids with one protocol, to be fitted in one call. */
export interface SampleGroup {
  ids: string[];
  protocol: Record<string, number[]>;
  /** Sample-major, `samples[s * ids.length + i]`; NaN where the table has none. */
  samples: Float64Array;
  /** Values of parameters that the model holds, one an id. */
  maps: Record<string, Float64Array>;
}

/** A long table of samples, taken apart. */
export interface SampleTable {
  /** Every id, in the order of first appearance. */
  ids: string[];
  groups: SampleGroup[];
  /** Columns that say nothing to the model. */
  unused: string[];
}

/** The column of a protocol that tells real parts (0) from imaginary ones (1). */
const imaginary = "imaginary";

/**
 * Reads a long table of samples, one sample a row: `id`, the protocol's columns, `signal`, for complex models also
 * `signal_imaginary`, and a column for any parameter that the model holds (one value an id).
 *
 * A signal that is missing, NaN or infinite is kept as such: the fit then fails for its id and says so. Anything else
 * that is missing or no number is refused.
 *
 * @throws InputError missing-column, missing-value, not-a-number, mixed-values or empty-table, naming file, row and
 *   column
 */
export function readSampleTable(table: Tsv, model: SampleNeeds): SampleTable {
  const {file, columns, rows} = table;
  const fail = (code: string, field: string, value: unknown, expected: string): never => {
    throw new InputError({code, file, field, value, expected});
  };
  const complex = model.protocol.some(({name}) => name === imaginary);
  const stacked = columns.includes(imaginary);
  const paired = columns.includes("signal_imaginary");
  if (paired && (!complex || stacked)) {
    const expected = complex
      ? `either this column or ${imaginary}, not both`
      : `no such column: ${model.id} is fitted to one real signal a sample`;
    fail("unexpected-column", "columns", "signal_imaginary", expected);
  }
  const needed = model.protocol.filter(({name, required}) => required && !(name === imaginary && paired));
  const lacking = ["id", ...needed.map(({name}) => name), "signal"].filter((name) => !columns.includes(name));
  if (lacking.length > 0) {
    const names = lacking.map((name) => {
      const unit = needed.find((column) => column.name === name)?.unit ?? "";
      return name === imaginary ? "signal_imaginary" : unit === "" ? name : `${name} (${unit})`;
    });
    fail("missing-column", "columns", columns, `${names.join(", ")} too, as ${model.id} needs ${needs(names)}`);
  }
  if (rows.length === 0) fail("empty-table", "rows", 0, "at least one sample");

  const present = model.protocol.map(({name}) => name).filter((name) => columns.includes(name));
  const held = model.parameters.filter(({name, held}) => held !== null && columns.includes(name)).map(({name}) => name);
  const used = new Set(["id", "signal", "signal_imaginary", ...present, ...held]);

  interface Entry {
    protocol: Record<string, number[]>;
    samples: number[];
    maps: Record<string, number>;
  }
  const entries = new Map<string, Entry>();
  for (let row = 0; row < rows.length; row++) {
    const id = table.text(row, "id");
    let entry = entries.get(id);
    if (entry === undefined) {
      entry = {protocol: Object.fromEntries(present.map((name) => [name, []])), samples: [], maps: {}};
      if (paired) entry.protocol[imaginary] = [];
      for (const name of held) entry.maps[name] = table.requiredNumber(row, name);
      entries.set(id, entry);
    }
    for (const name of held) {
      const value = table.requiredNumber(row, name);
      if (value === entry.maps[name]) continue;
      const expected = `${entry.maps[name]}, as in the other rows of ${id}`;
      fail("mixed-values", `row ${rowNumber(row)}, column ${name}`, value, expected);
    }
    for (const name of present) entry.protocol[name].push(table.requiredNumber(row, name));
    entry.samples.push(signalAt(table, row, "signal"));
    if (paired) entry.protocol[imaginary].push(0);
  }
  if (paired) {
    // Imaginary parts stand behind the real ones, with the same settings.
    for (const {protocol} of entries.values()) {
      for (const name of present) protocol[name].push(...protocol[name]);
      protocol[imaginary].push(...protocol[imaginary].map(() => 1));
    }
    for (let row = 0; row < rows.length; row++) {
      entries.get(table.text(row, "id"))!.samples.push(signalAt(table, row, "signal_imaginary"));
    }
  }

  const grouped = new Map<string, [string, Entry][]>();
  for (const [id, entry] of entries) {
    const key = JSON.stringify(Object.values(entry.protocol));
    const group = grouped.get(key);
    if (group === undefined) grouped.set(key, [[id, entry]]);
    else group.push([id, entry]);
  }
  const groups = [...grouped.values()].map((members): SampleGroup => {
    const [[, {protocol, samples: first}]] = members;
    const samples = new Float64Array(first.length * members.length);
    members.forEach(([, entry], i) => entry.samples.forEach((value, s) => (samples[s * members.length + i] = value)));
    const maps = held.map((name) => [name, Float64Array.from(members, ([, entry]) => entry.maps[name])]);
    return {ids: members.map(([id]) => id), protocol, samples, maps: Object.fromEntries(maps)};
  });
  return {ids: [...entries.keys()], groups, unused: columns.filter((name) => !used.has(name))};
}

/** A signal: a number, or NaN and infinities as programs write them; a missing one is NaN. */
function signalAt(table: Tsv, row: number, column: string): number {
  const cell = table.rows[row][column]?.trim() ?? null;
  if (cell === null || /^[+-]?nan$/i.test(cell)) return NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(cell);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  const value = parseNumber(cell);
  if (value !== null) return value;
  const field = `row ${rowNumber(row)}, column ${column}`;
  throw new InputError({code: "not-a-number", file: table.file, field, value: cell, expected: "a number"});
}

function needs(names: readonly string[]): string {
  return names.length === 1 ? "it" : "them";
}
