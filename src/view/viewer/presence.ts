/** What an element does when a reader comes near it and when it is left or taken out of the page. */
export interface Presence {
  enter(): void;
  leave(): void;
}

/** Milliseconds out of view after which `leave` is called: scrolling past and back should cost nothing. */
const PATIENCE = 8000;

/**
 * Calls `enter` when the element comes within `margin` px of the view and `leave` when it has been gone for a while.
 * An element taken out of the document counts as gone, so its WebGL context is given back (browsers allow about 16).
 * Returns a function that stops watching.
 */
export function watchPresence(element: Element, presence: Presence, margin = 240): () => void {
  if (typeof IntersectionObserver === "undefined") {
    presence.enter();
    return () => {};
  }
  let inside = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new IntersectionObserver(
    (entries) => {
      const near = entries[entries.length - 1].isIntersecting;
      clearTimeout(timer);
      if (near && !inside) {
        inside = true;
        presence.enter();
      } else if (!near && inside) {
        timer = setTimeout(
          () => {
            inside = false;
            presence.leave();
          },
          element.isConnected ? PATIENCE : 0
        );
      }
    },
    {rootMargin: `${margin}px`}
  );
  observer.observe(element);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}

let webgl2: boolean | undefined;

/** Whether this browser gives out a WebGL2 context; asked once, and the context asked for is given back. */
export function hasWebGL2(): boolean {
  if (webgl2 === undefined) {
    const gl = document.createElement("canvas").getContext("webgl2");
    webgl2 = gl !== null;
    gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return webgl2;
}
