import {exp} from "../../generated/vendor/special.js";
import {boxBehnken} from "../design/box-behnken.js";
import {centralComposite, type AxialDistance} from "../design/central-composite.js";
import {dOptimal, logDeterminantOf} from "../design/d-optimal.js";
import {fractionalFactorial, fullFactorial, type CodedRuns} from "../design/factorial.js";
import {modelTerms, termValue, type ModelOrder} from "../design/model-terms.js";
import {InputError} from "../errors.js";
import {randomFrom} from "../numerics/random.js";
import {parseNumber} from "../parse-number.js";
import type {OptionNeed, ReportedEstimate} from "../statistics/method.js";
import {optionReader, type OptionReader} from "../statistics/option-values.js";
import {citationsOf} from "../statistics/report-parts.js";
import {variantOf} from "../statistics/variant-of.js";
import {plain, type Planner, type PlannerReport} from "./planner.js";

// Designs as planners: their answer is a table of runs in the factors' own units and coded.

const factorNeeds: readonly OptionNeed[] = [
  {id: "factors", kind: "text", description: "names of the factors, separated by commas"},
  {id: "low", kind: "text", description: "value of each factor at coded -1, separated by commas; default -1"},
  {id: "high", kind: "text", description: "value of each factor at coded +1, separated by commas; default 1"},
  {
    id: "run-order", kind: "choice", choices: ["random", "standard"], default: "random",
    description: "order of the runs"
  },
  {id: "seed", kind: "number", default: 1, description: "seed of the order, and of the search where there is one"}
];

interface DesignFactor {
  name: string;
  low: number;
  high: number;
}

/** Full or fractional factorial design. */
export const factorialPlanner: Planner = {
  id: "factorial",
  name: "Factorial design",
  summary: "All combinations of the factors' levels, or a two-level fraction of them with what it confounds",
  variants: [
    {
      id: "full", name: "full factorial",
      citation: "Box, Hunter and Hunter 2005, Statistics for Experimenters, chapter 5"
    },
    {
      id: "fractional", name: "two-level fractional factorial",
      citation: "Box, Hunter and Hunter 2005, Statistics for Experimenters, chapter 6"
    }
  ],
  options: [
    ...factorNeeds,
    {
      id: "levels", kind: "text", default: "2",
      description: "number of levels of all factors, or of each (variant full)"
    },
    {id: "generators", kind: "text", description: "one for each further factor, as D=ABC,E=BCD (variant fractional)"},
    {id: "centre", kind: "number", default: 0, description: "further runs at the centre"}
  ],
  citations: ["Box, Hunter and Hunter 2005, Statistics for Experimenters"],
  run(given, variantId) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const factors = factorsOf(options);
    const middle = centreRuns(options, factors.length);
    const generators = listOf(options.text("generators"));
    if (variant.id === "full") {
      if (generators.length > 0) throw miscounted("generators", generators.join(), "none with the variant full");
      const texts = listOf(options.text("levels"));
      const levels = factors.map((_, i) => numberIn(texts[texts.length === 1 ? 0 : i], "levels"));
      if (texts.length !== 1 && texts.length !== factors.length) {
        throw miscounted("levels", options.text("levels")!, `one number, or one for each of ${factors.length} factors`);
      }
      const runs = [...fullFactorial(levels), ...middle];
      const order = levels.every((count) => count > 2) ? "quadratic" : "interaction";
      return report(this, variant.id, variant.citation, factors, runs, options, order, []);
    }
    if (generators.length === 0) {
      throw new InputError({
        code: "missing-option", field: "generators", value: "none", expected: "one for each further factor, as D=ABC"
      });
    }
    const design = fractionalFactorial(factors.length, generators);
    const names = factors.map(({name}, i) => `${String.fromCharCode(65 + i)} ${name}`).join(", ");
    return report(this, variant.id, variant.citation, factors, [...design.runs, ...middle], options, "linear", [
      plain("resolution", design.resolution, `defining relation I = ${design.definingRelation.join(" = ")}; ${names}`)
    ], [
      ...(design.resolution === 3 ? ["resolution III: main effects are confounded with two-factor interactions"] : []),
      ...(design.aliases.length > 0
        ? [`cannot be told apart: ${design.aliases.map((group) => group.join(" = ")).join("; ")}`] : [])
    ]);
  }
};

