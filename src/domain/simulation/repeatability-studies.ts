import {exp, expm1} from "../../generated/vendor/special.js";
import {multiplierOf} from "../statistics/estimate.js";
import {asymmetricRepeatability} from "../statistics/asymmetric-repeatability.js";
import {changeDetection} from "../statistics/change-detection.js";
import {drift} from "../statistics/drift.js";
import {icc, iccForms} from "../statistics/icc.js";
import {linearModel} from "../statistics/linear-model.js";
import {oneWayLayout} from "../statistics/one-way-layout.js";
import {repeatabilityRows} from "../statistics/repeatability-method.js";
import {withinSubjectCv} from "../statistics/within-subject-cv.js";
import {withinSubjectSd} from "../statistics/within-subject-sd.js";
import type {Random} from "../numerics/random.js";
import {distributionOf, logMoments, type DistributionId} from "./distributions.js";
import {hypothesisTest, interval, study, type Answer, type Study} from "./procedure.js";

const SD = 10;
const CV = 0.1;
const method = "repeatability";
/** True values from 48 to 152, evenly spread: mean 100, between-subject CV .3, none near zero. */
const evenValue = (random: Random) => 100 * (1 + 0.3 * Math.sqrt(3) * (2 * random.uniform() - 1));

const twoRepeats = (n: number, id: DistributionId, random: Random) => {
  const {draw} = distributionOf(id);
  return rowsOfSubjects(n, random, (value) => [value + SD * draw(random), value + SD * draw(random)]);
};
const proportional = (n: number, id: DistributionId, random: Random) => {
  const {draw} = distributionOf(id);
  return rowsOfSubjects(n, random, (value) => [value * (1 + CV * draw(random)), value * (1 + CV * draw(random))]);
};
/** Errors for methods of logarithms: log-normal ones are normal there; heavy tails are those of the logarithm. */
const logErrors = (n: number, id: DistributionId, random: Random) => {
  const {draw} = distributionOf(id === "log-normal" ? "normal" : id);
  const factor = () => id === "normal" ? 1 + CV * draw(random) : exp(CV * draw(random));
  return rowsOfSubjects(n, random, (value) => [value * factor(), value * factor()]);
};

function rowsOfSubjects(n: number, random: Random, repeats: (value: number) => number[]): number[][] {
  return Array.from({length: n}, () => repeats(evenValue(random)));
}

/** True wSD of logarithms for the errors of {@link logErrors}. */
const logSds: Record<DistributionId, number> = {
  normal: logMoments(CV).sd, "log-normal": CV, "heavy-tailed": CV
};
const logNormal = {assumption: "log-normal errors of one coefficient of variation", under: ["log-normal"]} as const;
const twoText = "2 repeats; true values evenly spread with a CV of .3; errors of one SD, a tenth of the mean";
const proportionalText = "2 repeats; true values evenly spread with a CV of .3; errors of SD a tenth of the true value";
const logText = `${proportionalText}; log-normal ones have an SD of the logarithm of .1, heavy tails are those of it`;

/** Slope of the subjects' SD, or CV, on their mean, as the repeatability method checks it. */
function spreadTest(values: number[][], constantSd: boolean): number {
  const {subjectMeans, subjectVariances} = oneWayLayout(values);
  const response = subjectVariances.map((v, i) => constantSd ? Math.sqrt(v) : Math.sqrt(v) / subjectMeans[i]);
  return linearModel([{name: "mean", values: subjectMeans}], response).coefficients[1].p;
}

const wsdBootstrap = {id: "wsd-bootstrap", method, name: "wSD, RC, MDC and SEM: BCa bootstrap"};

