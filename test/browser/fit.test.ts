import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {describe, test} from "node:test";
import {unzipSync} from "fflate";
import type {BrowserContextOptions, Page} from "playwright-core";
import {instantiate, type CoreFit, type FitOptions} from "../../src/compute/core.js";
import {readRegistry} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {folderOfBytes} from "../../src/io/folder.js";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import {parseCsv} from "../../src/io/tsv.js";
import {readFitInput} from "../../src/tools/fit-input.js";
import {rowsOf} from "../../src/tools/fit-models.js";
import {fitRegion} from "../../src/tools/fit-run.js";
import {simulatedExample} from "../../src/tools/fit-simulated.js";
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

/** Simulates the example of a model on the page and chooses it, everywhere, with all choices unfolded. */
async function simulate(page: Page, id: string): Promise<void> {
  await page.getByLabel("Or simulate an example of").selectOption(id);
  await page.getByRole("button", {name: "Simulate it"}).click();
  await state(page, "ready");
  await page.locator(`.m-fit-models input[value="${id}"]:enabled`).check();
  await page.getByLabel("Everywhere").check();
  await page.getByRole("button", {name: "Fit 432 voxels"}).waitFor();
  await page.locator(".m-fit-choices summary").first().click();
}

/** The core's own answer to a request, of all voxels of the example that `simulate` makes. */
async function core(
  id: string,
  options: Partial<FitOptions>
): Promise<{fit: CoreFit; index: (name: string) => number}> {
  const own = instantiate(await loadModule());
  const model = own.models().models.find((each) => each.id === id)!;
  const input = await readFitInput(simulatedExample(own, model));
  const {protocol, samples} = rowsOf(model, input);
  const request = {model: id, estimator: "nlls", protocol, ...options};
  const fit = own.fit(request, Float64Array.from(samples), input.voxels);
  return {fit, index: (name) => model.parameters.findIndex((each) => each.name === name)};
}

/** Fits on the page and compares the maps that it gives away with the core's, bit for bit. */
async function compare(page: Page, id: string, options: Partial<FitOptions>, names: readonly string[]): Promise<void> {
  await fit(page);
  const {fit: own, index} = await core(id, options);
  const voxels = own.status.length;
  for (const name of names) {
    const row = (values: ArrayLike<number>) =>
      Array.from({length: voxels}, (_, v) => values[index(name) * voxels + v]);
    for (const [label, values] of [[name, own.parameters], [`SD of ${name}`, own.standardDeviations]] as const) {
      const map = await download(page, `Download ${label} as NIfTI`);
      assert.deepEqual(Array.from(readNifti(map.bytes, map.name).data as Float64Array), row(values), label);
    }
  }
}

