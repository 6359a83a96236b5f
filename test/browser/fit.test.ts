import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import {unzipSync} from "fflate";
import type {BrowserContextOptions, Page} from "playwright-core";
import {readRegistry} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {folderOfBytes} from "../../src/io/folder.js";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import {parseCsv} from "../../src/io/tsv.js";
import {fitRegion, readFitInput} from "../../src/tools/fit-data.js";
import {affine, b, badInputs, bval, mask, samples, series, voxelSize, type Dropped} from "../tools/samples.js";
import {axeSource, scrollThrough, siteUnderTest} from "./browser.js";

const site = siteUnderTest("/under/a/path/");

/** The page, and at the end the check that nothing went wrong on it. */
async function onPage(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const {page, faults} = await site.open(options);
  try {
    await page.goto(`${site.url}tools/fit-your-own-data.html`);
    await state(page, "idle");
    await use(page);
    assert.deepEqual(await page.$$eval(".observablehq--error", (all) => all.map(({textContent}) => textContent)), []);
    assert.deepEqual(faults, []);
  } finally {
    await page.context().close();
  }
}

function state(page: Page, ...wanted: string[]): Promise<unknown> {
  return page.waitForFunction((states) => states.includes(document.documentElement.dataset.fit ?? ""), wanted, {
    timeout: 60_000
  });
}

function drop(page: Page, ...files: Dropped[]): Promise<void> {
  return page.setInputFiles(
    'input[type="file"]',
    files.map(({name, bytes}) => ({
      name,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes as Uint8Array)
    }))
  );
}

async function fit(page: Page): Promise<void> {
  await page.getByRole("button", {name: /^Fit [\d,]+ voxels?$/}).click();
  await state(page, "done", "failed");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.fit), "done");
  await page.waitForSelector("#fit-files");
}

async function download(page: Page, name: string): Promise<{name: string; bytes: Uint8Array}> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", {name, exact: true}).click()
  ]);
  return {name: file.suggestedFilename(), bytes: new Uint8Array(readFileSync(await file.path()))};
}

const cells = (page: Page, selector: string): Promise<string[][]> =>
  page.$$eval(`${selector} tbody tr`, (rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent ?? ""))
  );

/** What the page computes, computed here: the same code on the same files. */
async function expected(estimator: string, files: Dropped[], model = "mono-exponential") {
  const pool = createPool({size: 1, spawn, module: await loadModule()});
  try {
    const registry = await readRegistry(pool);
    const input = await readFitInput(
      folderOfBytes("files", Object.fromEntries(files.map(({name, bytes}) => [name, bytes])))
    );
    const info = registry.models.find(({id}) => id === model)!;
    return await fitRegion(pool, {input, model: info, estimator, region: {kind: "everywhere"}});
  } finally {
    pool.close();
  }
}

