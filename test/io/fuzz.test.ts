// Damaged files of every kind: each is either read right or refused by an InputError, and soon.
import assert from "node:assert/strict";
import {test} from "node:test";
import {gunzipSync, gzipSync} from "node:zlib";
import fc from "fast-check";
import {InputError} from "../../src/domain/errors.js";
import {readBval, readBvec} from "../../src/io/gradients.js";
import {niftiDatatypes, readNifti, readNiftiHeader, type Nifti} from "../../src/io/nifti.js";
import {parseCsv, parseTsv} from "../../src/io/tsv.js";
import {header, join, numbers} from "./nifti-bytes.js";

const bases = ([1, 2] as const).flatMap((version) =>
  [true, false].flatMap((littleEndian) =>
    (
      [
        [16, 32, "Float32"],
        [4, 16, "Int16"],
        [1024, 64, "BigInt64"],
        [128, 24, "Uint8"]
      ] as const
    ).map(([datatype, bitpix, kind]) => {
      const count = kind === "Uint8" ? 72 : 24;
      const body = Array.from({length: count}, (_, i) => (kind === "BigInt64" ? BigInt(i) : i));
      return join(
        header({
          version,
          littleEndian,
          datatype,
          bitpix,
          dim: [4, 3, 2, 2, 2],
          slope: 0.5,
          qformCode: 1,
          sformCode: datatype === 4 ? 0 : 1,
          srow: [2, 0, 0, 1, 0, 2, 0, 2, 0, 0, 2, 3]
        }),
        numbers(kind, body, littleEndian)
      );
    })
  )
);

/** Where a header's fields that decide over shape, type and place stand, and their width, in NIfTI-1 and NIfTI-2. */
const fields: [number, number][][] = [
  [
    [0, 4],
    [70, 2],
    [72, 2],
    [108, 4],
    [112, 4],
    [123, 1],
    [252, 2],
    [254, 2],
    [256, 4],
    [280, 4],
    [344, 4],
    ...Array.from({length: 8}, (_, i): [number, number] => [40 + 2 * i, 2]),
    ...Array.from({length: 5}, (_, i): [number, number] => [76 + 4 * i, 4])
  ],
  [
    [0, 4],
    [4, 8],
    [12, 2],
    [14, 2],
    [168, 8],
    [176, 8],
    [344, 4],
    [348, 4],
    [352, 8],
    [400, 8],
    [500, 4],
    ...Array.from({length: 8}, (_, i): [number, number] => [16 + 8 * i, 8]),
    ...Array.from({length: 5}, (_, i): [number, number] => [104 + 8 * i, 8])
  ]
];
const contents = [
  [],
  [1],
  [2],
  [3],
  [7],
  [8],
  [0, 1],
  [1, 0],
  [0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff],
  [0xff, 0x7f],
  [0x80],
  [0, 0, 0, 0x80],
  [0, 0, 0xc0, 0x7f],
  [0x7f, 0xc0, 0, 0],
  [0, 0, 0x80, 0x7f],
  [0x7f, 0xf0],
  [0, 0, 0, 0, 0, 0, 0xf0, 0x7f],
  [0, 8],
  [0, 0, 0, 0, 1],
  [0, 0, 0, 1],
  [0, 1, 0, 0]
];

