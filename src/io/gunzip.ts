import {InputError} from "../domain/errors.js";
import {constants, Inflate} from "../generated/vendor/pako.js";

/** Input is handed over in slices, so that a refused file is not decompressed to its end. */
const sliceBytes = 1 << 18;

/** Whether the bytes begin as a gzip file does (RFC 1952), whatever its name is. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A gzip file that comes in pieces. */
export interface Gunzip {
  /** The next bytes of the file. */
  push(bytes: Uint8Array): void;
  /** Says that the file ends here. */
  end(): void;
}

/**
 * Decompresses a gzip file (RFC 1952) that comes in pieces; nothing is held but the piece at hand.
 * Several members are one stream, each one's CRC-32 and length are checked, zero bytes after the last are padding.
 * @param sink gets each decompressed piece in order; it may throw to end the reading
 * @param file the name that errors carry
 * @throws InputError (from both functions) gzip-truncated, gzip-corrupt or gzip-trailing
 */
export function createGunzip(sink: (piece: Uint8Array) => void, file: string): Gunzip {
  let member: Inflate | null = null;
  let ended = false;
  let members = 0;
  let padded = false;
  let taken = 0;
  const fail = (inflate: Inflate, cut: boolean): never => {
    throw new InputError({
      code: cut ? "gzip-truncated" : "gzip-corrupt",
      file,
      field: "gzip stream",
      value: cut
        ? `cut off after ${taken} bytes`
        : stream(inflate).msg || `broken (zlib status ${inflate.err})`,
      expected: "complete gzip data whose checksum agrees"
    });
  };
  const open = (): Inflate => {
    // 16 asks for the gzip wrapper, whose checksum pako then verifies.
    const inflate = new Inflate({windowBits: 15 + 16});
    inflate.onData = (piece) => sink(piece as Uint8Array);
    inflate.onEnd = (status) => {
      ended = true;
      inflate.err = status as typeof inflate.err;
    };
    ended = false;
    members++;
    return inflate;
  };
  return {
    push(bytes) {
      let rest = bytes;
      while (rest.length > 0) {
        padded ||= member === null && members > 0 && rest[0] === 0;
        if (padded) {
          const at = rest.findIndex((byte) => byte !== 0);
          if (at === -1) break;
          throw new InputError({
            code: "gzip-trailing",
            file,
            field: `byte ${taken + bytes.length - rest.length + at}`,
            value: rest[at],
            expected: "only zero padding after the compressed data"
          });
        }
        member ??= open();
        member.push(rest, false);
        if (!ended) break;
        if (member.err !== constants.Z_OK) return fail(member, member.err === constants.Z_BUF_ERROR);
        rest = rest.subarray(rest.length - stream(member).avail_in);
        member = null;
      }
      taken += bytes.length;
    },
    end() {
      if (member !== null) fail(member, true);
    }
  };
}

/**
 * Decompresses a whole gzip file piece by piece.
 * @throws InputError as `createGunzip` does
 */
export function gunzipTo(bytes: Uint8Array, sink: (piece: Uint8Array) => void, file: string): void {
  const gunzip = createGunzip(sink, file);
  for (let at = 0; at < bytes.length; at += sliceBytes) gunzip.push(bytes.subarray(at, at + sliceBytes));
  gunzip.end();
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
