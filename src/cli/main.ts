import {parseArgs} from "node:util";
import {InputError} from "../domain/errors.js";
import {hint} from "../domain/closest.js";
import type {Arguments, Command, ExitCode, Option} from "./command.js";
import {commands} from "./commands.js";
import {alignColumns} from "./format.js";
import {createTerminal} from "./terminal.js";
import type {Sink, Terminal} from "./terminal.js";
import {version} from "./version.js";

/** What every command understands. */
const commonOptions: Record<string, Option> = {
  json: {type: "boolean", description: "write one JSON document to standard output"},
  help: {type: "boolean", short: "h", description: "show this help"}
};

const globalOptions: Record<string, Option> = {
  help: {type: "boolean", short: "h", description: "show this help, or that of a command"},
  version: {type: "boolean", short: "V", description: "show the version"}
};

/** What the executable touches of its process. */
export interface Process {
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
}

/**
 * Runs the executable.
 *
 * @param argv arguments after the executable's name
 * @returns 0 done, 1 a claim failed, 2 bad input, 70 a fault of the program itself (EX_SOFTWARE of sysexits)
 */
export async function main(argv: readonly string[], {stdout, stderr, env}: Process = process): Promise<ExitCode | 70> {
  stopOnBrokenPipe(stdout);
  // Known before the arguments are parsed, so that a fault in them is told in the form that was asked for.
  const json = argv.slice(0, end(argv)).includes("--json");
  const terminal = createTerminal({stdout, stderr, env, json});
  try {
    return await dispatch(argv, terminal, stdout);
  } catch (error) {
    if (!(error instanceof InputError)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      terminal.note(`measurand: this should not have happened; please report it\n${text}`);
      terminal.document({error: {code: "internal", message: error instanceof Error ? error.message : String(error)}});
      return 70;
    }
    const {code, file, field, value, expected, message} = error;
    terminal.note(`measurand: ${message}`);
    terminal.document({error: {code, file, field, value, expected, message}});
    return 2;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal, stdout: Sink): Promise<ExitCode> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    terminal.note(help().trimEnd());
    throw new InputError({code: "missing-command", field: "command", value: "missing", expected: nameCommands()});
  }
  if (first === "--version" || first === "-V") {
    stdout.write(`${version()}\n`);
    return 0;
  }
  if (first === "--help" || first === "-h" || (first === "help" && rest.length === 0)) {
    stdout.write(help());
    return 0;
  }
  if (first === "help") {
    stdout.write(commandHelp(find(rest[0])));
    return 0;
  }
  if (first.startsWith("-")) {
    if (first === "--json") return dispatch(rest, terminal, stdout);
    throw unknownOption(first, globalOptions);
  }
  const command = find(first);
  const args = parse(command, rest);
  if (args.values.help === true) {
    stdout.write(commandHelp(command));
    return 0;
  }
  if (args.positionals.length < command.minimum) {
    const expected = `${command.usage} (see measurand ${command.name} --help)`;
    throw new InputError({code: "missing-argument", field: `measurand ${command.name}`, value: "incomplete", expected});
  }
  return command.run(args, terminal);
}

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = commands.map((candidate) => candidate.name);
  throw new InputError({
    code: "unknown-command",
    field: "command",
    value: name,
    expected: nameCommands() + hint(name, names)
  });
}

/** Checks each option against the command's own; `parseArgs` in strict mode would not give a hint. */
function parse(command: Command, argv: readonly string[]): Arguments {
  const options = {...commonOptions, ...command.options};
  const {tokens} = parseArgs({args: [...argv], options, strict: false, allowPositionals: true, tokens: true});
  const values: Arguments["values"] = {};
  const lists: Arguments["lists"] = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, options);
    const value = token.value;
    if (option.type === "boolean" && value !== undefined) {
      throw new InputError({code: "bad-option", field: token.rawName, value, expected: "no value"});
    }
    if (option.type === "string" && (value === undefined || (!token.inlineValue && /^-[^\d.]/.test(value)))) {
      const expected = `a value: ${token.rawName} ${option.placeholder ?? "VALUE"}`;
      throw new InputError({code: "bad-option", field: token.rawName, value: value ?? "empty", expected});
    }
    if (option.type === "string" && values[token.name] !== undefined) {
      throw new InputError({
        code: "repeated-option", field: token.rawName, value,
        expected: `the option once (it was ${String(values[token.name])} before)`
      });
    }
    if (option.multiple) (lists[token.name] ??= []).push(value!);
    else values[token.name] = option.type === "boolean" ? true : value;
  }
  return {values, lists, positionals};
}

function unknownOption(name: string, options: Record<string, Option>): InputError {
  const names = Object.keys(options).map((option) => `--${option}`);
  return new InputError({
    code: "unknown-option",
    field: "option",
    value: name,
    expected: `one of ${names.join(", ")}${hint(name, names)}`
  });
}

function nameCommands(): string {
  return `one of ${commands.map(({name}) => name).join(", ")}`;
}

function help(): string {
  const list = commands.map(({name, usage, summary}) => [`  measurand ${name} ${usage}`, summary]);
  return [
    "Quantitative-MRI validation studies that recompute themselves.",
    "",
    "Usage: measurand COMMAND [OPTIONS]",
    "",
    ...alignColumns(list),
    "",
    ...optionLines(globalOptions),
    "",
    "measurand COMMAND --help tells more. Exit codes: 0 done, 1 a claim failed, 2 bad input.",
    ""
  ].join("\n");
}

function commandHelp({name, usage, description, options}: Command): string {
  return [
    `Usage: measurand ${name} [OPTIONS] ${usage}`,
    "",
    description.trim(),
    "",
    ...optionLines({...options, ...commonOptions}),
    ""
  ].join("\n");
}

function optionLines(options: Record<string, Option>): string[] {
  return alignColumns(
    Object.entries(options).map(([name, {short, type, placeholder = "VALUE", description, multiple}]) => [
      `  ${short === undefined ? "    " : `-${short}, `}--${name}${type === "string" ? ` ${placeholder}` : ""}`,
      `${description}${multiple ? " (repeatable)" : ""}`
    ])
  );
}

/** Where the options end: at "--". */
function end(argv: readonly string[]): number {
  const index = argv.indexOf("--");
  return index < 0 ? argv.length : index;
}

/** `measurand ... | head` ends quietly when its reader does. */
function stopOnBrokenPipe(stdout: Sink): void {
  if (stdout !== process.stdout) return;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
