import {InputError, type Fault} from "../domain/errors.js";
import {gzip} from "../generated/vendor/pako.js";
import {gunzipTo, isGzip} from "./gunzip.js";
import {
  axisLengths,
  datatypes,
  headerBytes,
  headerLength,
  isInvertible,
  parseHeader,
  type Affine,
  type NiftiArray,
  type NiftiDatatype,
  type NiftiHeader
} from "./nifti-header.js";

export {datatypes as niftiDatatypes, type Affine, type NiftiArray, type NiftiDatatype, type NiftiHeader};

/** A part of a voxel with several components: of complex numbers also the polar ones. */
export type NiftiComponent = "real" | "imaginary" | "magnitude" | "phase" | "red" | "green" | "blue" | "alpha";

/**
 * An image. Voxels lie with the first index fastest: [i, j, k, t] stands at i + nx (j + ny (k + nz t)).
 * - shape: at least three sizes, then volumes (and up to three further axes)
 * - voxelSize: mm; timeStep: s, null where the header states none
 * - spaceUnit, timeUnit: what the file was stored in; "unknown" was taken for mm and s
 * - affine: row-major 4 x 4, voxel indices to mm, from the sform when its code is above 0, else qform, else pixdim
 * - slope, intercept: 1 and 0 where the header has none
 * - data: the stored numbers in this machine's byte order, components of a voxel beside each other
 */
export interface Nifti extends NiftiHeader {
  /** Product of the sizes behind the third axis. */
  volumes: number;
  data: NiftiArray;
  /**
   * slope * stored + intercept of every voxel: Float32Array for float32 and integers of up to 16 bits, else
   * Float64Array. May be `data` itself when nothing is to be scaled.
   * @param component needed for, and only for, complex and RGB images
   * @throws InputError when a value cannot be represented, or the component is missing or unknown
   */
  values(component?: NiftiComponent): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  /** The values of one volume, 0 <= t < volumes. */
  volume(t: number, component?: NiftiComponent): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}

export interface ReadNiftiOptions {
  /** Largest size of the voxels in bytes that is allocated; 4 GiB unless told. */
  maxBytes?: number;
}

/** DEFLATE makes no more than 1032 bytes of one (RFC 1951: 258 bytes for two bits). */
const deflateRatio = 1032;

const hostLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Reads a single-file NIfTI-1 or NIfTI-2 image, plain or gzip-compressed (told by its content, not by its name).
 * The header is checked before anything of its stated size is allocated, and the file has to end where the voxels end.
 * @param bytes the whole file
 * @param file the name that errors carry
 * @throws InputError naming the field, its value and what was expected
 */
export function readNifti(bytes: Uint8Array, file: string, options: ReadNiftiOptions = {}): Nifti {
  return isGzip(bytes) ? readCompressed(bytes, file, options) : readPlain(bytes, file, options);
}

/** The checked header alone; of a compressed file no more than its beginning is decompressed. */
export function readNiftiHeader(bytes: Uint8Array, file: string): NiftiHeader {
  if (!isGzip(bytes)) return parseHeader(bytes, file);
  const collect = headerCollector();
  const enough = Symbol("enough");
  try {
    gunzipTo(
      bytes,
      (piece) => {
        if (collect.add(piece) < piece.length || collect.complete()) throw enough;
      },
      file
    );
  } catch (error) {
    if (error !== enough) throw error;
  }
  return parseHeader(collect.bytes(), file);
}

function readPlain(bytes: Uint8Array, file: string, options: ReadNiftiOptions): Nifti {
  const header = parseHeader(bytes, file);
  checkSize(header, options);
  checkFileLength(header, bytes.length);
  return image(header, bytes.slice(header.offset));
}

/** Checks that an uncompressed file ends where its voxels end. @throws InputError nifti-length */
export function checkFileLength(header: NiftiHeader, length: number): void {
  if (length !== header.offset + header.dataBytes) throw lengthFault(header, length);
}

