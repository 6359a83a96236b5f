import assert from "node:assert/strict";
import {existsSync, readFileSync} from "node:fs";
import {test} from "node:test";
import {gzipSync} from "node:zlib";
import {InputError} from "../../src/domain/errors.js";
import {
  niftiDatatypes,
  readNifti,
  readNiftiHeader,
  sameGrid,
  writeNifti,
  type NiftiDatatype,
  type NiftiContent
} from "../../src/io/nifti.js";
import {header, join, numbers, type Fields} from "./nifti-bytes.js";

const voxels = numbers("Float32", [1, 2, 3, 4]);

function fault(run: () => unknown, code: string, field: string | RegExp): InputError {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof InputError, `expected an InputError, got ${thrown}`);
  assert.equal(thrown.code, code, thrown.message);
  if (typeof field === "string") assert.equal(thrown.field, field);
  else assert.match(thrown.field, field);
  assert.ok(thrown.message.includes("image.nii"), thrown.message);
  return thrown;
}

const read = (bytes: Uint8Array) => readNifti(bytes, "image.nii");
const withFields = (fields: Fields, body: Uint8Array = voxels) => join(header(fields), body);

test("reads what nibabel wrote as nibabel reads it", () => {
  const {cases} = JSON.parse(
    readFileSync(new URL("../fixtures/reference/nifti-nibabel.json", import.meta.url), "utf8")
  );
  assert.equal(cases.length, 60);
  for (const expected of cases) {
    const image = readNifti(new Uint8Array(Buffer.from(expected.gzip, "base64")), expected.name);
    const {version, littleEndian, datatype, shape} = expected;
    assert.deepEqual(
      {version: image.version, littleEndian: image.littleEndian, datatype: image.datatype, shape: image.shape},
      {version, littleEndian, datatype, shape}
    );
    for (const [i, value] of image.affine.entries()) {
      assert.ok(
        Math.abs(value - expected.affine[i]) < 2e-5,
        `${expected.name}: affine[${i}] ${value}, ${expected.affine[i]}`
      );
    }
    assert.deepEqual(image.timeStep, expected.zooms[3]);
    const values = image.values();
    assert.ok(values instanceof (/^u?int(8|16)$|float32/.test(datatype) ? Float32Array : Float64Array), expected.name);
    assert.equal(values.length, expected.values.length);
    for (const [i, value] of values.entries()) {
      assert.equal(
        value,
        values instanceof Float32Array ? Math.fround(expected.values[i]) : expected.values[i],
        expected.name
      );
    }
    assert.deepEqual([...image.volume(1)], [...values.slice(12)], expected.name);
  }
});

test("reads a real diffusion series as nibabel does", (context) => {
  const file = new URL("../../../shared/data/spine-dwi/dmri.nii.gz", import.meta.url);
  if (!existsSync(file)) return context.skip("../shared/data/spine-dwi is not there");
  const image = readNifti(new Uint8Array(readFileSync(file)), "dmri.nii.gz");
  assert.deepEqual(image.shape, [96, 36, 15, 35]);
  assert.equal(image.datatype, "int16");
  assert.equal(image.affineSource, "sform");
  assert.deepEqual(image.voxelSize, [Math.fround(0.8958333), Math.fround(0.8958333), 5]);
  assert.deepEqual(
    image.affine.slice(0, 4),
    [-0.8926360607147217, -8.505030457683915e-9, -0.4220571517944336, 49.54322052001953]
  );
  const values = image.values();
  const mean = (numbers: Iterable<number>): number => {
    const list = [...numbers];
    return list.reduce((sum, value) => sum + value, 0) / list.length;
  };
  assert.equal(mean(values), 415.99021549823635);
  assert.ok(Math.abs(mean(image.volume(3)) - 361.76278935185184) < 1e-9);
  assert.equal(image.values()[48 + 96 * (18 + 36 * 7)], 1850);
  const {data: _, values: __, volume: ___, volumes: ____, ...fields} = image;
  assert.deepEqual(readNiftiHeader(new Uint8Array(readFileSync(file)), "dmri.nii.gz"), fields);
});

