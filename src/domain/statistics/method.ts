import type {Interval} from "./estimate.js";

/**
 * What a method reads from a table: text cells, null where missing. The header is row 1 in messages, so `rows[0]` is
 * row 2 of the file.
 */
export interface Table {
  file: string;
  columns: readonly string[];
  rows: readonly (readonly (string | null)[])[];
}

/** A column that a method asks for, under the same name in every method, in the command line and in the workbench. */
export type ColumnRole =
  | "subject" | "value" | "repeat" | "method" | "x" | "y" | "factors" | "response" | "block" | "outcome";

/** One role that a method reads. */
export interface ColumnNeed {
  role: ColumnRole;
  required: boolean;
  /** Several columns may be named: repeats side by side, factors. */
  many?: boolean;
  description: string;
}

/** One option of a method that is not a column; the command line writes it as --id VALUE. */
export interface OptionNeed {
  id: string;
  kind: "number" | "text" | "choice";
  choices?: readonly string[];
  default?: number | string;
  description: string;
}

/** A named way to compute the method, with its own source. */
export interface Variant {
  id: string;
  name: string;
  citation: string;
}

/** What a method was asked: columns by role, options by id. */
export interface MethodRequest {
  table: Table;
  columns: Partial<Record<ColumnRole, readonly string[]>>;
  variant?: string;
  /** Level of the confidence intervals; default 0.95. */
  level?: number;
  options?: Readonly<Record<string, number | string>>;
  /** Bootstrap distribution of the task that `resampling` named, where the method has one. */
  draws?: ResampledStatistics;
}

/** An estimate in a report. Without an interval both ends are null, and `note` says why. */
export interface ReportedEstimate {
  name: string;
  value: number;
  lower: number | null;
  upper: number | null;
  level: number | null;
  /** Unit relative to the column's own: "", "%" or that of the values. */
  unit?: string;
  note?: string;
}

/** A supposition of the method, tested. A failed check is a result, not an error. */
export interface Check {
  id: string;
  name: string;
  statistic: number | null;
  p: number | null;
  passed: boolean | null;
  /** What to do if it fails, and where the check itself misleads. */
  advice: string;
}

/** What a method answers; the command line prints it as JSON. */
export interface MethodReport {
  method: string;
  variant: string | null;
  /** Units of analysis used (subjects, pairs, ...). */
  n: number;
  /** Rows left out, each counted and named; never silently. */
  dropped: readonly {row: number; column: string; reason: string}[];
  estimates: readonly ReportedEstimate[];
  checks: readonly Check[];
  warnings: readonly string[];
  citations: readonly string[];
}

/** A resampling that the core runs for a method: subjects (rows of `data`) drawn with replacement. */
export interface ResamplingTask {
  /** Id of the statistic in the core. */
  statistic: string;
  /** Row-major, one row per subject. */
  data: Float64Array;
  width: number;
  /** Settings of the statistic, such as a multiplier. */
  settings: Readonly<Record<string, number>>;
  resamples: number;
  seed: number;
}

/** BCa intervals of every component of a statistic. */
export interface ResampledStatistics {
  names: readonly string[];
  values: readonly number[];
  intervals: readonly Interval[];
  resamples: number;
  seed: number;
}

/** A method of this folder as command line and workbench see it. */
export interface Method {
  id: string;
  name: string;
  summary: string;
  /** The first one is the default. */
  variants: readonly Variant[];
  columns: readonly ColumnNeed[];
  options: readonly OptionNeed[];
  citations: readonly string[];
  /** The resampling that `run` wants as `draws` for this request, or null. */
  resampling?(request: MethodRequest): ResamplingTask | null;
  /** @throws InputError naming file, row, column, value and expectation */
  run(request: MethodRequest): MethodReport;
}