function readCompressed(bytes: Uint8Array, file: string, options: ReadNiftiOptions): Nifti {
  let voxels: Uint8Array<ArrayBuffer> | undefined;
  let at = 0;
  const splitter = splitNifti(file, bytes.length, options, {
    begin: ({dataBytes}) => void (voxels = new Uint8Array(dataBytes)),
    voxels(piece) {
      voxels!.set(piece, at);
      at += piece.length;
    }
  });
  gunzipTo(bytes, splitter.push, file);
  return image(splitter.end(), voxels!);
}

/** Where `splitNifti` puts what it finds. */
export interface NiftiSink {
  /** The checked header, before any voxel. */
  begin(header: NiftiHeader): void;
  /** The next stored bytes of voxels. */
  voxels(piece: Uint8Array): void;
}

/**
 * Takes a decompressed image apart piece by piece: nothing is held but the header.
 * @param compressed bytes of the compressed file: a header that asks for more than they can hold is refused
 * @throws InputError (from both functions) naming the field, its value and what was expected; what the sink throws
 */
export function splitNifti(
  file: string,
  compressed: number,
  options: ReadNiftiOptions,
  sink: NiftiSink
): {push(piece: Uint8Array): void; end(): NiftiHeader} {
  const start = headerCollector();
  let header: NiftiHeader | undefined;
  let position = 0;
  return {
    push(piece) {
      let used = 0;
      if (!header) {
        used = start.add(piece);
        position += used;
        if (!start.complete()) return;
        header = parseHeader(start.bytes(), file);
        checkSize(header, options);
        if (header.offset + header.dataBytes > compressed * deflateRatio) {
          throw lengthFault(header, `compressed to ${compressed}`);
        }
        sink.begin(header);
      }
      const rest = piece.subarray(used);
      const end = header.offset + header.dataBytes;
      if (position + rest.length > end) throw lengthFault(header, `more than ${end}`);
      // What lies between header and voxels are extensions.
      const skipped = Math.min(rest.length, Math.max(0, header.offset - position));
      if (skipped < rest.length) sink.voxels(rest.subarray(skipped));
      position += rest.length;
    },
    end() {
      header ??= parseHeader(start.bytes(), file);
      if (position !== header.offset + header.dataBytes) throw lengthFault(header, position);
      return header;
    }
  };
}

/** Gathers the first bytes of a file until a header is there. */
function headerCollector() {
  const buffer = new Uint8Array(headerBytes[2]);
  let length = 0;
  const needed = (): number => (length < 4 ? 4 : (headerLength(buffer.subarray(0, length)) ?? 4));
  return {
    /** Takes what is needed of a piece and returns how much that was. */
    add(piece: Uint8Array): number {
      let used = 0;
      while (used < piece.length && length < needed()) {
        const part = piece.subarray(used, used + needed() - length);
        buffer.set(part, length);
        length += part.length;
        used += part.length;
      }
      return used;
    },
    complete: (): boolean => length >= 4 && length >= needed(),
    bytes: (): Uint8Array => buffer.subarray(0, length)
  };
}

function checkSize(header: NiftiHeader, {maxBytes = 2 ** 32}: ReadNiftiOptions): void {
  if (header.dataBytes <= maxBytes) return;
  throw new InputError({
    code: "nifti-dimensions",
    file: header.file,
    field: "dim",
    value: header.shape,
    expected: `at most ${maxBytes} bytes of voxels; these are ${header.dataBytes}`
  });
}

function lengthFault(header: NiftiHeader, found: number | string): InputError {
  const {file, shape, datatype, offset, dataBytes} = header;
  return new InputError({
    code: "nifti-length",
    file,
    field: "length",
    value: `${found} bytes`,
    expected: `${offset + dataBytes} bytes: ${offset} before ${shape.join(" x ")} voxels of ${datatype}`
  });
}

/**
 * Values of some voxels of an image, as `Nifti.values` gives them, for readers that hold a part of the file.
 * @param bytes the stored bytes of whole voxels, alone in their buffer; their order may be changed in place
 * @param first index of the first voxel in the image, for messages
 * @throws InputError as `Nifti.values` does
 */
export function voxelValues(
  header: NiftiHeader,
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
  component?: NiftiComponent
): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const data = numbersOf(header, bytes);
  return scaled(header, data, 0, data.length / header.components, component, first);
}

