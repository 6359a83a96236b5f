// What stands around a cell: a quiet bar with the button that opens its source, the panel below it, and the place where
// faults are said. Knows nothing of the runtime or the editor.

export interface Frame {
  /** The element that the build put around the cell. */
  wrapper: HTMLElement;
  /** Where Framework displays the cell. */
  block: HTMLElement;
  toggle: HTMLButtonElement;
  panel: HTMLElement;
  /** The editor goes here. */
  host: HTMLElement;
  run: HTMLButtonElement;
  reset: HTMLButtonElement;
  hint: HTMLElement;
  setLabel(number: number, outputs: readonly string[]): void;
  setOpen(open: boolean): void;
  setModified(modified: boolean): void;
  /** Says what is wrong (an alert), or nothing. */
  setError(message: string | null): void;
  /** Says what the reader should know (a status), or nothing. */
  setNotice(message: string | null): void;
}

/** Builds the bar and the panel inside a cell's wrapper; `block` is found in it. */
export function createFrame(wrapper: HTMLElement): Frame {
  const block = wrapper.querySelector<HTMLElement>(":scope > .observablehq--block");
  if (!block) throw new Error("a cell's wrapper holds no .observablehq--block");
  const id = `cell-${wrapper.dataset.cell}`;
  const names = element("code", {class: "cell-names"});
  const mark = element("span", {class: "cell-mark", hidden: ""}, "modified");
  const toggle = button("cell-toggle", "Source");
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-controls", `${id}-panel`);
  const bar = element("div", {class: "cell-bar"}, names, mark, toggle);
  const error = element("div", {class: "cell-error", role: "alert", hidden: ""});
  const notice = element("p", {class: "cell-notice", role: "status", hidden: ""});
  const host = element("div", {class: "cell-host"});
  const run = button("cell-run", "Run");
  const reset = button("cell-reset", "Reset");
  const close = button("cell-close", "Close");
  reset.disabled = true;
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ Enter" : "Ctrl+Enter";
  const told = `${keys} runs the cell. Tab indents; Escape, then Tab, moves on.`;
  const hint = element("p", {class: "cell-hint", id: `${id}-hint`}, told);
  const panel = element("div", {class: "cell-panel", id: `${id}-panel`, role: "group", hidden: ""});
  panel.append(host, element("div", {class: "cell-actions"}, run, reset, close, hint));
  wrapper.append(bar, panel, error, notice);

  const setOpen = (open: boolean): void => {
    panel.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
  };
  const leave = (): void => {
    setOpen(false);
    toggle.focus();
  };
  close.addEventListener("click", leave);
  // The editor marks the Escape that it uses itself, to give up a second cursor.
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    leave();
  });

  return {
    wrapper,
    block,
    toggle,
    panel,
    host,
    run,
    reset,
    hint,
    setOpen,
    setLabel(number, outputs) {
      const label = `Source of cell ${number}${outputs.length > 0 ? `: ${outputs.join(", ")}` : ""}`;
      toggle.setAttribute("aria-label", label);
      panel.setAttribute("aria-label", label);
      // A cell of imports names a dozen: the first few tell which cell it is.
      names.textContent = outputs.length > 4 ? `${outputs.slice(0, 3).join(", ")}, … ${outputs.length} names` : outputs.join(", ");
    },
    setModified(modified) {
      wrapper.toggleAttribute("data-modified", modified);
      mark.hidden = !modified;
      reset.disabled = !modified;
    },
    setError: (message) => say(error, message),
    setNotice: (message) => say(notice, message)
  };
}

function say(target: HTMLElement, message: string | null): void {
  target.textContent = message ?? "";
  target.hidden = message === null;
}

function button(name: string, label: string): HTMLButtonElement {
  const made = element("button", {class: name, type: "button"}, label);
  return made as HTMLButtonElement;
}

export function element(tag: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