test("every datatype survives writing and reading, exactly", () => {
  const rows: [NiftiDatatype, NiftiContent["data"]][] = [
    ["uint8", new Uint8Array([0, 255, 7, 128])],
    ["int8", new Int8Array([-128, 127, 0, -1])],
    ["uint16", new Uint16Array([0, 65535, 256, 1])],
    ["int16", new Int16Array([-32768, 32767, 0, 258])],
    ["uint32", new Uint32Array([0, 4294967295, 65536, 1])],
    ["int32", new Int32Array([-2147483648, 2147483647, 0, 1])],
    ["uint64", new BigUint64Array([0n, 18446744073709551615n, 1n, 2n])],
    ["int64", new BigInt64Array([-9223372036854775808n, 9223372036854775807n, 0n, 1n])],
    ["float32", new Float32Array([-0, Infinity, NaN, Math.fround(0.1)])],
    ["float64", new Float64Array([-0, -Infinity, NaN, 0.1])],
    ["complex64", new Float32Array([1, 2, 3, 4, 5, 6, 7, 8])],
    ["complex128", new Float64Array([1, 2, 3, 4, 5, 6, 7, 8])],
    ["rgb24", new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
    ["rgba32", new Uint8Array(16).map((_, i) => i)]
  ];
  assert.equal(rows.length, Object.keys(niftiDatatypes).length);
  for (const [datatype, data] of rows) {
    for (const gzip of [false, true]) {
      const image = read(writeNifti({...grid, shape: [2, 2, 1], data, datatype}, {gzip}));
      assert.equal(image.datatype, datatype);
      assert.deepEqual(image.data, data);
    }
  }
});

const grid = {
  voxelSize: [2, 2, 3] as [number, number, number],
  affine: [2, 0, 0, -10, 0, 2, 0, -20, 0, 0, 3, -30, 0, 0, 0, 1]
};

test("every datatype is read in both byte orders and both versions", () => {
  const kinds: [number, Parameters<typeof numbers>[0], (number | bigint)[]][] = [
    [2, "Uint8", [1, 2, 3, 250]],
    [256, "Int8", [-1, 2, 3, -100]],
    [512, "Uint16", [1, 258, 3, 65000]],
    [4, "Int16", [-1, 258, 3, -30000]],
    [768, "Uint32", [1, 16909060, 3, 4000000000]],
    [8, "Int32", [-1, 16909060, 3, -2000000000]],
    [1280, "BigUint64", [1n, 2n, 3n, 9007199254740991n]],
    [1024, "BigInt64", [-1n, 2n, 3n, -9007199254740991n]],
    [16, "Float32", [-1.5, 2.25, 3, 2 ** 100]],
    [64, "Float64", [-1.1, 2.2, 3.3, 1e300]]
  ];
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      for (const [datatype, kind, values] of kinds) {
        const body = numbers(kind, values, littleEndian);
        const image = read(withFields({version, littleEndian, datatype, bitpix: (body.length / 4) * 8}, body));
        assert.equal(image.littleEndian, littleEndian);
        assert.equal(image.version, version);
        assert.deepEqual([...image.values()], values.map(Number), `${kind}, version ${version}, ${littleEndian}`);
      }
    }
  }
});

