import {exp, ln} from "../../generated/vendor/special.js";
import {checkFinite, checkPositive} from "../check.js";
import {InputError} from "../errors.js";
import {quadraticSpline} from "../numerics/quadratic-spline.js";

/** Version of the ISMRM/NIST system phantom. */
export type PhantomVersion = 1 | 2;

/** Serial number from which a phantom counts as version 2. */
export type FirstOfVersion2 = 42 | 43;

/** What is published of one sphere; T1 in ms. */
export interface SphereReference {
  /** 1 to 14, from the longest T1 to the shortest. */
  sphere: number;
  /** Version 1 at `T1Reference.temperature`. */
  version1: number;
  /** Version 2 at each of `T1Reference.temperatures`. */
  version2: number[];
}

/** Published T1 of the spheres of a phantom's T1 plate at 3 T. */
export interface T1Reference {
  /** Where version 2 was measured, in degrees Celsius, increasing. */
  temperatures: number[];
  /** Where version 1 was measured, one of `temperatures`. */
  temperature: number;
  spheres: SphereReference[];
}

/**
 * The version of a phantom by its serial number. A phantom without one counts as version 2.
 *
 * The text of the 2020 challenge has serials up to 41 as version 1; a function in its code has those up to 42.
 */
export function phantomVersion(serial: number | null, firstOfVersion2: FirstOfVersion2): PhantomVersion {
  return serial !== null && serial < firstOfVersion2 ? 1 : 2;
}

/**
 * Reference T1 of each sphere at a temperature.
 *
 * A quadratic spline of log T1 over log temperature through the published values of version 2; the curve of version 1,
 * of which one temperature is published, is taken to be that of version 2, scaled.
 * Source: Boudreau et al. 2024, doi:10.1002/mrm.30111, whose code cuts the temperature to an integer first: here it is
 * taken as it stands, and who wants the cut passes `Math.trunc(temperature)`.
 *
 * @param temperature degrees Celsius, within the published ones: nothing is extrapolated
 * @returns T1 in ms, one a sphere, in the table's order
 * @throws InputError on a temperature outside the table, a reference that is not above 0
 */
export function referenceT1(table: T1Reference, version: PhantomVersion, temperature: number): number[] {
  const {temperatures, spheres} = table;
  checkFinite(temperature, "temperature");
  const [least, most] = [temperatures[0], temperatures[temperatures.length - 1]];
  if (temperature < least || temperature > most) {
    throw new InputError({
      code: "temperature-out-of-range", field: "temperature", value: temperature,
      expected: `${least} to ${most} degrees Celsius, where the reference is known`
    });
  }
  const known = temperatures.indexOf(table.temperature);
  const logs = temperatures.map((each) => ln(each));
  return spheres.map(({sphere, version1, version2}) => {
    for (const value of [version1, ...version2]) checkPositive(value, `reference T1 of sphere ${sphere}`);
    const curve = quadraticSpline(logs, version2.map((value) => ln(value)));
    // At a published temperature the published value itself, free of the rounding of exp and ln.
    const at = temperatures.indexOf(temperature);
    const t1 = at >= 0 ? version2[at] : exp(curve(ln(temperature)));
    return version === 2 ? t1 : t1 * version1 / version2[known];
  });
}

/** Measured minus reference, in percent of the reference. */
export function percentError(measured: number, reference: number): number {
  return 100 * (measured / reference - 1);
}
