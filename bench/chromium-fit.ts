// The core as a reader runs it: fits timed in a page of Chromium.
import {join} from "node:path";
import type {Browser} from "playwright-core";
import type {FitRequest} from "../src/compute/core.js";
import {root} from "../scripts/paths.js";
import {serve} from "../scripts/serve.js";
import {launch} from "../test/browser/browser.js";

export interface CoreInChromium {
  readonly version: string;
  /** Seconds of one fit of every voxel in that precision. */
  seconds(precision: "f64" | "f32"): Promise<number>;
  close(): Promise<void>;
}

/** The built core in a page of its own, ready to fit these samples (one sample of every voxel after another). */
export async function coreInChromium(
  request: FitRequest,
  samples: Float64Array,
  voxels: number
): Promise<CoreInChromium> {
  const site = await serve(join(root, "wasm", "pkg"), "/");
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await site.close();
  };
  try {
    browser = await launch();
    const page = await browser.newPage();
    await page.goto(`${site.url}record.json`);
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString("base64");
    const fit = await page.evaluateHandle(async ({glue, request, bytes, voxels}) => {
      const core = await import(glue);
      await core.default();
      const doubles = new Float64Array(Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)).buffer);
      const singles = Float32Array.from(doubles);
      return (precision: "f64" | "f32") => {
        const start = performance.now();
        if (precision === "f64") core.fit_f64(request, doubles, voxels).free();
        else core.fit_f32(request, singles, voxels).free();
        return (performance.now() - start) / 1000;
      };
    }, {glue: `${site.origin}/measurand_core.js`, request: JSON.stringify(request), bytes, voxels});
    return {
      version: browser.version(),
      seconds: (precision) => page.evaluate(([run, precision]) => run(precision), [fit, precision] as const),
      close
    };
  } catch (error) {
    await close();
    throw error;
  }
}
