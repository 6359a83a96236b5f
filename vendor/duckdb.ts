export {AsyncDuckDB, AsyncDuckDBConnection, VoidLogger} from "@duckdb/duckdb-wasm";
