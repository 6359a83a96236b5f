/** A place to write text to; `process.stdout` is one. */
export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Where a command's results, messages and progress go. */
export interface Terminal {
  /** Whether one JSON document is wanted instead of text. */
  readonly json: boolean;
  /** A line of the result, for people; nothing when JSON is wanted. */
  line(text?: string): void;
  /** The result, for machines; nothing unless JSON is wanted. */
  document(value: unknown): void;
  /** A message on standard error. */
  note(text: string): void;
  /** Progress on standard error, overwritten by the next one; nothing unless standard error is a terminal. */
  progress(text: string): void;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/**
 * A terminal that writes to two sinks. Colours need a TTY and no NO_COLOR (any value but the empty one, no-color.org).
 */
export function createTerminal(options: {
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
  json: boolean;
}): Terminal {
  const {stdout, stderr, env, json} = options;
  const dumb = Boolean(env.NO_COLOR) || env.TERM === "dumb";
  const colors = stdout.isTTY === true && !dumb;
  const style = (open: number, close: number) => (text: string) =>
    colors ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  let shown = false;
  const clear = () => {
    if (shown) stderr.write("\r\u001b[K");
    shown = false;
  };
  return {
    json,
    line(text = "") {
      clear();
      if (!json) stdout.write(`${text}\n`);
    },
    document(value) {
      clear();
      if (json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (stderr.isTTY !== true || env.TERM === "dumb") return;
      clear();
      if (text === "") return;
      stderr.write(text.slice(0, 78));
      shown = true;
    },
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39)
  };
}
