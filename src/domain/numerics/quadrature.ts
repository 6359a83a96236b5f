import {InputError} from "../errors.js";

// Abscissae and weights of the 15-point Kronrod rule and the 7-point Gauss rule inside it, from the middle outwards.
const KRONROD_NODES = [
  0, 0.20778495500789847, 0.4058451513773972, 0.5860872354676911, 0.7415311855993945, 0.8648644233597691,
  0.9491079123427585, 0.9914553711208126
];
const KRONROD_WEIGHTS = [
  0.20948214108472782, 0.20443294007529889, 0.19035057806478542, 0.1690047266392679, 0.14065325971552592,
  0.10479001032225019, 0.06309209262997856, 0.022935322010529224
];
const GAUSS_WEIGHTS = [0.4179591836734694, 0, 0.3818300505051189, 0, 0.27970539148927664, 0, 0.1294849661688697, 0];

/**
 * Integral of a smooth function over consecutive panels, each halved until it is accurate.
 *
 * Adaptive Gauss-Kronrod rule with 7 and 15 points. A panel is accepted when the two rules differ by less than
 * `tolerance` times the whole integral's size; the 15-point result used is then far closer than that difference.
 * Source: Piessens, de Doncker-Kapenga, Ueberhuber, Kahaner 1983, QUADPACK, section 2.2 (rule qk15).
 *
 * @param f integrand, finite on the closed panels
 * @param points ends of the panels, increasing; put one at every peak and every steep place
 * @param tolerance relative to the sum of the panels' absolute values
 * @throws InputError when a panel has not settled after 50 halvings
 */
export function integrate(f: (x: number) => number, points: readonly number[], tolerance = 1e-11): number {
  const first: {from: number; to: number; value: number; difference: number}[] = [];
  let size = 0;
  for (let i = 0; i + 1 < points.length; i++) {
    if (!(points[i + 1] > points[i])) continue;
    const panel = {from: points[i], to: points[i + 1], ...kronrod(f, points[i], points[i + 1])};
    size += Math.abs(panel.value);
    first.push(panel);
  }
  const allowed = tolerance * size;
  let sum = 0;
  for (const panel of first) sum += refine(f, panel.from, panel.to, panel.value, panel.difference, allowed, 0);
  return sum;
}

function refine(
  f: (x: number) => number, from: number, to: number, value: number, difference: number, allowed: number, depth: number
): number {
  if (difference <= allowed) return value;
  if (depth === 50) {
    throw new InputError({
      code: "not-integrable", field: "integrand", value: [from, to], expected: "a function smooth on this panel"
    });
  }
  const middle = 0.5 * (from + to);
  const left = kronrod(f, from, middle);
  const right = kronrod(f, middle, to);
  return refine(f, from, middle, left.value, left.difference, allowed, depth + 1)
    + refine(f, middle, to, right.value, right.difference, allowed, depth + 1);
}

function kronrod(f: (x: number) => number, from: number, to: number): {value: number; difference: number} {
  const centre = 0.5 * (from + to);
  const half = 0.5 * (to - from);
  const middle = f(centre);
  let kronrodSum = KRONROD_WEIGHTS[0] * middle;
  let gaussSum = GAUSS_WEIGHTS[0] * middle;
  for (let i = 1; i < KRONROD_NODES.length; i++) {
    const offset = half * KRONROD_NODES[i];
    const pair = f(centre - offset) + f(centre + offset);
    kronrodSum += KRONROD_WEIGHTS[i] * pair;
    gaussSum += GAUSS_WEIGHTS[i] * pair;
  }
  return {value: kronrodSum * half, difference: Math.abs((kronrodSum - gaussSum) * half)};
}
