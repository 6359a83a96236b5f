/** One slice of an image in grey, with outlines over it: drawn on a canvas, redrawn in place while sliders move. */
import {h, pngOf} from "./dom.js";

export interface SliceOutline {
  name: string;
  /** Not 0: inside. One byte a pixel, first axis fastest. */
  mask: ArrayLike<number>;
  /** A CSS colour that stands out on black and on white. */
  color: string;
  /** Dashed, so that outlines can be told apart without colour. */
  dashed?: boolean;
}

export interface SliceData {
  width: number;
  height: number;
  /** Pixels, first axis fastest, rows from the bottom up as voxel indices grow. */
  values: ArrayLike<number>;
  /** Values drawn black and white. */
  window: readonly [number, number];
  outlines: readonly SliceOutline[];
  /** What there is to see, for readers who do not see it. */
  description: string;
}

export interface SliceImage extends HTMLElement {
  update(data: SliceData): void;
  toPNG(): Promise<Blob>;
}

/** Canvas pixels for each pixel of the image: room for outlines. */
const SCALE = 5;

/** An empty frame of the image's size until `update` fills it. */
export function sliceImage({width, height}: {width: number; height: number}): SliceImage {
  const canvas = h("canvas", {class: "m-slice-canvas", role: "img", "aria-label": "Being computed", width: width * SCALE, height: height * SCALE});
  const legend = h("ul", {class: "m-slice-legend"});
  const element = h("div", {class: "m-slice"}, canvas, legend);
  const context = canvas.getContext("2d")!;
  const pixels = document.createElement("canvas");

  return Object.assign(element, {
    update({width, height, values, window: [black, white], outlines, description}: SliceData): void {
      pixels.width = width;
      pixels.height = height;
      const image = new ImageData(width, height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const grey = (255 * (values[y * width + x] - black)) / (white - black);
          const place = 4 * ((height - 1 - y) * width + x);
          image.data.fill(grey, place, place + 3);
          image.data[place + 3] = 255;
        }
      }
      pixels.getContext("2d")!.putImageData(image, 0, 0);
      canvas.width = width * SCALE;
      canvas.height = height * SCALE;
      context.imageSmoothingEnabled = false;
      context.drawImage(pixels, 0, 0, canvas.width, canvas.height);
      for (const outline of outlines) strokeOutline(context, outline, width, height);
      canvas.setAttribute("aria-label", description);
      legend.replaceChildren(...outlines.map(({name, color, dashed}) =>
        h("li", {}, h("span", {class: dashed ? "m-slice-key m-slice-dashed" : "m-slice-key", style: `color: ${color}`, "aria-hidden": "true"}), name)
      ));
    },
    toPNG: () => pngOf(canvas)
  });
}

/** Strokes the edges between pixels inside and outside of a mask. */
function strokeOutline(context: CanvasRenderingContext2D, {mask, color, dashed}: SliceOutline, width: number, height: number): void {
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0;
  context.beginPath();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      const left = x * SCALE;
      const top = (height - 1 - y) * SCALE;
      const edge = (x1: number, y1: number, x2: number, y2: number): void => {
        context.moveTo(left + x1, top + y1);
        context.lineTo(left + x2, top + y2);
      };
      if (!inside(x - 1, y)) edge(0, 0, 0, SCALE);
      if (!inside(x + 1, y)) edge(SCALE, 0, SCALE, SCALE);
      if (!inside(x, y + 1)) edge(0, 0, SCALE, 0);
      if (!inside(x, y - 1)) edge(0, SCALE, SCALE, SCALE);
    }
  }
  context.setLineDash(dashed ? [3, 2] : []);
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.stroke();
}
