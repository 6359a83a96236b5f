// Other packages on the voxels of the bench: a Python that stays open, so that its fits come between those of the core.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {root} from "../scripts/paths.js";

const packages = ["scipy", "dipy"] as const;
export type PythonPackage = (typeof packages)[number];

export interface PythonFits {
  /** Versions of the packages that it has. */
  readonly versions: Readonly<Partial<Record<PythonPackage, string>>>;
  /** One fit of its voxels. */
  fit(name: PythonPackage): Promise<void>;
  close(): void;
}

/**
 * The packages with the samples that lie in a folder, of which each fits so many voxels; null where there is no Python.
 */
export async function pythonFits(
  folder: string,
  voxels: Readonly<Record<PythonPackage, number>>
): Promise<PythonFits | null> {
  const counts = packages.map((name) => String(voxels[name]));
  const child = spawn("python3", [join(root, "bench", "python", "fit.py"), folder, ...counts], {
    stdio: ["pipe", "pipe", "inherit"]
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const answer = async () => {
    const {value, done} = await lines.next();
    if (done) throw new Error("bench/python/fit.py ended without an answer");
    return JSON.parse(value);
  };
  return {
    versions: await answer(),
    async fit(name) {
      child.stdin.write(`${name}\n`);
      await answer();
    },
    close: () => child.stdin.end()
  };
}