describe("fit your own data", () => {
  test("the page has one file input and fits nothing by itself", () =>
    onPage(async (page) => {
      assert.equal(await page.locator('input[type="file"]').count(), 1);
      await drop(page, series(), bval);
      await state(page, "ready");
      await page.getByRole("button", {name: /^Fit/}).waitFor();
      await page.waitForTimeout(500);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.fit), "ready");
      assert.equal(await page.locator("#fit-outcomes").count(), 0);
    }));

  for (const colorScheme of ["light", "dark"] as const) {
    test(`the example, ${colorScheme}: files, model, region, fit, figures; no axe violation`, () =>
      onPage(
        async (page) => {
          await page.getByRole("button", {name: "Try it with an example"}).click();
          await state(page, "ready");
          const files = await cells(page, ".m-fit-source");
          assert.ok(
            files.some(([file, role]) => file.endsWith("_dwi.nii.gz") && role.includes("series of 7 volumes")),
            String(files)
          );
          await page.locator(".m-fit-equation math").waitFor();
          await fit(page);
          const outcomes = await cells(page, "#fit-outcomes");
          assert.deepEqual(
            outcomes.map(([name]) => name),
            ["converged", "outside-mask"]
          );
          assert.equal((await cells(page, "#fit-summary")).length, 8, "two parameters in four tissues");
          await scrollThrough(page);
          for (const id of ["region", "maps", "decay", "histogram-S0", "histogram-ADC"])
            await page.locator(`#fig-${id}`).waitFor();
          await page.locator("#fig-decay svg .mark-line path").first().waitFor({state: "attached"});
          assert.deepEqual(await axe(page), []);
        },
        {colorScheme}
      ));
  }

  test("380 px: nothing overflows, before the fit and after", () =>
    onPage(
      async (page) => {
        await page.getByRole("button", {name: "Try it with an example"}).click();
        await state(page, "ready");
        await page.getByRole("button", {name: /^Fit/}).waitFor();
        await scrollThrough(page);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380);
        await fit(page);
        await scrollThrough(page);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 380);
      },
      {viewport: {width: 380, height: 800}}
    ));

  test("dropped bytes come out as maps that are bit for bit those computed in Node", () =>
    onPage(async (page) => {
      const files = [series(), bval, mask()];
      await drop(page, ...files);
      await state(page, "ready");
      await page.getByLabel("Nonlinear least squares, bounded").check();
      await page.getByLabel("Everywhere").check();
      await page.getByRole("button", {name: "Fit 105 voxels"}).waitFor();
      await fit(page);
      const result = await expected("nlls", files);

      const single = await download(page, "Download ADC as NIfTI");
      assert.equal(single.name, "sub-01_model-monoexponential_param-ADC_dwimap.nii.gz");
      assert.deepEqual(readNifti(single.bytes, single.name).data, result.fit.parameters[1].values);
      const sidecar = await download(page, "Download ADC as JSON");
      assert.equal(JSON.parse(new TextDecoder().decode(sidecar.bytes)).Units, "mm^2/s");

      const zip = await download(page, "All maps (.zip)");
      const unpacked = unzipSync(zip.bytes);
      const status = "sub-01/dwi/sub-01_model-monoexponential_desc-status_dwimap.nii.gz";
      assert.deepEqual(readNifti(unpacked[status], status).data, result.fit.status);
      const names = Object.keys(unpacked);
      assert.equal(names.length, 13, names.join(" "));

      const table = await download(page, "Voxel table (.csv)");
      const rows = parseCsv(new TextDecoder().decode(table.bytes), table.name);
      assert.equal(rows.rows.length, 105);
      assert.equal(rows.number(60, "ADC"), result.fit.parameters[1].values[60]);

      const outcomes = Object.fromEntries(
        (await cells(page, "#fit-outcomes")).map(([name, count]) => [name, Number(count)])
      );
      assert.deepEqual(outcomes, {converged: 103, "failed-non-finite": 1, "failed-no-signal": 1});
      const summary = await cells(page, "#fit-summary");
      assert.equal(summary[1][0], "ADC (µm²/s)");
      assert.ok(summary[1][1].startsWith((result.summaries[1].median! * 1e6).toPrecision(4)), summary[1].join(" "));
    }));

  test("the decay follows the crosshair, with the keyboard as well", () =>
    onPage(async (page) => {
      await drop(page, series(), bval);
      await state(page, "ready");
      await page.getByLabel("Everywhere").check();
      await page.getByRole("button", {name: "Fit 105 voxels"}).press("Enter");
      await state(page, "done");
      const caption = page.locator("#fig-decay .m-figure-caption");
      await caption.waitFor();
      const box = page.locator("#fig-maps");
      for (const [axis, value] of Object.entries({i: 4, j: 0, k: 0}))
        await box.getByLabel(`Voxel ${axis}`).fill(String(value));
      await page.waitForFunction(() =>
        document.querySelector("#fig-decay .m-figure-caption")?.textContent?.includes("(4, 0, 0), failed-non-finite")
      );
      assert.match((await caption.textContent())!, /no curve without parameters/);
      await page.locator("#fig-maps .m-viewer-stage").focus();
      await page.keyboard.press("Home");
      await page.waitForFunction(() =>
        document.querySelector("#fig-decay .m-figure-caption")?.textContent?.includes("(3, 2, 1), converged")
      );
      await page.locator("#fig-decay svg .mark-line path").first().waitFor({state: "attached"});
      // The table beside it holds the measured samples of that voxel and the core's prediction.
      await page.locator("#fig-decay .m-figure-table summary").click();
      await page.locator("#fig-decay .m-figure-table tbody tr").first().waitFor();
      const rows = await cells(page, "#fig-decay .m-figure-table");
      const values = samples();
      const v = 3 + 7 * (2 + 5 * 1);
      rows.forEach(([, measured, fitted], s) => {
        assert.ok(Math.abs(Number(measured) / values[s * 105 + v] - 1) < 1e-3, `${measured} at ${s}`);
        assert.ok(Math.abs(Number(fitted) / values[s * 105 + v] - 1) < 0.05, `${fitted} at ${s}`);
      });
      assert.equal(rows.length, b.length);
    }));

  test("models that the data do not suit are disabled and say why", () =>
    onPage(async (page) => {
      await drop(page, series(), {
        name: "protocol.csv",
        bytes: "b,TE\n0,0.08\n0,0.08\n50,0.08\n100,0.08\n800,0.09\n1000,0.09\n"
      });
      await state(page, "ready");
      await page.getByRole("radio", {name: "Mono-exponential diffusion decay"}).waitFor();
      await page.locator(".m-fit-models summary").click();
      const clinical = page.getByRole("radio", {name: "Clinical ADC metrics (segmented)"});
      assert.equal(await clinical.isDisabled(), true);
      assert.match(
        (await page.locator(".m-fit-unsuited", {has: clinical}).textContent())!,
        /Not for these data: .*400/
      );
      await drop(page, series(), bval);
      await page.waitForFunction(
        () => !document.querySelector<HTMLInputElement>('.m-fit-models input[value="clinical-adc"]')?.disabled
      );
      await clinical.check();
      await fit(page);
      assert.equal((await cells(page, "#fit-summary")).length, 5);
      await page.locator("#fig-decay .m-figure-caption", {hasText: "no one curve to draw"}).waitFor();
    }));

  test("region: the threshold moves the foreground, a label is fitted alone, an empty region says so", () =>
    onPage(async (page) => {
      await drop(page, series(), bval, mask());
      await state(page, "ready");
      await page.getByRole("button", {name: "Fit 70 voxels"}).waitFor();
      await page.getByLabel("Label", {exact: true}).selectOption("2");
      await page.getByRole("button", {name: "Fit 35 voxels"}).waitFor();
      await page.getByLabel("Foreground").check();
      await page.getByRole("button", {name: "Fit 104 voxels"}).waitFor();
      await page.getByLabel(/^Threshold/).fill("0.9");
      await page.waitForFunction(() => {
        const text = [...document.querySelectorAll("button")]
          .map((button) => button.textContent)
          .find((label) => label?.startsWith("Fit "));
        return text !== undefined && Number(text!.split(" ")[1]) < 104;
      });
      const dark = writeNifti({shape: [4, 4, 2, 6], voxelSize, affine, data: new Float32Array(192)});
      await drop(page, {name: "dark.nii", bytes: dark}, bval);
      const alert = page.locator('.m-error[data-code="empty-mask"]');
      await alert.waitFor();
      assert.match((await alert.textContent())!, /dark\.nii.*a positive signal/s);
      await page.getByLabel("Everywhere").check();
      await fit(page);
      assert.deepEqual(
        (await cells(page, "#fit-outcomes")).map(([name, count]) => [name, count]),
        [
          ["converged", "0"],
          ["failed-non-positive", "32"]
        ]
      );
      assert.match((await page.locator("#observablehq-main").textContent())!, /No voxel has a value/);
    }));

  test("each bad input tells file, field and expectation, and the next good files work", () =>
    onPage(async (page) => {
      for (const {what, files, code, file, field} of badInputs.filter((bad) => !bad.code.startsWith("missing-"))) {
        await drop(page, ...files);
        const alert = page.locator(`.m-file-drop .m-error[data-code="${code}"]`);
        await alert.waitFor({timeout: 20_000}).catch(() => assert.fail(`${what}: no error ${code}`));
        await state(page, "failed");
        const text = await alert.locator("dd").allTextContents();
        assert.equal(text[0], file, what);
        if (typeof field === "string") assert.equal(text[1], field, what);
        assert.ok(text[2] !== "" && text[3] !== "", `${what}: ${text.join(" | ")}`);
        await drop(page, series(), bval);
        await state(page, "ready");
        assert.equal(await page.locator(".m-error").count(), 0, `${what}: the error went with the next files`);
      }
      await fit(page);
    }));

  test("what is missing can follow: b values after the series, then a mask; a series never takes another's b values", () =>
    onPage(async (page) => {
      await drop(page, series());
      await state(page, "ready");
      await page.locator(".m-fit-facts", {hasText: "not given"}).waitFor();
      await drop(page, bval);
      await page.locator(".m-fit-facts", {hasText: "0, 50, 100, 400, 900"}).waitFor();
      assert.deepEqual(
        (await cells(page, ".m-fit-source")).map(([file]) => file),
        ["sub-01_dwi.nii.gz", "sub-01_dwi.bval"]
      );
      await drop(page, mask());
      await page.getByRole("button", {name: "Fit 70 voxels"}).waitFor();
      await fit(page);
      await drop(page, series("sub-02_dwi.nii.gz"));
      await page.waitForFunction(() => document.querySelector("#fit-outcomes") === null);
      await page.locator(".m-fit-facts", {hasText: "not given"}).waitFor();
      await drop(page, {name: "sub-02_dwi.bval", bytes: `${b.join(" ")}\n`});
      await page.locator(".m-fit-facts", {hasText: "0, 50, 100, 400, 900"}).waitFor();
      assert.deepEqual(
        (await cells(page, ".m-fit-source")).map(([file]) => file),
        ["sub-02_dwi.nii.gz", "sub-02_dwi.bval"]
      );
    }));

  test("b values that come first wait for their series; columns can be typed instead", () =>
    onPage(async (page) => {
      await drop(page, bval);
      await page.locator('.m-error[data-code="missing-series"]').waitFor();
      await drop(page, series());
      await state(page, "ready");
      await page.locator(".m-fit-facts", {hasText: "0, 50, 100, 400, 900"}).waitFor();
      await page.locator(".m-fit-protocol summary").click();
      const field = page.locator(".m-fit-protocol").getByLabel(/^TE/).first();
      await field.fill("81");
      await field.press("Enter");
      await page.locator('.m-fit-protocol .m-error[data-code="protocol-value"]').waitFor();
      await field.fill("0.081");
      await field.press("Enter");
      await page.waitForFunction(() => document.querySelector(".m-fit-protocol .m-error") === null);
      await page.locator('.m-fit-models input[value="clinical-adc"]:enabled').waitFor();
    }));

  for (const [id, map] of [["t2", "T2map"], ["variable-flip-angle", "T1map"], ["fat-water", "PDFFmap"]] as const) {
    test(`a simulated series of ${id}: several files, protocol from sidecars, maps, command line`, () =>
      onPage(async (page) => {
        await page.getByLabel("Or simulate an example of").selectOption(id);
        await page.getByRole("button", {name: "Simulate it"}).click();
        await state(page, "ready");
        await page.locator(`.m-fit-models input[value="${id}"]:enabled`).check();
        await fit(page);
        assert.ok((await cells(page, "#fit-files")).some((row) => row.some((text) => text.endsWith(map))));
        assert.match((await page.locator(".m-fit-command").first().textContent())!, new RegExp(`--model ${id} --estimator`));
        await scrollThrough(page);
        await page.locator("#fig-decay svg .mark-line path").first().waitFor({state: "attached"});
        assert.deepEqual(await axe(page), []);
      }));
  }

  test("a long fit shows its progress, can be cancelled, and runs again", () =>
    onPage(async (page) => {
      const [nx, ny, nz] = [64, 64, 40];
      const count = nx * ny * nz;
      const data = Float32Array.from(
        {length: count * b.length},
        (_, i) => 900 * Math.exp(-b[Math.floor(i / count)] * 1e-6 * (400 + (i % 1999)))
      );
      await drop(
        page,
        {name: "large.nii", bytes: writeNifti({shape: [nx, ny, nz, b.length], voxelSize, affine, data})},
        bval
      );
      await state(page, "ready");
      await page.getByLabel("Everywhere").check();
      const button = page.getByRole("button", {name: "Fit 163,840 voxels"});
      await button.waitFor();
      // A slow machine: every chunk waits before it reaches its worker, 40 chunks in all.
      await page.evaluate(() => {
        const post = Worker.prototype.postMessage;
        (window as any).slow = true;
        Worker.prototype.postMessage = function (...message: [any, any]) {
          setTimeout(() => post.apply(this, message), (window as any).slow && message[0].type === "task" ? 400 : 0);
        };
      });
      await button.click();
      await page.getByText("Fitting 163,840 voxels").waitFor();
      await page.waitForFunction(() => document.querySelector<HTMLProgressElement>(".m-fit-panel progress")!.value > 0);
      await page.getByRole("button", {name: "Cancel"}).dispatchEvent("click");
      await state(page, "ready");
      await page.getByText("The fit was cancelled; nothing of it was kept.").waitFor();
      assert.equal(await page.locator("#fit-outcomes").count(), 0);
      await page.evaluate(() => ((window as any).slow = false));
      await fit(page);
      assert.equal((await cells(page, "#fit-outcomes"))[0][1], String(count));
    }));
});

async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const {violations} = await (window as any).axe.run("#observablehq-main", {resultTypes: ["violations"]});
    return violations.flatMap((violation: any) =>
      violation.nodes.map(
        (node: any) => `${violation.id}: ${node.target.join(" ")} - ${node.failureSummary.replace(/\s+/g, " ")}`
      )
    );
  });
}
