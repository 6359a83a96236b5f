import {closeSync, createReadStream, openSync, writeSync} from "node:fs";
import {open, type FileHandle} from "node:fs/promises";
import {createHash} from "node:crypto";
import {InputError} from "../domain/errors.js";
import {Deflate} from "../generated/vendor/pako.js";
import {createGunzip, isGzip} from "./gunzip.js";
import {
  checkFileLength,
  niftiStart,
  readNiftiHeader,
  splitNifti,
  storedBytes,
  voxelValues,
  type NiftiArray,
  type NiftiComponent,
  type NiftiContent,
  type NiftiDatatype,
  type NiftiHeader,
  type NiftiSink
} from "./nifti.js";

/** Bytes that are read or compressed at a time; constant, so that a compressed file does not depend on the slabs. */
const pieceBytes = 1 << 20;

/** An image whose voxels are read where they lie, slab by slab. */
export interface ImageFile {
  header: NiftiHeader;
  /** Product of the sizes behind the third axis. */
  volumes: number;
  /**
   * Values of the slices `first` to `last - 1` (third axis) of volume `t`, as `Nifti.values` gives them.
   * @throws InputError as `Nifti.values` does
   */
  slab(
    t: number,
    first: number,
    last: number,
    component?: NiftiComponent
  ): Promise<Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Volumes of an image: the product of the sizes behind the third axis. */
export function volumesOf({shape}: Pick<NiftiHeader, "shape">): number {
  return shape.slice(3).reduce((product, size) => product * size, 1);
}

/**
 * The header of an image file; of the file no more than its beginning is read.
 * @param file the name that errors carry
 * @throws InputError missing-file, or as `readNiftiHeader`
 */
export async function readImageHeader(path: string, file: string): Promise<NiftiHeader> {
  const handle = await openFile(path, file);
  try {
    // A header needs 540 bytes; compressed by any writer that we know it takes far less than this.
    const start = new Uint8Array(1 << 16);
    const {bytesRead} = await handle.read(start, 0, start.length, 0);
    return readNiftiHeader(start.subarray(0, bytesRead), file);
  } finally {
    await handle.close();
  }
}

/**
 * Opens an image for reading in slabs. A plain file is read in place; a compressed one is decompressed once, into
 * memory or into a scratch file.
 * @param path where it lies
 * @param file the name that errors carry
 * @param scratch path of a file to decompress to; memory if left out. Whoever names it removes it.
 * @throws InputError missing-file, or as `readNifti`
 */
export async function openImage(path: string, file: string, scratch?: string): Promise<ImageFile> {
  const handle = await openFile(path, file);
  let source: {at: number; read(target: Uint8Array, position: number): Promise<void>; close(): Promise<void>};
  let header: NiftiHeader;
  try {
    const {size} = await handle.stat();
    const start = new Uint8Array(Math.min(size, 1024));
    await readFully(handle, start, 0, file);
    if (!isGzip(start)) {
      header = readNiftiHeader(start, file);
      checkFileLength(header, size);
      source = {
        at: header.offset,
        read: (target, position) => readFully(handle, target, position, file),
        close: () => handle.close()
      };
    } else {
      const inflated = scratch === undefined ? toMemory() : toFile(scratch);
      try {
        header = await inflate(handle, size, file, inflated.sink);
      } catch (error) {
        inflated.abandon();
        throw error;
      }
      await handle.close();
      source = {at: 0, ...(await inflated.finish())};
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const [nx, ny, nz] = header.shape;
  const slice = nx * ny;
  const width = header.dataBytes / header.shape.reduce((product, size) => product * size, 1);
  return {
    header,
    volumes: volumesOf(header),
    async slab(t, first, last, component) {
      const voxel = (t * nz + first) * slice;
      const bytes = new Uint8Array((last - first) * slice * width);
      await source.read(bytes, source.at + voxel * width);
      return voxelValues(header, bytes, voxel, component);
    },
    close: source.close
  };
}

async function openFile(path: string, file: string): Promise<FileHandle> {
  return open(path, "r").catch((error: NodeJS.ErrnoException) => {
    const expected = "a file that can be read";
    throw new InputError({code: "missing-file", file, field: "path", value: error.code ?? String(error), expected});
  });
}

/** Fills an array from a position of a file on. */
async function readFully(handle: FileHandle, target: Uint8Array, position: number, file: string): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const {bytesRead} = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      const expected = "a file that does not change while it is read";
      throw new InputError({code: "file-changed", file, field: "length", value: position + done, expected});
    }
    done += bytesRead;
  }
}

