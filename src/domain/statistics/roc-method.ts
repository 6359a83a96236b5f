import {hint} from "../closest.js";
import {InputError} from "../errors.js";
import {rowNumber} from "../row-number.js";
import {covers, rejects} from "./coverage.js";
import type {Interval} from "./estimate.js";
import type {Method, MethodRequest, OptionNeed, ReportedEstimate, Variant} from "./method.js";
import {optionReader} from "./option-values.js";
import {alone, citationsOf, reported, withInterval} from "./report-parts.js";
import {
  areaUnderCurve, compareAreas, operatingPoint, rocCurve, youdenPoint, type MarkerDirection, type OperatingPoint,
  type Rate
} from "./roc.js";
import {columnsFor, numericColumn, textColumn, type Dropped} from "./table-layouts.js";
import {variantOf} from "./variant-of.js";

const DELONG = "DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595";
const NEWCOMBE = "Newcombe 2006, doi:10.1002/sim.2324, method 5";

const variants: readonly Variant[] = [
  {
    id: "score",
    name: `score interval of Newcombe (approximate; at an area of .9, half of them positive, ${covers("auc-score")})`,
    citation: NEWCOMBE
  },
  {
    id: "logit",
    name: "DeLong's standard error on the logit scale (approximate; at an area of .9, half of them positive, "
      + `${covers("auc-logit")})`,
    citation: `${DELONG}; Pepe 2003, The Statistical Evaluation of Medical Tests, chapter 5`
  },
  {
    id: "delong",
    name: `DeLong's own interval (approximate; at an area of .9, half of them positive, ${covers("auc-delong")})`,
    citation: DELONG
  }
];

const positiveNeed: OptionNeed = {
  id: "positive", kind: "text",
  description: "label of the outcome that the marker shall detect; may be left out when outcomes are 0 and 1"
};

const directionNeed: OptionNeed = {
  id: "direction", kind: "choice", choices: ["higher", "lower"], default: "higher",
  description: "whether higher or lower values of the marker speak for the positive outcome"
};

/** Receiver operating characteristic of one or several markers. */
export const rocMethod: Method = {
  id: "roc",
  name: "ROC analysis",
  summary: "Area under the ROC curve, and sensitivity, specificity and predictive values at a threshold",
  variants,
  columns: [
    {role: "x", required: true, many: true, description: "the marker; several are analysed one by one"},
    {role: "outcome", required: true, description: "what is true of each subject, with two labels"}
  ],
  options: [
    positiveNeed,
    {id: "threshold", kind: "number", description: "threshold of the marker; without it Youden's, which is optimistic"},
    directionNeed
  ],
  citations: [DELONG, NEWCOMBE, "Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404"],
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, variants);
    const threshold = options.number("threshold");
    const direction = options.text("direction") as MarkerDirection;
    const markers = columnsFor(request, "x");
    const level = request.level ?? 0.95;
    const dropped: Dropped[] = [];
    const estimates: ReportedEstimate[] = [];
    const warnings: string[] = [];
    let n = 0;
    for (const marker of markers) {
      const data = readMarkers(request, [marker], options.text("positive"));
      for (const one of data.dropped) {
        if (!dropped.some(({row, column}) => row === one.row && column === one.column)) dropped.push(one);
      }
      const name = (what: string) => markers.length === 1 ? what : `${what} (${marker})`;
      const [values] = data.markers;
      n = Math.max(n, values.length);
      const area = areaUnderCurve(values, data.positive, {level, direction});
      const interval: Interval | null = area[variant.id as "score" | "logit" | "delong"];
      const figure = covers(`auc-${variant.id as "score" | "logit" | "delong"}`);
      estimates.push({
        name: name("AUC"), value: area.value, lower: interval?.lower ?? null, upper: interval?.upper ?? null,
        level: interval === null ? null : level,
        note: `${area.positives} ${data.label}, ${area.negatives} others`
          + (interval === null ? "; an area of 0 or 1 has no logit: take the score interval"
            : `; ${variant.id} interval (approximate; at an area of .9 ${figure})`)
      }, alone(name("standard error of the AUC"), area.standardError, "DeLong; it has no interval"));
      if (area.value < 0.5) {
        const other = direction === "higher" ? "lower" : "higher";
        warnings.push(`${marker}: the AUC is below .5: direction ${other} may be meant`);
      }
      if (variant.id === "delong" && area.standardError === 0) {
        warnings.push(`${marker}: at an area of ${area.value} DeLong's interval has no width and means nothing`);
      }
      const youden = youdenPoint(rocCurve(values, data.positive, {direction}));
      if (threshold === null) {
        const side = direction === "higher" ? "at least" : "at most";
        estimates.push(
          alone(name("Youden's threshold"), youden.threshold, `positive when ${marker} is ${side} this`),
          alone(name("Youden's index"), youden.index, "optimistic: threshold and index come from the same data")
        );
        warnings.push(
          `${marker}: the threshold was chosen on these data, so its sensitivity and specificity are optimistic and `
          + "their intervals too narrow: give a threshold chosen beforehand, or test this one on new data"
        );
      }
      const point = operatingPoint(values, data.positive, threshold ?? youden.threshold, {level, direction});
      estimates.push(...ratesOf(point, name));
    }
    warnings.push(
      "predictive values hold for the share of positives in this table; a case-control sample says nothing of them"
    );
    return {
      method: this.id, variant: variant.id, n, dropped, estimates, checks: [], warnings,
      citations: citationsOf(variant.citation, ...this.citations)
    };
  }
};

