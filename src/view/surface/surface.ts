import {h, uniqueId} from "../dom.js";
import {hasWebGL2, watchPresence} from "../viewer/presence.js";
import {formatMeasured, numberScale} from "../viewer/ticks.js";
import {resolveColors} from "../theme.js";
import {drawScene, ELEVATION, projector, START, surfaceSvg, type Camera} from "./projection.js";
import {buildScene, type ScenePoint, type SurfaceData, type SurfaceScene} from "./scene.js";
import {createSurfaceRenderer, type SurfaceRenderer} from "./webgl.js";

export type {Camera} from "./projection.js";
export type {HeightGrid, SurfaceAxis, SurfaceData, SurfacePoint} from "./scene.js";

export interface SurfaceOptions extends SurfaceData {
  /** What the surface shows, for readers who do not see it. */
  description: string;
  /** Angles at the start; a view from the front right above unless told. */
  camera?: Partial<Camera>;
  /** "svg" draws without WebGL, as happens by itself where WebGL2 is missing. */
  renderer?: "auto" | "svg";
}

export interface SurfacePlot extends HTMLDivElement {
  /** New data in place, at the next frame; the reader's view stays. */
  update(changes: Partial<SurfaceData & {description: string}>): void;
  /** The drawing as seen now, a whole SVG file in the light scheme's colours. */
  svg(): string;
  /** Angles and zoom as the reader chose them. */
  readonly camera: Camera;
  /** Stops watching and gives the WebGL context back. An element taken out of the page does this by itself. */
  dispose(): void;
}

const STEP = 15;
const ZOOM = {least: 0.6, most: 2.5};

/**
 * A surface over two axes with measured points on stems, turned with pointer, keys or buttons.
 * Drawn as SVG at once; three.js takes over surface and points when the plot comes into view. Axes are SVG always,
 * and print shows the SVG at the reader's angle. `plot.dataset.renderer` says what draws: "svg" or "webgl".
 * Throws InputError as buildScene does.
 */
