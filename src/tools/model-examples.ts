// One example for each signal model: a protocol in use, a usual tissue, and how far the explorer's sliders go.
import type {Protocol, Settings} from "../compute/core.js";

/** An acquisition and a tissue that show what a model can do. Units are those of the registry. */
export interface ModelExample {
  /** Name of the protocol. */
  name: string;
  protocol: Protocol;
  /** Further protocols by name. */
  presets: Readonly<Record<string, Protocol>>;
  settings?: Settings;
  /** Every parameter of the model. */
  parameters: Readonly<Record<string, number>>;
  /** From where to where each parameter can be moved, within the model's bounds. */
  ranges: Readonly<Record<string, readonly [number, number]>>;
  /** The protocol column along which the signal is drawn. */
  axis: string;
}

/** Every pair of a b value (outer) and an echo time (inner). */
function grid(b: readonly number[], TE: readonly number[]): Protocol {
  return {b: b.flatMap((value) => TE.map(() => value)), TE: b.flatMap(() => TE)};
}

/** The same value for each sample of a column. */
function same(column: readonly number[], value: number): number[] {
  return column.map(() => value);
}

/** The real, then the imaginary part of each sample of a column. */
function complex(name: string, values: readonly number[]): Protocol {
  return {[name]: [...values, ...values], imaginary: [...same(values, 0), ...same(values, 1)]};
}

const flips = [2, 3, 5, 8, 12, 17, 25];
const spinEchoes = [0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2];
const lateSpinEchoes = [...spinEchoes, 0.26, 0.32];
const gradientEchoes = [0.002, 0.004, 0.006, 0.009, 0.012, 0.016, 0.02, 0.025, 0.03, 0.04];
const lateGradientEchoes = [...gradientEchoes, 0.06, 0.08];
const fatEchoes = [1.15e-3, 2.3e-3, 3.45e-3, 4.6e-3, 5.75e-3, 6.9e-3, 8.05e-3, 9.2e-3];
const longFatEchoes = [1.2e-3, 3.2e-3, 5.2e-3, 7.2e-3, 9.2e-3, 11.2e-3];
const inversionTimes = [0.05, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.2, 3, 5];
const fewInversionTimes = [0.05, 0.4, 1.1, 2.5];
const flair = {
  TE: [0.09, 0.14, 0.2, 0.09, 0.14, 0.09, 0.09],
  TI: [2.5, 2.5, 2.5, 2, 2, 1.6, 3],
  TR: same(flips, 9)
};
const decayRanges = {S0: [100, 2000], T2: [0.02, 0.3]} as const;
const starRanges = {S0: [100, 2000], T2star: [0.005, 0.08]} as const;
const offsetRange = {C: [0, 200]} as const;