/** Stored bytes as numbers in this machine's byte order. */
function numbersOf({datatype, littleEndian}: NiftiHeader, bytes: Uint8Array<ArrayBuffer>): NiftiArray {
  const info = datatypes[datatype];
  if (littleEndian !== hostLittleEndian) swapBytes(bytes, info.bytes);
  return new info.array(bytes.buffer);
}

function image(header: NiftiHeader, bytes: Uint8Array<ArrayBuffer>): Nifti {
  const data = numbersOf(header, bytes);
  const volumes = header.shape.slice(3).reduce((product, size) => product * size, 1);
  const size = header.shape[0] * header.shape[1] * header.shape[2];
  return {
    ...header,
    volumes,
    data,
    values: (component) => scaled(header, data, 0, size * volumes, component),
    volume(t, component) {
      if (!(Number.isInteger(t) && t >= 0 && t < volumes)) {
        throw new InputError({
          code: "no-such-volume",
          file: header.file,
          field: "volume",
          value: t,
          expected: `an integer from 0 to ${volumes - 1}`
        });
      }
      return scaled(header, data, t * size, size, component);
    }
  };
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; width > 1 && start < bytes.length; start += width) {
    for (let low = start, high = start + width - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

/** Values of `count` voxels from voxel `first` of the data on, which begin at voxel `origin` of the image. */
function scaled(
  header: NiftiHeader,
  data: NiftiArray,
  first: number,
  count: number,
  component: NiftiComponent | undefined,
  origin = 0
): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const names = datatypes[header.datatype].components;
  const complex = names.length === 2;
  const choices: string[] = names.length === 1 ? [] : complex ? [...names, "magnitude", "phase"] : names;
  if (names.length === 1 ? component !== undefined : !choices.includes(component ?? "")) {
    throw new InputError({
      code: "nifti-component",
      file: header.file,
      field: "component",
      value: component,
      expected: choices.length === 0 ? `none: ${header.datatype} voxels have one` : `one of ${choices.join(", ")}`
    });
  }
  // NIfTI does not scale colours.
  const slope = names.length > 2 ? 1 : header.slope;
  const intercept = names.length > 2 ? 0 : header.intercept;
  const plain = slope === 1 && intercept === 0;

  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return scaledBig(header, data, first, count, origin);
  }
  const numbers: ArrayLike<number> = data;
  if (plain && names.length === 1 && (data instanceof Float32Array || data instanceof Float64Array)) {
    return first === 0 && count === data.length ? data : data.slice(first, first + count);
  }
  const single = data.BYTES_PER_ELEMENT <= 2 || data instanceof Float32Array;
  const values = single ? new Float32Array(count) : new Float64Array(count);
  const step = names.length;
  if (component === "magnitude" || component === "phase") {
    for (let v = 0, at = 2 * first; v < count; v++, at += 2) {
      const re = slope * numbers[at] + intercept;
      const im = slope * numbers[at + 1] + intercept;
      values[v] = component === "magnitude" ? Math.hypot(re, im) : Math.atan2(im, re);
    }
  } else {
    const part = component === undefined ? 0 : names.indexOf(component);
    for (let v = 0, at = step * first + part; v < count; v++, at += step) values[v] = slope * numbers[at] + intercept;
  }
  if (!plain || component === "magnitude") {
    for (let v = 0, at = step * first; v < count; v++, at += step) {
      if (Number.isFinite(values[v])) continue;
      let finite = true;
      for (let part = 0; part < step; part++) finite &&= Number.isFinite(numbers[at + part]);
      if (!finite) continue;
      throw rangeFault(header, origin + first + v, numbers[at], "a scaled value in the range of floating point");
    }
  }
  return values;
}

