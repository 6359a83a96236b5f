import {InputError, type Fault} from "../domain/errors.js";
import {NIFTI1, NIFTI2} from "../generated/vendor/nifti.js";

/** Row-major 4 x 4 matrix from voxel indices (i, j, k, 1) to mm. */
export type Affine = number[];

/** Stored types that are read; RGB and complex hold several components a voxel. */
export type NiftiDatatype =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "float32"
  | "float64"
  | "complex64"
  | "complex128"
  | "rgb24"
  | "rgba32";

export type NiftiArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

interface DatatypeInfo {
  code: number;
  /** Array of one component's type. */
  array: new (buffer: ArrayBuffer) => NiftiArray;
  /** Bytes of one component. */
  bytes: number;
  /** Names of a voxel's components; one unnamed for plain numbers. */
  components: string[];
}

export const datatypes: Record<NiftiDatatype, DatatypeInfo> = {
  uint8: {code: 2, array: Uint8Array, bytes: 1, components: [""]},
  int8: {code: 256, array: Int8Array, bytes: 1, components: [""]},
  uint16: {code: 512, array: Uint16Array, bytes: 2, components: [""]},
  int16: {code: 4, array: Int16Array, bytes: 2, components: [""]},
  uint32: {code: 768, array: Uint32Array, bytes: 4, components: [""]},
  int32: {code: 8, array: Int32Array, bytes: 4, components: [""]},
  uint64: {code: 1280, array: BigUint64Array, bytes: 8, components: [""]},
  int64: {code: 1024, array: BigInt64Array, bytes: 8, components: [""]},
  float32: {code: 16, array: Float32Array, bytes: 4, components: [""]},
  float64: {code: 64, array: Float64Array, bytes: 8, components: [""]},
  complex64: {code: 32, array: Float32Array, bytes: 4, components: ["real", "imaginary"]},
  complex128: {code: 1792, array: Float64Array, bytes: 8, components: ["real", "imaginary"]},
  rgb24: {code: 128, array: Uint8Array, bytes: 1, components: ["red", "green", "blue"]},
  rgba32: {code: 2304, array: Uint8Array, bytes: 1, components: ["red", "green", "blue", "alpha"]}
};

const unreadable: Record<number, string> = {0: "unknown", 1: "binary", 1536: "float128", 2048: "complex256"};

/** Lengths of a header and of the smallest prefix before single-file data. */
export const headerBytes = {1: 348, 2: 540} as const;
export const smallestOffset = {1: 352, 2: 544} as const;

/** What a NIfTI header says, checked and in mm and s; see Nifti for the fields. */
export interface NiftiHeader {
  file: string;
  version: 1 | 2;
  littleEndian: boolean;
  datatype: NiftiDatatype;
  components: number;
  shape: number[];
  voxelSize: [number, number, number];
  timeStep: number | null;
  spaceUnit: "m" | "mm" | "um" | "unknown";
  timeUnit: "s" | "ms" | "us" | "Hz" | "ppm" | "rad/s" | "unknown";
  affine: Affine;
  affineSource: "sform" | "qform" | "pixdim";
  slope: number;
  intercept: number;
  description: string;
  /** Byte at which the voxels begin. */
  offset: number;
  /** Bytes that the voxels take. */
  dataBytes: number;
}

/** How many bytes of a file's beginning have to be there before its header can be read; the first 4 must be there. */
export function headerLength(start: Uint8Array): number | null {
  if (start.length < 4) return null;
  const view = new DataView(start.buffer, start.byteOffset, 4);
  for (const size of [view.getInt32(0, true), view.getInt32(0, false)]) {
    if (size === headerBytes[1] || size === headerBytes[2]) return size;
  }
  return null;
}

/**
 * Reads and checks a NIfTI-1 or NIfTI-2 header (Cox et al. 2004; NIfTI-2: https://nifti.nimh.nih.gov/nifti-2).
 * @param start the file's first bytes, decompressed: at least 348 (NIfTI-1) or 540 (NIfTI-2)
 * @param file the name that errors carry
 * @throws InputError naming the header field, its value and what was expected
 */