async function inflate(
  handle: FileHandle,
  size: number,
  file: string,
  sink: NiftiSink
): Promise<NiftiHeader> {
  const splitter = splitNifti(file, size, {maxBytes: Infinity}, sink);
  const gunzip = createGunzip(splitter.push, file);
  const piece = new Uint8Array(pieceBytes);
  for (let position = 0; ; ) {
    const {bytesRead} = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) break;
    // A copy: the inflater may keep what it gets until the next piece.
    gunzip.push(piece.slice(0, bytesRead));
    position += bytesRead;
  }
  gunzip.end();
  return splitter.end();
}

function toMemory() {
  let voxels = new Uint8Array(0);
  let at = 0;
  return {
    sink: {
      begin: ({dataBytes}: NiftiHeader) => void (voxels = new Uint8Array(dataBytes)),
      voxels(piece: Uint8Array) {
        voxels.set(piece, at);
        at += piece.length;
      }
    },
    abandon() {},
    async finish() {
      return {
        async read(target: Uint8Array, position: number) {
          target.set(voxels.subarray(position, position + target.length));
        },
        async close() {}
      };
    }
  };
}

function toFile(scratch: string) {
  const target = openSync(scratch, "w");
  return {
    sink: {begin() {}, voxels: (piece: Uint8Array) => writeAll(target, piece)},
    abandon: () => closeSync(target),
    async finish() {
      closeSync(target);
      const handle = await open(scratch, "r");
      return {
        read: (bytes: Uint8Array, position: number) => readFully(handle, bytes, position, scratch),
        close: () => handle.close()
      };
    }
  };
}

/** An image that is written piece by piece. */
export interface ImageWriter {
  /** The next voxels, first index fastest. */
  write(data: NiftiArray): void;
  /** Ends the file. @throws Error when it has not all of its voxels */
  close(): void;
  /** Closes the file as it is. */
  abandon(): void;
}

/**
 * Writes a gzip-compressed NIfTI-1 image piece by piece: the very bytes that `writeNifti` gives for the whole.
 * @param content without the data; the type is that of the arrays to come
 * @throws InputError as `writeNifti` does
 */
export function createImage(
  path: string,
  content: Omit<NiftiContent, "data"> & {datatype: NiftiDatatype}
): ImageWriter {
  const start = niftiStart(content);
  const voxels = content.shape.reduce((product, size) => product * size, 1);
  const target = openSync(path, "w");
  const deflate = new Deflate({gzip: true});
  deflate.onData = (piece) => writeAll(target, piece as Uint8Array);
  const pending = new Uint8Array(pieceBytes);
  let filled = 0;
  let written = 0;
  const push = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + pending.length - filled);
      pending.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pending.length) continue;
      deflate.push(pending.slice(), false);
      filled = 0;
    }
  };
  push(start);
  return {
    write(data) {
      written += data.length;
      push(storedBytes(data));
    },
    close() {
      deflate.push(pending.slice(0, filled), true);
      closeSync(target);
      if (deflate.err !== 0) throw new Error(`${path}: ${deflate.msg}`);
      if (written !== voxels) throw new Error(`${path}: ${written} of ${voxels} voxels were written`);
    },
    abandon: () => closeSync(target)
  };
}

function writeAll(target: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(target, bytes, at);
}

/**
 * SHA-256 of a file in lower-case hexadecimal; the file is never held whole.
 * @param file the name that errors carry
 * @throws InputError missing-file
 */
export async function hashFile(path: string | URL, file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path, {highWaterMark: pieceBytes})) hash.update(piece as Buffer);
  } catch (error) {
    const value = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new InputError({code: "missing-file", file, field: "path", value, expected: "a file that can be read"});
  }
  return hash.digest("hex");
}
