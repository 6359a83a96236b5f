import assert from "node:assert/strict";
import {test} from "node:test";
import {axeViolations, compareShots, openBench, shotOf, skip} from "../viewer/browser.js";

const script = `
  import {surfacePlot} from "./view/surface/surface.js";
  const bowl = (top) => (x, y) => top - ((x - 117) / 50) ** 2 - ((y - 2550) / 500) ** 2;
  const points = [];
  for (let i = 0; i < 7; i++) {
    for (let j = 0; j < 7; j++) {
      const [x, y] = [84 + 11 * i, 2200 + (700 / 6) * j];
      points.push({x, y, z: Math.min(0.99, Math.max(0, bowl(0.8)(x, y) + ((i + j) % 2 ? 0.08 : -0.08)))});
    }
  }
  const plot = surfacePlot({
    x: {label: "TE", unit: "ms", range: [84, 150]},
    y: {label: "TI", unit: "ms", range: [2200, 2900]},
    z: {label: "F1", range: [0, 1]},
    surface: bowl(0.8), points, highlight: {x: 117, y: 2550},
    description: "A bowl upside down."
  });
  Object.assign(globalThis, {plot, bowl});
  document.querySelector("#here").append(plot);
`;
const style = "src/view/surface/surface.css";
const options = {skip, timeout: 120_000};

type Plot = import("../../../src/view/surface/surface.js").SurfacePlot;
type Globals = {plot: Plot; bowl(top: number): (x: number, y: number) => number};

test("three.js and the drawn projection show the same surface from the same side", options, async () => {
  const {page, faults, close} = await openBench(script, style, {width: 760});
  try {
    await page.waitForSelector(".m-surface[data-renderer=webgl]", {timeout: 60_000});
    for (const key of ["", "ArrowLeft", "ArrowUp"]) {
      if (key) {
        await page.focus(".m-surface-stage");
        for (let i = 0; i < 5; i++) await page.keyboard.press(key);
      }
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.waitForTimeout(200);
      const webgl = await shotOf(page, ".m-surface-stage");
      // Asked to print, the plot draws what paper shows; looked at here with WebGL's canvas out of the way.
      await page.emulateMedia({media: "print"});
      await page.waitForFunction(() => document.querySelectorAll(".m-surface-model circle").length > 40);
      await page.emulateMedia({media: "screen"});
      const paper = await page.addStyleTag({
        content: ".m-surface-gl {display: none} .m-surface .m-surface-model.m-surface-model {visibility: visible}"
      });
      const drawn = await shotOf(page, ".m-surface-stage");
      await paper.evaluate((node) => (node as Element).remove());
      const {sameSize, differing, coloured} = await compareShots(page, webgl, drawn, 40);
      assert.equal(sameSize, true);
      assert.ok(coloured > 15_000, `${coloured} coloured px`);
      assert.ok(differing < 0.06 * coloured, `after ${key || "start"}: ${differing} of ${coloured} px differ`);
    }
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});

test("turned by keys, pointer and buttons, read by keyboard, updated in place, saved as SVG", options, async () => {
  const {page, faults, close} = await openBench(script, style, {width: 760});
  try {
    await page.waitForSelector(".m-surface[data-renderer=webgl]", {timeout: 60_000});
    await page.emulateMedia({reducedMotion: "reduce"});
    const camera = () => page.evaluate(() => (globalThis as unknown as Globals).plot.camera);
    const start = await camera();
    await page.focus(".m-surface-stage");
    await page.keyboard.press("ArrowLeft");
    assert.equal((await camera()).azimuth, start.azimuth + 5);
    await page.click("button[aria-label='Turn right']");
    assert.equal((await camera()).azimuth, start.azimuth - 10);
    for (let i = 0; i < 8; i++) await page.click("button[aria-label^='Tilt towards the top']");
    assert.equal((await camera()).elevation, 90);
    await page.click("button[aria-label='Reset the view']");
    assert.deepEqual(await camera(), start);
    const box = (await page.locator(".m-surface-stage").boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 140, {steps: 4});
    await page.mouse.up();
    assert.ok((await camera()).azimuth > start.azimuth + 30 && (await camera()).elevation > start.elevation + 10);
    await page.mouse.move(0, 0);
    await page.keyboard.press("n");
    const says = (text: string) =>
      page.waitForFunction((part) => {
        const live = document.querySelector("[aria-live]")!.textContent!;
        return live.replace(/\s/g, " ").includes(part);
      }, text);
    await says("TE 84 ms, TI 2200 ms: measured");
    await page.keyboard.press("Escape");
    const kept = await camera();
    await page.evaluate(() => {
      const {plot, bowl} = globalThis as unknown as Globals;
      for (let i = 0; i < 30; i++) plot.update({surface: bowl(0.9 - 0.01 * i), highlight: {x: 100, y: 2400}});
    });
    await says("TE 100 ms, TI 2400 ms");
    assert.deepEqual(await camera(), kept);
    const svg = await page.evaluate(() => (globalThis as unknown as Globals).plot.svg());
    assert.match(svg, /^<svg xmlns=.*A bowl upside down\..*<\/svg>$/s);
    assert.doesNotMatch(svg, /var\(|NaN/);
    assert.deepEqual(await axeViolations(page), []);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});

test("without WebGL the drawing stands, turns and fits a narrow page", options, async () => {
  const {page, faults, close} = await openBench(script, style, {webgl: false, width: 380});
  try {
    await page.waitForSelector(".m-surface-model path", {state: "attached"});
    assert.equal(await page.getAttribute(".m-surface", "data-renderer"), "svg");
    const first = await page.innerHTML(".m-surface-model");
    await page.focus(".m-surface-stage");
    await page.keyboard.press("ArrowLeft");
    await page.waitForFunction((before) => document.querySelector(".m-surface-model")!.innerHTML !== before, first);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    assert.deepEqual(faults.filter((fault) => !fault.includes("WebGL")), []);
  } finally {
    await close();
  }
});

test("taken out of the page, the WebGL context is given back", options, async () => {
  const {page, faults, close} = await openBench(script, style, {width: 760});
  try {
    await page.waitForSelector(".m-surface[data-renderer=webgl]", {timeout: 60_000});
    const lost = await page.evaluate(async () => {
      const {plot} = globalThis as unknown as Globals;
      const gl = plot.querySelector("canvas")!.getContext("webgl2")!;
      plot.remove();
      for (let i = 0; !gl.isContextLost() && i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 100));
      return gl.isContextLost();
    });
    assert.equal(lost, true);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});
