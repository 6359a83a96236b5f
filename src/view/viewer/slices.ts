import {lookupIndex, lookupTable, type ColormapName} from "./colormap.js";
import {fromOriented, PLANES, voxelIndex, type Oriented, type Plane, type Voxel} from "./geometry.js";

/** A map as it is painted: one value per voxel, first axis fastest. */
export interface PaintedMap {
  values: ArrayLike<number>;
  range: readonly [number, number];
  colormap: ColormapName;
}

/** Regions as they are painted over it: one label per voxel, colours by label, opacity 0 to 1. */
export interface PaintedRegions {
  values: ArrayLike<number>;
  colors: ReadonlyMap<number, readonly [number, number, number]>;
  opacity: number;
}

/**
 * One slice as RGBA pixels, row 0 at the top (anterior or superior), one pixel a voxel.
 * Values that are not finite stay transparent, regions or not: the ground shows where there is no measurement.
 */
export function paintSlice(
  oriented: Oriented,
  plane: Plane,
  position: Voxel,
  map: PaintedMap,
  regions?: PaintedRegions
): {width: number; height: number; data: Uint8ClampedArray<ArrayBuffer>} {
  const {across, up, depth} = PLANES[plane];
  const width = oriented.size[across];
  const height = oriented.size[up];
  const data = new Uint8ClampedArray(width * height * 4);
  const table = lookupTable(map.colormap);
  const at: Voxel = [0, 0, 0];
  at[depth] = position[depth];
  for (let row = 0; row < height; row++) {
    at[up] = height - 1 - row;
    for (let column = 0; column < width; column++) {
      at[across] = column;
      const index = voxelIndex(oriented.grid, fromOriented(oriented, at));
      const pixel = (row * width + column) * 4;
      const entry = lookupIndex(map.values[index], map.range);
      if (entry < 0) continue;
      data.set(table.subarray(entry * 4, entry * 4 + 4), pixel);
      const color = regions && regions.opacity > 0 ? regions.colors.get(regions.values[index]) : undefined;
      if (!color) continue;
      for (let c = 0; c < 3; c++) data[pixel + c] += (color[c] - data[pixel + c]) * regions!.opacity;
    }
  }
  return {width, height, data};
}
