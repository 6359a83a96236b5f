import {h} from "../dom.js";

export interface ProgressOptions {
  /** What is being done, e.g. "Fitting 98,304 voxels". */
  label: string;
  /** Aborted by the Cancel button; without one there is no button. */
  controller?: AbortController;
  /** Milliseconds before it shows itself: work that is soon done needs no bar. 500 unless told. */
  delay?: number;
  /** Whether the share done is not known: the bar then moves without an end. */
  unknown?: boolean;
}

export interface Progress {
  readonly element: HTMLElement;
  /** Share done, 0 to 1, and optionally what is being done now. */
  update(done: number, label?: string): void;
  /** Takes the bar away; call it when the work has ended, however it ended. */
  finish(): void;
}

/** A progress bar with label, per cent and Cancel. The label is announced, the per cent is not. */
export function progress({label, controller, delay = 500, unknown = false}: ProgressOptions): Progress {
  const text = h("span", {role: "status"}, "");
  const percent = h("span", {"aria-hidden": "true"}, unknown ? "" : "0 %");
  const bar = h("progress", {max: 1, value: unknown ? null : 0, "aria-label": label});
  const cancel = h("button", {type: "button"}, "Cancel");
  const element = h("div", {class: "m-progress", hidden: true},
    h("div", {class: "m-progress-label"}, text, percent), bar, controller === undefined ? null : cancel);
  cancel.addEventListener("click", () => {
    cancel.disabled = true;
    text.textContent = "Cancelling";
    controller?.abort();
  });
  let current = label;
  const timer = setTimeout(() => {
    element.hidden = false;
    // Written once the region is visible, so that screen readers announce it.
    text.textContent = current;
  }, delay);
  return {
    element,
    update(done, next) {
      if (!unknown) {
        const share = Math.max(0, Math.min(1, done));
        bar.value = share;
        percent.textContent = `${Math.floor(share * 100)} %`;
      }
      if (next !== undefined && next !== current) {
        current = next;
        bar.setAttribute("aria-label", next);
        if (!element.hidden && !cancel.disabled) text.textContent = next;
      }
    },
    finish() {
      clearTimeout(timer);
      element.hidden = true;
      element.remove();
    }
  };
}
