import type {Command} from "./command.js";
import {fit} from "./fit.js";
import {fitTable} from "./fit-table.js";
import {inspect} from "./inspect.js";
import {models} from "./models.js";
import {plan} from "./plan.js";
import {reproduce} from "./reproduce.js";
import {stats} from "./stats.js";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [inspect, reproduce, models, fit, fitTable, stats, plan];
