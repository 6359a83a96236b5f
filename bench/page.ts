// What a reader waits for: bytes before DuckDB, and the time to the first figure, of the built site in Chromium.
import {readFileSync, statSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {root} from "../scripts/paths.js";
import {serve} from "../scripts/serve.js";
import {launch, openPage} from "../test/browser/browser.js";

const dist = join(root, "dist");
const pages = ["index.html", "studies/agreement/index.html", "studies/repeatability/index.html", "studies/f1-surface/index.html"];
const rounds = 5;

export async function benchPages(): Promise<void> {
  const site = await serve(dist, "/");
  const browser = await launch();
  try {
    console.log("page                                 code    data    DuckDB   (kB gzipped)   first figure, median of 5 cold loads");
    for (const file of pages) {
      const sizes = {code: 0, data: 0, duckdb: 0};
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const {page} = await openPage(browser, site.origin);
        const seen = new Set<string>();
        page.on("response", (response) => {
          const path = decodeURIComponent(new URL(response.url()).pathname).slice(1);
          if (round > 0 || response.status() !== 200 || seen.has(path)) return;
          seen.add(path);
          const full = join(dist, path || "index.html");
          const kind = /duckdb-(eh|browser)/.test(path) ? "duckdb" : /generated\/data\//.test(path) ? "data" : "code";
          sizes[kind] += /\.gz(\.|$)|\.png$/.test(path) ? statSync(full).size : gzipSync(readFileSync(full)).length;
        });
        const start = performance.now();
        await page.goto(site.url + file);
        await page.waitForSelector("figure .m-chart svg.marks, figure svg.marks", {timeout: 60_000});
        times.push(performance.now() - start);
        await page.waitForLoadState("networkidle");
        await page.context().close();
      }
      times.sort((a, b) => a - b);
      const kB = (bytes: number): string => (bytes / 1000).toFixed(0).padStart(8);
      console.log(`${file.padEnd(34)}${kB(sizes.code)}${kB(sizes.data)}${kB(sizes.duckdb)}${" ".repeat(17)}${times[2].toFixed(0)} ms`);
    }
  } finally {
    await browser.close();
    await site.close();
  }
}
