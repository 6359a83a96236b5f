/** Published numbers with their verdicts: in the prose, and as a table at the end of a study. */
import type {Claim, ClaimCheck, Verdict} from "../domain/claims.js";
import {formatBytes} from "../domain/units.js";
import {h, uniqueId} from "./dom.js";
import type {Child} from "./dom.js";
import {formatNumber, formatQuantity, publishedDecimals} from "./format.js";
import {resultTable} from "./table.js";

export interface ClaimMark extends HTMLElement {
  /** Shows a verdict; null takes it back, as when the study runs again. */
  update(result: ClaimCheck | null): void;
}

const signs: Record<Verdict, string> = {pass: "✓", fail: "✗", unavailable: "?"};
const words: Record<Verdict, string> = {
  pass: "recomputed, agrees",
  fail: "recomputed, does not agree",
  unavailable: "cannot be recomputed"
};

function wordsOf({verdict, waitsFor}: ClaimCheck): string {
  return waitsFor === undefined ? words[verdict] : "waits for its file";
}

/** The published value in the running text, its verdict beside it and the recomputed one behind the mark. */
export function claimMark(claim: Claim, result: ClaimCheck | null = null): ClaimMark {
  const id = uniqueId("claim-detail");
  const mark = h("button", {type: "button", class: "m-claim-mark", popovertarget: id});
  const detail = h("span", {id, class: "m-claim-detail", popover: "auto", role: "note"});
  const element = h("span", {class: "m-claim", "data-claim": claim.id},
    h("span", {class: "m-claim-value"}, publishedText(claim)), mark, detail);
  detail.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState === "open") placeUnder(detail, mark);
  });

  const update = (next: ClaimCheck | null): void => {
    if (next === null) {
      delete element.dataset.verdict;
      mark.textContent = "…";
      mark.setAttribute("aria-label", "being recomputed");
      detail.replaceChildren("Being recomputed.");
      return;
    }
    element.dataset.verdict = next.verdict;
    mark.textContent = signs[next.verdict];
    mark.setAttribute("aria-label", `${wordsOf(next)}: details`);
    const rows = [
      row("Published", publishedText(claim)),
      ...(next.computed === null ? [] : [row("Recomputed", computedText(claim, next.computed))]),
      ...(claim.value === null ? [] : [row("Tolerance", `± ${formatQuantity(claim.tolerance, claim.unit, {digits: 2})}`)]),
      ...(next.reason === undefined ? [] : [row("Note", next.reason)]),
      row("Source", claim.source)
    ];
    detail.replaceChildren(h("strong", {}, capital(wordsOf(next))), ...rows);
  };
  update(result);
  return Object.assign(element, {update});
}

/** The published value in a table, with the sign of its verdict; the table of claims tells the rest. */
export function claimValue(claim: Claim, result: ClaimCheck): HTMLElement {
  const {verdict, reason} = result;
  return h("span", {class: "m-claim-cell", "data-claim": claim.id, "data-verdict": verdict, title: reason},
    claim.value === null ? "—" : formatNumber(claim.value, {decimals: publishedDecimals(claim.value, claim.tolerance)}),
    h("span", {role: "img", "aria-label": wordsOf(result), class: "m-verdict-sign"}, signs[verdict]));
}

/** A verdict in a table that is not one of a claim: its sign and a word. */
export function verdict(passes: boolean, word: string): HTMLElement {
  return h("span", {class: "m-verdict", "data-verdict": passes ? "pass" : "fail"},
    h("span", {"aria-hidden": "true", class: "m-verdict-sign"}, signs[passes ? "pass" : "fail"]), ` ${word}`);
}

function row(name: string, value: string): HTMLElement {
  return h("span", {class: "m-claim-row"}, h("span", {class: "m-claim-key"}, `${name} `), h("span", {}, value));
}

function publishedText(claim: Claim): string {
  if (claim.value === null) return "not published as a number";
  return formatQuantity(claim.value, claim.unit, {decimals: publishedDecimals(claim.value, claim.tolerance)});
}