const mutation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({kind: fc.constant("field" as const), field: fc.nat(), content: fc.constantFrom(...contents)})
  },
  {weight: 3, arbitrary: fc.record({kind: fc.constant("byte" as const), at: fc.nat(), value: fc.nat(255)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constant("cut" as const), at: fc.nat()})},
  {
    weight: 1,
    arbitrary: fc.record({kind: fc.constant("insert" as const), at: fc.nat(), length: fc.integer({min: 1, max: 700})})
  },
  {
    weight: 1,
    arbitrary: fc.record({kind: fc.constant("remove" as const), at: fc.nat(), length: fc.integer({min: 1, max: 64})})
  }
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(bytes: Uint8Array, changes: Mutation[], version: number): Uint8Array {
  for (const change of changes) {
    const at = "at" in change ? change.at % (bytes.length + 1) : 0;
    if (change.kind === "field") {
      const [start, width] = fields[version][change.field % fields[version].length];
      bytes = bytes.slice();
      for (let i = 0; i < width && start + i < bytes.length; i++) bytes[start + i] = change.content[i] ?? 0;
    } else if (change.kind === "byte") {
      bytes = bytes.slice();
      if (at < bytes.length) bytes[at] = change.value;
    } else if (change.kind === "cut") bytes = bytes.slice(0, at);
    else if (change.kind === "insert") bytes = join(bytes.slice(0, at), new Uint8Array(change.length), bytes.slice(at));
    else bytes = join(bytes.slice(0, at), bytes.slice(at + change.length));
  }
  return bytes;
}

let accepted = 0;
let refused = 0;

/** Reads, and returns undefined where an InputError refused. */
function attempt<T>(run: () => T): T | undefined {
  const started = performance.now();
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    assert.ok(error.field && error.expected && error.code, "an error names field and expectation");
    return undefined;
  } finally {
    assert.ok(performance.now() - started < 2000, "soon");
  }
}

/** What was read has to be what an independent look at the bytes finds there. */
function check(image: Nifti, raw: Uint8Array): void {
  const {bytes, components} = {bytes: niftiDatatypes[image.datatype].bytes, components: image.components};
  const count = image.shape.reduce((product, size) => product * size, components);
  assert.equal(image.data.length, count, "as many numbers as the shape says");
  assert.equal(raw.length, image.offset + count * bytes, "the file ends with the voxels");
  assert.ok(
    image.shape.length >= 3 &&
      image.shape.length <= 7 &&
      image.shape.every((size) => Number.isInteger(size) && size > 0)
  );
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const version = view.getInt32(0, image.littleEndian) === 348 ? 1 : 2;
  assert.equal(image.version, version);
  const stated = (axis: number): number =>
    version === 1
      ? view.getInt16(40 + 2 * axis, image.littleEndian)
      : Number(view.getBigInt64(16 + 8 * axis, image.littleEndian));
  for (let axis = 0; axis < image.shape.length; axis++) {
    assert.equal(image.shape[axis], axis < stated(0) ? stated(axis + 1) : 1, "the header's shape");
  }
  assert.ok(stated(0) >= 1 && stated(0) <= 7 && image.offset >= (version === 1 ? 352 : 544));
  const body = raw.slice(image.offset);
  if (!image.littleEndian) for (let at = 0; at < body.length; at += bytes) body.subarray(at, at + bytes).reverse();
  assert.deepEqual(new Uint8Array(image.data.buffer), body, "the file's numbers");
  assert.ok(image.affine.length === 16 && image.affine.every(Number.isFinite));
  assert.ok(image.voxelSize.every((size) => size > 0));
  const values = attempt(() => (components === 1 ? image.values() : image.values("red")));
  if (values) assert.equal(values.length, count / components);
}

