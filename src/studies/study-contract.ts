import type {Pool} from "../compute/pool.js";
import type {Database} from "../io/database.js";
import type {Folder} from "../io/folder.js";

/** What a study is run with: on its page by the browser's means, in the command line by Node's. */
export interface StudyContext {
  /** The data sets that the study named, each rooted at `data/<dataset>`. */
  folders: Record<string, Folder>;
  /** A folder that holds the files which the study leaves to its reader; undefined where the reader gave none. */
  supplied?: Folder;
  /** Workers; the caller closes them. */
  pool: Pool;
  /** Opens a database when the study wants one; the caller closes it. */
  openDatabase: () => Promise<Database>;
  /** Stops the run, which then rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** How far the run is, in a unit of the study's own choice, and what it is doing. */
  onProgress?: (done: number, total: number, message: string) => void;
}

/** A file that is not the project's to hand out. */
export interface SuppliedFile {
  /** Its name, and the end of its path in the folder that a reader names. */
  path: string;
  /** SHA-256 of the file that the claims were published from. Another file is told, and its claims speak for themselves. */
  sha256: string;
}

/** What a study found. */
export interface StudyResult {
  /** Recomputed value of each claim by its id, in the claim's unit; one that is null or undefined fails its claim. */
  claims: Record<string, number | null | undefined>;
}

/**
 * A study: `src/studies/<slug>/study.ts` exports one as `study`, beside the `claims.json` with its published numbers.
 */
export interface Study<Result extends StudyResult = StudyResult> {
  /** The name of its folder. */
  slug: string;
  title: string;
  /** The data sets it reads, by the name of their folder in `data/`. */
  datasets: string[];
  /** Files that a reader gives, because the project does not hold them; a claim whose `inputs` name one waits for it. */
  supplied?: SuppliedFile[];
  /** Inputs to results, with no clock, no network and no chance. */
  run(context: StudyContext): Promise<Result>;
}
