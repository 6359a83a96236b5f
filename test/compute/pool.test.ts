import assert from "node:assert/strict";
import {test} from "node:test";
import fc from "fast-check";
import {InputError} from "../../src/domain/errors.js";
import type {FromWorker, Request, Response, ToWorker} from "../../src/compute/messages.js";
import {createPool} from "../../src/compute/pool.js";
import type {Chunk, WorkerPort} from "../../src/compute/pool.js";
import {WorkerError} from "../../src/compute/worker-error.js";

// The smallest module there is: magic and version.
const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));

type Task = Extract<ToWorker, {type: "task"}>;
interface Fake extends WorkerPort {
  log: string[];
  terminated: boolean;
}

/** A worker that answers as told: a reply to send, or a way to die. */
function fakes(answer: (task: Task, port: Fake, nth: number) => void): {spawn: () => Fake; ports: Fake[]} {
  const ports: Fake[] = [];
  const spawn = () => {
    const nth = ports.length;
    const port: Fake = {
      log: [],
      terminated: false,
      onmessage: null,
      onerror: null,
      postMessage(message) {
        assert.equal(port.terminated, false, "nothing is posted to a terminated worker");
        port.log.push(message.type);
        if (message.type === "task") answer(message, port, nth);
      },
      terminate() {
        port.terminated = true;
      }
    };
    ports.push(port);
    return port;
  };
  return {spawn, ports};
}

const reply = (port: WorkerPort, data: FromWorker) => port.onmessage?.({data});
// The pool looks into neither requests nor responses: plain texts stand for both.
const answer = (text: string) => text as unknown as Response<"flair-point">;
const asked = (task: Task) => task.request as unknown as string;
const ask = (text: string) => text as unknown as Request<"flair-point">;
const echo = (task: Task): FromWorker => ({type: "done", id: task.id, response: answer(`${asked(task)}!`)});
const texts = (count: number): Chunk<"flair-point">[] =>
  Array.from({length: count}, (_, i) => ({weight: i + 1, make: () => ({request: ask(`${i}`)})}));
const expected = (count: number) => Array.from({length: count}, (_, i) => `${i}!`);

/** Workers that hold the tasks they get, and answer only those that come once they were let go. */
function holding(): ReturnType<typeof fakes> & {held: [Task, Fake][]; letGo: () => void} {
  const held: [Task, Fake][] = [];
  let on = true;
  const workers = fakes((task, port) => {
    if (on) held.push([task, port]);
    else setImmediate(() => reply(port, echo(task)));
  });
  return {...workers, held, letGo: () => void (on = false)};
}

test("responses stand in the order of the chunks, however the answers arrive", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({min: 1, max: 9}),
      fc.integer({min: 0, max: 25}),
      fc.scheduler(),
      async (size, count, scheduler) => {
        const {spawn, ports} = fakes((task, port) => {
          void scheduler.schedule(Promise.resolve(), asked(task)).then(() => reply(port, echo(task)));
        });
        const pool = createPool({size, spawn, module});
        const running = pool.run("flair-point", texts(count));
        await scheduler.waitFor(running);
        assert.deepEqual(await running, expected(count));
        assert.ok(ports.length <= Math.min(size, count));
        for (const port of ports)
          assert.deepEqual(port.log.slice(0, 2), ["core", "task"], "the core comes first, once");
        for (const port of ports) assert.equal(port.log.filter((type) => type === "core").length, 1);
        pool.close();
      }
    ),
    {seed: 1, numRuns: 100}
  );
});

test("progress grows strictly and ends at the total", async () => {
  const {spawn} = fakes((task, port) => setImmediate(() => reply(port, echo(task))));
  const pool = createPool({size: 3, spawn, module});
  const seen: [number, number][] = [];
  await pool.run("flair-point", texts(10), {onProgress: (done, total) => seen.push([done, total])});
  assert.equal(seen.length, 10);
  assert.deepEqual(seen.at(-1), [55, 55]);
  for (let i = 1; i < seen.length; i++) assert.ok(seen[i][0] > seen[i - 1][0] && seen[i][1] === 55);
});

test("a task may tell its share: the weight done only grows, also where a chunk begins anew", async () => {
  let lost = false;
  const {spawn} = fakes((task, port, nth) => setImmediate(() => {
    reply(port, {type: "progress", id: task.id, share: 0.5});
    if (!lost) {
      lost = true;
      return reply(port, {type: "lost", reason: "test"});
    }
    reply(port, {type: "progress", id: task.id, share: 0.25});
    reply(port, {type: "progress", id: task.id + 1000, share: 0.9});
    assert.ok(nth < 3);
    reply(port, echo(task));
  }));
  const pool = createPool({size: 1, spawn, module});
  const seen: number[] = [];
  assert.deepEqual(await pool.run("flair-point", texts(2), {onProgress: (done) => seen.push(done)}), expected(2));
  assert.deepEqual(seen, [0.5, 0.5, 0.5, 1, 2, 2, 3]);
});

