import {InputError} from "../../domain/errors.js";
import {gradientStops, lookupIndex, type ColormapName} from "./colormap.js";
import {h, pngOf, uniqueId} from "../dom.js";
import {segments} from "./segments.js";
import {
  clampVoxel,
  ENDS,
  fromOriented,
  layoutPanels,
  orient,
  PLANES,
  positionAt,
  toOriented,
  voxelIndex,
  voxelToMm,
  type Grid,
  type Panel,
  type Plane
} from "./geometry.js";
import {createNiivueRenderer, type EncodeNifti, type Picture, type Renderer} from "./niivue.js";
import {hasWebGL2, watchPresence} from "./presence.js";
import {paintSlice, type PaintedMap, type PaintedRegions} from "./slices.js";
import {formatMeasured, niceTicks, numberScale, tickLabels, unitLabel} from "./ticks.js";

export type {ColormapName} from "./colormap.js";
export type {Grid, Voxel} from "./geometry.js";
export type {EncodeNifti, Volume} from "./niivue.js";

/** A parameter map on the viewer's grid; NaN where there is no value. */
export interface ViewerMap {
  name: string;
  label: string;
  unit: string;
  /** One value per voxel, first axis fastest. */
  values: ArrayLike<number>;
  /** Values at the ends of the colour bar. */
  range: readonly [number, number];
  /** "viridis" unless told. */
  colormap?: ColormapName;
}

/** Labelled regions on the same grid; 0 is outside. */
export interface ViewerRegions {
  /** One label per voxel, integers from 0 to 255. */
  values: ArrayLike<number>;
  /** Colours as "#rrggbb"; chosen for those that have none. */
  labels: readonly {value: number; name: string; color?: string}[];
}

/** Why a voxel has the value it has, or none: fit statuses and their names. */
export interface ViewerStatus {
  values: ArrayLike<number>;
  names: Readonly<Record<number, string>>;
}

export type ViewerPlane = "all" | Plane | "volume";

export interface ViewerOptions {
  grid: Grid;
  maps: readonly ViewerMap[];
  regions?: ViewerRegions;
  status?: ViewerStatus;
  /** Writes a volume as an uncompressed NIfTI file for NiiVue: `writeNifti` of the readers. */
  encode: EncodeNifti;
  /** What the images show, for readers who do not see them. */
  description: string;
  initial?: {map?: string; voxel?: readonly number[]; plane?: ViewerPlane; regions?: boolean; opacity?: number};
  /** "canvas" draws slices without WebGL, as happens by itself where WebGL2 is missing. */
  renderer?: "auto" | "canvas";
}

export interface VolumeViewer extends HTMLDivElement {
  /** New data. Crosshair, map and plane stay as the reader left them, if they still exist. */
  update(changes: Partial<Pick<ViewerOptions, "grid" | "maps" | "regions" | "status" | "description">>): void;
  /** Moves the crosshair to a voxel (indices from 0). */
  moveTo(voxel: readonly number[]): void;
  /** The slices as seen now, without crosshair and letters. */
  png(): Promise<Blob>;
  /** Stops watching and gives the WebGL context back. An element taken out of the page does this by itself. */
  dispose(): void;
}

/** Okabe & Ito 2008, distinguishable with colour vision deficiencies; used for regions that name no colour. */
const REGION_COLORS = ["#e69f00", "#56b4e9", "#cc79a7", "#f0e442", "#d55e00", "#009e73", "#0072b2", "#ffffff"];

const PLANE_LABELS: Record<ViewerPlane, string> = {
  all: "All",
  axial: "Axial",
  coronal: "Coronal",
  sagittal: "Sagittal",
  volume: "3D"
};

/**
 * Parameter maps in three planes with region overlay, colour bar, and the crosshair's values as text.
 * Slices are drawn at once on a plain canvas; NiiVue takes over once it is loaded, which happens when the viewer comes
 * into view. Fires "input" when the crosshair moves. `viewer.dataset.renderer` says what draws: "canvas" or "niivue".
 * Throws InputError when a map, the regions or the statuses do not fit the grid, or a range is empty.
 */
