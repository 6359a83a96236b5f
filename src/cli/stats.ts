import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";
import type {ColumnRole, Method, MethodReport, MethodRequest, Table} from "../domain/statistics/method.js";
import {methods} from "../domain/statistics/methods.js";
import {createPool} from "../compute/pool.js";
import type {Pool} from "../compute/pool.js";
import {defaultSize, loadModule, spawn} from "../compute/spawn.node.js";
import {runMethod} from "../compute/statistics.js";
import {readFileBytes} from "../io/folder.node.js";
import {readMethodTable, splitColumns} from "../io/method-table.js";
import {decodeText} from "../io/text.js";
import type {Arguments, Command, Option} from "./command.js";
import {count} from "./format.js";
import {
  givenOptions, listDocument, optionsOf, showChecks, showEstimates, showLines, showList, showNeeds
} from "./report.js";
import type {Terminal} from "./terminal.js";

/** Columns by role, the same names in every method. */
const columnOptions: Readonly<Record<ColumnRole, string>> = {
  subject: "who was measured",
  value: "the values: one column of a long table, or the repeats side by side",
  repeat: "which repeat it was (long table)",
  method: "which of two methods measured (long table)",
  x: "first method, reference, marker or first measurement",
  y: "second method, measured value or second measurement",
  factors: "sites, days, ... from outer to inner; or the factors of a surface",
  response: "response of a surface",
  block: "block of each run",
  outcome: "what is true of each subject, with two labels"
};

const roles = Object.keys(columnOptions) as ColumnRole[];
const ownOptions = optionsOf(methods);

const options: Record<string, Option> = {
  ...Object.fromEntries(roles.map((role): [string, Option] =>
    [role, {type: "string", placeholder: "COLUMN", description: columnOptions[role]}])),
  variant: {type: "string", placeholder: "ID", description: "which variant of the method; the first one by default"},
  level: {type: "string", placeholder: "N", description: "level of the confidence intervals, default 0.95"},
  ...ownOptions
};

export const stats: Command = {
  name: "stats",
  summary: "repeatability, agreement, detection and surfaces of a table",
  usage: "[METHOD [TABLE]]",
  description: `
Computes a method on a CSV or TSV table, long (a row for each measurement) or wide (a column for each).
Without arguments: every method with its variants and citations; with a method alone: what it reads.
Several columns go in one option, separated by commas: --value first,second.
A check that fails (normality, say) is a result like any other: the exit code stays 0.`,
  options,
  minimum: 0,
  async run(args, terminal) {
    const {positionals: [id, path, ...rest]} = args;
    if (id === undefined) {
      refuseOptions(args, "a method and a table");
      showList(methods, terminal);
      terminal.document({methods: listDocument(methods)});
      return 0;
    }
    const method = byId(methods, id);
    if (path === undefined) {
      refuseOptions(args, `measurand stats ${id} TABLE`);
      showNeeds(method, terminal);
      terminal.document(listDocument([method])[0]);
      return 0;
    }
    if (rest.length > 0) {
      throw new InputError({code: "extra-argument", field: "argument", value: rest[0], expected: "one table"});
    }
    const table = readMethodTable(decodeText(await readFileBytes(path), path), path);
    const report = await compute(method, requestOf(method, table, args.values), terminal);
    show(method, report, terminal);
    terminal.document(report);
    return 0;
  }
};

/** Options without a table to use them on would be ignored in silence. */
function refuseOptions({values}: Arguments, expected: string): void {
  const given = Object.keys(values).filter((name) => name !== "json");
  if (given.length === 0) return;
  throw new InputError({code: "missing-argument", field: `--${given[0]}`, value: String(values[given[0]]), expected});
}

/** What the options ask of a method. @throws InputError on a column that the method does not read, or a bad level */
function requestOf(method: Method, table: Table, values: Arguments["values"]): MethodRequest {
  const columns: MethodRequest["columns"] = {};
  for (const [role, text] of Object.entries(givenOptions(values, roles)) as [ColumnRole, string][]) {
    if (!method.columns.some((need) => need.role === role)) {
      const reads = method.columns.map((need) => `--${need.role}`).join(", ");
      throw new InputError({
        code: "unknown-column-role", field: `--${role}`, value: text,
        expected: `a column that ${method.id} reads: ${reads}`
      });
    }
    columns[role] = splitColumns(text, table.columns);
  }
  return {table, columns, ...commonOptions(values), options: givenOptions(values, Object.keys(ownOptions))};
}

function commonOptions({variant, level}: Arguments["values"]): Pick<MethodRequest, "variant" | "level"> {
  const number = level === undefined ? undefined : parseNumber(String(level));
  if (number === null) {
    throw new InputError({code: "not-a-number", field: "--level", value: level, expected: "a number, as in 0.95"});
  }
  return {
    ...(variant === undefined ? {} : {variant: String(variant)}), ...(number === undefined ? {} : {level: number})
  };
}

async function compute(method: Method, request: MethodRequest, terminal: Terminal): Promise<MethodReport> {
  let pool: Pool | undefined;
  const open = async () => (pool = createPool({size: defaultSize(), spawn, module: await loadModule()}));
  try {
    return await runMethod(method, request, open, {
      onProgress: (done, total) => terminal.progress(`resampling ${Math.floor((100 * done) / total)} %`)
    });
  } finally {
    terminal.progress("");
    pool?.close();
  }
}

function show(method: Method, report: MethodReport, terminal: Terminal): void {
  const variant = method.variants.find(({id}) => id === report.variant);
  terminal.line(`${terminal.bold(method.name)}${variant === undefined ? "" : `, ${variant.id}: ${variant.name}`}`);
  const left = report.dropped.length === 0 ? "" : `, ${count(report.dropped.length, "cell")} left out`;
  terminal.line(`n = ${report.n}${left}`);
  showEstimates(report.estimates, terminal);
  if (report.checks.length > 0) terminal.line("Checks:");
  showChecks(report.checks, terminal);
  showLines("Warnings:", report.warnings, terminal);
  showLines("Left out:", report.dropped.map(({row, column, reason}) => `row ${row}, column ${column}: ${reason}`),
    terminal);
  showLines("Sources:", report.citations, terminal);
}
