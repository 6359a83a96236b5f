// Real worker threads that die.
import assert from "node:assert/strict";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, test} from "node:test";
import {pathToFileURL} from "node:url";
import {InputError} from "../../src/domain/errors.js";
import {fitVoxels} from "../../src/compute/fit.js";
import {createPool} from "../../src/compute/pool.js";
import {loadModule, spawn} from "../../src/compute/spawn.node.js";
import {WorkerError} from "../../src/compute/worker-error.js";

const folder = mkdtempSync(join(tmpdir(), "measurand-worker-"));
after(() => rmSync(folder, {recursive: true}));

/** The real worker, which meets its end when a request carries the marker. */
function mortal(name: string, end: string): URL {
  const file = join(folder, `${name}.mjs`);
  const real = new URL("../../src/compute/fit.worker.node.ts", import.meta.url).href;
  writeFileSync(
    file,
    `await import(${JSON.stringify(real)});
    const answer = globalThis.onmessage;
    globalThis.onmessage = (event) => {
      const {type, request} = event.data;
      if (type === "task" && request?.samples?.[0] === 666) { ${end} }
      answer(event);
    };`
  );
  return pathToFileURL(file);
}

const b = [0, 100, 900];
const voxels = 12;
const samples = Float32Array.from(
  {length: b.length * voxels},
  (_, i) => 500 * Math.exp(-b[Math.floor(i / voxels)] * 0.001)
);
const task = {model: "mono-exponential", estimator: "ols", protocol: {b}, samples, voxels, chunk: 4};
// The first sample of chunk 1.
const marked = Object.assign(samples.slice(), {4: 666});

for (const [name, end, reason] of [
  ["throws", 'throw new Error("gone");', /gone/],
  ["exits", "process.exit(3);", /code 3/],
  ["runs out of memory", "const hold = []; for (;;) hold.push(new Array(1e6).fill(hold.length + 0.5));", /memory/]
] as const) {
  test(`a worker that ${name} is replaced, its chunk repeated once, then reported`, {timeout: 60_000}, async () => {
    const entry = mortal(name.replaceAll(" ", "-"), end);
    let spawned = 0;
    const pool = createPool({
      size: 2,
      spawn: () => (spawned++, spawn(entry, {maxOldGenerationSizeMb: 64})),
      module: await loadModule()
    });
    try {
      await assert.rejects(fitVoxels(pool, {...task, samples: marked}), (error) => {
        assert.ok(error instanceof WorkerError, String(error));
        assert.deepEqual([error.code, error.kind, error.chunk, error.attempts], ["worker-died", "fit", 1, 2]);
        assert.match(error.reason, reason);
        return true;
      });
      const fit = await fitVoxels(pool, task);
      assert.equal(fit.counts.converged, voxels, "the pool still works");
      assert.ok(spawned >= 3 && spawned <= 4, `${spawned} workers were started`);
    } finally {
      pool.close();
    }
  });
}

test("a worker that dies once costs nothing but a repeat", async () => {
  const entry = mortal("once", 'throw new Error("gone");');
  let spawned = 0;
  // Only the first worker is mortal.
  const start = () => (spawned++ === 0 ? spawn(entry) : spawn());
  const pool = createPool({size: 1, spawn: start, module: await loadModule()});
  try {
    const fit = await fitVoxels(pool, {...task, samples: marked});
    assert.equal(spawned, 2);
    assert.equal(fit.status.length, voxels);
    assert.ok(Math.abs(fit.parameters[1].values[0] - 0.001) < 1e-6);
  } finally {
    pool.close();
  }
});

test("a worker whose script does not load is reported, with what went wrong", async () => {
  const pool = createPool({
    size: 1,
    spawn: () => spawn(pathToFileURL(join(folder, "nowhere.mjs"))),
    module: await loadModule()
  });
  try {
    await assert.rejects(
      fitVoxels(pool, task),
      (error) => error instanceof WorkerError && /nowhere/.test(error.reason)
    );
  } finally {
    pool.close();
  }
});

test("a module that is not the core is reported, not waited for", async () => {
  const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  const pool = createPool({size: 1, spawn, module});
  try {
    await assert.rejects(
      fitVoxels(pool, task),
      (error) => error instanceof WorkerError && error.code === "worker-died"
    );
  } finally {
    pool.close();
  }
});

test("a fault of the core arrives as an InputError with its fields", async () => {
  const pool = createPool({size: 1, spawn, module: await loadModule()});
  try {
    await assert.rejects(fitVoxels(pool, {...task, estimator: "guess"}), (error) => {
      assert.ok(error instanceof InputError);
      assert.deepEqual([error.code, error.field, error.value], ["unknown-estimator", "estimator", "guess"]);
      return true;
    });
  } finally {
    pool.close();
  }
});