/** Two digits beyond the published ones, so that the reader sees how near the limit it lies. */
function computedText(claim: Claim, computed: number): string {
  if (claim.value === null) return formatQuantity(computed, claim.unit, {digits: 6});
  return formatQuantity(computed, claim.unit, {decimals: publishedDecimals(claim.value, claim.tolerance) + 2});
}

/** The popover lies in the top layer, so it is placed by the viewport: under the mark, within the page's edges. */
function placeUnder(detail: HTMLElement, mark: HTMLElement): void {
  const {left, bottom, top} = mark.getBoundingClientRect();
  const {width, height} = detail.getBoundingClientRect();
  const x = Math.max(8, Math.min(left - 16, document.documentElement.clientWidth - width - 8));
  const below = bottom + 6 + height <= window.innerHeight;
  detail.style.left = `${x}px`;
  detail.style.top = `${below ? bottom + 6 : Math.max(8, top - height - 6)}px`;
}

/** "12 of 12 claims recomputed", with what failed, waits for a file or cannot be recomputed. */
export function claimsSummary(claims: readonly Claim[], results: Readonly<Record<string, ClaimCheck>>): string {
  const count = (verdict: Verdict): number => claims.filter(({id}) => results[id]?.verdict === verdict).length;
  const [pass, fail, unavailable] = [count("pass"), count("fail"), count("unavailable")];
  const waiting = claims.filter(({id}) => results[id]?.waitsFor !== undefined).length;
  const open = claims.length - pass - fail - unavailable;
  return [
    `${pass} of ${claims.length} ${claims.length === 1 ? "claim" : "claims"} recomputed and within tolerance`,
    fail > 0 ? `${fail} outside` : "",
    waiting > 0 ? `${waiting} wait for a file` : "",
    unavailable > waiting ? `${unavailable - waiting} cannot be recomputed` : "",
    open > 0 ? `${open} not yet recomputed` : ""
  ].filter((part) => part !== "").join("; ") + ".";
}

/** Every claim of a study: published, recomputed, tolerance, source, verdict. */
export function claimsTable(
  claims: readonly Claim[],
  results: Readonly<Record<string, ClaimCheck>>,
  options: {caption?: Child; limit?: number} = {}
): HTMLElement {
  const rows = claims.map((claim) => ({claim, result: results[claim.id]}));
  const anyFail = rows.some(({result}) => result?.verdict === "fail");
  const complete = rows.every(({result}) => result !== undefined);
  const summary = h("p", {
    class: "m-claims-summary", role: "status", "data-state": anyFail ? "fail" : complete ? "pass" : "open"
  }, claimsSummary(claims, results));
  const table = resultTable({
    caption: options.caption,
    label: "Claims of this study",
    empty: "This study states no claims.",
    rows,
    columns: [
      {key: "claim", label: "Claim", header: true, align: "left", format: (_, {claim}) => nameOf(claim as Claim)},
      {key: "published", label: "Published", align: "right", format: (_, {claim}) => publishedText(claim as Claim)},
      {
        key: "computed", label: "Recomputed", align: "right",
        format: (_, {claim, result}) => {
          const computed = (result as ClaimCheck | undefined)?.computed;
          return computed === null || computed === undefined ? "—" : computedText(claim as Claim, computed);
        }
      },
      {
        key: "tolerance", label: "Tolerance", align: "right",
        format: (_, {claim}) => `± ${formatNumber((claim as Claim).tolerance, {digits: 2})}`
      },
      {
        key: "verdict", label: "Verdict", align: "left",
        format: (_, {claim, result}) => verdictText((claim as Claim).id, result as ClaimCheck | undefined)
      },
      {key: "source", label: "Source", align: "left", format: (_, {claim}) => (claim as Claim).source}
    ]
  });
  const {limit = 100} = options;
  if (claims.length <= limit) return h("div", {class: "m-claims"}, summary, table);
  return h("div", {class: "m-claims"}, summary,
    h("details", {class: "m-more"}, h("summary", {}, `All ${claims.length} claims`), table));
}

function nameOf({id, statement}: Claim): HTMLElement {
  return h("span", {}, statement ?? id, statement === undefined ? null : h("code", {class: "m-claim-id"}, id));
}

