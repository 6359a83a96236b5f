import {InputError} from "../errors.js";

/**
 * Foreground of an image: the voxels whose value exceeds `fraction` of the image's 98th percentile.
 *
 * The percentile (nearest rank, of the finite values) instead of the maximum keeps one bright voxel from deciding.
 * @param values one value a voxel, e.g. the mean signal at b = 0; voxels that are not finite are background
 * @param fraction threshold relative to the 98th percentile, in (0, 1); 0.2 separates tissue from air at SNR > 10
 * @returns 1 for foreground and 0 for background, a byte a voxel
 * @throws InputError when the fraction lies outside (0, 1) or no voxel exceeds the threshold
 */
export function foregroundMask(values: ArrayLike<number>, fraction = 0.2): Uint8Array {
  if (!(fraction > 0 && fraction < 1)) {
    throw new InputError({code: "out-of-range", field: "fraction", value: fraction, expected: "a number in (0, 1)"});
  }
  const finite = Float64Array.from(values).filter(Number.isFinite).sort();
  const reference = finite[Math.ceil(0.98 * finite.length) - 1];
  const threshold = fraction * reference;
  const mask = new Uint8Array(values.length);
  let count = 0;
  for (let i = 0; i < mask.length; i++) {
    if (values[i] > threshold) {
      mask[i] = 1;
      count++;
    }
  }
  // A 98th percentile of zero or below has no fraction that tells tissue from air.
  if (count === 0 || !(reference > 0)) {
    throw new InputError({
      code: "empty-mask",
      field: "98th percentile of the image",
      value: reference ?? "of no finite value",
      expected: "a positive signal somewhere"
    });
  }
  return mask;
}

/**
 * Mean over the volumes that `selected` names, voxel by voxel: the image that a mask is drawn on.
 * @param samples sample-major matrix, `samples[s * voxels + v]`
 * @param voxels number of voxels of one volume
 * @param selected indices of the volumes, at least one
 */
export function meanVolume(samples: ArrayLike<number>, voxels: number, selected: readonly number[]): Float64Array {
  if (selected.length === 0) {
    throw new InputError({code: "no-volumes", field: "selected volumes", value: 0, expected: "at least 1"});
  }
  const mean = new Float64Array(voxels);
  for (const s of selected) for (let v = 0; v < voxels; v++) mean[v] += samples[s * voxels + v];
  for (let v = 0; v < voxels; v++) mean[v] /= selected.length;
  return mean;
}
