// Builds NIfTI files byte by byte from the field tables of nifti1.h and nifti2.h, apart from the reader under test.

export interface Fields {
  version?: 1 | 2;
  littleEndian?: boolean;
  dim?: (number | bigint)[];
  datatype?: number;
  bitpix?: number;
  pixdim?: number[];
  voxOffset?: number;
  slope?: number;
  intercept?: number;
  units?: number;
  qformCode?: number;
  sformCode?: number;
  quatern?: [number, number, number];
  qoffset?: [number, number, number];
  srow?: number[];
  description?: string;
  magic?: number[];
  sizeofHeader?: number;
}

const magic = {1: [0x6e, 0x2b, 0x31, 0], 2: [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a]};

/** A header of 352 or 544 bytes, extension flag included: by default 2 x 2 x 1 float32 voxels of 1 mm. */
export function header(fields: Fields = {}): Uint8Array<ArrayBuffer> {
  const {version = 1, littleEndian: le = true} = fields;
  const one = version === 1;
  const bytes = new Uint8Array(one ? 352 : 544);
  const view = new DataView(bytes.buffer);
  const float = (at1: number, at2: number, value: number): void =>
    one ? view.setFloat32(at1, value, le) : view.setFloat64(at2, value, le);
  const short = (at1: number, at2: number, value: number, wide = false): void => {
    if (one || !wide) view.setInt16(one ? at1 : at2, value, le);
    else view.setInt32(at2, value, le);
  };
  const dim = fields.dim ?? [3, 2, 2, 1];
  for (let i = 0; i < 8; i++) {
    if (one) view.setInt16(40 + 2 * i, Number(dim[i] ?? 1), le);
    else view.setBigInt64(16 + 8 * i, BigInt(dim[i] ?? 1), le);
  }
  view.setInt32(0, fields.sizeofHeader ?? (one ? 348 : 540), le);
  short(70, 12, fields.datatype ?? 16);
  short(72, 14, fields.bitpix ?? 32);
  const pixdim = fields.pixdim ?? [1, 1, 1, 1, 1];
  for (let i = 0; i < 8; i++) float(76 + 4 * i, 104 + 8 * i, pixdim[i] ?? 0);
  if (one) view.setFloat32(108, fields.voxOffset ?? 352, le);
  else view.setBigInt64(168, BigInt(fields.voxOffset ?? 544), le);
  float(112, 176, fields.slope ?? 0);
  float(116, 184, fields.intercept ?? 0);
  if (one) bytes[123] = fields.units ?? 10;
  else view.setInt32(500, fields.units ?? 10, le);
  short(252, 344, fields.qformCode ?? 0, true);
  short(254, 348, fields.sformCode ?? 0, true);
  (fields.quatern ?? [0, 0, 0]).forEach((value, i) => float(256 + 4 * i, 352 + 8 * i, value));
  (fields.qoffset ?? [0, 0, 0]).forEach((value, i) => float(268 + 4 * i, 376 + 8 * i, value));
  (fields.srow ?? []).forEach((value, i) => float(280 + 4 * i, 400 + 8 * i, value));
  bytes.set(new TextEncoder().encode(fields.description ?? ""), one ? 148 : 240);
  bytes.set(fields.magic ?? magic[version], one ? 344 : 4);
  return bytes;
}

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Numbers as bytes in the order asked for. */
export function numbers(
  kind: "Uint8" | "Int8" | "Uint16" | "Int16" | "Uint32" | "Int32" | "Float32" | "Float64" | "BigInt64" | "BigUint64",
  values: (number | bigint)[],
  littleEndian = true
): Uint8Array {
  const width = {
    Uint8: 1,
    Int8: 1,
    Uint16: 2,
    Int16: 2,
    Uint32: 4,
    Int32: 4,
    Float32: 4,
    Float64: 8,
    BigInt64: 8,
    BigUint64: 8
  }[kind];
  const view = new DataView(new ArrayBuffer(width * values.length));
  const set = view[`set${kind}`] as (at: number, value: number | bigint, littleEndian: boolean) => void;
  values.forEach((value, i) => set.call(view, i * width, value, littleEndian));
  return new Uint8Array(view.buffer);
}