export function surfacePlot(options: SurfaceOptions): SurfacePlot {
  let data: SurfaceOptions = {...options};
  let scene: SurfaceScene = buildScene(data);
  const start: Camera = {...START, ...options.camera};
  const camera: Camera = {...start};
  let width = 640;
  let renderer: SurfaceRenderer | undefined;
  let wanted = false;
  let attempt = 0;
  let staleScene = true;
  let probed: ScenePoint | undefined;

  const help = uniqueId("m-surface-help");
  const root = h("div", {class: "m-surface", role: "group"}) as unknown as SurfacePlot;
  const under = layer("m-surface-axes");
  const model = layer("m-surface-model");
  const over = layer("m-surface-over");
  const stage = h("div", {
    class: "m-surface-stage",
    role: "application",
    tabindex: 0,
    "aria-roledescription": "three-dimensional plot",
    "aria-describedby": help
  });
  stage.append(under, model, over);
  let canvas: HTMLCanvasElement | undefined;
  const readout = h("p", {class: "m-surface-readout", "aria-live": "polite"});
  const button = (label: string, glyph: string, act: () => void) => {
    const made = h("button", {type: "button", "aria-label": label, title: label}, glyph);
    made.addEventListener("click", act);
    return made;
  };
  const buttons = h(
    "div",
    {class: "m-surface-buttons", role: "group", "aria-label": "View"},
    button("Turn left", "←", () => glide({azimuth: camera.azimuth + STEP})),
    button("Turn right", "→", () => glide({azimuth: camera.azimuth - STEP})),
    button("Tilt towards the top view", "↑", () => glide({elevation: camera.elevation + STEP})),
    button("Tilt towards the side view", "↓", () => glide({elevation: camera.elevation - STEP})),
    button("Enlarge", "+", () => glide({zoom: camera.zoom * 1.2})),
    button("Reduce", "−", () => glide({zoom: camera.zoom / 1.2})),
    button("Reset the view", "Reset", () => glide(start))
  );
  const key = h("p", {class: "m-surface-key"});
  const instructions = h(
    "p",
    {class: "m-surface-help", id: help},
    "Drag to turn; or focus the plot and use the arrow keys, plus and minus, Home to reset, " +
      "N and P to go through the points."
  );
  root.append(h("div", {class: "m-surface-top"}, key, buttons), stage, readout, instructions);

  function layer(name: string): SVGSVGElement {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    return svg;
  }

  function viewport() {
    return {width, height: Math.round(Math.max(270, Math.min(500, width * 0.72)))};
  }

  // --- drawing

  let frame = 0;

  /** Draws at the next frame, once however often it is asked. */
  function refresh(): void {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  function draw(everything = false): void {
    const view = viewport();
    stage.style.height = `${view.height}px`;
    const parts = drawScene(scene, camera, view, {model: everything || !renderer || print.matches});
    for (const svg of [under, model, over]) svg.setAttribute("viewBox", `0 0 ${view.width} ${view.height}`);
    under.innerHTML = parts.axes;
    model.innerHTML = parts.model;
    over.innerHTML = parts.over + ring();
    say();
    root.dataset.azimuth = String(Math.round(camera.azimuth));
    root.dataset.elevation = String(Math.round(camera.elevation));
    if (!renderer) return;
    if (staleScene) {
      staleScene = false;
      renderer.setScene(scene, themeOf(root));
    }
    renderer.render(camera, view);
    root.dataset.renderer = "webgl";
  }

  function ring(): string {
    if (!probed) return "";
    const {x, y} = projector(camera, viewport())(probed.at);
    const place = `cx="${x.toFixed(2)}" cy="${y.toFixed(2)}"`;
    return `<circle ${place} r="8" fill="none" stroke="var(--m-accent-2)" stroke-width="2"/>`;
  }

  function say(): void {
    const [sx, sy, sz] = [data.x.range, data.y.range, scene.zRange].map(([low, high]) => numberScale(low, high, 3));
    const unit = data.z.unit ?? "";
    const place = (x: number, y: number) =>
      `${data.x.label} ${formatMeasured(x, data.x.unit, sx)}, ${data.y.label} ${formatMeasured(y, data.y.unit, sy)}`;
    let text = "";
    if (probed) {
      const {data: point, fitted} = probed;
      text = point.label ? `${point.label}: ` : "";
      text += `${place(point.x, point.y)}: measured ${formatMeasured(point.z, unit, sz)}`;
      text += Number.isFinite(fitted) ? `, surface ${formatMeasured(fitted, unit, sz)}` : ", no surface";
    } else if (scene.highlight) {
      const {x, y, z} = scene.highlight;
      text = `${place(x, y)}: ${data.z.label} ${formatMeasured(z, unit, sz)} on the surface`;
    }
    if (readout.textContent !== text) readout.textContent = text;
  }

  function describe(): void {
    root.setAttribute("aria-label", data.description);
    stage.setAttribute("aria-label", `${data.description} Rotatable plot.`);
    const above = scene.points.filter((point) => point.above).length;
    const below = scene.points.length - above;
    const left = data.points.length - scene.points.length;
    const dot = (kind: string) => h("span", {class: `m-surface-dot m-surface-${kind}`, "aria-hidden": "true"});
    key.replaceChildren(
      dot("above"),
      ` ${above} measured above the surface `,
      dot("below"),
      ` ${below} below`,
      left > 0 ? ` (${left} beyond the axes, not drawn)` : ""
    );
  }

  // --- the view

  function turn(change: Partial<Camera>): void {
    if (change.azimuth !== undefined) camera.azimuth = ((((change.azimuth + 180) % 360) + 360) % 360) - 180;
    if (change.elevation !== undefined) {
      camera.elevation = Math.max(ELEVATION.lowest, Math.min(ELEVATION.highest, change.elevation));
    }
    if (change.zoom !== undefined) camera.zoom = Math.max(ZOOM.least, Math.min(ZOOM.most, change.zoom));
    refresh();
  }

  let gliding = 0;

  /** Goes to a view in a short movement, or at once for readers who want no motion. */
  function glide(target: Partial<Camera>): void {
    cancelAnimationFrame(gliding);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      turn(target);
      return;
    }
    const from = {...camera};
    const to = {...camera, ...target};
    to.elevation = Math.max(ELEVATION.lowest, Math.min(ELEVATION.highest, to.elevation));
    // The short way round.
    const round = to.azimuth - from.azimuth;
    to.azimuth = from.azimuth + round - 360 * Math.round(round / 360);
    const began = performance.now();
    const step = (now: number) => {
      const t = Math.max(0, Math.min(1, (now - began) / 180));
      const eased = t * (2 - t);
      turn({
        azimuth: from.azimuth + eased * (to.azimuth - from.azimuth),
        elevation: from.elevation + eased * (to.elevation - from.elevation),
        zoom: from.zoom + eased * (to.zoom - from.zoom)
      });
      if (t < 1) gliding = requestAnimationFrame(step);
    };
    gliding = requestAnimationFrame(step);
  }

  let dragged: {x: number; y: number} | undefined;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    cancelAnimationFrame(gliding);
    dragged = {x: event.clientX, y: event.clientY};
    stage.focus({preventScroll: true});
    stage.setPointerCapture(event.pointerId);
    stage.dataset.dragging = "";
  });
  stage.addEventListener("pointermove", (event) => {
    if (dragged) {
      const [dx, dy] = [event.clientX - dragged.x, event.clientY - dragged.y];
      dragged = {x: event.clientX, y: event.clientY};
      turn({azimuth: camera.azimuth - dx * 0.45, elevation: camera.elevation + dy * 0.35});
      return;
    }
    const box = stage.getBoundingClientRect();
    probe(nearest(event.clientX - box.left, event.clientY - box.top));
  });
  stage.addEventListener("pointerleave", () => probe(undefined));
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    stage.addEventListener(type, () => {
      dragged = undefined;
      delete stage.dataset.dragging;
    });
  }

  function nearest(x: number, y: number): ScenePoint | undefined {
    const project = projector(camera, viewport());
    let best: ScenePoint | undefined;
    let reach = 12;
    for (const point of scene.points) {
      const at = project(point.at);
      const distance = Math.hypot(at.x - x, at.y - y);
      if (distance < reach) [best, reach] = [point, distance];
    }
    return best;
  }

  function probe(point: ScenePoint | undefined): void {
    if (point === probed) return;
    probed = point;
    refresh();
  }

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 2 : STEP / 3;
    const {azimuth, elevation, zoom} = camera;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => turn({azimuth: azimuth + step}),
      ArrowRight: () => turn({azimuth: azimuth - step}),
      ArrowUp: () => turn({elevation: elevation + step}),
      ArrowDown: () => turn({elevation: elevation - step}),
      "+": () => turn({zoom: zoom * 1.1}),
      "=": () => turn({zoom: zoom * 1.1}),
      "-": () => turn({zoom: zoom / 1.1}),
      Home: () => glide(start),
      n: () => walk(1),
      p: () => walk(-1),
      Escape: () => probe(undefined)
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  function walk(by: number): void {
    const count = scene.points.length;
    if (count === 0) return;
    const at = probed ? scene.points.indexOf(probed) : by > 0 ? -1 : 0;
    probe(scene.points[(at + by + count) % count]);
  }

  // --- three.js comes and goes with the reader

  function release(): void {
    renderer?.dispose();
    renderer = undefined;
    canvas?.remove();
    canvas = undefined;
    root.dataset.renderer = "svg";
    refresh();
  }

  async function acquire(): Promise<void> {
    wanted = true;
    if (renderer || options.renderer === "svg" || !hasWebGL2()) return;
    const mine = ++attempt;
    const target = h("canvas", {class: "m-surface-gl", "aria-hidden": "true"});
    try {
      const made = await createSurfaceRenderer(target, () => renderer === made && release());
      if (!wanted || mine !== attempt) {
        made.dispose();
        return;
      }
      renderer = made;
      canvas = target;
      staleScene = true;
      stage.insertBefore(target, over);
      refresh();
    } catch (error) {
      // The drawing stands already: losing WebGL costs smoothness, not content.
      root.dataset.webgl = error instanceof Error ? error.message : String(error);
      if (mine === attempt) release();
    }
  }

  const unwatch = watchPresence(root, {
    enter: () => void acquire(),
    leave: () => {
      wanted = false;
      attempt++;
      release();
    }
  });

  // --- the page changes around it

  const resize = new ResizeObserver(() => {
    const now = Math.round(stage.clientWidth);
    if (now < 40 || now === width) return;
    width = now;
    refresh();
  });
  resize.observe(stage);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolor = () => {
    staleScene = true;
    refresh();
  };
  scheme.addEventListener("change", recolor);
  const print = matchMedia("print");
  // The drawn surface is not kept up to date behind WebGL: it is made when paper asks for it.
  const onPrint = () => draw(true);
  const onPrintMedia = () => print.matches && draw(true);
  addEventListener("beforeprint", onPrint);
  print.addEventListener("change", onPrintMedia);

  root.dataset.renderer = "svg";
  describe();
  draw();

  Object.defineProperty(root, "camera", {get: () => ({...camera})});
  return Object.assign(root, {
    update(changes: Partial<SurfaceData & {description: string}>) {
      const next = {...data, ...changes};
      scene = buildScene(next);
      data = next;
      if (probed) probed = scene.points.find((p) => p.data.x === probed!.data.x && p.data.y === probed!.data.y);
      staleScene = true;
      describe();
      refresh();
    },
    svg() {
      const text = {title: data.z.label, description: data.description};
      return resolveColors(surfaceSvg(scene, camera, viewport(), text));
    },
    dispose() {
      unwatch();
      wanted = false;
      attempt++;
      release();
      resize.disconnect();
      scheme.removeEventListener("change", recolor);
      removeEventListener("beforeprint", onPrint);
      print.removeEventListener("change", onPrintMedia);
      cancelAnimationFrame(frame);
      cancelAnimationFrame(gliding);
    }
  }) as SurfacePlot;
}

/** Values of the page's variables that WebGL needs as plain colours. */
function themeOf(node: Element): {ink: string; paper: string} {
  const style = getComputedStyle(node);
  return {
    ink: style.getPropertyValue("--m-ink").trim() || "#222222",
    paper: style.getPropertyValue("--m-paper").trim() || "#ffffff"
  };
}
