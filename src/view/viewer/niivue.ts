import {lookupTable, type ColormapName} from "./colormap.js";
import {toOriented, type Grid, type Oriented, type Panel, type Plane, type Voxel} from "./geometry.js";
import type {PaintedMap, PaintedRegions} from "./slices.js";

/** A volume handed to a NIfTI writer: edge lengths in mm, affine 16 numbers row-major, first axis fastest. */
export interface Volume {
  shape: number[];
  voxelSize: [number, number, number];
  affine: number[];
  data: Float32Array | Uint8Array;
}

export type EncodeNifti = (volume: Volume) => Uint8Array;

/** What is drawn; the viewer draws the same with a plain canvas where this renderer is not there. */
export interface Picture {
  map: PaintedMap;
  regions?: PaintedRegions;
  panels: readonly Panel[];
  /** Turned view of the whole volume instead of slices, angles in degrees. */
  volume?: {azimuth: number; elevation: number};
  voxel: Voxel;
  ground: readonly [number, number, number];
}

export interface Renderer {
  draw(picture: Picture): Promise<void>;
  /** Gives the WebGL context back. */
  dispose(): void;
}

/** Renders slices with NiiVue (WebGL2) into `stage`; loads it first. Rejects when WebGL2 or the library fails. */
export async function createNiivueRenderer(
  stage: HTMLElement,
  oriented: Oriented,
  encode: EncodeNifti
): Promise<Renderer> {
  const {Niivue, NVImage, SLICE_TYPE} = await import("../../generated/vendor/niivue.js");
  const SLICES: Record<Plane, number> = {
    axial: SLICE_TYPE.AXIAL,
    coronal: SLICE_TYPE.CORONAL,
    sagittal: SLICE_TYPE.SAGITTAL
  };
  // NiiVue sizes its canvas to the parent and paints the parent black: it gets a parent of its own.
  const holder = document.createElement("div");
  holder.className = "m-viewer-gl";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  holder.append(canvas);
  stage.append(holder);
  const niivue = new Niivue({
    // Pointer and keys are handled by the viewer: NiiVue would keep the page from scrolling.
    interactive: false,
    dragAndDropEnabled: false,
    isNearestInterpolation: true,
    // Voxels without value let the ground through.
    isAlphaClipDark: true,
    isOrientationTextVisible: false,
    crosshairWidth: 0,
    show3Dcrosshair: false,
    isColorbar: false,
    isOrientCube: false,
    loadingText: "",
    logLevel: "silent"
  });
  const {grid} = oriented;
  let map: PaintedMap | undefined;
  let labels: ArrayLike<number> | undefined;
  let opacity = -1;
  let layout = "";
  let queue = Promise.resolve();
  let gone = false;
  try {
    await niivue.attachToCanvas(canvas, false);
  } catch (error) {
    holder.remove();
    throw error;
  }
  holder.style.backgroundColor = "";

  const read = (data: Float32Array | Uint8Array, name: string, options: Record<string, unknown>) => {
    const volume: Volume = {shape: [...grid.shape], voxelSize: voxelSize(grid), affine: [...grid.affine], data};
    const bytes = encode(volume);
    return NVImage.loadFromUrl({url: name, name, buffer: bytes.slice().buffer as ArrayBuffer, ...options});
  };

  async function load(picture: Picture): Promise<void> {
    const sameMap = map && map.values === picture.map.values && map.colormap === picture.map.colormap;
    const sameRange = map && map.range[0] === picture.map.range[0] && map.range[1] === picture.map.range[1];
    if (sameMap && sameRange && labels === picture.regions?.values) return;
    const [low, high] = picture.map.range;
    const colormap = `measurand-${picture.map.colormap}`;
    niivue.addColormap(colormap, niivueColormap(picture.map.colormap));
    const volumes = [
      await read(displayable(picture.map.values, low, high), "map.nii", {colormap, cal_min: low, cal_max: high})
    ];
    if (picture.regions) {
      const {values} = picture.map;
      // NiiVue lets an overlay through where the map below is transparent: no value, no region.
      const shown = Uint8Array.from(picture.regions.values, (label, i) => (Number.isFinite(values[i]) ? label : 0));
      const regions = await read(shown, "regions.nii", {opacity: 0});
      regions.setColormapLabel(labelColormap(picture.regions));
      volumes.push(regions);
    }
    if (gone) return;
    for (const volume of [...niivue.volumes]) niivue.removeVolume(volume);
    for (const volume of volumes) niivue.addVolume(volume);
    map = picture.map;
    labels = picture.regions?.values;
    opacity = -1;
  }

  async function draw(picture: Picture): Promise<void> {
    if (gone) return;
    await load(picture);
    if (gone) return;
    niivue.opts.backColor = [...picture.ground.map((c) => c / 255), 1];
    const over = picture.regions?.opacity ?? 0;
    if (over !== opacity && niivue.volumes.length > 1) niivue.setOpacity(1, over);
    opacity = over;
    const position = toOriented(oriented, picture.voxel);
    niivue.scene.crosshairPos = Float32Array.from(position, (p, i) => (p + 0.5) / oriented.size[i]) as never;
    const width = stage.clientWidth;
    const height = stage.clientHeight;
    const tiles = picture.volume
      ? [{sliceType: SLICE_TYPE.RENDER, position: [0, 0, 1, 1] as [number, number, number, number]}]
      : picture.panels.map((panel) => ({
          sliceType: SLICES[panel.plane],
          position: [panel.left / width, panel.top / height, panel.width / width, panel.height / height] as
            [number, number, number, number]
        }));
    const next = JSON.stringify([tiles, width, height]);
    if (picture.volume) {
      niivue.scene.renderAzimuth = picture.volume.azimuth;
      niivue.scene.renderElevation = picture.volume.elevation;
    }
    if (next !== layout) {
      layout = next;
      niivue.resizeListener();
      niivue.setCustomLayout(tiles);
    } else niivue.drawScene();
  }

  return {
    draw(picture) {
      queue = queue.then(() => draw(picture));
      return queue;
    },
    dispose() {
      if (gone) return;
      gone = true;
      niivue.cleanup();
      canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
      holder.remove();
    }
  };
}

