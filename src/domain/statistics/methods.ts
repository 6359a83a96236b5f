import {blandAltmanMethod} from "./bland-altman-method.js";
import {concordanceMethod} from "./ccc-method.js";
import {changeMethod} from "./change-detection-method.js";
import {demingMethod} from "./deming-method.js";
import {iccMethod} from "./icc-method.js";
import {linearityMethod} from "./linearity-method.js";
import type {Method} from "./method.js";
import {olsMethod} from "./ols-method.js";
import {passingBablokMethod} from "./passing-bablok-method.js";
import {repeatabilityMethod} from "./repeatability-method.js";
import {reproducibilityMethod} from "./reproducibility-method.js";
import {responseSurfaceMethod} from "./response-surface-method.js";
import {rocCompareMethod, rocMethod} from "./roc-method.js";
import {weightedDemingMethod} from "./weighted-deming-method.js";

/** Every method, in the order in which they are listed. */
export const methods: readonly Method[] = [
  repeatabilityMethod,
  reproducibilityMethod,
  blandAltmanMethod,
  iccMethod,
  concordanceMethod,
  olsMethod,
  demingMethod,
  weightedDemingMethod,
  passingBablokMethod,
  linearityMethod,
  rocMethod,
  rocCompareMethod,
  changeMethod,
  responseSurfaceMethod
];
