import assert from "node:assert/strict";
import {readFileSync, rmSync} from "node:fs";
import {test} from "node:test";
import {fileURLToPath} from "node:url";
import {closest} from "../../src/domain/closest.js";
import {commands} from "../../src/cli/commands.js";
import {alignColumns, formatNumber, formatToTolerance} from "../../src/cli/format.js";
import {matches} from "../../src/cli/glob.js";
import {createTerminal} from "../../src/cli/terminal.js";
import {call, sink} from "./capture.js";
import {openSandbox, runExecutable} from "./sandbox.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const executable = fileURLToPath(new URL("../../bin/measurand.mjs", import.meta.url));
const {version} = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {version: string};

test("--version and --help, of the executable and of every command", async () => {
  assert.deepEqual(await call("--version"), {code: 0, stdout: `${version}\n`, stderr: ""});
  for (const flag of ["--help", "-h", "help"]) {
    const {code, stdout} = await call(flag);
    assert.equal(code, 0);
    for (const {name} of commands) assert.match(stdout, new RegExp(`^  measurand ${name} `, "m"));
  }
  for (const command of commands) {
    const {code, stdout, stderr} = await call(command.name, "--help");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^Usage: measurand ${command.name} `));
    for (const option of ["json", "help", ...Object.keys(command.options)])
      assert.match(stdout, new RegExp(`--${option}\\b`));
    assert.equal((await call("help", command.name)).stdout, stdout);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 120, line);
  }
});

const wrong: [string[], RegExp][] = [
  [[], /command is "missing"; expected one of inspect, reproduce/],
  [["reprodcue"], /command is "reprodcue".*did you mean reproduce\?/],
  [["frobnicate"], /command is "frobnicate"; expected one of inspect, reproduce[a-z, -]*$/m],
  [["--verison"], /option is "--verison".*did you mean --version\?/],
  [["inspect"], /measurand inspect is "incomplete"; expected FILE\|FOLDER\.\.\./],
  [["inspect", "--jsno", "x"], /option is "--jsno".*did you mean --json\?/],
  [["inspect", "-x", "y"], /option is "-x"/],
  [["inspect", "--json=yes", "y"], /--json is "yes"; expected no value/],
  [["reproduce", "--workers"], /--workers is "empty"; expected a value: --workers N/],
  [["reproduce", "--workers", "--json"], /--workers is "--json"; expected a value/],
  [["reproduce", "--workers", "0"], /--workers is "0"; expected an integer from 1 to 64/],
  [["reproduce", "--workers", "1", "--workers", "2"], /--workers is "2"; expected the option once \(it was 1 before\)/],
  [["reproduce", "--workers=two"], /--workers is "two"/],
  [["fit", "a", "b"], /measurand fit is "incomplete"; expected BIDS_DIR OUT_DIR participant\|group/],
  [["fit-table", "x.csv"], /--model is "missing"; expected a model: --model ID/],
  [["reproduce", "nothing-like-it"], /study is "nothing-like-it"; expected one of/]
];
for (const [argv, message] of wrong) {
  test(`measurand ${argv.join(" ")}: exit code 2, the message on standard error`, async () => {
    const {code, stdout, stderr} = await call(...argv);
    assert.equal(code, 2);
    assert.match(stderr, message);
    if (!argv.includes("--json")) assert.equal(stdout, "");
  });
}

test("with --json a fault is a document too", async () => {
  const {code, stdout} = await call("inspect", "--json", "--wrong");
  assert.equal(code, 2);
  const {error} = JSON.parse(stdout) as {error: Record<string, string>};
  assert.deepEqual([error.code, error.field, error.value], ["unknown-option", "option", "--wrong"]);
  assert.match(error.message, /did you mean|expected one of/);
});

test("what follows -- is an argument, whatever it looks like", async () => {
  const {code, stdout, stderr} = await call("inspect", "--", "--json");
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /--json: path is "ENOENT"/);
});

test("the executable works from any folder, and leaves the exit code of its command", async () => {
  const help = await runExecutable(executable, ["--help"], "/");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  const unknown = await runExecutable(executable, ["none"], "/");
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
});

test("without src/generated the executable prepares it, and standard output stays the command's", async () => {
  const sandbox = openSandbox();
  try {
    rmSync(sandbox.path("src/generated"));
    const link = JSON.stringify([`${root}src/generated`, sandbox.path("src/generated")]);
    sandbox.write(
      "scripts/prepare.ts",
      `import {symlinkSync} from "node:fs";
      console.log("measurand: preparing");
      const [from, to]: string[] = ${link};
      symlinkSync(from, to);`
    );
    const {code, stdout, stderr} = await sandbox.run("inspect", "--json", "data/tiny/values.tsv");
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "measurand: preparing\n");
    assert.equal((JSON.parse(stdout) as {files: unknown[]}).files.length, 1);

    rmSync(sandbox.path("src/generated"));
    sandbox.write("scripts/prepare.ts", "process.exitCode = 1;");
    const failed = await sandbox.run("inspect", "data/tiny/values.tsv");
    assert.equal(failed.code, 2);
    assert.match(failed.stderr, /src\/generated is not complete/);
  } finally {
    sandbox.close();
  }
});

test("colours and progress go to a terminal only, and NO_COLOR turns colours off", () => {
  const style = (isTTY: boolean, env: Record<string, string>) => {
    const terminal = createTerminal({stdout: sink(isTTY), stderr: sink(), env, json: false});
    return terminal.red("x");
  };
  assert.equal(style(true, {}), "\u001b[31mx\u001b[39m");
  assert.equal(style(true, {NO_COLOR: ""}), "\u001b[31mx\u001b[39m");
  assert.equal(style(true, {NO_COLOR: "1"}), "x");
  assert.equal(style(true, {TERM: "dumb"}), "x");
  assert.equal(style(false, {}), "x");

  const [pipe, tty] = [sink(), sink(true)];
  createTerminal({stdout: sink(), stderr: pipe, env: {}, json: false}).progress("half");
  assert.equal(pipe.text(), "");
  const terminal = createTerminal({stdout: sink(), stderr: tty, env: {}, json: false});
  terminal.progress("half");
  terminal.note("done");
  assert.equal(tty.text(), "half\r\u001b[Kdone\n", "the progress line is gone before anything else is written");
});

test("the closest name is near, or there is none", () => {
  assert.equal(closest("inspcet", ["inspect", "reproduce"]), "inspect");
  assert.equal(closest("REPRODUCE", ["inspect", "reproduce"]), "reproduce");
  assert.equal(closest("fit", ["fit-table", "inspect"]), null);
  assert.equal(closest("", ["inspect"]), null);
  assert.equal(closest("ab", ["ba", "xyz"]), "ba");
});

test("patterns of inputs", () => {
  const yes = [
    ["a.tsv", "a.tsv"],
    ["*.tsv", "a.tsv"],
    ["sub-01/", "sub-01/dwi/x.nii"],
    ["**/*.nii", "x.nii"],
    ["**/*.nii", "a/b/x.nii"]
  ];
  const no = [
    ["a.tsv", "aXtsv"],
    ["*.tsv", "b/a.tsv"],
    ["sub-0", "sub-01/x"],
    ["sub-?/", "sub-01/x"],
    ["a", "a/b"],
    ["[a]", "a"]
  ];
  for (const [pattern, path] of yes) assert.ok(matches(pattern, path), `${pattern} matches ${path}`);
  for (const [pattern, path] of no) assert.ok(!matches(pattern, path), `${pattern} does not match ${path}`);
});

test("numbers, sizes and columns", () => {
  assert.equal(formatNumber(1234.5678), "1234.57");
  assert.equal(formatNumber(NaN), "NaN");
  assert.equal(formatToTolerance(-2.117647, 0.05), "-2.118");
  assert.equal(formatToTolerance(-78.0973, 5e-5), "-78.097300");
  assert.equal(formatToTolerance(30, 0), "30");
  assert.equal(formatToTolerance(12.345, 10), "12");
  assert.deepEqual(
    alignColumns(
      [
        ["a", "1", "x"],
        ["bcd", "23", ""]
      ],
      [1]
    ),
    ["a     1  x", "bcd  23"]
  );
});