export function parseHeader(start: Uint8Array, file: string): NiftiHeader {
  const fail = (fault: Omit<Fault, "file">): never => {
    throw new InputError({...fault, file});
  };
  const length = headerLength(start);
  if (length === null) {
    return fail({
      code: "not-nifti",
      field: "sizeof_hdr",
      value: start.length < 4 ? `${start.length} bytes` : firstInt(start),
      expected: "348 (NIfTI-1) or 540 (NIfTI-2): this is not a NIfTI file"
    });
  }
  if (start.length < length) {
    return fail({
      code: "nifti-truncated",
      field: "header",
      value: `${start.length} bytes`,
      expected: `${length} bytes`
    });
  }
  const version = length === headerBytes[1] ? 1 : 2;
  // The parser gets the header alone: it takes broken extensions behind it for a broken file.
  const bytes = start.slice(0, length);
  const view = new DataView(bytes.buffer);
  const raw = version === 1 ? new NIFTI1() : new NIFTI2();
  raw.readHeader(bytes.buffer);
  const littleEndian = raw.littleEndian;
  checkMagic(bytes, version, fail);

  const integer = (field: string, at: number, parsed: number): number => {
    if (version === 1) return parsed;
    // The parser misreads 64-bit integers of big-endian files.
    const value = view.getBigInt64(at, littleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
      return fail({code: "nifti-dimensions", field, value, expected: "an integer below 2^53"});
    }
    return Number(value);
  };

  const datatype = (Object.keys(datatypes) as NiftiDatatype[]).find(
    (name) => datatypes[name].code === raw.datatypeCode
  );
  if (datatype === undefined) {
    const name = unreadable[raw.datatypeCode];
    return fail({
      code: "nifti-datatype",
      field: "datatype",
      value: name === undefined ? raw.datatypeCode : `${raw.datatypeCode} (${name})`,
      expected: `one of ${Object.entries(datatypes)
        .map(([key, {code}]) => `${code} (${key})`)
        .join(", ")}`
    });
  }
  const info = datatypes[datatype];
  const voxelBytes = info.bytes * info.components.length;
  if (raw.numBitsPerVoxel !== voxelBytes * 8) {
    return fail({
      code: "nifti-datatype",
      field: "bitpix",
      value: raw.numBitsPerVoxel,
      expected: `${voxelBytes * 8}, the bits of a ${datatype} voxel`
    });
  }

  const rank = integer("dim[0]", 16, raw.dims[0]);
  if (!(rank >= 1 && rank <= 7)) {
    return fail({code: "nifti-dimensions", field: "dim[0]", value: rank, expected: "1 to 7 dimensions"});
  }
  const shape: number[] = [];
  let dataBytes = voxelBytes;
  for (let axis = 1; axis <= rank; axis++) {
    const size = integer(`dim[${axis}]`, 16 + 8 * axis, raw.dims[axis]);
    if (size < 1) {
      return fail({code: "nifti-dimensions", field: `dim[${axis}]`, value: size, expected: "a positive integer"});
    }
    shape.push(size);
    dataBytes *= size;
    if (!Number.isSafeInteger(dataBytes)) {
      return fail({code: "nifti-dimensions", field: "dim", value: shape, expected: "a size in bytes below 2^53"});
    }
  }
  while (shape.length < 3) shape.push(1);

  const offset = integer("vox_offset", 168, raw.vox_offset);
  if (!(Number.isSafeInteger(offset) && offset >= smallestOffset[version])) {
    return fail({
      code: "nifti-offset",
      field: "vox_offset",
      value: offset,
      expected: `an integer of at least ${smallestOffset[version]}, behind the header`
    });
  }

  const {spaceUnit, timeUnit, toMillimetre, toSecond} = units(raw.xyzt_units, fail);
  const pixdim = raw.pixDims.slice(1, 4).map((size, axis) => {
    // An axis that the image does not have often has no size either.
    return axis >= rank && size === 0 ? toMillimetre : size * toMillimetre;
  });
  const srow = Array.from({length: 12}, (_, index) =>
    version === 1 ? view.getFloat32(280 + 4 * index, littleEndian) : view.getFloat64(400 + 8 * index, littleEndian)
  );
  const {affine, affineSource} = orientation(raw, srow, pixdim, toMillimetre, fail);

  return {
    file,
    version,
    littleEndian,
    datatype,
    components: info.components.length,
    shape,
    voxelSize: voxelSizeOf(affine, pixdim),
    timeStep: rank < 4 || toSecond === null ? null : timeStep(raw.pixDims[4] * toSecond, fail),
    spaceUnit,
    timeUnit,
    affine,
    affineSource,
    ...scaling(raw.scl_slope, raw.scl_inter, fail),
    description: text(bytes, version === 1 ? 148 : 240, 80),
    offset,
    dataBytes
  };
}

