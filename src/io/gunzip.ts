import {InputError} from "../domain/errors.js";
import {constants, Inflate} from "../generated/vendor/pako.js";

/** Input is handed over in slices, so that a refused file is not decompressed to its end. */
const sliceBytes = 1 << 18;

/** Whether the bytes begin as a gzip file does (RFC 1952), whatever its name is. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses a gzip file (RFC 1952) piece by piece; nothing is held but the piece at hand.
 * Several members are one stream, each one's CRC-32 and length are checked, zero bytes after the last are padding.
 * @param bytes the whole compressed file
 * @param sink gets each piece in order; it may throw to end the reading
 * @param file the name that errors carry
 * @throws InputError gzip-truncated, gzip-corrupt or gzip-trailing
 */
export function gunzipTo(bytes: Uint8Array, sink: (piece: Uint8Array) => void, file: string): void {
  let offset = 0;
  let members = 0;
  while (offset < bytes.length) {
    if (members > 0 && bytes[offset] === 0) {
      const end = bytes.subarray(offset).findIndex((byte) => byte !== 0);
      if (end === -1) return;
      throw new InputError({
        code: "gzip-trailing",
        file,
        field: `byte ${offset + end}`,
        value: bytes[offset + end],
        expected: "only zero padding after the compressed data"
      });
    }
    offset = inflateMembers(bytes, offset, sink, file);
    members++;
  }
}

/** Reads on from a member's first byte and returns the offset behind the last byte that was used. */
function inflateMembers(bytes: Uint8Array, start: number, sink: (piece: Uint8Array) => void, file: string): number {
  // 16 asks for the gzip wrapper, whose checksum pako then verifies.
  const inflate = new Inflate({windowBits: 15 + 16});
  let done = false;
  inflate.onData = (piece) => sink(piece as Uint8Array);
  inflate.onEnd = (status) => {
    done = true;
    inflate.err = status as typeof inflate.err;
  };
  let offset = start;
  while (!done && offset < bytes.length) {
    const slice = bytes.subarray(offset, offset + sliceBytes);
    offset += slice.length;
    inflate.push(slice, offset >= bytes.length);
  }
  if (done && inflate.err === constants.Z_OK) return offset - stream(inflate).avail_in;
  const truncated = !done || inflate.err === constants.Z_BUF_ERROR;
  throw new InputError({
    code: truncated ? "gzip-truncated" : "gzip-corrupt",
    file,
    field: "gzip stream",
    value: truncated
      ? `cut off after ${bytes.length} bytes`
      : stream(inflate).msg || `broken (zlib status ${inflate.err})`,
    expected: "complete gzip data whose checksum agrees"
  });
}

function stream(inflate: Inflate): {avail_in: number; msg: string} {
  return (inflate as unknown as {strm: {avail_in: number; msg: string}}).strm;
}

/**
 * A whole gzip file, decompressed.
 * @param limit bytes that the result may have
 * @throws InputError as gunzipTo does, or gzip-too-long
 */
export function gunzip(bytes: Uint8Array, file: string, limit = 2 ** 31): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const sink = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > limit) {
      throw new InputError({
        code: "gzip-too-long",
        file,
        field: "decompressed size",
        value: `more than ${limit} bytes`,
        expected: `at most ${limit} bytes`
      });
    }
    pieces.push(piece);
  };
  gunzipTo(bytes, sink, file);
  const result = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    result.set(piece, offset);
    offset += piece.length;
  }
  return result;
}
