import {main} from "../../src/cli/main.js";

/** What one call of the executable's `main` did. */
export interface Call {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `main` in this process with everything it writes kept. */
export async function call(...argv: string[]): Promise<Call> {
  const [stdout, stderr] = [sink(), sink()];
  const code = await main(argv, {stdout, stderr, env: {}});
  return {code, stdout: stdout.text(), stderr: stderr.text()};
}

/** A place to write to that keeps the text. */
export function sink(isTTY = false) {
  const written: string[] = [];
  return {isTTY, write: (text: string) => written.push(text), text: () => written.join("")};
}