test("an abort rejects at once, drops the queue and keeps the workers", async () => {
  const {spawn, ports, held, letGo} = holding();
  const pool = createPool({size: 2, spawn, module});
  const controller = new AbortController();
  const seen: number[] = [];
  const running = pool.run("flair-point", texts(20), {
    signal: controller.signal,
    onProgress: (done) => seen.push(done)
  });
  controller.abort();
  await assert.rejects(running, (error: Error) => error instanceof DOMException && error.name === "AbortError");
  assert.equal(held.length, 2, "only what ran already was sent");

  letGo();
  const next = pool.run("flair-point", texts(5));
  for (const [task, port] of held) reply(port, echo(task));
  assert.deepEqual(await next, expected(5));
  assert.equal(ports.length, 2);
  assert.deepEqual(seen, [], "a stopped run reports nothing more");
  assert.deepEqual(
    ports.map(({terminated}) => terminated),
    [false, false]
  );
});

test("an abort that interrupts ends the workers of its own run, and others take their places", async () => {
  const {spawn, ports, held, letGo} = holding();
  const pool = createPool({size: 2, spawn, module});
  const controller = new AbortController();
  const long = pool.run("flair-point", texts(1), {signal: controller.signal, interrupt: true});
  const other = pool.run("flair-point", texts(3));
  letGo();
  controller.abort();
  await assert.rejects(long, {name: "AbortError"});
  assert.deepEqual(ports.map(({terminated}) => terminated), [true, false, false]);
  const [task, port] = held[1];
  reply(port, echo(task));
  assert.deepEqual(await other, expected(3));
  assert.equal(ports.length, 3);
});

test("a signal that was aborted before starts nothing", async () => {
  const {spawn, ports} = fakes(() => assert.fail("no task may be sent"));
  const pool = createPool({size: 2, spawn, module});
  await assert.rejects(pool.run("flair-point", texts(3), {signal: AbortSignal.abort()}), {name: "AbortError"});
  assert.equal(ports.length, 0);
});

test("a worker that dies is replaced and its chunk made and sent again", async () => {
  const made = new Array<number>(6).fill(0);
  const chunks: Chunk<"flair-point">[] = made.map((_, i) => ({make: () => (made[i]++, {request: ask(`${i}`)})}));
  let deaths = 0;
  const {spawn, ports} = fakes((task, port) =>
    setImmediate(() => {
      if (asked(task) === "3" && deaths++ === 0) port.onerror?.({message: "out of memory"});
      else reply(port, echo(task));
    })
  );
  const pool = createPool({size: 2, spawn, module});
  assert.deepEqual(await pool.run("flair-point", chunks), expected(6));
  assert.deepEqual(made, [1, 1, 1, 2, 1, 1]);
  assert.equal(ports.length, 3);
  assert.equal(ports.filter(({terminated}) => terminated).length, 1);
});

test("a chunk that kills two workers is reported with its index, and the pool still works", async () => {
  const {spawn, ports} = fakes((task, port) =>
    setImmediate(() => {
      if (asked(task) === "2") port.onerror?.({message: "out of memory"});
      else reply(port, echo(task));
    })
  );
  const pool = createPool({size: 2, spawn, module});
  await assert.rejects(pool.run("flair-point", texts(5)), (error: WorkerError) => {
    assert.ok(error instanceof WorkerError);
    const {code, kind, chunk, attempts, reason} = error;
    assert.deepEqual(
      {code, kind, chunk, attempts, reason},
      {
        code: "worker-died",
        kind: "flair-point",
        chunk: 2,
        attempts: 2,
        reason: "out of memory"
      }
    );
    assert.match(error.message, /chunk 2 of task "flair-point".*out of memory/);
    return true;
  });
  assert.deepEqual(await pool.run("flair-point", texts(2)), expected(2));
  assert.ok(ports.filter(({terminated}) => !terminated).length <= 2);
});

test("a core that traps counts as a dead worker", async () => {
  let traps = 0;
  const {spawn, ports} = fakes((task, port) =>
    setImmediate(() => reply(port, traps++ === 0 ? {type: "lost", reason: "unreachable"} : echo(task)))
  );
  const pool = createPool({size: 1, spawn, module});
  assert.deepEqual(await pool.run("flair-point", texts(2)), expected(2));
  assert.deepEqual(
    ports.map(({terminated}) => terminated),
    [true, false]
  );
});

