// Stands in for the TypeScript compiler (3 MB) that notebook-kit imports to strip types from cells; ours are JavaScript.
export const ModuleKind = {};
export const ScriptTarget = {};

function unavailable(): never {
  throw new Error("TypeScript cells cannot be compiled in the page");
}

export {
  unavailable as createProgram,
  unavailable as createSourceFile,
  unavailable as isClassExpression,
  unavailable as isExpressionStatement,
  unavailable as isFunctionExpression,
  unavailable as isParenthesizedExpression,
  unavailable as transpile
};
