import type {Command} from "./command.js";
import {inspect} from "./inspect.js";
import {reproduce} from "./reproduce.js";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [inspect, reproduce];