test("workers that cannot be started are reported after the second attempt", async () => {
  let calls = 0;
  const spawn = (): WorkerPort => {
    calls++;
    throw new Error("no threads left");
  };
  const pool = createPool({size: 4, spawn, module});
  await assert.rejects(pool.run("flair-point", texts(3)), {
    name: "WorkerError",
    code: "worker-died",
    chunk: 0,
    attempts: 2
  });
  assert.ok(calls >= 2 && calls <= 6);
});

test("the error of the lowest chunk is told, whichever failed first", async () => {
  const fault = (i: string) => ({code: "bad", field: `f${i}`, value: 1, expected: "2"});
  for (const order of [
    ["1", "4"],
    ["4", "1"]
  ]) {
    const waiting = new Map<string, () => void>();
    const {spawn} = fakes((task, port) => {
      const name = asked(task);
      if (order.includes(name)) waiting.set(name, () => reply(port, {type: "fault", id: task.id, fault: fault(name)}));
      else setImmediate(() => reply(port, echo(task)));
    });
    const pool = createPool({size: 8, spawn, module});
    const running = pool.run("flair-point", texts(6));
    running.catch(() => {});
    for (const name of order) {
      await new Promise(setImmediate);
      waiting.get(name)!();
    }
    await assert.rejects(running, (error) => error instanceof InputError && error.field === "f1");
  }
});

test("a fault crosses the boundary as an InputError, another failure as a WorkerError", async () => {
  const fault = {code: "unknown-model", file: "a.nii", field: "model", value: "none", expected: "a model"};
  const {spawn} = fakes((task, port) =>
    setImmediate(() =>
      reply(
        port,
        asked(task) === "0" ? {type: "fault", id: task.id, fault} : {type: "failed", id: task.id, reason: "why"}
      )
    )
  );
  const pool = createPool({size: 1, spawn, module});
  await assert.rejects(
    pool.run("flair-point", texts(1)),
    (error) => error instanceof InputError && error.file === "a.nii"
  );
  await assert.rejects(pool.run("flair-point", texts(2).slice(1)), {
    name: "WorkerError",
    code: "task-failed",
    reason: "why"
  });
});

test("a request that cannot be made fails its run alone", async () => {
  const {spawn} = fakes((task, port) => setImmediate(() => reply(port, echo(task))));
  const pool = createPool({size: 1, spawn, module});
  const broken: Chunk<"flair-point"> = {
    make() {
      throw new RangeError("too large");
    }
  };
  await assert.rejects(pool.run("flair-point", [...texts(1), broken]), {name: "RangeError"});
  assert.deepEqual(await pool.run("flair-point", texts(2)), expected(2));
});

test("an error thrown by the progress callback rejects the run and not the pool", async () => {
  const {spawn} = fakes((task, port) => setImmediate(() => reply(port, echo(task))));
  const pool = createPool({size: 2, spawn, module});
  const onProgress = () => {
    throw new Error("in the callback");
  };
  await assert.rejects(pool.run("flair-point", texts(4), {onProgress}), /in the callback/);
  assert.deepEqual(await pool.run("flair-point", texts(2)), expected(2));
});

test("runs share the workers, and no chunks is no work", async () => {
  const {spawn, ports} = fakes((task, port) => setImmediate(() => reply(port, echo(task))));
  const pool = createPool({size: 2, spawn, module});
  const answers = await Promise.all([
    pool.run("flair-point", texts(7)),
    pool.run("flair-point", []),
    pool.run("flair-point", texts(3))
  ]);
  assert.deepEqual(answers, [expected(7), [], expected(3)]);
  assert.equal(ports.length, 2);
});

test("closing stops the workers and rejects what runs and what comes", async () => {
  const {spawn, ports} = fakes(() => {});
  const pool = createPool({size: 2, spawn, module});
  const running = pool.run("flair-point", texts(3));
  pool.close();
  await assert.rejects(running, {name: "WorkerError", code: "pool-closed"});
  await assert.rejects(pool.run("flair-point", texts(1)), {name: "WorkerError", code: "pool-closed"});
  assert.deepEqual(
    ports.map(({terminated}) => terminated),
    [true, true]
  );
});

test("the size is a positive integer", () => {
  const {spawn} = fakes(() => {});
  for (const size of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => createPool({size, spawn, module}),
      (error) => error instanceof InputError && error.field === "size"
    );
  }
});
