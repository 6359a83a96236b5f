/** The button that shows the list of pages: Framework's own is a bare checkbox outside of every landmark. */
export function attachMenu(): void {
  const toggle = document.querySelector<HTMLInputElement>("#observablehq-sidebar-toggle");
  const sidebar = document.querySelector<HTMLElement>("#observablehq-sidebar");
  const button = document.querySelector<HTMLButtonElement>("button.m-menu");
  if (!toggle || !sidebar || !button) return;
  toggle.tabIndex = -1;
  toggle.setAttribute("aria-hidden", "true");
  // Untouched it is indeterminate: shown where there is room, as Framework's style has it.
  const room = matchMedia("(min-width: 63rem)");
  const shown = (): boolean => toggle.checked || (toggle.indeterminate && room.matches);
  const show = (): void => button.setAttribute("aria-expanded", String(shown()));
  // The list slides in, and takes no focus before it can be seen.
  const enter = (): void => {
    const link = sidebar.querySelector<HTMLElement>("a");
    if (!shown() || !link) return;
    if (getComputedStyle(link).visibility === "visible") link.focus();
    else requestAnimationFrame(enter);
  };
  button.addEventListener("click", () => {
    toggle.click();
    enter();
  });
  // Framework closes it on Escape too; whoever was in it is then back where it was opened.
  toggle.addEventListener("change", () => {
    show();
    if (!shown() && sidebar.contains(document.activeElement)) button.focus();
  });
  show();
}

attachMenu();
