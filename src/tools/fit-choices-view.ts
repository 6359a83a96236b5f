// The part of the page "Fit your own data" that says what becomes of each parameter, and what else a fit keeps to.
import type {ModelInfo, Settings} from "../compute/core.js";
import {isGeneralFit, mostStarts} from "../compute/fit.js";
import type {Fault} from "../domain/errors.js";
import {h, uniqueId} from "../view/dom.js";
import {formatUnit} from "../view/format.js";
import {choice, select, type Control} from "../view/inputs/controls.js";
import {
  describeRoles,
  offersOf,
  readChoices,
  type Offer,
  type Role,
  type TypedChoices,
  type TypedParameter
} from "./fit-choices.js";
import type {FitInput} from "./fit-input.js";
import {statedSettings} from "./fit-models.js";
import {holdsB1, type FitChoices} from "./fit-run.js";
import {likelihoodNames, likelihoods, type Likelihood} from "./model-explorer.js";
import {settingControl} from "./model-explorer-view.js";

const roleNames: Record<Role, string> = {
  estimated: "Estimated",
  shared: "Shared by all voxels",
  fixed: "Fixed",
  mapped: "From its map"
};

const aboutSharing =
  "A shared parameter has one value in all voxels of the region, found from all of them together; that takes some " +
  "five to ten times as many computations, on a single processor.";

/** What is wrong with a field, told beside it; `input` is marked and says the same to a screen reader. */
interface Place {
  /** What the message calls the field. */
  name: string;
  input?: HTMLElement;
  /** Id of what is said of the field in any case. */
  hint?: string;
  message: HTMLElement;
}

function placeOf(name: string, input?: HTMLElement, hint?: string): Place {
  return {name, input, hint, message: h("p", {class: "m-fit-fault", id: uniqueId("fault"), hidden: true})};
}

function mark(element: HTMLElement | undefined, attribute: string, value: string): void {
  if (value === "") element?.removeAttribute(attribute);
  else element?.setAttribute(attribute, value);
}

/** Where messages stand; they are read out when they come. */
function messages(places: readonly Place[]): HTMLElement {
  return h("div", {class: "m-fit-faults", "aria-live": "polite"}, ...places.map(({message}) => message));
}

interface Field {
  element: HTMLElement;
  input: HTMLInputElement;
  place: Place;
}

/** A number as text: what is none is to be told, and in a number field would be nothing. `of` is heard, not seen. */
function numberField(label: string, {of = "", placeholder = "", hint = ""} = {}): Field {
  const id = uniqueId("fit");
  const about = hint === "" ? null : h("small", {id: `${id}-hint`}, hint);
  const input = h("input", {
    type: "text",
    id,
    placeholder,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": about?.id
  });
  const heard = of === "" ? null : h("span", {class: "m-visually-hidden"}, ` ${of}`);
  const element = h("div", {class: "m-fit-field"}, h("label", {for: id}, label, heard), input, about);
  return {element, input, place: placeOf(`${label} ${of}`.trim(), input, about?.id)};
}

/** What one parameter can be, and the fields that belong to it. */
function parameterRow({parameter, roles, bounds, start: starts}: Offer) {
  const {name, unit, lower, upper, held} = parameter;
  const title = unit === "" || unit === "signal" ? name : `${name} (${formatUnit(unit)})`;
  const own = (value: number | null): string => (value === null ? "none" : String(+value.toPrecision(6)));
  const of = `of ${name}`;
  const role = h(
    "select",
    {"aria-label": `Role ${of}`},
    ...roles.map((each) => h("option", {value: each}, roleNames[each]))
  );
  const fields = {
    fix: numberField("Value", {of, placeholder: held === null ? "a number" : String(held)}),
    start: numberField("Start", {of}),
    lower: numberField("Lower bound", {of, placeholder: own(lower)}),
    upper: numberField("Upper bound", {of, placeholder: own(upper)})
  };
  const each = Object.entries(fields);
  each.forEach(([key, {element}]) => element.classList.add(`m-fit-field-${key}`));
  const element = h(
    "div",
    {class: "m-fit-role", role: "group", "aria-label": title},
    h("span", {class: "m-fit-role-name"}, title),
    roles.length > 1 ? role : h("span", {}, roleNames[roles[0]]),
    ...each.map(([, field]) => field.element),
    messages(each.map(([, {place}]) => place))
  );
  return {
    element,
    places: each.map(([key, {place}]): [string, Place] => [`${key}.${name}`, place]),
    read: (): TypedParameter => ({
      role: role.value as Role,
      fixed: fields.fix.input.value,
      start: fields.start.input.value,
      lower: fields.lower.input.value,
      upper: fields.upper.input.value
    }),
    /** Shows the fields that belong to the role. */
    follow(): void {
      const estimated = role.value === "estimated" || role.value === "shared";
      fields.fix.element.hidden = role.value !== "fixed";
      fields.start.element.hidden = !(starts && estimated);
      fields.start.input.placeholder = role.value === "shared" ? "median" : "guess";
      fields.lower.element.hidden = !(bounds && estimated);
      fields.upper.element.hidden = !(bounds && estimated);
    }
  };
}

/** Heads of the columns; one that no parameter has a field in stays empty. */
function headsOf(offers: readonly Offer[]): string[] {
  const [starts, values] = [offers.some(({start}) => start), offers.some(({roles}) => roles.includes("fixed"))];
  const ends = offers.some(({bounds}) => bounds) ? ["Lower bound", "Upper bound"] : ["", ""];
  return ["Parameter", "Role", starts ? "Start or value" : values ? "Value" : "", ...ends];
}

