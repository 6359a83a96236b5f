// The peak-flow table of 1986: repeatability of each meter, agreement of the two, and what the intervals say at n = 17.
import {biasAndLimits, type BiasAndLimits} from "../../domain/statistics/bias-and-limits.js";
import {iccOneWay} from "../../domain/statistics/icc-one-way.js";
import {linCcc, type LinCcc} from "../../domain/statistics/lin-ccc.js";
import {proportionalBias, type ProportionalBias} from "../../domain/statistics/proportional-bias.js";
import {shapiroWilk, type ShapiroWilk} from "../../domain/statistics/shapiro-wilk.js";
import {testRetest, type TestRetest} from "../../domain/statistics/test-retest.js";
import type {Multiplier} from "../../domain/statistics/estimate.js";
import type {Database} from "../../io/database.js";
import {readText, type Folder} from "../../io/folder.js";
import {parseTsv} from "../../io/tsv.js";
import type {Study, StudyResult} from "../study-contract.js";

/** The table: one entry a subject in each list, L/min. */
export interface PeakFlow {
  subjects: string[];
  wright: {first: number[]; second: number[]};
  mini: {first: number[]; second: number[]};
}

/** What a reader may vary. */
export interface AgreementSettings {
  /** Level of the confidence intervals. */
  level?: number;
  /** "z", or "1.96" as many papers round it. */
  multiplier?: Multiplier;
  /** Share of the differences that the limits hold. */
  coverage?: number;
}

/** Everything that the study says of the table. */
export interface Agreement {
  /** Wright minus mini Wright, first readings. */
  limits: BiasAndLimits;
  normality: ShapiroWilk;
  proportional: ProportionalBias;
  concordance: LinCcc;
  repeatability: {wright: TestRetest; mini: TestRetest};
  icc: {wright: ReturnType<typeof iccOneWay>; mini: ReturnType<typeof iccOneWay>};
}

export const columns = ["wright_1", "wright_2", "mini_1", "mini_2"] as const;

/** Reads `peak_flow.tsv`. @throws InputError that names row and column of a cell that is missing or no number */
export async function readPeakFlow(folder: Folder): Promise<PeakFlow> {
  const file = "peak_flow.tsv";
  const table = parseTsv(await readText(folder, file), file, {required: ["subject", ...columns]});
  const column = (name: string): number[] => table.rows.map((_, row) => table.requiredNumber(row, name));
  return {
    subjects: table.rows.map((_, row) => table.text(row, "subject")),
    wright: {first: column("wright_1"), second: column("wright_2")},
    mini: {first: column("mini_1"), second: column("mini_2")}
  };
}

/** Agreement of the first readings, and repeatability of each meter from both. */
export function analyse({wright, mini}: PeakFlow, {level = 0.95, multiplier = "z", coverage = 0.95}: AgreementSettings = {}): Agreement {
  const limits = biasAndLimits(wright.first, mini.first, {level, multiplier, coverage});
  const repeats = ({first, second}: PeakFlow["wright"]): number[][] => first.map((value, i) => [value, second[i]]);
  const options = {unit: "L/min", level, multiplier, coverage} as const;
  return {
    limits,
    normality: shapiroWilk(limits.differences),
    proportional: proportionalBias(wright.first, mini.first, {level}),
    concordance: linCcc(wright.first, mini.first, {level}),
    repeatability: {wright: testRetest(repeats(wright), options), mini: testRetest(repeats(mini), options)},
    icc: {wright: iccOneWay(repeats(wright), {level}), mini: iccOneWay(repeats(mini), {level})}
  };
}

/** Puts the readings into the tables `participants` and `measurements`: the meter as model, the reading as session. */
export async function fillTables(database: Database, table: PeakFlow): Promise<void> {
  await database.insert("participants", {subject: table.subjects});
  for (const [model, readings] of [["Wright", table.wright], ["mini Wright", table.mini]] as const) {
    for (const [session, value] of [["1", readings.first], ["2", readings.second]] as const) {
      await database.insert("measurements", {
        subject: table.subjects,
        session,
        model,
        parameter: "PEFR",
        unit: "L/min",
        statistic: "reading",
        value,
        n: 1
      });
    }
  }
  await database.lock();
}

