import assert from "node:assert/strict";
import {test} from "node:test";
import {axeViolations, compareShots, openBench, shotOf, skip} from "./browser.js";

/** A ball of voxels with holes, stored from right to left, three regions. */
const script = `
  import {volumeViewer} from "./view/viewer/viewer.js";
  import {writeNifti} from "./io/nifti.js";
  const shape = [20, 16, 10];
  const affine = [-2, 0, 0, 19, 0, 2.5, 0, -20, 0, 0, 3, -15, 0, 0, 0, 1];
  const n = 20 * 16 * 10;
  const values = new Float64Array(n), labels = new Uint8Array(n), status = new Uint8Array(n);
  for (let v = 0; v < n; v++) {
    const [i, j, k] = [v % 20, Math.floor(v / 20) % 16, Math.floor(v / 320)];
    values[v] = Math.hypot(i - 9.5, j - 7.5, 2 * (k - 4.5)) < 9 && v % 7 !== 0 ? 1e-4 * i + 5e-5 * j + 2e-5 * k : NaN;
    if (Number.isNaN(values[v])) status[v] = 2;
    labels[v] = i < 6 ? 1 : j > 10 ? 2 : 0;
  }
  const viewer = volumeViewer({
    grid: {shape, affine},
    encode: (volume) => writeNifti(volume),
    maps: [
      {name: "adc", label: "ADC", unit: "mm2/s", values, range: [0, 0.0025]},
      {name: "f", label: "F", unit: "1", values: values.map((v) => 100 * v), range: [0, 0.25], colormap: "cividis"}
    ],
    regions: {values: labels, labels: [{value: 1, name: "Right"}, {value: 2, name: "Front", color: "#ff8800"}]},
    status: {values: status, names: {0: "converged", 2: "not identifiable"}},
    description: "A ball.",
    initial: {voxel: [10, 8, 5]}
  });
  globalThis.viewer = viewer;
  document.querySelector("#here").append(viewer);
`;
const style = "src/view/viewer/viewer.css";
const options = {skip, timeout: 120_000};

test("NiiVue and the plain canvas draw the same picture", options, async () => {
  const {page, faults, close} = await openBench(script, style);
  try {
    await page.waitForSelector(".m-viewer[data-renderer=niivue]", {timeout: 60_000});
    await page.addStyleTag({
      content: ".m-viewer-overlay {visibility: hidden} .m-viewer-gl {transition: none !important}"
    });
    for (const view of ["all", "axial", "coronal", "sagittal"]) {
      await page.check(`input[value=${view}]`);
      await page.waitForTimeout(250);
      const niivue = await shotOf(page, ".m-viewer-stage");
      const hide = await page.addStyleTag({content: ".m-viewer-gl {display: none}"});
      const canvas = await shotOf(page, ".m-viewer-stage");
      await hide.evaluate((node) => (node as Element).remove());
      const {sameSize, differing, coloured} = await compareShots(page, niivue, canvas, 6);
      assert.equal(sameSize, true);
      assert.ok(coloured > 5_000, `${view}: something is drawn (${coloured} px)`);
      // Voxels' edges fall between pixels and may be rounded either way.
      assert.ok(differing < 0.05 * coloured, `${view}: ${differing} of ${coloured} px differ`);
    }
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});

test("pointer, keys and numbers move the crosshair; its values stand beside it as text", options, async () => {
  const {page, faults, close} = await openBench(script, style);
  try {
    await page.waitForSelector(".m-viewer[data-renderer=niivue]", {timeout: 60_000});
    const readout = () => page.locator("[aria-live=polite]").innerText();
    const voxel = () => page.getAttribute(".m-viewer", "data-voxel");
    assert.equal(await voxel(), "10,8,5");
    await page.focus(".m-viewer-stage");
    // Stored from right to left: one step to the right on the screen is one index less.
    for (const key of ["ArrowRight", "ArrowUp", "PageUp"]) await page.keyboard.press(key);
    assert.equal(await voxel(), "9,9,6");
    await page.waitForFunction(() => document.querySelector("[aria-live=polite]")!.textContent!.includes("9, 9, 6"));
    // 9e-4 + 45e-5 + 12e-5 mm2/s; x = 19 - 18 mm to the right, y = 2.5 forward, z = 3 up.
    const text = (await readout()).replace(/\s+/g, " ");
    const place = "R 1.0, A 2.5, S 3.0";
    for (const part of ["1.470 × 10⁻³ mm²/s", "0.1470", place, "outside all regions", "converged"]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    await page.fill("input[aria-label='Voxel i']", "0");
    assert.equal(await voxel(), "0,9,6");
    await page.waitForFunction(() => document.querySelector("[aria-live=polite]")!.textContent!.includes("no value"));
    assert.ok((await readout()).includes("Right"));
    await page.keyboard.press("Tab");
    await page.focus(".m-viewer-stage");
    await page.keyboard.press("Home");
    assert.equal(await voxel(), "10,8,5");
    await page.check("input[value=axial]");
    await page.waitForTimeout(150);
    // The top left corner of the picture is the left front: the highest stored x, the highest y.
    const corner = await page.evaluate(() => {
      const lines = document.querySelector(".m-viewer-cross") as SVGPathElement;
      const box = lines.getBoundingClientRect();
      return {x: box.left + 3, y: box.top + 3};
    });
    await page.mouse.click(corner.x, corner.y);
    assert.equal(await voxel(), "19,15,5");
    assert.deepEqual(await axeViolations(page), []);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});

test("new data come in place; taken out of the page, the WebGL context is given back", options, async () => {
  const {page, faults, close} = await openBench(script, style);
  try {
    await page.waitForSelector(".m-viewer[data-renderer=niivue]", {timeout: 60_000});
    const lost = await page.evaluate(async () => {
      const {viewer} = globalThis as unknown as {viewer: import("../../../src/view/viewer/viewer.js").VolumeViewer};
      const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
      const values = new Float32Array(64).fill(0.5);
      const map = {name: "adc", label: "ADC", unit: "mm2/s", values, range: [0, 1] as const};
      viewer.update({grid: {shape: [4, 4, 4], affine: identity}, maps: [map], regions: undefined, status: undefined});
      for (let i = 0; viewer.dataset.renderer !== "niivue" && i < 100; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const text = viewer.querySelector("[aria-live]")!.textContent;
      const gl = viewer.querySelector<HTMLCanvasElement>(".m-viewer-gl canvas")!.getContext("webgl2")!;
      const before = gl.isContextLost();
      viewer.remove();
      for (let i = 0; !gl.isContextLost() && i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 100));
      return {text, before, after: gl.isContextLost()};
    });
    assert.match(lost.text!, /Voxel 3, 3, 3.*ADC 0\.500/);
    assert.deepEqual([lost.before, lost.after], [false, true]);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
});

test("without WebGL the slices are drawn all the same, and the page says so", options, async () => {
  const {page, faults, close} = await openBench(script, style, {webgl: false, width: 380});
  try {
    await page.waitForSelector(".m-viewer-note:visible");
    assert.match(await page.innerText(".m-viewer-note"), /no WebGL2/);
    assert.equal(await page.getAttribute(".m-viewer", "data-renderer"), "canvas");
    assert.equal(await page.locator("input[value=volume]").count(), 0);
    const shot = await shotOf(page, ".m-viewer-stage");
    const {colours} = await compareShots(page, shot, shot, 0);
    assert.ok(colours > 50, `${colours} colours`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    assert.deepEqual(faults.filter((fault) => !fault.includes("WebGL")), []);
  } finally {
    await close();
  }
});
