/**
 * Controls with a name for each part: Observable's range leaves its slider without a label, which screen readers need.
 * Each has a `value` and fires "input", as Framework's `view` wants it.
 */
import {h, uniqueId} from "../dom.js";
import {formatNumber, formatQuantity, formatUnit} from "../format.js";
import type {NumberFormat} from "../format.js";

export interface Control<T> extends HTMLElement {
  value: T;
}

export interface SliderOptions extends NumberFormat {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  unit?: string;
}

/** A slider with its value and unit beside the label; fires while it is dragged. */
export function slider({label, min, max, step, value, unit = "", ...format}: SliderOptions): Control<number> {
  const id = uniqueId("slider");
  const places = format.decimals ?? (format.digits === undefined ? (String(step).split(".")[1]?.length ?? 0) : undefined);
  const text = (number: number): string => formatQuantity(number, unit, {...format, decimals: places});
  const input = h("input", {type: "range", id, min, max, step, value});
  const output = h("output", {for: id});
  const show = (): void => {
    output.textContent = text(input.valueAsNumber);
    input.setAttribute("aria-valuetext", `${formatNumber(input.valueAsNumber, {...format, decimals: places})} ${formatUnit(unit)}`.trim());
  };
  const element = h("div", {class: "m-slider"}, h("label", {for: id}, label), output, input);
  input.addEventListener("input", show);
  show();
  return Object.defineProperty(element, "value", {
    get: () => input.valueAsNumber,
    set(next: number) {
      input.value = String(next);
      show();
    }
  }) as unknown as Control<number>;
}

export interface ChoiceOptions<T extends string> {
  label: string;
  /** The values, or pairs of value and what the reader sees. */
  options: readonly (T | readonly [T, string])[];
  value?: T;
}

/** A few options as radio buttons. */
export function choice<T extends string>({label, options, value}: ChoiceOptions<T>): Control<T> {
  const name = uniqueId("choice");
  const pairs = options.map((option) => (typeof option === "string" ? ([option, option] as const) : option));
  let current = value ?? pairs[0]![0];
  const radios = pairs.map(([key]) => h("input", {type: "radio", name, value: key, checked: key === current}));
  const element = h("fieldset", {class: "m-radios"}, h("legend", {}, label),
    h("div", {}, ...pairs.map(([, text], i) => h("label", {}, radios[i]!, text))));
  radios.forEach((radio, i) => radio.addEventListener("input", () => (current = pairs[i]![0])));
  return Object.defineProperty(element, "value", {
    get: () => current,
    set(next: T) {
      current = next;
      radios.forEach((radio, i) => (radio.checked = pairs[i]![0] === next));
    }
  }) as unknown as Control<T>;
}

export interface SelectOptions<T extends string> extends ChoiceOptions<T> {}

/** One option of many. */
export function select<T extends string>({label, options, value}: SelectOptions<T>): Control<T> {
  const id = uniqueId("select");
  const pairs = options.map((option) => (typeof option === "string" ? ([option, option] as const) : option));
  const input = h("select", {id}, ...pairs.map(([key, text]) => h("option", {value: key, selected: key === value}, text)));
  const element = h("div", {class: "m-select"}, h("label", {for: id}, label), input);
  return Object.defineProperty(element, "value", {
    get: () => input.value as T,
    set(next: T) {
      input.value = next;
    }
  }) as unknown as Control<T>;
}

export interface SearchFieldOptions {
  label: string;
  placeholder?: string;
}

/** A field for words to look for; fires with every letter. */
export function searchField({label, placeholder}: SearchFieldOptions): Control<string> {
  const id = uniqueId("search");
  const input = h("input", {type: "search", id, placeholder, autocomplete: "off", spellcheck: "false"});
  const element = h("div", {class: "m-search-field"}, h("label", {for: id}, label), input);
  return Object.defineProperty(element, "value", {
    get: () => input.value,
    set(next: string) {
      input.value = next;
    }
  }) as unknown as Control<string>;
}