/** What an empty field means, and what an estimator does not take. */
function aboutFields(model: ModelInfo, estimator: string): string {
  if (isGeneralFit(model, estimator)) return "An empty field keeps the model's own.";
  const {bounds} = model.estimators.find(({id}) => id === estimator)!;
  const own = bounds ? "An empty field keeps the model's own." : "This estimator keeps to no bounds.";
  return `${own} Only the nonlinear fit of one signal equation takes starts, and parameters shared or fixed at will.`;
}

/**
 * What else a fit keeps to: settings of the acquisition; of each parameter whether it is estimated in each voxel,
 * shared, fixed or given by a map, with its start and bounds; the number of starts; the distribution of the noise, and
 * precision. It offers what the core takes of the estimator. Its value is null while a field holds what cannot be used;
 * the field says so once it is left.
 */
export function choicesForm(model: ModelInfo, estimator: string, input: FitInput): Control<FitChoices | null> {
  const given = statedSettings(model, input);
  const settings = model.settings.map((each) => {
    const control = settingControl(each, given[each.name]);
    control.write(given[each.name]);
    return control;
  });
  const general = isGeneralFit(model, estimator);
  const offers = offersOf(model, estimator, input.b1 !== null && holdsB1(model) ? ["B1"] : []);
  const rows = offers.map(parameterRow);
  const starts = numberField("Starts in each voxel", {
    placeholder: "model's own",
    hint:
      `A whole number up to ${mostStarts}; the least of the minima is kept. Empty: as many as the model needs, or ` +
      "one where a start is given."
  });
  const kinds = likelihoods(model, estimator);
  const noise = select<Likelihood>({
    label: "Noise",
    options: kinds.map((kind) => [kind, likelihoodNames[kind]] as const)
  });
  const sigma = numberField("Sigma of each channel", {placeholder: "in the signal's unit"});
  const precision = choice({
    label: "Precision",
    options: [
      ["f64", "double (certified)"],
      ["f32", "single (fast)"]
    ] as const
  });
  const likelihood = placeOf("Noise", noise.querySelector("select")!);
  const whole = placeOf("Every parameter");
  const places = new Map<string, Place>([
    ...rows.flatMap((row) => row.places),
    ["roles", whole],
    ["starts", starts.place],
    ["noise", likelihood],
    ["sigma", sigma.place]
  ]);

  const sharing = h("p", {class: "m-fit-small", role: "status"});
  const summaries = [h("summary", {}), h("summary", {})];
  const element = h(
    "div",
    {class: "m-fit-choices"},
    settings.length === 0 ? null : h("div", {class: "m-fit-settings"}, ...settings.map((setting) => setting.element)),
    h(
      "details",
      {},
      summaries[0],
      h(
        "div",
        {class: "m-fit-roles"},
        h(
          "div",
          {class: "m-fit-role m-fit-role-heads", "aria-hidden": "true"},
          ...headsOf(offers).map((text) => h("span", {}, text))
        ),
        ...rows.map((row) => row.element),
        messages([whole])
      ),
      sharing,
      h("p", {class: "m-fit-small"}, aboutFields(model, estimator)),
      general ? h("div", {class: "m-fit-starts"}, starts.element, messages([starts.place])) : null
    ),
    h(
      "details",
      {},
      summaries[1],
      kinds.length > 1 ? h("div", {}, noise, sigma.element, messages([likelihood, sigma.place])) : null,
      precision
    )
  );

  const typed = (): TypedChoices => ({
    parameters: rows.map(({read}) => read()),
    starts: starts.input.value,
    likelihood: noise.value,
    sigma: sigma.input.value
  });
  const follow = (): void => {
    const {parameters} = typed();
    for (const row of rows) row.follow();
    sharing.textContent = parameters.some(({role}) => role === "shared") ? aboutSharing : "";
    sigma.element.hidden = noise.value === "gaussian";
    const digits = precision.value === "f64" ? "double" : "single";
    summaries[0].textContent = `Parameters: ${describeRoles(offers, parameters)}`;
    summaries[1].textContent = `Noise and precision: ${likelihoodNames[noise.value].replace(/:.*/, "")}, ${digits}`;
  };
  const show = (faults: readonly Fault[], wanted: (place: Place, fault: Fault) => boolean): void => {
    for (const [field, place] of places) {
      const {name, input: marked, hint, message} = place;
      const fault = faults.find((each) => each.field === field);
      const said = fault !== undefined && wanted(place, fault);
      message.hidden = !said;
      message.textContent = "";
      if (said) {
        message.textContent = `${name} is ${fault.value === "" ? "empty" : fault.value}: expected ${fault.expected}.`;
        message.dataset.code = fault.code;
        message.closest("details")!.open = true;
      }
      mark(marked, "aria-invalid", said ? "true" : "");
      mark(marked, "aria-describedby", [hint ?? "", said ? message.id : ""].join(" ").trim());
    }
  };
  const left = new Set<EventTarget | null>();
  element.addEventListener("input", () => {
    follow();
    show(readChoices(offers, typed()).faults, ({message}) => !message.hidden);
  });
  element.addEventListener("change", ({target}) => {
    left.add(target);
    // A value that is still to come is no fault before its field was left.
    const due = ({input: field}: Place, {code}: Fault): boolean => code !== "missing-value" || left.has(field ?? null);
    show(readChoices(offers, typed()).faults, due);
  });
  follow();

  const value = (): FitChoices | null => {
    const {choices} = readChoices(offers, typed());
    if (choices === null) return null;
    const chosen: Settings = {};
    for (const {name, read} of settings) {
      const setting = read();
      if (setting !== null) chosen[name] = setting;
    }
    return {settings: chosen, ...choices, precision: precision.value};
  };
  return Object.defineProperty(element, "value", {get: value}) as unknown as Control<FitChoices | null>;
}