/** By model id; a test holds that every model that predicts a signal is here, and none that the registry lacks. */
export const modelExamples: Readonly<Record<string, ModelExample>> = {
  "mono-exponential": {
    name: "6 b to 1000 s/mm²",
    protocol: {b: [0, 100, 300, 500, 700, 1000]},
    presets: {
      "2 b: 0 and 1000": {b: [0, 1000]},
      "Best 5 samples for an ADC of 1.1e-3: 1 at 0, 4 at 1160": {b: [0, 1160, 1160, 1160, 1160]},
      "Low b only: 0 to 200": {b: [0, 50, 100, 150, 200]}
    },
    parameters: {S0: 1000, ADC: 0.0011},
    ranges: {S0: [100, 2000], ADC: [0.0002, 0.0035]},
    axis: "b"
  },
  ivim: {
    name: "14 b to 1000 s/mm²",
    protocol: {b: [0, 0, 10, 20, 30, 50, 80, 120, 200, 300, 450, 600, 800, 1000]},
    presets: {
      "6 b to 800": {b: [0, 30, 80, 200, 450, 800]},
      "4 b, one for each parameter": {b: [0, 50, 400, 900]},
      "14 b twice": {
        b: [0, 0, 10, 20, 30, 50, 80, 120, 200, 300, 450, 600, 800, 1000].flatMap((b) => [b, b])
      }
    },
    settings: {threshold: 200},
    parameters: {S0: 1000, f: 0.15, Dstar: 0.05, D: 0.0011},
    ranges: {S0: [100, 2000], f: [0.01, 0.6], Dstar: [0.01, 0.15], D: [0.0003, 0.003]},
    axis: "b"
  },
  kurtosis: {
    name: "6 b to 2000 s/mm²",
    protocol: {b: [0, 0, 300, 700, 1000, 1500, 2000]},
    presets: {"3 b to 2000": {b: [0, 1000, 2000]}, "6 b to 1000": {b: [0, 200, 400, 600, 800, 1000]}},
    parameters: {S0: 1000, D: 0.0011, K: 0.9},
    ranges: {S0: [100, 2000], D: [0.0003, 0.003], K: [0, 2]},
    axis: "b"
  },
  "t2-ivim-kurtosis": {
    name: "7 b at 3 TE",
    protocol: grid([0, 50, 100, 400, 900, 1200, 1600], [0.093, 0.105, 0.12]),
    presets: {
      "7 b at 3 TE further apart": grid([0, 50, 100, 400, 900, 1200, 1600], [0.06, 0.1, 0.16]),
      "10 b at 4 TE": grid([0, 10, 30, 60, 100, 200, 400, 800, 1200, 1600], [0.05, 0.075, 0.105, 0.15]),
      "7 b at one TE": grid([0, 50, 100, 400, 900, 1200, 1600], [0.093])
    },
    parameters: {S0: 1200, f: 0.12, Dv: 0.02, T2v: 0.15, Dt: 0.0011, K: 0.9, T2t: 0.08},
    ranges: {
      S0: [200, 2000],
      f: [0, 0.4],
      Dv: [0.005, 0.06],
      T2v: [0.03, 0.3],
      Dt: [0.0005, 0.002],
      K: [0, 1.5],
      T2t: [0.04, 0.14]
    },
    axis: "b"
  },
  "inversion-recovery": {
    name: "10 TI to 5 s",
    protocol: {TI: inversionTimes},
    presets: {"4 TI to 2.5 s": {TI: fewInversionTimes}},
    parameters: {a: 1000, b: -1900, T1: 0.9},
    ranges: {a: [200, 2000], b: [-3000, -500], T1: [0.1, 3]},
    axis: "TI"
  },
  "inversion-recovery-complex": {
    name: "8 TI to 5 s",
    protocol: complex("TI", [0.05, 0.15, 0.4, 0.8, 1.3, 2, 3, 5]),
    presets: {"4 TI to 2.5 s": complex("TI", fewInversionTimes)},
    parameters: {a_re: 700, a_im: 600, b_re: -1300, b_im: -1150, T1: 0.9},
    ranges: {a_re: [-1000, 1000], a_im: [-1000, 1000], b_re: [-2000, 2000], b_im: [-2000, 2000], T1: [0.1, 3]},
    axis: "TI"
  },
  "saturation-recovery": {
    name: "9 TS to 5 s",
    protocol: {TS: [0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.2, 3, 5]},
    presets: {"5 TS to 1.5 s": {TS: [0.1, 0.3, 0.6, 1, 1.5]}},
    parameters: {S0: 1000, T1: 1.2, efficiency: 1},
    ranges: {S0: [100, 2000], T1: [0.1, 3], efficiency: [0.7, 1.3]},
    axis: "TS"
  },
  "variable-flip-angle": {
    name: "7 flip angles at TR 15 ms",
    protocol: {FA: flips, TR: same(flips, 0.015)},
    presets: {
      "2 flip angles, twice": {FA: [3, 17, 3, 17], TR: same([3, 17, 3, 17], 0.015)},
      "7 flip angles at TR 5 ms": {FA: flips, TR: same(flips, 0.005)}
    },
    parameters: {M0: 10000, T1: 1, B1: 1},
    ranges: {M0: [1000, 20000], T1: [0.1, 3], B1: [0.6, 1.4]},
    axis: "FA"
  },
  t2: {
    name: "10 TE to 200 ms",
    protocol: {TE: spinEchoes},
    presets: {"5 TE to 75 ms": {TE: [0.015, 0.03, 0.045, 0.06, 0.075]}},
    parameters: {S0: 1000, T2: 0.08},
    ranges: decayRanges,
    axis: "TE"
  },
  "t2-offset": {
    name: "12 TE to 320 ms",
    protocol: {TE: lateSpinEchoes},
    presets: {"10 TE to 200 ms": {TE: spinEchoes}},
    parameters: {S0: 1000, T2: 0.08, C: 50},
    ranges: {...decayRanges, ...offsetRange},
    axis: "TE"
  },
  t2star: {
    name: "10 TE to 40 ms",
    protocol: {TE: gradientEchoes},
    presets: {"6 TE to 14 ms": {TE: [0.002, 0.0045, 0.007, 0.0095, 0.012, 0.0145]}},
    parameters: {S0: 1000, T2star: 0.025},
    ranges: starRanges,
    axis: "TE"
  },
  "t2star-offset": {
    name: "12 TE to 80 ms",
    protocol: {TE: lateGradientEchoes},
    presets: {"10 TE to 40 ms": {TE: gradientEchoes}},
    parameters: {S0: 1000, T2star: 0.02, C: 50},
    ranges: {...starRanges, ...offsetRange},
    axis: "TE"
  },
  "two-point-t2": {
    name: "20 and 100 ms",
    protocol: {TE: [0.02, 0.1]},
    presets: {
      "20 and 100 ms, three times": {TE: [0.02, 0.1, 0.02, 0.1, 0.02, 0.1]},
      "20 and 40 ms": {TE: [0.02, 0.04]}
    },
    parameters: {S0: 1000, T2: 0.08},
    ranges: decayRanges,
    axis: "TE"
  },
  "fat-water": {
    name: "8 TE, 1.15 ms apart",
    protocol: {TE: fatEchoes},
    presets: {"6 TE, 2 ms apart": {TE: longFatEchoes}, "4 TE, 1.15 ms apart": {TE: fatEchoes.slice(0, 4)}},
    settings: {field_strength: 3, spectrum: "hamilton-2011"},
    parameters: {S0: 1000, PDFF: 0.2, R2star: 45},
    ranges: {S0: [100, 2000], PDFF: [0, 1], R2star: [10, 300]},
    axis: "TE"
  },
  "fat-water-complex": {
    name: "8 TE, 1.15 ms apart",
    protocol: complex("TE", fatEchoes),
    presets: {
      "6 TE, 2 ms apart": complex("TE", longFatEchoes),
      "3 TE, 1.15 ms apart": complex("TE", fatEchoes.slice(0, 3))
    },
    settings: {field_strength: 3, spectrum: "hamilton-2011"},
    parameters: {S0: 1000, PDFF: 0.2, R2star: 45, phase: 0.6, off_resonance: 40},
    ranges: {S0: [100, 2000], PDFF: [0, 1], R2star: [10, 300], phase: [-3, 3], off_resonance: [-200, 200]},
    axis: "TE"
  },
  mtr: {
    name: "2 with the pulse, 3 without",
    protocol: {MT: [0, 1, 0, 1, 0]},
    presets: {"One of each": {MT: [0, 1]}},
    parameters: {S0: 1000, MTR: 42},
    ranges: {S0: [100, 2000], MTR: [0, 80]},
    axis: "MT"
  },
  mtsat: {
    name: "Three weightings, twice",
    protocol: {
      MT: [0, 0, 1, 0, 0, 1],
      FA: [6, 20, 6, 6, 20, 6],
      TR: [0.025, 0.018, 0.025, 0.025, 0.018, 0.025]
    },
    presets: {"Three weightings, once": {MT: [0, 0, 1], FA: [6, 20, 6], TR: [0.025, 0.018, 0.025]}},
    parameters: {A: 10000, R1: 0.9, MTsat: 1.6, B1: 1},
    ranges: {A: [1000, 20000], R1: [0.3, 2], MTsat: [0, 4], B1: [0.6, 1.4]},
    axis: "FA"
  },
  flair: {
    name: "4 TI and 3 TE at TR 9 s",
    protocol: flair,
    presets: {"One TI, 3 TE: T1 unknown": {TE: [0.09, 0.14, 0.2], TI: [2.5, 2.5, 2.5], TR: [9, 9, 9]}},
    parameters: {M0: 1000, T1: 1.3, T2: 0.11},
    ranges: {M0: [200, 2000], T1: [0.5, 4], T2: [0.04, 0.5]},
    axis: "TI"
  },
  "flair-tse": {
    name: "4 TI and 3 TE at TR 9 s",
    protocol: {...flair, TE_last: same(flair.TE, 0.3)},
    presets: {
      "One TI, 3 TE: T1 unknown": {
        TE: [0.09, 0.14, 0.2],
        TI: [2.5, 2.5, 2.5],
        TR: [9, 9, 9],
        TE_last: [0.3, 0.3, 0.3]
      }
    },
    parameters: {M0: 1000, T1: 1.3, T2: 0.11},
    ranges: {M0: [200, 2000], T1: [0.5, 4], T2: [0.04, 0.5]},
    axis: "TI"
  }
};
