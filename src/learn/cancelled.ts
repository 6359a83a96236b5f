// Work that the reader may cancel, and start again.
import {h} from "../view/dom.js";
import {notice} from "../view/inputs/notice.js";

/**
 * What work gives; null when it was cancelled, with a button that calls `again` in its place.
 *
 * @param display the cell's own
 * @param ended says that the cell runs anew with other settings: nothing is shown then
 */
export async function unlessCancelled<T>(
  work: Promise<T>, display: (element: HTMLElement) => unknown, again: () => void, ended: AbortSignal
): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    if (!ended.aborted) {
      const button = h("button", {type: "button", class: "m-button"}, "Compute again");
      button.addEventListener("click", again);
      display(notice("Cancelled.", "The figures and tables below need this computation. ", button));
    }
    return null;
  }
}
