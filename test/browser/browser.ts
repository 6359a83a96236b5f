import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {after, before} from "node:test";
import {chromium, type Browser, type BrowserContextOptions, type Page} from "playwright-core";
import {findChromium} from "../../scripts/chromium.js";
import {root} from "../../scripts/paths.js";
import {serve} from "../../scripts/serve.js";

/** The accessibility checker, to be run in a page. */
export const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A Chromium that can reach this machine alone, with WebGL in software. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--ignore-gpu-blocklist",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    ]
  });
}

/** A page, and what went wrong on it so far: console errors, exceptions, failed or foreign requests. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {}
): Promise<{page: Page; faults: string[]}> {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, reducedMotion: "reduce", ...options});
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.stack ?? error.message}`));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    if (reason !== "net::ERR_ABORTED") faults.push(`request failed: ${request.url()} ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`status ${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== origin) faults.push(`request to another origin: ${request.url()}`);
  });
  return {page, faults};
}

/** The built site below a path, served with a browser beside it for as long as the tests of a file run. */
export function siteUnderTest(base = "/"): {
  readonly url: string;
  open(options?: BrowserContextOptions): ReturnType<typeof openPage>;
} {
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    site = await serve(join(root, "dist"), base);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    get url() {
      return site.url;
    },
    open: (options) => openPage(browser, site.origin, options)
  };
}

/** Moves a slider as a drag does: the value changes while it is held. */
export async function drag(page: Page, label: string, value: number): Promise<void> {
  await page.getByLabel(label, {exact: true}).evaluate((input: HTMLInputElement, to) => {
    input.value = String(to);
    input.dispatchEvent(new Event("input", {bubbles: true}));
  }, value);
}

/** Scrolls through the page once, so that everything that loads when it comes into view has been asked to. */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
      window.scrollTo({top: y, behavior: "instant"});
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    window.scrollTo({top: 0, behavior: "instant"});
  });
}
