import {breuschPagan} from "../statistics/breusch-pagan.js";
import {quantileCorrelation} from "../statistics/normal-quantiles.js";
import {outliers} from "../statistics/outliers.js";
import {proportionalBias} from "../statistics/proportional-bias.js";
import {secondOrderSurface, stationaryTest} from "../statistics/response-surface.js";
import {shapiroWilk} from "../statistics/shapiro-wilk.js";
import {distributionOf, distributions} from "./distributions.js";
import {hypothesisTest, interval, study, vector, type Study} from "./procedure.js";

const method = "bland-altman";
const constantSpread = {
  assumption: "errors of one SD, of any distribution", under: distributions.map(({id}) => id)
} as const;

/** A surface with its maximum at (20, 30): coded (0.2, -0.4) about 18 and 32 in steps of 10 and 5. */
const surface = {
  centre: [18, 32], scale: [10, 5], intercept: 50, linear: [2, -2], square: [-4, -3], product: 1, sd: 1
};
const SPREAD_SD = 3;

/** Value and stationary point of the true surface, coded. */
function response([a, b]: readonly number[]): number {
  const {intercept, linear, square, product} = surface;
  return intercept + linear[0] * a + linear[1] * b + square[0] * a * a + square[1] * b * b + product * a * b;
}
const determinant = 4 * surface.square[0] * surface.square[1] - surface.product * surface.product;
const stationary = [
  (-2 * surface.square[1] * surface.linear[0] + surface.product * surface.linear[1]) / determinant,
  (-2 * surface.square[0] * surface.linear[1] + surface.product * surface.linear[0]) / determinant
];
const natural = stationary.map((x, f) => surface.centre[f] + surface.scale[f] * x);
const half = 0.5 * (surface.square[0] + surface.square[1]);
const largest = half
  + 0.5 * Math.sqrt((surface.square[0] - surface.square[1]) ** 2 + surface.product * surface.product);

/** Runs of a face-centred composite design, repeated while they fit into n; the others are centre runs. */
function runs(n: number): number[][] {
  const outer = [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b])).filter(([a, b]) => a !== 0 || b !== 0);
  const repeated = Math.floor((n - 2) / outer.length);
  return Array.from({length: n}, (_, i) => i < repeated * outer.length ? outer[i % outer.length] : [0, 0]);
}

/** Checks of suppositions, and the response surface. */
export const checkStudies: readonly Study[] = [
  study({
    id: "normality", unit: "values", data: "one sample",
    draw: (n, id, random) => {
      const {draw} = distributionOf(id);
      return vector(n, () => draw(random));
    },
    procedures: [
      hypothesisTest("approximate", {
        id: "shapiro-wilk", method, name: "Normality: Shapiro-Wilk"
      }, (id) => id === "normal"),
      hypothesisTest("approximate", {
        id: "shapiro-francia", method, name: "Straight Q-Q plot: Shapiro-Francia"
      }, (id) => id === "normal"),
      hypothesisTest("approximate", {
        id: "outlier-rule", method, name: "Any outlier: generalised ESD", assumption: "normal values"
      }, (id) => id === "normal")
    ],
    analyse: (values) => ({
      "shapiro-wilk": shapiroWilk(values).p, "shapiro-francia": quantileCorrelation(values).p,
      // The rule gives no p value: it finds outliers at its level or not.
      "outlier-rule": outliers(values).outliers.length > 0 ? 0 : 1
    })
  }),
  study({
    id: "spread", unit: "pairs", data: "differences of one SD over reference values in even steps",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const y = vector(n, (i) => 50 + 100 * i / (n - 1));
      const differences = vector(n, () => SPREAD_SD * draw(random));
      return {y, x: y.map((value, i) => value + differences[i]), differences};
    },
    procedures: [
      hypothesisTest("approximate", {
        id: "breusch-pagan", method, name: "Constant spread: Breusch-Pagan, studentized", ...constantSpread
      }),
      hypothesisTest("approximate", {
        id: "breusch-pagan-original", method, name: "Constant spread: Breusch-Pagan, original"
      }),
      hypothesisTest("exact", {
        id: "proportional-bias-reference", method, name: "Proportional bias: difference on a reference without error"
      })
    ],
    analyse: ({x, y, differences}) => ({
      "breusch-pagan": breuschPagan(y, differences).p,
      "breusch-pagan-original": breuschPagan(y, differences, {variant: "original"}).p,
      "proportional-bias-reference": proportionalBias(x, y, {abscissa: "reference"}).slope.p
    })
  }),
  study({
    id: "surface", unit: "runs",
    data: "face-centred design of two factors (8 outer runs, repeated while they fit, the rest in "
      + " the centre); a maximum inside, errors a quarter of the curvature",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const points = runs(n);
      return {points, values: points.map((point) => response(point) + surface.sd * draw(random))};
    },
    procedures: [
      interval("exact", {
        id: "surface-coefficient", method: "response-surface", name: "Surface coefficient: t"
      }, surface.square[0]),
      hypothesisTest("exact", {id: "surface-lack-of-fit", method: "response-surface", name: "Lack of fit: F test"}),
      hypothesisTest("exact", {
        id: "surface-region", method: "response-surface",
        name: "Stationary point, joint region: F test (Box and Hunter)"
      }),
      interval("approximate", {
        id: "surface-stationary", method: "response-surface", name: "Stationary point, one factor: delta"
      }, natural[0]),
      interval("approximate", {
        id: "surface-eigenvalue", method: "response-surface", name: "Eigenvalue: t, the axis taken as fixed"
      }, largest),
      interval("approximate", {
        id: "surface-response", method: "response-surface",
        name: "Response at the stationary point: t, the point taken as fixed"
      }, response(stationary))
    ],
    analyse({points, values}) {
      const found = secondOrderSurface([0, 1].map((f) => ({
        name: `x${f + 1}`, values: points.map((point) => surface.centre[f] + surface.scale[f] * point[f]),
        centre: surface.centre[f], scale: surface.scale[f]
      })), values);
      return {
        "surface-coefficient": found.coefficients[3], "surface-lack-of-fit": found.lackOfFit!.p,
        "surface-region": stationaryTest(found, ...natural).p,
        "surface-stationary": found.stationary?.intervals[0] ?? null, "surface-eigenvalue": found.axes[0].eigenvalue,
        "surface-response": found.stationary?.response ?? null
      };
    }
  })
];