test("scaling: slope 0 or NaN is none, integers are scaled, volumes too", () => {
  const body = numbers("Int16", [0, 1, 2, 1000]);
  const scaled = (slope: number, intercept: number) =>
    read(withFields({datatype: 4, bitpix: 16, slope, intercept, dim: [4, 2, 1, 1, 2]}, body));
  assert.deepEqual([...scaled(0.5, 10).values()], [10, 10.5, 11, 510]);
  assert.deepEqual([...scaled(0.5, 10).volume(1)], [11, 510]);
  assert.deepEqual([...scaled(-2, 1).values()], [1, -1, -3, -1999]);
  for (const slope of [0, NaN]) {
    const image = scaled(slope, 10);
    assert.deepEqual([...image.values()], [0, 1, 2, 1000]);
    assert.deepEqual([image.slope, image.intercept], [1, 0]);
  }
  assert.deepEqual([...(scaled(0.5, 10).data as Int16Array)], [0, 1, 2, 1000]);
  fault(() => scaled(Infinity, 0), "nifti-scaling", "scl_slope");
  fault(() => scaled(1, NaN), "nifti-scaling", "scl_inter");
  fault(
    () => read(withFields({slope: 1e30}, numbers("Float32", [1, 1e30, 3, 4]))).values(),
    "nifti-range",
    "voxel [1, 0, 0]"
  );
});

test("64-bit integers beyond 2^53 are kept, and refused as values", () => {
  const body = numbers("BigInt64", [1n, 2n, 3n, -9007199254740993n]);
  const image = read(withFields({datatype: 1024, bitpix: 64}, body));
  assert.equal((image.data as BigInt64Array)[3], -9007199254740993n);
  const thrown = fault(() => image.values(), "nifti-range", "voxel [1, 1, 0]");
  assert.equal(thrown.value, -9007199254740993n);
});

test("complex and colour voxels give the component asked for", () => {
  const image = read(withFields({datatype: 32, bitpix: 64, slope: 2}, numbers("Float32", [3, 4, 0, 1, -1, 0, 0, 0])));
  assert.equal(image.components, 2);
  assert.deepEqual([...image.values("real")], [6, 0, -2, 0]);
  assert.deepEqual([...image.values("imaginary")], [8, 2, 0, 0]);
  assert.deepEqual([...image.values("magnitude")], [10, 2, 2, 0]);
  assert.deepEqual(
    [...image.values("phase")].map((v) => +v.toFixed(5)),
    [0.9273, 1.5708, 3.14159, 0]
  );
  fault(() => image.values(), "nifti-component", "component");
  fault(() => image.values("red"), "nifti-component", "component");
  const colour = read(
    withFields(
      {datatype: 128, bitpix: 24, slope: 2},
      new Uint8Array(12).map((_, i) => i)
    )
  );
  assert.deepEqual([...colour.values("green")], [1, 4, 7, 10]);
  fault(() => read(withFields({})).values("real"), "nifti-component", "component");
});

test("affine: sform before qform before pixdim, in mm", () => {
  const srow = [0, -2, 0, 5, 2, 0, 0, 6, 0, 0, 3, 7];
  const turned: Fields = {
    pixdim: [1, 2, 2, 3],
    quatern: [0, 0, Math.SQRT1_2],
    qoffset: [1, 2, 3],
    srow,
    qformCode: 2,
    sformCode: 1
  };
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      const at = (fields: Fields) =>
        read(withFields({version, littleEndian, ...turned, ...fields}, numbers("Float32", [1, 2, 3, 4], littleEndian)));
      assert.deepEqual(at({}).affine, [...srow, 0, 0, 0, 1]);
      assert.equal(at({}).affineSource, "sform");
      const q = at({sformCode: 0});
      assert.equal(q.affineSource, "qform");
      // A quarter turn about z: i runs along +y, j along -x.
      const expected = [0, -2, 0, 1, 2, 0, 0, 2, 0, 0, 3, 3, 0, 0, 0, 1];
      q.affine.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6, `${i}: ${value}`));
      const flipped = at({sformCode: 0, pixdim: [-1, 2, 2, 3]});
      assert.equal(flipped.affine[10], -3);
      const p = at({sformCode: 0, qformCode: 0});
      assert.deepEqual(p.affine, [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]);
      assert.equal(p.affineSource, "pixdim");
      const metre = at({units: 1});
      assert.deepEqual(metre.affine, [...srow.map((value) => value * 1000), 0, 0, 0, 1]);
      assert.deepEqual(metre.voxelSize, [2000, 2000, 3000]);
    }
  }
});