/** What the page says of a field, by the code of the fault. */
async function fault(page: Page, code: string): Promise<string> {
  const message = page.locator(`.m-fit-fault[data-code="${code}"]:visible`);
  await message.waitFor();
  await page.getByText("the fit waits for it").waitFor();
  assert.equal(await page.getByRole("button", {name: /^Fit /}).count(), 0);
  const field = page.locator("[aria-invalid=true]");
  assert.match((await field.getAttribute("aria-describedby"))!, new RegExp(`\\b${await message.getAttribute("id")}$`));
  return (await message.textContent())!;
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

  test("what was chosen outlives a typed protocol and files that join; another series keeps model and estimator", () =>
    onPage(async (page) => {
      const bound = page.getByLabel("Upper bound of Dstar");
      const chosen = async () => ({
        model: await page.locator(".m-fit-models input:checked").getAttribute("value"),
        prior: await page.getByLabel(/^Maximum a posteriori/).isChecked(),
        bound: await bound.inputValue()
      });
      await drop(page, series(), bval);
      await state(page, "ready");
      await page.locator('.m-fit-models input[value="ivim"]:enabled').check();
      await page.getByLabel(/^Maximum a posteriori/).check();
      await page.locator(".m-fit-choices summary").first().click();
      await bound.fill("0.05");
      await page.getByLabel("Everywhere").check();
      await page.getByRole("button", {name: "Fit 105 voxels"}).waitFor();
      const choices = {model: "ivim", prior: true, bound: "0.05"};

      await page.locator(".m-fit-choices").evaluate((form) => form.setAttribute("data-old", ""));
      await page.locator(".m-fit-protocol summary").click();
      await page.locator(".m-fit-protocol").getByLabel(/^TE/).first().fill("0.081");
      await page.keyboard.press("Enter");
      await page.locator(".m-fit-choices:not([data-old])").waitFor();
      assert.deepEqual(await chosen(), choices);
      assert.ok(await bound.isVisible(), "what is kept is not folded away");
      await page.getByRole("button", {name: "Fit 105 voxels"}).waitFor();

      await drop(page, mask());
      await page.getByRole("button", {name: "Fit 70 voxels"}).waitFor();
      assert.deepEqual(await chosen(), choices);
      await fit(page);
      await page.locator(".m-fit-command", {hasText: "--bounds Dstar=0.005:0.05"}).first().waitFor();

      await drop(page, series("sub-02_dwi.nii.gz"), {name: "sub-02_dwi.bval", bytes: `${b.join(" ")}\n`});
      await page.locator(".m-fit-facts", {hasText: "sub-02"}).waitFor();
      await page.getByRole("button", {name: "Fit 104 voxels"}).waitFor();
      assert.deepEqual(await chosen(), {...choices, bound: ""});
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

  test("a start and a number of starts: the core's own bits, and the same in the commands", () =>
    onPage(async (page) => {
      await simulate(page, "saturation-recovery");
      await page.getByLabel("Start of T1").fill("0.05");
      await page.getByLabel("Upper bound of T1").fill("5");
      await compare(page, "saturation-recovery", {start: {T1: 0.05}, bounds: {T1: [0.001, 5]}}, ["S0", "T1"]);
      const command = page.locator(".m-fit-command").first();
      assert.match((await command.textContent())!, /--bounds T1=0\.001:5 --start T1=0\.05$/);
      await page.getByLabel("Starts in each voxel").fill("3");
      const asked = {start: {T1: 0.05}, starts: 3, bounds: {T1: [0.001, 5] as const}};
      await compare(page, "saturation-recovery", asked, ["T1"]);
      await page.locator(".m-fit-command", {hasText: "--start T1=0.05 --starts 3"}).first().waitFor();
    }));

  test("a parameter that the model holds is set free with the keyboard, and fixed elsewhere", () =>
    onPage(async (page) => {
      await simulate(page, "saturation-recovery");
      const summary = page.locator(".m-fit-choices summary").first();
      assert.equal(await summary.textContent(), "Parameters: S0 and T1 estimated, efficiency fixed at 1");
      const role = page.getByRole("group", {name: "efficiency"}).getByLabel("Role of efficiency");
      await role.focus();
      await page.keyboard.press("ArrowDown");
      assert.equal(await role.inputValue(), "estimated");
      assert.equal(await summary.textContent(), "Parameters: S0, T1 and efficiency estimated");
      await compare(page, "saturation-recovery", {free: ["efficiency"]}, ["S0", "T1", "efficiency"]);
      assert.equal((await cells(page, "#fit-summary")).length, 3);
      await page.locator("#fig-histogram-efficiency").waitFor();
      await role.selectOption("fixed");
      await page.getByLabel("Value of efficiency").fill("0.9");
      await compare(page, "saturation-recovery", {fix: {efficiency: 0.9}}, ["S0", "T1"]);
      assert.equal(await page.locator("#fig-histogram-efficiency").count(), 0);
      await page.locator(".m-fit-command", {hasText: "--fix efficiency=0.9"}).first().waitFor();
    }));

  test("B1 is estimated in place of its map", () =>
    onPage(async (page) => {
      await simulate(page, "variable-flip-angle");
      await page.locator(".m-fit-choices summary", {hasText: "B1 from its map"}).waitFor();
      await page.getByLabel("Role of B1").selectOption("shared");
      await compare(page, "variable-flip-angle", {shared: ["B1"]}, ["M0", "T1", "B1"]);
      const {B1Map, Shared} = JSON.parse(
        new TextDecoder().decode((await download(page, "Download T1 as JSON")).bytes)
      );
      assert.deepEqual([B1Map, Shared], [undefined, ["B1"]]);
    }));

  test("a shared parameter: said what it costs, one value with its deviation, no spread between voxels", () =>
    onPage(async (page) => {
      await simulate(page, "saturation-recovery");
      await page.getByLabel("Role of T1").selectOption("shared");
      await page.getByText("one value in all voxels of the region").waitFor();
      await compare(page, "saturation-recovery", {shared: ["T1"]}, ["S0", "T1"]);
      const {fit: own, index} = await core("saturation-recovery", {shared: ["T1"]});
      const [[name, value]] = await cells(page, "#fit-shared");
      assert.deepEqual([name, value], ["T1", `${own.parameters[index("T1") * 432].toPrecision(4)}\u00a0s`]);
      assert.equal((await cells(page, "#fit-summary")).length, 1, "S0 alone");
      assert.equal(await page.locator("#fig-histogram-T1").count(), 0);
      assert.match((await page.locator(".m-fit-command").first().textContent())!, /--share T1$/);
      await page.getByText("A shared value rests on every voxel").waitFor();
    }));

  test("what cannot be used is said at its field, and the fit waits", () =>
    onPage(async (page) => {
      await simulate(page, "saturation-recovery");
      const type = async (label: string, text: string): Promise<void> => {
        await page.getByLabel(label).fill(text);
        await page.getByLabel(label).press("Tab");
      };
      const said = async (label: string, text: string, code: string, message: RegExp): Promise<void> => {
        await type(label, text);
        assert.match(await fault(page, code), message);
        assert.equal(await page.getByLabel(label).getAttribute("aria-invalid"), "true");
        await page.getByLabel(label).fill("");
        await page.getByRole("button", {name: "Fit 432 voxels"}).waitFor();
        assert.equal(await page.locator("[aria-invalid], .m-fit-fault:visible").count(), 0);
      };
      await said("Start of T1", "20", "out-of-range", /^Start of T1 is 20: expected .* 0\.001 to 10 s\.$/);
      await said("Start of T1", "soon", "not-a-number", /^Start of T1 is soon: expected a number in s/);
      await said("Starts in each voxel", "2.5", "out-of-range", /^Starts .* is 2\.5: expected a whole number from 1/);
      await said("Starts in each voxel", "0", "out-of-range", /whole number/);
      await said("Lower bound of T1", "11", "bounds-crossed", /below the upper bound, 10 s/);
      // A start that typed bounds leave outside is told when the bounds change.
      await type("Start of T1", "5");
      await type("Upper bound of T1", "4");
      assert.match(await fault(page, "out-of-range"), /^Start of T1 is 5: expected .* 0\.001 to 4 s/);
      await type("Start of T1", "");
      await type("Upper bound of T1", "");
      // One role at a time: what is shared cannot be fixed as well, and a fixed parameter has no start.
      const role = page.getByLabel("Role of T1");
      await role.selectOption("shared");
      await page.getByLabel("Start of T1").waitFor();
      assert.equal(await page.getByLabel("Value of T1").isVisible(), false);
      await role.selectOption("fixed");
      assert.equal(await page.getByLabel("Start of T1").isVisible(), false);
      assert.equal(await page.locator(".m-fit-fault:visible").count(), 0, "its value is still to come");
      await page.getByText("the fit waits for it").waitFor();
      await type("Value of T1", "x");
      await type("Value of T1", "");
      assert.match(await fault(page, "missing-value"), /^Value of T1 is empty: expected a number in s/);
      await type("Value of T1", "0.8");
      await page.getByLabel("Role of S0").selectOption("fixed");
      await type("Value of S0", "100");
      await page.locator('.m-fit-fault[data-code="nothing-estimated"]:visible').waitFor();
      await page.getByLabel("Role of S0").selectOption("shared");
      await page.getByRole("button", {name: "Fit 432 voxels"}).waitFor();
      await page.locator(".m-fit-choices summary").nth(1).click();
      await page.getByLabel("Noise", {exact: true}).selectOption("rician");
      await type("Sigma of each channel", "1");
      assert.match(await fault(page, "shared-noise"), /Gaussian noise where a parameter is shared/);
      await page.getByLabel("Noise", {exact: true}).selectOption("gaussian");
      await page.getByRole("button", {name: "Fit 432 voxels"}).waitFor();
    }));

  test("closed forms offer neither starts nor other roles, and say why", () =>
    onPage(async (page) => {
      await simulate(page, "mtsat");
      await page.getByText("Only the nonlinear fit of one signal equation takes starts").waitFor();
      assert.deepEqual(
        await page.locator(".m-fit-role select").evaluateAll((all) => all.map((each) => each.textContent)),
        ["From its mapFixed"]
      );
      assert.equal(await page.getByLabel(/^Start/).and(page.locator(":visible")).count(), 0);
      await page.getByLabel("Nonlinear least squares, bounded").check();
      await page.getByLabel("Starts in each voxel").waitFor({state: "attached"});
    }));

  for (const [what, options] of [
    ["light", {colorScheme: "light"}],
    ["dark", {colorScheme: "dark"}],
    ["380 px", {viewport: {width: 380, height: 800}}]
  ] as const) {
    test(`the roles with faults, ${what}: no axe violation, nothing overflows`, () =>
      onPage(async (page) => {
        await simulate(page, "saturation-recovery");
        await page.getByLabel("Role of T1").selectOption("shared");
        for (const [label, text] of [["Start of T1", "20"], ["Starts in each voxel", "2.5"]]) {
          await page.getByLabel(label).fill(text);
          await page.getByLabel(label).press("Tab");
        }
        assert.equal(await page.locator(".m-fit-fault:visible").count(), 2);
        assert.deepEqual(await axe(page), []);
        const width = page.viewportSize()!.width;
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      }, options));
  }

  test("a fit of a shared parameter shows that it runs, can be cancelled at once, and runs again", () =>
    onPage(async (page) => {
      await simulate(page, "saturation-recovery");
      await page.getByLabel("Role of T1").selectOption("shared");
      const button = page.getByRole("button", {name: "Fit 432 voxels"});
      await button.waitFor();
      // A slow machine: the one piece of work does not reach its worker; ended workers are counted.
      await page.evaluate(() => {
        const {postMessage: post, terminate: end} = Worker.prototype;
        Object.assign(window, {slow: true, ended: 0});
        Worker.prototype.postMessage = function (...message: [any, any]) {
          if (!((window as any).slow && message[0].type === "task")) post.apply(this, message);
        };
        Worker.prototype.terminate = function () {
          (window as any).ended += 1;
          end.apply(this);
        };
      });
      await button.click();
      await page.getByText("Fitting 432 voxels").waitFor();
      const bar = page.locator(".m-fit-panel progress");
      assert.equal(await bar.evaluate((each: HTMLProgressElement) => each.position), -1, "no share is known");
      await page.getByRole("button", {name: "Cancel"}).click();
      await page.getByText("The fit was cancelled; nothing of it was kept.").waitFor();
      assert.equal(await page.evaluate(() => (window as any).ended), 1, "its worker computes no longer");
      await page.evaluate(() => ((window as any).slow = false));
      await fit(page);
      assert.equal((await cells(page, "#fit-shared")).length, 1);
    }));

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
