import {InputError} from "../domain/errors.js";
import {parseNumber} from "../domain/parse-number.js";

/**
 * b values in s/mm2 of a diffusion series, one for each volume.
 * @param text FSL's format: numbers between blanks in one row (a column is read too)
 * @param file the name that errors carry
 * @throws InputError for anything but finite numbers of at least 0
 */
export function readBval(text: string, file: string): number[] {
  const rows = readRows(text, file);
  if (rows.length > 1 && rows.some((row) => row.length > 1)) {
    throw new InputError({
      code: "bval-shape",
      file,
      field: "rows",
      value: rows.length,
      expected: "one row of b values"
    });
  }
  const values = rows.flat();
  const negative = values.findIndex((value) => value < 0);
  if (negative !== -1) {
    throw new InputError({
      code: "bval-value",
      file,
      field: `b value ${negative + 1}`,
      value: values[negative],
      expected: "at least 0 s/mm2"
    });
  }
  return values;
}

/**
 * Gradient directions: three rows (x, y, z) of one number for each volume.
 * @param text FSL's format, 3 x N
 * @param file the name that errors carry
 * @throws InputError for another shape, or a direction whose length is neither 0 nor 1 (to 2 %)
 */
export function readBvec(text: string, file: string): [number[], number[], number[]] {
  const rows = readRows(text, file);
  if (rows.length !== 3) {
    const transposed = rows.every((row) => row.length === 3);
    throw new InputError({
      code: "bvec-shape",
      file,
      field: "rows",
      value: rows.length,
      expected: `3 rows (x, y, z)${transposed ? ": this file has one row for each volume, so transpose it" : ""}`
    });
  }
  const [x, y, z] = rows;
  const ragged = rows.findIndex((row) => row.length !== x.length);
  if (ragged !== -1) {
    throw new InputError({
      code: "bvec-shape",
      file,
      field: `row ${ragged + 1}`,
      value: `${rows[ragged].length} numbers`,
      expected: `${x.length} numbers, as in row 1`
    });
  }
  for (let volume = 0; volume < x.length; volume++) {
    const length = Math.hypot(x[volume], y[volume], z[volume]);
    if (length === 0 || Math.abs(length - 1) <= 0.02) continue;
    throw new InputError({
      code: "bvec-value",
      file,
      field: `direction ${volume + 1}`,
      value: [x[volume], y[volume], z[volume]],
      expected: `a vector of length 0 or 1; this one has ${length.toPrecision(4)}`
    });
  }
  return [x, y, z];
}

/** What checkGradients compares: each part with the name of its file. */
export interface Gradients {
  image: {file: string; volumes: number};
  bval?: {file: string; values: number[]};
  bvec?: {file: string; values: number[][]};
}

/**
 * Checks that there are as many b values and directions as volumes.
 * @throws InputError bval-count or bvec-count, naming both files and both counts
 */
export function checkGradients({image, bval, bvec}: Gradients): void {
  if (bval && bval.values.length !== image.volumes) {
    throw new InputError({
      code: "bval-count",
      file: bval.file,
      field: "b values",
      value: bval.values.length,
      expected: `${image.volumes}, one for each volume of ${image.file}`
    });
  }
  if (bvec && bvec.values[0]?.length !== image.volumes) {
    throw new InputError({
      code: "bvec-count",
      file: bvec.file,
      field: "directions",
      value: bvec.values[0]?.length,
      expected: `${image.volumes}, one for each volume of ${image.file}`
    });
  }
}

function readRows(text: string, file: string): number[][] {
  const rows: number[][] = [];
  for (const [line, content] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const words = content.split(/[ \t,]+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    rows.push(
      words.map((word, column) => {
        const value = parseNumber(word);
        if (value !== null) return value;
        throw new InputError({
          code: "gradient-number",
          file,
          field: `line ${line + 1}, entry ${column + 1}`,
          value: word,
          expected: "a finite number"
        });
      })
    );
  }
  if (rows.length === 0) {
    throw new InputError({code: "gradient-empty", file, field: "text", value: "", expected: "numbers between blanks"});
  }
  return rows;
}
