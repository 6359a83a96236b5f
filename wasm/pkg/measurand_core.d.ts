/* tslint:disable */
/* eslint-disable */

/**
 * Results of one fit. Each `take_` hands its array over and leaves an empty one behind.
 */
export class FitOutput {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Parameters on their bounds: bit j on the lower one, bit 16 + j on the upper one.
     */
    take_active(): Uint32Array;
    /**
     * Condition number of J'J scaled to unit diagonal; 0 for closed forms.
     */
    take_condition(): Float64Array | Float32Array;
    /**
     * Correlations `[pair * voxels + v]`, pairs (1, 0), (2, 0), (2, 1), ...; empty when they were not asked for.
     */
    take_correlation(): Float64Array | Float32Array;
    /**
     * Largest cosine between residual and a free column of the Jacobian, one for each voxel.
     */
    take_gradient(): Float64Array | Float32Array;
    /**
     * Iterations, one number for each voxel.
     */
    take_iterations(): Uint32Array;
    /**
     * `[p * voxels + v]`, parameters in the registry's order; NaN where the status says that there is no estimate.
     */
    take_parameters(): Float64Array | Float32Array;
    /**
     * The sum of squares that the estimator minimises, one for each voxel.
     */
    take_residual(): Float64Array | Float32Array;
    /**
     * Standard deviations, laid out as the parameters; infinite where the data give none (n = p, or on a bound).
     */
    take_standard_deviations(): Float64Array | Float32Array;
    /**
     * Status codes, one for each voxel.
     */
    take_status(): Uint8Array;
}

/**
 * A brain with lesions, and FLAIR images of it.
 */
export class FlairPhantom {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * JSON: the specification, tissues with relaxation times and volumes, number of lesions, signal equation.
     */
    describe(): string;
    /**
     * The magnitude image. Request: JSON {TE, TI, TR (s), noise: {kind, sigma, seed}}.
     */
    image(request: string): Float32Array;
    /**
     * 1 where a voxel is lesion.
     */
    lesions(): Uint8Array;
    /**
     * Image, segmentations and scores as `flair_point` gives them, for the phantom that is there already.
     */
    point(request: string): string;
    /**
     * Sizes along x, y and z.
     */
    shape(): Uint32Array;
    /**
     * Tissue of each voxel, 0 outside the brain.
     */
    tissues(): Uint8Array;
}

/**
 * A simulated test-retest cohort.
 */
export class SimulatedCohort {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Tissue of each voxel of a scan; subjects and sessions count from 0.
     */
    labels(subject: number, session: number): Uint8Array;
    /**
     * JSON: repeatability of the noise-free metrics in the population, from so many subjects.
     */
    population(subjects: number): string;
    /**
     * Noisy images of a scan at one of the echo times, `[i * voxels + v]` along the list of b.
     */
    samples(subject: number, session: number, te: number): Float64Array;
    /**
     * Standard deviation of the noise of each channel.
     */
    sigma(): number;
    /**
     * JSON: parameters and noise-free metrics of each subject, session and tissue, and their repeatability.
     */
    truth(): string;
}

/**
 * Cramér-Rao bounds as JSON. Request: JSON {situation: {model, settings?, parameters, fix?, noise: {kind: "gaussian" |
 * "rician" | "noncentral-chi", sigma, coils?}}, protocol}.
 */
export function cramer_rao(request: string): string;

/**
 * Fits many voxels in single precision: `samples[s * voxels + v]`. The log-linear estimators compute in single
 * precision (about six digits); nlls computes in double and rounds its results.
 *
 * Request: JSON {model, estimator, protocol: {column: [...]}, bounds?: {parameter: [lower, upper]}}.
 */
export function fit_f32(request: string, samples: Float32Array | number[], voxels: number): FitOutput;

/**
 * Fits many voxels in double precision; otherwise as `fit_f32`.
 */
export function fit_f64(request: string, samples: Float64Array | number[], voxels: number): FitOutput;

/**
 * Builds a phantom. Request: JSON {seed?, shape?, voxel_size?, lesions?, ...}, each with a default.
 */
export function flair_phantom(spec: string): FlairPhantom;

/**
 * Simulates, segments and scores one pair of times. Request: JSON {phantom, TE, TI, TR (s), noise, methods?}.
 */
export function flair_point(request: string): string;

/**
 * Lesion-wise and voxel-wise agreement of two volumes as JSON.
 */
export function lesion_overlap(truth: Uint8Array | number[], predicted: Uint8Array | number[], shape: Uint32Array | number[], connectivity: number): string;

/**
 * The registry as JSON: statuses and models with parameters, units, bounds (null: unbounded), equation (TeX),
 * citation, protocol columns and estimators.
 */
