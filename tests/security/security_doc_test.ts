import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CASES } from "./cases.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TEST_FOLDERS = ["tests/security", "tests/gateway", "tests"];

/** The cells of each row of the only table in a part of a page, without its head. */
function rowsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("| "));
  assert.match(lines[1] ?? "", /^\|[ |:-]+\|$/);
  return lines.slice(2).map((line) => line.slice(1, -1).split(" | ").map((cell) => cell.trim()));
}

/** A pattern for names of tests, from one in which `…` stands for anything. */
function patternOf(name: string): RegExp {
  const parts = name.split("…").map((part) => RegExp.escape(part.trim()));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** The names of a file's tests; what they take from the engine is left out. */
function testNames(source: string): string[] {
  const calls = source.matchAll(/(?:Deno\.test|testEngines)\(\s*(["`])((?:(?!\1).)*)\1/g);
  return [...calls].map(([, , name = ""]) => name.replace(/, engine \$\{\w+\}$/, ""));
}

/** Every test file: its path, and the names of its tests. */
async function testFiles(): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  for (const folder of TEST_FOLDERS) {
    for await (const { name, isFile } of Deno.readDir(`${ROOT}${folder}`)) {
      if (!isFile || !name.endsWith("_test.ts")) continue;
      const path = `${folder}/${name}`;
      files.set(path, testNames(await Deno.readTextFile(`${ROOT}${path}`)));
    }
  }
  return files;
}

Deno.test("every row of the threat table names tests that exist", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/security.md`);
  const rows = rowsOf(text.slice(text.indexOf("\n## Threats"), text.indexOf("\n## Figures")));
  assert.ok(rows.length >= 20, `There are ${rows.length} rows`);
  const files = await testFiles();
  const names = [...files.values()].flat();
  for (const [threat = "", protection = "", tests = "", ...rest] of rows) {
    assert.equal(rest.length, 1, `${threat}: the row has other columns than the head`);
    assert.notEqual(protection, "", threat);
    const references = [...tests.matchAll(/`([^`]+)`/g)].map(([, reference = ""]) => reference);
    assert.ok(references.length > 0, `No test: ${threat}`);
    for (const reference of references) {
      if (reference.endsWith(".ts")) {
        assert.ok(files.has(reference), `There is no file ${reference}`);
      } else {
        const pattern = patternOf(reference);
        assert.ok(names.some((name) => pattern.test(name)), `There is no test "${reference}"`);
      }
    }
  }
});

Deno.test("the figures have a row for each hostile case, and each was measured", async () => {
  const rows = rowsOf(await Deno.readTextFile(`${ROOT}docs/security_figures.md`));
  assert.deepEqual(rows.map(([title]) => title), Object.values(CASES));
  for (const [title, ...cells] of rows) {
    assert.equal(cells.length, 4, title);
    const times = [cells[1], cells[3]].filter((cell) => cell !== "–");
    assert.ok(times.length > 0, `${title} was not measured`);
    for (const time of times) assert.match(time ?? "", /^\d+(\.\d)?$/, title);
  }
});
