import {areaUnderCurve, compareAreas, operatingPoint, type Rate} from "../statistics/roc.js";
import {distributionOf, distributions, shiftOfArea, type DistributionId} from "./distributions.js";
import {hypothesisTest, interval, study, type Answer, type Procedure, type Study} from "./procedure.js";

const AREA = 0.9;
const SENSITIVITY = 0.8;
const SPECIFICITY = 0.7;
const anyMarker = {
  assumption: "any distribution", under: distributions.map(({id}) => id)
} as const;
const shifts = new Map<string, number>();

/** The shift of the positives that gives an area, solved once. */
function shiftFor(id: DistributionId, area: number): number {
  const key = `${id} ${area}`;
  if (!shifts.has(key)) shifts.set(key, shiftOfArea(distributionOf(id), area));
  return shifts.get(key)!;
}

/** n / 2 positives first, then as many negatives. */
const halves = (n: number) => Array.from({length: n}, (_, i) => i < n / 2);

const rateNames = [
  ["sensitivity", "Sensitivity", SENSITIVITY],
  ["specificity", "Specificity", SPECIFICITY],
  ["ppv", "Positive predictive value", SENSITIVITY / (SENSITIVITY + 1 - SPECIFICITY)],
  ["npv", "Negative predictive value", SPECIFICITY / (SPECIFICITY + 1 - SENSITIVITY)]
] as const;

/** Detection: areas under ROC curves, and rates at a threshold. */
export const detectionStudies: readonly Study[] = [
  study({
    id: "auc", data: "half of the subjects positive, their marker shifted so that the true area is .9",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const positive = halves(n);
      return {positive, marker: positive.map((one) => draw(random) + (one ? shiftFor(id, AREA) : 0))};
    },
    procedures: [
      interval("approximate", {id: "auc-score", method: "roc", name: "AUC: score (Newcombe)", ...anyMarker}, AREA),
      interval("approximate", {
        id: "auc-logit", method: "roc", name: "AUC: DeLong on the logit scale", ...anyMarker
      }, AREA),
      interval("approximate", {id: "auc-delong", method: "roc", name: "AUC: DeLong", ...anyMarker}, AREA)
    ],
    analyse({marker, positive}) {
      const {score, logit, delong} = areaUnderCurve(marker, positive);
      return {"auc-score": score, "auc-logit": logit, "auc-delong": delong};
    }
  }),
  study({
    id: "auc-pair", data: "half of the subjects positive; two markers of correlation .5 and one true area of about .8",
    draw(n, id, random) {
      const {draw} = distributionOf(id);
      const positive = halves(n);
      const common = positive.map(() => draw(random));
      // A sum of two draws is shifted by what gives normal markers their area; both markers have the same one anyway.
      const marker = () => positive.map((one, i) => Math.SQRT1_2 * (common[i] + draw(random)) + (one ? 1.19 : 0));
      return {positive, first: marker(), second: marker()};
    },
    procedures: [
      interval("approximate", {
        id: "auc-difference", method: "roc-compare", name: "Difference of two AUCs: DeLong", ...anyMarker
      }, 0),
      hypothesisTest("approximate", {
        id: "auc-test", method: "roc-compare", name: "Equal AUCs: paired DeLong test", ...anyMarker
      })
    ],
    analyse({first, second, positive}) {
      const {difference, p} = compareAreas(first, second, positive);
      return {"auc-difference": difference, "auc-test": p};
    }
  }),
  study({
    id: "rates", data: "each subject positive with probability 1/2; a threshold of sensitivity .8 and specificity .7",
    draw(n, id, random) {
      const {draw, quantile} = distributionOf(id);
      const positive = Array.from({length: n}, () => random.uniform() < 0.5);
      // Values at or above 0 are called positive.
      const [high, low] = [-quantile(1 - SENSITIVITY), -quantile(SPECIFICITY)];
      return {positive, marker: positive.map((one) => draw(random) + (one ? high : low))};
    },
    procedures: rateNames.flatMap(([id, name, truth]): Procedure[] => [
      interval("conservative", {
        id: `${id}-exact`, method: "roc", name: `${name}: Clopper-Pearson`, ...anyMarker
      }, truth),
      interval("approximate", {id: `${id}-wilson`, method: "roc", name: `${name}: Wilson score`, ...anyMarker}, truth)
    ]),
    analyse({marker, positive}) {
      const point = operatingPoint(marker, positive, 0);
      const rates: Record<string, Rate | null> = {
        sensitivity: point.sensitivityRate, specificity: point.specificityRate, ppv: point.positivePredictiveValue,
        npv: point.negativePredictiveValue
      };
      return Object.fromEntries(rateNames.flatMap(([id]): [string, Answer][] => [
        [`${id}-exact`, rates[id]?.clopperPearson ?? null], [`${id}-wilson`, rates[id]?.wilson ?? null]
      ]));
    }
  })
];
