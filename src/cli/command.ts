import type {Terminal} from "./terminal.js";

/** 0 done, 1 a claim failed, 2 bad input. */
export type ExitCode = 0 | 1 | 2;

/** One option of a command, as `node:util` parses it and as the help shows it. */
export interface Option {
  type: "boolean" | "string";
  /** Whether it may be given several times; its values then stand in `lists`. */
  multiple?: boolean;
  short?: string;
  /** What stands for the value in the help, e.g. "N". */
  placeholder?: string;
  description: string;
}

/** What a command was called with. */
export interface Arguments {
  values: Record<string, string | boolean | undefined>;
  /** Of options that may be given several times. */
  lists: Record<string, string[]>;
  positionals: string[];
}

/** One command of the executable; it has a file of its own and one line in `commands.ts`. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What follows the name, e.g. "FILE|FOLDER...". */
  usage: string;
  /** A few lines of help. */
  description: string;
  options: Record<string, Option>;
  /** Fewest positional arguments. */
  minimum: number;
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}
