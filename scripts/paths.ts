import {fileURLToPath} from "node:url";

/** The repository's root folder, with a trailing separator. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** One line to the person at the terminal. */
export function say(message: string): void {
  console.error(`measurand: ${message}`);
}
