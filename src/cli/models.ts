import {instantiate} from "../compute/core.js";
import type {ModelInfo, Quantity} from "../compute/core.js";
import {loadModule} from "../compute/spawn.node.js";
import {InputError} from "../domain/errors.js";
import {hint} from "../domain/closest.js";
import type {Command} from "./command.js";
import {alignColumns, count} from "./format.js";
import type {Terminal} from "./terminal.js";

export const models: Command = {
  name: "models",
  summary: "the signal models: parameters, units, bounds, equation, source",
  usage: "[MODEL]",
  description: `
Lists the signal models, or tells all of one: its equation (TeX) and source, parameters with units
and bounds, the columns of its protocol, its settings and estimators.`,
  options: {},
  minimum: 0,
  async run({positionals}, terminal) {
    if (positionals.length > 1) {
      const expected = "one model at a time, or none for a list";
      throw new InputError({code: "extra-argument", field: "MODEL", value: positionals.join(" "), expected});
    }
    const registry = instantiate(await loadModule()).models();
    const [id] = positionals;
    if (id === undefined) {
      list(registry.models, terminal);
      terminal.document(registry);
      return 0;
    }
    const model = registry.models.find((candidate) => candidate.id === id);
    if (model === undefined) {
      const ids = registry.models.map((candidate) => candidate.id);
      const expected = `one of ${ids.join(", ")}${hint(id, ids)}`;
      throw new InputError({code: "unknown-model", field: "MODEL", value: id, expected});
    }
    show(model, terminal);
    terminal.document(model);
    return 0;
  }
};

function list(all: readonly ModelInfo[], terminal: Terminal): void {
  const header = ["model", "parameters", "protocol", "estimators"];
  const rows = all.map(({id, parameters, protocol, estimators}) => [
    id,
    parameters.map(({name, held}) => (held === null ? name : `${name} (held)`)).join(" "),
    protocol.map(({name, required}) => (required ? name : `[${name}]`)).join(" "),
    estimators.map((estimator) => estimator.id).join(" ") || "none (predicts only)"
  ]);
  const [head, ...lines] = alignColumns([header, ...rows]);
  terminal.line(terminal.dim(head));
  for (const line of lines) terminal.line(line);
  terminal.line();
  terminal.line(`${count(all.length, "model")}; measurand models MODEL tells all of one`);
}

function show(model: ModelInfo, terminal: Terminal): void {
  const {id, name, description, equation, citation, doi, magnitude, minimum_samples: minimum} = model;
  terminal.line(`${terminal.bold(id)}  ${name}`);
  if (description !== "") terminal.line(description);
  terminal.line();
  const facts = [
    ["Equation", equation],
    ["Source", citation],
    ...(doi === null ? [] : [["DOI", doi]]),
    ["Samples", `${magnitude ? "magnitudes" : "real and imaginary parts"}, at least ${minimum}`],
    ["Prediction", model.predicts ? "signals can be simulated" : "computed from fits, predicts no signal"]
  ];
  for (const line of alignColumns(facts)) terminal.line(line);
  section(
    terminal,
    "Parameters",
    model.parameters.map((parameter) => [
      parameter.name,
      unitOf(parameter),
      parameter.held === null
        ? `[${parameter.lower ?? "-inf"}, ${parameter.upper ?? "inf"}]`
        : `held at ${parameter.held}`,
      parameter.description ?? ""
    ])
  );
  section(
    terminal,
    "Protocol",
    model.protocol.map((column) => [
      column.name,
      unitOf(column),
      column.required ? "required" : "optional",
      column.description ?? ""
    ])
  );
  section(
    terminal,
    "Settings",
    model.settings.map((setting) => [
      setting.name,
      setting.choices.length > 0 ? setting.choices.join("|") : unitOf(setting),
      setting.required ? "required" : "optional",
      setting.description ?? ""
    ])
  );
  section(
    terminal,
    "Estimators",
    model.estimators.map((estimator, index) => [
      estimator.id,
      `${estimator.name}${index === 0 ? " (default)" : ""}`,
      estimator.description
    ])
  );
}

function section(terminal: Terminal, title: string, rows: string[][]): void {
  if (rows.length === 0) return;
  terminal.line();
  terminal.line(title);
  for (const line of alignColumns(rows)) terminal.line(`  ${line}`);
}

function unitOf({unit}: Quantity): string {
  return unit === "" ? "1" : unit;
}
