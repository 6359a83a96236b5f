import {exp, gammaln} from "../../generated/vendor/special.js";
import {logGammaPrefactor} from "../numerics/log-gamma-density.js";
import {integrate} from "../numerics/quadrature.js";

/**
 * Expectation of g(S / sigma) over the sample SD of normal values: df S^2 / sigma^2 is chi-square.
 *
 * @param g smooth between the ends
 * @param df degrees of freedom, > 0
 * @param from g counts only from here ...
 * @param to ... to here
 */
export function expectOverSd(g: (ratio: number) => number, df: number, from = 0, to = Infinity): number {
  // Wilson and Hilferty 1931: the cube root of chi-square over df is nearly normal; 9 SDs leave nothing out.
  const root = Math.sqrt(2 / (9 * df));
  const edge = (z: number) => Math.max(0, 1 - 2 / (9 * df) + z * root) ** 1.5;
  const least = Math.max(from, edge(-9));
  const most = Math.min(to, edge(9));
  if (!(most > least)) return 0;
  const panels = 8;
  const points = Array.from({length: panels + 1}, (_, i) => least + (most - least) * i / panels);
  const density = (u: number) => u === 0 ? 0 : 2 / u * exp(logGammaPrefactor(0.5 * df * u * u, 0.5 * df));
  return integrate((u) => g(u) * density(u), points, 1e-10);
}

/** E(S / sigma) on df degrees of freedom, the constant c4 of quality control. */
export function meanOfSd(df: number): number {
  return Math.sqrt(2 / df) * exp(gammaln(0.5 * (df + 1)) - gammaln(0.5 * df));
}
