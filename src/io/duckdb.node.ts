import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import type {DuckDBBackend} from "./database.js";

type DuckDB = typeof import("@duckdb/duckdb-wasm/blocking");

/** DuckDB in this process: the very WebAssembly module that pages run. */
export async function openNodeBackend(): Promise<DuckDBBackend> {
  const require = createRequire(import.meta.url);
  const path = require.resolve("@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs");
  const duckdb = require(path) as DuckDB;
  const mainModule = join(dirname(path), "duckdb-eh.wasm");
  const bundle = {mainModule, mainWorker: ""};
  const db = await duckdb.createDuckDB({mvp: bundle, eh: bundle}, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await db.instantiate(() => {});
  db.open({path: ":memory:", maximumThreads: 1});
  const connection = db.connect();
  const id = connection.useUnsafe((_, number) => number);
  return {
    async query(sql, params) {
      if (params.length === 0) return db.runQuery(id, sql);
      const statement = db.createPrepared(id, sql);
      try {
        return db.runPrepared(id, statement, [...params]);
      } finally {
        db.closePrepared(id, statement);
      }
    },
    async insertIpc(name, stream) {
      db.insertArrowFromIPCStream(id, stream, {name, create: true});
    },
    async close() {
      connection.close();
      db.reset();
    }
  };
}