/** Repeats of one measurement: repeatability, drift, change, ICC. */
export const repeatabilityStudies: readonly Study[] = [
  study({
    id: "repeats", data: twoText, draw: twoRepeats,
    procedures: [
      interval("exact", {id: "wsd", method, name: "wSD, RC, MDC and SEM: chi-square"}, SD),
      interval("approximate", {id: "wcv-mover", method, name: "wCV and %RC as wSD over mean: MOVER"}, CV),
      interval("approximate", {
        id: "wcv-variance-stabilised", method, name: "wCV and %RC as wSD over mean: variance-stabilised"
      }, CV),
      interval("approximate", {id: "wcv-delta", method, name: "wCV and %RC as wSD over mean: delta"}, CV),
      interval("exact", {id: "drift-step", method, name: "Drift between two repeats: paired t"}, 0),
      interval("exact", {id: "wsd-without-drift", method, name: "wSD without drift: chi-square"}, SD),
      hypothesisTest("approximate", {
        id: "wsd-spread-test", method, name: "Check that wSD does not depend on the mean: t test"
      })
    ],
    analyse(values) {
      const over = (kind: "mover" | "variance-stabilised" | "delta") =>
        withinSubjectCv(values, {variant: "wsd-over-mean", interval: kind});
      const found = drift(values);
      return {
        wsd: withinSubjectSd(values), "wcv-mover": over("mover"),
        "wcv-variance-stabilised": over("variance-stabilised"), "wcv-delta": over("delta"),
        "drift-step": found.steps[0], "wsd-without-drift": found.wsdWithoutDrift,
        "wsd-spread-test": spreadTest(values, true)
      };
    }
  }),
  study({
    id: "repeats-proportional", data: proportionalText, draw: proportional,
    procedures: [
      interval("approximate", {
        id: "wcv-root-mean-square", method, name: "wCV and %RC by root mean square: chi-square"
      }, CV),
      hypothesisTest("approximate", {
        id: "wcv-spread-test", method, name: "Check that wCV does not depend on the mean: t test"
      })
    ],
    analyse: (values) => ({
      "wcv-root-mean-square": withinSubjectCv(values), "wcv-spread-test": spreadTest(values, false)
    })
  }),
  study({
    id: "repeats-log", data: logText, draw: logErrors,
    procedures: [
      interval("exact", {id: "wcv-logs", method, name: "wCV from logarithms: chi-square", ...logNormal},
        (id) => Math.sqrt(expm1(logSds[id] * logSds[id]))),
      interval("exact", {id: "rc-decrease", method, name: "Asymmetric %RC, decrease: chi-square", ...logNormal},
        (id) => 100 * expm1(-multiplierOf({}) * Math.SQRT2 * logSds[id])),
      interval("exact", {id: "rc-increase", method, name: "Asymmetric %RC, increase: chi-square", ...logNormal},
        (id) => 100 * expm1(multiplierOf({}) * Math.SQRT2 * logSds[id]))
    ],
    analyse(values) {
      const {decrease, increase} = asymmetricRepeatability(values);
      return {"wcv-logs": withinSubjectCv(values, {variant: "logs"}), "rc-decrease": decrease, "rc-increase": increase};
    }
  }),
  study({
    id: "repeats-unequal", data: "2, 3 and 4 repeats by turns; SD of true values twice that of the errors",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      return Array.from({length: n}, (_, i) => {
        const value = 100 + 2 * SD * draw(random);
        return Array.from({length: 2 + i % 3}, () => value + SD * draw(random));
      });
    },
    procedures: [
      interval("exact", {id: "wsd-unequal", method, name: "wSD of unequal repeats: chi-square"}, SD),
      interval("exact", {id: "icc-unequal", method: "icc", name: "ICC(1,1) of unequal repeats: F by Wald"}, 0.8)
    ],
    analyse: (values) => ({"wsd-unequal": withinSubjectSd(values), "icc-unequal": icc(values)})
  }),
  study({
    id: "repeats-three", data: "3 repeats; SD of true values twice that of the errors; no drift",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      return Array.from({length: n}, () => {
        const value = 100 + 2 * SD * draw(random);
        return [value + SD * draw(random), value + SD * draw(random), value + SD * draw(random)];
      });
    },
    procedures: [
      hypothesisTest("exact", {
        id: "drift-test", method, name: "Drift between repeats (offset between raters): F test"
      }),
      interval("exact", {id: "wsd-three-without-drift", method, name: "wSD without drift, 3 repeats: chi-square"}, SD)
    ],
    analyse(values) {
      const found = drift(values);
      return {"drift-test": found.p, "wsd-three-without-drift": found.wsdWithoutDrift};
    }
  }),
  study({
    id: "repeats-bootstrap", data: twoText, draw: twoRepeats, resamples: 1000,
    procedures: [
      interval("approximate", wsdBootstrap, SD),
      interval("approximate", {
        id: "wcv-bootstrap", method, name: "wCV and %RC as wSD over mean: BCa bootstrap"
      }, CV)
    ],
    analyse(values, resample) {
      const {names, intervals} = resample(repeatabilityRows(values, "wsd-over-mean"));
      return {"wsd-bootstrap": intervals[names.indexOf("wSD")], "wcv-bootstrap": intervals[names.indexOf("wCV")]};
    }
  }),
  study({
    id: "repeats-proportional-bootstrap", data: proportionalText, draw: proportional, resamples: 1000,
    procedures: [interval("approximate", {
      id: "wcv-root-mean-square-bootstrap", method, name: "wCV and %RC by root mean square: BCa bootstrap"
    }, CV)],
    analyse(values, resample) {
      const {names, intervals} = resample(repeatabilityRows(values, "root-mean-square"));
      return {"wcv-root-mean-square-bootstrap": intervals[names.indexOf("wCV")]};
    }
  }),
  study({
    id: "repeats-log-bootstrap", data: logText, draw: logErrors, resamples: 1000,
    procedures: [interval("approximate", {
      id: "wcv-logs-bootstrap", method, name: "wCV from logarithms: BCa bootstrap", ...logNormal
    }, (id) => Math.sqrt(expm1(logSds[id] * logSds[id])))],
    analyse(values, resample) {
      const {names, intervals} = resample(repeatabilityRows(values, "logs"));
      return {"wcv-logs-bootstrap": intervals[names.indexOf("wCV")]};
    }
  }),
  study({
    id: "change", data: "2 repeats of n subjects tell wSD; then one more subject, measured twice, who did not change",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const error = () => SD * draw(random);
      return {repeats: Array.from({length: n}, () => [error(), error()]), change: error() - error()};
    },
    procedures: [
      interval("exact", {
        id: "change", method: "change-detection", name: "True change of one subject, wSD estimated: t"
      }, 0),
      interval("approximate", {
        id: "change-known", method: "change-detection",
        name: "True change of one subject, the estimated wSD taken as known: normal"
      }, 0),
      hypothesisTest("exact", {
        id: "change-test", method: "change-detection", name: "No change of one subject, wSD estimated: t test"
      })
    ],
    analyse({repeats, change}) {
      const {value, df} = withinSubjectSd(repeats);
      const found = changeDetection(change, value, {df});
      return {
        change: found.change, "change-known": changeDetection(change, value).change, "change-test": found.p
      };
    }
  }),
  study({
    id: "icc", data: "3 raters with offsets of their own, drawn anew each time (model 2: variance .25); true values of "
      + "variance 4, errors of variance 1",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const offsets = [0, 1, 2].map(() => 0.5 * draw(random));
      const plain: number[][] = [];
      const rated: number[][] = [];
      for (let i = 0; i < n; i++) {
        const value = 2 * draw(random);
        const row = [0, 1, 2].map(() => value + draw(random));
        plain.push(row);
        rated.push(row.map((y, k) => y + offsets[k]));
      }
      return {plain, rated};
    },
    procedures: iccForms.map((form) => interval(
      form[0] === "2" ? "approximate" : "exact",
      {
        id: `icc-${form.replace(",", "-")}`, method: "icc",
        name: `ICC(${form}): F${form[0] === "2" ? " by Satterthwaite" : ""}`,
        assumption: "normal true values and errors"
      },
      trueIcc(form)
    )),
    analyse({plain, rated}) {
      return Object.fromEntries(iccForms.map((form): [string, Answer] =>
        [`icc-${form.replace(",", "-")}`, icc(form[0] === "1" ? plain : rated, {form})]));
    }
  })
];

/** Population ICC of the study above: offsets count in model 2 alone. */
function trueIcc(form: (typeof iccForms)[number]): number {
  const error = form[0] === "2" ? 1.25 : 1;
  return 4 / (4 + (form[2] === "k" ? error / 3 : error));
}