/** DeLong's comparison of two markers on the same subjects. */
export const rocCompareMethod: Method = {
  id: "roc-compare",
  name: "Comparison of two ROC curves",
  summary: "Difference of the areas of two markers on the same subjects, with DeLong's test",
  variants: [{
    id: "delong", citation: DELONG,
    name: `paired DeLong test (approximate: rejects equal areas in ${rejects("auc-test")}, its interval `
      + `${covers("auc-difference")})`
  }],
  columns: [
    {role: "x", required: true, description: "first marker"},
    {role: "y", required: true, description: "second marker"},
    {role: "outcome", required: true, description: "what is true of each subject, with two labels"}
  ],
  options: [
    positiveNeed,
    {
      ...directionNeed, description: "whether higher or lower values of the first marker speak for the positive outcome"
    },
    {
      id: "second-direction", kind: "choice", choices: ["higher", "lower"],
      description: "the same for the second marker; default as the first"
    }
  ],
  citations: [DELONG, NEWCOMBE],
  run(request) {
    const options = optionReader(this.options, request.options);
    const variant = variantOf(request, this.variants);
    const names = [columnsFor(request, "x", 1, 1)[0], columnsFor(request, "y", 1, 1)[0]];
    const data = readMarkers(request, names, options.text("positive"));
    const level = request.level ?? 0.95;
    const direction = options.text("direction") as MarkerDirection;
    const secondDirection = (options.text("second-direction") ?? direction) as MarkerDirection;
    const [first, second] = data.markers;
    const comparison = compareAreas(first, second, data.positive, {level, direction, secondDirection});
    const {difference, standardError, z, p} = comparison;
    return {
      method: this.id,
      variant: variant.id,
      n: first.length,
      dropped: data.dropped,
      estimates: [
        ...[comparison.first, comparison.second].map((area, i) =>
          withInterval(`AUC (${names[i]})`, area.value, area.score,
          `score interval (approximate; at an area of .9 ${covers("auc-score")})`)),
        reported("difference of the AUCs", difference,
          `${names[0]} minus ${names[1]}; DeLong (approximate; ${covers("auc-difference")})`),
        alone("standard error of the difference", standardError, "DeLong"),
        alone("Z", z, "test statistic"),
        alone("p", p, `two-sided; at the level .05 equal areas are told apart in ${rejects("auc-test")}`)
      ],
      checks: [],
      warnings: Math.min(comparison.first.positives, comparison.first.negatives) < 20
        ? ["fewer than 20 subjects of one outcome: DeLong's normal approximation is poor"] : [],
      citations: this.citations
    };
  }
};