function scaledBig(
  header: NiftiHeader,
  data: BigInt64Array | BigUint64Array,
  first: number,
  count: number,
  origin: number
): Float64Array<ArrayBuffer> {
  const values = new Float64Array(count);
  for (let v = 0; v < count; v++) {
    const stored = data[first + v];
    const number = Number(stored);
    if (!Number.isSafeInteger(number)) {
      const expected = "an integer within +-(2^53 - 1), which floating point holds exactly";
      throw rangeFault(header, origin + first + v, stored, expected);
    }
    values[v] = header.slope * number + header.intercept;
    if (!Number.isFinite(values[v]))
      throw rangeFault(header, origin + first + v, stored, "a scaled value in floating point's range");
  }
  return values;
}

function rangeFault(header: NiftiHeader, voxel: number, value: unknown, expected: string): InputError {
  const index: number[] = [];
  let rest = voxel;
  for (const size of header.shape) {
    index.push(rest % size);
    rest = Math.floor(rest / size);
  }
  return new InputError({
    code: "nifti-range",
    file: header.file,
    field: `voxel [${index.join(", ")}]`,
    value,
    expected
  });
}

/** What two images on one grid have in common. */
export type Grid = Pick<NiftiHeader, "file" | "shape" | "affine">;

/**
 * Checks that the voxels of `b` lie where those of `a` lie: the same three sizes, and no corner of the grid more than a
 * hundredth of a voxel away (sform and qform of one image differ by their rounding).
 * @param a the image
 * @param b the mask or map that is to lie on it
 * @throws InputError grid-shape or grid-affine, naming the file of `b`, both values and the file of `a`
 */
