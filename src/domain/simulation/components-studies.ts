import type {Random} from "../numerics/random.js";
import {componentRows} from "../statistics/reproducibility-method.js";
import {reproducibility, type Reproducibility} from "../statistics/reproducibility.js";
import {varianceComponents, type Factor} from "../statistics/variance-components.js";
import {distributionOf, type DistributionId} from "./distributions.js";
import {hypothesisTest, interval, study, vector, type Answer, type Study} from "./procedure.js";

const method = "reproducibility";
const effects = {assumption: "normal effects, balanced"} as const;
const SITE = 1;
const DAY = 1;
const ERROR = 1;
const oneWayText = "n sites with 3 measurements each; equal variances between sites and within";

const label = (count: number, each: number): string[] =>
  Array.from({length: count * each}, (_, i) => String(Math.floor(i / each)));

/** The same factors for every sample of a design, so that the method need not work them out again. */
const designs = new Map<string, Factor[]>();
function designOf(id: string, make: () => Factor[]): Factor[] {
  if (!designs.has(id)) designs.set(id, make());
  return designs.get(id)!;
}

/** n sites with 3 measurements each. */
function sites(variance: number) {
  return (n: number, id: DistributionId, random: Random) => {
    const {draw} = distributionOf(id);
    const shifts = vector(n, () => Math.sqrt(variance) * draw(random));
    const factors = designOf(`sites ${n}`, () => [{name: "site", levels: label(n, 3)}]);
    return {factors, values: vector(3 * n, (i) => shifts[Math.floor(i / 3)] + Math.sqrt(ERROR) * draw(random))};
  };
}

/** n sites with 2, 3 and 4 measurements by turns. */
function unequalSites(n: number, id: DistributionId, random: Random) {
  const {draw} = distributionOf(id);
  const factors = designOf(`unequal sites ${n}`, () => [{
    name: "site", levels: Array.from({length: n}, (_, i) => Array.from({length: 2 + i % 3}, () => String(i))).flat()
  }]);
  const shifts = vector(n, () => Math.sqrt(SITE) * draw(random));
  const values = Float64Array.from(factors[0].levels, (site) => shifts[Number(site)] + Math.sqrt(ERROR) * draw(random));
  return {factors, values};
}

/** 3 sites (or n) with 5 days each and 5 measurements a day. */
function sitesAndDays(n: number, id: DistributionId, random: Random) {
  const {draw} = distributionOf(id);
  const site = vector(n, () => Math.sqrt(SITE) * draw(random));
  const day = vector(5 * n, () => Math.sqrt(DAY) * draw(random));
  const factors = designOf(`sites and days ${n}`, () =>
    [{name: "site", levels: label(n, 25)}, {name: "day", levels: label(5 * n, 5)}]);
  return {
    factors,
    values: vector(25 * n, (i) => site[Math.floor(i / 25)] + day[Math.floor(i / 5)] + Math.sqrt(ERROR) * draw(random))
  };
}

/** A component's interval by name. */
function component({components}: Reproducibility, name: string): Answer {
  return components.find((one) => one.name === name)!.interval;
}

