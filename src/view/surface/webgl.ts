import type {Camera, Viewport} from "./projection.js";
import {projector} from "./projection.js";
import {HEIGHT, type SurfaceScene, type Vec3} from "./scene.js";

/** Colours of the page as they are now, CSS. */
export interface Theme {
  ink: string;
  paper: string;
}

export interface SurfaceRenderer {
  setScene(scene: SurfaceScene, theme: Theme): void;
  /** Draws one frame with the very projection of the SVG, so axes and surface coincide. */
  render(camera: Camera, viewport: Viewport): void;
  dispose(): void;
}

/** Draws surface, contours and points with three.js on `canvas`, transparent elsewhere. Rejects without WebGL2. */
export async function createSurfaceRenderer(canvas: HTMLCanvasElement, lost: () => void): Promise<SurfaceRenderer> {
  const three = await import("../../generated/vendor/three.js");
  const renderer = new three.WebGLRenderer({canvas, alpha: true, antialias: true, premultipliedAlpha: true});
  renderer.setClearColor(0x000000, 0);
  renderer.setPixelRatio(Math.min(2, globalThis.devicePixelRatio || 1));
  const root = new three.Scene();
  const camera = new three.OrthographicCamera();
  camera.near = 0.1;
  camera.far = 20;
  let group = new three.Group();
  root.add(group);
  let waste: {dispose(): void}[] = [];
  let alive = true;
  let size = {width: 0, height: 0};
  const onLost = (event: Event) => {
    event.preventDefault();
    if (alive) lost();
  };
  canvas.addEventListener("webglcontextlost", onLost);

  const keep = <T extends {dispose(): void}>(thing: T): T => {
    waste.push(thing);
    return thing;
  };

  const geometry = (positions: number[], colors?: number[]) => {
    const made = keep(new three.BufferGeometry());
    made.setAttribute("position", new three.Float32BufferAttribute(positions, 3));
    if (colors) made.setAttribute("color", new three.Float32BufferAttribute(colors, 3));
    return made;
  };

  const segments = (pairs: readonly (readonly [Vec3, Vec3])[], color: string, opacity: number, order: number) => {
    const material = keep(new three.LineBasicMaterial({color, transparent: true, opacity, depthWrite: false}));
    const lines = new three.LineSegments(geometry(pairs.flatMap(([a, b]) => [...a, ...b])), material);
    lines.renderOrder = order;
    return lines;
  };

  const dots = (at: readonly Vec3[], fill: string, edge: string) => {
    // Drawn large and scaled down by mipmaps, so that the rim is smooth at any pixel ratio.
    const size = 64;
    const unit = size / 11;
    const disc = document.createElement("canvas");
    disc.width = disc.height = size;
    const context = disc.getContext("2d")!;
    context.beginPath();
    context.arc(size / 2, size / 2, 3.9 * unit, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    context.lineWidth = 1.3 * unit;
    context.strokeStyle = edge;
    context.stroke();
    const map = keep(new three.CanvasTexture(disc));
    map.colorSpace = three.SRGBColorSpace;
    const material = keep(
      new three.PointsMaterial({map, size: 11, sizeAttenuation: false, transparent: true, alphaTest: 0.3})
    );
    const points = new three.Points(geometry(at.flat()), material);
    points.renderOrder = 0.5;
    return points;
  };

  function setScene(scene: SurfaceScene, {ink, paper}: Theme): void {
    waste.forEach((thing) => thing.dispose());
    waste = [];
    root.remove(group);
    group = new three.Group();
    const positions: number[] = [];
    const colors: number[] = [];
    const color = new three.Color();
    for (const face of scene.faces) {
      for (let i = 1; i + 1 < face.corners.length; i++) {
        for (const k of [0, i, i + 1]) {
          positions.push(...face.corners[k]);
          color.set(face.colors[k]).toArray(colors, colors.length);
        }
      }
    }
    const shape = geometry(positions, colors);
    const offset = {side: three.DoubleSide, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1};
    // Points first, then the surface's depth, then its colour: one translucent layer through which points still show.
    const veil = {...offset, transparent: true};
    const depth = new three.Mesh(shape, keep(new three.MeshBasicMaterial({...veil, colorWrite: false})));
    depth.renderOrder = 1;
    const skin = new three.Mesh(
      shape,
      keep(new three.MeshBasicMaterial({...veil, vertexColors: true, opacity: 0.86, depthWrite: false}))
    );
    skin.renderOrder = 2;
    const stems = scene.points.flatMap(({at, foot}) => (foot ? [[at, foot] as const] : []));
    const above = scene.points.filter((point) => point.above).map((point) => point.at);
    const below = scene.points.filter((point) => !point.above).map((point) => point.at);
    group.add(
      segments(stems, ink, 1, 0),
      dots(above, ink, paper),
      dots(below, paper, ink),
      depth,
      skin,
      segments(scene.faces.flatMap((face) => face.mesh), paper, 0.4, 3),
      segments(scene.faces.flatMap((face) => face.contours), ink, 0.6, 3)
    );
    root.add(group);
  }

  function render(view: Camera, viewport: Viewport): void {
    const {width, height} = viewport;
    const {scale, center, toViewer, up} = projector(view, viewport);
    if (width !== size.width || height !== size.height) {
      size = {width, height};
      renderer.setSize(width, height, false);
    }
    camera.left = -center.x / scale;
    camera.right = (width - center.x) / scale;
    camera.top = center.y / scale;
    camera.bottom = (center.y - height) / scale;
    camera.position.set(5 * toViewer[0], 5 * toViewer[1], 5 * toViewer[2] + HEIGHT / 2);
    camera.up.set(up[0], up[1], up[2]);
    camera.lookAt(0, 0, HEIGHT / 2);
    camera.updateProjectionMatrix();
    renderer.render(root, camera);
  }

  return {
    setScene,
    render,
    dispose() {
      alive = false;
      waste.forEach((thing) => thing.dispose());
      canvas.removeEventListener("webglcontextlost", onLost);
      renderer.dispose();
      renderer.forceContextLoss();
    }
  };
}
