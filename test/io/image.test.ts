import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, test} from "node:test";
import {createImage, hashFile, openImage, readImageHeader} from "../../src/io/image.node.js";
import {readNifti, writeNifti} from "../../src/io/nifti.js";
import type {NiftiContent} from "../../src/io/nifti.js";
import {faultOf} from "./fault.js";

const folder = mkdtempSync(join(tmpdir(), "measurand-image-"));
after(() => rmSync(folder, {recursive: true}));
const write = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const shape = [3, 4, 5, 2];
const content: NiftiContent = {
  shape,
  voxelSize: [1, 2, 3],
  affine: [1, 0, 0, -1, 0, 2, 0, -2, 0, 0, 3, -3, 0, 0, 0, 1],
  data: Int16Array.from({length: 120}, (_, i) => 7 * i - 300),
  slope: 0.5,
  intercept: 3
};

test("slabs hold what the whole image holds: plain, compressed in memory and in a scratch file", async () => {
  for (const compressed of [false, true]) {
    const bytes = writeNifti(content, {gzip: compressed});
    const path = write(`slabs-${compressed}.nii`, bytes);
    const whole = readNifti(bytes, "whole");
    for (const scratch of [undefined, join(folder, "scratch.raw")]) {
      const image = await openImage(path, "slabs.nii", scratch);
      assert.deepEqual([image.volumes, image.header.shape], [2, shape]);
      if (compressed && scratch) assert.equal(statSync(scratch).size, 240, "voxels alone");
      for (const [t, first, last] of [
        [0, 0, 5],
        [1, 0, 1],
        [1, 2, 4],
        [0, 4, 5]
      ]) {
        const slab = await image.slab(t, first, last);
        assert.deepEqual(slab, whole.volume(t).subarray(12 * first, 12 * last), `volume ${t}, ${first} to ${last}`);
      }
      await image.close();
    }
    assert.deepEqual((await readImageHeader(path, "slabs.nii")).shape, shape);
    assert.equal(await hashFile(path, "slabs.nii"), createHash("sha256").update(bytes).digest("hex"));
  }
});

test("complex voxels give their components", async () => {
  const data = Float32Array.from({length: 16}, (_, i) => i + 1);
  const path = write(
    "complex.nii",
    writeNifti({...content, shape: [2, 2, 2], datatype: "complex64", data, slope: 1, intercept: 0})
  );
  const image = await openImage(path, "complex.nii");
  assert.deepEqual([...(await image.slab(0, 1, 2, "imaginary"))], [10, 12, 14, 16]);
  assert.deepEqual([...(await image.slab(0, 1, 2, "real"))], [9, 11, 13, 15]);
  assert.equal((await image.slab(0, 0, 1, "magnitude"))[0], Math.fround(Math.hypot(1, 2)));
  await image.close();
});

test("an image written in slabs is the very file that is written at once", async () => {
  const data = Float64Array.from({length: 60 * 4001}, (_, i) => (i * 2654435761) % 1009);
  const whole = {...content, shape: [60, 1, 4001], data, slope: 1, intercept: 0};
  const expected = writeNifti(whole, {gzip: true});
  for (const thickness of [1, 7, 1000, 4001]) {
    const path = join(folder, "written.nii.gz");
    const writer = createImage(path, {...whole, datatype: "float64"});
    for (let z = 0; z < 4001; z += thickness) writer.write(data.slice(60 * z, 60 * Math.min(4001, z + thickness)));
    writer.close();
    assert.ok(readFileSync(path).equals(expected), `slabs of ${thickness}`);
  }
  const short = createImage(join(folder, "short.nii.gz"), {...whole, datatype: "float64"});
  short.write(new Float64Array(60));
  assert.throws(() => short.close(), /60 of 240060 voxels/);
});

test("what is wrong with a file is said as for whole images", async () => {
  await faultOf(() => openImage(join(folder, "none.nii"), "none.nii"), {code: "missing-file", value: "ENOENT"});
  await faultOf(() => hashFile(join(folder, "none.nii"), "none.nii"), {code: "missing-file", file: "none.nii"});
  const plain = writeNifti(content);
  await faultOf(() => openImage(write("cut.nii", plain.slice(0, -1)), "cut.nii"), {
    code: "nifti-length",
    file: "cut.nii",
    value: `${plain.length - 1} bytes`
  });
  const packed = writeNifti(content, {gzip: true});
  for (const scratch of [undefined, join(folder, "cut.raw")]) {
    const cut = write("cut.nii.gz", packed.slice(0, -9));
    await faultOf(() => openImage(cut, "cut.nii.gz", scratch), {code: "gzip-truncated", file: "cut.nii.gz"});
  }
  await faultOf(() => openImage(write("text.nii", new TextEncoder().encode("hello, world")), "text.nii"), {
    code: "not-nifti"
  });
  const path = write("shrinks.nii", plain);
  const image = await openImage(path, "shrinks.nii");
  truncateSync(path, 400);
  await faultOf(() => image.slab(1, 0, 5), {code: "file-changed", file: "shrinks.nii"});
  await image.close();
});