export function sameGrid(a: Grid, b: Grid): void {
  const shape = a.shape.slice(0, 3);
  const found = b.shape.slice(0, 3);
  if (shape.some((size, axis) => size !== found[axis])) {
    throw new InputError({
      code: "grid-shape",
      file: b.file,
      field: "shape",
      value: found,
      expected: `[${shape.join(", ")}], the grid of ${a.file}`
    });
  }
  const tolerance = 0.01 * Math.min(...axisLengths(a.affine));
  let apart = 0;
  for (let corner = 0; corner < 8; corner++) {
    const index = [corner & 1, (corner >> 1) & 1, corner >> 2].map((end, axis) => end * (shape[axis] - 1));
    const [p, q] = [a.affine, b.affine].map((m) =>
      [0, 4, 8].map((row) => m[row] * index[0] + m[row + 1] * index[1] + m[row + 2] * index[2] + m[row + 3])
    );
    apart = Math.max(apart, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  if (!(apart <= tolerance)) {
    throw new InputError({
      code: "grid-affine",
      file: b.file,
      field: "affine",
      value: rows(b.affine),
      expected: `${rows(a.affine)}, the grid of ${a.file}; corners lie ${apart.toPrecision(3)} mm apart`
    });
  }
}

function rows(affine: Affine): string {
  const row = (start: number): string =>
    affine
      .slice(start, start + 4)
      .map((value) => +value.toPrecision(5))
      .join(" ");
  return `[${row(0)}; ${row(4)}; ${row(8)}]`;
}

/** What writeNifti puts into a file. */
export interface NiftiContent {
  /** 1 to 7 sizes, each at most 32767. */
  shape: number[];
  /** mm; checked against the affine. */
  voxelSize: [number, number, number];
  /** Row-major 4 x 4, voxel indices to mm. */
  affine: Affine;
  /** Stored numbers, first index fastest; complex and RGB with the components of a voxel beside each other. */
  data: NiftiArray;
  /** Stored type; that of `data` unless told. Numbers that it cannot hold exactly (floats: in range) are refused. */
  datatype?: NiftiDatatype;
  slope?: number;
  intercept?: number;
  /** At most 79 bytes of UTF-8. */
  description?: string;
  /** s between volumes. */
  timeStep?: number;
  /** NIfTI's code for what the coordinates mean: 1 scanner, 2 aligned to another image (unless told). */
  spaceCode?: 1 | 2 | 3 | 4 | 5;
  /** Name for errors. */
  file?: string;
}

/**
 * A single-file NIfTI-1 image, little-endian, in mm and s, with sform, and qform where the affine has right angles.
 * The same content gives the same bytes: gzip carries neither time nor file name.
 * @throws InputError naming the argument at fault
 */
export function writeNifti(
  content: NiftiContent,
  {gzip: compress = false}: {gzip?: boolean} = {}
): Uint8Array<ArrayBuffer> {
  const {shape, data} = content;
  const datatype = content.datatype ?? datatypeOf(data);
  const start = niftiStart({...content, datatype});
  const length = shape.reduce((product, size) => product * size, datatypes[datatype].components.length);
  const fail = failer(content.file);
  if (data.length !== length)
    fail("data", `${data.length} numbers`, `${length} numbers for shape ${shape.join(" x ")}`);
  const voxels = stored(data, datatype, fail);
  const bytes = new Uint8Array(start.length + voxels.byteLength);
  bytes.set(start);
  bytes.set(storedBytes(voxels), start.length);
  return compress ? (gzip(bytes) as Uint8Array<ArrayBuffer>) : bytes;
}

/**
 * What `writeNifti` puts before the voxels, for writers that make an image piece by piece.
 * @throws InputError naming the argument at fault
 */
export function niftiStart(content: Omit<NiftiContent, "data"> & {datatype: NiftiDatatype}): Uint8Array<ArrayBuffer> {
  const {shape, voxelSize, affine, datatype, slope = 1, intercept = 0, description = "", timeStep = 0} = content;
  const fail = failer(content.file);
  const info = datatypes[datatype];
  if (info === undefined) return fail("datatype", datatype, `one of ${Object.keys(datatypes).join(", ")}`);
  if (!(shape.length >= 1 && shape.length <= 7 && shape.every((n) => Number.isInteger(n) && n >= 1 && n <= 32767))) {
    fail("shape", shape, "1 to 7 integers from 1 to 32767");
  }
  if (affine.length !== 16 || !affine.every(Number.isFinite) || affine.slice(12).join() !== "0,0,0,1") {
    fail("affine", affine, "16 finite numbers, row by row, the last row 0 0 0 1");
  }
  if (!isInvertible(affine)) fail("affine", affine, "three independent axes");
  const lengths = axisLengths(affine);
  if (
    voxelSize.length !== 3 ||
    !voxelSize.every((size, axis) => Math.abs(size - lengths[axis]) <= 1e-3 * lengths[axis])
  ) {
    fail("voxelSize", voxelSize, `the lengths of the affine's axes, [${lengths.join(", ")}]`);
  }
  if (!Number.isFinite(slope) || slope === 0) fail("slope", slope, "a finite number other than 0");
  if (!Number.isFinite(intercept)) fail("intercept", intercept, "a finite number");
  if (!(Number.isFinite(timeStep) && timeStep >= 0))
    fail("timeStep", timeStep, "a finite number of seconds of at least 0");
  const label = new TextEncoder().encode(description);
  if (label.length > 79) fail("description", description, "at most 79 bytes");

  const bytes = new Uint8Array(352);
  const view = new DataView(bytes.buffer);
  const int16 = (at: number, value: number): void => view.setInt16(at, value, true);
  const float = (at: number, value: number): void => view.setFloat32(at, value, true);
  view.setInt32(0, 348, true);
  bytes[38] = 0x72; // "regular", which ANALYZE readers look for
  int16(40, shape.length);
  for (let axis = 0; axis < 7; axis++) int16(42 + 2 * axis, shape[axis] ?? 1);
  int16(70, info.code);
  int16(72, info.bytes * info.components.length * 8);
  const rotation = quaternion(affine);
  float(76, rotation?.qfac ?? 1);
  voxelSize.forEach((size, axis) => float(80 + 4 * axis, size));
  float(92, timeStep);
  float(108, 352);
  float(112, slope);
  float(116, intercept);
  bytes[123] = 2 + (timeStep > 0 ? 8 : 0);
  bytes.set(label, 148);
  const code = content.spaceCode ?? 2;
  if (rotation) {
    int16(252, code);
    rotation.bcd.forEach((value, index) => float(256 + 4 * index, value));
    [3, 7, 11].forEach((index, axis) => float(268 + 4 * axis, affine[index]));
  }
  int16(254, code);
  for (let index = 0; index < 12; index++) float(280 + 4 * index, affine[index]);
  bytes.set([0x6e, 0x2b, 0x31, 0], 344);
  return bytes;
}

/** Numbers as `writeNifti` stores them: little-endian. */
export function storedBytes(data: NiftiArray): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (hostLittleEndian) return bytes;
  const swapped = bytes.slice();
  swapBytes(swapped, data.BYTES_PER_ELEMENT);
  return swapped;
}

/** How faults of content are told, with the file's name where there is one. */
function failer(file: string | undefined): (field: string, value: unknown, expected: string) => never {
  return (field, value, expected) => {
    const fault: Fault = {code: "nifti-content", field, value, expected};
    throw new InputError(file === undefined ? fault : {...fault, file});
  };
}

function datatypeOf(data: NiftiArray): NiftiDatatype {
  const name = Object.prototype.toString.call(data).slice(8, -1);
  return name
    .replace(/^Big/, "")
    .replace(/Array$/, "")
    .toLowerCase() as NiftiDatatype;
}

/** The numbers in the stored type, none of them changed but floats rounded to a smaller float. */
function stored(
  data: NiftiArray,
  datatype: NiftiDatatype,
  fail: (field: string, value: unknown, expected: string) => never
): NiftiArray {
  const {array, bytes} = datatypes[datatype];
  if (data instanceof array) return data;
  const target = new array(new ArrayBuffer(data.length * bytes));
  const float = target instanceof Float32Array || target instanceof Float64Array;
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
      if (typeof value === "number" && !Number.isInteger(value)) return fail(`data[${index}]`, value, `a ${datatype}`);
      target[index] = BigInt(value);
      if (target[index] !== BigInt(value)) return fail(`data[${index}]`, value, `a ${datatype}`);
    } else {
      target[index] = Number(value);
      const kept = target[index];
      const fits = float
        ? Number.isFinite(kept) || typeof value === "bigint" || !Number.isFinite(value)
        : kept === Number(value) && (typeof value !== "bigint" || BigInt(kept) === value);
      if (!fits) return fail(`data[${index}]`, value, `a ${datatype}`);
    }
  }
  return target;
}

