import {ln} from "../../generated/vendor/special.js";
import {checkFinite, checkPositive} from "../check.js";
import {InputError} from "../errors.js";
import {levelOf, type LevelOptions} from "./estimate.js";

/** Where two estimates lie about a centre: standard deviations and correlation. */
export interface JointNormal {
  centre: readonly [number, number];
  sd: readonly [number, number];
  /** In [-1, 1]. */
  correlation: number;
}

/** Points on each quarter of the outline. */
const QUARTER = 24;

/**
 * Outline of the ellipse that holds a bivariate normal pair with probability `level` (0.95 unless told), a closed line
 * whose last point is its first.
 *
 * It is (x - c)' V^-1 (x - c) = -2 ln(1 - level), the quantile of chi-square on 2 degrees of freedom (Johnson and
 * Wichern 2007, Applied Multivariate Statistical Analysis, section 4.2), with V factored by Cholesky.
 *
 * @throws InputError on a centre that is not finite, a standard deviation that is not above 0, a correlation outside
 * [-1, 1] or a level outside (0, 1)
 */
export function confidenceEllipse(
  {centre, sd, correlation}: JointNormal, options: LevelOptions = {}
): [number, number][] {
  centre.forEach((value, i) => checkFinite(value, `centre[${i}]`));
  sd.forEach((value, i) => checkPositive(value, `sd[${i}]`));
  if (!(correlation >= -1 && correlation <= 1)) {
    const expected = "a correlation from -1 to 1";
    throw new InputError({code: "out-of-range", field: "correlation", value: correlation, expected});
  }
  const radius = Math.sqrt(-2 * ln(1 - levelOf(options)));
  const rest = Math.sqrt(1 - correlation * correlation);
  const at = (u: number, v: number): [number, number] => [
    centre[0] + radius * sd[0] * u,
    centre[1] + radius * sd[1] * (correlation * u + rest * v)
  ];
  const points: [number, number][] = [];
  for (let quarter = 0; quarter < 4; quarter++) {
    for (let k = 0; k < QUARTER; k++) {
      // The tangent of half the angle gives a quarter of the circle without trigonometry.
      const t = k / QUARTER;
      let [u, v] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
      for (let turn = 0; turn < quarter; turn++) [u, v] = [-v, u];
      points.push(at(u, v));
    }
  }
  return [...points, points[0]];
}
