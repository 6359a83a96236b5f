import assert from "node:assert/strict";
import {mkdtemp, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, test} from "node:test";
import {fromArrowIpc, toArrowIpc} from "../../src/io/arrow.js";
import {openDatabase, tableNames, type Database} from "../../src/io/database.js";
import {openNodeBackend} from "../../src/io/duckdb.node.js";
import {faultOf} from "./fault.js";

let db: Database;
before(async () => (db = await openDatabase(await openNodeBackend())));
after(() => db.close());

test("Arrow: columns come back as they went, nulls too", async () => {
  const columns = {
    name: ["a", null, "ü"],
    value: [1.5, null, -2],
    index: Int32Array.of(1, -2, 3),
    map: Float32Array.of(0.5, NaN, 2),
    none: [null, null, null]
  };
  const {length, columns: names, values} = fromArrowIpc(toArrowIpc(columns, {none: "float64"}));
  assert.deepEqual([length, names], [3, Object.keys(columns)]);
  assert.deepEqual(
    values,
    Object.values(columns).map((column) => Array.from(column as ArrayLike<unknown>))
  );
  assert.equal(fromArrowIpc(toArrowIpc({a: [] as string[]}, {a: "utf8"})).length, 0);
  await faultOf(() => toArrowIpc({a: [1], b: [1, 2]}), {code: "column-length", field: "b"});
  await faultOf(() => toArrowIpc({a: [1, "x"] as string[]}), {code: "column-type", field: "a[0]"});
  await faultOf(() => toArrowIpc({a: [null]}), {code: "column-type", field: "a"});
  await faultOf(() => toArrowIpc({}), {code: "no-columns"});
});

test("the tables are there when empty, with their types", async () => {
  const columns = await db.query(
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
  );
  for (const table of tableNames) {
    assert.deepEqual(
      columns.filter((row) => row.table_name === table).map((row) => [row.column_name, row.data_type, row.is_nullable]),
      db.schema(table).map(({name, type, required}) => [name, type, required ? "NO" : "YES"])
    );
    assert.equal((await db.query(`SELECT * FROM ${table}`)).length, 0);
  }
  const measurements = await db.sql`SELECT * FROM measurements`;
  assert.deepEqual(measurements.columns, [
    "subject",
    "session",
    "region",
    "model",
    "parameter",
    "unit",
    "statistic",
    "value",
    "n"
  ]);
});

test("what is inserted is what is read, in order; constants hold for every row; NaN is null", async () => {
  const count = await db.insert("measurements", {
    subject: ["sub-01", "sub-02", "sub-03"],
    session: ["ses-1", null, "ses-2"],
    model: "mono-exponential",
    parameter: "ADC",
    unit: "mm2/s",
    statistic: "mean",
    value: Float64Array.of(0.001, NaN, 0.002),
    n: [10, null, 2147483647]
  });
  assert.equal(count, 3);
  assert.deepEqual(
    [...(await db.query("SELECT subject, session, region, model, value, n FROM measurements"))],
    [
      {subject: "sub-01", session: "ses-1", region: null, model: "mono-exponential", value: 0.001, n: 10},
      {subject: "sub-02", session: null, region: null, model: "mono-exponential", value: null, n: null},
      {subject: "sub-03", session: "ses-2", region: null, model: "mono-exponential", value: 0.002, n: 2147483647}
    ]
  );
  const [{mean, total, rows}] =
    await db.sql`SELECT avg(value) AS mean, sum(n) AS total, count(*) AS rows FROM measurements`;
  assert.deepEqual([mean, total, rows], [0.0015, 2147483657, 3]);
  await db.clear("measurements");
  assert.equal((await db.query("SELECT 1 FROM measurements")).length, 0);
});

test("voxels take a model's parameters as columns, 100,000 rows at once", async () => {
  const n = 100_000;
  await db.addColumns("voxels", {ADC: "DOUBLE", S0: "DOUBLE"});
  await db.addColumns("voxels", {ADC: "DOUBLE"});
  const index = Int32Array.from({length: n}, (_, i) => i);
  await db.insert("voxels", {
    subject: "sub-01",
    voxel: index,
    x: index.map((i) => i % 50),
    y: index.map((i) => Math.floor(i / 50) % 50),
    z: index.map((i) => Math.floor(i / 2500)),
    status: Array.from(index, (i) => (i % 10 === 0 ? "at-bound" : "converged")),
    ADC: Float32Array.from(index, (i) => (i === 7 ? NaN : i))
  });
  const [row] = await db.sql`
    SELECT count(*) AS n, count("ADC") AS fitted, count("S0") AS s0, max(z) AS z, sum("ADC") AS total
    FROM voxels WHERE status = ${"converged"}`;
  assert.deepEqual(row, {n: 90_000, fitted: 89_999, s0: 0, z: 39, total: 4500000000 - 7});
  const ordered = await db.query("SELECT voxel FROM voxels LIMIT 5 OFFSET ?", [70_000]);
  assert.deepEqual(
    ordered.map(({voxel}) => voxel),
    [70000, 70001, 70002, 70003, 70004]
  );
  await faultOf(() => db.addColumns("voxels", {adc: "DOUBLE"}), {code: "duplicate-column", field: "voxels"});
  await faultOf(() => db.addColumns("voxels", {ADC: "VARCHAR"}), {code: "duplicate-column"});
  await faultOf(() => db.addColumns("measurements" as "voxels", {x: "DOUBLE"}), {code: "fixed-table"});
});