type Fail = (fault: Omit<Fault, "file">) => never;
type RawHeader = NIFTI1 | NIFTI2;

const magic1 = [0x6e, 0x2b, 0x31, 0x00];
const magic2 = [0x6e, 0x2b, 0x32, 0x00, 0x0d, 0x0a, 0x1a, 0x0a];

function checkMagic(bytes: Uint8Array, version: 1 | 2, fail: Fail): void {
  const expected = version === 1 ? magic1 : magic2;
  const at = version === 1 ? 344 : 4;
  const found = bytes.subarray(at, at + expected.length);
  if (expected.every((byte, index) => byte === found[index])) return;
  const name = String.fromCharCode(...found.subarray(0, 3));
  if (name === `ni${version}`) {
    fail({
      code: "nifti-pair",
      field: "magic",
      value: name,
      expected: `"n+${version}", header and voxels in one file: convert this .hdr/.img pair to a single .nii`
    });
  }
  fail({
    code: "not-nifti",
    field: "magic",
    value: Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join(" "),
    expected: `${expected.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")} (NIfTI-${version})`
  });
}

function firstInt(start: Uint8Array): number {
  return new DataView(start.buffer, start.byteOffset, 4).getInt32(0, true);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end)).trim();
}

function scaling(slope: number, intercept: number, fail: Fail): {slope: number; intercept: number} {
  if (slope === 0 || Number.isNaN(slope)) return {slope: 1, intercept: 0};
  if (!Number.isFinite(slope)) {
    fail({code: "nifti-scaling", field: "scl_slope", value: slope, expected: "a finite number, or 0 for none"});
  }
  if (!Number.isFinite(intercept)) {
    fail({code: "nifti-scaling", field: "scl_inter", value: intercept, expected: "a finite number"});
  }
  return {slope, intercept};
}

function units(code: number, fail: Fail) {
  const space = {0: ["unknown", 1], 1: ["m", 1000], 2: ["mm", 1], 3: ["um", 0.001]} as const;
  const time = {
    0: ["unknown", 1],
    8: ["s", 1],
    16: ["ms", 0.001],
    24: ["us", 0.000001],
    32: ["Hz", null],
    40: ["ppm", null],
    48: ["rad/s", null]
  } as const;
  const spatial = space[(code & 0x07) as keyof typeof space];
  const temporal = time[(code & 0x38) as keyof typeof time];
  if (spatial === undefined || temporal === undefined) {
    return fail({
      code: "nifti-units",
      field: "xyzt_units",
      value: code,
      expected: "a space unit 0 to 3 plus a time unit 0, 8, 16, 24, 32, 40 or 48"
    });
  }
  return {spaceUnit: spatial[0], toMillimetre: spatial[1], timeUnit: temporal[0], toSecond: temporal[1]};
}

function timeStep(seconds: number, fail: Fail): number | null {
  if (!(Number.isFinite(seconds) && seconds >= 0)) {
    fail({code: "nifti-geometry", field: "pixdim[4]", value: seconds, expected: "a finite time step of at least 0"});
  }
  return seconds === 0 ? null : seconds;
}

