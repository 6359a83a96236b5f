// How an edited cell becomes a function; `typescript`, which only TypeScript cells need, is a stub (vendor/stubs/).
export {parseJavaScript, transpile, transpileTemplate} from "@observablehq/notebook-kit";
