// What the figures and tables of the lesson "How good are these intervals?" show.
import {LEVEL} from "../domain/simulation/coverage-cell.js";
import {distributions, type DistributionId} from "../domain/simulation/distributions.js";
import {TOLERATED} from "../domain/statistics/coverage.js";
import {coverageMargin} from "../domain/statistics/estimator-performance.js";
import {methods} from "../domain/statistics/methods.js";
import {convergingShare} from "../view/charts/converging-share.js";
import {coverageDots} from "../view/charts/coverage-dots.js";
import {intervalPile} from "../view/charts/interval-pile.js";
import {h} from "../view/dom.js";
import type {FigureOptions} from "../view/figure.js";
import {select, type Control} from "../view/inputs/controls.js";
import {resultTable, type TableColumn} from "../view/table.js";
import {
  liveSamples, nominalOf, type JudgedProcedure, type LiveState, type Wanted
} from "./how-good-are-these-intervals.js";

type Figured = Required<Pick<FigureOptions, "title" | "caption" | "description" | "spec">>
  & Pick<FigureOptions, "table">;

/** Between these an exact interval has to lie; an exact test rejects between 1 minus them. */
export const band = [0.94, 0.96] as const;
const testBand = [0.04, 0.06] as const;

const percent = (share: number, decimals = 1): string => `${(100 * share).toFixed(decimals)} %`;
const words: Readonly<Record<Wanted["kind"], string>> = {
  interval: "Coverage of 95 % intervals", test: "Rejections at the level 5 %"
};
export const distributionName = (id: DistributionId): string => distributions.find((one) => one.id === id)!.name;

/** The procedures of one method, for the live simulation. */
export function procedureSelect(judged: readonly JudgedProcedure[], method: string, value: string): Control<string> {
  const own = judged.filter(({procedure}) => procedure.method === method);
  return select({label: "Interval or test", value, options: own.map(({procedure: {id, name}}) => [id, name] as const)});
}

/** The methods that have something in the table; `every` offers all of them at once. */
export function methodSelect(
  judged: readonly JudgedProcedure[], value: string, label: string, every = false
): Control<string> {
  const present = methods.filter(({id}) => judged.some(({procedure}) => procedure.method === id));
  return select({
    label, value,
    options: [...(every ? [["all", "every method"] as const] : []), ...present.map(({id, name}) => [id, name] as const)]
  });
}

/** Sample after sample: its interval, or its p value. */
export function pileFigure(state: LiveState): Figured {
  const {procedure, study, n, distribution, truth, latest, samples} = state;
  const interval = procedure.kind === "interval";
  const missed = latest.filter(({hit}) => !hit).length;
  const what = interval ? "intervals" : "p values";
  const exceptions = interval ? missed : latest.length - missed;
  return {
    title: `${procedure.name}, ${distributionName(distribution)} data, n = ${n}`,
    caption: samples === 0 ? "Nothing drawn yet."
      : `The latest ${latest.length} of ${samples} samples, one ${interval ? "interval" : "p value"} each. `
      + (interval
        ? truth === null ? `${missed} of these do not hold what they should.`
          : `${missed} of these miss the true value, ${short(truth)}.`
        : `${exceptions} of these are below .05 and reject.`)
      + ` Each sample: ${study.data}; n counts ${study.unit}.`,
    description: `The latest ${latest.length} ${what} of ${samples} simulated samples; `
      + (interval ? `${missed} miss the truth.` : `${exceptions} reject.`),
    spec: intervalPile(latest, interval
      ? {
        quantity: "95 % interval", truth, truthName: "truth", words: ["holds the truth", "misses it"], exception: "miss"
      }
      : {quantity: "p value", truth: 1 - LEVEL, truthName: ".05", words: ["rejects", "does not"], exception: "hit"}),
    table: {
      columns: [
        {key: "sample", label: "Sample", header: true}, {key: "lower", label: interval ? "Lower end" : "p"},
        ...(interval ? [{key: "upper", label: "Upper end"}] : []),
        {key: "hit", label: interval ? "Holds the truth" : "Rejects", format: (value) => value === true ? "yes" : "no"}
      ],
      rows: latest.map((row) => ({...row}))
    }
  };
}

