// A copy of the repository with small studies and data of its own, in which the real executable runs.
import {spawn} from "node:child_process";
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {dirname, join, relative} from "node:path";
import {fileURLToPath} from "node:url";
import {writeManifest} from "../../src/io/manifest.js";
import {writeNifti} from "../../src/io/nifti.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Sandbox {
  folder: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): void;
  /** Flips the lowest bit of one byte, counted from the end where negative. */
  flip(name: string, byte: number): void;
  remove(name: string): void;
  run(...args: string[]): Promise<Outcome>;
  close(): void;
}

/** b in s/mm2 of the small image, and the ADC (mm2/s) that its noise-free voxels decay with. */
export const b = [0, 100, 900];
export const adc = 0.001;

export function image(): Uint8Array {
  const voxels = 2 * 2 * 2;
  const data = Float32Array.from({length: b.length * voxels}, (_, i) => {
    return (400 + (i % voxels)) * Math.exp(-b[Math.floor(i / voxels)] * adc);
  });
  return writeNifti({
    shape: [2, 2, 2, b.length],
    voxelSize: [2, 2, 3],
    affine: [2, 0, 0, -1, 0, 2, 0, -2, 0, 0, 3, -3, 0, 0, 0, 1],
    data
  });
}

const files: Record<string, string | Uint8Array> = {
  "values.tsv": "subject\tvalue\tremark\n01\t10\tfirst\n02\t20\tsecond\n03\tn/a\tmissing\n04\t60\tlast\n",
  "other.tsv": "name\tvalue\nanswer\t42\n",
  "dwi/image.nii": image(),
  "dwi/image.bval": `${b.join(" ")}\n`,
  "README.md": "Small data for tests.\n"
};

const claims = [
  {id: "mean", value: 30, unit: "mm", tolerance: 0.01, source: "made up", inputs: ["values.tsv"]},
  {id: "answer", value: 42, unit: "1", tolerance: 0, source: "made up", inputs: ["other.tsv"]},
  {id: "adc", value: adc, unit: "mm2/s", tolerance: 1e-9, source: "made up", inputs: ["tiny/dwi/*"]},
  {id: "files", value: 1, unit: "1", tolerance: 0, source: "made up"},
  {id: "private", value: null, unit: "mm", tolerance: 0, source: "made up", unavailable: "the data are not public"}
];

/** Takes the ways that real studies take: tables, the database, images, and the pool. */
const studyText = `
import {fitVoxels} from "../../compute/fit.js";
import {readBval} from "../../io/gradients.js";
import {readNifti} from "../../io/nifti.js";
import {decodeText} from "../../io/text.js";
import {parseTsv} from "../../io/tsv.js";
import type {Study} from "../study-contract.js";

export const study: Study = {
  slug: "small",
  title: "A small study",
  datasets: ["tiny"],
  async run({folders: {tiny}, pool, openDatabase, onProgress}) {
    const text = async (path: string) => decodeText(await tiny.read(path), path);
    const values = parseTsv(await text("values.tsv"), "values.tsv", {required: ["value"]}).numbers("value");
    const database = await openDatabase();
    const kept = values.filter((value) => value !== null);
    await database.insert("measurements", {
      subject: kept.map((_, i) => String(i)), session: "1", region: "all", model: "none", parameter: "value",
      unit: "mm", statistic: "mean", value: kept, n: kept.map(() => 1)
    });
    const [{mean}] = await database.query("SELECT avg(value) AS mean FROM measurements");
    const image = readNifti(await tiny.read("dwi/image.nii"), "dwi/image.nii");
    const b = readBval(await text("dwi/image.bval"), "dwi/image.bval");
    const fit = await fitVoxels(
      pool,
      {model: "mono-exponential", estimator: "nlls", protocol: {b}, samples: image.values(), voxels: 8, chunk: 3},
      {onProgress: (done, total) => onProgress?.(done, total, "fitting")}
    );
    const adc = fit.parameters[1].values;
    return {
      claims: {
        mean: mean as number,
        answer: parseTsv(await text("other.tsv"), "other.tsv").number(0, "value") as number,
        adc: adc.reduce((sum, value) => sum + value, 0) / adc.length,
        files: 1
      }
    };
  }
};
`;

const brokenText = `
import type {Study} from "../study-contract.js";

export const study: Study = {
  slug: "broken",
  title: "A study with a fault",
  datasets: ["tiny"],
  run: () => Promise.reject(new TypeError("no such thing"))
};
`;

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

/** A sandbox with the study "small" on the data set "tiny"; "broken" too where that is asked for. */
export function openSandbox({broken = false} = {}): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "measurand-cli-"));
  const path = (name: string) => join(folder, name);
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path(name)), {recursive: true});
    writeFileSync(path(name), content);
  };
  for (const name of ["bin", "package.json", "tsconfig.json"]) cpSync(join(root, name), path(name), {recursive: true});
  cpSync(join(root, "src"), path("src"), {
    recursive: true,
    filter: (source) => !/^src[\\/](generated|\.observablehq|studies[\\/][^\\/]+[\\/])/.test(relative(root, source))
  });
  for (const name of ["node_modules", "src/generated"]) symlinkSync(join(root, name), path(name));
  write("src/studies/small/study.ts", studyText);
  write("src/studies/small/claims.json", JSON.stringify({claims}));
  if (broken) {
    write("src/studies/broken/study.ts", brokenText);
    write("src/studies/broken/claims.json", JSON.stringify({claims: [claims[1]]}));
  }
  for (const [name, content] of Object.entries(files)) write(`data/tiny/${name}`, content);
  const listed = Object.entries(files).filter(([name]) => name !== "README.md");
  write(
    "data/tiny/manifest.json",
    writeManifest(listed.map(([name, content]) => ({path: name, bytes: bytesOf(content)})))
  );
  return {
    folder,
    path,
    write,
    flip(name, byte) {
      const bytes = readFileSync(path(name));
      bytes[byte < 0 ? bytes.length + byte : byte] ^= 1;
      writeFileSync(path(name), bytes);
    },
    remove: (name) => rmSync(path(name), {recursive: true}),
    run: (...args) => runExecutable(path("bin/measurand.mjs"), args, folder),
    close() {
      if (existsSync(folder)) rmSync(folder, {recursive: true});
    }
  };
}

/** Runs an executable to its end; what it writes comes back as text. */
export function runExecutable(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {}
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {cwd, env: {...process.env, ...env}});
    const output = {stdout: "", stderr: ""};
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({code, ...output}));
  });
}
