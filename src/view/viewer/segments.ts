import {h, uniqueId} from "../dom.js";

/** Radio buttons in a row, one of them chosen; `choose` hears of the reader's choice. */
export function segments<T extends string>(
  legend: string,
  options: readonly {value: T; label: string}[],
  chosen: T,
  choose: (value: T) => void
): {element: HTMLFieldSetElement; set(value: T): void} {
  const name = uniqueId("m-choice");
  const inputs = new Map<T, HTMLInputElement>();
  const fieldset = h("fieldset", {class: "m-choice"}, h("legend", {}, legend));
  for (const {value, label} of options) {
    const input = h("input", {type: "radio", name, value});
    input.checked = value === chosen;
    input.addEventListener("change", () => input.checked && choose(value));
    inputs.set(value, input);
    fieldset.append(h("label", {}, input, h("span", {}, label)));
  }
  return {
    element: fieldset,
    set(value) {
      const input = inputs.get(value);
      if (input) input.checked = true;
    }
  };
}
