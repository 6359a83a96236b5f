import {AsyncDuckDB, VoidLogger} from "../generated/vendor/duckdb.js";
import type {DuckDBBackend} from "./database.js";

/**
 * DuckDB in a worker of its own.
 * @param worker address of duckdb-browser-eh.worker.js
 * @param wasm address of duckdb-eh.wasm
 */
export async function openBrowserBackend({worker, wasm}: {worker: string; wasm: string}): Promise<DuckDBBackend> {
  const thread = new Worker(worker);
  const db = new AsyncDuckDB(new VoidLogger(), thread);
  // A worker that is not there answers no message, and would be waited for for ever.
  const broken = new Promise<never>((_, reject) => {
    const fail = (event: ErrorEvent): void => reject(new Error(`DuckDB's worker failed: ${event.message || worker}`));
    thread.addEventListener("error", fail, {once: true});
  });
  broken.catch(() => {});
  try {
    // The worker would take a relative address as relative to itself.
    await Promise.race([db.instantiate(new URL(wasm, document.baseURI).href, null), broken]);
    await db.open({path: ":memory:", maximumThreads: 1});
  } catch (error) {
    thread.terminate();
    throw error;
  }
  const connection = await db.connectInternal();
  return {
    async query(sql, params) {
      if (params.length === 0) return db.runQuery(connection, sql);
      const statement = await db.createPrepared(connection, sql);
      try {
        return await db.runPrepared(connection, statement, [...params]);
      } finally {
        await db.closePrepared(connection, statement);
      }
    },
    insertIpc: (name, stream) => db.insertArrowFromIPCStream(connection, stream, {name, create: true}),
    async close() {
      await db.disconnect(connection);
      await db.terminate();
    }
  };
}
