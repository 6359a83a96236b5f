import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {promisify} from "node:util";
import {root} from "../../scripts/paths.js";
import type {StudyReport} from "../../src/cli/reproduction.js";
import type {Claim} from "../../src/domain/claims.js";

const studies = readdirSync(join(root, "src/studies"), {withFileTypes: true}).filter((entry) => entry.isDirectory());

test("every study reproduces from the command line: each claim within its tolerance, or waiting for its file", async () => {
  const command = [join(root, "bin/measurand.mjs"), "reproduce", "--json"];
  const {stdout} = await promisify(execFile)(process.execPath, command, {cwd: root, maxBuffer: 2 ** 26});
  const document = JSON.parse(stdout);
  assert.equal(document.studies.length, studies.length);
  const claims = studies.flatMap(({name}): Claim[] =>
    JSON.parse(readFileSync(join(root, "src/studies", name, "claims.json"), "utf8")).claims);
  const left: string[] = document.studies.flatMap((study: StudyReport) => study.supplied.map(({path}) => path));
  const unavailable = claims.filter(({inputs}) => inputs?.some((path) => left.includes(path))).length;
  assert.deepEqual(document.claims, {pass: claims.length - unavailable, fail: 0, unavailable});
});
