/** Lines of a table whose columns are aligned: numbers and whatever is told to the right, the rest to the left. */
export function alignColumns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd()
  );
}

/** A number with at most `digits` significant digits and no trailing zeros. */
export function formatNumber(value: number, digits = 6): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/** A number to one decimal place more than its tolerance has, so that a difference that matters can be seen. */
export function formatToTolerance(value: number, tolerance: number): string {
  if (!(tolerance > 0) || !Number.isFinite(value)) return String(value);
  const decimals = 1 - Math.floor(Math.log10(tolerance));
  return decimals > 15 ? String(value) : value.toFixed(Math.max(0, decimals));
}

/** "1 file", "2 files". */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`;
}
