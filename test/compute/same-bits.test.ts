// The same fit in Node and in Chromium, whose module workers run the very sources: every bit has to agree.
import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {existsSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {extname, join, normalize} from "node:path";
import {after, before, describe, test} from "node:test";
import {fileURLToPath} from "node:url";
import {transform} from "esbuild";
import type {Browser, Page} from "playwright-core";
import {fitVoxels} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {launch} from "../browser/browser.js";

const source = fileURLToPath(new URL("../../src", import.meta.url));
const types: Record<string, string> = {".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html"};

/** Serves src/ as modules: `x.js` is `x.ts` with its types taken away, as Framework does it. */
async function serveSources(): Promise<{origin: string; close: () => void}> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = join(source, normalize(path));
    const script = file.replace(/\.js$/, ".ts");
    try {
      const body =
        path === "/"
          ? "<!doctype html><title>test</title>"
          : script !== file && existsSync(script)
            ? (await transform(await readFile(script, "utf8"), {loader: "ts", target: "es2022"})).code
            : await readFile(file);
      response
        .writeHead(200, {"content-type": path === "/" ? types[".html"] : (types[extname(file)] ?? "text/plain")})
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const {port} = server.address() as AddressInfo;
  return {origin: `http://127.0.0.1:${port}`, close: () => (server.closeAllConnections(), server.close())};
}

const b = [0, 50, 100, 400, 900];
const voxels = 2000;
/** Decays with ripples that only +, - and * made: the machine's own functions have no part in the input. */
const samples = Array.from({length: b.length * voxels}, (_, i) => {
  const [s, v] = [Math.floor(i / voxels), i % voxels];
  const level = [900, 860, 825, 640, 420][s];
  return v % 500 === 7 ? 0 : level + ((v * 7919 + s * 104729) % 211) - 105 - (v % 13) * s;
});
const estimators = ["ols", "iwls", "nlls"];

const digest = (arrays: ArrayBufferView[]) => {
  const hash = createHash("sha256");
  for (const {buffer, byteOffset, byteLength} of arrays) hash.update(Buffer.from(buffer, byteOffset, byteLength));
  return hash.digest("hex");
};

describe("browser and Node", () => {
  let server: Awaited<ReturnType<typeof serveSources>>;
  let browser: Browser;
  let page: Page;
  before(async () => {
    server = await serveSources();
    browser = await launch();
    page = await browser.newPage();
    // tsx names the functions it passes on.
    await page.addInitScript("globalThis.__name = (value) => value;");
    await page.goto(`${server.origin}/`);
  });
  after(async () => {
    await browser.close();
    server.close();
  });

  test("a fit has the same bits in Chromium with 1 and 3 workers as in Node", {timeout: 120_000}, async () => {
    const pool = createPool({size: 2, spawn, module: await loadModule()});
    const here: Record<string, string> = {};
    try {
      for (const estimator of estimators) {
        for (const precision of ["f32", "f64"] as const) {
          const fit = await fitVoxels(pool, {
            model: "mono-exponential",
            estimator,
            protocol: {b},
            samples: Float64Array.from(samples),
            voxels,
            precision,
            chunk: 300
          });
          assert.ok(fit.counts.converged > 1900, `${estimator}: ${JSON.stringify(fit.counts)}`);
          const {parameters, standardDeviations, residual, status, iterations} = fit;
          const maps = [...parameters, ...standardDeviations].map(({values}) => values);
          here[`${estimator} ${precision}`] = digest([...maps, residual, status, iterations]);
        }
      }
    } finally {
      pool.close();
    }
    for (const size of [1, 3]) {
      const there = await page.evaluate(
        async ({size, estimators, b, samples, voxels}) => {
          const load = (path: string) => import(path);
          const {spawn, loadModule} = await load("/compute/spawn.browser.js");
          const {createPool} = await load("/compute/pool.js");
          const {fitVoxels} = await load("/compute/fit.js");
          const pool = createPool({size, spawn, module: await loadModule("/generated/core/measurand_core_bg.wasm")});
          const found: Record<string, string> = {};
          for (const estimator of estimators) {
            for (const precision of ["f32", "f64"]) {
              const task = {
                model: "mono-exponential",
                estimator,
                protocol: {b},
                samples: Float64Array.from(samples),
                voxels,
                precision,
                chunk: 300
              };
              const {parameters, standardDeviations, residual, status, iterations} = await fitVoxels(pool, task);
              const maps = [...parameters, ...standardDeviations].map(({values}: {values: ArrayBufferView}) => values);
              const bytes = await new Blob([...maps, residual, status, iterations]).arrayBuffer();
              const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
              const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"));
              found[`${estimator} ${precision}`] = digits.join("");
            }
          }
          pool.close();
          return found;
        },
        {size, estimators, b, samples, voxels}
      );
      assert.deepEqual(there, here, `${size} workers`);
    }
  });

  test("a worker that cannot be loaded is a typed error in the browser too", {timeout: 60_000}, async () => {
    await page.route("**/fit.worker.js", (route) => route.abort());
    const error = await page.evaluate(async () => {
      const load = (path: string) => import(path);
      const {spawn, loadModule} = await load("/compute/spawn.browser.js");
      const {createPool} = await load("/compute/pool.js");
      const {readRegistry} = await load("/compute/fit.js");
      const pool = createPool({size: 1, spawn, module: await loadModule("/generated/core/measurand_core_bg.wasm")});
      const told = await readRegistry(pool).catch(({name, code, attempts}: Record<string, unknown>) => ({
        name,
        code,
        attempts
      }));
      pool.close();
      return told;
    });
    assert.deepEqual(error, {name: "WorkerError", code: "worker-died", attempts: 2});
  });
});
