// The parts of CodeMirror 6 that the cell editor uses; what is not named here is not shipped.
export {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands";
export {javascript} from "@codemirror/lang-javascript";
export {PostgreSQL, sql} from "@codemirror/lang-sql";
export {bracketMatching, indentOnInput, indentUnit, syntaxHighlighting} from "@codemirror/language";
export {EditorState, StateEffect, StateField} from "@codemirror/state";
export {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers
} from "@codemirror/view";
export {classHighlighter} from "@lezer/highlight";
