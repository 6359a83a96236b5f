// What a reader chose, for controls that are made anew when what they depend on changes.

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/**
 * Remembers the fields that a reader touched. What it gives back takes a control, before it is shown, and sets its fields
 * to what was chosen in the control of that name before it, as far as they are there and offer it; fields are told by
 * their labels. Whatever nobody touched stays as the control has it.
 */
export function memory(): <C extends HTMLElement>(name: string, control: C) => C {
  const memories = new Map<string, Map<string, string>>();
  return (name, control) => {
    const chosen = memories.get(name) ?? new Map<string, string>();
    memories.set(name, chosen);
    for (const [label, value] of chosen) restore(control, label, value);
    const remember = ({target}: Event): void => {
      if (!isField(target)) return;
      const label = labelOf(target, control);
      // The last touched comes last, since a field can be one that another choice brought.
      chosen.delete(label);
      chosen.set(label, valueOf(target, control));
    };
    control.addEventListener("input", remember, {capture: true});
    return control;
  };
}

function restore(control: HTMLElement, label: string, value: string): void {
  for (const field of control.querySelectorAll<Field>("input, select, textarea")) {
    if (field.disabled || labelOf(field, control) !== label || !offers(field, value, control)) continue;
    if (isChecked(field)) field.checked = isRadio(field) || value === "true";
    else field.value = value;
    const around = field.closest("details");
    if (around !== null) around.open = true;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.dispatchEvent(new Event("change", {bubbles: true}));
    return;
  }
}

const isField = (target: EventTarget | null): target is Field =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
const isRadio = (field: Field): boolean => field.type === "radio";
const isChecked = (field: Field): field is HTMLInputElement => isRadio(field) || field.type === "checkbox";

/** Radio buttons are one field, with the label of their group; each button's own label is its value. */
function labelOf(field: Field, control: HTMLElement): string {
  return isRadio(field) ? field.closest("fieldset")!.querySelector("legend")!.textContent! : ownLabel(field, control);
}

function valueOf(field: Field, control: HTMLElement): string {
  return isRadio(field) ? ownLabel(field, control) : isChecked(field) ? String(field.checked) : field.value;
}

function offers(field: Field, value: string, control: HTMLElement): boolean {
  if (isRadio(field)) return ownLabel(field, control) === value;
  return !(field instanceof HTMLSelectElement) || [...field.options].some((option) => option.value === value);
}

/** Read from the control, since a browser knows the labels of elements in the page only. */
function ownLabel(field: Field, control: HTMLElement): string {
  const label = field.closest("label") ?? control.querySelector(`label[for="${field.id}"]`);
  return field.getAttribute("aria-label") ?? label?.textContent ?? "";
}
