/** Numbers as a reader of the field expects to see them: a true minus sign, significant digits, powers of ten written out. */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export interface NumberFormat {
  /** Significant digits; 4 unless told. */
  digits?: number;
  /** Digits after the point; wins over `digits`. */
  decimals?: number;
}

/** `-0.000012` as `−1.2 × 10⁻⁵`, `1234.5` as `1235`; a value that is not finite is an em dash, never a number. */
export function formatNumber(value: number | null | undefined, {digits = 4, decimals}: NumberFormat = {}): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "—";
  if (decimals !== undefined) return sign(positiveZero(value.toFixed(decimals)));
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e6) {
    const fixed = Number(value.toPrecision(digits));
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(fixed))));
    return sign(fixed.toFixed(Math.min(places, 20)));
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
  return `${sign(mantissa)} × 10${superscript(exponent)}`;
}

/** Value and unit with a space that does not break. */
export function formatQuantity(value: number | null | undefined, unit: string, format: NumberFormat = {}): string {
  const text = formatNumber(value, format);
  if (unit === "" || unit === "1") return text;
  return unit === "%" ? `${text}\u00a0%` : `${text}\u00a0${formatUnit(unit)}`;
}

/** `mm2/s` as `mm²/s`, `10^-3 mm2/s` as `10⁻³ mm²/s`. */
export function formatUnit(unit: string): string {
  return unit
    .replace(/\^(-?\d+)/g, (_, power: string) => superscript(power))
    .replace(/([A-Za-z])(-?\d+)/g, (_, base: string, power: string) => base + superscript(power));
}

/** Digits after the point that a published number shows: those of the value, and those its tolerance of half a unit implies. */
export function publishedDecimals(value: number, tolerance: number): number {
  const text = value.toString();
  const own = /e/i.test(text) ? 0 : text.split(".")[1]?.length ?? 0;
  const implied = tolerance > 0 ? Math.round(-Math.log10(2 * tolerance)) : 0;
  const exact = tolerance > 0 && Math.abs(-Math.log10(2 * tolerance) - implied) < 1e-6;
  return Math.min(12, Math.max(own, exact ? implied : 0));
}

function sign(text: string): string {
  return text.replace(/^-/, "−");
}

function positiveZero(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

function superscript(power: string): string {
  return power
    .replace("+", "")
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => superscripts[Number(digit)]!);
}