test("units of time, and voxel sizes that the sform contradicts", () => {
  const at = (units: number, dim = [4, 1, 2, 1, 2]) => read(withFields({units, dim, pixdim: [1, 1, 1, 1, 250]}));
  assert.deepEqual([at(2).timeStep, at(2).timeUnit], [250, "unknown"]);
  assert.deepEqual([at(10).timeStep, at(10).timeUnit], [250, "s"]);
  assert.deepEqual([at(18).timeStep, at(18).timeUnit], [0.25, "ms"]);
  assert.deepEqual([at(26).timeStep, at(26).timeUnit], [0.00025, "us"]);
  assert.deepEqual([at(34).timeStep, at(34).timeUnit], [null, "Hz"]);
  assert.equal(at(10, [3, 2, 2, 1]).timeStep, null);
  assert.equal(at(0).spaceUnit, "unknown");
  assert.equal(at(3).spaceUnit, "um");
  fault(() => at(5), "nifti-units", "xyzt_units");
  const odd = read(withFields({sformCode: 1, srow: [4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4, 0], pixdim: [1, 1, 1, 1]}));
  assert.deepEqual(odd.voxelSize, [4, 4, 4]);
});

test("1 to 7 dimensions; an extension before the voxels is passed over", () => {
  const one = read(withFields({dim: [1, 4], pixdim: [1, 1, 0, 0]}));
  assert.deepEqual(one.shape, [4, 1, 1]);
  const seven = read(withFields({dim: [7, 1, 1, 1, 2, 1, 2, 1]}));
  assert.deepEqual(seven.shape, [1, 1, 1, 2, 1, 2, 1]);
  assert.equal(seven.volumes, 4);
  assert.deepEqual([...seven.volume(3)], [4]);
  fault(() => seven.volume(4), "no-such-volume", "volume");
  const extended = header({voxOffset: 384, description: "made here"});
  extended[348] = 1;
  for (const bytes of [join(extended, new Uint8Array(32).fill(0xff), voxels)]) {
    assert.deepEqual([...read(bytes).values()], [1, 2, 3, 4]);
    assert.deepEqual([...read(gzipSync(bytes)).values()], [1, 2, 3, 4]);
    assert.equal(read(bytes).description, "made here");
  }
});

