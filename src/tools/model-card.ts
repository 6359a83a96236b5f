// What every page says of a model.
import type {ModelInfo} from "../compute/core.js";
import {h} from "../view/dom.js";
import {formatUnit} from "../view/format.js";

/** A model's equation, as prepared when the site was built, with its parameters and source. */
export function modelCard(model: ModelInfo): HTMLElement {
  const equation = h("div", {
    class: "m-fit-equation",
    tabindex: 0,
    role: "region",
    "aria-label": `Equation of ${model.name}`
  });
  equation.innerHTML = (model as ModelInfo & {equation_mathml: string}).equation_mathml;
  const source = model.doi === null ? model.citation : h("a", {href: `https://doi.org/${model.doi}`}, model.citation);
  return h(
    "div",
    {class: "m-fit-card"},
    equation,
    h(
      "ul",
      {class: "m-fit-parameters"},
      ...model.parameters.map(({name, unit, description}) =>
        h(
          "li",
          {},
          h("b", {}, name),
          `: ${description}${unit === "" || unit === "signal" ? "" : `, ${formatUnit(unit)}`}`
        )
      )
    ),
    h("p", {class: "m-fit-small"}, source, ".")
  );
}
