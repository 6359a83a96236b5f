import {cusumLinearity} from "../statistics/cusum-linearity.js";
import {deming, ordinaryLeastSquares} from "../statistics/deming.js";
import {errorsInVariables} from "../statistics/errors-in-variables.js";
import type {Interval} from "../statistics/estimate.js";
import {kendallTau} from "../statistics/kendall-tau.js";
import {linearity} from "../statistics/linearity.js";
import {passingBablok} from "../statistics/passing-bablok.js";
import {proportionalBias} from "../statistics/proportional-bias.js";
import {rowsOf} from "../statistics/resampling.js";
import {weightedDeming} from "../statistics/weighted-deming.js";
import type {Random} from "../numerics/random.js";
import {distributionOf, type DistributionId} from "./distributions.js";
import {hypothesisTest, interval, single, study, vector, type Answer, type Resample, type Study} from "./procedure.js";

const SLOPE = 1;
const INTERCEPT = 5;
const ERROR = 5;
const CV = 0.05;
const pairText = "true values evenly spread from 50 to 150; slope 1, intercept 5; errors of SD 5 in both methods";
const weightedText = "true values evenly spread from 20 to 200; slope 1, intercept 0; errors of 5 % in both methods";

/** Two methods on one line, both with errors of one SD. */
function drawPairs(n: number, id: DistributionId, random: Random) {
  const {draw} = distributionOf(id);
  const values = vector(n, () => 50 + 100 * random.uniform());
  return {
    x: values.map((value) => value + ERROR * draw(random)),
    y: values.map((value) => INTERCEPT + SLOPE * value + ERROR * draw(random))
  };
}

/** Two methods with errors in proportion to the size. */
function drawProportional(n: number, id: DistributionId, random: Random) {
  const {draw} = distributionOf(id);
  const values = vector(n, () => 20 + 180 * random.uniform());
  return {
    x: values.map((value) => value * (1 + CV * draw(random))), y: values.map((value) => value * (1 + CV * draw(random)))
  };
}

interface Columns {
  x: Float64Array;
  y: Float64Array;
}

/** A slope and an intercept by bootstrap. */
function drawn(prefix: string, statistic: string, settings: Record<string, number>) {
  return ({x, y}: Columns, resample: Resample): Record<string, Answer> => {
    const {names, intervals} = resample({statistic, ...rowsOf(x, y), settings});
    const of = (name: string) => intervals[names.indexOf(name)];
    return {[`${prefix}-slope-bootstrap`]: of("slope"), [`${prefix}-intercept-bootstrap`]: of("intercept")};
  };
}

const lineOf = (method: string, prefix: string, name: string, suffix: string, how: string, intercept: number) =>
  (["slope", "intercept"] as const).map((part) => interval("approximate", {
    id: `${prefix}-${part}-${suffix}`, method, name: `${name} ${part}: ${how}`, ...(suffix === "bootstrap"
      ? {assumption: "none (figures: normal errors)"} : {})
  }, part === "slope" ? SLOPE : intercept));

/** Levels of the linearity study: five, with n / 5 values each. */
const levels = [20, 40, 60, 80, 100];
const measured = {intercept: 2, slope: 1, sd: 3};

/** Error SDs in the proportional-bias study; the true values have SD 1. */
const errorPairs = [[0.3, 0.3], [0.2, 0.4], [0.1, 0.5]] as const;
const errorLabel = ([x, y]: readonly [number, number]) => `error SDs ${x} and ${y}`;
const errorId = ([x, y]: readonly [number, number]) => `${10 * x}-${10 * y}`;

/** Two replicates by both methods, without proportional bias. */
function drawReplicates([sx, sy]: readonly [number, number]) {
  return (n: number, id: DistributionId, random: Random) => {
    const {draw} = distributionOf(id);
    const values = vector(n, () => draw(random));
    const by = (sd: number) => Array.from(values, (value) => [value + sd * draw(random), value + sd * draw(random)]);
    return {x: by(sx), y: by(sy)};
  };
}