export function volumeViewer(options: ViewerOptions): VolumeViewer {
  check(options);
  let {grid, maps, regions, status, description} = options;
  let oriented = orient(grid);
  const initial = options.initial ?? {};
  let map = maps.find((m) => m.name === initial.map) ?? maps[0];
  let plane: ViewerPlane = initial.plane ?? "all";
  let showRegions = initial.regions ?? true;
  let opacity = initial.opacity ?? 0.35;
  let voxel = clampVoxel(grid, initial.voxel ?? grid.shape.map((n) => (n - 1) / 2));
  let panels: readonly Panel[] = [];
  let painted = paintedRegions(regions);
  const turn = {azimuth: 110, elevation: 20};
  let renderer: Renderer | undefined;
  let wanted = false;

  const help = uniqueId("m-viewer-help");
  const root = h("div", {class: "m-viewer", role: "group"}) as unknown as VolumeViewer;
  const canvas = h("canvas", {class: "m-viewer-canvas", "aria-hidden": "true"});
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  overlay.setAttribute("class", "m-viewer-overlay");
  overlay.setAttribute("aria-hidden", "true");
  const stage = h(
    "div",
    {
      class: "m-viewer-stage",
      role: "application",
      tabindex: 0,
      "aria-roledescription": "image viewer",
      "aria-describedby": help
    },
    canvas,
    overlay
  );
  const note = h("p", {class: "m-viewer-note", hidden: true});
  const toolbar = h("div", {class: "m-viewer-toolbar"});
  const bar = h("div", {class: "m-viewer-bar"});
  const legend = h("ul", {class: "m-viewer-legend", "aria-label": "Regions"});
  const readout = h("div", {class: "m-viewer-readout", "aria-live": "polite", "aria-atomic": "true"});
  const fields = ["i", "j", "k"].map((name) =>
    h("input", {type: "number", min: 0, step: 1, "aria-label": `Voxel ${name}`})
  );
  const position = h(
    "fieldset",
    {class: "m-viewer-position"},
    h("legend", {}, "Voxel (i, j, k), counted from 0"),
    ...fields
  );
  const instructions = h(
    "p",
    {class: "m-viewer-help", id: help},
    "Click or drag in a slice, or focus it and use the arrow keys; Page Up and Page Down change the slice, " +
      "Shift moves five voxels, Home goes to the centre. In 3D, drag or arrow keys turn the volume."
  );
  root.append(
    toolbar,
    h(
      "div",
      {class: "m-viewer-body"},
      h("div", {class: "m-viewer-main"}, stage, note, bar, instructions),
      h("div", {class: "m-viewer-side"}, readout, position, legend)
    )
  );

  // --- controls

  let setPlane: (value: ViewerPlane) => void = () => {};

  function buildToolbar(): void {
    const parts: Node[] = [];
    if (maps.length > 1) {
      const named = maps.map(({name, label}) => ({value: name, label}));
      const choose = (name: string) => {
        map = maps.find((m) => m.name === name)!;
        buildBar();
        refresh();
      };
      if (maps.length <= 5) parts.push(segments("Map", named, map.name, choose).element);
      else {
        const entry = ({value, label}: (typeof named)[number]) =>
          h("option", {value, selected: value === map.name}, label);
        const select = h("select", {}, ...named.map(entry));
        select.addEventListener("change", () => choose(select.value));
        parts.push(h("label", {class: "m-viewer-select"}, "Map ", select));
      }
    }
    const planes: ViewerPlane[] = ["all", "axial", "coronal", "sagittal"];
    if (canUseWebGL()) planes.push("volume");
    const chosen = segments("View", planes.map((value) => ({value, label: PLANE_LABELS[value]})), plane, (value) => {
      plane = value;
      refresh(true);
    });
    setPlane = chosen.set;
    parts.push(chosen.element);
    if (regions) {
      const toggle = h("input", {type: "checkbox"});
      toggle.checked = showRegions;
      const slider = h("input", {
        type: "range",
        min: 0,
        max: 1,
        step: 0.05,
        value: opacity,
        "aria-label": "Opacity of the regions"
      });
      slider.disabled = !showRegions;
      toggle.addEventListener("change", () => {
        showRegions = toggle.checked;
        slider.disabled = !showRegions;
        refresh();
      });
      slider.addEventListener("input", () => {
        opacity = slider.valueAsNumber;
        refresh();
      });
      parts.push(h("div", {class: "m-viewer-regions"}, h("label", {}, toggle, " Regions"), slider));
    }
    toolbar.replaceChildren(...parts);
  }

  function buildLegend(): void {
    legend.hidden = !painted;
    legend.replaceChildren(
      ...(regions?.labels ?? []).map(({value, name}) => {
        const swatch = h("span", {class: "m-viewer-swatch", "aria-hidden": "true"});
        swatch.style.background = `rgb(${painted!.colors.get(value)!.join(" ")})`;
        return h("li", {"data-region": value}, swatch, name);
      })
    );
  }

  const marker = h("span", {class: "m-viewer-marker", "aria-hidden": "true"});

  function buildBar(): void {
    const [low, high] = map.range;
    const scale = numberScale(low, high);
    const ticks = niceTicks(low, high, 5);
    const labels = tickLabels(ticks, scale);
    const unit = unitLabel(map.unit, scale);
    const colormap = map.colormap ?? "viridis";
    const ramp = h("div", {class: "m-viewer-ramp"}, marker);
    ramp.style.backgroundImage = `linear-gradient(to right, ${gradientStops(colormap)})`;
    const axis = h("div", {class: "m-viewer-ticks", "aria-hidden": "true"});
    ticks.forEach((tick, i) => {
      const label = h("span", {}, labels[i]);
      const at = (tick - low) / (high - low);
      label.style.left = `${100 * at}%`;
      if (at < 0.04) label.dataset.edge = "start";
      if (at > 0.96) label.dataset.edge = "end";
      axis.append(label);
    });
    let missing = 0;
    let beyond = 0;
    for (let i = 0; i < map.values.length; i++) {
      const value = map.values[i];
      if (!Number.isFinite(value)) missing++;
      else if (value < low || value > high) beyond++;
    }
    const remarks = [
      missing > 0 && `${count(missing)} blank: no value`,
      beyond > 0 && `${count(beyond)} beyond the bar: end colours`
    ].filter((remark) => typeof remark === "string");
    bar.replaceChildren(
      h(
        "p",
        {class: "m-viewer-bar-title"},
        h("strong", {}, map.label),
        unit === "" ? "" : ` (${unit})`,
        ...(remarks.length ? [h("small", {}, `Voxels: ${remarks.join("; ")}.`)] : [])
      ),
      h(
        "div",
        {
          role: "img",
          "aria-label":
            `Colour bar of ${map.label}, ${colormap}, ` +
            `from ${formatMeasured(low, map.unit, scale)} to ${formatMeasured(high, map.unit, scale)}`
        },
        ramp,
        axis
      )
    );
  }

  // --- drawing

  function shownPlanes(): Plane[] {
    return plane === "all" ? ["axial", "coronal", "sagittal"] : plane === "volume" ? ["axial"] : [plane];
  }

  function paintedMap(): PaintedMap {
    return {values: map.values, range: map.range, colormap: map.colormap ?? "viridis"};
  }

  function shownRegions(): PaintedRegions | undefined {
    return painted && {...painted, opacity: showRegions ? opacity : 0};
  }

  let lastWidth = 0;

  function place(): void {
    const width = stage.clientWidth;
    if (width < 40) return;
    lastWidth = width;
    const layout = layoutPanels(oriented, shownPlanes(), width);
    panels = layout.panels;
    stage.style.height = `${layout.height}px`;
  }

  function drawCanvas(): void {
    const width = stage.clientWidth;
    const height = stage.clientHeight;
    const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // A voxel is a measurement of its whole volume: shown as a block, not blurred into its neighbours.
    context.imageSmoothingEnabled = false;
    const at = toOriented(oriented, voxel);
    for (const panel of panels) {
      const slice = paintSlice(oriented, panel.plane, at, paintedMap(), shownRegions());
      const small = h("canvas", {width: slice.width, height: slice.height});
      small.getContext("2d")!.putImageData(new ImageData(slice.data, slice.width, slice.height), 0, 0);
      context.drawImage(small, panel.left, panel.top, panel.width, panel.height);
    }
  }

  function drawOverlay(): void {
    const width = stage.clientWidth;
    const height = stage.clientHeight;
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (plane === "volume" && renderer) {
      overlay.replaceChildren();
      return;
    }
    const at = toOriented(oriented, voxel);
    const parts: string[] = [];
    for (const {plane, left, top, width: w, height: h} of panels) {
      const {across, up, depth} = PLANES[plane];
      const x = left + ((at[across] + 0.5) / oriented.size[across]) * w;
      const y = top + (1 - (at[up] + 0.5) / oriented.size[up]) * h;
      const gap = Math.max(5, (0.9 * w) / oriented.size[across]);
      const lines = `M${left} ${y}H${Math.max(left, x - gap)}M${Math.min(left + w, x + gap)} ${y}H${left + w}` +
        `M${x} ${top}V${Math.max(top, y - gap)}M${x} ${Math.min(top + h, y + gap)}V${top + h}`;
      parts.push(`<path class="m-viewer-halo" d="${lines}"/><path class="m-viewer-cross" d="${lines}"/>`);
      const text = (tx: number, ty: number, anchor: string, letter: string) =>
        `<text x="${tx}" y="${ty}" text-anchor="${anchor}">${letter}</text>`;
      parts.push(
        text(left - 6, top + h / 2 + 4, "end", ENDS[across][0]),
        text(left + w + 6, top + h / 2 + 4, "start", ENDS[across][1]),
        text(left + w / 2, top - 6, "middle", ENDS[up][1]),
        `<text class="m-viewer-slice" x="${left + w / 2}" y="${top + h + 15}" text-anchor="middle">` +
          `${PLANE_LABELS[plane].toLowerCase()}, slice ${at[depth] + 1} of ${oriented.size[depth]}</text>`
      );
    }
    overlay.innerHTML = parts.join("");
  }

  function writeReadout(): void {
    const index = voxelIndex(grid, voxel);
    const mm = voxelToMm(grid, voxel);
    const places = mm.map((x, i) => `${ENDS[i][x < 0 ? 0 : 1]} ${Math.abs(x).toFixed(1)}`).join(", ");
    const rows = maps.map((m) => {
      const value = m.values[index];
      const text = Number.isFinite(value) ? formatMeasured(value, m.unit, numberScale(...m.range)) : "no value";
      return [m.label, text, m === map] as const;
    });
    const name = regions?.labels.find((label) => label.value === regions!.values[index])?.name;
    const list = h("dl", {});
    const row = (term: string, value: string, current = false) => {
      const pair = [h("dt", {}, term), " ", h("dd", {}, value)];
      list.append(h("div", {class: current ? "m-viewer-current" : undefined}, ...pair));
    };
    row("Voxel", voxel.join(", "));
    row("Position (mm)", places);
    for (const [label, text, current] of rows) row(label, text, current && maps.length > 1);
    if (regions) row("Region", name ?? "outside all regions");
    if (status) row("Fit", status.names[status.values[index]] ?? `status ${status.values[index]}`);
    readout.replaceChildren(list);
    fields.forEach((field, i) => {
      field.max = String(grid.shape[i] - 1);
      if (document.activeElement !== field) field.value = String(voxel[i]);
    });
    const here = String(regions?.values[index]);
    for (const item of legend.querySelectorAll("li")) {
      item.classList.toggle("m-viewer-here", item.dataset.region === here);
    }
    const value = map.values[index];
    const [low, high] = map.range;
    marker.hidden = lookupIndex(value, map.range) < 0;
    marker.style.left = `${100 * Math.max(0, Math.min(1, (value - low) / (high - low)))}%`;
  }

  function drawRenderer(): void {
    if (!renderer || panels.length === 0) return;
    const picture: Picture = {
      map: paintedMap(),
      regions: shownRegions(),
      panels,
      voxel,
      ground: groundOf(stage),
      volume: plane === "volume" ? turn : undefined
    };
    const current = renderer;
    current.draw(picture).then(
      () => {
        if (renderer === current) root.dataset.renderer = "niivue";
      },
      (error: unknown) => renderer === current && fail(error)
    );
  }

  let frame = 0;
  let moved = false;

  /** Draws at the next frame, once however often it is asked. */
  function refresh(relayout = false): void {
    moved ||= relayout;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (moved || panels.length === 0) place();
      moved = false;
      if (panels.length === 0) return;
      drawCanvas();
      drawOverlay();
      writeReadout();
      drawRenderer();
    });
  }

  // --- NiiVue comes and goes with the reader

  function canUseWebGL(): boolean {
    return options.renderer !== "canvas" && hasWebGL2();
  }

  function fail(error: unknown): void {
    release();
    wanted = false;
    if (plane === "volume") {
      plane = "all";
      setPlane(plane);
    }
    say(`Drawn without WebGL: ${error instanceof Error ? error.message : String(error)}`);
    refresh(true);
  }

  function say(text: string): void {
    note.textContent = text;
    note.hidden = text === "";
  }

  function release(): void {
    renderer?.dispose();
    renderer = undefined;
    root.dataset.renderer = "canvas";
  }

  let asked = 0;

  async function acquire(): Promise<void> {
    wanted = true;
    if (renderer) return;
    if (!canUseWebGL()) {
      if (options.renderer !== "canvas") {
        say("This browser gives no WebGL2: the slices are drawn on a plain canvas, with the same colours and values.");
      }
      return;
    }
    const turnOf = ++asked;
    try {
      const made = await createNiivueRenderer(stage, oriented, options.encode);
      // The reader may have gone, or the grid may have changed, while the library was loading.
      if (!wanted || turnOf !== asked) {
        made.dispose();
        return;
      }
      renderer = made;
      stage.append(overlay);
      refresh(true);
    } catch (error) {
      if (turnOf === asked) fail(error);
    }
  }

  const unwatch = watchPresence(root, {
    enter: () => void acquire(),
    leave: () => {
      wanted = false;
      asked++;
      release();
      refresh();
    }
  });

  // --- pointer, keys, numbers

  function moveTo(next: readonly number[]): void {
    const to = clampVoxel(grid, next);
    if (to.every((n, i) => n === voxel[i])) return;
    voxel = to;
    root.dataset.voxel = voxel.join(",");
    refresh();
    root.dispatchEvent(new Event("input"));
  }

  let dragged: {plane: Plane} | {x: number; y: number} | undefined;

  function point(event: PointerEvent, inside?: Plane): Plane | undefined {
    const box = stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const hit = positionAt(oriented, panels, toOriented(oriented, voxel), x, y, inside);
    if (!hit) return undefined;
    moveTo(fromOriented(oriented, hit.position));
    return hit.plane;
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (plane === "volume" && renderer) dragged = {x: event.clientX, y: event.clientY};
    else {
      const hit = point(event);
      if (!hit) return;
      dragged = {plane: hit};
      // Announced when the drag ends, not at every voxel on the way.
      readout.setAttribute("aria-busy", "true");
    }
    stage.focus({preventScroll: true});
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    if ("plane" in dragged) point(event, dragged.plane);
    else {
      rotate(event.clientX - dragged.x, event.clientY - dragged.y);
      dragged = {x: event.clientX, y: event.clientY};
    }
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    stage.addEventListener(type, () => {
      dragged = undefined;
      readout.removeAttribute("aria-busy");
    });
  }

  function rotate(dx: number, dy: number): void {
    turn.azimuth = (turn.azimuth + dx * 0.7 + 360) % 360;
    turn.elevation = Math.max(-90, Math.min(90, turn.elevation + dy * 0.7));
    refresh();
  }

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 5 : 1;
    if (plane === "volume" && renderer) {
      const turns: Record<string, [number, number]> = {
        ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10]
      };
      if (!turns[event.key]) return;
      event.preventDefault();
      rotate(...turns[event.key]);
      return;
    }
    const {across, up, depth} = PLANES[shownPlanes()[0]];
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [across, -step],
      ArrowRight: [across, step],
      ArrowDown: [up, -step],
      ArrowUp: [up, step],
      PageDown: [depth, -step],
      PageUp: [depth, step]
    };
    if (event.key === "Home") moveTo(grid.shape.map((n) => (n - 1) / 2));
    else if (moves[event.key]) {
      const [axis, by] = moves[event.key];
      const next = toOriented(oriented, voxel);
      next[axis] = Math.max(0, Math.min(oriented.size[axis] - 1, next[axis] + by));
      moveTo(fromOriented(oriented, next));
    } else return;
    event.preventDefault();
  });

  fields.forEach((field, i) => {
    field.addEventListener("input", () => {
      if (Number.isInteger(field.valueAsNumber)) moveTo(voxel.map((n, j) => (i === j ? field.valueAsNumber : n)));
    });
    field.addEventListener("change", () => (field.value = String(voxel[i])));
  });

  // --- the page changes around it

  const resize = new ResizeObserver(() => {
    if (Math.abs(stage.clientWidth - lastWidth) >= 1) refresh(true);
  });
  resize.observe(stage);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const rethink = () => refresh();
  scheme.addEventListener("change", rethink);

  function describe(): void {
    root.setAttribute("aria-label", description);
    stage.setAttribute("aria-label", `${description} Slices through the crosshair.`);
  }

  function update(changes: Parameters<VolumeViewer["update"]>[0]): void {
    const next = {...options, grid, maps, regions, status, description, ...changes};
    check(next);
    const sameGrid = next.grid === grid || JSON.stringify(next.grid) === JSON.stringify(grid);
    ({grid, maps, regions, status, description} = next);
    map = maps.find((m) => m.name === map.name) ?? maps[0];
    painted = paintedRegions(regions);
    if (!sameGrid) {
      oriented = orient(grid);
      voxel = clampVoxel(grid, voxel);
      // NiiVue's renderer is made for one grid.
      asked++;
      release();
      if (wanted) void acquire();
    }
    buildToolbar();
    buildLegend();
    buildBar();
    describe();
    refresh(true);
  }

  // Height before the first layout: near what it will be, so that nothing below jumps.
  stage.style.height = `${layoutPanels(oriented, shownPlanes(), 640).height}px`;
  root.dataset.renderer = "canvas";
  root.dataset.voxel = voxel.join(",");
  buildToolbar();
  buildLegend();
  buildBar();
  describe();
  writeReadout();
  refresh(true);

  return Object.assign(root, {
    update,
    moveTo,
    png() {
      drawCanvas();
      return pngOf(canvas);
    },
    dispose() {
      unwatch();
      wanted = false;
      asked++;
      release();
      resize.disconnect();
      scheme.removeEventListener("change", rethink);
      cancelAnimationFrame(frame);
    }
  });
}