function ratesOf(point: OperatingPoint, name: (what: string) => string): ReportedEstimate[] {
  const report = (
    what: string, rate: Rate | null, id: "sensitivity" | "specificity" | "ppv" | "npv"
  ): ReportedEstimate[] => {
    if (rate === null) return [];
    const counts = `${rate.count} of ${rate.total}`;
    return [
      withInterval(name(what), rate.value, rate.clopperPearson,
        `${counts}; exact (Clopper-Pearson) interval, which never covers less than its level`),
      withInterval(name(`${what}, Wilson interval`), rate.value, rate.wilson,
        `${counts}; approximate, ${covers(`${id}-wilson`)} subjects, half of them positive`)
    ];
  };
  return [
    alone(name("threshold"), point.threshold, "where the rates below hold"),
    ...report("sensitivity", point.sensitivityRate, "sensitivity"),
    ...report("specificity", point.specificityRate, "specificity"),
    ...report("positive predictive value", point.positivePredictiveValue, "ppv"),
    ...report("negative predictive value", point.negativePredictiveValue, "npv")
  ];
}

/** Markers and outcomes of the rows that have all of them. */
export function readMarkers(request: MethodRequest, markers: readonly string[], positive: string | null) {
  const {table} = request;
  const column = columnsFor(request, "outcome", 1, 1)[0];
  const outcomes = textColumn(table, column, "outcome");
  const labels = [...new Set(outcomes.filter((label) => label !== null))];
  const field = `column ${column}`;
  if (labels.length !== 2) {
    throw new InputError({
      code: "outcome-count", file: table.file, field, value: labels.slice(0, 8).join(", "),
      expected: `two labels, not ${labels.length}`
    });
  }
  const label = positive ?? (labels.includes("0") && labels.includes("1") ? "1" : null);
  if (label === null || !labels.includes(label)) {
    throw new InputError({
      code: "positive-label", file: table.file, field: "positive", value: label ?? "none",
      expected: `the label of column ${column} to detect: ${labels.join(" or ")}`
        + (label === null ? "" : hint(label, labels))
    });
  }
  const columns = markers.map((marker) => numericColumn(table, marker, "x"));
  const dropped: Dropped[] = columns.flatMap((one) => one.dropped);
  const byRow = columns.map(({values, rows}) => new Map(rows.map((row, i) => [row, values[i]])));
  const kept: number[] = [];
  outcomes.forEach((outcome, i) => {
    if (outcome === null) dropped.push({row: rowNumber(i), column, reason: "missing"});
    else if (byRow.every((values) => values.has(i))) kept.push(i);
  });
  const values = byRow.map((one) => Float64Array.from(kept, (i) => one.get(i)!));
  values.forEach((one, k) => {
    if (one.length < 2 || one.some((value) => value !== one[0])) return;
    throw new InputError({
      code: "constant", file: table.file, field: `column ${markers[k]}`, value: one[0],
      expected: "values that are not all the same"
    });
  });
  const chosen = kept.map((i) => outcomes[i] === label);
  for (const [count, which] of [[chosen.filter((one) => one).length, label], [chosen.filter((one) => !one).length,
    labels.find((one) => one !== label)!]] as const) {
    if (count >= 2) continue;
    throw new InputError({
      code: "too-few-subjects", file: table.file, field: `${field}, outcome ${which}`, value: count,
      expected: "at least 2 subjects with a marker value"
    });
  }
  return {markers: values, positive: chosen, label, dropped};
}
