import {fileURLToPath} from "node:url";
import type {Command} from "./command.js";
import {alignColumns, count, formatToTolerance} from "./format.js";
import {readText, readWorkers, workersOption} from "./options.js";
import {exitCode, reproduceStudies, selectStudies} from "./reproduction.js";
import type {InputDifference, StudyReport} from "./reproduction.js";
import type {Terminal} from "./terminal.js";

const studies = fileURLToPath(new URL("../studies", import.meta.url));
const data = fileURLToPath(new URL("../../data", import.meta.url));

export const reproduce: Command = {
  name: "reproduce",
  summary: "recompute studies and check their claims",
  usage: "[STUDY...]",
  description: `
Recomputes studies from their files, all of them when none is named.
Each input file is first compared with the SHA-256 in its data set's manifest; then each claim is
recomputed and shown with its published value, unit, tolerance and verdict. A claim computed from
a file that differs fails, whatever its value.
Some files are not the project's to hand out: the claims computed from them are "unavailable" until
--data names a folder that holds them.
The exit code is 1 when a claim failed or a file differs, and 2 when the input is bad.`,
  options: {
    data: {
      type: "string",
      placeholder: "FOLDER",
      description: "where the files are that a study leaves to its reader"
    },
    workers: workersOption
  },
  minimum: 0,
  async run({values, positionals}, terminal) {
    const workers = readWorkers(values);
    const slugs = await selectStudies(studies, positionals);
    const onProgress = (text: string) => terminal.progress(text);
    const supplied = readText(values, "data");
    const reports = await reproduceStudies(slugs, {studies, data, supplied, workers, onProgress}, (report) =>
      show(report, terminal)
    );
    terminal.progress("");
    const all = reports.flatMap(({claims}) => claims);
    const tally = (verdict: string) => all.filter((claim) => claim.verdict === verdict).length;
    const [passed, failed, unavailable] = [tally("pass"), tally("fail"), tally("unavailable")];
    const broken = reports.filter(({error}) => error !== null).length;
    const parts = [`${passed} pass`, `${failed} fail`];
    if (unavailable > 0) parts.push(`${unavailable} unavailable`);
    if (broken > 0) parts.push(`${count(broken, "study", "studies")} not recomputed`);
    const style = exitCode(reports) === 0 ? terminal.green : terminal.red;
    terminal.line(style(`${count(all.length, "claim")}: ${parts.join(", ")}`));
    terminal.document({studies: reports, claims: {pass: passed, fail: failed, unavailable}});
    return exitCode(reports);
  }
};

function show(report: StudyReport, terminal: Terminal): void {
  for (const difference of report.differences) terminal.note(`measurand: ${tell(difference)}`);
  if (report.error !== null) terminal.note(`measurand: ${report.slug}: ${report.error.message}`);

  terminal.line(`${terminal.bold(report.slug)}  ${report.title}`);
  for (const {dataset, files} of report.inputs) {
    const differing = report.differences.filter((difference) => difference.dataset === dataset).length;
    const verdict =
      differing === 0
        ? "all as its manifest states"
        : terminal.red(`${count(differing, "file")} not as its manifest states`);
    terminal.line(`  data/${dataset}: ${count(files, "file")}, ${verdict}`);
  }
  for (const {path, expected, actual} of report.supplied) {
    const other = `given, another than the claims were published from (SHA-256 ${actual}; that one has ${expected})`;
    const verdict = actual === null ? "not given: name the folder that holds it with --data"
      : actual === expected ? "given, the one that the claims were published from" : terminal.yellow(other);
    terminal.line(`  ${path}: ${verdict}`);
  }
  const header = ["claim", "published", "recomputed", "tolerance", "unit", "verdict"];
  const rows = report.claims.map(({id, published, recomputed, tolerance, unit, verdict, reason}) => [
    id,
    published === null ? "-" : String(published),
    recomputed === null ? "-" : formatToTolerance(recomputed, tolerance),
    String(tolerance),
    unit,
    reason === undefined || verdict === "pass" ? verdict : `${verdict}: ${reason}`
  ]);
  const [head, ...lines] = alignColumns([header, ...rows], [1, 2, 3]);
  if (rows.length > 0) terminal.line(`  ${terminal.dim(head)}`);
  lines.forEach((line, index) => {
    const {verdict} = report.claims[index];
    // Verdicts carry their word; the colour only repeats it.
    const style = verdict === "pass" ? terminal.green : verdict === "fail" ? terminal.red : terminal.yellow;
    const last = rows[index][5];
    terminal.line(`  ${line.slice(0, line.length - last.length)}${style(last)}`);
  });
  terminal.line();
}

/** The file, what is wrong with it, and the claims that it touches. */
function tell({dataset, path, problem, expected, actual, claims}: InputDifference): string {
  const file = `data/${dataset}/${path}`;
  const touched = claims.length === 0 ? "no claim is computed from it" : `claims: ${claims.join(", ")}`;
  if (problem === "missing") return `${file}: the file is missing; expected SHA-256 ${expected}; ${touched}`;
  if (problem === "extra") return `${file}: the manifest does not know this file (SHA-256 ${actual}); ${touched}`;
  return `${file}: SHA-256 is ${actual}; expected ${expected}; ${touched}`;
}