/** Unit quaternion (b, c, d with a >= 0) and handedness of an affine with right angles, else null. */
function quaternion(m: Affine): {bcd: [number, number, number]; qfac: 1 | -1} | null {
  const [x, y, z] = axisLengths(m);
  const r = [0, 4, 8].map((row) => [m[row] / x, m[row + 1] / y, m[row + 2] / z]);
  const dot = (p: number, q: number): number => r[0][p] * r[0][q] + r[1][p] * r[1][q] + r[2][p] * r[2][q];
  if (Math.max(Math.abs(dot(0, 1)), Math.abs(dot(0, 2)), Math.abs(dot(1, 2))) > 1e-5) return null;
  const determinant =
    r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
    r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
    r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  const qfac = determinant < 0 ? -1 : 1;
  for (const row of r) row[2] *= qfac;
  // The largest of the four squares is at least 1/4: dividing by its root is safe (Shepperd 1978).
  const squares = [
    1 + r[0][0] + r[1][1] + r[2][2],
    1 + r[0][0] - r[1][1] - r[2][2],
    1 - r[0][0] + r[1][1] - r[2][2],
    1 - r[0][0] - r[1][1] + r[2][2]
  ];
  const largest = squares.indexOf(Math.max(...squares));
  const root = Math.sqrt(squares[largest]) * 2;
  const sums = [r[1][0] + r[0][1], r[0][2] + r[2][0], r[2][1] + r[1][2]];
  const differences = [r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]];
  const candidates = [
    [root / 4, differences[0] / root, differences[1] / root, differences[2] / root],
    [differences[0] / root, root / 4, sums[0] / root, sums[1] / root],
    [differences[1] / root, sums[0] / root, root / 4, sums[2] / root],
    [differences[2] / root, sums[1] / root, sums[2] / root, root / 4]
  ];
  const [a, b, c, d] = candidates[largest];
  const sign = a < 0 ? -1 : 1;
  return {bcd: [sign * b, sign * c, sign * d], qfac};
}
