import {InputError} from "../domain/errors.js";
import {
  columnFromArray,
  float64,
  int32,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  utf8
} from "../generated/vendor/flechette.js";

export type NumberArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** A column: a typed array as it is, or a list of text or of numbers in which null is a missing value. */
export type ColumnData = NumberArray | readonly (string | null)[] | readonly (number | null)[];

export type ArrowType = "utf8" | "float64" | "int32";

/**
 * Columns of equal length as an Arrow IPC stream, in one batch. Typed arrays keep their type, text becomes UTF-8 and
 * lists of numbers become float64.
 * @param types for lists; a list of nothing but nulls needs it
 * @throws InputError column-length or column-type
 */
export function toArrowIpc(columns: Record<string, ColumnData>, types: Record<string, ArrowType> = {}): Uint8Array {
  const names = Object.keys(columns);
  if (names.length === 0) {
    throw new InputError({code: "no-columns", field: "columns", value: "", expected: "at least one column"});
  }
  const length = columns[names[0]].length;
  const entries = names.map((name): [string, ReturnType<typeof columnFromArray>] => {
    const data = columns[name];
    if (data.length !== length) {
      throw new InputError({
        code: "column-length",
        field: name,
        value: `${data.length} values`,
        expected: `${length} values, as in ${names[0]}`
      });
    }
    return [name, arrowColumn(name, data, types[name])];
  });
  const bytes = tableToIPC(tableFromColumns(entries), {format: "stream"});
  if (bytes === null) throw new Error("the Arrow encoder returned nothing");
  return bytes;
}

function arrowColumn(name: string, data: ColumnData, asked: ArrowType | undefined) {
  if (ArrayBuffer.isView(data)) return columnFromArray(data);
  const list: readonly (string | number | null)[] = data;
  const type = asked ?? (list.some((value) => typeof value === "string") ? "utf8" : "float64");
  if (asked === undefined && list.length > 0 && list.every((value) => value === null)) {
    throw new InputError({code: "column-type", field: name, value: "only nulls", expected: "a stated type"});
  }
  const kind = type === "utf8" ? "string" : "number";
  const bad = list.findIndex((value) => value !== null && typeof value !== kind);
  if (bad !== -1) {
    throw new InputError({
      code: "column-type",
      field: `${name}[${bad}]`,
      value: list[bad],
      expected: `a ${kind} or null`
    });
  }
  const arrow = {utf8, float64, int32}[type]();
  return columnFromArray(list as (string | number | null)[], arrow);
}

/**
 * An Arrow IPC stream as columns of plain values. 64-bit integers and whole decimals become numbers where a number
 * holds them exactly and stay BigInt otherwise; other decimals become the nearest number; missing values are null.
 */
export function fromArrowIpc(bytes: Uint8Array): {columns: string[]; length: number; values: unknown[][]} {
  const table = tableFromIPC(bytes, {useBigInt: true, useDecimalInt: true, useDate: true});
  const columns = table.schema.fields.map(({name}) => name);
  const values = table.schema.fields.map(({type}, index) => {
    const scale = "scale" in type ? type.scale : 0;
    return Array.from(table.getChildAt(index), (value) => plain(value, scale));
  });
  return {columns, length: table.numRows, values};
}

function plain(value: unknown, scale: number): unknown {
  if (value === undefined) return null;
  if (scale > 0 && (typeof value === "bigint" || typeof value === "number")) return Number(`${value}e-${scale}`);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as Iterable<unknown>, (item) => plain(item, 0));
  return value;
}
