import {InputError} from "../../domain/errors.js";
import type {Fault} from "../../domain/errors.js";
import {h} from "../dom.js";
import type {Child} from "../dom.js";

/** A boxed remark; not an alert. */
export function notice(title: string, ...content: Child[]): HTMLElement {
  return h("div", {class: "m-notice", role: "note"}, h("strong", {}, title), content.length > 0 ? " " : null, ...content);
}

/** What went wrong, as an alert: of an InputError its file, field, value and expectation; of others the message. */
export function errorNotice(error: unknown, title?: string): HTMLElement {
  if (!isFault(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return h("div", {class: "m-error", role: "alert"}, h("strong", {}, title ?? "Something went wrong"), " ", message);
  }
  const entry = (name: string, value: string): HTMLElement[] => [h("dt", {}, name), h("dd", {}, value)];
  return h("div", {class: "m-error", role: "alert", "data-code": error.code},
    h("strong", {}, title ?? (error.file === undefined ? "This input cannot be used" : `${error.file} cannot be used`)),
    h("dl", {},
      ...(error.file === undefined ? [] : entry("File", error.file)),
      ...entry("Field", error.field),
      ...entry("Found", show(error.value)),
      ...entry("Expected", error.expected)));
}

/** Several faults of one folder or table as a list; null when there are none. */
export function faultList(faults: readonly Fault[], title: string): HTMLElement | null {
  if (faults.length === 0) return null;
  return h("div", {class: "m-error", role: "alert"},
    h("strong", {}, title),
    h("ul", {}, ...faults.map((fault) => h("li", {}, new InputError(fault).message))));
}

function isFault(error: unknown): error is Fault {
  return error instanceof InputError
    || (typeof error === "object" && error !== null && "field" in error && "expected" in error && "code" in error);
}

function show(value: unknown): string {
  if (typeof value === "string") return value.length > 120 ? `${value.slice(0, 117)}…` : value === "" ? "(empty)" : value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as ArrayLike<unknown>);
    return items.slice(0, 8).join(", ") + (items.length > 8 ? ", …" : "");
  }
  if (value === null || value === undefined) return "nothing";
  return typeof value === "object" ? JSON.stringify(value).slice(0, 120) : String(value);
}
