// Modified results must never pass for published ones: while a cell is modified, the page says so at its top.
import {element} from "./frame.js";

let shown: {section: HTMLElement; status: HTMLElement} | undefined;

/**
 * Says how many cells are modified, in a note above the page's content and in
 * `document.documentElement.dataset.modified` (absent while there is none).
 */
export function showModified(count: number, resetAll: () => void): void {
  const root = document.documentElement;
  if (count === 0) delete root.dataset.modified;
  else root.dataset.modified = String(count);
  if (count === 0 && !shown) return;
  shown ??= createNote(resetAll);
  shown.section.hidden = count === 0;
  shown.status.textContent =
    count === 0
      ? ""
      : `${count === 1 ? "1 cell is" : `${count} cells are`} modified: numbers, figures and claim marks on this page ` +
        "are not the published ones.";
}

function createNote(resetAll: () => void): {section: HTMLElement; status: HTMLElement} {
  const status = element("p", {role: "status"});
  const button = element("button", {type: "button", class: "cells-reset-all"}, "Reset all");
  button.addEventListener("click", () => {
    resetAll();
    // The button is about to vanish under the keyboard: go on from the content.
    const main = document.querySelector<HTMLElement>("main");
    main?.setAttribute("tabindex", "-1");
    main?.focus({preventScroll: true});
  });
  const section = element("section", {class: "cells-note", "aria-label": "Modified cells"}, status, button);
  // Beside `main`, not in it: preview counts the children of `main` to find where an edit of the page goes.
  const main = document.querySelector("main");
  main?.before(section);
  return {section, status};
}