function voxelSize({affine: m}: Grid): [number, number, number] {
  return [0, 1, 2].map((j) => Math.hypot(m[j], m[4 + j], m[8 + j])) as [number, number, number];
}

/**
 * Values as NiiVue should see them: it paints NaN like the lowest value, and whatever is at or below the range's low
 * end with the table's first entry. So missing values go far below (that entry is transparent), the rest just above.
 */
function displayable(values: ArrayLike<number>, low: number, high: number): Float32Array {
  const least = low + (high - low) / 512;
  const missing = low - (high - low);
  return Float32Array.from(values, (v) => (Number.isFinite(v) ? Math.min(high, Math.max(least, v)) : missing));
}

function niivueColormap(name: ColormapName) {
  const table = lookupTable(name);
  const channel = (c: number) => Array.from({length: 256}, (_, i) => table[i * 4 + c]);
  return {
    R: channel(0),
    G: channel(1),
    B: channel(2),
    A: Array.from({length: 256}, (_, i) => (i === 0 ? 0 : 255)),
    I: Array.from({length: 256}, (_, i) => i)
  };
}

function labelColormap({colors}: PaintedRegions) {
  const entries = [...colors].filter(([value]) => value > 0).sort(([a], [b]) => a - b);
  return {
    R: [0, ...entries.map(([, color]) => color[0])],
    G: [0, ...entries.map(([, color]) => color[1])],
    B: [0, ...entries.map(([, color]) => color[2])],
    A: [0, ...entries.map(() => 255)],
    I: [0, ...entries.map(([value]) => value)],
    labels: ["", ...entries.map(([value]) => String(value))]
  };
}