/** The share of hits as samples come in. */
export function convergenceFigure(state: LiveState, judged: readonly JudgedProcedure[]): Figured {
  const {procedure, n, distribution, curve} = state;
  const interval = procedure.kind === "interval";
  const published = judged.find((one) => one.procedure.id === procedure.id)?.cells
    .find((cell) => cell.n === n && cell.distribution === distribution)?.share ?? null;
  const quantity = interval ? "Coverage so far" : "Rejections so far";
  return {
    title: `${quantity} as samples come in`,
    caption: `Green: the ${percent(nominalOf(procedure), 0)} asked for, and how far chance alone takes a share from `
      + "it. Dashed: the table's figure from 10,000 samples. The first dozens of samples say nothing.",
    description: liveSentence(state),
    spec: convergingShare(curve, {
      quantity, nominal: nominalOf(procedure), margin: (samples) => coverageMargin(samples), published, total: liveSamples
    }),
    table: {
      columns: [{key: "samples", label: "Samples", header: true}, {key: "share", label: quantity, decimals: 4}],
      rows: curve
    }
  };
}

/** Where the live simulation stands. */
export function liveSentence({procedure, samples, hits, without}: LiveState): string {
  const answered = samples - without;
  if (answered === 0) return samples === 0 ? "No sample drawn yet." : `${samples} samples, none with an answer.`;
  const share = hits / answered;
  const margin = coverageMargin(answered);
  const within = Math.abs(share - nominalOf(procedure)) <= margin;
  const none = without === 0 ? "" : ` ${without} samples gave no answer.`;
  const verdict = within
    ? `Chance alone moves it by ${percent(margin)}: so far nothing speaks against ${percent(nominalOf(procedure), 0)}.`
    : `Chance alone moves it by ${percent(margin)}: this is not ${percent(nominalOf(procedure), 0)}.`;
  return procedure.kind === "interval"
    ? `${hits} of ${answered} intervals hold the truth: ${percent(share)}. ${verdict}${none}`
    : `${hits} of ${answered} tests reject: ${percent(share)}. ${verdict}${none}`;
}

/** The chosen procedures under one distribution. */
export function dotsFigure(
  found: readonly JudgedProcedure[], kind: Wanted["kind"], distribution: DistributionId
): Figured {
  const rows = found.flatMap(({procedure, cells}) => cells
    .filter((cell) => cell.distribution === distribution)
    .map(({n, share, se, measure}) => ({
      name: `${procedure.name}${measure === "power" ? " (power)" : ""}`, n, share, se, promise: procedure.promise
    })));
  const name = `${words[kind]} under ${distributionName(distribution)} data`;
  const [low, high] = kind === "interval" ? band : testBand;
  const bad = rows
    .filter(({share}) => kind === "interval" ? share < TOLERATED.interval : share > TOLERATED.test).length;
  return {
    title: name,
    caption: `Green: ${percent(low, 0)} to ${percent(high, 0)}, where exact procedures lie under their assumption. `
      + "Whiskers: what simulation alone leaves uncertain (95 %). "
      + (kind === "interval" ? "Left of the band an interval promises more than it holds."
        : "Right of the band a test cries wolf."),
    description: `${name}: ${rows.length} figures of ${found.length} procedures; ${bad} of them `
      + (kind === "interval" ? `below ${percent(TOLERATED.interval, 0)}.` : `above ${percent(TOLERATED.test, 0)}.`),
    spec: coverageDots(rows, {
      quantity: kind === "interval" ? "Coverage" : "Rejections", nominal: kind === "interval" ? LEVEL : 1 - LEVEL,
      band: kind === "interval" ? band : testBand, description: name
    }),
    table: {
      columns: [
        {key: "name", label: "Procedure", header: true}, {key: "promise", label: "Promise"},
        {key: "n", label: "n", decimals: 0},
        {key: "share", label: kind === "interval" ? "Coverage" : "Rejections", decimals: 4},
        {key: "se", label: "Standard error", decimals: 4}
      ],
      rows
    }
  };
}