/** Central composite design. */
export const centralCompositePlanner: Planner = {
  id: "central-composite",
  name: "Central composite design",
  summary: "Runs for a second-order response surface: a factorial, axial runs and repeated centre runs",
  variants: [
    {
      id: "rotatable", name: "rotatable: the prediction is equally sure in all directions",
      citation: "Box and Hunter 1957, doi:10.1214/aoms/1177707047"
    },
    {
      id: "face-centred", name: "face-centred: three levels, nothing beyond low and high",
      citation: "Myers, Montgomery and Anderson-Cook 2016, Response Surface Methodology, chapter 8"
    },
    {
      id: "spherical", name: "spherical: all but the centre runs at one distance",
      citation: "Myers, Montgomery and Anderson-Cook 2016, Response Surface Methodology, chapter 8"
    }
  ],
  options: [
    ...factorNeeds,
    {id: "centre", kind: "number", default: 4, description: "runs at the centre: they measure pure error"},
    {id: "generators", kind: "text", description: "for a fractional factorial part, of resolution V, as E=ABCD"}
  ],
  citations: ["Box and Wilson 1951, Journal of the Royal Statistical Society B 13, 1"],
  run(given, variantId) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const factors = factorsOf(options);
    const {runs, alpha} = centralComposite(factors.length, {
      alpha: variant.id as AxialDistance, centre: options.needed("centre"),
      generators: listOf(options.text("generators"))
    });
    const ranges = factors.map(({name, low, high}) => {
      const [middle, half] = [(low + high) / 2, (high - low) / 2];
      return `${name} ${short(middle - alpha * half)} to ${short(middle + alpha * half)}`;
    });
    return report(this, variant.id, variant.citation, factors, runs, options, "quadratic", [
      plain("axial distance", alpha, "coded")
    ], alpha > 1 ? [`axial runs lie beyond low and high: ${ranges.join(", ")}: see that all can be set`] : []);
  }
};

/** Box-Behnken design. */
export const boxBehnkenPlanner: Planner = {
  id: "box-behnken",
  name: "Box-Behnken design",
  summary: "Runs for a second-order response surface at three levels, none with all factors at an extreme",
  variants: [{
    id: "box-behnken", name: "three-level design in incomplete blocks",
    citation: "Box and Behnken 1960, doi:10.1080/00401706.1960.10489912"
  }],
  options: [
    ...factorNeeds,
    {id: "centre", kind: "number", default: 3, description: "runs at the centre: they measure pure error"}
  ],
  citations: ["Box and Behnken 1960, doi:10.1080/00401706.1960.10489912"],
  run(given, variantId) {
    const variant = variantOf({variant: variantId}, this.variants);
    const options = optionReader(this.options, given);
    const factors = factorsOf(options);
    const runs = boxBehnken(factors.length, options.needed("centre"));
    return report(this, variant.id, variant.citation, factors, runs, options, "quadratic", []);
  }
};

/** D-optimal design. */
export const dOptimalPlanner: Planner = {
  id: "d-optimal",
  name: "D-optimal design",
  summary: "The runs, of any number, that tell the terms of a model apart best",
  variants: [
    {
      id: "quadratic", name: "second-order model",
      citation: "Meyer and Nachtsheim 1995, doi:10.1080/00401706.1995.10485889"
    },
    {
      id: "interaction", name: "first-order model with two-factor interactions",
      citation: "Meyer and Nachtsheim 1995, doi:10.1080/00401706.1995.10485889"
    },
    {id: "linear", name: "first-order model", citation: "Meyer and Nachtsheim 1995, doi:10.1080/00401706.1995.10485889"}
  ],
  options: [
    ...factorNeeds,
    {id: "runs", kind: "number", description: "number of runs; default 4 more than the model has terms"},
    {id: "levels", kind: "number", default: 3, description: "levels of each factor to choose from"},
    {id: "starts", kind: "number", default: 20, description: "random starts of the search"}
  ],
  citations: ["Meyer and Nachtsheim 1995, doi:10.1080/00401706.1995.10485889"],
  run(given, variantId) {
    const variant = variantOf({variant: variantId}, this.variants);
    const order = variant.id as ModelOrder;
    const options = optionReader(this.options, given);
    const factors = factorsOf(options);
    const terms = modelTerms(factors.length, order).length;
    const design = dOptimal(factors.length, options.number("runs") ?? terms + 4, {
      order, levels: options.needed("levels"), starts: options.needed("starts"), seed: options.needed("seed")
    });
    const repeated = design.runs.length - new Set(design.runs.map((run) => run.join())).size;
    return report(this, variant.id, variant.citation, factors, design.runs, options, order, [
      plain("starts that reached this design's determinant", design.reached, `of ${design.starts}`)
    ], [
      ...(design.reached === 1 && design.starts > 1
        ? ["one start alone reached this design: more starts may find a better one"] : []),
      ...(repeated === 0 ? ["no run is repeated: there is no estimate of pure error and no test of lack of fit"] : [])
    ]);
  }
};