/** Variance components and totals. */
export const componentStudies: readonly Study[] = [
  study({
    id: "components", unit: "sites", data: oneWayText,
    draw: sites(SITE),
    procedures: [
      interval("exact", {
        id: "component-error", method, name: "Error variance (SD, RC): chi-square", ...effects
      }, ERROR),
      interval("approximate", {
        id: "component-site", method, name: "Variance between sites: modified large sample", ...effects
      }, SITE),
      interval("approximate", {
        id: "total-large-sample", method, name: "Total variance (SD, RDC): modified large sample", ...effects
      }, SITE + ERROR),
      interval("approximate", {
        id: "total-satterthwaite", method, name: "Total variance (SD, RDC): Satterthwaite", ...effects
      }, SITE + ERROR)
    ],
    analyse({values, factors}) {
      const found = reproducibility(values, factors);
      const {total} = reproducibility(values, factors, {totalInterval: "satterthwaite"});
      return {
        "component-error": component(found, "error"), "component-site": component(found, "site"),
        "total-large-sample": found.total, "total-satterthwaite": total
      };
    }
  }),
  study({
    id: "components-reml", unit: "sites", data: oneWayText,
    draw: sites(SITE),
    procedures: [
      interval("approximate", {
        id: "component-error-reml", method, name: "Error variance by REML: Satterthwaite", ...effects
      }, ERROR),
      interval("approximate", {
        id: "total-reml", method, name: "Total variance (SD, RDC) by REML: Satterthwaite", ...effects
      }, SITE + ERROR)
    ],
    analyse({values, factors}) {
      const found = reproducibility(values, factors, {estimator: "reml"});
      return {"component-error-reml": component(found, "error"), "total-reml": found.total};
    }
  }),
  study({
    id: "components-none", unit: "sites", data: "n sites with 3 measurements each that do not differ",
    draw: sites(0),
    procedures: [hypothesisTest("exact", {
      id: "component-test", method, name: "No variance between sites: F test", ...effects
    })],
    analyse: ({values, factors}) => ({"component-test": varianceComponents(values, factors).lines[0].test!.p})
  }),
  study({
    id: "components-unequal", unit: "sites",
    data: "n sites with 2, 3 and 4 measurements by turns; equal variances between sites and within",
    draw: unequalSites,
    procedures: [
      interval("exact", {id: "unequal-error", method, name: "Unequal numbers, error variance: chi-square"}, ERROR),
      interval("approximate", {
        id: "unequal-site", method, name: "Unequal numbers, variance between sites: modified large sample"
      }, SITE),
      interval("approximate", {
        id: "unequal-large-sample", method, name: "Unequal numbers, total variance: modified large sample"
      }, SITE + ERROR),
      interval("approximate", {
        id: "unequal-satterthwaite", method, name: "Unequal numbers, total variance: Satterthwaite"
      }, SITE + ERROR)
    ],
    analyse({values, factors}) {
      const found = reproducibility(values, factors);
      const {total} = reproducibility(values, factors, {totalInterval: "satterthwaite"});
      return {
        "unequal-error": component(found, "error"), "unequal-site": component(found, "site"),
        "unequal-large-sample": found.total, "unequal-satterthwaite": total
      };
    }
  }),
  study({
    id: "components-three-sites", unit: "sites", sizes: [3],
    data: "3 sites x 5 days x 5 measurements; equal variances between sites, between days and within",
    draw: sitesAndDays,
    procedures: [
      interval("exact", {id: "three-error", method, name: "3 x 5 x 5, error variance: chi-square", ...effects}, ERROR),
      interval("approximate", {
        id: "three-site", method, name: "3 x 5 x 5, variance between sites: modified large sample", ...effects
      }, SITE),
      interval("approximate", {
        id: "three-day", method, name: "3 x 5 x 5, variance between days: modified large sample", ...effects
      }, DAY),
      interval("approximate", {
        id: "three-large-sample", method, name: "3 x 5 x 5, total variance: modified large sample", ...effects
      }, SITE + DAY + ERROR),
      interval("approximate", {
        id: "three-satterthwaite", method, name: "3 x 5 x 5, total variance: Satterthwaite", ...effects
      }, SITE + DAY + ERROR),
      interval("approximate", {
        id: "three-reml", method, name: "3 x 5 x 5, total variance by REML: Satterthwaite", ...effects
      }, SITE + DAY + ERROR)
    ],
    analyse({values, factors}) {
      const found = reproducibility(values, factors);
      const {total} = reproducibility(values, factors, {totalInterval: "satterthwaite"});
      const reml = reproducibility(values, factors, {estimator: "reml"});
      return {
        "three-error": component(found, "error"), "three-site": component(found, "site"),
        "three-day": component(found, "day"), "three-large-sample": found.total, "three-satterthwaite": total,
        "three-reml": reml.total
      };
    }
  }),
  study({
    id: "components-crossed", data: "n subjects x 3 scanners, one measurement in each cell; equal variances between "
      + "subjects, between scanners and of what is left",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const subject = vector(n, () => Math.sqrt(SITE) * draw(random));
      const scanner = vector(3, () => Math.sqrt(DAY) * draw(random));
      const factors = designOf(`crossed ${n}`, () => [
        {name: "subject", levels: label(n, 3)},
        {name: "scanner", levels: Array.from({length: 3 * n}, (_, i) => String(i % 3))}
      ]);
      return {
        factors,
        values: vector(3 * n, (i) => subject[Math.floor(i / 3)] + scanner[i % 3] + Math.sqrt(ERROR) * draw(random))
      };
    },
    procedures: [
      interval("exact", {id: "crossed-error", method, name: "Crossed, error variance: chi-square", ...effects}, ERROR),
      interval("approximate", {
        id: "crossed-scanner", method, name: "Crossed, variance between 3 scanners: modified large sample", ...effects
      }, DAY),
      interval("approximate", {
        id: "crossed-large-sample", method, name: "Crossed, total variance: modified large sample", ...effects
      }, SITE + DAY + ERROR),
      interval("approximate", {
        id: "crossed-satterthwaite", method, name: "Crossed, total variance: Satterthwaite", ...effects
      }, SITE + DAY + ERROR)
    ],
    analyse({values, factors}) {
      const found = reproducibility(values, factors, {design: "crossed"});
      const {total} = reproducibility(values, factors, {design: "crossed", totalInterval: "satterthwaite"});
      return {
        "crossed-error": component(found, "error"), "crossed-scanner": component(found, "scanner"),
        "crossed-large-sample": found.total, "crossed-satterthwaite": total
      };
    }
  }),
  study({
    id: "components-bootstrap", unit: "sites", data: oneWayText, resamples: 1000,
    draw: sites(SITE),
    procedures: [
      interval("approximate", {
        id: "component-error-bootstrap", method, name: "Error variance (SD, RC): BCa bootstrap",
        assumption: "none (figures: normal effects)"
      }, ERROR),
      interval("approximate", {
        id: "component-site-bootstrap", method, name: "Variance between sites: BCa bootstrap",
        assumption: "none (figures: normal effects)"
      }, SITE),
      interval("approximate", {
        id: "total-bootstrap", method, name: "Total variance (SD, RDC): BCa bootstrap",
        assumption: "none (figures: normal effects)"
      }, SITE + ERROR)
    ],
    analyse({values, factors}, resample) {
      const {names, intervals} = resample(componentRows({
        values, factors: factors.map(({name}) => name),
        levels: Array.from(values, (_, i) => factors.map(({levels}) => levels[i]))
      }));
      const of = (name: string) => intervals[names.indexOf(name)];
      return {
        "component-error-bootstrap": of("error"), "component-site-bootstrap": of("component 0"),
        "total-bootstrap": of("total")
      };
    }
  })
];
