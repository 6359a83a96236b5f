// Runs the chosen method: at once where it is quick, with progress and Cancel where the core resamples.
import {runMethod} from "../compute/statistics.js";
import {byId} from "../domain/by-id.js";
import {InputError} from "../domain/errors.js";
import type {Method, MethodReport} from "../domain/statistics/method.js";
import {methodFigures, type MethodFigure} from "../domain/statistics/method-figures.js";
import {methods} from "../domain/statistics/methods.js";
import {workers} from "../page.js";
import {progress} from "../view/inputs/progress.js";
import {requestOf, toHash, type Settings} from "./workbench.js";
import {setState, type Source} from "./workbench-view.js";

/** A report with what shows it, or why there is none. */
export type Outcome =
  | {method: Method; report: MethodReport; figures: MethodFigure[]; error?: undefined}
  | {error: unknown; method?: undefined; report?: undefined; figures?: undefined};

/**
 * The outcome for these settings. Bad input is an answer here, not an exception.
 *
 * @param display where the progress bar goes: the cell's own `display`
 * @param invalidation when the settings have changed: what still runs is stopped
 */
export async function compute(
  settings: Settings, source: Source, display: (element: HTMLElement) => unknown, invalidation: Promise<unknown>
): Promise<Outcome> {
  const method = byId(methods, settings.method);
  const controller = new AbortController();
  void invalidation.then(() => controller.abort());
  const bar = progress({label: "Resampling", controller});
  display(bar.element);
  setState("running");
  history.replaceState(history.state, "", permalink(settings, source.example?.id ?? null));
  try {
    const request = requestOf(settings, source.table);
    const report = await runMethod(method, request, workers, {
      signal: controller.signal, onProgress: (done, total) => bar.update(done / total)
    });
    const figures = methodFigures(request, report);
    setState("done");
    return {method, report, figures};
  } catch (error) {
    const stopped = error instanceof DOMException && error.name === "AbortError";
    if (!stopped && !(error instanceof InputError)) throw error;
    setState("failed");
    return {error: stopped ? new Error("The resampling was cancelled.") : error};
  } finally {
    bar.finish();
  }
}

/** The address of this page with the settings, and without any value of the table. */
export function permalink(settings: Settings, example: string | null): string {
  return new URL(toHash(settings, example), location.href).href;
}