function orientation(raw: RawHeader, srow: number[], pixdim: number[], toMillimetre: number, fail: Fail) {
  let affine: Affine;
  let affineSource: NiftiHeader["affineSource"];
  if (raw.sform_code > 0) {
    affineSource = "sform";
    affine = [...srow.map((value) => value * toMillimetre), 0, 0, 0, 1];
  } else {
    const bad = pixdim.findIndex((size) => !(Number.isFinite(size) && size > 0));
    if (bad !== -1) {
      fail({
        code: "nifti-geometry",
        field: `pixdim[${bad + 1}]`,
        value: raw.pixDims[bad + 1],
        expected: "a positive voxel size (there is no sform to use instead)"
      });
    }
    if (raw.qform_code > 0) {
      affineSource = "qform";
      const shift = [raw.qoffset_x, raw.qoffset_y, raw.qoffset_z].map((value) => value * toMillimetre);
      affine = fromQuaternion([raw.quatern_b, raw.quatern_c, raw.quatern_d], pixdim, raw.pixDims[0], shift, fail);
    } else {
      affineSource = "pixdim";
      affine = [pixdim[0], 0, 0, 0, 0, pixdim[1], 0, 0, 0, 0, pixdim[2], 0, 0, 0, 0, 1];
    }
  }
  const faulty = affine.findIndex((value) => !Number.isFinite(value));
  const field = affineSource === "sform" ? "srow_x, srow_y, srow_z" : "qform";
  if (faulty !== -1) fail({code: "nifti-geometry", field, value: affine, expected: "finite numbers"});
  if (!isInvertible(affine)) {
    fail({code: "nifti-geometry", field, value: affine, expected: "three independent axes"});
  }
  return {affine, affineSource};
}

/** Rotation of the unit quaternion (sqrt(1 - b2 - c2 - d2), b, c, d), as nifti1.h defines method 2. */
function fromQuaternion(bcd: number[], size: number[], pixdim0: number, shift: number[], fail: Fail): Affine {
  let [b, c, d] = bcd;
  const square = b * b + c * c + d * d;
  // Single precision leaves a half turn a little longer than 1.
  if (!(square <= 1 + 1e-5)) {
    fail({
      code: "nifti-geometry",
      field: "quatern_b, quatern_c, quatern_d",
      value: bcd,
      expected: "at most unit length"
    });
  }
  if (Number.isNaN(pixdim0)) {
    fail({code: "nifti-geometry", field: "pixdim[0]", value: pixdim0, expected: "-1, 0 or 1 (qfac)"});
  }
  // As in the reference library, what rounding leaves of a half turn's scalar part is none.
  const halfTurn = 1 - square < 1e-7;
  const a = halfTurn ? 0 : Math.sqrt(1 - square);
  if (halfTurn) {
    const length = Math.sqrt(square);
    [b, c, d] = [b / length, c / length, d / length];
  }
  const [x, y] = size;
  const z = pixdim0 < 0 ? -size[2] : size[2];
  return [
    ...[(a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * z, shift[0]],
    ...[2 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2 * (c * d - a * b) * z, shift[1]],
    ...[2 * (b * d - a * c) * x, 2 * (c * d + a * b) * y, (a * a + d * d - b * b - c * c) * z, shift[2]],
    ...[0, 0, 0, 1]
  ];
}

/** Lengths in mm of the three axes of an affine. */
export function axisLengths(affine: Affine): [number, number, number] {
  const length = (axis: number): number => Math.hypot(affine[axis], affine[4 + axis], affine[8 + axis]);
  return [length(0), length(1), length(2)];
}

/** Whether the three axes span space: their box has over a millionth of the volume that right angles would give. */
export function isInvertible(m: Affine): boolean {
  const determinant =
    m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8]);
  const [x, y, z] = axisLengths(m);
  return Number.isFinite(determinant) && Math.abs(determinant) > 1e-6 * x * y * z;
}

/** pixdim where it agrees with the affine within its rounding, else the affine's own axes: they place the voxels. */
function voxelSizeOf(affine: Affine, pixdim: number[]): [number, number, number] {
  const lengths = axisLengths(affine);
  const agrees = lengths.every((length, axis) => Math.abs(length - pixdim[axis]) <= 1e-4 * length);
  return agrees ? [pixdim[0], pixdim[1], pixdim[2]] : lengths;
}
