import {existsSync, readFileSync} from "node:fs";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";
import {chromium, type Browser, type Page} from "playwright-core";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executable = [process.env.CHROMIUM_PATH, ...usual]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));

/** Why tests in a browser are skipped here, or false where they run. */
export const skip = executable === undefined ? "no Chromium found (set CHROMIUM_PATH)" : false;

const STYLE = `
  * {box-sizing: border-box}
  body {margin: 16px; background: var(--m-paper); color: var(--m-ink); font-family: sans-serif}
  :root {--m-ink: #1c2126; --m-paper: #fcfbf8; --m-muted: #575e66; --m-rule: #dcd8cf; --m-accent: #155a7a;
    --m-accent-2: #9c4221; --m-font-sans: sans-serif}`;

export interface Bench {
  page: Page;
  /** Errors of the page and requests that went elsewhere, as they come. */
  faults: string[];
  close(): Promise<void>;
}

/** Bundles a page script against the sources, serves it with a component's style sheet, and opens it in Chromium. */
export async function openBench(
  script: string,
  style: string,
  {webgl = true, width = 900, height = 800}: {webgl?: boolean; width?: number; height?: number} = {}
): Promise<Bench> {
  const bundle = await build({
    stdin: {contents: script, resolveDir: `${root}src`, loader: "ts"},
    bundle: true,
    splitting: true,
    format: "esm",
    write: false,
    outdir: "/out",
    entryNames: "page",
    logLevel: "silent",
    plugins: [
      {
        name: "vendor",
        // Straight from the entries, so that these tests need nothing prepared.
        setup: ({onResolve}) =>
          onResolve({filter: /generated\/vendor\/\w+\.js$/}, ({path}) => ({
            path: `${root}vendor/${path.match(/(\w+)\.js$/)![1]}.ts`
          }))
      }
    ]
  });
  const files = new Map(bundle.outputFiles.map(({path, contents}) => [path.replace(/^.*[\\/]/, "/"), contents]));
  const html =
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">` +
    `<style>${STYLE}${readFileSync(`${root}${style}`, "utf8")}</style>` +
    `<main><h1>Bench</h1><div id="here"></div></main><script type="module" src="/page.js"></script></html>`;
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    const body = path === "/" ? html : files.get(path);
    const type = path === "/" ? "text/html" : "text/javascript";
    response.writeHead(body === undefined ? 404 : 200, {"content-type": type});
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    server.close();
  };
  try {
    const gl = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];
    browser = await chromium.launch({
      executablePath: executable,
      args: ["--no-sandbox", ...(webgl ? gl : ["--disable-3d-apis"])]
    });
    const page = await browser.newPage({viewport: {width, height}});
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) faults.push(`request to ${url}`);
    });
    await page.goto(`${origin}/`);
    return {page, faults, close};
  } catch (error) {
    await close();
    throw error;
  }
}

/** What an element looks like now: a PNG, base64. */
export async function shotOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).screenshot()).toString("base64");
}

export interface Comparison {
  /** Whether both have one size. */
  sameSize: boolean;
  /** Pixels of which a channel differs by more than the tolerance. */
  differing: number;
  /** Pixels of the second that are coloured: neither paper nor grey. */
  coloured: number;
  /** Distinct colours of the second. */
  colours: number;
}

/** Compares two pictures, in the page, which decodes them. */
export function compareShots(page: Page, one: string, other: string, tolerance: number): Promise<Comparison> {
  return page.evaluate(
    async ([shots, limit]) => {
      const [a, b] = await Promise.all(
        shots.map(async (shot) => {
          const image = new Image();
          image.src = `data:image/png;base64,${shot}`;
          await image.decode();
          const context = new OffscreenCanvas(image.width, image.height).getContext("2d")!;
          context.drawImage(image, 0, 0);
          return context.getImageData(0, 0, image.width, image.height);
        })
      );
      let differing = 0;
      let coloured = 0;
      const seen = new Set<number>();
      for (let p = 0; p < b.data.length; p += 4) {
        const [red, green, blue] = [b.data[p], b.data[p + 1], b.data[p + 2]];
        seen.add((red << 16) | (green << 8) | blue);
        if (Math.max(red, green, blue) - Math.min(red, green, blue) > 40) coloured++;
        for (let c = 0; c < 3; c++) {
          if (Math.abs(a.data[p + c] - b.data[p + c]) <= limit) continue;
          differing++;
          break;
        }
      }
      return {sameSize: a.width === b.width && a.height === b.height, differing, coloured, colours: seen.size};
    },
    [[one, other], tolerance] as const
  );
}

/** Rules of axe that the page breaks, with the elements. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(`${root}node_modules/axe-core/axe.min.js`, "utf8"));
  return page.evaluate(async () => {
    type Axe = {run(): Promise<{violations: {id: string; nodes: {html: string}[]}[]}>};
    const {violations} = await (globalThis as unknown as {axe: Axe}).axe.run();
    return violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
}