/** Straight lines between methods, and tests of their supposition. */
export const regressionStudies: readonly Study[] = [
  study({
    id: "ols", unit: "pairs",
    data: "x in even steps from 50 to 150 without errors; slope 1, intercept 5, errors of SD 5",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const x = vector(n, (i) => 50 + 100 * i / (n - 1));
      return {x, y: x.map((value) => INTERCEPT + SLOPE * value + ERROR * draw(random))};
    },
    procedures: [
      interval("exact", {id: "ols-slope", method: "ols", name: "Least-squares slope: t"}, SLOPE),
      interval("exact", {id: "ols-intercept", method: "ols", name: "Least-squares intercept: t"}, INTERCEPT)
    ],
    analyse({x, y}) {
      const {slope, intercept} = ordinaryLeastSquares(x, y);
      return {"ols-slope": slope, "ols-intercept": intercept};
    }
  }),
  study({
    id: "deming", unit: "pairs", data: pairText, draw: drawPairs,
    procedures: [
      interval("exact", {
        id: "deming-slope-exact", method: "deming", name: "Deming slope: exact (Creasy)",
        assumption: "normal errors, the right error ratio"
      }, SLOPE),
      ...lineOf("deming", "deming", "Deming", "jackknife", "jackknife", INTERCEPT)
    ],
    analyse({x, y}) {
      const found = deming(x, y);
      return {
        // Where every slope is compatible with the data the interval is the whole line.
        "deming-slope-exact": found.exactSlope ?? {lower: -Infinity, upper: Infinity},
        "deming-slope-jackknife": found.slope, "deming-intercept-jackknife": found.intercept
      };
    }
  }),
  study({
    id: "deming-bootstrap", unit: "pairs", data: pairText, draw: drawPairs, resamples: 1000,
    procedures: lineOf("deming", "deming", "Deming", "bootstrap", "BCa bootstrap", INTERCEPT),
    analyse: drawn("deming", "deming", {errorRatio: 1})
  }),
  study({
    id: "weighted-deming", unit: "pairs", data: weightedText, draw: drawProportional,
    procedures: [
      ...lineOf("weighted-deming", "weighted-deming", "Weighted Deming", "jackknife", "jackknife", 0),
      ...lineOf("weighted-deming", "weighted-deming", "Weighted Deming, stopped as in mcr,", "mcr", "jackknife", 0)
    ],
    analyse({x, y}) {
      const found = weightedDeming(x, y);
      const mcr = weightedDeming(x, y, {stop: "mcr"});
      return {
        "weighted-deming-slope-jackknife": found.slope, "weighted-deming-intercept-jackknife": found.intercept,
        "weighted-deming-slope-mcr": mcr.slope, "weighted-deming-intercept-mcr": mcr.intercept
      };
    }
  }),
  study({
    id: "weighted-deming-bootstrap", unit: "pairs", data: weightedText, draw: drawProportional, resamples: 1000,
    procedures: lineOf("weighted-deming", "weighted-deming", "Weighted Deming", "bootstrap", "BCa bootstrap", 0),
    analyse: drawn("weighted-deming", "weighted-deming", {errorRatio: 1})
  }),
  study({
    id: "passing-bablok", unit: "pairs", data: pairText, draw: drawPairs,
    procedures: [
      ...lineOf("passing-bablok", "passing-bablok", "Passing-Bablok (1983)", "rank", "ranks of the slopes", INTERCEPT),
      ...lineOf("passing-bablok", "passing-bablok", "Passing-Bablok (mcr)", "mcr", "ranks of the slopes", INTERCEPT),
      hypothesisTest("approximate", {
        id: "cusum-test", method: "passing-bablok", name: "Linearity: Cusum test", assumption: "a straight line"
      })
    ],
    analyse({x, y}) {
      const found = passingBablok(x, y);
      const mcr = passingBablok(x, y, {variant: "mcr"});
      return {
        "passing-bablok-slope-rank": found.slope, "passing-bablok-intercept-rank": found.intercept,
        "passing-bablok-slope-mcr": mcr.slope, "passing-bablok-intercept-mcr": mcr.intercept,
        "cusum-test": cusumLinearity(x, y, {slope: found.slope.value, intercept: found.intercept.value}).p
      };
    }
  }),
  study({
    id: "passing-bablok-bootstrap", unit: "pairs", data: pairText, draw: drawPairs, resamples: 1000,
    procedures: lineOf("passing-bablok", "passing-bablok", "Passing-Bablok", "bootstrap", "BCa bootstrap", INTERCEPT),
    analyse: drawn("passing-bablok", "passing-bablok", {mcr: 0})
  }),
  study({
    id: "association", unit: "pairs", data: "x and y that have nothing to do with each other",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      return {x: vector(n, () => draw(random)), y: vector(n, () => draw(random))};
    },
    procedures: [hypothesisTest("approximate", {
      id: "kendall-test", method: "passing-bablok", name: "Positive association: Kendall's tau, one-sided",
      assumption: "independent pairs"
    })],
    analyse: ({x, y}) => ({"kendall-test": kendallTau(x, y).p})
  }),
  study({
    id: "linearity", unit: "values",
    data: "5 reference levels from 20 to 100 with n / 5 values each; slope 1, offset 2, "
      + "errors of SD 3",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const x = vector(n, (i) => levels[i % levels.length]);
      return {x, y: x.map((value) => measured.intercept + measured.slope * value + measured.sd * draw(random))};
    },
    procedures: [
      interval("exact", {id: "linearity-slope", method: "linearity", name: "Linearity, slope: t"}, measured.slope),
      interval("exact", {
        id: "linearity-intercept", method: "linearity", name: "Linearity, intercept: t"
      }, measured.intercept),
      interval("exact", {id: "linearity-quadratic", method: "linearity", name: "Linearity, quadratic term: t"}, 0),
      interval("exact", {
        id: "linearity-bias", method: "linearity", name: "Bias at a reference level: t"
      }, measured.intercept),
      hypothesisTest("exact", {
        id: "quadratic-test", method: "linearity", name: "Linearity: t test of the quadratic term"
      }),
      hypothesisTest("exact", {id: "lack-of-fit-test", method: "linearity", name: "Linearity: F test of lack of fit"}),
      hypothesisTest("exact", {id: "slope-test", method: "linearity", name: "Slope of 1: t test"})
    ],
    analyse({x, y}) {
      const found = linearity(x, y);
      return {
        "linearity-slope": found.slope, "linearity-intercept": found.intercept, "linearity-quadratic": found.quadratic,
        "linearity-bias": found.levels[0].bias, "quadratic-test": found.quadratic!.p,
        "lack-of-fit-test": found.lackOfFit!.p, "slope-test": found.slopeIsOne.p
      };
    }
  }),
  ...errorPairs.map((sds) => {
    const id = errorId(sds);
    const equal = sds[0] === sds[1];
    const given = (sds[0] * sds[0]) / (sds[1] * sds[1]);
    const ids = {
      difference: `proportional-bias-${id}`, given: `errors-in-variables-given-${id}`,
      replicates: `errors-in-variables-${id}`, slope: `errors-in-variables-slope-${id}`,
      exact: `errors-in-variables-exact-${id}`
    };
    return study({
      id: `proportional-bias-${id}`,
      data: `true values of SD 1, ${errorLabel(sds)}, 2 replicates (the difference takes the first); `
        + "no proportional bias",
      draw: drawReplicates(sds),
      procedures: [
        hypothesisTest(equal ? "exact" : "approximate", {
          id: ids.difference, method: "bland-altman",
          name: `Proportional bias: difference on mean, ${errorLabel(sds)}`,
          assumption: equal ? "normal, equal errors" : "equal errors, which these are not"
        }),
        hypothesisTest("exact", {
          id: ids.given, method: "bland-altman",
          name: `Proportional bias: errors in variables, known ratio, ${errorLabel(sds)}`,
          assumption: "normal errors, the right error ratio"
        }),
        hypothesisTest("approximate", {
          id: ids.replicates, method: "bland-altman",
          name: `Proportional bias: errors in variables, ratio from replicates, ${errorLabel(sds)}`
        }),
        interval("approximate", {
          id: ids.slope, method: "bland-altman",
          name: `Errors-in-variables slope, ratio from replicates: jackknife, ${errorLabel(sds)}`
        }, 1),
        interval("approximate", {
          id: ids.exact, method: "bland-altman",
          name: `Errors-in-variables slope, ratio from replicates: Creasy, ${errorLabel(sds)}`
        }, 1)
      ],
      analyse({x, y}) {
        const firstX = x.map(([value]) => value);
        const firstY = y.map(([value]) => value);
        const found = errorsInVariables(x, y);
        const whole: Interval = {lower: -Infinity, upper: Infinity, level: 0.95};
        return {
          [ids.difference]: proportionalBias(firstX, firstY).slope.p,
          [ids.given]: errorsInVariables(single(firstX), single(firstY), {errorRatio: given}).p,
          [ids.replicates]: found.p, [ids.slope]: found.slope, [ids.exact]: found.exactSlope ?? whole
        };
      }
    });
  })
];
