// Controls that are made anew, in a real browser.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {openBench, skip, type Bench} from "../viewer/browser.js";

const script = `
import {choice, select, slider} from "./view/inputs/controls.js";
import {memory} from "./view/inputs/remember.js";
import {h} from "./view/dom.js";

const remember = memory();
/** Region by radio buttons, of which one brings a slider; a folded text, a list and a box. */
function make({name = "form", regions = ["Mask", "Foreground", "Everywhere"], lists = ["one", "two"], off = false} = {}) {
  const region = choice({label: "Region", options: regions});
  const more = h("div", {});
  const follow = () => more.replaceChildren(...(region.value === "Foreground"
    ? [slider({label: "Threshold", min: 0, max: 1, step: 0.1, value: 0.2})] : []));
  region.addEventListener("input", follow);
  const form = h("div", {}, region, more,
    h("details", {}, h("summary", {}, "Bounds"),
      h("label", {for: "lower"}, "Lower"), h("input", {id: "lower", value: "0", disabled: off}),
      h("input", {"aria-label": "Upper", value: "9"})),
    select({label: "List", options: lists}), h("label", {}, h("input", {type: "checkbox"}), "Box"));
  follow();
  let told = 0;
  remember(name, form).addEventListener("input", () => told++);
  document.querySelector("#here").replaceChildren(form);
  return () => told;
}
Object.assign(globalThis, {make});
`;

let bench: Bench;
before(async () => {
  if (!skip) bench = await openBench(script, "src/style.css", {webgl: false});
});
after(() => bench?.close());

const make = (options = {}) => bench.page.evaluate((given) => (globalThis as any).make(given)(), options) as Promise<number>;

/** What stands in the control. */
async function stands() {
  const {page} = bench;
  const threshold = page.getByLabel("Threshold", {exact: true});
  return {
    region: await page.locator("input[type=radio]:checked").evaluate((radio) => radio.closest("label")!.textContent),
    threshold: (await threshold.count()) === 0 ? null : await threshold.inputValue(),
    lower: await page.getByLabel("Lower").inputValue(),
    upper: await page.getByLabel("Upper").inputValue(),
    open: await page.locator("details").evaluate((details: HTMLDetailsElement) => details.open),
    list: await page.getByLabel("List").inputValue(),
    box: await page.getByLabel("Box").isChecked()
  };
}

const untouched = {
  region: "Mask", threshold: null, lower: "0", upper: "9", open: false, list: "one", box: false
};

test("what was touched comes back where it is offered, and nothing else", {skip}, async () => {
  const {page} = bench;
  await make();
  assert.deepEqual(await stands(), untouched);
  await page.getByLabel("Everywhere").check();
  await page.getByLabel("Foreground").check();
  await page.getByLabel("Threshold").fill("0.7");
  await page.locator("summary").click();
  await page.getByLabel("Lower").fill("3");
  await page.getByLabel("List").selectOption("two");
  await page.getByLabel("Box").check();
  const chosen = {
    region: "Foreground", threshold: "0.7", lower: "3", upper: "9", open: true, list: "two", box: true
  };
  assert.deepEqual(await stands(), chosen);

  assert.equal(await make(), 0, "it is set before anyone listens");
  assert.deepEqual(await stands(), chosen);

  // What is not offered, or cannot be changed, stays as the control has it, and is not forgotten.
  await make({regions: ["Mask", "Everywhere"], lists: ["one", "three"], off: true});
  assert.deepEqual(await stands(), {...untouched, box: true});
  await make();
  assert.deepEqual(await stands(), chosen);

  await page.getByLabel("Mask").check();
  await page.getByLabel("Box").uncheck();
  await make();
  assert.deepEqual(await stands(), {...chosen, region: "Mask", threshold: null, box: false});
  assert.deepEqual(bench.faults, []);
});

test("each name has its own", {skip}, async () => {
  await make({name: "another"});
  assert.deepEqual(await stands(), untouched);
  await bench.page.getByLabel("Upper").evaluate((field: HTMLInputElement) => {
    field.value = "5";
    field.dispatchEvent(new Event("input", {bubbles: true}));
  });
  await make({name: "a third"});
  assert.deepEqual(await stands(), untouched);
  await make({name: "another"});
  assert.deepEqual(await stands(), {...untouched, upper: "5", open: true});
});
