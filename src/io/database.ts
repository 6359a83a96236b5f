import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import {fromArrowIpc, toArrowIpc, type ArrowType, type ColumnData} from "./arrow.js";

/** What a database needs of DuckDB; `duckdb.browser.ts` and `duckdb.node.ts` give it. */
export interface DuckDBBackend {
  /** Runs one statement and returns its result as an Arrow IPC stream. */
  query(sql: string, params: readonly Parameter[]): Promise<Uint8Array>;
  /** Creates a table from an Arrow IPC stream. */
  insertIpc(table: string, stream: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export type Parameter = string | number | boolean | null;
export type SqlType = "VARCHAR" | "DOUBLE" | "INTEGER";

interface ColumnSchema {
  name: string;
  type: SqlType;
  /** Has to be given for each row, and is never null. */
  required: boolean;
}

const key = (name: string, type: SqlType = "VARCHAR"): ColumnSchema => ({name, type, required: true});
const optional = (name: string, type: SqlType = "VARCHAR"): ColumnSchema => ({name, type, required: false});

/**
 * The tables and their columns. A data set's own columns come with `addColumns`: of participants (age, sex), of scans
 * (acq_time) and of voxels (one DOUBLE for each parameter of a model).
 * - scans: `volumes` counts; `echo_time` in s
 * - measurements: long form, one statistic of one parameter in one region a row; `unit` is that of `value`; `n` voxels
 * - voxels: `voxel` is the index in the image, first axis fastest, and x, y, z are its indices, all from 0
 */
const tables = {
  participants: [key("subject")],
  scans: [
    key("subject"),
    optional("session"),
    key("path"),
    optional("datatype"),
    optional("suffix"),
    optional("volumes", "INTEGER"),
    optional("echo_time", "DOUBLE"),
    optional("sha256")
  ],
  measurements: [
    key("subject"),
    optional("session"),
    optional("region"),
    key("model"),
    key("parameter"),
    key("unit"),
    key("statistic"),
    optional("value", "DOUBLE"),
    optional("n", "INTEGER")
  ],
  voxels: [
    key("subject"),
    optional("session"),
    optional("region"),
    key("voxel", "INTEGER"),
    key("x", "INTEGER"),
    key("y", "INTEGER"),
    key("z", "INTEGER"),
    optional("status")
  ]
} satisfies Record<string, ColumnSchema[]>;

export type TableName = keyof typeof tables;
/** Tables that take the columns of a data set or of a model. */
const extensible: TableName[] = ["participants", "scans", "voxels"];
export const tableNames = Object.keys(tables) as TableName[];

/** A result: one plain object a row, and the names of the columns also where there is no row. */
export type Rows = Record<string, unknown>[] & {columns: string[]};

/** Columns to insert: lists, or one text or number that holds for every row. */
export type InsertColumns = Record<string, ColumnData | string | number>;

export interface Database {
  /** Gives participants, scans or voxels further columns, null in the rows that are there. @throws InputError */
  addColumns(table: "participants" | "scans" | "voxels", columns: Record<string, SqlType>): Promise<void>;
  /**
   * Appends rows. Columns that are not given become null, and so does NaN: SQL's averages leave out what was not
   * estimated. Every column is checked against the schema before anything is inserted.
   * @returns the number of rows
   * @throws InputError no-such-table, no-such-column, missing-column, column-length or column-type
   */
  insert(table: TableName, columns: InsertColumns): Promise<number>;
  /**
   * Makes a table of its own beside the four, or puts it in the place of one of that name: a column that holds numbers
   * alone, none with a leading zero, becomes DOUBLE, any other VARCHAR; a name that differs from an earlier one by case
   * alone gets a number, as F_1.
   * @throws InputError fixed-table when one of the four has the name
   */
  put(name: string, table: {columns: readonly string[]; rows: readonly (readonly (string | null)[])[]}): Promise<void>;
  /** Takes all rows out of a table. */
  clear(table: TableName): Promise<void>;
  /** Runs one statement; `?` stands for the parameters in turn. */
  query(sql: string, params?: readonly unknown[]): Promise<Rows>;
  /** The result as an Arrow IPC stream, for what reads Arrow itself. */
  arrow(sql: string, params?: readonly unknown[]): Promise<Uint8Array>;
  /** Template tag, also that of SQL cells: interpolated values become parameters. */
  sql(strings: TemplateStringsArray | readonly string[], ...params: unknown[]): Promise<Rows>;
  /** The columns of a table as they are now. */
  schema(table: TableName): {name: string; type: SqlType; required: boolean}[];
  /** Shuts out files, addresses and extensions for good, and keeps the configuration as it is. */
  lock(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A database with its four tables, empty. DuckDB runs with one thread, so that results come in one order, and neither
 * fetches nor loads extensions.
 */
export async function openDatabase(backend: DuckDBBackend): Promise<Database> {
  const schemas = new Map<string, ColumnSchema[]>(tableNames.map((name) => [name, [...tables[name]]]));
  const run = async (statement: string): Promise<void> => void (await backend.query(statement, []));
  let staged = 0;
  let locked = false;

  await run("SET threads = 1");
  await run("SET autoinstall_known_extensions = false");
  await run("SET autoload_known_extensions = false");
  for (const name of tableNames) {
    const columns = tables[name].map(
      (column) => `${quoted(column.name)} ${column.type}${column.required ? " NOT NULL" : ""}`
    );
    await run(`CREATE TABLE ${name} (${columns.join(", ")})`);
  }

  const schemaOf = (table: string): ColumnSchema[] => {
    const schema = schemas.get(table);
    if (schema) return schema;
    throw new InputError({
      code: "no-such-table",
      field: "table",
      value: table,
      expected: `one of ${tableNames.join(", ")}`
    });
  };

  async function insert(table: TableName, columns: InsertColumns): Promise<number> {
    const {lists, constants, types, length} = checkColumns(table, schemaOf(table), columns);
    if (length === 0) return 0;
    const staging = `staging_${++staged}`;
    await backend.insertIpc(staging, toArrowIpc(lists, types));
    try {
      const names = [...Object.keys(lists), ...Object.keys(constants)].map(quoted).join(", ");
      const values = [...Object.keys(lists).map(quoted), ...Object.keys(constants).map(() => "?")].join(", ");
      await backend.query(`INSERT INTO ${table} (${names}) SELECT ${values} FROM ${staging}`, Object.values(constants));
    } finally {
      await run(`DROP TABLE ${staging}`);
    }
    return length;
  }

  async function query(sql: string, params: readonly unknown[] = []): Promise<Rows> {
    const {columns, length, values} = fromArrowIpc(await backend.query(sql, params.map(checkParameter)));
    const twice = columns.find((name, column) => columns.indexOf(name) !== column);
    if (twice !== undefined) {
      throw new InputError({
        code: "duplicate-column",
        field: "result",
        value: twice,
        expected: "each name once: rename it with AS"
      });
    }
    const rows = Array.from({length}, (_, row) =>
      Object.fromEntries(columns.map((name, column) => [name, values[column][row]]))
    );
    return Object.assign(rows, {columns});
  }

  return {
    async addColumns(table, columns) {
      const schema = schemaOf(table);
      if (!extensible.includes(table)) {
        throw new InputError({
          code: "fixed-table",
          field: "table",
          value: table,
          expected: `one of ${extensible.join(", ")}`
        });
      }
      for (const [name, type] of Object.entries(columns)) {
        const existing = schema.find((column) => sameName(column.name, name));
        if (existing || name.trim() === "") {
          if (existing?.name === name && existing.type === type) continue;
          throw new InputError({
            code: "duplicate-column",
            field: table,
            value: `${name} ${type}`,
            expected: "a name that no column of it has"
          });
        }
        await run(`ALTER TABLE ${table} ADD COLUMN ${quoted(name)} ${type}`);
        schema.push(optional(name, type));
      }
    },
    insert,
    async put(name, {columns, rows}) {
      if (tableNames.some((own) => sameName(own, name))) {
        throw new InputError({
          code: "fixed-table", field: "table", value: name, expected: `a name other than ${tableNames.join(", ")}`
        });
      }
      const names: string[] = [];
      for (const column of columns) {
        const taken = (text: string) => names.some((one) => sameName(one, text));
        let own = column;
        for (let k = 1; taken(own); k++) own = `${column}_${k}`;
        names.push(own);
      }
      const types: Record<string, ArrowType> = {};
      const lists = names.map((column, at): [string, ColumnData] => {
        const cells = rows.map((row) => row[at]);
        const numbers = cells.map((cell) => cell === null ? null : parseNumber(cell.trim()));
        // A leading zero is part of an id.
        const numeric = cells.every((cell, i) => cell === null || (numbers[i] !== null && !/^\s*[+-]?0\d/.test(cell)));
        types[column] = numeric ? "float64" : "utf8";
        return [column, numeric ? numbers : cells];
      });
      await run(`DROP TABLE IF EXISTS ${quoted(name)}`);
      await backend.insertIpc(name, toArrowIpc(Object.fromEntries(lists), types));
    },
    async clear(table) {
      schemaOf(table);
      await run(`DELETE FROM ${table}`);
    },
    query,
    arrow: async (sql, params = []) => backend.query(sql, params.map(checkParameter)),
    sql: (strings, ...params) => query(strings.join("?"), params),
    schema: (table) => schemaOf(table).map((column) => ({...column})),
    async lock() {
      if (locked) return;
      await run("SET enable_external_access = false");
      await run("SET lock_configuration = true");
      locked = true;
    },
    close: () => backend.close()
  };
}

/** Splits columns into lists and constants, in the schema's types. */
function checkColumns(table: string, schema: ColumnSchema[], columns: InsertColumns) {
  const fault = (code: string, field: string, value: unknown, expected: string): InputError =>
    new InputError({code, field: `${table}.${field}`, value, expected});
  for (const name of Object.keys(columns)) {
    if (!schema.some((column) => column.name === name)) {
      throw fault("no-such-column", name, name, `one of ${schema.map((column) => column.name).join(", ")}`);
    }
  }
  const lists: Record<string, ColumnData> = {};
  const types: Record<string, ArrowType> = {};
  const constants: Record<string, Parameter> = {};
  let length: number | undefined;
  for (const {name, type, required} of schema) {
    const data = columns[name];
    if (data === undefined) {
      if (required) throw fault("missing-column", name, undefined, `a value for each row (${type})`);
      continue;
    }
    const list: ArrayLike<unknown> = typeof data === "string" || typeof data === "number" ? [data] : data;
    const constant = list !== data;
    if (!constant) {
      length ??= list.length;
      if (list.length !== length) throw fault("column-length", name, `${list.length} values`, `${length} values`);
    }
    for (let row = 0; row < list.length; row++) {
      const value = list[row];
      const missing = value === null || (type === "DOUBLE" && Number.isNaN(value));
      if (missing ? required : !fits(value, type)) {
        const place = constant ? name : `${name}[${row}]`;
        throw fault("column-type", place, value, `${type}${required ? ", not null" : " or null"}`);
      }
    }
    if (constant) {
      constants[name] = Number.isNaN(data) ? null : (data as Parameter);
      continue;
    }
    types[name] = ({VARCHAR: "utf8", DOUBLE: "float64", INTEGER: "int32"} as const)[type];
    lists[name] =
      ArrayBuffer.isView(data) && !hasNaN(data as ArrayLike<number>) ? data : withoutNaN(data as ColumnData);
  }
  if (length === undefined) {
    throw fault("missing-column", "*", "constants alone", "at least one list, which says how many rows there are");
  }
  return {lists, constants, types, length};
}

function fits(value: unknown, type: SqlType): boolean {
  if (type === "VARCHAR") return typeof value === "string";
  if (typeof value !== "number") return false;
  return type === "DOUBLE" || (Number.isInteger(value) && Math.abs(value) < 2 ** 31);
}

function hasNaN(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (Number.isNaN(values[index])) return true;
  return false;
}

function withoutNaN(values: ColumnData): ColumnData {
  return Array.from(values as Iterable<string | number | null>, (value) =>
    Number.isNaN(value) ? null : value
  ) as ColumnData;
}

function checkParameter(value: unknown, index: number): Parameter {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  // DuckDB takes parameters as JSON, where NaN and infinities would silently become null.
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InputError({
    code: "sql-parameter",
    field: `parameter ${index + 1}`,
    value,
    expected: "text, a finite number, true, false or null"
  });
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** To SQL, names that differ by case alone are one. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
