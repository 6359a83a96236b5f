import {formatUnit} from "../format.js";

/** Round tick positions inside [low, high]: steps of 1, 2 or 5 times a power of ten, about `count` of them. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  if (!(high > low) || !Number.isFinite(low) || !Number.isFinite(high)) return Number.isFinite(low) ? [low] : [];
  const rough = (high - low) / Math.max(1, count);
  const power = Math.floor(Math.log10(rough));
  const fraction = rough / 10 ** power;
  const factor = fraction < Math.SQRT2 ? 1 : fraction < Math.sqrt(10) ? 2 : fraction < Math.sqrt(50) ? 5 : 10;
  // Negative powers divide, since 10 ** -3 is not the double nearest to 0.001.
  const at = (k: number) => (power < 0 ? (k * factor) / 10 ** -power : k * factor * 10 ** power);
  const slack = 1e-9 * (high - low);
  const ticks: number[] = [];
  for (let k = Math.ceil((low - slack) / at(1)); at(k) <= high + slack; k++) ticks.push(k === 0 ? 0 : at(k));
  return ticks;
}

/** How the numbers of one axis are written: divided by 10^exponent (a multiple of 3), with `digits` decimals. */
export interface NumberScale {
  exponent: number;
  digits: number;
}

/** The scale on which every number of [low, high] reads well, with `significant` digits at the larger end. */
export function numberScale(low: number, high: number, significant = 4): NumberScale {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (!(largest > 0) || !Number.isFinite(largest)) return {exponent: 0, digits: 0};
  const magnitude = Math.floor(Math.log10(largest) + 1e-12);
  const exponent = magnitude >= -2 && magnitude < 5 ? 0 : Math.floor(magnitude / 3) * 3;
  return {exponent, digits: Math.max(0, significant - 1 - (magnitude - exponent))};
}

/** A value on a scale, without unit; a minus sign, not a hyphen. */
export function formatScaled(value: number, {exponent, digits}: NumberScale): string {
  const scaled = exponent < 0 ? value * 10 ** -exponent : value / 10 ** exponent;
  const text = scaled.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A tick's label: as many decimals as the steps of `ticks` need, no more. */
export function tickLabels(ticks: readonly number[], {exponent}: NumberScale): string[] {
  const scaled = ticks.map((t) => (exponent < 0 ? t * 10 ** -exponent : t / 10 ** exponent));
  let digits = 0;
  const loses = (s: number) => Math.abs(s - Number(s.toFixed(digits))) > 1e-9 * Math.max(1, Math.abs(s));
  while (digits < 8 && scaled.some(loses)) digits++;
  return ticks.map((t) => formatScaled(t, {exponent, digits}));
}

/** Unit with its power of ten, "10⁻³ mm²/s"; empty for a bare number. */
export function unitLabel(unit: string, {exponent}: NumberScale): string {
  const plain = unit === "1" ? "" : formatUnit(unit);
  if (exponent === 0) return plain;
  const power = formatUnit(`10^${exponent}`);
  return plain === "" ? `× ${power}` : `${power} ${plain}`;
}

/** Value and unit as one phrase, "1.204 × 10⁻³ mm²/s". */
export function formatMeasured(value: number, unit: string, scale: NumberScale): string {
  const power = scale.exponent === 0 ? "" : ` × ${formatUnit(`10^${scale.exponent}`)}`;
  const plain = unit === "1" || unit === "" ? "" : `\u00a0${formatUnit(unit)}`;
  return `${formatScaled(value, scale)}${power}${plain}`;
}
