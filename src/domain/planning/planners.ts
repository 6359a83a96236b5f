import {aucPlanner} from "./auc-precision.js";
import {boxBehnkenPlanner, centralCompositePlanner, dOptimalPlanner, factorialPlanner} from "./designs.js";
import {limitsExactTestPlanner} from "./limits-exact-test.js";
import {limitsLuPlanner} from "./limits-lu.js";
import {limitsWidthPlanner} from "./limits-width.js";
import type {Planner} from "./planner.js";
import {repeatabilityClaimPlanner} from "./repeatability-claim.js";
import {repeatabilityPlanner} from "./repeatability-precision.js";
import {sensitivityPlanner} from "./sensitivity.js";
import {treatmentEffectPlanner} from "./treatment-effect.js";

/** Every planner, in the order in which they are listed. */
export const planners: readonly Planner[] = [
  repeatabilityPlanner,
  repeatabilityClaimPlanner,
  limitsExactTestPlanner,
  limitsWidthPlanner,
  limitsLuPlanner,
  treatmentEffectPlanner,
  aucPlanner,
  sensitivityPlanner,
  factorialPlanner,
  centralCompositePlanner,
  boxBehnkenPlanner,
  dOptimalPlanner
];