test("broken headers are refused before anything of their size is allocated", () => {
  const cases: [Fields, string, string | RegExp][] = [
    [{dim: [0, 2, 2, 1]}, "nifti-dimensions", "dim[0]"],
    [{dim: [8, 2, 2, 1]}, "nifti-dimensions", "dim[0]"],
    [{dim: [-1, 2, 2, 1]}, "nifti-dimensions", "dim[0]"],
    [{dim: [3, -2, -2, 1]}, "nifti-dimensions", "dim[1]"],
    [{dim: [3, 2, 0, 1]}, "nifti-dimensions", "dim[2]"],
    [{dim: [7, 32767, 32767, 32767, 32767, 1, 1, 1]}, "nifti-dimensions", "dim"],
    [{dim: [3, 32767, 32767, 4]}, "nifti-dimensions", "dim"],
    [{version: 2, dim: [3, 2n ** 60n, 2, 1]}, "nifti-dimensions", "dim[1]"],
    [{version: 2, littleEndian: false, dim: [3, 2n ** 40n, 2n ** 40n, 1]}, "nifti-dimensions", "dim"],
    [{version: 2, dim: [3, -(2n ** 62n), 2, 1]}, "nifti-dimensions", "dim[1]"],
    [{datatype: 0}, "nifti-datatype", "datatype"],
    [{datatype: 1, bitpix: 1}, "nifti-datatype", "datatype"],
    [{datatype: 1536, bitpix: 128}, "nifti-datatype", "datatype"],
    [{datatype: 999}, "nifti-datatype", "datatype"],
    [{bitpix: 16}, "nifti-datatype", "bitpix"],
    [{voxOffset: 0}, "nifti-offset", "vox_offset"],
    [{voxOffset: 348}, "nifti-offset", "vox_offset"],
    [{voxOffset: NaN}, "nifti-offset", "vox_offset"],
    [{voxOffset: Infinity}, "nifti-offset", "vox_offset"],
    [{voxOffset: -400}, "nifti-offset", "vox_offset"],
    [{voxOffset: 352.5}, "nifti-offset", "vox_offset"],
    [{version: 2, voxOffset: 352}, "nifti-offset", "vox_offset"],
    [{voxOffset: 400}, "nifti-length", "length"],
    [{dim: [3, 2, 2, 2]}, "nifti-length", "length"],
    [{dim: [3, 2, 1, 1]}, "nifti-length", "length"],
    [{pixdim: [1, 0, 1, 1]}, "nifti-geometry", "pixdim[1]"],
    [{pixdim: [1, 1, -1, 1]}, "nifti-geometry", "pixdim[2]"],
    [{pixdim: [1, 1, 1, NaN]}, "nifti-geometry", "pixdim[3]"],
    [{qformCode: 1, quatern: [1, 1, 0]}, "nifti-geometry", /quatern/],
    [{qformCode: 1, quatern: [NaN, 0, 0]}, "nifti-geometry", /quatern/],
    [{qformCode: 1, qoffset: [Infinity, 0, 0]}, "nifti-geometry", "qform"],
    [{sformCode: 1, srow: [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0]}, "nifti-geometry", /srow/],
    [{sformCode: 1, srow: [NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]}, "nifti-geometry", /srow/],
    [{magic: [0x6e, 0x69, 0x31, 0]}, "nifti-pair", "magic"],
    [{magic: [0, 0, 0, 0]}, "not-nifti", "magic"],
    [{version: 2, magic: [0x6e, 0x2b, 0x32, 0, 0x0a, 0x0a, 0x1a, 0x0a]}, "not-nifti", "magic"],
    [{sizeofHeader: 349}, "not-nifti", "sizeof_hdr"]
  ];
  for (const [fields, code, field] of cases) {
    fault(() => read(withFields(fields)), code, field);
    fault(() => read(gzipSync(withFields(fields))), code, field);
  }
});

test("lengths that disagree with the header, and files that are not NIfTI", () => {
  const bytes = withFields({});
  assert.match(fault(() => read(bytes.subarray(0, -1)), "nifti-length", "length").message, /367 bytes.*368 bytes/);
  fault(() => read(join(bytes, new Uint8Array(1))), "nifti-length", "length");
  fault(() => read(gzipSync(bytes.subarray(0, -1))), "nifti-length", "length");
  fault(() => read(gzipSync(join(bytes, new Uint8Array(1)))), "nifti-length", "length");
  fault(() => read(bytes.subarray(0, 200)), "nifti-truncated", "header");
  fault(() => read(gzipSync(bytes.subarray(0, 200))), "nifti-truncated", "header");
  fault(() => read(new Uint8Array(0)), "not-nifti", "sizeof_hdr");
  fault(() => read(gzipSync(new Uint8Array(0))), "not-nifti", "sizeof_hdr");
  fault(() => read(new TextEncoder().encode("participant_id\tage\nsub-01\t34\n")), "not-nifti", "sizeof_hdr");
  fault(() => read(gzipSync(new TextEncoder().encode("not an image"))), "not-nifti", "sizeof_hdr");
});

test("a small gzip file that announces gigabytes allocates nothing", () => {
  const bytes = gzipSync(withFields({dim: [3, 1024, 1024, 1000]}));
  const before = process.memoryUsage().arrayBuffers;
  fault(() => read(bytes), "nifti-length", "length");
  assert.ok(process.memoryUsage().arrayBuffers - before < 1e8);
  fault(() => readNifti(withFields({}), "image.nii", {maxBytes: 15}), "nifti-dimensions", "dim");
});

