import {h} from "../dom.js";

/** A text with a button that copies it. */
export function copyBlock(title: string, text: string, kind: "prose" | "code"): HTMLElement {
  const status = h("span", {role: "status"});
  const body = kind === "code" ? h("pre", {tabindex: 0, "aria-label": title}, h("code", {}, text)) : h("p", {}, text);
  const button = h("button", {type: "button", class: "m-button", "aria-label": `Copy: ${title}`}, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      status.textContent = "Copied.";
    } catch {
      getSelection()?.selectAllChildren(body);
      status.textContent = "The browser does not allow it; the text is selected, copy it with the keyboard.";
    }
  });
  return h("div", {class: "m-copy-block"}, h("h3", {}, title), body, h("p", {}, button, " ", status));
}
