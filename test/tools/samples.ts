// A small diffusion series with known parameters, as bytes a reader could drop, and ways to break it.
import {seeded} from "../helpers/random.js";
import {writeNifti} from "../../src/io/nifti.js";

export const b = [0, 0, 50, 100, 400, 900];
export const shape = [7, 5, 3];
export const voxels = 105;
export const affine = [-2, 0, 0, 12, 0, 2, 0, -8, 0, 0, 3, -3, 0, 0, 0, 1];
export const voxelSize: [number, number, number] = [2, 2, 3];

/** Voxels that no estimator can fit, by what is wrong with them. */
export const zeroVoxel = 3;
export const nanVoxel = 4;
/** One sample is negative: the log-linear estimators cannot use it, the nonlinear one can. */
export const negativeVoxel = 5;
export const labels = Uint8Array.from({length: voxels}, (_, v) => (v < 70 ? 1 + (v % 2) : 0));

export const truth = (v: number) => ({S0: 800 + 3 * v, ADC: 0.0006 + 1e-5 * v});

/** Mono-exponential decays with 1 % of noise; voxels 3, 4 and 5 are broken. */
export function samples(): Float32Array<ArrayBuffer> {
  const random = seeded(5);
  const values = new Float32Array(b.length * voxels);
  b.forEach((weight, s) => {
    for (let v = 0; v < voxels; v++) {
      const {S0, ADC} = truth(v);
      values[s * voxels + v] = S0 * Math.exp(-weight * ADC) * (1 + 0.01 * random.normal());
    }
    values[s * voxels + zeroVoxel] = 0;
  });
  values[2 * voxels + nanVoxel] = NaN;
  values[5 * voxels + negativeVoxel] = -1;
  return values;
}

export interface Dropped {
  name: string;
  bytes: Uint8Array | string;
}

export const series = (name = "sub-01_dwi.nii.gz"): Dropped => ({
  name,
  bytes: writeNifti({shape: [...shape, b.length], voxelSize, affine, data: samples()}, {gzip: name.endsWith(".gz")})
});
export const bval: Dropped = {name: "sub-01_dwi.bval", bytes: `${b.join(" ")}\n`};
export const mask = (name = "sub-01_dseg.nii.gz"): Dropped => ({
  name,
  bytes: writeNifti({shape, voxelSize, affine, data: labels}, {gzip: true})
});

/** An uncompressed series with some bytes of its header changed. */
export function patched(change: (view: DataView) => void, name = "sub-01_dwi.nii"): Dropped {
  const bytes = (series(name).bytes as Uint8Array).slice();
  change(new DataView(bytes.buffer));
  return {name, bytes};
}

function compressed(change: (bytes: Uint8Array) => Uint8Array): Dropped {
  return {name: "sub-01_dwi.nii.gz", bytes: change((series().bytes as Uint8Array).slice())};
}