function verdictText(id: string, result: ClaimCheck | undefined): HTMLElement {
  if (result === undefined) return h("span", {class: "m-verdict", "data-claim": id}, "… being recomputed");
  const {verdict, reason, waitsFor} = result;
  const short: Record<Verdict, string> = {pass: "agrees", fail: "does not agree", unavailable: "cannot be recomputed"};
  return h("span", {class: "m-verdict", "data-claim": id, "data-verdict": verdict, title: reason},
    h("span", {"aria-hidden": "true", class: "m-verdict-sign"}, signs[verdict]),
    waitsFor === undefined ? ` ${short[verdict]}` : " unavailable",
    reason === undefined ? null : h("small", {}, reason));
}

/** A data file of a study, and what its bytes hash to here. */
export interface DataFile {
  path: string;
  /** Bytes. */
  size: number;
  /** The manifest's SHA-256, hexadecimal. */
  sha256: string;
  /** What was found; undefined while it is not yet known. */
  ok?: boolean;
  actual?: string;
  /** Where the file can be had. */
  href?: string;
}

/** The files that a study is computed from, with size, hash and whether the bytes are those of the manifest. */
export function dataTable(files: readonly DataFile[], options: {caption?: Child; limit?: number} = {}): HTMLElement {
  const known = files.filter(({ok}) => ok !== undefined);
  const bad = files.filter(({ok}) => ok === false);
  const state = bad.length > 0
    ? `${bad.length} of ${files.length} files differ from the manifest: ${bad.map(({path}) => path).join(", ")}.`
    : known.length === files.length
      ? `${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(files.reduce((sum, {size}) => sum + size, 0))};`
        + " every SHA-256 is the manifest's."
      : `${known.length} of ${files.length} files verified so far.`;
  const summary = h("p", {
    class: "m-claims-summary", role: "status",
    "data-state": bad.length > 0 ? "fail" : known.length === files.length ? "pass" : "open"
  }, state);
  const table = (rows: readonly DataFile[]): HTMLElement => resultTable({
    caption: options.caption,
    label: "Data files of this study",
    rows: rows as unknown as Record<string, unknown>[],
    columns: [
      {
        key: "path", label: "File", header: true, align: "left",
        format: (path, {href}) => href === undefined ? h("code", {}, path as string)
          : h("a", {href: href as string, download: (path as string).split("/").at(-1)!}, h("code", {}, path as string))
      },
      {key: "size", label: "Size", align: "right", format: (size) => formatBytes(size as number)},
      {key: "sha256", label: "SHA-256", align: "left", format: (hash) => hashText(hash as string)},
      {
        key: "ok", label: "State", align: "left",
        format: (ok, {actual}) => ok === undefined
          ? h("span", {class: "m-verdict"}, "… not yet read")
          : h("span", {class: "m-verdict", "data-verdict": ok ? "pass" : "fail"},
            h("span", {"aria-hidden": "true", class: "m-verdict-sign"}, ok ? "✓" : "✗"),
            ok ? " as published" : ` differs: ${String(actual ?? "unreadable").slice(0, 12)}…`)
      }
    ]
  });
  const {limit = 8} = options;
  if (files.length <= limit) return h("div", {class: "m-claims"}, summary, table(files));
  return h("div", {class: "m-claims"}, summary,
    h("details", {class: "m-more"}, h("summary", {}, `All ${files.length} files`), table(files)));
}

/** The first digits of a hash, and a button that copies all of it. */
function hashText(hash: string): HTMLElement {
  const button = h("button", {type: "button", class: "m-copy", "aria-label": `Copy SHA-256 ${hash.slice(0, 8)}…`}, "copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(hash);
      button.textContent = "copied";
    } catch {
      // Without the right to the clipboard the whole hash is shown, to be copied by hand.
      button.previousElementSibling!.textContent = hash;
      button.remove();
      return;
    }
    setTimeout(() => (button.textContent = "copy"), 1500);
  });
  return h("span", {class: "m-hash"}, h("code", {title: hash}, `${hash.slice(0, 12)}…`), " ", button);
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
