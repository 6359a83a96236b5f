// The text editor of one cell. Colours come from the page's variables and the classes in cells.css.
import type {EditorState as State} from "../../generated/vendor/codemirror.js";

export interface Editor {
  text(): string;
  setText(text: string): void;
  focus(): void;
  /** Marks a line (from 1) as faulty and puts the cursor on it; null clears the mark. */
  markLine(line: number | null, column?: number): void;
}

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  language: "js" | "sql";
  label: string;
  /** id of the element that tells the keys. */
  describedBy: string;
  onRun: () => void;
  onChange: () => void;
}

type CodeMirror = typeof import("../../generated/vendor/codemirror.js");

/** Loads CodeMirror (once for the page) and makes an editor in `parent`. */
export async function createEditor(options: EditorOptions): Promise<Editor> {
  const codemirror = await import("../../generated/vendor/codemirror.js");
  const {EditorView} = codemirror;
  const {markedLine, setMarkedLine} = faultyLine(codemirror);
  const view = new EditorView({
    parent: options.parent,
    state: codemirror.EditorState.create({
      doc: options.text,
      extensions: [
        codemirror.keymap.of([
          {key: "Mod-Enter", run: () => (options.onRun(), true)},
          {key: "Ctrl-Enter", run: () => (options.onRun(), true)},
          codemirror.indentWithTab,
          ...codemirror.historyKeymap,
          ...codemirror.defaultKeymap
        ]),
        codemirror.history(),
        codemirror.lineNumbers(),
        codemirror.highlightSpecialChars(),
        codemirror.highlightActiveLine(),
        codemirror.drawSelection(),
        codemirror.bracketMatching(),
        codemirror.indentOnInput(),
        codemirror.indentUnit.of("  "),
        options.language === "sql" ? codemirror.sql({dialect: codemirror.PostgreSQL}) : codemirror.javascript(),
        codemirror.syntaxHighlighting(codemirror.classHighlighter),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({"aria-label": options.label, "aria-describedby": options.describedBy}),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange();
        }),
        markedLine
      ]
    })
  });
  return {
    text: () => view.state.doc.toString(),
    setText: (text) => view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: text}}),
    focus: () => view.focus(),
    markLine(line, column = 1) {
      if (line === null) return view.dispatch({effects: setMarkedLine.of(null)});
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      view.dispatch({
        effects: setMarkedLine.of(at.from),
        selection: {anchor: Math.min(at.from + column - 1, at.to)},
        scrollIntoView: true
      });
    }
  };
}

function faultyLine({StateEffect, StateField, Decoration, EditorView}: CodeMirror) {
  const setMarkedLine = StateEffect.define<number | null>();
  const mark = Decoration.line({class: "cell-faulty-line"});
  const markedLine = StateField.define({
    create: (_state: State) => Decoration.none,
    update(marks, transaction) {
      for (const effect of transaction.effects) {
        if (!effect.is(setMarkedLine)) continue;
        return effect.value === null ? Decoration.none : Decoration.set([mark.range(effect.value)]);
      }
      return transaction.docChanged ? Decoration.none : marks;
    },
    provide: (field) => EditorView.decorations.from(field)
  });
  return {markedLine, setMarkedLine};
}