function report(
  planner: Planner, variant: string, citation: string, factors: readonly DesignFactor[], coded: CodedRuns,
  options: OptionReader, order: ModelOrder, estimates: readonly ReportedEstimate[], warnings: readonly string[] = []
): PlannerReport {
  const terms = modelTerms(factors.length, order);
  const rows = coded.map((run) => terms.map((term) => termValue(term, run)));
  const efficiency = coded.length < terms.length ? null : exp(logDeterminantOf(rows) / terms.length) / coded.length;
  const what = {
    linear: "first-order model", interaction: "first-order model with interactions", quadratic: "second-order model"
  };
  const sequence = coded.map((_, i) => i);
  if (options.text("run-order") === "random") {
    const random = randomFrom(options.needed("seed"));
    for (let i = sequence.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [sequence[i], sequence[j]] = [sequence[j], sequence[i]];
    }
  }
  return {
    planner: planner.id,
    variant,
    estimates: [
      plain("runs", coded.length),
      plain("coefficients", terms.length, what[order]),
      plain("residual degrees of freedom", coded.length - terms.length),
      plain("pure-error degrees of freedom", coded.length - new Set(coded.map((run) => run.join())).size),
      ...(efficiency === null ? [] : [
        {...plain("D-efficiency", 100 * efficiency, `coded levels, ${what[order]}`), unit: "%"}
      ]),
      ...estimates
    ],
    achieved: [],
    curve: null,
    runs: {
      columns: [
        "run", "standard order", ...factors.map(({name}) => name), ...factors.map(({name}) => `${name} (coded)`)
      ],
      rows: sequence.map((at, i) => [
        i + 1, at + 1,
        ...factors.map(({low, high}, f) => low + (high - low) * (coded[at][f] + 1) / 2),
        ...coded[at]
      ])
    },
    warnings: [
      ...(coded.length <= terms.length ? [`no run is left to estimate the error of the ${what[order]}`] : []),
      ...warnings
    ],
    citations: citationsOf(citation, ...planner.citations)
  };
}

function factorsOf(options: OptionReader): DesignFactor[] {
  const names = listOf(options.text("factors"));
  if (names.length === 0) {
    throw new InputError({
      code: "missing-option", field: "factors", value: "none", expected: "names separated by commas, as TE,TI"
    });
  }
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) {
      throw new InputError({code: "duplicate-factor", field: "factors", value: name, expected: "each factor once"});
    }
  });
  const ends = (["low", "high"] as const).map((id) => {
    const texts = listOf(options.text(id));
    if (texts.length === 0) return null;
    if (texts.length !== names.length) {
      throw miscounted(id, options.text(id)!, `${names.length} numbers, one for each factor`);
    }
    return texts.map((text) => numberIn(text, id));
  });
  return names.map((name, i) => {
    const [low, high] = [ends[0]?.[i] ?? -1, ends[1]?.[i] ?? 1];
    if (!(high > low)) {
      throw new InputError({
        code: "out-of-range", field: `high of ${name}`, value: high, expected: `more than low, ${low}`
      });
    }
    return {name, low, high};
  });
}

function centreRuns(options: OptionReader, factors: number): CodedRuns {
  const count = options.needed("centre");
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new InputError({code: "not-a-count", field: "centre", value: count, expected: "a whole number >= 0"});
  }
  return Array.from({length: count}, () => new Array<number>(factors).fill(0));
}

function listOf(text: string | null): string[] {
  return text === null ? [] : text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

function numberIn(text: string, field: string): number {
  const value = parseNumber(text ?? "");
  if (value !== null) return value;
  throw new InputError({code: "not-a-number", field, value: text, expected: "numbers separated by commas"});
}

function miscounted(field: string, value: string, expected: string): InputError {
  return new InputError({code: "option-count", field, value, expected});
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