/** The bias once more, by SQL alone. */
export const biasQuery = `SELECT avg(wright.value - mini.value) AS bias
FROM measurements AS wright JOIN measurements AS mini USING (subject, session)
WHERE wright.model = 'Wright' AND mini.model = 'mini Wright' AND session = '1'`;

/**
 * The recomputed value of each claim. The paper of 1986 doubled the SD, others take 1.96 or z: each claim says which.
 * @param biasBySql what `biasQuery` gave; left out while the database is still being opened
 */
export function claimsOf(table: PeakFlow, settings: AgreementSettings, biasBySql?: number): Record<string, number | undefined> {
  const z = analyse(table, settings);
  const {limits, repeatability, icc, concordance} = z;
  const rounded = analyse(table, {...settings, multiplier: "1.96"});
  const doubled = 2 * limits.sd.value;
  return {
    "bias-1986": limits.bias.value,
    "sd-1986": limits.sd.value,
    "lower-limit-1986": limits.bias.value - doubled,
    "upper-limit-1986": limits.bias.value + doubled,
    "bias-ci-lower-1986": limits.bias.lower,
    "bias-ci-upper-1986": limits.bias.upper,
    bias: limits.bias.value,
    "bias-sql": biasBySql,
    sd: limits.sd.value,
    se: limits.se,
    "bias-ci-lower": limits.bias.lower,
    "bias-ci-upper": limits.bias.upper,
    "lower-limit": limits.limits.lower,
    "upper-limit": limits.limits.upper,
    "lower-limit-196": rounded.limits.limits.lower,
    "approximate-lower-outer": limits.approximate.lower.lower,
    "approximate-lower-inner": limits.approximate.lower.upper,
    "approximate-upper-inner": limits.approximate.upper.lower,
    "approximate-upper-outer": limits.approximate.upper.upper,
    "mover-lower-outer": limits.mover.lower.lower,
    "mover-lower-inner": limits.mover.lower.upper,
    "mover-upper-inner": limits.mover.upper.lower,
    "mover-upper-outer": limits.mover.upper.upper,
    "exact-lower-outer": limits.exact.lower.lower,
    "exact-lower-inner": limits.exact.lower.upper,
    "exact-upper-inner": limits.exact.upper.lower,
    "exact-upper-outer": limits.exact.upper.upper,
    "pair-inner": limits.pair.factors.inner,
    "pair-outer": limits.pair.factors.outer,
    "pair-inner-196": rounded.limits.pair.factors.inner,
    "pair-outer-196": rounded.limits.pair.factors.outer,
    "wright-wsd": repeatability.wright.wsd.value,
    "wright-wsd-lower": repeatability.wright.wsd.lower,
    "wright-wsd-upper": repeatability.wright.wsd.upper,
    "wright-rc": repeatability.wright.rc.value,
    "wright-rc-196": rounded.repeatability.wright.rc.value,
    "wright-rc-196-lower": rounded.repeatability.wright.rc.lower,
    "wright-rc-196-upper": rounded.repeatability.wright.rc.upper,
    "wright-wcv": repeatability.wright.wcv!.value,
    "wright-icc": icc.wright.value,
    "wright-icc-lower": icc.wright.lower,
    "wright-icc-upper": icc.wright.upper,
    "mini-wsd": repeatability.mini.wsd.value,
    "mini-wsd-lower": repeatability.mini.wsd.lower,
    "mini-wsd-upper": repeatability.mini.wsd.upper,
    "mini-rc-196": rounded.repeatability.mini.rc.value,
    "mini-wcv": repeatability.mini.wcv!.value,
    ccc: concordance.value,
    "ccc-lower": concordance.lower,
    "ccc-upper": concordance.upper,
    "ccc-cb": concordance.biasCorrection
  };
}

export interface AgreementResult extends StudyResult {
  agreement: Agreement;
}

export const study: Study<AgreementResult> = {
  slug: "agreement",
  title: "Do two peak-flow meters agree?",
  datasets: ["peak-flow"],
  async run({folders, openDatabase}) {
    const table = await readPeakFlow(folders["peak-flow"]);
    const database = await openDatabase();
    await fillTables(database, table);
    const [{bias}] = await database.query(biasQuery);
    return {agreement: analyse(table), claims: claimsOf(table, {}, bias as number)};
  }
};