test("output beyond what the header needs is neither held nor awaited", () => {
  // 400 MB of zeros behind 16 bytes of voxels, compressed to 400 kB: refused at the first piece.
  const tail = gzipSync(new Uint8Array(4e8));
  const started = performance.now();
  fault(() => read(join(gzipSync(withFields({})), tail)), "nifti-length", "length");
  assert.ok(performance.now() - started < 1000);
});

test("gzip: several members, split anywhere, are one stream; damage is named", () => {
  const bytes = withFields(
    {dim: [3, 64, 32, 1]},
    numbers(
      "Float32",
      Array.from({length: 2048}, (_, i) => Math.sin(i))
    )
  );
  const expected = read(bytes).data;
  for (const split of [0, 1, 4, 100, 348, 352, 353, 5000, bytes.length]) {
    const members = join(gzipSync(bytes.subarray(0, split)), gzipSync(bytes.subarray(split)));
    assert.deepEqual(read(members).data, expected, `split at ${split}`);
    assert.deepEqual(read(join(members, new Uint8Array(512))).data, expected);
  }
  const whole = new Uint8Array(gzipSync(bytes));
  for (const length of [10, 18, 300, whole.length - 9, whole.length - 8, whole.length - 1]) {
    fault(() => read(whole.subarray(0, length)), "gzip-truncated", "gzip stream");
  }
  for (const at of [whole.length - 5, whole.length - 1]) {
    const broken = whole.slice();
    broken[at] ^= 1;
    fault(() => read(broken), "gzip-corrupt", "gzip stream");
  }
  const flipped = whole.slice();
  flipped[whole.length >> 1] ^= 0x10;
  assert.throws(() => read(flipped), InputError);
  fault(() => read(join(whole, new Uint8Array([1, 2, 3]))), "gzip-corrupt", "gzip stream");
  fault(() => read(join(whole, new Uint8Array([0, 0, 3]))), "gzip-trailing", /byte/);
});