test("10,000 damaged NIfTI files: no crash, no hang, no wrong shape", () => {
  fc.assert(
    fc.property(
      fc.nat(bases.length - 1),
      fc.array(mutation, {maxLength: 3}),
      fc.constantFrom("plain", "compressed", "members", "damaged"),
      fc.array(mutation, {minLength: 1, maxLength: 2}),
      (base, changes, form, damage) => {
        const version = base < bases.length / 2 ? 0 : 1;
        const raw = mutate(bases[base], changes, version);
        let bytes = raw;
        if (form === "members") {
          const half = raw.length >> 1;
          bytes = join(gzipSync(raw.subarray(0, half)), gzipSync(raw.subarray(half)));
        } else if (form !== "plain") bytes = new Uint8Array(gzipSync(raw, {level: 1}));
        if (form === "damaged") {
          const whole = damage.filter(({kind}) => kind !== "field");
          bytes = mutate(
            bytes,
            whole.length > 0 ? whole : [{kind: "byte", at: 3 * changes.length + 11, value: 77}],
            version
          );
        }
        const image = attempt(() => readNifti(bytes, "fuzz.nii"));
        const alone = attempt(() => readNiftiHeader(bytes, "fuzz.nii"));
        if (!image) {
          refused++;
          assert.ok(changes.length > 0 || form === "damaged", "an undamaged file is read");
          return;
        }
        accepted++;
        assert.deepEqual(image.shape, alone?.shape);
        const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
        check(image, compressed ? new Uint8Array(gunzipSync(bytes)) : bytes);
      }
    ),
    {seed: 1, numRuns: 10_000}
  );
  // A fuzzer that is refused, or read, every time tests nothing.
  assert.ok(accepted > 1500 && refused > 1500, `${accepted} read, ${refused} refused`);
});

const cell = fc.oneof(
  fc.constantFrom(
    "",
    "n/a",
    "1",
    "-2.5e3",
    "sub-01",
    "NaN",
    '"',
    '""',
    '"a',
    "é",
    "\u0000",
    "\uFEFF",
    " ",
    "__proto__"
  ),
  fc.string({maxLength: 6})
);
const separator = fc.constantFrom("\t", "\t", "\n", "\r\n", "\r", ",", ";", " ");
const text = fc.array(fc.tuple(cell, separator), {maxLength: 30}).map((parts) => parts.flat().join(""));

test("any text is a table or refused: rows are as wide as the header, cells are the text's", () => {
  fc.assert(
    fc.property(text, (source) => {
      for (const parse of [parseTsv, parseCsv]) {
        const table = attempt(() => parse(source, "fuzz.tsv"));
        if (!table) continue;
        assert.equal(new Set(table.columns).size, table.columns.length);
        for (const row of table.rows) {
          assert.deepEqual(Object.keys(row).sort(), [...table.columns].sort());
          for (const value of Object.values(row)) assert.ok(value === null || value !== "");
        }
        for (const column of table.columns) {
          const numbers = attempt(() => table.numbers(column));
          assert.ok(!numbers || numbers.every((value) => value === null || Number.isFinite(value)));
        }
      }
      const tsv = attempt(() => parseTsv(source, "fuzz.tsv"));
      const lines = source.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
      while (lines.at(-1) === "") lines.pop();
      if (tsv) assert.equal(tsv.rows.length, lines.length - 1);
    }),
    {seed: 2, numRuns: 5000}
  );
});

const word = fc.oneof(
  fc.constantFrom("0", "1", "-1", "800", "1e3", "nan", "inf", "0x1", "1e999", "a", "0.6", "-0.8"),
  fc.double().map(String)
);
const gradients = fc.array(fc.tuple(word, fc.constantFrom(" ", " ", "\t", "\n", "\r\n", ",")), {maxLength: 24});

test("any text is b values and directions or refused", () => {
  fc.assert(
    fc.property(gradients, (parts) => {
      const source = parts.flat().join("");
      const bval = attempt(() => readBval(source, "fuzz.bval"));
      if (bval) {
        assert.ok(bval.every((value) => Number.isFinite(value) && value >= 0));
        assert.equal(bval.length, parts.length);
      }
      const bvec = attempt(() => readBvec(source, "fuzz.bvec"));
      if (bvec) {
        assert.equal(bvec.length, 3);
        assert.equal(bvec.flat().length, parts.length);
        for (let i = 0; i < bvec[0].length; i++) {
          const length = Math.hypot(bvec[0][i], bvec[1][i], bvec[2][i]);
          assert.ok(length === 0 || Math.abs(length - 1) < 0.03);
        }
      }
    }),
    {seed: 3, numRuns: 5000}
  );
});