/** Every kind of bad input, with the fault that has to be told: its code, the file and the field that it names. */
export const badInputs: {what: string; files: Dropped[]; code: string; file: string; field: string | RegExp}[] = [
  {
    what: "a truncated gzip",
    code: "gzip-truncated",
    file: "sub-01_dwi.nii.gz",
    field: /./,
    files: [compressed((bytes) => bytes.subarray(0, bytes.length >> 1)), bval]
  },
  {
    what: "a corrupted gzip",
    code: "gzip-corrupt",
    file: "sub-01_dwi.nii.gz",
    field: /./,
    files: [
      compressed((bytes) => {
        for (let at = 1000; at < 1040; at++) bytes[at] ^= 0x5a;
        return bytes;
      }),
      bval
    ]
  },
  {
    what: "a wrong magic",
    code: "not-nifti",
    file: "sub-01_dwi.nii",
    field: "magic",
    files: [patched((view) => view.setUint8(344, 0x78)), bval]
  },
  {
    what: "a negative dimension",
    code: "nifti-dimensions",
    file: "sub-01_dwi.nii",
    field: "dim[2]",
    files: [patched((view) => view.setInt16(44, -5, true)), bval]
  },
  {
    what: "dimensions beyond any memory",
    code: "nifti-dimensions",
    file: "sub-01_dwi.nii",
    field: /^dim/,
    files: [patched((view) => [42, 44, 46, 48].forEach((at) => view.setInt16(at, 32767, true))), bval]
  },
  {
    what: "a length unlike the header",
    code: "nifti-length",
    file: "sub-01_dwi.nii",
    field: "length",
    files: [patched((view) => view.setInt16(46, 4, true)), bval]
  },
  {
    what: "a file that is no NIfTI",
    code: "not-nifti",
    file: "holiday.jpg",
    field: "sizeof_hdr",
    files: [series(), bval, {name: "holiday.jpg", bytes: Uint8Array.from({length: 600}, (_, i) => (i * 37) & 255)}]
  },
  {
    what: "an empty file",
    code: "not-nifti",
    file: "sub-01_dwi.nii",
    field: "sizeof_hdr",
    files: [{name: "sub-01_dwi.nii", bytes: new Uint8Array(0)}, bval]
  },
  {
    what: "a mask of another shape",
    code: "grid-shape",
    file: "mask.nii.gz",
    field: "shape",
    files: [
      series(),
      bval,
      {
        name: "mask.nii.gz",
        bytes: writeNifti({shape: [7, 5, 4], voxelSize, affine, data: new Uint8Array(140).fill(1)}, {gzip: true})
      }
    ]
  },
  {
    what: "a mask in another place",
    code: "grid-affine",
    file: "mask.nii.gz",
    field: "affine",
    files: [
      series(),
      bval,
      {
        name: "mask.nii.gz",
        bytes: writeNifti(
          {shape, voxelSize, affine: affine.map((n, i) => (i === 3 ? n + 1 : n)), data: labels},
          {gzip: true}
        )
      }
    ]
  },
  {
    what: "fewer b values than volumes",
    code: "bval-count",
    file: "sub-01_dwi.bval",
    field: "b values",
    files: [series(), {name: "sub-01_dwi.bval", bytes: "0 50 100 400 900\n"}]
  },
  {
    what: "a b value that is no number",
    code: "gradient-number",
    file: "sub-01_dwi.bval",
    field: "line 1, entry 3",
    files: [series(), {name: "sub-01_dwi.bval", bytes: "0 0 fifty 100 400 900\n"}]
  },
  {
    what: "directions of another number",
    code: "bvec-count",
    file: "sub-01_dwi.bvec",
    field: "directions",
    files: [series(), bval, {name: "sub-01_dwi.bvec", bytes: "1 0\n0 1\n0 0\n"}]
  },
  {
    what: "a ragged table",
    code: "ragged-row",
    file: "protocol.tsv",
    field: "row 3",
    files: [series(), {name: "protocol.tsv", bytes: "b\tTE\n0\t0.08\n50\n"}]
  },
  {
    what: "a table without the column b",
    code: "missing-column",
    file: "protocol.csv",
    field: "columns",
    files: [series(), {name: "protocol.csv", bytes: `bvalue,echo\n${b.map((value) => `${value},0.08`).join("\n")}\n`}]
  },
  {
    what: "a table with too few rows",
    code: "protocol-rows",
    file: "protocol.tsv",
    field: "rows",
    files: [series(), {name: "protocol.tsv", bytes: "b\n0\n50\n"}]
  },
  {
    what: "an echo time in ms",
    code: "protocol-value",
    file: "protocol.tsv",
    field: "row 2, column TE",
    files: [series(), {name: "protocol.tsv", bytes: `b\tTE\n${b.map((value) => `${value}\t80`).join("\n")}\n`}]
  },
  {
    what: "a sidecar that is no JSON",
    code: "bad-json",
    file: "sub-01_dwi.json",
    field: "content",
    files: [series(), bval, {name: "sub-01_dwi.json", bytes: "{EchoTime: 0.08}"}]
  },
  {
    what: "two series",
    code: "several-series",
    file: "dropped files",
    field: "series",
    files: [series(), series("sub-02_dwi.nii.gz"), bval]
  },
  {
    what: "two protocols",
    code: "several-protocols",
    file: "dropped files",
    field: "protocol",
    files: [series(), bval, {name: "protocol.tsv", bytes: `b\n${b.join("\n")}\n`}]
  },
  {
    what: "no series",
    code: "missing-series",
    file: "dropped files",
    field: "series",
    files: [mask(), bval]
  }
];
