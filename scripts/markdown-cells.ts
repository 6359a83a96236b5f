// A page's HTML holds what its cells became, not what their author wrote. This markdown-it hook keeps the source of
// each JavaScript and SQL cell beside it, in an attribute (search and readers without scripts never see it).
import type MarkdownIt from "markdown-it";

/** What Framework's fence renderer notes of each executable cell. */
interface PageCode {
  id: string;
  node: {declarations: {name: string}[] | null; references: {name: string}[]};
}

interface PageContext {
  path?: string;
  code?: PageCode[];
}

/**
 * Wraps each executable `js` or `sql` fence in `<div class="cell" data-cell="<id>" data-cell-mode="js|sql"
 * data-cell-page="<page path>" data-cell-source="...">`; an SQL cell also gets `data-cell-name` (the variable that
 * holds its rows, where it has one) and `data-cell-display` (where the rows are shown). Use it in `markdownIt` of
 * observablehq.config.ts, after any plugin that replaces the fence rule.
 */
export function exposeCellSources(md: MarkdownIt): MarkdownIt {
  const render = md.renderer.rules.fence;
  if (!render) throw new Error("markdown-it has no fence rule; expected Framework's");
  md.renderer.rules.fence = (tokens, index, options, env: PageContext, self) => {
    const before = env.code?.length ?? 0;
    const html = render(tokens, index, options, env, self);
    const token = tokens[index];
    // Framework leaves the bare language in `info`; a fence that is only shown, or does not parse, notes no code.
    if (!env.code || env.code.length !== before + 1 || (token.info !== "js" && token.info !== "sql")) return html;
    const {id, node} = env.code[before];
    const attributes: Record<string, string> = {
      "data-cell": id,
      "data-cell-mode": token.info,
      "data-cell-page": env.path ?? "/",
      "data-cell-source": token.content.replace(/\n$/, "")
    };
    if (token.info === "sql") {
      const name = node.declarations?.[0]?.name;
      if (name !== undefined) attributes["data-cell-name"] = name;
      if (node.references.some((reference) => reference.name === "display")) attributes["data-cell-display"] = "";
    }
    const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escape(value)}"`);
    return `<div class="cell"${written.join("")}>\n${html}</div>\n`;
  };
  return md;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
