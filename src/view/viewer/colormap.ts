import {InputError} from "../../domain/errors.js";
import {ramp} from "../theme.js";

/** Colour maps whose lightness rises evenly: equal steps of the value look like equal steps. */
export type ColormapName = "viridis" | "cividis" | "gray" | "ramp";

/** Entries of a look-up table. */
export const LUT_SIZE = 256;

/**
 * Evenly spaced nodes in sRGB, hexadecimal, six digits each; between them the table is linear.
 * viridis: van der Walt & Smith 2015 (matplotlib). cividis: Nunez, Anderton & Renslow 2018,
 * doi:10.1371/journal.pone.0199239. ramp: that of the charts.
 */
const NODES: Record<ColormapName, string> = {
  viridis:
    "440154470e61481a6c482575472f7d443a834144873d4e8a39568c35608d31688e2d708e2a788e27818e23888e21918d" +
    "1f988b1fa08822a8842ab07f35b77943bf7154c56866cc5d7ad1518fd744a5db36bcdf27d2e21be9e51afde725",
  cividis:
    "00205100235800265d002961012b65042e670831690d346b11366c16396d1c3c6e213f6e26426e2c456e31476e374a6e" +
    "3c4d6e42506e47536d4c566d51586e555b6e5a5e6e5e616e62646f66676f6a6a706e6d717270717573727976737c7974" +
    "7f7c75827f758682768985778c8877908b78938e789691789a94789e9778a19b78a59e77a9a177aea575b2a874b6ab73" +
    "bbaf71c0b26fc5b66dc9b96acebd68d3c065d8c462ddc85fe2cb5ce7cf58ebd355f0d652f3da4ff7de4cfae249fce647",
  gray: "000000ffffff",
  ramp: ramp.map((node) => node.slice(1)).join("")
};

export const COLORMAPS = Object.keys(NODES) as ColormapName[];

const tables = new Map<ColormapName, Uint8Array>();

/** Look-up table of a colour map: 256 x 4 bytes, red green blue alpha, alpha 255. Shared: do not write into it. */
export function lookupTable(name: ColormapName): Uint8Array {
  const known = tables.get(name);
  if (known) return known;
  const hex = NODES[name];
  if (hex === undefined) {
    throw new InputError({code: "unknown-colormap", field: "colormap", value: name, expected: COLORMAPS.join(" | ")});
  }
  const nodes = hex.length / 6;
  const channel = (node: number, c: number) => parseInt(hex.slice(node * 6 + c * 2, node * 6 + c * 2 + 2), 16);
  const table = new Uint8Array(LUT_SIZE * 4);
  for (let i = 0; i < LUT_SIZE; i++) {
    const at = (i / (LUT_SIZE - 1)) * (nodes - 1);
    const low = Math.min(Math.floor(at), nodes - 2);
    for (let c = 0; c < 3; c++) {
      table[i * 4 + c] = Math.round(channel(low, c) + (at - low) * (channel(low + 1, c) - channel(low, c)));
    }
    table[i * 4 + 3] = 255;
  }
  tables.set(name, table);
  return table;
}

/** Entry of the table for a value, 0 to 255; beyond the range the end colours; -1 for NaN and infinities. */
export function lookupIndex(value: number, [low, high]: readonly [number, number]): number {
  if (!Number.isFinite(value)) return -1;
  const t = (value - low) / (high - low);
  return t <= 0 ? 0 : t >= 1 ? LUT_SIZE - 1 : Math.min(LUT_SIZE - 1, Math.floor(t * LUT_SIZE));
}

/** CSS colour of entry `index`, "#rrggbb". */
export function colorAt(name: ColormapName, index: number): string {
  const table = lookupTable(name);
  const i = Math.max(0, Math.min(LUT_SIZE - 1, Math.round(index))) * 4;
  return `#${[0, 1, 2].map((c) => table[i + c].toString(16).padStart(2, "0")).join("")}`;
}

/** CSS colour of a value on `range`; undefined where the value is not finite. */
export function colorOf(name: ColormapName, value: number, range: readonly [number, number]): string | undefined {
  const index = lookupIndex(value, range);
  return index < 0 ? undefined : colorAt(name, index);
}

/** Stops of a CSS linear-gradient() that runs through the table. */
export function gradientStops(name: ColormapName, stops = 64): string {
  return Array.from({length: stops}, (_, i) => colorAt(name, (i / (stops - 1)) * (LUT_SIZE - 1))).join(", ");
}