test("writing is deterministic, and refuses what it cannot store", () => {
  const content: NiftiContent = {...grid, shape: [2, 2, 1], data: new Float32Array([1, 2, 3, 4]), description: "ADC"};
  const bytes = writeNifti(content, {gzip: true});
  assert.deepEqual(bytes, writeNifti(content, {gzip: true}));
  assert.deepEqual([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  const image = read(bytes);
  assert.deepEqual([image.description, image.voxelSize, image.affineSource], ["ADC", [2, 2, 3], "sform"]);

  const refuse = (change: Partial<NiftiContent>, field: string | RegExp) =>
    fault(() => writeNifti({...content, ...change, file: "image.nii"}), "nifti-content", field);
  refuse({shape: [2, 2, 2]}, "data");
  refuse({shape: [2, 2, 1, 0]}, "shape");
  refuse({shape: [40000, 1, 1]}, "shape");
  refuse({affine: grid.affine.slice(0, 12)}, "affine");
  refuse({affine: grid.affine.map((value, i) => (i === 0 ? 0 : value))}, "affine");
  refuse({voxelSize: [1, 2, 3]}, "voxelSize");
  refuse({slope: 0}, "slope");
  refuse({intercept: NaN}, "intercept");
  refuse({description: "x".repeat(80)}, "description");
  refuse({timeStep: -1}, "timeStep");
  refuse({datatype: "int16", data: new Float32Array([1, 2.5, 3, 4])}, "data[1]");
  refuse({datatype: "uint8", data: new Int16Array([1, 2, 3, 256])}, "data[3]");
  refuse({datatype: "float32", data: new Float64Array([1, 1e300, 3, 4])}, "data[1]");
  refuse({datatype: "int64", data: new Float64Array([1, NaN, 3, 4])}, "data[1]");
  const narrow = read(writeNifti({...content, datatype: "int16", data: new Float64Array([1, 2, 3, -4])}));
  assert.deepEqual(narrow.data, new Int16Array([1, 2, 3, -4]));
  const maps = read(writeNifti({...content, datatype: "float32", data: new Float64Array([0.1, NaN, 3, -4])}));
  assert.deepEqual(maps.data, new Float32Array([0.1, NaN, 3, -4]));
});

test("the qform written beside the sform is the same grid, for any rotation and handedness", () => {
  let seed = 1;
  const random = (): number => ((seed = (seed * 48271) % 2147483647) / 2147483647) * 2 - 1;
  for (let round = 0; round < 200; round++) {
    const [a, b, c, d] = [random(), random(), random(), random()];
    // Half turns are where a quaternion's scalar part vanishes.
    const q = round % 4 === 0 ? [0, b, c, d] : [a, b, c, d];
    const n = Math.hypot(...q);
    const [w, x, y, z] = q.map((value) => value / n);
    const rotation = [
      1 - 2 * (y * y + z * z),
      2 * (x * y - w * z),
      2 * (x * z + w * y),
      2 * (x * y + w * z),
      1 - 2 * (x * x + z * z),
      2 * (y * z - w * x),
      2 * (x * z - w * y),
      2 * (y * z + w * x),
      1 - 2 * (x * x + y * y)
    ];
    const size: [number, number, number] = [1.5, 2, 2.5];
    const flip = round % 2 === 0 ? -1 : 1;
    const affine = [0, 1, 2].flatMap((row) => [
      rotation[3 * row] * size[0],
      rotation[3 * row + 1] * size[1],
      rotation[3 * row + 2] * size[2] * flip,
      10 * row - 5
    ]);
    affine.push(0, 0, 0, 1);
    const bytes = writeNifti({shape: [4, 5, 6], voxelSize: size, affine, data: new Uint8Array(120)});
    const sform = read(bytes);
    new DataView(bytes.buffer).setInt16(254, 0, true);
    const qform = read(bytes);
    assert.equal(qform.affineSource, "qform");
    sameGrid(sform, qform);
    qform.affine.forEach((value, i) =>
      assert.ok(Math.abs(value - affine[i]) < 1e-5, `round ${round}, ${i}: ${value}, ${affine[i]}`)
    );
  }
  const sheared = [1, 0.5, 0, 0, 0, Math.sqrt(0.75), 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const bytes = writeNifti({shape: [1, 1, 1], voxelSize: [1, 1, 1], affine: sheared, data: new Uint8Array(1)});
  assert.equal(new DataView(bytes.buffer).getInt16(252, true), 0);
});

test("a mask of another grid is named with both grids", () => {
  const image = read(writeNifti({...grid, shape: [4, 4, 2, 3], data: new Uint8Array(96)}));
  const mask = (change: Partial<NiftiContent>) =>
    readNifti(writeNifti({...grid, shape: [4, 4, 2], data: new Uint8Array(32), ...change}), "mask.nii");
  sameGrid(image, mask({}));
  sameGrid(image, mask({affine: grid.affine.map((value, i) => (i === 3 ? value + 0.001 : value))}));
  const shape = fault(() => sameGrid(image, mask({shape: [4, 2, 4]})), "grid-shape", "shape");
  assert.equal(shape.file, "mask.nii");
  assert.match(shape.message, /mask\.nii.*4, 2, 4.*4, 4, 2.*image\.nii/);
  const moved = fault(
    () => sameGrid(image, mask({affine: grid.affine.map((value, i) => (i === 3 ? value + 1 : value))})),
    "grid-affine",
    "affine"
  );
  assert.match(moved.message, /-9.*-10.*1\.00 mm apart/);
  const scaled = grid.affine.map((value, i) => (i === 0 ? 2.05 : value));
  fault(() => sameGrid(image, mask({affine: scaled, voxelSize: [2.05, 2, 3]})), "grid-affine", "affine");
});