test("a table of its own: numbers are numbers, ids stay text, one of the same name gives way, the four do not", async () => {
  const columns = ["id", "code", "value", "none"];
  await db.put("own", {columns, rows: [["a", "01", "1.5", null], ["b", "2", null, null], ["c", "3", " -2e1 ", null]]});
  const rows = await db.query("SELECT id, code, value + 1 AS more, none FROM own ORDER BY id");
  assert.deepEqual([...rows], [
    {id: "a", code: "01", more: 2.5, none: null}, {id: "b", code: "2", more: null, none: null},
    {id: "c", code: "3", more: -19, none: null}
  ]);
  await db.put("own", {columns: ["x"], rows: []});
  assert.deepEqual([...(await db.query("SELECT * FROM own"))], []);
  await db.put("own", {columns: ["f", "F", "F_1"], rows: [["1", "2", "3"]]});
  assert.deepEqual([...(await db.query("SELECT * FROM own"))], [{f: 1, F_1: 2, F_1_1: 3}]);
  await db.query("DROP TABLE own");
  await faultOf(() => db.put("Scans", {columns: ["x"], rows: []}), {code: "fixed-table", value: "Scans"});
});

test("columns are checked against the schema, and nothing of a refused insert stays", async () => {
  const row = {subject: ["s"], model: "m", parameter: "p", unit: "u", statistic: "s"};
  const refuse = (columns: Record<string, unknown>, code: string, field: string) =>
    faultOf(() => db.insert("measurements", {...row, ...columns} as typeof row), {
      code,
      field: `measurements.${field}`
    });
  await refuse({extra: [1]}, "no-such-column", "extra");
  await refuse({model: undefined}, "missing-column", "model");
  await refuse({value: [1, 2]}, "column-length", "value");
  await refuse({value: ["1"]}, "column-type", "value[0]");
  await refuse({n: [1.5]}, "column-type", "n[0]");
  await refuse({n: [2 ** 31]}, "column-type", "n[0]");
  await refuse({n: 0.5}, "column-type", "n");
  await refuse({subject: [null]}, "column-type", "subject[0]");
  await refuse({subject: [1]}, "column-type", "subject[0]");
  await refuse({subject: "s"}, "missing-column", "*");
  await faultOf(() => db.insert("nothing" as "voxels", {}), {code: "no-such-table"});
  assert.equal(await db.insert("measurements", {...row, subject: []}), 0);
  const tables = await db.query("SHOW TABLES");
  assert.deepEqual(tables.map(({name}) => name).sort(), [...tableNames].sort());
  assert.equal((await db.query("SELECT 1 FROM measurements")).length, 0);
});

test("integers and decimals become numbers where that is exact, and stay BigInt where not", async () => {
  const [row] = await db.query(
    "SELECT 9007199254740991::BIGINT AS a, 9007199254740993::BIGINT AS b, sum(x) AS c, 1.25 AS d, -0.5 AS e, " +
      "[1::BIGINT, 2] AS f " +
      "FROM range(4) AS t(x)"
  );
  assert.deepEqual(row, {a: 9007199254740991, b: 9007199254740993n, c: 6, d: 1.25, e: -0.5, f: [1, 2]});
});

test("parameters are values, not SQL; what cannot be one is refused", async () => {
  const text = "x'; DROP TABLE voxels; --";
  assert.deepEqual(
    [...(await db.sql`SELECT ${text} AS a, ${null} AS b, ${true} AS c, ${0.1} AS d`)],
    [{a: text, b: null, c: true, d: 0.1}]
  );
  await faultOf(() => db.sql`SELECT ${NaN}`, {code: "sql-parameter", field: "parameter 1"});
  await faultOf(() => db.sql`SELECT ${1}, ${{a: 1}}`, {code: "sql-parameter", field: "parameter 2"});
  await faultOf(() => db.query("SELECT 1 AS a, 2 AS a"), {code: "duplicate-column", value: "a"});
  await assert.rejects(() => db.query("SELEC 1"), /syntax error/);
  await assert.rejects(() => db.sql`SELECT nothing FROM voxels WHERE x = ${1}`, /nothing/);
  assert.equal((await db.query("SELECT 1 AS a"))[0].a, 1);
});

test("results are the same bytes each time, and Arrow readers can have them", async () => {
  const run = () => db.arrow('SELECT x, avg("ADC") AS m FROM voxels GROUP BY x ORDER BY x', []);
  const [first, second] = [await run(), await run()];
  assert.deepEqual(fromArrowIpc(first), fromArrowIpc(second));
  assert.equal(fromArrowIpc(first).length, 50);
});

test("locked: no files, addresses, extensions or settings any more; inserting and asking go on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "measurand-"));
  const locked = await openDatabase(await openNodeBackend());
  try {
    const file = join(folder, "secret.csv");
    await writeFile(file, "a\n42\n");
    const statements = [
      `SELECT * FROM read_csv('${file}')`,
      `SELECT * FROM '${file}'`,
      `SELECT * FROM read_text('${file}')`,
      `SELECT * FROM glob('${folder}/*')`,
      `COPY (SELECT 1) TO '${join(folder, "out.csv")}'`,
      `ATTACH '${join(folder, "out.db")}'`
    ];
    assert.equal((await locked.query(statements[0]))[0].a, 42);
    await locked.lock();
    await locked.lock();
    for (const statement of statements) await assert.rejects(() => locked.query(statement), /disabled/, statement);
    await assert.rejects(() => locked.query("SELECT * FROM 'https://example.org/a.csv'"), /disabled/);
    await assert.rejects(() => locked.query("LOAD json"), /disabled/);
    await assert.rejects(() => locked.query("SET enable_external_access = true"), /locked|running/);
    await assert.rejects(() => locked.query("SET threads = 2"), /locked/);
    await locked.insert("participants", {subject: ["sub-01"]});
    assert.deepEqual([...(await locked.query("FROM participants"))], [{subject: "sub-01"}]);
  } finally {
    await locked.close();
    await rm(folder, {recursive: true});
  }
});