/** Every chosen procedure with all its figures; with `named` each says its method. */
export function coverageTable(found: readonly JudgedProcedure[], kind: Wanted["kind"], named: boolean): HTMLElement {
  const sizes = [...new Set(found.flatMap(({cells}) => cells.map(({n}) => n)))].sort((a, b) => a - b);
  const key = (distribution: DistributionId, n: number) => `${distribution} ${n}`;
  const columns: TableColumn[] = [
    {
      key: "name", label: "Procedure", header: true,
      format: (_, row) => h("span", {class: "m-coverage-name"}, row.name as string,
        named ? h("small", {class: "m-coverage-note"}, row.method as string) : null)
    },
    {
      key: "promise", label: "Trust it from",
      format: (_, row) => h("span", {class: "m-coverage-promise"}, `${row.promise as string}: ${row.trusted as string}`,
        h("small", {class: "m-coverage-note"}, row.assumption as string))
    },
    ...distributions.flatMap(({id, name}) => sizes.map((n): TableColumn => ({
      key: key(id, n), label: String(n), group: `${name}, n =`, align: "right",
      format: (cell) => figureCell(cell as JudgedProcedure["cells"][number] | undefined)
    })))
  ];
  return resultTable({
    id: "coverage",
    label: words[kind],
    caption: `${words[kind]}, per cent: ${found.length} procedure${found.length === 1 ? "" : "s"}`,
    columns,
    rows: found.map(({procedure, study, methodName, cells, trusted}) => ({
      name: procedure.name, method: methodName, promise: procedure.promise,
      assumption: `supposes: ${procedure.assumption}`,
      trusted: trusted === null ? `beyond ${study.sizes[study.sizes.length - 1]} ${study.unit}`
        : procedure.promise === "approximate" ? `${trusted} ${study.unit}` : "any n",
      ...Object.fromEntries(cells.map((cell) => [key(cell.distribution, cell.n), cell]))
    })),
    groupRows: "method",
    empty: "Nothing in the table has these words.",
    note: noteOf(kind)
  });
}

function noteOf(kind: Wanted["kind"]): string {
  return kind === "interval"
    ? `▾ below ${percent(TOLERATED.interval, 0)}, ▴ above 97 %; bold: the data meet the assumption. Standard error of a `
      + "figure near 95 %: 0.2 points. “Trust it from”: at that n and every larger one simulated it covers "
      + `${percent(TOLERATED.interval, 0)} or more where its assumption holds. A dash: the quantity does not exist there. `
      + "*: some samples have no such interval and do not count."
    : `▴ above ${percent(TOLERATED.test, 0)}, though the hypothesis is true; bold: the data meet the assumption; P: the `
      + "hypothesis is false, so the figure is the power. “Trust it from”: at that n and every larger one simulated it "
      + `rejects falsely in ${percent(TOLERATED.test, 0)} or less where its assumption holds. *: some samples have no such `
      + "test and do not count.";
}

/** One figure, with a sign where it strays. */
function figureCell(cell: JudgedProcedure["cells"][number] | undefined): HTMLElement {
  if (cell === undefined) {
    return h("span", {class: "m-missing", title: "not defined, or not simulated at this n"}, "—");
  }
  const {share, measure, assumed, without, repeats} = cell;
  const low = measure === "coverage" && share < TOLERATED.interval;
  const wide = measure === "coverage" && share > 0.97;
  const often = measure === "type-I error" && share > TOLERATED.test;
  const sign = low ? "▾" : wide || often ? "▴" : measure === "power" ? "P" : "";
  const lacking = without / repeats > 0.005;
  const missing = lacking ? `; ${percent(without / repeats)} of samples have no answer` : "";
  const words = [low ? "too low" : often ? "too often" : wide ? "wide" : sign, ...(lacking ? [missing.slice(2)] : [])];
  return h("span", {
    class: "m-coverage-figure", "data-low": low || often, "data-assumed": assumed, title: `${measure}${missing}`
  }, (100 * share).toFixed(1),
  h("span", {class: "m-coverage-sign", "aria-hidden": "true"}, `${sign}${lacking ? "*" : ""}`),
  words.join("") === "" ? null : h("span", {class: "m-visually-hidden"}, ` ${words.join(" ")}`));
}

/** How many exact procedures keep their promise, in a sentence. */
export function promiseSentence(judged: readonly JudgedProcedure[]): HTMLElement {
  const exact = judged.filter(({procedure}) => procedure.promise === "exact");
  const cells = exact.flatMap((one) => one.cells.filter(({assumed}) => assumed));
  const kept = cells.filter(({measure, share}) => {
    const [low, high] = measure === "coverage" ? band : testBand;
    return share >= low && share <= high;
  });
  const shares = cells.map(({measure, share}) => measure === "coverage" ? share : 1 - share);
  const approximate = judged.filter(({procedure}) => procedure.promise === "approximate");
  const late = approximate.filter(({trusted}) => trusted === null).length;
  return h("p", {id: "promise", "data-cells": cells.length, "data-kept": kept.length},
    `Of the ${judged.length} intervals and tests here, ${exact.length} are exact. All their ${cells.length} figures under `
    + `their own assumption lie between ${percent(Math.min(...shares))} and ${percent(Math.max(...shares))}`
    + `${kept.length === cells.length ? ", inside the band" : `; ${cells.length - kept.length} lie outside the band`}. `
    + `Of the ${approximate.length} approximate ones ${late} cannot be trusted even at the largest n tried here.`);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
