/** Small helpers for building elements. */

export type Child = Node | string | null | undefined | false;

/** An element with attributes and children; an attribute that is null, undefined or false is left away. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | null | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

let count = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix: string): string {
  count += 1;
  return `${prefix}-${count}`;
}

/** What a canvas shows, as a PNG file. */
export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the browser made no PNG")) : resolve(blob)), "image/png");
  });
}

/** An SVG file drawn on white, as a PNG file of `scale` times its size. */
export async function pngOfSvg(svg: string, scale = 2): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = h("canvas", {width: scale * image.naturalWidth, height: scale * image.naturalHeight});
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return pngOf(canvas);
}
