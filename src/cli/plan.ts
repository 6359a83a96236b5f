import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import type {PlannerReport} from "../domain/planning/planner.js";
import {planners} from "../domain/planning/planners.js";
import type {Command, Option} from "./command.js";
import {alignColumns, formatNumber} from "./format.js";
import {givenOptions, listDocument, optionsOf, showEstimates, showLines, showList, showNeeds} from "./report.js";
import type {Terminal} from "./terminal.js";

const ownOptions = optionsOf(planners);

const options: Record<string, Option> = {
  variant: {type: "string", placeholder: "ID", description: "which variant of the planner; the first one by default"},
  ...ownOptions
};

export const plan: Command = {
  name: "plan",
  summary: "sample sizes, precision and designs; no table",
  usage: "[METHOD]",
  description: `
Plans a study: subjects and repeats for a wanted precision or power, or the runs of a design.
Without arguments: every planner with its variants and citations; with a planner alone: its options.
What is achieved is computed and, but for designs, simulated.`,
  options,
  minimum: 0,
  run({values, positionals: [id, ...rest]}, terminal) {
    const given = givenOptions(values, Object.keys(ownOptions));
    const asked = [...Object.keys(given), ...(values.variant === undefined ? [] : ["variant"])];
    if (rest.length > 0) {
      throw new InputError({code: "extra-argument", field: "argument", value: rest[0], expected: "one planner"});
    }
    if (id === undefined) {
      if (asked.length > 0) {
        throw new InputError({
          code: "missing-argument", field: `--${asked[0]}`, value: String(values[asked[0]]), expected: "a planner"
        });
      }
      showList(planners, terminal);
      terminal.document({planners: listDocument(planners)});
      return Promise.resolve(0);
    }
    const planner = byId(planners, id);
    if (asked.length === 0) {
      showNeeds(planner, terminal);
      terminal.document(listDocument([planner])[0]);
      return Promise.resolve(0);
    }
    const report = planner.run(given, values.variant === undefined ? undefined : String(values.variant));
    terminal.line(`${terminal.bold(planner.name)}, ${report.variant}`);
    show(report, terminal);
    terminal.document(report);
    return Promise.resolve(0);
  }
};

function show({estimates, achieved, runs, warnings, citations}: PlannerReport, terminal: Terminal): void {
  showEstimates(estimates, terminal);
  showLines("Achieved:", achieved.map(({name, value, wanted, simulated}) => {
    const parts = [
      ...(wanted === null ? [] : [`wanted ${formatNumber(wanted)}`]),
      ...(simulated === null ? [] : [
        `simulated ${formatNumber(simulated.value, 4)} +- ${formatNumber(simulated.standardError, 2)} in `
        + `${simulated.trials} studies, seed ${simulated.seed}`
      ])
    ];
    return `${name} ${formatNumber(value)}${parts.length === 0 ? "" : ` (${parts.join("; ")})`}`;
  }), terminal);
  if (runs !== null) {
    const cells = runs.rows.map((row) => row.map((cell) => typeof cell === "number" ? formatNumber(cell) : cell));
    showLines("Runs:", alignColumns([runs.columns, ...cells], runs.columns.map((_, i) => i)), terminal);
  }
  showLines("Warnings:", warnings, terminal);
  showLines("Sources:", citations, terminal);
}
