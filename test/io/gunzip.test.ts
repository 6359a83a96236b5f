import assert from "node:assert/strict";
import {gzipSync} from "node:zlib";
import {test} from "node:test";
import fc from "fast-check";
import {createGunzip, gunzip} from "../../src/io/gunzip.js";
import {faultOf} from "./fault.js";

/** Decompresses in pieces of the given sizes, in turn. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array {
  const found: Uint8Array[] = [];
  const stream = createGunzip((piece) => found.push(piece.slice()), "pieces.gz");
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length];
    stream.push(bytes.slice(at, at + size));
    at += size;
  }
  stream.end();
  return Buffer.concat(found);
}

const noise = (length: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({length}, (_, i) => ((i * 7919 + seed) ^ (i >> 3)) & 255));

test("members and padding come out the same, however the file is cut", () => {
  const members = [noise(5000, 1), Buffer.alloc(0), noise(70_000, 2)];
  const whole = Buffer.concat([...members.map((part) => gzipSync(part)), Buffer.alloc(37)]);
  const plain = Buffer.concat(members);
  assert.ok(Buffer.from(gunzip(whole, "whole.gz")).equals(plain));
  fc.assert(
    fc.property(fc.array(fc.integer({min: 1, max: 9000}), {minLength: 1, maxLength: 4}), (sizes) => {
      assert.ok(Buffer.from(inPieces(whole, sizes)).equals(plain));
    }),
    {seed: 1, numRuns: 25}
  );
});

test("a cut, a flipped bit and trailing bytes are refused, however the file is cut", async () => {
  const bytes = gzipSync(noise(5000, 3));
  for (const size of [1, 13, 100_000]) {
    await faultOf(() => inPieces(bytes.subarray(0, -1), [size]), {code: "gzip-truncated", file: "pieces.gz"});
    const broken = Buffer.from(bytes);
    broken[broken.length - 6] ^= 1;
    await faultOf(() => inPieces(broken, [size]), {code: "gzip-corrupt", file: "pieces.gz"});
    const trailing = Buffer.concat([bytes, Buffer.from([0, 0, 7])]);
    await faultOf(() => inPieces(trailing, [size]), {
      code: "gzip-trailing",
      field: `byte ${bytes.length + 2}`,
      value: 7
    });
  }
});