export function models(): string;

/**
 * A protocol with smaller Cramér-Rao bounds as JSON. Request: JSON {situation, protocol, candidates?: {column: [...]},
 * acquisitions?, minimise: {parameter: weight}}.
 */
export function optimise_protocol(request: string): string;

/**
 * The profile-likelihood interval of one parameter from one voxel's samples, as JSON. Request: JSON {fit: as for
 * fit_f64, parameter, level?, sigma?}.
 */
export function profile_interval(request: string, samples: Float64Array | number[]): string;

/**
 * BCa bootstrap intervals of a statistic of rows, `data[row * width + column]`, rows drawn with replacement. JSON
 * {names, values, intervals: [{lower, upper, level, biasCorrection, acceleration, extreme}], resamples, seed,
 * degenerate}.
 *
 * Request: JSON {statistic, width, settings?, resamples, seed, level?}.
 */
export function resample(request: string, data: Float64Array | number[]): string;

/**
 * What `resample` gives, from the values of all units in order.
 */
export function resample_intervals(request: string, values: Float64Array | number[]): string;

/**
 * A part of the same work: the statistic's components in so many units from the first one given, NaN where it has no
 * value. Unit 0 has all n rows, units 1 to n leave one row out, and the resamples follow.
 */
export function resample_units(request: string, data: Float64Array | number[], first: number, count: number): Float64Array;

/**
 * Lesions inside a mask: 1 where one is found. Request: JSON {method, ...settings}.
 */
export function segment(request: string, image: Float32Array | number[], mask: Uint8Array | number[], shape: Uint32Array | number[]): Uint8Array;

/**
 * Signals of a model, `[s * voxels + v]`, for `parameters[p * voxels + v]`, with or without noise.
 *
 * Request: JSON {model, protocol, noise?: {kind: "none" | "gaussian" | "rician" |
 * "noncentral-chi", sigma, seed, coils?}}.
 */
export function simulate(request: string, parameters: Float64Array | number[], voxels: number): Float64Array;

/**
 * Checks the specification of a cohort (JSON) and readies it to be drawn.
 */
export function simulate_cohort(spec: string): SimulatedCohort;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_fitoutput_free: (a: number, b: number) => void;
    readonly __wbg_flairphantom_free: (a: number, b: number) => void;
    readonly __wbg_simulatedcohort_free: (a: number, b: number) => void;
    readonly cramer_rao: (a: number, b: number) => [number, number, number, number];
    readonly fit_f32: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly fit_f64: (a: number, b: number, c: number, d: number, e: number) => [number, number, number];
    readonly fitoutput_take_active: (a: number) => [number, number];
    readonly fitoutput_take_condition: (a: number) => any;
    readonly fitoutput_take_correlation: (a: number) => any;
    readonly fitoutput_take_gradient: (a: number) => any;
    readonly fitoutput_take_iterations: (a: number) => [number, number];
    readonly fitoutput_take_parameters: (a: number) => any;
    readonly fitoutput_take_residual: (a: number) => any;
    readonly fitoutput_take_standard_deviations: (a: number) => any;
    readonly fitoutput_take_status: (a: number) => [number, number];
    readonly flair_phantom: (a: number, b: number) => [number, number, number];
    readonly flair_point: (a: number, b: number) => [number, number, number, number];
    readonly flairphantom_describe: (a: number) => [number, number];
    readonly flairphantom_image: (a: number, b: number, c: number) => [number, number, number, number];
    readonly flairphantom_lesions: (a: number) => [number, number];
    readonly flairphantom_point: (a: number, b: number, c: number) => [number, number, number, number];
    readonly flairphantom_shape: (a: number) => [number, number];
    readonly flairphantom_tissues: (a: number) => [number, number];
    readonly lesion_overlap: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => [number, number, number, number];
    readonly models: () => [number, number];
    readonly optimise_protocol: (a: number, b: number) => [number, number, number, number];
    readonly profile_interval: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly resample: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly resample_intervals: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly resample_units: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number, number];
    readonly segment: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number, number];
    readonly simulate: (a: number, b: number, c: number, d: number, e: number) => [number, number, number, number];
    readonly simulate_cohort: (a: number, b: number) => [number, number, number];
    readonly simulatedcohort_labels: (a: number, b: number, c: number) => [number, number, number, number];
    readonly simulatedcohort_population: (a: number, b: number) => [number, number, number, number];
    readonly simulatedcohort_samples: (a: number, b: number, c: number, d: number) => [number, number, number, number];
    readonly simulatedcohort_sigma: (a: number) => number;
    readonly simulatedcohort_truth: (a: number) => [number, number, number, number];
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
