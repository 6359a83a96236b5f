// What a page computes from controls that move faster than it computes.

/** Something with a value that fires "input" when it changes, as the page's controls do. */
export interface Source<T> extends EventTarget {
  readonly value: T;
}

/**
 * What `compute` makes of the newest value, again and again until `ended`. Values that come while it computes wait as
 * one, the last: a drag never queues up stale work, and whatever is under way is still shown.
 */
export async function* latest<T, R>(
  source: Source<T>, compute: (value: T, signal: AbortSignal) => Promise<R>, ended: Promise<unknown>
): AsyncGenerator<R> {
  const controller = new AbortController();
  let pending = true;
  let wake = (): void => {};
  const listen = (): void => {
    pending = true;
    wake();
  };
  void ended.then(() => {
    controller.abort();
    wake();
  });
  source.addEventListener("input", listen);
  try {
    for (;;) {
      if (!pending) await new Promise<void>((resolve) => (wake = resolve));
      if (controller.signal.aborted) return;
      pending = false;
      yield await compute(source.value, controller.signal);
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    source.removeEventListener("input", listen);
  }
}
