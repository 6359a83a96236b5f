/**
 * Number of a table's row in messages, as a spreadsheet shows it: the header is row 1.
 *
 * @param index of the row below the header, from 0
 */
export function rowNumber(index: number): number {
  return index + 2;
}