function check({grid, maps, regions, status}: Pick<ViewerOptions, "grid" | "maps" | "regions" | "status">): void {
  orient(grid);
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  const fits = (values: ArrayLike<number>, field: string) => {
    if (values.length === voxels) return;
    const expected = `${voxels} values, one per voxel`;
    throw new InputError({code: "length-mismatch", field, value: values.length, expected});
  };
  if (maps.length === 0) {
    throw new InputError({code: "empty", field: "maps", value: "none", expected: "at least one map"});
  }
  for (const {name, values, range} of maps) {
    fits(values, `map ${name}`);
    if (!(range[0] < range[1]) || !range.every(Number.isFinite)) {
      const expected = "two finite numbers, the lower first";
      throw new InputError({code: "bad-range", field: `range of map ${name}`, value: range, expected});
    }
  }
  if (regions) fits(regions.values, "regions");
  if (status) fits(status.values, "status");
}

function paintedRegions(regions?: ViewerRegions): PaintedRegions | undefined {
  if (!regions) return undefined;
  const colors = new Map<number, readonly [number, number, number]>();
  regions.labels.forEach(({value, color}, i) => {
    const hex = color ?? REGION_COLORS[i % REGION_COLORS.length];
    if (!/^#[0-9a-f]{6}$/i.test(hex)) {
      throw new InputError({code: "bad-color", field: `colour of region ${value}`, value: hex, expected: "#rrggbb"});
    }
    colors.set(value, [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]);
  });
  return {values: regions.values, colors, opacity: 0};
}

/** The colour behind the slices, as the theme has it now. */
function groundOf(node: Element): [number, number, number] {
  const parts = getComputedStyle(node).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
  return parts.length >= 3 && parts[3] !== 0 ? [parts[0], parts[1], parts[2]] : [255, 255, 255];
}

function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
